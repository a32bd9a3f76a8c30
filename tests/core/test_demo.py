"""The demo house: complete, repeatable, and only in an empty database."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from propdesk.core import demo
from propdesk.core.duty import on_duty
from propdesk.core.models import Membership, Place, Property, Shift, User
from propdesk.core.roles import Role, standing
from propdesk.core.transitions import ConflictError
from tests.factories import UserFactory
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def test_seed_empty_database_has_everybody_and_sixty_rooms() -> None:
    prop = demo.seed("demo-Password-1")

    held = set(Membership.objects.filter(property=prop).values_list("role", flat=True))
    assert held == {role.value for role in Role}
    assert Place.objects.filter(property=prop, kind=Place.Kind.ROOM).count() == 60
    assert Place.objects.get(code="A-305").label == "A座 3层 305"
    first = User.objects.get(username="1001")
    assert first.check_password("demo-Password-1")
    assert standing(first, prop).roles == {Role.DUTY_MANAGER}
    assert first.history.get().history_change_reason == demo.REASON


def test_seed_roster_covers_now_for_each_watch() -> None:
    prop = demo.seed("demo-Password-1")

    now = timezone.now()
    watches = {role: len(on_duty(prop, role, at=now)) for role in demo.ROSTER}
    assert watches == {Role.DUTY_MANAGER: 1, Role.SECURITY: 1, Role.DUTY_ENGINEER: 1}
    assert Shift.objects.filter(property=prop).count() == 27


def test_seed_second_time_changes_nothing() -> None:
    first = demo.seed("demo-Password-1")
    second = demo.seed("another-Password-2")

    assert second == first
    assert User.objects.count() == len(demo.STAFF)
    assert User.objects.get(username="1001").check_password("demo-Password-1")


def test_seed_database_in_use_is_refused() -> None:
    UserFactory()

    with refuses(ConflictError):
        demo.seed("demo-Password-1")
    with refuses(CommandError):
        call_command("demo")
    assert Property.objects.count() == 0


def test_demo_command_generated_password_opens_the_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PROPDESK_DEMO_PASSWORD", raising=False)
    out = StringIO()

    call_command("demo", stdout=out, verbosity=0)

    password = out.getvalue().strip().rpartition("：")[2]
    assert User.objects.get(username="1099").check_password(password)


def test_demo_command_takes_the_password_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROPDESK_DEMO_PASSWORD", "from-the-environment-1")

    call_command("demo", stdout=StringIO())

    assert User.objects.get(username="1099").check_password("from-the-environment-1")
