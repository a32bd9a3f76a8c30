"""When which drill was held last."""

from datetime import date

from django.db.models import Max
from django.utils import timezone

from emergencies.models import Event
from emergencies.queries.events import visible_to
from propdesk.core.models import Property, User


def last_by_property() -> dict[Property, dict[str, date | None]]:
    """The local day of the last drill that was run and recorded, by property and kind; two statements."""
    found: dict[Property, dict[str, date | None]] = {
        prop: {}
        for prop in Property.objects.filter(
            settings__first_run_done_at__isnull=False
        ).select_related("settings")
    }
    by_pk = {prop.pk: prop for prop in found}
    rows = (
        Event.objects.filter(is_drill=True, status=Event.Status.ARCHIVED, case__property__in=by_pk)
        .values("case__property", "kind")
        .annotate(last=Max("reported_at"))
    )
    for row in rows:
        found[by_pk[row["case__property"]]][row["kind"]] = timezone.localdate(row["last"])
    return found


def since(prop: Property) -> date:
    """The day the property began with this system: the first period counts from there."""
    begun = prop.settings.first_run_done_at
    return timezone.localdate(begun) if begun else timezone.localdate()


def last_of(prop: Property) -> dict[str, date]:
    """The local day of the last drill of each kind that was run and recorded; one statement."""
    rows = Event.objects.filter(is_drill=True, status=Event.Status.ARCHIVED, case__property=prop)
    found = rows.values("kind").annotate(last=Max("reported_at"))
    return {row["kind"]: timezone.localdate(row["last"]) for row in found}


def recent(user: User, prop: Property, limit: int = 12) -> list[Event]:
    """The newest drills, as far as this user may see them."""
    rows = visible_to(user, prop).filter(is_drill=True)
    joined = ("case", "commander", "place")
    return list(rows.select_related(*joined).order_by("-case__opened_at", "-pk")[:limit])
