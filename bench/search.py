"""The search over all registers with up to a million cases: time, plan and recall against LIKE.

    .venv/bin/python bench/search.py [--rows 1000 100000 1000000] [--rounds 7]

Runs on a PostgreSQL of its own that is thrown away. Rows go in by COPY: complaints with about 115
characters of Chinese each, one of 250 restricted, 2 % open, rooms and guests of a large house. ``sql``
is the median of the statements of one page of the search, ``like`` the same page by LIKE alone
without index, ``key`` a page of 30 rows by the index of all lists; ``x`` is sql / key. The numbers of
hits of ``sql`` and ``like`` are compared for every word and person.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from pages import database

BASE = 1_000_000
PIECES = [
    "空调",
    "热水器",
    "电梯",
    "走廊",
    "门锁",
    "账单",
    "窗帘",
    "网络",
    "异味",
    "漏水",
    "停车",
    "快递",
    "噪音",
    "楼上",
    "邻居",
    "装修",
    "地板",
    "水管",
    "灯泡",
    "浴室",
    "客厅",
    "厨房",
    "阳台",
    "车库",
    "大堂",
    "前台",
    "押金",
    "退款",
    "钥匙",
    "门卡",
    "蟑螂",
    "蚊虫",
    "洗衣机",
    "冰箱",
    "微波炉",
    "电视",
    "遥控器",
    "沙发",
    "床垫",
    "枕头",
    "床单",
    "毛巾",
    "地毯",
    "油烟",
    "马桶",
    "花洒",
    "深夜",
    "凌晨",
    "上午",
    "昨天",
    "反复",
    "多次",
    "请尽快",
    "希望今天",
    "处理",
    "更换",
    "维修",
    "检查",
    "回复",
    "说明",
    "道歉",
    "减免",
    "客人",
    "孩子",
    "老人",
    "宠物",
    "打扫",
    "不满",
    "已经",
    "仍然",
]
RARE = {"玉镯": 1000, "唐睿": 20_000, "琉璃瓦": 5_000, "祖母绿戒指": 50_000}
"""Words that stand in one of so many texts."""
ASKED = ("镯", "空", "空调", "玉镯", "唐睿", "貔貅", "琉璃瓦", "空调漏水", "祖母绿戒指", "空调 琉璃瓦", "1806", "zgf", "5678",
         "王芳", "1123-004", "一二三四五六七八九十")  # fmt: skip
SURNAMES, GIVEN = "王李张刘陈杨黄赵周吴曾", "芳伟娜敏静丽强磊洋艳勇军杰涛明超秀霞平刚国藩"


def texts(dice: random.Random, number: int) -> str:
    """About 115 characters, with a rare word now and then."""
    words = [dice.choice(PIECES) for _n in range(46)]
    words += [word for word, every in RARE.items() if dice.randrange(every) == 0]
    dice.shuffle(words)
    return "".join(word + ("，" if n % 7 == 6 else "") for n, word in enumerate(words)) + str(
        number
    )


def copied(table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a table by COPY."""
    from django.db import connection

    names = list(columns)
    with connection.cursor() as cursor:
        head = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with cursor.copy(head) as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)


def like_row(sample: Any, **changed: Any) -> tuple[list[str], Callable[..., tuple[Any, ...]]]:
    """Columns of the model of ``sample``, and a maker of rows like it."""
    fields = sample._meta.concrete_fields  # noqa: SLF001 -- Django's model API
    values = {field.column: getattr(sample, field.attname) for field in fields} | changed

    def row(**own: Any) -> tuple[Any, ...]:
        return tuple((values | own).values())

    return list(values), row


def grow(complaint: Any, first: int, last: int) -> None:
    """Complaints ``first`` … ``last``, the oldest first, with guests, rooms and search rows."""
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from propdesk.core.models import Person, Place
    from propdesk.core.search import Entry, row_of

    dice, start = random.Random(first), timezone.now() - timedelta(days=3650)  # noqa: S311 -- sample data
    rooms = list(Place.objects.filter(code__gt="").order_by("pk"))
    guest, case = complaint.guest, complaint.case
    made: dict[str, list[tuple[Any, ...]]] = {
        "person": [],
        "case": [],
        "complaint": [],
        "search": [],
    }
    columns_p, person = like_row(guest)
    columns_c, anchor = like_row(case)
    columns_r, register = like_row(complaint)
    for n in range(first, last + 1):
        at = start + timedelta(minutes=5 * n)
        number = f"TS-{at:%Y%m%d}-{n % 288:03}"
        name = dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2))))
        room, words = dice.choice(rooms), texts(dice, n)
        is_open, key = n % 50 == 0, BASE + n
        phone = f"138{dice.randrange(10**8):08}"
        case.pk, case.number = key, number
        found = row_of(case, Entry([words], places=[room], people=[Person(name=name, phone=phone)]))
        made["person"].append(person(id=key, name=name, phone=phone, room_id=room.pk))
        made["case"].append(
            anchor(
                id=key,
                number=number,
                opened_at=at,
                is_open=is_open,
                closed_at=None if is_open else at,
                restricted=n % 250 == 0,
            )
        )
        made["complaint"].append(
            register(
                case_id=key, guest_id=key, opening_words=words, received_at=at, place_id=room.pk
            )
        )
        made["search"].append((key, found.property_id, found.text, "", found.grams, found.terms))
    copied("core_person", columns_p, made["person"])
    copied("core_case", columns_c, made["case"])
    copied("incidents_complaint", columns_r, made["complaint"])
    columns = ["case_id", "property_id", "text", "details", "grams", "terms"]
    copied("core_searchtext", columns, made["search"])
    connection.commit()


