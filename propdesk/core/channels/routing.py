"""Who gets a notice besides the inbox: decided once, when the inbox has it.

The transition that wrote the notice pays for the inbox alone. What else is to be sent follows here,
in the transaction that marks the inbox as served: so it is decided exactly once, and whoever has
confirmed by then gets nothing more.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from propdesk.core.channels import hearing
from propdesk.core.models import Delivery, MailRule, Membership, Notice, PropertySettings, Robot

BATCH = 200
EVENTS = "events"
_KINDS = {"emergencies": EVENTS, "incidents": "complaints", "lostfound": "found"}


def kind_of(rule: str) -> str:
    """The kind (``models.robots.KINDS``) of a notice by its rule."""
    return _KINDS.get(rule.partition(".")[0], "papers")


@transaction.atomic
def route(now: datetime) -> int:
    """Serve one batch of inboxes, oldest first, and queue what else is to be sent; returns how many."""
    waiting = Delivery.objects.filter(
        state=Delivery.State.PENDING, channel=Delivery.Channel.INBOX, next_try_at__lte=now
    )
    found = list(
        waiting.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("notice__recipient", "notice__property__settings")
        .order_by("next_try_at", "id")[:BATCH]
    )
    if not found:
        return 0
    Delivery.objects.filter(pk__in=[row.pk for row in found]).update(
        state=Delivery.State.SENT, sent_at=now, attempts=F("attempts") + 1
    )
    told = [row.notice for row in found]
    rules = _rules(told, now)
    more = [_delivery(n, now) for n in told if rules.mails(n)]
    more += [_delivery(n, now, robot) for n in told for robot in rules.robots_for(n)]
    Delivery.objects.bulk_create(more, ignore_conflicts=True)
    return len(found)


@dataclass(slots=True)
class _Rules:
    """What the houses of one batch have decided."""

    robots: dict[int, list[Robot]] = field(default_factory=dict)
    own: dict[tuple[int, int], MailRule] = field(default_factory=dict)
    by_role: dict[tuple[int, str], MailRule] = field(default_factory=dict)
    roles: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    confirmed: Collection[tuple[int, str]] = ()

    def robots_for(self, notice: Notice) -> list[Robot]:
        """None of what somebody has confirmed meanwhile, whoever else was told of it."""
        if (notice.property_id, notice.key) in self.confirmed:
            return []
        kind = kind_of(notice.rule)
        held = self.roles.get((notice.property_id, notice.recipient_id), set())
        return [
            robot
            for robot in self.robots.get(notice.property_id, [])
            if robot.takes(kind, urgent=notice.urgent)
            and (not robot.roles or held & {*robot.roles})
        ]

    def mails(self, notice: Notice) -> bool:
        """His own choice, else the widest of his roles; a role without a rule gets everything."""
        if not (settings.PROPDESK_EMAIL_ENABLED and notice.recipient.email):
            return False
        prop, kind = notice.property_id, kind_of(notice.rule)
        own = self.own.get((prop, notice.recipient_id))
        if own is not None:
            return own.takes(kind, urgent=notice.urgent)
        held = self.roles.get((prop, notice.recipient_id), set())
        rules = [self.by_role.get((prop, role)) for role in held]
        return not rules or any(
            rule is None or rule.takes(kind, urgent=notice.urgent) for rule in rules
        )


def _rules(told: Sequence[Notice], now: datetime) -> _Rules:
    """Robots and rules of the houses of a batch: at most four statements."""
    houses = {notice.property_id for notice in told}
    people = {notice.recipient_id for notice in told}
    found = _Rules()
    for robot in Robot.objects.filter(property__in=houses, is_active=True).defer("secret"):
        found.robots.setdefault(robot.property_id, []).append(robot)
    if found.robots:
        found.confirmed = hearing.confirmed(told)
    if settings.PROPDESK_EMAIL_ENABLED:
        meant = Q(user=None) | Q(user__in=people)
        for rule in MailRule.objects.filter(meant, property__in=houses):
            if rule.user_id is None:
                found.by_role[(rule.property_id, rule.role)] = rule
            else:
                found.own[(rule.property_id, rule.user_id)] = rule
    if found.by_role or any(robot.roles for rows in found.robots.values() for robot in rows):
        found.roles = _held(houses, people, now)
    return found


def _held(
    houses: Iterable[int], people: Iterable[int], now: datetime
) -> dict[tuple[int, int], set[str]]:
    held: dict[tuple[int, int], set[str]] = {}
    rows = Membership.objects.current(now).filter(property__in=houses, user__in=people)
    for prop, user, role in rows.values_list("property", "user", "role"):
        held.setdefault((prop, user), set()).add(role)
    return held


def _delivery(notice: Notice, now: datetime, robot: Robot | None = None) -> Delivery:
    kind = kind_of(notice.rule)
    waits = not notice.urgent and kind != EVENTS
    until = quiet_until(notice.property.settings, now) if waits else None
    return Delivery(
        notice=notice,
        recipient_id=notice.recipient_id,
        property_id=notice.property_id,
        channel=Delivery.Channel.ROBOT if robot else Delivery.Channel.EMAIL,
        robot=robot,
        robot_key=notice.key if robot else "",
        state=Delivery.State.PENDING,
        created_at=now,
        next_try_at=until or now,
    )


def quiet_until(house: PropertySettings, now: datetime) -> datetime | None:
    """When the night of the house ends; None by day. From equal to until means no night at all."""
    here = timezone.localtime(now)
    start, end, clock = house.quiet_from, house.quiet_to, here.time()
    over_midnight = start > end
    quiet = (clock >= start or clock < end) if over_midnight else start <= clock < end
    if not quiet:
        return None
    day = here.date() + timedelta(days=1 if over_midnight and clock >= start else 0)
    return timezone.make_aware(datetime.combine(day, end))
