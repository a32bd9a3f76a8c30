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


@given(st.text(min_size=2, max_size=12))
def test_name_never_shows_the_given_name(typed):
    shown = masks.name(typed)

    assert shown == "" or shown.endswith("*")
    assert len(shown) <= 3
