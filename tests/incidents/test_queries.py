"""What a person may see of the complaints, in which order, page by page, at which price."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import queries, workflow
from incidents.detail import Detail
from incidents.models import Complaint
from incidents.permissions import ACTIONS
from incidents.queries import Filters
from propdesk.core import chronicle, paging
from propdesk.core.models import Case
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import DepartmentFactory, PlaceFactory, fresh, member
from tests.incidents.journey import GUEST, House

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]


def numbers(rows):
    return [row.case.number[-3:] for row in rows]


def board(house, user=None, **filters):
    rows = queries.board(user or house.pm, house.prop, Filters(**filters), timezone.now())
    return numbers(rows)


# --- who sees what -------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["stranger", "own", "assigned", "elsewhere"])
@pytest.mark.parametrize("role", Role)
def test_visible_is_what_the_table_lets_one_read(role, relation):
    house = House()
    department = house.department if relation == "assigned" else None
    prop = House().prop if relation == "elsewhere" else house.prop
    user = member(prop, Role.FRONT_DESK, department=department)
    house.taker = user if relation == "own" else None
    complaint = house.promised()
    user.memberships.update(role=role)

    seen = queries.visible_to(fresh(user), house.prop)

    allowed = relation != "elsewhere" and ACTIONS["read"].allows(
        frozenset({role}), owns=relation == "own", assigned=relation == "assigned"
    )
    assert list(seen) == ([complaint] if allowed else [])


@pytest.mark.parametrize(
    ("who", "seen"),
    [("pm", True), ("gm", True), ("owner", True), ("other_dm", False), ("department", False)],
)
def test_restricted_complaint_is_for_managers_and_its_owner(who, seen):
    house = House()
    complaint = house.promised()
    Case.objects.filter(pk=complaint.pk).update(restricted=True)
    user = {
        "pm": house.pm,
        "gm": house.gm,
        "owner": house.dm,
        "other_dm": member(house.prop, Role.DUTY_MANAGER),
        "department": house.engineer,
    }[who]

    assert queries.visible_to(fresh(user), house.prop).exists() == seen
    found = Detail.load(fresh(user), house.prop, complaint.case.number, timezone.now())
    assert (found is not None) == seen


# --- the list ------------------------------------------------------------------------------


def made(house, *hours_ago, **changes):
    now = timezone.now()
    return [house.new(received_at=now - timedelta(hours=h), **changes) for h in hours_ago]


def test_board_is_in_order_of_urgency_whatever_the_order_of_entry():
    house = House()
    made(house, 1, 20, 10)

    assert board(house) == ["002", "003", "001"]


def test_board_of_ended_complaints_is_newest_first():
    house = House()
    for complaint in made(house, 1, 20, 10):
        workflow.void(complaint, by=house.pm, reason="重复")

    assert board(house, state="voided") == ["001", "003", "002"]
    assert board(house) == []


def test_filters_narrow_the_board():
    house = House()
    made(house, 1, 23, 30)
    house.taker = house.pm
    house.new(severity="major", words="水管爆裂")

    assert board(house, state="overdue") == ["003"]
    assert board(house, state="soon") == ["002", "004"]
    assert board(house, severity="major") == ["004"]
    assert board(house, mine=True) == ["004"]
    assert board(house, q="水管") == ["004"]
    assert board(house, q="水管 爆裂", state="all") == ["004"]
    assert board(house, category="noise") == []
    assert len(board(house, state="all")) == 4


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {}),
        ({"state": "nonsense", "category": "x", "severity": "y", "mine": "yes"}, {}),
        ({"state": "closed", "category": "noise"}, {"state": "closed", "category": "noise"}),
        ({"q": " a\x00b ", "mine": "1"}, {"mine": "1", "q": "ab"}),
        ({"q": "字" * 100}, {"q": "字" * 60}),
    ],
)
def test_filters_come_from_the_address_and_go_back_into_it(params, expected):
    filters = Filters.of(params)

    assert filters.params() == expected
    assert Filters.of(filters.params()) == filters


@pytest.mark.parametrize(
    ("state", "severity"), [("open", ""), ("all", ""), ("all", "normal")], ids=str
)
def test_pages_follow_each_other_without_a_gap_or_a_double(state, severity, monkeypatch):
    """Narrowed by what an index of complaints holds, they stand in the order they stand in anyway."""
    monkeypatch.setattr(paging, "PAGE", 3)
    house = House()
    received = timezone.now() - timedelta(hours=2)
    for _each in range(5):
        house.new(received_at=received)
    made(house, 1, 3)
    filters = Filters(state=state, severity=severity)
    seen, after = [], ""

    for _page in range(3):
        rows = queries.board(house.pm, house.prop, filters, timezone.now())
        page = queries.page_of(rows, filters, after)
        seen.append(numbers(page.rows))
        after = page.after

    assert [len(page) for page in seen] == [3, 3, 1]
    assert [number for page in seen for number in page] == board(house, state=state)
    assert after == ""


@pytest.mark.parametrize(
    "after", ["x", "2026-01-01~1", "2026-01-01T00:00:00+08:00~x", "~", "~" * 9]
)
def test_page_after_nonsense_is_the_first(after):
    house = House()
    made(house, 1, 2)
    rows = queries.board(house.pm, house.prop, Filters(), timezone.now())

    assert numbers(queries.page_of(rows, Filters(), after).rows) == ["002", "001"]


@pytest.mark.parametrize("count", [1, 3])
def test_board_is_one_statement_at_any_size(count, django_assert_num_queries):
    house = House()
    made(house, *range(count))
    user = fresh(house.pm)
    queries.visible_to(user, house.prop)

    with django_assert_num_queries(1):
        rows = queries.board(user, house.prop, Filters(), timezone.now())
        for row in queries.page_of(rows, Filters(), "").rows:
            assert (row.guest.name, row.owner.name) == (GUEST.name, house.dm.name)


# --- beside a complaint --------------------------------------------------------------------


def test_known_guests_of_a_room_are_the_newest_each_once():
    house = House()
    place = PlaceFactory(property=house.prop)
    for name in ("王晓梅", "李雷", "王晓梅"):
        house.new(guest=Guest(name=name, room=place))
    house.new(guest=Guest(name="韩梅", room=PlaceFactory(property=house.prop)))
    house.new(guest=Guest(name="", room=place))

    names = [row["guest__name"] for row in queries.known_guests(house.prop, place)]

    assert names == ["王晓梅", "李雷"]
    assert queries.known_guests(House().prop, place) == []


def test_known_guest_is_of_this_house_and_room_only():
    house = House()
    room = PlaceFactory(property=house.prop)
    guest = house.new(guest=Guest(name="王晓梅", room=room)).guest
    elsewhere = PlaceFactory(property=house.prop)

    assert queries.known_guest(house.prop, guest.pk, room) == guest
    assert queries.known_guest(house.prop, guest.pk, elsewhere) is None
    assert queries.known_guest(House().prop, guest.pk, room) is None


def test_timeline_goes_back_page_by_page_and_by_kind():
    house = House()
    complaint = house.told()
    actions = ["tell_options", "offer", "record", "confirm_conduct", "intake"]

    first = chronicle.entries(complaint.case_id, None, None, 2)
    second = chronicle.entries(complaint.case_id, None, first[-1].seq, 9)

    assert [e.action for e in first + second] == actions
    assert [e.action for e in chronicle.entries(complaint.case_id, ["offer"], None, 9)] == ["offer"]


def test_unanswered_letters_in_order():
    house = House()
    complaint = house.new()
    workflow.confirm_conduct(
        complaint, {letter: workflow.Tick(done=True) for letter in "CA"}, by=house.dm
    )

    assert queries.unanswered(complaint) == ["B", "D", "E"]


def test_departments_of_others_stay_unseen():
    house = House()
    house.promised()
    other = member(house.prop, Role.ENGINEERING, department=DepartmentFactory(property=house.prop))

    assert board(house, other) == []
    assert Complaint.objects.count() == 1
