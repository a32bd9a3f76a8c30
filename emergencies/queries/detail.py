"""One event with all its children in one statement (ADR 0019), and whether it has moved on."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import JSONObject
from django.utils import timezone

from emergencies.models import (
    Answer,
    Call,
    Command,
    Event,
    EventRecord,
    Involved,
    LossItem,
    MarkPhoto,
    Note,
    Party,
    Reader,
    ReviewAction,
    RoomSeal,
    StepMark,
)
from emergencies.queries import cells, events
from emergencies.queries.signed import paper_state
from propdesk.core import drafts, duty
from propdesk.core.composed import USER, Children, rows_of, same, spread
from propdesk.core.models import (
    Attachment,
    CaseLink,
    Membership,
    Person,
    Property,
    Report,
    Unmasking,
    User,
)
from propdesk.core.roles import ALL_STAFF, standing

COMMANDS = 20
"""Changes of command shown at most; the timeline has them all."""
NOTES = 31
"""The newest lines: at least those of the first page of the timeline."""


def answers_of(pk: Any) -> ArraySubquery:
    """All answers of an event, oldest first."""
    return rows_of(
        Answer.objects.filter(event=pk),
        "pk",
        **same("key", "seq", "value", "reason", "at", "superseded_at"),
        by="by__name",
    )


def marks_of(pk: Any) -> ArraySubquery:
    """All marks of an event, oldest first, each with who it is about."""
    return rows_of(
        StepMark.objects.filter(event=pk),
        "pk",
        **same("pk", "step", "seq", "outcome", "text", "values", "basis", "occurred_at", "at"),
        **same("is_late_entry", "superseded_at", "person_id", "signature_id"),
        by="by__name",
        drawn=F("person_signature_id"),
        person=F("person__name"),
        phone=F("person__phone"),
    )


class Named(Func):
    """Ids of the people from outside that the fields of a mark name, one a row."""

    template = "(jsonb_path_query(%(expressions)s, '$.*.person'))::bigint"
    output_field = BigIntegerField()
    set_returning = True


def named_in(pk: Any) -> ArraySubquery:
    """Who was written into a field of a step and is in no list of the event."""
    ids = StepMark.objects.filter(event=OuterRef(pk)).values(who=Named("values"))
    people = Person.objects.filter(cells.belongs(OuterRef(pk)), pk__in=ids)
    return rows_of(people, "pk", **same("pk", "name"))


def calls_of(pk: Any) -> ArraySubquery:
    """All calls of an event, in the order they were opened."""
    return rows_of(
        Call.objects.filter(event=pk),
        "pk",
        **same("pk", "notice", "party", "role", "opened_at", "due_at", "told_at", "told_via"),
        **same("told_whom", "told_note", "not_told_reason", "needs_ack", "acked_at", "level"),
        **same("next_rung_at"),
        told_user=F("told_user__name"),
        acked_by=F("acked_by__name"),
    )


def _roles_of(user: str, prop: str) -> Any:
    """What somebody named in the statement around is there now, for others included."""
    return Membership.objects.standing_rows(OuterRef(user), OuterRef(prop), timezone.now())


def _people(pk: Any) -> dict[str, ArraySubquery]:
    return {
        "party_rows": rows_of(
            Party.objects.filter(event=pk, removed_at=None),
            "pk",
            **same("pk", "part", "note", "at", "person_id"),
            name=F("person__name"),
            honorific=F("person__honorific"),
            phone=F("person__phone"),
            room=F("person__room__label"),
        ),
        "command_rows": ArraySubquery(
            Command.objects.filter(event=pk)
            .order_by("-seq")
            .values(row=JSONObject(**same("at", "ended_at", "reason"), name=F("user__name")))[
                :COMMANDS
            ]
        ),
    }


def _around(pk: Any) -> dict[str, ArraySubquery]:
    """Photos, what they prove, what this event led to and what it is linked with."""
    links = CaseLink.objects.filter(Q(a=pk) | Q(b=pk))
    return {
        "seal_ends": ArraySubquery(
            RoomSeal.objects.filter(event=pk).order_by("pk").values("released_at")
        ),
        "photo_rows": rows_of(
            Attachment.objects.filter(case=pk, removed_at=None), "pk", **same("pk", "caption")
        ),
        "proof_rows": rows_of(
            MarkPhoto.objects.filter(mark__event=pk), "pk", **same("mark_id", "attachment_id")
        ),
        "child_rows": rows_of(
            Event.objects.filter(parent=pk),
            "pk",
            **same("pk", "kind", "status"),
            number=F("case__number"),
            restricted=F("case__restricted"),
        ),
        "action_rows": rows_of(
            ReviewAction.objects.filter(event=pk),
            F("done_at").asc(nulls_first=True),
            "due_on",
            "position",
            **same("pk", "text", "due_on", "done_at", "result", "owner_id"),
            owner=F("owner__name"),
            done_by=F("done_by__name"),
        ),
        "loss_rows": rows_of(
            LossItem.objects.filter(event=pk, removed_at=None),
            "position",
            **same("pk", "name", "quantity", "features", "value"),
            **same("recovered_at", "recovered_where"),
        ),
        "link_rows": rows_of(
            links,
            "pk",
            note="note",
            **{f"{side}_{name}": F(f"{side}__{name}") for side in "ab" for name in _LINKED},
        ),
    }


_LINKED = ("number", "kind", "restricted")


def _children() -> dict[str, Any]:
    """All lists that are the same whoever looks, and how long this user sees numbers of people."""
    pk = OuterRef("pk")
    looks = Unmasking.objects.filter(by=USER).filter(
        Q(person__in=Party.objects.filter(event=OuterRef(pk)).values("person"))
        | Q(person__in=StepMark.objects.filter(event=OuterRef(pk)).values("person"))
    )
    notes = Note.objects.filter(event=pk).order_by("-pk")
    records = EventRecord.objects.filter(event=pk).exclude(state=EventRecord.State.SUPERSEDED)
    reports = Report.objects.filter(case=pk).exclude(state=Report.State.SUPERSEDED)
    return {
        "answer_rows": answers_of(pk),
        "mark_rows": marks_of(pk),
        "named_rows": named_in(pk),
        "call_rows": calls_of(pk),
        "unmask_rows": rows_of(looks, "-until", **same("person_id", "until"), me=Value(True)),
        "note_rows": ArraySubquery(notes.values(row=JSONObject(**same("pk", "text")))[:NOTES]),
        "record_states": rows_of(records, "pk", form="form", state=paper_state()),
        "report_states": ArraySubquery(reports.values_list("state")),
        **_people(pk),
        **_around(pk),
    }


CHILDREN = Children(Event.objects, _children)


def find(user: User, prop: Property, number: str) -> "Event | None":
    """The event as this user may see it, or None: one statement for it and all its children."""
    pk, mine = OuterRef("pk"), standing(user, prop)
    mends = ReviewAction.objects.filter(event=pk, owner=user)
    called = Involved.objects.filter(event=pk, role__in=mine.task_roles)
    return spread(
        events.visible_to(user, prop)
        .filter(case__number=number)
        .select_related(
            "case__property__settings",
            "case__erasure",
            "playbook",
            "place",
            "commander",
            "reported_by",
            "ended_by",
            "archived_by",
            "parent__case",
        )
        .defer("playbook__content", "playbook__text")
        .annotate(
            called=Exists(called) | Exists(mends),
            **CHILDREN.of(number=number, prop=prop.pk, user=user.pk),
            reader_rows=rows_of(
                Reader.objects.filter(event=pk, ended_at=None),
                "pk",
                **same("pk", "user_id", "reason", "at"),
                name=F("user__name"),
                roles=ArraySubquery(_roles_of("user", "event__case__property").values("role")),
            ),
            draft_rows=rows_of(drafts.of(user, f"{number}:"), "pk", **same("form", "data")),
            colleague_rows=rows_of(
                duty.holders(prop, *sorted(ALL_STAFF)), "name_sort", **same("pk", "name")
            ),
        )
        .first()
    )


def version(user: User, prop: Property, number: str) -> int | None:
    """How often the event has changed so far; None where it does not exist for this user."""
    rows = events.visible_to(user, prop).filter(case__number=number)
    return rows.values_list("case__version", flat=True).first()


def photo(event: Event, pk: int) -> Attachment | None:
    """A photo of the event that was not taken down."""
    rows = Attachment.objects.filter(case=event.pk, pk=pk, removed_at=None)
    return rows.select_related("case__property__settings").first()


def party(event: Event, pk: int) -> Party | None:
    """Somebody concerned, with what is known of him."""
    rows = event.parties.filter(pk=pk, removed_at=None)
    return rows.select_related("person__room").first()


def reader(event: Event, pk: int) -> Reader | None:
    """Somebody who may read a restricted event."""
    return event.readers.filter(pk=pk, ended_at=None).select_related("user").first()


def notes(pks: "list[int]") -> dict[int, Note]:
    """Free lines of a timeline by key."""
    return Note.objects.in_bulk(pks)
