"""What the page of one event shows: the card of this minute, questions, calls, steps, what is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.next_steps import ON_PAGE, PRINTED, Line, NextSteps
from emergencies.playbooks.board import NoticeLine
from emergencies.playbooks.schema import CALLS, Fact, Via, label
from emergencies.playbooks.vocabulary import Party as Outside
from emergencies.queries import evidence, records
from emergencies.workflow.answering import options
from emergencies.workflow.table import MOVES
from propdesk.core.copies import may_give
from propdesk.core.roles import Role

S = Event.Status
TONES = {
    S.RUNNING: ("blue", "play-circle"),
    S.SIGNING: ("violet", "pen"),
    S.ARCHIVED: ("green", "archive"),
    S.VOIDED: ("void", "slash-circle"),
}
"""Colour and icon of each state; never colour alone (ux.md)."""
KIND_ICONS = {
    "theft": "incognito",
    "property_damage": "cone-striped",
    "drunk_guest": "droplet",
    "fight": "exclamation-octagon",
    "medical": "heart-pulse",
    "death": "shield-lock",
    "power_outage": "lightning-charge",
    "fire": "fire",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as buttons: its options, and the answer in force with who gave it."""

    fact: Fact
    choices: list[tuple[str, str]]
    answer: Any
    says: str
    is_late: bool
    barred: evidence.Barred | None = None
    """What a register answers by itself."""

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The answers that may be given by hand."""
        if self.barred is None:
            return self.choices
        values = self.barred.values
        return [] if values is None else [one for one in self.choices if one[0] not in values]

    @property
    def may_change(self) -> bool:
        """Whether another answer than the one in force may be given by hand."""
        now = self.answer.value if self.answer else ""
        return any(code != now for code, _label in self.offered)

    @property
    def source(self) -> str:
        """Where the answer comes from, when it is not given by hand."""
        return self.barred.why if self.barred else ""

    @property
    def seen(self) -> int:
        """Number of the answer the page shows."""
        return self.answer.seq if self.answer else 0


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody to tell: whether he was, when and how, and whether it is this user who is called."""

    id: str
    who: str
    say: str
    call: Any
    dial: str
    """110, 119 or 120, to tap."""
    ways: list[tuple[str, str]]
    """How a person may have told him, for one tap."""
    is_me: bool
    state: str
    tone: str
    icon: str
    due: datetime | None
    is_open: bool
    via: str
    """How he was told."""


