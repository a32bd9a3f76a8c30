"""Every act through its page: what is sent, where it leads, what is then true."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import acts, workflow
from incidents.models import Complaint
from propdesk.core import drafts
from propdesk.core.models import AuditEntry, Draft
from tests.incidents import moves
from tests.incidents.journey import GUEST, House, fresh
from tests.incidents.moves import OTHER, jpeg, option_of

pytestmark = pytest.mark.django_db
Data = dict[str, Any]
S = Complaint.Status
Fill = Callable[[House, Complaint], Data]


def when(**ago: float) -> str:
    return f"{timezone.localtime(timezone.now() + timedelta(**ago)):%Y-%m-%dT%H:%M}"


def told(_house: House, _complaint: Complaint) -> Data:
    return {"told_at": when(), "told_via": "phone"}


def promise(house: House, _complaint: Complaint) -> Data:
    times = {"due_at": when(hours=9), "told_at": when(), "told_via": "phone"}
    return times | {"department": house.department.pk, "what": "修好", "reason": "缺配件"}


def chosen(house: House, complaint: Complaint) -> Data:
    return {"option": option_of(house, complaint).pk, "chosen_at": when()}


RECORD = {
    "name": "王晓梅",
    "honorific": "ms",
    "room": "A座1806",
    "category": "noise",
    "severity": "normal",
    "key_points": "空调响",
    "core_issue": "风扇",
    "expectation": "安静",
    "read_back": "on",
}
TICKS = {f"tick_{letter}": "yes" for letter in "ABCDE"} | {"private_talk": "private"}
REASON = {"reason": "有理由"}
WAYS: dict[str, tuple[Callable[[House], Complaint], str, "Data | Fill", str]] = {
    "conduct": (House.new, "dm", TICKS, S.INTAKE),
    "record": (moves.conducted, "dm", RECORD, S.RECORDED),
    "correct": (House.recorded, "dm", {"field": "core_issue", "text": "支架"}, S.RECORDED),
    "offer": (House.recorded, "dm", {"text_1": "换房", "feasible": "on"}, S.RECORDED),
    "tell": (House.offered, "dm", told, S.AWAITING_CHOICE),
    "choose": (House.told, "dm", chosen, S.AWAITING_CHOICE),
    "refuse": (House.told, "dm", REASON, S.AWAITING_CHOICE),
    "decide-refusal": (moves.refused, "pm", REASON | {"choice": "new_options"}, S.RECORDED),
    "promise": (House.chosen, "dm", promise, S.IN_PROGRESS),
    "progress": (House.promised, "engineer", {"kind": "started", "text": "到场"}, S.IN_PROGRESS),
    "extend": (House.started, "dm", promise, S.IN_PROGRESS),
    "ask-extension": (
        moves.extended,
        "dm",
        lambda _h, _c: REASON | {"wish_at": when(hours=9)},
        S.IN_PROGRESS,
    ),
    "grant-extension": (moves.asked_again, "pm", {}, S.IN_PROGRESS),
    "decline-extension": (moves.asked_again, "pm", REASON, S.IN_PROGRESS),
    "resolve": (House.started, "dm", {"resolution": "好了"}, S.RESOLVED),
    "call-back": (
        House.resolved,
        "dm",
        lambda _h, _c: {"satisfaction": "satisfied", "asked_at": when(), "via": "phone"},
        S.RESOLVED,
    ),
    "decide-dissatisfied": (moves.dissatisfied, "pm", REASON | {"choice": "redo"}, S.REOPENED),
    "summary": (House.resolved, "dm", {"summary": "经过", "result": "结果"}, S.RESOLVED),
    "close": (House.signed, "dm", {}, S.CLOSED),
    "override": (House.resolved, "pm", REASON, S.CLOSED),
    "reopen": (House.closed, "dm", REASON, S.REOPENED),
    "void": (House.new, "pm", REASON, S.VOIDED),
    "hand-over": (House.new, "dm", lambda h, _c: REASON | {"to": h.gm.pk}, S.INTAKE),
    "severity": (House.new, "dm", REASON | {"severity": "major"}, S.INTAKE),
    "security": (House.new, "dm", {}, S.INTAKE),
    "arrived": (moves.secured, "dm", {"outcome": "已劝离"}, S.INTAKE),
    "guest": (House.new, "dm", REASON | {"name": "王小美", "honorific": "ms"}, S.INTAKE),
    "unmask": (House.new, "dm", {"reason": "回电话"}, S.INTAKE),
    "photo": (
        House.new,
        "dm",
        lambda _h, _c: {"photo": SimpleUploadedFile("a.jpg", jpeg())},
        S.INTAKE,
    ),
    "link": (moves.beside_another, "dm", {"number": OTHER}, S.INTAKE),
}


def page_of(house: House, complaint: Complaint, name: str) -> str:
    return reverse("incidents:act", args=[house.prop.code, complaint.case.number, name])


def web(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_act_has_a_way() -> None:
    assert sorted(WAYS) == sorted(acts.ACTS)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize("name", WAYS)
def test_act_is_done_and_leads_to_the_complaint(name: str, htmx: bool) -> None:
    ready, who, data, status = WAYS[name]
    house = House()
    complaint = ready(house)
    before = AuditEntry.objects.filter(case=complaint.case).count()
    client = web(getattr(house, who))
    sent = (data(house, complaint) if callable(data) else data) | {"csrfmiddlewaretoken": "x"}

    headers = {"HX-Request": "true"} if htmx else {}
    response = client.post(page_of(house, complaint, name), sent, headers=headers)

    here = complaint.get_absolute_url()
    assert (response.status_code, response.get("HX-Redirect", response.get("Location"))) == (
        200 if htmx else 302,
        here,
    )
    assert fresh(complaint).status == status
    assert AuditEntry.objects.filter(case=complaint.case).count() == before + 1
    assert str(acts.ACTS[name].done) in client.get(here).content.decode()


def test_unknown_act_is_not_found() -> None:
    house = House()
    assert web(house.dm).get(page_of(house, house.new(), "explode")).status_code == 404


def test_complaint_is_found_by_its_number_in_small_letters() -> None:
    house = House()
    url = house.new().get_absolute_url().lower()
    assert web(house.dm).get(url).status_code == 200


# --- drafts --------------------------------------------------------------------------------


def test_draft_is_kept_restored_and_forgotten() -> None:
    house = House()
    complaint = house.started()
    client, url = web(house.dm), page_of(house, complaint, "extend")

    assert client.post(f"{url}draft/", {"reason": "缺配件一", "password": "x"}).status_code == 204
    assert "缺配件一" in client.get(url).content.decode()
    assert Draft.objects.get().data == {"reason": ["缺配件一"]}
    client.post(url, promise(house, complaint))
    assert Draft.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "status"),
    [({"resolution": ""}, 422), ({"resolution": "已换风扇"}, 409)],
    ids=["unfinished", "too early"],
)
def test_draft_is_kept_when_the_act_is_refused(data: Data, status: int) -> None:
    house = House()
    client, url = web(house.dm), page_of(house, house.promised(), "resolve")
    assert client.post(url, data).status_code == status
    assert Draft.objects.get().data == {"resolution": [data["resolution"]]}


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, True), (61, False)], ids=["just now", "long ago"]
)
def test_refusal_says_who_was_a_moment_earlier(minutes: int, said: bool, time_machine: Any) -> None:
    house = House()
    complaint = house.new()
    workflow.call_security(complaint, by=house.pm)
    time_machine.move_to(timezone.now() + timedelta(minutes=minutes))
    refused = web(house.dm).post(page_of(house, complaint, "security"), {})
    own = web(house.pm).post(page_of(house, complaint, "security"), {})
    assert (refused.status_code, own.status_code) == (409, 409)
    line = f"）{house.pm.name}："
    assert (line in refused.content.decode(), line in own.content.decode()) == (said, False)


def test_draft_is_shown_on_the_card_of_the_complaint() -> None:
    house = House()
    complaint = house.started()
    client = web(house.dm)
    client.post(f"{page_of(house, complaint, 'progress')}draft/", {"text": "写到一半"})
    assert "写到一半" in client.get(complaint.get_absolute_url()).content.decode()


def test_draft_of_yesterday_is_gone() -> None:
    house = House()
    complaint = house.started()
    key = f"{complaint.case.number}:extend"
    drafts.keep(house.dm, key, {"reason": ["旧的"]})
    old = timezone.now() - drafts.KEEP - timedelta(seconds=1)
    Draft.objects.update(updated_at=old)
    assert "旧的" not in web(house.dm).get(page_of(house, complaint, "extend")).content.decode()


def test_button_save_draft_keeps_and_says_so() -> None:
    house = House()
    complaint = house.started()
    data = {"reason": "明天再写", "save_draft": "1"}
    client = web(house.dm)
    page = client.post(page_of(house, complaint, "extend"), data, follow=True)
    assert "草稿已保存24小时。" in page.content.decode()
    assert complaint.promises.count() == 1


def test_draft_of_an_unknown_act_is_not_found() -> None:
    house = House()
    url = page_of(house, house.new(), "explode")
    assert web(house.dm).post(f"{url}draft/", {"a": "b"}).status_code == 404


# --- what the guest may read, and his number -----------------------------------------------


def test_words_that_blame_are_pointed_out_and_saved_all_the_same() -> None:
    house = House()
    complaint = house.started()
    data = {"resolution": "已修好，是您自己弄坏的"}
    page = web(house.dm).post(page_of(house, complaint, "resolve"), data, follow=True)
    assert "给客户看的文字里有推诿或责备的词：您自己" in page.content.decode()
    assert fresh(complaint).resolution == data["resolution"]


def test_plain_words_raise_no_warning() -> None:
    house = House()
    data = {"resolution": "已更换风扇"}
    url = page_of(house, house.started(), "resolve")
    page = web(house.dm).post(url, data, follow=True)
    assert "推诿" not in page.content.decode()


def test_full_number_shows_for_sixty_seconds_to_who_asked(time_machine: Any) -> None:
    house = House()
    complaint = house.recorded()
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    client, other = web(house.dm), web(house.pm)
    client.post(page_of(house, complaint, "unmask"), {"reason": "回电话"})
    here = complaint.get_absolute_url()

    def seen(one: Client) -> bool:
        return GUEST.phone in one.get(here).content.decode()

    assert (seen(client), seen(other)) == (True, False)
    time_machine.move_to(now + timedelta(seconds=60), tick=False)
    page = client.get(here).content.decode()
    assert (GUEST.phone in page, "138****5678" in page) == (False, True)


@pytest.mark.parametrize("name", ["record", "guest"])
def test_number_is_masked_in_the_form_and_stays_when_sent_back(name: str) -> None:
    house = House()
    complaint = moves.conducted(house)
    client, url = web(house.dm), page_of(house, complaint, name)
    page = client.get(url).content.decode()
    assert ('placeholder="138****5678"' in page, GUEST.phone in page) == (True, False)

    masked = client.post(url, RECORD | REASON | {"phone": "138****5678", "name": "王小美"})
    assert (masked.status_code, fresh(complaint).guest.name) == (422, GUEST.name)
    client.post(url, RECORD | REASON | {"phone": "", "name": "王小美"})
    guest = fresh(complaint).guest
    assert (guest.name, guest.phone) == ("王小美", GUEST.phone)


def test_number_typed_anew_replaces_the_old_one() -> None:
    house = House()
    complaint = moves.conducted(house)
    web(house.dm).post(page_of(house, complaint, "record"), RECORD | {"phone": "13900001111"})
    assert fresh(complaint).guest.phone == "13900001111"


# --- options -------------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "approval"), [("yes", "approved"), ("no", "rejected")])
def test_option_is_decided_on_its_page(verdict: str, approval: str) -> None:
    house = House()
    complaint = moves.costly(house)
    option = option_of(house, complaint)
    url = f"{complaint.get_absolute_url()}options/{option.pk}/decide/"
    client = web(house.pm)
    assert option.text in client.get(url).content.decode()

    response = client.post(url, {"approve": verdict, "note": "看过"})

    option.refresh_from_db()
    assert (response.status_code, option.approval) == (302, approval)


def test_option_is_withdrawn_on_its_page() -> None:
    house = House()
    complaint = house.offered()
    option = option_of(house, complaint)
    base = f"{complaint.get_absolute_url()}options/{option.pk}"
    client = web(house.dm)
    response = client.post(f"{base}/withdraw/", {"csrfmiddlewaretoken": "x"})
    option.refresh_from_db()
    assert (response.status_code, option.withdrawn_at is None) == (302, False)
    assert client.get(f"{base}/burn/").status_code == 404


# --- sent twice ----------------------------------------------------------------------------


def form_token(client: Client, url: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(url).content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("ready", "name", "data"),
    [
        (House.recorded, "offer", {"text_1": "换房", "feasible": "on"}),
        (House.started, "progress", {"kind": "progress", "text": "等配件"}),
        (
            House.resolved,
            "call-back",
            {"satisfaction": "unreachable", "via": "phone"},
        ),
    ],
    ids=["offer", "progress", "call-back"],
)
@pytest.mark.parametrize("with_token", [True, False], ids=["token", "control"])
def test_form_sent_twice_is_done_once(
    ready: Callable[[House], Complaint], name: str, data: Data, *, with_token: bool
) -> None:
    house = House()
    complaint = ready(house)
    client, url = web(house.dm), page_of(house, complaint, name)
    if name == "call-back":
        data = data | {"asked_at": when()}
    sent = data | ({"form_token": form_token(client, url)} if with_token else {})
    entries = AuditEntry.objects.filter(case=complaint.case)
    before = entries.count()

    first, second = client.post(url, sent), client.post(url, sent)

    assert [first.status_code, second.status_code] == [302, 302]
    assert entries.count() == before + (1 if with_token else 2)
    page = client.get(complaint.get_absolute_url()).content.decode()
    assert ("这一步已经登记过，没有重复登记。" in page) == with_token


def test_refused_form_may_be_sent_again_with_its_token() -> None:
    house = House()
    complaint = house.started()
    client, url = web(house.dm), page_of(house, complaint, "progress")
    token = {"form_token": form_token(client, url)}

    refused = client.post(url, token | {"kind": "progress", "text": ""})
    done = client.post(url, token | {"kind": "progress", "text": "等配件"})

    assert (refused.status_code, done.status_code) == (422, 302)


# --- A–E and F on one page -----------------------------------------------------------------


def test_record_sent_with_the_ticks_does_both() -> None:
    house = House()
    complaint = house.new()
    response = web(house.dm).post(page_of(house, complaint, "record"), RECORD | TICKS)

    assert (response.status_code, fresh(complaint).status) == (302, S.RECORDED)
    assert complaint.steps.filter(done=True).count() == 5


def test_record_refused_for_a_missing_tick_keeps_all_that_was_typed() -> None:
    house = House()
    complaint = house.new()
    ticks = {k: v for k, v in TICKS.items() if k != "tick_E"}
    response = web(house.dm).post(page_of(house, complaint, "record"), RECORD | ticks)

    page = response.content.decode()
    assert (response.status_code, fresh(complaint).status) == (409, S.INTAKE)
    assert complaint.steps.count() == 0
    assert "E 还没有确认，也没有注明不适用" in page
    assert len(re.findall(r'value="yes"[^>]*\bchecked', page)) == 4
    assert RECORD["core_issue"] in page


def test_conduct_sent_alone_keeps_what_was_typed_into_f() -> None:
    house = House()
    complaint = house.new()
    client = web(house.dm)
    some = {"tick_A": "yes", "core_issue": "风扇支架", "severity": "normal"}

    response = client.post(page_of(house, complaint, "conduct"), RECORD | some)

    page = client.get(complaint.get_absolute_url()).content.decode()
    assert (response.status_code, complaint.steps.count()) == (302, 1)
    assert "风扇支架" in page


def test_open_conduct_and_record_are_one_form_on_the_page() -> None:
    house = House()
    complaint = house.new()
    page = web(house.dm).get(complaint.get_absolute_url()).content.decode()

    for act in ("conduct", "record"):
        assert f'formaction="{page_of(house, complaint, act)}"' in page
    assert page.count("data-draft=") == 1


# --- the promise that moves again ----------------------------------------------------------


@pytest.mark.parametrize(
    ("ready", "who", "offered"),
    [
        (House.started, "dm", ["extend"]),
        (moves.extended, "dm", ["ask-extension"]),
        (moves.asked_again, "dm", []),
        (moves.extended, "pm", ["extend"]),
        (moves.asked_again, "pm", ["extend", "grant-extension", "decline-extension"]),
        (moves.granted, "dm", ["extend"]),
    ],
    ids=["first", "second", "asked", "manager", "manager-asked", "granted"],
)
def test_page_offers_only_the_extension_this_user_may_make(
    ready: Callable[[House], Complaint], who: str, offered: list[str]
) -> None:
    house = House()
    complaint = ready(house)
    page = web(getattr(house, who)).get(complaint.get_absolute_url()).content.decode()

    found = [
        name
        for name in ("extend", "ask-extension", "grant-extension", "decline-extension")
        if page_of(house, complaint, name) in page
    ]
    assert found == offered


@pytest.mark.parametrize(
    ("ready", "who", "said", "linked"),
    [
        (House.started, "dm", False, False),
        (moves.extended, "dm", True, True),
        (moves.asked_again, "dm", True, False),
        (moves.extended, "pm", False, False),
    ],
    ids=["first", "second", "asked", "manager"],
)
def test_page_of_an_extension_one_may_not_make_says_how_to_ask(
    ready: Callable[[House], Complaint], who: str, *, said: bool, linked: bool
) -> None:
    house = House()
    complaint = ready(house)
    page = web(getattr(house, who)).get(page_of(house, complaint, "extend")).content.decode()

    ask = f'href="{page_of(house, complaint, "ask-extension")}"'
    assert ("再延期由物业经理决定" in page, ask in page) == (said, linked)


@pytest.mark.parametrize(("who", "words"), [("dm", "等物业经理处理："), ("pm", "")])
def test_strip_says_whom_a_task_waits_for(who: str, words: str) -> None:
    house = House()
    complaint = moves.asked_again(house)
    page = web(getattr(house, who)).get(complaint.get_absolute_url()).content.decode()

    found = re.search(r"<b>([^<]*)请决定是否再延期", page)
    assert found is not None
    assert found[1] == words


def test_quick_times_of_an_extension_lie_behind_the_promise() -> None:
    house = House()
    complaint = house.started(house.promised(hours=30))
    form = acts.ACTS["extend"].form(complaint=complaint, user=house.dm)

    assert complaint.current_due_at is not None
    due = f"{timezone.localtime(complaint.current_due_at):%Y-%m-%dT%H:%M}"
    assert min(value for value, _label in form.quick_times) > due  # type: ignore[attr-defined]


def test_severity_a_duty_manager_may_not_give_is_not_offered() -> None:
    house = House()
    complaint = house.new(severity="serious")

    for who, values in (("dm", ["serious", "major"]), ("pm", ["normal", "serious", "major"])):
        user = getattr(house, who)
        for act in ("severity", "record"):
            form = acts.ACTS[act].form(complaint=complaint, user=user)
            assert [value for value, _l in form.fields["severity"].choices] == values
