"""The pages of the event desk: they open in every state, one tap acts, nothing typed is lost."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from emergencies import workflow
from emergencies.models import Event, Kind, StepMark
from emergencies.views import frame
from incidents import workflow as complaint_workflow
from propdesk.core.models import CaseLink, Draft, User
from propdesk.core.persons import Guest
from tests.emergencies.journey import House, fresh
from tests.incidents.journey import House as Complaints

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PARTS = 1 + len(frame.MAIN) + len(frame.SIDE)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(event: Event, name: str, *args: Any) -> str:
    case = event.case
    return reverse(f"emergencies:{name}", args=[case.property.code, case.number, *args])


def body(client: Client, url: str) -> str:
    return client.get(url).content.decode()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def outage(house: House) -> Event:
    return house.started("power_outage", place=house.floor)


# --- starting ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
def test_detail_opens_for_every_kind(house: House, kind: str) -> None:
    event = house.started(kind)
    assert client_of(house.dm).get(event.get_absolute_url()).status_code == 200


def test_numbers_to_call_stand_before_everything_else(house: House) -> None:
    page = body(client_of(house.guard), reverse("emergencies:new", args=[house.prop.code, "fire"]))
    main = page[page.index("<main") :]
    first = re.search(r"<(?:a|h1|form|button|input)\b[^>]*", main)
    assert first
    assert 'href="tel:119"' in first[0]


def test_start_takes_kind_and_place_and_leads_to_the_event(house: House) -> None:
    url = reverse("emergencies:choose", args=[house.prop.code])
    data = {"kind": "fire", "place": house.floor.pk, "token": "once"}
    client = client_of(house.guard)
    first, second = client.post(url, data), client.post(url, data)
    event = Event.objects.get()
    assert (first.url, second.url) == (event.get_absolute_url(), event.get_absolute_url())


def test_start_without_a_place_says_what_to_do_and_keeps_what_was_typed(house: House) -> None:
    url = reverse("emergencies:choose", args=[house.prop.code])
    response = client_of(house.guard).post(url, {"kind": "fire", "from_number": "TS-20200101-001"})
    page = response.content.decode()
    kept = Draft.objects.get(owner=house.guard, form="event-start-fire")
    assert (response.status_code, Event.objects.count()) == (422, 0)
    assert "请选择地点，或用几个字写明在哪里。" in page
    assert kept.data["from_number"] == ["TS-20200101-001"]


def test_start_of_an_unknown_kind_shows_the_tiles_again(house: House) -> None:
    url = reverse("emergencies:choose", args=[house.prop.code])
    response = client_of(house.guard).post(url, {"kind": "flood", "place": house.floor.pk})
    assert (response.status_code, Event.objects.count()) == (422, 0)


def test_start_from_a_complaint_links_it_and_answers_its_call(house: House) -> None:
    complaints = Complaints()
    complaint = complaints.new(by=complaints.dm)
    client = client_of(complaints.dm)
    page = body(client, complaint.get_absolute_url())
    choose = reverse("emergencies:choose", args=[complaints.prop.code])
    link = f"{choose}?from={complaint.case.number}"
    assert link in page

    tiles = body(client, link)
    assert f"new/theft/?from={complaint.case.number}" in tiles
    data = {"kind": "theft", "place_note": "大堂", "from_number": complaint.case.number}
    client.post(choose, data)
    event = Event.objects.get()
    assert CaseLink.objects.filter(a=complaint.case, b=event.case).exists()
    assert event.case.number in body(client, complaint.get_absolute_url())


def test_drill_answers_no_real_call(house: House) -> None:
    complaints = Complaints()
    complaint = complaints.new(by=complaints.dm)
    complaint_workflow.call_security(complaint, by=complaints.dm)
    choose = reverse("emergencies:choose", args=[complaints.prop.code])
    data = {"kind": "theft", "place_note": "大堂", "from_number": complaint.case.number}
    response = client_of(complaints.dm).post(choose, data | {"is_drill": "on"})
    assert (response.status_code, Event.objects.count(), CaseLink.objects.count()) == (422, 0, 0)
    assert "演练不和真的单子关联，这一栏请留空。" in response.content.decode()
    assert complaint.case.tasks.filter(done_at=None).count() == 1


def test_confidential_event_from_a_complaint_is_not_found_from_there(house: House) -> None:
    complaints = Complaints()
    complaint = complaints.new(by=complaints.dm)
    complaint_workflow.call_security(complaint, by=complaints.dm)
    client = client_of(complaints.dm)
    choose = reverse("emergencies:choose", args=[complaints.prop.code])
    data = {"kind": "death", "place_note": "1806", "from_number": complaint.case.number}
    response = client.post(choose, data)
    event = Event.objects.get()
    assert response.url == event.get_absolute_url()
    assert complaint.case.number in body(client, response.url)
    assert not CaseLink.objects.exists()
    assert event.case.number not in body(client, complaint.get_absolute_url())
    said = complaint.case.entries.values_list("action", "content__info").last()
    assert said == ("event_started", {})
    assert not complaint.case.tasks.filter(kind="security", done_at=None).exists()


def test_drill_says_so_on_its_page_and_in_the_list(house: House) -> None:
    event = house.started("fire", is_drill=True, place=house.floor)
    client = client_of(house.dm)
    board = body(client, reverse("emergencies:board", args=[house.prop.code]) + "?state=drill")
    assert (event.case.number[:2], "演练" in body(client, event.get_absolute_url())) == ("YL", True)
    assert event.case.number in board


# --- questions -----------------------------------------------------------------------------


def test_question_is_answered_with_one_tap(house: House, outage: Event) -> None:
    client = client_of(house.dm)
    response = client.post(address(outage, "answer", "scope"), {"value": "area", "seen": 0})
    assert response.url == f"{outage.get_absolute_url()}#fact-scope"
    assert outage.answers.get(key="scope").value == "area"


def test_answer_sent_twice_is_one_answer(house: House, outage: Event) -> None:
    client = client_of(house.dm)
    data = {"value": "area", "seen": 0, "form_token": "twin"}
    answers = [client.post(address(outage, "answer", "scope"), data) for _twice in range(2)]
    assert [response.status_code for response in answers] == [302, 302]
    assert outage.answers.filter(key="scope").count() == 1


def test_answer_by_script_brings_the_parts_again(house: House, outage: Event) -> None:
    client = client_of(house.dm)
    data = {"value": "area", "seen": 0}
    response = client.post(address(outage, "answer", "scope"), data, headers=HTMX)
    page = response.content.decode()
    assert (response.status_code, page.count("hx-swap-oob")) == (200, PARTS + 2)
    assert f"?v={fresh(outage).case.version}" in page


def test_second_different_answer_is_a_conflict_that_names_both(house: House, outage: Event) -> None:
    house.answer(outage, "scope", "area")
    client = client_of(house.guard)
    response = client.post(address(outage, "answer", "scope"), {"value": "unit", "seen": 0})
    page = response.content.decode()
    current = outage.answers.get(key="scope", superseded_at=None)
    assert (response.status_code, current.value) == (409, "area")
    assert "周边也停" in page
    assert "个别房间" in page
    assert f'name="seen" value="{current.seq}"' in page


def test_changed_answer_asks_for_a_reason(house: House, outage: Event) -> None:
    house.answer(outage, "scope", "area")
    client, url = client_of(house.dm), address(outage, "answer", "scope")
    refused = client.post(url, {"value": "unit", "seen": 1})
    taken = client.post(url, {"value": "unit", "seen": 1, "reason": "看错了"})
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert outage.answers.get(key="scope", superseded_at=None).value == "unit"


# --- steps ---------------------------------------------------------------------------------


def test_step_takes_its_typed_fields(house: House, outage: Event) -> None:
    client, url = client_of(house.guard), address(outage, "step", "P10")
    data = {"field_lifts_checked": "4", "field_emergency_light": "yes", "seen": "0"}
    response = client.post(url, data)
    mark = outage.marks.get(step="P10")
    assert response.url == f"{outage.get_absolute_url()}#step-P10"
    assert mark.values == {"lifts_checked": 4, "emergency_light": True}


def test_step_without_its_proof_names_it_and_keeps_the_rest(house: House, outage: Event) -> None:
    client, url = client_of(house.guard), address(outage, "step", "P10")
    response = client.post(url, {"field_lifts_checked": "4", "text": "两台在用", "seen": "0"})
    assert (response.status_code, StepMark.objects.count()) == (422, 0)
    page = body(client, url)
    assert "两台在用" in page
    assert 'value="4"' in page


def test_same_form_sent_twice_marks_once(house: House, outage: Event) -> None:
    client, url = client_of(house.guard), address(outage, "step", "P10")
    data = {"field_lifts_checked": "4", "field_emergency_light": "no", "form_token": "t1"}
    client.post(url, data | {"seen": "0"})
    again = client.post(url, data | {"seen": "0"}, follow=True)
    assert StepMark.objects.filter(step="P10").count() == 1
    assert "没有重复登记" in again.content.decode()


def test_step_a_colleague_has_done_is_a_conflict(house: House, outage: Event) -> None:
    house.mark(outage, "P10")
    data = {"field_lifts_checked": "1", "field_emergency_light": "no", "seen": "0"}
    done = outage.marks.get(step="P10")
    late = next(user for user in (house.dm, house.guard) if user != done.by)
    response = client_of(late).post(address(outage, "step", "P10"), data)
    assert (response.status_code, outage.marks.filter(step="P10").count()) == (409, 1)
    assert f"）{done.by.name}：" in response.content.decode()


def test_round_is_added_and_the_next_one_has_a_time(house: House, outage: Event) -> None:
    client, url = client_of(house.dm), address(outage, "step", "P30")
    said = {"field_text": "正在抢修", "field_channel": "住户群"}
    client.post(url, said)
    client.post(url, said | {"field_channel": "告示"})
    assert list(outage.marks.filter(step="P30").values_list("outcome", flat=True)) == ["round"] * 2
    assert "下次" in body(client, outage.get_absolute_url())


def test_practice_step_is_skipped_with_a_reason_only(house: House, outage: Event) -> None:
    client, url = client_of(house.guard), address(outage, "skip", "P31")
    refused, taken = client.post(url, {"reason": ""}), client.post(url, {"reason": "停电只有一户"})
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert outage.marks.get(step="P31").outcome == "not_needed"


def test_step_that_leads_on_starts_the_child_once(house: House) -> None:
    event = house.answered(house.started("fire"), late=False, confirmed="real", injured="yes")
    step = next(s for s in event_steps(event) if s.opens == "medical")
    client, url = client_of(house.dm), address(event, "open_child", step.id)
    client.post(url)
    client.post(url)
    assert list(event.children.values_list("kind", flat=True)) == ["medical"]


def test_page_of_a_child_names_its_parent_once(house: House) -> None:
    parent = house.started("drunk_guest")
    child = workflow.open_child(parent, "fight", by=house.dm)
    menu = client_of(house.dm).get(child.get_absolute_url()).content.decode()
    assert menu.count(f'href="{parent.get_absolute_url()}"') == 1


def event_steps(event: Event) -> list[Any]:
    from emergencies.queries import evidence

    return list(evidence.playbook_of(event).steps.values())


# --- telling -------------------------------------------------------------------------------


def test_told_with_one_tap(house: House, outage: Event) -> None:
    notice = next(c for c in outage.calls.all() if c.role == "security")
    client = client_of(house.dm)
    response = client.post(address(outage, "tell", notice.notice), {"via": "radio"})
    notice.refresh_from_db()
    assert (response.status_code, notice.told_via, notice.recorded_by) == (302, "radio", house.dm)


def test_called_person_confirms_on_top_of_the_page(house: House, outage: Event) -> None:
    call = outage.calls.get(role="duty_engineer", needs_ack=True)
    client = client_of(house.duty_engineer)
    url = address(outage, "acknowledge", call.notice)
    assert url in body(client, outage.get_absolute_url())
    client.post(url)
    call.refresh_from_db()
    assert (call.acked_by, url in body(client, outage.get_absolute_url())) == (
        house.duty_engineer,
        False,
    )


def test_not_told_takes_a_reason(house: House, outage: Event) -> None:
    notice = next(c for c in outage.calls.all() if c.role == "security")
    url = address(outage, "not_told", notice.notice)
    client = client_of(house.dm)
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "已在现场"}).status_code == 302


# --- several people at once ----------------------------------------------------------------


def test_poll_is_silent_until_something_changes(house: House, outage: Event) -> None:
    client, url = client_of(house.guard), address(outage, "live")
    version = fresh(outage).case.version
    quiet = client.get(f"{url}?v={version}", headers=HTMX)
    workflow.note(outage, "备件到了", by=house.dm)
    loud = client.get(f"{url}?v={version}", headers=HTMX)
    assert (quiet.status_code, loud.status_code) == (204, 200)
    assert "备件到了" in loud.content.decode()


def test_part_keeps_its_digest_while_only_tokens_differ(house: House, outage: Event) -> None:
    client = client_of(house.guard)

    def digests() -> list[str]:
        return re.findall(r'data-part="(\w+)"', body(client, outage.get_absolute_url()))

    first, second = digests(), digests()
    assert (len(first), first) == (PARTS, second)


# --- the end -------------------------------------------------------------------------------


def test_closing_too_early_lists_what_is_missing_with_its_places(
    house: House, outage: Event
) -> None:
    client = client_of(house.dm)
    page = body(client, outage.get_absolute_url())
    url = address(outage, "act", "end")
    refused = client.post(url, {"summary": "好了"})
    for anchor in re.findall(r'<li class="c-red"[^>]*>.*?href="#([\w-]+)"', page):
        assert f'id="{anchor}"' in page, anchor
    assert (refused.status_code, fresh(outage).status) == (409, "running")
    assert "刚才（" not in refused.content.decode()
    assert url not in page


def test_ready_event_ends_waits_for_signing_and_shows_what_is_left(house: House) -> None:
    event = house.ready("theft")
    client, url = client_of(house.dm), address(event, "act", "end")
    assert url in body(client, event.get_absolute_url())
    client.post(url, {"summary": "已查清"})
    page = body(client, event.get_absolute_url())
    assert (fresh(event).status, "还没有签完" in page) == ("signing", True)


def test_started_by_mistake_is_voided_by_a_manager(house: House, outage: Event) -> None:
    url = address(outage, "act", "void")
    assert client_of(house.dm).get(url).status_code == 403
    client_of(house.pm).post(url, {"reason": "误按"})
    assert fresh(outage).status == "voided"


# --- people --------------------------------------------------------------------------------


def test_number_is_masked_until_it_is_asked_for(house: House, outage: Event) -> None:
    guest = Guest(name="王晓梅", phone="13800005678")
    party = workflow.add_party(outage, "guest", guest, by=house.dm)
    client = client_of(house.dm)
    before = body(client, outage.get_absolute_url())
    client.post(address(outage, "unmask", party.pk), {"reason": "回拨家属"})
    after = body(client, outage.get_absolute_url())
    assert ("13800005678" in before, "138****5678" in before) == (False, True)
    assert "13800005678" in after


def test_reader_is_named_and_taken_off_again_by_a_manager(house: House) -> None:
    event = house.started("death")
    client = client_of(house.pm)
    assert client_of(house.dm2).get(event.get_absolute_url()).status_code == 404
    data = {"reader": house.dm2.pk, "reason": "接下一班"}
    client.post(address(event, "act", "name-reader"), data)
    assert client_of(house.dm2).get(event.get_absolute_url()).status_code == 200
    row = event.readers.get(user=house.dm2)
    client.post(address(event, "end_reader", row.pk), {"reason": "下班"})
    assert client_of(house.dm2).get(event.get_absolute_url()).status_code == 404


def test_title_of_a_restricted_event_says_nothing(house: House) -> None:
    event = house.started("death")
    page = body(client_of(house.dm), event.get_absolute_url())
    title = re.search(r"<title>(.*?)</title>", page)
    assert title
    assert title[1].startswith(f"{event.case.number} 保密事项")


def test_what_is_typed_is_kept_as_a_draft(house: House, outage: Event) -> None:
    client = client_of(house.guard)
    client.post(address(outage, "draft", "step-P10"), {"text": "正在查", "password": "x"})
    page = body(client, address(outage, "step", "P10"))
    kept = Draft.objects.get(owner=house.guard)
    assert ("正在查" in page, "password" in kept.data) == (True, False)


# --- what a tester found -------------------------------------------------------------------


def labels_of(page: str) -> list[str]:
    return re.findall(r"<label[^>]*>\s*([^<]+?)\s*<", page)


def test_start_page_names_its_fields(house: House) -> None:
    url = reverse("emergencies:new", args=[house.prop.code, "drunk_guest"])
    labels = labels_of(body(client_of(house.guard), url))
    assert {"不是刚才，是什么时间发生的", "由哪件转来"} <= set(labels)
    assert "醉客" not in labels


@pytest.mark.parametrize("is_drill", [False, True])
def test_drill_offers_no_number_to_dial(house: House, is_drill: bool) -> None:
    client = client_of(house.dm)
    query = "?drill=1" if is_drill else ""
    start = body(client, reverse("emergencies:new", args=[house.prop.code, "fire"]) + query)
    event = house.started("fire", is_drill=is_drill, place=house.floor)
    page = body(client, event.get_absolute_url())
    assert [("tel:" in each, "不真打" in each) for each in (start, page)] == [
        (not is_drill, is_drill)
    ] * 2


@pytest.mark.parametrize("name", ["end", "override-end"])
def test_ending_too_early_lists_what_is_missing_as_links_before_and_after(
    house: House, outage: Event, name: str
) -> None:
    client = client_of(house.gm if name == "override-end" else house.dm)
    url = address(outage, "act", name)
    before = client.get(url).content.decode()
    response = client.post(url, {"summary": "已恢复", "reason": "停得太久"})
    after = response.content.decode()
    link = f'<a href="{outage.get_absolute_url()}#fact-scope">'
    assert (response.status_code, before.count(link), after.count(link)) == (409, 1, 1)
    assert "fact-scope</li>" not in after
    assert ("不能特批" in before) == (name == "override-end")


def test_start_page_shows_what_of_that_kind_runs_already(house: House, outage: Event) -> None:
    client = client_of(house.guard)

    def shown(kind: str) -> bool:
        url = reverse("emergencies:new", args=[house.prop.code, kind])
        return outage.get_absolute_url() in body(client, url)

    assert (shown("power_outage"), shown("fire")) == (True, False)
