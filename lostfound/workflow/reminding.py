"""What nobody ends is called to mind again and again: lost reports once a year, papers once a week."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound.permissions import SECURITY
from propdesk.core import audit, clocks, duty
from propdesk.core.models import Case, Clock, Property, User
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role


class Again(models.TextChoices):
    """Rules of papers and lost reports; as long as the case is open they come again."""

    LOST_OPEN = "lostfound.lost_open", _l("遗失登记仍未结束")
    EXECUTE_LATE = "lostfound.execute_late", _l("批示后仍未执行")


EVERY: Final = {Again.LOST_OPEN: timedelta(days=365), Again.EXECUTE_LATE: timedelta(days=7)}
WHO: Final[dict[str, tuple[Role, ...]]] = {
    Again.LOST_OPEN: (Role.DUTY_MANAGER,),
    Again.EXECUTE_LATE: (Role.DUTY_MANAGER, *sorted(SECURITY)),
}
People = dict[tuple[int, str], tuple[User, ...]]


def first_call(case: Case, rule: Again, now: datetime) -> Clock:
    """The clock of the first time a new case is called to mind, after one span; not written."""
    return Clock(case=case, rule=rule, due_at=now + EVERY[rule])


def call_to_mind(case: Case, rule: Again, now: datetime) -> None:
    """The same, armed."""
    clocks.arm(case, (rule, now + EVERY[rule]))


def remind_again(now: datetime) -> int:
    """Tell once of each open case whose span is over, and begin the next; returns how many.

    Safe to run twice or at once; after downtime one notice stands for all that were missed.
    """
    total = 0
    while ids := clocks.due_cases(tuple(Again), now):
        fired = _remind(ids, now)
        total += fired
        if not fired:
            break
    return total


@transaction.atomic
def _remind(ids: Sequence[int], now: datetime) -> int:
    due = clocks.locked_due(tuple(Again), ids, now)
    live = [clock for clock in due if clock.case.is_open]
    people = _people(live, now)
    put(_message(clock, people) for clock in live)
    audit.record_many(_act(clock) for clock in live)
    clocks.mark_fired(due, now)
    clocks.arm_all((c.case, c.rule, now + EVERY[Again(c.rule)]) for c in live)
    return len(due)


def _people(live: Iterable[Clock], now: datetime) -> People:
    """Who is on duty, by house and rule; the cases get their house, read once."""
    live = list(live)
    houses = Property.objects.in_bulk({clock.case.property_id for clock in live})
    for clock in live:
        clock.case.property = houses[clock.case.property_id]
    wanted = {(clock.case.property_id, clock.rule) for clock in live}
    return {(pk, rule): tuple(duty.on_duty(houses[pk], *WHO[rule], at=now)) for pk, rule in wanted}


def _message(clock: Clock, people: People) -> Message:
    case = clock.case
    words = {"rule": Again(clock.rule).label, "case": case.number}
    if clock.rule == Again.LOST_OPEN:
        words["day"] = f"{timezone.localdate(case.opened_at):%Y-%m-%d}"
        text = _("【%(rule)s】%(case)s · 登记于 %(day)s，请联系失主，不再查找就结束登记") % words
    else:
        text = _("【%(rule)s】%(case)s · 请值班经理和保安部两人执行并登记") % words
    return Message(
        prop=case.property,
        rule=clock.rule,
        text=text,
        key=f"clock:{clock.pk}",
        recipients=tuple(u for u in people[case.property_id, clock.rule] if u.is_active),
        case=case,
        due_at=clock.due_at,
    )


def _act(clock: Clock) -> audit.Act:
    info = {"rule": clock.rule, "due_at": clock.due_at.isoformat()}
    return audit.Act(clock.case, "flag", None, info=info, occurred_at=clock.due_at)
