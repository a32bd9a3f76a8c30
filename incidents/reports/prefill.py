"""《事故报告》 proposed from A–J, so that writing it costs one signature (C-J)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import REPORTED, Complaint, Correction, Decision
from incidents.reports.dossier import Dossier, gather
from incidents.reports.narrative import narrative
from incidents.reports.wording import bounded, clause, quoted, sentence, short
from propdesk.core.models import Report

IMPROVE_WITHIN = timedelta(days=30)
"""Proposed time for an improvement; the writer changes it."""


def prefill(complaint: Complaint) -> dict[str, Any]:
    """Proposed value of every field of ``signoff.CONTENT``; the writer checks and signs.

    Text fields hold at most 5000 characters, the place 160. A complaint about safety leaves
    报警 empty: that answer must be given by a person.
    """
    dossier = gather(complaint.case)
    row = dossier.complaint
    lesson = dossier.last.lesson
    occurred_at = _occurred_at(dossier)
    return {
        "secrecy": _secrecy(dossier),
        "severity": row.severity,
        "occurred_at": occurred_at,
        # What came to light while it was written down may have happened after the first word.
        "discovered_at": max(row.received_at, occurred_at),
        "reported_at": max(dossier.entries[0].at, row.received_at, occurred_at),
        "place": bounded(dossier.place, 160),
        "witnesses": "",
        "narrative": narrative(dossier),
        "measures": bounded(_measures(dossier)),
        "cause_direct": bounded(sentence(dossier.core_issue)),
        "cause_indirect": "",
        "injured": 0,
        "loss_yuan": Decimal(0),
        "result": bounded(dossier.last.result or dossier.last.resolution),
        "reaction": bounded(_reaction(dossier)),
        "improvement": bounded(lesson),
        "improve_department": row.department,
        "improve_by": timezone.localdate() + IMPROVE_WITHIN if lesson else None,
        "police": _police(dossier),
    }


def _secrecy(dossier: Dossier) -> str:
    restricted = dossier.complaint.case.restricted
    return Report.Secrecy.CONFIDENTIAL if restricted else Report.Secrecy.INTERNAL


def _occurred_at(dossier: Dossier) -> datetime:
    """The corrected time, else the recorded one, else when the guest came with it."""
    text = dossier.corrected(Correction.Field.OCCURRED)
    try:
        return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d %H:%M"))  # noqa: DTZ007 -- made aware here
    except ValueError:
        return dossier.complaint.occurred_at or dossier.complaint.received_at


def _measures(dossier: Dossier) -> str:
    """One line per step of the work and one per result, in the order of the rounds."""
    year = dossier.complaint.received_at.year
    lines = []
    for each in dossier.rounds:
        lines += [
            f"{short(p.occurred_at, year)} {sentence(p.text)}（{p.by.name}）"
            for p in dossier.progress
            if p.cycle == each.cycle and p.kind in REPORTED
        ]
        if each.resolution:
            lines.append(f"{short(each.resolved_at, year)} {sentence(each.resolution)}")
    return "\n".join(lines)


def _reaction(dossier: Dossier) -> str:
    """满意度 and the guest's own words; what was decided when he was not satisfied."""
    last = dossier.last
    if not last.satisfaction:
        return ""
    label = Complaint.Satisfaction(last.satisfaction).label
    text = f"{label}。"
    if last.guest_comment:
        text += _("客户意见：%(said)s。") % {"said": quoted(last.guest_comment)}
    for row in dossier.decisions:
        ends = row.kind == Decision.Kind.DISSATISFIED and row.choice == "close"
        if ends and row.cycle == last.cycle:
            text += _("%(who)s决定可以结案：%(why)s。") % {
                "who": row.by.name,
                "why": clause(row.reason),
            }
    return text


def _police(dossier: Dossier) -> str:
    security = str(Complaint.Category.SECURITY.label)
    return "" if dossier.category == security else _("未报警")
