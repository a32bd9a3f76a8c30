"""《事故报告》 of an event proposed from what was entered, so that writing it costs one signature."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event, Kind, Note, Party, StepMark
from emergencies.playbooks.schema import label
from emergencies.playbooks.vocabulary import Party as Outside
from emergencies.queries import evidence
from emergencies.queries.prefill import place_of
from emergencies.reports import timeline
from emergencies.reports.dossier import Dossier, gather
from emergencies.reports.wording import bounded, clause, full, joined, named, sentence, short
from propdesk.core.models import Report

IMPROVE_WITHIN = timedelta(days=30)
"""Proposed time for an improvement; the writer changes it."""
AUTHORITIES = (Outside.POLICE, Outside.FIRE_SERVICE, Outside.AUTHORITY)
HURT = (Party.Part.INJURED, Party.Part.DECEASED)
CAUSES = ("cause", "false_cause")
"""Fields of steps that say why it happened."""


def prefill_report(event: Event) -> dict[str, Any]:
    """Proposed value of every field of ``signoff.CONTENT``; the writer checks and signs."""
    dossier = gather(event.case, event.case.version)
    row = dossier.event
    improve = _improvement(dossier)
    return {
        "secrecy": _secrecy(row),
        "severity": evidence.playbook_of(row).severity,
        "occurred_at": row.occurred_at,
        "discovered_at": row.reported_at,
        "reported_at": row.reported_at,
        "place": place_of(row)[:160],
        "witnesses": _witnesses(dossier),
        "narrative": bounded(narrative(dossier, notes_of(row))),
        "measures": bounded(_measures(dossier)),
        "cause_direct": bounded(_said(dossier, CAUSES)),
        "cause_indirect": "",
        "injured": sum(p.part in HURT for p in dossier.parties),
        "loss_yuan": _loss(row),
        "result": bounded(row.summary),
        "reaction": "",
        "improvement": bounded(improve),
        "improve_department": None,
        "improve_by": timezone.localdate() + IMPROVE_WITHIN if improve else None,
        "police": _police(dossier)[:200],
    }


def notes_of(event: Event) -> tuple[Note, ...]:
    """现场记录, oldest first."""
    return tuple(event.notes.select_related("by").order_by("occurred_at", "pk"))


def _secrecy(event: Event) -> str:
    restricted = event.case.restricted
    return Report.Secrecy.CONFIDENTIAL if restricted else Report.Secrecy.INTERNAL


def narrative(dossier: Dossier, notes: tuple[Note, ...]) -> str:
    """The course as one paragraph of facts and one line each for what followed."""
    row = dossier.event
    head = _("%(when)s，%(where)s发生%(kind)s，%(who)s于%(at)s报告并启动预案。") % {
        "when": full(row.occurred_at),
        "where": place_of(row),
        "kind": Kind(row.kind).label,
        "who": row.reported_by.name,
        "at": full(row.reported_at),
    }
    people = "、".join(_party(p) for p in dossier.parties)
    who = _("有关人员：%(people)s。") % {"people": people} if people else ""
    course = [
        f"{short(at, dossier.year)} {text}" for at, _by, text in timeline.lines(dossier, notes)
    ]
    return "\n".join(part for part in (head, who, *course) if part)


def _party(party: Party) -> str:
    who = named(party.person) or clause(party.note)
    return f"{party.get_part_display()}{who}"


def _witnesses(dossier: Dossier) -> str:
    rows = [p for p in dossier.parties if p.part == Party.Part.WITNESS]
    return "\n".join(joined([named(p.person), clause(p.note)], "：") for p in rows)


def _measures(dossier: Dossier) -> str:
    """One line per step that was done, in the order of the playbook."""
    marks = dossier.record.current_marks()
    steps = evidence.playbook_of(dossier.event).steps
    found = []
    for step_id, step in steps.items():
        mark = marks.get(step_id)
        if mark is None or mark.outcome == StepMark.Outcome.NOT_NEEDED:
            continue
        said = joined([clause(step.zh), clause(mark.text)], "：")
        found.append(f"{short(mark.occurred_at, dossier.year)} {sentence(said)}（{mark.by.name}）")
    return "\n".join(found)


def _said(dossier: Dossier, keys: tuple[str, ...]) -> str:
    """What steps say under one of these fields."""
    marks = dossier.record.current_marks().values()
    found = [str(m.values[k]) for m in marks for k in keys if isinstance(m.values.get(k), str)]
    return "".join(sentence(text) for text in dict.fromkeys(found))


def _improvement(dossier: Dossier) -> str:
    return _said(dossier, ("prevention", "measures", "lesson")) or sentence(dossier.event.review)


def _loss(event: Event) -> Decimal:
    """What the guests say was lost and not found again."""
    rows = event.losses.filter(removed_at=None, recovered_at=None)
    return sum((r.value * r.quantity for r in rows if r.value is not None), Decimal(0))


def _police(dossier: Dossier) -> str:
    """110, 119 or an authority, with when; 未报警 when none of them was told."""
    told = [
        joined([label(call.party), short(call.told_at, dossier.year), call.told_whom], " ")
        for call in dossier.record.calls
        if call.party in AUTHORITIES and call.told_at
    ]
    receipt = _said(dossier, ("receipt_no",)).rstrip("。")
    if not told and not receipt:
        return _("未报警")
    number = _("回执 %(number)s") % {"number": receipt} if receipt else ""
    return joined([_("已报警"), *told, number], "，")
