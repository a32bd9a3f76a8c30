"""Which signatures a report needs: by author, by what was ever major, by who executed."""

import pytest

from propdesk.core import sign_route
from propdesk.core.roles import Role, Standing
from tests.factories import DepartmentFactory, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


def standing_of(*own, acting=()):
    return Standing(frozenset(own) | {r for r, _u in acting}, frozenset(), acting, frozenset(own))


@pytest.mark.parametrize(
    ("author", "severity", "roles"),
    [
        (standing_of(Role.DUTY_MANAGER), "normal", [Role.DUTY_MANAGER, Role.PROPERTY_MANAGER]),
        (
            standing_of(Role.DUTY_MANAGER),
            "major",
            [Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER],
        ),
        (
            standing_of(Role.STAFF),
            "serious",
            [Role.STAFF, Role.DUTY_MANAGER, Role.PROPERTY_MANAGER],
        ),
        (standing_of(Role.PROPERTY_MANAGER), "normal", [Role.STAFF, Role.GENERAL_MANAGER]),
        (standing_of(Role.PROPERTY_MANAGER), "major", [Role.STAFF, Role.GENERAL_MANAGER]),
        (standing_of(Role.GENERAL_MANAGER), "normal", [Role.STAFF, Role.PROPERTY_MANAGER]),
        (standing_of(Role.GENERAL_MANAGER), "major", [Role.STAFF, Role.PROPERTY_MANAGER]),
        (
            standing_of(Role.DUTY_MANAGER, acting=((Role.PROPERTY_MANAGER, 7),)),
            "normal",
            [Role.STAFF, Role.GENERAL_MANAGER],
        ),
        (
            standing_of(Role.DUTY_MANAGER, acting=((Role.GENERAL_MANAGER, 7),)),
            "major",
            [Role.STAFF, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER],
        ),
    ],
    ids=[
        "duty",
        "duty-major",
        "staff",
        "pm",
        "pm-major",
        "gm",
        "gm-major",
        "for-pm",
        "for-gm",
    ],
)
def test_route_by_author_and_severity(author, severity, roles):
    major = severity == "major"
    route = sign_route.route(House().prop, author, gm_signs=major, executed_by=None)

    assert [box.role for box in route] == roles


@pytest.mark.parametrize(
    ("executes", "has_manager", "wanted"),
    [("other", True, True), ("other", False, False), ("own", True, False)],
)
def test_route_asks_the_manager_of_another_department_that_executed(executes, has_manager, wanted):
    house = House()
    own = DepartmentFactory(property=house.prop)
    if has_manager:
        for department in (own, house.department):
            member(house.prop, Role.DEPARTMENT_MANAGER, department=department)
    author = Standing(frozenset({Role.DUTY_MANAGER}), frozenset({own.pk}), (), frozenset())

    route = sign_route.route(
        house.prop,
        author,
        gm_signs=False,
        executed_by=house.department if executes == "other" else own,
    )

    found = [box.department for box in route if box.role == Role.DEPARTMENT_MANAGER]
    assert found == ([house.department] if wanted else [])
