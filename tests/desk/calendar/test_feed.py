"""The feed as a telephone reads it: what is its person's own, nothing personal, and until when."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from emergencies import workflow as events
from emergencies.models import Event
from incidents import workflow as complaints
from incidents.models import Complaint
from lostfound.models import FoundItem
from propdesk.core import house_people
from propdesk.core.models import Case, Property, Shift, User
from propdesk.core.roles import ALL_STAFF, Role
from propdesk.desk.calendar import feeds, views_feed, workflow
from propdesk.desk.handover.models import Handover
from propdesk.logs import FramesFormatter
from tests.desk.handover.shifts import Night
from tests.factories import (
    DeputyFactory,
    MembershipFactory,
    PropertyFactory,
    ShiftFactory,
    at,
    member,
    web,
)
from tests.incidents.journey import GUEST, House
from tests.lostfound.journey import House as Found

pytestmark = pytest.mark.django_db
NOW = at("2026-11-26 12:30")
Fact = tuple[str, date | datetime, date | datetime | None]


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def key_of(user: User, prop: Property) -> str:
    return workflow.make_feed(prop, by=user)[1]


def get(token: str, **headers: str) -> Any:
    return Client().get(reverse("calendar_feed", args=[token]), headers=headers)


def facts(body: bytes) -> list[Fact]:
    """(summary, start, end) of each event, as a reader of RFC 5545 finds them."""
    found = Calendar.from_ical(body).walk("VEVENT")
    assert [event.errors for event in found] == [[]] * len(found)
    return [
        (str(event["summary"]), event.start, event["dtend"].dt if "dtend" in event else None)
        for event in found
    ]


def summaries(user: User, prop: Property) -> set[str]:
    return {summary for summary, _start, _end in facts(get(key_of(user, prop)).content)}


def shift(house: Any, user: User, starts: datetime, role: Role = Role.DUTY_MANAGER) -> Any:
    ends = starts + timedelta(hours=8)
    return ShiftFactory(property=house.prop, user=user, role=role, starts_at=starts, ends_at=ends)


def full() -> Night:
    """A night with something of each kind: shifts, promises, things, a drill, a hand-over."""
    night = Night()
    for hours in (2, 30):
        night.promised(hours=hours)
    found = Found(prop=night.prop)
    for _n in range(2):
        item = found.logged()
        found.dm = night.dm
        found.stored(item)
    events.start(night.prop, events.Start("fire", place_note="B座", is_drill=True), by=night.dm)
    night.drafted()
    return night


# --- what it holds -------------------------------------------------------------------------


def test_feed_holds_what_is_ones_own_and_nothing_else(clock: Any) -> None:
    """Set equality with rows read straight from their tables, for those who share the night."""
    night = full()
    for days in (-40, -29, 100, 179, 200):
        shift(night, night.next, NOW + timedelta(days=days), Role.SECURITY)

    for user in (night.dm, night.next, night.third):
        assert set(facts(get(key_of(user, night.prop)).content)) == set(expected(night, user))


def expected(night: Night, user: User) -> Iterator[Fact]:
    """What is his from 30 days ago to the 180th day, in the plainest way to ask for it."""
    first, last = date(2026, 10, 27), date(2027, 5, 25)

    def within(moment: datetime) -> bool:
        return first <= timezone.localdate(moment) <= last

    for row in Shift.objects.filter(user=user, cancelled_at=None):
        if within(row.starts_at):
            yield "值班", row.starts_at, row.ends_at
    for complaint in Complaint.objects.filter(owner=user):
        yield f"投诉到期 {complaint.case.number}", complaint.next_due_at, None
    for item in FoundItem.objects.filter(custody__manager=user, custody__ended_at=None):
        if item.expires_on <= last:
            yield f"失物保管到期 {item.case.number}", item.expires_on, None
    for row in Handover.objects.filter(outgoing=user):
        yield f"交接班 {row.case.number}", row.ends_at, None
    for event in Event.objects.filter(commander=user):
        yield f"演练 {event.case.number}", event.reported_at, None


def test_drill_that_is_due_stands_with_those_who_are_told(clock: Any) -> None:
    house = House()
    house.prop.settings.first_run_done_at = NOW - timedelta(days=100)
    house.prop.settings.save()
    guards = member(house.prop, Role.SECURITY_MANAGER)
    due = {user: summaries(user, house.prop) for user in (house.pm, guards, house.dm, house.gm)}

    assert due == {house.pm: {"演练到期"}, guards: {"演练到期"}, house.dm: set(), house.gm: set()}


def test_events_are_complete_and_keep_their_names(clock: Any) -> None:
    """RFC 5545: a stable UID and the time of writing in UTC; only shifts take up time."""
    night = full()
    token = key_of(night.dm, night.prop)

    def read() -> list[Any]:
        calendar = Calendar.from_ical(get(token).content)
        assert (calendar["version"], "PropDesk" in calendar["prodid"]) == ("2.0", True)
        return calendar.walk("VEVENT")

    first = read()
    clock.shift(timedelta(minutes=5))
    again = read()

    names = [str(event["uid"]) for event in first]
    assert (len(set(names)), [str(event["uid"]) for event in again]) == (len(first), names)
    assert {event["dtstamp"].dt for event in first} == {NOW.astimezone(UTC)}
    assert {event["dtstamp"].dt for event in again} == {NOW.astimezone(UTC) + timedelta(minutes=5)}
    for event in first:
        taken = "OPAQUE" if event["summary"] == "值班" else "TRANSPARENT"
        assert (event["transp"], event["class"]) == (taken, "PRIVATE")
        path = str(event["url"]).removeprefix("http://testserver")
        assert web(night.dm).get(path).status_code == 200


@given(st.sets(st.integers(-800, 4500), max_size=12))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_shifts_of_the_window_are_all_there(clock: Any, hours: set[int]) -> None:
    """For any roster: the shifts that begin from 30 days before to 180 days after today."""
    with transaction.atomic():
        house = House()
        token = key_of(house.dm, house.prop)
        for hour in hours:
            shift(house, house.dm, NOW + timedelta(hours=hour))
        cache.clear()
        found = facts(get(token).content)
        transaction.set_rollback(True)

    first, last = at("2026-10-27 00:00"), at("2027-05-26 00:00")
    starts = [NOW + timedelta(hours=hour) for hour in hours]
    wanted = {("值班", each, each + timedelta(hours=8)) for each in starts if first <= each < last}
    assert set(found) == wanted


def test_feed_is_bounded(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    token = key_of(house.dm, house.prop)
    monkeypatch.setattr(feeds, "A_DAY", 3)
    for hour in range(5):
        shift(house, house.dm, NOW + timedelta(hours=hour))

    assert len(facts(get(token).content)) == 3


# --- what it does not hold -----------------------------------------------------------------

PLANTED = ("王晓梅", "13800005678", "110101199003074514", "心脏病", "骨折", "A座1806", "黑色手机")


def test_feed_says_nothing_personal(clock: Any) -> None:
    """Searched byte by byte, folded lines joined, for what the house knows of guests and staff."""
    night = full()
    words = "王晓梅（13800005678，110101199003074514）心脏病发作，骨折，住A座1806"
    for complaint in Complaint.objects.all():
        complaints.progress(complaint, by=night.dm, kind="started", text=words)
    night.new(words=words, guest=GUEST)
    Shift.objects.filter(user=night.dm).update(label="替周敏值班")
    people = list(User.objects.values_list("name", "username", "phone"))

    body = get(key_of(night.dm, night.prop)).content

    text = body.replace(b"\r\n ", b"").decode()
    said = [word for word in (*PLANTED, "替", *chain(*people)) if word and word in text]
    assert (len(facts(body)) > 5, said) == (True, [])
    assert [line for line in text.splitlines() if not LINE.fullmatch(line)] == []


LINE = re.compile(
    r"(BEGIN|END):(VCALENDAR|VEVENT)|VERSION:2\.0|PRODID:-//PropDesk//PropDesk calendar//ZH"
    r"|X-WR-CALNAME:物业前台 p\d+|X-PUBLISHED-TTL:PT1H|REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    r"|SUMMARY:(值班|演练到期|(投诉到期|失物保管到期|交接班|演练) [A-Z]{2}-\d{8}-\d{3})"
    r"|UID:[0-9a-f]{32}@propdesk|CLASS:PRIVATE|TRANSP:(OPAQUE|TRANSPARENT)"
    r"|DT(START|END|STAMP):\d{8}T\d{6}Z|DTSTART;VALUE=DATE:\d{8}"
    r"|URL(;VALUE=URI)?:http://testserver/p/p\d+/[a-z]+/[A-Za-z0-9/?=-]*"
)
"""Every line a feed may have: what is not named here is not in it."""


def test_confidential_cases_are_in_nobodys_feed(clock: Any) -> None:
    night = full()
    Case.objects.filter(kind__in=["complaint", "event"]).update(restricted=True)

    found = " ".join(summaries(night.dm, night.prop))

    assert ("投诉到期" in found, "演练 " in found, "交接班" in found) == (False, False, True)


def test_another_house_is_not_in_it(clock: Any) -> None:
    night, other = full(), PropertyFactory()
    MembershipFactory(user=night.dm, property=other, role=Role.DUTY_MANAGER)

    assert summaries(night.dm, other) == set()


# --- until when ----------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(ALL_STAFF))
def test_every_role_reads_its_own(clock: Any, role: Role) -> None:
    prop = PropertyFactory()
    user = member(prop, role)
    response = get(key_of(user, prop))

    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")


def _revoked(house: House) -> None:
    workflow.end_feed(house.prop, by=house.dm)


def _replaced(house: House) -> None:
    workflow.make_feed(house.prop, by=house.dm)


def _left(house: House) -> None:
    house.dm.memberships.update(ends_on=NOW.date() - timedelta(days=1))


def _closed(house: House) -> None:
    house_people.deactivate_user(house.prop, house.dm, by=house.gm, reason="离职")


def _inactive(house: House) -> None:
    User.objects.filter(pk=house.dm.pk).update(is_active=False)


def _administrator(house: House) -> None:
    house.dm.memberships.update(role=Role.ADMIN)


@pytest.mark.parametrize("end", [_revoked, _replaced, _left, _closed, _inactive, _administrator])
def test_feed_dies_without_saying_why(clock: Any, end: Callable[[House], None]) -> None:
    house = House()
    token = key_of(house.dm, house.prop)
    before = get(token).status_code

    end(house)
    dead, unknown = get(token), get("x" * 43)

    assert (before, dead.status_code, unknown.status_code) == (200, 404, 404)
    assert dead.content == unknown.content


def test_feed_of_a_deputy_dies_with_the_time_he_acts(clock: Any) -> None:
    house = House()
    user = member(House().prop, Role.STAFF)
    post = house.dm.memberships.get()
    DeputyFactory(for_membership=post, by_user=user, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    token = key_of(user, house.prop)
    before = get(token).status_code
    clock.shift(timedelta(days=1))

    assert (before, get(token).status_code) == (200, 404)


@pytest.mark.parametrize("token", ["a", "%00", "x" * 5000, "钥匙", "..%2F..", "a'--"])
def test_what_is_no_key_is_not_found(token: str) -> None:
    assert Client().get(f"/calendar/{token}.ics").status_code == 404


# --- how it is asked -----------------------------------------------------------------------


def test_reader_who_has_it_already_gets_no_body(clock: Any) -> None:
    house = House()
    shift(house, house.dm, NOW)
    token = key_of(house.dm, house.prop)
    etag = get(token)["ETag"]
    clock.shift(timedelta(minutes=3))

    same = get(token, if_none_match=etag)
    shift(house, house.dm, NOW + timedelta(days=1))
    changed = get(token, if_none_match=etag)

    assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
    assert (changed.status_code, changed["ETag"] == etag) == (200, False)


def test_answer_is_private_and_asked_anew(clock: Any) -> None:
    house = House()
    response = get(key_of(house.dm, house.prop))

    assert response["Cache-Control"] == "private, no-cache"
    assert (response["Referrer-Policy"], response.cookies) == ("same-origin", {})


def test_feed_asked_too_often_waits_and_leaves_others_alone(clock: Any) -> None:
    house = House()
    mine, other = key_of(house.dm, house.prop), key_of(house.pm, house.prop)
    asked = [get(mine).status_code for _n in range(views_feed.PER_FEED + 1)]
    response = get(mine)

    assert asked == [200] * views_feed.PER_FEED + [429]
    assert (response["Retry-After"], get(other).status_code) == ("60", 200)


def test_address_that_tries_keys_waits(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_feed, "PER_ADDRESS", 3)

    assert [get(f"key{n}").status_code for n in range(5)] == [404, 404, 404, 429, 429]


def test_feed_costs_the_same_at_any_size(clock: Any) -> None:
    def cost(rows: int) -> int:
        night = Night()
        for n in range(rows):
            night.promised(hours=n + 2)
            shift(night, night.dm, NOW + timedelta(days=n + 1))
        token = key_of(night.dm, night.prop)
        cache.clear()
        with CaptureQueriesContext(connection) as caught:
            assert len(facts(get(token).content)) == 2 * rows + 1
        return len([q for q in caught if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    few = cost(1)
    assert (cost(3), few) == (few, 17)


def test_key_is_in_no_line_of_the_log(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A key that is dead today may have been alive when its line was written."""
    house = House()
    token = key_of(house.dm, house.prop)
    workflow.end_feed(house.prop, by=house.dm)
    with caplog.at_level(logging.DEBUG):
        get(token)
        Client().post(reverse("calendar_feed", args=[token]))

    lines = [FramesFormatter("%(message)s").format(record) for record in caplog.records]
    asked = [line for line in lines if "/calendar/***.ics" in line]
    assert (len(asked), [line for line in lines if token in line]) == (2, [])


