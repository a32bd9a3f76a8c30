"""What the pages of 通知渠道 read."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from propdesk.core.models import Delivery, Property, Robot
from propdesk.core.paging import number_or_none
from propdesk.desk.house.queries import PAGE, Page

HISTORY = 10


def robots(prop: Property) -> list[Robot]:
    """All robots of the house, those in use first; at most ``channels.robots.MOST``."""
    rows = Robot.objects.filter(property=prop).select_related("meter", "tested_by").defer("secret")
    return list(rows.order_by("-is_active", "name"))


def robot(prop: Property, pk: int) -> Robot:
    """One robot of the house, or 404."""
    return get_object_or_404(Robot.objects.select_related("property"), property=prop, pk=pk)


def history(row: Robot) -> list[object]:
    """The last changes of a robot: when, by whom, why."""
    return list(row.history.select_related("history_user").order_by("-history_id")[:HISTORY])


def _failed(prop: Property) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(property=prop, state=Delivery.State.FAILED)


def failed_count(prop: Property) -> int:
    """How much failed and was not sent again; at most a hundred are counted."""
    return len(_failed(prop).values_list("pk", flat=True)[:100])


def failed(prop: Property, after: str) -> Page:
    """What failed, the newest first, fifty a page."""
    rows = _failed(prop).select_related("notice__case", "robot", "recipient").order_by("-pk")
    before = number_or_none(after)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    return Page(found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def failed_one(prop: Property, pk: int) -> Delivery:
    """One delivery of the house, or 404."""
    return get_object_or_404(Delivery.objects.select_related("property"), property=prop, pk=pk)
