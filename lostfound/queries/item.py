"""Found things as one person may see them: the register, one thing's history, what is searched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from lostfound.models import Category, Claim, CustodyMove, DisposalLine, FoundItem, Stocktake
from lostfound.permissions import ACTIONS
from propdesk.core import search
from propdesk.core.models import Attachment, Case, Property, User
from propdesk.core.paging import Page, page_by_time
from propdesk.core.roles import standing
from propdesk.core.search import Arm
from propdesk.core.search_terms import Reach

S = FoundItem.Status
ENDED = (S.RETURNED, S.DISPOSED, S.POLICE, S.VOIDED)
GROUPS: dict[str, tuple[str, ...]] = {
    "logged": (S.LOGGED,),
    "stored": (S.STORED,),
    "tracing": (S.TRACING,),
    "ownerless": (S.OWNERLESS,),
    "claims": (S.CLAIMED, S.DISPUTED),
    "disposal": (S.EXPIRED, S.DISPOSING),
    "ended": ENDED,
}
"""Words of the filter and the states behind each."""


def visible_to(user: User, prop: Property) -> "QuerySet[FoundItem]":
    """Found things of the property this user may read (403 is never needed: others are 404)."""
    return _visible(user, prop, FoundItem.objects.all())


def _visible(user: User, prop: Property, among: "QuerySet[FoundItem]") -> "QuerySet[FoundItem]":
    mine = standing(user, prop)
    # Property and kind together are the prefix of the index of all lists.
    rows = among.filter(case__property=prop, case__kind=Case.Kind.FOUND)
    grant = ACTIONS["read"]
    if mine.roles & grant.any:
        return rows
    if not mine.roles & grant.own:
        return rows.none()
    return rows.filter(pk__in=_related(user, mine.departments, among))


def _related(
    user: User, departments: "frozenset[int]", among: "QuerySet[FoundItem]"
) -> "QuerySet[Any, Any]":
    """Ids of what he found, logged or holds, and of what lies in one of his departments."""
    items = among.order_by().values("pk")
    waiting = CustodyMove.objects.order_by().filter(ended_at=None, item__status=S.LOGGED)
    parts: list[Any] = [items.filter(finder_user=user), waiting.filter(holder=user).values("item")]
    if departments:
        parts.append(waiting.filter(department__in=departments).values("item"))
    return items.filter(logged_by=user).union(*parts)


def sees_all_details(user: User, prop: Property) -> bool:
    """Whether features, contents and photos of every thing are open to him (see_details)."""
    return bool(standing(user, prop).roles & ACTIONS["see_details"].any)


def searched(user: User, prop: Property, query: str) -> "QuerySet[FoundItem]":
    """What he may read and what his words hit.

    Words from name, features and serial find only what he may see the details of: to others the
    search would confirm a guessed feature. They find by number, category and place (ADR 0034).
    """
    rows = visible_to(user, prop)
    reach = Reach.ALL if sees_all_details(user, prop) else Reach.OPEN
    found = search.hits(prop, query, reach).values("case")
    if reach == Reach.OPEN:
        inside = search.hits(prop, query, Reach.DETAILS).values("case")
        found = found.union(
            FoundItem.objects.filter(pk__in=_own(user), case__in=inside).values("case")
        )
    return rows.filter(case__in=found)


def search_arms(user: User, prop: Property) -> list[Arm]:
    """What the search over all registers may look into: all he reads, his own with its details."""
    mine, kinds = standing(user, prop).roles, (Case.Kind.FOUND,)
    if sees_all_details(user, prop):
        return [Arm(kinds, Reach.ALL)]
    visible = visible_to(user, prop).order_by()
    own = visible.filter(pk__in=_own(user))
    arms = [Arm(kinds, Reach.DETAILS, Q(pk__in=own.values("case")), own.values("case"))]
    if mine & ACTIONS["read"].any:
        return [Arm(kinds), *arms]
    keys = visible.values("case")
    return [Arm(kinds, where=Q(pk__in=keys), own=keys), *arms]


def _own(user: User) -> "QuerySet[Any, Any]":
    """Ids of what he found or logged: its details are no secret from him."""
    items = FoundItem.objects.order_by()
    mine = items.filter(logged_by=user).values("pk")
    return mine.union(items.filter(finder_user=user).values("pk"))


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
            state=state if state in {"open", "overdue", "all", *GROUPS} else "open",
            category=category if category in Category.values else "",
            q=params.get("q", "").replace("\x00", "").strip()[:60],
        )

    @property
    def by_urgency(self) -> bool:
        """Things in custody stand by the time left, ended and mixed ones newest first."""
        return self.state not in {"all", "ended"}

    def params(self) -> dict[str, str]:
        """The filters as query parameters, defaults left out."""
        state = "" if self.state == "open" else self.state
        values = {"state": state, "category": self.category, "q": self.q}
        return {name: value for name, value in values.items() if value}


def listed(rows: "QuerySet[FoundItem]") -> "QuerySet[Any]":
    """With all that ``rows.list_row`` reads of a thing, in the same statement."""
    here = CustodyMove.objects.filter(item=OuterRef("pk"), ended_at=None)
    columns = {"storage": "storage__label", "holder": "holder__name", "holder_id": "holder_id"}
    columns |= {"department": "department__name", "manager_at": "manager_at"}
    columns |= {"guard_at": "guard_at", "guard_id": "guard_id", "manager_id": "manager_id"}
    live = DisposalLine.objects.filter(item=OuterRef("pk"), state__in=["proposed", "decided"])
    return rows.select_related("case", "place", "logged_by").annotate(
        lies=ArraySubquery(here.values(row=JSONObject(**columns))), on_paper=Exists(live)
    )


def counting(user: User, prop: Property) -> "QuerySet[Stocktake]":
    """Counts that run now with this user as one of the two: he is not told what should be where."""
    rows = Stocktake.objects.filter(case__property=prop, status=Stocktake.Status.COUNTING)
    return rows.filter(Q(counted_by=user) | Q(witnessed_by=user))


def open_items(user: User, prop: Property) -> "QuerySet[FoundItem]":
    """What is still in custody, as far as he may see it: never by way of all he ever found."""
    return _visible(user, prop, FoundItem.objects.filter(ended_at=None))


def kept(user: User, prop: Property) -> "QuerySet[FoundItem]":
    """The same to be counted: all are wanted, and the index of open cases says whose they are.

    A list cut short goes by its order instead, and asks for the case of each row it shows.
    """
    return open_items(user, prop).filter(case__is_open=True)


def held_by(user: User) -> "QuerySet[Any, Any]":
    """Ids of what is in his hands now, alone or as one of the two who answer for it (L-A)."""
    rows = CustodyMove.objects.order_by().filter(ended_at=None)
    return rows.filter(Q(holder=user) | Q(manager=user) | Q(guard=user)).values("item")


def pressing(user: User, prop: Property) -> "QuerySet[FoundItem]":
    """Things with a step to take in time. A term that ended is no delay: it has its own filter."""
    return open_items(user, prop).exclude(status__in=GROUPS["disposal"])


def board(user: User, prop: Property, filters: Filters, now: datetime) -> "QuerySet[Any]":
    """Found things for the list, in order; narrow with ``page_of``. One statement."""
    rows = searched(user, prop, filters.q) if filters.q else visible_to(user, prop)
    if filters.state in GROUPS:
        rows = rows.filter(status__in=GROUPS[filters.state])
    if filters.by_urgency:
        rows = rows.filter(ended_at=None)
    if filters.state == "overdue":
        rows = rows.filter(next_due_at__lt=now).exclude(status__in=GROUPS["disposal"])
    if filters.category:
        rows = rows.filter(category=filters.category)
    found: QuerySet[Any] = listed(rows).annotate(is_blind=Exists(counting(user, prop)))
    if filters.by_urgency:
        return found.order_by("next_due_at", "pk")
    return found.order_by("-case__opened_at", "-pk")


def page_of(rows: "QuerySet[Any]", filters: Filters, after: str) -> Page:
    """One page of ``board``; a malformed key gives the first."""
    if filters.by_urgency:
        return page_by_time(rows, "next_due_at", after, lambda row: row.next_due_at)
    return page_by_time(
        rows, "case__opened_at", after, lambda row: row.case.opened_at, newest_first=True
    )


def waits_for(item: FoundItem) -> str:
    """Who has not confirmed the last link of joint custody yet; "" when both have."""
    rows = CustodyMove.objects.filter(item=item, ended_at=None, manager__isnull=False)
    rows = rows.filter(Q(guard_at=None) | Q(manager_at=None))
    found = rows.values_list("guard_at", "guard__name", "manager__name").first()
    if found is None:
        return ""
    guard_at, guard, manager = found
    return str(guard if guard_at is None else manager)


def photos_of(case: Any) -> "QuerySet[Attachment]":
    """Photos of the thing itself; papers of its claims lie in the same case, but show people."""
    papers = Claim.objects.filter(item=OuterRef("case"))
    return Attachment.objects.filter(
        ~Exists(papers.filter(Q(authorisation=OuterRef("pk")) | Q(scan=OuterRef("pk")))),
        case=case,
        removed_at=None,
    )


def photo(item: FoundItem, pk: int) -> Attachment | None:
    """A photo of the thing that was not taken down."""
    rows = photos_of(item.case_id).filter(pk=pk)
    return rows.select_related("case__property__settings").first()
