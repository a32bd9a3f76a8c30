"""Which places are under seal: for the board of an event, and for whoever may know of it."""

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies.models import Belonging, Event, Inventory, RoomSeal, SealCheck, SealTag
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence
from emergencies.queries.events import visible_to
from emergencies.queries.evidence import Record, playbook_of
from propdesk.core.models import Attachment, Property, User

RELEASED = "police_released"
"""The question the release answers: what comes after it (清扫、清点、出租) hangs on its yes."""
BY_RELEASE = _l("请总物业经理登记公安解除记录，这个问题会自动回答。")
_PRESENT = ("applied_by", "witness1", "witness1_person", "witness2", "witness2_person")


def has_step(event: Event, own: str) -> bool:
    """Whether the playbook of the event has a step that this register fulfils."""
    return any(step.own == own for step in playbook_of(event).steps.values())


def active(event: Event) -> "QuerySet[RoomSeal]":
    """The seals of the event that the police have not released."""
    return event.seals.filter(released_at=None)


def of_event(event: Event) -> "QuerySet[RoomSeal]":
    """All seals of the event with what a page shows of them; three statements."""
    rows = event.seals.select_related(
        "place",
        "sealed_by",
        "officer",
        "document",
        "released_by",
        "released_with",
        "opened_by",
        "opened_with",
    )
    return rows.prefetch_related(
        Prefetch("tags", SealTag.objects.select_related(*_PRESENT)),
        Prefetch("checks", SealCheck.objects.select_related("by")),
    ).order_by("pk")


def fill(event: Event, record: Record) -> None:
    """Say how many seals are active: unknown while none was ever made (decision 18).

    No seal at all is not "none active": the closing rule of a death on the premises waits for one.
    """
    if not has_step(event, Register.SEAL):
        return
    released = event.__dict__.get("seal_ends")
    if released is None:
        released = list(event.seals.values_list("released_at", flat=True))
    if released:
        record.active[Register.SEAL] = released.count(None)
    if has_step(event, Register.SEAL_RELEASE) and (not released or None in released):
        yes = frozenset({evidence.YES})
        record.barred[RELEASED] = evidence.Barred(str(BY_RELEASE), yes)


def of_house(prop: Property) -> "QuerySet[RoomSeal]":
    """The places of the house that are under seal now, whoever may know of it; a drill seals nothing."""
    return RoomSeal.objects.filter(property=prop, released_at=None, is_drill=False)


def seen(user: User, prop: Property) -> "QuerySet[RoomSeal]":
    """Those of them this user may know of."""
    return of_house(prop).filter(event__in=visible_to(user, prop).order_by().values("pk"))


def sealed_places(user: User, prop: Property) -> frozenset[int]:
    """Ids of the places that are 封存 as far as this user may know; for others nothing shows.

    One statement.
    """
    return frozenset(seen(user, prop).values_list("place_id", flat=True))


def place_states(user: User, prop: Property) -> dict[int, str]:
    """封存 for each sealed place this user may know of: shown wherever a place is chosen."""
    return dict.fromkeys(sealed_places(user, prop), _("封存"))


def proves_something(attachment: Attachment) -> bool:
    """Whether a photo is the proof of a seal, a check, a release or an inventory."""
    return (
        SealTag.objects.filter(photo=attachment).exists()
        or RoomSeal.objects.filter(document=attachment).exists()
        or attachment.pk in _checked(attachment)
        or Inventory.objects.filter(photo=attachment).exists()
    )


def _checked(attachment: Attachment) -> set[int | None]:
    checks = RoomSeal.objects.filter(checks__photo=attachment)
    return set(checks.values_list("checks__photo", flat=True))


def inventory(event: Event) -> Inventory | None:
    """The count of the belongings that is in force."""
    rows = event.inventories.select_related("counted_by", "counted_with", "photo")
    return rows.filter(superseded_at=None).first()


def lines(event: Event) -> "QuerySet[Belonging]":
    """The lines in force, with who received them."""
    rows = Belonging.objects.filter(inventory__event=event, inventory__superseded_at=None)
    return rows.select_related("handover").order_by("position")


def lines_with_all(event: Event) -> "QuerySet[Belonging]":
    """The same with their inventory and everything a page says of count and handing over."""
    return lines(event).select_related(
        "inventory__counted_by",
        "inventory__counted_with",
        "inventory__photo",
        "handover__receiver",
        "handover__handed_by",
        "handover__handed_with",
    )
