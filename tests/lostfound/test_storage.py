"""The places in which found things lie: the tree, its pages, and the labels to print."""

import re
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lostfound import workflow
from lostfound.models import StoragePlace
from lostfound.queries import storage as queries
from lostfound.workflow import Shelf
from propdesk.core.models import Place
from propdesk.core.roles import DUTY, Role
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk import shell
from tests.factories import PASSWORD, PlaceFactory, PropertyFactory, member
from tests.incidents.moves import refuses
from tests.lostfound.counting import lying, started, taken_home
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db


def url(house: House, name: str, *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code, *args])


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rows(house: House) -> list[tuple[str, str, bool, bool]]:
    found = StoragePlace.objects.filter(property=house.prop).order_by("pk")
    return list(found.values_list("label", "code", "is_safe", "is_active"))


class Bare(House):
    """A house without any storage place."""

    def storage(self, label: str, code: str) -> Any:
        return None


# --- the tree ------------------------------------------------------------------------------


def test_default_storage_of_an_empty_house() -> None:
    house = Bare()

    workflow.default_storage(house.prop, by=house.dm)

    assert rows(house) == [
        ("保安部库房", "KF", False, True),
        ("保安部库房 1号柜", "G1", False, True),
        ("保安部库房 1号柜 上层", "G1-1", False, True),
        ("保安部库房 1号柜 下层", "G1-2", False, True),
        ("保安部库房 保险柜", "BX", True, True),
    ]
    record = StoragePlace.history.filter(code="BX").get()
    assert (record.history_user, record.history_change_reason) == (house.dm, "建立默认柜位")


def test_default_storage_where_there_are_places_is_refused() -> None:
    house = House()

    with refuses(ConflictError, match="已有存放位置"):
        workflow.default_storage(house.prop, by=house.dm)


def test_create_storage_under_a_parent_has_the_whole_path() -> None:
    house = House()

    box = workflow.create_storage(house.prop, Shelf("3号盒", "g2-1-3"), house.shelf, by=house.dm)

    assert (box.label, box.code, box.parent) == ("2号柜 上层 3号盒", "G2-1-3", house.shelf)


@pytest.mark.parametrize(
    ("shelf", "field"),
    [
        (Shelf("", "A1"), "name"),
        (Shelf("2号柜 上层", "A1"), "name"),
        (Shelf("长" * 121, "A1"), "name"),
        (Shelf("新柜", "G2-1"), "code"),
        (Shelf("新柜", "g2-1"), "code"),
        (Shelf("新柜", ""), "code"),
        (Shelf("新柜", "柜一"), "code"),
        (Shelf("新柜", "A" * 13), "code"),
        (Shelf("新柜", "-A"), "code"),
        (Shelf("新柜", "A/B"), "code"),
    ],
    ids=[
        "no name",
        "same name",
        "long",
        "taken",
        "taken small",
        "none",
        "hanzi",
        "13",
        "dash",
        "/",
    ],
)
def test_create_storage_with_a_wrong_name_or_code_is_refused(shelf: Shelf, field: str) -> None:
    house = House()

    with refuses(RefusedInput) as refused:
        workflow.create_storage(house.prop, shelf, by=house.dm)

    assert list(refused.value.errors) == [field]


def test_create_storage_under_a_place_of_another_house_is_refused() -> None:
    house, other = House(), House()

    with refuses(RefusedInput) as refused:
        workflow.create_storage(house.prop, Shelf("盒", "H1"), other.shelf, by=house.dm)

    assert list(refused.value.errors) == ["parent"]


@pytest.mark.parametrize("role", [r for r in Role if r not in DUTY])
def test_edit_of_the_tree_by_others_is_forbidden(role: Role) -> None:
    house = House()
    person = member(house.prop, role)

    with refuses(PermissionDenied):
        workflow.create_storage(house.prop, Shelf("盒", "H1"), by=person)
    with refuses(PermissionDenied):
        workflow.edit_storage(house.shelf, Shelf("盒", "H1"), by=person, reason="改名")
    with refuses(PermissionDenied):
        workflow.retire_storage(house.shelf, by=person, reason="坏了")
    with refuses(PermissionDenied):
        workflow.default_storage(house.prop, by=person)


def test_edit_storage_takes_what_is_below_along() -> None:
    house = House()
    box = workflow.create_storage(house.prop, Shelf("3号盒", "H3"), house.shelf, by=house.dm)
    inner = workflow.create_storage(house.prop, Shelf("左格", "H3-L"), box, by=house.dm)

    workflow.edit_storage(house.shelf, Shelf("5号柜", "G5"), by=house.dm, reason="换柜")

    for row in (house.shelf, box, inner):
        row.refresh_from_db()
    assert [house.shelf.label, box.label, inner.label] == [
        "5号柜",
        "5号柜 3号盒",
        "5号柜 3号盒 左格",
    ]
    assert house.shelf.history.first().history_change_reason == "换柜"
    assert inner.history.first().history_change_reason == "换柜"


