"""The registers of single playbooks as rows of a paper: seals, belongings, roll call, losses.

Keys are those of the columns in ``forms.yaml``; people are rows, never names (``cells``).
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from emergencies.models import Event, RollCall, RoomSeal, SealCheck, SealTag
from emergencies.queries import headcount, seals
from emergencies.queries.registers import FIELDS, ROWS, Row


def seal_tags(event: Event) -> Iterable[Row]:
    """封条: every tag that was applied, with who stood by."""
    joined = ("seal", "applied_by", "witness1", "witness1_person", "witness2", "witness2_person")
    rows = SealTag.objects.filter(seal__event=event).select_related(*joined)
    for tag in rows.order_by("applied_at", "pk"):
        yield {
            "number": tag.number,
            "owner": str(tag.seal.get_owner_display()),
            "sealed_at": tag.applied_at,
            "sealed_by": tag.applied_by,
            "first_witness": tag.witness1 or tag.witness1_person,
            "second_witness": tag.witness2 or tag.witness2_person,
        }


def seal_checks(event: Event) -> Iterable[Row]:
    """每班核查."""
    rows = SealCheck.objects.filter(seal__event=event).select_related("by")
    for check in rows.order_by("checked_at", "pk"):
        yield {
            "at": check.checked_at,
            "intact": check.is_intact,
            "by": check.by,
            "note": check.note,
        }


def seal_releases(event: Event) -> Iterable[Row]:
    """公安启封: document, officer, badge, when."""
    rows = RoomSeal.objects.filter(event=event, released_at__isnull=False).select_related("officer")
    for seal in rows.order_by("released_at", "pk"):
        yield {
            "document_no": seal.document_number,
            "officer": seal.officer,
            "badge": seal.badge,
            "released_at": seal.released_at,
        }


def belongings(event: Event) -> Iterable[Row]:
    """遗物: the lines of the count that is in force; of cash each denomination by itself."""
    for line in seals.lines(event):
        cash = f"{line.currency} {line.denomination:,.2f}×{line.count}" if line.currency else ""
        yield {
            "name": line.text,
            "quantity": line.count,
            "features": cash,
            "kept_in": _("保险柜") if line.in_safe else line.found_in,
        }


def handed_over(event: Event) -> Row:
    """移交: who received the belongings, on which papers, when; nothing before."""
    last = event.handovers.select_related("receiver").order_by("-pk").first()
    if last is None:
        return {}
    return {"receiver": last.receiver, "proof": last.papers, "handed_at": last.handed_at}


def roll_calls(event: Event) -> Iterable[Row]:
    """点名: every count of every list, so that the paper shows how it came out."""
    for row in headcount.counts(event).order_by("counted_at", "pk"):
        yield {
            "list": str(RollCall.List(row.list).label),
            "expected": row.expected,
            "present": row.present,
            "missing": row.missing,
            "at": row.counted_at,
        }


def floor_sweeps(event: Event) -> Iterable[Row]:
    """逐层清查."""
    for row in headcount.sweeps(event):
        found = _("找到%(n)d人") % {"n": row.people} if row.people else ""
        yield {
            "floor": row.place.label if row.place else row.floor,
            "by": row.swept_by,
            "cleared_at": row.cleared_at,
            "note": "，".join(part for part in (found, row.note) if part),
        }


def losses(event: Event) -> Iterable[Row]:
    """失窃物品清单, in the guest's own words."""
    for row in event.losses.filter(removed_at=None).order_by("position"):
        yield {
            "name": row.name,
            "quantity": row.quantity,
            "features": row.features,
            "value": row.value,
        }


ROWS |= {
    "seal": seal_tags,
    "seal_check": seal_checks,
    "seal_release": seal_releases,
    "belongings": belongings,
    "roll_call": roll_calls,
    "floor_sweep": floor_sweeps,
    "loss_list": losses,
}
FIELDS["belongings"] = handed_over
