"""What is on record about one person, for him to have (PIPL 45): found by number, given once, logged.

Rows of ``core.Person`` are one a case, so the same person is known again by his telephone, however it is
written, or the hash of his paper; by name alone nobody is, for two people may have one. A telephone may be
of several people too: then he says his name as well. What the record of a case says is told
by a copy of its paper (``core.copies``), with others struck out; here stands what is stored of him.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, case_people, folding, id_numbers, masks, striking
from propdesk.core.clock_text import paper_time
from propdesk.core.models import Case, IdType, Person, Property, Unmasking, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, is_reason

FIELD = "export"
"""As what it stands among the looks at full numbers."""
LEAST_DIGITS = 7
MOST = 200
BETWEEN = re.compile(r"[/、，,;；|和或]+")
"""Between several telephones typed into one field, each written with blanks."""
FIELDS = ("name", "honorific", "phone", "address", "id_type", "id_last4")


@dataclass(frozen=True, slots=True)
class Asked:
    """How the person is known again, and what for."""

    phone: str = ""
    name: str = ""
    """Needed only where people of several names have one telephone."""
    id_type: str = ""
    id_number: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """The file with its name, and how many records are in it."""

    name: str
    data: bytes
    count: int


@transaction.atomic
def give(prop: Property, asked: Asked, *, by: User, readable: "QuerySet[Case]") -> Given:
    """A ZIP of one JSON and one plain text; every case he is named in and each record says so.

    ``readable`` are the cases ``by`` may read: of others nothing is given and nothing said. Raises
    PermissionDenied (403), RefusedInput (422) for a number nobody is known by, one that does not say which
    of several people is meant, more than ``MOST`` records, or without a purpose.
    """
    ensure(by, "export_person", ACTIONS, prop=prop)
    _check(asked)
    cases = _cases(prop, asked, readable)
    _few(len(cases))
    # Locked in one order, as everywhere; what is given is read under the locks.
    rows = Case.objects.select_for_update(no_key=True, of=("self",))
    held = rows.filter(pk__in=cases, erasure=None).order_by("pk")
    named = _of_one({case: _people(case, prop, asked) for case in held}, asked)
    if not named:
        raise RefusedInput(phone=_("没有登记过这个号码，请核对。"))
    _few(sum(map(len, named.values())))
    now = timezone.now()
    records: list[dict[str, Any]] = []
    for case, people in named.items():
        records += [_record(case, person) for person in people]
        Unmasking.objects.bulk_create(
            Unmasking(person=person, field=FIELD, by=by, at=now, until=now, reason=asked.purpose)
            for person in people
        )
        audit.record(case, by=by, action="export_person", reason=asked.purpose)
    return Given(
        f"{_('个人信息')}-{timezone.localtime(now):%Y%m%d-%H%M}.zip",
        _zip(prop, records, now),
        len(records),
    )


def _check(asked: Asked) -> None:
    errors = {}
    if not is_reason(asked.purpose):
        errors["purpose"] = _("请写明用途，例如“客户本人要求查阅”。")
    if not asked.phone and not asked.id_number:
        errors["phone"] = _("请填电话或证件号：只凭姓名认不准是谁。")
    if asked.phone and len(masks.national(asked.phone)) < LEAST_DIGITS:
        errors["phone"] = _("请填完整的电话号码。")
    if asked.id_number and asked.id_type not in IdType.values:
        errors["id_type"] = _("请选择证件类型。")
    if errors:
        raise RefusedInput(**errors)


def _few(count: int) -> None:
    if count > MOST:
        words = {"most": MOST}
        raise RefusedInput(
            phone=_("登记得太多，超过 %(most)d 处，一次导不出来。请改用证件号。") % words
        )


def _maybe(prop: Property, asked: Asked) -> "QuerySet[Person]":
    """Who may be meant: the same paper, or the last digits; ``_is_his`` says who is."""
    known = Q(pk__in=[])
    rows = Person.objects.filter(property=prop, purged_at=None)
    if asked.phone:
        # What is not plain is folded by Python alone (``core.folding``).
        parts = (F("phone"), Value("[^0-9]"), Value(""), Value("g"))
        bare = Func(*parts, function="regexp_replace", output_field=TextField())
        rows = rows.annotate(digits=bare)
        tail = masks.local(asked.phone)[1][-LEAST_DIGITS:]
        known |= Q(digits__contains=tail) | Q(phone__regex="[^ -~]")
    return rows.filter(known | Q(id_hash__in=_hashes(asked)))


def _hashes(asked: Asked) -> list[str]:
    if not asked.id_number:
        return []
    return id_numbers.keyed_hashes(asked.id_type, id_numbers.normalise(asked.id_number))


def _is_his(person: Person, asked: Asked) -> bool:
    """One of the telephones typed for him is the one that was asked for: with its area or without, +86 or not."""
    area, number = masks.local(asked.phone)
    if not number:
        return False
    phones = (*striking.each_phone(person.phone), *BETWEEN.split(person.phone))
    typed = (masks.local(phone) for phone in phones)
    return any(n == number and (not a or not area or a == area) for a, n in typed)


def _cases(prop: Property, asked: Asked, readable: "QuerySet[Case]") -> set[int]:
    rows, hashes = _maybe(prop, asked), _hashes(asked)
    people = [p.pk for p in rows.iterator() if p.id_hash in hashes or _is_his(p, asked)]
    found = case_people.cases_of(people)
    mine = readable.filter(property=prop, pk__in=found, erasure=None)
    return set(mine.values_list("pk", flat=True))


def _people(case: Case, prop: Property, asked: Asked) -> list[Person]:
    hashes = _hashes(asked)
    rows = case_people.people_of(case).filter(pk__in=_maybe(prop, asked).values("pk"))
    return [
        person
        for person in rows.select_related("room")
        if person.id_hash in hashes or _is_his(person, asked)
    ]


def _of_one(named: dict[Case, list[Person]], asked: Asked) -> dict[Case, list[Person]]:
    """Only his rows where a telephone is of several people; RefusedInput while he has not said his name.

    Whoever showed the paper that was asked for is known without. A row without a name is nobody's then.
    """
    hashes = _hashes(asked)
    people = [person for rows in named.values() for person in rows]
    names = {_folded(person.name) for person in people} - {""}
    by_phone = any(person.id_hash not in hashes for person in people)
    said = _folded(asked.name)
    if by_phone and len(names) > 1 and not said:
        raise RefusedInput(name=_("这个电话登记在几个姓名下，请填客户本人的姓名。"))
    mine = {said} if len(names) > 1 else {said, ""}

    def is_his(person: Person) -> bool:
        return not said or person.id_hash in hashes or _folded(person.name) in mine

    found = {case: [p for p in rows if is_his(p)] for case, rows in named.items()}
    return {case: rows for case, rows in found.items() if rows}


def _folded(name: str) -> str:
    return folding.words(name).text


def _record(case: Case, person: Person) -> dict[str, Any]:
    """All that is stored of a person for one case; who looked at it is told by name of office only."""
    changes = person.changes.order_by("at", "pk")
    looks = Unmasking.objects.filter(person=person).order_by("at", "pk")
    return {
        "case": case.number,
        "kind": case.get_kind_display(),
        "opened": paper_time(case.opened_at),
        "closed": paper_time(case.closed_at) if case.closed_at else "",
        "stored": {_label(name): _shown(person, name) for name in FIELDS if getattr(person, name)}
        | ({_("房间"): person.room.label} if person.room else {}),
        "changes": [
            {"at": paper_time(row.at), "field": _label(row.field), "old": row.old, "new": row.new}
            for row in changes
        ],
        "signatures": [
            {"at": paper_time(row.signed_at), "kind": row.get_kind_display(), "sha256": row.sha256}
            for row in person.signatures.defer("image").order_by("signed_at", "pk")
        ],
        "looks": [{"at": paper_time(row.at), "what": _label(row.field)} for row in looks],
    }


def _label(name: str) -> str:
    if name == FIELD:
        return _("导出")
    try:
        return str(getattr(Person._meta.get_field(name), "verbose_name", name))  # noqa: SLF001 -- Django's model API
    except LookupError:
        return name


def _shown(person: Person, name: str) -> str:
    shown = getattr(person, f"get_{name}_display", None)
    return str(shown() if shown else getattr(person, name))


def _zip(prop: Property, records: Iterable[dict[str, Any]], now: datetime) -> bytes:
    records = list(records)
    whole = {"house": prop.name, "made": paper_time(now), "records": records}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("personal-data.json", json.dumps(whole, ensure_ascii=False, indent=2))
        file.writestr("personal-data.txt", "\ufeff" + "\r\n".join(_lines(prop, records, now)))
    return out.getvalue()


def _lines(prop: Property, records: list[dict[str, Any]], now: datetime) -> list[str]:
    words = {"house": prop.name, "when": paper_time(now), "n": len(records)}
    lines = [_("%(house)s 登记的您的个人信息，%(when)s 导出，共 %(n)d 处。") % words]
    for row in records:
        lines += ["", f"{row['case']} {row['kind']} {row['opened']} — {row['closed']}"]
        lines += [f"  {label}：{value}" for label, value in row["stored"].items()]
        lines += [
            "  " + _("%(at)s 更正%(field)s：%(old)s → %(new)s") % change
            for change in row["changes"]
        ]
        lines += ["  " + _("%(at)s 签名（%(kind)s）") % each for each in row["signatures"]]
        lines += ["  " + _("%(at)s 有员工查看：%(what)s") % each for each in row["looks"]]
    return lines
