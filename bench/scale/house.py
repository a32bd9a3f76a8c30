"""The house of the bench: three registers, each with as many cases as asked.

The first cases of a register are open, those after them lie closed five minutes apart, the newest
first; each is a copy of one that went through its workflow, with words, people and rooms of its own.
"""

import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.databases import go, names, trust
from shared.words import GIVEN, SURNAMES, copied, texts

from scale.tree import BASE, Copier, Tree, renumber

DRAFT = "scale_draft"
WORDS = 10_000
"""So many texts; a million cases have each a hundred times."""
OPEN = {"complaint": 200, "found": 300, "event": 10}
MOST = 2
"""Rows of one table a closed case keeps: acts, notices, clocks, history of each row."""
ABSENT, RARE, COMMON = "貔貅", "玉镯", "空调"
CATEGORIES = ("service", "facility", "hygiene", "safety", "cost", "other")
THINGS = ("黑色雨伞", "白色充电宝", "棕色钱包", "蓝色行李箱", "银色手表", "红色围巾")


def founded() -> None:
    """One house with a case of each register in each state that is copied."""
    from emergencies.models import Event
    from propdesk.core.models import Case, Place
    from tests.emergencies.journey import House as Events
    from tests.incidents.journey import House as Complaints
    from tests.lostfound import claiming
    from tests.lostfound.journey import House as Things

    house = Complaints()
    things = Things(prop=house.prop)
    # Each journey makes departments of its own, and a house has one of a name.
    things.security.name = "保安一部"
    things.security.save()
    events = Events(prop=house.prop)
    rooms = [f"{10 + n // 20}{n % 20 + 1:02}" for n in range(400)]
    Place.objects.bulk_create(
        Place(property=house.prop, kind="room", name=code, label=f"C座 {code}", code=f"C-{code}")
        for code in rooms
    )
    house.closed(), house.voided(), house.new(), house.recorded(), house.started()
    claiming.returned(things), claiming.at(things, "voided")
    things.stored(), things.traced()
    for kind in ("drunk_guest", "power_outage"):
        event = events.ended(kind)
        Event.objects.filter(pk=event.pk).update(
            status="archived", archived_at=event.ended_at, archived_by=event.commander
        )
        Case.objects.filter(pk=event.pk).update(is_open=False, closed_at=event.ended_at)
    events.started("power_outage")


@dataclass(frozen=True)
class Sample:
    """A case to copy."""

    pk: int
    kind: str
    is_open: bool
    opened: Any


def samples() -> list[Sample]:
    """The cases that are copied, the first of each kind and state."""
    from propdesk.core.models import Case

    rows = Case.objects.filter(kind__in=OPEN, pk__lt=BASE).order_by("pk")
    return [Sample(row.pk, row.kind, row.is_open, row.opened_at) for row in rows]


def write_words() -> None:
    """Texts with their grams, people and rooms, from which copies take theirs."""
    from django.db import connection

    from propdesk.core.models import Case, Person, Place
    from propdesk.core.search import Entry, row_of

    dice, rows = random.Random(8), []  # noqa: S311 -- sample data
    rooms = list(Place.objects.filter(code__startswith="C-"))
    for k in range(WORDS):
        name = dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2))))
        room, words, thing = dice.choice(rooms), texts(dice, k), dice.choice(THINGS)
        person = Person(name=name, phone=f"138{dice.randrange(10**8):08}")
        case = Case(number="", kind="", property_id=room.property_id)
        found = row_of(case, Entry([words], places=[room], people=[person]))
        inside = row_of(case, Entry([], places=[room], details=[thing]))
        severity = dice.choices(("normal", "serious", "major"), (95, 4, 1))[0]
        category = dice.choices(CATEGORIES, (30, 40, 15, 5, 9, 1))[0]
        rows.append((k, words, name, person.phone, room.pk, thing, category, severity,
                     found.text, found.grams, found.terms, inside.text, inside.details, inside.grams, inside.terms))  # fmt: skip
    columns = {
        "k": "int PRIMARY KEY",
        "words": "text",
        "name": "text",
        "phone": "text",
        "room": "bigint",
    }
    columns |= {"thing": "text", "category": "text", "severity": "text"}
    columns |= {
        "text": "text",
        "grams": "text[]",
        "terms": "text[]",
        "place": "text",
        "details": "text",
    }
    columns |= {"inner_grams": "text[]", "inner_terms": "text[]"}
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bench_words ({', '.join(f'{n} {t}' for n, t in columns.items())})"
        )
    copied("bench_words", columns, rows)


