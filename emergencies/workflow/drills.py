"""演练: half-yearly, by law for fire; the house is reminded before, on and after the day it is due."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.models import Kind
from emergencies.queries import drills
from propdesk.core import duty
from propdesk.core.models import Property
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role

SOON = timedelta(days=14)
"""How long before the due day the house is told; then on that day, from then on once a week."""
EVERY = timedelta(days=7)


def due_on(last: date | None, since: date, every_months: int) -> date:
    """When the next drill is due: so many calendar months after the last, or after ``since``."""
    return (last or since) + relativedelta(months=every_months)


def remind_drills(now: datetime) -> int:
    """The daily sweep: tell 保安部经理 and 物业经理 of every drill that is due soon or overdue.

    A handful of statements per property; the key of a notice holds the day it tells of, so that a
    second run on the same day, or of a second worker, tells nobody twice.
    """
    today = timezone.localdate(now)
    messages: list[Message] = []
    for prop, kinds in drills.last_by_property().items():
        messages += _of(prop, kinds, today, now)
    return put(messages)


def _of(prop: Property, kinds: dict[str, date], today: date, now: datetime) -> Iterable[Message]:
    for code, book in playbooks.PLAYBOOKS.items():
        if book.drill is None:
            continue
        due = due_on(kinds.get(code), drills.since(prop), book.drill.every_months)
        stamp = _stamp(due, today)
        if stamp is None:
            continue
        people = duty.holders(prop, Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER)
        text = _("【演练到期】%(kind)s · 应于%(day)s前演练一次") % {
            "kind": Kind(code).label,
            "day": due.isoformat(),
        }
        yield Message(
            prop=prop,
            rule="emergencies.drill",
            text=text,
            key=f"drill:{prop.pk}:{code}:{stamp.isoformat()}",
            recipients=tuple(people),
        )


def _stamp(due: date, today: date) -> date | None:
    """The day of reminding that has been reached last; None before the first."""
    first = due - SOON
    if today < first:
        return None
    if today < due:
        return first
    return due + EVERY * ((today - due) // EVERY)
