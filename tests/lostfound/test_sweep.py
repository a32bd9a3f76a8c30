"""The sweep of found things: each clock once, the right people, and what expired moves on its day."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import retention, workflow
from lostfound.models import FoundItem
from lostfound.workflow import Rule, digest
from lostfound.workflow import sweep as sweeping
from propdesk.core import audit, clocks, sweeps
from propdesk.core.models import AuditEntry, Case, Clock, Delivery, Notice
from propdesk.core.notices import put
from propdesk.core.roles import Role
from tests.factories import DeputyFactory, ShiftFactory, UserFactory, at, member
from tests.lostfound import claiming, disposing
from tests.lostfound.journey import House, S, fresh

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
LAST_DAY = at("2027-02-23 23:59") + timedelta(seconds=59, microseconds=999_999)
"""80 yuan, received on T0: kept three calendar months; the last moment of the last day."""
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def now():
    """The clock of the house stands still at T0 until the test moves it."""
    with time_machine.travel(T0, tick=False) as clock:
        yield clock


def sweep() -> int:
    return workflow.flag_due(timezone.now())


def sent(*rules):
    """Notices of the sweep as (rule, recipient), the merged ones left out."""
    rows = Delivery.objects.filter(channel="inbox", notice__key__startswith="clock:")
    rows = rows.exclude(state="merged").order_by("notice__rule", "recipient")
    return [
        (rule.removeprefix("lostfound."), pk)
        for rule, pk in rows.values_list("notice__rule", "recipient")
        if not rules or rule.removeprefix("lostfound.") in rules
    ]


def to(rule, *users):
    return [(rule, pk) for pk in sorted(user.pk for user in users)]


def texts(rule):
    rows = Notice.objects.filter(rule=rule).order_by("due_at", "pk").values_list("text", flat=True)
    return list(dict.fromkeys(rows))


def cheap(house, **changes):
    """In the cupboard for three months."""
    return house.stored(value=Decimal("80.00"), **changes)


def calm(item):
    """Only the clocks of the term run on: the others are another test's matter."""
    rules = (Rule.EXPIRES_SOON, Rule.EXPIRED)
    item.case.clocks.exclude(rule__in=rules).update(stopped_at=timezone.now())
    return item


# --- each rule -----------------------------------------------------------------------------


def food(house):
    return house.stored(house.logged(category="food", features="一盒水果"))


RULES = [
    (House.logged, "hand_in_late", 2 * HOUR, ["dm", "guard"]),
    (lambda h: h.stored(guard_password=""), "cosign_missing", 8 * HOUR, ["dm", "guard"]),
    (House.stored, "trace_late", 24 * HOUR, ["dm"]),
    (House.tracing, "trace_late", 24 * HOUR, ["dm"]),
    (House.ownerless, "ack_late", 24 * HOUR, ["dm", "pm"]),
    (claiming.described, "claim_late", 24 * HOUR, ["dm", "pm"]),
    (claiming.disputed, "claim_late", 24 * HOUR, ["dm", "pm"]),
    (claiming.on_paper, "scan_missing", 24 * HOUR, ["dm"]),
    (cheap, "expires_soon", at("2027-01-24 09:00") - T0, ["dm", "guard", "guard2"]),
    (cheap, "expired", LAST_DAY - T0, ["dm", "gm", "guard", "guard2"]),
    (food, "category_due", at("2026-11-27 00:00") - T0, ["dm"]),
]


@pytest.mark.parametrize(
    ("ready", "rule", "after", "who"), RULES, ids=[f"{r[1]}-{n}" for n, r in enumerate(RULES)]
)
def test_rule_fires_once_after_its_moment_and_not_at_it(now, ready, rule, after, who):
    house = House()
    item = ready(house)
    item.case.clocks.exclude(rule=f"lostfound.{rule}").update(stopped_at=T0)

    now.move_to(T0 + after)
    at_the_moment = sweep()
    now.shift(INSTANT)
    fired = [sweep(), sweep()]

    assert (at_the_moment, fired) == (0, [1, 0])
    assert sent() == to(rule, *(getattr(house, name) for name in who))
    notice = Notice.objects.filter(rule=f"lostfound.{rule}").first()
    assert (notice.due_at, notice.created_at) == (T0 + after, timezone.now())
    entry = item.case.entries.order_by("-seq").first()
    assert entry.action == ("expire" if rule == "expired" else "flag")
    assert (entry.occurred_at, entry.at, entry.by) == (T0 + after, timezone.now(), None)
    assert audit.problems(fresh(item).case) == []


