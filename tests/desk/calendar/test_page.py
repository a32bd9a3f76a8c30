"""The page of the calendar: what falls on which day, for whom, how much of it, and bad addresses."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from emergencies import workflow as events
from emergencies.models import Reader
from propdesk.core.models import Property, User
from propdesk.core.roles import ALL_STAFF, Role
from propdesk.desk.calendar.rows import Day, Entry
from tests.desk.handover.shifts import Night
from tests.emergencies.journey import House as Events
from tests.factories import ShiftFactory, at, member, web
from tests.incidents.journey import House
from tests.lostfound.journey import House as Found

pytestmark = pytest.mark.django_db
NOW = at("2026-11-26 12:30")
PERIODS = ("2026-11", "2026-11-26", "2027-05", "2027-11")
"""In which the day with all on it, the next drill and the end of a term lie."""


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def opened(user: User, prop: Property, key: str = "2026-11") -> Any:
    return web(user).get(reverse("calendar:period", args=[prop.code, key]))


def days(user: User, prop: Property, key: str = "2026-11") -> dict[date, Day]:
    return {day.date: day for day in opened(user, prop, key).context["days"]}


def entries(user: User, prop: Property, key: str = "2026-11", kind: str = "") -> list[Entry]:
    """All entries of a period that are shown, of one kind or of all."""
    found = [entry for day in days(user, prop, key).values() for entry in day.entries]
    return [entry for entry in found if kind in {"", entry.kind}]


def shift(house: Any, user: User, starts: str, role: Role = Role.DUTY_MANAGER) -> Any:
    begins = at(starts)
    span = {"starts_at": begins, "ends_at": begins + timedelta(hours=8)}
    return ShiftFactory(property=house.prop, user=user, role=role, **span)


# --- what stands there ---------------------------------------------------------------------


def test_shift_stands_on_the_day_it_begins_and_leads_to_the_roster(clock: Any) -> None:
    house = House()
    shift(house, house.dm, "2026-11-30 22:00")

    entry, _after_midnight = entries(house.pm, house.prop, kind="shift")

    assert (entry.day, entry.head, entry.detail, entry.is_mine) == (
        date(2026, 11, 30),
        "中班",
        f"值班经理 {house.dm.name}",
        False,
    )
    assert entry.url == f"/p/{house.prop.code}/settings/shifts/?week=2026-11-30"
    assert web(house.pm).get(entry.url).status_code == 200


@pytest.mark.parametrize(
    ("starts", "days_"),
    [
        ("2026-11-25 22:00", [("25 22:00", "26 06:00"), ("26 00:00", "26 06:00")]),
        ("2026-11-25 16:00", [("25 16:00", "26 00:00")]),
    ],
    ids=["over midnight", "up to midnight"],
)
def test_night_shift_stands_on_both_its_days(
    clock: Any, starts: str, days_: list[tuple[str, str]]
) -> None:
    house = House()
    shift(house, house.dm, starts)

    month = entries(house.pm, house.prop, kind="shift")
    today = days(house.pm, house.prop, "2026-11-26")[NOW.date()]

    assert [(f"{e.at:%d %H:%M}", f"{e.until:%d %H:%M}") for e in month] == days_
    assert (len(today.entries), today.more) == (len(days_) - 1, 0)
    assert entries(house.pm, house.prop, "2026-11-27", kind="shift") == []


def test_shifts_of_other_roles_are_shown_to_their_own_people_alone(clock: Any) -> None:
    house = House()
    guard, other = (member(house.prop, Role.SECURITY) for _n in range(2))
    shift(house, guard, "2026-11-27 08:00", Role.SECURITY)

    seen = {user: len(entries(user, house.prop, kind="shift")) for user in (guard, other)}

    assert seen == {guard: 1, other: 0}


def test_shift_taken_off_the_roster_is_not_there(clock: Any) -> None:
    house = House()
    row = shift(house, house.dm, "2026-11-27 08:00")
    row.cancelled_at = timezone.now()
    row.save()

    assert entries(house.dm, house.prop, kind="shift") == []


def test_promise_stands_at_its_moment_and_is_late_after_it(clock: Any) -> None:
    house = House()
    complaint = house.promised(hours=3)

    def there() -> list[tuple[str, str, bool]]:
        found = entries(house.dm, house.prop, kind="due")
        return [(entry.number, f"{entry.at:%d %H:%M}", entry.is_late) for entry in found]

    before = there()
    clock.shift(timedelta(hours=4))

    number = complaint.case.number
    assert (before, there()) == ([(number, "26 15:30", False)], [(number, "26 15:30", True)])


def test_closed_complaint_is_due_no_more(clock: Any) -> None:
    house = House()
    house.voided()

    assert entries(house.dm, house.prop, kind="due") == []


def test_term_of_a_found_thing_ends_on_its_last_day(clock: Any) -> None:
    house = Found()
    item = house.stored()

    (entry,) = entries(house.dm, house.prop, "2027-11", kind="expiry")

    assert (entry.day, entry.number, entry.at) == (item.expires_on, item.case.number, None)


def test_drills_stand_where_they_were_held_and_where_they_are_due(clock: Any) -> None:
    house = Events()
    event = house.started("fire", is_drill=True)

    (held,) = entries(house.guard, house.prop, kind="held")
    due = [(entry.detail, entry.day) for entry in entries(house.guard, house.prop, "2027-05")]

    assert (held.number, held.detail) == (event.case.number, "火警")
    assert ("火警", date(2027, 5, 26)) in due


def test_drill_begun_by_mistake_was_not_held(clock: Any) -> None:
    house = Events()
    event = house.started("fire", is_drill=True)
    events.void(event, by=house.pm, reason="误启动")

    assert entries(house.pm, house.prop, kind="held") == []


def test_handover_stands_at_the_end_of_its_shift(clock: Any) -> None:
    night = Night()
    row = night.drafted()

    (entry,) = entries(night.pm, night.prop, kind="handover")

    assert (entry.number, entry.at, entry.url) == (
        row.case.number,
        row.ends_at,
        row.get_absolute_url(),
    )


# --- for whom ------------------------------------------------------------------------------


def test_every_role_sees_what_it_may_open_and_nothing_else(clock: Any) -> None:
    """Each link of the page opens: the calendar shows nothing that another page refuses."""
    night = Night()
    night.promised()
    Found(prop=night.prop).stored()
    events.start(night.prop, events.Start("fire", place_note="B座", is_drill=True), by=night.dm)
    night.drafted()
    people = {role: member(night.prop, role) for role in ALL_STAFF}

    kinds = {}
    for role, user in people.items():
        client = web(user)
        there = [e for key in PERIODS for e in entries(user, night.prop, key)]
        urls = {entry.url for entry in there}
        assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, 200), role
        kinds[role] = {entry.kind for entry in there}
    assert kinds[Role.STAFF] == {"shift", "drill"}
    assert kinds[Role.SECURITY] == {"shift", "expiry", "held", "drill"}
    assert kinds[Role.DUTY_MANAGER] == {"shift", "due", "expiry", "held", "handover", "drill"}


def test_administrator_has_no_calendar() -> None:
    house = House()
    admin = member(house.prop, Role.ADMIN)

    assert opened(admin, house.prop).status_code == 403


def test_another_house_is_not_there(clock: Any) -> None:
    house, other = House(), House()
    other.promised()
    shift(other, other.dm, "2026-11-27 08:00")

    assert [len(entries(user, house.prop)) for user in (house.dm, house.pm)] == [0, 0]
    assert opened(other.dm, house.prop).status_code == 404


def test_confidential_complaint_is_there_for_its_readers_alone(clock: Any) -> None:
    house = House()
    complaint = house.promised()
    complaint.case.restricted = True
    complaint.case.save()
    dm = member(house.prop, Role.DUTY_MANAGER)

    seen = {user: len(entries(user, house.prop, kind="due")) for user in (dm, house.dm, house.pm)}

    assert seen == {dm: 0, house.dm: 1, house.pm: 1}


def test_confidential_drill_is_there_for_its_readers_alone(clock: Any) -> None:
    house = Events()
    event = house.started("death", is_drill=True)
    event.case.restricted = True
    event.case.save()
    Reader.objects.create(event=event, user=house.dm, reason="主持", by=house.pm, at=NOW)

    seen = {user: len(entries(user, house.prop, kind="held")) for user in (house.dm, house.pm)}

    assert seen == {house.dm: 1, house.pm: 0}
    assert event.case.number not in opened(house.pm, house.prop).content.decode()


# --- how much ------------------------------------------------------------------------------


def test_full_day_shows_the_first_and_counts_the_rest(clock: Any) -> None:
    house = House()
    for hour in range(7):
        shift(house, house.dm, f"2026-11-28 0{hour}:00")
    day = date(2026, 11, 28)

    month, one = days(house.pm, house.prop)[day], days(house.pm, house.prop, "2026-11-28")[day]

    assert [f"{entry.at:%H}" for entry in month.entries] == ["00", "01", "02"]
    assert (month.more, len(one.entries), one.more) == (4, 7, 0)
    text = opened(house.pm, house.prop).content.decode()
    assert f'href="/p/{house.prop.code}/calendar/2026-11-28/">还有 4 项</a>' in text


def test_kinds_of_one_day_are_counted_together(clock: Any) -> None:
    house = House()
    for _n in range(3):
        house.promised(hours=2)
    for hour in range(2):
        shift(house, house.dm, f"2026-11-26 0{hour}:00")

    today = days(house.dm, house.prop)[NOW.date()]

    assert ([entry.kind for entry in today.entries], today.more) == (["shift", "shift", "due"], 2)


# --- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["2026-13", "2026-02-30", "2026-W54", "1999-12", "x", "0000-00"])
def test_address_that_is_no_date_is_answered_with_the_way_back(key: str) -> None:
    house = House()
    response = opened(house.dm, house.prop, key)
    text = response.content.decode()

    assert (response.status_code, "没有这个日期" in text) == (404, True)
    assert f'href="/p/{house.prop.code}/calendar/"' in text


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("2026-11", "2026-10", "2026-12"),
        ("2026-W53", "2026-W52", "2027-W01"),
        ("2026-12-31", "2026-12-30", "2027-01-01"),
        ("2000-01", "", "2000-02"),
        ("2098-12", "2098-11", ""),
    ],
)
def test_steps_lead_to_the_neighbours(key: str, before: str, after: str) -> None:
    house = House()
    steps = opened(house.dm, house.prop, key).context["steps"]
    base = reverse("calendar:index", args=[house.prop.code])

    assert steps == {
        "before": f"{base}{before}/" if before else "",
        "after": f"{base}{after}/" if after else "",
    }


def test_first_page_is_this_month_and_knows_today(clock: Any) -> None:
    house = House()
    response = web(house.dm).get(reverse("calendar:index", args=[house.prop.code]))

    assert response.context["period"].key == "2026-11"
    assert [day.date for day in response.context["days"] if day.is_today] == [NOW.date()]


def test_month_is_read_in_whole_weeks(clock: Any) -> None:
    """What falls on the days of the month before or after is there, too."""
    house = House()
    shift(house, house.dm, "2026-10-26 08:00")
    shift(house, house.dm, "2026-12-06 23:59")
    shift(house, house.dm, "2026-12-07 00:00")

    found = entries(house.dm, house.prop, kind="shift")

    assert [entry.day for entry in found] == [date(2026, 10, 26), date(2026, 12, 6)]
