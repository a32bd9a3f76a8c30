"""Whose turn it is to sign (decision 32): one rule for the inbox, the button, the act, the notice.

Everybody who started or edited this version, and everybody who signed in this round, is out, in
person and through a deputy. Where that leaves nobody in the role a box asks for, 总物业经理 steps in.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from propdesk.core import duty
from propdesk.core.models import Case, Deputy, Membership, Property, Report, ReportBox, User
from propdesk.core.roles import Role, Seat, standing

PENDING = ReportBox.Decision.PENDING
STEPS_IN = Role.GENERAL_MANAGER
READERS: "dict[str, Callable[[Any, Any], QuerySet[Any]]]" = {}
"""Kind of case → rows that say this user may read this restricted case; both may be ``OuterRef``.

Who may not read a restricted case neither signs its report nor hears of it (decision 33).
"""


def turns(by: User, prop: Property) -> "QuerySet[ReportBox]":
    """The boxes this person may decide on now, at most one a report; for use in other queries."""
    mine = standing(by, prop)
    steps_in = [seat for seat in mine.seats if seat.role == STEPS_IN]
    rows = ReportBox.objects.filter(
        report__property=prop,
        report__state=Report.State.SUBMITTED,
        round=F("report__round"),
        decision=PENDING,
    ).filter(_readable(by.pk))
    earlier = ReportBox.objects.filter(
        report=OuterRef("report"),
        round=OuterRef("round"),
        decision=PENDING,
        position__lt=OuterRef("position"),
    )
    own = _any(_seated(seat) & _free(seat) for seat in mine.seats)
    able = _able(timezone.now())
    there = able.filter(department=OuterRef("department_id"))
    instead = _any(_free(seat) for seat in steps_in)
    instead &= ~(Q(department=None) & Q(Exists(able))) & ~Q(Exists(there))
    return rows.filter(_uninvolved(by.pk), ~Exists(earlier), own | instead)


def _readable(user_id: int) -> Q:
    """Boxes of reports whose case the user may read at all."""
    found = Q(report__case__restricted=False) | ~Q(report__case__kind__in=list(READERS))
    for kind, rows in READERS.items():
        found |= Q(report__case__kind=kind) & Q(Exists(rows(OuterRef("report__case"), user_id)))
    return found


def reads(case: Case, user: User) -> bool:
    """Whether he may read the case, as far as that is a matter of being named."""
    if not case.restricted or case.kind not in READERS:
        return True
    return READERS[case.kind](case.pk, user.pk).exists()


def _any(conditions: Iterable[Q]) -> Q:
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


def _seated(seat: Seat) -> Q:
    """Boxes that ask for this role, in no department or in this one."""
    here = Q(department=None)
    if seat.department_id is not None:
        here |= Q(department=seat.department_id)
    return Q(role=seat.role) & here


def _free(seat: Seat) -> Q:
    """A deputy may not stand in for somebody who is out himself."""
    return ~Q(pk__in=[]) if seat.holder_id is None else _uninvolved(seat.holder_id)


def _uninvolved(user_id: int) -> Q:
    """Boxes of reports whose version the user did not write, and whose round he did not sign."""
    wrote = Report.history.filter(id=OuterRef("report_id"), author_id=user_id)
    signed = ReportBox.objects.filter(
        report=OuterRef("report"), round=OuterRef("round"), signer=user_id
    )
    return ~Q(report__author=user_id) & ~Q(Exists(wrote)) & ~Q(Exists(signed))


def _able(at: datetime) -> "QuerySet[Membership]":
    """Holders, in any department, of the role a box (the outer query) asks for; not out."""
    box = OuterRef(OuterRef("report_id"))
    wrote = Report.history.filter(id=box, author_id=OuterRef("user_id"))
    signed = ReportBox.objects.filter(
        report=box, round=OuterRef(OuterRef("round")), signer=OuterRef("user_id")
    )
    return Membership.objects.current(at).filter(
        ~Exists(wrote),
        ~Exists(signed),
        _reader_of(OuterRef(OuterRef("report_id"))),
        property=OuterRef("report__property"),
        role=OuterRef("role"),
    )


def _reader_of(report: OuterRef) -> Q:
    """Members who may read the case of the report."""
    cases = Report.objects.filter(pk=report, case__restricted=True)
    found = Q()
    for kind, rows in READERS.items():
        named = rows(OuterRef("case"), OuterRef(OuterRef("user_id")))
        found &= ~Q(Exists(cases.filter(case__kind=kind).exclude(Exists(named))))
    return found


def involved(reports: Collection[Report]) -> dict[int, set[int]]:
    """Who is out, by report: writers of this version, signers of this round. Two statements."""
    found = {report.pk: {report.author_id} for report in reports}
    wrote = Report.history.filter(id__in=found).order_by().values_list("id", "author_id")
    signed = ReportBox.objects.filter(
        report__in=found, round=F("report__round"), signer__isnull=False
    )
    for pk, user_id in [*wrote.distinct(), *signed.values_list("report", "signer")]:
        found[pk].add(user_id)
    return found


def on_behalf(report: Report, box: ReportBox, by: User) -> User | None:
    """Whom a deputy signs for (代签), when he does not hold the role himself."""
    out = involved([report])[report.pk]
    seats = standing(by, report.property).seats
    wanted = [
        s for s in seats if s.role == box.role and box.department_id in (None, s.department_id)
    ]
    wanted = [s for s in wanted if s.holder_id not in out] or [
        s for s in seats if s.role == STEPS_IN and s.holder_id not in out
    ]
    if any(seat.holder_id is None for seat in wanted):
        return None
    holder = wanted[0].holder_id
    return None if holder is None else User.objects.get(pk=holder)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who holds a role, or the deputy of a holder, and whether he is on duty."""

    holder_id: int
    user: User
    on_duty: bool


