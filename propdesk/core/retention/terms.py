"""Which cases have reached the end of their term, and which stay all the same."""

from datetime import datetime

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from propdesk.core.clock_text import midnight
from propdesk.core.models import Case, LegalHold, Property, Report
from propdesk.core.retention import declared

SHIFT_KINDS = (Case.Kind.HANDOVER,)
"""Kept as long as logs of a shift; all others as long as the file of a case."""


def cuts(prop: Property, now: datetime) -> tuple[datetime, datetime]:
    """What ended before these moments is due: a case, and what a shift wrote.

    A term of three years that began on 27 November ends with 27 November (民法典 201): due from 00:00 of
    the next day; of 29 February, with the 28th.
    """
    today = timezone.localdate(now)
    row = prop.settings
    return (
        midnight(today - relativedelta(years=row.keep_cases_years)),
        midnight(today - relativedelta(years=row.keep_shifts_years)),
    )


def expired(prop: Property, now: datetime) -> "QuerySet[Case]":
    """Closed cases past their term that were not purged, whatever else keeps them."""
    cases, shifts = cuts(prop, now)
    rows = Case.objects.filter(property=prop, is_open=False, erasure=None)
    return rows.filter(
        Q(kind__in=SHIFT_KINDS, closed_at__lt=shifts)
        | (~Q(kind__in=SHIFT_KINDS) & Q(closed_at__lt=cases))
    )


def held(rows: "QuerySet[Case]") -> "QuerySet[Case]":
    """Those on legal hold."""
    active = LegalHold.objects.filter(case=OuterRef("pk"), lifted_at=None)
    return rows.filter(Exists(active))


def lasting(rows: "QuerySet[Case]") -> "QuerySet[Case]":
    """Those about a death or an injury, which are kept for ever."""
    hurt = Report.objects.filter(injured__gt=0, case=OuterRef("pk"))
    found = Q(Exists(hurt))
    for ask in declared.LASTING:
        found |= Q(pk__in=ask(rows))
    return rows.filter(found)


def due(prop: Property, now: datetime) -> "QuerySet[Case]":
    """What the next purge would take."""
    rows = expired(prop, now)
    kept = Q(pk__in=held(rows).values("pk")) | Q(pk__in=lasting(rows).values("pk"))
    return rows.exclude(kept)
