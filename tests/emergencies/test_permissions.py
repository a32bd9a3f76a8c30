"""Every act × every role × every way to stand to an event: exactly what ACTIONS says."""

import inspect
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from emergencies import workflow
from emergencies.models import Event
from emergencies.permissions import ACTIONS
from propdesk.core import signatures
from propdesk.core.models import Membership, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies import moves
from tests.emergencies.journey import House, fresh
from tests.emergencies.moves import Act
from tests.factories import DeputyFactory, MembershipFactory, PropertyFactory, UserFactory
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import Print, fingerprint

pytestmark = pytest.mark.django_db
RELATIONS = ("stranger", "own", "deputy", "elsewhere")


class Undo(Exception):  # noqa: N818 -- control flow of the tests
    """Rolls an attempt back."""


def without_roles(whole: Print) -> Print:
    """The tables the test itself changes from attempt to attempt are left out."""
    return {t: d for t, d in whole.items() if t not in {"core_membership", "emergencies_event"}}


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
            holder = UserFactory() if relation == "deputy" else user
            row = MembershipFactory(user=holder, property=prop, role=Role.FRONT_DESK)
            if relation == "deputy":
                DeputyFactory(for_membership=row, by_user=user)
            cast.people[relation], cast.rows[relation] = user, row
        return cast

    def attempt(self, act: Act, event: Event, relation: str, role: Role, before: Print) -> str:
        """``done``, ``403`` or ``409``; rolled back. A refusal that changed anything is ``CHANGED``."""
        outcome = "done"
        try:
            with transaction.atomic():
                Membership.objects.filter(pk=self.rows[relation].pk).update(role=role)
                by = read(self.people[relation])
                if relation == "own":
                    # Whoever commands it: who started it can never be changed.
                    Event.objects.filter(pk=event.pk).update(commander=by)
                try:
                    act.do(self.house, event, by)
                except (PermissionDenied, Http404):
                    outcome = "403"
                except ConflictError:
                    outcome = "409"
                if outcome != "done" and without_roles(fingerprint()) != before:
                    outcome = "CHANGED"
                raise Undo
        except Undo:
            return outcome


def expected(act: Act, event: Event, relation: str, role: Role, involved: set[str]) -> str:
    """What the table says of a person who holds ``role``."""
    held = {role, Role.SECURITY} if role == Role.SECURITY_MANAGER else {role}
    allowed = ACTIONS[act.action].allows(
        frozenset({role}), owns=relation == "own", assigned=bool(held & involved)
    )
    if not allowed or relation == "elsewhere" or (act.only and role not in act.only):
        return "403"
    return "409" if act.author == relation else "done"


@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_open_to_the_roles_of_the_table_and_to_nobody_else(name):
    act = moves.BY_ID[name]
    cast = Cast.of()
    event = act.ready(cast.house)
    involved = set(event.involved.values_list("role", flat=True))
    before = without_roles(fingerprint())
    cases = [(relation, role) for relation in RELATIONS for role in Role]

    found = {
        (relation, role): cast.attempt(act, event, relation, role, before)
        for relation, role in cases
    }

    assert found == {
        (relation, role): expected(act, event, relation, role, involved) for relation, role in cases
    }


@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_closed_to_people_without_a_role_today(name):
    act = moves.BY_ID[name]
    house = House()
    event = act.ready(house)
    gone = UserFactory(is_active=False)
    MembershipFactory(user=gone, property=house.prop, role=Role.GENERAL_MANAGER)
    former = UserFactory()
    MembershipFactory(
        user=former, property=house.prop, role=Role.GENERAL_MANAGER, ends_on="2020-02-01"
    )
    before = fingerprint()

    for by in (read(gone), read(former)):
        with pytest.raises(PermissionDenied):
            act.do(house, event, by)

    assert fingerprint() == before


def test_restricted_event_does_not_exist_for_anybody_but_its_readers():
    house = House()
    event = house.dead()
    stranger = UserFactory()
    signatures.keep(stranger, drawn())
    row = MembershipFactory(user=stranger, property=house.prop, role=Role.STAFF)
    for stray in (moves.photo_of, moves.loss_of, moves.affected_of, moves.party_of):
        stray(event)
    before = without_roles(fingerprint())
    found = {}

    for role in Role:
        Membership.objects.filter(pk=row.pk).update(role=role)
        for name, act in moves.BY_ID.items():
            try:
                act.do(house, event, read(stranger))
            except Http404:
                continue
            except (PermissionDenied, ConflictError, RefusedInput) as error:
                found[name, role] = type(error).__name__

    assert found == {}
    assert without_roles(fingerprint()) == before


def test_start_is_open_to_all_staff_and_to_nobody_else():
    house = House()
    outcome = {}

    for role in Role:
        user = UserFactory()
        MembershipFactory(user=user, property=house.prop, role=role)
        try:
            house.started("power_outage", by=read(user))
            outcome[role] = "done"
        except PermissionDenied:
            outcome[role] = "403"

    assert outcome == {role: "403" if role == Role.ADMIN else "done" for role in Role}


def test_commander_takes_over_and_the_first_one_is_refused():
    house = House()
    event = house.started("theft")

    with pytest.raises(ConflictError):
        workflow.take_command(event, by=house.dm)
    workflow.take_command(event, by=house.pm)

    assert fresh(event).commander_id == house.pm.pk


def test_table_of_acts_covers_every_transition_of_its_modules():
    modules = ("answer", "done", "tell", "note", "end", "review", "price", "decide_damage")
    transitions = set()
    for name in modules:
        module = inspect.getmodule(getattr(workflow, name))
        transitions |= {
            each
            for each, function in vars(module).items()
            if inspect.isfunction(function)
            and function.__module__ == module.__name__
            and each in workflow.__all__
            and "by" in inspect.signature(function).parameters
            # What is asked before a form is opened writes nothing: the act asks it again.
            and not each.startswith("check_")
        }
    elsewhere = {
        "archive",  # with the papers it asks for
        "take_command",
        "name_reader",
        "end_reader",
        "finish_action",
        "confirmed_in_inbox",
        "is_called",
    }

    assert transitions - elsewhere <= {act.name for act in moves.ACTS}


def test_actions_grant_administrators_nothing():
    granted = frozenset().union(*(g.any | g.own | g.assigned for g in ACTIONS.values()))

    assert Role.ADMIN not in granted


def test_actions_of_the_general_manager_include_all_of_the_property_manager():
    held = {a for a, g in ACTIONS.items() if Role.PROPERTY_MANAGER in g.any}

    assert held <= {a for a, g in ACTIONS.items() if Role.GENERAL_MANAGER in g.any}
