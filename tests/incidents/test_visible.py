"""Who sees which complaint: own, assigned, and what one was called to."""

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone

from incidents import queries, workflow
from incidents.detail import Detail
from incidents.workflow.base import assigned_to
from propdesk.core import signatures
from propdesk.core.roles import Role
from tests.factories import PASSWORD, DepartmentFactory, MembershipFactory, fresh, member
from tests.incidents.journey import House
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def seen_by(user, complaint):
    prop = complaint.case.property
    return queries.visible_to(fresh(user), prop).filter(pk=complaint.pk).exists()


def test_called_guard_sees_the_case_until_he_has_arrived():
    house = House()
    guard = member(house.prop, Role.SECURITY)
    complaint = house.new()
    before = seen_by(guard, complaint)

    workflow.call_security(complaint, by=house.dm)
    called = seen_by(guard, complaint)
    workflow.security_arrived(complaint, by=guard, outcome="已劝开")

    assert (before, called, seen_by(guard, complaint)) == (False, True, False)


def test_other_department_never_sees_what_is_not_assigned_to_it():
    house = House()
    other = member(house.prop, Role.ENGINEERING, department=DepartmentFactory(property=house.prop))
    complaint = house.promised()

    assert (seen_by(house.engineer, complaint), seen_by(other, complaint)) == (True, False)


def test_what_is_open_is_the_open_part_of_what_one_sees():
    house = House()
    desk, guard = member(house.prop, Role.FRONT_DESK), member(house.prop, Role.SECURITY)
    house.taker = desk
    workflow.call_security(house.new(), by=house.dm)
    for walk in (house.promised, house.reopened, house.closed):
        walk()
    workflow.void(house.new(), by=house.pm, reason="重复登记")

    for user in (house.dm, house.pm, house.engineer, desk, guard):
        seen = queries.visible_to(fresh(user), house.prop).filter(status__in=queries.OPEN)
        keys = set(seen.values_list("pk", flat=True))
        assert keys
        assert set(queries.unsettled(user, house.prop).values_list("pk", flat=True)) == keys
        assert set(queries.open_to(user, house.prop).values_list("pk", flat=True)) == keys


@pytest.mark.parametrize(
    ("role", "executes"), [(Role.ENGINEERING, True), (Role.ADMIN, False)], ids=lambda v: str(v)
)
def test_only_a_seat_that_executes_makes_an_assigned_complaint_ones_work(role, executes):
    house = House()
    house.taker = taker = member(house.prop, Role.FRONT_DESK)
    MembershipFactory(user=taker, property=house.prop, role=role, department=house.department)
    complaint = house.promised()

    one = Detail.load(fresh(taker), house.prop, complaint.case.number, timezone.now())

    assert (one.allowed("progress"), assigned_to(complaint, fresh(taker))) == (executes, executes)


def test_wrong_signing_passwords_are_counted_and_then_refuse_the_right_one():
    cache.clear()
    user = House().dm
    for _attempt in range(signatures.MAX_WRONG):
        with refuses(ValidationError, match="密码不对，请重新输入。"):
            signatures.check_password(user, "wrong")

    with refuses(ValidationError, match="密码连续输错，请15分钟后再试。"):
        signatures.check_password(user, PASSWORD)