def test_every_rule_of_found_things_has_a_target_and_a_test():
    assert set(sweeping.TARGETS) == set(Rule)
    assert {f"lostfound.{rule}" for _ready, rule, _after, _who in RULES} == set(Rule)


def test_sweeps_run_with_all_others():
    assert sweeps.SWEEPS["lostfound.flag_due"] is workflow.flag_due
    assert sweeps.SWEEPS["lostfound.digest"] is workflow.remind_weekly


@pytest.mark.parametrize(
    ("ready", "rule", "text"),
    [
        (House.logged, Rule.HAND_IN_LATE, "【仍未上交值班经理】{} · 手机 · 应于 11-23 16:00"),
        (cheap, Rule.EXPIRED, "【保管到期，转待处置】{} · 手机 · 保管至 2027-02-23"),
        (
            claiming.described,
            Rule.EXPIRED,
            "【保管到期】{} · 手机 · 保管至 2027-11-23，正在认领，暂不处置",
        ),
    ],
)
def test_notice_names_number_category_and_day_and_nobody(now, ready, rule, text):
    item = ready(House())
    item.case.clocks.exclude(rule=rule).update(stopped_at=T0)

    now.move_to(at("2028-01-01 12:00"))
    sweep()

    assert texts(rule) == [text.format(item.case.number)]


# --- the last day --------------------------------------------------------------------------


@pytest.mark.parametrize("ready", [cheap, "tracing", "ownerless"], ids=["stored", "tracing", "own"])
def test_thing_is_kept_through_its_last_second_and_expired_from_midnight(now, ready):
    house = House()
    item = cheap(house) if ready is cheap else getattr(house, ready)(cheap(house))
    was = item.status

    now.move_to(LAST_DAY)
    sweep()
    alive = fresh(item).status
    now.move_to(at("2027-02-24 00:00"))
    sweep()

    assert (alive, fresh(item).status) == (was, S.EXPIRED)
    assert fresh(item).next_due_at == at("2027-02-24 00:00")
    version = item.history.latest()
    assert (version.status, version.history_user, version.history_change_reason) == (
        S.EXPIRED,
        None,
        "expire",
    )
    entry = item.case.entries.get(action="expire")
    assert (entry.occurred_at, entry.content["info"]["rule"]) == (LAST_DAY, Rule.EXPIRED)
    assert [row["m"] for row in entry.rows] == ["lostfound.founditem"]
    assert audit.problems(fresh(item).case) == []


def test_reminders_say_how_many_days_are_left(now):
    house = House()
    item = calm(cheap(house))
    moments = {"2027-01-24 09:00": 30, "2027-02-16 09:00": 7, "2027-02-22 09:00": 1}

    for moment in moments:
        now.move_to(at(moment) + INSTANT)
        assert sweep() == 1

    number = item.case.number
    assert texts(Rule.EXPIRES_SOON) == [
        f"【保管即将到期】{number} · 手机 · 还有{days}天，保管至 2027-02-23"
        for days in moments.values()
    ]
    assert sent() == sorted(3 * to("expires_soon", house.dm, house.guard, house.guard2))
    assert fresh(item).status == S.STORED


@pytest.mark.parametrize("rivals", [0, 1])
def test_claimed_thing_gets_the_notice_only_and_moves_when_the_claim_ends(now, rivals):
    house = House()
    item = calm(claiming.described(house, cheap(house)))
    if rivals:
        item = calm(claiming.disputed(house, item))

    now.move_to(LAST_DAY + INSTANT)
    sweep()

    assert fresh(item).status == item.status
    assert sent("expired") == to("expired", house.dm, house.gm, house.guard, house.guard2)
    assert item.case.entries.filter(action="expire").count() == 0
    if item.status == S.CLAIMED:
        workflow.refuse_claim(claiming.live(item), by=house.dm, reason="说错颜色")
        assert fresh(item).status == S.EXPIRED
    assert audit.problems(fresh(item).case) == []


def test_claim_that_ends_after_the_last_day_before_the_sweep_is_told_of_all_the_same(now):
    house = House()
    item = calm(claiming.described(house, cheap(house)))
    now.move_to(LAST_DAY + INSTANT)
    workflow.refuse_claim(claiming.live(item), by=house.dm, reason="说错颜色")

    moved = fresh(item).status
    sweep()

    assert (moved, fresh(item).status) == (S.EXPIRED, S.EXPIRED)
    assert sent("expired") == to("expired", house.dm, house.gm, house.guard, house.guard2)


