"""The papers of an event: which it needs, what each would say, and whose turn it is to sign."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone

from emergencies import playbooks
from emergencies.models import (
    Event,
    EventRecord,
    Kind,
    Reader,
    RecordBox,
)
from emergencies.playbooks import conditions
from emergencies.playbooks import records as papers
from emergencies.playbooks.records import Form, FormField
from emergencies.playbooks.schema import Playbook, Record
from emergencies.queries import cells, evidence, shift
from emergencies.queries.events import visible_to
from emergencies.queries.signed import REPORT, paper_state
from propdesk.core import duty, signoff
from propdesk.core.models import (
    Document,
    Membership,
    Property,
    Report,
    ReportBox,
    User,
)
from propdesk.core.roles import ALL_STAFF, Role, Standing, standing

State = EventRecord.State
Decision = RecordBox.Decision
ELSEWHERE = frozenset({REPORT, "damage_compensation"})
"""Papers with pages of their own."""
EDITABLE = (State.DRAFT, State.SENT_BACK)
STEPS_IN = Role.GENERAL_MANAGER
"""Signs what nobody else of the role may (decision 32)."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One paper the playbook of an event names."""

    form: Form
    sign: tuple[str, ...]
    several: bool
    needed: bool | None
    """None while that hangs on a question nobody has answered."""

    @property
    def title(self) -> str:
        """With its brackets."""
        return papers.title(self.form.code)

    @property
    def tables(self) -> list[FormField]:
        """The fields whose rows come from registers."""
        return [field for field in self.form.fields if field.type == "table"]


def specs(event: Event, board: Any = None) -> dict[str, Spec]:
    """The papers of the event that are written here, by form; a drill has its own alone."""
    if event.is_drill:
        return {evidence.DRILL_RECORD: drill_spec(event)}
    found = board or evidence.look(event)
    return {
        line.record.form: _spec(line.record, line.needed, found.counting)
        for line in found.records
        if line.record.form not in ELSEWHERE
    }


def _spec(record: Record, needed: bool | None, facts: conditions.Answers) -> Spec:
    more = record.more
    also = more.by if more and conditions.evaluate(more.when, facts) else ()
    sign = tuple(dict.fromkeys([*record.sign, *also]))
    return Spec(playbooks.form(record.form), sign, not record.required, needed)


def drill_spec(event: Event) -> Spec:
    """《演练记录》: whoever leads such an event, then 物业经理."""
    lead = evidence.playbook_of(event).lead
    sign = dict.fromkeys([str(lead), str(Role.PROPERTY_MANAGER)])
    return Spec(playbooks.form(evidence.DRILL_RECORD), tuple(sign), several=False, needed=True)


def report_sign(event: Event) -> tuple[str, ...]:
    """Who signs the 《事故报告》 of the event, in order; () where its playbook asks for none."""
    for record in evidence.playbook_of(event).records:
        if record.form == REPORT:
            return tuple(record.sign)
    return ()


def rows_of(event: Event) -> list[Any]:
    """The records that count, oldest first, each with ``whose`` box waits and how far it is."""
    box = RecordBox.objects.filter(
        record=OuterRef("pk"), round=OuterRef("round"), decision=Decision.PENDING
    )
    rows = event.records.exclude(state=State.SUPERSEDED).select_related("author")
    whose = Subquery(box.order_by("position").values("title")[:1])
    rows = rows.annotate(whose=whose, so_far=paper_state())
    return list(rows.order_by("form", "seq"))


def one(user: User, prop: Property, number: str, pk: int) -> EventRecord | None:
    """One record of the event of this number as this user may see it, with what it reads."""
    house = "event__case__property__settings"
    people = ("author", "event__commander", "event__reported_by")
    joined = (house, "event__playbook", "event__place", *people)
    rows = EventRecord.objects.filter(pk=pk, event__case__number=number)
    rows = rows.filter(event__in=visible_to(user, prop).values("pk"))
    return (
        rows.select_related(*joined)
        .defer("event__playbook__content", "event__playbook__text")
        .first()
    )


def boxes(record: EventRecord) -> list[RecordBox]:
    """The boxes of the round that counts, in order."""
    rows = record.boxes.filter(round=record.round)
    joined = ("signer", "on_behalf_of", "signature", "person", "person_signature", "taken_by")
    return list(rows.select_related(*joined).order_by("position"))


# --- whose turn it is ----------------------------------------------------------------------


