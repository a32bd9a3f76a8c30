"""Amounts in words against values written by hand, and against a second way of writing them."""

import random
from decimal import Decimal

import pytest

from propdesk.core.amounts import figures, in_words

DIGITS = "零壹贰叁肆伍陆柒捌玖"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("16409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "人民币叁佰贰拾伍元零肆分"),
        ("1409.50", "人民币壹仟肆佰零玖元伍角整"),
        ("100", "人民币壹佰元整"),
        ("100.00", "人民币壹佰元整"),
        ("0.50", "人民币伍角整"),
        ("0.05", "人民币伍分"),
        ("10", "人民币壹拾元整"),
        ("20300.07", "人民币贰万零叁佰元零柒分"),
        ("1680.32", "人民币壹仟陆佰捌拾元叁角贰分"),
        ("0", "人民币零元整"),
    ],
)
def test_amount_in_words(amount, words):
    assert in_words(Decimal(amount)) == words


def read(words):
    """The amount the words stand for, read digit by digit: knows nothing of how they were made."""
    body = words.removeprefix("人民币").removesuffix("整")
    total = section = number = Decimal(0)
    units = {"拾": 10, "佰": 100, "仟": 1000}
    for char in body:
        if char in DIGITS:
            number = Decimal(DIGITS.index(char))
        elif char in units:
            section, number = section + number * units[char], Decimal(0)
        elif char == "万":
            total, section, number = total + (section + number) * 10000, Decimal(0), Decimal(0)
        elif char == "元":
            total, section, number = total + section + number, Decimal(0), Decimal(0)
        elif char == "角":
            total, number = total + number / 10, Decimal(0)
        elif char == "分":
            total, number = total + number / 100, Decimal(0)
    return total


def test_words_read_back_to_the_amount():
    chance = random.Random(20260101)  # noqa: S311 -- samples, no secret
    cents = [*range(2500), *(chance.randrange(9_999_999_99) for _ in range(5000))]

    wrong = [c for c in cents if read(in_words(Decimal(c) / 100)) != Decimal(c) / 100]

    assert wrong == []


def test_ending_follows_the_smallest_unit():
    assert in_words(Decimal("7.00")).endswith("元整")
    assert in_words(Decimal("7.10")).endswith("角整")
    assert in_words(Decimal("7.11")).endswith("壹分")


@pytest.mark.parametrize("amount", ["-1", "0.001"])
def test_amount_that_no_paper_carries_is_refused(amount):
    with pytest.raises(ValueError, match="an amount on paper"):
        in_words(Decimal(amount))


def test_figures():
    assert figures(Decimal("1409.5")) == "¥1,409.50"
