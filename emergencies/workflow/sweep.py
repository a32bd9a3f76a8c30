"""The sweep: late steps, rounds, reminders, reviews and records, each told once (X-3)."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.playbooks.board import StepLine
from emergencies.queries import evidence, timing
from emergencies.workflow.base import Rule, finish, minutes, neutral, say
from emergencies.workflow.calling import hold_free
from emergencies.workflow.ending import in_the_way
from emergencies.workflow.marking import next_round_at
from emergencies.workflow.table import S
from propdesk.core import clocks
from propdesk.core.models import User
from propdesk.core.roles import Role

log = logging.getLogger(__name__)

RULES = (
    Rule.REMIND,
    Rule.ROUND_LATE,
    Rule.STEP_LATE,
    Rule.REVIEW_LATE,
    Rule.RECORD_LATE,
    Rule.ACTION_LATE,
    Rule.UNCHECKED,
)
"""In the order in which they speak: what is said of one step alone goes before a count of steps."""
AFTER = {
    Rule.REVIEW_LATE: (S.SIGNING, S.ARCHIVED),
    Rule.RECORD_LATE: (S.SIGNING,),
    Rule.ACTION_LATE: (S.RUNNING, S.SIGNING, S.ARCHIVED),
}
"""States in which what comes after the handling still matters; the rest matters while it runs."""
REGISTERS: dict[str, Callable[[Event, datetime, datetime], None]] = {}
"""Rules that a register fires itself: ``fn(event, due_at, now)``."""


def flag_due(now: datetime) -> int:
    """Fire every due clock of events once; returns how many. Safe to run twice or at once.

    One event, one transaction: a house has a handful of running events at most, and one that raises
    is set aside and reported. An event somebody holds is left for the next run.
    """
    total, broken = 0, set[int]()
    while True:
        ids = [pk for pk in clocks.due_cases(RULES, now) if pk not in broken]
        fired = 0
        for pk in ids:
            try:
                fired += _flag(pk, now)
            except Exception:
                log.exception("clocks of case %s", pk)
                broken.add(pk)
        total += fired
        if not fired:
            return total


@transaction.atomic
def _flag(pk: int, now: datetime) -> int:
    event = hold_free(pk)
    if event is None:
        return 0
    due = list(clocks.pending(RULES, now).filter(case=event.case_id).select_for_update(no_key=True))
    told = [rule for rule in RULES if any(c.rule == rule for c in due) and _matters(event, rule)]
    steps: set[str] = set()
    for rule in told:
        newest = max(c.due_at for c in due if c.rule == rule)
        steps |= _fire(event, rule, newest, now, steps)
    for clock in due:
        clock.merged = clock.due_at != max(c.due_at for c in due if c.rule == clock.rule)
    clocks.mark_fired(due, now)
    return len(due)


def _matters(event: Event, rule: str) -> bool:
    return event.status in AFTER.get(Rule(rule), (S.RUNNING,))


def _fire(event: Event, rule: str, due_at: datetime, now: datetime, told: set[str]) -> set[str]:
    """Tell whoever has to do it and the commander, when there is still something to tell.

    Returns the steps it told of. Those in ``told`` were told of a moment ago by another rule: nobody
    gets two notices for one step in one minute.
    """
    if rule in REGISTERS:
        REGISTERS[rule](event, due_at, now)
        return set()
    late = _late(event, rule, due_at, now)
    lines = [line for line in late or () if line.step.id not in told]
    if late is None or (late and not lines):
        return set()
    roles = {Role(line.step.by) for line in lines if line.step.by in Role.values}
    if rule in AFTER:
        roles = {_after_role(event, rule)}
    owners = _late_owners(event, due_at) if rule == Rule.ACTION_LATE else []
    if rule == Rule.ACTION_LATE and not owners:
        return set()
    text = _("【%(rule)s】%(case)s") % {"rule": Rule(rule).label, "case": neutral(event)}
    if lines:
        text += _(" · 共%(n)d步") % {"n": len(lines)}
    say(
        event,
        *sorted(roles),
        rule=rule,
        text=text,
        key=f"{rule}:{due_at.isoformat()}",
        also=owners or [event.commander],
        urgent=rule not in AFTER,
        due_at=due_at,
    )
    ids = [line.step.id for line in lines]
    info = {"rule": rule, "due_at": due_at.isoformat(), "steps": ids}
    finish(event, [], by=None, action="flag", info=info, occurred_at=due_at)
    return set(ids)


def _late_owners(event: Event, due_at: datetime) -> list[User]:
    """Whose actions of the day that has just ended are not done."""
    day = timezone.localdate(due_at - timedelta(seconds=1))
    late = event.actions.filter(done_at=None, due_on__lte=day).select_related("owner")
    return [row.owner for row in late]


def _after_role(event: Event, rule: str) -> Role:
    if rule in (Rule.REVIEW_LATE, Rule.ACTION_LATE):
        return Role(evidence.playbook_of(event).after.reviewer)
    return Role.DUTY_MANAGER


def _late(event: Event, rule: str, due_at: datetime, now: datetime) -> list[StepLine] | None:
    """The steps to tell of; None when there is nothing left to tell."""
    if rule == Rule.REVIEW_LATE:
        return None if event.reviewed_at else []
    if rule == Rule.ACTION_LATE:
        return []
    record = evidence.record_of(event)
    board = evidence.look(event, record)
    if rule == Rule.RECORD_LATE:
        unsigned = [m for m in in_the_way(event, board) if m.at[0] == "record"]
        return [] if unsigned else None
    if rule == Rule.ROUND_LATE:
        late = [line for line in board.steps if _round_is_late(event, record, line, now)]
        _again(event, late, due_at, now)
        return late or None
    passed = (due_at - event.reported_at) / timedelta(minutes=1)
    open_lines = [line for line in board.steps if line.state in timing.OPEN]
    if rule == Rule.REMIND:
        found = [line for line in open_lines if any(m <= passed for m in line.step.reminders)]
    else:
        targets = ((line, timing.due_at(event, record, line)) for line in open_lines)
        found = [line for line, target in targets if target is not None and target <= due_at]
    return found or None


def _round_is_late(event: Event, record: evidence.Record, line: StepLine, now: datetime) -> bool:
    """Whether its next round was due and was not done."""
    if line.step.repeat is None or line.state != "open":
        return False
    last = event.marks.filter(step=line.step.id).order_by("-occurred_at").first()
    if last is None:
        return False  # the first one has its own target
    since = timing.opened_at(event, record, line)
    due = next_round_at(event, line.step, max(last.occurred_at, since))
    return due is not None and due < now


def _again(event: Event, late: list[StepLine], due_at: datetime, now: datetime) -> None:
    """A missed round is asked for again after another interval, until it is done."""
    gaps = [line.step.repeat.every_min for line in late if line.step.repeat]
    every = min((gap for gap in gaps if gap), default=0)
    if every:
        missed = int((now - due_at) / minutes(every)) + 1
        clocks.arm(event.case, (Rule.ROUND_LATE, due_at + minutes(every) * missed))
    elif late:
        ends = next_round_at(event, late[0].step, now)
        if ends is not None:
            clocks.arm(event.case, (Rule.ROUND_LATE, ends))
