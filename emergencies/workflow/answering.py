"""Questions that branch: an answer is added, never changed; two different ones at once are a 409."""

from collections.abc import Callable
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Answer, Event
from emergencies.playbooks.schema import Fact
from emergencies.queries import evidence
from emergencies.workflow.base import begin, finish
from emergencies.workflow.calling import open_calls
from emergencies.workflow.marking import arm_late_steps, arm_rounds, asked_again
from propdesk.core import audit
from propdesk.core.models import User
from propdesk.core.transitions import ConflictError, RefusedInput, require

GUARDS: list[Callable[[Event, str, str], None]] = []
"""Registers that may refuse an answer: ConflictError while it is theirs to give (E-6)."""


@transaction.atomic
def answer(
    event: Event, key: str, value: str, *, by: User, seen: int = 0, reason: str = ""
) -> Answer | None:
    """回答判断 (E-1 … E-8): opens the steps and calls that follow from it.

    ``seen`` is the number of the answer the page showed (0: none). ConflictError naming both when
    somebody answered differently meanwhile; the same answer again is None. Changing one takes a
    reason; marks made under the old one stay and are asked for again. One that lacks what the answer
    asks for is taken back.
    """
    event, _stand = begin(event, "answer", by)
    fact = _fact(event, key)
    _known_option(fact, value)
    for guard in GUARDS:
        guard(event, key, value)
    current = event.answers.select_related("by").filter(key=key, superseded_at=None).first()
    if current is not None and current.value == value:
        return None
    if (current.seq if current else 0) != seen:
        raise ConflictError(_both(fact, current, value))
    now = timezone.now()
    if current is not None and not reason.strip():
        raise RefusedInput(reason=_("改变判断请写明原因。"))
    row, changed = _answered(event, key, value, current, by, now, reason)
    rows: list[models.Model] = [*changed, row, *open_calls(event, by=by, now=now)]
    rows += asked_again(event, key, by=by, now=now, reason=_("判断以后要补填"))
    arm_late_steps(event)
    if current is not None:
        arm_rounds(event, now)
    info = {"key": key, "value": value, "old": current.value if current else ""}
    finish(event, [], *rows, by=by, action="answer", reason=reason, info=info)
    return row


def _fact(event: Event, key: str) -> Fact:
    facts = evidence.playbook_of(event).facts_by_key
    require(key in facts, _("预案里没有这个问题。"))
    return facts[key]


def options(fact: Fact) -> dict[str, str]:
    """Code and label of each possible answer."""
    if fact.type == "bool":
        return {evidence.YES: _("是"), evidence.NO: _("否")}
    return {option.code: option.zh for option in fact.options}


def _known_option(fact: Fact, value: str) -> None:
    if value not in options(fact):
        raise RefusedInput(value=_("请从列出的答案里选一个。"))


def _both(fact: Fact, current: Answer | None, value: str) -> str:
    """Both answers in one sentence, so that the two people can settle it."""
    labels = options(fact)
    if current is None:
        return _("这个问题的答案刚被改动，请看最新情况。")
    return _("“%(ask)s”刚由%(name)s答为“%(theirs)s”，您选的是“%(mine)s”。请核实后再改。") % {
        "ask": fact.ask,
        "name": current.by.name,
        "theirs": labels.get(current.value, current.value),
        "mine": labels[value],
    }


def say(
    event: Event, key: str, value: str, *, by: User, now: datetime, reason: str
) -> list[models.Model]:
    """Answer a question out of another transition of the locked event; returns every row written.

    Nothing is written when it is answered so already, or the playbook does not ask it.
    """
    facts = evidence.playbook_of(event).facts_by_key
    current = event.answers.filter(key=key, superseded_at=None).first()
    if key not in facts or (current is not None and current.value == value):
        return []
    row, changed = _answered(event, key, value, current, by, now, reason)
    arm_late_steps(event)
    return [*changed, row, *open_calls(event, by=by, now=now)]


def _answered(
    event: Event,
    key: str,
    value: str,
    current: Answer | None,
    by: User,
    now: datetime,
    reason: str,
) -> tuple[Answer, list[models.Model]]:
    changed: list[models.Model] = []
    if current is not None:
        current.superseded_at = now
        audit.save(current, "superseded_at", by=by, reason=reason)
        changed.append(current)
    row = Answer(
        event=event,
        key=key,
        seq=current.seq + 1 if current else 1,
        value=value,
        reason=reason.strip()[:200],
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=reason or _("回答判断"))
    return row, changed
