"""propdesk.core.search_terms: fields of a hit, pinyin, hashed digits."""

import pytest

from propdesk.core.models import Place
from propdesk.core.search_terms import (
    CLAIMANT,
    LONGEST,
    Rank,
    Reach,
    Who,
    number_terms,
    person_terms,
    place_terms,
    query_terms,
)


def test_number_is_known_whole_and_by_each_run_of_its_parts():
    assert sorted(number_terms("TS-20261123-004")) == [
        "-004", "-1123", "-1123-004", "-202611", "-20261123", "-20261123-004", "-ts", "-ts-20261123",
        "=ts-20261123-004",
    ]  # fmt: skip


def test_room_is_known_by_code_digits_and_label():
    place = Place(code="A-1806", label="A座 18层 1806")
    assert sorted(set(place_terms(place))) == [
        "/1806",
        "/a-1806",
        "/a1806",
        "/a座1806",
        "/a座18层1806",
    ]


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        (
            "曾国藩",
            ["曾国藩", "国藩", "zgf", "gf", "zeng", "zengguofan", "guofan"],
            ["cgf", "曾", "z"],
        ),
        ("单于丹", ["cyd", "chanyudan"], ["syd", "dyd"]),
        ("欧阳修", ["欧阳", "oyx", "ouyang"], ["欧修"]),
        ("John Smith", ["john", "smith", "john smith", "js"], ["johnsmith", "j"]),
        ("", [], [""]),
    ],
)
def test_names_are_known_by_runs_pinyin_and_initials(name, known, unknown):
    terms = set(person_terms(Who(name)))
    assert ({f"@{text}" for text in known} <= terms, terms & {f"@{text}" for text in unknown}) == (
        True,
        set(),
    )


def test_digits_are_hashed_under_the_key_of_the_site(settings):
    who = Who(phone="010-8765 4321", id_last4="012X")
    ours = set(person_terms(who))
    settings.SECRET_KEY = "another"
    assert (len(ours), ours & set(person_terms(who))) == (3, set())
    assert not any(digits in term for digits in ("4321", "012x") for term in ours)


def test_claimants_are_asked_for_by_readers_of_all_alone():
    (term,) = set(person_terms(Who("李白"), CLAIMANT)) & {"!李白"}
    asked = {reach: term in query_terms("李白", Rank.PERSON, reach) for reach in Reach}
    assert asked == {Reach.OPEN: False, Reach.DETAILS: False, Reach.ALL: True}


@pytest.mark.parametrize("word", ["王", "x" * LONGEST, ""])
def test_one_character_and_endless_words_are_no_terms(word):
    assert [query_terms(word, rank, Reach.ALL) for rank in Rank] == [[]] * len(Rank)


@pytest.mark.parametrize("name", ["王" * 60, "a b " * 15, "x" * 60, "\U00020000" * 4])
def test_terms_fit_the_column(name):
    assert max((len(t) for t in person_terms(Who(name, "1" * 30))), default=0) <= LONGEST
