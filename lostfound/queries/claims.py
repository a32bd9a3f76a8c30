"""What the pages of a claim read: one thing, and all that was claimed of it."""

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.functional import cached_property

from lostfound import categories
from lostfound.models import Claim, ContentLine, FeatureCheck, FoundItem, LostReport
from lostfound.queries.item import visible_to
from lostfound.queries.papers import PLACE
from propdesk.core.models import Property, Unmasking, User

State = Claim.State
LIVE = (State.DESCRIBED, State.VERIFIED)
"""States in which a claim is on its way; of a thing there is one such at most (L-E)."""
_WITH = (
    "owner",
    "proxy",
    "described_by",
    "verified_by",
    "verified_with",
    "manager",
    "guard",
    "signature",
    "lost_report__case",
    "lost_report__guest",
)


@dataclass(frozen=True)
class Claiming:
    """A thing with its claims, in the order in which they came; they are read when asked for."""

    item: FoundItem
    user: User

    @cached_property
    def claims(self) -> "tuple[Claim, ...]":
        """With ``owner_until`` and ``proxy_until``: how long this user sees a whole number."""
        rows = Claim.objects.filter(item=self.item).select_related(*_WITH).order_by("seq")
        rows = rows.annotate(owner_until=self._until("owner"), proxy_until=self._until("proxy"))
        return tuple(rows.defer("signature__image"))

    def _until(self, who: str) -> Subquery:
        looks = Unmasking.objects.filter(
            person=OuterRef(who), by=self.user, until__gt=timezone.now()
        )
        return Subquery(looks.order_by("-until").values("until")[:1])

    @property
    def live(self) -> Claim | None:
        return next((claim for claim in self.claims if claim.state in LIVE), None)

    @property
    def open(self) -> tuple[Claim, ...]:
        """Whoever still wants it, rivals included."""
        return tuple(c for c in self.claims if c.state in (*LIVE, State.RIVAL))

    @property
    def ended(self) -> tuple[Claim, ...]:
        """What came to nothing, newest first."""
        gone = (State.REFUSED, State.WITHDRAWN)
        return tuple(c for c in reversed(self.claims) if c.state in gone)

    @property
    def returned(self) -> Claim | None:
        return next((c for c in self.claims if c.state == State.RETURNED), None)

    def numbered(self, seq: int) -> Claim | None:
        return next((claim for claim in self.claims if claim.seq == seq), None)


def claiming(user: User, prop: Property, number: str) -> Claiming | None:
    """The thing of this number, if he may know of it; two statements with its claims."""
    rows = visible_to(user, prop).select_related("case", PLACE)
    item = rows.filter(case__number=number).first()
    if item is None:
        return None
    item.case.property = prop
    return Claiming(item, user)


def contents(item: FoundItem) -> "list[ContentLine]":
    """What is inside, as it was counted last."""
    return list(item.contents.filter(removed_at=None).order_by("position"))


def checks(claim: Claim) -> "list[FeatureCheck]":
    """What was compared, in order."""
    return list(claim.checks.order_by("position"))


def needs_two(item: FoundItem, lines: "list[ContentLine] | None" = None) -> bool:
    """Whether two colleagues check a claim: above the limit of the house, or of unknown worth (L-E).

    What nobody valued counts as costly when it is jewellery or money, or holds money.
    """
    if item.value is not None:
        return item.value > item.case.property.settings.found_two_staff_over
    if item.category == categories.Category.JEWELLERY or categories.rule(item.category).is_cash:
        return True
    return any(line.currency for line in (contents(item) if lines is None else lines))


def lost_report(prop: Property, number: str) -> LostReport | None:
    """The open lost report of this number."""
    rows = LostReport.objects.filter(case__property=prop, status=LostReport.Status.OPEN)
    return rows.select_related("guest", "case").filter(case__number=number.strip().upper()).first()
