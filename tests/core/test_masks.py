"""propdesk.core.masks: spec/ux.md, and nothing masked shows more than its rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propdesk.core import masks


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("0086 13812345678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("010-12345678", "010-****5678"),
        ("(010) 1234 5678", "010-****5678"),
        ("0571-8765432", "0571-****5432"),
        ("010-12345678-801", "010-****5678"),
        ("010-12345678 转 801", "010-****5678"),
        ("400-820-1234", "****1234"),
        ("+44 20 7946 0958", "****0958"),
        ("12345678", "****5678"),
        ("95598", "****"),
        ("没有电话", "****"),
        (" ", ""),
    ],
)
def test_phone(typed, shown):
    assert masks.phone(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("110101199001010123", "110***********0123"),
        ("11010119900101012x", "110***********012X"),
        ("110101900101123", "110********1123"),
        ("1101011990", "****1990"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_id_number(typed, shown):
    assert masks.id_number(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("E12341234", "E****1234"),
        ("e 1234 1234", "E****1234"),
        ("E1234", "****"),
        ("", ""),
    ],
)
def test_passport(typed, shown):
    assert masks.passport(typed) == shown


@pytest.mark.parametrize(
    ("typed", "honorific", "shown"),
    [
        ("王丽", "ms", "王女士"),
        ("张伟", "", "张*"),
        ("张伟", "other", "张*"),
        ("欧阳修", "", "欧阳*"),
        ("John Smith", "mr", "J*"),
        ("阿卜杜拉·买买提", "", "阿*"),
        ("  ", "ms", ""),
    ],
)
def test_name(typed, honorific, shown):
    assert masks.name(typed, honorific) == shown


@given(st.text(st.sampled_from("0123456789-+ ()转X"), max_size=30))
def test_phone_never_shows_more_than_eight_digits(typed):
    assert sum(c.isdigit() for c in masks.phone(typed)) <= 8


@given(st.text(st.sampled_from("0123456789XE"), max_size=24))
def test_id_and_passport_never_show_more_than_seven_characters(typed):
    for shown in (masks.id_number(typed), masks.passport(typed)):
        assert len(shown.replace("*", "")) <= 7


@given(st.text(min_size=2, max_size=12))
def test_name_never_shows_the_given_name(typed):
    shown = masks.name(typed)

    assert shown == "" or shown.endswith("*")
    assert len(shown) <= 3
