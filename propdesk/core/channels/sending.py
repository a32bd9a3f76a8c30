"""Robots: how many messages one may get now, sending them, and leaving it alone when it is ill."""

import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from propdesk.core import vault
from propdesk.core.channels import adapters, bucket, outbox, transport, wording
from propdesk.core.channels.adapters import Outcome, Outgoing, Secret, Verdict
from propdesk.core.channels.bundling import Parcel, pack
from propdesk.core.models import Delivery, Robot, RobotMeter

log = logging.getLogger(__name__)
PURPOSE = "propdesk.robot"
CHUNK = 50
"""Messages taken at once."""
ILL = (Outcome.LATER, Outcome.LIMITED)
"""Answers after which a robot is left alone for a while."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)


def closed(prop_id: int, secret: Secret) -> bytes:
    """Address and key of a robot as they are stored: in another house they do not open."""
    plain = json.dumps({"url": secret.url, "key": secret.key}).encode()
    return vault.closed(plain, PURPOSE, str(prop_id))


def opened(robot: Robot) -> Secret | None:
    """Address and key of a robot; None when the secret of this installation does not open them."""
    plain = vault.opened(bytes(robot.secret), PURPOSE, str(robot.property_id))
    return Secret(**json.loads(plain)) if plain is not None else None


def send(
    robot: Robot,
    message: Outgoing,
    now: datetime,
    post: Callable[[adapters.Request], transport.Reply] = transport.post,
) -> Verdict:
    """One message to one robot, with no lock held; never raises for what a robot may do.

    ``post`` of a ``transport.Wire`` keeps the connection for the next message.
    """
    secret = opened(robot)
    if secret is None:
        return Verdict(Outcome.REFUSED, _("密钥已不能打开，请重新填写网址和密钥"))
    if fault := adapters.fault_of(robot.kind, secret, own_hosts()):
        return Verdict(Outcome.REFUSED, fault)
    try:
        reply = post(adapters.build(robot.kind, secret, message, now))
    except transport.UnreachableError as error:
        return Verdict(Outcome.LATER, str(error))
    return adapters.judge(robot.kind, reply.status, reply.body, reply.retry_after)


def own_hosts() -> tuple[str, ...]:
    """Hosts of other systems, named by whoever runs the machine (PROPDESK_WEBHOOK_HOSTS)."""
    return tuple(settings.PROPDESK_WEBHOOK_HOSTS)


def run(now: datetime, ends: float) -> int:
    """Send what waits for each robot until ``ends`` (monotonic); returns how many rows were sent.

    What was queued while its robot was being switched off is given up here.
    """
    off = Q(channel=Delivery.Channel.ROBOT, robot__is_active=False)
    outbox.give_up(off, switched_off(), now)
    sent = 0
    for pk in list(_ready(now).values_list("pk", flat=True)):
        while time.monotonic() < ends and (claim := _claim(pk, now)):
            done, goes_on = _work(claim, now, ends)
            sent += done
            if not goes_on:
                break
    return sent


def switched_off() -> str:
    """What a row says whose robot was switched off before it could be sent."""
    return _("渠道已停用")


def _ready(now: datetime) -> "QuerySet[Robot]":
    """Robots with something to send that want to be talked to, the one longest silent first."""
    waiting = Delivery.objects.filter(
        robot=OuterRef("pk"), state=Delivery.State.PENDING, next_try_at__lte=now
    )
    free = Q(meter__paused_until=None) | Q(meter__paused_until__lte=now)
    rows = Robot.objects.filter(free, Exists(waiting), is_active=True)
    return rows.order_by(F("meter__sent_at").asc(nulls_first=True), "pk")


@dataclass(frozen=True, slots=True)
class Claim:
    """What one relay may send to one robot now."""

    robot: Robot
    parcels: Sequence[Parcel]


@transaction.atomic
def _claim(pk: int, now: datetime) -> Claim | None:
    """Take messages, and for each a token; None when another relay is at it or none may go."""
    meter = hold_meter(pk, now)
    if meter is None or not meter.robot.is_active or meter.tokens < 1:
        return None
    robot = meter.robot
    rows = outbox.due(Delivery.Channel.ROBOT, now).filter(robot=robot)
    if robot.kind == Robot.Kind.WEBHOOK:
        parcels = [Parcel((row,), (wording.line(row.notice, now),)) for row in rows[:CHUNK]]
    else:
        waiting = rows[: outbox.BATCH]
        parcels = pack(waiting, lambda row: wording.line(row.notice, now))
    parcels = parcels[: min(int(meter.tokens), CHUNK)]
    if not parcels:
        return None
    outbox.take([row for parcel in parcels for row in parcel.rows], now)
    spend(meter, len(parcels))
    return Claim(robot, parcels)


def hold_meter(pk: int, now: datetime) -> RobotMeter | None:
    """The meter of a robot, locked and filled up to ``now``; None while it is locked or paused."""
    free = Q(paused_until=None) | Q(paused_until__lte=now)
    meter = (
        RobotMeter.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("robot__property")
        .filter(free, robot=pk)
        .first()
    )
    if meter is not None:
        rate = meter.robot.per_minute
        meter.tokens = bucket.filled(meter.tokens, meter.filled_at, now, rate)
        meter.filled_at = max(now, meter.filled_at)
    return meter


def spend(meter: RobotMeter, messages: int) -> None:
    """Take so many tokens off a locked meter."""
    meter.tokens -= messages
    meter.save(update_fields=["tokens", "filled_at"])


def _work(claim: Claim, now: datetime, ends: float) -> tuple[int, bool]:
    """Send the messages of a claim; how many rows were sent, and whether the robot takes more."""
    with closing(transport.Wire()) as wire:

        def post(parcel: Parcel) -> Verdict:
            return send(claim.robot, wording.outgoing(parcel, now), now, wire.post)

        sent, verdict = outbox.work_off(claim.parcels, post, now, ends, ILL)
    if verdict.outcome in ILL:
        outbox.expire(Q(robot=claim.robot), verdict.why, now, claim.parcels)
    note(claim.robot, verdict, now)
    return sent, verdict.outcome not in ILL


def note(robot: Robot, verdict: Verdict, now: datetime) -> None:
    """Keep on the meter how the last message went, and the pause that follows from it."""
    rows = RobotMeter.objects.filter(robot=robot)
    if verdict.outcome is Outcome.SENT:
        rows.update(failures=0, paused_until=None, error="", sent_at=now)
        return
    log.warning("robot %s: %s", robot.pk, verdict.outcome.value)
    if verdict.outcome is Outcome.REFUSED:
        rows.update(error=verdict.why)
    elif verdict.outcome is Outcome.LIMITED:
        # No failure: it is there, and a test does not cut this pause short.
        pause = timedelta(seconds=verdict.pause)
        rows.update(error=verdict.why, failures=0, paused_until=now + pause)
    else:
        failures = min(rows.values_list("failures", flat=True).first() or 0, 6)
        pause = min(FIRST_PAUSE * 2**failures, LONGEST_PAUSE)
        rows.update(error=verdict.why, failures=failures + 1, paused_until=now + pause)
