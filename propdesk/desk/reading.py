"""What a person may read of any register: cases by kind, for screens that stand above all of them."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from emergencies.queries import events
from incidents import queries as incidents
from lostfound.permissions import ACTIONS as FOUND
from lostfound.queries import item, lost
from propdesk.core.http import StaffRequest
from propdesk.core.models import Case, Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure, may
from propdesk.desk.handover.permissions import ACTIONS as HANDOVER

_READS: dict[str, Any] = {
    Case.Kind.COMPLAINT: incidents.visible_to,
    Case.Kind.FOUND: item.visible_to,
    Case.Kind.LOST: lost.visible_to,
    Case.Kind.EVENT: events.visible_to,
}


def visible(user: User, prop: Property, kind: str) -> "QuerySet[Case]":
    """Cases of a kind this person may read."""
    rows = Case.objects.filter(property=prop, kind=kind)
    if kind == Case.Kind.DISPOSAL:
        return rows if may(user, "read_batch", FOUND, prop=prop) else rows.none()
    if kind == Case.Kind.HANDOVER:
        return rows if may(user, "read_handover", HANDOVER, prop=prop) else rows.none()
    if kind not in _READS:
        return rows.none()
    return rows.filter(pk__in=_READS[kind](user, prop).order_by().values("pk"))


def case_seen(user: User, prop: Property, number: str) -> Case | None:
    """The case of this number; None when there is none, or none his register shows him."""
    found = Case.objects.filter(property=prop, number=number.strip().upper()).first()
    if found is None:
        return None
    rows = visible(user, prop, found.kind).select_related("property")
    return rows.filter(pk=found.pk).first()


def case_for(request: StaffRequest, number: str, action: str) -> Case:
    """The case of a page about it: 404 for who may not see it, 403 for who may not do ``action``."""
    found = case_seen(request.user, request.prop, number)
    if found is None:
        raise Http404
    ensure(request.user, action, ACTIONS, prop=request.prop)
    return found
