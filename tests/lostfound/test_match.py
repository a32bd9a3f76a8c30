"""F7 in the database: both ways, remembered, one house at a time, and cheap however much there is."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import tasks, workflow
from lostfound.matching import SUGGEST_FROM, VERSION
from lostfound.models import MatchPair, MatchProfile
from lostfound.queries import descriptions
from lostfound.workflow import match
from propdesk.core import sweeps
from propdesk.core.models import Notice, SweepRun
from propdesk.core.roles import Role
from tests.factories import PlaceFactory, at, member
from tests.lostfound.journey import FIND, House, ago, fresh
from tests.lostfound.losing import GUEST, compared, loss, lost, pairs, read, suggested

State = MatchPair.State
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


@pytest.fixture
def house() -> House:
    return House()


def keys(*rows: MatchPair) -> list[tuple[int, int, str]]:
    return [(row.lost_id, row.found_id, row.state) for row in rows]


def waiting() -> int:
    return MatchProfile.objects.filter(stale_at__isnull=False, is_open=True).count()


# --- both ways -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["found", "lost"])
def test_suggestion_appears_whichever_came_first(house: House, first: str) -> None:
    if first == "found":
        item = house.logged()
        compared()
        report = lost(house)
    else:
        report = lost(house)
        compared()
        item = house.logged()
    compared()

    assert keys(*pairs()) == [(report.pk, item.pk, State.SUGGESTED)]
    assert (waiting(), pairs()[0].points >= match.TELL_FROM) == (0, True)


@pytest.mark.django_db
def test_both_ways_give_the_same_points_and_reasons(house: House) -> None:
    item, report = house.logged(), lost(house)
    compared()
    (pair,) = pairs()
    by_report = (pair.points, pair.reasons, pair.against)
    MatchPair.objects.all().delete()
    MatchProfile.objects.filter(case=item.case).update(stale_at=timezone.now())
    compared()
    (pair,) = pairs(report)

    assert (pair.points, pair.reasons, pair.against) == by_report


@pytest.mark.django_db
def test_thing_found_before_it_was_lost_is_never_suggested(house: House) -> None:
    house.logged(found_at=ago(days=2))
    lost(house)
    compared()

    assert pairs() == []


@pytest.mark.django_db
def test_serial_dominates_what_else_is_said(house: House) -> None:
    words = {"features": "黑色手机", "name": "手机"}
    right = house.logged(serial="IMEI 356938035643809", **words | {"features": "深色的手机一部"})
    wrong = house.logged(serial="IMEI 490154203237518", **words)
    report = lost(house, serial="尾号 3809", **words)
    compared()

    assert keys(*pairs()) == [(report.pk, right.pk, State.SUGGESTED)]
    assert wrong.pk != right.pk


@pytest.mark.django_db
def test_another_house_is_never_compared(house: House) -> None:
    other = House()
    other.logged()
    lost(house)
    compared()

    assert (pairs(), waiting()) == ([], 0)


@pytest.mark.django_db
def test_ended_thing_leaves_the_pool(house: House) -> None:
    item = house.logged()
    workflow.void(item, by=house.gm, reason="重复登记")
    lost(house)
    compared()

    assert pairs() == []


@pytest.mark.django_db
def test_contents_count_as_details_and_stand_in_no_reason(house: House) -> None:
    wallet = house.logged(category="wallet", name="钱包", features="棕色钱包", serial="")
    house.stored(wallet, contents=[workflow.Content("学生证 姓欧阳"), *_notes()])
    made = descriptions.of_found([wallet.pk], {})
    compared()
    data = MatchProfile.objects.get(case=wallet.case).data

    assert made[0].details == "学生证 姓欧阳，现金350元"
    assert data["y"] == [[350.0, ""]]


def _notes() -> list[workflow.Content]:
    from decimal import Decimal

    notes = [(Decimal(100), 3), (Decimal("50.00"), 1)]
    return [workflow.Content("", count, "CNY", value) for value, count in notes]


@pytest.mark.django_db
def test_places_are_ways_from_the_root(house: House) -> None:
    tower = PlaceFactory(property=house.prop, kind="building", name="A座")
    floor = PlaceFactory(property=house.prop, kind="floor", name="3层", parent=tower)
    gym = PlaceFactory(property=house.prop, name="健身房", parent=floor)
    item, report = house.logged(place=gym), lost(house, places=(tower, gym))

    ways = descriptions.paths(house.prop.pk)
    (found,), (missed,) = (
        descriptions.of_found([item.pk], ways),
        descriptions.of_lost([report.pk], ways),
    )

    assert (found.places, missed.places) == (
        (("A座", "3层", "健身房"),),
        (("A座",), ("A座", "3层", "健身房")),
    )


@pytest.mark.django_db
def test_tree_that_bites_its_tail_ends(house: House) -> None:
    one = PlaceFactory(property=house.prop, name="甲")
    one.parent = PlaceFactory(property=house.prop, name="乙", parent=one)
    one.save()

    assert len(descriptions.paths(house.prop.pk)[one.pk]) == descriptions.DEEPEST


# --- what changes --------------------------------------------------------------------------


@pytest.mark.django_db
def test_suggestion_that_no_longer_holds_is_outdated_and_may_come_back(house: House) -> None:
    pair = suggested(house)
    item = fresh(pair.found)
    facts = {n: getattr(item, n) for n in workflow.Facts.__dataclass_fields__}

    states = []
    for words in ("一把红色长柄雨伞", FIND.features):
        kind = "umbrella" if "伞" in words else "phone"
        other = workflow.Facts(**facts | {"features": words, "category": kind, "name": words[-2:]})
        workflow.correct(item, other, by=house.dm, reason="登记错了")
        compared()
        states.append(keys(*pairs()))

    key = (pair.lost_id, pair.found_id)
    assert states == [[(*key, State.OUTDATED)], [(*key, State.SUGGESTED)]]


@pytest.mark.django_db
@pytest.mark.parametrize("accept", [True, False])
def test_judged_pair_is_left_as_it_was_judged(house: House, accept: bool) -> None:
    pair = workflow.decide_match(suggested(house), by=house.dm, accept=accept)
    MatchProfile.objects.update(stale_at=timezone.now())
    compared()
    (row,) = pairs()

    assert (row.state, row.points, row.decided_at, row.suggested_at) == (
        pair.state,
        pair.points,
        pair.decided_at,
        pair.suggested_at,
    )


@pytest.mark.django_db
def test_second_run_changes_nothing(house: House) -> None:
    suggested(house)
    before = list(MatchPair.objects.values()) + list(MatchProfile.objects.values())
    with CaptureQueriesContext(connection) as captured:
        assert compared() == 0
    after = list(MatchPair.objects.values()) + list(MatchProfile.objects.values())

    assert (after, len(captured)) == (before, 3)


@pytest.mark.django_db
def test_what_changes_while_it_is_compared_waits_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = lost(house)
    late = timezone.now() + timedelta(seconds=1)
    rounds = []
    whole = match._Run._best

    def changed_meanwhile(run: Any, *args: Any) -> Any:
        if not rounds:
            MatchProfile.objects.filter(case=report.case).update(stale_at=late)
        rounds.append(waiting())
        return whole(run, *args)

    monkeypatch.setattr(match._Run, "_best", changed_meanwhile)
    match._Run(house.prop.pk, timezone.now()).go()

    assert MatchProfile.objects.get(case=report.case).stale_at == late
    assert (compared(), waiting(), rounds) == (1, 0, [1, 1])


@pytest.mark.django_db
def test_words_that_cannot_be_read_hold_nothing_up(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = house.logged(), house.logged(pictures=[], no_photo_reason="夜里太暗")
    real = match.profile

    def broken(described: Any) -> Any:
        if described.key == bad.pk:
            raise ValueError(described.key)
        return real(described)

    monkeypatch.setattr(match, "profile", broken)
    report = lost(house)
    compared()

    assert (keys(*pairs()), waiting()) == ([(report.pk, good.pk, State.SUGGESTED)], 0)
    assert [r.getMessage() for r in caplog.records] == [f"profile of case {bad.pk}"]


@pytest.mark.django_db
def test_house_that_breaks_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = House()
    for each in (house, other):
        each.logged()
        lost(each)
    real = match._Run.go

    def broken(run: Any) -> int:
        if run.house == house.prop.pk:
            raise ValueError("broken")
        return real(run)

    monkeypatch.setattr(match._Run, "go", broken)
    compared()

    assert (len(pairs()), waiting()) == (1, 2)
    assert {r.getMessage() for r in caplog.records} == {f"matching of house {house.prop.pk}"}


# --- weak ones -----------------------------------------------------------------------------


POOR = {"features": "白色 小米 直板", "pictures": [], "no_photo_reason": "夜里太暗"}
"""A phone, but another: listed for whoever looks, told nobody."""


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["found", "lost"])
def test_weak_pair_is_listed_and_told_nobody(house: House, first: str) -> None:
    acts = {"found": lambda: house.logged(**POOR), "lost": lambda: lost(house)}
    for name in (first, *(acts.keys() - {first})):
        acts[name]()
        compared()
    (pair,) = pairs()

    assert (pair.state, 0 < pair.points < SUGGEST_FROM) == (State.PERHAPS, True)
    assert not Notice.objects.filter(rule="lostfound.match").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("rest", "listed"), [(44, False), (1, True)])
def test_new_thing_is_listed_as_weak_only_before_the_fifth(
    house: House, rest: int, listed: bool
) -> None:
    report = lost(house)
    for _n in range(match.MOST):
        house.logged(**POOR)
    compared()
    MatchPair.objects.update(points=rest)
    before = keys(*pairs(report))
    late = house.logged(**POOR)
    compared()

    assert [state for *_pair, state in before] == [State.PERHAPS] * match.MOST
    added = [(report.pk, late.pk, State.PERHAPS)] if listed else []
    assert keys(*pairs(report)) == [*before, *added]


@pytest.mark.django_db
def test_ended_things_make_room_for_weak_ones(house: House) -> None:
    report = lost(house)
    items = [house.logged(**POOR) for _n in range(match.MOST)]
    compared()
    MatchPair.objects.update(points=44)
    workflow.void(items[0], by=house.gm, reason="重复登记")
    late = house.logged(**POOR)
    compared()

    assert keys(MatchPair.objects.get(lost=report, found=late)) == [
        (report.pk, late.pk, State.PERHAPS)
    ]


@pytest.mark.django_db
def test_strong_pair_that_grows_weak_stays_listed_and_may_grow_again(house: House) -> None:
    pair = suggested(house)
    item = fresh(pair.found)
    facts = {n: getattr(item, n) for n in workflow.Facts.__dataclass_fields__}

    states = []
    for words in (POOR["features"], FIND.features):
        other = workflow.Facts(**facts | {"features": words})
        workflow.correct(item, other, by=house.dm, reason="登记错了")
        compared()
        states.append(keys(*pairs()))

    key = (pair.lost_id, pair.found_id)
    assert states == [[(*key, State.PERHAPS)], [(*key, State.SUGGESTED)]]


@pytest.mark.django_db
@pytest.mark.parametrize("accept", [True, False])
def test_weak_pair_can_be_judged_and_stays_judged(house: House, accept: bool) -> None:
    house.logged(**POOR)
    lost(house)
    compared()
    pair = workflow.decide_match(pairs()[0], by=house.dm, accept=accept)
    MatchProfile.objects.update(stale_at=timezone.now())
    compared()

    assert [row.state for row in pairs()] == [pair.state]


# --- word to the duty manager --------------------------------------------------------------


@pytest.mark.django_db
def test_strong_suggestion_is_told_once_by_numbers_only(house: House) -> None:
    pair = suggested(house)
    MatchPair.objects.update(points=1)
    MatchProfile.objects.update(stale_at=timezone.now())
    compared()

    told = Notice.objects.filter(rule="lostfound.match")
    numbers = (pair.lost.case.number, pair.found.case.number)
    assert [(row.recipient, row.case, row.text) for row in told] == [
        (house.dm, pair.lost.case, "【很像，请核对】{} · {}".format(*numbers))
    ]


@pytest.mark.django_db
def test_weak_suggestion_is_told_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "TELL_FROM", 101)
    suggested(house)

    assert not Notice.objects.filter(rule="lostfound.match").exists()


@pytest.mark.django_db
def test_very_many_at_once_are_told_by_one_notice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match, "TELL_MOST", 2)
    house.logged()
    reports = [lost(house) for _n in range(3)]
    compared()

    first = pairs(reports[0])[0]
    numbers = (first.lost.case.number, first.found.case.number)
    assert list(Notice.objects.filter(rule="lostfound.match").values_list("text", flat=True)) == [
        "【很像，请核对】{} · {}，另有 2 对，请看遗失登记".format(*numbers)
    ]


# --- at night ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("clock", "runs"),
    [("01:59", False), ("02:00", True), ("04:59", True), ("05:00", False), ("14:00", False)],
)
def test_everything_is_compared_anew_at_night_only(house: House, clock: str, runs: bool) -> None:
    suggested(house)

    assert workflow.compare_all_matches(at(f"2026-11-24 {clock}")) == (2 if runs else 0)
    assert waiting() == (2 if runs else 0)


@pytest.mark.django_db
def test_night_is_compared_once(house: House) -> None:
    suggested(house)
    tonight = at("2026-11-24 02:07")

    first = workflow.compare_all_matches(tonight)
    compared()
    again = workflow.compare_all_matches(tonight + timedelta(minutes=20))
    next_night = workflow.compare_all_matches(tonight + timedelta(days=1))

    assert (first, again, next_night) == (2, 0, 2)
    assert SweepRun.objects.filter(name=match.NIGHTLY).count() == 2


@pytest.mark.django_db
def test_older_lists_are_read_anew_at_night(house: House) -> None:
    suggested(house)
    MatchProfile.objects.update(version=VERSION - 1, data={"v": VERSION - 1})
    MatchPair.objects.all().delete()
    workflow.compare_all_matches(at("2026-11-24 03:00"))
    compared()

    versions = list(MatchProfile.objects.values_list("version", flat=True))
    assert (versions, len(pairs())) == ([VERSION, VERSION], 1)


@pytest.mark.django_db
def test_sweeps_and_task_are_registered(house: House) -> None:
    house.logged()
    lost(house)
    tasks.match()

    assert len(pairs()) == 1
    assert [sweeps.SWEEPS[n] for n in ("lostfound.compare_all", "lostfound.match")] == [
        match.compare_all,
        match.refresh,
    ]


@pytest.mark.django_db(transaction=True)
def test_dead_broker_delays_it_to_the_next_tick(house: House) -> None:
    """Nothing listens where the tests' broker should be: saving goes on, the sweep catches up."""
    item = house.logged()
    report = lost(house)
    sweeps.run_all(timezone.now())

    assert keys(*pairs()) == [(report.pk, item.pk, State.SUGGESTED)]


