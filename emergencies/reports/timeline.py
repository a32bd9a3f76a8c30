"""事件经过 as lines: what was answered, done, told and noted, with 补录 marked. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from emergencies.models import Call, Note, StepMark
from emergencies.playbooks.schema import FieldType, Step, label
from emergencies.queries import cells, evidence
from emergencies.reports.dossier import Dossier
from emergencies.reports.wording import cell, clause, joined, sentence, short
from propdesk.core.papers import Entry

Line = tuple[datetime, str, str]
"""When it happened, who entered it, what."""
MOST = 150
"""Lines of the printed report; the register holds them all."""


def lines(dossier: Dossier, notes: tuple[Note, ...]) -> list[Line]:
    """Every line in the order of what happened."""
    found = [
        *_start(dossier),
        *_answers(dossier),
        *_marks(dossier),
        *_calls(dossier),
        *_notes(n for n in notes if n.at <= dossier.until),
        *_end(dossier),
    ]
    return sorted(found, key=lambda line: line[0])


def printed(dossier: Dossier, notes: tuple[Note, ...]) -> tuple[Entry, ...]:
    """The lines as the report prints them."""
    found = lines(dossier, notes)
    rows = [Entry(short(at, dossier.year), by, text) for at, by, text in found[:MOST]]
    if len(found) > MOST:
        rows.append(Entry(text=_("其余%(n)d条见系统记录") % {"n": len(found) - MOST}))
    return tuple(rows)


def _start(dossier: Dossier) -> Iterator[Line]:
    event = dossier.event
    text = _("启动预案，现场指挥%(name)s。") % {"name": event.commander.name}
    yield event.reported_at, event.reported_by.name, text


def _answers(dossier: Dossier) -> Iterator[Line]:
    facts = evidence.playbook_of(dossier.event).facts_by_key
    for row in dossier.record.answers:
        if row.at > dossier.until or row.key not in facts:
            continue
        fact = facts[row.key]
        try:
            said = fact.says(evidence.fact_value(row.value))
        except KeyError:
            continue
        text = _("判断：%(ask)s%(said)s。") % {"ask": fact.ask, "said": said}
        if row.reason:
            text += _("（改答：%(why)s）") % {"why": clause(row.reason)}
        yield row.at, row.by.name, text


def _marks(dossier: Dossier) -> Iterator[Line]:
    steps = evidence.playbook_of(dossier.event).steps
    for mark in dossier.record.marks:
        if mark.step not in steps:
            continue
        text = clause(steps[mark.step].zh)
        if mark.outcome == StepMark.Outcome.NOT_NEEDED:
            text = _("不需要：%(step)s") % {"step": text}
        said = sentence(joined([text, clause(mark.text)], "："))
        typed = sentence(joined(_typed(steps[mark.step], mark, dossier.year)))
        late = _("（补录）") if mark.is_late_entry else ""
        yield mark.occurred_at, mark.by.name, f"{said}{typed}{late}"


def _typed(step: Step, mark: StepMark, year: int) -> Iterator[str]:
    """What was written into the fields of a step; people stand in the list of people alone."""
    nobody = cells.People(mark.event_id)
    for spec in step.fields:
        value = mark.values.get(spec.key)
        if spec.type == FieldType.PERSON or value in ("", None):
            continue
        chosen = {option.code: option.zh for option in spec.options}
        words = chosen.get(value) or cell(cells.read(spec.type, value, nobody), year, inside=True)
        yield f"{spec.zh.partition('（')[0]}：{clause(words)}"


def _calls(dossier: Dossier) -> Iterator[Line]:
    for call in dossier.record.calls:
        yield from _told(call, dossier)
        if call.acked_at and call.acked_by and call.acked_at <= dossier.until:
            text = _("%(name)s确认收到通知。") % {"name": call.acked_by.name}
            yield call.acked_at, call.acked_by.name, text


def _told(call: Call, dossier: Dossier) -> Iterator[Line]:
    if call.told_at and call.recorded_by and call.told_at <= dossier.until:
        text = _("已通知%(who)s。") % {"who": label(call.role or call.party)}
        yield call.told_at, call.recorded_by.name, text


def _notes(notes: Iterable[Note]) -> Iterator[Line]:
    for note in notes:
        late = _("（补录）") if note.is_late_entry else ""
        yield note.occurred_at, note.by.name, f"{sentence(note.text)}{late}"


def _end(dossier: Dossier) -> Iterator[Line]:
    event, text = dossier.event, _("处置结束。")
    if event.ended_at and event.ended_by and event.ended_at <= dossier.until:
        yield event.ended_at, event.ended_by.name, text
        return
    # Taken up again since: what was sealed before it says when it had ended then.
    acts = ("end", "override_end", "reopen")
    last = [e for e in dossier.entries if e.action in acts and e.at <= dossier.until][-1:]
    for entry in last:
        if entry.by and entry.action != "reopen":
            yield entry.at, entry.by.name, text