@pytest.mark.parametrize(("ready", "rests"), [(cheap, S.STORED), ("ownerless", S.OWNERLESS)])
def test_thing_whose_term_is_lengthened_after_its_last_day_rests_again(now, ready, rests):
    house = House()
    item = calm(cheap(house) if ready is cheap else house.ownerless(cheap(house)))
    now.move_to(LAST_DAY + INSTANT)
    sweep()

    workflow.revalue(fresh(item), Decimal(900), by=house.dm, basis="市价", reason="估错了")

    assert (fresh(item).status, fresh(item).expires_on.isoformat()) == (rests, "2027-11-23")
    now.move_to(at("2027-11-24 00:00"))
    sweep()
    assert fresh(item).status == S.EXPIRED
    assert audit.problems(fresh(item).case) == []


def lengthened_and_back(house, item):
    """By another value."""
    workflow.revalue(fresh(item), Decimal(900), by=house.dm, basis="市价", reason="估错了")
    workflow.revalue(fresh(item), Decimal(80), by=house.dm, basis="市价", reason="又估错了")
    workflow.decide_value(fresh(item), by=house.pm, approve=True)


def under_another_rule_and_back(house, item):
    """By another rule."""
    old, today = item.policy, timezone.localdate()
    longer = replace(retention.PRESETS["sop"], short=retention.Term(9, retention.Unit.MONTHS))
    new = workflow.set_policy(house.prop, "sop", longer, today, by=house.gm, reason="放宽")
    for policy in (new, old):
        workflow.change_policy_of_item(fresh(item), policy, by=house.gm, reason="失主要求")


@pytest.mark.parametrize("there_and_back", [lengthened_and_back, under_another_rule_and_back])
def test_expired_thing_whose_term_is_changed_and_changed_back_expires_again(now, there_and_back):
    house = House()
    item = calm(cheap(house))
    now.move_to(LAST_DAY + INSTANT)
    sweep()

    there_and_back(house, item)
    between = fresh(item).status
    now.shift(HOUR)
    sweep()

    assert (between, fresh(item).status) == (S.STORED, S.EXPIRED)
    assert sent("expired") == sorted(
        2 * to("expired", house.dm, house.gm, house.guard, house.guard2)
    )


def test_term_that_has_not_begun_never_expires(now):
    house = House()
    preset = retention.PRESETS["hotel"]
    today = timezone.localdate()
    workflow.set_policy(house.prop, "hotel", preset, today, by=house.gm, reason="旅馆业")
    item = calm(cheap(house))

    now.move_to(at("2029-01-01 12:00"))
    waits = (sweep(), fresh(item).status, fresh(item).expires_on)
    now.move_to(T0 + timedelta(days=20))
    workflow.announce(fresh(item), by=house.dm, published_on=timezone.localdate(), channel="board")
    now.move_to(at("2027-03-14 00:00"))
    sweep()

    assert waits == (0, S.STORED, None)
    assert (fresh(item).expires_on.isoformat(), fresh(item).status) == ("2027-03-13", S.EXPIRED)


def test_contraband_never_expires(now):
    item = House().logged(category="contraband", features="弹簧刀")

    assert not item.case.clocks.filter(rule__in=[Rule.EXPIRED, Rule.EXPIRES_SOON]).exists()


def test_clock_of_an_earlier_term_moves_nothing(now):
    house = House()
    item = calm(cheap(house))
    workflow.revalue(item, None, by=house.dm, basis="", reason="查不到市价")

    now.move_to(LAST_DAY + HOUR)

    assert (sweep(), fresh(item).status) == (0, S.STORED)
    assert fresh(item).expires_on.isoformat() == "2027-11-23"


@pytest.mark.parametrize("rivals", [0, 1])
def test_tracing_that_nobody_began_is_called_to_mind_when_the_claim_ends(now, rivals):
    house = House()
    item = claiming.described(house)
    if rivals:
        claiming.disputed(house, item)
    now.shift(25 * HOUR)
    sweep()
    silent = sent("trace_late")

    if rivals:
        workflow.resolve_dispute(fresh(item), None, by=house.pm, reason="都不是")
    else:
        workflow.refuse_claim(claiming.live(item), by=house.dm, reason="说错颜色")
    now.shift(INSTANT)
    sweep()

    assert (silent, sent("trace_late")) == ([], to("trace_late", house.dm))


