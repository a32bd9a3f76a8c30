"""Taking over a guest of the same room: masked before, and his number is never shown."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse

from incidents.models import Complaint
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import PlaceFactory, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


def taken_over(client, house, room, typed_room):
    """The intake page after 就是这位 was pressed by somebody of the front desk."""
    person = house.new(guest=Guest("王晓梅", "ms", "13800005678", room=room)).guest
    client.force_login(member(house.prop, Role.FRONT_DESK))
    url = reverse("incidents:intake", args=[house.prop.code])
    return url, client.post(url, {"known": person.pk, "room": typed_room})


@pytest.mark.parametrize(
    ("guest", "shown"),
    [
        (Guest("王晓梅", "ms", "13800005678"), ["王女士", "138****5678"]),
        (Guest("王晓梅", "", "13800005678"), ["王*", "138****5678"]),
        (Guest("John Smith", "other", "010-12345678"), ["J*", "010-****5678"]),
        (Guest("欧阳晓梅", "teacher"), ["欧阳老师"]),
    ],
    ids=["ms", "no form of address", "foreign", "no number"],
)
def test_known_guest_is_masked_before_he_is_taken_over(client, guest, shown):
    house = House()
    room = PlaceFactory(property=house.prop, code="A-306")
    house.new(guest=replace(guest, room=room))
    client.force_login(member(house.prop, Role.FRONT_DESK))

    url = reverse("incidents:known_guests", args=[house.prop.code])
    html = client.get(url, {"room": "A-306"}).content.decode()

    (row,) = re.findall(r"<span><b>(.*?)</b>(?:<span class=\"meta\">(.*?)</span>)?</span>", html)
    assert [part for part in row if part] == shown
    hidden = [guest.name, *filter(None, [guest.phone])]
    assert [secret for secret in hidden if secret in html] == []


def test_known_guest_is_taken_over_without_showing_his_number(client):
    house = House()
    room = PlaceFactory(property=house.prop, code="A-306")

    url, page = taken_over(client, house, room, "A-306")

    html = page.content.decode()
    token = re.search(r'name="guest_token" value="([^"]+)"', html)
    assert ("王晓梅" in html, "13800005678" in html) == (True, False)
    data = {
        "room": "A-306",
        "name": "王晓梅",
        "words": "空调有异响",
        "severity": "normal",
        "channel": "phone",
        "guest_token": token.group(1),
    }
    client.post(url, data)
    newest = Complaint.objects.order_by("-pk").select_related("guest").first()
    assert (newest.guest.name, newest.guest.phone) == ("王晓梅", "13800005678")


def test_known_guest_of_another_room_is_not_taken_over(client):
    house = House()
    room = PlaceFactory(property=house.prop, code="A-306")
    PlaceFactory(property=house.prop, code="A-307")

    _url, page = taken_over(client, house, room, "A-307")

    html = page.content.decode()
    assert ("王晓梅" in html, "13800005678" in html) == (False, False)
