"""What the acts on a house do, and what they refuse without changing anything."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from propdesk.core import house, house_people, house_places
from propdesk.core.duty import on_duty
from propdesk.core.house_people import Details, Post
from propdesk.core.house_places import Spot
from propdesk.core.models import Membership, Place, Property, Shift, User
from propdesk.core.roles import Role, standing
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import (
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    PlaceFactory,
    PropertyFactory,
    ShiftFactory,
    UserFactory,
    at,
    fresh,
    member,
)
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
WHY = "测试原因"
DAY = timedelta(days=1)
COPY_QUERIES = 9  # standing, lock, three reads, two writes and the savepoints round them


@pytest.fixture
def prop() -> Property:
    return PropertyFactory()


@pytest.fixture
def admin(prop: Property) -> User:
    return member(prop, Role.ADMIN)


def refused(act: Callable[[], Any], error: type[Exception]) -> Exception:
    """The error ``act`` raises; the database is the same before and after."""
    before = fingerprint()
    with pytest.raises(error) as caught:
        act()
    assert fingerprint() == before
    return caught.value


def test_start_house_administrator_can_begin() -> None:
    person = UserFactory()

    prop = house.start_house("haiyun", "海韵公寓", admin=person)

    assert standing(fresh(person), prop).roles == {Role.ADMIN}
    assert prop.settings.first_run_done_at is None
    assert prop.history.get().history_user == person


def test_start_house_taken_code_is_refused(prop: Property) -> None:
    person = UserFactory()

    refused(lambda: house.start_house(prop.code, "海韵公寓", admin=person), RefusedInput)


def test_start_house_command_prints_a_password_that_opens_the_account() -> None:
    out = StringIO()

    call_command("start_house", "haiyun", "海韵公寓", admin="1", admin_name="任书文", stdout=out)

    user = User.objects.get(username="1")
    assert user.check_password(out.getvalue().strip().rpartition("：")[2])
    assert standing(user, Property.objects.get(code="haiyun")).roles == {Role.ADMIN}


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("Hai Yun", {"admin": "1", "admin_name": "甲"}),
        ("there", {"admin": "1", "admin_name": "甲"}),
        ("haiyun", {"admin": "1"}),
        ("haiyun", {"admin": "gone", "admin_name": "甲"}),
    ],
    ids=["bad code", "taken code", "no name", "closed account"],
)
def test_start_house_command_refused(code: str, options: dict[str, str]) -> None:
    PropertyFactory(code="there")
    UserFactory(username="gone", is_active=False)

    refused(lambda: call_command("start_house", code, "海韵公寓", **options), CommandError)


def test_create_user_can_log_in_and_must_change_the_password(prop: Property, admin: User) -> None:
    unit = DepartmentFactory(property=prop)
    post = Post(Role.FRONT_DESK, unit)

    user, password = house_people.create_user(prop, "5001", Details("曾国藩"), post, by=admin)

    assert len(password) == 17
    assert user.check_password(password)
    assert (user.must_change_password, user.name_sort) == (True, "zeng guo fan 曾国藩")
    mine = standing(fresh(user), prop)
    assert (mine.roles, mine.departments) == ({Role.FRONT_DESK}, {unit.pk})
    assert user.history.get().history_user == admin


def test_create_user_number_taken_in_other_case_is_refused(prop: Property, admin: User) -> None:
    UserFactory(username="AB1")

    error = refused(
        lambda: house_people.create_user(prop, "ab1", Details("甲"), Post(Role.STAFF), by=admin),
        RefusedInput,
    )

    assert list(error.errors) == ["username"]


def test_create_user_foreign_department_is_refused(prop: Property, admin: User) -> None:
    post = Post(Role.STAFF, DepartmentFactory())

    refused(
        lambda: house_people.create_user(prop, "5001", Details("甲"), post, by=admin), RefusedInput
    )


def test_edit_user_keeps_who_and_why(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF, name="甲", phone="1")

    changed = house_people.edit_user(prop, user, Details("乙", "2"), by=admin, reason=WHY)

    record = user.history.latest()
    assert changed == ["name", "phone"]
    assert (record.name, record.history_user, record.history_change_reason) == ("乙", admin, WHY)
    assert house_people.edit_user(prop, user, Details("乙", "2"), by=admin, reason=WHY) == []


def test_edit_user_from_outside_is_a_conflict(prop: Property, admin: User) -> None:
    stranger = member(PropertyFactory(), Role.STAFF)

    refused(
        lambda: house_people.edit_user(prop, stranger, Details("乙"), by=admin, reason=WHY),
        ConflictError,
    )


def test_deactivate_oneself_is_refused(prop: Property, admin: User) -> None:
    MembershipFactory(property=prop, role=Role.ADMIN)

    refused(lambda: house_people.deactivate_user(prop, admin, by=admin, reason=WHY), RefusedInput)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.GENERAL_MANAGER])
def test_last_holder_of_a_kept_role_stays(prop: Property, role: Role) -> None:
    last = MembershipFactory(property=prop, role=role)
    # One leaves in a week, one is deactivated, one has not begun: none of them stands in for good.
    today = timezone.localdate()
    MembershipFactory(property=prop, role=role, user__is_active=False)
    MembershipFactory(property=prop, role=role, starts_on=today + 9 * DAY)
    other = Role.GENERAL_MANAGER if role == Role.ADMIN else Role.ADMIN
    by = member(prop, other)

    refused(lambda: house_people.deactivate_user(prop, last.user, by=by, reason=WHY), ConflictError)
    refused(lambda: house_people.end_role(last, by=by, ends_on=today, reason=WHY), ConflictError)
    MembershipFactory(property=prop, role=role)
    house_people.end_role(last, by=by, ends_on=today, reason=WHY)

    last.refresh_from_db()
    assert last.ends_on == today


def test_deactivate_twice_is_a_conflict(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF, is_active=False)

    refused(lambda: house_people.deactivate_user(prop, user, by=admin, reason=WHY), ConflictError)


def test_reactivate_gives_a_new_password(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF, is_active=False)

    user, password = house_people.reactivate_user(prop, user, by=admin, reason=WHY)

    assert (user.is_active, user.must_change_password) == (True, True)
    assert user.check_password(password)
    refused(lambda: house_people.reactivate_user(prop, user, by=admin, reason=WHY), ConflictError)


def test_reset_password_of_oneself_is_refused(prop: Property, admin: User) -> None:
    refused(lambda: house_people.reset_password(prop, admin, by=admin, reason=WHY), RefusedInput)


def test_reset_password_of_a_closed_account_is_a_conflict(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF, is_active=False)

    refused(lambda: house_people.reset_password(prop, user, by=admin, reason=WHY), ConflictError)


@pytest.mark.parametrize("drop_second", [True, False], ids=["dropped", "kept"])
def test_reset_password_takes_the_second_step_away_on_purpose_only(
    prop: Property, admin: User, *, drop_second: bool
) -> None:
    user = member(prop, Role.DUTY_MANAGER)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})

    house_people.reset_password(prop, user, by=admin, reason="手机丢了", drop_second=drop_second)

    assert Authenticator.objects.filter(user=user).exists() != drop_second
    last = user.history.order_by("-history_id").first()
    assert ("停用两步登录" in last.history_change_reason) == drop_second


@pytest.mark.parametrize("role", [Role.DUTY_MANAGER, Role.STAFF, Role.PROPERTY_MANAGER])
def test_nobody_gives_a_role_to_himself(prop: Property, admin: User, role: Role) -> None:
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        house_people.give_role(prop, admin, Post(role), by=admin, reason="我也值班")

    assert fingerprint() == before


def test_give_role_held_already_is_a_conflict(prop: Property, admin: User) -> None:
    user = member(prop, Role.STAFF)

    refused(
        lambda: house_people.give_role(prop, user, Post(Role.STAFF), by=admin, reason=WHY),
        ConflictError,
    )


def test_give_role_again_after_it_ended(prop: Property, admin: User) -> None:
    today = timezone.localdate()
    old = MembershipFactory(property=prop, ends_on=today - DAY)

    house_people.give_role(prop, old.user, Post(Role.STAFF), by=admin, reason=WHY)

    assert Membership.objects.filter(user=old.user, property=prop).count() == 2


def test_give_role_wrong_dates_are_refused(prop: Property, admin: User) -> None:
    user, today = member(prop, Role.STAFF), timezone.localdate()
    post = Post(Role.CASHIER, starts_on=today, ends_on=today - DAY)

    refused(lambda: house_people.give_role(prop, user, post, by=admin, reason=WHY), RefusedInput)


def test_end_role_yesterday_takes_the_right_away_at_once(prop: Property, admin: User) -> None:
    user = member(prop, Role.CASHIER, Role.STAFF)
    row = user.memberships.get(role=Role.CASHIER)

    house_people.end_role(row, by=admin, ends_on=timezone.localdate() - DAY, reason=WHY)

    assert standing(fresh(user), prop).roles == {Role.STAFF}


@pytest.mark.parametrize("days", [2, 3000], ids=["before yesterday", "before the start"])
def test_end_role_in_the_past_is_refused(prop: Property, admin: User, days: int) -> None:
    row = MembershipFactory(property=prop)
    day = timezone.localdate() - days * DAY

    refused(lambda: house_people.end_role(row, by=admin, ends_on=day, reason=WHY), RefusedInput)


def test_end_role_already_ended_is_a_conflict(prop: Property, admin: User) -> None:
    day = timezone.localdate() - DAY
    row = MembershipFactory(property=prop, ends_on=day)

    refused(lambda: house_people.end_role(row, by=admin, ends_on=day, reason=WHY), ConflictError)


def test_department_taken_name_is_refused(prop: Property, admin: User) -> None:
    one, two = DepartmentFactory(property=prop), DepartmentFactory(property=prop)

    refused(lambda: house.create_department(prop, one.name, by=admin), RefusedInput)
    refused(lambda: house.edit_department(two, one.name, "", by=admin), RefusedInput)


def test_retire_department_and_back(prop: Property, admin: User) -> None:
    row = DepartmentFactory(property=prop)

    house.retire_department(row, by=admin, reason=WHY)
    refused(lambda: house.retire_department(row, by=admin, reason=WHY), ConflictError)
    back = house.retire_department(row, by=admin, reason=WHY, active=True)

    assert back.is_active is True
    refused(lambda: house.retire_department(row, by=admin, reason=WHY, active=True), ConflictError)


def test_name_deputy_acts_with_the_role_until_revoked(prop: Property) -> None:
    holder, deputy = member(prop, Role.DUTY_MANAGER), member(prop, Role.STAFF)
    now = timezone.now()
    times = {"starts_at": now, "ends_at": now + DAY}

    row = house.name_deputy(holder.memberships.get(), deputy, by=holder, reason=WHY, **times)
    during = standing(fresh(deputy), prop).roles
    house.revoke_deputy(row, by=holder, reason=WHY)

    assert during == {Role.STAFF, Role.DUTY_MANAGER}
    assert standing(fresh(deputy), prop).roles == {Role.STAFF}
    refused(lambda: house.revoke_deputy(row, by=holder, reason=WHY), ConflictError)


def _deputy_case(change: str) -> tuple[Callable[[], Any], type[Exception]]:
    prop = PropertyFactory()
    holder, deputy, now = member(prop, Role.DUTY_MANAGER), member(prop, Role.STAFF), timezone.now()
    post, by, times = holder.memberships.get(), holder, [now, now + DAY]
    error: type[Exception] = RefusedInput
    if change == "holder":
        deputy = holder
    elif change == "administrator himself":
        by = deputy = member(prop, Role.ADMIN)
    elif change == "outsider":
        deputy = UserFactory()
    elif change == "past":
        times = [now - 2 * DAY, now - DAY]
    elif change == "backwards":
        times = [now + DAY, now]
    elif change == "a year":
        times = [now, now + 365 * DAY]
    elif change == "two at a time":
        DeputyFactory(for_membership=post, starts_at=now)
        error = ConflictError
    elif change == "role ends before":
        Membership.objects.filter(pk=post.pk).update(ends_on=timezone.localdate())
        error = ConflictError
    span = {"starts_at": times[0], "ends_at": times[1]}
    return lambda: house.name_deputy(post, deputy, by=by, reason=WHY, **span), error


@pytest.mark.parametrize(
    "change",
    [
        "holder",
        "administrator himself",
        "outsider",
        "past",
        "backwards",
        "a year",
        "two at a time",
        "role ends before",
    ],
)
def test_name_deputy_refused(change: str) -> None:
    act, error = _deputy_case(change)

    refused(act, error)


def test_plan_shift_puts_on_duty(prop: Property, admin: User) -> None:
    user, other = member(prop, Role.SECURITY), member(prop, Role.SECURITY)
    now = timezone.now()

    house.plan_shift(
        prop, Role.SECURITY, user, by=admin, label="早班", starts_at=now, ends_at=now + DAY
    )

    assert on_duty(prop, Role.SECURITY, at=now) == [user]
    assert on_duty(prop, Role.SECURITY, at=now + 2 * DAY) == [user, other]


@pytest.mark.parametrize(
    ("role", "begins", "ends", "error"),
    [
        (Role.MEDIC, 0, 8, RefusedInput),
        (Role.SECURITY, 0, 25, RefusedInput),
        (Role.SECURITY, 8, 8, RefusedInput),
        (Role.SECURITY, -9, -1, RefusedInput),
        (Role.SECURITY, 47, 50, ConflictError),
    ],
    ids=["role not held", "too long", "no length", "over", "overlaps"],
)
def test_plan_shift_refused(
    prop: Property, admin: User, role: Role, begins: int, ends: int, error: type[Exception]
) -> None:
    user, now = member(prop, Role.SECURITY), timezone.now()
    ShiftFactory(property=prop, role=Role.SECURITY, user=user, starts_at=now + 2 * DAY)
    hour = timedelta(hours=1)

    refused(
        lambda: house.plan_shift(
            prop,
            role,
            user,
            by=admin,
            label="班",
            starts_at=now + begins * hour,
            ends_at=now + ends * hour,
        ),
        error,
    )


def test_copy_week_repeats_what_still_fits(prop: Property, admin: User) -> None:
    monday = at("2098-11-24 00:00")
    stays, left, busy = (member(prop, Role.SECURITY) for _i in range(3))
    Membership.objects.filter(user=left).update(ends_on=timezone.localdate(monday))
    for user in (stays, left, busy):
        ShiftFactory(
            property=prop, role=Role.SECURITY, user=user, starts_at=monday - 6 * DAY, label="早班"
        )
    ShiftFactory(property=prop, user=stays, starts_at=monday - 6 * DAY, cancelled_at=monday)
    ShiftFactory(property=prop, role=Role.SECURITY, user=busy, starts_at=monday + DAY)

    first = house.copy_week(prop, monday, by=admin)
    second = house.copy_week(prop, monday, by=admin)

    new = Shift.objects.get(user=stays, starts_at__gte=monday)
    assert (first, second) == ((1, 2), (0, 3))
    assert (new.starts_at, new.label) == (monday + DAY, "早班")
    assert new.history.get().history_user == admin


@pytest.mark.parametrize("people", [1, 3])
def test_copy_week_queries_do_not_grow(
    prop: Property, admin: User, django_assert_num_queries: Any, people: int
) -> None:
    monday = at("2098-11-24 00:00")
    for _i in range(people):
        user = member(prop, Role.SECURITY)
        ShiftFactory(property=prop, role=Role.SECURITY, user=user, starts_at=monday - DAY)

    with django_assert_num_queries(COPY_QUERIES):
        house.copy_week(prop, monday, by=admin)


def test_cancel_shift_twice_or_too_late_is_a_conflict(prop: Property, admin: User) -> None:
    over = ShiftFactory(property=prop, starts_at=timezone.now() - DAY)
    row = ShiftFactory(property=prop)

    refused(lambda: house.cancel_shift(over, by=admin, reason=WHY), ConflictError)
    house.cancel_shift(row, by=admin, reason=WHY)
    refused(lambda: house.cancel_shift(row, by=admin, reason=WHY), ConflictError)


def test_place_label_is_the_whole_path_and_follows_a_new_name(prop: Property, admin: User) -> None:
    building = house_places.create_place(prop, Spot("building", "A座"), by=admin)
    floor = house_places.create_place(prop, Spot("floor", "18层"), building, by=admin)
    room = house_places.create_place(prop, Spot("room", "1806", "A-1806"), floor, by=admin)
    assert room.label == "A座 18层 1806"

    house_places.edit_place(building, "东座", "E", by=admin)

    room.refresh_from_db()
    assert room.label == "东座 18层 1806"
    assert room.history.count() == 2


@pytest.mark.parametrize(
    ("kind", "parent"),
    [("building", "building"), ("floor", None), ("floor", "floor"), ("room", "spot")],
)
def test_place_under_an_impossible_parent_is_refused(
    prop: Property, admin: User, kind: str, parent: str | None
) -> None:
    above = PlaceFactory(property=prop, kind=parent) if parent else None

    refused(
        lambda: house_places.create_place(prop, Spot(kind, "新"), above, by=admin), RefusedInput
    )


def test_place_refused_for_taken_name_number_or_length(prop: Property, admin: User) -> None:
    there = PlaceFactory(property=prop, code="X-1")
    deep = PlaceFactory(property=prop, kind="building", name="长" * 40, label="长" * 110)
    elsewhere = PlaceFactory(kind="building")
    cases = {
        "name": lambda: house_places.create_place(prop, Spot("spot", there.name), by=admin),
        "code": lambda: house_places.create_place(prop, Spot("spot", "新", "X-1"), by=admin),
        "parent": lambda: house_places.create_place(prop, Spot("room", "新"), elsewhere, by=admin),
    }
    for name, act in cases.items():
        with refuses(RefusedInput) as caught:
            act()
        assert list(caught.value.errors) == [name]
    refused(
        lambda: house_places.create_place(prop, Spot("room", "一" * 20), deep, by=admin),
        RefusedInput,
    )


def test_rename_that_makes_a_child_too_long_changes_nothing(prop: Property, admin: User) -> None:
    top = PlaceFactory(property=prop, kind="building", name="A座")
    PlaceFactory(property=prop, kind="room", parent=top, name="房" * 40, label="A座 " + "房" * 90)
    Place.objects.filter(parent=top).update(name="房" * 40)
    middle = PlaceFactory(property=prop, kind="floor", parent=top, name="层" * 40)
    PlaceFactory(property=prop, kind="room", parent=middle, name="间" * 40)

    refused(lambda: house_places.edit_place(top, "楼" * 40, "", by=admin), RefusedInput)


def test_retire_place_takes_all_below_and_comes_back_from_the_top(
    prop: Property, admin: User
) -> None:
    top = PlaceFactory(property=prop, kind="building")
    room = PlaceFactory(property=prop, kind="room", parent=top)

    count = house_places.retire_place(top, by=admin, reason=WHY)

    assert count == 2
    refused(lambda: house_places.retire_place(top, by=admin, reason=WHY), ConflictError)
    refused(
        lambda: house_places.retire_place(room, by=admin, reason=WHY, active=True), ConflictError
    )
    house_places.retire_place(top, by=admin, reason=WHY, active=True)
    assert house_places.retire_place(room, by=admin, reason=WHY, active=True) == 1