def test_thing_that_expired_while_it_was_disposed_of_is_told_of_when_the_claim_ends(now):
    house = House()
    item = calm(cheap(house))
    ask = workflow.Ask(item, "destroy", early="wet", early_reason="受潮")
    batch = disposing.read(workflow.start_batch(house.prop, [ask], "处理", by=house.dm))
    disposing.decided(
        house, disposing.reviewed(house, disposing.submitted(house, batch)), "destroy"
    )
    now.move_to(LAST_DAY + INSTANT)
    sweep()
    silent = sent("expired")

    claiming.described(house, fresh(item))
    workflow.refuse_claim(claiming.live(item), by=house.dm, reason="说错颜色")
    now.shift(INSTANT)
    sweep()

    assert (silent, fresh(item).status) == ([], S.EXPIRED)
    assert sent("expired") == to("expired", house.dm, house.gm, house.guard, house.guard2)


def test_warnings_that_still_wait_are_not_told_twice_when_a_claim_ends(now):
    house = House()
    item = claiming.described(house, cheap(house))

    workflow.refuse_claim(claiming.live(item), by=house.dm, reason="说错颜色")

    waiting = item.case.clocks.filter(fired_at=None, stopped_at=None)
    assert sorted(waiting.values_list("rule", flat=True)) == sorted(
        [Rule.TRACE_LATE, Rule.EXPIRED, *3 * [Rule.EXPIRES_SOON]]
    )


# --- after downtime ------------------------------------------------------------------------


def test_after_ninety_days_down_only_the_highest_step_is_sent(now):
    house = House()
    item = calm(cheap(house))
    now.move_to(at("2027-02-23 09:00"))
    late = [sweep(), sweep()]

    now.shift(timedelta(days=90))
    fired = [sweep(), sweep()]

    assert (late, fired) == ([3, 0], [1, 0])
    assert sent("expires_soon") == to("expires_soon", house.dm, house.guard, house.guard2)
    merged = Delivery.objects.filter(state="merged").values_list("notice__due_at", flat=True)
    assert set(merged) == {at("2027-01-24 09:00"), at("2027-02-16 09:00")}
    assert texts(Rule.EXPIRES_SOON)[-1].endswith("还有0天，保管至 2027-02-23")
    entry = item.case.entries.get(action="expire")
    assert (entry.occurred_at, entry.at) == (LAST_DAY, timezone.now())
    assert fresh(item).status == S.EXPIRED


def test_after_downtime_over_the_whole_term_the_reminders_are_merged(now):
    house = House()
    item = calm(cheap(house))

    now.move_to(LAST_DAY + timedelta(days=90))
    fired = [sweep(), sweep()]

    assert fired == [4, 0]
    assert sent() == to("expired", house.dm, house.gm, house.guard, house.guard2)
    assert Clock.objects.filter(merged=True).count() == 3
    assert [e.action for e in item.case.entries.order_by("-seq")[:4]] == ["expire"] + 3 * ["flag"]
    assert audit.problems(fresh(item).case) == []


# --- what must not fire --------------------------------------------------------------------


@pytest.mark.parametrize("status", ["returned", "voided", "disposing"])
def test_things_that_are_gone_or_being_disposed_of_are_left_alone(now, status):
    house = House()
    item = claiming.at(house, status)
    before = (sent(), item.case.entries.count())

    now.shift(timedelta(days=900))
    sweep()

    assert (sweep(), fresh(item).status) == (0, status)
    assert (sent(), item.case.entries.count()) == before


def test_clock_left_running_in_another_state_is_settled_in_silence(now):
    house = House()
    item = house.stored()
    clocks.arm(item.case, (Rule.HAND_IN_LATE, T0))

    now.shift(INSTANT)

    assert (sweep(), sweep(), sent()) == (1, 0, [])
    assert item.case.entries.filter(action="flag").count() == 0


def test_clocks_of_other_registers_are_not_touched(now):
    item = House().stored()
    clocks.arm(item.case, ("incidents.overdue", T0))

    now.shift(HOUR)

    assert sweep() == 0
    assert Clock.objects.get(rule="incidents.overdue").fired_at is None


# --- who is told ---------------------------------------------------------------------------


