"""Search over Chinese words: by index, rechecked, within one house."""

import pytest
from django.db import connection

from propdesk.core import search
from propdesk.core.models import SearchText
from propdesk.core.search import Entry
from propdesk.core.search_terms import Reach
from tests.factories import CaseFactory, PersonFactory, PlaceFactory, PropertyFactory

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]


@pytest.fixture
def case():
    return CaseFactory()


def found(case, query):
    return list(search.hits(case.property, query).values_list("case", flat=True)) == [case.pk]


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("空调", True),
        ("调", True),
        ("空调漏水", True),
        ("漏水空调", False),
        ("漏水 空调", True),
        ("ａ座", True),
        ("A座1806", True),
        ("1806", True),
        ("5678", True),
        ("9999", False),
        ("水管", False),
        ("空%", False),
        ("_", False),
    ],
)
def test_words_are_found_as_they_stand(case, query, hit):
    search.write(case, Entry(["A座1806", "空调漏水", "13800005678"]))

    assert found(case, query) == hit


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("B203", True),
        ("b-203", True),
        ("B座203", True),
        ("203室", True),
        ("203号", True),
        ("王女士", True),
        ("王先生", False),
        ("B204", False),
        ("20室", False),
    ],
)
def test_what_a_screen_shows_is_found_as_it_is_shown(case, query, hit):
    room = PlaceFactory(property=case.property, name="203", label="B座 2层 203", code="B-203")
    guest = PersonFactory(property=case.property, name="王晓梅", honorific="ms")
    search.write(case, Entry(["空调漏水"], [room], [guest]))

    assert found(case, query) == hit


def test_place_that_was_corrected_is_found_like_the_first_one(case):
    search.write(case, Entry(["空调漏水"]))
    search.add(case, "B座 203", place=PlaceFactory(property=case.property, code="B-203"))

    assert found(case, "b203")


def test_writing_again_replaces_and_adding_appends(case):
    search.write(case, Entry(["旧的词"]))
    search.write(case, Entry(["新的词", ""]))
    search.add(case, "又一句")

    assert [found(case, q) for q in ("旧的词", "新的词", "又一句")] == [False, True, True]
    assert SearchText.objects.count() == 1


def test_adding_to_a_case_without_words_begins_its_row(case):
    search.add(case, "第一句")

    assert found(case, "第一句")


def test_empty_query_narrows_nothing_and_other_houses_are_not_searched(case):
    search.write(case, Entry(["空调"]))

    assert search.hits(case.property, "  ").count() == 1
    assert search.hits(PropertyFactory(), "空调").count() == 0


def test_signs_alone_find_nothing_instead_of_everything(case):
    search.write(case, Entry(["空调，漏水"]))

    assert [found(case, query) for query in ("，", "%", "空调 ，")] == [False, False, True]


def test_a_row_takes_kind_and_moment_from_its_case_whoever_writes_it(case):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_searchtext (case_id, property_id, text, grams) VALUES (%s, %s, '', '{}')",
            [case.pk, case.property_id],
        )
    row = SearchText.objects.get(case=case)

    facts = (case.kind, case.opened_at, [f"#{case.kind}"])
    assert (row.kind, row.opened_at, row.grams) == facts


def test_a_row_keeps_the_mark_of_its_kind_when_its_words_change(case):
    mark = f"#{case.kind}"
    search.write(case, Entry(["空调"]))
    search.write(case, Entry(["漏水"]))
    search.add(case, "又一句")

    assert SearchText.objects.get(case=case).grams.count(mark) == 1


# --- people --------------------------------------------------------------------------------


@pytest.fixture
def guest(case):
    person = PersonFactory(property=case.property, name="曾国藩", phone="138-0000 5678")
    person.id_last4 = "012X"
    search.write(case, Entry(["空调"], people=[person, None]))
    return person


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("曾国藩", True),
        ("国藩", True),
        ("zgf", True),
        ("ZGF", True),
        ("zg", True),
        ("zengguofan", True),
        ("zeng guo fan", True),
        ("guofan", True),
        ("cgf", False),
        ("zgf 空调", True),
        ("zgf 漏水", False),
        ("5678", True),
        ("13800005678", True),
        ("138-0000-5678", True),
        ("+8613800005678", True),
        ("012x", True),
        ("0000", False),
        ("1380000", False),
    ],
)
def test_people_are_found_by_name_pinyin_and_last_four(case, guest, query, hit):
    assert found(case, query) == hit


def test_no_number_of_a_person_stands_in_the_row_in_clear(case, guest):
    row = SearchText.objects.get(case=case)

    kept = " ".join([row.text, row.details, *row.grams, *row.terms])
    assert [digits for digits in ("5678", "1380", "012x") if digits in kept] == []


# --- what is closed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reach", "hits"),
    [
        (Reach.OPEN, [True, False, False, False]),
        (Reach.DETAILS, [True, True, False, False]),
        (Reach.ALL, [True, True, True, True]),
    ],
)
def test_words_go_as_far_as_the_reach_of_the_reader(case, reach, hits):
    search.write(case, Entry(["手机"], details=["背面贴猫"]))
    search.add_claimants(case, PersonFactory(property=case.property, name="欧阳修"))

    rows = [search.hits(case.property, q, reach) for q in ("手机", "贴猫", "oyx", "5678")]

    assert [row.exists() for row in rows] == hits


def test_a_word_never_hits_across_what_is_open_and_what_is_closed(case):
    search.write(case, Entry(["手机"], details=["贴猫"]))

    assert search.hits(case.property, "手机贴猫", Reach.ALL).exists() is False


def test_a_place_is_found_by_label_and_code(case):
    room = PlaceFactory(property=case.property, name="1806", label="A座 18层 1806", code="A-1806")
    search.write(case, Entry([], places=[room, None]))

    assert [found(case, query) for query in ("18层", "a-1806", "806")] == [True] * 3
