"""Mail: what becomes of it while its server is away, or does not want it."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from propdesk.core.channels import mailing, relay
from propdesk.core.models import Delivery
from propdesk.core.roles import Role
from tests.core.channels.rows import house, states, tell
from tests.factories import at, member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(at("2026-11-23 14:00"), tick=False) as moved:
        yield moved


def deliver():
    return relay.deliver(timezone.now())


@pytest.fixture
def server(settings, monkeypatch):
    """A mail server that can be away, or not want the mail to one person."""
    settings.PROPDESK_EMAIL_ENABLED = True
    cache.delete(mailing.PAUSED)
    real, behaviour = mailing.send_mail, {"asked": 0, "away": None}

    def send(subject, text, sender, to):
        behaviour["asked"] += 1
        if behaviour["away"] in (True, *to):
            raise behaviour.get("error", ConnectionRefusedError)
        return real(subject, text, sender, to)

    monkeypatch.setattr(mailing, "send_mail", send)
    return behaviour


def test_mail_waits_for_its_server_for_hours_and_is_sent_when_it_is_back(server, clock):
    prop = house()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    tell(prop, 3)
    server["away"] = True
    for _eight_minutes in range(6):
        deliver()
        clock.shift(480)
    rows = Delivery.objects.filter(channel="email")
    assert set(rows.values_list("state", "attempts")) == {("pending", 0)}
    assert "ConnectionRefusedError" in rows.exclude(error="").first().error
    server["away"] = False
    deliver()

    assert (states("email"), len(mail.outbox)) == (["sent"] * 3, 3)


def test_server_that_is_away_is_left_alone_for_its_minute(server, clock):
    prop = house()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    server["away"] = True
    tell(prop, 3)
    asked = []
    for _ten_seconds in range(13):
        deliver()
        asked.append(server["asked"])
        clock.shift(10)

    assert asked == [1] * 6 + [2] * 6 + [3]


def test_mail_on_which_the_server_hangs_up_stops_no_other_for_long(server, clock):
    prop = house()
    for name in ("a", "b"):
        member(prop, Role.DUTY_MANAGER, email=f"{name}@example.org")
    tell(prop)
    server["away"], server["error"] = "a@example.org", smtplib.SMTPServerDisconnected
    deliver()
    clock.shift(60)
    deliver()

    assert sorted(states("email")) == ["pending", "sent"]


def test_mail_whose_server_stays_away_is_given_up_after_a_day(server, clock):
    prop = house()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    server["away"] = True
    tell(prop, 2)
    deliver()
    clock.shift(timedelta(hours=24))
    deliver()

    assert states("email") == ["failed"] * 2


def test_mail_the_server_does_not_want_loses_its_tries(server):
    prop = house()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    server["away"], server["error"] = True, smtplib.SMTPDataError(554, b"no")
    tell(prop)
    deliver()

    assert Delivery.objects.get(channel="email").attempts == 1
    assert cache.get(mailing.PAUSED) is None
