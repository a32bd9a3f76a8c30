"""The page offers 归档 exactly when nothing stands in its way: of a drill, and after 特批, too."""

import re

import pytest
from django.urls import reverse

from emergencies import workflow
from emergencies.models import Event
from propdesk.core.models import User
from tests.emergencies import moves
from tests.emergencies.journey import House, fresh
from tests.emergencies.recording import signed_off, submitted
from tests.emergencies.test_pages import body, client_of

pytestmark = pytest.mark.django_db
W = workflow


def offered(event: Event, user: User) -> tuple[list[str], bool]:
    """What the page says is missing, and whether it offers to archive."""
    case = event.case
    page = body(client_of(user), event.get_absolute_url())
    archive = reverse("emergencies:act", args=[case.property.code, case.number, "archive"])
    return re.findall(r'id="([a-z]+-missing-\w+)"', page), f'href="{archive}"' in page


def test_drill_waits_for_its_record_alone() -> None:
    house = House()
    event = moves.drilled(house)
    assert offered(event, house.dm) == (["record-missing-drill_record"], False)

    signed_off(house, submitted(event, "drill_record", house.guard))

    assert offered(event, house.dm) == ([], True)
    W.archive(fresh(event), by=house.dm)
    assert fresh(event).status == "archived"


def test_what_a_manager_let_pass_does_not_keep_it_from_the_archive() -> None:
    house = House()
    event = moves.half_done(house)
    W.override_end(event, by=house.pm, summary="已恢复", reason="人手不够")
    papers = ["record-missing-outage_record", "record-missing-incident_report"]
    assert offered(event, house.dm) == (papers, False)
