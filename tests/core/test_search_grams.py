"""propdesk.core.search_grams: a query inside a text never loses the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.search_grams import grams, normalise, query_grams

MIXED = st.text(
    st.one_of(
        st.sampled_from("空调漏水玉镯唐睿abcXYZ0123456789-， .／Ａ１"),
        st.characters(exclude_categories=[]),
    ),
    max_size=60,
)


@given(MIXED, st.data())
def test_query_grams_of_a_substring_are_grams_of_the_text(text, data):
    stored = normalise(text)
    start = data.draw(st.integers(0, len(stored)))
    query = stored[start : data.draw(st.integers(start, len(stored)))]

    assert normalise(query) not in stored or set(query_grams(query)) <= set(grams(text))


@given(MIXED)
def test_normalise_is_idempotent(text):
    assert normalise(normalise(text)) == normalise(text)


@given(MIXED)
def test_a_text_finds_itself(text):
    assert set(query_grams(text)) <= set(grams(text))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("镯", ["镯"]),
        ("玉镯", ["玉镯"]),
        ("空调漏水", ["漏水", "空调", "调漏"]),
        ("5678", ["567", "678"]),
        ("56", ["56"]),
        ("a座180", ["180", "a座", "座1"]),
        ("3号", ["3号"]),
        ("，。", []),
        ("", []),
    ],
)
def test_query_grams(query, expected):
    assert query_grams(query) == expected


def test_word_bounded_inside_the_query_is_asked_for_whole():
    assert "20261123" in query_grams("TS-20261123-004")
    assert "004" in query_grams("20261123-004")
    assert "20261123" not in query_grams("20261123-004")


@pytest.mark.parametrize("query", ["5678", "20261123", "004", "ts-2026", "Ａ座", "iphone", "水管"])
def test_fragments_people_type_are_found(query):
    text = "TS-20261123-004 A座1806 水管爆了，尾号13812345678，iPhone 15"

    assert set(query_grams(query)) <= set(grams(text))


@pytest.mark.parametrize("query", ["5679", "水爆", "貔貅", "20261124"])
def test_absent_fragments_are_told_apart(query):
    text = "TS-20261123-004 A座1806 水管爆了，尾号13812345678"

    assert not set(query_grams(query)) <= set(grams(text))
