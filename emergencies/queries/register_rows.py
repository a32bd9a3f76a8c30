"""Seals, belongings, losses, floors and lists as rows of their papers, by the keys of the columns."""

from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from emergencies.models import (
    Belonging,
    Event,
    Missing,
    RollCall,
    RoomSeal,
    SealCheck,
    SealTag,
)
from emergencies.queries import headcount, registers, seals
from emergencies.queries.registers import Row


def _tags(event: Event) -> Iterable[Row]:
    rows = SealTag.objects.filter(seal__event=event).select_related(
        "seal__place", "applied_by", "witness1", "witness1_person", "witness2", "witness2_person"
    )
    for row in rows.order_by("pk"):
        yield {
            "place": _where(event, row.seal),
            "number": row.number,
            "owner": str(row.seal.get_owner_display()),
            "cards": str(row.seal.get_cards_display()),
            "sealed_at": row.applied_at,
            "sealed_by": row.applied_by,
            "first_witness": row.witness1 or row.witness1_person,
            "second_witness": row.witness2 or row.witness2_person,
        }


def _checks(event: Event) -> Iterable[Row]:
    rows = SealCheck.objects.filter(seal__event=event).select_related("by")
    for row in rows.order_by("checked_at", "pk"):
        yield {"at": row.checked_at, "intact": row.is_intact, "by": row.by, "note": row.note}


def _releases(event: Event) -> Iterable[Row]:
    for row in seals.of_event(event).exclude(released_at=None):
        yield {
            "document_no": row.document_number,
            "officer": row.officer,
            "badge": row.badge,
            "released_at": row.released_at,
            "place": _where(event, row),
            "unit": row.unit,
            "way": str(row.get_way_display()),
            "recorded_by": row.released_by,
            "beside": row.released_with,
            "opened_at": row.opened_at,
            "opened_by": row.opened_by,
            "opened_with": row.opened_with,
        }


def _where(event: Event, seal: RoomSeal) -> str:
    """The sealed place; with what was written down where the house knows no nearer one."""
    is_here = event.place_id in (None, seal.place_id)
    note = f"（{event.place_note}）" if is_here and event.place_note else ""
    return f"{seal.place.label}{note}"


def _belongings(event: Event) -> Iterable[Row]:
    for row in seals.lines(event):
        yield {
            "name": row.text,
            "quantity": row.count,
            "features": _features(row),
            "kept_in": str(_("保险柜")) if row.in_safe else "",
        }


def _features(row: Belonging) -> str:
    """Denomination of cash; where a thing was found."""
    cash = f"{row.currency} {row.denomination:,.2f}" if row.currency else ""
    return "，".join(part for part in (cash, row.found_in) if part)


def _handed(event: Event) -> Row:
    row = event.handovers.select_related("receiver").order_by("-pk").first()
    if row is None:
        return {}
    return {"receiver": row.receiver, "proof": row.papers, "handed_at": row.handed_at}


def _floors(event: Event) -> Iterable[Row]:
    for row in headcount.sweeps(event):
        yield {
            "floor": row.place.label if row.place else row.floor,
            "by": row.swept_by,
            "cleared_at": row.cleared_at,
            "note": row.note,
        }


def _lists(event: Event) -> Iterable[Row]:
    gone = Count("people", filter=Q(people__outcome=Missing.Outcome.MISSING))
    for row in event.roll_calls.annotate(named=gone).order_by("counted_at", "pk"):
        yield {
            "list": str(row.get_list_display()),
            "expected": row.expected,
            "present": row.present,
            "missing": row.missing,
            "at": row.counted_at,
            "note": _list_note(row),
        }


def _list_note(row: RollCall) -> str:
    """Why fewer were expected; how many of the missing nobody could name."""
    fewer = _("应到减少：%(reason)s") % {"reason": row.reason} if row.reason else ""
    unnamed = row.missing - row.named  # type: ignore[attr-defined]  # by _lists
    unknown = _("缺的人里%(n)d人还不知道是谁") % {"n": unnamed} if unnamed else ""
    return "；".join(part for part in (fewer, unknown) if part)


def _gone(event: Event) -> Iterable[Row]:
    """Who did not answer, count by count, and what became of him."""
    rows = Missing.objects.filter(roll_call__event=event)
    rows = rows.select_related("roll_call", "party__person__room")
    taken = headcount.handed(event)
    given = {one.pk for one in headcount.handed_people(event, taken)} if taken else set()
    for row in rows.order_by("roll_call__counted_at", "pk"):
        room = row.party.person.room
        yield {
            "list": str(row.roll_call.get_list_display()),
            "person": row.party.person,
            "room": room.label if room else "",
            "note": row.party.note,
            "at": row.roll_call.counted_at,
            "outcome": _outcome(row, row.pk in given),
        }


def _outcome(row: Missing, is_given: bool) -> str:
    """What became of him by this count; who was handed over with it is in the list of that hour."""
    said = str(row.get_outcome_display())
    return _("%(said)s，已移交消防") % {"said": said} if is_given else said


def _losses(event: Event) -> Iterable[Row]:
    for row in event.losses.filter(removed_at=None).order_by("position"):
        yield {
            "name": row.name,
            "quantity": row.quantity,
            "features": row.features,
            "value": row.value,
        }


registers.ROWS |= {
    "seal": _tags,
    "seal_check": _checks,
    "seal_release": _releases,
    "belongings": _belongings,
    "floor_sweep": _floors,
    "loss_list": _losses,
    "roll_call": _lists,
    "roll_call_missing": _gone,
}
registers.FIELDS["belongings"] = _handed