def test_shift_covers_the_duty_managers_who_are_off(now):
    house = House()
    on = member(house.prop, Role.DUTY_MANAGER)
    calm(cheap(house))
    now.move_to(LAST_DAY + INSTANT)
    ShiftFactory(property=house.prop, user=on, starts_at=T0, ends_at=LAST_DAY + HOUR)

    sweep()

    assert sent("expired") == to("expired", on, house.gm, house.guard, house.guard2)


def test_leavers_are_never_told(now):
    house = House()
    house.logged()
    house.guard.is_active = False
    house.guard.save()
    now.shift(3 * HOUR)

    sweep()

    assert sent() == to("hand_in_late", house.dm)


def test_other_house_hears_nothing(now):
    house, other = House(), House()
    calm(cheap(house))
    now.move_to(LAST_DAY + INSTANT)

    sweep()

    told = {pk for _rule, pk in sent()}
    assert told & {other.dm.pk, other.pm.pk, other.gm.pk, other.guard.pk} == set()


# --- the same as single saves --------------------------------------------------------------


def columns(row, *but):
    return {
        f.attname: getattr(row, f.attname)
        for f in row._meta.concrete_fields
        if f.attname not in ("id", "history_id", "case_id", "notice_id", *but)
    }


def test_what_the_sweep_writes_is_what_single_saves_would_write(now):
    house = House()
    by_sweep, by_hand = (calm(cheap(house, item=house.logged(features=f))) for f in ("甲", "乙"))
    Clock.objects.filter(rule=Rule.EXPIRES_SOON).update(stopped_at=T0)
    now.move_to(LAST_DAY + INSTANT)
    clock = by_hand.case.clocks.get(rule=Rule.EXPIRED)
    clock.fired_at = timezone.now()

    item = fresh(by_hand)
    item.status, item.next_due_at = S.EXPIRED, retention.expires_at(item.expires_on)
    audit.save(item, "status", "next_due_at", by=None, reason="expire")
    info = {"rule": clock.rule, "due_at": clock.due_at.isoformat(), "merged": False}
    audit.record(item.case, item, by=None, action="expire", info=info, occurred_at=clock.due_at)
    clock.save()
    sweep()
    told = [n.recipient for n in Notice.objects.filter(case=by_sweep.case, rule=Rule.EXPIRED)]
    text = Notice.objects.filter(case=by_sweep.case, rule=Rule.EXPIRED).first().text
    text = text.replace(by_sweep.case.number, item.case.number)
    key = f"clock:{clock.pk}"
    put([sweeping.Message(house.prop, clock.rule, text, key, told, item.case, clock.due_at)])

    one, two = fresh(by_sweep), fresh(by_hand)
    assert columns(one, "features") == columns(two, "features")
    assert columns(one.history.latest(), "features") == columns(two.history.latest(), "features")
    entries = [i.case.entries.get(action="expire") for i in (one, two)]
    assert columns(entries[0], "rows", "hash") == columns(entries[1], "rows", "hash")
    assert [e.rows[0]["d"] for e in entries] == [audit.digest_of(one), audit.digest_of(two)]
    assert columns(one.case, "number", "audit_head") == columns(two.case, "number", "audit_head")
    for model, path in ((Notice, "case"), (Delivery, "notice__case")):
        found = [
            [columns(row, "key", "text") for row in rows.order_by("recipient")]
            for rows in (model.objects.filter(**{path: i.case}) for i in (one, two))
        ]
        assert found[0] == found[1]
    assert [audit.problems(i.case) for i in (one, two)] == [[], []]


# --- statements, batches, index ------------------------------------------------------------


def expiring_things(house, count):
    """``count`` things copied beside one real one, each with a due clock of its own."""
    model = calm(cheap(house))
    model.case.clocks.filter(rule=Rule.EXPIRES_SOON).update(stopped_at=T0)
    cases = Case.objects.bulk_create(
        Case(
            property=house.prop,
            number=f"SW-20201201-{n:03}",
            kind="found",
            neutral_title="x",
            opened_at=T0,
            created_by=house.dm,
        )
        for n in range(count - 1)
    )
    values = {
        field.attname: getattr(model, field.attname)
        for field in FoundItem._meta.concrete_fields
        if field.attname != "case_id"
    }
    FoundItem.objects.bulk_create(FoundItem(case=case, **values) for case in cases)
    due = model.case.clocks.get(rule=Rule.EXPIRED).due_at
    Clock.objects.bulk_create(Clock(case=c, rule=Rule.EXPIRED, due_at=due) for c in cases)
    return [model.case, *cases]


