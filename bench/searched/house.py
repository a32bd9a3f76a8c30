"""A house of up to a million cases for the bench of the search, made by COPY and kept if asked.

Of a hundred cases 87 are complaints with about 115 characters of Chinese, twelve things found and
one an event, each with words of their own; one complaint of 250 is restricted, one of fifty open.
"""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from shared.databases import may_copy
from shared.words import GIVEN, SURNAMES, copied, texts

BASE = 1_000_000
BATCH = 20_000
FRESH = 100_000
"""So many are written anew; those after them say the same, each with a number of its own."""
FOUND = (
    "雨伞",
    "手套",
    "围巾",
    "充电宝",
    "耳机",
    "钱包",
    "身份证",
    "行李箱",
    "手表",
    "眼镜",
    "背包",
    "水杯",
)
COLOURS = ("黑色", "白色", "红色", "蓝色", "灰色", "棕色", "绿色", "金色")
INDEXES = {
    "core_search_words": "gin (core_search_marks(property_id, kind, opened_at), terms, grams)",
    "core_search_open_words": "gin (core_search_marks(property_id, kind, opened_at), terms,"
    " core_search_open(text, grams)) WHERE kind = 'found'",
    "core_search_newest": "btree (property_id, opened_at DESC, case_id DESC)",
}


def like_row(sample: Any, **changed: Any) -> tuple[list[str], Callable[..., tuple[Any, ...]]]:
    """Columns of the model of ``sample``, and a maker of rows like it."""
    fields = sample._meta.concrete_fields  # noqa: SLF001 -- Django's model API
    values = {field.column: getattr(sample, field.attname) for field in fields} | changed

    def row(**own: Any) -> tuple[Any, ...]:
        return tuple((values | own).values())

    return list(values), row


@dataclass
class House:
    """Keys of one house, its people and the rows all others are like; kept beside the data."""

    prop: int
    samples: dict[str, int]
    people: dict[str, int]
    rows: int = 0
    home: Path | None = field(default=None, repr=False)

    @classmethod
    def open(cls, home: Path | None) -> "House":
        """The house of a directory, made when there is none yet."""
        if home is not None:
            with suppress(FileNotFoundError):
                return cls(**json.loads((home / "house.json").read_text()), home=home)
        house = _founded()
        house.home = home
        return house

    def keep(self) -> None:
        """Write down what the directory holds."""
        if self.home is not None:
            values = asdict(self)
            del values["home"]
            (self.home / "house.json").write_text(json.dumps(values, ensure_ascii=False))

    def grow(self, size: int) -> None:
        """As many rows, the newest last; indexes of the search are made anew when all are there."""
        from django.db import connection

        if size <= self.rows:
            return
        may_copy()
        with connection.cursor() as cursor:
            for name in INDEXES:
                cursor.execute(f"DROP INDEX IF EXISTS {name}")
        make = _Maker(self)
        for first in range(self.rows + 1, min(size, FRESH) + 1, BATCH):
            make.rows(first, min(first + BATCH - 1, size, FRESH))
        for first in range(max(self.rows, FRESH) + 1, size + 1, FRESH):
            make.copies(first, min(first + FRESH - 1, size))
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for name, how in INDEXES.items():
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON core_searchtext USING {how}")
            cursor.execute("VACUUM ANALYZE")
        self.rows = size
        self.keep()


def _founded() -> House:
    """A house with 400 rooms, one person of each sort, and one case of each register."""
    from emergencies import workflow as events
    from propdesk.core.models import Place
    from propdesk.core.roles import Role
    from tests.factories import member
    from tests.incidents.journey import House as Complaints
    from tests.lostfound.journey import House as Things

    house = Complaints()
    things = Things(prop=house.prop)
    for n in range(400):
        code = f"{10 + n // 20}{n % 20:02}"
        Place.objects.create(
            property=house.prop, kind="room", name=code, label=f"A座 {code}", code=f"A-{code}"
        )
    room = Place.objects.filter(code__gt="").first()
    event = events.start(house.prop, events.Start("fire", place=room), by=house.dm)
    samples = {"complaint": house.new().pk, "found": things.logged().pk, "event": event.pk}
    people = {
        "物业经理": house.pm,
        "值班经理": house.dm,
        "保安部": things.guard,
        "前台（无关）": member(house.prop, Role.FRONT_DESK),
    }
    return House(house.prop.pk, samples, {name: user.pk for name, user in people.items()})


