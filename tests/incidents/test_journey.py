"""The main road: A to J to a signed report and a closed case."""

import pytest

from incidents.models import Complaint
from propdesk.core import audit
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", Complaint.Status.values)
def test_journey_reaches_every_state_with_an_intact_chain(status):
    complaint = House().at(status)

    assert complaint.status == status
    assert audit.problems(complaint.case) == []