def test_edit_storage_without_change_or_reason_is_refused() -> None:
    house = House()
    same = Shelf(house.shelf.name, house.shelf.code)

    with refuses(ConflictError, match="没有变化"):
        workflow.edit_storage(house.shelf, same, by=house.dm, reason="看看")
    with refuses(RefusedInput):
        workflow.edit_storage(house.shelf, Shelf("新", "N1"), by=house.dm, reason="")


def test_retire_storage_takes_what_is_below_along_and_comes_back_alone() -> None:
    house = House()
    box = workflow.create_storage(house.prop, Shelf("3号盒", "H3"), house.shelf, by=house.dm)

    workflow.retire_storage(house.shelf, by=house.dm, reason="柜子坏了")
    with refuses(ConflictError, match="请先恢复上级位置"):
        workflow.retire_storage(box, by=house.dm, reason="修好了", active=True)
    workflow.retire_storage(house.shelf, by=house.dm, reason="修好了", active=True)

    box.refresh_from_db()
    house.shelf.refresh_from_db()
    assert (house.shelf.is_active, box.is_active) == (True, False)


@pytest.mark.parametrize("where", ["here", "below"])
def test_retire_storage_with_something_in_it_is_refused(where: str) -> None:
    house = House()
    box = workflow.create_storage(house.prop, Shelf("3号盒", "H3"), house.shelf, by=house.dm)
    lying(house, 1, house.shelf if where == "here" else box)

    with refuses(ConflictError, match="还存放着 1 件失物"):
        workflow.retire_storage(house.shelf, by=house.dm, reason="坏了")


def test_retire_storage_of_what_lay_there_once_is_fine() -> None:
    house = House()
    moved, gone = lying(house, 2)
    second = workflow.Second(house.guard, PASSWORD)
    workflow.move(fresh(moved), house.other_shelf, second, by=house.dm, reason="换柜")
    taken_home(house, gone)

    workflow.retire_storage(house.shelf, by=house.dm, reason="坏了")

    house.shelf.refresh_from_db()
    assert house.shelf.is_active is False


def test_retire_storage_twice_is_refused() -> None:
    house = House()
    workflow.retire_storage(house.shelf, by=house.dm, reason="坏了")

    with refuses(ConflictError, match="已经停用"):
        workflow.retire_storage(house.shelf, by=house.dm, reason="坏了")


def test_nothing_is_put_into_a_place_out_of_use() -> None:
    house = House()
    item = house.logged()
    (lies,) = lying(house, 1)
    workflow.retire_storage(house.other_shelf, by=house.dm, reason="坏了")
    second = workflow.Second(house.guard, PASSWORD)

    with refuses(RefusedInput) as refused:
        house.stored(item, storage=house.other_shelf)
    with refuses(RefusedInput) as moved:
        workflow.move(fresh(lies), house.other_shelf, second, by=house.dm, reason="换柜")

    assert [list(each.value.errors) for each in (refused, moved)] == [["storage"], ["storage"]]


def test_nothing_is_put_into_a_place_of_another_house() -> None:
    house, other = House(), House()
    item = house.logged()

    with refuses(RefusedInput):
        house.stored(item, storage=other.shelf)


