"""The page of a found thing: what comes next, the two clocks, the chain, and what stays hidden."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import categories, workflow
from lostfound.detail import Detail
from lostfound.detail_rows import DetailRows
from lostfound.models import FoundItem
from lostfound.rows import disposal, lost
from lostfound.rows.timeline import LOOK
from lostfound.workflow.table import STOCKTAKE_MOVES
from tests.factories import PASSWORD, at
from tests.factories import fresh as person
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
S = FoundItem.Status


def detail(house: House, item: FoundItem, who: str = "dm") -> Any:
    user = person(getattr(house, who))
    return Detail.load(user, house.prop, item.case.number, timezone.now())


def page(house: House, item: FoundItem, who: str = "dm", **params: str) -> str:
    client = Client()
    client.force_login(getattr(house, who))
    return client.get(item.get_absolute_url(), params).content.decode()


# --- one statement -------------------------------------------------------------------------


def test_thing_with_all_its_children_is_one_statement() -> None:
    house = House()
    item = moves.revalued_down(house)
    workflow.trace(item, by=house.dm, via="phone", text="打过", outcome="waiting")
    workflow.announce(item, by=house.dm, published_on=timezone.localdate(), channel="board")
    claiming.described(house, fresh(item))
    user = person(house.dm)
    Detail.load(user, house.prop, item.case.number, timezone.now())

    with CaptureQueriesContext(connection) as captured:
        one = DetailRows.load(user, house.prop, item.case.number, timezone.now())
        assert one is not None
        counted = [len(getattr(one, n)) for n in ("custody", "attempts", "announcements")]
        counted += [len(getattr(one, n)) for n in ("valuations", "claims", "photos", "tasks")]
        assert (counted, one.may_details, one.pending_value is None) == (
            [2, 1, 1, 2, 1, 1, 1],
            True,
            False,
        )
    assert len(captured) == 1


def test_money_and_times_of_children_are_read_exactly() -> None:
    house = House()
    lines = [workflow.Content("", 3, "CNY", Decimal("0.1")), workflow.Content("卡", 2)]
    item = house.stored(house.logged(category="wallet"), contents=lines, value=Decimal("450.05"))
    one = detail(house, item)
    cash, card = one.contents
    assert (cash.denomination, cash.count, card.denomination) == (Decimal("0.10"), 3, None)
    assert one.valuations[0].value == Decimal("450.05")
    assert one.custody[1].at == item.custody.get(kind="receive").at
    assert one.cash_total == "¥0.30"


@pytest.mark.parametrize("who", ["cleaner", "desk", "guard", "dm"])
def test_thing_is_read_by_whom_the_list_shows_it(who: str) -> None:
    house = House()
    assert (detail(house, house.stored(), who) is None) is (who == "cleaner")


# --- what is next --------------------------------------------------------------------------

Ready = Callable[[House], FoundItem]
contraband: Ready = moves.contraband


def _found_owner(house: House) -> FoundItem:
    item = house.tracing()
    workflow.trace(item, by=house.dm, via="phone", text="找到", outcome="found")
    return fresh(item)


def _announced(house: House) -> FoundItem:
    item = house.ownerless()
    workflow.acknowledge(item, by=house.pm)
    workflow.announce(item, by=house.dm, published_on=timezone.localdate(), channel="board")
    return fresh(item)


@pytest.mark.parametrize(
    ("ready", "who", "card"),
    [
        (House.logged, "dm", "receive"),
        (House.logged, "guard2", "hand-in"),
        (House.logged, "guard", None),
        (contraband, "dm", "police"),
        (contraband, "guard2", None),
        (moves.unsigned, "guard", "cosign"),
        (moves.unsigned, "guard2", "trace"),
        (moves.unsigned, "dm", "clue"),
        (House.stored, "dm", "clue"),
        (House.stored, "guard", "trace"),
        (House.stored, "desk", None),
        (House.tracing, "dm", "trace"),
        (_found_owner, "dm", None),
        (House.ownerless, "pm", "acknowledge"),
        (House.ownerless, "dm", "announce"),
        (House.ownerless, "guard", None),
        (_announced, "dm", None),
        (moves.revalued_down, "pm", "decide-value"),
        (moves.revalued_down, "dm", "clue"),
        (claiming.described, "dm", None),
        (claiming.returned, "dm", None),
    ],
)
def test_next_card_follows_state_and_role(ready: Ready, who: str, card: str | None) -> None:
    house = House()
    one = detail(house, ready(house), who)
    assert next(iter(one.cards), None) == card


@pytest.mark.parametrize(
    ("ready", "who", "words"),
    [
        (House.logged, "guard", "东西还在您手里，请交给值班经理，由他和保安部一起入库。"),
        (House.logged, "desk", "等值班经理和保安部接收入库。"),
        (moves.unsigned, "desk", "移动已登记，等李强会签。"),
        (
            moves.unsigned,
            "dm",
            "移动已登记，等李强会签。他来不了，就由在场的两人办“移位”接管。",
        ),
        (House.stored, "desk", "已收好，等值班经理看有没有线索。"),
        (_found_owner, "dm", "已找到失主，等他来认领。"),
        (House.ownerless, "guard", "已报物业经理，等他知悉。"),
        (moves.revalued_down, "desk", "重新估价在等物业经理批准，之前仍按原期限保管。"),
        (claiming.described, "guard", "有人认领，正在核对。"),
        (claiming.disputed, "dm", "不止一人认领，已锁定，等物业经理裁定。"),
        (claiming.returned, "dm", "已归还失主。"),
    ],
)
def test_page_says_whom_it_waits_for(ready: Ready, who: str, words: str) -> None:
    house = House()
    item = ready(house)
    assert detail(house, item, who).waiting == words


def test_chain_says_which_seal_holds_and_who_has_it_in_the_end() -> None:
    house = House()
    item = moves.opened(house)
    opened, number = detail(house, item).stations[-1].lines, item.seals.get().number
    workflow.reseal(item, "FQ-0002", moves.second_of(house, house.dm), by=house.dm, reason="核对完")
    anew = detail(house, item).stations[-1].lines
    knife = moves.contraband(house)
    receipt = workflow.PoliceReceipt("接收字第7号", "警号 012345")
    workflow.hand_to_police(knife, receipt, moves.second_of(house, house.dm), by=house.dm)
    back = claiming.returned(house)

    assert (opened, anew) == (
        ("接收入库", "由 李强 上交", f"封签 {number}（已拆）"),
        ("换封签", "封签 FQ-0002"),
    )
    ends = [detail(house, each).stations[-1] for each in (knife, back)]
    assert [(end.who, end.lines) for end in ends] == [
        ("周敏、赵刚 交出", ("警号 012345，回执 接收字第7号",)),
        ("周敏、李强 交出", ("林*（认领人）签收",)),
    ]
    assert "回执 接收字第7号，警号 012345" in page(house, knife)


def test_every_act_that_is_ever_recorded_has_words() -> None:
    """Found in the source itself, so that no act is left in the language of the program."""
    folder = Path(workflow.__file__).parent
    source = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    named = re.compile(r"(?:\baction=|Act\([a-z_.]+, |on_item\([a-z_.()]+, batch, )\"([a-z_]+)\"")
    of_counts = {*STOCKTAKE_MOVES, "start_stocktake"}

    recorded = {*named.findall(source)}

    assert {"describe", "receive", "execute_line"} <= recorded
    assert recorded - {*LOOK, *disposal.LOOK, *lost.LOOK, *of_counts} == set()
    assert {*workflow.MOVES} <= {*LOOK}


def test_everything_offered_on_the_page_is_allowed_by_the_table() -> None:
    house = House()
    item = moves.sealed(house)
    for who in ("dm", "pm", "gm", "guard", "desk"):
        one = detail(house, item, who)
        for name, act in [*one.others, *one.menu]:
            workflow.permit(item, act.action, person(getattr(house, who)))
            assert item.status in act.states, name


@pytest.mark.parametrize(
    ("ready", "who", "offered"),
    [
        (House.stored, "dm", {"photo", "correct", "revalue", "link"}),
        (moves.sealed, "dm", {"photo", "correct", "open-seal", "revalue", "link"}),
        (moves.opened, "guard2", {"photo", "reseal"}),
        (House.stored, "pm", {"photo", "correct", "revalue", "link"}),
        (House.stored, "gm", {"photo", "correct", "revalue", "policy", "link", "void-stored"}),
        (House.logged, "pm", {"photo", "correct", "link", "void"}),
        (House.stored, "guard2", {"photo"}),
        (House.logged, "guard", {"photo", "correct"}),
        (House.stored, "guard", {"photo"}),
        (moves.revalued_down, "dm", {"photo", "correct", "link"}),
    ],
)
def test_menu_holds_what_is_not_refused(ready: Ready, who: str, offered: set[str]) -> None:
    house = House()
    assert {name for name, _act in detail(house, ready(house), who).menu} == offered


# --- the clocks ----------------------------------------------------------------------------

DAY = at("2026-11-09 20:15")


@pytest.fixture
def old() -> Any:
    with time_machine.travel(DAY, tick=False):
        house = House()
        item = house.stored()
    return house, item


def _clocks(house: House, item: FoundItem) -> list[tuple[str, str, str]]:
    return [(c.label, c.big, c.note) for c in detail(house, item).clocks]


def test_both_clocks_stand_side_by_side_and_the_law_has_not_begun(old: Any) -> None:
    with time_machine.travel(DAY + timedelta(days=14), tick=False):
        assert _clocks(*old) == [
            ("制度保管期", "剩余 351天", "超过100.00元保管1年 · 到 2027-11-09 24:00"),
            ("民法典第318条", "未起算", "招领公告后1年；登记招领公告后起算"),
        ]


def test_announcement_starts_the_clock_of_the_law(old: Any) -> None:
    house, item = old
    with time_machine.travel(DAY + timedelta(days=1), tick=False):
        today = timezone.localdate()
        workflow.announce(item, by=house.dm, published_on=today, channel="board")
        own, law = detail(house, fresh(item)).clocks
    assert (own.big, own.passed, own.whole) == ("剩余 364天", 1, 365)
    assert (law.big, law.note) == (
        "剩余 365天",
        "2026-11-10 公告 · 到 2027-11-10；放假安排未公布，日期可能再顺延",
    )


@pytest.mark.parametrize(
    ("days", "big", "tone"),
    [(30, "剩余 335天", "blue"), (335, "剩余 30天", "orange"), (365, "今天到期", "orange")],
)
def test_clock_warns_as_the_last_day_comes_near(old: Any, days: int, big: str, tone: str) -> None:
    with time_machine.travel(DAY + timedelta(days=days), tick=False):
        clock = detail(*old).clocks[0]
    assert (clock.big, clock.tone) == (big, tone)


def test_clock_says_that_the_term_is_over(old: Any) -> None:
    with time_machine.travel(DAY + timedelta(days=367), tick=False):
        clock = detail(*old).clocks[0]
    assert (clock.big, clock.tone, clock.passed, clock.whole) == ("已到期", "red", 365, 365)


def test_general_managers_own_day_replaces_the_term(old: Any) -> None:
    house, item = old
    FoundItem.objects.filter(pk=item.pk).update(kept_until=date(2028, 1, 31))
    with time_machine.travel(DAY, tick=False):
        clock = detail(house, item).clocks[0]
    assert clock.note == "批示继续保管到 2028-01-31 24:00"


def test_day_that_is_earlier_than_the_term_hides_nothing_of_it(old: Any) -> None:
    house, item = old
    with time_machine.travel(DAY, tick=False):
        before = detail(house, item).clocks[0].note
        FoundItem.objects.filter(pk=item.pk).update(kept_until=DAY.date())
        after = detail(house, item).clocks[0].note
    assert after == before


def test_short_lived_things_have_a_clock_of_their_own() -> None:
    house = House()
    item = house.stored(house.logged(category="food"))
    labels = [clock.label for clock in detail(house, item).clocks]
    assert labels == ["制度保管期", "食品 · 请示提前处置", "民法典第318条"]


@pytest.mark.parametrize("ready", [House.logged, contraband, claiming.returned])
def test_thing_without_a_term_has_no_clock(ready: Ready) -> None:
    house = House()
    assert detail(house, ready(house)).clocks == []


def test_contraband_found_out_later_is_for_the_police_before_all_else() -> None:
    house = House()
    item = house.stored()
    workflow.correct(item, moves.facts(item, category="contraband"), by=house.gm, reason="是刀具")

    one = detail(house, item)

    assert one.cards[0] == "police"
    assert one.waiting == str(categories.RULES["contraband"].advice)
    assert (one.may_describe, one.may_propose) == (False, False)


# --- the chain -----------------------------------------------------------------------------


def test_chain_names_who_where_and_the_seal() -> None:
    house = House()
    item = moves.sealed(house)
    found, kept = detail(house, item).stations
    assert (found.title, found.who, found.is_here) == ("拾获", "李强", False)
    assert (kept.title, kept.who, kept.is_here, kept.waits) == (
        "2号柜 上层",
        "周敏、李强 共管",
        True,
        "",
    )
    assert kept.lines == ("接收入库", "由 李强 上交", f"封签 {item.seals.get().number}")
    assert detail(house, item).is_joint is True


def test_missing_cosignature_is_shown_at_its_station() -> None:
    house = House()
    one = detail(house, moves.unsigned(house))
    assert (one.stations[-1].waits, one.waits_for, one.is_joint) == ("李强", "李强", False)


def test_move_adds_a_station() -> None:
    house = House()
    item = house.moved()
    assert [stop.title for stop in detail(house, item).stations] == [
        "拾获",
        "2号柜 上层",
        "2号柜 下层",
    ]


# --- what stays hidden ---------------------------------------------------------------------


def secret(house: House) -> FoundItem:
    item = house.logged(
        name="黑色折叠机",
        features="左下角贴猫",
        serial="IMEI-4711",
        category="wallet",
        place=house.lobby,
        place_note="沙发缝",
        finder_name="访客王先生",
        finder_phone="13800005678",
    )
    item = house.stored(item, seal="FQ-77", contents=[workflow.Content("身份证复印件")])
    workflow.decide_clue(item, "yes", by=house.dm, text="夹层有名片")
    workflow.trace(item, by=house.dm, via="phone", text="打过名片上的电话", outcome="waiting")
    return fresh(item)


SECRETS = ["黑色折叠机", "左下角", "IMEI", "沙发缝", "访客王", "1380000", "138****", "FQ-77"]
SECRETS += ["身份证复印件", "名片", "2号柜", "1500", "1,500", "李强", "photos/"]


@pytest.mark.parametrize("path", ["", "tag/", "logged/"])
def test_front_desk_sees_category_day_and_place_only(path: str) -> None:
    house = House()
    item = secret(house)
    client = Client()
    client.force_login(house.desk)
    html = client.get(f"{item.get_absolute_url()}{path}").content.decode()
    assert [word for word in SECRETS if word in html] == []
    assert "钱包" in html
    if path != "tag/":
        assert "A座大堂" in html


def test_duty_manager_sees_all_of_it() -> None:
    house = House()
    html = page(house, secret(house))
    wanted = [*SECRETS]
    wanted = [w for w in wanted if w not in ("1380000", "1500", "IMEI")] + ["IMEI-4711"]
    assert [word for word in wanted if word not in html] == []


def test_telephone_of_the_finder_is_shown_for_a_minute_on_request() -> None:
    house = House()
    item = moves.from_outside(house)
    before = page(house, item)
    workflow.unmask(item, item.finder_id, by=house.dm, reason="道谢")
    after, other = page(house, item), page(house, item, "pm")
    shown = [("13800005678" in html, "138****5678" in html) for html in (before, after, other)]
    assert shown == [(False, True), (True, True), (False, True)]


def test_draft_of_one_user_is_not_shown_to_another() -> None:
    house = House()
    item = house.tracing()
    client = Client()
    client.force_login(house.dm)
    url = f"{item.get_absolute_url()}do/trace/draft/"
    client.post(url, {"text": "只有我写的"})
    seen = ["只有我写的" in page(house, item, who) for who in ("dm", "guard")]
    assert seen == [True, False]


# --- how it is put -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "begins"),
    [
        (House.logged, "须在 "),
        (contraband, "立即报警，看守现场"),
        (House.stored, "须在 "),
        (House.traced, "保管到 "),
        (House.ownerless, "物业经理须在 "),
        (claiming.described, "请在 "),
        (claiming.returned, ""),
    ],
)
def test_head_says_what_the_time_limit_is_about(ready: Ready, begins: str) -> None:
    house = House()
    line = detail(house, ready(house)).due_line
    assert (line.startswith(begins), bool(line)) == (True, bool(begins))


@pytest.mark.parametrize("status", S.values)
def test_every_state_has_a_look_and_its_acts_have_names(status: str) -> None:
    house = House()
    item = claiming.at(house, status)
    html = page(house, item, "gm")
    done = set(item.case.entries.values_list("action", flat=True))
    assert (str(S(status).label) in html, done - set(LOOK)) == (True, set())


@pytest.mark.parametrize(
    ("status", "who", "ways"),
    [
        (S.CLAIMED, "dm", ["去办认领"]),
        (S.CLAIMED, "desk", ["去办认领"]),
        (S.DISPUTED, "pm", ["去办认领"]),
        (S.EXPIRED, "dm", ["申请处置"]),
        (S.EXPIRED, "guard", []),
        (S.DISPOSING, "guard", ["看审批单"]),
        (S.DISPOSING, "desk", []),
        (S.STORED, "dm", []),
        (S.RETURNED, "dm", []),
    ],
)
def test_next_step_with_a_page_of_its_own_is_one_link_away(
    status: str, who: str, ways: list[str]
) -> None:
    house = House()
    one = detail(house, claiming.at(house, status), who)
    assert [way.label for way in one.ways] == ways


def test_thing_on_a_paper_leads_to_it_and_is_not_proposed_again() -> None:
    house = House()
    (item,), batch = claiming.in_batch(house)
    one = detail(house, item)
    assert [(way.label, way.url) for way in one.ways] == [("看审批单", batch.get_absolute_url())]
    assert one.waiting == "已列入审批单，等批示；失主来了仍可认领。"


def test_food_may_be_proposed_before_its_term() -> None:
    house = House()
    (way,) = detail(house, house.stored(house.logged(category="food"))).ways
    assert (way.label, way.url.endswith("/disposal/new/?early=1")) == ("请示提前处置", True)


def test_second_password_is_not_asked_of_the_browser() -> None:
    house = House()
    html = page(house, house.logged())
    assert ('type="password"' in html, PASSWORD in html) == (True, False)


def test_receipt_says_that_it_was_reported_late() -> None:
    house = House()
    item = house.logged(found_at=timezone.now() - timedelta(hours=2))
    assert "隔了30分钟以上" in page(house, item)
    told = house.logged(found_at=timezone.now() - timedelta(hours=2), late_reason="疏散")
    assert "隔了30分钟以上" not in page(house, told)


def test_task_of_somebody_else_is_named_on_the_page() -> None:
    house = House()
    html = page(house, house.ownerless(), "dm")
    assert "等物业经理处理：" in html
    assert "等物业经理处理：" not in page(house, house.ownerless(), "pm")
