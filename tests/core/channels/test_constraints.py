"""Robots, rules and deliveries: what raw SQL of the application cannot do."""

import pytest

from propdesk.core.models import Delivery, MailRule, Notice
from propdesk.core.roles import Role
from tests.core.channels.rows import house, ill_robot, tell, unsent
from tests.factories import member
from tests.incidents.moves import fingerprint
from tests.incidents.test_constraints import CHANNELS, run, set_, twin

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
ROBOT, RULE, DELIVERY = "core_robot", "core_mailrule", "core_delivery"


@pytest.fixture(autouse=True)
def _house() -> None:
    """One of everything."""
    prop = house()
    tell(prop)
    unsent(Notice.objects.get(), ill_robot(prop))
    MailRule.objects.create(property=prop, role=Role.SECURITY)
    MailRule.objects.create(property=prop, user=member(prop, Role.STAFF))


CONSTRAINTS = {
    "core_delivery_resent_complete": set_(DELIVERY, "resent_at = now()"),
    "core_delivery_robot_named": set_(DELIVERY, "robot_key = ''", "robot_id IS NOT NULL"),
    "core_delivery_robot_once": twin(DELIVERY),
    "core_mailrule_role": twin(RULE),
    "core_mailrule_user": twin(RULE),
    "core_mailrule_whose": set_(RULE, "role = 'staff'", "user_id IS NOT NULL"),
    "core_robot_complete": set_(ROBOT, "secret = ''"),
    "core_robot_name": twin(ROBOT),
    "core_robot_rate": set_(ROBOT, "per_minute = 1"),
    "core_robot_test_complete": set_(ROBOT, "test_error = 'x'"),
    "core_robotmeter_tokens": set_("core_robotmeter", "tokens = -1"),
}
IN_THE_WAY = {
    "core_delivery_robot_once": lambda: Delivery.objects.filter(robot=None),
    "core_mailrule_role": lambda: MailRule.objects.exclude(user=None),
    "core_mailrule_user": lambda: MailRule.objects.filter(user=None),
}
"""The other kind of row of the table, whose copy another constraint would refuse first."""


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_the_row(name: str) -> None:
    if name in IN_THE_WAY:
        IN_THE_WAY[name]().delete()
    before = fingerprint()

    assert run(CONSTRAINTS[name]) == name
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("name", "fix"),
    [("core_delivery_robot_named", "channel = 'email'"), ("core_robot_rate", "per_minute = 60001")],
)
def test_other_side_of_the_constraint_holds_too(name: str, fix: str) -> None:
    table = DELIVERY if "delivery" in name else ROBOT
    where = "robot_id IS NOT NULL" if table == DELIVERY else "TRUE"

    assert run(set_(table, fix, where)) == name


def test_every_one_has_its_case() -> None:
    assert set(CONSTRAINTS) == CHANNELS
