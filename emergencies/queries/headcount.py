"""How the roll call stands: the last count of each list, and unknown as long as one was not counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet, Value

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
    return gone(counted.values("pk"))


def called(event: Event) -> list[Any]:
    """Every count, each list in order, with the parties ``gone`` by name; one statement."""
    named = ArrayAgg(
        "people__party", filter=Q(people__outcome=Missing.Outcome.MISSING), default=Value([])
    )
    return list(event.roll_calls.annotate(gone=named).order_by("list", "seq"))


def short(counts: Sequence[Any], taken: FireHandover) -> int:
    """How many are missing of whom the fire service was not told; ``counts``: see ``called``.

    Each list for itself, count by count since the handing over: one that was found makes no room
    for another, on his list or on another one.
    """
    by_list = groupby(counts, key=attrgetter("list"))
    return sum(_untold(rows, taken) for _list, rows in by_list)


def _untold(counts: Iterable[Any], taken: FireHandover) -> int:
    """The same for one list.

    Who was handed over by name is told of as long as he is missing. The rest of the list are told
    of by number, and whoever of them is found lowers that number for good: when more are missing
    than were handed over, nobody knows whether he was one of those.
    """
    handed: set[int] = set()
    names: set[int] = set()
    nameless = told = 0
    for count in counts:
        others, unknown = set(count.gone) - handed, count.missing - len(count.gone)
        if count.at <= taken.at:
            handed, names, told = set(count.gone), set(), unknown
        else:
            # One nobody could name stays missing under a name of his own or without any.
            now_known = len(others - names)
            found = len(names - others) + max(0, nameless - now_known - unknown)
            told, names = max(0, told - found), others
        nameless = unknown
    return len(names) + nameless - told


def unaccounted(event: Event) -> int:
    """How many of those counted so far are missing and in nobody's hands."""
    missing = tally(event).counted["missing"]
    taken = handed(event) if missing else None
    return missing if taken is None else short(called(event), taken)


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
    return gone(last).filter(party__removed_at=None)


def gone(counts: Any) -> "QuerySet[Missing]":
    """Who did not answer at these counts (their keys), by name."""
    rows = Missing.objects.filter(roll_call__in=counts, outcome=Missing.Outcome.MISSING)
    return rows.select_related("roll_call", "party__person__room").order_by("pk")
