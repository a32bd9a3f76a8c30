"""通知渠道: who may add, change and try a robot, and what is kept of its secret."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from propdesk.core.channels import relay, resending, sending
from propdesk.core.channels import robots as robots_module
from propdesk.core.channels.adapters import Secret
from propdesk.core.models import Delivery, Robot, RobotMeter
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.core.channels.rows import house, robot_of, states, tell
from tests.factories import PropertyFactory, member
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
MAY = {Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER, Role.ADMIN}


def values(**changed):
    levels = dict.fromkeys(("events", "complaints", "found", "papers"), "all")
    return {"name": "值班群", "roles": [], "per_minute": 20, "is_active": True} | levels | changed


def manager(prop):
    return member(prop, Role.PROPERTY_MANAGER)


def test_secret_is_stored_encrypted_and_in_no_history(robots):
    prop = house()
    secret = Secret(robots.url("dingtalk"), "SECabc-sign-key")
    row = robots_add(prop, "dingtalk", secret)

    assert (row.host, sending.opened(row)) == (robots.place, secret)
    assert b"SECabc" not in bytes(row.secret)
    assert b"access_token" not in bytes(row.secret)
    entry = row.history.get()
    assert (entry.history_change_reason, hasattr(entry, "secret")) == ("新建通知渠道", False)
    assert RobotMeter.objects.get().tokens == 10
    # A row copied to another house opens nothing there.
    row.property = PropertyFactory()
    assert sending.opened(row) is None


def robots_add(prop, kind, secret, **changed):
    return robots_module.add(prop, kind, secret, values(**changed), by=manager(prop))


@pytest.mark.parametrize("role", list(Role))
def test_act_is_for_who_administers_the_house(robots, role):
    prop = house()
    by, row = member(prop, role), robot_of(robots, prop)
    secret = Secret(robots.url("wecom"))
    acts = [
        lambda: robots_module.add(prop, "wecom", secret, values(), by=by),
        lambda: robots_module.change(row, values(name="新名"), by=by, reason="改名"),
        lambda: robots_module.test(row, by=by),
    ]
    for act in acts:
        if role in MAY:
            act()
        else:
            with refuses(PermissionDenied):
                act()


@pytest.mark.parametrize(
    ("kind", "url", "key", "field"),
    [
        ("wecom", "https://evil.example.org/cgi-bin/webhook/send?key=k", "", "url"),
        ("webhook", "http://169.254.169.254/", "k" * 16, "url"),
        ("webhook", None, "short", "key"),
    ],
)
def test_address_and_key_that_will_not_do_are_refused_in_words(robots, kind, url, key, field):
    prop = house()
    by = manager(prop)
    secret = Secret(url or robots.url(kind), key)

    with refuses(RefusedInput) as refused:
        robots_module.add(prop, kind, secret, values(), by=by)

    assert list(refused.value.errors) == [field]
    assert not Robot.objects.exists()


def test_name_is_given_once_and_a_house_has_twelve_at_most(robots, monkeypatch):
    prop = house()
    by, secret = manager(prop), Secret(robots.url("wecom"))
    robots_module.add(prop, "wecom", secret, values(), by=by)
    with refuses(ConflictError, match="同名"):
        robots_module.add(prop, "wecom", secret, values(), by=by)
    monkeypatch.setattr(robots_module, "MOST", 1)
    with refuses(ConflictError, match="最多"):
        robots_module.add(prop, "wecom", secret, values(name="二"), by=by)


def test_change_keeps_the_secret_unless_a_new_one_comes(robots):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop)
    RobotMeter.objects.update(paused_until=timezone.now(), failures=3, error="坏")
    old = bytes(row.secret)

    changed = robots_module.change(row, values(name="新名", found="none"), by=by, reason="改名")

    row.refresh_from_db()
    assert (sorted(changed), row.name, bytes(row.secret)) == (["found", "name"], "新名", old)
    assert row.history.first().history_change_reason == "改名"
    assert RobotMeter.objects.get().failures == 3
    robots_module.change(
        row,
        values(name="新名", found="none"),
        by=by,
        reason="换群",
        secret=Secret(robots.url("wecom")),
    )
    row.refresh_from_db()
    assert bytes(row.secret) != old
    assert RobotMeter.objects.values_list("paused_until", "failures", "error").get() == (
        None,
        0,
        "",
    )


def test_change_without_a_reason_or_to_nothing(robots):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop, name="值班群")

    with refuses(RefusedInput):
        robots_module.change(row, values(name="新"), by=by, reason=" ")
    assert robots_module.change(row, values(), by=by, reason="什么也没改") == []
    assert row.history.count() == 1


def test_robot_switched_off_gives_up_what_waits_and_on_again_may_be_resent(robots):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop)
    robots.behaviour = "error"
    tell(prop)
    relay.deliver(timezone.now())
    robots_module.change(row, values(is_active=False), by=by, reason="群解散")
    relay.deliver(timezone.now() + timedelta(minutes=1))

    failed = Delivery.objects.get(channel="robot")
    assert (failed.state, failed.error) == ("failed", "渠道已停用")
    with refuses(ConflictError, match="已停用"):
        resending.resend(failed, by=by)
    assert resending.resend_all(prop, by=by) == 0
    row.refresh_from_db()
    robots_module.change(row, values(), by=by, reason="又要了")
    robots.behaviour = "right"
    RobotMeter.objects.update(paused_until=None)
    resending.resend(failed, by=by)
    relay.deliver(timezone.now())

    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.resent_by) == ("sent", 1, by)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("right", ""),
        ("wrong", "对方不收（93000），请核对网址、密钥和关键词"),
        ("garbage", "对方的回答看不懂"),
    ],
)
def test_test_message_keeps_its_result(robots, behaviour, said):
    robots.behaviour = behaviour
    prop = house(name="蓝湾公寓")
    by, row = manager(prop), robot_of(robots, prop)

    done = robots_module.test(row, by=by)

    assert robots.texts == ["【测试】蓝湾公寓 的提醒会发到这里。"]
    assert (done.test_error, done.tested_by, done.tested_at is None) == (said, by, False)
    assert RobotMeter.objects.get().error == said
    assert done.history.first().history_change_reason == "发一条测试"


def test_test_is_one_of_the_messages_of_the_minute(robots):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop, per_minute=2)
    robots_module.test(row, by=by)

    with refuses(ConflictError, match="发满"):
        robots_module.test(row, by=by)
    assert len(robots.got) == 1


def test_test_waits_as_long_as_the_robot_asked(robots):
    robots.behaviour = "limited"
    prop = house()
    by, row = manager(prop), robot_of(robots, prop)
    robots_module.test(row, by=by)
    until = RobotMeter.objects.get().paused_until

    with refuses(ConflictError, match="稍后再发"):
        robots_module.test(row, by=by)

    assert (RobotMeter.objects.get().paused_until, len(robots.got)) == (until, 1)


@pytest.mark.parametrize("kind", ["wecom", "webhook"])
def test_robot_of_a_group_takes_twenty_a_minute_at_most(robots, kind):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop, kind)
    if kind == "webhook":
        assert robots_module.change(row, values(per_minute=21), by=by, reason="加快")
        return

    with refuses(RefusedInput):
        robots_module.change(row, values(per_minute=21), by=by, reason="加快")


def test_test_of_a_robot_that_pauses_is_tried_at_once(robots):
    prop = house()
    by, row = manager(prop), robot_of(robots, prop)
    robots.behaviour = "error"
    robots_module.test(row, by=by)
    robots.behaviour = "right"

    assert robots_module.test(row, by=by).test_error == ""
    tell(prop)
    relay.deliver(timezone.now())
    assert states() == ["sent"]
