"""Rows of the pages of the change of shift; bounded and indexed."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from lostfound.models import Stocktake
from lostfound.queries import storage
from propdesk.core.models import (
    Department,
    Deputy,
    LegalHold,
    Membership,
    Property,
    Shift,
    StaffSignature,
    User,
)
from propdesk.core.paging import PAGE, Page, number_or_none, page_by_time
from propdesk.core.roles import DUTY
from propdesk.desk.handover.models import (
    OPEN,
    CountItem,
    Handover,
    HandoverCount,
    HandoverLine,
    PatrolCheck,
    ShiftLogEntry,
)

LOG_MOST = 200
"""Entries of one shift that are printed; of the others the paper says how many they are."""
COUNTS_MOST = 100


def _rows(prop: Property) -> "QuerySet[Handover]":
    people = ("outgoing", "on_behalf_of", "incoming", "settled_by")
    return Handover.objects.filter(property=prop).select_related("case__property", *people)


def running(prop: Property) -> Handover | None:
    """The hand-over that is being made; the house has one at most."""
    return _rows(prop).filter(status__in=OPEN).first()


def find(prop: Property, number: str) -> Handover | None:
    """The hand-over of this number."""
    rows = _rows(prop).select_related("outgoing_signature", "incoming_signature")
    return rows.filter(case__number=number.strip().upper()).first()


def past(prop: Property, after: str) -> Page:
    """Those that are over, the last to be signed first; ``after``: the key of a row. One statement.

    A house makes one at a time, so their keys stand in the order in which they were signed, which that
    of their shifts need not be.
    """
    rows = _rows(prop).exclude(status__in=OPEN).order_by("-pk")
    key = number_or_none(after)
    found = list((rows if key is None else rows.filter(pk__lt=key))[: PAGE + 1])
    return Page(found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def lines(row: Handover, *, dropped: bool = False) -> list[HandoverLine]:
    """The lines in their order, or those that were settled before both had signed."""
    rows = row.lines.filter(dropped_at__isnull=not dropped)
    return list(rows.select_related("case", "holder").order_by("seq"))


def counts(row: Handover) -> list[HandoverCount]:
    """What is counted, in its order.

    Until both have signed without the cupboards of a blind count that began after the draft: nobody is
    told what should be there (F6).
    """
    running = Stocktake.objects.filter(
        case__property=row.property_id, status=Stocktake.Status.COUNTING
    )
    rows = row.counts.filter(dropped_at=None).annotate(any_blind=Exists(running))
    found = list(rows.order_by("seq"))
    if row.status == Handover.Status.SIGNED or not any(count.any_blind for count in found):
        return list(found)
    tree = storage.tree(row.case.property)
    blind = {f"storage:{node.place.pk}" for node in tree if node.is_counting}
    return [count for count in found if count.key not in blind]


def patrol(row: Handover) -> list[PatrolCheck]:
    """The areas in the order of the form."""
    found = {check.area: check for check in row.patrol.select_related("department")}
    return [found[area] for area in PatrolCheck.Area.values if area in found]


def departments(prop: Property) -> list[Department]:
    """Who can see to a fault."""
    return list(prop.departments.filter(is_active=True).order_by("name"))


def incoming(row: Handover, now: datetime, after: "QuerySet[Shift]") -> list[Any]:
    """Who may take over: the duty side and its deputies, without who leaves and without who acts for him.

    Who is on a shift of ``after`` stands first (``is_named``), the others by name; each with whether
    his signature is kept.
    """
    kept = StaffSignature.objects.filter(user=OuterRef("pk"), ended_at=None)
    posts = Membership.objects.current(now).filter(property=row.property_id, role__in=DUTY)
    posts = posts.exclude(user__in=row.leaving())
    deputies = Deputy.objects.filter(
        for_membership__in=posts, starts_at__lte=now, ends_at__gt=now, revoked_at=None
    )
    either = Q(pk__in=posts.values("user")) | Q(pk__in=deputies.values("by_user"))
    rows = User.objects.filter(either, is_active=True)
    named = after.filter(user=OuterRef("pk"))
    rows = rows.exclude(pk__in=row.leaving())
    rows = rows.annotate(has_signature=Exists(kept), is_named=Exists(named))
    return list(rows.order_by("-is_named", "name_sort"))


def log_of(row: Handover, until: datetime) -> tuple[list[ShiftLogEntry], int]:
    """The log of this record, oldest first, and how many entries more than are listed.

    From the first signature of the record before up to that of this one, ``until`` while there is none.
    Two statements at most.
    """
    end = row.outgoing_signed_at or until
    rows = ShiftLogEntry.objects.filter(
        property=row.property_id, at__gte=row.reports_from, at__lt=end
    )
    found = list(rows.select_related("by", "corrects").order_by("at", "pk")[: LOG_MOST + 1])
    more = rows.count() - LOG_MOST if len(found) > LOG_MOST else 0
    return found[:LOG_MOST], more


def log_of_held() -> Q:
    """Condition on ``ShiftLogEntry``: it stands on a record on legal hold; of one unsigned up to its end."""
    holds = LegalHold.objects.filter(lifted_at=None).values("case")
    held = Handover.objects.filter(case__in=holds).annotate(
        end=Coalesce("outgoing_signed_at", "until")
    )
    here = {"property": OuterRef("property"), "reports_from__lte": OuterRef("at")}
    return Q(Exists(held.filter(**here, end__gt=OuterRef("at"))))


def reported_until(prop: Property) -> datetime | None:
    """The first signature of the last record that both signed: up to there all stands on paper."""
    rows = Handover.objects.filter(property=prop, status=Handover.Status.SIGNED)
    newest = rows.order_by("-outgoing_signed_at").values_list("outgoing_signed_at", flat=True)
    return newest.first()


def log_page(prop: Property, after: str) -> Page:
    """The log, the newest first. One statement."""
    rows = ShiftLogEntry.objects.filter(property=prop).order_by("-at", "-pk")
    rows = rows.select_related("by", "shift", "corrects")
    return page_by_time(rows, "at", after, lambda row: row.at, newest_first=True)


def log_entry(prop: Property, pk: int) -> ShiftLogEntry | None:
    """One entry of this house."""
    return ShiftLogEntry.objects.filter(property=prop, pk=pk).first()


def count_items(prop: Property) -> list[CountItem]:
    """What the house counts, those in use first."""
    rows = CountItem.objects.filter(property=prop)
    return list(rows.order_by("-is_active", "pk")[:COUNTS_MOST])


def count_item(prop: Property, pk: int) -> CountItem | None:
    """One of them."""
    return CountItem.objects.filter(property=prop, pk=pk).first()