@pytest.mark.django_db(transaction=True)
def test_place_is_never_retired_under_a_thing_just_put_there() -> None:
    """Eight rounds: one puts a thing there, one retires the place; never both."""
    house = House()
    for n in range(8):
        place = house.storage(f"临时{n}", f"LS{n}")
        item = house.logged()
        start = threading.Barrier(2)
        outcome: dict[str, Any] = {}

        def put(item: Any = item, place: Any = place, out: Any = outcome, go: Any = start) -> None:
            go.wait()
            try:
                house.stored(item, storage=place)
                out["put"] = True
            except RefusedInput:
                out["put"] = False
            finally:
                connections.close_all()

        def retire(place: Any = place, out: Any = outcome, go: Any = start) -> None:
            go.wait()
            try:
                workflow.retire_storage(place, by=house.pm, reason="坏了")
                out["retired"] = True
            except ConflictError:
                out["retired"] = False
            finally:
                connections.close_all()

        threads = [threading.Thread(target=put), threading.Thread(target=retire)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert outcome["put"] is not outcome["retired"]


# --- pages ---------------------------------------------------------------------------------


def test_tree_counts_here_and_below() -> None:
    house = House()
    box = workflow.create_storage(house.prop, Shelf("3号盒", "H3"), house.shelf, by=house.dm)
    lying(house, 2)
    lying(house, 1, box)
    taken_home(house, lying(house, 1)[0])

    found = [(n.place.code, n.depth, n.lies, n.below) for n in queries.tree(house.prop)]

    assert found == [("G2-1", 0, 2, 1), ("H3", 1, 1, 0), ("G2-2", 0, 0, 0)]


def test_tree_hides_counts_while_somebody_counts() -> None:
    house = House()
    room = workflow.create_storage(house.prop, Shelf("库房", "KF"), by=house.dm)
    left = workflow.create_storage(house.prop, Shelf("左柜", "L"), room, by=house.dm)
    workflow.create_storage(house.prop, Shelf("左上", "L-1"), left, by=house.dm)
    workflow.create_storage(house.prop, Shelf("右柜", "R"), room, by=house.dm)
    started(house, left)

    found = {n.place.code: n.is_counting for n in queries.tree(house.prop)}

    assert found == {
        "KF": True,
        "L": True,
        "L-1": True,
        "R": False,
        "G2-1": False,
        "G2-2": False,
    }


PAGES = ("storage", "storage_labels", "storage_spots")
READERS = DUTY | {Role.SECURITY, Role.SECURITY_MANAGER}


@pytest.mark.parametrize("role", Role)
def test_storage_pages_are_for_joint_custody(role: Role) -> None:
    house = House()
    web = browser(member(house.prop, role))
    addresses = [url(house, name) for name in PAGES] + [url(house, "storage_place", "G2-1")]
    edits = [url(house, "storage_new")] + [
        url(house, f"storage_{name}", "G2-1") for name in ("edit", "retire")
    ]

    read = {web.get(each).status_code for each in addresses}
    write = {web.get(each).status_code for each in edits}

    assert read == {200 if role in READERS else 403}
    assert write == {200 if role in DUTY else 403}


@pytest.mark.parametrize("name", [*PAGES, "storage_new"])
def test_storage_page_of_another_house_is_not_found(name: str) -> None:
    house = House()
    other = PropertyFactory()

    answer = browser(house.dm).get(reverse(f"lostfound:{name}", args=[other.code]))

    assert answer.status_code == 404


def test_storage_page_of_an_empty_house_offers_one_button() -> None:
    house = Bare()
    web = browser(house.dm)

    before = web.get(url(house, "storage")).content.decode()
    answer = web.post(url(house, "storage_default"), follow=True)

    assert "建立默认柜位" in before
    assert "新建存放位置" not in before
    assert [node.place.code for node in answer.context["nodes"]] == [
        "KF",
        "G1",
        "G1-1",
        "G1-2",
        "BX",
    ]


def test_storage_default_twice_says_so() -> None:
    house = House()

    answer = browser(house.dm).post(url(house, "storage_default"))

    assert answer.status_code == 409
    assert answer.context["problem"] == "已有存放位置，请在列表里新建或修改。"


def test_storage_new_from_a_place_stands_in_it() -> None:
    house = House()
    web = browser(house.dm)
    address = url(house, "storage_new") + "?parent=G2-1"

    chosen = web.get(address).context["form"].initial["parent"]
    answer = web.post(address, {"parent": chosen.pk, "name": "3号盒", "code": "h3"})

    assert answer.status_code == 302
    assert StoragePlace.objects.get(code="H3").label == "2号柜 上层 3号盒"


def test_storage_new_wrong_keeps_what_was_typed() -> None:
    house = House()

    answer = browser(house.dm).post(url(house, "storage_new"), {"name": "好柜", "code": "不行"})

    assert answer.status_code == 422
    assert 'value="好柜"' in answer.content.decode()
    assert answer.context["form"].errors["code"] == [
        "代码用字母、数字和中间的横线，最多12位，例如 G2-1。"
    ]


def test_storage_edit_goes_to_the_new_address_and_shows_who_did_it() -> None:
    house = House()
    data = {"name": "5号柜", "code": "G5", "is_safe": "on", "reason": "换成保险柜"}

    answer = browser(house.dm).post(url(house, "storage_edit", "G2-1"), data, follow=True)

    assert answer.redirect_chain == [(url(house, "storage_place", "G5"), 302)]
    assert [c.history_change_reason for c in answer.context["changes"]] == ["换成保险柜", None]
    assert "周敏 · 换成保险柜" in answer.content.decode()


def test_storage_retire_page_says_why_not() -> None:
    house = House()
    lying(house, 1)

    answer = browser(house.dm).post(url(house, "storage_retire", "G2-1"), {"reason": "坏了"})

    assert answer.status_code == 409
    assert answer.context["form"].non_field_errors() == [
        "这个位置或它下面还存放着 1 件失物，移走后才能停用。"
    ]


def test_storage_place_lists_what_lies_there_and_below() -> None:
    house = House()
    box = workflow.create_storage(house.prop, Shelf("3号盒", "H3"), house.shelf, by=house.dm)
    here, below = lying(house, 1)[0], lying(house, 1, box)[0]
    lying(house, 1, house.other_shelf)

    page = browser(house.guard).get(url(house, "storage_place", "g2-1")).context["page"]

    assert [row.item for row in page.rows] == [here, below]


def test_storage_place_shows_nothing_while_it_is_counted() -> None:
    house = House()
    (item,) = lying(house, 1)
    started(house)

    answer = browser(house.pm).get(url(house, "storage_place", "G2-1"))

    assert answer.context["page"] is None
    assert item.case.number not in answer.content.decode()
    assert "存放 1 件" not in answer.content.decode()


def test_storage_place_pages_by_fifty(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    items = lying(house, 3)
    monkeypatch.setattr(queries, "PAGE", 2)
    web, address = browser(house.dm), url(house, "storage_place", "G2-1")

    first = web.get(address).context["page"]
    second = web.get(address, {"after": first.after}).context["page"]
    broken = web.get(address, {"after": "9" * 30}).context["page"]

    assert [row.item for row in first.rows] == items[:2]
    assert [row.item for row in second.rows] == items[2:]
    assert (second.after, broken.rows) == ("", first.rows)


@pytest.mark.parametrize("name", ["storage", "storage_place"])
def test_storage_page_keeps_its_budget_at_any_size(name: str) -> None:
    house = House()
    web = browser(house.dm)
    args = ["G2-1"] if name == "storage_place" else []
    costs = []
    for number in (1, 2):
        lying(house, number)
        house.storage(f"柜{number}", f"N{number}")
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            assert web.get(url(house, name, *args)).status_code == 200
        costs.append(len([q for q in captured if not q["sql"].startswith(("SAVE", "RELEASE"))]))

    assert costs[0] == costs[1]
    assert costs[1] <= {"storage": 6, "storage_place": 10}[name]


# --- labels --------------------------------------------------------------------------------


def test_labels_of_places_open_what_lies_there() -> None:
    house = House()

    answer = browser(house.dm).get(url(house, "storage_labels"))

    labels = answer.context["labels"]
    assert [(each["label"], each["url"]) for each in labels] == [
        ("2号柜 上层", f"http://testserver{url(house, 'storage_place', 'G2-1')}"),
        ("2号柜 下层", f"http://testserver{url(house, 'storage_place', 'G2-2')}"),
    ]
    assert answer.content.decode().count("<svg viewBox=") == 2


def test_labels_of_spots_open_the_form_with_the_place() -> None:
    house = House()
    spot = PlaceFactory(property=house.prop, name="泳池 & 更衣室", code="YC/1")
    PlaceFactory(property=house.prop, name="1806", kind=Place.Kind.ROOM)
    PlaceFactory(property=house.prop, name="旧大堂", is_active=False)

    labels = browser(house.dm).get(url(house, "storage_spots")).context["labels"]

    found = {each["label"]: urlsplit(each["url"]) for each in labels}
    assert set(found) == {house.lobby.label, spot.label}
    assert {each.path for each in found.values()} == {url(house, "log")}
    assert parse_qs(found[spot.label].query) == {"spot": ["YC/1"]}
    assert parse_qs(found[house.lobby.label].query) == {"spot": [house.lobby.label]}


def test_labels_of_spots_come_by_the_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    for n in range(3):
        PlaceFactory(property=house.prop, name=f"公共区{n}")
    monkeypatch.setattr(queries, "SHEET", 3)
    web, address = browser(house.dm), url(house, "storage_spots")

    first = web.get(address).context
    second = web.get(address, {"after": first["after"]}).context

    assert (len(first["labels"]), len(second["labels"]), second["after"]) == (3, 1, "")


def test_labels_hold_no_style_or_script_of_their_own() -> None:
    house = House()

    html = browser(house.dm).get(url(house, "storage_labels")).content.decode()

    assert re.findall(r"<ul class=\"labels\">.*?</ul>", html, re.DOTALL)
    assert re.search(r"\sstyle=|<style|<script(?![^>]* src=)", html) is None
