"""Papers of disposal: the list, one with its lines, and what may be put on one; bounded, few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lostfound import categories
from lostfound.models import Announcement, DisposalBatch, DisposalLine, FoundItem, TraceAttempt
from lostfound.queries.item import photos_of
from propdesk.core.models import Attachment, AuditEntry, Property
from propdesk.core.paging import Page, number_or_none, page_by_time

S = FoundItem.Status
B = DisposalBatch.Status
L = DisposalLine.State
LIVE = (L.PROPOSED, L.DECIDED)
OPEN = (B.DRAFT, B.SUBMITTED, B.REVIEWED, B.DECIDED)
ENDED = (B.DONE, B.WITHDRAWN)
AT_REST = (S.STORED, S.TRACING, S.OWNERLESS)
EARLY = tuple(code for code, rule in categories.RULES.items() if rule.early_days is not None)
"""Categories with a date of their own: food, medicine (ambiguity 5)."""
PAGE = 30
MOST_OPEN = 100
ENTRIES = 40
PEOPLE = ("asked_by", "asked_with", "reviewed_by", "decided_by", "on_behalf_of")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows: papers under way, or ended ones."""

    ended: bool = False

    @property
    def states(self) -> Sequence[str]:
        """The states of the papers shown."""
        return ENDED if self.ended else OPEN


def page_of(prop: Property, filters: Filters, after: str) -> Page:
    """Papers of the house, the newest first, with how many things each is about; one statement."""
    things = Count("lines", filter=~Q(lines__state=L.DROPPED))
    left = Count("lines", filter=Q(lines__state__in=LIVE))
    rows = (
        DisposalBatch.objects.filter(case__property=prop, status__in=filters.states)
        .select_related("case", "asked_by", "decided_by")
        .annotate(things=things, left=left)
        .order_by("-pk")
    )
    before = number_or_none(after)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    size = PAGE if filters.ended else MOST_OPEN
    found = list(rows[: size + 1])
    for row in found:
        row.case.property = prop
    return Page(found[:size], str(found[size - 1].pk) if len(found) > size else "")


def find(prop: Property, number: str) -> DisposalBatch | None:
    """One paper of the house with everybody who signed it, as its pages and acts read it."""
    rows = DisposalBatch.objects.filter(case__property=prop, case__number=number.upper())
    row = rows.select_related("case", "case__created_by", *PEOPLE).first()
    if row is not None:
        row.case.property = prop
    return row


def _told(rows: "QuerySet[Any]", item: str) -> "QuerySet[Any]":
    """With how often and when last somebody was looked for: ``asked`` and ``asked_last``."""
    attempts: Any = TraceAttempt.objects.filter(item=OuterRef(item)).order_by().values("item")
    notices = Announcement.objects.filter(item=OuterRef(item)).order_by().values("item")
    found: QuerySet[Any] = rows.annotate(
        asked=Coalesce(Subquery(attempts.annotate(n=Count("pk")).values("n")), 0),
        asked_last=Subquery(attempts.annotate(at=Max("tried_at")).values("at")),
        told=Coalesce(Subquery(notices.annotate(n=Count("pk")).values("n")), 0),
    )
    return found


def lines(batch: DisposalBatch) -> list[Any]:
    """Every line in order, each with its thing and what was done to find its owner; one statement."""
    rows = DisposalLine.objects.filter(batch=batch)
    rows = rows.select_related("item__case", "item__policy", "executed_by", "executed_with")
    shown = photos_of(OuterRef("item")).order_by("pk").values("pk")[:1]
    rows = rows.annotate(picture=Subquery(shown))
    found = list(_told(rows, "item").order_by("position"))
    for line in found:
        line.batch, line.item.case.property = batch, batch.case.property
    return found


def pickable(prop: Property, after: str, *, early: bool = False) -> Page:
    """What has expired and stands on no paper, the longest first; or food and medicine before its day."""
    rows = _things(prop).filter(ended_at=None).order_by("next_due_at", "pk")
    rows = (
        rows.filter(status__in=AT_REST, category__in=EARLY)
        if early
        else rows.filter(status=S.EXPIRED)
    )
    rows = _told(rows.filter(~_on_paper()), "pk")
    return page_by_time(rows, "next_due_at", after, lambda row: row.next_due_at, size=PAGE)


def _things(prop: Property) -> "QuerySet[FoundItem]":
    rows = FoundItem.objects.filter(case__property=prop)
    return rows.select_related("case__property", "policy")


def _on_paper() -> Exists:
    return Exists(DisposalLine.objects.filter(item=OuterRef("pk"), state__in=LIVE))


def picked(prop: Property, keys: Sequence[int]) -> list[FoundItem]:
    """The things that were ticked, whatever their state: the transition says what is wrong."""
    return list(_things(prop).filter(pk__in=keys).order_by("next_due_at", "pk"))


def by_number(prop: Property, number: str) -> FoundItem | None:
    """A thing whose number was typed."""
    return _things(prop).filter(case__number=number.strip().upper()).first()


def entries(batch: DisposalBatch) -> list[AuditEntry]:
    """What was done with a paper, the newest first."""
    rows = AuditEntry.objects.filter(case=batch.case_id).select_related("by")
    return list(rows.order_by("-seq")[:ENTRIES])


def photo(batch: DisposalBatch, pk: int) -> Attachment | None:
    """A picture of the proof of one of its lines."""
    rows = Attachment.objects.filter(case=batch.case_id, pk=pk, removed_at=None)
    return rows.first()
