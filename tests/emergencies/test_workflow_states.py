"""Every act × every state of an event: possible exactly where the table says, refused whole elsewhere."""

import pytest
from django.db import transaction

from emergencies.models import Event
from emergencies.workflow import MOVES
from propdesk.core import audit, signatures
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.emergencies import moves
from tests.emergencies.journey import House, S, fresh
from tests.factories import CaseFactory, member
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import fingerprint

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
THEIR_OWN = {"acknowledge"}
"""Only who was called may; it has tests of its own."""


def another_general_manager(house: House):
    """Somebody who has written nothing yet and may therefore do everything."""
    user = member(house.prop, Role.GENERAL_MANAGER)
    signatures.keep(user, drawn())
    return read(user)


def at(house: House, status: str) -> Event:
    """An event in a state, got there by the workflow; an archived one by its status alone."""
    event = house.started("theft")
    if status == S.VOIDED:
        moves.W.void(event, by=house.pm, reason="误报")
    if status in (S.SIGNING, S.ARCHIVED):
        event = house.ended("power_outage")
    if status == S.ARCHIVED:
        Event.objects.filter(pk=event.pk).update(
            status=status, archived_at=event.ended_at, archived_by=house.dm
        )
    return fresh(event)


@pytest.mark.parametrize("status", Event.Status.values)
def test_act_in_any_other_state_conflicts_and_changes_nothing(status):
    house = House()
    event = at(house, status)
    by = another_general_manager(house)
    moves.photo_of(event)
    moves.party_of(event)
    moves.loss_of(event)
    moves.affected_of(event)
    moves.action_of(event)
    CaseFactory(property=house.prop, number=moves.OTHER, created_by=house.dm)
    acts = {n: a for n, a in moves.BY_ID.items() if status not in MOVES[a.action].states}
    before = fingerprint()
    outcome = {}

    for name, act in acts.items():
        with pytest.raises(ConflictError) as refusal, transaction.atomic():
            act.do(house, event, by)
        state = event.get_status_display()
        outcome[name] = f"现在是“{state}”" in str(refusal.value) or str(refusal.value)

    assert outcome == dict.fromkeys(acts, True)
    assert fingerprint() == before


@pytest.mark.parametrize("name", sorted(set(moves.BY_ID) - {"acknowledge-acknowledge"}))
def test_act_leads_where_the_table_says_and_leaves_one_intact_chain(name):
    act = moves.BY_ID[name]
    house = House()
    event = act.ready(house)
    status, number, entries = event.status, event.case.number, event.case.version

    act.do(house, event, another_general_manager(house))

    event = fresh(event)
    assert event.status in (MOVES[act.action].leads_to or (status,))
    assert event.case.number == number
    assert event.case.version > entries
    assert event.case.entries.count() == event.case.version
    assert audit.problems(event.case) == []
    assert event.commands.filter(ended_at=None).count() == 1


def test_state_left_behind_is_only_ever_one_the_table_leads_to():
    leads = {to for move in MOVES.values() for to in move.leads_to}

    assert leads == set(S) - {S.RUNNING} | {S.RUNNING}
