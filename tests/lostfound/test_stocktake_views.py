"""The pages of a blind count: one input and no list; then what differs."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lostfound import workflow
from lostfound.models import Stocktake
from lostfound.queries import stocktake as queries
from propdesk.core.models import User
from propdesk.core.roles import DUTY, Role
from propdesk.desk import shell
from tests.factories import PASSWORD, PropertyFactory, ShiftFactory, member
from tests.incidents.moves import fingerprint
from tests.lostfound.counting import differences, latest, lying, number, scan, started
from tests.lostfound.journey import House

pytestmark = pytest.mark.django_db
READERS = DUTY | {Role.SECURITY, Role.SECURITY_MANAGER}
SCAN = {"HX-Request": "true", "HX-Target": "said"}


def url(house: House, name: str, *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code, *args])


def of(house: House, row: Stocktake, name: str = "stocktake", *args: Any) -> str:
    return url(house, name, row.case.number, *args)


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def finished(house: House) -> Stocktake:
    return latest(workflow.finish_stocktake(started(house), by=house.dm))


@pytest.mark.parametrize("role", Role)
def test_stocktake_pages_are_for_joint_custody(role: Role) -> None:
    house = House()
    running = started(house, house.other_shelf)
    lying(house, 1)
    over = finished(house)
    web = browser(member(house.prop, role))
    addresses = [
        url(house, "stocktakes"),
        url(house, "stocktake_new"),
        of(house, running),
        of(house, over),
        of(house, running, "stocktake_finish"),
        of(house, running, "stocktake_abandon"),
    ]

    found = {web.get(each).status_code for each in addresses}

    assert found == {200 if role in READERS else 403}


@pytest.mark.parametrize("name", ["stocktakes", "stocktake_new"])
def test_stocktake_page_of_another_house_is_not_found(name: str) -> None:
    answer = browser(House().dm).get(reverse(f"lostfound:{name}", args=[PropertyFactory().code]))

    assert answer.status_code == 404


def test_stocktake_of_another_house_is_not_found() -> None:
    house, other = House(), House()
    row = started(other)

    assert browser(house.dm).get(of(house, row)).status_code == 404


def test_stocktake_new_begins_with_the_place_that_was_asked_for() -> None:
    house = House()
    web = browser(house.dm)
    address = url(house, "stocktake_new") + "?storage=G2-1"

    form = web.get(address).context["form"]
    data = {
        "storage": form.initial["storage"].pk,
        "guard": house.guard.pk,
        "guard_password": PASSWORD,
        "token": form.initial["token"],
    }
    answer = web.post(address, data)
    again = web.post(address, data)

    row = Stocktake.objects.select_related("case__property").get()
    assert (row.storage, row.counted_by, row.witnessed_by) == (house.shelf, house.dm, house.guard)
    assert (answer.url, again.status_code) == (row.get_absolute_url(), 409)
    assert [str(person) for person in form.fields["guard"].rows.values()] == ["李强", "赵刚"]


def test_stocktake_new_marks_who_is_on_shift() -> None:
    house = House()
    ShiftFactory(property=house.prop, user=house.guard2, role=Role.SECURITY)

    form = browser(house.dm).get(url(house, "stocktake_new")).context["form"]

    names = [name for _key, name in form.fields["guard"].choices]
    assert names == ["请选择", "赵刚（当班）", "李强"]


def test_stocktake_new_by_a_guard_offers_the_duty_side() -> None:
    house = House()

    form = browser(house.guard).get(url(house, "stocktake_new")).context["form"]

    assert form.fields["guard"].label == "监盘人（值班经理）"
    assert {str(p) for p in form.fields["guard"].rows.values()} == {"周敏", "张岚", "陈国栋"}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"guard_password": ""}, "guard_password", "请填写：监盘人密码。"),
        ({"guard_password": "wrong"}, "guard_password", "密码不对，请重新输入。"),
        ({"guard": ""}, "guard", "请选择：监盘人（保安部）。"),
        ({"guard": "999999"}, "guard", "没有这个选项，请从列出的选项里重新选。"),
        ({"storage": ""}, "storage", "请选择：盘点哪里。"),
        ({"storage": "abc"}, "storage", "没有这个选项，请从列出的选项里重新选。"),
    ],
    ids=["no password", "wrong password", "nobody", "stranger", "nowhere", "no place"],
)
def test_stocktake_new_wrong_says_what_to_do(change: Any, field: str, sentence: str) -> None:
    house = House()
    data = {"storage": house.shelf.pk, "guard": house.guard.pk, "guard_password": PASSWORD}

    answer = browser(house.dm).post(url(house, "stocktake_new"), data | change)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [sentence]}
    assert PASSWORD not in answer.content.decode()


# --- counting ------------------------------------------------------------------------------


def test_counting_page_shows_neither_list_nor_number_expected() -> None:
    house = House()
    items = lying(house, 7)
    row = started(house)
    web = browser(house.dm)
    web.post(of(house, row, "stocktake_count"), {"tag": number(items[0])})

    pages = [
        web.get(of(house, row)),
        web.get(of(house, row, "stocktake_finish")),
        web.get(of(house, row, "stocktake_abandon")),
        web.get(url(house, "stocktakes")),
        web.get(url(house, "storage")),
        web.get(url(house, "storage_place", house.shelf.code)),
    ]

    for page in pages:
        html = page.content.decode()
        assert [n for n in map(number, items) if n in html] == []
        assert re.findall(r"(?<!\d)7 件|应有 ?\d", html) == []
    assert pages[0].context["counted"] == 1


def test_counting_page_has_the_input_in_focus_and_works_without_script() -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)
    web = browser(house.dm)

    html = web.get(of(house, row)).content.decode()
    answer = web.post(of(house, row, "stocktake_count"), {"tag": number(item)})

    assert re.search(r'<input [^>]*id="tag" name="tag" value="" autofocus', html)
    assert (answer.status_code, answer.context["last"].item) == (200, item)
    assert f'<b class="num">{number(item)}</b> 已记下。' in answer.content.decode()
    assert "<main" in answer.content.decode()


def test_scan_is_answered_by_a_line_only() -> None:
    house = House()
    (item,) = lying(house, 1)
    row = started(house)

    answer = browser(house.dm).post(
        of(house, row, "stocktake_count"), {"tag": number(item)}, headers=SCAN
    )

    assert answer.content.decode().strip().startswith('<div class="said" id="said"')
    assert "<b>1</b> 个标签已点" in answer.content.decode()


def test_scan_of_an_unknown_tag_says_so_and_keeps_it() -> None:
    house = House()
    row = started(house)

    answer = browser(house.dm).post(of(house, row, "stocktake_count"), {"tag": "abc"}, headers=SCAN)

    assert answer.status_code == 200
    assert "系统里没有这个编号" in answer.content.decode()
    assert list(row.entries.values_list("tag", "item")) == [("ABC", None)]


@pytest.mark.parametrize(
    ("tag", "status", "sentence"),
    [
        ("", 422, "请扫描或输入标签号。"),
        ("Z" * 31, 422, "这不是失物标签，请核对后重新扫描。"),
        ("abc", 409, '<b class="num">abc</b> 这个标签已经点过。'),
    ],
    ids=["nothing", "no tag", "twice"],
)
def test_scan_refused_says_why_and_changes_nothing(tag: str, status: int, sentence: str) -> None:
    house = House()
    row = started(house)
    scan(row, "ABC", by=house.dm)
    web = browser(house.dm)
    web.get(of(house, row))
    before = fingerprint()

    answer = web.post(of(house, row, "stocktake_count"), {"tag": tag}, headers=SCAN)

    assert (answer.status_code, fingerprint() == before) == (status, True)
    assert sentence in answer.content.decode()


def test_scan_of_markup_is_shown_as_text() -> None:
    house = House()
    row = started(house)

    answer = browser(house.dm).post(of(house, row, "stocktake_count"), {"tag": "<b>x</b>"})

    assert "&lt;B&gt;X&lt;/B&gt;" in answer.content.decode()
    assert "<B>X</B>" not in answer.content.decode()


def test_scan_after_the_other_one_has_ended_it_leads_to_the_result() -> None:
    house = House()
    row = started(house)
    workflow.finish_stocktake(row, by=house.guard)

    answer = browser(house.dm).post(of(house, row, "stocktake_count"), {"tag": "X"}, headers=SCAN)

    assert answer["HX-Redirect"] == of(house, row)


def test_paste_names_each_wrong_line_and_keeps_the_rest() -> None:
    house = House()
    items = lying(house, 2)
    row = started(house)
    text = "\r\n".join([number(items[0]), number(items[0]), "Z" * 31, "不认识", number(items[1])])

    answer = browser(house.dm).post(of(house, row, "stocktake_paste"), {"tags": text})

    result = answer.context["result"]
    assert (answer.status_code, result.kept, result.unknown) == (200, 3, ("不认识",))
    assert [(line, why) for line, _text, why in result.problems] == [
        (2, "已经点过，没有重复计数。"),
        (3, "这不是失物标签，请核对后重新扫描。"),
    ]
    assert "记下 3 个标签。" in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" \n ", "请粘贴标签号，每行一个。"),
        ("\n".join(f"T{n}" for n in range(501)), "一次最多粘贴 500 行，请分几次。"),
    ],
    ids=["nothing", "too many"],
)
def test_paste_refused_keeps_what_was_typed(text: str, sentence: str) -> None:
    house = House()
    row = started(house)

    answer = browser(house.dm).post(of(house, row, "stocktake_paste"), {"tags": text})

    assert (answer.status_code, answer.context["paste_problem"]) == (422, sentence)
    assert answer.context["pasted"] == text
    assert row.entries.count() == 0


@pytest.mark.parametrize("name", ["stocktake_count", "stocktake_paste", "stocktake_finish"])
def test_counting_by_a_third_person_is_forbidden(name: str) -> None:
    house = House()
    row = started(house)
    web = browser(house.pm)

    answer = web.post(of(house, row, name), {"tag": "X", "tags": "X"})
    page = web.get(of(house, row))

    assert answer.status_code == 403
    assert 'name="tag"' not in page.content.decode()
    assert page.context["counted"] is None
    assert latest(row).status == "counting"


# --- afterwards ----------------------------------------------------------------------------


def test_finish_asks_once_more_and_shows_the_result() -> None:
    house = House()
    items = lying(house, 2)
    row = started(house)
    web = browser(house.dm)

    asked = web.get(of(house, row, "stocktake_finish")).content.decode()
    answer = web.post(of(house, row, "stocktake_finish"), follow=True)

    assert "一个标签也没有点" in asked
    html = answer.content.decode()
    assert answer.redirect_chain == [(of(house, row), 302)]
    assert "应有 2，实有 0" in html
    assert [n for n in map(number, items) if n in html] == [number(i) for i in items]
    assert differences(row) == {number(item): "shortage" for item in items}


def test_report_offers_the_differences_to_a_manager_who_did_not_count() -> None:
    house = House()
    lying(house, 1)
    row = finished(house)
    each = row.differences.get()
    settle = of(house, row, "stocktake_settle", each.pk)

    shown = {
        who: settle in browser(getattr(house, who)).get(of(house, row)).content.decode()
        for who in ("dm", "guard", "pm", "gm")
    }

    assert shown == {"dm": False, "guard": False, "pm": True, "gm": True}


def test_settle_page_registers_what_became_of_it() -> None:
    house = House()
    lying(house, 1)
    row = finished(house)
    each = row.differences.get()
    web = browser(house.pm)
    settle = of(house, row, "stocktake_settle", each.pk)

    empty = web.post(settle, {"outcome": " "})
    answer = web.post(settle, {"outcome": "在值班台找到"}, follow=True)
    again = web.post(settle, {"outcome": "又找到"})

    assert empty.status_code == 422
    assert empty.context["form"].errors == {"outcome": ["请填写：处理结果。"]}
    assert "在值班台找到" in answer.content.decode()
    assert latest(row).status == "settled"
    assert again.status_code == 409


def test_settle_page_of_a_difference_of_another_count_is_not_found() -> None:
    house = House()
    lying(house, 1)
    row = finished(house)
    other = finished(house)
    each = other.differences.get()

    answer = browser(house.pm).get(of(house, row, "stocktake_settle", each.pk))

    assert answer.status_code == 404


def test_abandon_page_asks_why() -> None:
    house = House()
    row = started(house)
    web = browser(house.dm)

    empty = web.post(of(house, row, "stocktake_abandon"), {"reason": ""})
    answer = web.post(of(house, row, "stocktake_abandon"), {"reason": "火警演练"})
    page = web.get(of(house, row)).content.decode()

    assert (empty.status_code, answer.status_code) == (422, 302)
    assert "已放弃，没有比对。原因：火警演练" in page


def test_list_of_counts_pages_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    made = [finished(house) for _n in range(3)]
    monkeypatch.setattr(queries, "PAGE", 2)
    web = browser(house.dm)

    first = web.get(url(house, "stocktakes")).context["page"]
    second = web.get(url(house, "stocktakes"), {"after": first.after}).context["page"]

    assert [row.pk for row in first.rows] == [made[2].pk, made[1].pk]
    assert [row.pk for row in second.rows] == [made[0].pk]
    assert second.after == ""


def cost(web: Client, address: str) -> int:
    shell._counts.clear()
    with CaptureQueriesContext(connection) as captured:
        assert web.get(address).status_code == 200
    return len([q for q in captured if not q["sql"].startswith(("SAVE", "RELEASE"))])


def test_stocktake_pages_keep_their_budget_at_any_size() -> None:
    house = House()
    web = browser(house.pm)
    costs = []
    for more in (1, 2):
        lying(house, more)
        row = finished(house)
        costs.append((cost(web, url(house, "stocktakes")), cost(web, of(house, row))))

    assert costs[0] == costs[1]
    assert costs[0][0] <= 6
    assert costs[0][1] <= 10


def test_scan_costs_six_statements_with_session_and_person() -> None:
    house = House()
    items = lying(house, 2)
    row = started(house)
    web = browser(house.dm)
    address = of(house, row, "stocktake_count")
    web.post(address, {"tag": number(items[0])}, headers=SCAN)

    with CaptureQueriesContext(connection) as captured:
        web.post(address, {"tag": number(items[1])}, headers=SCAN)

    sent = [q for q in captured if not q["sql"].startswith(("SAVE", "RELEASE"))]
    assert len(sent) == 6


# --- what the two who count are not told elsewhere -----------------------------------------


def test_places_are_not_told_to_the_two_who_count_and_to_everybody_else_they_are() -> None:
    house = House()
    here, there = lying(house, 1)[0], lying(house, 1, house.other_shelf)[0]
    started(house)
    pages = {
        "board": url(house, "board"),
        "counted": url(house, "detail", number(here)),
        "other": url(house, "detail", number(there)),
    }

    def told(user: Any, name: str) -> tuple[bool, bool]:
        page = browser(user).get(pages[name]).content.decode()
        return "2号柜 上层" in page, "2号柜 下层" in page

    shown = {
        (who, name): told(getattr(house, who), name)
        for who in ("dm", "guard", "pm")
        for name in pages
    }

    for who in ("dm", "guard"):
        # A list in which only the counted ones are hidden would be the list to count by.
        assert shown[who, "board"] == (False, False)
        assert (shown[who, "counted"], shown[who, "other"]) == ((False, False), (False, True))
        assert "盘点中" in browser(getattr(house, who)).get(pages["counted"]).content.decode()
    assert [shown["pm", name] for name in pages] == [(True, True), (True, False), (False, True)]


@pytest.mark.parametrize("name", ["register_print", "export"])
def test_register_is_refused_to_the_two_who_count_until_they_have_ended(name: str) -> None:
    house = House()
    row = started(house)
    address = url(house, name)

    during = [status_of(user, address) for user in (house.dm, house.pm)]
    refused = browser(house.dm).get(address).content.decode()
    workflow.finish_stocktake(row, by=house.dm)

    assert (during, f"您正在盘点（{row.case.number}）" in refused) == ([403, 200], True)
    assert status_of(house.dm, address) == 200


def status_of(user: User, address: str) -> int:
    """What an address answers; a file that is handed out is closed as a server would."""
    answer = browser(user).get(address)
    for close in answer._resource_closers:  # close() would end the transaction of the test, too
        close()
    return answer.status_code


def test_register_asked_for_before_the_count_is_not_handed_out_during_it() -> None:
    house = House()
    web = browser(house.dm)
    wait = web.post(url(house, "register_print"), {"state": "all"})["Location"]
    started(house)

    assert (web.get(wait).status_code, browser(house.dm).get(wait).status_code) == (403, 403)
