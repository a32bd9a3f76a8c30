"""The page of a complaint shows a link only where its act is open to whoever looks at it."""

import pytest
from django.test import Client
from django.urls import reverse

from incidents import workflow
from incidents.models import Complaint
from propdesk.core.masks import phone
from propdesk.core.models import Unmasking, User
from tests.incidents.journey import GUEST, House

pytestmark = pytest.mark.django_db


def shown(user: User, complaint: Complaint) -> str:
    client = Client()
    client.force_login(user)
    return client.get(complaint.get_absolute_url()).content.decode()


# --- 查看完整号码 ---------------------------------------------------------------------------


def test_whole_number_carries_the_moment_it_is_masked_again() -> None:
    house = House()
    complaint = house.new()
    workflow.unmask(complaint, by=house.dm, reason="回电话")
    until = Unmasking.objects.get().until

    page = shown(house.dm, complaint)

    assert f'data-mask="{phone(GUEST.phone)}">{GUEST.phone}</span>' in page
    assert f'data-until="{until.astimezone().isoformat()[:10]}' in page
    assert "看完请刷新本页" in page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert GUEST.phone not in shown(house.pm, complaint)


def test_link_to_the_whole_number_is_for_whoever_may_ask_for_it() -> None:
    house = House()
    complaint = house.resolved()
    args = [house.prop.code, complaint.case.number, "unmask"]
    link = reverse("incidents:act", args=args)
    seen = {name: link in shown(getattr(house, name), complaint) for name in ("engineer", "dm")}
    assert seen == {"engineer": False, "dm": True}
