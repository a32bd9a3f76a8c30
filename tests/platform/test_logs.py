"""Log lines hold no personal data."""

import logging
import sys
from datetime import datetime

from propdesk.logs import FramesFormatter

CANARY = "110101199003074514"


def _raise_chained() -> None:
    try:
        int(CANARY + "x")
    except ValueError as error:
        raise KeyError(CANARY) from error


def test_traceback_keeps_frames_and_types_without_messages():
    try:
        _raise_chained()
    except KeyError:
        text = FramesFormatter().formatException(sys.exc_info())

    assert CANARY not in text
    assert "in _raise_chained" in text
    assert [line for line in text.splitlines() if line.startswith("builtins.")] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]


def test_record_with_exception_is_one_entry():
    try:
        _raise_chained()
    except KeyError:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "failed at %s", ("/a/",), sys.exc_info()
        )

    text = FramesFormatter("%(levelname)s %(message)s").format(record)

    assert text.startswith("ERROR failed at /a/\n")
    assert CANARY not in text


def test_key_of_a_calendar_feed_is_no_part_of_a_line() -> None:
    path = "/calendar/kEy-of_a-person.ics"
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "Not Found: %s?a=1", (path,), None)

    text = FramesFormatter("%(levelname)s %(message)s").format(record)

    assert text == "WARNING Not Found: /calendar/***.ics?a=1"


def test_line_tells_the_zone_of_its_time() -> None:
    record = logging.LogRecord("x", logging.WARNING, "x", 1, "said", (), None)
    record.created = 1795747626.25

    text = FramesFormatter("%(asctime)s %(message)s").format(record)

    moment = datetime.fromisoformat(text.removesuffix(" said"))
    assert (moment.timestamp(), moment.utcoffset() is None) == (1795747626.25, False)
