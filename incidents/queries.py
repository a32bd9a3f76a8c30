"""The only place where views get complaints; everything is bounded, indexed and keyset-paged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from incidents.models import CONDUCT, GRAVE, Complaint, Option, Promise
from incidents.permissions import EXECUTES, TAKES_IN
from propdesk.core import search
from propdesk.core.models import (
    Attachment,
    Case,
    Person,
    Place,
    Property,
    RenderJob,
    Report,
    ReportBox,
    Task,
    User,
)
from propdesk.core.paging import Page, page_by_time
from propdesk.core.roles import DUTY, MANAGERS, Standing, standing
from propdesk.core.signoff import CONTENT

S = Complaint.Status
OPEN = (S.INTAKE, S.RECORDED, S.AWAITING_CHOICE, S.IN_PROGRESS, S.RESOLVED, S.REOPENED)
MEDIAN_DAYS = 90
SAMPLES = 200


def visible_to(user: User, prop: Property) -> "QuerySet[Complaint]":
    """Complaints of the property this user may read (403 is never needed: others are 404).

    The duty side reads all, but restricted ones only as manager or owner; everybody else what he
    took in and what his department carries out.
    """
    return _visible(user, prop, Complaint.objects.all())


def unsettled(user: User, prop: Property) -> "QuerySet[Complaint]":
    """Those of them that are open: never by way of what he or his department ever had to do with."""
    return _visible(user, prop, Complaint.objects.filter(status__in=OPEN))


def open_to(user: User, prop: Property) -> "QuerySet[Complaint]":
    """The same to be counted: the index of open cases says whose they are and which are restricted.

    A list cut short goes by its order instead (``unsettled``) and asks for the case of each row it
    shows; with that index beside it, all would be joined and sorted first.
    """
    return unsettled(user, prop).filter(case__is_open=True)


def _visible(user: User, prop: Property, among: "QuerySet[Complaint]") -> "QuerySet[Complaint]":
    mine = standing(user, prop)
    # Property and kind together are the prefix of the index of all lists.
    rows = among.filter(case__property=prop, case__kind=Case.Kind.COMPLAINT)
    if mine.roles & MANAGERS:
        return rows
    own = Q(received_by=user) | Q(owner=user)
    if mine.roles & DUTY:
        return rows.filter(Q(case__restricted=False) | own)
    return rows.filter(pk__in=_reachable(user, prop, mine, among))


def search_arms(user: User, prop: Property) -> list[search.Arm]:
    """What the search over all registers may look into: as ``visible_to``, said of search rows."""
    mine, kinds = standing(user, prop), (Case.Kind.COMPLAINT,)
    if mine.roles & MANAGERS:
        return [search.Arm(kinds)]
    if mine.roles & DUTY:
        own = Complaint.objects.filter(Q(received_by=user) | Q(owner=user), pk=OuterRef("pk"))
        told = Case.objects.filter(pk=OuterRef("pk"), restricted=False)
        return [search.Arm(kinds, where=Q(search.each_in(told)) | Q(search.each_in(own)))]
    rows = visible_to(user, prop).order_by()
    return [search.Arm(kinds, where=Q(pk__in=rows.values("case")), own=rows.values("case"))]


def guest_of(job: RenderJob) -> set[int]:
    """Whom the paper of a complaint is about."""
    return set(Complaint.objects.filter(pk=job.case_id).values_list("guest", flat=True))


def _reachable(
    user: User, prop: Property, mine: Standing, among: "QuerySet[Complaint]"
) -> "QuerySet[Any, Any]":
    """Ids of what somebody outside the duty side may see: each part by its own index."""
    # Whoever is called to help (请保安部到场) must see where, for as long as the call is open.
    parts: list[Any] = [
        Task.objects.filter(
            property=prop, role__in=mine.task_roles, done_at=None, case__restricted=False
        ).values("case_id")
    ]
    complaints = among.order_by().values("pk")
    if mine.roles & TAKES_IN:
        parts += [complaints.filter(received_by=user), complaints.filter(owner=user)]
    departments = mine.departments_as(*EXECUTES)
    if departments:
        parts.append(complaints.filter(department__in=departments, case__restricted=False))
    first: QuerySet[Any, Any] = parts[0].order_by()
    return first.union(*parts[1:]) if len(parts) > 1 else first


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; kept in the URL."""

    state: str = "open"
    category: str = ""
    severity: str = ""
    mine: bool = False
    q: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> "Filters":
        """From query parameters; unknown values fall back to none."""
        state = params.get("state", "open")
        return cls(
            state=state if state in {"open", "overdue", "soon", "all", *S.values} else "open",
            category=_one_of(params.get("category", ""), Complaint.Category.values),
            severity=_one_of(params.get("severity", ""), ["normal", *GRAVE]),
            mine=params.get("mine") == "1",
            q=params.get("q", "").replace("\x00", "").strip()[:60],
        )

    @property
    def by_urgency(self) -> bool:
        """Open complaints stand by time left; closed and mixed ones by receipt, newest first."""
        return self.state in {"open", "overdue", "soon"} or self.state in OPEN

    @property
    def newest(self) -> str:
        """The moment by which the rest stands: of the complaint, where an index of its own is narrower.

        Both are one moment, so a key of one order is one of the other.
        """
        grave = self.severity in GRAVE
        own = self.category or grave or self.mine or self.state == S.VOIDED
        return "received_at" if own else "case__opened_at"

    def params(self) -> dict[str, str]:
        """The filters as query parameters, defaults left out."""
        values = {
            "state": "" if self.state == "open" else self.state,
            "category": self.category,
            "severity": self.severity,
            "mine": "1" if self.mine else "",
            "q": self.q,
        }
        return {k: v for k, v in values.items() if v}


