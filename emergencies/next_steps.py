"""Where an event stands, and what its page offers to this user: now, beside it, in 更多."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from emergencies.acts import ACTS, Act
from emergencies.detail_rows import DetailRows, opened_as
from emergencies.models import Event
from emergencies.playbooks.board import Missing, StepLine
from emergencies.playbooks.schema import Step, label
from emergencies.workflow.calling import may_ack
from emergencies.workflow.commanding import reader_stays
from emergencies.workflow.ending import OVERRIDABLE, in_the_way
from emergencies.workflow.marking import OWNED
from emergencies.workflow.starting import may_void
from emergencies.workflow.table import MOVES
from propdesk.core import signoff

S = Event.Status
MENU = (
    "note",
    "photo",
    "party",
    "hand-over",
    "correct-place",
    "link",
    "reopen",
    "void",
)
PRINTED = frozenset({"note", "attach", "remove_attachment", "add_party", "edit_party", "link"})
"""Actions that the workflow refuses while a report is out (``signoff.stands_still``)."""
REGISTER_PAGES: dict[str, str] = {}
"""Name of the page of each register (封条, 点名 …): its steps are done there."""
ON_PAGE: set[str] = set()
"""Those that also stand on the page of the event itself."""
FAR = timedelta(days=999)
OPEN_STATES = ("open", "reopened")


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the page prints it."""

    step: Step
    phase: str
    state: str
    text: str
    who: str
    mine: bool
    due: datetime | None
    mark: Any
    """The mark in force, or the last round."""
    rounds: int
    photos: list[int]
    register: str
    """Name of the page where it is done; "" for by hand."""
    is_settled: bool
    may_skip: bool
    child: Any
    """The event it opened."""
    opens: str
    """Name of the playbook it leads to; "" for none."""
    shown: list[tuple[str, str]]
    """Label and words of what was written down with its mark."""
    draft_url: str

    @property
    def repeats(self) -> bool:
        return self.step.repeat is not None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_plain(self) -> bool:
        """Whether one tap does it: nothing has to be written down."""
        step = self.step
        return not (step.evidence or step.fields or step.repeat or step.opens or self.register)

    @property
    def is_owned(self) -> bool:
        """Whether only its register can do it."""
        return str(self.step.own or "") in OWNED

    @property
    def seen(self) -> int:
        """Number of the mark the page shows; a round is none."""
        return self.mark.seq if self.mark and self.mark.outcome != "round" else 0


