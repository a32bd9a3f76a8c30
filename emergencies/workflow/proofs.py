"""What a step asks for as its proof, and what of it is missing or cannot be so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.playbooks import conditions
from emergencies.playbooks.records import FormField
from emergencies.playbooks.schema import FieldType, Step, StepField, Whose
from emergencies.queries import cells, evidence
from emergencies.queries import people as on_record
from emergencies.workflow.base import ensure_rank
from propdesk.core.models import User
from propdesk.core.persons import Guest
from propdesk.core.roles import ALL_STAFF, standing
from propdesk.core.transitions import RefusedInput

Values = Mapping[str, Any]
SLACK = timedelta(minutes=2)
"""A clock on a desk may be ahead so much."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves a step: words, typed fields, photos, a person spoken to, signatures."""

    text: str = ""
    values: Values = field(default_factory=dict)
    occurred_at: datetime | None = None
    pictures: Iterable[bytes] = ()
    contact: Guest | None = None
    """Somebody who is no colleague: his name and number go into ``core.Person`` alone."""
    password: str = field(default="", repr=False)
    """Signs with the kept signature of whoever marks the step."""
    drawn: bytes = b""
    """Signature of the contact, drawn on this screen."""
    device: str = ""


def check(
    event: Event, spec: Step, proof: Proof, *, by: User, now: datetime, has_photo: bool
) -> None:
    """RefusedInput for each proof the playbook asks for that is not there, or cannot be so.

    PermissionDenied (403) where a field that arises is left to a higher rank than his.
    """
    facts = evidence.facts_of(event)
    wanted = set(spec.evidence)
    errors: dict[str, str] = {}
    if "text" in wanted and not proof.text.strip() and not proof.values:
        errors["text"] = _("请写一句做了什么。")
    if wanted & {"photo", "file"} and not has_photo:
        errors["photo"] = _("这一步要有照片为证。")
    if "contact" in wanted and (proof.contact is None or not proof.contact.name):
        errors["contact_name"] = _("请填写联系到的是谁。")
    if "signature" in wanted and not proof.password and not proof.drawn:
        errors["password"] = _("这一步要签名：本人输入密码，或请对方在屏幕上签。")
    if "guest_signature" in wanted and not proof.drawn and not has_photo:
        errors["signature"] = _("这一步要对方亲笔签名：请他在屏幕上签，或拍下他签好的纸。")
    errors |= field_errors(spec, proof.values, facts)
    errors |= _wrong_people(event, spec, proof.values)
    errors |= _ahead(spec, proof.values, now)
    if errors:
        raise RefusedInput(**errors)
    said = _said(proof.values)
    for each in spec.fields:
        if each.by and conditions.evaluate(each.when, facts, said):
            ensure_rank(event, by, each.by)


def _said(values: Values) -> dict[str, str | bool]:
    """What fields may hang on: what was chosen or written in others."""
    return {key: value for key, value in values.items() if isinstance(value, str | bool)}


def field_errors(spec: Step, values: Values, facts: conditions.Answers) -> dict[str, str]:
    """A sentence for each field that is required now and empty; the form has checked the types.

    One that hangs on a question nobody has answered is not asked for yet; the answer asks for it. Of
    those alone one has to be there: no step is done with nothing.
    """
    said = _said(values)
    wanted = [f for f in spec.fields if f.required or f.must]
    arises = {f.key: conditions.evaluate(f.when, facts, said) for f in wanted}
    errors: dict[str, str] = {}
    for f in wanted:
        if arises[f.key] and values.get(f.key) in (None, ""):
            errors[f"field_{f.key}"] = _("请填写“%(field)s”。") % {"field": f.zh}
        elif arises[f.key] and f.must and values[f.key] is not True:
            text = _("“%(field)s”还没有做到，做到以后再登记完成。")
            errors[f"field_{f.key}"] = text % {"field": f.zh}
    undecided = [f for f in wanted if arises[f.key] is None]
    if undecided and not errors and all(v in (None, "") for v in values.values()):
        text = _("请填写“%(field)s”。")
        errors[f"field_{undecided[0].key}"] = text % {"field": undecided[0].zh}
    return errors


def _wrong_people(event: Event, spec: Step, values: Values) -> dict[str, str]:
    """A sentence for each field of people that names somebody who cannot be meant."""
    errors = strangers(event, spec, values)
    for each in spec.fields:
        value = values.get(each.key)
        if each.type is FieldType.PERSON and each.who is not None and value not in (None, ""):
            wrong = wrong_person(event, each, cells.staff_of(value))
            errors |= {f"field_{each.key}": wrong} if wrong else {}
    return errors


def strangers(event: Event, spec: Step, values: Values) -> dict[str, str]:
    """A sentence for each field that names, by number, somebody who is not of this event."""
    named = {
        each: value
        for each in spec.fields
        if each.type is FieldType.PERSON and isinstance(value := values.get(each.key), Mapping)
    }
    if not named:
        return {}
    people, known = cells.People(event.pk, list(named.values())), on_record.known_people(event)
    return {
        f"field_{each.key}": stranger(each)
        for each, value in named.items()
        if not (
            value.get(cells.PERSON) in known or people.knows({cells.USER: cells.staff_of(value)})
        )
    }


def stranger(field: StepField | FormField) -> str:
    """Why somebody of another event, or of another house, cannot stand in the field."""
    if field.who is Whose.STAFF:
        return _("“%(field)s”是本处员工，请从列表里选。") % {"field": field.zh}
    return _("请从这件的有关人员里选，或填写姓名。")


def wrong_person(event: Event, field: StepField | FormField, staff: int | None) -> str:
    """Why he cannot stand in the field, "" when he can; ``staff``: key of a colleague, else None."""
    said = {"field": field.zh}
    if field.who is not Whose.STAFF:
        return _("“%(field)s”不是本处员工，请写姓名或单位。") % said if staff else ""
    user = User.objects.filter(pk=staff).first() if staff else None
    roles = standing(user, event.case.property).task_roles & ALL_STAFF if user else frozenset()
    if not roles:
        return _("“%(field)s”是本处员工，请从列表里选。") % said
    role = field.role if isinstance(field, StepField) and field.role_only else None
    if role is not None and role not in roles:
        return _("“%(field)s”须是%(role)s的人，请改选。") % (said | {"role": role.label})
    return ""


def _ahead(spec: Step, values: Values, now: datetime) -> dict[str, str]:
    """A sentence for each time that has not come: a step says what was done, not what is meant."""
    errors: dict[str, str] = {}
    for each in spec.fields:
        said = values.get(each.key)
        if each.type is not FieldType.TIME or each.ahead or not isinstance(said, str) or not said:
            continue
        if datetime.fromisoformat(said) > now + SLACK:
            text = _("“%(field)s”还没有到，请填实际时间。")
            errors[f"field_{each.key}"] = text % {"field": each.zh}
    return errors
