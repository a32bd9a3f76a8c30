"""What the registers of single playbooks share: a second person, a mark that is taken back."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext as _

from emergencies.models import Event, StepMark
from emergencies.queries.evidence import playbook_of
from emergencies.workflow.base import reads_restricted
from emergencies.workflow.marking import arm_late_steps
from propdesk.core import audit, signatures
from propdesk.core.models import StaffSignature, User
from propdesk.core.roles import ALL_STAFF, standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput


def beside(event: Event, second: Second, *, by: User) -> StaffSignature:
    """His signature, after his password; RefusedInput for the same person, or one not let in."""
    user = second.user
    if user.pk == by.pk:
        raise RefusedInput(second=_("要两个人在场：请选择另一位同事。"))
    is_colleague(event, user, "second")
    if event.case.restricted and not reads_restricted(event, user):
        raise RefusedInput(second=_("此人不在可查看人里，请先由经理把他加进去。"))
    return signatures.present(user, second.password)


def is_colleague(event: Event, user: User, name: str) -> None:
    """RefusedInput at the field ``name`` unless he works in this property today."""
    if not standing(user, event.case.property).roles & ALL_STAFF:
        raise RefusedInput(**{name: _("请选择本处在职的同事。")})


def withdraw(event: Event, own: str, *, by: User, now: datetime, reason: str) -> list[models.Model]:
    """Take back the marks of the steps a register fulfils: they are open again; returns the rows."""
    steps = [step.id for step in playbook_of(event).steps.values() if step.own == own]
    marks = event.marks.filter(step__in=steps, superseded_at=None)
    rows = list(marks.exclude(outcome=StepMark.Outcome.ROUND))
    for row in rows:
        row.superseded_at = now
        audit.save(row, "superseded_at", by=by, reason=reason)
    if rows:
        arm_late_steps(event)
    return list(rows)
