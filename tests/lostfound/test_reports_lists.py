"""失物招领登记表 and 招领公告 as data and as PDFs: masked, bounded, nothing that proves a thing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import workflow
from lostfound.models import FoundItem
from lostfound.queries import papers as queries
from lostfound.reports import found_notice, found_register
from propdesk.core import rendering
from propdesk.core.models import RenderJob
from propdesk.core.papers_found import FoundNoticePaper, FoundRegisterPaper
from tests.factories import CaseFactory, PlaceFactory
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, fresh
from tests.lostfound.printing import printed, stored, text_of

pytestmark = pytest.mark.django_db


def register_of(house: House, **params: str) -> FoundRegisterPaper:
    paper = found_register(RenderJob(property=house.prop, params=params)).paper
    assert isinstance(paper, FoundRegisterPaper)
    return paper


def notice_of(house: House, **params: str) -> FoundNoticePaper:
    paper = found_notice(RenderJob(property=house.prop, params=params)).paper
    assert isinstance(paper, FoundNoticePaper)
    return paper


def numbers(paper: Any) -> list[str]:
    return [row.number for row in paper.rows]


def announced(house: House, item: FoundItem | None = None, **changes: Any) -> FoundItem:
    item = item or house.stored()
    words = {"published_on": timezone.localdate(), "channel": "board"} | changes
    workflow.announce(item, by=house.dm, **words)
    return fresh(item)


# --- the register ----------------------------------------------------------------------------


def test_register_tells_outcome_and_last_move_of_each_thing() -> None:
    house = House()
    kept, given, gone = house.moved(), claiming.returned(house), moves.contraband(house)
    moves.BY_ID["hand_to_police"].do(house, gone, house.dm)
    workflow.void(house.logged(), by=house.pm, reason="重复登记")
    rows = {row.number: row for row in register_of(house).rows}

    row = rows[kept.case.number]
    assert (row.name, row.finder, row.value) == ("手机（手机）1 部", "李强（保安部）", "1,500.00")
    assert (row.storage, str(row.outcome)) == ("2号柜 下层", "在库")
    assert str(row.moved).endswith("移位 周敏、李强")
    assert str(rows[given.case.number].outcome).endswith("归还 林女士")
    assert str(rows[gone.case.number].outcome).endswith("已移交公安")
    assert [str(r.outcome)[-7:] for r in rows.values()][-1] == "作废 重复登记"
    assert list(rows) == sorted(rows)


def test_register_masks_whoever_is_not_staff() -> None:
    house = House()
    house.logged(finder_name="访客王德发", finder_phone="13800005678")
    claiming.returned(house)
    text = str(register_of(house).to_data())

    whole = ["王德发", "13800005678", "林小雨", "13900002222"]
    assert [word for word in whole if word in text] == []


@pytest.mark.parametrize(
    ("params", "which"),
    [
        ({}, ["stored", "returned", "umbrella"]),
        ({"state": "open"}, ["stored", "umbrella"]),
        ({"state": "ended"}, ["returned"]),
        ({"state": "nonsense", "category": "nonsense"}, ["stored", "umbrella"]),
        ({"category": "umbrella"}, ["umbrella"]),
        ({"month": "2001-02"}, []),
        ({"month": "last"}, ["stored", "returned", "umbrella"]),
    ],
    ids=["all", "open", "ended", "unknown", "category", "month", "no-month"],
)
def test_register_is_narrowed_as_the_list_on_the_screen(
    params: dict[str, str], which: list[str]
) -> None:
    house, other = House(), House()
    other.stored()
    made = {
        "stored": house.stored(),
        "returned": claiming.returned(house),
        "umbrella": house.logged(category="umbrella"),
    }

    assert numbers(register_of(house, **params)) == [made[name].case.number for name in which]


def test_register_of_a_month_begins_and_ends_at_midnight_in_shanghai() -> None:
    house = House()
    inside = ["2026-09-30T16:00:00+00:00", "2026-10-31T15:59:59+00:00"]
    outside = ["2026-09-30T15:59:59+00:00", "2026-10-31T16:00:00+00:00"]
    for number, moment in enumerate((*inside, *outside)):
        at = datetime.fromisoformat(moment)
        case = CaseFactory(
            property=house.prop, kind="found", number=f"SW-20261001-00{number}", opened_at=at
        )
        FoundItem.objects.create(
            case=case,
            category="toy",
            name="积木",
            features="红色",
            place_note="大堂",
            found_at=at,
            reported_at=at,
            next_due_at=at,
            logged_by=house.guard,
            finder_user=house.guard,
        )

    assert numbers(register_of(house, month="2026-10")) == ["SW-20261001-000", "SW-20261001-001"]


def test_register_says_what_it_covers() -> None:
    house = House()

    assert register_of(house).scope == "全部状态 · 全部类别 · 全部月份"
    scope = register_of(house, state="stored", category="phone", month="2026-10").scope
    assert scope == "在库 · 手机 · 2026年10月"


def test_register_beyond_its_limit_keeps_the_newest_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    items = [house.logged() for _n in range(3)]
    monkeypatch.setattr(queries, "IN_REGISTER", 2)
    paper = register_of(house)

    assert numbers(paper) == [item.case.number for item in items[1:]]
    assert paper.beyond == "超过 2 件，只列出编号最新的 2 件；请按月份分开打印。"


def test_register_costs_the_same_statements_at_any_size() -> None:
    house = House()

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            register_of(house)
        return len(captured)

    claiming.returned(house)
    few = cost()
    for _n in range(2):
        claiming.returned(house)
        house.moved()

    assert (cost(), few <= 6) == (few, True)


def test_register_prints_as_a_private_landscape_list() -> None:
    house = House()
    item = house.stored()
    waiting = rendering.request_list(house.prop, "found_register", {}, by=house.dm)
    assert rendering.request_list(house.prop, "found_register", {}, by=house.dm) == waiting
    assert rendering.request_list(house.prop, "found_register", {}, by=house.pm) != waiting
    document = printed(waiting)
    text = text_of(stored(document))

    wanted = ("失物招领登记表", item.case.number, "转移记录", "处理结果", "第1页共1页")
    assert [word for word in wanted if word not in text] == []
    assert (document.case, document.property, document.sealed) == (None, house.prop, False)
    assert "校验" not in text


# --- the notice ------------------------------------------------------------------------------


def test_notice_lists_what_is_known_and_still_here() -> None:
    house, other = House(), House()
    announced(other)
    here = [announced(house), claiming.described(house, announced(house))]
    house.stored()
    claiming.returned(house, claiming.verified(house, announced(house)))

    assert numbers(notice_of(house)) == [item.case.number for item in here[::-1]]


def test_notice_of_one_day_lists_what_was_published_then() -> None:
    house = House()
    today = timezone.localdate()
    announced(house)
    item = house.logged(found_at=timezone.now() - timedelta(days=3))
    early = announced(house, house.stored(item), published_on=today - timedelta(days=2))

    day = (today - timedelta(days=2)).isoformat()
    assert numbers(notice_of(house, on=day)) == [early.case.number]
    assert len(notice_of(house, on="nonsense").rows) == 2


def test_notice_beyond_its_limit_says_where_the_rest_is(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    items = [announced(house) for _n in range(3)]
    monkeypatch.setattr(queries, "ON_PAPER", 2)
    paper = notice_of(house)

    assert numbers(paper) == [item.case.number for item in items[:0:-1]]
    assert str(paper.beyond).startswith("还有更多拾获物品")


def test_notice_on_paper_holds_no_hidden_string() -> None:
    house = House()
    house.prop.phone, house.prop.address = "021-60001234", "云栖路1号"
    house.prop.save()
    building = PlaceFactory(property=house.prop, kind="building", name="A座")
    room = PlaceFactory(property=house.prop, kind="room", name="1806", parent=building)
    item = house.logged(name="棕色钱包", serial="NB-77", place=room, place_note="床头柜")
    item = announced(house, house.stored(item, seal="FQ-1"))
    document = printed(rendering.request_list(house.prop, "found_notice", {}, by=house.dm))
    data = stored(document)
    text = text_of(data)

    hidden = [*claiming.hidden(item), "1806", "床头柜", "FQ-1", "2号柜", "1,500.00", "李强", "周敏"]
    assert [word for word in hidden if word in text] == []
    assert [word for word in hidden if word in str(notice_of(house).to_data())] == []
    shown = (item.case.number, "手机", "A座", "021-60001234", "云栖路1号", house.prop.name)
    assert [word for word in shown if word not in text] == []
