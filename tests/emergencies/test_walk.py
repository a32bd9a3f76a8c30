"""The walk of the tests itself: every kind can be ended when everything that applies was done."""

import pytest

from emergencies import workflow
from emergencies.models import Kind
from propdesk.core import audit
from tests.emergencies.journey import House, S, board, fresh

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", Kind.values)
def test_event_with_everything_done_ends_and_its_chain_holds(kind):
    house = House()
    event = house.ready(kind)

    assert board(event).missing("handling") == ()
    workflow.end(event, by=event.commander, summary="已处置完毕")

    assert fresh(event).status == S.SIGNING
    assert audit.problems(fresh(event).case) == []
