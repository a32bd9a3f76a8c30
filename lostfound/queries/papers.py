"""What is printed of found things, and what everybody may read of them; bounded."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from lostfound import categories
from lostfound.models import (
    Announcement,
    Claim,
    CustodyMove,
    DisposalBatch,
    DisposalLine,
    FoundItem,
)
from lostfound.queries.item import GROUPS, Filters, visible_to
from propdesk.core.clock_text import SHANGHAI
from propdesk.core.models import Property, RenderJob, User

S = FoundItem.Status
RESTING = (S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED)
IN_CUSTODY = (*RESTING, S.CLAIMED, S.DISPUTED, S.DISPOSING)
UNSPOKEN = [code for code, each in categories.RULES.items() if each.to_police_at_once]
"""Kinds of which no notice speaks."""
AT_ONCE = 50
"""Things made known in one go, and on one page of the public list."""
ON_PAPER = 300
"""Things on one printed notice."""
IN_REGISTER = 750
"""Rows of one printed register: what the limits of a render allow with room to spare."""
PLACE = "place__parent__parent__parent"


def claimant_of(job: RenderJob) -> set[int]:
    """Whom the slip of a thing is about: the claimant who got it back, and his proxy."""
    rows = Claim.objects.filter(item=job.case_id, state=Claim.State.RETURNED)
    return {pk for pair in rows.values_list("owner", "proxy") for pk in pair if pk}


def item(user: User, prop: Property, number: str) -> FoundItem | None:
    """The thing of this number, if he may know of it."""
    rows = visible_to(user, prop).select_related("case__property__settings")
    return rows.filter(case__number=number).first()


def batch(prop: Property, number: str) -> DisposalBatch | None:
    """The paper of disposal of this number."""
    rows = DisposalBatch.objects.select_related("case__property__settings")
    return rows.filter(case__property=prop, case__number=number).first()


@dataclass(frozen=True, slots=True)
class Slice:
    """One page in the order of numbers; ``after`` is the key of the next, "" at the end."""

    rows: list[Any]
    after: str


def _slice(rows: "QuerySet[FoundItem]", after: str, *, newest: bool) -> Slice:
    if after:
        step = "lt" if newest else "gt"
        rows = rows.filter(**{f"case__number__{step}": after[:20]})
    rows = rows.order_by("-case__number" if newest else "case__number")
    found = list(rows.select_related("case", PLACE)[: AT_ONCE + 1])
    more = len(found) > AT_ONCE
    return Slice(found[:AT_ONCE], found[AT_ONCE - 1].case.number if more else "")


def to_announce(prop: Property, after: str = "") -> Slice:
    """What lies in the store and was never made known, the oldest first; one statement."""
    return _slice(_unannounced(prop), after, newest=False)


def _unannounced(prop: Property) -> "QuerySet[FoundItem]":
    """At rest in the store and never made known; forbidden things are for the police alone."""
    rows = FoundItem.objects.filter(
        case__property=prop, announced_on=None, ended_at=None, status__in=RESTING
    )
    return rows.exclude(category__in=UNSPOKEN)


def chosen(prop: Property, pks: Sequence[int]) -> list[FoundItem]:
    """Those of ``pks`` that can still be made known for the first time, in the order of locks."""
    return list(
        _unannounced(prop).filter(pk__in=pks).select_related("case").order_by("pk")[:AT_ONCE]
    )


def _known(prop: Property) -> "QuerySet[FoundItem]":
    """Made known, and still here."""
    return FoundItem.objects.filter(
        case__property=prop, announced_on__isnull=False, ended_at=None, status__in=IN_CUSTODY
    ).exclude(category__in=UNSPOKEN)


def on_notice(prop: Property, after: str = "") -> Slice:
    """招领公告 as everybody may read it, newest first, one page; one statement."""
    return _slice(_known(prop), after, newest=True)


def on_board(prop: Property, on: date | None) -> list[FoundItem]:
    """What hangs on the board: all that is known and still here, or what was published on a day.

    One more than fits (``ON_PAPER``), so that the caller sees there is more.
    """
    rows = _known(prop)
    if on is not None:
        told = Announcement.objects.filter(published_on=on, item__case__property=prop)
        rows = rows.filter(pk__in=told.values("item"))
    return list(rows.select_related("case", PLACE).order_by("-case__number")[: ON_PAPER + 1])


def house(code: str) -> Property | None:
    """The house whose public notice is asked for."""
    return Property.objects.filter(code=code).first()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a printed register covers: filters of the list on the screen, and a month."""

    state: str = "all"
    category: str = ""
    month: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Scope":
        """From query parameters; unknown values fall back to everything."""
        narrowed = Filters.of({"state": "all"} | dict(params.items()))
        month = params.get("month", "")
        return cls(narrowed.state, narrowed.category, month if first_day(month) else "")

    def params(self) -> dict[str, str]:
        """As stored with the job: nothing personal."""
        return {"state": self.state, "category": self.category, "month": self.month}


def first_day(month: str) -> date | None:
    """The first day of "2026-11"; None for anything else."""
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", month)
    return date(int(found[1]), int(found[2]), 1) if found else None


def register(prop: Property, scope: Scope, now: datetime) -> list[Any]:
    """The newest things of ``scope`` in the order of their numbers; five statements.

    One more than fits (``IN_REGISTER``), so that the caller sees there is more. ``links`` are the
    receipt and the last link of custody, ``given`` the claim of a return, ``ends`` the disposal.
    """
    rows = _narrowed(FoundItem.objects.filter(case__property=prop), scope, now)
    moves = CustodyMove.objects.filter(Q(ended_at=None) | Q(kind=CustodyMove.Kind.RECEIVE))
    people = ("manager", "guard", "holder", "holder_person", "storage", "seal")
    claims = Claim.objects.filter(state=Claim.State.RETURNED).select_related("owner", "proxy")
    lines = DisposalLine.objects.filter(state=DisposalLine.State.EXECUTED)
    found = (
        rows.select_related("case", "place", "finder_user", "finder", "finder_department")
        .prefetch_related(
            Prefetch("custody", moves.select_related(*people).order_by("seq"), to_attr="links"),
            Prefetch("claims", claims, to_attr="given"),
            Prefetch("disposals", lines.order_by("pk"), to_attr="ends"),
        )
        .order_by("-case__number")[: IN_REGISTER + 1]
    )
    return list(found)[::-1]


def _narrowed(rows: "QuerySet[FoundItem]", scope: Scope, now: datetime) -> "QuerySet[FoundItem]":
    if scope.state in GROUPS:
        rows = rows.filter(status__in=GROUPS[scope.state])
    elif scope.state != "all":
        rows = rows.filter(ended_at=None)
    if scope.state == "overdue":
        rows = rows.filter(next_due_at__lt=now)
    if scope.category:
        rows = rows.filter(category=scope.category)
    start = first_day(scope.month)
    if start is not None:
        end = (start + timedelta(days=32)).replace(day=1)
        since, until = (datetime(d.year, d.month, 1, tzinfo=SHANGHAI) for d in (start, end))
        rows = rows.filter(case__opened_at__gte=since, case__opened_at__lt=until)
    return rows
