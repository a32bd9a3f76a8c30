"""Rows for tests, made one by one: no test shares a world with another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import factory
from django.test import Client
from django.utils import timezone
from factory.django import DjangoModelFactory
from simple_history.utils import bulk_create_with_history

from propdesk.core.models import (
    Case,
    Department,
    Deputy,
    Membership,
    Person,
    Place,
    Property,
    PropertySettings,
    Shift,
    User,
)
from propdesk.core.names import sort_key
from propdesk.core.roles import Role

PASSWORD = "test-Password-1"
LONG_AGO = date(2020, 1, 1)


class SettingsFactory(DjangoModelFactory[PropertySettings]):
    class Meta:
        model = PropertySettings

    property = factory.SubFactory("tests.factories.PropertyFactory", settings=None)
    first_run_done_at = factory.LazyFunction(timezone.now)


class PropertyFactory(DjangoModelFactory[Property]):
    """A property whose first-run questions are answered; ``settings__<field>`` sets a setting."""

    class Meta:
        model = Property
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"p{n}")
    name = factory.Sequence(lambda n: f"测试公寓{n}")
    settings = factory.RelatedFactory(SettingsFactory, factory_related_name="property")


class DepartmentFactory(DjangoModelFactory[Department]):
    class Meta:
        model = Department

    property = factory.SubFactory(PropertyFactory)
    name = factory.Sequence(lambda n: f"部门{n}")


class UserFactory(DjangoModelFactory[User]):
    """An active member of staff; the password is ``PASSWORD``."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"{20000 + n}")
    name = factory.Sequence(lambda n: f"员工{n}")
    name_sort = factory.LazyAttribute(lambda user: sort_key(user.name))
    password = factory.django.Password(PASSWORD)


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    property = factory.SubFactory(PropertyFactory)
    role = Role.STAFF
    starts_on = LONG_AGO


class DeputyFactory(DjangoModelFactory[Deputy]):
    """A deputy in force for a day round this moment."""

    class Meta:
        model = Deputy

    for_membership = factory.SubFactory(MembershipFactory)
    by_user = factory.SubFactory(UserFactory)
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timedelta(days=1))


class ShiftFactory(DjangoModelFactory[Shift]):
    """A shift of eight hours that began an hour ago."""

    class Meta:
        model = Shift

    property = factory.SubFactory(PropertyFactory)
    role = Role.DUTY_MANAGER
    user = factory.SubFactory(UserFactory)
    label = "中班"
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timedelta(hours=8))


class PlaceFactory(DjangoModelFactory[Place]):
    """A place without a parent; with ``parent=`` the label is the whole path."""

    class Meta:
        model = Place

    property = factory.SubFactory(PropertyFactory)
    kind = Place.Kind.SPOT
    name = factory.Sequence(lambda n: f"地点{n}")
    label = factory.LazyAttribute(
        lambda place: f"{place.parent.label} {place.name}" if place.parent else place.name
    )
    parent = None


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person

    property = factory.SubFactory(PropertyFactory)
    name = "王晓梅"
    name_sort = factory.LazyAttribute(lambda person: sort_key(person.name))
    honorific = "ms"
    phone = "13800005678"


class CaseFactory(DjangoModelFactory[Case]):
    """A bare open case of a complaint number; registers hang their own row on it."""

    class Meta:
        model = Case

    property = factory.SubFactory(PropertyFactory)
    number = factory.Sequence(lambda n: f"TS-20261123-{n:03}")
    kind = Case.Kind.COMPLAINT
    neutral_title = "投诉"
    opened_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)


def member(
    prop: Property, *roles: Role, department: Department | None = None, **fields: Any
) -> User:
    """An active user who holds ``roles`` in ``prop`` since long ago; ``fields`` go to the user."""
    user = UserFactory(**fields)
    for role in roles:
        MembershipFactory(user=user, property=prop, role=role, department=department)
    return user


@dataclass(frozen=True, slots=True)
class Post:
    """What one of ``members`` is; without a name he has one of his own."""

    role: Role
    name: str = ""
    department: Department | None = None


def members(prop: Property, *posts: Post) -> list[User]:
    """``member`` for each post, in four statements however many there are: a whole house at once."""
    users = [UserFactory.build(**({"name": post.name} if post.name else {})) for post in posts]
    bulk_create_with_history(users, User)
    rows = [
        MembershipFactory.build(
            user=user, property=prop, role=post.role, department=post.department
        )
        for user, post in zip(users, posts, strict=True)
    ]
    bulk_create_with_history(rows, Membership)
    return users


def fresh(user: User) -> User:
    """The same user read anew: standings are cached on the object for one request."""
    return User.objects.get(pk=user.pk)


def web(user: User) -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(user)
    return client


def at(text: str) -> datetime:
    """An aware moment of the house's wall clock: ``at("2026-11-23 14:05")``."""
    return timezone.make_aware(datetime.strptime(text, "%Y-%m-%d %H:%M"))  # noqa: DTZ007 -- made aware here
