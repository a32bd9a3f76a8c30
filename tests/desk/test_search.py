"""搜索: what it finds, for whom, in which order, page by page; 100 % against LIKE."""

import os
import random
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from emergencies import workflow as events
from emergencies.queries import events as event_queries
from incidents import queries as complaints
from incidents import workflow as incidents
from lostfound import workflow as lostfound
from lostfound.queries import item as items
from lostfound.queries import lost
from propdesk.core import search_ranked
from propdesk.core.models import Case, SearchText, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.search import Query
from propdesk.core.search_grams import query_grams
from propdesk.core.search_terms import Rank, Reach, query_terms
from propdesk.desk import search_queries
from tests.desk import pile
from tests.desk.handover.shifts import Night
from tests.factories import PlaceFactory, fresh, member, web
from tests.incidents.journey import House as ComplaintHouse
from tests.lostfound.journey import House

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]


@dataclass
class World:
    """A house with cases of every register, some of them closed to most of its people."""

    house: House
    people: dict[str, User]


WORDS = (
    "空调滴水，主卧地板湿了一片",
    "走廊深夜有人大声说话",
    "Wi-Fi 掉线；iPhone 连不上",
    "门锁 1806 打不开",
)


@pytest.fixture
def world() -> World:
    house = House()
    prop = house.prop
    people = {name: getattr(house, name) for name in ("dm", "pm", "gm", "guard", "cleaner", "desk")}
    people["engineer"] = member(prop, Role.ENGINEERING, department=house.housekeeping)
    people["admin"] = member(prop, Role.ADMIN)
    room = PlaceFactory(property=prop, name="1806", label="A座 18层 1806", code="A-1806")
    for number, words in enumerate(WORDS):
        by = people["desk"] if number % 2 else people["dm"]
        guest = Guest(name="曾国藩", phone="13800005678", room=room)
        row = incidents.intake(prop, incidents.Intake(words=words, guest=guest, place=room), by=by)
        if number == 0:
            Case.objects.filter(pk=row.pk).update(restricted=True)
    house.logged(
        by=house.cleaner,
        name="黑色折叠机",
        features="背面贴猫，壳内有 12 元",
        pictures=[],
        no_photo_reason="太暗",
    )
    house.logged(
        place=room,
        place_note="",
        name="银镯",
        features="刻有“平安”二字",
        pictures=[],
        no_photo_reason="太暗",
    )
    gone = timezone.now() - timedelta(hours=3)
    loss = lostfound.Loss("phone", "贴猫", gone, name="折叠手机", place_note="花园")
    lostfound.report_lost(prop, loss, Guest(name="John Smith", phone="13911112222"), by=house.desk)
    for kind in ("fire", "death"):
        events.start(prop, events.Start(kind, place=room), by=house.dm)
    return World(house, people)


def numbers(user: User, world: World, **params: str) -> list[str]:
    """All pages, one after the other."""
    found, after = [], ""
    filters = search_queries.Filters.of(params)
    while True:
        page = search_queries.page_of(fresh(user), world.house.prop, filters, after)
        found += [row.number for row in page.rows]
        after = page.after
        if not after:
            return found


def get(user: User, world: World, **params: str) -> Any:
    return web(user).get(reverse("desk:search", args=[world.house.prop.code]), params)


# --- recall: what LIKE finds ---------------------------------------------------------------


def reaches(user: User, world: World) -> dict[int, Reach]:
    """How far each case is open to him, by the rules of its register; what is not there is closed."""
    prop, user = world.house.prop, fresh(user)
    seen: dict[int, Reach] = {}
    for rows in (complaints, event_queries, lost):
        seen |= dict.fromkeys(rows.visible_to(user, prop).values_list("pk", flat=True), Reach.OPEN)
    for item in items.visible_to(user, prop):
        own = user.pk in (item.logged_by_id, item.finder_user_id)
        seen[item.pk] = Reach.DETAILS if own else Reach.OPEN
        if items.sees_all_details(user, prop):
            seen[item.pk] = Reach.ALL
    return seen