def timed(ask: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Median milliseconds after one to warm up, and the last answer."""
    answer = ask()
    times = []
    for _n in range(rounds):
        begun = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), answer


def sql_time(ask: Callable[[], Any], rounds: int) -> tuple[float, int, Any]:
    """Median milliseconds inside the database with planning, statements, and the answer."""
    from django.db import connection

    spent: list[float] = []

    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent.append((time.perf_counter() - begun) * 1000)

    ask()
    totals, answer = [], None
    for _n in range(rounds):
        spent.clear()
        with connection.execute_wrapper(watch):
            answer = ask()
        totals.append(sum(spent))
    return statistics.median(totals), len(spent), answer


def by_like(user: Any, prop: Any, typed: str) -> list[int]:
    """The newest page by LIKE alone over all this person may read; terms of people left out."""
    from django.db.models import Q

    from incidents import queries
    from propdesk.core.models import Case
    from propdesk.core.search import Query

    words = Q()
    for word in Query.of(typed).words:
        words &= Q(search__text__contains=word)
    visible = queries.visible_to(user, prop).order_by().values("pk")
    rows = Case.objects.filter(words, property=prop, kind="complaint", pk__in=visible)
    return list(rows.order_by("-opened_at", "-pk").values_list("pk", flat=True)[:31])


def table(people: dict[str, Any], prop: Any, rounds: int) -> None:
    """One line per word and person."""
    from incidents import queries
    from propdesk.core.models import User
    from propdesk.core.search import Query
    from propdesk.desk import search_queries as desk

    def fresh(user: Any) -> Any:
        return User.objects.get(pk=user.pk)

    for who, user in people.items():
        user = fresh(user)

        def listed(user: Any = user) -> list[Any]:
            rows = queries.listed(queries.visible_to(user, prop)).order_by(
                "-case__opened_at", "-pk"
            )
            return list(rows[:31])

        key, _n, _rows = sql_time(listed, rounds)
        print(f"\n{who}: page by key {key:.2f} ms")
        print(
            f"{'asked':<14}{'sql ms':>9}{'x key':>7}{'stmts':>6}{'like ms':>9}{'faster':>8}{'rows':>6}"
        )
        for typed in ASKED:
            filters = desk.Filters(query=Query.of(typed))

            def ask(user: Any = user, filters: Any = filters) -> Any:
                return desk.page_of(user, prop, filters, "")

            sql, statements, found = sql_time(ask, rounds)
            like, wanted = timed(lambda t=typed, u=user: by_like(u, prop, t), 1)  # type: ignore[misc]
            got = {row.pk for row in found.rows}
            if not set(wanted[:30]) <= got and len(got) < desk.PAGE:
                raise SystemExit(f"{typed}: LIKE found {set(wanted) - got}")
            print(
                f"{typed:<14}{sql:>9.2f}{sql / key:>7.1f}{statements:>6}{like:>9.1f}"
                f"{like / sql:>8.1f}{len(found.rows):>6}",
                flush=True,
            )


def main() -> None:
    """Build, grow and print a table at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[1000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with database():
        from django.db import connection

        from incidents.models import Complaint
        from propdesk.core.models import Place
        from propdesk.core.roles import Role
        from tests.factories import member
        from tests.incidents.journey import House

        house = House()
        new = house.new()
        complaint = Complaint.objects.select_related("case", "guest").get(pk=new.pk)
        for n in range(400):
            code = f"{10 + n // 20}{n % 20:02}"
            Place.objects.create(
                property=house.prop, kind="room", name=code, label=f"A座 {code}", code=f"A-{code}"
            )
        people = {
            "物业经理": house.pm,
            "值班经理": house.dm,
            "前台（无关）": member(house.prop, Role.FRONT_DESK),
        }
        done = 0
        for size in args.rows:
            begun = time.perf_counter()
            for first in range(done + 1, size + 1, 20_000):
                grow(complaint, first, min(first + 19_999, size))
            done = size
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
                cursor.execute(
                    "SELECT pg_size_pretty(pg_table_size('core_searchtext')),"
                    " pg_size_pretty(pg_relation_size('core_search_grams'))"
                )
                heap, index = cursor.fetchone()
            print(
                f"\n=== {size} rows: built in {time.perf_counter() - begun:.0f} s; table {heap}, index {index}"
            )
            table(people, house.prop, args.rounds)


if __name__ == "__main__":
    main()