# --- how much it costs ---------------------------------------------------------------------


def _cost(house: House, number: int) -> int:
    """Statements of one run for so many new things and reports."""
    for n in range(number):
        house.logged(pictures=[], no_photo_reason=f"夜里太暗 {n}")
        lost(house)
    with CaptureQueriesContext(connection) as captured:
        assert compared() == 2 * number
    return len([q for q in captured if not q["sql"].startswith(CONTROL)])


@pytest.mark.django_db
def test_statements_do_not_grow_with_the_rows(house: House) -> None:
    _cost(house, 1)
    few = _cost(house, 1)

    assert (_cost(house, 3), _cost(house, 9)) == (few, few)


@pytest.mark.django_db
def test_one_new_thing_costs_the_same_however_many_reports(house: House) -> None:
    def one_more() -> int:
        house.logged(pictures=[], no_photo_reason="夜里太暗")
        with CaptureQueriesContext(connection) as captured:
            assert compared() == 1
        return len(captured)

    lost(house)
    compared()
    few = one_more()
    for _n in range(5):
        lost(house)
    compared()

    assert one_more() == few


@pytest.mark.django_db
def test_batches_cover_every_row(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "BATCH", 2)
    items = [house.logged(pictures=[], no_photo_reason=f"{n}") for n in range(3)]
    reports = [lost(house) for _n in range(5)]
    compared()

    wanted = [(a.pk, b.pk, State.SUGGESTED) for a in reports for b in items]
    assert (keys(*pairs()), waiting()) == (wanted, 0)


