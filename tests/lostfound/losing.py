"""Lost reports walked to a given state through the workflow itself, and what the matching made of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from lostfound import workflow
from lostfound.models import LostReport, MatchPair
from propdesk.core.models import User
from propdesk.core.persons import Guest
from tests.lostfound.journey import House

GUEST = Guest(name="林小雨", honorific="ms", phone="13800005678")


def loss(**changes: Any) -> workflow.Loss:
    """A phone with a cracked screen, missed since this morning."""
    now = timezone.now()
    made = workflow.Loss(
        category="phone",
        name="手机",
        features="黑色的手机，右上角屏幕裂了，套着蓝色硅胶手机套",
        lost_from=now - timedelta(hours=5),
        lost_to=now - timedelta(hours=1),
    )
    return replace(made, **changes)


def lost(
    house: House, *, by: User | None = None, guest: Guest = GUEST, **changes: Any
) -> LostReport:
    """A lost report, open."""
    return read(workflow.report_lost(house.prop, loss(**changes), guest, by=by or house.desk))


def read(report: LostReport) -> LostReport:
    """The report anew with what its transitions read."""
    rows = LostReport.objects.select_related("case__property__settings", "guest", "place")
    return rows.get(pk=report.pk)


def compared() -> int:
    """Compare what waits, as the worker does."""
    return workflow.refresh_matches(timezone.now())


def pairs(report: LostReport | None = None) -> list[MatchPair]:
    """All pairs, or those of one report."""
    rows = MatchPair.objects.order_by("lost", "found")
    return list(rows if report is None else rows.filter(lost=report))


def suggested(house: House, **changes: Any) -> MatchPair:
    """The phone of the journey and whoever lost it, found to be alike."""
    house.logged()
    lost(house, **changes)
    compared()
    return MatchPair.objects.get()
