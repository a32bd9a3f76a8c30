"""Who is on duty, half-open; who stands in; who is not asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from propdesk.core import duty
from propdesk.core.roles import Role
from tests.factories import (
    DepartmentFactory,
    DeputyFactory,
    PropertyFactory,
    ShiftFactory,
    UserFactory,
    at,
    member,
)

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
HOUR = timedelta(hours=1)
DM, PM = Role.DUTY_MANAGER, Role.PROPERTY_MANAGER


@pytest.fixture
def prop():
    return PropertyFactory()


def shift(prop, user, role=DM, **changes):
    times = {"starts_at": T0, "ends_at": T0 + 8 * HOUR}
    return ShiftFactory(property=prop, user=user, role=role, **(times | changes))


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        (T0 - timedelta(microseconds=1), "all"),
        (T0, "one"),
        (T0 + 8 * HOUR - timedelta(microseconds=1), "one"),
        (T0 + 8 * HOUR, "all"),
    ],
    ids=["before", "first-instant", "last-instant", "after"],
)
def test_shift_is_half_open(prop, moment, on):
    one, two = member(prop, DM), member(prop, DM)
    shift(prop, one)

    assert duty.on_duty(prop, DM, at=moment) == ([one] if on == "one" else [one, two])


def test_cancelled_shift_covers_nobody(prop):
    one, two = member(prop, DM), member(prop, DM)
    shift(prop, one, cancelled_at=T0)

    assert duty.on_duty(prop, DM, at=T0) == [one, two]


def test_shift_of_somebody_who_lost_the_role_covers_nobody(prop):
    holder = member(prop, DM)
    shift(prop, UserFactory())

    assert duty.on_duty(prop, DM, at=T0) == [holder]


def test_roles_are_covered_one_by_one(prop):
    on, off, manager = member(prop, DM), member(prop, DM), member(prop, PM)
    shift(prop, on)

    assert duty.on_duty(prop, DM, PM, at=T0) == [on, manager]
    assert off not in duty.on_duty(prop, DM, PM, at=T0)


def test_person_of_two_roles_is_named_once(prop):
    both = member(prop, DM, PM)

    assert duty.on_duty(prop, DM, PM, at=T0) == [both]


def test_inactive_and_former_holders_are_not_asked(prop):
    member(prop, DM, is_active=False)
    former = member(prop, DM)
    former.memberships.update(ends_on=timezone.localdate(T0) - timedelta(days=1))

    assert duty.on_duty(prop, DM, at=T0) == []


def test_department_narrows_the_holders(prop):
    department = DepartmentFactory(property=prop)
    wanted = member(prop, Role.DEPARTMENT_MANAGER, department=department)
    member(prop, Role.DEPARTMENT_MANAGER, department=DepartmentFactory(property=prop))

    found = duty.on_duty(prop, Role.DEPARTMENT_MANAGER, at=T0, department=department.pk)

    assert found == [wanted]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, True),
        ({"starts_at": T0 + HOUR}, False),
        ({"ends_at": T0}, False),
        ({"revoked_at": T0 - HOUR}, False),
    ],
    ids=["in-force", "not-yet", "over", "revoked"],
)
def test_deputy_stands_beside_whom_he_acts_for(prop, changes, told):
    holder, deputy = member(prop, PM), UserFactory()
    times = {"starts_at": T0 - HOUR, "ends_at": T0 + 2 * HOUR}
    DeputyFactory(for_membership=holder.memberships.get(), by_user=deputy, **(times | changes))

    assert duty.on_duty(prop, PM, at=T0) == ([holder, deputy] if told else [holder])


def test_inactive_deputy_is_not_asked(prop):
    holder, deputy = member(prop, PM), UserFactory(is_active=False)
    DeputyFactory(for_membership=holder.memberships.get(), by_user=deputy)

    assert duty.on_duty(prop, PM, at=timezone.now()) == [holder]


def test_deputy_of_somebody_off_shift_is_left_alone(prop):
    on, off, deputy = member(prop, DM), member(prop, DM), UserFactory()
    shift(prop, on)
    DeputyFactory(
        for_membership=off.memberships.get(),
        by_user=deputy,
        starts_at=T0 - HOUR,
        ends_at=T0 + HOUR,
    )

    assert duty.on_duty(prop, DM, at=T0) == [on]


def test_statements_do_not_grow_with_the_people(prop, django_assert_num_queries):
    for _each in range(5):
        member(prop, DM)
        member(prop, PM)

    with django_assert_num_queries(3):
        duty.on_duty(prop, DM, PM, at=T0)


def test_holders_are_active_holders_of_today_by_name(prop):
    second, first = member(prop, DM, name="周敏"), member(prop, PM, name="白露")
    member(prop, DM, is_active=False)
    member(prop, Role.STAFF)

    assert list(duty.holders(prop, DM, PM)) == [first, second]
