"""日历订阅: one live feed a person and house, whose key is kept nowhere and taken back at will."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from propdesk.core import house_people
from propdesk.core.models import User
from propdesk.core.roles import ALL_STAFF, Role
from propdesk.core.transitions import ConflictError
from propdesk.desk.calendar import workflow
from propdesk.desk.calendar.models import CalendarFeed
from propdesk.desk.calendar.queries import digest_of
from tests.factories import MembershipFactory, PropertyFactory, member
from tests.incidents.journey import House
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def live(user: User) -> list[int]:
    rows = CalendarFeed.objects.filter(user=user, ended_at=None).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def reasons(feed: CalendarFeed) -> list[str]:
    return [row.history_change_reason for row in feed.history.order_by("history_id")]


@pytest.mark.parametrize("role", Role)
def test_every_role_but_the_administrator_makes_and_ends_its_own(role: Role) -> None:
    prop = PropertyFactory()
    user = member(prop, role)
    if role not in ALL_STAFF:
        with refuses(PermissionDenied):
            workflow.make_feed(prop, by=user)
        with refuses(PermissionDenied):
            workflow.end_feed(prop, by=user)
        return

    feed, _token = workflow.make_feed(prop, by=user)
    made = live(user)
    workflow.end_feed(prop, by=user)

    assert (made, live(user)) == ([feed.pk], [])
    assert reasons(feed) == ["生成订阅地址", "停用订阅"]


def test_somebody_of_another_house_gets_none() -> None:
    house, other = House(), House()

    with refuses(PermissionDenied):
        workflow.make_feed(house.prop, by=other.dm)


def test_key_is_long_random_and_kept_nowhere() -> None:
    house = House()
    feed, token = workflow.make_feed(house.prop, by=house.dm)
    other = workflow.make_feed(house.prop, by=house.pm)[1]

    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM desk_calendarfeed row")
        held = [text for (text,) in cursor.fetchall()]
        cursor.execute("SELECT row::text FROM desk_historicalcalendarfeed row")
        held += [text for (text,) in cursor.fetchall()]

    assert (len(token), token == other, feed.digest) == (43, False, digest_of(token))
    assert (len(held), [text for text in held if token in text or other in text]) == (4, [])
    assert "digest" not in {field.name for field in CalendarFeed.history.model._meta.fields}


def test_new_key_ends_the_old_one() -> None:
    house = House()
    old, _token = workflow.make_feed(house.prop, by=house.dm)
    new, _token = workflow.make_feed(house.prop, by=house.dm)

    assert live(house.dm) == [new.pk]
    assert reasons(old) == ["生成订阅地址", "换了新的订阅地址"]


def test_feed_of_one_house_leaves_that_of_another_alone() -> None:
    house, other = House(), PropertyFactory()
    MembershipFactory(user=house.dm, property=other, role=Role.STAFF)
    here, there = (workflow.make_feed(prop, by=house.dm)[0] for prop in (house.prop, other))

    both = live(house.dm)
    workflow.end_feed(other, by=house.dm)

    assert (both, live(house.dm)) == ([here.pk, there.pk], [here.pk])


def test_ending_without_a_live_one_is_a_conflict() -> None:
    house = House()
    workflow.make_feed(house.prop, by=house.pm)
    with refuses(ConflictError, "没有在用的订阅地址"):
        workflow.end_feed(house.prop, by=house.dm)

    workflow.make_feed(house.prop, by=house.dm)
    workflow.end_feed(house.prop, by=house.dm)
    with refuses(ConflictError, "没有在用的订阅地址"):
        workflow.end_feed(house.prop, by=house.dm)


def test_two_windows_at_once_leave_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sees the feed of the other: the database refuses the second."""
    house = House()
    workflow.make_feed(house.prop, by=house.dm)
    monkeypatch.setattr(workflow, "_live", lambda *_of: [])

    with refuses(ConflictError, "刚刚已经生成过"):
        workflow.make_feed(house.prop, by=house.dm)


def test_closed_account_loses_its_feeds_for_good() -> None:
    house = House()
    admin = member(house.prop, Role.ADMIN)
    user = member(house.prop, Role.SECURITY)
    feed, _token = workflow.make_feed(house.prop, by=user)
    kept, _token = workflow.make_feed(house.prop, by=house.dm)

    house_people.deactivate_user(house.prop, user, by=admin, reason="离职")
    user.refresh_from_db()
    house_people.reactivate_user(house.prop, user, by=admin, reason="回来")

    assert (live(user), live(house.dm)) == ([], [kept.pk])
    assert reasons(feed) == ["生成订阅地址", "账号停用"]
