"""Where a complaint stands, and which acts its page offers to this user: next, beside, in 更多."""

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from incidents import workflow
from incidents.acts import ACTS, Act
from incidents.detail_rows import DetailRows
from incidents.models import CONDUCT, LETTERS, Complaint, Option, Progress
from incidents.sop import steps
from propdesk.core import signoff
from propdesk.core.models import Report

S = Complaint.Status

OK_TO_TELL = {Option.Approval.NOT_NEEDED, Option.Approval.APPROVED}
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
    ("J-security", _l("登记保安部到场和结果"), "arrived"),
    ("J-report", _l("《事故报告》签批完成"), "report"),
)
BESIDE = (
    "tell",
    "offer",
    "choose",
    "refuse",
    "promise",
    "progress",
    "grant-extension",
    "decline-extension",
    "extend",
    "ask-extension",
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

OUT = (Report.State.SUBMITTED, Report.State.SIGNED)
WRITES_WHAT_IS_SIGNED = {
    "call-back",
    "summary",
    "severity",
    "correct",
    "photo",
    "guest",
    "link",
}
"""Acts that the workflow refuses while a report is out (``not_signed_over``)."""


def _step(title: str, text: str, reason: str = "") -> dict[str, Any]:
    return {"title": title, "text": text, "reason": reason}


class NextSteps(DetailRows):
    """What follows from the rows; only a proposal, the workflow decides."""

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
        if row.status == S.REOPENED:
            return "H" if "promise" in self._next() else "G"
        order = {S.RECORDED: "G", S.IN_PROGRESS: "I", S.RESOLVED: "J"}
        return order.get(S(row.status), "")

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
        needs_report = workflow.needs_report(self.complaint)
        open_items = self.open_items
        rows = []
        for key, label, act in CLOSING:
            if key == "J-report" and not needs_report:
                continue
            if key in ("J-decision", "J-security") and key not in open_items:
                continue
            can = self.allowed("report") if act == "report" else self.offers(act)
            row = {"key": key, "label": label, "act": act, "open": key in open_items, "can": can}
            rows.append(row)
        return rows

    @cached_property
    def open_items(self) -> dict[str, str]:
        """What still stands in the way of closing, by its key."""
        signed = self.report is not None and self.report.state == Report.State.SIGNED
        return dict(workflow.missing_for_close(self.complaint, signed=signed))

    @cached_property
    def is_out(self) -> bool:
        """Whether the report is in sign-off or signed: what it says is not changed any more."""
        return self.report is not None and self.report.state in OUT

    def can(self, name: str) -> bool:
        """Whether the act is open in this state and to this user."""
        act = ACTS[name]
        return self.complaint.status in act.states and self.allowed(act.action)

    def offers(self, name: str) -> bool:
        """Whether a link to the act is worth its place: open to this user, and not refused now."""
        return self.can(name) and self._sensible(name)

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
            asked = ["grant-extension"] if "extend" in self.open_kinds else []
            asked += ["extend"] if self.granted else []
            return [*asked, "resolve"] if row.department_done_at else [*asked, "progress"]
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
        if set(self.open_items) == {"J-security"}:
            return ["arrived"]
        return [] if self.open_items else ["close"]

    @cached_property
    def report_step(self) -> dict[str, Any] | None:
        """The next step when it is the report, in words, with its address; None when it is not."""
        row = self.complaint
        named = (row.satisfaction, row.summary, row.result)
        waits = row.satisfaction == "dissatisfied" and not row.dissatisfied_decided
        if row.status != S.RESOLVED or not all(named) or waits or "J-report" not in self.open_items:
            return None
        if self.report is not None and self.report.state == Report.State.SUBMITTED:
            step = _step(_("等待签批"), self.waiting)
            if self.report.mine:
                return step | {"url": "sign_report", "button": _("去签批"), "icon": "pen"}
            if self.allowed("report"):
                step |= {"url": "report", "button": _("看报告和签批"), "quiet": True}
            return step
        if not self.allowed("report"):
            return None
        return self._report_to_write()

    def _report_to_write(self) -> dict[str, Any]:
        step = {"url": "report", "icon": "pencil"}
        if self.report is None:
            text = _("已按 A–J 的登记填好，核对、补充后提交签批。")
            title = _("起草《事故报告》")
            return step | _step(title, text) | {"button": title}
        if self.report.state == Report.State.SENT_BACK:
            title = _("修改并重新提交")
            text = _("签批人退回了《事故报告》，改好后从头签批。")
            return step | _step(title, text, self.report.sent_back) | {"button": title}
        # The rule of what a report needs is the workflow's; only a draft costs this statement.
        draft = signoff.current(self.complaint.case)
        blank = workflow.missing_fields(draft, self.complaint) if draft else ()
        if blank:
            text = "；".join(sentence for _name, sentence in blank)
            return step | _step(_("填完《事故报告》"), text) | {"button": _("继续填写")}
        step = {"url": "submit_report", "icon": "send", "button": _("提交签批")}
        return step | _step(_("提交签批"), _("《事故报告》已填完，签名后交给签批人。"))

    @cached_property
    def others(self) -> list[tuple[str, Act]]:
        """Acts that stand beside the next one, in the order a desk needs them."""
        return [
            (name, ACTS[name]) for name in BESIDE if name not in self.cards and self.offers(name)
        ]

    @cached_property
    def open_kinds(self) -> set[str]:
        """Kinds of the tasks that wait on this case."""
        return {task.kind for task in self.tasks}

    @cached_property
    def extends(self) -> bool:
        """Whether this user may move the promise: the first time anybody on duty, then a manager."""
        moved = any(p.outcome == "open" and p.seq > 1 for p in self.promises)
        return not moved or self.granted or self.allowed("extend_again")

    @cached_property
    def granted(self) -> bool:
        """Whether a manager granted another extension of the promise in force."""
        running = next((p for p in self.promises if p.outcome == "open"), None)
        return running is not None and any(
            row.kind == Progress.Kind.GRANTED and row.at >= running.created_at for row in self.work
        )

    def _sensible(self, name: str) -> bool:
        if self.is_out and name in WRITES_WHAT_IS_SIGNED:
            return False
        row = self.complaint
        open_kinds = self.open_kinds
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
            "extend": self.extends,
            "ask-extension": not self.extends and "extend" not in open_kinds,
            "grant-extension": "extend" in open_kinds,
            "decline-extension": "extend" in open_kinds,
            "resolve": row.started_at is not None,
            "call-back": row.satisfaction != "dissatisfied" or row.dissatisfied_decided,
            "close": not self.open_items,
            "override": bool(self.open_items) and row.owner_id != self.user.pk,
            "security": "security" not in open_kinds,
            "arrived": "security" in open_kinds,
            "void": row.received_by_id != self.user.pk,
        }
        return checks.get(name, True)

    @cached_property
    def menu(self) -> list[tuple[str, Act]]:
        """Acts of the 更多 menu: always possible, seldom the next thing."""
        return [(name, ACTS[name]) for name in MENU if self.offers(name)]

    @cached_property
    def waiting(self) -> str:
        """What the page says when the next step is somebody else's."""
        row = self.complaint
        if row.refused_at:
            return _("客户不接受方案，已报物业经理，等待决定。")
        if row.satisfaction == "dissatisfied" and not row.dissatisfied_decided:
            return _("客户不满意，已报物业经理，等待决定。")
        if row.status == S.RESOLVED and self.report and self.report.state == "submitted":
            return _("《事故报告》正在签批，等%(who)s签。") % {"who": self.report.turn}
        if row.status == S.VOIDED:
            return _("这件投诉已作废：%(reason)s") % {"reason": row.void_reason}
        return ""
