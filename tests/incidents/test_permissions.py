"""Every act × every role × every way to stand to a complaint: exactly what ACTIONS says."""

import inspect
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from incidents import workflow
from incidents.models import Complaint
from incidents.permissions import ACTIONS
from propdesk.core import signatures
from propdesk.core.models import Membership, User
from propdesk.core.roles import Grant, Role
from propdesk.core.transitions import ConflictError
from tests.factories import DeputyFactory, MembershipFactory, PropertyFactory, UserFactory, fresh
from tests.incidents import moves
from tests.incidents.journey import House, drawn
from tests.incidents.moves import Act, Print, fingerprint

RELATIONS = ("stranger", "own", "assigned", "deputy", "elsewhere")
READING = {"read", "history", "print"}
"""Actions that change nothing; the queries and the views ask for them."""

BOXES = Grant(any=frozenset({Role.PROPERTY_MANAGER}))
"""Signing is not in ACTIONS: the box decides, and here it is the property manager's turn."""


def without_roles(whole: Print) -> Print:
    """The table the test itself changes from attempt to attempt is left out."""
    return {table: digest for table, digest in whole.items() if table != "core_membership"}


class Undo(Exception):  # noqa: N818 -- control flow of the tests
    """Rolls an attempt back."""


@dataclass
class Cast:
    """One person for each relation, whose role the test changes from attempt to attempt."""

    house: House
    people: dict[str, User] = field(default_factory=dict)
    rows: dict[str, Membership] = field(default_factory=dict)

    @classmethod
    def of(cls) -> "Cast":
        cast = cls(House())
        for relation in RELATIONS:
            user = UserFactory()
            signatures.keep(user, drawn())
            prop = PropertyFactory() if relation == "elsewhere" else cast.house.prop
            department = cast.house.department if relation == "assigned" else None
            holder = UserFactory() if relation == "deputy" else user
            row = MembershipFactory(
                user=holder, property=prop, role=Role.FRONT_DESK, department=department
            )
            if relation == "deputy":
                DeputyFactory(for_membership=row, by_user=user)
            cast.people[relation], cast.rows[relation] = user, row
        cast.house.taker = fresh(cast.people["own"])
        return cast

    def attempt(
        self, act: Act, complaint: Complaint, relation: str, role: Role, before: Print
    ) -> str:
        """``done``, ``403`` or ``409``; rolled back. A refusal that changed anything is ``CHANGED``."""
        outcome = "done"
        try:
            with transaction.atomic():
                Membership.objects.filter(pk=self.rows[relation].pk).update(role=role)
                by = fresh(self.people[relation])
                try:
                    act.do(self.house, complaint, by)
                except PermissionDenied:
                    outcome = "403"
                except ConflictError:
                    outcome = "409"
                if outcome != "done" and without_roles(fingerprint()) != before:
                    outcome = "CHANGED"
                raise Undo
        except Undo:
            return outcome


def expected(act: Act, complaint: Complaint, relation: str, role: Role) -> str:
    """What the table says of a person who holds ``role``."""
    grant = ACTIONS.get(act.action, BOXES)
    needed = [ACTIONS["extend"]] if act.action == "extend_again" else []
    needed += [ACTIONS["tell_options"]] if act.action == "not_told_anonymous" else []
    owns = relation == "own"
    assigned = relation == "assigned" and complaint.department_id is not None
    allowed = all(
        each.allows(frozenset({role}), owns=owns, assigned=assigned) for each in (grant, *needed)
    )
    if not allowed or relation == "elsewhere":
        return "403"
    return "409" if act.author == relation else "done"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_open_to_the_roles_of_the_table_and_to_nobody_else(name):
    act = moves.BY_ID[name]
    cast = Cast.of()
    complaint = act.ready(cast.house)
    complaint.refresh_from_db()
    before = without_roles(fingerprint())
    cases = [(relation, role) for relation in RELATIONS for role in Role]

    found = {
        (relation, role): cast.attempt(act, complaint, relation, role, before)
        for relation, role in cases
    }

    assert found == {
        (relation, role): expected(act, complaint, relation, role) for relation, role in cases
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_closed_to_people_without_a_role_today(name):
    act = moves.BY_ID[name]
    cast = Cast.of()
    complaint = act.ready(cast.house)
    gone = UserFactory(is_active=False)
    MembershipFactory(user=gone, property=cast.house.prop, role=Role.GENERAL_MANAGER)
    former = UserFactory()
    MembershipFactory(
        user=former, property=cast.house.prop, role=Role.GENERAL_MANAGER, ends_on="2020-02-01"
    )
    before = fingerprint()

    for by in (fresh(gone), fresh(former), UserFactory.build(pk=0)):
        with pytest.raises(PermissionDenied):
            act.do(cast.house, complaint, by)

    assert fingerprint() == before


OF_MANY = {"take_over"}
"""Acts on many rows, which leave out what has moved on: test_taking_over.py."""


def test_table_of_acts_covers_every_transition():
    transitions = {
        name
        for name in workflow.__all__
        if inspect.isfunction(getattr(workflow, name))
        and "by" in inspect.signature(getattr(workflow, name)).parameters
        and not name.startswith("permit")
    }

    assert {act.name for act in moves.ACTS} == transitions - OF_MANY


def test_table_of_acts_covers_every_action():
    signing = {"sign_report", "send_back_report"}

    assert {act.action for act in moves.ACTS} - signing == set(ACTIONS) - READING


def test_actions_grant_administrators_nothing():
    granted = frozenset().union(*(g.any | g.own | g.assigned for g in ACTIONS.values()))

    assert Role.ADMIN not in granted


def test_actions_of_the_general_manager_include_all_of_the_property_manager():
    def held(role: Role) -> set[str]:
        return {action for action, grant in ACTIONS.items() if role in grant.any}

    assert held(Role.GENERAL_MANAGER) == held(Role.PROPERTY_MANAGER) == set(ACTIONS)
