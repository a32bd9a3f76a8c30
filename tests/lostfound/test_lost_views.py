"""Pages of lost reports: what each reader sees, what is refused, and what it costs."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lostfound import workflow
from lostfound.models import LostReport, MatchPair, MatchProfile
from lostfound.queries import match as suggestions
from propdesk.core import chronicle, paging
from propdesk.core.models import Draft, User
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.factories import PlaceFactory, fresh, member
from tests.incidents.moves import fingerprint
from tests.lostfound.journey import House
from tests.lostfound.journey import fresh as thing
from tests.lostfound.losing import compared, lost, pairs, read, suggested

pytestmark = pytest.mark.django_db
State = MatchPair.State
LIST, PAGE, CREATE = 6, 10, 14
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


@pytest.fixture
def house() -> House:
    return House()


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(house: House, name: str, *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code, *args])


def typed(**changes: str) -> dict[str, str]:
    """What the front desk types while the guest is on the telephone."""
    known = {
        "category": "phone",
        "name": "手机",
        "features": "黑色的手机，右上角屏幕裂了，套着蓝色硅胶手机套",
        "lost_from": f"{timezone.localtime() - timezone.timedelta(hours=5):%Y-%m-%dT%H:%M}",
        "guest_name": "林小雨",
        "honorific": "ms",
        "phone": "13800005678",
        "token": "once",
    }
    return known | changes


def cost(client: Client, address: str, data: dict[str, str] | None = None, ok: int = 200) -> int:
    shell._counts.clear()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address) if data is None else client.post(address, data)
    assert response.status_code == ok, response.content.decode()[:2000]
    return len([q for q in captured if not q["sql"].startswith(CONTROL)])


# --- taking down ---------------------------------------------------------------------------


def test_call_is_taken_down_on_one_page(house: House) -> None:
    room = PlaceFactory(property=house.prop, kind="room", code="A-1806", label="A座 1806")
    data = typed(
        place="A座大堂", place2="a1806", place3="出租车上", place_note="后排", room="A1806"
    )
    response = web(house.desk).post(url(house, "lost_new"), data)

    report = LostReport.objects.get()
    assert (response.status_code, response["Location"]) == (302, report.get_absolute_url())
    assert report.places == [house.lobby, room]
    assert (report.place_note, report.guest.room) == ("出租车上，后排", room)


def test_what_is_wrong_is_said_and_kept(house: House) -> None:
    client = web(house.desk)
    response = client.post(url(house, "lost_new"), typed(phone="", room="Z-1", features=""))
    again = client.get(url(house, "lost_new")).content.decode()

    page = response.content.decode()
    said = ("没有这个房号，请核对；不住这里就留空，填电话。", "请填写：特征。")
    assert (response.status_code, [text in page for text in said]) == (422, [True, True])
    assert (LostReport.objects.count(), 'value="林小雨"' in again) == (0, True)


def test_refusal_of_the_workflow_stands_at_its_field(house: House) -> None:
    response = web(house.desk).post(url(house, "lost_new"), typed(phone=""))

    assert response.status_code == 422
    assert response.context["form"].errors == {"phone": ["请留下失主的电话；没有电话就填房号。"]}


def test_same_form_twice_leads_to_the_same_report(house: House) -> None:
    client = web(house.desk)
    first, second = (client.post(url(house, "lost_new"), typed()) for _n in range(2))

    assert (first["Location"], LostReport.objects.count()) == (second["Location"], 1)


def test_report_is_not_for_roles_outside_the_table(house: House) -> None:
    client = web(member(house.prop, Role.ENGINEERING))
    before = fingerprint()
    found = [
        client.get(url(house, "lost_new")).status_code,
        client.post(url(house, "lost_new"), typed()).status_code,
        client.post(url(house, "lost_draft"), typed()).status_code,
    ]

    assert (found, fingerprint()) == ([403] * 3, before)


def test_draft_is_kept_while_it_is_typed(house: House) -> None:
    response = web(house.desk).post(url(house, "lost_draft"), typed(features="黑色"))

    draft = Draft.objects.get(owner=house.desk, form="lostfound.lost")
    assert (response.status_code, draft.data["features"]) == (204, ["黑色"])


def test_places_are_offered_but_rooms_are_not(house: House) -> None:
    PlaceFactory(property=house.prop, kind="room", code="A-1806", label="A座 1806")
    page = web(house.desk).get(url(house, "lost_new")).content.decode()

    assert re.findall(r'<option value="([^"]+)"></option>', page) == ["A座大堂"]


# --- the list ------------------------------------------------------------------------------


def numbers(response: Any) -> list[str]:
    return [row.number for row in response.context["rows"]]


def test_list_stands_by_receipt_newest_first(house: House) -> None:
    made = [lost(house).case.number for _n in range(3)]

    assert numbers(web(house.desk).get(url(house, "lost_board"))) == made[::-1]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["key", "open"]),
        ({"state": "found"}, ["found"]),
        ({"state": "all"}, ["found", "key", "open"]),
        ({"category": "key"}, ["key"]),
        ({"q": "林小雨"}, ["key", "open"]),
        ({"q": "13800005678", "category": "phone"}, ["open"]),
        ({"q": "没有这句话"}, []),
        ({"state": "x", "category": "x"}, ["key", "open"]),
    ],
    ids=str,
)
def test_filter_narrows_the_list(house: House, params: dict[str, str], found: list[str]) -> None:
    made = {"open": lost(house), "key": lost(house, category="key", features="铜钥匙两把")}
    made["found"] = lost(house)
    workflow.close_lost(made["found"], "found", by=house.desk, reason="找到了")

    shown = numbers(web(house.desk).get(url(house, "lost_board"), params))

    assert shown == [made[name].case.number for name in found]


def test_pages_hold_every_row_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    made = {lost(house).case.number for _n in range(5)}
    client, address, seen = web(house.desk), url(house, "lost_board"), []
    while address:
        response = client.get(address)
        seen.append(numbers(response))
        address = response.context["older_url"]

    assert ([len(page) for page in seen], {n for page in seen for n in page}) == ([2, 2, 1], made)


def test_list_says_how_much_alike_the_best_is(house: House) -> None:
    pair = suggested(house)
    lost(house, category="key", features="铜钥匙两把")
    client = web(house.desk)
    before = [
        row.best and row.best[0] for row in client.get(url(house, "lost_board")).context["rows"]
    ]
    workflow.decide_match(pair, by=house.dm, accept=True)
    after = [row.accepted for row in client.get(url(house, "lost_board")).context["rows"]]

    assert (before, after) == ([None, "很像"], [False, True])


def test_cleaner_sees_what_he_took_down_only(house: House) -> None:
    mine, other = lost(house, by=house.cleaner), lost(house)
    client = web(house.cleaner)

    assert numbers(client.get(url(house, "lost_board"))) == [mine.case.number]
    assert client.get(mine.get_absolute_url()).status_code == 200
    assert client.get(other.get_absolute_url()).status_code == 404


def test_report_of_another_house_is_not_there(house: House) -> None:
    report = lost(House())

    assert web(house.gm).get(url(house, "lost_detail", report.case.number)).status_code == 404


# --- suggestions ---------------------------------------------------------------------------

HIDDEN = ("裂纹", "硅胶壳", "物品一致", "颜色一致", "沙发")
"""Words of the found thing and of why it is alike; the report itself says 裂了 and 硅胶手机套."""


def test_duty_manager_sees_reasons_and_photo(house: House) -> None:
    pair = suggested(house)
    response = web(house.dm).get(read(pair.lost).get_absolute_url())
    (row,) = response.context["one"].suggested
    page = response.content.decode()

    assert (row.word, row.details, row.reasons) == ("很像", True, pair.reasons)
    assert [text in page for text in pair.reasons] == [True] * len(pair.reasons)
    assert f"/photos/{row.photo}/small/" in page


def test_front_desk_sees_category_day_place_and_points_only(house: House) -> None:
    item = house.logged(place=house.lobby, place_note="靠窗沙发", name="苹果手机")
    report = lost(house)
    compared()
    page = web(house.desk).get(report.get_absolute_url()).content.decode()
    panel = page[page.index('id="match"') : page.index('id="timeline"')]

    assert [word for word in (*HIDDEN, "苹果", "/photos/", "就是它") if word in panel] == []
    shown = (item.case.number, "手机", "A座大堂", "拾获", "很像")
    assert [word in panel for word in shown] == [True] * 5


def test_front_desk_that_logged_the_thing_sees_its_details(house: House) -> None:
    house.logged(by=house.desk)
    report = lost(house)
    compared()
    (row,) = web(house.desk).get(report.get_absolute_url()).context["one"].suggested

    assert (row.details, row.reasons == pairs()[0].reasons) == (True, True)


def test_reasons_of_a_judgement_are_not_for_the_front_desk(house: House) -> None:
    pair = suggested(house)
    workflow.decide_match(pair, by=house.dm, accept=False, reason="屏幕裂纹在左下角")
    address = read(pair.lost).get_absolute_url()

    shown = {
        user.name: "裂纹在左下角" in web(user).get(address).content.decode()
        for user in (house.dm, house.desk)
    }

    assert shown == {"周敏": True, "钱婷": False}


def test_weak_ones_are_folded_below_and_fill_the_list_up_to_five(house: House) -> None:
    pair = suggested(house)
    for n in range(6):
        house.logged(features="白色 小米 直板", pictures=[], no_photo_reason=f"太暗 {n}")
    MatchProfile.objects.update(stale_at=timezone.now())
    compared()
    response = web(house.dm).get(read(pair.lost).get_absolute_url())
    one = response.context["one"]

    assert [row.number for row in one.suggested] == [pair.found.case.number]
    assert [(row.word, row.is_weak) for row in one.perhaps] == [("也许", True)] * 4
    fold = response.content.decode().split('<details class="fold"><summary>也许相关（4）')[1]
    assert [row.number in fold for row in one.perhaps] == [True] * 4
    assert pair.found.case.number not in fold.split("</details>\n</section>")[0]


def test_weak_one_makes_no_badge_and_stands_folded_on_the_thing(house: House) -> None:
    item = house.logged(features="白色 小米 直板", pictures=[], no_photo_reason="太暗")
    report = lost(house)
    compared()
    client = web(house.dm)
    board = client.get(url(house, "lost_board")).context["rows"]
    response = client.get(item.get_absolute_url())

    assert [(row.number, row.best) for row in board] == [(report.case.number, None)]
    assert (response.context["suggestions"], len(response.context["perhaps"])) == ([], 1)
    assert "也许相关（1）" in response.content.decode()


def test_ended_thing_is_suggested_no_more(house: House) -> None:
    pair = suggested(house)
    workflow.void(thing(pair.found), by=house.gm, reason="重复登记")

    response = web(house.dm).get(read(pair.lost).get_absolute_url())
    assert response.context["one"].suggestions == []


def test_most_alike_stands_first(house: House) -> None:
    house.logged(pictures=[], no_photo_reason="太暗", features="黑色手机")
    house.logged()
    report = lost(house)
    compared()
    rows = web(house.dm).get(report.get_absolute_url()).context["one"].suggested

    points = dict(MatchPair.objects.values_list("pk", "points"))
    shown = [points[row.pk] for row in rows]
    assert shown == sorted(points.values(), reverse=True)


def test_accepting_leads_to_the_claim_of_the_thing(house: House) -> None:
    house.stored()
    report = lost(house)
    compared()
    (pair,) = pairs()
    response = web(house.dm).post(url(house, "lost_match", report.case.number, pair.pk, "accept"))

    pair.refresh_from_db()
    claim = url(house, "claim", pair.found.case.number) + f"?lost={report.case.number}"
    assert (pair.state, response["Location"]) == (State.ACCEPTED, claim)
    form = web(house.dm).get(claim).content.decode()
    assert f'name="lost" value="{report.case.number}"' in form
    # Not under a fold, where nobody would see why the telephone need not be asked for.
    assert form.index('name="lost"') < form.index('name="address"')


def test_accepting_what_is_not_in_store_leads_to_the_thing(house: House) -> None:
    pair = suggested(house)
    address = url(house, "lost_match", pair.lost.case.number, pair.pk, "accept")

    assert web(house.dm).post(address)["Location"] == pair.found.get_absolute_url()


@pytest.mark.parametrize(("back", "name"), [("", "lost_detail"), ("item", "detail")])
def test_rejecting_goes_back_to_where_it_was_judged(house: House, back: str, name: str) -> None:
    pair = suggested(house)
    address = url(house, "lost_match", pair.lost.case.number, pair.pk, "reject")
    response = web(house.guard).post(address, {"back": back, "reason": "屏幕没裂"})

    pair.refresh_from_db()
    other = pair.found if back else pair.lost
    assert (pair.state, pair.reason) == (State.REJECTED, "屏幕没裂")
    assert response["Location"] == url(house, name, other.case.number)


@pytest.mark.parametrize(("who", "status"), [("desk", 403), ("cleaner", 404), ("outsider", 404)])
def test_judging_is_closed_to_others(house: House, who: str, status: int) -> None:
    pair = suggested(house)
    user = House().dm if who == "outsider" else getattr(house, who)
    address = url(house, "lost_match", pair.lost.case.number, pair.pk, "accept")
    client, before = web(user), fingerprint()

    assert (client.post(address).status_code, fingerprint()) == (status, before)


@pytest.mark.parametrize("wrong", ["verb", "pair", "get"])
def test_judging_of_nothing_is_not_there(house: House, wrong: str) -> None:
    pair, other = suggested(house), lost(house)
    verb = "maybe" if wrong == "verb" else "accept"
    report = other if wrong == "pair" else read(pair.lost)
    address = url(house, "lost_match", report.case.number, pair.pk, verb)
    client = web(house.dm)

    found = client.get(address) if wrong == "get" else client.post(address)
    assert found.status_code == (405 if wrong == "get" else 404)


def test_judged_again_says_so_on_the_page(house: House) -> None:
    pair = suggested(house)
    address = url(house, "lost_match", pair.lost.case.number, pair.pk, "reject")
    client = web(house.dm)
    client.post(address)
    response = client.post(address)

    assert (response.status_code, response.context["problem"]) == (
        409,
        "这一条已经判断过，结果相同。",
    )


# --- the item page -------------------------------------------------------------------------


def test_thing_knows_who_may_have_lost_it(house: House) -> None:
    pair = suggested(house)
    item = thing(pair.found)

    def seen(user: User, *, details: bool) -> list[tuple[str, str, list[str]]]:
        rows = suggestions.for_item(item, fresh(user), details=details)
        return [(row.number, row.word, row.reasons) for row in rows]

    number = pair.lost.case.number
    assert {
        "dm": seen(house.dm, details=True),
        "desk": seen(house.desk, details=False),
        "cleaner": seen(house.cleaner, details=True),
    } == {
        "dm": [(number, "很像", pair.reasons)],
        "desk": [(number, "很像", [])],
        "cleaner": [],
    }


@pytest.mark.parametrize(
    ("who", "shown"), [("dm", (True, True, True)), ("desk", (True, False, False))]
)
def test_page_of_the_thing_shows_who_may_have_lost_it(
    house: House, who: str, shown: tuple[bool, ...]
) -> None:
    pair = suggested(house)
    page = web(getattr(house, who)).get(thing(pair.found).get_absolute_url()).content.decode()

    words = (pair.lost.case.number, pair.reasons[0], "就是它")
    assert tuple(word in page for word in words) == shown


def test_ended_or_rejected_reports_are_not_shown_at_the_thing(house: House) -> None:
    pair = suggested(house)
    second = lost(house)
    compared()
    workflow.decide_match(pair, by=house.dm, accept=False)
    workflow.close_lost(second, "closed", by=house.dm, reason="不找了")

    assert suggestions.for_item(thing(pair.found), house.dm, details=True) == []


# --- acts ----------------------------------------------------------------------------------


def test_correction_page_shows_what_stands_there_but_no_number(house: House) -> None:
    report = lost(house, places=(house.lobby,))
    page = web(house.desk).get(url(house, "lost_act", report.case.number, "edit")).content.decode()

    assert ("13800005678" in page, "138****5678" in page, 'value="A座大堂"' in page) == (
        False,
        True,
        True,
    )


def edit_data(**changes: str) -> dict[str, str]:
    now = timezone.localtime()
    data = typed(lost_to=f"{now - timezone.timedelta(hours=1):%Y-%m-%dT%H:%M}", phone="")
    return data | {"reason": "客人想起来了", "quantity": "1"} | changes


def test_correction_is_saved_and_the_number_kept(house: House) -> None:
    report = lost(house)
    address = url(house, "lost_act", report.case.number, "edit")
    response = web(house.desk).post(address, edit_data(features="深蓝色手机"))

    row = read(report)
    assert (response.status_code, row.features, row.guest.phone) == (
        302,
        "深蓝色手机",
        "13800005678",
    )


def test_correction_of_what_changed_meanwhile_is_refused_and_kept(house: House) -> None:
    report = lost(house)
    client, address = web(house.desk), url(house, "lost_act", report.case.number, "edit")
    seen = client.get(address).context["seen"]
    web(house.dm).post(address, edit_data(features="绿色手机"))
    response = client.post(address, edit_data(features="红色手机", seen=seen))

    assert (response.status_code, read(report).features) == (409, "绿色手机")
    assert "红色手机" in response.content.decode()


def test_ending_takes_the_report_off_the_list(house: House) -> None:
    report = lost(house)
    client = web(house.desk)
    address = url(house, "lost_act", report.case.number, "close")
    empty = client.post(address, {"outcome": "found", "reason": ""})
    ended = client.post(address, {"outcome": "found", "reason": "客人自己找到了"})

    assert (empty.status_code, ended.status_code, read(report).status) == (422, 302, "found")
    assert numbers(client.get(url(house, "lost_board"))) == []
    assert client.get(report.get_absolute_url()).context["one"].menu == []


def test_full_number_shows_for_a_minute_to_who_asked(house: House) -> None:
    report = lost(house)
    client, address = web(house.dm), report.get_absolute_url()
    before = client.get(address).content.decode()
    client.post(url(house, "lost_act", report.case.number, "unmask"), {"reason": "通知来认领"})
    after = client.get(address).content.decode()
    other = web(house.pm).get(address).content.decode()

    assert ["13800005678" in page for page in (before, after, other)] == [False, True, False]


@pytest.mark.parametrize(("name", "status"), [("unmask", 403), ("nothing", 404)])
def test_acts_that_are_not_his_are_refused(house: House, name: str, status: int) -> None:
    report = lost(house)
    address = url(house, "lost_act", report.case.number, name)
    client, before = web(house.desk), fingerprint()

    assert client.get(address).status_code == status
    assert (client.post(address, {"reason": "看看"}).status_code, fingerprint()) == (status, before)


def test_same_act_twice_is_done_once(house: House) -> None:
    report = lost(house)
    client, address = web(house.dm), url(house, "lost_act", report.case.number, "unmask")
    data = {"reason": "通知来认领", "form_token": "one"}
    client.post(address, data, follow=True)
    again = client.post(address, data, follow=True)

    entries = report.case.entries.filter(action="unmask").count()
    assert (entries, [str(m) for m in again.context["messages"]]) == (
        1,
        ["这一步已经登记过，没有重复登记。"],
    )


def test_typed_act_is_kept_and_brought_back(house: House) -> None:
    report = lost(house)
    client, address = web(house.desk), url(house, "lost_act", report.case.number, "close")
    kept = client.post(f"{address}draft/", {"reason": "客人说找到了"})
    form = client.get(address).context["form"]

    assert (kept.status_code, form.restored, form["reason"].value()) == (204, True, "客人说找到了")


def test_older_entries_have_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(chronicle, "PAGE", 2)
    report = lost(house)
    for _n in range(3):
        workflow.unmask_lost(report, by=house.dm, reason="回电话")
    client = web(house.dm)
    first = client.get(report.get_absolute_url()).context["entries"]
    second = client.get(first["older_url"]).context["entries"]

    assert [row["title"] for row in first["rows"] + second["rows"]] == [
        *["查看完整号码"] * 3,
        "登记遗失",
    ]
    assert second["older_url"] == ""


def test_history_says_who_changed_what_and_why(house: House) -> None:
    report = lost(house)
    address = url(house, "lost_act", report.case.number, "edit")
    web(house.desk).post(address, edit_data(features="深蓝色手机", place="A座大堂"))
    client = web(house.dm)
    first, last = client.get(url(house, "lost_history", report.case.number)).context["changes"]

    changed = {part["label"]: part["new"] for part in first["changes"]}
    assert (first["by"], first["title"], first["why"]) == ("钱婷", "更正遗失登记", "客人想起来了")
    assert {name: changed[name] for name in ("特征", "可能遗失的地点")} == {
        "特征": "深蓝色手机",
        "可能遗失的地点": "A座大堂",
    }
    assert (last["title"], last["changes"]) == ("登记遗失", [])


def test_history_is_for_the_duty_side(house: House) -> None:
    address = url(house, "lost_history", lost(house).case.number)

    assert [web(user).get(address).status_code for user in (house.dm, house.desk)] == [200, 403]


# --- how much it costs ---------------------------------------------------------------------


def fill(house: House, number: int) -> None:
    for n in range(number):
        house.logged(pictures=[], no_photo_reason=f"{n} {timezone.now()}")
        lost(house, places=(house.lobby,))
    compared()


@pytest.mark.parametrize("query", ["", "?state=all", "?q=手机", "?category=phone"])
def test_list_costs_the_same_at_one_and_three_rows(house: House, query: str) -> None:
    client, address = web(house.dm), url(house, "lost_board") + query
    fill(house, 1)
    few = cost(client, address)
    fill(house, 2)

    assert (cost(client, address), few <= LIST) == (few, True)


def test_page_costs_the_same_however_much_is_alike(house: House) -> None:
    client = web(house.dm)
    fill(house, 1)
    address = LostReport.objects.get().get_absolute_url()
    few = cost(client, address)
    fill(house, 3)

    assert (cost(client, address), few <= PAGE) == (few, True)


@pytest.mark.parametrize("name", ["edit", "close", "unmask"])
def test_act_page_keeps_its_budget(house: House, name: str) -> None:
    report = lost(house, places=(house.lobby,))

    assert cost(web(house.dm), url(house, "lost_act", report.case.number, name)) <= PAGE


def test_taking_down_keeps_its_budget_at_any_size(house: House) -> None:
    PlaceFactory(property=house.prop, kind="room", code="A-1806", label="A座 1806")
    client = web(house.desk)
    data = typed(place="A座大堂", place2="A1806", room="A-1806")
    few = cost(client, url(house, "lost_new"), data | {"token": "1"}, ok=302)
    fill(house, 3)
    more = cost(client, url(house, "lost_new"), data | {"token": "2"}, ok=302)

    assert (more, few <= CREATE) == (few, True)


def test_suggestions_of_a_thing_cost_the_same_at_any_size(house: House) -> None:
    fill(house, 1)
    item = thing(pairs()[0].found)

    def counted() -> int:
        user = fresh(house.dm)
        with CaptureQueriesContext(connection) as captured:
            assert len(suggestions.for_item(item, user, details=True)) >= 1
        return len(captured)

    few = counted()
    fill(house, 3)
    assert counted() == few
