"""Reading uploaded tables: every kind of file people send, and the ones that are refused."""

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from propdesk.core import importing
from propdesk.core.importing import Column, Line, Problem, read, template
from propdesk.core.transitions import RefusedInput

COLUMNS = (Column("name", "名称", required=True), Column("code", "房号"), Column("note", "备注"))


def parse(raw: bytes, name: str = "a.csv") -> tuple[list[Line], list[Problem]]:
    return read(io.BytesIO(raw), name, len(raw), COLUMNS)


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def cells(raw: bytes, name: str = "a.csv") -> list[list[str]]:
    return [list(line.cells.values()) for line in parse(raw, name)[0]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_encodings_separators_and_line_ends(
    encoding: str, separator: str, line_end: str
) -> None:
    rows = ["名称", "房号"], ["甲座大堂", "A-1"], ["乙座", "B-2"]
    text = line_end.join(separator.join(row) for row in rows)

    found = cells(text.encode(encoding))

    assert found == [["甲座大堂", "A-1", ""], ["乙座", "B-2", ""]]


def test_csv_quotes_may_hold_separators_and_lines() -> None:
    assert cells('名称,备注\n"大堂, 一层","第一行\n第二行"\n'.encode()) == [
        ["大堂, 一层", "第一行 第二行", ""]
    ]


def test_workbook_numbers_and_days_read_as_people_see_them() -> None:
    day = datetime(2026, 11, 23)  # noqa: DTZ001 -- a spreadsheet has no zones
    moment = day.replace(hour=14, minute=5)
    raw = workbook(("名称", "房号", "备注"), (1806, 1806.0, day), (12.5, None, moment))

    assert cells(raw, "a.XLSX") == [
        ["1806", "1806", "2026-11-23"],
        ["12.5", "", "2026-11-23 14:05"],
    ]


def test_rows_keep_their_number_and_empty_ones_are_skipped() -> None:
    raw = workbook(("名称",), (None,), ("甲",), ("  ",), ("乙",))

    lines, _problems = parse(raw, "a.xlsx")

    assert [line.number for line in lines] == [3, 5]


def test_columns_in_any_order_with_stars() -> None:
    lines, _problems = parse("备注,名称*\n某,甲\n".encode())

    assert lines[0].cells == {"name": "甲", "code": "", "note": "某"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_formula_is_a_problem_of_its_cell(kind: str) -> None:
    raw = (
        workbook(("名称", "房号"), ("甲", "=1+1"))
        if kind == "xlsx"
        else "名称,房号\n甲,=1+1\n".encode()
    )

    _lines, problems = parse(raw, f"a.{kind}")

    assert [(p.row, p.column) for p in problems] == [(2, "房号")]


def test_required_and_long_cells_are_problems_of_their_row() -> None:
    raw = f"名称,备注\n,有备注\n甲,{'长' * 201}\n".encode()

    _lines, problems = parse(raw)

    assert [(p.row, p.column) for p in problems] == [(2, "名称"), (3, "备注")]


def test_invisible_characters_are_removed() -> None:
    assert cells("名称\n 甲\u200b\u202e座 \n".encode()) == [["甲座", "", ""]]


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(7):
            archive.writestr(f"{number}.xml", b"0" * 10_000_000)
    return stream.getvalue()


def _no_workbook() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("hello.txt", "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("raw", "name", "words"),
    [
        (b"x", "a.xls", "旧的 .xls"),
        (b"x", "a.pdf", "请上传 .xlsx"),
        (b"x", "a.xlsx", "打不开"),
        (_no_workbook(), "a.xlsx", "打不开"),
        (_bomb(), "a.xlsx", "太大"),
        (b"\xff\xfe\x00\xd8\x00", "a.csv", "编码"),
        ("名称\n".encode() + b"\x00\n", "a.csv", "编码"),
        (b"", "a.csv", "缺少"),
        ("名称\n".encode(), "a.csv", "没有数据行"),
        ("房号\nA-1\n".encode(), "a.csv", "缺少"),
        ("名称,价格\n甲,1\n".encode(), "a.csv", "价格"),
        ("名称,名称\n甲,乙\n".encode(), "a.csv", "重复"),
        (("名称\n" + "甲\n" * 5001).encode(), "a.csv", "5000"),
        (b"x" * (importing.MAX_BYTES + 1), "a.csv", "5 MB"),
        (("名称\n" + '"' + "甲" * 140_000).encode(), "a.csv", "引号"),
    ],
    ids=[
        "old excel",
        "pdf",
        "no zip",
        "zip without workbook",
        "zip bomb",
        "unknown bytes",
        "nul",
        "empty",
        "heading only",
        "required column missing",
        "unknown column",
        "column twice",
        "too many rows",
        "too large",
        "endless quote",
    ],
)
def test_file_that_cannot_be_used_is_refused_with_a_reason(
    raw: bytes, name: str, words: str
) -> None:
    with pytest.raises(RefusedInput) as refused:
        parse(raw, name)

    assert list(refused.value.errors) == ["file"]
    assert refused.value.errors["file"].count(words) == 1


def test_five_thousand_rows_are_read() -> None:
    assert len(parse(("名称\n" + "甲\n" * 5000).encode())[0]) == 5000


def test_template_reads_back_as_its_examples() -> None:
    raw = template(COLUMNS, [("大堂", "A-1", ""), ("001", "", "说明")])

    sheet = load_workbook(io.BytesIO(raw)).worksheets[0]
    assert cells(raw, "t.xlsx") == [["大堂", "A-1", ""], ["001", "", "说明"]]
    assert [cell.value for cell in sheet[1]] == ["名称*", "房号", "备注"]
    assert sheet["B9"].number_format == "@"
