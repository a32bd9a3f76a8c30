"""通知渠道: robots of a house, added, changed, switched off and tried by its managers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.channels import adapters, bucket, outbox, sending
from propdesk.core.channels.adapters import Outcome, Outgoing, Secret, Verdict
from propdesk.core.models import Property, Robot, RobotMeter, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import ConflictError, RefusedInput, is_reason, lock, require

MOST = 12
"""Robots of one house: a group that gets everything is read by nobody."""
GROUP_RATE = 20
"""Messages a minute a group takes before it shuts its robot out; only other systems may take more."""
FIELDS = ("name", "roles", "per_minute", "is_active", "events", "complaints", "found", "papers")


@transaction.atomic
def add(prop: Property, kind: str, secret: Secret, values: Mapping[str, Any], *, by: User) -> Robot:
    """A new robot of the house; RefusedInput for an address messages may not go to.

    ``values`` by field (``FIELDS``). ConflictError when the name is taken or there are ``MOST``.
    """
    ensure(by, "save_robot", ACTIONS, prop=prop)
    prop = lock(prop)
    require(prop.robots.count() < MOST, _("最多12个渠道，请先改用已有的。"))
    robot = Robot(property=prop, kind=kind, **{name: values[name] for name in FIELDS})
    _require_rate(robot)
    _keep_secret(robot, secret)
    audit.save(robot, by=by, reason=_("新建通知渠道"))
    now = timezone.now()
    RobotMeter.objects.create(robot=robot, tokens=bucket.size(robot.per_minute), filled_at=now)
    return robot


@transaction.atomic
def change(
    robot: Robot, values: Mapping[str, Any], *, by: User, reason: str, secret: Secret | None = None
) -> list[str]:
    """Change a robot; returns the names of the changed fields. Without ``secret`` the old one stays.

    A robot that is switched off gives up what waits for it. Raises as ``add``, RefusedInput without
    a reason.
    """
    ensure(by, "save_robot", ACTIONS, prop=robot.property)
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明为什么改。"))
    robot = lock(robot)
    changed = [name for name in FIELDS if getattr(robot, name) != values[name]]
    for name in changed:
        setattr(robot, name, values[name])
    _require_rate(robot)
    if secret is not None:
        _keep_secret(robot, secret)
        changed += ["secret", "host"]
        _forget_trouble(robot)
    if changed:
        audit.save(robot, *changed, by=by, reason=reason.strip())
    if not robot.is_active:
        outbox.give_up(Q(robot=robot), sending.switched_off(), timezone.now())
    return changed


def _require_rate(robot: Robot) -> None:
    if robot.kind != Robot.Kind.WEBHOOK and robot.per_minute > GROUP_RATE:
        raise RefusedInput(per_minute=_("群机器人每分钟最多20条。"))


def _keep_secret(robot: Robot, secret: Secret) -> None:
    if fault := adapters.fault_of(robot.kind, secret, sending.own_hosts()):
        raise RefusedInput(url=fault)
    if robot.kind == Robot.Kind.WEBHOOK and len(secret.key) < 16:
        raise RefusedInput(key=_("请填至少16个字符的签名密钥，对方凭它核对消息。"))
    robot.host = adapters.place_of(secret.url)[:100]
    robot.secret = sending.closed(robot.property_id, secret)


def _forget_trouble(robot: Robot) -> None:
    """A new address need not wait for what the old one did."""
    RobotMeter.objects.filter(robot=robot).update(paused_until=None, failures=0, error="")


def test(robot: Robot, *, by: User) -> Robot:
    """发一条测试: sends at once and keeps the result; ConflictError while the robot may get nothing more.

    The message waits for no relay, but takes a token like any other. No lock is held while the
    robot is talked to.
    """
    ensure(by, "try_robot", ACTIONS, prop=robot.property)
    now = timezone.now()
    _take_token(robot, now)
    prop = robot.property
    text = _("【测试】%(house)s 的提醒会发到这里。") % {"house": prop.name}
    facts = {"id": 0, "property": prop.code, "rule": "test"}
    verdict = sending.send(robot, Outgoing(text, facts), now)
    sending.note(robot, verdict, now)
    return _keep_result(robot, verdict, now, by)


@transaction.atomic
def _take_token(robot: Robot, now: datetime) -> None:
    # Only the pause after failures is ours to end; a robot that asked for one bans who breaks it.
    RobotMeter.objects.filter(robot=robot, failures__gt=0).update(paused_until=None)
    meter = sending.hold_meter(robot.pk, now)
    if meter is None:
        raise ConflictError(_("正在发送，或对方要求稍后再发，请过几分钟再试。"))
    if meter.tokens < 1:
        raise ConflictError(_("这一分钟已经发满了，请稍后再试。"))
    sending.spend(meter, 1)


@transaction.atomic
def _keep_result(robot: Robot, verdict: Verdict, now: datetime, by: User) -> Robot:
    robot = lock(robot)
    robot.tested_at, robot.tested_by = now, by
    robot.test_error = "" if verdict.outcome is Outcome.SENT else verdict.why
    audit.save(robot, "tested_at", "tested_by", "test_error", by=by, reason=_("发一条测试"))
    return robot
