"""Lost reports as one person may see them: the list, one report, its entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from lostfound.models import Category, LostReport, MatchPair, MatchProfile
from lostfound.permissions import ACTIONS
from propdesk.core import drafts, search
from propdesk.core.models import Case, Place, Property, Unmasking, User
from propdesk.core.paging import Page, page_by_time
from propdesk.core.roles import standing

S = LostReport.Status
SPOTS = 300
"""Places offered while somebody types; rooms are typed by their number."""


def visible_to(user: User, prop: Property) -> "QuerySet[LostReport]":
    """Reports of the property this user may read: all, or those he took down (others are 404)."""
    mine = standing(user, prop).roles
    # Property and kind together are the prefix of the index of all lists.
    rows = LostReport.objects.filter(case__property=prop, case__kind=Case.Kind.LOST)
    grant = ACTIONS["read_lost"]
    if mine & grant.any:
        return rows
    return rows.filter(received_by=user) if mine & grant.own else rows.none()


def reads_all(user: User, prop: Property) -> bool:
    """Whether every report of the property is open to him."""
    return bool(standing(user, prop).roles & ACTIONS["read_lost"].any)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; kept in the address."""

    state: str = "open"
    category: str = ""
    q: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """From query parameters; unknown values fall back to none."""
        state, category = params.get("state", "open"), params.get("category", "")
        return cls(
            state=state if state in {*S.values, "all"} else "open",
            category=category if category in Category.values else "",
            q=params.get("q", "").replace("\x00", "").strip()[:60],
        )

    def params(self) -> dict[str, str]:
        """The filters as query parameters, defaults left out."""
        state = "" if self.state == "open" else self.state
        values = {"state": state, "category": self.category, "q": self.q}
        return {k: v for k, v in values.items() if v}


def _pairs(state: str) -> "QuerySet[MatchPair]":
    return MatchPair.objects.filter(lost=OuterRef("pk"), state=state)


def board(user: User, prop: Property, filters: Filters) -> "QuerySet[Any]":
    """Reports for the list, the newest first; narrow with ``page_of``. One statement.

    ``best`` is the most points of what is suggested for it, ``accepted`` whether something is
    taken for it.
    """
    rows = visible_to(user, prop)
    if filters.state == S.OPEN:
        rows = rows.filter(case__is_open=True)
    elif filters.state != "all":
        rows = rows.filter(status=filters.state)
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.q:
        rows = rows.filter(case__in=search.hits(prop, filters.q).values("case"))
    best = _pairs(MatchPair.State.SUGGESTED).filter(found__ended_at=None).order_by("-points")
    rows = rows.select_related("case", "guest", "place", "received_by").annotate(
        best=Subquery(best.values("points")[:1]),
        accepted=Exists(_pairs(MatchPair.State.ACCEPTED)),
    )
    return rows.order_by("-case__opened_at", "-pk")


def page_of(rows: "QuerySet[Any]", after: str) -> Page:
    """One page of ``board``; a malformed key gives the first."""
    return page_by_time(
        rows, "case__opened_at", after, lambda row: row.case.opened_at, newest_first=True
    )


def one(user: User, prop: Property, number: str) -> Any:
    """The report if ``user`` may see it, with what its page reads, or None; one statement.

    ``phone_until``: until when he may see the full number; ``is_comparing``: it waits to be compared;
    ``draft_rows``: what he typed into its forms.
    """
    looks = Unmasking.objects.filter(person=OuterRef("guest"), by=user, field="phone")
    waits = MatchProfile.objects.filter(case=OuterRef("pk"), stale_at__isnull=False, is_open=True)
    typed = drafts.of(user, f"{number}:").order_by("pk")
    return (
        visible_to(user, prop)
        .filter(case__number=number)
        .select_related("case__property__settings", "case__erasure", "guest__room", "received_by")
        .select_related("place", "place2", "place3")
        .annotate(
            phone_until=Subquery(looks.order_by("-until").values("until")[:1]),
            is_comparing=Exists(waits),
            draft_rows=ArraySubquery(typed.values(row=JSONObject(form="form", data="data"))),
        )
        .first()
    )


def spots(prop: Property) -> list[str]:
    """Names of buildings, floors and public places, to choose from while typing."""
    rows = Place.objects.filter(property=prop, is_active=True).exclude(kind=Place.Kind.ROOM)
    return list(rows.order_by("label").values_list("label", flat=True)[:SPOTS])


def match(report: LostReport, pk: int) -> MatchPair | None:
    """One pair of the report."""
    rows = MatchPair.objects.filter(lost=report, pk=pk)
    return rows.select_related("lost", "found__case__property").first()


def phone_until(report: Any, now: datetime) -> datetime | None:
    """Until when the full number may stand on the page; None when it may not."""
    until: datetime | None = report.phone_until
    return until if until is not None and until > now else None
