"""Standing: own roles, deputies, days, departments; what a grant allows."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from propdesk.core.roles import (
    ALL_STAFF,
    DUTY,
    MANAGERS,
    Grant,
    Role,
    ensure,
    may,
    standing,
)
from tests.factories import (
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    PropertyFactory,
    UserFactory,
    at,
    fresh,
    member,
)

DM, PM, GM = Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER
TABLE = {
    "act": Grant(
        any=frozenset({DM}), own=frozenset({Role.STAFF}), assigned=frozenset({Role.CASHIER})
    )
}


@pytest.mark.parametrize("assigned", [False, True])
@pytest.mark.parametrize("owns", [False, True])
@pytest.mark.parametrize("role", Role)
def test_grant_allows_by_role_and_relation(role, owns, assigned):
    expected = role == DM or (role == Role.STAFF and owns) or (role == Role.CASHIER and assigned)

    assert TABLE["act"].allows(frozenset({role}), owns=owns, assigned=assigned) == expected


def test_grant_allows_nobody_without_a_role():
    assert not Grant(any=frozenset(Role)).allows(frozenset(), owns=True, assigned=True)


def test_groups_of_roles():
    assert Role.ADMIN not in ALL_STAFF
    assert MANAGERS < DUTY < ALL_STAFF
    assert len(Role) == 15


@pytest.mark.django_db
def test_standing_collects_own_roles_departments_and_those_one_acts_for():
    prop, department = PropertyFactory(), DepartmentFactory()
    user = member(prop, DM, Role.STAFF, department=department)
    manager = member(prop, PM)
    DeputyFactory(for_membership=manager.memberships.get(), by_user=user)

    mine = standing(user, prop)

    assert mine.roles == {DM, Role.STAFF, PM}
    assert (mine.own, mine.departments) == ({DM, Role.STAFF}, {department.pk})
    assert mine.acting_for == ((PM, manager.pk),)
    assert mine.without(manager.pk) == {DM, Role.STAFF}
    assert mine.without(0) == {DM, Role.STAFF, PM}


@pytest.mark.django_db
def test_standing_keeps_each_role_with_its_department():
    prop = PropertyFactory()
    here, there, third = (DepartmentFactory(property=prop) for _each in range(3))
    user = member(prop, Role.DEPARTMENT_MANAGER, department=there)
    MembershipFactory(user=user, property=prop, role=Role.STAFF, department=here)
    engineer = member(prop, Role.ENGINEERING, department=third)
    DeputyFactory(for_membership=engineer.memberships.get(), by_user=user)

    mine = standing(user, prop)

    assert mine.departments_as(Role.DEPARTMENT_MANAGER) == {there.pk}
    assert mine.departments_as(Role.STAFF, Role.ENGINEERING) == {here.pk, third.pk}
    assert mine.departments_as(DM) == frozenset()


@pytest.mark.django_db
def test_standing_is_of_one_house():
    user, other = member(PropertyFactory(), GM), PropertyFactory()

    assert standing(user, other).roles == frozenset()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-22 23:59", False),
        ("2026-11-23 00:00", True),
        ("2026-11-24 23:59", True),
        ("2026-11-25 00:00", False),
    ],
)
def test_standing_follows_the_local_days_of_the_membership(moment, holds):
    row = MembershipFactory(role=DM, starts_on="2026-11-23", ends_on="2026-11-24")

    with time_machine.travel(at(moment), tick=False):
        assert (standing(fresh(row.user), row.property).roles == {DM}) == holds


@pytest.mark.django_db
def test_standing_of_a_deputy_ends_with_the_moment():
    manager = MembershipFactory(role=PM)
    user, start = UserFactory(), timezone.now()
    DeputyFactory(
        for_membership=manager, by_user=user, starts_at=start, ends_at=start + timedelta(hours=1)
    )

    held = [
        standing(user, manager.property, start + timedelta(minutes=m)).roles == {PM}
        for m in (-1, 0, 59, 60)
    ]

    assert held == [False, True, True, False]


@pytest.mark.django_db
def test_standing_of_a_deputy_ends_when_the_person_left():
    manager = MembershipFactory(role=PM, user__is_active=False)
    user = UserFactory()
    DeputyFactory(for_membership=manager, by_user=user)

    assert standing(user, manager.property).roles == frozenset()


@pytest.mark.django_db
def test_standing_of_an_inactive_user_is_none():
    user = member(PropertyFactory(), GM, is_active=False)

    assert standing(user, user.memberships.get().property).roles == frozenset()


@pytest.mark.django_db
def test_standing_is_read_once_per_user_object(django_assert_num_queries):
    prop = PropertyFactory()
    user = fresh(member(prop, DM))

    with django_assert_num_queries(1):
        standing(user, prop)
        assert may(user, "act", TABLE, prop=prop)
        assert ensure(user, "act", TABLE, prop=prop).roles == {DM}


@pytest.mark.django_db
def test_ensure_refuses_in_words():
    prop = PropertyFactory()

    with pytest.raises(PermissionDenied, match="您的岗位不能办理这一步"):
        ensure(member(prop, Role.STAFF), "act", TABLE, prop=prop)
    assert ensure(member(prop, Role.STAFF), "act", TABLE, prop=prop, owns=True)
