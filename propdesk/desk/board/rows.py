"""Rows of the board out of what its queries read; nothing here asks the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.models import Kind
from emergencies.workflow import due_on
from lostfound.models import Category
from propdesk.core import cases
from propdesk.core.models import Property, User
from propdesk.core.roles import Role
from propdesk.desk.handover.models import Handover

DRILL_SOON = timedelta(days=14)


def figures(code: str, counts: Mapping[str, Any]) -> dict[str, Any]:
    """The figures on top, each with the list it opens."""
    base, things = (reverse(f"{app}:board", args=[code]) for app in ("incidents", "lostfound"))
    return {
        **counts,
        "urgent": sum(counts[n] for n in ("overdue", "soon", "things_overdue", "things_soon")),
        "things_url": things,
        "things_overdue_url": f"{things}?state=overdue",
        "overdue_url": f"{base}?state=overdue",
        "soon_url": f"{base}?state=soon",
        "open_url": base,
        "sign_url": reverse("desk:sign", args=[code]),
    }


def task(code: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A task of one of his roles."""
    return {
        "text": row["text"],
        "number": row["number"],
        "url": cases.url_of(code, row["kind"], row["number"]),
        "since": parse_datetime(row["since"]),
        "role": Role(row["role"]).label,
    }


def mend(code: str, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """An action of a review; of a restricted event its number alone."""
    due = date.fromisoformat(row["due"])
    return {
        "url": f"{reverse('emergencies:detail', args=[code, row['number']])}#review",
        "text": _("保密事项") if row["restricted"] else row["text"],
        "number": row["number"],
        "due": due,
        "is_late": due < timezone.localdate(now),
    }


def handover(code: str, rows: Sequence[Mapping[str, Any]], user: User) -> dict[str, Any] | None:
    """The change of shift as a task: to go on writing of who leaves, to take over of the others."""
    if not rows:
        return None
    row = rows[0]
    is_offered, leaves = row["status"] == Handover.Status.OFFERED, user.pk == row["outgoing"]
    if is_offered and user.pk in (row["outgoing"], row["instead_of"]):
        return None
    words = _("%(name)s已签名，请逐条接班") if is_offered else _("%(name)s正在填写交班")
    page = "accept" if is_offered else "write" if leaves else "detail"
    return {
        "text": _("继续填写交班") if leaves else words % row,
        "number": row["number"],
        "url": reverse(f"handover:{page}", args=[code, row["number"]]),
        "ends": parse_datetime(row["ends"]),
    }


def today(prop: Property, counts: Mapping[str, Any], since: date, now: datetime) -> dict[str, Any]:
    """今日: who takes over, what expires, what is under seal, which drill is due."""
    day = timezone.localdate(now)
    return {
        "shift": next(map(_shift, counts["next_shift"]), None),
        "expiring": [_expiring(prop.code, row, day) for row in counts["expiring"]],
        "expired": counts["expired"],
        "expired_url": f"{reverse('lostfound:board', args=[prop.code])}?state=disposal",
        "sealed": [_sealed(prop.code, row) for row in counts["sealed"]],
        "drills": list(_drills(counts["drills"], since, day)),
        "drills_url": reverse("emergencies:drills", args=[prop.code]),
    }


def _shift(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "at": parse_datetime(row["at"])}


def _expiring(code: str, row: Mapping[str, Any], today: date) -> dict[str, Any]:
    last = date.fromisoformat(row["day"])
    return {
        "url": reverse("lostfound:detail", args=[code, row["number"]]),
        "number": row["number"],
        "category": Category(row["category"]).label,
        "words": _last_day(last, today),
    }


def _last_day(day: date, today: date) -> str:
    left = (day - today).days
    if left <= 0:
        return _("今天到期")
    return _("还有 %(n)d 天") % {"n": left}


def _sealed(code: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url": reverse("emergencies:seals", args=[code, row["number"]]),
        # A board lies open on a desk: of a confidential event its number alone.
        "text": _("保密事项") if row["restricted"] else _("%(place)s 封条生效") % row,
        "number": row["number"],
        "since": parse_datetime(row["since"]),
    }


def _drills(
    last: Mapping[str, datetime | None], since: date, today: date
) -> Iterable[dict[str, Any]]:
    """Drills due within two weeks, and those that are late."""
    for code, due in drill_days(last, since):
        if due <= today + DRILL_SOON:
            yield {"kind": Kind(code).label, "due": due, "is_late": due < today}


def drill_days(last: Mapping[str, datetime | None], since: date) -> Iterable[tuple[str, date]]:
    """(kind, day) by which each drill is due; ``last`` says when it was held, by kind."""
    for code, at in last.items():
        plan = playbooks.PLAYBOOKS[code].drill
        if plan is not None:
            yield code, due_on(timezone.localdate(at) if at else None, since, plan.every_months)
