"""The outbox: written with the change, handed on later, shown once."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import mailing, outbox, relay, routing
from propdesk.core.models import Delivery, Notice
from propdesk.core.notices import Message
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError
from tests.factories import CaseFactory, PropertyFactory, UserFactory, at, member
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")


@pytest.fixture(autouse=True)
def _by_day():
    """At night mail waits for the morning, whenever the tests are run."""
    with time_machine.travel(T0):
        yield


def tell(case, *users, key="k", **changes):
    return notices.notify(case, rule="r", text="【提醒】TS-1", key=key, also=users, **changes)


def states():
    return list(Delivery.objects.order_by("id").values_list("channel", "state"))


def test_notice_reaches_each_person_once_whatever_the_ways():
    prop = PropertyFactory()
    case = CaseFactory(property=prop)
    both = member(prop, Role.DUTY_MANAGER, Role.PROPERTY_MANAGER)

    told = notices.notify(
        case,
        Role.DUTY_MANAGER,
        Role.PROPERTY_MANAGER,
        rule="r",
        text="x",
        key="k",
        also=[both, UserFactory(is_active=False)],
    )

    assert told == 1
    assert list(Notice.objects.values_list("recipient", flat=True)) == [both.pk]


def test_notice_leaves_out_whoever_caused_it():
    case, one, two = CaseFactory(), UserFactory(), UserFactory()

    assert tell(case, one, two, except_for=one) == 1
    assert Notice.objects.get().recipient == two


def test_same_key_is_told_once_and_another_case_has_its_own():
    one, two, user = CaseFactory(), CaseFactory(), UserFactory()

    assert [tell(one, user), tell(one, user), tell(two, user)] == [1, 0, 1]
    assert (Notice.objects.count(), Delivery.objects.count()) == (2, 2)


def test_new_recipient_of_an_old_key_is_told_alone():
    case, one, two = CaseFactory(), UserFactory(), UserFactory()
    tell(case, one)

    assert tell(case, one, two) == 1
    assert Delivery.objects.filter(recipient=one).count() == 1


def test_rolled_back_change_tells_nobody():
    case, user = CaseFactory(), UserFactory()

    with transaction.atomic():
        tell(case, user)
        transaction.set_rollback(True)

    assert (Notice.objects.count(), relay.deliver(timezone.now())) == (0, 0)


def test_notice_without_anybody_to_tell_is_none():
    assert (tell(CaseFactory()), notices.put([]), Notice.objects.count()) == (0, 0, 0)


def test_long_text_is_cut_to_the_column():
    case, user = CaseFactory(), UserFactory()

    notices.notify(case, rule="r", text="字" * 500, key="k", also=[user])

    assert len(Notice.objects.get().text) == 200


def test_delivery_is_sent_once():
    tell(CaseFactory(), UserFactory())

    assert [relay.deliver(timezone.now()) for _twice in range(2)] == [1, 0]
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.sent_at is None) == ("sent", 1, False)


def test_merged_notice_is_written_and_not_sent():
    prop, user = PropertyFactory(), UserFactory()

    notices.put([Message(prop, "r", "x", "k", (user,), merged=True)])

    assert (relay.deliver(timezone.now()), states()) == (0, [("inbox", "merged")])


@pytest.mark.parametrize(
    ("enabled", "email", "channels"),
    [
        (True, "a@example.org", ["inbox", "email"]),
        (True, "", ["inbox"]),
        (False, "a@example.org", ["inbox"]),
    ],
)
def test_mail_goes_to_people_with_an_address_in_a_house_that_mails(
    settings, enabled, email, channels
):
    settings.PROPDESK_EMAIL_ENABLED = enabled
    tell(CaseFactory(), UserFactory(email=email))

    relay.deliver(timezone.now())

    assert [channel for channel, _state in states()] == channels
    assert [m.to for m in mail.outbox] == [[email]] * channels.count("email")


def test_mail_that_fails_is_tried_again_with_growing_gaps_and_given_up(settings, monkeypatch):
    settings.PROPDESK_EMAIL_ENABLED = True
    calls = []

    def refuse(*args, **kwargs):
        calls.append(timezone.now() - T0)
        raise smtplib.SMTPDataError(554, b"no")

    monkeypatch.setattr(mailing, "send_mail", refuse)
    with time_machine.travel(T0, tick=False) as clock:
        tell(CaseFactory(), UserFactory(email="a@example.org"))
        for _minute in range(60):
            relay.deliver(timezone.now())
            clock.shift(60)

    assert [gap.total_seconds() / 60 for gap in calls] == [0, 1, 6, 36]
    row = Delivery.objects.get(channel="email")
    assert (row.state, row.attempts, row.error) == (
        "failed",
        4,
        "邮件没有发出（SMTPDataError）",
    )
    assert Delivery.objects.get(channel="inbox").state == "sent"


def test_deliveries_go_in_batches_until_none_is_left(monkeypatch):
    monkeypatch.setattr(routing, "BATCH", 3)
    tell(CaseFactory(), *[UserFactory() for _each in range(8)])

    assert relay.deliver(timezone.now()) == 8


def test_acknowledgement_is_the_recipients_and_once():
    user, other = UserFactory(), UserFactory()
    tell(CaseFactory(), user)
    row = Delivery.objects.get()

    with refuses(ConflictError):
        notices.acknowledge(row, by=other)
    done = notices.acknowledge(row, by=user)

    assert (done.state, done.acknowledged_at is None) == ("acknowledged", False)
    with refuses(ConflictError):
        notices.acknowledge(row, by=user)
    assert relay.deliver(timezone.now() + timedelta(days=1)) == 0


def test_statements_do_not_grow_with_the_messages():
    prop, users = PropertyFactory(), tuple(UserFactory() for _each in range(3))

    def count(n):
        with CaptureQueriesContext(connection) as captured:
            notices.put(Message(prop, "r", "x", f"{n}-{i}", users) for i in range(n))
        return len(captured)

    assert (count(2), count(40)) == (3, 3)


def test_search_for_new_notices_does_not_grow_with_the_outbox(as_owner):
    case, users = CaseFactory(), [UserFactory() for _each in range(3)]
    Notice.objects.bulk_create(
        Notice(
            property=case.property,
            recipient=users[n % 3],
            rule="r",
            text="x",
            created_at=T0,
            key=f"old-{n}",
        )
        for n in range(3000)
    )
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE core_notice")
    with CaptureQueriesContext(connection) as captured:
        tell(case, users[0])
    looked_up = next(q["sql"] for q in captured if q["sql"].startswith("SELECT"))

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + looked_up)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on core_notice " not in plan
    assert "core_notice_once" in plan


def test_one_mail_that_cannot_be_sent_stops_no_other(settings, monkeypatch):
    settings.PROPDESK_EMAIL_ENABLED = True
    bad, good = UserFactory(email="bad@example.org"), UserFactory(email="ok@example.org")
    tell(CaseFactory(), bad, good)
    told = []

    def pick(_subject, _text, _sender, to):
        if to == [bad.email]:
            raise ValueError
        told.extend(to)

    monkeypatch.setattr(mailing, "send_mail", pick)
    relay.deliver(timezone.now())

    rows = Delivery.objects.filter(channel="email")
    assert told == [good.email]
    assert (rows.get(recipient=bad).state, rows.get(recipient=bad).error) == (
        "pending",
        "邮件没有发出（ValueError）",
    )
    assert rows.get(recipient=good).state == "sent"


def test_batch_ends_with_the_first_lost_connection_and_costs_no_attempt(settings, monkeypatch):
    settings.PROPDESK_EMAIL_ENABLED = True
    tell(CaseFactory(), *[UserFactory(email=f"{n}@example.org") for n in range(3)])
    now = timezone.now()

    def refuse(*_args):
        assert set(rows.values_list("next_try_at", flat=True)) == {now + outbox.CLAIM}
        raise ConnectionRefusedError

    rows = Delivery.objects.filter(channel="email")
    monkeypatch.setattr(mailing, "send_mail", refuse)
    relay.deliver(now)

    assert list(rows.order_by("id").values_list("attempts", flat=True)) == [0, 0, 0]
    assert rows.filter(next_try_at__lte=now).count() == 2
    assert set(states()) == {("inbox", "sent"), ("email", "pending")}


def test_run_ends_when_its_time_is_over(settings, monkeypatch):
    settings.PROPDESK_EMAIL_ENABLED = True
    monkeypatch.setattr(relay, "BUDGET", 0.0)
    tell(CaseFactory(), UserFactory(email="a@example.org"))

    assert relay.deliver(timezone.now()) == 0
    assert set(states()) == {("inbox", "pending")}
