"""What the pages of a house read: bounded lists, one statement each, and single rows or 404."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Prefetch, Q, QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from propdesk.core.models import Department, Deputy, Membership, Place, Property, Shift, User
from propdesk.core.roles import Role

PAGE = 50
WEEK_ROWS = 500
CHOICES = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 50 rows and what the next page starts after ("" on the last one)."""

    rows: list[Any]
    after: str = ""


def _page(rows: "QuerySet[Any]", key: str) -> Page:
    found = list(rows[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found)
    return Page(found[:PAGE], str(getattr(found[PAGE - 1], key)))


def in_force(prefix: str = "") -> Q:
    """Memberships that have not ended: those to come are shown too."""
    today = timezone.localdate()
    return Q(**{f"{prefix}ends_on": None}) | Q(**{f"{prefix}ends_on__gte": today})


def staff_page(prop: Property, query: str, *, gone: bool, after: str) -> Page:
    """Staff by name with ``posts`` and ``units``: roles and departments held in this property.

    ``gone``: only closed accounts and people without a role any more.
    """
    held = in_force("memberships__") & Q(memberships__property=prop)
    rows = User.objects.filter(memberships__property=prop).annotate(
        posts=ArrayAgg("memberships__role", filter=held, distinct=True),
        units=ArrayAgg(
            "memberships__department__name",
            filter=held & Q(memberships__department__isnull=False),
            distinct=True,
        ),
        held=Count("memberships", filter=held),
    )
    rows = (
        rows.filter(Q(is_active=False) | Q(held=0))
        if gone
        else rows.filter(is_active=True, held__gt=0)
    )
    if query:
        rows = rows.filter(
            Q(name__icontains=query)
            | Q(username__istartswith=query)
            | Q(name_sort__istartswith=query)
        )
    if after.isdecimal() and len(after) < 18:
        last = Subquery(User.objects.filter(pk=int(after)).values("name_sort")[:1])
        rows = rows.filter(Q(name_sort__gt=last) | Q(name_sort=last, pk__gt=int(after)))
    return _page(rows.order_by("name_sort", "pk"), "pk")


def staff_member(prop: Property, pk: int) -> User:
    """A person who holds or held a role here, with ``here``: his memberships; Http404 otherwise."""
    here = Membership.objects.filter(property=prop).select_related("department")
    rows = User.objects.filter(Q(memberships__property=prop)).distinct()
    found = rows.filter(pk=pk).prefetch_related(
        Prefetch("memberships", here.order_by("-starts_on", "-pk"), to_attr="here")
    )
    return get_object_or_404(found)


def staff_choices(prop: Property) -> "QuerySet[User]":
    """Active staff of the property by name, for a choice."""
    posts = Membership.objects.filter(in_force(), property=prop).values("user_id")
    return User.objects.filter(pk__in=posts, is_active=True).order_by("name_sort", "pk")


def membership(prop: Property, pk: int) -> Membership:
    """A role held in this property, or Http404."""
    rows = Membership.objects.filter(property=prop).select_related("user", "property")
    return get_object_or_404(rows, pk=pk)


def departments(prop: Property) -> "QuerySet[Department]":
    """All departments with ``people``: how many active people hold a role in each."""
    held = in_force("memberships__") & Q(memberships__user__is_active=True)
    return prop.departments.annotate(
        people=Count("memberships__user", filter=held, distinct=True)
    ).order_by("-is_active", "name")[:CHOICES]


def department(prop: Property, pk: int) -> Department:
    """A department of this property, or Http404."""
    return get_object_or_404(Department.objects.select_related("property"), property=prop, pk=pk)


def my_posts(prop: Property, user: User) -> "QuerySet[Membership]":
    """The roles the user himself holds here."""
    return Membership.objects.current(timezone.now()).filter(property=prop, user=user)


def deputies(prop: Property, user: User | None) -> "QuerySet[Deputy]":
    """Deputyships not over yet: all of the property, or those that concern ``user``."""
    rows = Deputy.objects.filter(
        for_membership__property=prop, revoked_at=None, ends_at__gt=timezone.now()
    )
    if user:
        rows = rows.filter(Q(for_membership__user=user) | Q(by_user=user))
    return rows.select_related("for_membership__user", "by_user").order_by("starts_at")[:PAGE]


def deputy(prop: Property, pk: int) -> Deputy:
    """A deputyship in this property, or Http404."""
    rows = Deputy.objects.select_related(
        "for_membership__property", "for_membership__user", "by_user"
    )
    return get_object_or_404(rows, for_membership__property=prop, pk=pk)


def monday(text: str) -> datetime:
    """Local midnight of the Monday of the day ``text`` (2026-11-23), of today when empty.

    Http404 for what is no day of this century.
    """
    day = timezone.localdate()
    if text:
        try:
            day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- only the day is used
        except ValueError as error:
            raise Http404 from error
    if not 2000 <= day.year <= 2098:
        raise Http404
    start = datetime.combine(day - timedelta(days=day.weekday()), time())
    return timezone.make_aware(start)


def week(prop: Property, start: datetime, role: str) -> "QuerySet[Shift]":
    """Shifts that begin in the week from ``start``, of one role or of all, at most 500."""
    rows = prop.shifts.filter(
        cancelled_at=None, starts_at__gte=start, starts_at__lt=start + timedelta(days=7)
    )
    if role in Role.values:
        rows = rows.filter(role=role)
    return rows.select_related("user").order_by("starts_at", "role", "user__name_sort")[:WEEK_ROWS]


def shift(prop: Property, pk: int) -> Shift:
    """A shift of this property, or Http404."""
    return get_object_or_404(Shift.objects.select_related("property", "user"), property=prop, pk=pk)


def places_page(prop: Property, query: str, *, gone: bool, after: str) -> Page:
    """Places by their full label, in use or (``gone``) retired."""
    rows = prop.places.filter(is_active=not gone)
    if query:
        rows = rows.filter(Q(label__icontains=query) | Q(code__istartswith=query))
    if after:
        rows = rows.filter(label__gt=after)
    return _page(rows.order_by("label"), "label")


def place(prop: Property, pk: int) -> Place:
    """A place of this property, or Http404."""
    return get_object_or_404(
        Place.objects.select_related("parent", "property"), property=prop, pk=pk
    )


def parents(prop: Property) -> "QuerySet[Place]":
    """Buildings and floors in use: what a new place may stand under."""
    kinds = (Place.Kind.BUILDING, Place.Kind.FLOOR)
    return prop.places.filter(is_active=True, kind__in=kinds).order_by("label")