def turns(by: User, prop: Property) -> "QuerySet[RecordBox]":
    """The boxes this person may sign now, at most one a record; for use in other queries.

    Out is who wrote this version and who signed in this round, in person and through a deputy, and of
    a paper of the shift the 值班经理 of another; where that leaves nobody in the role 总物业经理 steps
    in. Of restricted events only for their readers.
    """
    mine = standing(by, prop)
    rows = RecordBox.objects.filter(
        record__event__case__property=prop,
        record__state=State.SUBMITTED,
        round=F("record__round"),
        decision=Decision.PENDING,
        party="",
    ).filter(_readable(by))
    own = _any(
        Q(role__in=_signs_as(seat.role))
        & _free(seat.holder_id)
        & shift.led_by(seat.holder_id or by.pk)
        for seat in mine.seats
    )
    instead = _any(_free(s.holder_id) for s in mine.seats if s.role == STEPS_IN)
    instead &= ~Q(Exists(_able()))
    return rows.filter(_uninvolved(by.pk), ~Exists(_earlier()), own | instead)


def _signs_as(role: Role) -> list[str]:
    """保安部经理 answers for what 保安部 is to sign; what 员工 signs anybody may who is one."""
    return [role, Role.SECURITY] if role == Role.SECURITY_MANAGER else [role]


def _earlier() -> "QuerySet[RecordBox]":
    """Boxes of the same round that wait before this one (the outer query)."""
    return RecordBox.objects.filter(
        record=OuterRef("record"),
        round=OuterRef("round"),
        decision=Decision.PENDING,
        position__lt=OuterRef("position"),
    )


def _readable(by: User) -> Q:
    named = Reader.objects.filter(user=by, ended_at=None).values("event")
    return Q(record__event__case__restricted=False) | Q(record__event__in=named)


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def _free(holder_id: int | None) -> Q:
    """A deputy may not stand in for somebody who is out himself."""
    return ~Q(pk__in=[]) if holder_id is None else _uninvolved(holder_id)


def _uninvolved(user_id: int) -> Q:
    wrote = EventRecord.history.filter(id=OuterRef("record_id"), author_id=user_id)
    signed = RecordBox.objects.filter(
        record=OuterRef("record"), round=OuterRef("round"), signer=user_id
    )
    return ~Q(record__author=user_id) & ~Q(Exists(wrote)) & ~Q(Exists(signed))


def _able() -> "QuerySet[Membership]":
    """Holders of the role a box (the outer query) asks for who are not out; readers if it matters."""
    box = OuterRef(OuterRef("record_id"))
    wrote = EventRecord.history.filter(id=box, author_id=OuterRef("user_id"))
    signed = RecordBox.objects.filter(
        record=box, round=OuterRef(OuterRef("round")), signer=OuterRef("user_id")
    )
    reads = Reader.objects.filter(
        event=OuterRef(OuterRef("record__event")), user=OuterRef("user_id"), ended_at=None
    )
    secret = EventRecord.objects.filter(pk=box, event__case__restricted=True)
    asked = ExpressionWrapper(OuterRef("role"), CharField())
    holds = Q(role=F("asked")) | Q(role=Role.SECURITY_MANAGER, asked=Role.SECURITY)
    return (
        Membership.objects.current(timezone.now())
        .filter(property=OuterRef("record__event__case__property"))
        .annotate(asked=asked)
        .filter(holds, ~Exists(wrote), ~Exists(signed))
        .filter(~Exists(secret) | Exists(reads))
        .filter(shift.led_by_holder())
    )


def may_sign(box: RecordBox | None, by: User, prop: Property) -> bool:
    """Whether it is his turn."""
    return box is not None and bool(box.role) and turns(by, prop).filter(pk=box.pk).exists()


def waiting_for(by: User, prop: Property) -> list[EventRecord]:
    """Records whose next box this person may sign, oldest first (签批 inbox), at most 50."""
    rows = EventRecord.objects.filter(pk__in=turns(by, prop).values("record"))
    joined = ("event__case", "author")
    return list(rows.select_related(*joined).order_by("submitted_at", "pk")[:50])


def seat_of(mine: Standing, role: str, out: set[int]) -> int | None:
    """Whom he signs for as a deputy (代签); None when he signs for himself."""
    seats = [s for s in mine.seats if role in _signs_as(s.role)]
    seats = [s for s in seats if s.holder_id not in out] or [
        s for s in mine.seats if s.role == STEPS_IN and s.holder_id not in out
    ]
    if not seats or any(seat.holder_id is None for seat in seats):
        return None
    return seats[0].holder_id


