"""What the compensation slip says to the closing rules of E-2."""

from emergencies.models import Compensation, Event
from emergencies.queries import evidence

FORM = "damage_compensation"


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
