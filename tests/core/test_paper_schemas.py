"""The schema name of a paper stands for its fields, the words printed around them, and its forms.

``data/paper-schemas.json`` holds what each name stands for, the earlier names too. Paper that was
sealed under a name is read back and compared with the rows as that name says (ADR 0014, 0028), so
what stands there for a name is never edited. A copy for the police is printed from the sealed record
with the sheet of today, so the words of the sheet belong to the name as well.

After a wanted change: give the paper a new ``schema``, keep the old name in ``earlier_schemas``, delete
no name from the file, and run this module: it writes the new name down and fails once.
"""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from emergencies.playbooks import records
from propdesk.core import papers_read
from propdesk.core.papers import PRINT_ONLY, Paper
from propdesk.core.papers_events import EventRecordPaper

KEPT = Path(__file__).parent / "data" / "paper-schemas.json"
PRINTS = Path(__file__).parents[2] / "templates"
HOW = (
    "{name}: the fields or the words of the sheet differ from those this name was sealed under. "
    "That needs a new schema name (ADR 0014, 0028): raise the number in `schema` and keep the old name in "
    "`earlier_schemas`; then run this module, which records the new name in data/paper-schemas.json."
)


def shape(kind: Any) -> Any:
    """A record as its fields, a tuple as a list of its one kind, all else by name."""
    if dataclasses.is_dataclass(kind):
        types = get_type_hints(kind, localns={"StrPromise": str})
        return {f.name: shape(types[f.name]) for f in dataclasses.fields(kind)}
    if get_origin(kind) is tuple:
        return [shape(get_args(kind)[0])]
    records_in = [each for each in get_args(kind) if dataclasses.is_dataclass(each)]
    if records_in:
        return {"or": [shape(each) for each in get_args(kind)]}
    return kind.__name__ if isinstance(kind, type) else str(kind)


def kinds() -> list[type[Paper]]:
    ours = [kind for kind in Paper.__subclasses__() if kind.__module__.startswith("propdesk.")]
    return sorted(ours, key=lambda kind: kind.schema)


def fields_of(kind: type[Paper]) -> dict[str, Any]:
    found: dict[str, Any] = shape(kind)
    return {name: each for name, each in found.items() if name not in PRINT_ONLY}


def forms() -> list[list[str]]:
    """The labels of each form in their order: a record of an event is printed by its form."""
    own = [form for form in records.forms().values() if form.prefix != "PC"]
    return [[field.zh for field in records.head()]] + [
        [form.title.zh, *(line for field in form.fields for line in labels(field))] for form in own
    ]


def labels(field: Any) -> list[str]:
    inside = [*field.columns] if field.type == "table" else [*field.options]
    return [f"{field.zh}: {field.type}", *(f"{field.zh}: {each.zh}" for each in inside)]


def words(template: str) -> set[str]:
    """What a sheet says whatever is filled in, line by line, with all it is put together from."""
    source = (PRINTS / template).read_text("utf-8")
    text = re.sub(r'{% translate "([^"]*)"[^%]*%}', r"\1", source)
    lines = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", "\n", text, flags=re.DOTALL).splitlines()
    parts = re.findall(r'{% (?:include|extends) "([^"]+)"', source)
    return {line.strip() for line in lines if line.strip()}.union(*map(words, parts))


def entry(kind: type[Paper]) -> dict[str, Any]:
    found: dict[str, Any] = {"fields": fields_of(kind), "words": sorted(words(kind.template))}
    return found | ({"forms": forms()} if kind is EventRecordPaper else {})


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    return found


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.schema)
def test_name_stands_for_the_fields_it_was_recorded_with(kind: type[Paper]) -> None:
    book = kept()
    if kind.schema not in book:
        book[kind.schema] = entry(kind)
        text = json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True)
        KEPT.write_text(text + "\n", "utf-8")
        pytest.fail(f"{kind.schema} was written to {KEPT.name}: look at it and commit it")

    assert entry(kind) == book[kind.schema], HOW.format(name=kind.schema)


def test_every_recorded_name_belongs_to_a_paper() -> None:
    names = [name for kind in kinds() for name in (kind.schema, *kind.earlier_schemas)]

    assert sorted(names) == sorted(kept())


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in kinds() for name in kind.earlier_schemas]
)
def test_record_under_an_earlier_name_is_read_with_what_is_new_left_blank(
    kind: type[Paper], name: str
) -> None:
    before, now = kept()[name]["fields"], fields_of(kind)
    asked = [f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    paper = kind(**dict.fromkeys(asked, "…"))
    data = {key: each for key, each in paper.to_data().items() if key in before}

    read = papers_read.from_data(data | {"schema": name}, state="…", record_url="…")

    assert {key: now.get(key) for key in before} == before
    assert read == paper
    assert papers_read.title_of(name) == str(kind.title)


def test_shape_goes_down_into_nested_records() -> None:
    @dataclass
    class Inner:
        name: str | None

    @dataclass
    class Outer:
        rows: tuple[Inner, ...]
        one: Inner | None
        count: int

    inner = {"name": "str | None"}
    assert shape(Outer) == {"rows": [inner], "one": {"or": [inner, "NoneType"]}, "count": "int"}


def test_words_of_a_sheet_are_those_of_all_its_parts() -> None:
    slip = words("core/print/claim_slip.html")

    assert {"裁　切　线", "第二联　客户", "Lost Property Claim Slip", "作废"} <= slip
    assert not {line for line in slip if set(line) & set("{}<>")}


def test_every_part_of_a_sheet_is_named_where_it_is_put_in() -> None:
    named = re.compile(r'{% (?:include|extends) (?!"core/print/[a-z_/]+\.html")')
    sheets = sorted((PRINTS / "core/print").rglob("*.html"))

    assert [sheet.name for sheet in sheets if named.search(sheet.read_text("utf-8"))] == []
    assert sheets
