"""What the pages of seals, belongings and the roll call show; ready to print."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import Http404

from emergencies.acts import Act
from emergencies.detail import Detail
from emergencies.models import RollCall, RoomSeal
from emergencies.next_steps import REGISTER_PAGES
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import headcount, seals
from emergencies.register_acts import REGISTERS, SEALS

REGISTER_PAGES |= dict.fromkeys(
    (Register.SEAL, Register.SEAL_CHECK, Register.SEAL_RELEASE, Register.BELONGINGS),
    "emergencies:seals",
)
REGISTER_PAGES |= dict.fromkeys(
    (Register.FLOOR_SWEEP, Register.ROLL_CALL, Register.FIRE_HANDOVER), "emergencies:headcount"
)
Acts = list[tuple[str, Act]]


@dataclass(frozen=True, slots=True)
class SealRow:
    """One place under seal, its tags and checks, and what may be done with it now."""

    row: RoomSeal
    tags: list[Any]
    checks: list[Any]
    acts: Acts

    @property
    def last(self) -> Any:
        """The last look at it; None before the first."""
        return self.checks[-1] if self.checks else None


@dataclass
class Seals:
    """封存 and 遗物 of one event; a fixed number of statements."""

    one: Detail

    @cached_property
    def rows(self) -> list[SealRow]:
        return [self._row(row) for row in seals.of_event(self.one.event)]

    def _row(self, row: RoomSeal) -> SealRow:
        checks = sorted(row.checks.all(), key=lambda check: (check.checked_at, check.pk))
        tags = sorted(row.tags.all(), key=lambda tag: tag.seq)
        broken = bool(checks) and not checks[-1].is_intact
        names = ["check-seal", "release-seal"] if row.is_active else []
        if row.is_active and broken:
            names.insert(0, "renew-seal")
        if not row.is_active and row.opened_at is None:
            names.append("open-seal")
        acts = [(name, SEALS[name]) for name in names if self.one.can(SEALS[name].action)]
        return SealRow(row, tags, checks, acts)

    @property
    def is_sealed(self) -> bool:
        return any(each.row.is_active for each in self.rows)

    @property
    def may_seal(self) -> bool:
        return self.one.can("seal")

    @property
    def waits(self) -> bool:
        """Something is sealed, and this user is not the one who records its release."""
        return self.is_sealed and not self.one.can("release_seal")

    @cached_property
    def inventory(self) -> Any:
        """The count in force; asked for by itself only where it has no line (没有遗物)."""
        return self.lines[0].inventory if self.lines else seals.inventory(self.one.event)

    @cached_property
    def lines(self) -> list[Any]:
        return list(seals.lines_with_all(self.one.event))

    @property
    def handovers(self) -> list[Any]:
        """Each once, in order: nothing is counted anew once a line was handed over."""
        rows = {line.handover_id: line.handover for line in self.lines if line.handover}
        return [rows[pk] for pk in sorted(rows)]

    @property
    def acts(self) -> Acts:
        """Counting and handing over, each while it is possible."""
        names = []
        open_lines = [line for line in self.lines if line.handover_id is None]
        if self._may_count and len(open_lines) == len(self.lines):
            names.append("count-belongings")
        if open_lines:
            names.insert(0, "hand-over-belongings")
        return [(name, REGISTERS[name]) for name in names if self.one.can(REGISTERS[name].action)]

    @cached_property
    def _may_count(self) -> bool:
        steps = [s for s in self.one.board.steps if s.step.own == Register.BELONGINGS]
        return not self.is_sealed and any(line.applies for line in steps)

    @property
    def act_seal(self) -> Act:
        return REGISTERS["seal"]


@dataclass
class Headcount:
    """清查 and 点名 of one event."""

    one: Detail

    @cached_property
    def counts(self) -> list[Any]:
        """Every count; the last of each list and those handed over are picked from it."""
        return headcount.called(self.one.event)

    @cached_property
    def tally(self) -> headcount.Tally:
        return headcount.Tally({row.list: row for row in self.counts})

    @property
    def lists(self) -> list[tuple[str, RollCall | None]]:
        """Each list with its last count; None for one nobody counted yet."""
        counts = self.tally.counts
        return [(str(kind.label), counts.get(kind.value)) for kind in RollCall.List]

    @cached_property
    def missing(self) -> int:
        return self.tally.counted["missing"]

    @cached_property
    def _now(self) -> set[int]:
        """The counts that hold."""
        return {row.pk for row in self.tally.counts.values()}

    @cached_property
    def _then(self) -> set[int]:
        """The counts that held when the fire service took the missing over."""
        if not self.handed:
            return set()
        return set({row.list: row.pk for row in self.counts if row.at <= self.handed.at}.values())

    @cached_property
    def _gone(self) -> list[Any]:
        """Who is missing by name now, and who was at the handing over; one statement."""
        asked = [row.pk for row in self.counts if row.gone and row.pk in self._now | self._then]
        return list(headcount.gone(asked)) if asked else []

    @cached_property
    def people(self) -> list[Any]:
        """Who did not answer at the last count of a list."""
        rows = [row for row in self._gone if row.roll_call_id in self._now]
        named = {row.party_id: row.party for row in rows if row.party.removed_at is None}
        return [named[pk] for pk in sorted(named)]

    @cached_property
    def unnamed(self) -> int:
        """How many of the missing nobody could name yet."""
        return self.missing - len(self.people)

    @cached_property
    def sweeps(self) -> list[Any]:
        return list(headcount.sweeps(self.one.event))

    @cached_property
    def handed(self) -> Any:
        return headcount.handed(self.one.event)

    @cached_property
    def handed_people(self) -> list[tuple[Any, bool]]:
        """Who was handed over by name, and whether he is still missing."""
        gone = {party.pk for party in self.people}
        rows = [row for row in self._gone if row.roll_call_id in self._then]
        return [(row.party, row.party_id in gone) for row in rows]

    @cached_property
    def handed_unnamed(self) -> int:
        """How many of those handed over nobody could name."""
        return self.handed.missing - len(self.handed_people) if self.handed else 0

    @cached_property
    def is_short(self) -> bool:
        """Somebody is missing of whom the fire service was not told."""
        if not self.handed or not self.missing:
            return bool(self.missing)
        return headcount.short(self.counts, self.handed) > 0

    @property
    def acts(self) -> Acts:
        """What is next comes first: the missing, the lists, the floors."""
        names = ["roll-call", "sweep-floor"]
        if self.missing:
            names.insert(0 if self.is_short else 2, "hand-to-fire-service")
        return [(name, REGISTERS[name]) for name in names if self.one.can(REGISTERS[name].action)]


def of_seals(one: Detail) -> Seals:
    """The page of seals; Http404 for an event whose playbook knows none."""
    if not seals.has_step(one.event, Register.SEAL):
        raise Http404
    return Seals(one)


def of_headcount(one: Detail) -> Headcount:
    """The page of the roll call; Http404 for an event whose playbook knows none."""
    if not seals.has_step(one.event, Register.ROLL_CALL):
        raise Http404
    return Headcount(one)
