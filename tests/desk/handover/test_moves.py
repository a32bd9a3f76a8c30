"""Every act by every role, and in every state: 403 or 409, and nothing is changed."""

import pytest
from django.core.exceptions import PermissionDenied

from propdesk.core import signatures
from propdesk.core.models import Property, User
from propdesk.core.roles import DUTY, Role
from propdesk.core.transitions import ConflictError
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.permissions import ACTIONS
from propdesk.desk.handover.workflow.table import MOVES
from tests.desk.handover.moves import ACTS, STATES, Act
from tests.desk.handover.shifts import Night
from tests.factories import DepartmentFactory, member
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
OF_HOUSE = {"read_handover", "write_log", "draft", "draft_for", "edit_counts"}
"""What is done to no hand-over, or is no act of its own."""


def test_every_act_has_its_row() -> None:
    assert set(ACTS) == set(MOVES) == set(ACTIONS) - OF_HOUSE
    assert set(STATES) == set(Handover.Status)


class AllRefused(Exception):  # noqa: N818 -- reads as what happened
    """Nobody got through: the database is looked at once for all of them."""


def _all_refused(act: Act, night: Night, row: Handover, people: list[User]) -> None:
    for user in people:
        with pytest.raises(PermissionDenied):
            act.do(night, row, user)
    raise AllRefused


def someone(prop: Property, role: Role) -> User:
    """Another holder of the role; of 值班经理 the one the roster names."""
    user = member(prop, role, department=DepartmentFactory(property=prop))
    signatures.keep(user, drawn())
    return user


@pytest.mark.parametrize("name", sorted(ACTS))
def test_act_is_for_those_of_the_table(name: str) -> None:
    night, act = Night(), ACTS[name]
    row = STATES[act.state](night)
    people = [someone(night.prop, role) for role in set(Role) - ACTIONS[name].any]

    with refuses(AllRefused):
        _all_refused(act, night, row, people)


OPEN_TO = [
    (name, role)
    for name, act in sorted(ACTS.items())
    if not act.own
    for role in sorted(DUTY & ACTIONS[name].any)
]


@pytest.mark.parametrize(("name", "role"), OPEN_TO)
def test_act_is_done_by_each_role_of_the_table(name: str, role: Role) -> None:
    night, act = Night(), ACTS[name]
    row = STATES[act.state](night)
    by = night.next if role is Role.DUTY_MANAGER else someone(night.prop, role)

    act.do(night, row, by)


@pytest.mark.parametrize("name", sorted(name for name, act in ACTS.items() if act.own))
def test_own_act_is_for_the_outgoing_one_alone(name: str) -> None:
    night, act = Night(), ACTS[name]
    row = STATES[act.state](night)

    with refuses(AllRefused):
        _all_refused(act, night, row, [night.next, night.pm, night.gm])
    act.do(night, row, night.dm)


def _doer(night: Night, name: str) -> User:
    if ACTS[name].own:
        return night.dm
    return night.next if Role.DUTY_MANAGER in ACTIONS[name].any else night.gm


@pytest.mark.parametrize(
    ("name", "state"),
    [(name, state) for name in sorted(ACTS) for state in STATES if state not in MOVES[name].states],
)
def test_act_in_another_state_is_refused(name: str, state: str) -> None:
    night = Night()
    row = STATES[state](night)

    with refuses(ConflictError):
        ACTS[name].do(night, row, _doer(night, name))


def test_acts_of_the_house_are_for_the_duty_side() -> None:
    night = Night()
    people = [someone(night.prop, role) for role in set(Role) - DUTY]
    drafts = Act("", lambda n, _row, by: workflow.draft(n.prop, by=by))
    logs = Act("", lambda n, _row, by: workflow.log(n.prop, "电梯停运", by=by))

    for act in (drafts, logs):
        with refuses(AllRefused):
            _all_refused(act, night, Handover(), people)


def test_counts_are_for_managers() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "总钥匙", "串", 12, by=night.pm)
    people = [someone(night.prop, role) for role in set(Role) - ACTIONS["edit_counts"].any]
    lists = Act("", lambda n, _r, by: workflow.list_count(n.prop, "备用金", "元", 2000, by=by))
    why = {"active": True, "reason": "少了一串"}
    changes = Act("", lambda _n, _r, by: workflow.change_count(item, "串", 11, by=by, **why))

    for act in (lists, changes):
        with refuses(AllRefused):
            _all_refused(act, night, Handover(), people)
