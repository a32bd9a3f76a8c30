"""Lists of events: what runs with all that says its next step, the rest page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet

from emergencies.models import Call, Event, Kind
from emergencies.queries import events
from emergencies.queries.detail import answers_of, calls_of, marks_of
from propdesk.core import duty, search
from propdesk.core.models import Case, Place, Property, User
from propdesk.core.paging import Page, page_by_time
from propdesk.core.roles import ALL_STAFF, Role, standing

S = Event.Status
RUNNING_MOST = 20
SAME_MOST = 3
STATES: dict[str, Q] = {
    "ended": ~Q(status=S.RUNNING),
    "running": Q(status=S.RUNNING),
    "signing": Q(status=S.SIGNING),
    "archived": Q(status=S.ARCHIVED),
    "drill": Q(is_drill=True),
    "all": Q(),
}
"""Words of the filter and what they keep."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; kept in the address."""

    state: str = "ended"
    kind: str = ""
    q: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """From query parameters; unknown values fall back to none."""
        q = params.get("q", "").replace("\x00", "").strip()[:60]
        state, kind = params.get("state", "all" if q else "ended"), params.get("kind", "")
        return cls(
            state=state if state in STATES else "ended",
            kind=kind if kind in Kind.values else "",
            q=q,
        )

    def params(self) -> dict[str, str]:
        """The filters as query parameters, defaults left out."""
        plain = "all" if self.q else "ended"
        state = "" if self.state == plain else self.state
        values = {"state": state, "kind": self.kind, "q": self.q}
        return {name: value for name, value in values.items() if value}


def running(user: User, prop: Property, limit: int = RUNNING_MOST) -> list[Any]:
    """Running events, the newest first, with all the board of each is made of: one statement."""
    pk = OuterRef("pk")
    rows = open_events(user, prop)
    rows = rows.select_related("case", "commander", "place", "playbook", "parent")
    rows = rows.defer("playbook__content", "playbook__text").annotate(
        answer_rows=answers_of(pk), mark_rows=marks_of(pk), call_rows=calls_of(pk)
    )
    return list(rows.order_by("-reported_at", "-pk")[:limit])


def open_events(user: User, prop: Property) -> "QuerySet[Event]":
    """Events somebody handles now, as far as he may see them."""
    return events.visible_to(user, prop).filter(status=S.RUNNING, case__is_open=True)


def running_of_kind(user: User, prop: Property, kind: str) -> "QuerySet[Event]":
    """The newest real ones of a kind that run: one outage, many who report it (ambiguity 34)."""
    rows = open_events(user, prop).filter(kind=kind, is_drill=False)
    return rows.select_related("case__property", "place").order_by("-reported_at", "-pk")[
        :SAME_MOST
    ]


def waiting_calls(user: User, prop: Property) -> "QuerySet[Call]":
    """Calls to a role of his that nobody has confirmed yet."""
    roles = standing(user, prop).task_roles
    seen = events.visible_to(user, prop).exclude(status=S.VOIDED)
    return Call.objects.filter(event__in=seen, needs_ack=True, acked_at=None, role__in=roles)


def listed(user: User, prop: Property, filters: Filters) -> "QuerySet[Any]":
    """Events of the list, newest first; a restricted one is found by its number alone."""
    rows = events.visible_to(user, prop).filter(STATES[filters.state])
    if filters.q:
        rows = searched(user, prop, filters.q).filter(STATES[filters.state])
    if filters.kind:
        rows = rows.filter(kind=filters.kind, case__restricted=False)
    return rows.select_related("case", "commander", "place").order_by("-case__opened_at", "-pk")


def searched(user: User, prop: Property, query: str) -> "QuerySet[Event]":
    """Events the words hit, in no order; a restricted one is indexed by its number alone."""
    hits = search.hits(prop, query).values("case")
    return events.visible_to(user, prop).filter(case__in=hits).order_by()


def search_arms(user: User, prop: Property) -> list[search.Arm]:
    """What the search over all registers may look into: as ``visible_to``, said of search rows."""
    kinds = (Case.Kind.EVENT,)
    rows = events.visible_to(user, prop).order_by()
    if events.reads_all(user, prop):
        told = Case.objects.filter(pk=OuterRef("pk"), restricted=False)
        named = rows.filter(pk=OuterRef("pk"))
        return [search.Arm(kinds, where=Q(search.each_in(told)) | Q(search.each_in(named)))]
    here = Q(search.each_in(rows.filter(pk=OuterRef("pk"))))
    own = rows.filter(pk__in=events.called_to(user, prop))
    return [search.Arm(kinds, where=here, own=own.values("case"))]


def page_of(rows: "QuerySet[Any]", after: str) -> Page:
    """One page of ``listed``; a malformed key gives the first."""
    return page_by_time(
        rows, "case__opened_at", after, lambda row: row.case.opened_at, newest_first=True
    )


# --- what the forms offer ------------------------------------------------------------------

RECENT, LOOK_BACK = 4, 40


def near_places(prop: Property) -> list[tuple[int, str]]:
    """(key, name) of the large buttons: where open events were last, then the whole buildings.

    Places of restricted events are left out: a room among them would give one away.
    """
    told = Event.objects.filter(case__property=prop, case__restricted=False, place__is_active=True)
    known: dict[int, str] = {}
    for pk, label in told.order_by("-pk").values_list("place", "place__label")[:LOOK_BACK]:
        known.setdefault(pk, label)
    recent = list(known.items())[:RECENT]
    buildings = Place.objects.filter(property=prop, is_active=True, kind=Place.Kind.BUILDING)
    names = buildings.order_by("pk").values_list("pk", "label")[:RECENT]
    return [*recent, *(row for row in names if row[0] not in dict(recent))]


def holding(prop: Property, role: Role) -> set[int]:
    """Keys of those who hold the role today; 保安部经理 belongs to 保安部."""
    roles = {role, Role.SECURITY_MANAGER} if role is Role.SECURITY else {role}
    return set(duty.holders(prop, *sorted(roles)).values_list("pk", flat=True))


def colleagues(prop: Property) -> list[User]:
    """Everybody who works here, by name."""
    return list(duty.holders(prop, *sorted(ALL_STAFF)))
