"""Who finds which thing, what a search may tell him, and what the forms offer."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from lostfound import workflow
from lostfound.models import FoundItem
from lostfound.queries import cases, choices
from lostfound.queries import item as queries
from propdesk.core import place_picker, search
from propdesk.core.models import Case, Place, SearchText, User
from propdesk.core.paging import page_by_time
from propdesk.core.roles import Role
from tests.factories import (
    DepartmentFactory,
    PlaceFactory,
    PropertyFactory,
    ShiftFactory,
    fresh,
    member,
)
from tests.lostfound import claiming
from tests.lostfound.journey import House

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]


def seen(user: User, house: House) -> set[int]:
    return set(queries.visible_to(fresh(user), house.prop).values_list("pk", flat=True))


# --- who may see it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.DUTY_MANAGER, True),
        (Role.PROPERTY_MANAGER, True),
        (Role.GENERAL_MANAGER, True),
        (Role.FRONT_DESK, True),
        (Role.SECURITY, True),
        (Role.SECURITY_MANAGER, True),
        (Role.STAFF, False),
        (Role.ENGINEERING, False),
        (Role.CASHIER, False),
        (Role.ADMIN, False),
    ],
)
def test_thing_of_somebody_else_is_seen_by_role(role: Role, sees: bool) -> None:
    house = House()
    item = house.stored()
    assert seen(member(house.prop, role), house) == ({item.pk} if sees else set())


def _logged_it(house: House, user: User) -> FoundItem:
    return house.stored(house.logged(by=user))


def _found_it(house: House, user: User) -> FoundItem:
    return house.stored(house.logged(by=house.guard, finder_user=user))


def _holds_it(house: House, user: User) -> FoundItem:
    item = house.logged()
    workflow.hand_in(item, by=user)
    return item


def _in_his_department(house: House, user: User) -> FoundItem:
    return house.logged(by=house.cleaner)


@pytest.mark.parametrize("ready", [_logged_it, _found_it, _in_his_department])
def test_related_thing_is_seen_by_anybody(ready: Callable[[House, User], FoundItem]) -> None:
    house = House()
    user = member(house.prop, Role.HOUSEKEEPING, department=house.housekeeping)
    item = ready(house, user)
    house.stored()
    assert seen(user, house) == {item.pk}


@pytest.mark.parametrize("ready", [_logged_it, _found_it, _in_his_department])
def test_thing_he_sees_is_open_to_him_until_it_ends(
    ready: Callable[[House, User], FoundItem],
) -> None:
    house = House()
    user = member(house.prop, Role.HOUSEKEEPING, department=house.housekeeping)
    logged = [house.logged(by=user) for _twice in "ab"]
    workflow.void(logged[0], by=house.pm, reason="重复登记")
    still = {logged[1].pk, ready(house, user).pk}

    for rows in (queries.open_items(fresh(user), house.prop), queries.kept(user, house.prop)):
        assert set(rows.values_list("pk", flat=True)) == still


def test_thing_in_a_department_is_gone_from_it_once_received() -> None:
    house = House()
    user = member(house.prop, Role.HOUSEKEEPING, department=house.housekeeping)
    item = house.logged(by=house.cleaner)
    before = seen(user, house)
    house.stored(item)
    assert (before, seen(user, house)) == ({item.pk}, set())


def test_other_property_sees_nothing() -> None:
    house, other = House(), PropertyFactory()
    house.stored()
    user = member(other, Role.DUTY_MANAGER)
    assert list(queries.visible_to(user, house.prop)) == []


# --- what a search may tell ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "words", "hits"),
    [
        ("dm", "蓝色硅胶壳", True),
        ("guard2", "裂纹", True),
        ("desk", "蓝色硅胶壳", False),
        ("desk", "黑色手机", False),
        ("desk", "手机", True),
        ("desk", "A座大堂", True),
        ("desk", "SW-", True),
        ("desk", "钱包", False),
        ("dm", "钱包", False),
    ],
)
def test_search_confirms_no_hidden_feature(who: str, words: str, hits: bool) -> None:
    house = House()
    item = house.stored(house.logged(place=house.lobby, place_note=""))
    user = fresh(getattr(house, who))
    found = list(queries.searched(user, house.prop, words).values_list("pk", flat=True))
    assert found == ([item.pk] if hits else [])


def test_search_finds_features_of_what_he_logged_himself() -> None:
    house = House()
    item = house.stored(house.logged(by=house.desk))
    house.stored(house.logged(features="蓝色硅胶壳的另一部"))
    found = queries.searched(fresh(house.desk), house.prop, "蓝色硅胶壳")
    assert list(found.values_list("pk", flat=True)) == [item.pk]


@pytest.mark.parametrize(("who", "found"), [("dm", 2), ("guard", 2), ("desk", 1), ("cleaner", 0)])
def test_search_over_all_kinds_follows_their_permissions(who: str, found: int) -> None:
    house = House()
    item = house.stored()
    case = item.case
    number = case.number.replace("SW", "PD")
    case.pk, case.number, case.kind = None, number, Case.Kind.STOCKTAKE
    case.save()
    search.write(case, search.Entry([]))

    arms = cases.search_arms(fresh(getattr(house, who)), house.prop)

    rows = [SearchText.objects.filter(arm.where, kind__in=arm.kinds) for arm in arms]
    readable = {pk for each in rows for pk in each.values_list("pk", flat=True)}
    assert len(readable) == found


# --- order and pages -----------------------------------------------------------------------


def test_expired_thing_is_not_counted_as_late() -> None:
    house = House()
    late, expired = house.stored(), house.stored()
    FoundItem.objects.filter(pk=late.pk).update(next_due_at=timezone.now())
    day = timezone.localdate()
    FoundItem.objects.filter(pk=expired.pk).update(
        status="expired", expires_on=day, next_due_at=timezone.now()
    )
    rows = queries.pressing(fresh(house.dm), house.prop)
    assert list(rows.values_list("pk", flat=True)) == [late.pk]


def test_page_keeps_rows_of_one_moment_apart() -> None:
    house = House()
    items = [house.stored() for _n in range(5)]
    moment = timezone.now()
    FoundItem.objects.update(next_due_at=moment)
    rows = queries.listed(FoundItem.objects.all()).order_by("next_due_at", "pk")
    seen_keys: list[int] = []
    after = ""
    while True:
        found = page_by_time(rows, "next_due_at", after, lambda row: row.next_due_at, size=2)
        seen_keys += [row.pk for row in found.rows]
        after = found.after
        if not after:
            break
    assert seen_keys == [item.pk for item in items]


# --- what the forms offer ------------------------------------------------------------------


def test_recent_places_are_his_own_first() -> None:
    house = House()
    mine, theirs = (PlaceFactory(property=house.prop, name=n) for n in ("车库", "泳池"))
    house.logged(by=house.guard, place=mine)
    house.logged(by=house.guard2, place=theirs)
    house.logged(by=house.guard2, place=house.lobby)
    names = [name for _pk, name in choices.recent_places(house.guard, house.prop)]
    assert names == ["车库", "A座大堂", "泳池"]


def test_recent_places_leave_out_what_is_out_of_use() -> None:
    house = House()
    gone = PlaceFactory(property=house.prop, name="旧亭")
    house.logged(place=gone)
    gone.is_active = False
    gone.save()
    assert choices.recent_places(house.guard, house.prop) == []


def test_place_tree_goes_from_building_to_room() -> None:
    house = House()
    kinds = Place.Kind
    building = PlaceFactory(property=house.prop, kind=kinds.BUILDING, name="A座")
    floor = PlaceFactory(property=house.prop, kind=kinds.FLOOR, name="2层", parent=building)
    room = PlaceFactory(property=house.prop, kind=kinds.ROOM, name="201", parent=floor)
    first, outside = place_picker.place_tree(house.prop)
    assert (first.name, first.spots) == ("A座", [(building.pk, "A座其他位置")])
    assert first.floors[0].spots == [(room.pk, "201"), (floor.pk, "2层其他位置")]
    assert outside.spots == [(house.lobby.pk, "A座大堂")]


def test_second_people_begin_with_who_is_on_shift() -> None:
    house = House()
    ShiftFactory(property=house.prop, role=Role.SECURITY, user=house.guard2)
    people = choices.second_people(house.prop, frozenset({Role.SECURITY}), timezone.now())
    assert [(p.name, p.on_shift) for p in people] == [("赵刚", True), ("李强", False)]


def test_storage_places_remember_his_last() -> None:
    house = House()
    house.stored(storage=house.other_shelf)
    used = {row.label for row in choices.storage_places(house.dm, house.prop) if row.used_at}
    assert used == {"2号柜 下层"}
    assert not any(row.used_at for row in choices.storage_places(house.pm, house.prop))


def test_departments_out_of_use_are_not_offered() -> None:
    house = House()
    DepartmentFactory(property=house.prop, name="旧部", is_active=False)
    assert [d.name for d in choices.departments(house.prop)] == ["保安部", "管家部"]


def test_photos_of_a_thing_leave_out_the_papers_of_its_claims() -> None:
    house = House()
    item = claiming.proxied(house)
    paper = claiming.live(item).authorisation
    assert item.case.attachments.count() == 2
    assert queries.photo(item, paper.pk) is None
    assert queries.photos_of(item.pk).exclude(pk=paper.pk).count() == 1