def kind_label(event: Event) -> str:
    """Which of the eight it is."""
    return str(Kind(event.kind).label)


def playbook(event: Event) -> Playbook:
    """The playbook the event began with."""
    return evidence.playbook_of(event)


def values_of(record: EventRecord) -> dict[str, Any]:
    """What was written, each value as what it is."""
    people = cells.People(record.event_id, record.values)
    fields = playbooks.form(record.form).fields
    return {f.key: cells.read(f.type, record.values.get(f.key), people) for f in fields}


def event(user: User, prop: Property, number: str) -> Event | None:
    """The event of this number as this user may see it, with what its papers read."""
    joined = ("case__property__settings", "playbook", "commander", "reported_by", "place")
    rows = visible_to(user, prop).select_related(*joined)
    return rows.defer("playbook__content", "playbook__text").filter(case__number=number).first()


def colleagues(prop: Property) -> dict[int, str]:
    """Everybody who works in the house."""
    return dict(duty.holders(prop, *sorted(ALL_STAFF)).values_list("pk", "name"))


def report_values(report: Report) -> dict[str, Any]:
    """What the form of a report starts with."""
    return {name: getattr(report, name) for name in signoff.CONTENT}


def report(pk: int) -> Report:
    """A report with the case and event its transitions read."""
    joined = ("property__settings", "case__property__settings", "case__event", "author")
    return Report.objects.select_related(*joined).get(pk=pk)


def report_boxes(found: Report) -> list[ReportBox]:
    """The boxes of the current round, in order."""
    rows = found.boxes.filter(round=found.round)
    return list(rows.select_related("signer", "on_behalf_of", "department").order_by("position"))


def spec(event: Event, form: str, board: Any = None) -> Spec:
    """A paper by its form, also one that is not needed any more."""
    found = specs(event, board).get(form)
    if found is not None:
        return found
    for record in evidence.playbook_of(event).records:
        if record.form == form:
            return _spec(record, needed=False, facts=conditions.NOTHING)
    return Spec(playbooks.form(form), (), several=False, needed=False)


def reread(record: EventRecord) -> EventRecord:
    """The record as it stands in the database now."""
    return EventRecord.objects.get(pk=record.pk)


@dataclass(frozen=True, slots=True)
class Paper:
    """One line of 记录与签批: a paper that is there, or one that is still to be written."""

    spec: Spec | None
    record: EventRecord | None = None
    report: Report | None = None
    whose: str = ""
    """Title of the box that waits."""

    @property
    def is_report(self) -> bool:
        """《事故报告》 of the core."""
        return self.spec is None

    @property
    def row(self) -> EventRecord | Report | None:
        """What there is of it."""
        return self.record or self.report

    @property
    def title(self) -> str:
        """With its brackets."""
        return papers.title(REPORT) if self.spec is None else self.spec.title


def shelf(event: Event, board: Any = None) -> list[Paper]:
    """Every paper of the event, in the playbook's order; two statements besides the board."""
    rows = rows_of(event)
    found: list[Paper] = []
    look = board or (None if event.is_drill else evidence.look(event))
    for form, one_spec in specs(event, look).items():
        mine = [r for r in rows if r.form == form]
        found += [Paper(one_spec, r, whose=r.whose or "") for r in mine]
        if (not mine or one_spec.several) and one_spec.needed is not False:
            found.append(Paper(one_spec))
    return found if event.is_drill else [*found, *_report_line(event, look)]


def _report_line(event: Event, look: Any) -> list[Paper]:
    line = next((each for each in look.records if each.record.form == REPORT), None)
    box = ReportBox.objects.filter(
        report=OuterRef("pk"), round=OuterRef("round"), decision=ReportBox.Decision.PENDING
    )
    whose = Subquery(box.order_by("position").values("title")[:1])
    rows: Any = Report.objects.filter(case=event.pk).exclude(state=Report.State.SUPERSEDED)
    report = rows.annotate(whose=whose).first() if line is not None else None
    if line is None or (line.needed is False and report is None):
        return []
    return [Paper(None, report=report, whose=(report.whose if report else "") or "")]


def signed_roles(paper: Document) -> list[str]:
    """The roles that signed the record a sealed paper prints."""
    boxes = RecordBox.objects.filter(record=int(paper.kind.partition(":")[2]))
    return list(boxes.filter(decision=Decision.APPROVED).values_list("role", flat=True))
