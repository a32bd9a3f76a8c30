"""What the page of one complaint shows, read in one statement and put into plain objects."""

from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from incidents import queries, workflow
from incidents.acts import ACTS, Act
from incidents.models import (
    CONDUCT,
    LETTERS,
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
from incidents.sop import Step, steps
from propdesk.core import drafts, names
from propdesk.core.models import Attachment, CaseLink, Property, Report, Task, Unmasking, User
from propdesk.core.roles import standing

S = Complaint.Status

TONES = {
    S.INTAKE: ("grey", "inbox"),
    S.RECORDED: ("grey", "journal-text"),
    S.AWAITING_CHOICE: ("blue", "hand-index-thumb"),
    S.IN_PROGRESS: ("blue", "play-circle"),
    S.RESOLVED: ("violet", "telephone-outbound"),
    S.CLOSED: ("green", "check-circle-fill"),
    S.REOPENED: ("orange", "arrow-repeat"),
    S.VOIDED: ("grey", "slash-circle"),
}
"""Colour and icon of each state; never colour alone (ux.md)."""


def _rows(queryset: "QuerySet[Any]", *order: str, **fields: Any) -> ArraySubquery:
    return ArraySubquery(queryset.order_by(*order).values(row=JSONObject(**fields)))


def _annotations(user: User, number: str) -> dict[str, ArraySubquery]:
    mine = {"complaint": OuterRef("pk")}
    case = {"case": OuterRef("pk")}
    option = ["pk", "cycle", "position", "text", "limits", "cost", "approval", "told_at"]
    option += ["chosen", "withdrawn_at", "decision_note", "proposed_by_id"]
    promise = ["pk", "cycle", "seq", "what", "due_at", "told_at", "told_via", "reason", "outcome"]
    promise += ["ended_at", "next_contact_at"]
    links = CaseLink.objects.filter(Q(a=OuterRef("pk")) | Q(b=OuterRef("pk")))
    return {
        "step_rows": _rows(
            StepRecord.objects.filter(**mine),
            "letter",
            letter="letter",
            done="done",
            reason="reason",
            at="at",
            by="by__name",
        ),
        "option_rows": _rows(
            Option.objects.filter(**mine),
            "-cycle",
            "position",
            **{name: name for name in option},
            decided_by="decided_by__name",
        ),
        "promise_rows": _rows(
            Promise.objects.filter(**mine),
            "-cycle",
            "-seq",
            **{name: name for name in promise},
            department="department__name",
        ),
        "correction_rows": _rows(
            Correction.objects.filter(**mine),
            "at",
            field="field",
            old="old",
            text="text",
            at="at",
            by="by__name",
        ),
        "callback_rows": _rows(
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
        "progress_rows": _rows(
            Progress.objects.filter(**mine), "-pk", pk="pk", kind="kind", text="text"
        ),
        "decision_rows": _rows(
            Decision.objects.filter(**mine),
            "-at",
            kind="kind",
            choice="choice",
            reason="reason",
            at="at",
            by="by__name",
        ),
        "photo_rows": _rows(
            Attachment.objects.filter(**case, removed_at=None),
            "pk",
            pk="pk",
            caption="caption",
            width="width",
            height="height",
        ),
        "task_rows": _rows(
            Task.objects.filter(**case, done_at=None),
            "pk",
            pk="pk",
            kind="kind",
            text="text",
            role="role",
            created_at="created_at",
        ),
        "link_rows": _rows(
            links,
            "pk",
            a=F("a__number"),
            b=F("b__number"),
            a_kind=F("a__kind"),
            b_kind=F("b__kind"),
            note="note",
        ),
        "report_rows": _rows(
            Report.objects.filter(**case),
            "-version",
            pk="pk",
            number="number",
            version="version",
            state="state",
        ),
        "unmask_rows": _rows(
            Unmasking.objects.filter(person=OuterRef("guest"), by=user),
            "-until",
            until="until",
            me=Value(True),
        ),
        "draft_rows": _rows(drafts.of(user, f"{number}:"), "pk", form="form", data="data"),
    }


DATES = {"at", "due_at", "told_at", "ended_at", "asked_at", "withdrawn_at", "created_at", "until"}
DATES |= {"next_contact_at"}


def _object(row: dict[str, Any]) -> SimpleNamespace:
    values = {k: parse_datetime(v) if k in DATES and v else v for k, v in row.items()}
    return SimpleNamespace(**values)


@dataclass
class Detail:
    """One complaint as its page needs it; every list is already in memory."""

    complaint: Complaint
    user: User
    now: datetime

    @classmethod
    def load(cls, user: User, prop: Property, number: str, now: datetime) -> "Detail | None":
        """The complaint if ``user`` may see it: one statement for it and all its children."""
        row = (
            queries.visible_to(user, prop)
            .filter(case__number=number)
            .select_related(
                "case__property__settings",
                "guest__room",
                "place",
                "owner",
                "received_by",
                "department",
                "recorded_by",
                "refused_by",
            )
            .annotate(**_annotations(user, number))
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
    def words(self) -> dict[tuple[str, int], str]:
        """What progress entries, call-backs and options say, by model and key of their row."""
        found = {("incidents.option", o.pk): f"{o.position} {o.text}" for o in self.options}
        for row in self._list("progress"):
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
        return self._list("task")

    @cached_property
    def links(self) -> list[SimpleNamespace]:
        rows = self._list("link")
        for row in rows:
            here = self.complaint.case.number
            row.number, row.kind = (row.b, row.b_kind) if row.a == here else (row.a, row.a_kind)
        return rows

    @cached_property
    def report(self) -> SimpleNamespace | None:
        rows = [r for r in self._list("report") if r.state != Report.State.SUPERSEDED]
        for row in rows:
            row.label = Report.State(row.state).label
        return rows[0] if rows else None

    @cached_property
    def drafts(self) -> dict[str, dict[str, str]]:
        """What the user typed into the forms of this complaint and has not submitted, by act."""
        rows = self._list("draft")
        return {row.form.partition(":")[2]: drafts.first_values(row.data) for row in rows}

    @cached_property
    def may_print(self) -> bool:
        return self.allowed("print")

    @cached_property
    def may_correct(self) -> bool:
        return self.can("correct")

    @cached_property
    def may_attach(self) -> bool:
        return self.can("photo")

    @cached_property
    def phone_visible(self) -> bool:
        return any(row.until > self.now for row in self._list("unmask"))

    @cached_property
    def address(self) -> str:
        """How the guest is spoken to: 王女士; 匿名客户; 客户 while no name is known."""
        guest = self.complaint.guest
        if self.complaint.is_anonymous:
            return _("匿名客户")
        return names.address(guest.name, guest.honorific) if guest.name else _("客户")

    @cached_property
    def place(self) -> str:
        row = self.complaint
        short = (row.place.code or row.place.label) if row.place else ""
        return " ".join(filter(None, [short, row.place_note]))

    @cached_property
    def chosen(self) -> SimpleNamespace | None:
        return next((o for o in self.options if o.chosen and o.current), None)

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[S(self.complaint.status)]

    @cached_property
    def unanswered(self) -> list[str]:
        return [letter for letter in CONDUCT if letter not in self.steps]

    @cached_property
    def letter(self) -> str:
        """The step the complaint stands at."""
        row = self.complaint
        if row.status == S.INTAKE:
            return self.unanswered[0] if self.unanswered else "F"
        if row.status == S.AWAITING_CHOICE:
            return "H" if self.chosen else "G"
        order = {S.RECORDED: "G", S.REOPENED: "G", S.IN_PROGRESS: "I", S.RESOLVED: "J"}
        return order.get(S(row.status), "")

    @cached_property
    def step(self) -> Step | None:
        return steps().get(self.letter)

    @cached_property
    def say(self) -> list[Any]:
        """Coaching phrases with the guest's form of address and the promised time filled in."""
        if self.step is None:
            return []
        guest, promise = self.complaint.guest, next(iter(self.promises), None)
        return list(
            self.step.render_say(
                now=self.now,
                name="" if self.complaint.is_anonymous else guest.name,
                honorific=guest.honorific,
                due_at=promise.due_at if promise else None,
                contact_at=promise.next_contact_at if promise else None,
                me=self.user.name,
            )
        )

    @cached_property
    def stepper(self) -> list[dict[str, Any]]:
        """A–J with done, current or locked and the reason of the lock."""
        current = self.letter
        at = LETTERS.index(current) if current else len(LETTERS)
        rows = []
        for index, letter in enumerate(LETTERS):
            if letter in CONDUCT:
                state = "done" if letter in self.steps else "todo"
            else:
                state = "done" if index < at else "lock"
            if letter == current:
                state = "cur"
            rows.append(
                {
                    "letter": letter,
                    "title": steps()[letter].title.zh,
                    "state": state,
                    "why": LOCKS.get(letter, "") if state == "lock" else "",
                }
            )
        return rows

    @cached_property
    def missing(self) -> list[dict[str, Any]]:
        """The check list of closing: each condition, met or not, with the act that meets it."""
        signed = self.report is not None and self.report.state == Report.State.SIGNED
        open_items = dict(workflow.missing_for_close(self.complaint, signed=signed))
        needs_report = workflow.needs_report(self.complaint)
        rows = []
        for key, label, act in CLOSING:
            if key == "J-report" and not needs_report:
                continue
            if key == "J-decision" and key not in open_items:
                continue
            rows.append({"key": key, "label": label, "act": act, "open": key in open_items})
        return rows

    def allowed(self, action: str) -> bool:
        """Whether the table lets the user do it here (buttons; the workflow decides)."""
        mine = standing(self.user, self.complaint.case.property)
        return ACTIONS[action].allows(
            mine.roles,
            owns=self.complaint.received_by_id == self.user.pk,
            assigned=self.complaint.department_id in mine.departments,
        )

    def can(self, name: str) -> bool:
        """Whether the act is open in this state and to this user."""
        act = ACTS[name]
        return self.complaint.status in act.states and self.allowed(act.action)

    @cached_property
    def cards(self) -> list[str]:
        """Names of the acts to show as cards, the next action first."""
        return [name for name in self._next() if self.can(name)]

    def _next(self) -> list[str]:
        row = self.complaint
        if row.status == S.INTAKE:
            return ["conduct", "record"] if self.unanswered else ["record"]
        if row.status in (S.RECORDED, S.REOPENED):
            tellable = [o for o in self.options if o.current and o.approval in OK_TO_TELL]
            live = [o for o in tellable if not o.withdrawn_at]
            again = ["promise"] if row.status == S.REOPENED and not live else []
            return ["tell"] if live else [*again, "offer"]
        if row.status == S.AWAITING_CHOICE:
            if row.refused_at:
                return ["decide-refusal"]
            return ["promise"] if self.chosen else ["choose"]
        if row.status == S.IN_PROGRESS:
            return ["resolve"] if row.department_done_at else ["progress"]
        if row.status == S.RESOLVED:
            return self._review()
        return []

    def _review(self) -> list[str]:
        row = self.complaint
        if row.satisfaction == "dissatisfied" and not row.dissatisfied_decided:
            return ["decide-dissatisfied"]
        if not row.satisfaction:
            return ["call-back"]
        if not (row.summary and row.result):
            return ["summary"]
        open_items = [item for item in self.missing if item["open"]]
        return [] if open_items else ["close"]

    @cached_property
    def others(self) -> list[tuple[str, Act]]:
        """Acts that stand beside the next one, in the order a desk needs them."""
        return [
            (name, ACTS[name])
            for name in BESIDE
            if name not in self.cards and self.can(name) and self._sensible(name)
        ]

    def _sensible(self, name: str) -> bool:
        row = self.complaint
        open_kinds = {task.kind for task in self.tasks}
        checks = {
            "tell": any(
                o.current and o.approval in OK_TO_TELL and not o.withdrawn_at and not o.told_at
                for o in self.options
            ),
            "offer": self.chosen is None,
            "choose": self.chosen is None and not row.refused_at,
            "refuse": self.chosen is None and not row.refused_at,
            "promise": row.status == S.REOPENED or self.chosen is not None,
            "decide-refusal": row.refused_at is not None,
            "decide-dissatisfied": row.satisfaction == "dissatisfied"
            and not row.dissatisfied_decided,
            "resolve": row.started_at is not None,
            "call-back": row.satisfaction != "dissatisfied" or row.dissatisfied_decided,
            "close": not any(item["open"] for item in self.missing),
            "override": any(item["open"] for item in self.missing) and row.owner_id != self.user.pk,
            "security": "security" not in open_kinds,
            "arrived": "security" in open_kinds,
            "void": row.received_by_id != self.user.pk,
        }
        return checks.get(name, True)

    @cached_property
    def menu(self) -> list[tuple[str, Act]]:
        """Acts of the 更多 menu: always possible, seldom the next thing."""
        return [(name, ACTS[name]) for name in MENU if self.can(name) and self._sensible(name)]

    @cached_property
    def waiting(self) -> str:
        """What the page says when the next step is somebody else's."""
        row = self.complaint
        if row.refused_at:
            return _("客户不接受方案，已报物业经理，等待决定。")
        if row.satisfaction == "dissatisfied" and not row.dissatisfied_decided:
            return _("客户不满意，已报物业经理，等待决定。")
        if row.status == S.RESOLVED and self.report and self.report.state == "submitted":
            return _("《事故报告》正在签批。")
        if row.status == S.VOIDED:
            return _("这件投诉已作废：%(reason)s") % {"reason": row.void_reason}
        return ""


BEFORE_CHOICE = {S.RECORDED, S.AWAITING_CHOICE, S.REOPENED}
OK_TO_TELL = {Option.Approval.NOT_NEEDED, Option.Approval.APPROVED}
PROMISE_TONES = {
    "open": ("blue", "play-circle"),
    "kept": ("green", "check-circle-fill"),
    "moved": ("orange", "calendar-plus"),
    "broken": ("red", "x-circle-fill"),
    "dropped": ("grey", "dash-circle"),
}
LOCKS = {
    "F": _l("先确认要领"),
    "G": _l("先做好记录"),
    "H": _l("先选定方案"),
    "I": _l("先定时限"),
    "J": _l("先解决"),
}
CLOSING = (
    ("J-callback", _l("登记客户满意度"), "call-back"),
    ("J-decision", _l("物业经理对“不满意”作出决定"), "decide-dissatisfied"),
    ("J-summary", _l("写明经过、措施与结果"), "summary"),
    ("J-report", _l("《事故报告》签批完成"), "report"),
)
BESIDE = (
    "tell",
    "offer",
    "choose",
    "refuse",
    "promise",
    "progress",
    "extend",
    "resolve",
    "call-back",
    "summary",
    "decide-refusal",
    "decide-dissatisfied",
    "override",
    "arrived",
    "reopen",
)
MENU = (
    "security",
    "photo",
    "correct",
    "guest",
    "hand-over",
    "severity",
    "link",
    "void",
)