OWN = {
    ("Case", "number"): "p.number",
    ("Case", "restricted"): "t.restricted OR mod(p.n, 250) = 0",
    ("Complaint", "opening_words"): "w.words",
    ("Complaint", "place_id"): "w.room",
    ("Complaint", "category"): "CASE WHEN t.category = '' THEN '' ELSE w.category END",
    ("Complaint", "severity"): "w.severity",
    ("Person", "name"): "CASE WHEN t.name = '' THEN '' ELSE w.name END",
    ("Person", "phone"): "CASE WHEN t.phone = '' THEN '' ELSE w.phone END",
    ("Delivery", "state"): "CASE t.channel WHEN 'inbox' THEN 'acknowledged' ELSE t.state END",
    ("Delivery", "acknowledged_at"): "coalesce(t.acknowledged_at, t.created_at) - p.earlier",
    ("FoundItem", "name"): "w.thing",
    ("FoundItem", "features"): "w.thing || '，' || left(w.words, 60)",
}
"""What copies have of their own, as SQL."""
SEARCH = """INSERT INTO core_searchtext (case_id, property_id, text, details, grams, terms, kind, opened_at)
SELECT c.id, c.property_id, lower(c.number) || ' ' || CASE c.kind WHEN 'complaint' THEN w.text ELSE w.place END,
 CASE c.kind WHEN 'found' THEN w.details ELSE '' END,
 CASE c.kind WHEN 'complaint' THEN w.grams WHEN 'found' THEN w.inner_grams ELSE '{}' END || ARRAY['#' || c.kind],
 CASE c.kind WHEN 'complaint' THEN w.terms ELSE w.inner_terms END || p.terms, c.kind, c.opened_at
FROM bench_plan p JOIN bench_words w ON w.k = p.k JOIN core_case c ON c.id = %s + p.n ORDER BY p.n"""
LEAVES = ("core_search_words", "core_search_newest")


def plan(first: int, last: int, cases: list[Sample], start: Any) -> list[tuple[Any, ...]]:
    """Which case ``first`` … ``last`` of each register is like, and when it was."""
    from propdesk.core.search_terms import number_terms

    rows = []
    for place, (kind, prefix) in enumerate((("complaint", "TS"), ("found", "SW"), ("event", "SJ"))):
        lying = {
            done: [i for i, c in enumerate(cases) if (c.kind, c.is_open) == (kind, done)]
            for done in (True, False)
        }
        for i in range(first, last + 1):
            n, is_open = 3 * i + place, i <= OPEN[kind]
            like = lying[is_open]
            # Nine of ten lie closed as the first of them.
            sample = like[i % len(like)] if is_open or i % 10 == 0 else like[0]
            at = start - timedelta(minutes=5 * i + n % 5, seconds=n % 60)
            number = f"{prefix}-{at:%Y%m%d}-{1000 + i % 1000}"
            earlier = cases[sample].opened - at
            rows.append(
                (
                    n,
                    sample,
                    n * 7919 % WORDS,
                    earlier,
                    earlier.days,
                    number,
                    list(number_terms(number)),
                )
            )
    return rows


def grow(first: int, last: int) -> None:
    """Cases ``first`` … ``last`` of each register."""
    from django.db import connection, transaction

    cases, begun = samples(), time.monotonic()
    trees = [Tree(case.pk, 99 if case.is_open else MOST) for case in cases]
    copier = Copier(trees, OWN)
    trust()
    start = max(case.opened for case in cases)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '64MB'")
        cursor.execute(
            "CREATE TEMP TABLE bench_plan (n int, sample int, k int, earlier interval, days int,"
            " number text, terms text[]) ON COMMIT DROP"
        )
        columns = ["n", "sample", "k", "earlier", "days", "number", "terms"]
        copied("bench_plan", columns, plan(first, last, cases, start))
        cursor.execute("CREATE INDEX ON bench_plan (sample, n); ANALYZE bench_plan")
        for number, tree in enumerate(trees):
            for sql, params in copier.statements(number, tree):
                cursor.execute(sql, params)
        cursor.execute(SEARCH, [BASE])
    renumber()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{last:,} cases a register, built in {time.monotonic() - begun:.0f} s", flush=True)


def stand(size: int, done: int, template: str) -> str:
    """Go over to the database of a size, grown out of a smaller one unless an earlier run left it."""
    from django.core.management import call_command

    name = f"scale_{size}"
    if name in names():
        go(name)
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        return name
    copy = f"CREATE DATABASE {DRAFT} TEMPLATE {template} STRATEGY file_copy"
    go(DRAFT, f"DROP DATABASE IF EXISTS {DRAFT}", copy)
    if not size:
        import propdesk.celery  # noqa: F401 -- whose broker nobody serves here

        call_command("createcachetable", verbosity=0)
        founded()
        write_words()
    for first in range(done + 1, size + 1, BATCH):
        grow(first, min(first + BATCH - 1, size))
    go(name, f"ALTER DATABASE {DRAFT} RENAME TO {name}")
    return name


BATCH = 50_000
