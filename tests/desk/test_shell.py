"""The frame round every page: navigation by role, counts kept for some seconds, the red strip."""

import re
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from propdesk.core.models import SweepRun
from propdesk.core.roles import Role
from propdesk.desk import queries, shell
from tests.factories import PropertyFactory, ShiftFactory, fresh, member
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


REGISTERS = ["board", "incidents", "lostfound", "emergencies"]
NAV = {
    Role.STAFF: ([*REGISTERS, "calendar"], ["intake", "log", "event"]),
    Role.ENGINEERING: ([*REGISTERS, "calendar"], ["log", "event"]),
    Role.DEPARTMENT_MANAGER: ([*REGISTERS, "sign", "calendar"], ["log", "event"]),
    Role.DUTY_MANAGER: ([*REGISTERS, "sign", "calendar", "house"], ["intake", "log", "event"]),
    Role.PROPERTY_MANAGER: (
        [*REGISTERS, "sign", "calendar", "insight", "house"],
        ["intake", "log", "event"],
    ),
    Role.ADMIN: (["house"], []),
}


@pytest.mark.parametrize("role", NAV)
def test_navigation_follows_the_role(role: Role) -> None:
    prop = PropertyFactory()
    built = shell.build(member(prop, role), prop, "/")
    keys = [item["key"] for item in built["nav"]]
    assert (keys, [item["key"] for item in built["new"]]) == NAV[role]
    assert bool(built["search_url"]) is (role != Role.ADMIN)


def test_counts_are_kept_for_some_seconds_and_forgotten_on_demand() -> None:
    house = House()
    user = fresh(house.dm)

    def count() -> int:
        nav = shell.build(user, house.prop, "/")["nav"]
        return next(item["count"] for item in nav if item["key"] == "incidents")

    house.new()
    first = count()
    house.new()
    kept = count()
    shell.forget(user, house.prop)
    assert (first, kept, count()) == (1, 1, 2)


def test_counts_of_one_person_are_not_shown_to_another() -> None:
    house = House()
    house.new()
    staff = member(house.prop, Role.STAFF)
    counts = [
        shell.build(user, house.prop, "/")["nav"][1]["count"] for user in (fresh(house.dm), staff)
    ]
    assert counts == [1, 0]


def test_counts_read_no_more_rows_than_their_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    for hours in (30, 30, 30, 1):
        house.new(received_at=timezone.now() - timedelta(hours=hours))
    user = fresh(house.dm)

    def counted() -> list[int]:
        found = queries.shell_counts(user, house.prop, timezone.now())
        return [found[name] for name in ("open", "overdue", "sign")]

    whole = counted()
    monkeypatch.setattr(queries, "CAP", 2)
    assert (whole, counted()) == ([4, 3, 0], [2, 2, 0])


def test_frame_names_who_is_on_duty() -> None:
    prop = PropertyFactory()
    dm = member(prop, Role.DUTY_MANAGER, name="周敏")
    nobody = shell.build(dm, prop, "/")["duty"]
    ShiftFactory(property=prop, user=dm, label="中班")
    built = shell.build(dm, prop, "/", fresh=True)
    assert (nobody, built["duty"]) == ("当前没有排值班经理", "值班经理 周敏 · 中班")
    assert built["shift_line"].startswith("中班 ")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "到期提醒还没有运行过"),
        (1, ""),
        (9, "到期提醒已停 9 分钟"),
        (-60, "服务器的时钟被调回过"),
    ],
)
def test_red_strip_shows_only_when_the_clockwork_stands(minutes: int | None, words: str) -> None:
    prop = PropertyFactory()
    if minutes is not None:
        at = timezone.now() - timedelta(minutes=minutes)
        SweepRun.objects.create(name="incidents.flag_due", started_at=at, finished_at=at)
    alert = shell.build(member(prop, Role.STAFF), prop, "/")["system_alert"]
    assert (alert.startswith(words), bool(alert)) == (True, bool(words))


@pytest.mark.parametrize(
    ("role", "days", "said", "words"),
    [
        (Role.DUTY_MANAGER, 3, "", "最近一份备份已是 3 天前的"),
        (Role.ADMIN, 1, "没有抄送：/x", "最近一次备份做成了，但有问题，请管理员查看：没有抄送：/x"),
        (Role.PROPERTY_MANAGER, None, "", "还没有备份过"),
        (Role.STAFF, 3, "", ""),
        (Role.GENERAL_MANAGER, 1, "", ""),
    ],
    ids=["old", "with-findings", "never", "staff", "fresh"],
)
def test_managers_are_told_of_an_old_backup(
    role: Role, days: int | None, said: str, words: str
) -> None:
    prop = PropertyFactory()
    now = timezone.now()
    for ago in (timedelta(days=4), timedelta(0)):
        SweepRun.objects.create(
            name="incidents.flag_due", started_at=now - ago, finished_at=now - ago
        )
    # One that failed since is no backup.
    SweepRun.objects.create(name="core.backup", started_at=now, error="x")
    if days is not None:
        at = now - timedelta(days=days)
        SweepRun.objects.create(name="core.backup", started_at=at, finished_at=at, error=said)
    alert = shell.build(member(prop, role), prop, "/")["system_alert"]
    assert (alert.startswith(words), bool(alert)) == (True, bool(words))


def test_page_without_a_property_has_no_frame(rf: RequestFactory) -> None:
    assert shell.shell(rf.get("/")) == {"shell": None}


def test_poll_brings_fresh_counts_and_marks_the_page_it_came_from() -> None:
    house = House()
    client = Client()
    client.force_login(house.dm)
    board = reverse("incidents:board", args=[house.prop.code])
    client.get(board)
    house.new()
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{board}?q=x"}
    response = client.get(reverse("desk:counts", args=[house.prop.code]), headers=headers)
    counts = {item["key"]: item["count"] for item in response.context["shell"]["nav"]}
    current = [i["key"] for i in response.context["shell"]["nav"] if i["current"]]
    assert (counts["incidents"], current) == (1, ["incidents"])


@pytest.mark.parametrize("role", [Role.DUTY_MANAGER, Role.ADMIN])
def test_poll_brings_nothing_the_page_has_no_place_for(role: Role) -> None:
    house = House()
    client = Client()
    client.force_login(member(house.prop, role))
    url = reverse("house:index", args=[house.prop.code])
    standing = re.findall(r' id="([^"]+)"', client.get(url).content.decode())

    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url}"}
    fresh = client.get(reverse("desk:counts", args=[house.prop.code]), headers=headers)

    brought = re.findall(r' id="([^"]+)"[^>]* hx-swap-oob', fresh.content.decode())
    assert brought != []
    assert set(brought) <= set(standing)
