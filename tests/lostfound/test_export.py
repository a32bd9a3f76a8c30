"""失物登记表 as Excel: all text, no formula, nobody from outside by name; every export on record."""

import hashlib
import io
import re
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from lostfound import exporting, workflow
from lostfound.models import RegisterExport
from propdesk.core.roles import DUTY, Role
from propdesk.core.spreadsheets import Book
from tests.factories import PlaceFactory, PropertyFactory, at, member
from tests.incidents.moves import fingerprint
from tests.lostfound.claiming import GUEST, returned
from tests.lostfound.counting import lying, number
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
HEADINGS = [str(column.heading) for column in exporting.COLUMNS]
SHEET = "xl/worksheets/sheet1.xml"
NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
PAYLOADS = (
    "=1+1",
    "+SUM(A1)",
    "-2+3",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("//x.cn","点")',
    "<f>1+1</f>",
    "</t></is></c><c><f>1</f>",
    "https://x.example/a",
    "_x0041_",
    "0012",
    "1e5",
)


def url(house: House, name: str = "export") -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code])


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def content(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def exported(house: House, by: Any = None, **params: str) -> bytes:
    return content(browser(by or house.dm).get(url(house), params))


def rows(raw: bytes) -> list[dict[str, Any]]:
    """The lines below the headings, each by heading."""
    sheet = load_workbook(io.BytesIO(raw)).worksheets[0]
    head, *lines = sheet.iter_rows(values_only=True)
    assert list(head) == HEADINGS
    return [dict(zip(HEADINGS, line, strict=True)) for line in lines]


def xml(raw: bytes, name: str = SHEET) -> str:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(name).decode()


def test_export_says_all_of_a_thing() -> None:
    house = House()
    item = house.logged(
        place=house.lobby,
        place_note="沙发左边",
        serial="0012",
        quantity=2,
        finder_user=house.cleaner,
    )
    item = house.stored(item, seal="FQ-7")
    house.tracing(item)

    (line,) = rows(exported(house))

    item = fresh(item)
    here = timezone.localtime
    assert line == dict.fromkeys(HEADINGS) | {
        "编号": number(item),
        "状态": "查找中",
        "类别": "手机",
        "物品名称": "手机",
        "数量": 2,
        "单位": "部",
        "特征": item.features,
        "序列号、尾号": "0012",
        "拾获时间": f"{here(item.found_at):%Y-%m-%d %H:%M}",
        "拾获地点": "A座大堂",
        "具体位置": "沙发左边",
        "拾获人": "孙丽",
        "拾获部门": "管家部",
        "上报时间": f"{here(item.reported_at):%Y-%m-%d %H:%M}",
        "上交时间": f"{here(item.handed_at):%Y-%m-%d %H:%M}",
        "接收值班经理": "周敏",
        "入库日期": f"{item.received_on:%Y-%m-%d}",
        "估价": "已估价",
        "估价（元）": 1500,
        "估价依据": "同型号二手价",
        "保管到期日": f"{item.expires_on:%Y-%m-%d}",
        "存放位置": "2号柜 上层",
        "封签号": "FQ-7",
        "有无线索": "有线索",
        "线索": "手机锁屏有联系电话",
    }


def test_export_gives_times_of_the_house() -> None:
    house = House()
    day = timezone.localdate() - timedelta(days=2)
    house.logged(found_at=at(f"{day} 23:59"))

    (line,) = rows(exported(house))

    assert line["拾获时间"] == f"{day} 23:59"


def test_export_masks_people_from_outside() -> None:
    house = House()
    returned(house)
    house.logged(finder_name="欧阳小雨", finder_phone="13800001111")

    raw = exported(house, state="all")

    found = {(line["拾获人"], line["认领人"]) for line in rows(raw)}
    assert found == {("李强", "林女士"), ("欧阳*", None)}
    for secret in (GUEST.name, str(GUEST.phone), "欧阳小雨", "13800001111"):
        assert secret not in xml(raw)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_export_of_a_payload_in_every_field_is_text(payload: str) -> None:
    house = House()
    place = PlaceFactory(property=house.prop, name=payload)
    house.shelf.label = payload
    house.shelf.save()
    house.cleaner.name = payload
    house.cleaner.save()
    house.housekeeping.name = payload
    house.housekeeping.save()
    item = house.logged(
        name=payload,
        features=payload,
        serial=payload,
        place=place,
        place_note=payload,
        unit=payload[:8],
        finder_user=house.cleaner,
    )
    item = house.stored(item, seal=payload, basis=payload)
    workflow.decide_clue(item, "yes", by=house.dm, text=payload)

    raw = exported(house)

    root = ElementTree.fromstring(xml(raw))  # noqa: S314 -- made by ourselves just now
    below = [c for c in root.iter(f"{NS}c") if not re.fullmatch(r"[A-Z]+1", str(c.get("r")))]
    texts = [c for c in below if "".join(c.itertext()).replace("_x005F_x", "_x") == payload]
    assert "<f>" not in xml(raw).replace("&lt;f&gt;", "")
    assert list(root.iter(f"{NS}f")) == []
    assert list(root.iter(f"{NS}hyperlink")) == []
    assert {c.get("t") for c in texts} == {"inlineStr"}
    assert len(texts) >= 10


def test_export_marks_text_so_that_editing_makes_no_formula_of_it() -> None:
    house = House()
    house.logged(features="=1+1")

    raw = exported(house)

    cells = re.findall(r'<c r="[A-Z]+2" s="(\d+)" t="inlineStr">', xml(raw))
    styles = re.findall(r"<xf [^>]*/?>", xml(raw, "xl/styles.xml").split("<cellXfs")[1])
    assert {re.search(r'quotePrefix="1"', styles[int(s)]) is not None for s in cells} == {True}
    assert {re.search(r'numFmtId="49"', styles[int(s)]) is not None for s in cells} == {True}


def test_export_keeps_numbers_as_numbers() -> None:
    house = House()
    house.stored(value=Decimal("88.50"))

    assert re.findall(r'<c r="T2"><v>([^<]*)</v></c>', xml(exported(house))) == ["88.50"]


def test_export_follows_the_filters_of_the_list() -> None:
    house = House()
    umbrella = lying(house, 1)[0]
    phone = house.logged()
    gone = house.logged(category="key", features="一串钥匙")
    workflow.void(gone, by=house.gm, reason="重复")

    found = {
        name: [line["编号"] for line in rows(exported(house, **params))]
        for name, params in {
            "open": {},
            "logged": {"state": "logged"},
            "kind": {"category": "umbrella"},
            "ended": {"state": "ended"},
            "all": {"state": "all"},
            "words": {"q": "长柄伞"},
            "nonsense": {"state": "x", "category": "y"},
        }.items()
    }

    u, p, g = number(umbrella), number(phone), number(gone)
    assert found == {
        "open": [u, p],
        "logged": [p],
        "kind": [u],
        "ended": [g],
        "all": [u, p, g],
        "words": [u],
        "nonsense": [u, p],
    }


def test_export_of_another_house_shows_nothing_of_this() -> None:
    house, other = House(), House()
    lying(house, 1)

    assert rows(exported(other)) == []
    assert browser(other.dm).get(url(house)).status_code == 404


def test_export_ends_with_a_sentence_when_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    items = lying(house, 3)
    monkeypatch.setattr(exporting, "MAX_ROWS", 2)

    found = [line["编号"] for line in rows(exported(house))]

    assert found == [
        *map(number, items[:2]),
        "只导出前 2 件，其余请用筛选分几次导出。",
    ]
    assert RegisterExport.objects.get().rows == 2


def test_export_of_exactly_the_limit_has_no_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    lying(house, 2)
    monkeypatch.setattr(exporting, "MAX_ROWS", 2)

    assert len(rows(exported(house))) == 2


def test_export_is_a_file_with_its_name_in_chinese() -> None:
    house = House()

    answer = browser(house.dm).get(url(house))

    name = answer["Content-Disposition"].partition("filename*=utf-8''")[2]
    assert unquote(name) == f"失物登记表_{timezone.localdate():%Y%m%d}.xlsx"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    assert answer["Cache-Control"] == "private, no-store"
    content(answer)


def test_export_is_on_record_without_the_words_searched_for() -> None:
    house = House()
    lying(house, 2)

    raw = exported(house, state="stored", q="长柄伞 王晓梅")
    raw = exported(house, state="stored", q="长柄伞")

    row = RegisterExport.objects.latest("pk")
    assert (row.by, row.property, row.rows) == (house.dm, house.prop, 2)
    assert row.filters == {"state": "stored", "searched": True}
    assert row.sha256 == hashlib.sha256(raw).hexdigest()
    assert RegisterExport.objects.count() == 2


def test_record_of_exports_is_shown_with_who_and_what() -> None:
    house = House()
    exported(house, state="ended", category="umbrella", q="黑色")
    exported(house, by=house.gm)

    answer = browser(house.dm).get(url(house, "book"))

    assert [(row.by, row.rows, row.said) for row in answer.context["exports"]] == [
        ("陈国栋", 0, "在管"),
        ("周敏", 0, "已了结 · 雨伞 · 按文字查找"),
    ]


@pytest.mark.parametrize("role", Role)
def test_export_is_for_the_duty_side(role: Role) -> None:
    house = House()
    web = browser(member(house.prop, role))
    web.get(url(house, "book"))
    before = fingerprint()

    found = web.get(url(house))
    if role in DUTY:
        content(found)  # a file that is read to its end is closed
    page = web.get(url(house, "book"))

    allowed = role in DUTY
    assert (found.status_code, page.status_code) == ((200, 200) if allowed else (403, 403))
    assert (fingerprint() == before) is not allowed


def test_book_page_of_another_house_is_not_found() -> None:
    address = reverse("lostfound:book", args=[PropertyFactory().code])

    assert browser(House().dm).get(address).status_code == 404


def test_export_statements_do_not_grow_with_the_rows() -> None:
    house = House()
    web = browser(house.dm)
    costs = []
    for more in (1, 2):
        lying(house, more)
        with CaptureQueriesContext(connection) as captured:
            content(web.get(url(house)))
        costs.append(len(captured))

    assert costs[0] == costs[1]


def test_export_that_fails_leaves_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    lying(house, 1)

    def fail(*_args: Any) -> str:
        raise RuntimeError

    monkeypatch.setattr(Book, "_write", fail)
    with pytest.raises(RuntimeError):
        browser(house.dm).get(url(house))

    assert RegisterExport.objects.count() == 0
