"""The only place that writes rows: each write leaves who, why and, on a case, a chained entry.

A case's entries form one hash chain, written under the Case row lock (decision 34). ``rows`` of an
entry hold a digest of each row it wrote, so an edit behind the application's back shows up as a
row whose digest is not the last one recorded. ``content`` can be purged by the owner role: the
chain covers its digest only.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core.models import AuditEntry, Case, Erasure, User
from propdesk.core.transitions import ConflictError, require

Json = dict[str, Any]


def save(instance: models.Model, *fields: str, by: User | None, reason: str) -> None:
    """Insert ``instance`` (no ``fields``) or update ``fields``, with one history row.

    ``by=None`` is the system. Raises ConflictError with the constraint's sentence when a database
    constraint refuses the row; field validation is the form's work.
    """
    record: Any = instance
    record._history_user = by
    record._change_reason = reason
    try:
        if fields:
            instance.save(update_fields=fields)
        else:
            instance.save(force_insert=True)
    except IntegrityError as error:
        raise conflict(error) from error


def conflict(error: IntegrityError) -> ConflictError:
    """What to raise from ``error``: the sentence of the constraint; the error itself if none has one."""
    return ConflictError(_sentence(error))


def _sentence(error: IntegrityError) -> str:
    """The violation message of the constraint that refused the row."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                default = models.BaseConstraint.default_violation_error_message
                message = constraint.violation_error_message
                return str(message) if message != default else _("资料已被改动，请刷新后再试。")
    raise error


def digest_of(instance: models.Model) -> str:
    """SHA-256 over the stored values of all concrete fields of a row.

    A field added when rows existed is named in the model's ``ADDED_LATER`` with its default: as
    long as a row holds that default it is left out, so that old digests stay true (ADR 0017).
    """
    later = getattr(instance, "ADDED_LATER", {})
    values: Json = {}
    for column in instance._meta.concrete_fields:
        value = getattr(instance, column.attname)
        if column.attname in later and value == later[column.attname]:
            continue
        values[column.attname] = _plain(column, value)
    return _sha(values)


def _plain(column: "models.Field[Any, Any]", value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column, models.DecimalField):
        return str(Decimal(value).quantize(Decimal(1).scaleb(-column.decimal_places)))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(bytes(value)).hexdigest()
    if isinstance(value, bool | int | str):
        return value if not isinstance(value, str) else str(value)
    return str(_as_stored(value))


