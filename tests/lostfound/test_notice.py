"""招领公告: what staff make known, and what everybody may then read of it (F5)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lostfound import workflow
from lostfound.models import Announcement, FoundItem
from lostfound.queries import papers as queries
from propdesk.core.models import RenderJob
from propdesk.core.transitions import ConflictError
from propdesk.desk import shell
from tests.factories import PlaceFactory
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, S, fresh
from tests.lostfound.printing import web

pytestmark = pytest.mark.django_db
LIST = 6
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def page(house: House) -> str:
    return f"/p/{house.prop.code}/lostfound/notice/"


def public(house: House, query: str = "") -> str:
    return f"/found/{house.prop.code}/{query}"


def data(*items: FoundItem, **changes: Any) -> dict[str, Any]:
    words = {"channel": "board", "published_on": timezone.localdate().isoformat()}
    return {"items": [item.pk for item in items], **words, **changes}


def announce(house: House, item: FoundItem, **changes: Any) -> FoundItem:
    words = {"published_on": timezone.localdate(), "channel": "board"} | changes
    workflow.announce(item, by=house.dm, **words)
    return fresh(item)


def offered(house: House) -> list[str]:
    return [row["public"].number for row in web(house.dm).get(page(house)).context["rows"]]


# --- staff -----------------------------------------------------------------------------------


def test_page_offers_what_rests_and_was_never_made_known() -> None:
    house, other = House(), House()
    other.stored()
    house.logged()
    announce(house, house.stored())
    claiming.described(house)
    resting = [house.stored(), house.traced(), house.ownerless()]

    assert offered(house) == sorted(item.case.number for item in resting)


def test_ticked_things_are_made_known_in_one_go() -> None:
    house = House()
    chosen, left = [house.stored(), house.ownerless()], house.stored()
    response = web(house.dm).post(page(house), data(*chosen, note="一层公告栏"))

    assert (response.status_code, response["Location"]) == (302, page(house))
    rows = Announcement.objects.order_by("item")
    assert [(row.item, row.channel, row.note, row.by) for row in rows] == [
        (item, "board", "一层公告栏", house.dm) for item in chosen
    ]
    assert {fresh(item).announced_on for item in chosen} == {timezone.localdate()}
    assert fresh(left).announced_on is None
    assert offered(house) == [left.case.number]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"items": []}, "请勾选要公告的物品。"),
        ({"items": ["x", "-1", "9" * 30]}, "请勾选要公告的物品。"),
        ({"channel": ""}, "请选择：公告渠道。"),
        ({"channel": "radio"}, "没有这个选项"),
        ({"published_on": "明天"}, "没有这一天"),
        ({"published_on": "2999-01-01"}, "公告日期还没有到"),
        ({"published_on": "2020-01-01"}, "公告日期早于拾获"),
    ],
    ids=["none", "no-keys", "no-channel", "channel", "no-day", "future", "before"],
)
def test_notice_refused_says_what_to_do_and_changes_nothing(
    changes: dict[str, Any], sentence: str
) -> None:
    house = House()
    item = house.stored()
    client = web(house.dm)
    client.get(page(house))
    before = fingerprint()
    response = client.post(page(house), data(item, note="一层公告栏") | changes)
    text = response.content.decode()

    assert (response.status_code, sentence in text) == (422, True)
    assert fingerprint() == before
    # What was typed and ticked is still there.
    assert "一层公告栏" in text
    assert (" checked>" in text) == ("items" not in changes)


def test_thing_made_known_meanwhile_stops_the_whole_notice() -> None:
    house = House()
    mine, taken = house.stored(), house.stored()
    announce(house, taken)
    client = web(house.dm)
    client.get(page(house))
    before = fingerprint()
    response = client.post(page(house), data(mine, taken))

    assert (response.status_code, fingerprint()) == (409, before)
    assert "重新勾选" in response.content.decode()


def test_thing_of_another_house_cannot_be_made_known() -> None:
    house, other = House(), House()
    item = other.stored()

    assert web(house.dm).post(page(house), data(item)).status_code == 409
    assert Announcement.objects.count() == 0


def test_more_than_a_page_at_once_is_refused() -> None:
    house = House()
    response = web(house.dm).post(page(house), data() | {"items": list(range(1, 52))})

    assert response.status_code == 422
    assert "一次最多公告 50 件，请分次办理。" in response.content.decode()


def test_page_is_paged_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "AT_ONCE", 2)
    house = House()
    numbers = [house.stored().case.number for _n in range(5)]
    client, url, seen = web(house.dm), page(house), []
    for _page in range(3):
        context = client.get(url).context
        seen.append([row["public"].number for row in context["rows"]])
        url = f"{page(house)}?after={context['next']}"

    assert (seen, context["next"]) == ([numbers[:2], numbers[2:4], numbers[4:]], "")


def test_all_of_a_page_can_be_ticked_without_script() -> None:
    house = House()
    house.stored(), house.stored()
    client = web(house.dm)

    counts = [client.get(f"{page(house)}{query}").content.decode() for query in ("", "?all=1")]
    assert [text.count(" checked>") for text in counts] == [0, 2]


@pytest.mark.parametrize(
    ("who", "status"), [("dm", 200), ("pm", 200), ("guard", 403), ("desk", 403), ("cleaner", 403)]
)
def test_page_is_for_who_may_announce(who: str, status: int) -> None:
    house = House()
    item = house.stored()
    client = web(getattr(house, who))

    assert client.get(page(house)).status_code == status
    assert client.post(page(house), data(item)).status_code == (302 if status == 200 else 403)
    assert Announcement.objects.count() == (1 if status == 200 else 0)


@pytest.mark.parametrize(("who", "status"), [("dm", 302), ("guard", 302), ("desk", 403)])
def test_notice_is_printed_by_who_may_print(who: str, status: int) -> None:
    house = House()
    client = web(getattr(house, who))
    url = f"{page(house)}print/"

    assert client.get(url).status_code == 405
    response = client.post(url, {"on": "2026-11-24"})
    assert response.status_code == status
    if status == 302:
        job = RenderJob.objects.get()
        assert (job.kind, job.params) == ("found_notice", {"on": "2026-11-24"})
        assert response["Location"].endswith(f"lists/found_notice/{job.pk}/")


@pytest.mark.parametrize("on", ["\x00", "2026-11-24\x00", "gestern", "2026-02-30", ""])
def test_notice_of_no_day_is_that_of_all(on: str) -> None:
    house = House()

    response = web(house.dm).post(f"{page(house)}print/", {"on": on})

    assert (response.status_code, RenderJob.objects.get().params) == (302, {"on": ""})


def misjudged(house: House) -> FoundItem:
    """In the store already when somebody sees what it is."""
    item = house.stored()
    facts = moves.facts(item, category="contraband", features="弹簧刀")
    workflow.correct(item, facts, by=house.pm, reason="看清是弹簧刀")
    return fresh(item)


def test_contraband_is_neither_offered_nor_announced() -> None:
    house = House()
    item = misjudged(house)

    with refuses(ConflictError, match="违禁危险品不公告"):
        announce(house, item)
    answer = web(house.dm).post(page(house), data(item))

    assert (offered(house), answer.status_code, Announcement.objects.count()) == ([], 409, 0)


def test_page_costs_the_same_statements_at_any_size() -> None:
    house = House()
    client = web(house.dm)

    def cost() -> int:
        shell._counts.clear()
        with CaptureQueriesContext(connection) as captured:
            client.get(page(house))
        return len([q for q in captured if not q["sql"].startswith(CONTROL)])

    house.stored()
    few = cost()
    for _n in range(2):
        house.stored()

    assert (cost(), few <= LIST) == (few, True)


# --- everybody -------------------------------------------------------------------------------


def shown(response: Any) -> list[str]:
    return [row.number for row in response.context["rows"]]


def test_guest_reads_what_is_known_and_still_here(client: Client) -> None:
    house, other = House(), House()
    announce(other, other.stored())
    house.stored()
    here = [announce(house, house.stored()), claiming.disputed(house)]
    workflow.announce(here[1], by=house.dm, published_on=timezone.localdate(), channel="web")
    announce(house, house.stored())
    gone = announce(house, house.stored())
    claiming.returned(house, claiming.verified(house, gone))
    third = FoundItem.objects.exclude(pk=gone.pk).filter(announced_on__isnull=False)
    expected = sorted(
        third.filter(case__property=house.prop).values_list("case__number", flat=True)
    )

    response = client.get(public(house))

    assert (response.status_code, shown(response)) == (200, expected[::-1])
    assert gone.case.number not in response.content.decode()


def test_guest_reads_no_hidden_string(client: Client) -> None:
    house = House()
    building = PlaceFactory(property=house.prop, kind="building", name="B座")
    floor = PlaceFactory(property=house.prop, kind="floor", name="18层", parent=building)
    room = PlaceFactory(property=house.prop, kind="room", name="1806", parent=floor)
    item = house.logged(
        name="棕色钱包",
        serial="NB-77",
        place=room,
        place_note="床头柜",
        finder_name="访客王德发",
        finder_phone="13800005678",
    )
    item = house.stored(item, seal="FQ-1")
    item = house.traced(item)
    announce(house, item, note="张贴在一层")
    claiming.disputed(house, claiming.described(house, fresh(item)))
    text = client.get(public(house)).content.decode()

    hidden = [*claiming.hidden(item), "18层", "1806", "床头柜", "王德发", "FQ-1", "2号柜", "1,500"]
    hidden += ["锁屏", "张贴在一层", "李强", "周敏", "林小雨", "认领中", "异议", str(item.pk)]
    assert [word for word in hidden if word in text] == []
    assert ("手机" in text, "B座" in text, item.case.number in text) == (True, True, True)


def test_public_page_is_private_to_its_reader_and_to_no_search_engine(client: Client) -> None:
    house = House()
    announce(house, house.stored())
    response = client.get(public(house))
    text = response.content.decode()

    assert response["Cache-Control"] == "private, max-age=300"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in text
    assert response.cookies == {}
    assert ("<form" in text, "<input" in text, 'href="/"' in text) == (False, False, False)


def test_public_page_is_paged_without_counts(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "AT_ONCE", 2)
    house = House()
    numbers = [announce(house, house.stored()).case.number for _n in range(3)][::-1]
    first = client.get(public(house))
    second = client.get(public(house, f"?after={first.context['next']}"))

    assert (shown(first), shown(second)) == (numbers[:2], numbers[2:])
    assert (first.context["next"], second.context["next"]) == (numbers[1], "")
    assert re.findall(r"共|\d+\s*[件页]", first.content.decode()) == []


@pytest.mark.parametrize("after", ["x", "SW-", "9" * 300, "%00", "'; drop"])
def test_public_page_with_a_wrong_key_answers(client: Client, after: str) -> None:
    house = House()
    announce(house, house.stored())

    assert client.get(public(house, f"?after={after}")).status_code in (200, 400)


def test_house_nobody_knows_is_not_found(client: Client) -> None:
    assert client.get("/found/nobody/").status_code == 404


def test_public_page_only_reads(client: Client) -> None:
    house = House()
    assert client.post(public(house)).status_code == 405


def test_public_page_of_an_empty_house_says_so(client: Client) -> None:
    house = House()
    house.stored()

    assert "目前没有公告中的物品。" in client.get(public(house)).content.decode()


def test_contraband_with_the_police_is_never_public(client: Client) -> None:
    house = House()
    item = moves.contraband(house)
    moves.BY_ID["hand_to_police"].do(house, item, house.dm)

    assert (fresh(item).status, shown(client.get(public(house)))) == (S.POLICE, [])


def test_what_turns_out_to_be_contraband_leaves_the_public_page(client: Client) -> None:
    house = House()
    item = announce(house, house.stored())
    facts = moves.facts(item, category="contraband", features="弹簧刀")

    workflow.correct(item, facts, by=house.pm, reason="看清是弹簧刀")

    assert (shown(client.get(public(house))), queries.on_board(house.prop, None)) == ([], [])


def test_public_page_costs_two_statements(client: Client) -> None:
    house = House()
    for _n in range(3):
        announce(house, house.stored())
    with CaptureQueriesContext(connection) as captured:
        client.get(public(house))

    assert len(captured) == 2
