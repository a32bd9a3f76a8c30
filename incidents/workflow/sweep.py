"""The sweep: what is due is flagged once, stamped with the due time, told to whom it concerns."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import Complaint
from incidents.workflow.base import Rule, neutral
from incidents.workflow.table import S
from propdesk.core import audit, clocks, duty
from propdesk.core.models import Case, Clock, Property, User
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule tells, in which states it still matters, and its rank on its ladder."""

    states: frozenset[str]
    owner: bool = True
    roles: tuple[Role, ...] = ()
    ladder: str = ""
    rank: int = 0
    urgent: bool = False


_PM = (Role.PROPERTY_MANAGER,)
_GM = (Role.GENERAL_MANAGER,)
_WORK = frozenset({S.IN_PROGRESS})
_BEFORE = frozenset({S.INTAKE, S.RECORDED, S.AWAITING_CHOICE, S.REOPENED})
_REVIEW = frozenset({S.RESOLVED})
_DM_TOO = (Role.DUTY_MANAGER,)

TARGETS: dict[str, Target] = {
    # The owner may be off duty or gone: somebody who is here hears of it, too.
    Rule.RECORD_REMIND: Target(frozenset({S.INTAKE}), roles=_DM_TOO),
    Rule.PROMISE_LATE: Target(_BEFORE, roles=_PM + _DM_TOO, urgent=True),
    Rule.NOT_STARTED: Target(_WORK, roles=_DM_TOO),
    Rule.CONTACT_DUE: Target(_WORK, roles=_DM_TOO),
    Rule.DUE_SOON: Target(_WORK, roles=_DM_TOO, ladder="promise", rank=1),
    Rule.OVERDUE: Target(_WORK, roles=_PM + _DM_TOO, ladder="promise", rank=2, urgent=True),
    # After downtime this is the only step that is sent, so it reaches all the lower ones reach.
    Rule.ESCALATED: Target(_WORK, roles=_GM + _PM + _DM_TOO, ladder="promise", rank=3, urgent=True),
    Rule.REVIEW_REMIND: Target(_REVIEW, roles=_DM_TOO, ladder="review", rank=1),
    Rule.REPORT_LATE: Target(_REVIEW, roles=_PM + _DM_TOO),
    Rule.CLOSE_LATE: Target(_REVIEW, roles=_DM_TOO),
    Rule.REVIEW_ESCALATED: Target(
        _REVIEW, roles=_PM + _DM_TOO, ladder="review", rank=2, urgent=True
    ),
}


def flag_due(now: datetime) -> int:
    """Fire every due clock of complaints once; returns how many. Safe to run twice or at once.

    Set-based batches: the number of statements does not grow with the rows. A batch is one
    transaction; a case somebody holds is left for the next run.
    """
    total = 0
    broken: set[int] = set()
    while True:
        ids = [pk for pk in clocks.due_cases(tuple(TARGETS), now) if pk not in broken]
        fired = _flag(ids, now, broken) if ids else 0
        total += fired
        if not fired:
            return total


def _flag(ids: Sequence[int], now: datetime, broken: set[int]) -> int:
    """A whole batch, or one by one when it fails: a case that raises is set aside and reported."""
    try:
        return _flag_batch(ids, now)
    except Exception:
        if len(ids) == 1:
            log.exception("clocks of case %s", ids[0])
            broken.update(ids)
            return 0
    return sum(_flag([pk], now, broken) for pk in ids)


@transaction.atomic
def _flag_batch(ids: Sequence[int], now: datetime) -> int:
    due = clocks.locked_due(tuple(TARGETS), ids, now)
    if not due:
        return 0
    cases = {c.case_id: c.case for c in due}
    complaints = {
        c.pk: c
        for c in Complaint.objects.filter(pk__in=cases).select_related("owner", "case__property")
    }
    live = [c for c in due if complaints[c.case_id].status in TARGETS[c.rule].states]
    _merge(live)
    people = _people({complaints[c.case_id].case.property for c in live}, now)
    put(_message(c, complaints[c.case_id], people) for c in live)
    audit.record_many(_act(c, cases[c.case_id]) for c in live)
    clocks.mark_fired(due, now)
    return len(due)


def _merge(live: Sequence[Clock]) -> None:
    """Of several steps of one ladder due at once only the highest is sent (decision 11)."""
    ladders: dict[tuple[int, str], list[Clock]] = defaultdict(list)
    for clock in live:
        target = TARGETS[clock.rule]
        if target.ladder:
            ladders[(clock.case_id, target.ladder)].append(clock)
    for steps in ladders.values():
        top = max(steps, key=lambda c: TARGETS[c.rule].rank)
        for clock in steps:
            clock.merged = clock is not top


def _people(properties: set[Property], now: datetime) -> dict[tuple[int, Role], list[User]]:
    """Who is on duty per property and role: read once a batch, not once a row."""
    roles = sorted({role for target in TARGETS.values() for role in target.roles})
    return {
        (prop.pk, role): duty.on_duty(prop, role, at=now) for prop in properties for role in roles
    }


def _message(
    clock: Clock, complaint: Complaint, people: dict[tuple[int, Role], list[User]]
) -> Message:
    target = TARGETS[clock.rule]
    told = [complaint.owner] if target.owner else []
    for role in target.roles:
        told += people[(complaint.case.property_id, role)]
    due = timezone.localtime(clock.due_at).strftime("%m-%d %H:%M")
    text = _("【%(rule)s】%(case)s · 应于 %(due)s") % {
        "rule": Rule(clock.rule).label,
        "case": neutral(complaint),
        "due": due,
    }
    return Message(
        prop=complaint.case.property,
        case=complaint.case,
        rule=clock.rule,
        text=text,
        key=f"clock:{clock.pk}",
        recipients=tuple({u.pk: u for u in told if u.is_active}.values()),
        due_at=clock.due_at,
        urgent=target.urgent,
        merged=clock.merged,
    )


def _act(clock: Clock, case: Case) -> audit.Act:
    info = {"rule": clock.rule, "due_at": clock.due_at.isoformat(), "merged": clock.merged}
    return audit.Act(case, "flag", None, info=info, occurred_at=clock.due_at)
