"""The compensation slip of E-2: what its card shows, what the forms offer, what it tells the rules."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, QuerySet

from emergencies.models import Compensation, DamageLine, Event, Party, PriceItem
from emergencies.queries import evidence
from propdesk.core.models import Property

FORM = "damage_compensation"
C = Compensation.Status
JOINED: tuple[str, ...] = ("payer__person", "informed_by", "decided_by", "manager", "posted_by")
JOINED += ("signature", "manager_signature", "poster_signature")


@dataclass(frozen=True, slots=True)
class Slips:
    """The slip that counts with its lines as ``shown``, and those that were cancelled."""

    slip: Any = None
    cancelled: list[Compensation] = field(default_factory=list)


def slips(event: Event) -> "QuerySet[Compensation]":
    """All slips of an event with people and current lines, the newest first."""
    lines = DamageLine.objects.filter(removed_at=None).order_by("position")
    rows = event.compensations.select_related(*JOINED).order_by("-pk")
    return rows.prefetch_related(Prefetch("lines", lines, to_attr="shown"))


def card(event: Event) -> Slips:
    """Two statements for all slips of the event."""
    rows = list(slips(event))
    live_rows = [row for row in rows if row.status != C.CANCELLED]
    return Slips(next(iter(live_rows), None), [row for row in rows if row.status == C.CANCELLED])


def prices(prop: Property) -> "QuerySet[PriceItem]":
    """What the house publishes now, by name."""
    return prop.prices.filter(is_active=True).order_by("name")


def price_list(prop: Property) -> "QuerySet[PriceItem]":
    """Every item of the list, those in use first."""
    return prop.prices.order_by("-is_active", "name")


def price_item(prop: Property, pk: int) -> PriceItem | None:
    """One item of this very house."""
    return prop.prices.filter(pk=pk).first()


def price_changes(item: PriceItem) -> list[Any]:
    """The last changes of an item, the newest first: who, when, why, to what."""
    return list(item.history.select_related("history_user").order_by("-history_date")[:10])


def payers(event: Event) -> "QuerySet[Party]":
    """Who of those concerned may pay."""
    rows = event.parties.filter(removed_at=None).exclude(part=Party.Part.WITNESS)
    return rows.select_related("person").order_by("pk")


def live(event: Event) -> Compensation | None:
    """The slip of the event that counts, with its lines still to be read."""
    rows = event.compensations.exclude(status=Compensation.Status.CANCELLED)
    return rows.select_related("payer__person", "signature", "manager", "posted_by").first()


def tell(event: Event, record: evidence.Record) -> None:
    """The slip is signed by all three once the cashier has posted it."""
    if event.kind != "property_damage":
        return
    slip = live(event)
    if slip is not None and slip.status == Compensation.Status.POSTED:
        record.signed |= {FORM}


evidence.REGISTERS.append(tell)
