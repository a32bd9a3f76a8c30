"""交接班: what the leaving side follows up passes to who takes over, whole or not at all."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import workflow
from incidents.models import Complaint
from incidents.permissions import ACTIONS
from incidents.workflow import MOVES
from propdesk.core import audit
from propdesk.core.roles import Role
from tests.factories import PropertyFactory, member
from tests.incidents.journey import House, fresh
from tests.incidents.moves import fingerprint

pytestmark = pytest.mark.django_db


def taken(house: House, *complaints: Complaint, by, prop=None) -> list[Complaint]:
    ids = [complaint.pk for complaint in complaints]
    leaving = {complaint.owner_id for complaint in complaints}
    return workflow.take_over(prop or house.prop, ids, leaving, by=by, reason="交接班")


@pytest.mark.parametrize("status", Complaint.Status.values)
def test_complaint_passes_in_the_states_of_a_hand_over_and_in_no_other(status):
    house = House()
    complaint = house.at(status)
    by = member(house.prop, Role.DUTY_MANAGER)
    before = fingerprint()

    moved = taken(house, complaint, by=by)

    passes = status in MOVES["hand_over"].states
    assert moved == ([complaint] if passes else [])
    assert (fresh(complaint).owner == by) == passes
    assert (fingerprint() == before) != passes
    assert audit.problems(fresh(complaint).case) == []


@pytest.mark.parametrize("role", Role.values)
def test_complaints_pass_to_the_roles_of_the_table_and_to_nobody_else(role):
    house = House()
    complaint = house.recorded()
    by = member(house.prop, role)
    before = fingerprint()

    if ACTIONS["hand_over"].allows(frozenset({role}), owns=False, assigned=False):
        assert taken(house, complaint, by=by) == [complaint]
        return
    with pytest.raises(PermissionDenied):
        taken(house, complaint, by=by)

    assert fingerprint() == before


def test_complaint_of_who_stays_and_of_another_house_stays_where_it_is():
    house, elsewhere = House(), PropertyFactory()
    complaint = house.recorded()
    guest = member(elsewhere, Role.DUTY_MANAGER)
    by = member(house.prop, Role.DUTY_MANAGER)
    before = fingerprint()

    assert taken(house, complaint, by=guest, prop=elsewhere) == []
    assert workflow.take_over(house.prop, [complaint.pk], [by.pk], by=by, reason="交接班") == []
    with pytest.raises(PermissionDenied):
        taken(house, complaint, by=guest)

    assert fingerprint() == before


def test_statements_do_not_grow_with_the_complaints():
    house = House()
    counts = []
    for n in (1, 3):
        rows = [house.recorded() for _ in range(n)]
        by = member(house.prop, Role.DUTY_MANAGER)
        with CaptureQueriesContext(connection) as queries:
            assert taken(house, *rows, by=by) == rows
        counts.append(len(queries))

    assert counts[0] == counts[1]
