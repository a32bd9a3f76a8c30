"""One event and all its children, read in one statement into plain objects, and its board."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Self, cast

from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from emergencies.models import Event, Kind, Party
from emergencies.permissions import ACTIONS, owns
from emergencies.playbooks.board import Board, look
from emergencies.playbooks.schema import FieldType, Playbook, Step, StepField, fill
from emergencies.queries import cells, content, evidence, timing
from emergencies.queries import detail as queries
from emergencies.workflow.marking import next_round_at
from propdesk.core import cases, clock_text, drafts
from propdesk.core.models import Property, User
from propdesk.core.roles import Role, Standing, standing

S = Event.Status
MOMENTS = {"at", "superseded_at", "occurred_at", "opened_at", "due_at", "told_at", "acked_at"}
MOMENTS |= {"next_rung_at", "ended_at", "until", "done_at", "recovered_at"}


def plain(row: Mapping[str, Any]) -> SimpleNamespace:
    """A row read as JSON, its moments as datetimes."""
    return SimpleNamespace(
        **{k: parse_datetime(v) if k in MOMENTS and v else v for k, v in row.items()}
    )


def opened_as(kind: str | None) -> str:
    """What a button calls the playbook it starts; a death is not named to those around a patient."""
    if kind == Kind.DEATH:
        return _("保密事项")
    return str(Kind(kind).label) if kind else ""


def plain_rows(event: Event, name: str) -> list[SimpleNamespace]:
    """The rows annotated on the event as ``<name>_rows``."""
    return [plain(row) for row in getattr(event, f"{name}_rows")]


def board_of(
    event: Event, linked: frozenset[str] = frozenset(), *, registers: bool = True
) -> tuple[Any, Board]:
    """Record and board of an event read with its answers, marks and calls.

    Without ``registers`` what they know is left out: questions, steps and calls do not need it.
    """
    record = evidence.Record(
        answers=cast("Any", plain_rows(event, "answer")),
        marks=cast("Any", plain_rows(event, "mark")),
        calls=cast("Any", plain_rows(event, "call")),
        linked=linked,
    )
    if registers:
        evidence.assemble(event, record)
    return record, look(evidence.playbook_of(event), evidence.evidence(record))


@dataclass
class DetailRows:
    """The event as read for one user; every list is already in memory."""

    event: Event
    user: User
    now: datetime

    @classmethod
    def load(cls, user: User, prop: Property, number: str, now: datetime) -> Self | None:
        """The event if ``user`` may see it, else None."""
        row = queries.find(user, prop, number)
        return cls(row, user, now) if row else None

    @cached_property
    def mine(self) -> Standing:
        return standing(self.user, self.event.case.property)

    @cached_property
    def playbook(self) -> Playbook:
        return evidence.playbook_of(self.event)

    @cached_property
    def _seen(self) -> tuple[Any, Board]:
        above = [self.event.parent.kind] if self.event.parent is not None else []
        alive = [row.kind for row in self.children if row.status != S.VOIDED]
        return board_of(self.event, frozenset([*alive, *above]))

    @property
    def record(self) -> Any:
        """Answers, marks and calls."""
        return self._seen[0]

    @property
    def board(self) -> Board:
        """How it stands."""
        return self._seen[1]

    @cached_property
    def site(self) -> dict[str, str]:
        """Facts of the house that texts of the playbook name."""
        return content.site_of(self.event.case.property)

    def text(self, words: str) -> str:
        """Words of the playbook with the facts of the house."""
        return fill(words, self.site)

    @cached_property
    def children(self) -> list[SimpleNamespace]:
        """Events this one led to; of a restricted one no more than number and state."""
        rows = plain_rows(self.event, "child")
        for row in rows:
            row.label = _("保密事项") if row.restricted else str(Kind(row.kind).label)
            row.state = str(S(row.status).label)
        return rows

    @cached_property
    def links(self) -> list[SimpleNamespace]:
        """Cases linked by hand or by 转特殊事件; children and parent stand by themselves."""
        here, known = self.event.case.number, {row.number for row in self.children}
        if self.event.parent is not None:
            known.add(self.event.parent.case.number)
        found = []
        for row in plain_rows(self.event, "link"):
            side = "b" if row.a_number == here else "a"
            for name in ("number", "kind", "restricted"):
                setattr(row, name, getattr(row, f"{side}_{name}"))
            if row.number not in known and not row.restricted:
                found.append(row)
        return found

    @cached_property
    def photos(self) -> list[SimpleNamespace]:
        return plain_rows(self.event, "photo")

    @cached_property
    def proofs(self) -> dict[int, list[int]]:
        """Photos of each mark, by the mark's key."""
        found: dict[int, list[int]] = {}
        for row in plain_rows(self.event, "proof"):
            found.setdefault(row.mark_id, []).append(row.attachment_id)
        return found

    @cached_property
    def parties(self) -> list[SimpleNamespace]:
        rows = plain_rows(self.event, "party")
        for row in rows:
            row.label = Party.Part(row.part).label
            row.until = self._until(row.person_id)
        return rows

    def _until(self, person: int | None) -> datetime | None:
        """Until when this user sees the whole number; None when it is masked."""
        looks = plain_rows(self.event, "unmask")
        ends = [r.until for r in looks if r.person_id == person and r.until > self.now]
        return max(ends, default=None)

    @cached_property
    def people(self) -> list[tuple[str, str]]:
        """Whom a form offers as a person: who is concerned, then the colleagues.

        What is kept is the reference; a name stands in ``core.Person`` and with the account only.
        """
        guests = [
            (f"{cells.PERSON}:{row.person_id}", f"{row.label} {row.name}".strip())
            for row in self.parties
        ]
        staff = [
            (f"{cells.USER}:{row.pk}", row.name) for row in plain_rows(self.event, "colleague")
        ]
        return [*guests, *staff]

    @cached_property
    def _named(self) -> dict[str, str]:
        """Everybody a field of a step may name, by reference."""
        typed = {
            f"{cells.PERSON}:{row.pk}": row.name
            for row in plain_rows(self.event, "named")
            if row.name
        }
        return typed | dict(self.people)

    def colleague(self, pk: Any) -> str:
        """Name of a colleague by key; "" for one who has left."""
        return dict(self.people).get(f"{cells.USER}:{pk}", "")

    def shown(self, step: Step, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Label and words of what was typed with a step."""
        said = ((spec, values.get(spec.key)) for spec in step.fields)
        return [(spec.zh, self._words(spec, v)) for spec, v in said if v not in (None, "")]

    def _words(self, spec: StepField, value: Any) -> str:
        if spec.type == FieldType.CHOICE:
            return {o.code: o.zh for o in spec.options}.get(value, str(value))
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if spec.type == FieldType.TIME and (moment := parse_datetime(str(value))):
            return clock_text.list_time(moment)
        if spec.type == FieldType.MONEY:
            return f"¥{Decimal(str(value)):,.2f}"
        if spec.type == FieldType.PERSON:
            if not isinstance(value, dict):
                return str(value)
            return self._named.get(":".join(map(str, *value.items())), _("已登记"))
        return str(value)

    @cached_property
    def notes(self) -> dict[int, str]:
        """Words of the newest free lines, by key."""
        return {row.pk: row.text for row in plain_rows(self.event, "note")}

    @cached_property
    def readers(self) -> list[SimpleNamespace]:
        return plain_rows(self.event, "reader")

    @cached_property
    def commands(self) -> list[SimpleNamespace]:
        """Who commanded, the newest first."""
        return plain_rows(self.event, "command")

    @cached_property
    def drafts(self) -> dict[str, dict[str, str]]:
        """What the user typed into the forms of this event and has not submitted, by form."""
        rows = plain_rows(self.event, "draft")
        return {row.form.partition(":")[2]: drafts.first_values(row.data) for row in rows}

    # --- who -----------------------------------------------------------------------------------

    @cached_property
    def is_involved(self) -> bool:
        """Whether the event calls or gives a step to one of his roles; any reader of a restricted one."""
        return bool(self.event.case.restricted or self.event.called)  # type: ignore[attr-defined]  # by queries.find

    def allowed(self, action: str) -> bool:
        """Whether the table lets the user do it here (buttons; the workflow decides)."""
        if action not in cases.READS and cases.is_purged(self.event.case):
            return False
        row = self.event
        own = owns(
            action, self.user.pk, commander_id=row.commander_id, starter_id=row.reported_by_id
        )
        return ACTIONS[action].allows(self.mine.roles, owns=own, assigned=self.is_involved)

    def is_mine(self, doer: str | None) -> bool:
        """Whether what the playbook leaves to ``doer`` falls to this user."""
        if doer is None:
            return True
        if doer in Role.values:
            return Role(doer) in self.mine.task_roles
        return doer == "reporter" and self.event.reported_by_id == self.user.pk

    # --- when ----------------------------------------------------------------------------------

    def due_of(self, step: Step) -> datetime | None:
        """When a step is due: its target, of one that repeats the next round."""
        line = self.board.lines[step.id]
        if step.repeat is not None and (last := self.last_round(step.id)):
            since = timing.opened_at(self.event, self.record, line)
            return next_round_at(self.event, step, max(last, since))
        return timing.due_at(self.event, self.record, line)

    def last_round(self, step: str) -> datetime | None:
        """When the last round of a step was done."""
        done = [m.occurred_at for m in self.record.marks if m.step == step and m.outcome == "round"]
        return max(done, default=None)