def statements(captured):
    """What was sent, without savepoints, which are one transaction in real life."""
    return [q["sql"] for q in captured if "SAVEPOINT" not in q["sql"]]


def test_many_things_that_expire_at_once_are_told_of_by_one_count_a_house(now):
    house, other = House(), House()
    cases = expiring_things(house, 21)
    expiring_things(other, 20)
    now.move_to(LAST_DAY + INSTANT)

    sweep()

    told = Notice.objects.filter(rule=Rule.EXPIRED, property=house.prop)
    assert sorted(told.values_list("recipient", flat=True)) == sorted(
        user.pk for user in (house.dm, house.gm, house.guard, house.guard2)
    )
    assert {notice.text.partition("2027-02-23")[2] for notice in told} == {"，另有 20 件，请看失物"}
    assert Notice.objects.filter(rule=Rule.EXPIRED, property=other.prop).count() == 4 * 20
    assert FoundItem.objects.filter(status=S.EXPIRED).count() == 41
    entries = AuditEntry.objects.filter(action="expire", case__in=cases)
    assert entries.count() == 21


def test_count_of_things_in_many_hands_reaches_everybody_who_holds_one(now):
    house = House()
    for n in range(21):
        house.logged(by=house.cleaner if n else house.guard)
    now.shift(3 * HOUR)

    sweep()

    assert sent() == to("hand_in_late", house.dm, house.guard, house.cleaner)


@pytest.mark.parametrize("count", [1, 10, 300])
def test_batch_of_expired_things_takes_two_statements_for_any_number(now, count):
    house = House()
    expiring_things(house, count)
    now.move_to(LAST_DAY + INSTANT)
    people = sweeping._people(timezone.now())

    with CaptureQueriesContext(connection) as captured:
        fired = sweeping._flag_batch(timezone.now(), people)

    assert (fired, len(statements(captured))) == (count, 2)
    assert FoundItem.objects.filter(status=S.EXPIRED).count() == count
    assert len(sent("expired")) == 4 * (count if count <= sweeping.TELL_MOST else 1)
    assert AuditEntry.objects.filter(action="expire").count() == count
    assert [p for c in Case.objects.filter(kind="found") for p in audit.problems(c)] == []


def test_batch_that_tells_the_holder_takes_three_statements(now):
    house = House()
    for _n in range(3):
        house.logged()
    now.shift(3 * HOUR)
    people = sweeping._people(timezone.now())

    with CaptureQueriesContext(connection) as captured:
        sweeping._flag_batch(timezone.now(), people)

    assert len(statements(captured)) == 3
    assert sent() == sorted(3 * to("hand_in_late", house.dm, house.guard))


def test_whole_run_takes_the_same_statements_at_three_and_three_hundred(now):
    counts = []
    for count in (3, 300):
        house = House()
        expiring_things(house, count)
        now.move_to(LAST_DAY + INSTANT)
        with CaptureQueriesContext(connection) as captured:
            assert sweep() == count
        counts.append(len(captured))
        now.move_to(T0)

    assert counts[0] == counts[1]


def test_nothing_due_takes_one_statement(now):
    House().stored()

    with CaptureQueriesContext(connection) as captured:
        assert sweep() == 0

    assert len(statements(captured)) == 1


def test_more_than_a_batch_is_done_in_one_run(now, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 7)
    house = House()
    expiring_things(house, 30)
    now.move_to(LAST_DAY + INSTANT)

    assert (sweep(), sweep()) == (30, 0)
    assert len(sent()) == 4 * 30


def test_due_things_are_found_by_the_index_of_pending_clocks(now):
    expiring_things(House(), 3)
    now.move_to(LAST_DAY + INSTANT)
    with CaptureQueriesContext(connection) as captured:
        sweeping._flag_batch(timezone.now(), {})

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statements(captured)[0])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "core_clock_pending" in plan
    assert "Seq Scan" not in plan


# --- what breaks ---------------------------------------------------------------------------