def _one_of(value: str, allowed: "list[str]") -> str:
    return value if value in allowed else ""


def extended(prefix: str = "") -> Exists:
    """Whether the promise of this round was moved (已延期): part of the list's one statement."""
    complaint, cycle = OuterRef(f"{prefix}pk"), OuterRef(f"{prefix}cycle")
    return Exists(Promise.objects.filter(complaint=complaint, cycle=cycle, seq__gt=1))


def listed(rows: "QuerySet[Complaint]") -> "QuerySet[Any]":
    """With all that ``rows.list_row`` reads of a complaint, in the same statement."""
    joined = rows.select_related("case", "guest", "owner", "place", "department")
    return joined.annotate(extended=extended())


def board(user: User, prop: Property, filters: Filters, now: datetime) -> "QuerySet[Complaint]":
    """Complaints for the list, in order; narrow with ``page_of``. One statement."""
    rows = listed(unsettled(user, prop) if filters.by_urgency else visible_to(user, prop))
    if filters.state == "overdue":
        rows = rows.filter(next_due_at__lt=now)
    elif filters.state == "soon":
        rows = rows.filter(next_due_at__gte=now, next_due_at__lt=now + timedelta(hours=2))
    elif filters.state not in {"open", "all"}:
        rows = rows.filter(status=filters.state)
    if filters.category:
        rows = rows.filter(category=filters.category)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    if filters.mine:
        rows = rows.filter(owner=user)
    if filters.q:
        rows = rows.filter(case__in=search.hits(prop, filters.q).values("case"))
    if filters.by_urgency:
        return rows.order_by("next_due_at", "pk")
    return rows.order_by(f"-{filters.newest}", "-pk")


def page_of(rows: "QuerySet[Complaint]", filters: Filters, after: str) -> Page:
    """The rows after the key, in the order ``board`` gave them."""
    if filters.by_urgency:
        return page_by_time(rows, "next_due_at", after, lambda row: row.next_due_at)
    return page_by_time(rows, filters.newest, after, lambda row: row.received_at, newest_first=True)


def speed_samples(prop: Property, category: str, now: datetime) -> list[timedelta]:
    """Time from receipt to resolution of the category's complaints in 90 days (C-H median)."""
    rows = (
        Complaint.objects.filter(
            case__property=prop,
            category=category,
            resolved_at__gte=now - timedelta(days=MEDIAN_DAYS),
        )
        .order_by("-resolved_at")
        .values_list("received_at", "resolved_at")[:SAMPLES]
    )
    return [done - start for start, done in rows if done is not None]


def known_guests(prop: Property, place: Place, limit: int = 5) -> list[dict[str, Any]]:
    """Guests of earlier complaints from this room, newest first, each name once."""
    rows = (
        Complaint.objects.filter(
            case__property=prop,
            case__restricted=False,
            guest__room=place,
            guest__purged_at=None,
            is_anonymous=False,
        )
        .exclude(guest__name="")
        .order_by("-pk")
        .values("guest__name", "guest__honorific", "guest__phone", pk=F("guest_id"))[: limit * 4]
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row["guest__name"], dict(row))
    return list(found.values())[:limit]


def known_guest(prop: Property, pk: int, room: Place) -> Person | None:
    """A guest of an earlier complaint from this very room, to take over into a new one."""
    known = Complaint.objects.filter(
        case__property=prop, case__restricted=False, guest=pk, is_anonymous=False
    )
    return Person.objects.filter(pk__in=known.values("guest"), room=room, purged_at=None).first()


def unanswered(complaint: Complaint) -> list[str]:
    """Letters of A–E nobody has answered yet."""
    done = set(complaint.steps.values_list("letter", flat=True))
    return [letter for letter in CONDUCT if letter not in done]


def option(complaint: Complaint, pk: int) -> Option:
    """One option of the complaint with what its transitions read."""
    return complaint.options.select_related("complaint__case__property__settings").get(pk=pk)


def report(pk: int) -> Report:
    """A report with the case and complaint its transitions read."""
    return Report.objects.select_related(
        "property__settings", "case__property__settings", "case__complaint", "author"
    ).get(pk=pk)


def report_values(report: Report) -> dict[str, Any]:
    """What the form of a report starts with."""
    return {name: getattr(report, name) for name in CONTENT}


def boxes(report: Report) -> "list[ReportBox]":
    """The sign-off boxes of the current round, in order."""
    return list(
        report.boxes.filter(round=report.round)
        .select_related("signer", "on_behalf_of", "department")
        .order_by("position")
    )


def photo(complaint: Complaint, pk: int) -> Attachment | None:
    """A photo of the complaint that was not taken down."""
    return (
        Attachment.objects.filter(case=complaint.case_id, pk=pk, removed_at=None)
        .select_related("case__complaint__case__property__settings")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """Until when somebody asked, or was granted, to extend a promise again, and why."""

    until: datetime | None
    reason: str


def wish(complaint: Complaint, action: str) -> Wish:
    """The last ``ask_extension`` or ``grant_extension``; empty when its words were purged."""
    entry = complaint.case.entries.filter(action=action).order_by("-seq").first()
    content = (entry.content or {}) if entry else {}
    until = content.get("info", {}).get("wish_at")
    return Wish(datetime.fromisoformat(until) if until else None, content.get("reason", ""))
