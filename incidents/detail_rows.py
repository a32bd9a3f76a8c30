"""One complaint and all its children, read in one statement (ADR 0019) into plain objects."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property

from incidents import queries
from incidents.models import (
    Callback,
    Complaint,
    Correction,
    Decision,
    Option,
    Progress,
    Promise,
    StepRecord,
)
from incidents.permissions import ACTIONS
from incidents.workflow.base import assigned_to
from propdesk.core import cases, drafts, signers
from propdesk.core.composed import USER, Children, rows_of, same, spread
from propdesk.core.models import (
    Attachment,
    CaseLink,
    Document,
    Property,
    Report,
    ReportBox,
    Task,
    Unmasking,
    User,
)
from propdesk.core.roles import Role, standing

S = Complaint.Status

BEFORE_CHOICE = {S.RECORDED, S.AWAITING_CHOICE, S.REOPENED}
PROMISE_TONES = {
    "open": ("blue", "play-circle"),
    "kept": ("green", "check-circle-fill"),
    "moved": ("orange", "calendar-plus"),
    "broken": ("red", "x-circle-fill"),
    "dropped": ("grey", "dash-circle"),
}
DATES = {"at", "due_at", "told_at", "ended_at", "asked_at", "withdrawn_at", "created_at", "until"}
DATES |= {"next_contact_at"}


def _sealed() -> Subquery:
    """The paper that was sealed with the last signature of a report."""
    papers = Document.objects.filter(report=OuterRef("pk"), kind="incident_report", sealed=True)
    return Subquery(papers.values("pk")[:1])


def _boxes(**which: Any) -> "QuerySet[ReportBox]":
    """Boxes of the round a report is in."""
    return ReportBox.objects.filter(report=OuterRef("pk"), round=OuterRef("round"), **which)


def _children() -> dict[str, ArraySubquery]:
    """All lists that are the same whoever looks, and how long this user sees the guest's number."""
    mine = {"complaint": OuterRef("pk")}
    case = {"case": OuterRef("pk")}
    option = ["pk", "cycle", "position", "text", "limits", "cost", "approval", "told_at"]
    option += ["chosen", "withdrawn_at", "decision_note", "proposed_by_id"]
    promise = ["pk", "cycle", "seq", "what", "due_at", "told_at", "told_via", "reason", "outcome"]
    promise += ["ended_at", "next_contact_at", "created_at"]
    links = CaseLink.objects.filter(Q(a=OuterRef("pk")) | Q(b=OuterRef("pk")))
    return {
        "step_rows": rows_of(
            StepRecord.objects.filter(**mine),
            "letter",
            letter="letter",
            done="done",
            reason="reason",
            at="at",
            by="by__name",
        ),
        "option_rows": rows_of(
            Option.objects.filter(**mine),
            "-cycle",
            "position",
            **same(*option),
            decided_by="decided_by__name",
        ),
        "promise_rows": rows_of(
            Promise.objects.filter(**mine),
            "-cycle",
            "-seq",
            **same(*promise),
            department="department__name",
        ),
        "correction_rows": rows_of(
            Correction.objects.filter(**mine),
            "at",
            field="field",
            old="old",
            text="text",
            at="at",
            by="by__name",
        ),
        "callback_rows": rows_of(
            Callback.objects.filter(**mine),
            "-at",
            pk="pk",
            cycle="cycle",
            satisfaction="satisfaction",
            asked_at="asked_at",
            at="at",
            comment="comment",
            by="by__name",
        ),
        "progress_rows": rows_of(
            Progress.objects.filter(**mine), "-pk", pk="pk", kind="kind", text="text", at="at"
        ),
        "decision_rows": rows_of(
            Decision.objects.filter(**mine),
            "-at",
            kind="kind",
            choice="choice",
            reason="reason",
            at="at",
            by="by__name",
        ),
        "photo_rows": rows_of(
            Attachment.objects.filter(**case, removed_at=None),
            "pk",
            pk="pk",
            caption="caption",
            width="width",
            height="height",
        ),
        "task_rows": rows_of(
            Task.objects.filter(**case, done_at=None),
            "pk",
            pk="pk",
            kind="kind",
            text="text",
            role="role",
            created_at="created_at",
        ),
        "link_rows": rows_of(
            links,
            "pk",
            a=F("a__number"),
            b=F("b__number"),
            a_kind=F("a__kind"),
            b_kind=F("b__kind"),
            note="note",
        ),
        "unmask_rows": rows_of(
            Unmasking.objects.filter(person=OuterRef("guest"), by=USER),
            "-until",
            until="until",
            me=Value(True),
        ),
    }


CHILDREN = Children(Complaint.objects, _children)


def _of_user(user: User, prop: Property, number: str) -> dict[str, ArraySubquery]:
    """The reports, with whether it is this user's turn, and what he typed and did not send."""
    case = {"case": OuterRef("pk")}
    return {
        "report_rows": rows_of(
            Report.objects.filter(**case).annotate(
                sealed=_sealed(),
                turn=Subquery(_boxes(decision="pending").order_by("position").values("title")[:1]),
                mine=Exists(signers.turns(user, prop).filter(report=OuterRef("pk"))),
                sent_back=Subquery(_boxes(decision="sent_back").values("opinion")[:1]),
            ),
            "-version",
            pk="pk",
            number="number",
            version="version",
            state="state",
            sealed="sealed",
            turn="turn",
            mine="mine",
            sent_back="sent_back",
        ),
        "draft_rows": rows_of(drafts.of(user, f"{number}:"), "pk", form="form", data="data"),
    }


