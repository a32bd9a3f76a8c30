"""日历订阅: a key for one person in one house, given once and taken back (ADR 0036)."""

import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.models import Property, User
from propdesk.core.roles import ensure
from propdesk.core.transitions import require
from propdesk.desk.calendar.models import CalendarFeed
from propdesk.desk.calendar.permissions import ACTIONS
from propdesk.desk.calendar.queries import digest_of


@transaction.atomic
def make_feed(prop: Property, *, by: User) -> tuple[CalendarFeed, str]:
    """生成订阅地址: a feed and its key of 43 characters, which is kept nowhere; an older one ends.

    ConflictError (409) when another window made one at the same moment.
    """
    ensure(by, "make_feed", ACTIONS, prop=prop)
    _end(_live(by, prop), by, _("换了新的订阅地址"))
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed(property=prop, user=by, digest=digest_of(token), created_at=timezone.now())
    audit.save(feed, by=by, reason=_("生成订阅地址"))
    return feed, token


@transaction.atomic
def end_feed(prop: Property, *, by: User) -> None:
    """停用订阅: the address answers nothing from now on; ConflictError (409) without a live one."""
    ensure(by, "end_feed", ACTIONS, prop=prop)
    rows = _live(by, prop)
    require(rows, _("没有在用的订阅地址。"))
    _end(rows, by, _("停用订阅"))


def leave(user: User) -> None:
    """The account was closed: opened again, it gets no feed back. Part of that transaction."""
    _end(_live(user), None, _("账号停用"))


def _live(user: User, prop: Property | None = None) -> list[CalendarFeed]:
    """His feeds that are in force, in one house or in all, locked."""
    rows = CalendarFeed.objects.select_for_update(no_key=True, of=("self",)).filter(
        user=user, ended_at=None
    )
    return list(rows.filter(property=prop) if prop else rows.order_by("pk"))


def _end(rows: list[CalendarFeed], by: User | None, reason: str) -> None:
    for row in rows:
        row.ended_at = timezone.now()
        audit.save(row, "ended_at", by=by, reason=reason)