# --- at once -------------------------------------------------------------------------------


def _at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each in its thread; what each returned or raised."""
    gate, found = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        try:
            gate.wait()
            found.append(act())
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test shows it
            found.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("new", ["lost", "found"])
def test_report_that_breaks_the_comparison_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, new: str
) -> None:
    if new == "lost":
        house.logged()
    bad, good = lost(house), lost(house)
    if new == "found":
        compared()
        house.logged()
    best = match.Pool.best

    def breaks(pool: Any, one: Any, *args: Any) -> Any:
        if one.key == bad.pk:
            raise ValueError
        return best(pool, one, *args)

    monkeypatch.setattr(match.Pool, "best", breaks)
    compared()

    assert ([row.lost_id for row in pairs()], waiting()) == ([good.pk], 0)
    assert f"matching of lost report {bad.pk}" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["lost", "found"])
def test_stored_profile_that_cannot_be_read_stops_no_other(
    house: House, caplog: pytest.LogCaptureFixture, side: str
) -> None:
    item, report = house.logged(), lost(house)
    compared()
    bad = house.logged() if side == "found" else lost(house)
    compared()
    MatchProfile.objects.filter(pk=bad.pk).update(data={"v": VERSION, "y": [5]})
    MatchProfile.objects.filter(pk=report.pk).update(stale_at=timezone.now())
    MatchPair.objects.all().delete()
    compared()

    assert [(row.lost_id, row.found_id) for row in pairs()] == [(report.pk, item.pk)]
    assert waiting() == 0
    if side == "found":
        assert f"stored profile of case {bad.pk}" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_do_the_work_once(house: House) -> None:
    for n in range(4):
        house.logged(pictures=[], no_photo_reason=f"{n}")
        lost(house)

    done = _at_once(*[compared] * 4)

    assert (sorted(done), waiting(), len(pairs())) == ([0, 0, 0, 8], 0, 16)
    assert {row.state for row in pairs()} == {State.SUGGESTED}


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_do_no_harm_even_without_the_lock(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(4):
        house.logged(pictures=[], no_photo_reason=f"{n}")
        lost(house)

    done = _at_once(*[lambda: match._Run(house.prop.pk, timezone.now()).go()] * 4)

    assert ([type(each) for each in done], sum(done)) == ([int] * 4, 8)
    assert (len(pairs()), waiting()) == (16, 0)
    assert Notice.objects.filter(rule="lostfound.match").count() == 16


@pytest.mark.django_db(transaction=True)
def test_judging_while_it_is_compared_holds(house: House) -> None:
    pair = suggested(house)

    def judge() -> MatchPair:
        return workflow.decide_match(pair, by=house.dm, accept=False)

    for _round in range(5):
        MatchPair.objects.update(state=State.SUGGESTED, decided_by=None, decided_at=None, points=1)
        MatchProfile.objects.update(stale_at=timezone.now())
        found = _at_once(compared, judge)

        assert [each for each in found if isinstance(each, Exception)] == []
        assert [row.state for row in pairs()] == [State.REJECTED]


@pytest.mark.django_db
def test_report_taken_down_by_the_guard_is_compared_like_any(house: House) -> None:
    house.logged()
    by = member(house.prop, Role.SECURITY)
    report = read(workflow.report_lost(house.prop, loss(), GUEST, by=by))
    compared()

    assert len(pairs(report)) == 1
