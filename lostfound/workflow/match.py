"""F7: what is found is compared with what is lost, both ways; by the machine, on nobody's word.

A case whose words change leaves a row that waits (``base.compare_soon``). A run reads what waits,
compares outside any transaction, and writes in statements for many rows: whoever logs or corrects
never waits for it, and a row that was changed meanwhile simply keeps waiting. What people decided
about a pair is never touched.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from lostfound.matching import LIST_FROM, VERSION, Described, Match, Pool, Profile, Rarity, profile
from lostfound.models import MatchPair, MatchProfile
from lostfound.queries import descriptions
from propdesk.core import duty
from propdesk.core.alone import alone
from propdesk.core.models import Case, Property, SweepRun, User
from propdesk.core.notices import Message, put
from propdesk.core.roles import Role

log = logging.getLogger(__name__)
BATCH = 500
"""Cases profiled, or lost reports compared and written, in one round of statements."""
MOST = 5
"""Suggestions kept for a lost report by one comparison, strong and weak."""
TELL_FROM = 80
"""Points from which the duty manager is told at once: 很像."""
TELL_MOST = 20
"""Pairs told one by one; of more at once (an old book was imported) one notice tells how many."""
NIGHT = range(2, 5)
"""Hours of the house in which everything is compared anew."""
NIGHTLY = "lostfound.nightly"
LOCK = 0x4C46_4D41
"""The advisory lock of a run: one at a time in the whole database."""
_PAIRS, _PROFILES = MatchPair._meta.db_table, MatchProfile._meta.db_table  # noqa: SLF001 -- model API
P = MatchPair.State
LISTED = (P.SUGGESTED, P.PERHAPS)


def refresh(now: datetime) -> int:
    """Compare all that waits, in every house; returns how many cases. Safe to run twice or at once.

    Another run at the same time leaves the work to this one, which looks again before it ends.
    """
    with alone(LOCK) as mine:
        total = 0
        while mine:
            waiting = MatchProfile.objects.filter(is_open=True, stale_at__isnull=False)
            houses = waiting.order_by("property").values_list("property", flat=True).distinct()
            done = sum(_house(house, now) for house in list(houses))
            total += done
            if not done:
                break
        return total


def _house(house: int, now: datetime) -> int:
    """One house compared; what breaks in it stops no other."""
    try:
        return _Run(house, now).go()
    except Exception:
        log.exception("matching of house %s", house)
        return 0


def compare_all(now: datetime) -> int:
    """Once a night have everything compared anew, for words added to the lists; returns how many.

    Only marks: ``refresh`` does the work, and goes on with it after a crash.
    """
    local = timezone.localtime(now)
    tonight = local.replace(hour=NIGHT.start, minute=0, second=0, microsecond=0)
    runs = SweepRun.objects.filter(name=NIGHTLY, started_at__gte=tonight)
    if local.hour not in NIGHT or runs.exists():
        return 0
    with transaction.atomic():
        open_rows = MatchProfile.objects.filter(is_open=True, stale_at=None)
        marked = open_rows.update(stale_at=now)
        SweepRun.objects.create(name=NIGHTLY, started_at=now, finished_at=now, count=marked)
    return marked


def _batches(rows: Sequence[int]) -> Iterator[list[int]]:
    for first in range(0, len(rows), BATCH):
        yield list(rows[first : first + BATCH])


@dataclass
class _Run:
    """One comparison of one house: what waited when it began, and the profiles it reads once."""

    house: int
    now: datetime

    def go(self) -> int:
        """Profile what waits, then compare it with the open other side; returns how many."""
        self.waiting = self._waiting()
        lost = [pk for pk, (is_found, _at) in self.waiting.items() if not is_found]
        found = [pk for pk, (is_found, _at) in self.waiting.items() if is_found]
        self._describe(found, descriptions.of_found)
        self._describe(lost, descriptions.of_lost)
        things = list(self._profiles(is_found=True))
        done = 0
        if lost:
            pool = Pool(things)
            done = sum(self._compare(batch, pool) for batch in _batches(lost))
        return done + self._compare_found(found, lost, things)

    def _waiting(self) -> dict[int, tuple[bool, datetime]]:
        rows = MatchProfile.objects.filter(
            property=self.house, is_open=True, stale_at__isnull=False
        ).order_by("stale_at", "case")
        columns = rows.values_list("case_id", "is_found", "stale_at")
        return {pk: (is_found, at) for pk, is_found, at in columns if at is not None}

    @cached_property
    def _paths(self) -> descriptions.Paths:
        return descriptions.paths(self.house)

    def _describe(
        self,
        pks: Sequence[int],
        read: Callable[[Collection[int], descriptions.Paths], list[Described]],
    ) -> None:
        """Read the words anew, and store what is compared of them."""
        for batch in _batches(pks):
            made = {each.key: _profiled(each) for each in read(batch, self._paths)}
            with connection.cursor() as cursor:
                cursor.execute(_DESCRIBE, [VERSION, list(made), list(made.values())])

    def _profiles(self, *, is_found: bool, pks: Collection[int] | None = None) -> Iterator[Profile]:
        """Profiles of the open cases of one side; those of an older list wait for the night."""
        rows = MatchProfile.objects.filter(
            property=self.house, is_found=is_found, is_open=True, version=VERSION
        )
        if pks is not None:
            rows = rows.filter(pk__in=pks)
        read = rows.order_by("pk").values_list("pk", "data").iterator(chunk_size=1000)
        yield from (known for pk, data in read if (known := _known(pk, data)) is not None)

    def _compare(self, lost: list[int], pool: Pool) -> int:
        """Lost reports that waited, against all that is found: at most 200 pairs for each."""
        self._write(self._best(lost, pool), lost, None)
        return self._settle(lost)

    def _compare_found(
        self, found: list[int], compared: Collection[int], things: list[Profile]
    ) -> int:
        """Found things that waited, against the lost reports that did not."""
        others = MatchProfile.objects.filter(property=self.house, is_found=False, is_open=True)
        rest = others.exclude(pk__in=compared).order_by("pk").values_list("pk", flat=True)
        batches = list(_batches(list(rest))) if found else []
        if batches:
            known = set(found)
            fresh = Pool(each for each in things if each.key in known)
            # A word is as rare as among all that is found, or points would change run by run.
            fresh.rarity = Rarity.of(things)
        for batch in batches:
            # A new thing is among a thousand's weak ones only where it is more alike than those listed.
            self._write(self._best(batch, fresh, _fifth(batch, found)), batch, found)
        return sum(self._settle(batch) for batch in _batches(found))

    def _best(
        self, lost: list[int], pool: Pool, least: Mapping[int, int] | None = None
    ) -> list[Match]:
        """The best of the pool for each of these reports, but for what somebody judged.

        ``least``: points that weak ones need, by report.
        """
        needed = least or {}
        decided = _decided(lost)
        return [
            match
            for one in self._profiles(is_found=False, pks=lost)
            for match in _best_of(pool, one, MOST, decided[one.key], needed.get(one.key, LIST_FROM))
        ]

    @transaction.atomic
    def _write(self, matches: list[Match], lost: list[int], found: list[int] | None) -> None:
        """Keep the suggestions of these reports, strong and weak; take back what no longer holds.

        ``found`` None: among everything found; else among these things only.
        """
        # In one order, so that two writers never hold what the other waits for.
        rows = sorted(matches, key=lambda match: (match.lost, match.found))
        keys = [[match.lost for match in rows], [match.found for match in rows]]
        texts = [[json.dumps(match.reasons, ensure_ascii=False) for match in rows]]
        texts.append([json.dumps(match.contradictions, ensure_ascii=False) for match in rows])
        points = [match.points for match in rows]
        states = [str(P.PERHAPS if match.is_weak else P.SUGGESTED) for match in rows]
        with connection.cursor() as cursor:
            cursor.execute(_OUTDATE, [lost, found, found, *keys])
            cursor.execute(_SUGGEST, [self.now, *keys, points, *texts, states])
            changed = cursor.fetchall()
        self._tell([(a, b) for a, b, reached in changed if reached >= TELL_FROM])

    @cached_property
    def _told(self) -> tuple[Property, tuple[User, ...]]:
        prop = Property.objects.get(pk=self.house)
        return prop, tuple(duty.on_duty(prop, Role.DUTY_MANAGER, at=self.now))

    def _tell(self, pairs: list[tuple[int, int]]) -> None:
        """What is very much alike is told the duty manager once, by numbers only."""
        if not pairs:
            return
        shown = pairs if len(pairs) <= TELL_MOST else pairs[:1]
        cases = Case.objects.in_bulk({pk for pair in shown for pk in pair})
        prop, people = self._told
        put(
            Message(
                prop=prop,
                rule="lostfound.match",
                text=_alike(cases[lost], cases[found], len(pairs) - len(shown)),
                key=f"match:{lost}:{found}",
                recipients=people,
                case=cases[lost],
            )
            for lost, found in shown
        )

    def _settle(self, pks: list[int]) -> int:
        """These were compared; whatever changed since it was read keeps waiting."""
        moments = [self.waiting[pk][1] for pk in pks]
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE, [pks, moments])
            return int(cursor.rowcount)


def _alike(lost: Case, found: Case, more: int) -> str:
    numbers = {"lost": lost.number, "found": found.number}
    text = _("【很像，请核对】%(lost)s · %(found)s") % numbers
    return text + _("，另有 %(n)s 对，请看遗失登记") % {"n": more} if more else text


def _profiled(described: Described) -> str:
    """The profile as JSON; words that cannot be read leave it empty and hold nothing up."""
    try:
        return json.dumps(profile(described).to_json(), ensure_ascii=False)
    except Exception:
        log.exception("profile of case %s", described.key)
        return "{}"


def _known(pk: int, data: dict[str, Any]) -> Profile | None:
    """The stored profile; one that cannot be read is compared with nothing and holds nothing up."""
    try:
        return Profile.from_json(data)
    except Exception:
        log.exception("stored profile of case %s", pk)
        return None


def _best_of(pool: Pool, one: Profile, *args: Any) -> list[Match]:
    """As ``pool.best``; a report that breaks the comparison is like nothing and stops no other."""
    try:
        return pool.best(one, *args)
    except Exception:
        log.exception("matching of lost report %s", one.key)
        return []


def _decided(lost: Collection[int]) -> dict[int, set[int]]:
    """Found things that somebody has judged already, by lost report: never suggested again."""
    rows = MatchPair.objects.filter(lost__in=lost, state__in=[P.ACCEPTED, P.REJECTED])
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in rows.values_list("lost_id", "found_id"):
        found[one].add(other)
    return found


def _fifth(lost: Collection[int], found: Collection[int]) -> dict[int, int]:
    """Points a weak match must reach to be listed, of reports that list enough without these things."""
    rows = MatchPair.objects.filter(lost__in=lost, state__in=LISTED, found__ended_at=None)
    place = Window(RowNumber(), partition_by="lost", order_by=("-points", "pk"))
    full = rows.exclude(found__in=found).annotate(place=place).filter(place=MOST)
    return {report: points + 1 for report, points in full.values_list("lost_id", "points")}


_DESCRIBE = f"""
UPDATE {_PROFILES} p SET data = v.data::jsonb, version = %s
FROM unnest(%s::bigint[], %s::text[]) AS v(pk, data) WHERE p.case_id = v.pk
"""  # noqa: S608 -- the only interpolated text is our own table name
_SETTLE = f"""
UPDATE {_PROFILES} p SET stale_at = NULL
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(pk, at)
WHERE p.case_id = v.pk AND p.stale_at = v.at
"""  # noqa: S608 -- the only interpolated text is our own table name
_OUTDATE = f"""
UPDATE {_PAIRS} SET state = 'outdated'
WHERE state IN ('suggested', 'perhaps') AND lost_id = ANY(%s) AND (%s::bigint[] IS NULL OR found_id = ANY(%s))
AND (lost_id, found_id) NOT IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
"""  # noqa: S608 -- the only interpolated text is our own table name
_SUGGEST = f"""
INSERT INTO {_PAIRS} AS p
(lost_id, found_id, points, reasons, against, state, suggested_at, reason)
SELECT v.lost, v.found, v.points, v.reasons::jsonb, v.against::jsonb, v.state, %s, ''
FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::text[])
AS v(lost, found, points, reasons, against, state)
ON CONFLICT (lost_id, found_id) DO UPDATE SET points = EXCLUDED.points, reasons = EXCLUDED.reasons,
against = EXCLUDED.against, state = EXCLUDED.state
WHERE p.state IN ('suggested', 'perhaps', 'outdated') AND (p.points, p.reasons, p.against, p.state) IS DISTINCT FROM
(EXCLUDED.points, EXCLUDED.reasons, EXCLUDED.against, EXCLUDED.state)
RETURNING lost_id, found_id, points
"""  # noqa: S608 -- the only interpolated text is our own table name