class Roster:
    """Whom to tell that it is their turn; each role is read once, for any number of reports."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._read: dict[tuple[int, str, int | None], list[Candidate]] = {}

    def told(self, report: Report, box: ReportBox, out: Collection[int]) -> list[User]:
        """Those on duty who may sign ``box``, or all who may; ``out`` are the ids ``involved``."""
        wanted = ((Role(box.role), box.department_id), (STEPS_IN, None))
        for role, department in wanted:
            found = self.able(report.property, report.case, role, out, department=department)
            if found:
                return found
        return []

    def able(
        self,
        prop: Property,
        case: Case,
        role: Role,
        out: Collection[int],
        *,
        department: int | None = None,
    ) -> list[User]:
        """Those of the role, or their deputies, who are not ``out`` and may read the case.

        Those on duty where there are any.
        """
        found = [
            each
            for each in self._candidates(prop, role, department)
            if each.holder_id not in out and each.user.pk not in out and reads(case, each.user)
        ]
        present = [each for each in found if each.on_duty] or found
        return list({each.user.pk: each.user for each in present}.values())

    def _candidates(self, prop: Property, role: Role, department: int | None) -> list[Candidate]:
        key = (prop.pk, role, department)
        if key not in self._read:
            self._read[key] = _candidates(prop, role, department, self.at)
        return self._read[key]


def _candidates(
    prop: Property, role: Role, department: int | None, at: datetime
) -> list[Candidate]:
    rows = Membership.objects.current(at).filter(property=prop, role=role)
    if department is not None:
        rows = rows.filter(department=department)
    deputies = Deputy.objects.filter(
        for_membership__in=rows,
        starts_at__lte=at,
        ends_at__gt=at,
        revoked_at=None,
        by_user__is_active=True,
    ).select_related("by_user", "for_membership")
    present = {user.pk for user in duty.on_duty(prop, role, at=at, department=department)}
    people = [(row.user_id, row.user) for row in rows.select_related("user").order_by("pk")]
    people += [(row.for_membership.user_id, row.by_user) for row in deputies.order_by("pk")]
    return [Candidate(holder, user, user.pk in present) for holder, user in people]
