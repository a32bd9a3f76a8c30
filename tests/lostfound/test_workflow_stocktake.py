"""F6: a count of two people without a list; what is missing, too many or misplaced is found."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import workflow
from lostfound.models import (
    FoundItem,
    Stocktake,
    StocktakeDifference,
)
from propdesk.core import audit, drafts
from propdesk.core.models import Case, Notice, Task, User
from propdesk.core.retention import running
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, DeputyFactory, member
from tests.factories import fresh as read
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound.claiming import returned
from tests.lostfound.counting import differences, latest, lying, number, scan, started, taken_home
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
T = Stocktake.Status


def counted(row: Stocktake, by: User, *items: FoundItem) -> None:
    for item in items:
        scan(row, number(item), by=by)


def finished(row: Stocktake, by: User) -> Stocktake:
    return latest(workflow.finish_stocktake(row, by=by))


# --- beginning -----------------------------------------------------------------------------


def test_start_stocktake_opens_a_case_of_its_own() -> None:
    house = House()

    row = started(house)

    entry = row.case.entries.get()
    assert (row.case.number[:3], row.case.kind, row.case.is_open) == ("PD-", "stocktake", True)
    assert (row.status, row.counted_by, row.witnessed_by) == (T.COUNTING, house.dm, house.guard)
    assert (entry.action, entry.by) == ("start_stocktake", house.dm)
    assert audit.problems(row.case) == []


def test_start_stocktake_by_a_guard_beside_a_duty_manager() -> None:
    house = House()

    row = started(house, by=house.guard, witness=house.dm)

    assert (row.counted_by, row.witnessed_by) == (house.guard, house.dm)


@pytest.mark.parametrize(
    ("by", "witness", "password", "field"),
    [
        ("dm", "dm", PASSWORD, "guard"),
        ("dm", "pm", PASSWORD, "guard"),
        ("guard", "guard2", PASSWORD, "guard"),
        ("dm", "cleaner", PASSWORD, "guard"),
        ("dm", "guard", "", "guard_password"),
        ("dm", "guard", "not it", "guard_password"),
    ],
    ids=["alone", "two managers", "two guards", "no guard", "no password", "wrong password"],
)
def test_start_stocktake_without_the_two_sides_is_refused(
    by: str, witness: str, password: str, field: str
) -> None:
    house = House()

    with refuses(RefusedInput) as refused:
        started(house, by=getattr(house, by), witness=getattr(house, witness), password=password)

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.HOUSEKEEPING, Role.STAFF, Role.ADMIN])
def test_start_stocktake_by_somebody_else_is_forbidden(role: Role) -> None:
    house = House()
    person = member(house.prop, role)

    with refuses(PermissionDenied):
        started(house, by=person)


def test_start_stocktake_of_a_place_out_of_use_is_refused() -> None:
    house = House()
    workflow.retire_storage(house.shelf, by=house.dm, reason="柜子坏了")

    with refuses(RefusedInput) as refused:
        started(house)

    assert list(refused.value.errors) == ["storage"]


@pytest.mark.parametrize("running", ["room", "cupboard", "shelf"])
@pytest.mark.parametrize("wanted", ["room", "cupboard", "shelf"])
def test_start_stocktake_over_a_running_one_is_refused(running: str, wanted: str) -> None:
    house = House()
    room = workflow.create_storage(house.prop, workflow.Shelf("库房", "KF"), by=house.dm)
    cupboard = workflow.create_storage(house.prop, workflow.Shelf("3号柜", "G3"), room, by=house.dm)
    shelf = workflow.create_storage(house.prop, workflow.Shelf("上", "G3-1"), cupboard, by=house.dm)
    places = {"room": room, "cupboard": cupboard, "shelf": shelf}
    started(house, places[running])

    with refuses(ConflictError, match="正在盘点"):
        started(house, places[wanted], by=house.gm, witness=house.guard2)


def test_start_stocktake_beside_a_running_one_is_fine() -> None:
    house = House()
    started(house, house.shelf)

    assert started(house, house.other_shelf, by=house.gm).status == T.COUNTING


def test_start_stocktake_twice_by_one_form_happens_once() -> None:
    house = House()
    row = started(house, token="same")

    with pytest.raises(ConflictError), transaction.atomic():
        started(house, token="same")
    finished(row, house.dm)
    with pytest.raises(drafts.DoubleSubmitError), transaction.atomic():
        started(house, token="same")

    assert Stocktake.objects.count() == 1


# --- tags ----------------------------------------------------------------------------------


def test_count_takes_whatever_stands_on_the_thing() -> None:
    house = House()
    items = lying(house, 3)
    sealed = house.stored(house.logged(), seal="Fq-0007")
    row = started(house)
    address = f"https://house.example/p/{house.prop.code}/lostfound/{number(items[2])}/"

    said = [
        number(items[0]),
        f"  {number(items[1]).lower()}\n",
        address,
        "fq-0007",
    ]
    entries = [scan(row, each, by=house.dm) for each in said]

    assert [entry.item for entry in entries] == [*items, sealed]
    assert [entry.tag for entry in entries] == [number(i) for i in [*items, sealed]]


def test_count_of_full_width_typing_is_the_same_tag() -> None:
    house = House()
    (item,) = lying(house, 1)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number(item))
    row = started(house)

    assert scan(row, wide, by=house.dm).item == item


def test_count_of_an_unknown_tag_keeps_it() -> None:
    house = House()
    row = started(house)

    entry = scan(row, "abc-1", by=house.guard)

    assert (entry.item, entry.tag, entry.by) == (None, "ABC-1", house.guard)


def test_count_of_another_house_fits_nothing_here() -> None:
    house, other = House(), House()
    (item,) = lying(house, 1)
    (theirs,) = lying(other, 1)
    row = started(house)
    address = f"/p/{other.prop.code}/lostfound/{number(theirs)}/"

    entry = scan(row, address, by=house.dm)

    assert number(theirs) == number(item)
    assert (entry.item, entry.tag) == (None, f"{other.prop.code}/{number(item)}".upper())


@pytest.mark.parametrize("again", ["number", "small", "address", "seal"])
def test_count_of_the_same_thing_twice_is_refused(again: str) -> None:
    house = House()
    item = house.stored(house.logged(), seal="FQ-0007")
    row = started(house)
    scan(row, number(item), by=house.dm)
    said = {
        "number": number(item),
        "small": number(item).lower(),
        "address": f"/p/{house.prop.code}/lostfound/{number(item)}/tag.pdf",
        "seal": "FQ-0007",
    }

    with refuses(ConflictError, match="这个标签已经点过。"), transaction.atomic():
        scan(row, said[again], by=house.guard)


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "https://x.example/" + "9" * 40])
def test_count_of_no_tag_is_refused(text: str) -> None:
    house = House()
    row = started(house)

    with refuses(RefusedInput) as refused:
        scan(row, text, by=house.dm)

    assert list(refused.value.errors) == ["tag"]


@pytest.mark.parametrize("act", ["count", "paste", "finish"])
def test_counting_by_a_third_person_is_forbidden(act: str) -> None:
    house = House()
    row = started(house)
    acts: dict[str, Any] = {
        "count": lambda by: scan(row, "X", by=by),
        "paste": lambda by: workflow.count_many(row, "X", by=by),
        "finish": lambda by: workflow.finish_stocktake(row, by=by),
    }

    with refuses(PermissionDenied):
        acts[act](house.pm)


def test_count_costs_two_statements() -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    by = read(house.dm)
    scan(row, "X", by=by)

    with CaptureQueriesContext(connection) as captured:
        scan(row, number(item), by=by)

    sent = [q for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(sent) == 2


# --- a pasted list -------------------------------------------------------------------------


def test_count_many_keeps_the_good_and_names_the_others() -> None:
    house = House()
    items = lying(house, 3)
    row = started(house)
    scan(row, number(items[0]), by=house.dm)
    text = "\n".join(
        [number(items[0]), number(items[1]), "", number(items[1]).lower(), "X" * 31, "无此号"]
    )

    result = workflow.count_many(row, text, by=house.guard)

    assert (result.kept, result.unknown) == (2, ("无此号",))
    assert result.problems == (
        (1, number(items[0]), "已经点过，没有重复计数。"),
        (4, f"{number(items[1]).lower()} → {number(items[1])}", "已经点过，没有重复计数。"),
        (5, "X" * 31, "这不是失物标签，请核对后重新扫描。"),
    )
    assert row.entries.count() == 3
    assert [e.action for e in row.case.entries.order_by("seq")] == ["start_stocktake", "count"]
    assert len(row.case.entries.get(action="count").rows) == 2
    assert audit.problems(latest(row).case) == []


def test_count_many_with_nothing_good_writes_nothing() -> None:
    house = House()
    row = started(house)
    before = fingerprint()

    result = workflow.count_many(row, "Y" * 40, by=house.dm)

    assert (result.kept, len(result.problems)) == (0, 1)
    assert fingerprint() == before


@pytest.mark.parametrize(
    "text", ["", " \n\t\n", "\n".join(f"T{n}" for n in range(501))], ids=["none", "blank", "501"]
)
def test_count_many_of_none_or_too_many_is_refused(text: str) -> None:
    house = House()
    row = started(house)

    with refuses(RefusedInput) as refused:
        workflow.count_many(row, text, by=house.dm)

    assert list(refused.value.errors) == ["tags"]


def test_count_many_costs_the_same_at_any_length() -> None:
    house = House()
    items = lying(house, 6)
    row = started(house)
    by = read(house.dm)
    scan(row, "X", by=by)  # reads who he is here
    costs = []
    for some in (items[:1], items[1:]):
        with CaptureQueriesContext(connection) as captured:
            workflow.count_many(row, "\n".join(map(number, some)), by=by)
        costs.append(len(captured))

    assert costs[0] == costs[1]


# --- comparing -----------------------------------------------------------------------------


def test_drill_finds_all_that_differs_and_nothing_else() -> None:
    """40 things in the cupboard: 3 gone, 2 of another cupboard, 1 handed back long ago, 1 unknown."""
    house = House()
    items = lying(house, 40)
    elsewhere = lying(house, 2, house.other_shelf)
    gone = returned(house)
    row = started(house)
    missing, there = items[:3], items[3:]
    counted(row, house.dm, *there[:20])
    scan(row, "FQ-9999", by=house.guard)
    workflow.count_many(row, "\n".join(map(number, there[20:])), by=house.guard)
    counted(row, house.guard, *elsewhere, gone)
    with pytest.raises(ConflictError), transaction.atomic():
        counted(row, house.dm, there[0])

    row = finished(row, house.dm)

    assert differences(row) == {
        **{number(item): "shortage" for item in missing},
        **{number(item): "misplaced" for item in elsewhere},
        number(gone): "surplus",
        "FQ-9999": "unknown",
    }
    assert (row.status, row.expected, row.present) == (T.DIFFERENT, 40, 37)
    assert row.entries.count() == 37 + 4
    assert audit.problems(row.case) == []


def test_finish_with_all_there_matches_and_ends_the_case() -> None:
    house = House()
    items = lying(house, 2)
    lying(house, 1, house.other_shelf)
    row = started(house)
    counted(row, house.dm, *items)

    row = finished(row, house.guard)

    assert (row.status, row.expected, row.present, row.case.is_open) == (T.MATCHED, 2, 2, False)
    assert differences(row) == {}
    assert Task.objects.filter(case=row.case).count() == 0
    assert Notice.objects.filter(case=row.case).count() == 0


def test_finish_of_an_empty_cupboard_matches() -> None:
    house = House()

    row = finished(started(house), house.dm)

    assert (row.status, row.expected, row.present) == (T.MATCHED, 0, 0)


def test_finish_counts_what_lies_below_the_place() -> None:
    house = House()
    box = workflow.create_storage(
        house.prop, workflow.Shelf("盒", "G2-9"), house.shelf, by=house.dm
    )
    inner, lost = lying(house, 2, box)
    row = started(house)
    counted(row, house.dm, inner)

    row = finished(row, house.dm)

    assert differences(row) == {number(lost): "shortage"}
    assert row.differences.get().expected_in == box


def test_finish_tells_managers_at_once_of_a_loss() -> None:
    house = House()
    chief = member(house.prop, Role.SECURITY_MANAGER)
    (item,) = lying(house, 1)

    row = finished(started(house), house.dm)

    notices = Notice.objects.filter(case=row.case, rule="lostfound.stocktake_short")
    task = Task.objects.get(case=row.case)
    assert {n.recipient for n in notices} == {house.pm, chief}
    assert {(n.text, n.urgent) for n in notices} == {
        (f"【盘点缺少】{row.case.number} · 缺少 1 件，请立即查找", True)
    }
    assert (task.role, task.kind, task.done_at) == (Role.PROPERTY_MANAGER, "stocktake", None)
    told = item.case.entries.order_by("-seq").first()
    assert (told.action, told.content["info"]) == (
        "stocktake",
        {"stocktake": row.case.number, "kind": "shortage"},
    )
    assert audit.problems(fresh(item).case) == []


def test_finish_with_nothing_missing_is_not_urgent() -> None:
    house = House()
    row = started(house)
    scan(row, "ABC", by=house.dm)

    row = finished(row, house.dm)

    notice = Notice.objects.get(case=row.case)
    assert (notice.recipient, notice.urgent) == (house.pm, False)
    assert notice.text == f"【盘点差异】{row.case.number} · 1 处差异，请处理"


# --- what moves while somebody counts ------------------------------------------------------


def moved(house: House, item: FoundItem, to: Any) -> None:
    second = workflow.Second(house.guard2, PASSWORD)
    workflow.move(fresh(item), to, second, by=house.gm, reason="换柜")


@pytest.mark.parametrize("was_counted", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize("way", ["out", "in", "out and in"])
def test_move_on_record_during_the_count_is_no_difference(way: str, was_counted: bool) -> None:
    house = House()
    (item,) = lying(house, 1, house.other_shelf if way == "in" else house.shelf)
    row = started(house)
    if was_counted and way == "out":
        counted(row, house.dm, item)
    if way != "in":
        moved(house, item, house.other_shelf)
    if way != "out":
        moved(house, item, house.shelf)
    if was_counted and way != "out":
        counted(row, house.dm, item)

    row = finished(row, house.dm)

    assert differences(row) == {}
    assert (row.status, row.expected, row.present) == (T.MATCHED, was_counted, was_counted)


@pytest.mark.parametrize("was_counted", [True, False], ids=["counted", "not counted"])
def test_thing_that_ended_during_the_count_is_no_difference(was_counted: bool) -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    if was_counted:
        counted(row, house.dm, item)
    taken_home(house, item)

    row = finished(row, house.dm)

    assert differences(row) == {}


def test_thing_that_ended_before_the_count_is_too_many() -> None:
    house = House()
    (item,) = lying(house, 1)
    taken_home(house, item)
    row = started(house)
    counted(row, house.dm, item)

    assert differences(finished(row, house.dm)) == {number(item): "surplus"}


def test_thing_never_received_is_too_many() -> None:
    house = House()
    item = house.logged()
    row = started(house)
    counted(row, house.dm, item)

    row = finished(row, house.dm)

    assert differences(row) == {number(item): "surplus"}
    assert (row.expected, row.present) == (0, 0)


def test_thing_moved_away_before_the_count_belongs_elsewhere() -> None:
    house = House()
    (item,) = lying(house, 1)
    moved(house, item, house.other_shelf)
    row = started(house)
    counted(row, house.dm, item)

    row = finished(row, house.dm)

    assert differences(row) == {number(item): "misplaced"}
    assert row.differences.get().expected_in == house.other_shelf


def test_move_recorded_at_the_very_start_counts_as_before() -> None:
    """A link that begins at the moment of the start was there; one that ends then was not."""
    house = House()
    kept, left = lying(house, 2)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        moved(house, left, house.other_shelf)
        row = started(house)

    row = finished(row, house.dm)

    assert differences(row) == {number(kept): "shortage"}


# --- afterwards ----------------------------------------------------------------------------


def different(house: House) -> tuple[Stocktake, list[StocktakeDifference]]:
    lying(house, 2)
    row = finished(started(house), house.dm)
    return row, list(row.differences.select_related("stocktake__case__property").order_by("pk"))


def test_settle_difference_last_one_ends_the_count() -> None:
    house = House()
    row, (first, second) = different(house)

    workflow.settle_difference(first, "在值班台找到，已放回", by=house.pm)
    halfway = latest(row)
    workflow.settle_difference(second, "监控未见异常，已报总物业经理", by=house.gm)

    row = latest(row)
    entry = second.item.case.entries.order_by("-seq").first()
    assert (halfway.status, halfway.case.is_open) == (T.DIFFERENT, True)
    assert (row.status, row.case.is_open) == (T.SETTLED, False)
    assert Task.objects.get(case=row.case).outcome == "settled"
    assert (entry.action, entry.content["reason"]) == (
        "stocktake_settled",
        "监控未见异常，已报总物业经理",
    )
    assert audit.problems(row.case) == []
    assert audit.problems(fresh(second.item).case) == []


def test_settle_difference_by_a_counter_is_refused() -> None:
    house = House()
    lying(house, 1)
    row = finished(started(house, by=house.pm), house.pm)
    each = row.differences.get()

    with refuses(ConflictError, match="没有参加盘点"):
        workflow.settle_difference(each, "找到了", by=house.pm)


def test_settle_difference_as_deputy_of_a_counter_is_refused() -> None:
    house = House()
    lying(house, 1)
    row = finished(started(house, by=house.pm), house.pm)
    helper = member(house.prop, Role.FRONT_DESK)
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=helper)

    with refuses(ConflictError, match="没有参加盘点"):
        workflow.settle_difference(row.differences.get(), "找到了", by=read(helper))


@pytest.mark.parametrize("who", ["dm", "guard2", "desk"])
def test_settle_difference_by_no_manager_is_forbidden(who: str) -> None:
    house = House()
    _row, (each, _other) = different(house)

    with refuses(PermissionDenied):
        workflow.settle_difference(each, "找到了", by=getattr(house, who))


def test_settle_difference_without_words_or_twice_is_refused() -> None:
    house = House()
    _row, (each, _other) = different(house)

    with refuses(RefusedInput) as refused:
        workflow.settle_difference(each, "", by=house.pm)
    workflow.settle_difference(each, "找到了", by=house.pm)
    with refuses(ConflictError, match="已经处理过"):
        workflow.settle_difference(each, "又找到了", by=house.gm)

    assert list(refused.value.errors) == ["outcome"]


@pytest.mark.parametrize("who", ["dm", "guard", "pm"])
def test_abandon_stocktake_ends_it_without_comparing(who: str) -> None:
    house = House()
    lying(house, 1)
    row = started(house)
    scan(row, "X1", by=house.dm)

    workflow.abandon_stocktake(row, by=getattr(house, who), reason="火警演练")

    row = latest(row)
    assert (row.status, row.ended_reason, row.case.is_open) == (T.ABANDONED, "火警演练", False)
    assert (row.expected, row.present, differences(row)) == (None, None, {})
    assert audit.problems(row.case) == []


def test_abandon_stocktake_by_a_stranger_or_without_reason_is_refused() -> None:
    house = House()
    row = started(house)

    with refuses(PermissionDenied):
        workflow.abandon_stocktake(row, by=house.guard2, reason="算了")
    with refuses(RefusedInput) as refused:
        workflow.abandon_stocktake(row, by=house.dm, reason="")

    assert list(refused.value.errors) == ["reason"]


STATES = {
    "counting": {"settle"},
    "matched": {"count", "paste", "finish", "abandon", "settle"},
    "different": {"count", "paste", "finish", "abandon"},
    "settled": {"count", "paste", "finish", "abandon", "settle"},
    "abandoned": {"count", "paste", "finish", "abandon", "settle"},
}
"""What is refused in each state."""


@pytest.mark.parametrize("state", STATES)
def test_act_in_the_wrong_state_is_refused(state: str) -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    stray = StocktakeDifference(
        stocktake=row, kind="shortage", item=item, tag="STRAY", settled_at=None
    )
    if state == "matched":
        counted(row, house.dm, item)
    if state == "abandoned":
        workflow.abandon_stocktake(row, by=house.dm, reason="火警")
    elif state != "counting":
        finished(row, house.dm)
    if state == "settled":
        each = StocktakeDifference.objects.get(stocktake=row)
        workflow.settle_difference(each, "找到了", by=house.pm)
    stray.save()
    row = latest(row)
    acts: dict[str, Any] = {
        "count": lambda: scan(row, "X", by=house.dm),
        "paste": lambda: workflow.count_many(row, "X", by=house.dm),
        "finish": lambda: workflow.finish_stocktake(row, by=house.dm),
        "abandon": lambda: workflow.abandon_stocktake(row, by=house.dm, reason="火警"),
        "settle": lambda: workflow.settle_difference(stray, "找到了", by=house.pm),
    }

    for name in sorted(STATES[state]):
        with refuses(ConflictError, match="现在是"):
            acts[name]()


# --- what the database refuses -------------------------------------------------------------


def test_chain_holds_every_tag_that_was_counted() -> None:
    house = House()
    items = lying(house, 2)
    row = started(house)
    counted(row, house.dm, items[0])
    workflow.count_many(row, "X1\nX2", by=house.guard)

    row = finished(row, house.dm)

    chained = {
        (each["pk"], each["d"])
        for each in row.case.entries.get(action="finish_stocktake").rows
        if each["m"] == "lostfound.stocktakeentry"
    }
    assert chained == {(e.pk, audit.digest_of(e)) for e in row.entries.all()}
    assert len(chained) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE lostfound_stocktakeentry SET tag = 'X2'",
        "DELETE FROM lostfound_stocktakeentry",
    ],
)
def test_tag_that_was_counted_stays_as_it_is(sql: str) -> None:
    house = House()
    scan(started(house), "X1", by=house.dm)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"witnessed_by": "dm"}, "lostfound_stocktake_two_people"),
        ({"status": "matched", "expected": 2, "present": 1}, "lostfound_stocktake_matched"),
        ({"status": "different"}, "lostfound_stocktake_has_result"),
        ({"status": "abandoned"}, "lostfound_stocktake_has_result"),
        ({"status": "abandoned", "finished_at": None}, "lostfound_stocktake_finished"),
    ],
    ids=["one person", "matched", "no result", "no reason", "no end"],
)
def test_count_that_cannot_be_is_refused_by_the_database(fields: Any, rule: str) -> None:
    house = House()
    row = started(house)
    values = {"finished_at": timezone.now()} if "status" in fields else {}
    values |= {name: house.dm if v == "dm" else v for name, v in fields.items()}

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Stocktake.objects.filter(pk=row.pk).update(**values)


# --- at the same time ----------------------------------------------------------------------


def in_thread(act: Any) -> tuple[threading.Thread, dict[str, Any]]:
    """A thread that has begun; what came of it is under ``done`` or ``error``."""
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["done"] = act()
        except ConflictError as error:
            outcome["error"] = error
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


@pytest.mark.django_db(transaction=True)
def test_finish_waits_for_a_move_that_is_half_done() -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)

    with transaction.atomic():
        moved(house, item, house.other_shelf)
        thread, outcome = in_thread(lambda: workflow.finish_stocktake(row, by=house.dm))
        thread.join(1.0)
        waited = thread.is_alive()
    thread.join(30)

    assert (waited, outcome.get("error")) == (True, None)
    assert (latest(row).status, differences(row)) == (T.MATCHED, {})


@pytest.mark.django_db(transaction=True)
def test_same_tag_by_two_people_at_once_is_counted_once() -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    for n in range(10):
        tag = number(item) if n == 0 else f"X{n}"
        barrier = threading.Barrier(2)

        def count(by: User, tag: str = tag, barrier: Any = barrier) -> Any:
            barrier.wait()
            return scan(row, tag, by=by)

        both = [in_thread(partial(count, by)) for by in (house.dm, house.guard)]
        for thread, _outcome in both:
            thread.join(30)
        errors = [type(o["error"]) for _thread, o in both if "error" in o]
        assert errors == [ConflictError]

    assert row.entries.count() == 10


@pytest.mark.django_db(transaction=True)
def test_nothing_is_counted_after_the_end_has_begun() -> None:
    house = House()
    row = started(house)

    with transaction.atomic():
        workflow.finish_stocktake(row, by=house.dm)
        thread, outcome = in_thread(lambda: scan(row, "LATE", by=house.guard))
        thread.join(1.0)
        waited = thread.is_alive()
    thread.join(30)

    assert waited is True
    assert isinstance(outcome["error"], ConflictError)
    assert (latest(row).status, row.entries.count()) == (T.MATCHED, 0)


@pytest.mark.django_db(transaction=True)
def test_start_of_the_same_place_by_two_at_once_happens_once() -> None:
    house = House()
    room = workflow.create_storage(house.prop, workflow.Shelf("库房", "KF"), by=house.dm)
    inner = workflow.create_storage(house.prop, workflow.Shelf("1号柜", "G1"), room, by=house.dm)
    for _n in range(5):
        barrier = threading.Barrier(2)

        def start(by: User, witness: User, place: Any, barrier: Any = barrier) -> Any:
            barrier.wait()
            return started(house, place, by=by, witness=witness)

        both = [
            in_thread(partial(start, house.dm, house.guard, room)),
            in_thread(partial(start, house.pm, house.guard2, inner)),
        ]
        for thread, _outcome in both:
            thread.join(30)
        assert [type(o["error"]) for _thread, o in both if "error" in o] == [ConflictError]
        (running,) = [o["done"] for _thread, o in both if "done" in o]
        workflow.abandon_stocktake(running, by=house.gm, reason="换人")


def test_name_typed_for_a_tag_goes_with_the_purge(as_owner: Any) -> None:
    """Nothing is known under it, so it is kept as it was typed: of a count that reached its term it goes."""
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    for text in ("张伟 13912340001", "李娜的伞", number(item)):
        scan(row, text, by=house.dm)
    row = finished(row, house.dm)
    for each in row.differences.all():
        workflow.settle_difference(each, "已核对", by=house.pm)
    Case.objects.filter(pk=row.pk).update(closed_at=timezone.now() - timedelta(days=4 * 366))

    with as_owner():
        running.purge(house.prop, by=read(house.pm), reason="年度清理")

    kept = [*row.entries.order_by("pk"), *row.differences.order_by("pk")]
    assert [each.tag for each in kept] == [f"已清除{each.pk}" for each in kept]
    assert [each.item_id for each in kept[:3]] == [None, None, item.pk]
    assert audit.problems(Case.objects.get(pk=row.pk)) == []
    assert FoundItem.objects.get(pk=item.pk).case.number == number(item)
