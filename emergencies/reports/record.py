"""A record of an event by its form, ready to print: one builder for every form (forms.md 1.3, 1.9)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies import playbooks, workflow
from emergencies.models import EventRecord
from emergencies.playbooks import records as papers
from emergencies.playbooks.records import Form, FormField
from emergencies.playbooks.vocabulary import FieldType
from emergencies.queries import cells, evidence, prefill
from emergencies.queries import records as queries
from emergencies.reports import parts
from emergencies.reports.dossier import Dossier, as_signed, gather
from emergencies.reports.sheet import FORM
from emergencies.reports.wording import RETENTION, cell, full
from propdesk.core import blanks, persons, rendering
from propdesk.core.clock_text import span
from propdesk.core.models import RenderJob
from propdesk.core.papers import State, Tick
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair
from propdesk.core.rendering import Sheet, case_of

SECRECY = {"general": _l("一般"), "internal": _l("内部"), "confidential": _l("保密")}
WITH_CALLS = frozenset(
    {"disturbance_record", "death_record", "outage_record", "fire_record", "guest_accident_report"}
)
"""Papers that tell the whole event: they list who was called."""
WITH_PHOTOS = frozenset(
    {"disturbance_record", "outage_record", "fire_record", "guest_accident_report", "drill_record"}
)
"""Papers with pictures; of a death none is ever printed, they stay in the system."""


def event_record(job: RenderJob) -> Sheet:
    """The record the kind of the job names: as signed, else as it would read now."""
    record = EventRecord.objects.select_related("author").get(pk=int(job.kind.partition(":")[2]))
    dossier = gather(case_of(job), job.case_version)
    event = dossier.event
    form = playbooks.form(record.form)
    out = record.state not in queries.EDITABLE
    then = as_signed(dossier, "record_submit", record.pk) if out else dossier
    until = then.until if then is not dossier else record.signed_at if job.sealed else None
    page = _Page(record, form, dossier, until)
    boxes, drawn = _boxes(dossier, record)
    photos, files, more = parts.photos(then) if form.code in WITH_PHOTOS else ((), {}, ())
    signed = record.state == queries.State.SIGNED
    paper = EventRecordPaper(
        organisation=event.case.property.name,
        number=record.number,
        form_code=_code(form),
        version=FORM,
        record_url="",
        state=cast("State", parts.state_of(event, sealed=job.sealed, signed=signed)),
        frozen_at=full(dossier.until),
        secrecy=str(SECRECY[form.secrecy]),
        category=queries.kind_label(event),
        status=_status(record),
        audit_head=dossier.head,
        void_reason=event.void_reason,
        form_title=form.title.zh,
        drill=f"【{_('演练')}】" if event.is_drill else "",
        banner=_("内部资料　注意保密") if event.case.restricted else "",
        retention=str(RETENTION[evidence.playbook_of(event).retention]),
        copies=form.copies,
        is_signed=signed,
        head=page.head(),
        blocks=page.blocks(),
        notifications=parts.notifications(then) if form.code in WITH_CALLS else (),
        overrides=parts.overrides(then) if form.code in WITH_CALLS else (),
        photos=photos,
        attachments=more + blanks.attached(then.entries),
        signatures=boxes,
        note=_digest(record),
    )
    return rendering.coded(
        paper,
        files | drawn,
        dossier.until,
        page=event.get_absolute_url(),
        version=record.version,
    )


def _code(form: Form) -> str:
    """Number of the printed form: its prefix and its place in the file."""
    place = list(papers.forms()).index(form.code) + 1
    return f"PD-{form.prefix or 'SJ'}-{place:02}"


def _digest(record: EventRecord) -> str:
    fixed = record.state in (queries.State.SUBMITTED, queries.State.SIGNED)
    return _("签署内容 SHA-256：%(sha)s") % {"sha": record.content_sha} if fixed else ""


def _status(record: EventRecord) -> str:
    label = str(record.get_state_display())
    if record.version == 1:
        return label
    return _("%(state)s（第 %(n)d 版）") % {"state": label, "n": record.version}


def _boxes(dossier: Dossier, record: EventRecord) -> parts.Drawn:
    rows = parts.round_of(record)
    if rows:
        return parts.record_boxes(rows)
    wanted = workflow.record_boxes(dossier.event, record)
    return parts.blank_boxes(box.title for box in wanted), {}


class _Page:
    """The fields and tables of one record as text."""

    def __init__(
        self, record: EventRecord, form: Form, dossier: Dossier, until: datetime | None
    ) -> None:
        self.form, self.year = form, dossier.year
        self.values: dict[str, Any] = record.values
        if record.state in queries.EDITABLE:
            sources = prefill.Sources(dossier.event, dossier.record)
            self.fixed = {
                "head": prefill.head_values(sources),
                "rows": prefill.tables(form, sources),
            }
        else:
            self.fixed = record.tables
        self.people = cells.People(record.event_id, self.values, self.fixed)
        if until is not None:
            # Who was put right since is named as who signed read him.
            self.people.persons = persons.all_as_of(self.people.persons.values(), until)
        facts = evidence.facts_of(dossier.event)
        self.arises = prefill.applies(form, self.values, facts)

    def head(self) -> tuple[Pair, ...]:
        """What stands on every paper above its own fields; the number is on the line of the title."""
        values = self.fixed.get("head", {})
        fields = [f for f in papers.head() if f.key != "number"]
        return tuple(_paired([self._line(f, values.get(f.key)) for f in fields]))

    def blocks(self) -> tuple[Block, ...]:
        """Fields in rows, each table below its own heading, in the order of the form."""
        found: list[Block] = []
        lines: list[Line] = []
        for field in self.form.fields:
            if self.arises[field.key] is False:
                continue
            if field.type == "table":
                found += _rest(lines, found)
                lines = []
                found.append(self._table(field))
            else:
                lines.append(self._line(field, self.values.get(field.key)))
        return (*found, *_rest(lines, found))

    def _line(self, field: FormField, value: Any) -> Line:
        kind = field.type
        if kind == FieldType.CHOICE:
            return Line(field.zh, ticks=tuple(Tick(o.zh, o.code == value) for o in field.options))
        if kind == FieldType.BOOL:
            said = ((_("是"), True), (_("否"), False))
            return Line(field.zh, ticks=tuple(Tick(zh, value is answer) for zh, answer in said))
        read = cells.read(kind, value, self.people)
        text = cell(read, self.year) + self._taken(field, read)
        return Line(field.zh, text, long=kind == FieldType.LONG_TEXT)

    def _taken(self, field: FormField, end: Any) -> str:
        """How long what ends here took; "" when that is not asked, or cannot be."""
        start = cells.read(field.type, self.values.get(field.since or ""), self.people)
        if field.since is None or start is None or end is None or start > end:
            return ""
        return _("（历时%(span)s）") % {"span": span(end - start)}

    def _table(self, field: FormField) -> Block:
        rows = self.fixed.get("rows", {}).get(field.key, [])
        return Block(
            title=field.zh,
            columns=tuple(column.zh for column in field.columns),
            rows=tuple(
                tuple(
                    cell(cells.read(c.type, each, self.people), self.year, inside=True)
                    for c, each in zip(field.columns, row, strict=False)
                )
                for row in rows
            ),
        )


def _rest(lines: list[Line], before: Sequence[Block]) -> list[Block]:
    """The fields gathered so far as a block of their own."""
    if not lines:
        return []
    title = _("其他情况") if before else _("登记内容")
    return [Block(title=title, pairs=tuple(_paired(lines)))]


def _paired(lines: Sequence[Line]) -> Iterator[Pair]:
    """Two short fields in a row; a long one, or many choices, takes a row of its own."""
    left: Line | None = None
    for line in lines:
        if line.long or _is_wide(line):
            if left is not None:
                yield Pair(left)
            left = None
            yield Pair(line)
        elif left is None:
            left = line
        else:
            yield Pair(left, line)
            left = None
    if left is not None:
        yield Pair(left)


def _is_wide(line: Line) -> bool:
    return sum(len(tick.label) + 2 for tick in line.ticks) > WIDE or len(line.value or "") > WIDE


WIDE = 22
"""Characters that fit into half a row."""
