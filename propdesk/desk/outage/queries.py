"""Rows of the pack and of its screen; bounded, indexed, confidential cases left out."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case as When
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models import When as If

from emergencies.models import Event
from incidents import queries as incidents
from incidents.models import Complaint
from lostfound.models import CustodyMove, FoundItem
from propdesk.core.blanks import KINDS
from propdesk.core.models import (
    BlankForm,
    Case,
    Membership,
    OutagePack,
    Place,
    Property,
    Shift,
    User,
)
from propdesk.core.paging import Page
from propdesk.core.roles import Role
from propdesk.desk.reading import visible

MOST = 300
"""Lines of one list of the pack."""
MOST_ROOMS = 2000
PEOPLE = 300
PAGE = 50
CHOICES = 12
"""Cases offered beside a blank form."""
ENTERED_BACK = timedelta(days=1)
"""How long before the pack was taken what stands on a sheet may have begun."""
RANK = (
    Role.DUTY_MANAGER,
    Role.PROPERTY_MANAGER,
    Role.GENERAL_MANAGER,
    Role.SECURITY_MANAGER,
    Role.SECURITY,
    Role.DUTY_ENGINEER,
    Role.ENGINEERING,
    Role.MEDIC,
    Role.FIRST_AIDER,
    Role.FRONT_DESK,
    Role.DEPARTMENT_MANAGER,
    Role.HOUSEKEEPING,
    Role.CASHIER,
)
"""In which order a night shift calls people; others are not in the tree."""


def people(prop: Property, now: datetime) -> "QuerySet[Membership]":
    """Who holds which role today, in the order in which they are called."""
    order = When(
        *(If(role=role, then=Value(place)) for place, role in enumerate(RANK)),
        output_field=IntegerField(),
    )
    rows = Membership.objects.current(now).filter(property=prop, role__in=RANK)
    rows = rows.select_related("user", "department").annotate(rank=order)
    return rows.order_by(F("rank"), "user__name_sort", "pk")[:PEOPLE]


def roster(prop: Property, start: datetime, end: datetime) -> "QuerySet[Shift]":
    """Shifts that touch the time from ``start`` to ``end``."""
    rows = Shift.objects.filter(
        property=prop, cancelled_at=None, ends_at__gt=start, starts_at__lt=end
    )
    return rows.select_related("user").order_by("starts_at", "role", "pk")[:MOST]


def rooms(prop: Property) -> "QuerySet[Place]":
    """Every room in use, floor by floor."""
    rows = Place.objects.filter(property=prop, kind=Place.Kind.ROOM, is_active=True)
    return rows.select_related("parent").order_by("parent__label", "code", "pk")[:MOST_ROOMS]


def complaints(prop: Property) -> tuple[list[Complaint], int]:
    """Open ones, the next to fall due first, and how many are left out."""
    rows = Complaint.objects.filter(
        case__property=prop,
        case__kind=Case.Kind.COMPLAINT,
        case__restricted=False,
        status__in=incidents.OPEN,
    )
    shown = rows.select_related("case", "guest", "place", "owner").order_by("next_due_at", "pk")
    return _bounded(rows, shown)


def things(prop: Property) -> tuple[list[Any], int]:
    """Things in custody with where they lie, the soonest to expire first."""
    rows = FoundItem.objects.filter(
        case__property=prop, case__kind=Case.Kind.FOUND, case__is_open=True, case__restricted=False
    )
    current = CustodyMove.objects.filter(item=OuterRef("pk"), ended_at=None)
    shown = rows.select_related("case").annotate(
        lies_in=Subquery(current.values("storage__label")[:1])
    )
    return _bounded(rows, shown.order_by("expires_on", "pk"))


def _bounded(rows: "QuerySet[Any]", shown: "QuerySet[Any]") -> tuple[list[Any], int]:
    """At most ``MOST`` rows, and how many more there are, counted no further than 10,000."""
    found = list(shown[: MOST + 1])
    if len(found) <= MOST:
        return found, 0
    more = rows.order_by().values("pk")[: MOST + 10_000].count() - MOST
    return found[:MOST], more


def events(prop: Property) -> "QuerySet[Event]":
    """Running events that are not confidential."""
    rows = Event.objects.filter(
        case__property=prop, case__restricted=False, status=Event.Status.RUNNING
    )
    return rows.select_related("case", "place", "commander").order_by("-reported_at", "-pk")[:MOST]


# --- the screen ----------------------------------------------------------------------------


def ready_pack(prop: Property) -> OutagePack | None:
    """The newest pack, with its papers: the one to open."""
    rows = OutagePack.objects.filter(property=prop).select_related(
        "job__document", "document", "made_by", "taken_by", "property"
    )
    return rows.order_by("-pk").first()


def pack(prop: Property, pk: int) -> OutagePack | None:
    """A pack of this house."""
    rows = OutagePack.objects.filter(property=prop, pk=pk)
    return rows.select_related("property", "job__document", "document").first()


def out(prop: Property, after: str) -> Page:
    """Numbers 未回收 of packs somebody took, the oldest first; ``after`` is the last serial seen."""
    rows = BlankForm.objects.filter(
        property=prop, settled_at=None, pack__taken_at__isnull=False, serial__gt=after[:20]
    )
    found = list(rows.select_related("pack__taken_by").order_by("serial")[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].serial if len(found) > PAGE else "")


def packs_out(prop: Property) -> "QuerySet[Any]":
    """Packs that have numbers 未回收, with how many, the oldest first."""
    still = BlankForm.objects.filter(property=prop, settled_at=None)
    count = Count("blanks", filter=Q(blanks__settled_at=None))
    rows = OutagePack.objects.filter(pk__in=still.values("pack"), taken_at__isnull=False)
    return rows.annotate(out=count).select_related("taken_by").order_by("pk")[:PAGE]


def settled(prop: Property) -> "QuerySet[BlankForm]":
    """The last that were entered or voided."""
    rows = BlankForm.objects.filter(property=prop, settled_at__isnull=False)
    return rows.select_related("case", "settled_by").order_by("-settled_at", "-pk")[:PAGE]


def blank(prop: Property, serial: str) -> BlankForm | None:
    """One blank form of a pack somebody took."""
    rows = BlankForm.objects.filter(property=prop, serial=serial, pack__taken_at__isnull=False)
    return rows.select_related("pack", "case", "property__settings", "settled_by").first()


def blanks_out(pack: OutagePack) -> list[BlankForm]:
    """The numbers of a pack that are 未回收."""
    return list(pack.blanks.filter(settled_at=None).select_related("property").order_by("serial"))


def candidates(user: User, blank: BlankForm) -> list[Case]:
    """What was opened of this kind since the pack was taken and has no sheet yet: newest first."""
    kind = KINDS[BlankForm.Form(blank.form)]
    rows = visible(user, blank.property, kind).filter(blank_forms=None)
    since = blank.pack.taken_at
    if since is not None:
        rows = rows.filter(opened_at__gte=since - ENTERED_BACK)
    return list(rows.order_by("-opened_at", "-pk")[:CHOICES])


def seen(user: User, prop: Property, rows: list[BlankForm]) -> set[int]:
    """Which cases of settled sheets this person may read: of others not even the number is shown."""
    found: set[int] = set()
    for kind in sorted({row.case.kind for row in rows if row.case}):
        ids = [row.case.pk for row in rows if row.case and row.case.kind == kind]
        found |= set(visible(user, prop, kind).filter(pk__in=ids).values_list("pk", flat=True))
    return found
