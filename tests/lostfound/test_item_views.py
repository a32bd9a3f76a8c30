"""Every act on a found thing through its page: what is sent, where it leads, what is then true."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lostfound import acts, retention, workflow
from lostfound.models import FoundItem, RetentionPolicy
from propdesk.core import drafts
from propdesk.core.models import Attachment, AuditEntry, Draft
from tests.factories import PASSWORD, at
from tests.lostfound import moves
from tests.lostfound.journey import House, fresh, photo

pytestmark = pytest.mark.django_db
Data = dict[str, Any]
S = FoundItem.Status
Fill = Callable[[House, FoundItem], Data]
REASON = {"reason": "有理由"}


def both(house: House, **more: Any) -> Data:
    return {"guard": house.guard.pk, "guard_password": PASSWORD} | more


def receipt(house: House, _item: FoundItem) -> Data:
    value = {"value": "1500.00", "basis": "二手价", "clue": "yes", "clue_text": "锁屏有电话"}
    return both(house, storage=house.shelf.pk, **value)


def policy(house: House, _item: FoundItem) -> Data:
    newest = RetentionPolicy.objects.filter(property=house.prop).order_by("-version")[0]
    return REASON | {"policy": newest.pk}


CORRECTION = {"category": "phone", "name": "深蓝手机", "quantity": "1", "unit": "部"}
CORRECTION |= {"features": "深蓝色", "where": "A座大堂"} | REASON
TRACE = {"via": "phone", "text": "打锁屏电话", "outcome": "no_answer"}
POLICE = {"proof": "接收字第7号", "receiver": "警号 012345"}
WAYS: dict[str, tuple[Callable[[House], FoundItem], str, "Data | Fill", str]] = {
    "hand-in": (lambda h: h.logged(by=h.cleaner), "guard", {}, S.LOGGED),
    "receive": (House.logged, "dm", receipt, S.TRACING),
    "cosign": (moves.unsigned, "guard", {}, S.STORED),
    "move": (
        House.stored,
        "dm",
        lambda h, _i: REASON | both(h, storage=h.other_shelf.pk),
        S.STORED,
    ),
    "open-seal": (moves.sealed, "dm", lambda h, _i: REASON | both(h), S.STORED),
    "count-contents": (
        House.stored,
        "dm",
        lambda h, _i: REASON | both(h, text_1="手机卡"),
        S.STORED,
    ),
    "clue": (House.stored, "dm", {"clue": "no"}, S.OWNERLESS),
    "trace": (House.tracing, "guard", TRACE, S.TRACING),
    "ownerless": (House.traced, "dm", {}, S.OWNERLESS),
    "acknowledge": (House.ownerless, "pm", {"note": "知道了"}, S.OWNERLESS),
    "announce": (
        House.stored,
        "dm",
        lambda _h, _i: {"channel": "board", "published_on": timezone.localdate().isoformat()},
        S.STORED,
    ),
    "revalue": (House.stored, "dm", REASON | {"value": "2000", "basis": "市价"}, S.STORED),
    "decide-value": (moves.revalued_down, "pm", {"approve": "yes"}, S.STORED),
    "policy": (moves.under_another_policy, "gm", policy, S.STORED),
    "police": (moves.contraband, "dm", lambda h, _i: POLICE | both(h), S.POLICE),
    "correct": (House.stored, "dm", CORRECTION, S.STORED),
    "photo": (
        House.stored,
        "guard",
        lambda _h, _i: {"photo": SimpleUploadedFile("b.jpg", photo("red"))},
        S.STORED,
    ),
    "link": (moves.beside_another, "dm", {"number": moves.OTHER}, S.LOGGED),
    "void": (House.logged, "pm", REASON, S.VOIDED),
    "reseal": (
        moves.opened,
        "dm",
        lambda h, _i: REASON | both(h) | {"seal": "FQ-0002"},
        S.STORED,
    ),
    "void-stored": (House.stored, "gm", REASON | {"where": "并入前一编号"}, S.VOIDED),
    "unmask": (moves.from_outside, "dm", {"reason": "道谢"}, S.LOGGED),
}


def page_of(house: House, item: FoundItem, name: str) -> str:
    return reverse("lostfound:act", args=[house.prop.code, item.case.number, name])


def web(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_act_has_a_way() -> None:
    assert sorted(WAYS) == sorted(acts.ACTS)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("name", WAYS)
def test_act_is_done_and_leads_to_the_thing(name: str, htmx: bool) -> None:
    ready, who, data, status = WAYS[name]
    house = House()
    item = ready(house)
    before = AuditEntry.objects.filter(case=item.case).count()
    client = web(getattr(house, who))
    sent = data(house, item) if callable(data) else data

    headers = {"HX-Request": "true"} if htmx else {}
    response = client.post(page_of(house, item, name), sent, headers=headers)

    here = item.get_absolute_url()
    assert (response.status_code, response.get("HX-Redirect", response.get("Location"))) == (
        200 if htmx else 302,
        here,
    )
    assert fresh(item).status == status
    assert AuditEntry.objects.filter(case=item.case).count() == before + 1
    assert str(acts.ACTS[name].done) in client.get(here).content.decode()


def test_unknown_act_is_not_found() -> None:
    house = House()
    assert web(house.dm).get(page_of(house, house.stored(), "explode")).status_code == 404


def test_thing_is_found_by_its_number_in_small_letters() -> None:
    house = House()
    url = house.stored().get_absolute_url().lower()
    assert web(house.dm).get(url).status_code == 200


def test_thing_of_another_house_is_not_found() -> None:
    house, other = House(), House()
    item = house.stored()
    client = web(other.dm)
    found = client.get(item.get_absolute_url()).status_code
    there = reverse("lostfound:detail", args=[other.prop.code, item.case.number])
    assert (found, client.get(there).status_code) == (404, 404)


def test_last_act_of_a_department_leads_to_its_list() -> None:
    """Whoever hands it on sees it no more, and is not sent to a page he cannot open."""
    house = House()
    item = house.logged(by=house.guard, finder_user=house.guard)
    workflow.hand_in(item, by=house.cleaner)
    colleague = house.desk
    url = page_of(house, item, "hand-in")
    response = web(colleague).post(url, {})
    assert response["Location"] == item.get_absolute_url()


# --- who and when --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("desk", "move", 403),
        ("guard", "clue", 403),
        ("guard", "void", 403),
        ("pm", "void", 409),
        ("pm", "void-stored", 403),
        ("dm", "policy", 403),
        ("cleaner", "trace", 404),
        ("dm", "receive", 409),
    ],
)
def test_refused_act_changes_nothing(who: str, name: str, status: int) -> None:
    house = House()
    item = house.stored()
    entries = AuditEntry.objects.count()
    data = receipt(house, item) if name == "receive" else REASON
    client = web(getattr(house, who))
    response = client.post(page_of(house, item, name), data)
    assert (response.status_code, fresh(item).status) == (status, S.STORED)
    assert AuditEntry.objects.count() == entries


def test_refusal_says_who_was_a_moment_earlier_to_whom_the_history_is_open() -> None:
    house = House()
    item = house.logged()
    data = receipt(house, item)
    workflow.void(item, by=house.pm, reason="重复登记")
    refused = web(house.dm).post(page_of(house, item, "receive"), data)
    assert (refused.status_code, f"）{house.pm.name}：" in refused.content.decode()) == (409, True)


def test_wrong_password_of_the_second_is_refused_and_typed_words_stay() -> None:
    house = House()
    item = house.logged()
    client = web(house.dm)
    data = receipt(house, item) | {"guard_password": "falsch"}
    response = client.post(page_of(house, item, "receive"), data)
    page = response.content.decode()
    assert (response.status_code, fresh(item).status) == (422, S.LOGGED)
    assert ("锁屏有电话" in page, "falsch" in page) == (True, False)
    kept = Draft.objects.get(form=f"{item.case.number}:receive").data
    assert ("guard_password" in kept, kept["clue_text"]) == (False, ["锁屏有电话"])


def test_receipt_without_the_password_waits_for_the_guard() -> None:
    house = House()
    item = house.logged()
    data = receipt(house, item) | {"guard_password": ""}
    web(house.dm).post(page_of(house, item, "receive"), data)
    move = item.custody.get(ended_at=None)
    assert (move.guard, move.guard_at, move.manager_at is not None) == (house.guard, None, True)
    page = web(house.dm).get(item.get_absolute_url()).content.decode()
    assert "等李强会签" in page


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("received", "已入库，保管到 2027-02-20。"),
        ("announced", "已入库；登记招领公告后起算保管期。"),
    ],
)
def test_receipt_says_until_when_it_is_kept(start: str, sentence: str) -> None:
    house = House()
    with time_machine.travel(at("2026-11-20 09:00"), tick=False):
        terms = replace(retention.PRESETS["sop"], start=start)
        workflow.set_policy(
            house.prop, "sop", terms, timezone.localdate(), by=house.gm, reason="从公告起"
        )
        item = house.logged()
    with time_machine.travel(at("2026-11-22 09:00"), tick=False):
        data = receipt(house, item) | {"value": "80", "handed_at": "2026-11-20T10:00"}
        answer = web(house.dm).post(page_of(house, item, "receive"), data)

    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert (answer.status_code, said) == (302, [sentence])


# --- once ----------------------------------------------------------------------------------


def test_same_form_twice_is_done_once() -> None:
    house = House()
    item = house.tracing()
    client = web(house.dm)
    data = TRACE | {"form_token": drafts.new_token()}
    first = client.post(page_of(house, item, "trace"), data)
    second = client.post(page_of(house, item, "trace"), data)
    assert (first["Location"], second["Location"]) == (item.get_absolute_url(),) * 2
    assert item.attempts.count() == 1
    assert "没有重复登记" in client.get(second["Location"]).content.decode()


def test_correction_of_what_somebody_changed_meanwhile_shows_both() -> None:
    house = House()
    item = house.stored()
    client = web(house.dm)
    url = page_of(house, item, "correct")
    seen = client.get(url).context["seen"]
    workflow.correct(item, moves.facts(item, features="墨绿色"), by=house.pm, reason="看清了")
    response = client.post(url, CORRECTION | {"seen": seen})
    page = response.content.decode()
    assert (response.status_code, fresh(item).features) == (409, "墨绿色")
    assert ("墨绿色" in page, "深蓝色" in page) == (True, True)
    again = client.post(url, CORRECTION | {"seen": response.context["seen"]})
    assert (again.status_code, fresh(item).features) == (302, "深蓝色")


# --- drafts --------------------------------------------------------------------------------


def test_draft_is_kept_restored_and_forgotten() -> None:
    house = House()
    item = house.tracing()
    client, url = web(house.dm), page_of(house, item, "trace")
    typed = {"text": "打了两次", "tried_at": "2020-01-01T10:00"}
    assert client.post(f"{url}draft/", typed).status_code == 204
    page = client.get(item.get_absolute_url()).content.decode()
    assert ("打了两次" in page, "已带出您上次没提交的内容" in page) == (True, True)
    assert "2020-01-01" not in page
    client.post(url, TRACE)
    assert Draft.objects.count() == 0


def test_draft_of_an_unknown_act_is_not_found() -> None:
    house = House()
    url = page_of(house, house.stored(), "explode")
    assert web(house.dm).post(f"{url}draft/", {"text": "x"}).status_code == 404


# --- photos --------------------------------------------------------------------------------


def photo_url(house: House, item: FoundItem, size: str = "small") -> str:
    pk = Attachment.objects.get(case=item.case).pk
    return reverse("lostfound:photo", args=[house.prop.code, item.case.number, pk, size])


@pytest.mark.parametrize(
    ("who", "status"), [("dm", 200), ("guard2", 200), ("desk", 404), ("cleaner", 404)]
)
def test_photo_is_for_whom_details_are_open(who: str, status: int) -> None:
    house = House()
    item = house.stored()
    response = web(getattr(house, who)).get(photo_url(house, item))
    assert response.status_code == status
    if status == 200:
        assert response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"] == "private, no-store"
        response.close()


def test_photo_of_another_size_is_not_found() -> None:
    house = House()
    assert web(house.dm).get(photo_url(house, house.stored(), "huge")).status_code == 404


def test_photo_is_struck_out_with_a_reason() -> None:
    house = House()
    item = house.stored()
    client, shown = web(house.dm), photo_url(house, item)
    url = shown.replace("small/", "remove/")
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "拍到人脸"}).status_code == 302
    assert Attachment.objects.get(case=item.case).removed_reason == "拍到人脸"
    assert client.get(shown).status_code == 404


def test_striking_out_is_for_the_duty_side() -> None:
    house = House()
    item = house.stored()
    url = photo_url(house, item).replace("small/", "remove/")
    assert web(house.guard).post(url, {"reason": "x"}).status_code == 403


# --- tag -----------------------------------------------------------------------------------


def test_tag_carries_number_category_and_day_only() -> None:
    house = House()
    item = house.stored(house.logged(name="黑色手机", serial="IMEI-77"))
    url = reverse("lostfound:tag", args=[house.prop.code, item.case.number])
    page = web(house.dm).get(url).content.decode()
    label = page.partition('class="label-print"')[2].partition("</main>")[0]
    assert (item.case.number in label, "手机" in label) == (True, True)
    hidden = ["黑色手机", "裂纹", "IMEI-77", "大堂", "李强"]
    assert [word for word in hidden if word in label] == []


def test_code_on_the_tag_is_the_address_and_nothing_else() -> None:
    house = House()
    item = house.stored()
    url = reverse("lostfound:qr", args=[house.prop.code, item.case.number])
    response = web(house.dm).get(url)
    assert (response["Content-Type"], response.content.startswith(b"<?xml")) == (
        "image/svg+xml",
        True,
    )
    import segno

    wanted = segno.make(f"http://testserver{item.get_absolute_url()}", error="m", micro=False)
    assert response.content.count(b"<path") == wanted.svg_inline().count("<path")
    assert web(house.cleaner).get(url).status_code == 404


# --- history and timeline ------------------------------------------------------------------


def test_history_says_who_changed_what_and_why() -> None:
    house = House()
    item = house.stored()
    workflow.correct(item, moves.facts(item, features="墨绿色"), by=house.dm, reason="看错颜色")
    url = reverse("lostfound:history", args=[house.prop.code, item.case.number])
    page = web(house.dm).get(url).content.decode()
    wanted = ["看错颜色", "墨绿色", "更正登记", "接收入库", "拾物登记", "周敏", "李强"]
    assert [word for word in wanted if word not in page] == []
    assert web(house.guard).get(url).status_code == 403


def test_history_names_no_finder_from_outside() -> None:
    house = House()
    item = house.stored(moves.from_outside(house))
    url = reverse("lostfound:history", args=[house.prop.code, item.case.number])
    page = web(house.dm).get(url).content.decode()
    assert ("访客王先生" in page, "13800005678" in page) == (False, False)


@pytest.mark.parametrize(("who", "status"), [("dm", 200), ("guard", 200), ("desk", 403)])
def test_timeline_is_for_whom_details_are_open(who: str, status: int) -> None:
    house = House()
    item = house.tracing(house.stored(house.logged(by=house.guard2)))
    url = reverse("lostfound:timeline", args=[house.prop.code, item.case.number])
    assert web(getattr(house, who)).get(url).status_code == status


def test_timeline_is_narrowed_and_paged() -> None:
    house = House()
    item = house.traced()
    for n in range(31):
        workflow.trace(item, by=house.dm, via="phone", text=f"第{n}次", outcome="waiting")
    client = web(house.dm)
    entries = client.get(item.get_absolute_url(), {"kind": "trace"}).context["entries"]
    assert (len(entries["rows"]), entries["kind"]) == (30, "trace")
    older = client.get(entries["older_url"]).context["entries"]
    titles = {row["title"] for row in older["rows"]}
    assert titles == {"查找失主", "登记有无线索"}
    late = [row for row in entries["rows"] if row["occurred"]]
    assert late == []


def test_attempt_written_down_later_shows_when_it_was() -> None:
    house = House()
    found = timezone.now() - timedelta(hours=5)
    item = house.tracing(house.stored(house.logged(found_at=found)))
    at = timezone.now() - timedelta(hours=3)
    workflow.trace(item, by=house.dm, via="phone", text="打过", outcome="waiting", tried_at=at)
    page = web(house.dm).get(item.get_absolute_url()).content.decode()
    assert f"实际发生于 今天 {timezone.localtime(at):%H:%M}（补录）" in page or "昨天" in page
