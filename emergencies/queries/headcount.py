"""How the roll call stands: the last count of each list, and unknown as long as one was not counted."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from emergencies.models import Event, FireHandover, FloorSweep, Missing, Party, RollCall
from emergencies.playbooks.vocabulary import Register
from emergencies.queries.evidence import Record, playbook_of


@dataclass(frozen=True, slots=True)
class Tally:
    """The last count of each list."""

    counts: dict[str, RollCall]

    @property
    def is_complete(self) -> bool:
        """All three lists were counted."""
        return set(self.counts) == set(RollCall.List.values)

    @property
    def counted(self) -> dict[str, int]:
        """Sums of what was counted so far: expected, present, missing."""
        rows = self.counts.values()
        return {
            name: sum(getattr(row, name) for row in rows)
            for name in ("expected", "present", "missing")
        }

    @property
    def missing(self) -> int | None:
        """How many are missing; None (unknown) while a list was not counted: never zero."""
        return self.counted["missing"] if self.is_complete else None


def tally(event: Event) -> Tally:
    """The last count of each list; one statement."""
    rows = event.roll_calls.order_by("list", "-seq").distinct("list")
    return Tally({row.list: row for row in rows})


def fill(event: Event, record: Record) -> None:
    """Put what is missing behind the step that asks for the roll call ("R32.missing")."""
    own = [s.id for s in playbook_of(event).steps.values() if s.own == Register.ROLL_CALL]
    if own:
        missing = tally(event).missing
        record.fields |= {f"{step}.missing": missing for step in own}


def handed(event: Event) -> FireHandover | None:
    """The last handing over of the missing to the fire service."""
    return event.fire_handovers.select_related("officer", "by").order_by("-pk").first()


def handed_people(event: Event, taken: FireHandover) -> "QuerySet[Missing]":
    """Who was missing by name when the fire service took the missing over."""
    counted = event.roll_calls.filter(at__lte=taken.at).order_by("list", "-seq").distinct("list")
    rows = Missing.objects.filter(
        roll_call__in=counted.values("pk"), outcome=Missing.Outcome.MISSING
    )
    return rows.select_related("roll_call", "party__person__room").order_by("pk")


def short(missing: int, now: Collection[int], taken: FireHandover, then: Collection[int]) -> int:
    """How many of the ``missing`` the fire service was not told of; ``now``, ``then``: parties by key.

    One that was found makes no room for another: who is named now was named then, or is one of
    those nobody could name at that time.
    """
    unnamed_then = taken.missing - len(then)
    unnamed_now = missing - len(now)
    return max(0, len(set(now) - set(then)) + unnamed_now - unnamed_then)


def unaccounted(event: Event) -> int:
    """How many of those counted so far are missing and in nobody's hands."""
    counted = tally(event)
    missing = counted.counted["missing"]
    taken = handed(event) if missing else None
    if taken is None:
        return missing
    now = still_missing(event, counted).values_list("party", flat=True)
    then = handed_people(event, taken).values_list("party", flat=True)
    return short(missing, list(now), taken, list(then))


def unnamed(event: Event, counted: Tally) -> int:
    """How many of the missing nobody could name yet: an open item, to be named by another count."""
    return counted.counted["missing"] - still_missing(event, counted).count()


def counts(event: Event) -> "QuerySet[RollCall]":
    """Every count of every list, newest first."""
    return event.roll_calls.select_related("by").order_by("-pk")


def sweeps(event: Event) -> "QuerySet[FloorSweep]":
    """Floors swept, in the order of entry."""
    return event.sweeps.select_related("place", "swept_by").order_by("pk")


def not_found(event: Event, counted: Tally | None = None) -> list[Party]:
    """Who did not answer at the last count of a list; ``counted`` spares a look at the counts."""
    named = {row.party_id: row.party for row in still_missing(event, counted)}
    return [named[pk] for pk in sorted(named)]


def still_missing(event: Event, counted: Tally | None = None) -> "QuerySet[Missing]":
    """The same with the list each stands on."""
    last = [row.pk for row in (counted or tally(event)).counts.values()]
    rows = Missing.objects.filter(
        roll_call__in=last, outcome=Missing.Outcome.MISSING, party__removed_at=None
    )
    return rows.select_related("roll_call", "party__person__room").order_by("pk")
