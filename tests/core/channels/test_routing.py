"""What else is sent besides the inbox, and when."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import clocks, notices
from propdesk.core.channels import routing
from propdesk.core.models import Delivery, MailRule, PropertySettings
from propdesk.core.roles import Role
from tests.core.channels.rows import house, robot_of, states, tell
from tests.factories import CaseFactory, PropertyFactory, UserFactory, at, member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings):
    settings.PROPDESK_EMAIL_ENABLED = True


@pytest.mark.parametrize(
    ("level", "expected"), [("none", [0, 0]), ("urgent", [0, 1]), ("all", [1, 1])]
)
@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("emergencies.call", "events"),
        ("incidents.overdue", "complaints"),
        ("lostfound.expired", "found"),
        ("core.sign", "papers"),
        ("anything", "papers"),
    ],
)
def test_level_of_each_kind_decides_what_a_robot_gets(robots, level, expected, rule, field):
    prop, counts = house(), []
    chosen = dict.fromkeys(("events", "complaints", "found", "papers"), "none") | {field: level}
    robot_of(robots, prop, **chosen)

    for urgent in (False, True):
        tell(prop, rule=rule, urgent=urgent)
        routing.route(timezone.now())
        counts.append(Delivery.objects.filter(channel="robot").count())

    assert counts == [expected[0], sum(expected)]


def test_robot_is_told_once_what_several_people_are_told(robots):
    prop = house()
    member(prop, Role.DUTY_MANAGER)
    robot_of(robots, prop)
    tell(prop)

    assert (routing.route(timezone.now()), states()) == (2, ["pending"])
    # Another person is told later, of the same thing.
    case = Delivery.objects.filter(channel="robot").get().notice.case
    notices.notify(case, rule="incidents.overdue", text="x", key="k", also=[UserFactory()])
    routing.route(timezone.now())
    assert states() == ["pending"]


def test_robot_of_a_role_gets_what_its_holders_are_told(robots):
    prop = house()
    guard = member(prop, Role.SECURITY)
    robot_of(robots, prop, roles=[Role.SECURITY])
    tell(prop)
    case = CaseFactory(property=prop)
    notices.notify(case, rule="x", text="x", key="k", also=[guard])

    routing.route(timezone.now())

    assert Delivery.objects.get(channel="robot").notice.recipient == guard


def test_robot_switched_off_or_of_another_house_gets_nothing(robots):
    prop = house()
    robot_of(robots, prop, is_active=False)
    robot_of(robots, PropertyFactory())
    tell(prop)

    routing.route(timezone.now())

    assert states() == []


def test_what_was_confirmed_before_is_sent_nowhere(robots):
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    row = Delivery.objects.get()
    notices.acknowledge(row, by=row.recipient)

    assert (routing.route(timezone.now()), states()) == (0, [])


@pytest.mark.parametrize(
    ("own", "roles", "mails"),
    [
        (None, {}, True),
        (None, {Role.DUTY_MANAGER: "none", Role.SECURITY: "urgent"}, False),
        (None, {Role.DUTY_MANAGER: "none", Role.SECURITY: "all"}, True),
        (None, {Role.DUTY_MANAGER: "none"}, True),
        ("all", {Role.DUTY_MANAGER: "none", Role.SECURITY: "none"}, True),
        ("none", {Role.DUTY_MANAGER: "all"}, False),
    ],
    ids=["none", "neither", "widest", "one-without-rule", "own-more", "own-less"],
)
def test_own_rule_comes_before_the_widest_of_the_roles(own, roles, mails):
    prop = PropertyFactory()
    user = member(prop, Role.DUTY_MANAGER, Role.SECURITY, email="a@example.org")
    for role, level in roles.items():
        MailRule.objects.create(property=prop, role=role, complaints=level)
    if own:
        MailRule.objects.create(property=prop, user=user, complaints=own)
    MailRule.objects.create(property=PropertyFactory(), user=user, complaints="none")
    tell(prop)

    routing.route(timezone.now())

    assert states("email") == ["pending"] * mails


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-23 21:59", None),
        ("2026-11-23 22:00", "2026-11-24 07:00"),
        ("2026-11-24 00:00", "2026-11-24 07:00"),
        ("2026-11-24 06:59", "2026-11-24 07:00"),
        ("2026-11-24 07:00", None),
    ],
)
def test_night_lasts_until_seven(moment, until):
    assert routing.quiet_until(PropertySettings(), at(moment)) == (until and at(until))


@pytest.mark.parametrize(
    ("start", "end", "moment", "until"),
    [
        ("13:00", "14:00", "2026-11-23 13:30", "2026-11-23 14:00"),
        ("13:00", "14:00", "2026-11-23 14:00", None),
        ("08:00", "08:00", "2026-11-23 08:00", None),
    ],
)
def test_night_of_a_house_is_its_own(start, end, moment, until):
    own = PropertySettings(quiet_from=time.fromisoformat(start), quiet_to=time.fromisoformat(end))

    assert routing.quiet_until(own, at(moment)) == (until and at(until))


@pytest.mark.parametrize(
    ("rule", "urgent", "waits"),
    [
        ("incidents.overdue", False, True),
        ("incidents.overdue", True, False),
        ("emergencies.call", False, False),
        ("emergencies.call", True, False),
    ],
)
def test_night_holds_what_is_neither_urgent_nor_an_event(robots, rule, urgent, waits):
    prop = PropertyFactory()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    robot_of(robots, prop)
    night = at("2026-11-23 23:30")
    tell(prop, rule=rule, urgent=urgent)
    Delivery.objects.update(next_try_at=night)

    routing.route(night)

    expected = at("2026-11-24 07:00") if waits else night
    rows = Delivery.objects.exclude(channel="inbox").values_list("next_try_at", flat=True)
    assert list(rows) == [expected, expected]
    assert states("inbox") == ["sent"]


def test_held_reminder_of_a_stopped_clock_is_sent_no_more(robots):
    prop = house()
    robot_of(robots, prop)
    for rule, urgent in (("incidents.due_soon", False), ("incidents.overdue", True)):
        tell(prop, rule=rule, urgent=urgent)
    routing.route(timezone.now())

    for case in prop.cases.all():
        clocks.stop(case, ["incidents.due_soon", "incidents.overdue"], timezone.now())

    assert (states(), states("inbox")) == (["acknowledged", "pending"], ["sent", "sent"])


def test_statements_do_not_grow_with_notices_and_robots(robots):
    prop = house()
    member(prop, Role.SECURITY, email="a@example.org")

    def count(n):
        tell(prop, n)
        with CaptureQueriesContext(connection) as captured:
            assert routing.route(timezone.now() + timedelta(seconds=1)) == n
        return len(captured)

    robot_of(robots, prop, roles=[Role.DUTY_MANAGER])
    MailRule.objects.create(property=prop, role=Role.DUTY_MANAGER)
    few = count(1)
    for n in range(4):
        robot_of(robots, prop, name=f"r{n}")
    assert count(20) == few


@pytest.mark.parametrize("of_a_case", [True, False])
def test_group_is_not_told_what_one_of_several_has_confirmed(robots, of_a_case):
    prop = house()
    other = member(prop, Role.DUTY_MANAGER, email="a@example.org")
    robot_of(robots, prop)
    for key in ("confirmed", "open"):
        case = CaseFactory(property=prop) if of_a_case else None
        people = (other, prop.memberships.exclude(user=other).get().user)
        notices.put([notices.Message(prop, "incidents.overdue", "x", key, people, case=case)])
    row = Delivery.objects.get(recipient=other, notice__key="confirmed")
    notices.acknowledge(row, by=other)

    assert routing.route(timezone.now()) == 3

    told = Delivery.objects.filter(channel="robot").values_list("robot_key", flat=True)
    assert list(told) == ["open"]


def test_group_is_told_what_was_confirmed_in_another_house_under_the_same_key(robots):
    prop, other = house(), house()
    robot_of(robots, prop)
    for each in (prop, other):
        people = tuple(row.user for row in each.memberships.all())
        notices.put([notices.Message(each, "incidents.overdue", "x", "k", people)])
    row = Delivery.objects.get(property=other)
    notices.acknowledge(row, by=row.recipient)

    routing.route(timezone.now())

    assert states() == ["pending"]
