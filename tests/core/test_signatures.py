"""The lock after wrong signing passwords, in the cache the application really uses."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection

from propdesk.core import signatures
from tests.factories import PASSWORD, UserFactory, at

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")


@pytest.fixture(autouse=True)
def _database_cache(settings):
    """Entries in the database, as in production; its counters forget their own time limit."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "test_signatures_cache",
            "TIMEOUT": 300,
        }
    }
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    call_command("createcachetable", verbosity=0)
    caches["default"].clear()


def refusal(user, password):
    with pytest.raises(ValidationError) as refused:
        signatures.check_password(user, password)
    return refused.value.code


@pytest.mark.parametrize(("minutes", "locked"), [(6, True), (14.9, True), (15.1, False)])
def test_lock_lasts_fifteen_minutes_from_the_last_wrong_try(minutes, locked):
    user = UserFactory()
    with time_machine.travel(T0, tick=False) as clock:
        tries = []
        for _each in range(signatures.MAX_WRONG):
            tries.append(refusal(user, "guess"))
            clock.shift(timedelta(minutes=1))
        clock.shift(timedelta(minutes=minutes - 1))

        if locked:
            assert refusal(user, PASSWORD) == "locked"
        else:
            signatures.check_password(user, PASSWORD)

    assert tries == ["wrong"] * signatures.MAX_WRONG


def test_wrong_tries_of_earlier_are_forgotten():
    user = UserFactory()
    with time_machine.travel(T0, tick=False) as clock:
        found = []
        for _each in range(signatures.MAX_WRONG * 2):
            found.append(refusal(user, "guess"))
            clock.shift(timedelta(minutes=5))
        signatures.check_password(user, PASSWORD)

    assert found == ["wrong"] * signatures.MAX_WRONG * 2


def test_what_a_colleague_gets_wrong_keeps_nobody_from_signing_elsewhere(caplog):
    user, colleague = UserFactory(), UserFactory()
    for _each in range(signatures.MAX_WRONG):
        with pytest.raises(ValidationError):
            signatures.check_password(user, "guess", typed_by=colleague)

    signatures.check_password(user, PASSWORD)
    signatures.check_password(user, PASSWORD, typed_by=UserFactory())
    with pytest.raises(ValidationError, match="15分钟"):
        signatures.check_password(user, PASSWORD, typed_by=colleague)
    assert f"signing locked user={user.pk} typed_by={colleague.pk}" in caplog.text
