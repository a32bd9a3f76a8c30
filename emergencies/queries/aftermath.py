"""What loss lists and outage claims say to the steps and closing rules (E-1, E-7)."""

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from emergencies.models import Affected, Event, LossItem, ReviewAction
from emergencies.queries import events, evidence
from propdesk.core.models import Property, User


def loss_list_missing(event: Event) -> str:
    """What keeps the guest's own account from being ticked: a list without a single thing."""
    there = event.losses.filter(removed_at=None).exists()
    return "" if there else _("请先在失窃物品清单里写下丢了什么。")


def affected_missing(event: Event) -> str:
    """What keeps the aftermath from being ticked: a household nobody has told (E-7)."""
    left = event.affected.filter(informed_at=None).count()
    return _("还有%(n)d户没有登记告知。") % {"n": left} if left else ""


def tell(event: Event, record: evidence.Record) -> None:
    """Households still to be told: counted where they are listed, else what was typed."""
    if event.kind != "power_outage":
        return
    states = list(event.affected.values_list("informed_at", flat=True))
    for step, spec in evidence.playbook_of(event).steps.items():
        if spec.own == "affected" and states:
            record.fields[f"{step}.uninformed"] = sum(at is None for at in states)


evidence.REGISTERS.append(tell)


# --- what the pages show ---------------------------------------------------------------------

SHOWN = 30
"""Households on the page of the event; the rest stands on a page of its own."""


def losses(event: Event) -> "QuerySet[LossItem]":
    """The list of the guest, without what was struck out."""
    return event.losses.filter(removed_at=None).order_by("position")


def loss(event: Event, pk: int) -> LossItem | None:
    """One line of the list."""
    return losses(event).filter(pk=pk).first()


def affected(event: Event) -> "QuerySet[Affected]":
    """All households, those still to be told first."""
    rows = event.affected.select_related("place", "person", "informed_by", "claim_case")
    return rows.order_by(F("informed_at").asc(nulls_first=True), "-needs_help", "pk")


def uninformed(event: Event) -> "QuerySet[Affected]":
    """Households nobody has told yet, those who need help first."""
    rows = event.affected.filter(informed_at=None).select_related("place")
    return rows.order_by("-needs_help", "pk")


def household(event: Event, pk: int) -> Affected | None:
    """One household of this very event."""
    return event.affected.filter(pk=pk).select_related("place").first()


def where(row: Affected) -> str:
    """Room and area of a household."""
    return " ".join(filter(None, [row.place.label if row.place else "", row.place_note]))


def action(event: Event, pk: int) -> ReviewAction | None:
    """One action that is not done."""
    return event.actions.filter(pk=pk, done_at=None).select_related("owner").first()


def my_actions(user: User, prop: Property) -> "QuerySet[ReviewAction]":
    """Open actions of this user, as far as he may read the event, the next day first."""
    rows = ReviewAction.objects.filter(owner=user, done_at=None)
    rows = rows.filter(event__in=events.visible_to(user, prop)).exclude(event__status="voided")
    return rows.order_by("due_on", "pk")
