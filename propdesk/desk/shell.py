"""What the frame round every page shows: navigation by role, counts, who is on duty."""

import math
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from emergencies.permissions import ACTIONS as EVENTS
from incidents.permissions import ACTIONS
from lostfound.permissions import ACTIONS as FOUND
from propdesk.core.backup import nightly
from propdesk.core.models import Property, User
from propdesk.core.roles import ALL_STAFF, DUTY, MANAGERS, Role, standing
from propdesk.desk import queries
from propdesk.desk.calendar.permissions import ACTIONS as CALENDAR
from propdesk.desk.insight.permissions import ACTIONS as INSIGHT

FRESH_SECONDS = 15
SWEEP_LATE = timedelta(minutes=3)
TOLD_OF_BACKUPS = MANAGERS | {Role.ADMIN, Role.DUTY_MANAGER}
_counts: dict[tuple[int, int], tuple[float, dict[str, Any]]] = {}
"""Numbers of the frame per user and property, for some seconds, in this process only: they are
for orientation, the pages themselves always read the database."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor; None outside a property and for whoever is not logged in."""
    prop = getattr(request, "prop", None)
    user = getattr(request, "user", None)
    if prop is None or user is None or not user.is_authenticated:
        return {"shell": None}
    query = request.GET.get("q", "")
    # Fragments and bare pages have no frame and must not pay for one.
    return {"shell": SimpleLazyObject(lambda: build(user, prop, request.path, query=query))}


def build(
    user: User, prop: Property, path: str, *, query: str = "", fresh: bool = False
) -> dict[str, Any]:
    """The frame of one property for one person."""
    now = timezone.now()
    counts = _cached(user, prop, now, fresh=fresh)
    mine = standing(user, prop).roles
    nav = _nav(prop, path, counts, mine)
    return {
        "property": prop,
        "properties": [],
        "nav": nav,
        "more": nav[4:],
        "new": _new(prop, mine),
        "duty": _duty(counts),
        "shift_line": _shift(counts),
        "search_url": reverse("desk:search", args=[prop.code]) if mine & ALL_STAFF else "",
        "query": query,
        "notices_url": reverse("desk:notices", args=[prop.code]) if mine & ALL_STAFF else "",
        "notices_count": counts["unread"],
        "me": {
            "name": user.name,
            "initial": user.name[:1],
            "url": reverse("desk:me", args=[prop.code]),
        },
        "logout_url": reverse("account_logout"),
        "system_alert": _alert(counts, now) or _backup_alert(counts, now, mine),
        "poll_url": reverse("desk:counts", args=[prop.code]),
    }


def _cached(user: User, prop: Property, now: datetime, *, fresh: bool) -> dict[str, Any]:
    kept = None if fresh else _kept(user, prop)
    if kept is None:
        kept = queries.shell_counts(user, prop, now)
        prime(user, prop, kept)
    return kept


def _kept(user: User, prop: Property) -> dict[str, Any] | None:
    """The numbers while they are fresh."""
    at, counts = _counts.get((user.pk, prop.pk), (-math.inf, {}))
    return counts if time.monotonic() - at < FRESH_SECONDS else None


def prime(user: User, prop: Property, counts: dict[str, Any]) -> None:
    """Numbers that were read along with something else: the frame does not ask again."""
    if len(_counts) > 2000:
        _counts.clear()
    _counts[(user.pk, prop.pk)] = (time.monotonic(), counts)


def read_along(user: User, prop: Property, **values: Any) -> dict[str, Any]:
    """``values`` (expressions on the property), and in the same statement what the frame will ask for."""
    due = _kept(user, prop) is None
    numbers = queries.shell_values(user, prop, timezone.now()) if due else {}
    row = dict(Property.objects.filter(pk=prop.pk).values(**values, **numbers).first() or {})
    if due and row:
        prime(user, prop, {name: row[name] for name in numbers})
    return row


def forget(user: User, prop: Property) -> None:
    """The user just changed something: the next page counts anew."""
    _counts.pop((user.pk, prop.pk), None)


