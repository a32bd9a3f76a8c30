"""When which drill was held last."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Max, Subquery
from django.utils import timezone

from emergencies.models import Event
from emergencies.queries.events import visible_to
from propdesk.core.models import Property, User


def last_by_property() -> dict[Property, dict[str, date]]:
    """The local day of the last drill that was run and recorded, by property and kind; two statements."""
    houses = Property.objects.filter(settings__first_run_done_at__isnull=False)
    found = {prop.pk: prop for prop in houses.select_related("settings")}
    last = _last(found)
    return {prop: last.get(pk, {}) for pk, prop in found.items()}


def last_of(prop: Property) -> dict[str, date]:
    """The same of one property, by kind; one statement."""
    return _last([prop.pk]).get(prop.pk, {})


def _last(properties: Iterable[int]) -> dict[int, dict[str, date]]:
    rows = (
        Event.objects.filter(
            is_drill=True, status=Event.Status.ARCHIVED, case__property__in=properties
        )
        .values("case__property", "kind")
        .annotate(last=Max("reported_at"))
    )
    found: dict[int, dict[str, date]] = {}
    for row in rows:
        day = timezone.localdate(row["last"])
        found.setdefault(row["case__property"], {})[row["kind"]] = day
    return found


def newest(prop: Property, kind: str) -> Subquery:
    """The last one of a kind, as part of another statement: read by its index, however many there are."""
    rows = Event.objects.filter(
        kind=kind, is_drill=True, status=Event.Status.ARCHIVED, case__property=prop
    )
    return Subquery(rows.order_by("-reported_at").values("reported_at")[:1])


def since(prop: Property) -> date:
    """The day the property began with this system: the first period counts from there."""
    begun = prop.settings.first_run_done_at
    return timezone.localdate(begun) if begun else timezone.localdate()


def recent(user: User, prop: Property, limit: int = 12) -> list[Event]:
    """The newest drills, as far as this user may see them."""
    rows = visible_to(user, prop).filter(is_drill=True)
    joined = ("case", "commander", "place")
    return list(rows.select_related(*joined).order_by("-case__opened_at", "-pk")[:limit])
