"""Which lines go out together."""

from propdesk.core.channels.bundling import pack
from propdesk.core.models import Delivery, Notice


def row(text, *, urgent=False):
    return Delivery(notice=Notice(text=text, urgent=urgent))


def packed(*rows):
    parcels = pack(rows, lambda one: one.notice.text)
    assert sorted(id(r) for p in parcels for r in p.rows) == sorted(id(r) for r in rows)
    return [(parcel.lines, len(parcel.rows), parcel.is_digest) for parcel in parcels]


def test_five_lines_go_one_by_one_and_six_together():
    lines = [row(str(n)) for n in range(6)]

    assert packed(*lines[:5]) == [((str(n),), 1, False) for n in range(5)]
    assert packed(*lines) == [(tuple("012345"), 6, True)]


def test_same_line_is_said_once_whoever_it_is_for():
    assert packed(row("a"), row("b"), row("a")) == [(("a",), 2, False), (("b",), 1, False)]
    assert packed(*[row("a") for _each in range(9)]) == [(("a",), 9, False)]


def test_urgent_lines_come_first_and_are_not_mixed_with_others():
    many = [row(str(n)) for n in range(6)]

    assert packed(*many, row("now", urgent=True)) == [
        (("now",), 1, False),
        (tuple("012345"), 6, True),
    ]


def test_nothing_waiting_is_no_message():
    assert packed() == []
