"""The log of the door, and one's own running sessions (ASVS V16.3.1, V7.5.2).

Rows hold the number of an account, never a name; what was typed is not kept. The same goes to the log
of the process as one line, so that whoever collects logs elsewhere has it too.
"""

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    user_logged_in,
)
from allauth.core import context
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from propdesk.core import house_people, middleware
from propdesk.core.models import LoginEvent, Membership, Property, User
from propdesk.core.paging import number_or_none
from propdesk.core.throttling import too_often

log = logging.getLogger(__name__)
What, How = LoginEvent.What, LoginEvent.How
KEEP = timedelta(days=366)
"""Six months are the least that 网络安全法 asks of such logs; a year reaches back to the last season."""
LOCKED_FOR = 15 * 60
REFUSALS_A_MINUTE = 30
"""More of one kind from one address are told by one line and not written down: no table is filled."""
PAGE = 50
ROW = "log_in"
"""Where a session keeps the number of the row that began it: device and address stand there."""
REFUSED = frozenset({What.WRONG_PASSWORD, What.WRONG_CODE, What.LOCKED, What.CLOSED})

# The first that fits: each of these names also the browsers it was made from.
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("Lark|Feishu", "飞书"),
    ("Edg(?:e|A|iOS)?/", "Edge"),
    ("HuaweiBrowser", "华为浏览器"),
    ("QQBrowser", "QQ浏览器"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS|OpenHarmony", "鸿蒙"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS X", "Mac"),
    ("Linux|X11", "Linux"),
)


