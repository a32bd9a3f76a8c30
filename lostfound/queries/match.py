"""Suggestions as pages show them: of one lost report, and of one found thing (F7).

Whoever may not see the details of the found thing learns category, day, place and how much alike
they are: no name, no reason, no photo, for these would tell a claimant what to say.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lostfound import categories
from lostfound.models import FoundItem, LostReport, MatchPair
from lostfound.permissions import ACTIONS
from lostfound.queries import item as items
from lostfound.queries import lost as reports
from propdesk.core.models import User
from propdesk.core.roles import may

P, S = MatchPair.State, FoundItem.Status
CLAIMABLE = frozenset({S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED, S.DISPOSING})
"""In the cupboard with nobody claiming it: only then is the way to the claim worth its place."""
SHOWN, REMEMBERED, LISTED = 10, 20, 5
"""Suggestions on a page, and judged ones below them; weak ones fill the page up to so many."""
WORDS = (
    (80, _("很像"), "green", "check-circle-fill"),
    (65, _("可能"), "blue", "question-circle"),
    (0, _("有点像"), "grey", "circle-half"),
)
"""From how many points, what it is called, and its look."""
WEAK = (_("也许"), "grey", "question-circle")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One pair from the side of one of its cases; ``what`` to ``url`` are of the other."""

    pk: int
    report: str
    """Number of the lost report: the pair is judged there."""
    number: str
    url: str
    what: str
    category: str
    icon: str
    place: str
    since: datetime
    until: datetime
    word: str
    tone: str
    mark: str
    reasons: list[str]
    against: list[str]
    state: str
    is_weak: bool
    """Listed for whoever looks for it; nobody was told."""
    status: str
    """What state the other case is in, in words."""
    is_over: bool
    decided_by: str
    decided_at: datetime | None
    why: str
    details: bool
    photo: int | None = None
    ready: bool = False
    """Whether the thing can be claimed now."""


def worded(points: int) -> tuple[str, str, str]:
    """(word, colour, icon) of so many points."""
    return next((str(word), tone, icon) for least, word, tone, icon in WORDS if points >= least)


def _of(rows: "QuerySet[MatchPair]", *over: Q) -> list[MatchPair]:
    """What was taken for it first, then suggestions, weak ones after them, then what was ruled out."""
    judged = rows.filter(state__in=[P.ACCEPTED, P.REJECTED]).order_by("state", "-decided_at")
    listed = rows.filter(*over, state__in=[P.SUGGESTED, P.PERHAPS])
    # "suggested" comes after "perhaps" in the alphabet.
    open_rows = list(listed.order_by("-state", F("points").desc(), "pk")[:SHOWN])
    strong = [row for row in open_rows if row.state == P.SUGGESTED]
    weak = open_rows[len(strong) : max(LISTED, len(strong))]
    known = list(judged[:REMEMBERED])
    accepted = [row for row in known if row.state == P.ACCEPTED]
    rejected = [row for row in known if row.state == P.REJECTED]
    return [*accepted, *strong, *weak, *rejected]


def for_report(report: LostReport, user: User) -> list[Suggestion]:
    """Found things that may be what was lost, most alike first; two statements."""
    photo = items.photos_of(OuterRef("found")).order_by("pk").values("pk")[:1]
    rows = MatchPair.objects.filter(lost=report).annotate(photo=Subquery(photo))
    rows = rows.select_related("found__case", "found__place", "decided_by")
    pairs = _of(rows, Q(found__ended_at=None))
    everything = items.sees_all_details(user, report.case.property)
    return [_found(pair, report, user, everything=everything) for pair in pairs]


def _found(pair: Any, report: LostReport, user: User, *, everything: bool) -> Suggestion:
    item = pair.found
    details = everything or user.pk in (item.logged_by_id, item.finder_user_id)
    place = item.place.label if item.place else (item.place_note if details else "")
    code = report.case.property.code
    return Suggestion(
        **_common(pair, item, details=details),
        report=report.case.number,
        number=item.case.number,
        url=reverse("lostfound:detail", args=[code, item.case.number]),
        what=item.name if details else item.get_category_display(),
        place=place,
        since=item.found_at,
        until=item.found_at,
        is_over=item.ended_at is not None,
        photo=pair.photo if details else None,
        ready=item.status in CLAIMABLE,
    )


def for_item(item: FoundItem, user: User, *, details: bool) -> list[Suggestion]:
    """Lost reports that may be of this thing, most alike first; two statements.

    ``details``: whether those of the thing are open to him. Reports he may not read are left out.
    """
    prop = item.case.property
    rows = MatchPair.objects.filter(found=item).exclude(state=P.REJECTED)
    if not reports.reads_all(user, prop):
        rows = rows.filter(lost__received_by=user)
    rows = rows.select_related("lost__case", "lost__place", "decided_by")
    pairs = _of(rows, Q(lost__status=LostReport.Status.OPEN))
    return [_lost(pair, item, details=details) for pair in pairs]


def _lost(pair: MatchPair, item: FoundItem, *, details: bool) -> Suggestion:
    report = pair.lost
    code = item.case.property.code
    return Suggestion(
        **_common(pair, report, details=details),
        report=report.case.number,
        number=report.case.number,
        url=reverse("lostfound:lost_detail", args=[code, report.case.number]),
        what=report.name,
        place=report.place.label if report.place else report.place_note,
        since=report.lost_from,
        until=report.lost_to,
        is_over=report.ended_at is not None,
    )


def _common(pair: MatchPair, other: FoundItem | LostReport, *, details: bool) -> dict[str, Any]:
    is_weak = pair.state == P.PERHAPS
    word, tone, mark = WEAK if is_weak else worded(pair.points)
    return {
        "pk": pair.pk,
        "category": other.get_category_display(),
        "icon": categories.rule(other.category).icon,
        "word": str(word),
        "tone": tone,
        "mark": mark,
        "reasons": pair.reasons if details else [],
        "against": pair.against if details else [],
        "state": pair.state,
        "is_weak": is_weak,
        "status": other.get_status_display(),
        "decided_by": pair.decided_by.name if pair.decided_by else "",
        "decided_at": pair.decided_at,
        "why": pair.reason if details else "",
        "details": details,
    }


def may_decide(user: User, report: LostReport) -> bool:
    """Whether to offer 就是它 and 不是 (the workflow decides)."""
    prop = report.case.property
    return report.status == LostReport.Status.OPEN and may(user, "decide_match", ACTIONS, prop=prop)
