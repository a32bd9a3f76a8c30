"""propdesk.desk.search_marks: marks never change the text and always escape it."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core.search_grams import normalise
from propdesk.desk.search_marks import WIDTH, excerpt, marked

TEXT = st.text(st.sampled_from("空调<>&\"'ＡａB１2ß， …"), max_size=30)


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("主卧空调漏水", ["空调"], "主卧<mark>空调</mark>漏水"),
        ("Ａ座1806", ["a座18"], "<mark>Ａ座18</mark>06"),
        ("ABAB", ["ab"], "<mark>ABAB</mark>"),
        ("空调漏", ["空调", "调漏"], "<mark>空调漏</mark>"),
        ("a<b", ["b"], "a&lt;<mark>b</mark>"),
        ("王*", ["王晓梅"], "王*"),
        ("Straße", ["strasse"], "<mark>Straße</mark>"),
        ("", ["x"], ""),
    ],
)
def test_words_are_marked_where_they_stand(text: str, words: list[str], shown: str) -> None:
    assert marked(text, words) == shown


@given(TEXT, st.lists(TEXT.map(normalise).filter(bool), max_size=3))
def test_without_its_marks_it_is_the_escaped_text(text: str, words: list[str]) -> None:
    plain = re.sub("</?mark>", "", marked(text, words))
    assert (unescape(plain), "<" in plain, ">" in plain) == (text, False, False)


def test_excerpt_shows_the_first_text_with_a_word_from_a_little_before_it() -> None:
    texts = ["没有", "前" * 60 + "空调" + "后" * 60]
    found = excerpt(texts, ["空调"])
    assert found == f"…{'前' * 10}空调{'后' * (WIDTH - 12)}…"
    assert excerpt(texts, ["缺"]) == "没有"
    assert excerpt([], ["空调"]) == ""
