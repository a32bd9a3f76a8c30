"""Robots of a house and notices of its cases, made one by one."""

from typing import Any

from django.utils import timezone

from propdesk.core import notices
from propdesk.core.channels import bucket, sending
from propdesk.core.channels.adapters import Secret, place_of
from propdesk.core.models import Delivery, Notice, Property, Robot, RobotMeter
from propdesk.core.roles import Role
from tests.core.channels.fakes import FakeRobots, Sink
from tests.factories import CaseFactory, PropertyFactory, member


def house(**fields: Any) -> Property:
    """A house with one duty manager and no nights."""
    prop = PropertyFactory(settings__quiet_from="00:00", settings__quiet_to="00:00", **fields)
    member(prop, Role.DUTY_MANAGER)
    prop.refresh_from_db()
    return prop


def robot_of(
    robots: FakeRobots | Sink, prop: Property, kind: str = "wecom", **fields: Any
) -> Robot:
    """A robot that gets everything."""
    secret = Secret(robots.url(kind), robots.key if kind != "wecom" else "")
    row = Robot.objects.create(
        property=prop,
        kind=kind,
        host=place_of(secret.url),
        secret=sending.closed(prop.pk, secret),
        **{"name": kind, **fields},
    )
    tokens = bucket.size(row.per_minute)
    RobotMeter.objects.create(robot=row, tokens=tokens, filled_at=timezone.now())
    return row


def tell(prop: Property, n: int = 1, *, rule: str = "incidents.overdue", **fields: Any) -> None:
    """``n`` notices to the duty manager, each of a case of its own."""
    for _each in range(n):
        case = CaseFactory(property=prop)
        text = f"【逾期通知】{case.number} · 投诉"
        notices.notify(case, Role.DUTY_MANAGER, rule=rule, text=text, key="k", **fields)


def flood(prop: Property, n: int) -> None:
    """``n`` notices of no case at all, written at once."""
    people = (prop.memberships.get(role=Role.DUTY_MANAGER).user,)
    rule = "incidents.overdue"
    notices.put(notices.Message(prop, rule, f"【逾期通知】{i}", f"k{i}", people) for i in range(n))


def states(channel: str = "robot") -> list[str]:
    """States of the deliveries of a channel, in the order they were made."""
    rows = Delivery.objects.filter(channel=channel).order_by("pk")
    return list(rows.values_list("state", flat=True))


def ill_robot(prop: Property) -> Robot:
    """A robot that was refused an hour ago, and whose secret opens nothing: it sends nothing."""
    now = timezone.now()
    robot = Robot.objects.create(
        property=prop,
        kind="wecom",
        name="值班群",
        host="qyapi.weixin.qq.com",
        secret=b"x",
        complaints="urgent",
        roles=[Role.DUTY_MANAGER],
    )
    why = "对方不收（93000），请核对网址、密钥和关键词"
    RobotMeter.objects.create(robot=robot, tokens=10, filled_at=now, sent_at=now, error=why)
    return robot


def unsent(notice: Notice, robot: Robot) -> Delivery:
    """A notice that robot would not take."""
    return Delivery.objects.create(
        notice=notice,
        recipient_id=notice.recipient_id,
        property_id=notice.property_id,
        channel=Delivery.Channel.ROBOT,
        robot=robot,
        robot_key=notice.key,
        state=Delivery.State.FAILED,
        attempts=1,
        error="对方不收（93000），请核对网址、密钥和关键词",
        created_at=timezone.now(),
        next_try_at=timezone.now(),
    )
