"""Papers of events in tests: values for every field of a form, walks to each state."""

import io
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pypdf import PdfReader

from emergencies import playbooks, workflow
from emergencies.models import Event, EventRecord
from emergencies.playbooks.records import FormField
from emergencies.queries import prefill
from propdesk.core import rendering
from propdesk.core.models import Document, RenderJob, User
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh
from tests.factories import PASSWORD
from tests.incidents.journey import drawn

W = workflow
TEXT = "照实填写"


def read(record: EventRecord) -> EventRecord:
    """The record anew with what its transitions read."""
    rows = EventRecord.objects.select_related("event__case__property__settings", "author")
    return rows.get(pk=record.pk)


def value_of(field: FormField, by: User) -> Any:
    """Something to write into a field of a form."""
    now = timezone.now()
    return {
        "text": TEXT,
        "long_text": "到场查看，情况属实。",
        "number": 3,
        "money": None,
        "time": now,
        "date": timezone.localdate() + timedelta(days=7),
        "choice": field.options[0].code if field.options else "",
        "bool": True,
        "person": by if field.who in (None, "staff") else "王晓梅",
    }[str(field.type)]


def filled(event: Event, form: str, by: User, **changes: Any) -> dict[str, Any]:
    """Every field of the form: as it would be filled in by itself, else something."""
    spec = playbooks.form(form)
    proposed = prefill.proposed(spec, prefill.Sources(fresh(event)))
    return {
        field.key: proposed[field.key] if _said(proposed[field.key]) else value_of(field, by)
        for field in spec.fields
        if field.type != "table"
    } | changes


def _said(value: Any) -> bool:
    return value is not None and value != ""


def drafted(event: Event, form: str, by: User, **changes: Any) -> EventRecord:
    """A draft with every field filled in; a statement of theft has something on its list."""
    if form == "theft_statement" and not event.losses.exists():
        W.list_losses(fresh(event), [W.Loss("银色手表")], by=event.commander)
    record = W.start_record(fresh(event), form, filled(event, form, by, **changes), by=by)
    return read(record)


def submitted(event: Event, form: str, by: User, **changes: Any) -> EventRecord:
    return read(W.submit_record(drafted(event, form, by, **changes), by=by, password=PASSWORD))


def outside(name: str = "欧阳静", **changes: Any) -> workflow.Outside:
    """Somebody who signs on the screen."""
    what = {"who": Guest(name=name), "drawn": drawn(), "consents": True} | changes
    return W.Outside(**what)


def signed_off(house: House, record: EventRecord) -> EventRecord:
    """Every box signed by whoever may, the next one each time."""
    record = read(record)
    while record.state == EventRecord.State.SUBMITTED:
        box = record.boxes.filter(round=record.round, decision="pending").order_by("position")[0]
        if box.party:
            W.take_signature(record, outside(), by=record.event.commander)
        else:
            W.sign_record(record, by=who_may(house, record), password=PASSWORD)
        record = read(record)
    return record


def who_may(house: House, record: EventRecord) -> User:
    """Somebody whose turn it is."""
    from emergencies.queries import records as queries

    for user in [*house.people.values(), house.guard2, house.dm2]:
        if queries.turns(User.objects.get(pk=user.pk), house.prop).filter(record=record).exists():
            return user
    raise AssertionError("nobody may sign")


def job(record: EventRecord, **fields: Any) -> RenderJob:
    """A job nobody has to save: builders only read it."""
    case = fresh(record.event).case
    made = {"case": case, "kind": W.paper_kind(record), "case_version": case.version}
    return RenderJob(**made | fields)


def printed(event: Event, kind: str, by: User, **fields: Any) -> bytes:
    """The bytes of a paper as the worker makes it."""
    return stored(made(rendering.request(fresh(event).case, kind, by=by, **fields)))


def made(waiting: RenderJob) -> Document:
    """The paper of a waiting job."""
    rendering.render_due(timezone.now())
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == (RenderJob.State.DONE, "")
    assert waiting.document is not None
    return waiting.document


def stored(document: Document) -> bytes:
    with document.file.open("rb") as file:
        return bytes(file.read())


def text_of(data: bytes) -> str:
    """All words of a PDF, without the spaces the layout puts between them."""
    pages = PdfReader(io.BytesIO(data)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
