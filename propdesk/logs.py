"""Log lines without personal data: where it broke, never what was typed."""

import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType

FEED = re.compile(r"(/calendar/)[^/\s]+(\.ics)")
"""The address of a calendar feed: whoever knows it reads the feed, so no log holds it (ADR 0036)."""


class FramesFormatter(logging.Formatter):
    """Prints a traceback as frames and exception types, and no address that is a key.

    Messages of exceptions are left out: PostgreSQL quotes the offending row and parsers quote
    the offending text, and both may hold the name or identity number of a guest.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the key taken out of the address of a feed."""
        return FEED.sub(r"\1***\2", super().format(record))

    def formatTime(  # noqa: N802 -- the name is logging's
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return the local time with its zone: logs of several machines are read side by side."""
        moment = datetime.fromtimestamp(record.created, UTC).astimezone()
        return moment.isoformat(sep=" ", timespec="milliseconds")

    def formatException(  # noqa: N802 -- the name is logging's
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return the frames of the exception and of its causes, oldest first."""
        parts: list[str] = []
        error = ei[1]
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = "".join(traceback.format_tb(error.__traceback__))
            parts.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
        return "\n".join(reversed(parts))