def _as_stored(value: Any) -> Any:
    """JSON with its keys in the order in which the database gives them back: by length, then bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: _as_stored(value[key]) for key in keys}
    return [_as_stored(each) for each in value] if isinstance(value, list) else value


def _sha(value: Any) -> str:
    raw = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(raw.encode()).hexdigest()


@dataclass(slots=True)
class Act:
    """What one transition does to one case; ``record`` turns it into rows."""

    case: Case
    action: str
    by: User | None
    reason: str = ""
    info: Json = field(default_factory=dict)
    occurred_at: datetime | None = None
    rows: list[models.Model] = field(default_factory=list)


def record(
    case: Case,
    *rows: models.Model,
    by: User | None,
    action: str,
    reason: str = "",
    info: Json | None = None,
    occurred_at: datetime | None = None,
    case_fields: Sequence[str] = (),
) -> AuditEntry:
    """Append one entry to the chain of ``case``, which the caller holds locked.

    ``rows`` are the rows just written (their digests go into the entry); ``info`` holds small
    facts for the timeline; ``case_fields`` are further fields of the case changed by the caller.
    ConflictError (409) for a case whose words are purged: what came after would never go (ADR 0042).
    """
    if not case.is_open and "is_open" not in case_fields:
        refuse_purged(case)
    act = Act(case, action, by, reason, info or {}, occurred_at, list(rows))
    entry = _entry(act, timezone.now())
    case.save(update_fields=["version", "audit_head", *case_fields])
    entry.save(force_insert=True)
    return entry


def refuse_purged(case: Case) -> None:
    """ConflictError (409) for whoever wants to go on with a case of which the words are gone."""
    gone = Erasure.objects.filter(case=case).exists()
    require(not gone, _("这一件的个人信息已按保存期限清除，不能再办理。请另登一件。"))


def record_many(acts: Iterable[Act]) -> list[AuditEntry]:
    """Set-based ``record`` for sweeps: two statements for any number of locked cases."""
    acts = list(acts)
    entries = chained(acts)
    Case.objects.bulk_update({a.case.pk: a.case for a in acts}.values(), ["version", "audit_head"])
    return AuditEntry.objects.bulk_create(entries)


def chained(acts: Iterable[Act]) -> list[AuditEntry]:
    """The entries of ``acts``, their locked cases moved on; nothing is written yet (``core.bulk``)."""
    now = timezone.now()
    return [_entry(act, now) for act in acts]


def _entry(act: Act, now: datetime) -> AuditEntry:
    case = act.case
    case.version += 1
    content = {"reason": act.reason, "info": act.info}
    rows = [{"m": row._meta.label_lower, "pk": row.pk, "d": digest_of(row)} for row in act.rows]
    entry = AuditEntry(
        case=case,
        property_id=case.property_id,
        seq=case.version,
        at=now,
        by=act.by,
        action=act.action,
        occurred_at=act.occurred_at,
        content=content,
        content_sha=_sha(content),
        rows=rows,
    )
    entry.hash = chain_hash(case.audit_head, entry)
    case.audit_head = entry.hash
    return entry


def chain_hash(previous: str, entry: AuditEntry) -> str:
    """SHA-256 of the previous hash and everything this entry says (content by its digest)."""
    return _sha(
        [
            previous,
            entry.case_id,
            entry.seq,
            entry.at.astimezone(UTC).isoformat(),
            entry.by_id,
            entry.action,
            entry.occurred_at.astimezone(UTC).isoformat() if entry.occurred_at else None,
            entry.content_sha,
            entry.rows,
        ]
    )


def forget(cases: Iterable[Case]) -> int:
    """Empty what the entries of these cases say in words; their chains hold as before (ADR 0017).

    Only the owner role may.
    """
    return AuditEntry.objects.filter(case__in=cases, content__isnull=False).update(content=None)


def last_digests(cases: Iterable[Case]) -> dict[int, dict[tuple[str, Any], str]]:
    """By case, the digest its chain holds last of each row; one statement."""
    found: dict[int, dict[tuple[str, Any], str]] = {case.pk: {} for case in cases}
    entries = AuditEntry.objects.filter(case__in=found).order_by("case_id", "seq")
    for case, rows in entries.values_list("case_id", "rows"):
        found[case].update({(row["m"], row["pk"]): row["d"] for row in rows})
    return found


def differing(digests: dict[tuple[str, Any], str]) -> list[models.Model]:
    """Rows that are no longer what their digest says; of those that are gone nothing is told."""
    rows = _rows(digests)
    return [row for key, row in rows.items() if digest_of(row) != digests[key]]


def problems(case: Case) -> list[str]:
    """Broken links, altered contents and rows changed outside the application, as sentences."""
    return problems_of([case])[case.pk]


def problems_of(cases: Sequence[Case]) -> dict[int, list[str]]:
    """``problems`` of many cases by their keys: one statement for the chains, one for each model."""
    chains: dict[int, list[AuditEntry]] = {case.pk: [] for case in cases}
    for entry in AuditEntry.objects.filter(case__in=chains).order_by("case_id", "seq"):
        chains[entry.case_id].append(entry)
    found: dict[int, list[str]] = {}
    last: dict[int, dict[tuple[str, Any], str]] = {}
    for case in cases:
        found[case.pk], last[case.pk] = _broken(case, chains[case.pk])
    rows = _rows(key for digests in last.values() for key in digests)
    for pk, digests in last.items():
        found[pk] += [
            _("%(row)s 在系统之外被改动") % {"row": f"{label} {key}"}
            for (label, key), digest in digests.items()
            if (label, key) not in rows or digest_of(rows[label, key]) != digest
        ]
    return found


def _broken(
    case: Case, entries: Iterable[AuditEntry]
) -> tuple[list[str], dict[tuple[str, Any], str]]:
    """What is wrong with a chain itself, and the digest it holds last of each row."""
    found: list[str] = []
    previous = ""
    last: dict[tuple[str, Any], str] = {}
    for expected, entry in enumerate(entries, start=1):
        if entry.seq != expected:
            found.append(_("缺少第 %(seq)s 条") % {"seq": expected})
            break
        if entry.hash != chain_hash(previous, entry):
            found.append(_("第 %(seq)s 条与前后不符") % {"seq": entry.seq})
        if entry.content is not None and _sha(entry.content) != entry.content_sha:
            found.append(_("第 %(seq)s 条内容被改动") % {"seq": entry.seq})
        previous = entry.hash
        for row in entry.rows:
            last[(row["m"], row["pk"])] = row["d"]
    if case.audit_head != previous:
        found.append(_("链尾与案件不符"))
    return found, last


def _rows(wanted: Iterable[tuple[str, Any]]) -> dict[tuple[str, Any], models.Model]:
    """The rows of these labels and keys that are there: one statement a model."""
    keys: dict[str, set[Any]] = {}
    for label, pk in wanted:
        keys.setdefault(label, set()).add(pk)
    return {
        (label, pk): row
        for label, pks in keys.items()
        for pk, row in apps.get_model(label)._default_manager.in_bulk(pks).items()
    }
