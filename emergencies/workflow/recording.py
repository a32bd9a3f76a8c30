"""Papers of an event: written by their form, until they are submitted (E-1 … E-8, forms.md 1.9)."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event, EventRecord
from emergencies.playbooks.records import Form, FormField
from emergencies.playbooks.vocabulary import FieldType
from emergencies.queries import cells, people, prefill
from emergencies.queries import records as queries
from emergencies.queries.records import EDITABLE, Spec, State
from emergencies.workflow.base import begin, finish
from emergencies.workflow.proofs import stranger, wrong_person
from propdesk.core import audit, persons, stale
from propdesk.core.models import Person, User
from propdesk.core.numbering import next_number
from propdesk.core.pdf.canonical import canonical_json
from propdesk.core.persons import Guest
from propdesk.core.transitions import RefusedInput, StaleError, lock, require

SCHEMA = "propdesk.event_record/1"
KS = "guest_accident_report"
PREVENTION = "prevention"
"""《客户事故报告》 closes with what is to keep it from happening again (E-5)."""


@transaction.atomic
def start_record(event: Event, form: str, values: Mapping[str, Any], *, by: User) -> EventRecord:
    """起草: with what ``prefill.proposed`` fills in and the writer has changed.

    ``values`` by key of the form; a person is a ``Person`` of this event, a ``User``, or a ``Guest``
    or a name, whose data go into ``core.Person`` now. ConflictError for a form the playbook does not name, one
    that is there already, and one that is not needed as things stand.
    """
    event, _stand = begin(event, "write_record", by)
    spec = spec_of(event, form)
    require(spec.needed is not False, _("按现在的判断，不需要这份记录。"))
    last = event.records.filter(form=form).order_by("-seq", "-version").first()
    if not spec.several:
        require(
            last is None or last.state == State.SUPERSEDED, _("这份记录已经起草，请看最新情况。")
        )
    record = _draft(event, spec, last, by)
    record.values = encoded(event, spec.form, values)
    audit.save(record, by=by, reason=_("起草记录"))
    finish(event, [], record, by=by, action="record_start", info=info_of(record))
    return record


def spec_of(event: Event, form: str) -> Spec:
    """The paper as the playbook of the event names it; ConflictError when it does not."""
    found = queries.specs(event)
    require(form in found, _("这类事件没有这份记录。"))
    return found[form]


def _draft(event: Event, spec: Spec, last: EventRecord | None, by: User) -> EventRecord:
    """The next of several; the next version of one that was superseded keeps its number."""
    again = last is not None and not spec.several
    now = timezone.now()
    prefix = spec.form.prefix
    number = next_number(event.case.property, prefix, now) if prefix else event.case.number
    if event.is_drill:
        number = event.case.number  # a drill has its YL number already
    return EventRecord(
        event=event,
        form=spec.form.code,
        several=spec.several,
        seq=1 if last is None or again else last.seq + 1,
        version=last.version + 1 if last is not None and again else 1,
        number=last.number if last is not None and again else number,
        author=by,
        created_at=now,
    )


def info_of(record: EventRecord) -> dict[str, Any]:
    """What the chain says of a record: which, never what it says."""
    return {"form": record.form, "number": record.number, "seq": record.seq}


@transaction.atomic
def edit_record(
    record: EventRecord, values: Mapping[str, Any], *, by: User, seen: str = ""
) -> EventRecord:
    """修改 a draft or one that was sent back; whoever edits is its author from then on.

    ConflictError over a colleague's newer text, when the form says what it was filled from.
    """
    event, record = hold(record, "write_record", by)
    editable(record)
    form = spec_of(event, record.form).form
    stale.require_unchanged(seen, written(record, form), _labels(form))
    record.values, record.author = encoded(event, form, values), by
    audit.save(record, "values", "author", by=by, reason=_("填写记录"))
    finish(event, [], record, by=by, action="record_edit", info=info_of(record))
    return record


def hold(record: EventRecord, action: str, by: User) -> tuple[Event, EventRecord]:
    """Event and record under lock; who (403) and when (409) of the event."""
    event, _stand = begin(record.event, action, by)
    record = lock(record)
    record.event = event
    return event, record


def record_seen(record: EventRecord) -> str:
    """A print of what a signer reads: the round, and what ``content_sha`` covers (``stale``)."""
    return stale.seen({"round": record.round, "content": content_sha(record)})


def as_read(record: EventRecord, seen: str) -> None:
    """StaleError when the locked record was changed or sent back since the signer opened his page.

    ``seen`` is what ``record_seen`` said then; an empty one asks for nothing: callers without a page.
    """
    if seen and seen != record_seen(record):
        raise StaleError(
            _(
                "您打开这一页以后，记录改过或退回过，没有签名。这一页已是最新的，请重新看过文书再签。"
            )
        )


def editable(record: EventRecord) -> None:
    require(
        record.state in EDITABLE,
        _("记录已提交签名，不能再改；需要修改请由签名人退回。"),
    )


def written(record: EventRecord, form: Form) -> dict[str, Any]:
    """What the writer filled in, as it stands; the form carries a print of it (``stale``)."""
    return {f.key: str(record.values.get(f.key, "")) for f in form.fields}


def _labels(form: Form) -> dict[str, str]:
    """Texts shown beside one's own when somebody else was faster."""
    return {f.key: f.zh for f in form.fields if f.type == FieldType.LONG_TEXT}


