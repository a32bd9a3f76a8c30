"""Gapless numbers per property, prefix and local day (X-1, forms.md 1.1)."""

from datetime import datetime

from django.db import connection
from django.utils import timezone

from propdesk.core.models import CaseCounter, Property

_NEXT = f"""
INSERT INTO {CaseCounter._meta.db_table} (property_id, prefix, day, last) VALUES (%s, %s, %s, %s)
ON CONFLICT (property_id, prefix, day)
DO UPDATE SET last = {CaseCounter._meta.db_table}.last + EXCLUDED.last
RETURNING last
"""  # noqa: S608, SLF001 -- the only interpolated text is our own table name


def next_number(prop: Property, prefix: str, at: datetime) -> str:
    """``TS-20261123-004``: inside the caller's transaction, so a rollback gives the number back.

    The counter row stays locked until commit: numbers are handed out in commit order, gapless.
    More than 999 a day widens to four digits.
    """
    return next_numbers(prop, prefix, at, 1)[0]


def next_numbers(prop: Property, prefix: str, at: datetime, count: int) -> list[str]:
    """The next ``count`` numbers in a row, as ``next_number``; one statement."""
    day = timezone.localdate(at)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [prop.pk, prefix, day, count])
        (last,) = cursor.fetchone()
    return [f"{prefix}-{day:%Y%m%d}-{n:03}" for n in range(last - count + 1, last + 1)]
