"""The sweep: each clock once, the right people, one stamp, whatever happens around it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from incidents.workflow import Rule
from incidents.workflow import sweep as sweeping
from propdesk.core import audit, clocks
from propdesk.core.models import AuditEntry, Case, Clock, Delivery, Notice
from propdesk.core.roles import Role
from tests.factories import DeputyFactory, ShiftFactory, UserFactory, at, fresh, member
from tests.incidents.journey import House
from tests.incidents.journey import fresh as read

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


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
        (rule.removeprefix("incidents."), pk)
        for rule, pk in rows.values_list("notice__rule", "recipient")
        if not rules or rule.removeprefix("incidents.") in rules
    ]


def to(rule, *users):
    return [(rule, pk) for pk in sorted(user.pk for user in users)]


# --- each rule -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "after", "rule", "who"),
    [
        ("intake", 30 * MINUTE, "record_remind", ["dm"]),
        ("recorded", 24 * HOUR, "promise_late", ["dm", "pm"]),
        ("reopened", 24 * HOUR, "promise_late", ["dm", "pm"]),
        ("resolved", 24 * HOUR, "review_remind", ["dm"]),
    ],
)
def test_rule_fires_once_after_its_moment_and_not_at_it(now, status, after, rule, who):
    house = House()
    complaint = house.at(status)

    now.move_to(T0 + after)
    at_the_moment = sweep()
    now.shift(timedelta(microseconds=1))
    fired = [sweep(), sweep()]

    assert (at_the_moment, fired) == (0, [1, 0])
    assert sent() == to(rule, *(getattr(house, name) for name in who))
    notice = Notice.objects.filter(rule=f"incidents.{rule}").first()
    assert (notice.due_at, notice.created_at) == (T0 + after, timezone.now())
    entry = AuditEntry.objects.get(action="flag")
    assert (entry.occurred_at, entry.at, entry.by) == (T0 + after, timezone.now(), None)
    assert audit.problems(read(complaint).case) == []


def test_rules_of_a_promise_in_the_order_of_their_moments(now):
    house = House()
    promised = house.promised(hours=10)
    moments = {
        30 * MINUTE: to("not_started", house.dm),
        8 * HOUR: to("due_soon", house.dm),
        10 * HOUR: to("overdue", house.dm, house.pm),
        34 * HOUR: to("escalated", house.dm, house.pm, house.gm),
    }

    for moment, expected in moments.items():
        now.move_to(T0 + moment + MINUTE)
        assert sweep() == 1
        assert sent(expected[0][0]) == expected

    assert sweep() == 0
    assert len(sent()) == sum(len(expected) for expected in moments.values())
    assert read(promised).status == "in_progress"


@pytest.mark.parametrize(
    ("hours", "lead"), [(10, 2 * HOUR), (2, HOUR / 2), (0.25, HOUR / 4), (100, 20 * HOUR)]
)
def test_due_soon_comes_a_fifth_or_half_an_hour_before(now, hours, lead):
    House().promised(hours=hours)

    due = Clock.objects.get(rule=Rule.DUE_SOON).due_at

    assert due == T0 + hours * HOUR - lead


def test_contact_and_review_escalation_fire(now):
    house = House()
    complaint = house.chosen()
    word = house.word(10, next_contact_at=T0 + HOUR)
    workflow.promise(complaint, word, by=house.dm, department=house.department)
    resolved = house.resolved()

    now.move_to(T0 + HOUR + MINUTE)
    sweep()
    assert sent("contact_due") == to("contact_due", house.dm)
    now.move_to(T0 + 25 * HOUR)
    sweep()
    now.move_to(T0 + 49 * HOUR)
    sweep()
    assert sent("review_remind") == to("review_remind", house.dm)
    assert sent("review_escalated") == to("review_escalated", house.dm, house.pm)
    assert read(resolved).status == "resolved"


def test_settings_changed_later_move_no_running_clock(now):
    house = House()
    house.new()
    settings = house.prop.settings
    settings.promise_within_normal = settings.record_remind = 1
    settings.save()

    now.shift(5 * MINUTE)

    assert sweep() == 0


# --- after downtime ------------------------------------------------------------------------


def test_after_two_days_down_only_the_highest_step_is_sent(now):
    house = House()
    house.started(house.promised(hours=3))

    now.shift(timedelta(days=2))
    fired = sweep()

    assert fired == 3
    assert sent() == to("escalated", house.dm, house.pm, house.gm)
    merged = Delivery.objects.filter(state="merged").values_list("notice__rule", "notice__due_at")
    assert set(merged) == {
        (Rule.DUE_SOON, T0 + 2.4 * HOUR),
        (Rule.OVERDUE, T0 + 3 * HOUR),
    }
    assert list(Clock.objects.filter(merged=True).values_list("rule", flat=True)) == [
        Rule.DUE_SOON,
        Rule.OVERDUE,
    ]
    assert sweep() == 0


def test_after_downtime_every_complaint_keeps_its_own_highest_step(now):
    house = House()
    for hours in (3, 47):
        house.started(house.promised(hours=hours))

    now.shift(timedelta(days=2))
    sweep()

    assert sent() == to("escalated", house.dm, house.pm, house.gm) + to(
        "overdue", house.dm, house.pm
    )


# --- what must not fire --------------------------------------------------------------------


@pytest.mark.parametrize("status", ["closed", "voided"])
def test_clocks_of_an_ended_complaint_never_fire(now, status):
    House().at(status)

    now.shift(timedelta(days=90))

    assert (sweep(), sent()) == (0, [])


def test_stopped_clocks_never_fire(now):
    house = House()
    house.resolved(house.promised(hours=3))

    now.shift(4 * HOUR)

    assert (sweep(), sent()) == (0, [])


def test_clock_left_running_in_another_state_is_settled_in_silence(now):
    house = House()
    complaint = house.resolved()
    clocks.arm(complaint.case, (Rule.OVERDUE, T0))

    now.shift(MINUTE)

    assert (sweep(), sweep(), sent()) == (1, 0, [])
    assert complaint.case.entries.filter(action="flag").count() == 0


# --- who is told ---------------------------------------------------------------------------


def test_shift_covers_the_duty_managers_who_are_off(now):
    house = House()
    on, off = member(house.prop, Role.DUTY_MANAGER), member(house.prop, Role.DUTY_MANAGER)
    complaint = house.promised(hours=3)
    workflow.hand_over(complaint, by=house.dm, to=fresh(house.pm), reason="交班")
    now.shift(3 * HOUR + MINUTE)
    ShiftFactory(property=house.prop, user=on, starts_at=T0, ends_at=T0 + 8 * HOUR)

    sweep()

    assert sent("overdue") == to("overdue", house.pm, on)
    assert off.pk not in dict(sent()).values()


def test_without_a_shift_every_duty_manager_is_told(now):
    house = House()
    other = member(house.prop, Role.DUTY_MANAGER)
    house.promised(hours=3)
    now.shift(3 * HOUR + MINUTE)

    sweep()

    assert sent("overdue") == to("overdue", house.dm, other, house.pm)


def test_deputies_are_told_beside_the_people_they_act_for(now):
    house = House()
    deputy = UserFactory()
    DeputyFactory(
        for_membership=house.pm.memberships.get(),
        by_user=deputy,
        starts_at=T0,
        ends_at=T0 + 9 * HOUR,
    )
    house.promised(hours=3)
    now.shift(3 * HOUR + MINUTE)

    sweep()

    assert sent("overdue") == to("overdue", house.dm, house.pm, deputy)


def test_leavers_are_never_told(now):
    house = House()
    house.promised(hours=3)
    leaver = member(house.prop, Role.PROPERTY_MANAGER, is_active=False)
    house.dm.is_active = False
    house.dm.save()
    now.shift(3 * HOUR + MINUTE)

    sweep()

    assert sent("overdue") == to("overdue", house.pm)
    assert Notice.objects.filter(recipient=leaver).count() == 0


def test_other_house_hears_nothing(now):
    house, other = House(), House()
    house.promised(hours=3)
    now.shift(3 * HOUR + MINUTE)

    sweep()

    told = {pk for _rule, pk in sent()}
    assert told & {other.dm.pk, other.pm.pk, other.gm.pk} == set()


def test_notice_of_the_sweep_names_nobody(now):
    house = House()
    complaint = house.promised(hours=3)
    now.shift(3 * HOUR + MINUTE)

    sweep()

    text = Notice.objects.filter(rule=Rule.OVERDUE).first().text
    assert text == f"【已逾期】{complaint.case.number} · 设施 · 应于 11-23 17:00"


# --- statements and batches ----------------------------------------------------------------


def overdue_complaints(house, count):
    """``count`` complaints copied beside one real one, each with a due clock of its own."""
    model = house.promised(hours=3)
    cases = Case.objects.bulk_create(
        Case(
            property=house.prop,
            number=f"TS-20201201-{n:03}",
            kind="complaint",
            neutral_title="x",
            opened_at=T0,
            created_by=house.dm,
        )
        for n in range(count - 1)
    )
    values = {
        field.attname: getattr(model, field.attname)
        for field in Complaint._meta.concrete_fields
        if field.attname != "case_id"
    }
    Complaint.objects.bulk_create(Complaint(case=case, **values) for case in cases)
    Clock.objects.filter(case=model.case).exclude(rule=Rule.OVERDUE).update(stopped_at=T0)
    for case in cases:
        clocks.arm(case, (Rule.OVERDUE, T0 + 3 * HOUR))


def statements(now, count):
    house = House()
    overdue_complaints(house, count)
    now.move_to(T0 + 3 * HOUR + MINUTE)
    with CaptureQueriesContext(connection) as captured:
        fired = sweep()
    now.move_to(T0)
    assert fired == count
    return len(captured)


def test_statements_of_the_sweep_do_not_grow_with_the_rows(now):
    few = statements(now, 10)

    assert statements(now, 200) == few
    assert Notice.objects.filter(rule=Rule.OVERDUE).count() == 2 * 210


def test_more_than_a_batch_is_done_in_one_run(now, monkeypatch):
    monkeypatch.setattr(clocks, "BATCH", 7)
    house = House()
    overdue_complaints(house, 30)
    now.move_to(T0 + 3 * HOUR + MINUTE)

    assert (sweep(), sweep()) == (30, 0)
    assert len(sent()) == 60


def test_late_notices_a_thousand_deadlines_are_each_told_once(now):
    house = House()
    overdue_complaints(house, 1000)
    now.move_to(T0 + 3 * HOUR + MINUTE)

    assert (sweep(), sweep()) == (1000, 0)
    per_key = Notice.objects.filter(rule=Rule.OVERDUE).values_list("key", "recipient")
    assert len(per_key) == len(set(per_key)) == 2000


def test_one_case_that_raises_stops_no_other(monkeypatch, caplog):
    house = House()
    received = timezone.now() - timedelta(hours=25)
    bad, good = (house.new(received_at=received) for _n in range(2))
    message = sweeping._message

    def breaks(clock, complaint, people):
        if complaint.pk == bad.pk:
            raise RuntimeError
        return message(clock, complaint, people)

    monkeypatch.setattr(sweeping, "_message", breaks)

    assert workflow.flag_due(timezone.now()) == 2
    fired = Clock.objects.filter(fired_at__isnull=False)
    assert set(fired.values_list("case", flat=True)) == {good.pk}
    assert f"clocks of case {bad.pk}" in caplog.text
    monkeypatch.undo()
    assert workflow.flag_due(timezone.now()) == 2
