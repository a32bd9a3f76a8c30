"""Rows of an inbox, unread first, with how far each notice got on the other channels."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from propdesk.core.models import Delivery, Property, Robot, User
from propdesk.core.notices import UNREAD
from propdesk.core.paging import number_or_none

PAGE = 30


@dataclass(frozen=True, slots=True)
class Inbox:
    """One screenful, and the key of the next: ``u<pk>`` among the unread, ``r<pk>`` among the rest."""

    rows: list[Delivery]
    after: str
    others: dict[str, list[Delivery]] = field(default_factory=dict)
    """Deliveries on other channels by the key of their notice."""


def inbox(user: User, prop: Property, after: str) -> Inbox:
    """Notices of this person: unread ones, then the others, newest first; two statements."""
    part, pk = after[:1], number_or_none(after[1:])
    mine = _inbox(user, prop)
    meant = _newest(mine.exclude(state__in=UNREAD), pk if part == "r" else None)
    if part != "r" or pk is None:
        unread = mine.filter(state__in=UNREAD)
        meant = _newest(unread, pk if part == "u" else None).union(meant, all=True)
    rows = list(Delivery.objects.filter(pk__in=meant).select_related("notice__case"))
    rows.sort(key=lambda row: (row.state not in UNREAD, -row.pk))
    shown = rows[:PAGE]
    key = ""
    if len(rows) > PAGE:
        key = f"{'u' if shown[-1].state in UNREAD else 'r'}{shown[-1].pk}"
    return Inbox(shown, key, _elsewhere(prop, shown))


def _newest(rows: "QuerySet[Delivery]", before: int | None) -> "QuerySet[Delivery, Any]":
    """The keys of one more than a page."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk").values("pk")[: PAGE + 1]


def _elsewhere(prop: Property, shown: list[Delivery]) -> dict[str, list[Delivery]]:
    """Mail of these notices, and what robots were told under the same key."""
    if not shown:
        return {}
    notices: dict[int, Any] = {row.notice_id: row.notice for row in shown}
    mail = Delivery.objects.filter(notice__in=notices, channel=Delivery.Channel.EMAIL)
    keys = [notice.key for notice in notices.values()]
    robots = Robot.objects.filter(property=prop)
    said = Delivery.objects.filter(robot__in=robots, robot_key__in=keys)
    # Each by its own index: no index serves both, and an OR would read every delivery there is.
    meant = mail.values("pk").union(said.values("pk"))
    found: dict[str, list[Delivery]] = {}
    rows = Delivery.objects.filter(pk__in=meant).select_related("robot")
    for row in rows.order_by("pk"):
        key = row.robot_key or notices[row.notice_id].key
        found.setdefault(key, []).append(row)
    return found


def delivery(user: User, prop: Property, pk: int) -> Delivery | None:
    """One notice in the inbox of this person."""
    return _inbox(user, prop).filter(pk=pk).select_related("notice__case").first()


def _inbox(user: User, prop: Property) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(recipient=user, property=prop, channel=Delivery.Channel.INBOX)
