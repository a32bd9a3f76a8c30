"""The pages of the event desk: they open in every state, one tap acts, nothing typed is lost."""

import pytest
from django.test import Client

from emergencies.models import Kind
from tests.emergencies.journey import House

pytestmark = pytest.mark.django_db


def client_of(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


@pytest.mark.parametrize("kind", Kind.values)
def test_detail_opens_for_every_kind(kind: str) -> None:
    house = House()
    event = house.started(kind)
    response = client_of(house.dm).get(event.get_absolute_url())
    assert response.status_code == 200