class NextSteps(DetailRows):
    """What follows from the rows; only a proposal, the workflow decides."""

    def _url(self, name: str, *args: object) -> str:
        case = self.event.case
        return reverse(f"emergencies:{name}", args=[case.property.code, case.number, *args])

    @cached_property
    def is_running(self) -> bool:
        return self.event.status == S.RUNNING

    @cached_property
    def stands_still(self) -> bool:
        """Whether a report is out: what it prints is not changed any more."""
        return self.event.status == S.SIGNING and signoff.is_out(self.event.case)

    def can(self, action: str) -> bool:
        """Whether an action is open in this state and to this user."""
        return self.event.status in MOVES[action].states and self.allowed(action)

    # --- steps ---------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> list[Line]:
        """All steps in the order of the playbook."""
        marks = self.record.current_marks()
        return [self._line(line, marks.get(line.step.id)) for line in self.board.steps]

    def line(self, ident: str) -> Line | None:
        """The step of this id, None when the playbook has none."""
        return next((line for line in self.lines if line.step.id == ident), None)

    def _line(self, line: StepLine, mark: Any) -> Line:
        step = line.step
        own = str(step.own) if step.own else ""
        return Line(
            step=step,
            phase=line.phase,
            state=line.state,
            text=self.text(step.zh),
            who=label(step.by),
            mine=self.is_mine(step.by),
            due=self.due_of(step) if self.is_running and line.state in OPEN_STATES else None,
            mark=mark,
            rounds=sum(m.step == step.id and m.outcome == "round" for m in self.record.marks),
            photos=self.proofs.get(mark.pk, []) if mark else [],
            register=REGISTER_PAGES.get(own, ""),
            is_settled=line.is_settled,
            may_skip=self.playbook.skippable(step.id) and own not in OWNED,
            child=next(
                (c for c in self.children if c.kind == step.opens and c.status != S.VOIDED), None
            ),
            opens=opened_as(step.opens),
            shown=self.shown(step, mark.values) if mark else [],
            draft_url=self._url("draft", f"step-{step.id}"),
        )

    @cached_property
    def urgent(self) -> list[Line]:
        """Open steps by time left, those that must be done before those that may."""
        rows = [line for line in self.lines if line.is_open]
        end = self.event.reported_at + FAR
        return sorted(rows, key=lambda line: (not line.step.required, line.due or end))

    @cached_property
    def my_steps(self) -> list[Line]:
        """The most urgent open steps of this user's roles."""
        return [line for line in self.urgent if line.mine]

    @cached_property
    def now_lines(self) -> list[Line]:
        """What stands in the card of this minute: his own, else what the commander looks after."""
        if not self.is_running:
            return []
        if self.my_steps:
            return self.my_steps[:3]
        return self.urgent[:1] if self.event.commander_id == self.user.pk else []

    @cached_property
    def now_id(self) -> str:
        """Id of the step whose form stands in the card of this minute; "" for none."""
        lines = self.now_lines
        line = lines[0] if lines else None
        by_form = line is not None and not line.is_plain and not line.register
        return line.step.id if line and by_form and self.can("mark") else ""

    # --- calls ---------------------------------------------------------------------------------

    def _waits_for_me(self, row: Any) -> bool:
        """Whether an open call waits for this user's acknowledgement."""
        waits = row.needs_ack and row.acked_at is None and self.can("acknowledge")
        return waits and may_ack(self.event, row, self.mine.task_roles)

    @cached_property
    def my_role(self) -> str:
        """The roles of this user, as the card names them."""
        return "、".join(sorted(str(role.label) for role in self.mine.roles))

    # --- the end -------------------------------------------------------------------------------

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """What is in the way of the end, or of archiving; once each."""
        if self.event.status not in (S.RUNNING, S.SIGNING):
            return ()
        board = self.board
        found = board.missing("handling") if self.is_running else in_the_way(self.event, board)
        return tuple({(m.sentence, m.at): m for m in found}.values())

    @cached_property
    def may_end(self) -> bool:
        return self.can("end") and (self.event.is_drill or not self.missing)

    @cached_property
    def may_override(self) -> bool:
        """特批: a manager who neither started nor commands it, and nothing that never passes."""
        row = self.event
        involved = self.user.pk in (row.reported_by_id, row.commander_id)
        hard = any(m.kind not in OVERRIDABLE for m in self.missing)
        return self.can("override_end") and bool(self.missing) and not involved and not hard

    @cached_property
    def may_void(self) -> bool:
        """误启动: nothing it led to runs, and four eyes once anything was done."""
        runs = any(c.status != S.VOIDED for c in self.children)
        return self.can("void") and not runs and may_void(self.event, self.user)

    # --- other acts ----------------------------------------------------------------------------

    def offers(self, name: str) -> bool:
        """Whether a link to the act is worth its place: open to this user, and not refused now."""
        return self.can(ACTS[name].action) and self._sensible(name)

    def _sensible(self, name: str) -> bool:
        row = self.event
        if ACTS[name].action in PRINTED and self.stands_still:
            return False
        checks = {
            "hand-over": row.commander_id == self.user.pk,
            "take-command": row.commander_id != self.user.pk,
            "name-reader": row.case.restricted,
            "link": not row.case.restricted,
            "end": self.may_end,
            "override-end": self.may_override,
            "archive": not self.missing,
            "void": self.may_void,
        }
        return checks.get(name, True)

    @cached_property
    def command_acts(self) -> list[tuple[str, Act]]:
        """交出 of who commands, 接手 of who may step in."""
        name = "hand-over" if self.event.commander_id == self.user.pk else "take-command"
        return [(name, ACTS[name])] if self.offers(name) else []

    @cached_property
    def removable(self) -> set[int]:
        """Readers this user may take off the list again."""
        if not self.can("end_reader"):
            return set()
        rows = (
            (r.pk, reader_stays(self.event, r.user_id, r.roles, self.user)) for r in self.readers
        )
        return {pk for pk, stays in rows if not stays}

    @cached_property
    def end_acts(self) -> list[tuple[str, Act]]:
        """How this state is left, as far as nothing stands in the way."""
        names = ("end", "override-end", "archive")
        return [(name, ACTS[name]) for name in names if self.offers(name)]

    @cached_property
    def menu(self) -> list[tuple[str, Act]]:
        """Acts of the 更多 menu: always possible, seldom the next thing."""
        return [(name, ACTS[name]) for name in MENU if self.offers(name)]

    @cached_property
    def waiting(self) -> str:
        """What the page says where there is nothing to do here now."""
        row = self.event
        if row.status == S.VOIDED:
            return _("误启动，已作废：%(reason)s") % {"reason": row.void_reason}
        if row.status == S.ARCHIVED:
            return _("已归档。")
        return ""
