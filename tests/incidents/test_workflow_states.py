"""Every act × every state: possible exactly where the table says, refused whole elsewhere."""

import pytest
from django.db import transaction

from incidents.models import Complaint
from incidents.workflow import MOVES
from propdesk.core import audit, signatures
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import CaseFactory, fresh, member
from tests.incidents import moves
from tests.incidents.journey import House, drawn
from tests.incidents.moves import fingerprint

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
WITHIN = {
    "extend_again": "extend",
    "lower_severity": "change_severity",
    "not_told_anonymous": "tell_options",
}
"""Grants asked for inside an act of another name."""
STATES_OF = {
    act.action: MOVES[WITHIN.get(act.action, act.action)]
    for act in moves.ACTS
    if act.action != "intake"
}


def second_manager(house: House):
    """A property manager who has written nothing yet and may therefore do everything."""
    user = member(house.prop, Role.PROPERTY_MANAGER)
    signatures.keep(user, drawn())
    return fresh(user)


@pytest.mark.parametrize("status", Complaint.Status.values)
def test_act_in_any_other_state_conflicts_and_changes_nothing(status):
    house = House()
    complaint = house.at(status)
    by = second_manager(house)
    moves.option_of(house, complaint)
    moves.report_of(house, complaint)
    moves.photo_of(house, complaint)
    CaseFactory(property=house.prop, number=moves.OTHER)
    acts = {
        name: act
        for name, act in moves.BY_ID.items()
        if act.action in STATES_OF and status not in STATES_OF[act.action].states
    }
    before = fingerprint()
    outcome = {}

    for name, act in acts.items():
        with pytest.raises(ConflictError) as refusal, transaction.atomic():
            act.do(house, complaint, by)
        state = complaint.get_status_display()
        outcome[name] = f"现在是“{state}”" in str(refusal.value) or name, fingerprint() == before

    assert outcome == dict.fromkeys(acts, (True, True))


@pytest.mark.parametrize("name", sorted(set(moves.BY_ID) - {"intake-intake"}))
def test_act_leads_where_the_table_says_and_leaves_one_intact_chain(name):
    act = moves.BY_ID[name]
    house = House()
    complaint = act.ready(house)
    complaint.refresh_from_db()
    complaint.case.refresh_from_db()
    status, number, entries = complaint.status, complaint.case.number, complaint.case.version

    act.do(house, complaint, fresh(house.gm if act.action == "override" else second_manager(house)))

    complaint = Complaint.objects.select_related("case").get(pk=complaint.pk)
    assert complaint.status in (STATES_OF[act.action].leads_to or (status,))
    assert complaint.case.number == number
    assert complaint.case.version > entries
    assert complaint.case.entries.count() == complaint.case.version
    assert audit.problems(complaint.case) == []


def test_table_of_states_and_of_acts_name_the_same():
    reached = {act.action for act in moves.ACTS} - {"intake", *WITHIN}

    assert reached == set(MOVES)


@pytest.mark.parametrize("status", Complaint.Status.values)
def test_table_of_states_leaves_a_way_on_from_every_state_but_the_last(status):
    ways = {to for move in MOVES.values() if status in move.states for to in move.leads_to}

    assert (ways - {status} == set()) == (status == Complaint.Status.VOIDED)
