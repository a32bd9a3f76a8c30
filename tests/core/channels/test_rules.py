"""邮件规则 and 重发: who may, and what is kept."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import relay, resending, routing, rules
from propdesk.core.models import Delivery, MailRule, RobotMeter
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.core.channels.rows import house, robot_of, tell
from tests.factories import PropertyFactory, member
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
LEVELS = {"events": "all", "complaints": "urgent", "found": "none", "papers": "all"}


@pytest.mark.parametrize("role", list(Role))
def test_rule_of_a_role_is_set_by_who_administers_the_house(role):
    prop = PropertyFactory()
    by = member(prop, role)

    def save():
        return rules.save_for_role(prop, Role.SECURITY, LEVELS, by=by, reason="少发些")

    if role in {Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER, Role.ADMIN}:
        assert save().complaints == "urgent"
    else:
        with refuses(PermissionDenied):
            save()


def test_rule_is_one_row_and_each_change_stands_in_its_history():
    prop = PropertyFactory()
    by = member(prop, Role.PROPERTY_MANAGER)
    rules.save_for_role(prop, Role.SECURITY, LEVELS, by=by, reason="少发些")
    rules.save_for_role(prop, Role.SECURITY, LEVELS, by=by, reason="再按一次")
    rules.save_for_role(prop, Role.SECURITY, LEVELS | {"found": "all"}, by=by, reason="还是要")

    row = MailRule.objects.get()
    assert (row.role, row.user, row.found) == ("security", None, "all")
    reasons = row.history.order_by("history_id").values_list("history_change_reason", flat=True)
    assert list(reasons) == ["少发些", "还是要"]
    found = rules.of_roles(prop)
    assert (found["security"], found["staff"].found, found["staff"].pk) == (row, "all", None)


def test_rule_of_a_role_needs_a_reason():
    prop = PropertyFactory()
    by = member(prop, Role.ADMIN)

    with refuses(RefusedInput):
        rules.save_for_role(prop, Role.SECURITY, LEVELS, by=by, reason=" ")


def test_own_rule_is_ones_own_and_per_house():
    prop, other = PropertyFactory(), PropertyFactory()
    user = member(prop, Role.SECURITY)
    rules.save_own(prop, LEVELS, by=user)
    rules.save_own(prop, LEVELS | {"found": "all"}, by=user)

    assert (rules.own(prop, user).found, rules.own(other, user)) == ("all", None)
    with refuses(PermissionDenied):
        rules.save_own(other, LEVELS, by=user)


@pytest.mark.parametrize("role", list(Role))
def test_what_failed_is_sent_again_by_managers_alone(robots, role):
    robots.behaviour = "wrong"
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    relay.deliver(timezone.now())
    by, row = member(prop, role), Delivery.objects.get(channel="robot")

    if role in {Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER}:
        assert resending.resend(row, by=by).state == "pending"
    else:
        for act in (
            lambda: resending.resend(row, by=by),
            lambda: resending.resend_all(prop, by=by),
        ):
            with refuses(PermissionDenied):
                act()


def test_all_that_failed_is_sent_again_once(robots):
    robots.behaviour = "wrong"
    prop, other = house(), house()
    for each in (prop, other):
        robot_of(robots, each)
        tell(each, 2)
    relay.deliver(timezone.now())
    by = member(prop, Role.PROPERTY_MANAGER)
    robots.behaviour = "right"

    assert [resending.resend_all(prop, by=by) for _twice in range(2)] == [2, 0]
    relay.deliver(timezone.now())

    rows = Delivery.objects.filter(channel="robot").order_by("property", "pk")
    assert list(rows.values_list("property", "state")) == [
        (prop.pk, "sent"),
        (prop.pk, "sent"),
        (other.pk, "failed"),
        (other.pk, "failed"),
    ]
    with refuses(ConflictError, match="没有失败"):
        resending.resend(rows[0], by=by)


def test_mail_to_nobody_is_not_sent_again(settings):
    settings.PROPDESK_EMAIL_ENABLED = True
    prop = house()
    leaver = member(prop, Role.DUTY_MANAGER, email="a@example.org")
    tell(prop)
    leaver.is_active = False
    leaver.save(update_fields=["is_active"])
    relay.deliver(timezone.now())
    by, row = member(prop, Role.GENERAL_MANAGER), Delivery.objects.get(channel="email")

    with refuses(ConflictError, match="没有邮箱"):
        resending.resend(row, by=by)
    assert resending.resend_all(prop, by=by) == 0


def test_robot_is_not_sent_again_what_anybody_has_confirmed(robots):
    robots.behaviour = "wrong"
    prop = house()
    robot_of(robots, prop)
    tell(prop, 2)
    relay.deliver(timezone.now())
    by, (row, other) = (
        member(prop, Role.PROPERTY_MANAGER),
        Delivery.objects.filter(channel="robot").order_by("pk"),
    )
    inbox = Delivery.objects.get(channel="inbox", notice=row.notice)
    notices.acknowledge(inbox, by=inbox.recipient)

    with refuses(ConflictError, match="已有人确认"):
        resending.resend(row, by=by)
    assert resending.resend_all(prop, by=by) == 1
    other.refresh_from_db()
    assert (other.state, other.resent_by) == ("pending", by)


def test_mail_is_not_sent_again_to_who_confirmed_and_is_to_another(settings):
    settings.PROPDESK_EMAIL_ENABLED = True
    prop = house()
    one, other = (
        member(prop, Role.DUTY_MANAGER, email=f"{name}@example.org") for name in ("a", "b")
    )
    tell(prop)
    routing.route(timezone.now())
    Delivery.objects.filter(channel="email").update(state="failed")
    notices.acknowledge(Delivery.objects.get(channel="inbox", recipient=one), by=one)
    rows = list(Delivery.objects.filter(channel="email").select_related("robot", "notice"))

    found = resending.obstacles(rows)

    assert {row.recipient: found[row.pk] for row in rows} == {
        one: "已有人确认，不必再发。",
        other: "",
    }


def test_obstacles_of_many_rows_are_one_statement(robots):
    robots.behaviour = "wrong"
    prop = house()
    robot_of(robots, prop)

    def count(n):
        tell(prop, n)
        RobotMeter.objects.update(tokens=9)
        relay.deliver(timezone.now())
        by = member(prop, Role.PROPERTY_MANAGER)
        with CaptureQueriesContext(connection) as captured:
            assert resending.resend_all(prop, by=by) == n
        Delivery.objects.filter(channel="robot").update(state="sent")
        return len(captured)

    assert count(3) == count(1)
