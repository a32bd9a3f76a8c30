"""Every act × every role × every way to stand to a found thing: exactly what ACTIONS says."""

import inspect
from dataclasses import dataclass, field

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from lostfound import workflow
from lostfound.models import FoundItem
from lostfound.permissions import ACTIONS, UNTIL_RECEIVED
from propdesk.core import signatures
from propdesk.core.models import Membership, User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import DeputyFactory, MembershipFactory, PropertyFactory, UserFactory
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import Print, fingerprint, refuses
from tests.lostfound import moves
from tests.lostfound.journey import House, S
from tests.lostfound.moves import Act

pytestmark = pytest.mark.django_db
RELATIONS = ("stranger", "own", "assigned", "deputy", "elsewhere")
OF_THE_HOUSE = {"log", "set_policy"}
"""Acts of a property, not on a thing: nobody owns anything yet."""


class Undo(Exception):  # noqa: N818 -- control flow of the tests
    """Rolls an attempt back."""


def without_roles(whole: Print) -> Print:
    """The table the test itself changes from attempt to attempt is left out."""
    return {table: digest for table, digest in whole.items() if table != "core_membership"}


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
            department = cast.house.security if relation in ("own", "assigned") else None
            holder = UserFactory() if relation == "deputy" else user
            row = MembershipFactory(
                user=holder, property=prop, role=Role.FRONT_DESK, department=department
            )
            if relation == "deputy":
                DeputyFactory(for_membership=row, by_user=user)
            cast.people[relation], cast.rows[relation] = user, row
        cast.house.taker = read(cast.people["own"])
        return cast

    def attempt(self, act: Act, item: FoundItem, relation: str, role: Role, before: Print) -> str:
        """``done``, ``403`` or ``409``; rolled back. A refusal that changed anything is ``CHANGED``."""
        outcome = "done"
        try:
            with transaction.atomic():
                Membership.objects.filter(pk=self.rows[relation].pk).update(role=role)
                by = read(self.people[relation])
                try:
                    act.do(self.house, item, by)
                except PermissionDenied:
                    outcome = "403"
                except ConflictError:
                    outcome = "409"
                if outcome != "done" and without_roles(fingerprint()) != before:
                    outcome = "CHANGED"
                raise Undo
        except Undo:
            return outcome


def expected(act: Act, item: FoundItem, relation: str, role: Role) -> str:
    """What the table says of a person who holds ``role``."""
    of_thing = act.name not in OF_THE_HOUSE
    owns = relation == "own" and of_thing
    owns = owns and (item.status == S.LOGGED or act.action not in UNTIL_RECEIVED)
    assigned = relation == "assigned" and item.status == S.LOGGED and of_thing
    allowed = ACTIONS[act.action].allows(frozenset({role}), owns=owns, assigned=assigned)
    if not allowed or relation == "elsewhere":
        return "403"
    return "409" if act.author == relation or role in act.conflicts else "done"


@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_open_to_the_roles_of_the_table_and_to_nobody_else(name):
    act = moves.BY_ID[name]
    cast = Cast.of()
    item = act.ready(cast.house)
    before = without_roles(fingerprint())
    cases = [(relation, role) for relation in RELATIONS for role in Role]

    found = {
        (relation, role): cast.attempt(act, item, relation, role, before)
        for relation, role in cases
    }

    assert found == {
        (relation, role): expected(act, item, relation, role) for relation, role in cases
    }


@pytest.mark.parametrize("name", sorted(moves.BY_ID))
def test_act_is_closed_to_people_without_a_role_today(name):
    act = moves.BY_ID[name]
    cast = Cast.of()
    item = act.ready(cast.house)
    gone = UserFactory(is_active=False)
    MembershipFactory(user=gone, property=cast.house.prop, role=Role.GENERAL_MANAGER)
    former = UserFactory()
    MembershipFactory(
        user=former, property=cast.house.prop, role=Role.GENERAL_MANAGER, ends_on="2020-02-01"
    )
    before = fingerprint()

    for by in (read(gone), read(former), UserFactory.build(pk=0)):
        with pytest.raises(PermissionDenied):
            act.do(cast.house, item, by)

    assert fingerprint() == before


def test_finder_corrects_his_slip_until_the_thing_is_in_joint_custody():
    house = House()
    item = house.logged()
    change = moves.facts(item, features="墨绿色手机")

    workflow.correct(item, change, by=house.guard, reason="看清了")
    item = house.stored(item)
    change = moves.facts(item, features="深蓝色手机")
    with refuses(PermissionDenied):
        workflow.correct(item, change, by=read(house.guard), reason="又看了一眼")
    workflow.correct(item, change, by=house.dm, reason="又看了一眼")

    assert FoundItem.objects.get().features == "深蓝色手机"


def test_table_of_acts_covers_every_transition_of_its_modules():
    transitions = set()
    for name in moves.MODULES:
        module = inspect.getmodule(getattr(workflow, name))
        transitions |= {
            each
            for each, function in vars(module).items()
            if inspect.isfunction(function)
            and function.__module__ == module.__name__
            and not each.startswith("_")
            and each in workflow.__all__
            and "by" in inspect.signature(function).parameters
        }

    assert {act.name for act in moves.ITEM_ACTS} == transitions - {"follow_settings"}


def test_actions_grant_administrators_nothing():
    granted = frozenset().union(*(g.any | g.own | g.assigned for g in ACTIONS.values()))

    assert Role.ADMIN not in granted


def test_actions_that_only_the_general_manager_has_are_the_three_of_the_sop_and_what_ends_custody():
    only = {a for a, g in ACTIONS.items() if g.any == {Role.GENERAL_MANAGER} and not g.own}

    assert only == {"decide_batch", "set_policy", "change_policy_of_item", "void_stored"}


def test_actions_of_the_general_manager_include_all_of_the_property_manager():
    held = {a for a, g in ACTIONS.items() if Role.PROPERTY_MANAGER in g.any}

    assert held <= {a for a, g in ACTIONS.items() if Role.GENERAL_MANAGER in g.any}
