"""I: the work on what was promised, and its end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import REPORTED, Complaint, Progress, Promise
from incidents.workflow.base import (
    PROMISE_RULES,
    REVIEW_RULES,
    Rule,
    begin,
    finish,
    neutral,
    permit,
    round_began_at,
    stop_clocks,
)
from incidents.workflow.record import index
from incidents.workflow.table import S
from propdesk.core import audit, clocks
from propdesk.core.cases import close_tasks
from propdesk.core.models import Membership, User
from propdesk.core.notices import notify
from propdesk.core.transitions import RefusedInput, happened, require

EXTENSION_TASK = "extend"
"""Kind of the task that asks a manager for another extension."""


def write_progress(
    complaint: Complaint,
    kind: str,
    text: str,
    *,
    now: datetime,
    by: User,
    occurred_at: datetime | None = None,
) -> Progress:
    row = Progress(
        complaint=complaint,
        cycle=complaint.cycle,
        kind=kind,
        text=text,
        occurred_at=occurred_at or now,
        at=now,
        by=by,
    )
    audit.save(row, by=by, reason=text)
    return row


@transaction.atomic
def progress(
    complaint: Complaint, *, by: User, kind: str, text: str, occurred_at: datetime | None = None
) -> Progress:
    """登记开工、进展、联系或部门完成 (C-I); the department that executes may do it too.

    ``not_done`` is the other answer to 部门完成: whoever may mark the complaint resolved has
    looked and it is not, so that the report of the department proves nothing any more.
    """
    complaint, _stand = begin(complaint, "progress", by)
    require(kind in REPORTED, _("请选择进展的类别。"))
    if kind == Progress.Kind.NOT_DONE:
        permit(complaint, "resolve", by)
        require(complaint.department_done_at is not None, _("部门还没有报过完成。"))
    now = timezone.now()
    occurred_at = occurred_at or now
    # Work may begin before the promise is put in, but never before its round.
    began = complaint.started_at if kind == Progress.Kind.DONE else None
    happened("occurred_at", occurred_at, now, not_before=began or round_began_at(complaint))
    if not text:
        raise RefusedInput(text=_("请写一句做了什么。"))
    started = complaint.started_at is not None
    if kind == Progress.Kind.DONE:
        require(started, _("还没有登记开工。"))
        require(complaint.department_done_at is None, _("部门已经报过完成。"))
    if kind == Progress.Kind.STARTED:
        require(not started, _("这一轮已经登记开工。"))
    row = write_progress(complaint, kind, text, now=now, by=by, occurred_at=occurred_at)
    fields = _after_progress(complaint, row, now, by)
    finish(
        complaint,
        fields,
        row,
        by=by,
        action="progress",
        info={"kind": kind},
        occurred_at=occurred_at,
    )
    return row


def _after_progress(complaint: Complaint, row: Progress, now: datetime, by: User) -> list[str]:
    if row.kind == Progress.Kind.STARTED:
        complaint.started_at = row.occurred_at
        stop_clocks(complaint, [Rule.NOT_STARTED], now)
        return ["started_at"]
    if row.kind == Progress.Kind.CONTACT:
        stop_clocks(complaint, [Rule.CONTACT_DUE], now)
    if row.kind == Progress.Kind.DONE:
        # The server's time, not the typed one: it later proves that the promise was kept.
        complaint.department_done_at = now
        text = _("【部门已完成】%(case)s · 请核实") % {"case": neutral(complaint)}
        notify(
            complaint.case,
            rule="incidents.department_done",
            text=text,
            key=f"done:{row.pk}",
            also=[complaint.owner],
            except_for=by,
        )
        return ["department_done_at"]
    if row.kind == Progress.Kind.NOT_DONE:
        complaint.department_done_at = None
        notify(
            complaint.case,
            rule="incidents.not_done",
            text=_("【核实未完成】%(case)s · 请继续处理") % {"case": neutral(complaint)},
            key=f"not-done:{row.pk}",
            also=members(complaint),
            except_for=by,
        )
        return ["department_done_at"]
    return []


def members(complaint: Complaint) -> list[User]:
    """Who works today in the department that carries the complaint out."""
    members = Membership.objects.current(timezone.now()).filter(
        property=complaint.case.property, department=complaint.department
    )
    return [m.user for m in members.select_related("user")]


def _proved_at(complaint: Complaint, promise: Promise, by: User) -> datetime | None:
    """When somebody of the work, neither its owner nor who resolves it, reported it done."""
    if complaint.department_done_at is None:
        return None
    reports = complaint.progress.filter(
        kind=Progress.Kind.DONE, cycle=complaint.cycle, at__gte=promise.created_at
    ).exclude(by__in=[complaint.owner_id, by.pk])
    last = reports.order_by("-pk").first()
    return last.at if last and last.at >= complaint.department_done_at else None


@transaction.atomic
def resolve(
    complaint: Complaint, *, by: User, resolution: str, resolved_at: datetime | None = None
) -> Complaint:
    """标记已解决 (C-I): needs a result; the promise is kept only if that is on record in time.

    On record means: now, or the moment the department reported done under this very promise; the
    word of whoever follows it up is no report of the department. A typed earlier time is kept as
    the guest's experience but never turns a broken promise into a kept one.
    """
    complaint, _stand = begin(complaint, "resolve", by)
    require(complaint.started_at is not None, _("还不能标记已解决：先登记开工。"))
    now = timezone.now()
    resolved_at = resolved_at or now
    happened("resolved_at", resolved_at, now, not_before=complaint.started_at)
    if not resolution:
        raise RefusedInput(resolution=_("请写明处理结果。"))
    row = complaint.promises.select_for_update(no_key=True).get(outcome=Promise.Outcome.OPEN)
    proved_at = _proved_at(complaint, row, by) or now
    kept = proved_at <= row.due_at
    row.outcome = Promise.Outcome.KEPT if kept else Promise.Outcome.BROKEN
    row.ended_at = proved_at
    audit.save(row, "outcome", "ended_at", by=by, reason=_("标记已解决"))
    complaint.status, complaint.resolution = S.RESOLVED, resolution
    complaint.resolved_at = resolved_at
    index(complaint)
    settings = complaint.case.property.settings
    remind = now + timedelta(minutes=settings.review_remind)
    complaint.next_due_at = remind
    stop_clocks(complaint, PROMISE_RULES, now)
    tasks = close_tasks(complaint.case, EXTENSION_TASK, by=by, outcome="resolved")
    clocks.arm(
        complaint.case,
        (REVIEW_RULES[0], remind),
        (REVIEW_RULES[1], now + timedelta(minutes=settings.review_escalate)),
    )
    return finish(
        complaint,
        ["status", "resolution", "resolved_at", "next_due_at"],
        row,
        *tasks,
        by=by,
        action="resolve",
        info={"kept": kept},
        occurred_at=resolved_at,
    )
