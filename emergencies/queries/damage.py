"""The compensation slip of E-2: what its card shows, what the forms offer, what it tells the rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from emergencies.models import Compensation, DamageLine, Event, Party, PriceItem
from emergencies.models.damage import NOTHING
from emergencies.playbooks.schema import Playbook
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence
from propdesk.core.composed import rows_of
from propdesk.core.models import Property

FORM = "damage_compensation"
SAID = frozenset({"guest_position", "over_limit"})
"""The questions a slip answers, by what was told and by its sum."""
BY_SLIP = _("这个问题由赔偿单回答：请在赔偿单里登记告知或重新核价。")
C = Compensation.Status
JOINED: tuple[str, ...] = ("payer__person", "informed_by", "decided_by", "manager", "posted_by")
JOINED += ("signature", "manager_signature", "poster_signature", "decider_signature")
HISTORY = Compensation.history.model
LINE = ("item", "quantity", "unit", "price", "depreciation", "amount", "listed_id")


@dataclass(frozen=True, slots=True)
class Slips:
    """The slip that counts with its lines as ``shown``, and those that were cancelled."""

    slip: Any = None
    cancelled: list[Compensation] = field(default_factory=list)


def slips(event: Event) -> "QuerySet[Compensation]":
    """All slips of an event with people, current lines (``shown``), ``version``, decisions, newest first."""
    lines = rows_of(
        DamageLine.objects.filter(compensation=OuterRef("pk"), removed_at=None),
        "position",
        **{name: name for name in LINE},
    )
    past = HISTORY.objects.filter(id=OuterRef("pk"))
    decided = rows_of(
        past.filter(decided_at__isnull=False),
        "history_id",
        at="decided_at",
        decision="decision",
        reason="decision_reason",
        less="reduced_by",
        by="decided_by__name",
    )
    newest = past.order_by("-history_id").values("history_id")[:1]
    rows = event.compensations.select_related(*JOINED).annotate(
        line_rows=lines, decided_rows=decided, version=Subquery(newest)
    )
    return rows.order_by("-pk")


def version(slip: Compensation) -> int:
    """Number of the last change of a slip, as ``slips`` reads it; 0 before there is one."""
    past = HISTORY.objects.filter(id=slip.pk).order_by("-history_id")
    return past.values_list("history_id", flat=True).first() or 0


def priced_at(slip: Compensation) -> datetime | None:
    """When it got the price it has: no other act leaves it a draft nobody has decided about."""
    rows = HISTORY.objects.filter(id=slip.pk, status=C.DRAFT, decision="").order_by("-history_id")
    found: datetime | None = rows.values_list("history_date", flat=True).first()
    return found


@dataclass(frozen=True, slots=True)
class Decided:
    """What a manager decided, when; whether it still holds."""

    at: datetime
    label: str
    less: Decimal
    reason: str
    by: str
    holds: bool


def decisions(slip: Any) -> list[Decided]:
    """Every decision about a slip as ``slips`` read it, the first one first: none is written over."""
    rows = {row["at"]: row for row in slip.decided_rows}
    return [_decided(slip, row) for row in rows.values()]


def _decided(slip: Any, row: dict[str, Any]) -> Decided:
    at = datetime.fromisoformat(row["at"])
    code = row["decision"]
    less = Decimal(str(row["less"])).quantize(NOTHING) if code == "reduce" else NOTHING
    label = str(Compensation.Decision(code).label)
    return Decided(at, label, less, row["reason"], str(row["by"]), at == slip.decided_at)


def shown(slip: Any) -> list[SimpleNamespace]:
    """The current lines of a slip as ``slips`` read it."""
    lines = [SimpleNamespace(**row) for row in slip.line_rows]
    for line in lines:
        line.price, line.amount = (
            Decimal(str(sum_)).quantize(NOTHING) for sum_ in (line.price, line.amount)
        )
    return lines


def card(event: Event) -> Slips:
    """One statement for all slips of the event."""
    rows: list[Any] = list(slips(event))
    for row in rows:
        row.shown = shown(row)
    live_rows = [row for row in rows if row.status != C.CANCELLED]
    return Slips(next(iter(live_rows), None), [row for row in rows if row.status == C.CANCELLED])


@dataclass(frozen=True, slots=True)
class Objection:
    """What the guest said against it, in his words, when he was told."""

    at: datetime
    text: str
    by: str


def objections(book: Playbook, marks: Iterable[Any]) -> list[Objection]:
    """Every objection of the guest, the first one first: each telling leaves its mark (E-2).

    The slip itself holds what he said last; a new talk, another price and another slip write over it.
    """
    steps = {step.id for step in book.steps.values() if step.own == Register.INFORMING}
    rows = [m for m in marks if m.step in steps and m.values.get("objection")]
    rows.sort(key=lambda mark: (mark.occurred_at, mark.seq))
    return [Objection(m.occurred_at, m.values["objection"], str(m.by)) for m in rows]


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
    """Say whether a slip is still open, and that its paper is done once it is posted or let go."""
    if event.kind != "property_damage":
        return
    slip = live(event)
    if slip is not None:
        record.barred |= dict.fromkeys(SAID, evidence.Barred(str(BY_SLIP)))
    record.active[Register.COMPENSATION] = int(slip is not None and not slip.is_settled())
    if slip is not None and slip.is_settled():
        record.signed |= {FORM}


evidence.REGISTERS.append(tell)
