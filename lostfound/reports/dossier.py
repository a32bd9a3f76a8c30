"""Everything the slip of one thing says, read once, as it stood at one entry of its chain.

A sealed slip may be printed late (broker down, retry): what happened since stays out of it. The
number of statements does not grow with the rows. Of several who claimed the thing only the one who
counts is read: nobody else's data can get onto the sheet.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from lostfound.models import (
    Announcement,
    Claim,
    ContentLine,
    CustodyMove,
    FeatureCheck,
    FoundItem,
    TraceAttempt,
)
from propdesk.core import persons
from propdesk.core.models import Attachment, Case, Person, PersonSignature
from propdesk.core.past import entry_of, take_back

K = CustodyMove.Kind


@dataclass(frozen=True)
class Dossier:
    """The rows of one thing, oldest first; nothing on it needs another statement."""

    item: FoundItem
    until: datetime
    head: str
    custody: tuple[CustodyMove, ...]
    contents: tuple[ContentLine, ...]
    attempts: tuple[TraceAttempt, ...]
    announcements: tuple[Announcement, ...]
    photos: tuple[Attachment, ...]
    claim: Claim | None
    checks: tuple[FeatureCheck, ...]
    people: dict[int, Person]

    @property
    def year(self) -> int:
        """The year short times leave out."""
        return self.item.found_at.year

    @property
    def returned(self) -> Claim | None:
        """The claim by which it was given back."""
        claim = self.claim
        return claim if claim is not None and claim.state == Claim.State.RETURNED else None

    @property
    def lay(self) -> CustodyMove | None:
        """The last link in which it lay somewhere."""
        return next((row for row in reversed(self.custody) if row.storage_id), None)

    def person(self, pk: int | None) -> Person | None:
        """Somebody without an account, as known then."""
        return self.people.get(pk) if pk is not None else None


def gather(case: Case, version: int) -> Dossier:
    """Read the thing of ``case`` up to entry ``version``."""
    entry = entry_of(case, version)
    until = entry.at
    joined = ("policy", "finder_user", "finder_department", "finder", "valued_by")
    rows = FoundItem.objects.select_related("case__property", *joined)
    item = rows.select_related("place__parent__parent__parent").get(pk=case.pk)
    take_back([item], until)
    take_back([item.case.property], until)
    custody = tuple(_custody(item, until))
    claim = _claim(item, until)
    known = [item.finder, *(p for row in custody for p in (row.giver_person, row.holder_person))]
    known += [claim.owner, claim.proxy] if claim else []
    return Dossier(
        item=item,
        until=until,
        head=entry.hash,
        custody=custody,
        contents=tuple(_contents(item, until)),
        attempts=tuple(
            item.attempts.filter(at__lte=until).select_related("by").order_by("tried_at", "pk")
        ),
        announcements=tuple(
            item.announcements.filter(at__lte=until).order_by("published_on", "pk")
        ),
        photos=tuple(_photos(item, until)),
        claim=claim,
        checks=tuple(claim.checks.filter(at__lte=until).order_by("position")) if claim else (),
        people=persons.all_as_of(known, until),
    )


def _custody(item: FoundItem, until: datetime) -> "QuerySet[CustodyMove]":
    joined = ("giver", "giver_person", "holder", "holder_person", "department", "manager", "guard")
    rows = item.custody.filter(at__lte=until).select_related(*joined, "storage", "seal")
    return rows.order_by("seq")


def _contents(item: FoundItem, until: datetime) -> "QuerySet[ContentLine]":
    rows = item.contents.filter(at__lte=until).filter(Q(removed_at=None) | Q(removed_at__gt=until))
    return rows.select_related("counted_by", "witnessed_by").order_by("position")


def _photos(item: FoundItem, until: datetime) -> "QuerySet[Attachment]":
    """Pictures of the thing itself: papers of its claims lie in the same case, but show people."""
    papers = Claim.objects.filter(item=item)
    rows = Attachment.objects.filter(case=item.case_id, uploaded_at__lte=until)
    rows = rows.filter(Q(removed_at=None) | Q(removed_at__gt=until))
    rows = rows.exclude(pk__in=papers.exclude(authorisation=None).values("authorisation"))
    rows = rows.exclude(pk__in=papers.exclude(scan=None).values("scan"))
    return rows.select_related("uploaded_by").order_by("uploaded_at", "pk")


def _claim(item: FoundItem, until: datetime) -> Claim | None:
    """The claim that counts: by which it was returned, or the live one while nobody disputes it."""
    joined = ("owner", "proxy", "verified_by", "verified_with", "manager", "guard", "signature")
    rows = item.claims.filter(described_at__lte=until).order_by("seq")
    found = list(rows.select_related(*joined, "manager_signature", "guard_signature"))
    take_back(found, until)
    wanted = {Claim.State.RETURNED}
    if item.status == FoundItem.Status.CLAIMED:
        wanted |= {Claim.State.DESCRIBED, Claim.State.VERIFIED}
    return next((claim for claim in found if claim.state in wanted), None)


def drawn(claim: Claim) -> PersonSignature | None:
    """What the claimant drew on the screen; a scan shows a whole sheet and is not printed again."""
    row = claim.signature
    return row if row is not None and row.kind == PersonSignature.Kind.DRAWN else None