def device(agent: str) -> str:
    """ "Chrome · Windows": words of ours only, so that nothing a browser says is stored; "" for unknown."""
    words = (
        next((word for sign, word in table if re.search(sign, agent[:400])), "")
        for table in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(filter(None, words))


def note(
    what: LoginEvent.What,
    user: User | None,
    request: HttpRequest | None,
    how: str = "",
) -> LoginEvent:
    """Add a row and a line."""
    agent = request.headers.get("User-Agent", "") if request is not None else ""
    row = LoginEvent(
        user=user,
        what=what,
        how=how if how in How.values else "",
        device=device(agent),
        address=_address(request),
        at=timezone.now(),
    )
    row.save(force_insert=True)
    who = "-" if user is None else user.pk
    log.info("door %s user=%s how=%s address=%s", row.what, who, row.how or "-", row.address or "-")
    return row


def _address(request: HttpRequest | None) -> str | None:
    if request is None or not request.META.get("REMOTE_ADDR"):
        return None
    return str(get_adapter().get_client_ip(request))


def refused(request: HttpRequest, what: LoginEvent.What, username: str, how: str = "") -> None:
    """A refusal at the door for a number typed there; the number itself is not kept."""
    address = _address(request)
    if _is_one_more(what, address):
        return
    user = User.objects.filter(username__iexact=username[:150]).first() if username else None
    # Once a lock and not once a try: otherwise whoever guesses fills the table.
    if what != What.LOCKED or _is_first(f"{what}:{how}", user, address):
        note(what, user, request, how)


def _is_first(what: str, user: User | None, address: str | None) -> bool:
    who = "-" if user is None else user.pk
    return cache.add(f"door-once:{what}:{who}:{address}", 1, LOCKED_FOR)


def _is_one_more(what: LoginEvent.What, address: str | None) -> bool:
    """Whether so many refusals of this kind came from there that it is not written down.

    Each kind by itself: wrong codes of one device do not hide the wrong passwords of another.
    """
    if not too_often(f"door-{what}", str(address), REFUSALS_A_MINUTE):
        return False
    if cache.add(f"door-more:{what}:{address}", 1, 60):
        log.warning("door %s address=%s: more were not written down", what, address or "-")
    return True


# --- what allauth and Django tell -------------------------------------------------------------


def connect() -> None:
    """Listen; called once by ``CoreConfig.ready()``."""
    listeners = (
        (user_logged_in, _came_in),
        (user_logged_out, _went),
        (authentication_step_completed, _proved),
        (password_changed, _new_password),
        (mfa.authentication_failed, _wrong_code),
        (mfa.authenticator_added, _second_on),
        (mfa.authenticator_removed, _second_off),
        (mfa.authenticator_reset, _second_new),
    )
    for signal, listener in listeners:
        signal.connect(listener, dispatch_uid=f"propdesk.log_ins.{listener.__name__}")


def _came_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    records = get_authentication_records(request, user)
    last = records[-1] if records else {}
    row = note(What.IN, user, request, last.get("type") or last.get("method", ""))
    request.session[ROW] = row.pk


def _went(request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    # A session that never came through the door (a test's, a command's) says nothing when it ends.
    if user is not None and ROW in request.session:
        note(What.OUT, user, request)


def _proved(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    if more.get("reauthenticated"):
        note(What.PROVED, user, request, more.get("type") or method)


def _new_password(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    note(What.NEW_PASSWORD, user, request)


def _wrong_code(request: HttpRequest, user: User, authenticator: Any, **_kwargs: Any) -> None:
    note(What.WRONG_CODE, user, request, authenticator.type)


def wrong_passkey(user: User | None) -> None:
    """A passkey that was not right; allauth says nothing of those.

    One of nobody costs whoever sends it nothing, and no lock ends it: once in a quarter of an hour.
    """
    address = _address(context.request)
    if _is_one_more(What.WRONG_CODE, address):
        return
    if user is not None or _is_first(What.WRONG_CODE, None, address):
        note(What.WRONG_CODE, user, context.request, Authenticator.Type.WEBAUTHN)


def _second_on(request: HttpRequest, user: User, authenticator: Any, **_kwargs: Any) -> None:
    note(What.SECOND_ON, user, request, authenticator.type)


def _second_off(request: HttpRequest, user: User, authenticator: Any, **_kwargs: Any) -> None:
    note(What.SECOND_OFF, user, request, authenticator.type)


def _second_new(request: HttpRequest, user: User, authenticator: Any, **_kwargs: Any) -> None:
    note(What.SECOND_NEW, user, request, authenticator.type)


# --- one's own sessions --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Running:
    """A session of mine: the row that began it (None for one from before there were rows)."""

    row: LoginEvent | None
    began: datetime | None
    seen: datetime | None
    is_here: bool


def running(user: User, here: str | None) -> list[Running]:
    """The sessions of ``user`` that still work, this one (key ``here``) first, then the latest.

    By the limit of this machine: one over the shorter limit of a house opens no page of that house
    any more, and still those of the account.
    """
    now = int(time.time())
    decoded = ((s.pk == here, s.get_decoded()) for s in house_people.sessions_of(user))
    # The row of one that is over stays until its next request, which may never come.
    found = [(is_here, data) for is_here, data in decoded if not middleware.is_over(data, now)]
    rows = LoginEvent.objects.in_bulk([data[ROW] for _here, data in found if ROW in data])
    mine = [
        Running(rows.get(data.get(ROW, 0)), _moment(data, "began"), _moment(data, "seen"), is_here)
        for is_here, data in found
    ]
    first = datetime.min.replace(tzinfo=UTC)
    return sorted(mine, key=lambda each: (each.is_here, each.seen or first), reverse=True)


def _moment(data: dict[str, Any], name: str) -> datetime | None:
    seconds = data.get(name)
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None


def end(request: HttpRequest, which: int | None) -> int:
    """End the session of mine that row ``which`` began, or all but this one; returns how many."""
    user: User = request.user  # type: ignore[assignment]
    here = request.session.session_key
    chosen = [
        session.pk
        for session in house_people.sessions_of(user)
        if session.pk != here and (which is None or session.get_decoded().get(ROW) == which)
    ]
    ended, _each = Session.objects.filter(pk__in=chosen).delete()
    if ended:
        note(What.ENDED, user, request)
    return ended


# --- what is read --------------------------------------------------------------------------


def of_user(user: User) -> list[LoginEvent]:
    """The last rows of one account."""
    return list(LoginEvent.objects.filter(user=user).order_by("-id")[:PAGE])


def of_house(
    prop: Property, *, only_refused: bool = False, after: str = ""
) -> tuple[list[LoginEvent], str]:
    """Fifty rows of who held a role in the house on that day, the latest first, and where the next begin.

    Of somebody who went to another house, or comes from one, only what belongs to the time here.
    """
    posts = Membership.objects.held_on(OuterRef("at__date"))
    rows = LoginEvent.objects.filter(Exists(posts.filter(property=prop, user=OuterRef("user"))))
    if only_refused:
        rows = rows.filter(what__in=REFUSED)
    if before := number_or_none(after):
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("user").order_by("-id")[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""


def purge(now: datetime) -> int:
    """The sweep: rows older than ``KEEP`` go; the database lets no younger one go."""
    gone, _each = LoginEvent.objects.filter(at__lt=now - KEEP).delete()
    return gone
