"""The relay against robots that behave, and robots that do not."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db.models import Q
from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import outbox, relay, routing, sending, transport
from propdesk.core.channels.adapters import Outcome, Verdict
from propdesk.core.models import Delivery, Robot, RobotMeter
from propdesk.core.roles import Role
from tests.core.channels.fakes import PATHS, is_signed
from tests.core.channels.rows import house, robot_of, states, tell
from tests.factories import CaseFactory, UserFactory, at, member

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(T0, tick=False) as moved:
        yield moved


def deliver():
    return relay.deliver(timezone.now())


@pytest.mark.parametrize("kind", list(PATHS))
def test_notice_arrives_with_number_kind_time_left_and_link(robots, settings, kind):
    settings.PROPDESK_PUBLIC_URL = "https://desk.example.org"
    prop = house(code="lanwan")
    robot_of(robots, prop, kind)
    case = CaseFactory(property=prop, number="TS-20261123-004")
    notices.notify(
        case,
        Role.DUTY_MANAGER,
        rule="incidents.due_soon",
        text="【即将到期】TS-20261123-004 · 设施类",
        key="k",
        due_at=T0 + timedelta(minutes=30),
    )

    assert deliver() == 2

    (got,) = robots.got
    assert got.text == (
        "【即将到期】TS-20261123-004 · 设施类 · 剩余 30分\n"
        "https://desk.example.org/p/lanwan/incidents/TS-20261123-004/"
    )
    assert kind == "wecom" or is_signed(got, robots.key)
    assert states() == ["sent"]


def test_other_system_gets_the_facts(robots):
    prop = house(code="lanwan")
    robot_of(robots, prop, "webhook")
    tell(prop, urgent=True, due_at=T0)
    case = Delivery.objects.get().notice.case
    deliver()

    facts = robots.got[0].data
    assert facts.pop("text") == f"【逾期通知】{case.number} · 投诉 · 剩余 不到1分钟"
    assert facts == {
        "id": Delivery.objects.get(channel="robot").pk,
        "property": "lanwan",
        "rule": "incidents.overdue",
        "number": case.number,
        "urgent": True,
        "due_at": T0.isoformat().replace("+08:00", "+00:00").replace("T14", "T06"),
        "created_at": "2026-11-23T06:00:00+00:00",
        "sent_at": timezone.now().isoformat(),
        "url": "",
    }


@pytest.mark.parametrize("kind", ["wecom", "webhook"])
def test_restricted_case_is_neither_named_nor_numbered(robots, settings, kind):
    settings.PROPDESK_PUBLIC_URL = "https://desk.example.org"
    prop = house(code="lanwan")
    robot_of(robots, prop, kind)
    case = CaseFactory(property=prop, number="SJ-20261123-001", kind="event", restricted=True)
    text = "【演练】【紧急】SJ-20261123-001 · 保密事项"
    notices.notify(case, Role.DUTY_MANAGER, rule="emergencies.call", text=text, key="k", due_at=T0)
    deliver()

    assert robots.got[0].text == (
        "【演练】有一件保密事项待您处理\nhttps://desk.example.org/p/lanwan/notices/"
    )
    assert "SJ-" not in robots.got[0].body.decode()
    assert "emergencies" not in robots.got[0].body.decode()


def test_more_than_five_become_one_message_and_each_row_says_so(robots):
    prop = house()
    robot_of(robots, prop)
    tell(prop, 7)

    assert deliver() == 14

    (got,) = robots.got
    lines = got.text.splitlines()
    assert (lines[0], len(lines)) == ("【汇总】7 条提醒", 8)
    assert set(Delivery.objects.filter(channel="robot").values_list("state", "in_digest")) == {
        ("sent", True)
    }


def test_digest_that_is_too_long_says_how_many_are_left_out(robots):
    prop = house()
    robot_of(robots, prop)
    tell(prop, 60)
    deliver()

    text = robots.got[0].text
    assert len(text.encode()) <= 2048
    shown = text.count("逾期通知")
    assert text.splitlines()[-1] == f"……还有 {60 - shown} 条，请到系统里看"


def test_six_mails_to_one_person_become_one_and_another_person_gets_his_own(settings):
    settings.PROPDESK_EMAIL_ENABLED = True
    prop = house()
    member(prop, Role.DUTY_MANAGER, email="a@example.org")
    tell(prop, 6)
    one = CaseFactory(property=prop)
    other = UserFactory(email="b@example.org")
    notices.notify(one, rule="x", text="【提醒】一", key="k", also=[other])
    deliver()

    sent = {message.to[0]: message.subject for message in mail.outbox}
    assert sent == {"a@example.org": "【汇总】6 条提醒", "b@example.org": "【提醒】一"}
    assert len(mail.outbox) == 2


def test_person_who_left_gets_no_mail_and_the_row_says_why(settings):
    settings.PROPDESK_EMAIL_ENABLED = True
    prop = house()
    leaver = member(prop, Role.SECURITY, email="a@example.org")
    notices.notify(CaseFactory(property=prop), rule="x", text="x", key="k", also=[leaver])
    leaver.is_active = False
    leaver.save(update_fields=["is_active"])
    deliver()

    row = Delivery.objects.get(channel="email")
    assert (mail.outbox, row.state, row.error) == ([], "failed", "收件人已停用或没有邮箱")


def test_robot_gets_no_more_than_its_minute_allows(robots, clock):
    prop = house()
    robot_of(robots, prop, "webhook", per_minute=20)
    tell(prop, 30)
    counts = []
    for _half_minute in range(6):
        deliver()
        counts.append(len(robots.got))
        clock.shift(30)

    assert counts == [10, 15, 20, 25, 30, 30]


@pytest.mark.parametrize(
    ("behaviour", "kind", "pause"),
    [("limited", "wecom", 60), ("limited", "dingtalk", 600), ("limited", "webhook", 90)],
)
def test_limited_robot_is_left_alone_and_the_message_keeps_its_tries(
    robots, clock, behaviour, kind, pause
):
    robots.behaviour = behaviour
    prop = house()
    robot_of(robots, prop, kind)
    tell(prop, 3)
    deliver()
    clock.shift(pause - 1)
    deliver()
    row = Delivery.objects.filter(channel="robot").first()
    assert (len(robots.got), row.state, row.attempts) == (1, "pending", 0)
    assert "发得太快" in row.error

    robots.behaviour = "right"
    clock.shift(1)
    deliver()

    assert (states(), Delivery.objects.filter(channel="robot").first().error) == (["sent"] * 3, "")
    assert RobotMeter.objects.get().error == ""


@pytest.mark.parametrize("behaviour", ["error", "garbage", "busy", "hangs_up", "silent", "drip"])
def test_ill_robot_is_tried_again_with_growing_gaps_and_given_up(
    robots, clock, monkeypatch, behaviour
):
    monkeypatch.setattr(transport, "SECONDS", 0.1)
    robots.behaviour = behaviour
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    tried = []
    for minute in range(40):
        before = len(robots.got)
        deliver()
        tried += [minute] * (len(robots.got) - before)
        clock.shift(60)

    row = Delivery.objects.get(channel="robot")
    assert (tried, row.state, row.attempts) == ([0, 1, 6, 36], "failed", 4)
    assert row.error
    assert states("inbox") == ["sent"]


def test_ill_robot_costs_those_behind_it_no_try(robots):
    robots.behaviour = "error"
    prop = house()
    robot_of(robots, prop)
    tell(prop, 3)
    deliver()

    rows = Delivery.objects.filter(channel="robot").order_by("pk")
    assert list(rows.values_list("attempts", flat=True)) == [1, 0, 0]
    assert rows.filter(next_try_at__lte=T0).count() == 2


def test_ill_robot_stops_no_other(robots):
    robots.behaviour = {"wecom": "error", "feishu": "right"}
    prop = house()
    robot_of(robots, prop)
    robot_of(robots, prop, "feishu")
    tell(prop)
    deliver()

    states = dict(Delivery.objects.exclude(robot=None).values_list("robot__kind", "state"))
    assert states == {"wecom": "pending", "feishu": "sent"}


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [("wrong", "wecom"), ("wrong", "dingtalk"), ("wrong", "feishu"), ("wrong", "webhook")]
    + [("redirect", kind) for kind in ("wecom", "webhook")],
)
def test_refused_message_reads_failed_at_once(robots, behaviour, kind):
    robots.behaviour = behaviour
    prop = house()
    robot_of(robots, prop, kind)
    tell(prop)
    deliver()

    row = Delivery.objects.get(channel="robot")
    assert (row.state, row.attempts, len(robots.got)) == ("failed", 1, 1)
    assert row.error.startswith("对方不收")
    assert RobotMeter.objects.get().error == row.error


def test_secret_that_cannot_be_opened_or_host_no_longer_allowed_is_said(robots, settings):
    prop = house()
    robot_of(robots, prop, "webhook")
    settings.PROPDESK_WEBHOOK_HOSTS = ["elsewhere.example.org"]
    tell(prop)
    deliver()
    settings.SECRET_KEY = "another"
    tell(prop)
    deliver()

    errors = Delivery.objects.filter(channel="robot").order_by("pk").values_list("error", flat=True)
    assert list(errors) == [
        "只能发到 elsewhere.example.org。",
        "密钥已不能打开，请重新填写网址和密钥",
    ]
    assert robots.got == []


def test_confirmed_while_it_waited_is_sent_no_more(robots, clock):
    robots.behaviour = "error"
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    deliver()
    row = Delivery.objects.get(channel="inbox")
    notices.acknowledge(row, by=row.recipient)
    robots.behaviour = "right"
    clock.shift(3600)
    deliver()

    assert (len(robots.got), states()) == (1, ["acknowledged"])


def test_result_of_a_relay_that_was_overtaken_does_not_count(robots, monkeypatch):
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    real = sending.send

    def confirmed_meanwhile(*args):
        Delivery.objects.filter(channel="robot").update(state="acknowledged")
        return real(*args)

    monkeypatch.setattr(sending, "send", confirmed_meanwhile)
    deliver()

    assert states() == ["acknowledged"]


def test_rows_of_a_dead_relay_go_to_the_next_after_their_time(robots, clock, monkeypatch):
    prop = house()
    robot_of(robots, prop)
    tell(prop)

    def die(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    clock.shift(outbox.CLAIM - timedelta(seconds=1))
    assert (deliver(), states()) == (0, ["pending"])
    clock.shift(1)

    assert (deliver(), states(), len(robots.got)) == (1, ["sent"], 1)


def test_run_that_is_over_time_puts_back_what_it_did_not_send(robots, monkeypatch):
    prop = house()
    robot_of(robots, prop)
    tell(prop, 3)
    moments = iter([0.0, 0.0, 0.0, 0.0, 0.0])
    monkeypatch.setattr(sending.time, "monotonic", lambda: next(moments, 99.0))
    deliver()

    assert len(robots.got) < 3
    waiting = Delivery.objects.filter(channel="robot", state="pending")
    assert waiting.filter(next_try_at__lte=T0, attempts=0).count() == 3 - len(robots.got)


def test_secret_is_never_logged(robots, caplog):
    caplog.set_level(logging.DEBUG)
    prop = house()
    for kind in PATHS:
        robot_of(robots, prop, kind)
    tell(prop)
    for behaviour in ("right", "wrong", "error", "limited"):
        robots.behaviour = behaviour
        RobotMeter.objects.update(paused_until=None, tokens=9)
        tell(prop)
        deliver()

    assert len(robots.got) > 10
    for secret in (robots.key, "key=k1", "access_token", "hook/k3", robots.place):
        assert secret not in caplog.text
        assert not Delivery.objects.filter(error__contains=secret).exists()


@pytest.mark.parametrize("hours", [23, 25])
@pytest.mark.parametrize(("behaviour", "why"), [("limited", "发得太快"), ("error", "对方服务")])
def test_what_waits_a_day_for_a_robot_that_takes_nothing_is_given_up(
    robots, clock, hours, behaviour, why
):
    robots.behaviour = behaviour
    prop = house()
    robot_of(robots, prop)
    tell(prop, 3)
    deliver()
    clock.shift(timedelta(hours=hours))
    tell(prop)
    deliver()

    gone = "failed" if hours > 24 else "pending"
    assert states() == [gone] * 3 + ["pending"]
    errors = Delivery.objects.filter(state="failed").values_list("error", flat=True)
    assert {error[:4] for error in errors} == ({why} if hours > 24 else set())


@pytest.mark.parametrize("end", ["expired", "switched_off"])
def test_what_another_relay_has_in_hand_is_not_given_up(robots, clock, end):
    prop = house()
    robot = robot_of(robots, prop)
    tell(prop)
    routing.route(timezone.now())
    clock.shift(timedelta(hours=25))
    taken = timezone.now()
    (parcel,) = sending._claim(robot.pk, taken).parcels
    clock.shift(1)
    if end == "expired":
        outbox.expire(Q(robot=robot), "对方服务器出错", timezone.now())
    else:
        Robot.objects.filter(pk=robot.pk).update(is_active=False)
        deliver()

    assert outbox.record(parcel, Verdict(Outcome.SENT), taken) == 1
    assert states() == ["sent"]


def test_day_of_what_was_sent_again_begins_then(robots, clock):
    robots.behaviour = "limited"
    prop = house()
    robot_of(robots, prop)
    tell(prop)
    deliver()
    clock.shift(timedelta(hours=25))
    now = timezone.now()
    by = member(prop, Role.PROPERTY_MANAGER)
    Delivery.objects.filter(channel="robot").update(resent_at=now, resent_by=by, next_try_at=now)
    deliver()

    assert states() == ["pending"]


def test_what_was_queued_while_its_robot_was_switched_off_is_given_up(robots):
    prop = house()
    robot = robot_of(robots, prop)
    tell(prop)
    # Read as active by the relay that queues, switched off before it writes.
    routing.route(timezone.now())
    Robot.objects.filter(pk=robot.pk).update(is_active=False)
    deliver()

    row = Delivery.objects.get(channel="robot")
    assert (row.state, row.error, robots.got) == ("failed", "渠道已停用", [])
