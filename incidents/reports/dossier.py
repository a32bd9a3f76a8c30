"""Everything the papers of a complaint say, read once, as it stood at one entry of its chain.

A sealed paper may be printed late (broker down, retry): reading up to the entry that asked for it
keeps what happened since out of it. The number of statements does not grow with the rows.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, Q
from django.utils import timezone

from incidents.models import (
    Callback,
    Complaint,
    Correction,
    Decision,
    Option,
    Progress,
    Promise,
    StepRecord,
)
from propdesk.core import persons
from propdesk.core.models import (
    Attachment,
    AuditEntry,
    Case,
    CaseLink,
    Delivery,
    Membership,
    Notice,
    User,
)
from propdesk.core.past import take_back
from propdesk.core.roles import Role


@dataclass(frozen=True, slots=True)
class Round:
    """How one round of a complaint ended, or how the last one stands."""

    cycle: int
    status: str
    told_options_via: str
    single_option_reason: str
    chosen_at: datetime | None
    started_at: datetime | None
    resolved_at: datetime | None
    resolution: str
    satisfaction: str
    reviewed_at: datetime | None
    guest_comment: str
    summary: str
    result: str
    lesson: str


@dataclass(frozen=True)
class Dossier:
    """The rows of one complaint, oldest first; nothing on it needs another statement."""

    complaint: Complaint
    until: datetime
    head: str
    rounds: tuple[Round, ...]
    steps: dict[str, StepRecord]
    corrections: tuple[Correction, ...]
    options: tuple[Option, ...]
    promises: tuple[Promise, ...]
    progress: tuple[Progress, ...]
    callbacks: tuple[Callback, ...]
    decisions: tuple[Decision, ...]
    entries: tuple[AuditEntry, ...]
    notices: tuple[Notice, ...]
    photos: tuple[Attachment, ...]
    linked: tuple[str, ...]
    staff: dict[int, str]
    roles: dict[int, Role]

    @property
    def last(self) -> Round:
        """The round the complaint is in."""
        return self.rounds[-1]

    @cached_property
    def restarts(self) -> tuple[Decision, ...]:
        """The decisions that opened rounds 2, 3 …, in order."""
        return tuple(
            row
            for row in self.decisions
            if row.kind == Decision.Kind.REOPEN
            or (row.kind == Decision.Kind.DISSATISFIED and row.choice == "redo")
        )

    def cycle_at(self, moment: datetime) -> int:
        """The round that was running at ``moment``."""
        return 1 + sum(row.at < moment for row in self.restarts)

    def corrected(self, field: str) -> str:
        """The latest correction of a frozen field; "" when it was never corrected."""
        found = [row.text for row in self.corrections if row.field == field]
        return found[-1] if found else ""

    @property
    def place(self) -> str:
        """Where it happened, the latest correction first."""
        own = (str(self.complaint.place or ""), self.complaint.place_note)
        return self.corrected(Correction.Field.PLACE) or " ".join(filter(None, own))

    @property
    def category(self) -> str:
        """The category as a word, the latest correction first."""
        return self.corrected(Correction.Field.CATEGORY) or str(
            self.complaint.get_category_display()
        )

    @property
    def core_issue(self) -> str:
        """问题症结, the latest correction first."""
        return self.corrected(Correction.Field.CORE_ISSUE) or self.complaint.core_issue

    @property
    def expectation(self) -> str:
        """客户诉求, the latest correction first."""
        return self.corrected(Correction.Field.EXPECTATION) or self.complaint.expectation

    def of_cycle(self, cycle: int) -> tuple[Promise, ...]:
        """The promises of one round, first one first."""
        return tuple(row for row in self.promises if row.cycle == cycle)


def gather(case: Case, version: int | None = None) -> Dossier:
    """Read the complaint of ``case`` up to entry ``version`` (None: all there is)."""
    complaint = Complaint.objects.select_related(
        "case__property",
        "guest__room",
        "place",
        "owner",
        "received_by",
        "recorded_by",
        "department",
    ).get(pk=case.pk)
    chain = AuditEntry.objects.filter(case=case).select_related("by").order_by("seq")
    entries = tuple(chain if version is None else chain.filter(seq__lte=version))
    until = entries[-1].at
    take_back([complaint], until)
    complaint.guest = persons.as_of(complaint.guest, until)
    notices = _notices(case, until)
    return Dossier(
        complaint=complaint,
        until=until,
        head=entries[-1].hash,
        rounds=_rounds(complaint, until),
        entries=entries,
        notices=notices,
        photos=tuple(
            Attachment.objects.filter(case=case, uploaded_at__lte=until)
            .select_related("uploaded_by", "removed_by")
            .order_by("uploaded_at", "pk")
        ),
        linked=_linked(case, until),
        staff=_named(entries),
        roles=_roles(complaint, notices, until),
        **_rows(complaint, until),
    )


def _rows(complaint: Complaint, until: datetime) -> dict[str, Any]:
    before = {"at__lte": until}
    return {
        "steps": {row.letter: row for row in complaint.steps.select_related("by").filter(**before)},
        "corrections": tuple(
            complaint.corrections.select_related("by").filter(**before).order_by("at", "pk")
        ),
        "options": tuple(
            complaint.options.select_related("decided_by")
            .filter(proposed_at__lte=until)
            .order_by("cycle", "position")
        ),
        "promises": tuple(
            complaint.promises.select_related("department", "told_by", "approved_by")
            .filter(created_at__lte=until)
            .order_by("cycle", "seq")
        ),
        "progress": tuple(
            complaint.progress.select_related("by").filter(**before).order_by("occurred_at", "pk")
        ),
        "callbacks": tuple(
            complaint.callbacks.select_related("by").filter(**before).order_by("at", "pk")
        ),
        "decisions": tuple(
            complaint.decisions.select_related("by").filter(**before).order_by("at", "pk")
        ),
    }


def _rounds(complaint: Complaint, until: datetime) -> tuple[Round, ...]:
    """The last recorded state of each round: reopening clears the live row."""
    names = [field.name for field in fields(Round)]
    rows = (
        complaint.history.filter(history_date__lte=until)
        .order_by("cycle", "-history_id")
        .distinct("cycle")
        .values(*names)
    )
    return tuple(Round(**row) for row in rows)


def _notices(case: Case, until: datetime) -> tuple[Notice, ...]:
    """Who was told of the complaint itself; the turns of the sign-off stand in its boxes."""
    return tuple(
        Notice.objects.filter(case=case, created_at__lte=until, rule__startswith="incidents.")
        .select_related("recipient")
        .prefetch_related(
            Prefetch("deliveries", Delivery.objects.filter(created_at__lte=until).order_by("pk"))
        )
        .order_by("created_at", "pk")
    )


def _linked(case: Case, until: datetime) -> tuple[str, ...]:
    rows = CaseLink.objects.filter(Q(a=case) | Q(b=case), at__lte=until).select_related("a", "b")
    return tuple(
        row.b.number if row.a_id == case.pk else row.a.number for row in rows.order_by("pk")
    )


def _named(entries: tuple[AuditEntry, ...]) -> dict[int, str]:
    """Names of people whom entries know by key only (移交)."""
    keys = {(entry.content or {}).get("info", {}).get("to") for entry in entries} - {None}
    return dict(User.objects.filter(pk__in=keys).values_list("pk", "name"))


def _roles(complaint: Complaint, notices: tuple[Notice, ...], until: datetime) -> dict[int, Role]:
    """The highest role in the house of everybody who was told, as posts stood at ``until``.

    Not as they stand now: who has left since had his post then.
    """
    day = timezone.localdate(notices[-1].created_at if notices else complaint.received_at)
    people = {n.recipient_id for n in notices}
    past = Membership.history.filter(
        property=complaint.case.property, user__in=people, history_date__lte=until
    )
    rank = list(Role)
    found: dict[int, Role] = {}
    for row in past.order_by("id", "-history_date", "-history_id").distinct("id"):
        held = row.starts_on <= day and (row.ends_on is None or row.ends_on >= day)
        if held and row.role != Role.ADMIN:
            known = found.get(row.user_id, Role.STAFF)
            found[row.user_id] = max(known, Role(row.role), key=rank.index)
    return found