# --- its page ------------------------------------------------------------------------------


def page(house: House) -> str:
    return reverse("calendar:feed", args=[house.prop.code])


def test_address_is_shown_once_and_opens_the_feed(clock: Any) -> None:
    house = House()
    client = web(house.dm)
    before = client.get(page(house)).content.decode()
    posted = client.post(page(house))
    made = client.get(posted["Location"])
    after = client.get(page(house)).content.decode()

    (address,) = re.findall(r"http://testserver(/calendar/[\w-]{43}\.ics)", made.content.decode())
    assert ("还没有订阅地址" in before, address in after) == (True, False)
    assert ("正在使用" in after, Client().get(address).status_code) == (True, 200)
    assert (posted.status_code, made["Cache-Control"]) == (302, "private, no-store")
    assert address[-30:] not in str(client.session.items())


def test_new_address_is_asked_for_once_more(clock: Any) -> None:
    house = House()
    token = key_of(house.dm, house.prop)
    client = web(house.dm)
    here = client.get(page(house)).content.decode()

    asked = client.get(f"{page(house)}?change=1").content.decode()

    assert ('method="post"' in here, 'href="?change=1"' in here) == (False, True)
    assert ("换一个新地址？" in asked, 'method="post"' in asked) == (True, True)
    assert get(token).status_code == 200


def test_ending_is_asked_once_more_and_then_done(clock: Any) -> None:
    house = House()
    client = web(house.dm)
    token = key_of(house.dm, house.prop)
    url = reverse("calendar:feed_end", args=[house.prop.code])

    asked = client.get(url).status_code
    alive = get(token).status_code
    response = client.post(url)

    assert (asked, alive, get(token).status_code) == (200, 200, 404)
    assert (response.status_code, response["Location"]) == (302, page(house))
    assert client.post(url).status_code == 409
