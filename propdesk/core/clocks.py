"""Deadlines are rows: armed by transitions, fired by the sweep, each once (X-3, decision 11)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from propdesk.core import notices
from propdesk.core.models import Case, Clock, Notice

BATCH = 500


def arm(case: Case, *clocks: tuple[str, datetime]) -> None:
    """Set (rule, due) pairs; the same pair again runs on, or runs again when it was stopped.

    A pair that has fired never fires twice.
    """
    arm_all([(case, rule, due) for rule, due in clocks])


def arm_all(clocks: Iterable[tuple[Case, str, datetime]]) -> None:
    """``arm`` for many cases in one statement."""
    Clock.objects.bulk_create(
        [Clock(case=case, rule=rule, due_at=due) for case, rule, due in clocks],
        update_conflicts=True,
        unique_fields=["case", "rule", "due_at"],
        update_fields=["stopped_at"],
    )


def stop(case: Case, rules: Iterable[str], now: datetime) -> None:
    """Stop pending clocks of these rules: a stopped clock never fires (R11)."""
    stop_all([case], now, rules)


def stop_all(cases: Iterable[Case], now: datetime, rules: Iterable[str] | None = None) -> None:
    """Stop what is pending on these cases, of these rules or of any, and hold back what they said; a
    bounded number of statements."""
    keys, wanted = [case.pk for case in cases], list(rules or ())
    rows = Clock.objects.filter(case__in=keys, fired_at=None, stopped_at=None)
    if rules is not None:
        rows = rows.filter(rule__in=wanted)
    rows.update(stopped_at=now)
    # What these clocks said before, and a quiet night or an ill robot holds, is true no more. What is
    # urgent is told all the same: that it came to this is worth knowing.
    told = Notice.objects.filter(case__in=keys, urgent=False)
    said = Clock.objects.filter(case__in=keys).values("rule") if rules is None else wanted
    notices.hold_back(told.filter(rule__in=said))


def pending(rules: Sequence[str], now: datetime) -> "QuerySet[Clock]":
    """Clocks of these rules that are due and have neither fired nor stopped, oldest first (R6: now > due)."""
    rows = Clock.objects.filter(rule__in=rules, due_at__lt=now, fired_at=None, stopped_at=None)
    return rows.order_by("due_at", "id")


def due_cases(rules: Sequence[str], now: datetime) -> list[int]:
    """Ids of up to BATCH cases with a pending clock past its due time, oldest first."""
    return list(dict.fromkeys(pending(rules, now).values_list("case_id", flat=True)[:BATCH]))


def locked_due(rules: Sequence[str], case_ids: Sequence[int], now: datetime) -> list[Clock]:
    """Lock the cases nobody else holds and give their due clocks, in order of due time."""
    cases = {
        case.pk: case
        for case in Case.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk__in=case_ids)
        .order_by("pk")
    }
    found = list(pending(rules, now).filter(case__in=cases))
    for clock in found:
        clock.case = cases[clock.case_id]
    return found


def mark_fired(clocks: Sequence[Clock], now: datetime) -> None:
    """Stamp the moment of firing beside the due time, in one statement."""
    for clock in clocks:
        clock.fired_at = now
    Clock.objects.bulk_update(clocks, ["fired_at", "merged"])
