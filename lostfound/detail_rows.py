"""One found thing and all its children, read in one statement (ADR 0019) into plain objects."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from lostfound.models import (
    Announcement,
    Claim,
    ContentLine,
    CustodyMove,
    DisposalLine,
    FoundItem,
    Method,
    TraceAttempt,
    Valuation,
)
from lostfound.permissions import ACTIONS, own_counts
from lostfound.queries import item as queries
from propdesk.core import cases, drafts
from propdesk.core.composed import USER, Children, rows_of, same, spread
from propdesk.core.models import CaseLink, Property, Task, Unmasking, User
from propdesk.core.roles import Role, standing

S = FoundItem.Status
MOMENTS = {"at", "ended_at", "manager_at", "guard_at", "tried_at", "described_at", "decided_at"}
MOMENTS |= {"until", "created_at", "executed_at", "opened_at"}
DAYS = {"published_on", "expires_on", "keep_until"}
MONEY = {"value", "denomination"}


def _custody(mine: dict[str, OuterRef]) -> ArraySubquery:
    people = {name: f"{name}__name" for name in ("giver", "holder", "manager", "guard")}
    outside = {name: f"{name}__name" for name in ("giver_person", "holder_person")}
    return rows_of(
        CustodyMove.objects.filter(**mine),
        "seq",
        **same("pk", "seq", "kind", "at", "ended_at", "reason", "manager_at", "guard_at"),
        **same("holder_id", "department_id", "manager_id", "guard_id", "storage_id"),
        **people,
        **outside,
        department="department__name",
        storage="storage__label",
        is_safe="storage__is_safe",
        code="storage__code",
        seal="seal__number",
        opened_at="seal__opened_at",
    )


def _children() -> dict[str, ArraySubquery]:
    """All that hangs on a thing, panel by panel of its page."""
    mine, case = {"item": OuterRef("pk")}, {"case": OuterRef("pk")}
    looks = Unmasking.objects.filter(person=OuterRef("finder"), by=USER)
    return {
        "custody_rows": _custody(mine),
        "unmask_rows": rows_of(looks, "-until", until="until"),
        **_search(mine),
        **_worth(mine),
        **_leaving(mine),
        **_beside(case),
    }


def _search(mine: dict[str, OuterRef]) -> dict[str, ArraySubquery]:
    """查找、公告: whom somebody asked, and where it was made known."""
    return {
        "attempt_rows": rows_of(
            TraceAttempt.objects.filter(**mine),
            "-tried_at",
            "-pk",
            **same("pk", "via", "text", "outcome", "tried_at"),
            by="by__name",
        ),
        "announcement_rows": rows_of(
            Announcement.objects.filter(**mine),
            "-published_on",
            **same("channel", "published_on", "note"),
            by="by__name",
        ),
    }


def _worth(mine: dict[str, OuterRef]) -> dict[str, ArraySubquery]:
    """内含物、估价: what is inside as it was counted last, and each value."""
    return {
        "content_rows": rows_of(
            ContentLine.objects.filter(**mine, removed_at=None),
            "position",
            **same("text", "currency", "denomination", "count", "at"),
            counted_by="counted_by__name",
            witnessed_by="witnessed_by__name",
        ),
        "valuation_rows": rows_of(
            Valuation.objects.filter(**mine),
            "-seq",
            **same("pk", "seq", "value", "basis", "reason", "state", "expires_on", "at", "by_id"),
            **same("decision_note", "decided_at"),
            by="by__name",
            decided_by="decided_by__name",
        ),
    }


def _leaving(mine: dict[str, OuterRef]) -> dict[str, ArraySubquery]:
    """认领、处置: how it may leave the house."""
    return {
        "claim_rows": rows_of(
            Claim.objects.filter(**mine), "-seq", **same("seq", "state", "way", "described_at")
        ),
        "disposal_rows": rows_of(
            DisposalLine.objects.filter(**mine),
            "-pk",
            **same("state", "proposed", "method", "keep_until", "decided_at", "executed_at"),
            number="batch__case__number",
        ),
    }


def _beside(case: dict[str, OuterRef]) -> dict[str, ArraySubquery]:
    """照片、任务、关联: what hangs on the case."""
    links = CaseLink.objects.filter(Q(a=OuterRef("pk")) | Q(b=OuterRef("pk")))
    return {
        "photo_rows": rows_of(
            queries.photos_of(OuterRef("pk")), "pk", **same("pk", "caption", "width", "height")
        ),
        "task_rows": rows_of(
            Task.objects.filter(**case, done_at=None),
            "pk",
            **same("pk", "kind", "text", "role", "created_at"),
        ),
        "link_rows": rows_of(
            links,
            "pk",
            a=F("a__number"),
            b=F("b__number"),
            a_kind=F("a__kind"),
            b_kind=F("b__kind"),
            note="note",
        ),
    }


CHILDREN = Children(FoundItem.objects, _children)


def _of_user(user: User, prop: Property, number: str) -> dict[str, ArraySubquery]:
    """Only of this user: where he counts, and what he typed and did not send."""
    return {
        "count_rows": rows_of(queries.counting(user, prop), "pk", label="storage__label"),
        "draft_rows": rows_of(drafts.of(user, f"{number}:"), "pk", form="form", data="data"),
    }


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in MOMENTS:
        return parse_datetime(value)
    if name in DAYS:
        return parse_date(value)
    return Decimal(str(value)).quantize(Decimal("0.01")) if name in MONEY else value


@dataclass
class DetailRows:
    """The thing as read for one user; every list is already in memory."""

    item: FoundItem
    user: User
    now: datetime

    @classmethod
    def load(cls, user: User, prop: Property, number: str, now: datetime) -> Self | None:
        """The thing if ``user`` may see it: one statement for it and all its children."""
        row = spread(
            queries.visible_to(user, prop)
            .filter(case__number=number)
            .select_related("case__property__settings", "case__erasure")
            .select_related("place", "policy", "logged_by", "finder")
            .select_related("finder_user", "finder_department", "received_by", "valued_by")
            .annotate(
                **CHILDREN.of(number=number, prop=prop.pk, user=user.pk),
                **_of_user(user, prop, number),
            )
            .first()
        )
        return cls(row, user, now) if row else None

    def _list(self, name: str) -> list[SimpleNamespace]:
        rows = getattr(self.item, f"{name}_rows")
        return [SimpleNamespace(**{k: _value(k, v) for k, v in row.items()}) for row in rows]

    @cached_property
    def custody(self) -> list[SimpleNamespace]:
        """The chain from the finder to where it is now; what he counts himself reads 盘点中."""
        rows = self._list("custody")
        hidden = [count.label for count in self._list("count")]
        for row in rows:
            if any(f"{row.storage} ".startswith(f"{label} ") for label in hidden):
                row.storage = _("盘点中")
            row.label = CustodyMove.Kind(row.kind).label
            row.joint = row.manager_id is not None
            row.waits = row.joint and (row.manager_at is None or row.guard_at is None)
        return rows

    @cached_property
    def here(self) -> SimpleNamespace | None:
        """The link that is in force."""
        return next((row for row in self.custody if row.ended_at is None), None)

    @cached_property
    def contents(self) -> list[SimpleNamespace]:
        rows = self._list("content")
        for row in rows:
            yuan = row.currency == "CNY"
            row.note = "" if not row.currency else ("¥" if yuan else f"{row.currency} ")
        return rows

    @cached_property
    def attempts(self) -> list[SimpleNamespace]:
        rows = self._list("attempt")
        for row in rows:
            row.via_label = TraceAttempt.Via(row.via).label
            row.outcome_label = TraceAttempt.Outcome(row.outcome).label
        return rows

    @cached_property
    def valuations(self) -> list[SimpleNamespace]:
        rows = self._list("valuation")
        for row in rows:
            row.label = Valuation.State(row.state).label
        return rows

    @cached_property
    def pending_value(self) -> SimpleNamespace | None:
        return next((v for v in self.valuations if v.state == Valuation.State.PENDING), None)

    @cached_property
    def announcements(self) -> list[SimpleNamespace]:
        rows = self._list("announcement")
        for row in rows:
            row.label = Announcement.Channel(row.channel).label
        return rows

    @cached_property
    def claims(self) -> list[SimpleNamespace]:
        """State and way of each claim; who claims stands on the page of the claim only."""
        rows = self._list("claim")
        for row in rows:
            row.label, row.way_label = Claim.State(row.state).label, Claim.Way(row.way).label
        return rows

    @cached_property
    def disposals(self) -> list[SimpleNamespace]:
        rows = self._list("disposal")
        for row in rows:
            row.label = DisposalLine.State(row.state).label
            row.method_label = Method(row.method or row.proposed).label
        return rows

    @cached_property
    def photos(self) -> list[SimpleNamespace]:
        return self._list("photo")

    @cached_property
    def tasks(self) -> list[SimpleNamespace]:
        """What waits for somebody; ``mine`` says whether it is this user who is meant."""
        rows, mine = self._list("task"), standing(self.user, self.item.case.property)
        for row in rows:
            row.role_label = Role(row.role).label
            row.mine = row.role in mine.task_roles or Role.GENERAL_MANAGER in mine.roles
        return rows

    @cached_property
    def links(self) -> list[SimpleNamespace]:
        rows = self._list("link")
        for row in rows:
            here = self.item.case.number
            row.number, row.kind = (row.b, row.b_kind) if row.a == here else (row.a, row.a_kind)
        return rows

    @cached_property
    def drafts(self) -> dict[str, dict[str, str]]:
        """What the user typed into the forms of this thing and has not submitted, by act."""
        rows = self._list("draft")
        return {row.form.partition(":")[2]: drafts.first_values(row.data) for row in rows}

    @cached_property
    def phone_until(self) -> datetime | None:
        """Until when this user sees the finder's whole number; None when it is masked."""
        ends = [row.until for row in self._list("unmask") if row.until > self.now]
        return max(ends, default=None)

    @cached_property
    def words(self) -> dict[tuple[str, int], str]:
        """What links and attempts say, by model and key of their row."""
        found = {
            ("lostfound.traceattempt", a.pk): f"{a.via_label}，{a.outcome_label}：{a.text}"
            for a in self.attempts
        }
        for row in self.custody:
            found["lostfound.custodymove", row.pk] = row.storage or row.holder or ""
        return found

    @cached_property
    def related(self) -> tuple[bool, bool]:
        """(owns, assigned) as the workflow counts them, from the rows in memory."""
        row = self.item
        if self.user.pk in (row.logged_by_id, row.finder_user_id):
            return True, False
        if row.status != S.LOGGED or self.here is None:
            return False, False
        mine = standing(self.user, row.case.property).departments
        return False, self.here.holder_id == self.user.pk or self.here.department_id in mine

    def allowed(self, action: str) -> bool:
        """Whether the table lets the user do it here (buttons; the workflow decides)."""
        if action not in cases.READS and cases.is_purged(self.item.case):
            return False
        mine = standing(self.user, self.item.case.property)
        owns, assigned = self.related
        owns = owns and own_counts(action, self.item.status)
        return ACTIONS[action].allows(mine.roles, owns=owns, assigned=assigned)

    @cached_property
    def may_details(self) -> bool:
        """Whether features, contents, photos and the rest are open to him (L-E)."""
        return self.allowed("see_details")
