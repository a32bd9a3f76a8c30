"""Every act on a house × every role: who may, and that a refusal changes nothing."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from propdesk.core import house, house_import, house_people, house_places, house_settings
from propdesk.core.house_import_places import PLACES
from propdesk.core.house_import_staff import STAFF
from propdesk.core.house_people import Details, Post
from propdesk.core.house_places import Spot
from propdesk.core.models import Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import Role
from tests.factories import (
    DepartmentFactory,
    DeputyFactory,
    MembershipFactory,
    PlaceFactory,
    PropertyFactory,
    ShiftFactory,
    member,
)
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
WHY = "测试原因"
HOUSE = {Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER}
TOP = {Role.ADMIN, Role.GENERAL_MANAGER}
ROSTER = HOUSE | {Role.DUTY_MANAGER}

Act = Callable[[User], Any]
Case = Callable[[Property], Act]


def _create_user(prop: Property, role: Role) -> Act:
    return lambda by: house_people.create_user(prop, "5001", Details("新人"), Post(role), by=by)


def _give(prop: Property, role: Role) -> Act:
    user = member(prop, Role.STAFF)
    return lambda by: house_people.give_role(prop, user, Post(role), by=by, reason=WHY)


def _end(prop: Property, role: Role) -> Act:
    row = MembershipFactory(property=prop, role=role)
    MembershipFactory(property=prop, role=role)
    today = timezone.localdate()
    return lambda by: house_people.end_role(row, by=by, ends_on=today, reason=WHY)


def _edit(prop: Property, role: Role) -> Act:
    user = member(prop, role)
    return lambda by: house_people.edit_user(prop, user, Details("改名"), by=by, reason=WHY)


def _deactivate(prop: Property, role: Role) -> Act:
    user = member(prop, role)
    return lambda by: house_people.deactivate_user(prop, user, by=by, reason=WHY)


def _reactivate(prop: Property) -> Act:
    user = member(prop, Role.STAFF, is_active=False)
    return lambda by: house_people.reactivate_user(prop, user, by=by, reason=WHY)


def _reset(prop: Property, role: Role) -> Act:
    user = member(prop, role)
    return lambda by: house_people.reset_password(prop, user, by=by, reason=WHY)


def _edit_department(prop: Property) -> Act:
    row = DepartmentFactory(property=prop)
    return lambda by: house.edit_department(row, "新名", "8001", by=by)


def _retire_department(prop: Property) -> Act:
    row = DepartmentFactory(property=prop)
    return lambda by: house.retire_department(row, by=by, reason=WHY)


def _name_deputy(prop: Property) -> Act:
    post, deputy = MembershipFactory(property=prop), member(prop, Role.STAFF)
    now = timezone.now()
    times = {"starts_at": now, "ends_at": now + timedelta(days=1)}
    return lambda by: house.name_deputy(post, deputy, by=by, reason=WHY, **times)


def _revoke_deputy(prop: Property) -> Act:
    row = DeputyFactory(for_membership__property=prop)
    return lambda by: house.revoke_deputy(row, by=by, reason=WHY)


def _plan_shift(prop: Property) -> Act:
    user, now = member(prop, Role.SECURITY), timezone.now()
    times = {"starts_at": now, "ends_at": now + timedelta(hours=8)}
    return lambda by: house.plan_shift(prop, Role.SECURITY, user, by=by, label="早班", **times)


def _copy_week(prop: Property) -> Act:
    start = timezone.now() + timedelta(days=1)
    user = member(prop, Role.SECURITY)
    ShiftFactory(property=prop, role=Role.SECURITY, user=user, starts_at=start - house.WEEK)
    return lambda by: house.copy_week(prop, start, by=by)


def _cancel_shift(prop: Property) -> Act:
    row = ShiftFactory(property=prop)
    return lambda by: house.cancel_shift(row, by=by, reason=WHY)


def _create_place(prop: Property) -> Act:
    return lambda by: house_places.create_place(prop, Spot("spot", "大堂"), by=by)


def _edit_place(prop: Property) -> Act:
    row = PlaceFactory(property=prop)
    return lambda by: house_places.edit_place(row, "新名", "", by=by)


def _retire_place(prop: Property) -> Act:
    row = PlaceFactory(property=prop)
    return lambda by: house_places.retire_place(row, by=by, reason=WHY)


def _upload(prop: Property, kind: house_import.Kind, text: str) -> Act:
    raw = text.encode()
    return lambda by: house_import.upload(kind, prop, io.BytesIO(raw), "a.csv", len(raw), by=by)


def _save_settings(prop: Property) -> Act:
    return lambda by: house_settings.save_settings(
        prop, {"hospital_name": "医院"}, by=by, reason=WHY
    )


def _change_retention(prop: Property) -> Act:
    return lambda by: house_settings.save_settings(prop, {"retention": "hotel"}, by=by, reason=WHY)


def _first_run(prop: Property) -> Act:
    prop.settings.first_run_done_at = None
    prop.settings.save()
    return lambda by: house_settings.first_run(prop, {"name": "新名"}, by=by)


CASES: dict[str, tuple[Case, set[Role]]] = {
    "create_user": (lambda p: _create_user(p, Role.STAFF), HOUSE),
    "create_user manager": (lambda p: _create_user(p, Role.PROPERTY_MANAGER), TOP),
    "create_user admin": (lambda p: _create_user(p, Role.ADMIN), TOP),
    "give_role": (lambda p: _give(p, Role.DUTY_MANAGER), HOUSE),
    "give_role manager": (lambda p: _give(p, Role.GENERAL_MANAGER), TOP),
    "end_role": (lambda p: _end(p, Role.CASHIER), HOUSE),
    "end_role manager": (lambda p: _end(p, Role.PROPERTY_MANAGER), TOP),
    "edit_user": (lambda p: _edit(p, Role.STAFF), HOUSE),
    "edit_user manager": (lambda p: _edit(p, Role.GENERAL_MANAGER), TOP),
    "deactivate_user": (lambda p: _deactivate(p, Role.STAFF), HOUSE),
    "deactivate_user manager": (lambda p: _deactivate(p, Role.PROPERTY_MANAGER), TOP),
    "reactivate_user": (_reactivate, HOUSE),
    "reset_password": (lambda p: _reset(p, Role.STAFF), HOUSE),
    "reset_password admin": (lambda p: _reset(p, Role.ADMIN), TOP),
    "create_department": (lambda p: lambda by: house.create_department(p, "新部", by=by), HOUSE),
    "edit_department": (_edit_department, HOUSE),
    "retire_department": (_retire_department, HOUSE),
    "name_deputy": (_name_deputy, TOP),
    "revoke_deputy": (_revoke_deputy, TOP),
    "plan_shift": (_plan_shift, ROSTER),
    "copy_week": (_copy_week, ROSTER),
    "cancel_shift": (_cancel_shift, ROSTER),
    "create_place": (_create_place, HOUSE),
    "edit_place": (_edit_place, HOUSE),
    "retire_place": (_retire_place, HOUSE),
    "import_places": (lambda p: _upload(p, PLACES, "楼栋\nA座\n"), HOUSE),
    "import_staff": (lambda p: _upload(p, STAFF, "工号,姓名,岗位\n1,甲,前台\n"), HOUSE),
    "save_settings": (_save_settings, HOUSE),
    "change_retention": (_change_retention, {Role.GENERAL_MANAGER}),
    "first_run": (_first_run, HOUSE),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", CASES)
def test_act_by_role(name: str, role: Role) -> None:
    prop = PropertyFactory()
    make, allowed = CASES[name]
    act = make(prop)
    by = member(prop, role)
    before = fingerprint()

    if role in allowed:
        act(by)
        assert fingerprint() != before
    else:
        with pytest.raises(PermissionDenied):
            act(by)
        assert fingerprint() == before


@pytest.mark.parametrize("name", CASES)
def test_act_from_another_property_is_refused(name: str) -> None:
    act = CASES[name][0](PropertyFactory())
    by = member(PropertyFactory(), *Role)

    with refuses(PermissionDenied):
        act(by)


def test_cases_cover_every_action_that_writes() -> None:
    tried = {name.partition(" ")[0] for name in CASES}
    derived = {"read_house", "read_shifts", "edit_top_user", "give_top_role", "end_top_role"}

    # tests/core/test_blanks.py, test_copies.py, test_appendices.py, test_seals.py.
    elsewhere = {"read_pack", "make_pack", "settle_blank", "give_copy", "append"}
    elsewhere |= {"read_seal", "rotate_seal", "read_sealed", "read_over"}

    # tests/core/test_retention.py.
    elsewhere |= {"read_retention", "set_hold", "lift_hold", "purge", "export_person"}

    # tests/core/channels/test_robots.py, test_rules.py.
    elsewhere |= {"read_robots", "save_robot", "try_robot", "read_failed", "resend"}
    # tests/core/test_log_ins.py and the table of access
    elsewhere |= {"read_log_ins"}
    elsewhere |= {"save_mail_rules", "save_own_mail_rule"}

    assert set(ACTIONS) - derived - elsewhere == tried


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER])
def test_nobody_gives_himself_a_high_rank(role: Role) -> None:
    prop = PropertyFactory()
    by = member(prop, *({Role.ADMIN, Role.GENERAL_MANAGER} - {role}))
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        house_people.give_role(prop, by, Post(role), by=by, reason=WHY)
    assert fingerprint() == before


def test_account_that_works_elsewhere_needs_permission_in_both_houses() -> None:
    here, there = PropertyFactory(), PropertyFactory()
    user = member(here, Role.STAFF)
    MembershipFactory(user=user, property=there, role=Role.STAFF)
    by = member(here, Role.ADMIN)

    with refuses(PermissionDenied):
        house_people.reset_password(here, user, by=by, reason=WHY)
    MembershipFactory(user=by, property=there, role=Role.PROPERTY_MANAGER)
    password = house_people.reset_password(here, user, by=User.objects.get(pk=by.pk), reason=WHY)

    user.refresh_from_db()
    assert user.check_password(password)


def test_superuser_is_out_of_reach() -> None:
    prop = PropertyFactory()
    user = member(prop, Role.STAFF, is_superuser=True)
    by = member(prop, Role.ADMIN)

    with refuses(PermissionDenied):
        house_people.reset_password(prop, user, by=by, reason=WHY)


def test_deputy_of_the_general_manager_cannot_name_a_deputy() -> None:
    prop = PropertyFactory()
    manager = MembershipFactory(property=prop, role=Role.GENERAL_MANAGER)
    deputy, third = member(prop, Role.STAFF), member(prop, Role.STAFF)
    DeputyFactory(for_membership=manager, by_user=deputy)
    post = MembershipFactory(property=prop, role=Role.DUTY_MANAGER)
    times = {"starts_at": timezone.now(), "ends_at": timezone.now() + timedelta(days=1)}

    with refuses(PermissionDenied):
        house.name_deputy(post, third, by=deputy, reason=WHY, **times)


@pytest.mark.parametrize("role", Role)
def test_holder_names_and_revokes_his_own_deputy(role: Role) -> None:
    prop = PropertyFactory()
    by = member(prop, role)
    times = {"starts_at": timezone.now(), "ends_at": timezone.now() + timedelta(days=1)}

    row = house.name_deputy(
        by.memberships.get(), member(prop, Role.STAFF), by=by, reason=WHY, **times
    )
    house.revoke_deputy(row, by=by, reason=WHY)

    row.refresh_from_db()
    assert row.revoked_at is not None
    assert row.history.count() == 2