def _nav(
    prop: Property, path: str, counts: dict[str, Any], mine: frozenset[Role]
) -> list[dict[str, Any]]:
    def item(
        key: str,
        label: str,
        icon: str,
        name: str,
        count: int = 0,
        *,
        hot: bool = False,
        short: str = "",
    ) -> dict[str, Any]:
        url = reverse(name, args=[prop.code])
        # A report is signed below its complaint, but whoever signs came from 签批.
        signing = path.endswith("/report/sign/")
        current = path == url if key == "board" else path.startswith(url) and not signing
        current = current or (key == "sign" and signing)
        return {
            "key": key,
            "label": label,
            "short": short,
            "icon": icon,
            "url": url,
            "count": count,
            "hot": hot,
            "current": current,
        }

    items = []
    if mine & ALL_STAFF:
        overdue = counts["overdue"] + counts["things_overdue"]
        items += [
            item("board", _("值班台"), "grid-1x2", "desk:board", overdue, hot=True),
            item("incidents", _("投诉"), "chat-left-text", "incidents:board", counts["open"]),
            item("lostfound", _("失物"), "bag", "lostfound:board", counts["things"]),
            item(
                "emergencies",
                _("特殊事件"),
                "shield-exclamation",
                "emergencies:board",
                counts["events"],
                hot=counts["event_calls"] > 0,
                short=_("事件"),
            ),
        ]
    if mine & (DUTY | {Role.DEPARTMENT_MANAGER}):
        items.append(
            item("sign", _("签批"), "pen", "desk:sign", counts["sign"], hot=counts["sign"] > 0)
        )
    if mine & CALENDAR["read_calendar"].any:
        items.append(item("calendar", _("日历"), "calendar-event", "calendar:index"))
    if mine & INSIGHT["read_insight"].any:
        items.append(item("insight", _("统计"), "bar-chart-line", "insight:index"))
    if mine & (MANAGERS | {Role.ADMIN, Role.DUTY_MANAGER}):
        items.append(item("house", _("设置"), "gear", "house:index"))
    return items


def _new(prop: Property, mine: frozenset[Role]) -> list[dict[str, str]]:
    """What 登记 offers: each with the key by which a page finds its own."""
    found = []
    if mine & ACTIONS["intake"].any:
        found.append(
            {
                "key": "intake",
                "label": _("登记投诉"),
                "hint": _("先选房号，一句话即可"),
                "icon": "chat-left-text",
                "url": reverse("incidents:intake", args=[prop.code]),
            }
        )
    if mine & FOUND["log"].any:
        found.append(
            {
                "key": "log",
                "label": _("拾物登记"),
                "hint": _("拍照、地点，一分钟"),
                "icon": "bag-plus",
                "url": reverse("lostfound:log", args=[prop.code]),
            }
        )
    if mine & EVENTS["start"].any:
        found.append(
            {
                "key": "event",
                "label": _("启动预案"),
                "hint": _("火警、伤病、停电等八类"),
                "icon": "shield-exclamation",
                "url": reverse("emergencies:choose", args=[prop.code]),
            }
        )
    return found


def _duty(counts: dict[str, Any]) -> str:
    if not counts["duty_name"]:
        return _("当前没有排值班经理")
    return _("值班经理 %(name)s · %(shift)s") % {
        "name": counts["duty_name"],
        "shift": counts["duty_label"],
    }


def _shift(counts: dict[str, Any]) -> str:
    if not counts["duty_name"]:
        return ""
    start, end = timezone.localtime(counts["duty_from"]), timezone.localtime(counts["duty_to"])
    return f"{counts['duty_label']} {start:%H:%M}–{end:%H:%M}"


def _alert(counts: dict[str, Any], now: datetime) -> str:
    """The red strip: only when the clockwork itself stands still."""
    swept = counts["swept_at"]
    if swept is None:
        return _("到期提醒还没有运行过，请联系管理员查看后台任务。")
    late = now - swept
    if late < -SWEEP_LATE:
        return _("服务器的时钟被调回过，到期提醒停着，请联系管理员校准时间。")
    if late <= SWEEP_LATE:
        return ""
    minutes = int(late.total_seconds() // 60)
    return _("到期提醒已停 %(n)s 分钟，请联系管理员；时限照常计算，页面上的剩余时间是准的。") % {
        "n": minutes
    }


def _backup_alert(counts: dict[str, Any], now: datetime, mine: frozenset[Role]) -> str:
    """The same strip for those who can have something done: no good backup for two days."""
    if not settings.PROPDESK_BACKUP_NIGHTLY or not mine & TOLD_OF_BACKUPS:
        return ""
    made = counts["backup_at"]
    # A house that only just began owes none yet; its oldest sweep says since when it runs.
    since = made or counts["swept_since"]
    if since is not None and now - since > nightly.LATE:
        days = (now - since).days
        if made is None:
            return _("还没有备份过，请联系管理员。")
        return _("最近一份备份已是 %(n)s 天前的，请联系管理员。") % {"n": days}
    if counts["backup_said"]:
        return _("最近一次备份做成了，但有问题，请管理员查看：%(said)s") % {
            "said": counts["backup_said"].splitlines()[0]
        }
    return ""
