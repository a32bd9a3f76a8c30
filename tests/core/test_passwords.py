"""Passwords made of what everybody knows of the house and of its people."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from propdesk.core.roles import Role
from tests.factories import PropertyFactory, member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "password",
    [
        "propdesk2026!",
        "Wuye-Jingli-1",
        "蓝湾公寓lanwan88",
        "值班经理2026年",
        "zhangxiaolan1",
        "20260077a",
        "13800005678a",
    ],
)
def test_password_of_the_house_or_its_owner_is_refused(password: str) -> None:
    prop = PropertyFactory(name="蓝湾公寓", code="lanwan")
    user = member(prop, Role.STAFF, username="20260077", name="zhangxiaolan", phone="13800005678")
    with pytest.raises(ValidationError):
        validate_password(password, user)


@pytest.mark.parametrize(
    "password", ["another-Password-2", "三只猫坐在蓝湾公寓的屋顶", "k7-fx-92-qd"]
)
def test_password_with_enough_of_its_own_is_kept(password: str) -> None:
    prop = PropertyFactory(name="蓝湾公寓", code="lanwan")
    validate_password(password, member(prop, Role.STAFF))