def like(query: str, seen: dict[int, Reach], rows: list[SearchText]) -> set[int]:
    """The oracle: every word stands in what is open to him, or names a room or one of the people."""

    def hits(word: str, row: SearchText) -> bool:
        reach = seen[row.case_id]
        terms = {t for rank in (Rank.ROOM, Rank.PERSON) for t in query_terms(word, rank, reach)}
        in_details = reach >= Reach.DETAILS and word in row.details
        return word in row.text or in_details or bool(terms & set(row.terms))

    words = Query.of(query).words
    rows = [row for row in rows if row.case_id in seen]
    return {row.case_id for row in rows if words and all(hits(word, row) for word in words)}


def substrings(rows: list[SearchText], count: int, seed: int) -> list[str]:
    """Pieces of one to ten characters, also two at once, and some that stand nowhere."""
    dice = random.Random(seed)  # noqa: S311 -- pieces of text, no secret
    found = []
    while len(found) < count:
        text = " ".join(filter(None, dice.choice([(r.text, r.details) for r in rows])))
        start, size = dice.randrange(len(text)), dice.randint(1, 10)
        piece = text[start : start + size]
        piece += dice.choice(["", "", "", "缺", f" {dice.choice(text)}"])
        if query_grams(piece):
            found.append(piece)
    return found


def compare(world: World, count: int, seed: int) -> int:
    """How many answers had a row in them; every answer equals the oracle's."""
    rows = list(SearchText.objects.filter(property=world.house.prop))
    ids = dict(Case.objects.values_list("pk", "number"))
    people = [(user, reaches(user, world)) for user in world.people.values()]
    full = 0
    for number, piece in enumerate(substrings(rows, count, seed)):
        user, seen = people[number % len(people)]
        wanted = {ids[pk] for pk in like(piece, seen, rows)}
        got = numbers(user, world, q=piece)
        assert (set(got), len(got)) == (wanted, len(wanted)), piece
        full += bool(wanted)
    return full


KEYS: dict[str, int] = {}
HITS = {"OWN": 0}
FINE = {"RECENT": 1}


@pytest.mark.parametrize("ways", [KEYS, HITS, FINE], ids=["keys", "hits", "fine"])
def test_every_random_piece_is_found_by_whom_may_see_it(
    world: World, monkeypatch: pytest.MonkeyPatch, ways: dict[str, int]
) -> None:
    """By the keys of what is his, by asking for each hit, and in more than one span."""
    monkeypatch.setattr(search_queries, "PAGE", 6)
    for name, value in ways.items():
        monkeypatch.setattr(search_ranked, name, value)
    spread(world)
    assert compare(world, 100, seed=6) > 25


def spread(world: World) -> None:
    """Cases lie days, months and years apart, some in the same moment."""
    now, days = timezone.now(), (0, 0, 1, 9, 70, 70, 600, 1500, 9000)
    rows = list(SearchText.objects.filter(property=world.house.prop).order_by("pk"))
    for number, row in enumerate(rows):
        row.opened_at = now - timedelta(days=days[number % len(days)])
    SearchText.objects.bulk_update(rows, ["opened_at"])


