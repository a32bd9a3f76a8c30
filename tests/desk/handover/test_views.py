"""The pages: what each shows, how a refusal keeps what was typed, and what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propdesk.core import rendering, signatures
from propdesk.core.models import Document, RenderJob, StaffSignature
from propdesk.core.roles import Role
from propdesk.desk import shell
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from tests.desk.handover.shifts import AREAS, Night, fresh, with_event
from tests.factories import PASSWORD, member, web
from tests.incidents.journey import PNG

pytestmark = pytest.mark.django_db
S = Handover.Status


def url(row: Handover, name: str = "") -> str:
    return f"/p/{row.property.code}/handover/{row.case.number}/{name}"


def home(night: Night, name: str = "") -> str:
    return f"/p/{night.prop.code}/handover/{name}"


def filled(row: Handover) -> dict[str, Any]:
    """The form of the outgoing manager, everything in order."""
    data: dict[str, Any] = {"room_state": "在住 168 间", "vips": ""}
    for line in row.lines.all():
        data |= {f"told_{line.pk}": "on", f"seen_{line.pk}": line.mark}
        data |= {} if line.restricted else {f"step_{line.pk}": "明早回访"}
    for count in row.counts.all():
        data |= {f"actual_{count.pk}": str(count.expected), f"asked_{count.pk}": count.mark}
    return data | {f"normal_{area}": "yes" for area in AREAS}


def taken(row: Handover, *refused: int, **more: str) -> dict[str, str]:
    """The form of the incoming manager."""
    data = {"seen": fresh(row).content_sha}
    for line in row.lines.filter(dropped_at=None):
        no = line.pk in refused
        data[f"line_{line.pk}"] = "refused" if no else "accepted"
        data[f"reason_{line.pk}"] = "钥匙没有交到手" if no else ""
    return data | {"password": PASSWORD} | more


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


# --- the road ------------------------------------------------------------------------------


def test_shift_is_handed_over_on_the_pages() -> None:
    night = Night()
    night.new()
    dm, incoming = web(night.dm), web(night.next)

    dm.post(home(night, "start/"))
    row = Handover.objects.get()
    written = dm.post(url(row, "write/"), filled(row) | {"sign": "1"})
    signed = dm.post(url(row, "offer/"), {"password": PASSWORD})
    done = incoming.post(url(row, "accept/"), taken(row, person=str(night.next.pk)))

    assert [answer.url for answer in (written, signed, done)] == [
        url(row, "offer/"),
        url(row),
        url(row),
    ]
    assert (fresh(row).status, fresh(row).incoming) == (S.SIGNED, night.next)


def test_second_signature_on_the_screen_of_the_first() -> None:
    night = Night()
    row = night.offered_over()

    web(night.dm).post(url(row, "accept/"), taken(row, person=str(night.next.pk)))

    assert fresh(row).incoming == night.next


def test_whoever_stands_in_says_why_on_the_page() -> None:
    night = Night()
    pm = web(night.pm)

    asked = pm.post(home(night, "start/"), {"reason": ""})
    pm.post(home(night, "start/"), {"reason": "周敏送医"})

    assert ("中班" in asked.content.decode(), asked.status_code) == (True, 422)
    assert Handover.objects.get().takeover_reason == "周敏送医"


def test_colleague_off_duty_is_told_whose_shift_it_is() -> None:
    night = Night()
    third = web(night.third)

    page = text_of(third, home(night, "start/"))
    answer = third.post(home(night, "start/"))

    assert ("这一班是周敏的" in page, 'name="reason"' in page) == (True, False)
    assert (answer.status_code, "由本人交班" in answer.content.decode()) == (403, True)


def test_own_draft_is_discarded_on_the_page() -> None:
    night = Night()
    row = night.drafted()
    dm = web(night.dm)

    shown = url(row, "void/") in text_of(dm, url(row))
    dm.post(url(row, "void/"), {"reason": "点错了"})

    assert (shown, fresh(row).status, fresh(row).void_reason) == (True, S.VOIDED, "点错了")


# --- refusals ------------------------------------------------------------------------------


def test_wrong_password_of_the_incoming_keeps_every_answer() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    line = row.lines.get()
    data = taken(row, line.pk, person=str(night.next.pk), password="wrong")

    dm = web(night.dm)
    answer = dm.post(url(row, "accept/"), data)
    later = text_of(dm, url(row, "accept/"))

    text = answer.content.decode()
    assert (answer.status_code, "密码不对" in text, fresh(row).status) == (422, True, S.OFFERED)
    assert ("钥匙没有交到手" in text, "钥匙没有交到手" in later, "wrong" in later) == (
        True,
        True,
        False,
    )


def test_whole_group_is_taken_but_for_what_was_refused() -> None:
    night = Night()
    for _n in range(3):
        night.new()
    row = night.offered_over()
    first, second, third = row.lines.order_by("seq")
    typed = {f"line_{first.pk}": "refused", f"reason_{first.pk}": "钥匙没有交到手"}
    typed["seen"] = row.content_sha

    answer = web(night.next).post(url(row, "accept/"), typed | {"all": "complaint"})
    form = web(night.next).get(url(row, "accept/")).context["form"]

    chosen = [form[f"line_{line.pk}"].value() for line in (first, second, third)]
    assert (answer.status_code, chosen) == (302, ["refused", "accepted", "accepted"])
    assert (form[f"reason_{first.pk}"].value(), fresh(row).status) == ("钥匙没有交到手", S.OFFERED)


def test_group_of_another_register_stays_without_an_answer() -> None:
    night = Night()
    night.new()
    row = night.offered_over()

    web(night.next).post(url(row, "accept/"), {"all": "event", "seen": row.content_sha})
    form = web(night.next).get(url(row, "accept/")).context["form"]

    assert form[f"line_{row.lines.get().pk}"].value() is None


def test_password_is_guessed_five_times_and_no_more() -> None:
    night = Night()
    row = night.offered_over()
    dm, data = web(night.dm), taken(row, person=str(night.next.pk))

    for _n in range(5):
        dm.post(url(row, "accept/"), data | {"password": "wrong"})
    answer = dm.post(url(row, "accept/"), data)

    assert ("15分钟后再试" in answer.content.decode(), fresh(row).status) == (True, S.OFFERED)


def test_change_between_the_signatures_is_named_and_loses_nothing() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    data = taken(row, row.lines.get().pk, person=str(night.next.pk))
    late = night.new()

    answer = web(night.next).post(url(row, "accept/"), data)

    text = answer.content.decode()
    assert (answer.status_code, late.case.number in text, "钥匙没有交到手" in text) == (
        409,
        True,
        True,
    )
    assert text.count('name="refresh"') == 2


def test_person_the_roster_names_is_the_first_and_chosen() -> None:
    night = Night()
    row = night.offered_over()

    form = web(night.dm).get(url(row, "accept/")).context["form"]

    first = next(int(key) for key, _name in form.fields["person"].choices if key)
    assert (first, form["person"].value()) == (night.next.pk, str(night.next.pk))


def test_clocks_of_a_record_that_both_signed_stand_still() -> None:
    night = Night()
    night.new()
    row = night.offered_over()
    client = web(night.pm)
    running = text_of(client, url(row))
    night.signed(row)

    assert ["data-due=" in text for text in (running, text_of(client, url(row)))] == [True, False]


def test_refresh_says_what_changed() -> None:
    night = Night()
    row = night.offered_over()
    late = night.new()

    answer = web(night.next).post(url(row, "refresh/"), follow=True)

    assert f"新增：{late.case.number}" in answer.content.decode()
    assert fresh(row).status == S.DRAFT


def test_difference_without_a_word_stands_beside_its_field() -> None:
    night = Night()
    row = night.drafted()
    count = row.counts.first()
    data = filled(row) | {f"actual_{count.pk}": "7", "room_state": "在住 99 间"}

    answer = web(night.dm).post(url(row, "write/"), data)

    text = answer.content.decode()
    assert (answer.status_code, "应有与实有不符" in text, "在住 99 间" in text) == (422, True, True)
    assert fresh(row).room_state == ""


def test_incoming_without_a_kept_signature_is_told_what_to_do() -> None:
    night = Night()
    row = night.offered_over()
    StaffSignature.objects.filter(user=night.next).update(ended_at=timezone.now())

    dm = web(night.dm)
    before = text_of(dm, url(row, "accept/"))
    answer = dm.post(url(row, "accept/"), taken(row, person=str(night.next.pk)))

    way = f'<a href="/p/{night.prop.code}/me/">我的账号 → 我的签名</a>'
    assert (way in before, answer.status_code) == (True, 422)
    assert "请他先用自己的账号在“我”里手写签名" in str(answer.context["form"].errors["person"])


def test_own_second_signature_sent_twice_leads_to_the_record() -> None:
    night = Night()
    row = night.offered_over()
    incoming = web(night.next)
    typed = taken(row, person=str(night.next.pk))

    answers = [incoming.post(url(row, "accept/"), typed) for _n in range(2)]
    other = web(night.pm).post(url(row, "accept/"), typed | {"person": str(night.pm.pk)})

    assert [(a.status_code, a.url) for a in answers] == [(302, url(row))] * 2
    assert (other.status_code, fresh(row).incoming) == (409, night.next)


def test_outgoing_draws_a_signature_where_there_is_none() -> None:
    night = Night()
    row = night.written()
    StaffSignature.objects.filter(user=night.dm).update(ended_at=timezone.now())

    page = text_of(web(night.dm), url(row, "offer/"))

    assert (signatures.current(night.dm), "手写签名" in page) == (None, True)


def test_drawing_is_kept_with_the_signature_or_not_at_all() -> None:
    night = Night()
    row = night.written()
    StaffSignature.objects.filter(user=night.dm).update(ended_at=timezone.now())
    data = {"password": PASSWORD, "signature": PNG}
    night.new()

    refused = web(night.dm).post(url(row, "offer/"), data)

    assert (refused.status_code, signatures.current(night.dm)) == (409, None)
    workflow.refresh(row, by=night.dm)
    night.written(fresh(row))
    signed = web(night.dm).post(url(row, "offer/"), data)
    assert (signed.status_code, fresh(row).status) == (302, S.OFFERED)
    assert signatures.current(night.dm) is not None


@pytest.mark.parametrize("name", ["write/", "offer/", "take-back/"])
def test_words_of_the_outgoing_are_his_alone(name: str) -> None:
    night = Night()
    row = night.drafted()

    assert web(night.next).post(url(row, name)).status_code == 403


@pytest.mark.parametrize("name", ["", "write/", "accept/", "paper/", "settle/"])
def test_another_house_has_no_such_number(name: str) -> None:
    row, other = Night().drafted(), Night()

    address = url(row, name).replace(row.property.code, other.prop.code)
    assert web(other.pm).get(address).status_code == 404


# --- confidential --------------------------------------------------------------------------


def test_confidential_event_opens_for_its_readers_alone() -> None:
    night = Night()
    event = with_event(night, "death")
    row = night.drafted()
    reader = event.readers.filter(ended_at=None).first().user
    page = f"/emergencies/{event.case.number}/"

    shown = {name: text_of(web(user), url(row)) for name, user in _both(night, reader)}

    assert {name: page in text for name, text in shown.items()} == {
        "reader": True,
        "other": False,
    }
    assert {name: text.count("保密事项") > 0 for name, text in shown.items()} == {
        "reader": True,
        "other": True,
    }
    assert not any("死亡" in text or "1806" in text for text in shown.values())


def _both(night: Night, reader: Any) -> list[tuple[str, Any]]:
    return [("reader", reader), ("other", night.third)]


# --- the paper -----------------------------------------------------------------------------


def test_paper_is_sealed_with_the_second_signature_and_served_ever_after() -> None:
    night = Night()
    night.new()
    row = night.signed()
    dm = web(night.dm)

    waits = dm.get(url(row, "paper/"))
    rendering.render_due(timezone.now())
    ready = dm.get(url(row, "paper/"), follow=True)

    paper = Document.objects.get(case=row.case, sealed=True)
    assert (waits.status_code, ready.content) == (202, rendering.stored(paper))
    assert (RenderJob.objects.filter(case=row.case).count(), paper.signatures) == (1, 3)


def test_paper_of_a_draft_is_a_draft() -> None:
    night = Night()
    row = night.drafted()
    dm = web(night.dm)
    dm.get(url(row, "paper/"))

    rendering.render_due(timezone.now())

    assert Document.objects.get(case=row.case).sealed is False


# --- what they cost ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "who"),
    [("", "dm"), ("write/", "dm"), ("accept/", "next")],
    ids=["record", "form of the outgoing", "form of the incoming"],
)
def test_page_costs_the_same_for_one_and_three_lines(name: str, who: str) -> None:
    costs = [_cost(lines, name, who) for lines in (1, 3)]

    assert costs[0] == costs[1]
    assert costs[0] <= 14


def _cost(lines: int, name: str, who: str) -> int:
    night = Night()
    for _n in range(lines):
        night.new()
    row = night.offered_over() if name == "accept/" else night.drafted()
    client = web(getattr(night, who))
    client.get(url(row))
    shell._counts.clear()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url(row, name)).status_code == 200
    return len(seen)


def test_index_costs_the_same_for_one_and_three(django_assert_max_num_queries: Any) -> None:
    night = Night()
    dm = web(night.dm)
    for _n in range(2):
        workflow.void_handover(night.drafted(), by=night.pm, reason="交错")
    night.signed()
    dm.get(home(night))
    shell._counts.clear()

    with django_assert_max_num_queries(9):
        text = text_of(dm, home(night))

    assert text.count("JB-") >= 3


def test_guard_has_no_business_here() -> None:
    night = Night()
    guard = web(member(night.prop, Role.SECURITY))

    assert [guard.get(home(night, name)).status_code for name in ("", "log/", "counts/")] == [
        403,
        403,
        403,
    ]