def encoded(event: Event, form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is written, as JSON by key; somebody new is put on record first."""
    found = {}
    for field in form.fields:
        if field.type == "table" or values.get(field.key) in (None, ""):
            continue
        found[field.key] = cells.stored(_checked(event, field, values[field.key]))
    return found


def _checked(event: Event, field: FormField, value: Any) -> Any:
    if field.type != FieldType.PERSON:
        return value
    wrong = wrong_person(event, field, cells.staff_of(value)) if field.who else ""
    if wrong:
        raise RefusedInput(**{field_name(field): wrong})
    if isinstance(value, str):
        value = Guest(name=value.strip()[:60], kind=Person.Kind.OUTSIDER)
    if isinstance(value, Guest):
        return persons.create(event.case.property, value)
    if isinstance(value, Person):
        known = value.pk in people.known_people(event)
    else:
        known = cells.People(event.pk, cells.stored(value)).knows(cells.stored(value))
    if not known:
        raise RefusedInput(**{field_name(field): stranger(field)})
    return value


def field_name(field: FormField) -> str:
    """Name of the field in a form of the page."""
    return f"f_{field.key}"


def missing_fields(
    form: Form, values: Mapping[str, Any], tables: Mapping[str, Sequence[Any]], facts: Any
) -> tuple[tuple[str, str], ...]:
    """Required fields that are still empty, as (field, sentence)."""
    found = prefill.missing(form, values, tables, facts)
    rows = [(field_name(f), _("还没有填写“%(field)s”。") % {"field": f.zh}) for f in found]
    if form.code == KS and not str(values.get(PREVENTION) or "").strip():
        rows = [row for row in rows if row[0] != f"f_{PREVENTION}"]
        rows.append((f"f_{PREVENTION}", _("没有写防止再发的建议，不能提交。")))
    return tuple(rows)


def content_sha(record: EventRecord) -> str:
    """SHA-256 of what a signer signs: number, version, every value, every row of its tables."""
    said = {
        "schema": SCHEMA,
        "form": record.form,
        "number": record.number,
        "seq": record.seq,
        "version": record.version,
        "values": record.values,
        "tables": record.tables,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


@transaction.atomic
def rewrite_record(record: EventRecord, *, by: User, reason: str) -> EventRecord:
    """改写: what was signed is wrong; a new version begins with its words, the old one stays as it is."""
    event, record = hold(record, "rewrite_record", by)
    require(record.state == State.SIGNED, _("只有签完的记录才要另写新版，没有签完的请退回修改。"))
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么要另写新版。"))
    record.state = State.SUPERSEDED
    audit.save(record, "state", by=by, reason=reason)
    newer = EventRecord(
        event=event,
        form=record.form,
        several=record.several,
        seq=record.seq,
        version=record.version + 1,
        number=record.number,
        values=record.values,
        author=by,
        created_at=timezone.now(),
    )
    audit.save(newer, by=by, reason=reason)
    rows: list[models.Model] = [record, newer]
    info = info_of(newer) | {"version": newer.version}
    finish(event, [], *rows, by=by, action="record_rewrite", reason=reason, info=info)
    return newer