def _object(row: dict[str, Any]) -> SimpleNamespace:
    values = {k: parse_datetime(v) if k in DATES and v else v for k, v in row.items()}
    return SimpleNamespace(**values)


@dataclass
class DetailRows:
    """The complaint as read for one user; every list is already in memory."""

    complaint: Complaint
    user: User
    now: datetime

    @classmethod
    def load(cls, user: User, prop: Property, number: str, now: datetime) -> Self | None:
        """The complaint if ``user`` may see it: one statement for it and all its children."""
        row = spread(
            queries.visible_to(user, prop)
            .filter(case__number=number)
            .select_related(
                "case__property__settings",
                "case__erasure",
                "guest__room",
                "place",
                "owner",
                "received_by",
                "department",
                "recorded_by",
                "refused_by",
            )
            .annotate(
                **CHILDREN.of(number=number, prop=prop.pk, user=user.pk),
                **_of_user(user, prop, number),
            )
            .first()
        )
        return cls(row, user, now) if row else None

    def _list(self, name: str) -> list[SimpleNamespace]:
        return [_object(row) for row in getattr(self.complaint, f"{name}_rows")]

    @cached_property
    def steps(self) -> dict[str, SimpleNamespace]:
        return {row.letter: row for row in self._list("step")}

    @cached_property
    def options(self) -> list[SimpleNamespace]:
        rows = self._list("option")
        manager, duty = self.allowed("decide_option"), self.allowed("withdraw_option")
        for row in rows:
            row.current = row.cycle == self.complaint.cycle
            row.approval_label = Option.Approval(row.approval).label
            row.decidable = manager and row.proposed_by_id != self.user.pk
            row.withdrawable = duty and self.complaint.status in BEFORE_CHOICE
        return rows

    @cached_property
    def promises(self) -> list[SimpleNamespace]:
        rows = self._list("promise")
        for row in rows:
            row.outcome_label = Promise.Outcome(row.outcome).label
            row.tone, row.icon = PROMISE_TONES[row.outcome]
            row.late = row.outcome == "open" and row.due_at < self.now
        return rows

    @cached_property
    def corrections(self) -> list[SimpleNamespace]:
        rows = self._list("correction")
        for row in rows:
            row.label = Correction.Field(row.field).label
        return rows

    @cached_property
    def callbacks(self) -> list[SimpleNamespace]:
        rows = self._list("callback")
        for row in rows:
            row.label = Complaint.Satisfaction(row.satisfaction).label
        return rows

    @cached_property
    def work(self) -> list[SimpleNamespace]:
        return self._list("progress")

    @cached_property
    def words(self) -> dict[tuple[str, int], str]:
        """What progress entries, call-backs and options say, by model and key of their row."""
        found = {("incidents.option", o.pk): f"{o.position} {o.text}" for o in self.options}
        for row in self.work:
            found["incidents.progress", row.pk] = f"{Progress.Kind(row.kind).label}：{row.text}"
        for row in self.callbacks:
            said = f"“{row.comment}”" if row.comment else ""
            found["incidents.callback", row.pk] = f"{row.label}{said}"
        return found

    @cached_property
    def decisions(self) -> list[SimpleNamespace]:
        rows = self._list("decision")
        for row in rows:
            row.label = Decision.Kind(row.kind).label
        return rows

    @cached_property
    def photos(self) -> list[SimpleNamespace]:
        return self._list("photo")

    @cached_property
    def tasks(self) -> list[SimpleNamespace]:
        """What waits for somebody; ``mine`` says whether it is this user who is meant."""
        rows, mine = self._list("task"), standing(self.user, self.complaint.case.property)
        for row in rows:
            row.role_label = Role(row.role).label
            row.mine = row.role in mine.task_roles or Role.GENERAL_MANAGER in mine.roles
        return rows

    @cached_property
    def links(self) -> list[SimpleNamespace]:
        rows = self._list("link")
        for row in rows:
            here = self.complaint.case.number
            row.number, row.kind = (row.b, row.b_kind) if row.a == here else (row.a, row.a_kind)
        return rows

    @cached_property
    def report(self) -> SimpleNamespace | None:
        rows = [r for r in self.reports if r.state != Report.State.SUPERSEDED]
        return rows[0] if rows else None

    @cached_property
    def reports(self) -> list[SimpleNamespace]:
        """All versions, the newest first."""
        rows = self._list("report")
        for row in rows:
            row.label = Report.State(row.state).label
        return rows

    @cached_property
    def earlier_reports(self) -> list[SimpleNamespace]:
        """Reports of earlier rounds that were signed and sealed: they stay what they were."""
        return [r for r in self.reports if r.state == Report.State.SUPERSEDED and r.sealed]

    @cached_property
    def drafts(self) -> dict[str, dict[str, str]]:
        """What the user typed into the forms of this complaint and has not submitted, by act."""
        rows = self._list("draft")
        return {row.form.partition(":")[2]: drafts.first_values(row.data) for row in rows}

    @cached_property
    def phone_until(self) -> datetime | None:
        """Until when this user sees the whole number; None when it is masked."""
        ends = [row.until for row in self._list("unmask") if row.until > self.now]
        return max(ends, default=None)

    @cached_property
    def chosen(self) -> SimpleNamespace | None:
        return next((o for o in self.options if o.chosen and o.current), None)

    def allowed(self, action: str) -> bool:
        """Whether the table lets the user do it here (buttons; the workflow decides)."""
        if action not in cases.READS and cases.is_purged(self.complaint.case):
            return False
        mine = standing(self.user, self.complaint.case.property)
        return ACTIONS[action].allows(
            mine.roles,
            owns=self.complaint.received_by_id == self.user.pk,
            assigned=assigned_to(self.complaint, self.user),
        )
