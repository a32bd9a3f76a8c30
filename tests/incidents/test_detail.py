"""The page of one complaint: the next act first, and only what this person may do."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import rows, workflow
from incidents.detail import Detail
from incidents.models import CONDUCT, Complaint
from propdesk.core import chronicle
from propdesk.core.models import User
from propdesk.core.paging import number_or_none
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from tests.factories import fresh, member
from tests.incidents import moves
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db
S = Complaint.Status


def detail(house: House, complaint: Complaint, user: User) -> Detail:
    found = Detail.load(fresh(user), house.prop, complaint.case.number, timezone.now())
    assert found is not None
    return found


CARDS = {
    S.INTAKE: ["conduct", "record"],
    S.RECORDED: ["offer"],
    S.AWAITING_CHOICE: ["choose"],
    S.IN_PROGRESS: ["progress"],
    S.RESOLVED: ["call-back"],
    S.CLOSED: [],
    S.REOPENED: ["promise", "offer"],
    S.VOIDED: [],
}
LETTERS = {
    S.INTAKE: "A",
    S.RECORDED: "G",
    S.AWAITING_CHOICE: "G",
    S.IN_PROGRESS: "I",
    S.RESOLVED: "J",
    S.CLOSED: "",
    S.REOPENED: "H",
    S.VOIDED: "",
}


@pytest.mark.parametrize("status", S.values)
def test_page_shows_the_next_act_of_each_state(status: str) -> None:
    house = House()
    one = detail(house, house.at(status), house.dm)
    assert (one.cards, one.letter) == (CARDS[S(status)], LETTERS[S(status)])


@pytest.mark.parametrize(
    ("ready", "who", "cards"),
    [
        (moves.conducted, "dm", ["record"]),
        (House.offered, "dm", ["tell"]),
        (House.chosen, "dm", ["promise"]),
        (moves.refused, "pm", ["decide-refusal"]),
        (moves.refused, "dm", []),
        (moves.dissatisfied, "pm", ["decide-dissatisfied"]),
        (moves.dissatisfied, "dm", []),
        (House.reviewed, "dm", []),
        (House.signed, "dm", ["close"]),
    ],
)
def test_page_shows_the_next_act_of_each_turn(ready: Any, who: str, cards: list[str]) -> None:
    house = House()
    assert detail(house, ready(house), getattr(house, who)).cards == cards


def test_nobody_is_offered_what_he_may_not_do() -> None:
    house = House()
    complaint = house.started()
    offered = {}
    for who in ("engineer", "dm", "pm"):
        one = detail(house, complaint, getattr(house, who))
        offered[who] = {name for name, _act in [*one.others, *one.menu]}
    assert offered["engineer"] == {"photo"}
    assert ("void" in offered["dm"], "void" in offered["pm"]) == (False, True)


def test_own_complaint_offers_neither_void_nor_override() -> None:
    house = House()
    house.taker = house.pm
    one = detail(house, house.resolved(), house.pm)
    names = {name for name, _act in [*one.others, *one.menu]}
    assert names & {"void", "override"} == set()


@pytest.mark.parametrize(
    ("ready", "words"),
    [
        (moves.refused, "客户不接受方案，已报物业经理，等待决定。"),
        (moves.dissatisfied, "客户不满意，已报物业经理，等待决定。"),
        (moves.submitted, "《事故报告》正在签批，等物业经理签。"),
        (House.voided, "这件投诉已作废：重复登记"),
        (House.new, ""),
    ],
)
def test_page_says_whose_turn_it_is(ready: Any, words: str) -> None:
    house = House()
    assert detail(house, ready(house), house.dm).waiting == words


@pytest.mark.parametrize(
    ("letter", "part", "words"),
    [
        ("A", "做", "客户停下来再问，一次只问一件事"),
        ("A", "不做", "插话"),
        ("B", "做", "语速放慢"),
        ("B", "做", "停三秒、写两个字再开口"),
        ("B", "不做", "比嗓门、论输赢"),
        ("C", "做", "用客户自己的词说出他的处境"),
        ("C", "可以这样说", "王女士，半夜遇上这种事，谁都会着急"),
    ],
)
def test_page_coaches_how_to_talk_at_the_step_that_is_due(
    client: Client, letter: str, part: str, words: str
) -> None:
    house = House()
    complaint = house.new()
    ticks = {done: workflow.Tick(done=True) for done in CONDUCT if done < letter}
    if ticks:
        workflow.confirm_conduct(complaint, ticks, by=house.dm, private_talk="private")
    client.force_login(house.dm)
    html = client.get(complaint.get_absolute_url()).content.decode()
    coach = html[html.index('<aside class="coach"') :]
    parts = dict(re.findall(r"([^<>]+)</summary>(.*?)</details>", coach, re.DOTALL))
    assert words in parts[part]


def test_closing_list_names_what_is_open_and_what_is_done() -> None:
    house = House()
    complaint = house.resolved()
    first = {row["key"]: row["open"] for row in detail(house, complaint, house.dm).missing}
    house.prop.settings.report_required = "serious"
    house.prop.settings.save()
    later = {row["key"]: row["open"] for row in detail(house, complaint, house.dm).missing}
    assert first == {"J-callback": True, "J-summary": True, "J-report": True}
    assert later == {"J-callback": True, "J-summary": True}


def test_closing_list_is_done_after_the_last_signature() -> None:
    house = House()
    one = detail(house, house.signed(), house.dm)
    assert [row["open"] for row in one.missing] == [False, False, False]


def test_links_show_the_other_side() -> None:
    house = House()
    complaint = moves.beside_another(house)
    workflow.link(complaint, moves.OTHER, by=house.dm, note="同一房间")
    (link,) = detail(house, complaint, house.dm).links
    assert (link.number, link.note) == (moves.OTHER, "同一房间")


def test_anonymous_guest_has_no_name_on_the_page(client: Client) -> None:
    house = House()
    complaint = house.new(is_anonymous=True, anonymous_reason="不愿留名", guest=Guest())
    client.force_login(house.dm)
    assert detail(house, complaint, house.dm).address == "匿名客户"
    assert "匿名客户" in client.get(complaint.get_absolute_url()).content.decode()


# --- timeline ------------------------------------------------------------------------------


def entries(house: House, complaint: Complaint, **params: str) -> dict[str, Any]:
    one = detail(house, complaint, house.dm)
    before = number_or_none(params.get("before", ""))
    return rows.timeline(one, params.get("kind", ""), before)


def test_timeline_tells_the_whole_road_newest_first() -> None:
    house = House()
    titles = [row["title"] for row in entries(house, house.resolved())["rows"]]
    assert titles == [
        "标记已解决",
        "进展",
        "约定时限",
        "客户选定方案",
        "告知客户方案",
        "提出方案",
        "完成记录，念给客户核对",
        "确认谈话要领",
        "登记投诉",
    ]


@pytest.mark.parametrize(
    ("kind", "count"), [("progress", 3), ("told", 3), ("x", 9), ("correct", 0)]
)
def test_timeline_is_narrowed_by_kind(kind: str, count: int) -> None:
    house = House()
    assert len(entries(house, house.resolved(), kind=kind)["rows"]) == count


def test_timeline_pages_hold_every_entry_once(client: Client) -> None:
    house = House()
    complaint = house.new()
    for n in range(chronicle.PAGE * 2):
        workflow.edit_guest(
            complaint, Guest(name=f"王{n}", honorific="ms"), by=house.dm, reason="更正"
        )
    client.force_login(house.dm)
    first = client.get(complaint.get_absolute_url()).context["entries"]
    found, url = [row["seq"] for row in first["rows"]], first["older_url"]
    while url:
        page = client.get(url).context["entries"]
        found += [row["seq"] for row in page["rows"]]
        url = page["older_url"]
    assert found == list(range(chronicle.PAGE * 2 + 1, 0, -1))


@pytest.mark.parametrize("before", ["x", "-1", "٣", "9" * 12, "1.5"])
def test_malformed_page_of_the_timeline_is_the_first(client: Client, before: str) -> None:
    house = House()
    complaint = house.new()
    client.force_login(house.dm)
    response = client.get(f"{complaint.get_absolute_url()}timeline/", {"before": before})
    assert (response.status_code, len(response.context["entries"]["rows"])) == (200, 1)


def test_fragment_of_the_timeline_has_no_frame(client: Client) -> None:
    house = House()
    client.force_login(house.dm)
    url = f"{house.new().get_absolute_url()}timeline/"
    page = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert ('id="timeline"' in page, "<html" in page) == (True, False)


def test_page_of_a_taker_shows_no_link_to_history(client: Client) -> None:
    house = House()
    guard = member(house.prop, Role.SECURITY)
    complaint = house.new(by=guard)
    link = reverse("incidents:history", args=[house.prop.code, complaint.case.number])
    seen = {}
    for name, user in (("guard", guard), ("dm", house.dm)):
        client.force_login(user)
        seen[name] = link in client.get(complaint.get_absolute_url()).content.decode()
    assert seen == {"guard": False, "dm": True}


def test_card_of_telling_lists_what_is_told_and_what_has_to_wait() -> None:
    house = House()
    complaint = moves.costly(house, cost="1800")
    client = Client()
    client.force_login(house.dm)
    address = reverse("incidents:detail", args=[house.prop.code, complaint.case.number])

    card = client.get(address).content.decode().partition("也可以")[0]

    told, _sep, held = card.partition("先不告知客户")
    assert "这次告知客户" in told
    assert [text in told for text in ("1 今晚换到 A-1612", "2 更换风扇", "约 2 小时")] == [True] * 3
    assert "3 免一晚房费" not in told
    assert [text in held for text in ("3 免一晚房费", "¥1,800.00", "待批准")] == [True] * 3


def test_voided_complaint_shows_no_steps_as_done() -> None:
    house = House()
    client = Client()
    client.force_login(house.dm)
    number = house.at(S.VOIDED).case.number

    page = client.get(reverse("incidents:detail", args=[house.prop.code, number])).content.decode()
    assert ("stepper" in page, "c-void" in page) == (False, True)
