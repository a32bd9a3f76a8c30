"""Every act × every state of a found thing: possible exactly where the table says, refused whole elsewhere."""

import pytest
from django.db import transaction

from lostfound.models import FoundItem
from lostfound.workflow import MOVES
from propdesk.core import audit, signatures
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import CaseFactory, member
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import fingerprint
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, S

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
BY_ID = {
    name: act
    for name, act in (moves.BY_ID | claiming.BY_ID).items()
    if act.name not in {"log", "set_policy"}
}
"""Acts on a thing; the two left out are acts of the house."""
BY_SWEEP = {"expire"}
NAMED_ONLY = {"cosign"}
"""Only the two named people may; they have tests of their own."""


def another_general_manager(house: House):
    """Somebody who has written nothing yet and may therefore do everything."""
    user = member(house.prop, Role.GENERAL_MANAGER)
    signatures.keep(user, drawn())
    return read(user)


@pytest.mark.parametrize("status", FoundItem.Status.values)
def test_act_in_any_other_state_conflicts_and_changes_nothing(status):
    house = House()
    item = claiming.at(house, status)
    by = another_general_manager(house)
    moves.photo_of(item)
    claiming.claim_of(item)
    CaseFactory(property=house.prop, number=moves.OTHER, created_by=house.dm)
    item.finder_id = item.finder_id or 0
    acts = {name: act for name, act in BY_ID.items() if status not in MOVES[act.action].states}
    before = fingerprint()
    outcome = {}

    for name, act in acts.items():
        with pytest.raises(ConflictError) as refusal, transaction.atomic():
            act.do(house, item, by)
        state = item.get_status_display()
        outcome[name] = f"现在是“{state}”" in str(refusal.value) or str(refusal.value)

    assert outcome == dict.fromkeys(acts, True)
    assert fingerprint() == before


@pytest.mark.parametrize("name", sorted(set(BY_ID) - NAMED_ONLY))
def test_act_leads_where_the_table_says_and_leaves_one_intact_chain(name):
    act = BY_ID[name]
    house = House()
    item = act.ready(house)
    item.case.refresh_from_db()
    status, number, entries = item.status, item.case.number, item.case.version

    by = house.cleaner if act.name == "hand_in" else another_general_manager(house)
    act.do(house, item, by)

    item = FoundItem.objects.select_related("case").get(pk=item.pk)
    assert item.status in (MOVES[act.action].leads_to or (status,))
    assert item.case.number == number
    assert item.case.version > entries
    assert item.case.entries.count() == item.case.version
    assert audit.problems(item.case) == []
    assert item.custody.filter(ended_at=None).count() == 1


def test_table_of_states_and_of_acts_name_the_same():
    assert {act.action for act in BY_ID.values()} == set(MOVES) - BY_SWEEP


@pytest.mark.parametrize("status", FoundItem.Status.values)
def test_table_of_states_leaves_a_way_on_from_every_state_but_the_last(status):
    ways = {to for move in MOVES.values() if status in move.states for to in move.leads_to}
    by_paper = {S.EXPIRED, S.DISPOSING}  # 《过期失物处理审批单》 carries them on
    ended = {S.RETURNED, S.DISPOSED, S.POLICE, S.VOIDED}

    assert (ways - {status} == set() and status not in by_paper) == (status in ended)
