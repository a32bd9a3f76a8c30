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
from emergencies.reports.dossier import Dossier, gather
from emergencies.reports.wording import bounded, clause, full, joined, named, sentence, short
from propdesk.core.models import Report

IMPROVE_WITHIN = timedelta(days=30)
"""Proposed time for an improvement; the writer changes it."""
AUTHORITIES = (Outside.POLICE, Outside.FIRE_SERVICE, Outside.AUTHORITY)
CAUSES = ("cause", "false_cause")
"""Fields of steps that say why it happened."""


def prefill_report(event: Event) -> dict[str, Any]:
    """Proposed value of every field of ``signoff.CONTENT``; the writer checks and signs."""
    dossier = gather(event.case)
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
        "narrative": bounded(narrative(dossier)),
        "measures": bounded(_measures(dossier)),
        "cause_direct": bounded(_said(dossier, CAUSES)),
        "cause_indirect": "",
        "injured": sum(p.part in _hurt(row) for p in dossier.parties),
        "loss_yuan": _loss(row),
        "result": result_of(row),
        "reaction": "",
        "improvement": bounded(improve),
        "improve_department": None,
        "improve_by": timezone.localdate() + IMPROVE_WITHIN if improve else None,
        "police": _police(dossier)[:200],
    }


def result_of(event: Event) -> str:
    """处理结果 as it was written when the handling ended; "" before."""
    return bounded(event.summary)


def _hurt(event: Event) -> tuple[Party.Part, ...]:
    """As what somebody stands in the file who came to harm."""
    dead = (Party.Part.CONCERNED,) if event.kind == Kind.DEATH else ()
    return (Party.Part.INJURED, *dead)


def notes_of(event: Event) -> tuple[Note, ...]:
    """现场记录, oldest first."""
    return tuple(event.notes.select_related("by").order_by("occurred_at", "pk"))


def _secrecy(event: Event) -> str:
    restricted = event.case.restricted
    return Report.Secrecy.CONFIDENTIAL if restricted else Report.Secrecy.INTERNAL


def narrative(dossier: Dossier) -> str:
    """What the table of the course does not say: when and where it began, and who is concerned.

    Line by line the course stands in the table above it, on the same paper; nothing is printed twice.
    """
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
    rest = _("以后的经过逐条列在上表，这里只补充表里没有的。")
    return "\n".join(part for part in (head, who, rest) if part)


def _party(party: Party) -> str:
    who = named(party.person) or clause(party.note)
    return f"{party.get_part_display()}{who}"


def _witnesses(dossier: Dossier) -> str:
    rows = [p for p in dossier.parties if p.part == Party.Part.WITNESS]
    return "\n".join(joined([named(p.person), clause(p.note)], "：") for p in rows)


def _measures(dossier: Dossier) -> str:
    """One line per step that was done, in the order of the playbook; when and how says the table."""
    marks = dossier.record.current_marks()
    steps = evidence.playbook_of(dossier.event).steps
    done = (step for ident, step in steps.items() if ident in marks)
    no = StepMark.Outcome.NOT_NEEDED
    return "\n".join(sentence(step.zh) for step in done if marks[step.id].outcome != no)


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