PARTS = 4
"""Shared out to the processes of a run."""
PIECES = 1_000 if "PROPDESK_TEST_OTHER_SERVERS" in os.environ else 10_000
"""The other servers are asked whether they do it too, not all of it again."""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_ten_thousand_random_pieces_are_found(world: World, part: int) -> None:
    assert compare(world, PIECES // PARTS, seed=26 + part) > PIECES // PARTS // 5


# --- what nobody learns --------------------------------------------------------------------


HIDDEN = [
    ("dm", "贴猫", 2),
    ("guard", "贴猫", 2),
    ("desk", "贴猫", 1),
    ("cleaner", "贴猫", 1),
    ("engineer", "贴猫", 0),
    ("desk", "手机", 3),
    ("desk", "平安", 0),
    ("admin", "空调", 0),
    ("pm", "空调", 1),
    ("guard", "空调", 0),
]


def test_hidden_words_hit_nothing(world: World) -> None:
    found = [(w, q, len(numbers(world.people[w], world, q=q))) for w, q, _hits in HIDDEN]
    assert found == HIDDEN


def test_a_confidential_event_is_found_by_its_number_and_its_readers_alone(world: World) -> None:
    event = Case.objects.get(kind="event", restricted=True)
    found = {
        name: numbers(user, world, q=event.number)
        for name, user in world.people.items()
        if name in ("pm", "guard", "desk")
    }
    assert found == {"pm": [event.number], "guard": [], "desk": []}
    assert event.number not in numbers(world.people["pm"], world, q="1806")


def test_a_hit_by_name_shows_the_mask_and_nothing_more(world: World) -> None:
    for query in ("曾国藩", "zgf", "5678"):
        page = get(world.people["dm"], world, q=query)
        lines = page.context["rows"]
        assert {(str(line.title), line.why) for line in lines} == {("曾*", "姓名或号码")}
        main = page.content.decode().partition("<tbody")[2]
        assert [t for t in ("国藩", "13800005678", "<mark>") if t in main] == []


def test_a_claimant_is_found_by_those_who_read_all_details(world: World) -> None:
    item = world.house.stored()
    claimant = lostfound.Claimant(Guest(name="欧阳修", phone="13700009876"))
    lostfound.describe(item, claimant, "黑色，背面贴着一只猫", by=world.people["dm"])
    for query in ("oyx", "欧阳修", "9876"):
        found = {name: len(numbers(user, world, q=query)) for name, user in world.people.items()}
        assert {name for name, hits in found.items() if hits} == {"dm", "pm", "gm", "guard"}


# --- order, pages, filters -----------------------------------------------------------------


def test_number_before_room_before_person_before_words_newest_first(world: World) -> None:
    prop, dm = world.house.prop, world.people["dm"]

    def case(words: str, name: str = "李白", place: Any = None) -> str:
        data = incidents.Intake(words=words, guest=Guest(name=name), place=place)
        return str(incidents.intake(prop, data, by=dm).case.number)

    part = case("水龙头")
    asked = part[-3:]
    room = PlaceFactory(property=prop, name=asked, label=f"B座 {asked}", code=asked)
    inside, person = case("窗帘", place=room), case("门铃", name=asked)
    words = [case(f"账单 {asked}.{n} 元有误") for n in range(2)]
    assert numbers(dm, world, q=asked) == [part, inside, person, *reversed(words)]
    assert numbers(dm, world, q=f"{asked} 账单") == [*reversed(words)]


def test_pages_go_on_by_key_across_fields(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = numbers(world.people["dm"], world, q="1806")
    monkeypatch.setattr(search_queries, "PAGE", 2)
    assert (numbers(world.people["dm"], world, q="1806"), len(whole) > 4) == (whole, True)
    first = get(world.people["dm"], world, q="1806")
    second = web(world.people["dm"]).get(first.context["older_url"])
    shown = [
        str(row.hit.url).rsplit("/", 2)[1] for p in (first, second) for row in p.context["rows"]
    ]
    assert shown == whole[:4]
    assert "更多" in first.content.decode()
    assert "回到第一页" in second.content.decode()


def test_the_newest_come_first_in_each_field_over_all_spans(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pm = world.people["pm"]
    data = incidents.Intake(words="隔壁 1806 太吵", guest=Guest(name="李白"))
    for _n in range(2):
        incidents.intake(world.house.prop, data, by=pm)
    spread(world)
    rows = {row.case.number: row for row in SearchText.objects.select_related("case")}
    whole = numbers(pm, world, q="1806")
    monkeypatch.setattr(search_queries, "PAGE", 3)
    monkeypatch.setattr(search_ranked, "RECENT", 1)
    assert numbers(pm, world, q="1806") == whole
    found = [rows[number] for number in numbers(pm, world, q="1806")]
    is_room = ["/1806" in row.terms for row in found]
    order = [
        (not room, -row.opened_at.timestamp(), -row.pk)
        for room, row in zip(is_room, found, strict=True)
    ]
    assert (order, len(set(found)) > 5, False in is_room) == (sorted(order), True, True)


def test_words_and_days_are_compared_inside_one_index(world: World, reindex: Any) -> None:
    """Proved where no other way may be taken: on a few rows any would do."""
    reindex("core_searchtext")
    prop, filters = world.house.prop, search_queries.Filters.of({"q": "空"})
    for name in ("pm", "dm", "guard"):
        arms = search_queries.arms(fresh(world.people[name]), prop, filters)
        asked = search_ranked.Search.of(prop, filters.query, arms)
        ways = plan(asked.page(None, 7), "seqscan", "indexscan", "indexonlyscan")
        asks = [line for line in ways.splitlines() if "core_search_marks" in line]
        assert ("core_search_words" in ways, "core_search_newest" in ways) == (True, False)
        assert [line for line in asks if "grams @>" not in line] == []


def test_open_words_of_things_are_asked_for_in_an_index_of_their_own(
    world: World, as_owner: Any, reindex: Any
) -> None:
    """Whoever may not read details goes through no row that they alone hit."""
    thing = SearchText.objects.filter(property=world.house.prop, kind=Case.Kind.FOUND)[0]
    with as_owner():  # of a few things of one day the day alone would be asked for
        key = {"first": 1, "last": 300}
        pile.copies(Case, thing.pk, **key, id=f"{pile.AFTER} + n", number="'x-' || n")
        pile.copies(SearchText, thing.pk, **key, case_id=f"{pile.AFTER} + n", text="'别的'")
    reindex("core_searchtext")
    prop, filters = world.house.prop, search_queries.Filters.of({"q": "平安"})
    arms = search_queries.arms(fresh(world.people["desk"]), prop, filters)
    asked = search_ranked.Search.of(prop, filters.query, arms)
    ways = plan(asked.page(None, 7), "seqscan", "indexscan", "indexonlyscan")
    asks = [line.strip() for line in ways.splitlines() if "core_search_marks" in line]
    hidden = [line for line in asks if "core_search_open(text, grams) @>" in line]
    assert ("core_search_open_words" in ways, bool(hidden)) == (True, True)
    rest = [line for line in asks if line not in hidden and "grams @>" not in line]
    # The terms of a step are printed as a plan of their own, up to PostgreSQL 16 by its number.
    assert [line for line in rest if not re.search(r"terms && [($]", line)] == []


def test_several_words_are_found_in_years_that_hold_next_to_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the newest rows reach back so far that their span is one of the largest blocks."""
    monkeypatch.setattr(search_ranked, "RECENT", 1)
    now = timezone.now()
    rows = list(SearchText.objects.filter(property=world.house.prop).order_by("pk"))
    things = [row for row in rows if row.kind == Case.Kind.FOUND]
    for row in rows:
        row.opened_at = now - timedelta(days=9900)
    rows[-1].opened_at, things[-1].opened_at = now, now - timedelta(days=9000)
    SearchText.objects.bulk_update([*rows, things[-1]], ["opened_at"])
    asked = f"{things[-1].details[:2]} 平安"
    assert (numbers(world.people["guard"], world, q=asked), "平安" in things[-1].details) == (
        [things[-1].case.number],
        True,
    )


def plan(asked: Any, *closed: str) -> str:
    with connection.cursor() as cursor:
        for way in closed:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {asked.sql}", asked.params)
        lines = "\n".join(row[0] for row in cursor.fetchall())
        for way in closed:
            cursor.execute(f"SET LOCAL enable_{way} = on")
    return lines


MALFORMED = ["x", "9~2026-01-01T00:00:00+00:00~1", "4~2026-01-01~1", "4~now~1", "~~", "4~~-1"]


def test_a_malformed_key_gives_the_first_page(world: World) -> None:
    dm = world.people["dm"]
    first = get(dm, world, q="1806").context["rows"]
    shown = [get(dm, world, q="1806", after=key).context["rows"] for key in MALFORMED]
    assert (len(first) > 4, shown) == (True, [first] * len(MALFORMED))


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({}, {"complaint", "found", "event"}),
    ({"register": "incidents"}, {"complaint"}),
    ({"register": "lostfound"}, {"found"}),
    ({"register": "emergencies"}, {"event"}),
    ({"register": "nonsense"}, {"complaint", "found", "event"}),
    ({"state": "closed"}, set()),
    ({"state": "open", "register": "incidents"}, {"complaint"}),
    ({"first": "2199-01-01"}, set()),
    ({"first": "2999-01-01"}, {"complaint", "found", "event"}),
    ({"last": "2001-02-30"}, {"complaint", "found", "event"}),
]


def test_filters_narrow_and_nonsense_narrows_nothing(world: World) -> None:
    kinds = dict(Case.objects.values_list("number", "kind"))
    pm = world.people["pm"]
    found = [(p, {kinds[n] for n in numbers(pm, world, q="1806", **p)}) for p, _kinds in FILTERS]
    assert found == FILTERS


def test_days_are_those_of_the_house_both_inclusive(world: World) -> None:
    today = timezone.localdate()
    near, far = str(today), str(today + timedelta(days=1))
    pm = world.people["pm"]
    assert numbers(pm, world, q="1806", first=near, last=near) == numbers(pm, world, q="1806")
    assert numbers(pm, world, q="1806", first=far) == []


# --- bad input -----------------------------------------------------------------------------


ODD = ["空" * 10_000, "a " * 5_000, "\x00空调", "\u202e空调", "<b>空调</b>", "%' OR 1=1 --", "，。"]


def test_any_input_gets_a_bounded_answer(world: World) -> None:
    for query in ODD:
        response = get(world.people["dm"], world, q=query)
        assert response.status_code == (400 if "\x00" in query else 200)
        assert len(response.content) < 60_000


def test_of_a_long_text_the_first_sixty_characters_are_looked_for(world: World) -> None:
    page = get(world.people["dm"], world, q=f"空调{' 主卧' * 40}")
    assert ("写得太长" in page.content.decode(), len(page.context["rows"])) == (True, 1)
    assert "写得太长" not in get(world.people["dm"], world, q="空" * 60).content.decode()


def test_words_are_marked_and_everything_is_escaped(world: World) -> None:
    guest = Guest(name="李白", phone="1")
    words = "<script>alert(1)</script> 空调"
    incidents.intake(
        world.house.prop, incidents.Intake(words=words, guest=guest), by=world.people["dm"]
    )
    page = get(world.people["dm"], world, q="alert 空调").content.decode()
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt; <mark>空调</mark>" in page
    assert "<script>alert" not in page


def test_the_number_alone_leads_to_the_case_and_not_for_others() -> None:
    house = ComplaintHouse()
    complaint = house.new()
    url = reverse("desk:search", args=[house.prop.code])
    response = web(house.dm).get(url, {"q": complaint.case.number.lower()})
    assert (response.status_code, response["Location"]) == (302, complaint.get_absolute_url())
    assert web(house.engineer).get(url, {"q": complaint.case.number}).status_code == 200


def test_number_as_a_telephone_types_it_and_that_of_a_paper_lead_there_too() -> None:
    night = Night()
    complaint = night.reviewed()
    report = night.report(complaint)
    handover = night.drafted()
    url = reverse("desk:search", args=[night.prop.code])
    full = "".join(chr(ord(sign) + 0xFEE0) for sign in complaint.case.number)

    def leads(user: User, number: str) -> str:
        return web(user).get(url, {"q": number}).headers.get("Location", "")

    assert report.number.startswith("SG-")
    assert leads(night.dm, full) == complaint.get_absolute_url()
    assert leads(night.dm, report.number.lower()) == complaint.get_absolute_url()
    assert leads(night.dm, handover.case.number) == handover.get_absolute_url()
    guard = member(night.prop, Role.SECURITY)
    assert [leads(guard, n) for n in (report.number, handover.case.number)] == ["", ""]