class Detail(NextSteps):
    """One event as its page needs it."""

    @cached_property
    def tone(self) -> tuple[str, str]:
        return TONES[S(self.event.status)]

    @cached_property
    def icon(self) -> str:
        return KIND_ICONS[self.event.kind]

    @cached_property
    def name(self) -> str:
        """Kind and place, as its readers know it."""
        return " · ".join(filter(None, [str(self.event.get_kind_display()), self.place]))

    @cached_property
    def place(self) -> str:
        row = self.event
        return " ".join(filter(None, [row.place.label if row.place else "", row.place_note]))

    @cached_property
    def head(self) -> str:
        """What the browser's tab and history may say: of a restricted event nothing."""
        return _("保密事项") if self.event.case.restricted else str(self.event.get_kind_display())

    @cached_property
    def elapsed(self) -> timedelta:
        return self.now - self.event.reported_at

    @cached_property
    def told_count(self) -> int:
        """Of the calls, how many came through."""
        return sum(not told.is_open for told in self.told)

    @cached_property
    def may(self) -> dict[str, bool]:
        """What is open to this user in this state, by action."""
        still = PRINTED if self.stands_still else frozenset()
        return {name: name not in still and self.can(name) for name in MOVES}

    @cached_property
    def may_history(self) -> bool:
        return self.allowed("history")

    @cached_property
    def may_copy(self) -> bool:
        """Give copies of its sealed papers to others."""
        return may_give(self.user, self.event.case)

    # --- the card ------------------------------------------------------------------------------

    @cached_property
    def card(self) -> list[SimpleNamespace]:
        """Orders of the first minute: those to this user first, the rest after them."""
        lines = [
            SimpleNamespace(
                text=self.text(line.zh), call=line.call, by=line.by, mine=self.is_mine(line.by)
            )
            for line in self.board.card
        ]
        for line in lines:
            line.who = label(line.by) if line.by else ""
        return sorted(lines, key=lambda line: not line.mine)

    @cached_property
    def dial(self) -> list[str]:
        """Numbers of the card: they stand first on every page of a running event."""
        return list(dict.fromkeys(str(line.call) for line in self.card if line.call))

    @cached_property
    def is_first_minute(self) -> bool:
        """Whether the card still stands open: nothing was done or answered yet."""
        return not self.record.marks and self.is_running

    # --- questions -----------------------------------------------------------------------------

    @cached_property
    def questions(self) -> list[Ask]:
        """To be answered now, the usual ones first."""
        found = [self._ask(q.fact) for q in self.board.questions if q.is_open]
        return sorted(found, key=lambda ask: ask.is_late)

    @cached_property
    def answered(self) -> list[Ask]:
        known = self.record.current_answers()
        return [self._ask(q.fact) for q in self.board.questions if q.asked and q.fact.key in known]

    def ask(self, key: str) -> Ask | None:
        """The question of this key, None when the playbook has none."""
        fact = self.playbook.facts_by_key.get(key)
        return self._ask(fact) if fact else None

    def _ask(self, fact: Fact) -> Ask:
        row, choices = self.record.current_answers().get(fact.key), options(fact)
        says = choices.get(row.value, row.value) if row else ""
        barred = self.record.barred.get(fact.key)
        return Ask(fact, list(choices.items()), row, says, fact.late, barred)

    # --- people to tell ------------------------------------------------------------------------

    @cached_property
    def told(self) -> list[Told]:
        """Calls that are open or were made, and what the playbook asks for by now."""
        known = {row.notice: row for row in self.record.calls}
        lines = [n for n in self.board.notices if n.applies or n.notice.id in known]
        return [self._told(line, known.get(line.notice.id)) for line in lines]

    @cached_property
    def later(self) -> list[Told]:
        """Notices that hang on a question; outside numbers may be called all the same."""
        known = {row.notice for row in self.record.calls}
        lines = [n for n in self.board.notices if n.applies is None and n.notice.id not in known]
        return [self._told(line, None) for line in lines]

    @cached_property
    def my_calls(self) -> list[Told]:
        """What waits for this user to confirm it."""
        return [told for told in self.told if told.is_me]

    def notice(self, ident: str) -> Told | None:
        """The notice of this id, None when the playbook has none."""
        return next((t for t in [*self.told, *self.later] if t.id == ident), None)

    def _told(self, line: NoticeLine, row: Any) -> Told:
        notice = line.notice
        state, tone, icon = self._told_state(row)
        is_open = row is None or not (row.told_at or row.not_told_reason or row.acked_at)
        role = row.role if row and row.role else notice.to
        return Told(
            id=notice.id,
            who=str(Role(role).label) if role in Role.values else label(notice.to),
            say=self.text(notice.say),
            call=row,
            dial=CALLS.get(Outside(notice.to), "") if notice.to in CALLS else "",
            ways=[(str(via), str(Via(via).label)) for via in notice.by_hand],
            is_me=row is not None and self._waits_for_me(row),
            state=state,
            tone=tone,
            icon=icon,
            due=row.due_at if row and is_open and line.applies is not False else None,
            is_open=is_open,
            via=str(Via(row.told_via).label) if row and row.told_via else "",
        )

    def _told_state(self, row: Any) -> tuple[str, str, str]:
        """Word, colour and icon: ✓ with the minutes it took, or how long nobody has answered."""
        if row is None:
            return _("还没通知"), "grey", "circle"
        if row.acked_at:
            return self._after(row, row.acked_at), "green", "check-lg"
        if row.told_at:
            return self._after(row, row.told_at), "green", "check-lg"
        if row.not_told_reason:
            return _("未通知，有原因"), "grey", "dash-circle"
        if row.needs_ack:
            waited = (self.now - row.opened_at).total_seconds() // 60
            return _("未确认 %(n)d分") % {"n": waited}, "red" if waited >= 1 else "orange", "bell"
        return (_("已发出"), "blue", "send") if row.role else (_("还没通知"), "orange", "circle")

    def _after(self, row: Any, at: datetime) -> str:
        """How many minutes after the call."""
        passed = max(0, int((at - row.opened_at).total_seconds() // 60))
        return _("%(n)d分") % {"n": passed}

    @cached_property
    def registers(self) -> list[SimpleNamespace]:
        """Pages of the registers its steps are done in, once each."""
        found: dict[str, SimpleNamespace] = {}
        for line in self.lines:
            if line.register and line.register not in ON_PAGE and line.state != "off":
                name = str(line.step.own.label) if line.step.own else ""
                found.setdefault(line.register, SimpleNamespace(page=line.register, label=name))
        return list(found.values())

    # --- steps ---------------------------------------------------------------------------------

    @cached_property
    def phases(self) -> list[SimpleNamespace]:
        """Steps under their headings; those that do not apply stand folded below."""
        found = []
        for phase in self.playbook.phases:
            lines = [line for line in self.lines if line.phase == phase.id and line.state != "off"]
            if lines:
                done = sum(line.is_settled for line in lines)
                found.append(SimpleNamespace(title=phase.title, lines=lines, done=done))
        return found

    @cached_property
    def off(self) -> list[Line]:
        return [line for line in self.lines if line.state == "off"]

    @cached_property
    def progress(self) -> tuple[int, int]:
        """Steps done, steps that apply."""
        counted = [line for line in self.lines if line.state not in ("off", "undecided")]
        return sum(line.is_settled for line in counted), len(counted)

    @cached_property
    def papers(self) -> list[records.Paper]:
        """Papers of the event, as far as they are needed or there already."""
        return records.shelf(self.event, self.board)