def test_one_thing_that_raises_stops_no_other(now, monkeypatch, caplog):
    house = House()
    first, *others = expiring_things(house, 4)
    now.move_to(LAST_DAY + INSTANT)
    message = sweeping._message

    def breaks(clock, *args):
        if clock.case_id == first.pk:
            raise RuntimeError
        return message(clock, *args)

    monkeypatch.setattr(sweeping, "_message", breaks)

    assert sweep() == 3
    fired = Clock.objects.filter(fired_at__isnull=False)
    assert set(fired.values_list("case", flat=True)) == {case.pk for case in others}
    assert FoundItem.objects.get(pk=first.pk).status == S.STORED
    assert f"clocks of case {first.pk}" in caplog.text
    monkeypatch.undo()
    assert sweep() == 1
    assert FoundItem.objects.filter(status=S.EXPIRED).count() == 4


# --- the weekly word to 总物业经理 ------------------------------------------------------------


def remind():
    return workflow.remind_weekly(timezone.now())


def digests(house):
    rows = Notice.objects.filter(rule=digest.RULE, property=house.prop).order_by("created_at", "pk")
    return list(rows.values_list("recipient", "text"))


@pytest.fixture
def waiting(now):
    """Two things of a house that expired on Tuesday 2027-02-23."""
    house = House()
    for _n in range(2):
        calm(cheap(house))
    now.move_to(LAST_DAY + INSTANT)
    sweep()
    return house


def test_general_manager_hears_once_a_week_from_monday_eight(now, waiting):
    told = []
    for moment in ("2027-02-24 12:00", "2027-03-01 07:59", "2027-03-01 08:00", "2027-03-07 23:00"):
        now.move_to(at(moment))
        told.append(remind())
    now.move_to(at("2027-03-09 10:00"))
    told += [remind(), remind()]

    assert told == [0, 0, 1, 0, 1, 0]
    text = "【每周提醒】到期失物还有2件没有处理意见，其中0件已报批。"
    assert digests(waiting) == 2 * [(waiting.gm.pk, text)]


def test_digest_says_how_many_are_asked_for(now, waiting):
    one = FoundItem.objects.filter(case__property=waiting.prop).first()
    disposing.submitted(waiting, disposing.drafted(waiting, [fresh(one)]))
    now.move_to(at("2027-03-01 08:00"))

    remind()

    text = "【每周提醒】到期失物还有2件没有处理意见，其中1件已报批。"
    assert digests(waiting) == [(waiting.gm.pk, text)]


def test_digest_reaches_every_general_manager_and_deputy(now, waiting):
    second, deputy = member(waiting.prop, Role.GENERAL_MANAGER), UserFactory()
    DeputyFactory(
        for_membership=waiting.gm.memberships.get(),
        by_user=deputy,
        starts_at=T0,
        ends_at=at("2027-12-01 00:00"),
    )
    now.move_to(at("2027-03-01 08:00"))

    remind()

    assert sorted(pk for pk, _text in digests(waiting)) == sorted(
        user.pk for user in (waiting.gm, second, deputy)
    )


def test_digest_is_not_sent_for_what_is_decided_claimed_or_of_another_house(now, waiting):
    other = House()
    one, two = FoundItem.objects.filter(case__property=waiting.prop)
    batch = disposing.drafted(waiting, [fresh(one)])
    disposing.decided(waiting, disposing.reviewed(waiting, disposing.submitted(waiting, batch)))
    claiming.described(waiting, fresh(two))
    now.move_to(at("2027-03-01 08:00"))

    assert remind() == 0
    assert (digests(waiting), digests(other)) == ([], [])


def test_digest_counts_from_the_later_of_both_last_days(now, waiting):
    one, two = FoundItem.objects.filter(case__property=waiting.prop)
    batch = disposing.drafted(waiting, [fresh(one), fresh(two)])
    batch = disposing.reviewed(waiting, disposing.submitted(waiting, batch))
    disposing.decided(waiting, batch, "keep")
    workflow.revalue(fresh(one), Decimal(900), by=waiting.dm, basis="市价", reason="估错了")
    now.move_to(at("2027-11-24 12:00"))
    sweep()

    remind()

    assert [fresh(i).status for i in (one, two)] == [S.EXPIRED, S.EXPIRED]
    assert [text for _pk, text in digests(waiting)] == [
        "【每周提醒】到期失物还有1件没有处理意见，其中0件已报批。"
    ]


def test_digest_takes_one_statement_once_the_week_is_told(now, waiting):
    now.move_to(at("2027-03-01 08:00"))
    remind()

    with CaptureQueriesContext(connection) as captured:
        assert remind() == 0

    assert len(statements(captured)) == 1