class _Maker:
    """Writes rows like the samples."""

    def __init__(self, house: House) -> None:
        from django.utils import timezone

        from emergencies.models import Event
        from incidents.models import Complaint
        from lostfound.models import FoundItem
        from propdesk.core.models import Case, Place

        self.start = timezone.now() - timedelta(days=3650)
        self.places = list(Place.objects.filter(code__gt="", property=house.prop).order_by("pk"))
        own = house.samples
        complaint = Complaint.objects.select_related("guest").get(pk=own["complaint"])
        rows = {
            "core_person": complaint.guest,
            "incidents_complaint": complaint,
            "lostfound_founditem": FoundItem.objects.get(pk=own["found"]),
            "emergencies_event": Event.objects.get(pk=own["event"]),
            "core_case": Case.objects.get(pk=own["complaint"]),
        }
        self.like = {table: like_row(row) for table, row in rows.items()}
        self.made: dict[str, list[tuple[Any, ...]]] = {}

    def put(self, table: str, **own: Any) -> None:
        self.made[table].append(self.like[table][1](**own))

    def rows(self, first: int, last: int) -> None:
        """Cases ``first`` … ``last`` with all that hangs on them, in one transaction."""
        from django.db import transaction

        from propdesk.core.search import row_of

        self.made = {table: [] for table in self.like}
        dice, rows = random.Random(first), []  # noqa: S311 -- sample data
        for n in range(first, last + 1):
            row = row_of(*getattr(self, kind_of(n))(n, self.start + timedelta(minutes=5 * n), dice))
            rows.append((row.case_id, row.property_id, row.text, row.details, row.grams, row.terms))
        with transaction.atomic():
            for table, made in sorted(self.made.items(), key=lambda item: ORDER.index(item[0])):
                copied(table, self.like[table][0], made)
            columns = ["case_id", "property_id", "text", "details", "grams", "terms"]
            copied("core_searchtext", columns, rows)

    def copies(self, first: int, last: int) -> None:
        """Cases ``first`` … ``last`` like those ``FRESH`` earlier, in one transaction without checks."""
        from django.db import connection, transaction

        from propdesk.core.search_grams import grams
        from propdesk.core.search_terms import number_terms

        pieces = cache(grams)
        shift = (first - 1) // FRESH * FRESH
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            self._keep_rest(cursor)
            cursor.execute(
                "CREATE TEMP TABLE bench_number ON COMMIT DROP AS SELECT case_id AS id, text AS number,"
                " now() AS at, grams, terms FROM core_searchtext LIMIT 0"
            )
            with cursor.copy("COPY bench_number (id, number, at, grams, terms) FROM STDIN") as copy:
                for n in range(first, last + 1):
                    at = self.start + timedelta(minutes=5 * n)
                    number = f"{PREFIXES[kind_of(n)]}-{at:%Y%m%d}-{n % 288:03}"
                    found = {gram for part in number.split("-") for gram in pieces(part)}
                    lists = (f"{{{','.join(each)}}}" for each in (found, number_terms(number)))
                    copy.write("\t".join((str(BASE + n - shift), number, str(at), *lists)) + "\n")
            own = {"id": f"t.id + {shift}", "case_id": f"t.case_id + {shift}", "number": "m.number"}
            own |= {
                "guest_id": f"t.guest_id + {shift}",
                "closed_at": "CASE WHEN NOT t.is_open THEN m.at END",
            }
            own |= dict.fromkeys(("opened_at", "received_at", "reported_at", "occurred_at"), "m.at")
            own |= dict.fromkeys(("found_at", "ended_at"), "m.at")
            for table in ORDER:
                columns = self.like[table][0]
                if table == "emergencies_event":
                    own["ended_at"] = "t.ended_at"
                values = ", ".join(own.get(column, f"t.{column}") for column in columns)
                key = "id" if "id" in columns else "case_id"
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"  # noqa: S608 -- our own names
                    f" FROM {table} t JOIN bench_number m ON m.id = t.{key} ORDER BY m.id"
                )
            cursor.execute(
                "INSERT INTO core_searchtext"  # noqa: S608 -- our own names
                " (case_id, property_id, text, details, grams, terms, kind, opened_at)"
                f" SELECT m.id + {shift}, r.property_id, lower(m.number) || ' ' || r.text, r.details,"
                " r.grams || m.grams, r.terms || m.terms, r.kind, m.at"
                " FROM bench_rest r JOIN bench_number m ON m.id = r.case_id ORDER BY m.id"
            )
        print(f"{last} rows", flush=True)

    def _keep_rest(self, cursor: Any) -> None:
        """Search rows of those written anew without their numbers."""
        from propdesk.core.models import SearchText
        from propdesk.core.search_grams import grams

        cursor.execute("SELECT to_regclass('bench_rest')")
        if cursor.fetchone()[0]:
            return
        cursor.execute("CREATE UNLOGGED TABLE bench_rest (LIKE core_searchtext INCLUDING DEFAULTS)")
        columns = ("case_id", "property_id", "text", "details", "kind", "grams", "terms")
        rows = SearchText.objects.filter(pk__gt=BASE, pk__lte=BASE + FRESH)
        rest = []
        for key, prop, text, details, kind, terms in rows.values_list(
            *columns[:5], "terms"
        ).iterator():
            words = text.partition(" ")[2]
            own = [term for term in terms if term[0] not in "=-"]
            found = [f"#{kind}", *grams(words), *grams(details)]
            rest.append((key, prop, words, details, kind, found, own))
        copied("bench_rest", columns, rest)
        cursor.execute("CREATE UNIQUE INDEX ON bench_rest (case_id)")

    def case(self, n: int, at: datetime, prefix: str, kind: str, **own: Any) -> Any:
        """A case and its row."""
        from propdesk.core.models import Case

        number, key = f"{prefix}-{at:%Y%m%d}-{n % 288:03}", BASE + n
        values = {"id": key, "number": number, "kind": kind, "opened_at": at}
        values |= {"is_open": False, "closed_at": at} | own
        self.put("core_case", **values)
        property_id = self.places[0].property_id
        return Case(pk=key, number=number, kind=kind, property_id=property_id)

    def complaint(self, n: int, at: datetime, dice: random.Random) -> Any:
        from propdesk.core.models import Person
        from propdesk.core.search import Entry

        name = dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2))))
        room, words = dice.choice(self.places), texts(dice, n)
        phone, is_open = f"138{dice.randrange(10**8):08}", n % 50 == 0
        closed = {"is_open": is_open, "closed_at": None if is_open else at}
        case = self.case(n, at, "TS", "complaint", restricted=n % 250 == 0, **closed)
        self.put("core_person", id=case.pk, name=name, phone=phone, room_id=room.pk)
        self.put(
            "incidents_complaint",
            case_id=case.pk,
            guest_id=case.pk,
            opening_words=words,
            received_at=at,
            place_id=room.pk,
        )
        return case, Entry([words], places=[room], people=[Person(name=name, phone=phone)])

    def found(self, n: int, at: datetime, dice: random.Random) -> Any:
        from propdesk.core.search import Entry

        case, place = self.case(n, at, "SW", "found", restricted=False), dice.choice(self.places)
        name = dice.choice(COLOURS) + dice.choice(FOUND)
        features = f"{name}，旧，里面有{dice.choice(COLOURS)}{dice.choice(FOUND)}和{n % 97}元"
        times = {"found_at": at, "reported_at": at, "ended_at": at}
        self.put(
            "lostfound_founditem",
            case_id=case.pk,
            name=name,
            features=features,
            place_id=place.pk,
            status="voided",
            void_reason="试",
            next_due_at=None,
            **times,
        )
        return case, Entry(["随身物品"], places=[place], details=[name, features])

    def event(self, n: int, at: datetime, dice: random.Random) -> Any:
        from propdesk.core.search import Entry

        case, place = self.case(n, at, "SJ", "event", restricted=False), dice.choice(self.places)
        self.put(
            "emergencies_event",
            case_id=case.pk,
            place_id=place.pk,
            reported_at=at,
            occurred_at=at,
            status="voided",
            void_reason="试",
        )
        return case, Entry([dice.choice(("火警", "伤病", "停电", "水浸"))], places=[place])


def kind_of(n: int) -> str:
    """What the n-th case is."""
    return "found" if n % 8 == 7 else "event" if n % 100 == 50 else "complaint"


PREFIXES = {"complaint": "TS", "found": "SW", "event": "SJ"}
ORDER = (
    "core_person",
    "core_case",
    "incidents_complaint",
    "lostfound_founditem",
    "emergencies_event",
)
