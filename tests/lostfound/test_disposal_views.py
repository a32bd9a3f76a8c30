"""The pages of 到期处置: what stands first for whom, and every step sent from its own form."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lostfound import workflow
from lostfound.models import DisposalBatch, FoundItem
from lostfound.queries import disposal as queries
from lostfound.rows.disposal import timeline
from propdesk.core import drafts, signatures
from propdesk.core.models import AuditEntry, StaffSignature
from propdesk.core.roles import DUTY, Role
from propdesk.desk import shell
from tests.factories import PASSWORD, PropertyFactory, member
from tests.incidents.moves import Print, fingerprint
from tests.lostfound import claiming, disposing
from tests.lostfound.disposing import (
    LATER,
    OPINION,
    B,
    L,
    decided,
    done,
    drafted,
    expired,
    in_days,
    lines,
    read,
    reviewed,
    signer,
    submitted,
)
from tests.lostfound.journey import House, S, fresh, photo

pytestmark = pytest.mark.django_db
READERS = DUTY | {Role.SECURITY, Role.SECURITY_MANAGER}
SAID = re.compile(r'class="fielderror"[^>]*>.*?<span>(.*?)</span>', re.DOTALL)


@pytest.fixture(autouse=True)
def now():
    """Two days after what is worth 80 yuan expired; nothing is kept in the process."""
    shell._counts.clear()
    with time_machine.travel(LATER, tick=False) as clock:
        yield clock


def url(house: House, name: str, *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[house.prop.code, *args])


def step(house: House, batch: DisposalBatch, name: str, query: str = "") -> str:
    return url(house, "batch_step", batch.case.number, name) + query


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def words(answer: Any) -> str:
    return answer.content.decode()


def both(house: House) -> dict[str, str]:
    return {"guard": str(house.guard.pk), "guard_password": PASSWORD}


def but_drafts() -> Print:
    """Everything but what is kept of a refused form, and the sessions of the browsers."""
    return {t: d for t, d in fingerprint().items() if t not in ("core_draft", "core_formtoken")}


# --- who may see them ----------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_pages_of_papers_are_for_joint_custody(role: Role) -> None:
    house = House()
    batch = drafted(house)
    web = browser(member(house.prop, role))

    found = {
        web.get(each).status_code for each in (url(house, "batches"), batch.get_absolute_url())
    }

    assert found == {200 if role in READERS else 403}
    may = web.get(url(house, "batch_new")).status_code
    assert may == (200 if role in DUTY else 403)


@pytest.mark.parametrize("name", ["batches", "batch_new"])
def test_page_of_another_house_is_not_found(name: str) -> None:
    answer = browser(House().dm).get(reverse(f"lostfound:{name}", args=[PropertyFactory().code]))

    assert answer.status_code == 404


def test_paper_of_another_house_is_not_found() -> None:
    house, other = House(), House()
    batch = drafted(other)
    web = browser(house.dm)

    assert web.get(url(house, "batch", batch.case.number)).status_code == 404
    assert web.get(step(house, batch, "withdraw")).status_code == 404
    assert web.get(url(house, "batch_new") + f"?batch={batch.case.number}").status_code == 404


def test_unknown_step_is_not_found() -> None:
    house = House()
    batch = drafted(house)

    assert browser(house.dm).get(step(house, batch, "burn")).status_code == 404


@pytest.mark.parametrize(
    ("state", "who", "name"),
    [
        (B.REVIEWED, "pm", "decide"),
        (B.REVIEWED, "dm", "decide"),
        (B.REVIEWED, "guard", "send-back"),
        (B.SUBMITTED, "dm", "review"),
        (B.DRAFT, "guard", "submit"),
        (B.DRAFT, "guard", "edit"),
        (B.SUBMITTED, "guard", "withdraw"),
    ],
)
def test_step_of_a_higher_rank_is_forbidden_and_changes_nothing(
    state: str, who: str, name: str
) -> None:
    house = House()
    batch = disposing.READY[state](house)
    web = browser(getattr(house, who))
    before = but_drafts()

    found = [web.get(step(house, batch, name)), web.post(step(house, batch, name), {})]

    assert [answer.status_code for answer in found] == [403, 403]
    assert but_drafts() == before


# --- the list ------------------------------------------------------------------------------


def test_list_shows_papers_under_way_with_their_next_step_and_ended_ones_apart() -> None:
    house = House()
    running, over = submitted(house), disposing.withdrawn(house)
    web = browser(house.dm)

    first = words(web.get(url(house, "batches")))
    ended = words(web.get(url(house, "batches") + "?state=ended"))

    assert running.case.number in first
    assert over.case.number not in first
    assert "物业经理审核" in first
    assert over.case.number in ended
    assert running.case.number not in ended


def test_ended_papers_are_paged_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    house = House()
    for _n in range(3):
        disposing.withdrawn(house)
    web = browser(house.dm)
    here = url(house, "batches") + "?state=ended"

    first = web.get(here)
    after = first.context["after"]
    second = web.get(f"{here}&after={after}")

    assert [len(first.context["rows"]), len(second.context["rows"])] == [2, 1]
    assert not {r.number for r in first.context["rows"]} & {
        r.number for r in second.context["rows"]
    }


# --- putting things on a paper -------------------------------------------------------------


def picked(items: list[FoundItem], **fields: Any) -> dict[str, Any]:
    return {"things": [i.pk for i in items], "method": "police", "opinion": OPINION} | fields


def test_ticked_things_become_a_paper() -> None:
    house = House()
    items = expired(house, 3)
    web = browser(house.dm)

    answer = web.post(url(house, "batch_new"), picked(items[:2], method="donate", note="送社区"))

    batch = DisposalBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, read(batch).get_absolute_url())
    assert [(n.item, n.proposed, n.proposed_note) for n in lines(batch)] == [
        (items[0], "donate", "送社区"),
        (items[1], "donate", "送社区"),
    ]
    assert batch.opinion == OPINION


def test_choice_offers_police_first_and_what_has_expired_and_is_on_no_paper() -> None:
    house = House()
    items = expired(house, 2)
    claimed = claiming.described(house, expired(house)[0])
    drafted(house, items[:1])
    house.stored()

    answer = browser(house.dm).get(url(house, "batch_new"))

    assert [thing.number for thing, _ticked in answer.context["things"]] == [items[1].case.number]
    assert claimed.case.number not in words(answer)
    assert answer.context["form"]["method"].initial == "police"
    methods = [value for value, _label in answer.context["form"].fields["method"].choices]
    assert methods[0] == "police"


def test_whole_page_can_be_ticked_without_javascript() -> None:
    house = House()
    expired(house, 3)
    web = browser(house.dm)

    found = web.get(url(house, "batch_new") + "?all=1").context["things"]

    assert [ticked for _thing, ticked in found] == [True, True, True]


def test_choice_is_paged_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    house = House()
    expired(house, 3)
    web = browser(house.dm)

    first = web.get(url(house, "batch_new"))
    second = web.get(url(house, "batch_new"), {"after": first.context["after"]})

    numbers = [[t.number for t, _x in a.context["things"]] for a in (first, second)]
    assert [len(n) for n in numbers] == [2, 1]
    assert len({*numbers[0], *numbers[1]}) == 3


def test_food_before_its_day_stands_apart_and_needs_its_reason() -> None:
    house = House()
    food = house.stored(house.logged(category="food"))
    web = browser(house.dm)
    here = url(house, "batch_new") + "?early=1"

    shown = web.get(here).context["things"]
    refused = web.post(here, picked([food]))
    made = web.post(here, picked([food], early_reason="已发霉"))

    assert [thing.number for thing, _ticked in shown] == [food.case.number]
    assert refused.status_code == 422
    assert f"{food.case.number} 还没有到期，请写明为什么现在就要处理。" in words(refused)
    assert list(refused.context["form"].errors) == ["early_reason"]
    assert made.status_code == 302
    assert lines(DisposalBatch.objects.get())[0].early_reason == "已发霉"


def test_wet_thing_is_added_by_its_number() -> None:
    house = House()
    wet = house.stored()
    web = browser(house.dm)
    more = {"early_number": wet.case.number.lower(), "early": "wet", "early_reason": "泡过水"}

    answer = web.post(url(house, "batch_new"), picked([], **more))

    assert answer.status_code == 302
    assert [(n.item, n.early) for n in lines(DisposalBatch.objects.get())] == [(wet, "wet")]


def test_thing_asked_for_from_its_own_page_is_ticked_or_typed_already() -> None:
    house = House()
    (item,) = expired(house)
    other = house.stored()
    web = browser(house.dm)

    ticked = web.get(url(house, "batch_new"), {"item": item.case.number})
    typed = web.get(url(house, "batch_new"), {"item": other.case.number})

    assert [t for _thing, t in ticked.context["things"]] == [True]
    assert typed.context["form"].initial["early_number"] == other.case.number


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"things": []}, "请至少选一件物品。"),
        ({"method": "burn"}, "没有这个选项，请从列出的选项里重新选。"),
        ({"early_number": "SW-20200101-999"}, "没有找到这个编号，请核对后再填。"),
    ],
)
def test_refused_choice_changes_nothing_and_keeps_what_was_typed(
    fields: dict[str, Any], sentence: str
) -> None:
    house = House()
    items = expired(house)
    web = browser(house.dm)
    before = but_drafts()

    answer = web.post(url(house, "batch_new"), picked(items, **fields))

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert OPINION in words(answer)
    assert but_drafts() == before
    again = web.get(url(house, "batch_new"))
    assert again.context["form"].initial["opinion"] == OPINION


def test_things_taken_by_another_paper_meanwhile_are_a_conflict() -> None:
    house = House()
    items = expired(house, 2)
    web = browser(house.dm)
    batch = drafted(house, items[:1])

    answer = web.post(url(house, "batch_new"), picked(items))

    assert answer.status_code == 409
    assert f"{items[0].case.number} 已在 {batch.case.number} 里" in words(answer)
    assert DisposalBatch.objects.count() == 1


def test_same_page_sent_twice_makes_one_paper() -> None:
    house = House()
    items = expired(house)
    web = browser(house.dm)
    sent = picked(items, token=drafts.new_token())

    first, second = (web.post(url(house, "batch_new"), sent) for _n in range(2))

    assert first["Location"] == second["Location"]
    assert DisposalBatch.objects.count() == 1


def test_things_are_added_to_a_draft() -> None:
    house = House()
    items = expired(house, 2)
    batch = drafted(house, items[:1])
    web = browser(house.dm)
    here = url(house, "batch_new") + f"?batch={batch.case.number}"

    shown = web.get(here)
    answer = web.post(here, picked(items[1:], token=drafts.new_token()))

    assert shown.status_code == 200
    assert answer["Location"] == batch.get_absolute_url()
    assert [n.item for n in lines(batch)] == items


@pytest.mark.parametrize("state", [B.SUBMITTED, B.DONE])
def test_nothing_is_added_to_a_paper_that_is_no_draft(state: str) -> None:
    house = House()
    batch = disposing.READY[state](house)
    here = url(house, "batch_new") + f"?batch={batch.case.number}"

    assert browser(house.dm).get(here).status_code == 404


# --- one paper -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "who", "first"),
    [
        (B.DRAFT, "dm", "submit"),
        (B.DRAFT, "guard", ""),
        (B.SUBMITTED, "pm", "review"),
        (B.SUBMITTED, "dm", ""),
        (B.REVIEWED, "dm", ""),
        (B.DONE, "dm", ""),
    ],
)
def test_paper_begins_with_the_step_of_whoever_reads_it(state: str, who: str, first: str) -> None:
    house = House()
    batch = disposing.READY[state](house)

    answer = browser(getattr(house, who)).get(batch.get_absolute_url())

    assert answer.context["first"] == first
    if not first and state not in (B.DONE, B.WITHDRAWN):
        assert f"下一步：{answer.context['next']}" in words(answer)


def test_general_manager_finds_the_way_to_his_decision_and_others_do_not() -> None:
    house = House()
    batch = reviewed(house)
    there = step(house, batch, "decide")

    found = {
        who: there in words(browser(getattr(house, who)).get(batch.get_absolute_url()))
        for who in ("gm", "pm", "dm", "guard")
    }

    assert found == {"gm": True, "pm": False, "dm": False, "guard": False}


def test_general_manager_who_asked_is_shown_no_way_to_decide() -> None:
    house = House()
    signer(house, Role.GENERAL_MANAGER)
    batch = drafted(house, by=house.gm)
    guard = workflow.Second(house.guard, PASSWORD)
    workflow.submit_batch(batch, guard, PASSWORD, by=house.gm)
    batch = reviewed(house, read(batch))

    assert step(house, batch, "decide") not in words(
        browser(house.gm).get(batch.get_absolute_url())
    )


def test_line_shows_both_dates_and_the_search_for_its_owner() -> None:
    house = House()
    items = expired(house, 2)
    with disposing.on(disposing.T0 + timedelta(days=1)):
        workflow.trace(items[0], by=house.dm, via="phone", text="x", outcome="no_answer")
        workflow.announce(fresh(items[1]), by=house.dm, published_on=in_days(0), channel="board")
    batch = drafted(house, items)

    text = words(browser(house.dm).get(batch.get_absolute_url()))

    assert text.count("2027-02-23") == 2
    assert (text.count("未起算"), text.count("2027-11-24")) == (1, 1)
    assert "查找1次，末次 2026-11-24" in text
    assert "公告1次" in text


def test_each_line_to_decide_on_shows_photo_and_features() -> None:
    house = House()
    batch = disposing.reviewed(house)
    item = disposing.lines(batch)[0].item

    page = browser(house.gm).get(step(house, batch, "decide")).content.decode()

    assert (item.features in page, "/small/" in page) == (True, True)


def test_decided_line_shows_reason_and_risk() -> None:
    house = House()
    batch = decided(house, None, "sell")

    text = words(browser(house.dm).get(batch.get_absolute_url()))

    assert f"理由：{disposing.REASON}" in text
    assert lines(batch)[0].risk in text


def test_paper_that_came_back_says_why() -> None:
    house = House()
    batch = submitted(house)
    workflow.review_batch(batch, by=house.pm, approve=False, note="请补公告")

    assert "请补公告" in words(browser(house.dm).get(batch.get_absolute_url()))


# --- the steps -----------------------------------------------------------------------------


def test_page_opened_before_the_paper_was_changed_signs_nothing() -> None:
    house = House()
    batch = submitted(house)
    pm, here = browser(house.pm), step(house, batch, "review")
    old = pm.get(here).context["batch"].case.version
    workflow.review_batch(batch, by=house.pm, approve=False, note="意见写清楚")
    workflow.edit_batch(read(batch), by=house.dm, opinion="全部变卖")
    beside = workflow.Second(house.guard, PASSWORD)
    workflow.submit_batch(read(batch), beside, PASSWORD, by=house.dm)
    agreed = {"answer": "agree", "password": PASSWORD}

    slip = pm.post(here, agreed | {"seen": old, "password": "mistyped"})
    assert slip.context["seen"] == str(old)
    stale = pm.post(here, agreed | {"seen": old})
    assert (stale.status_code, read(batch).status) == (409, B.SUBMITTED)
    assert "请重新看过再签" in words(stale)
    now = stale.context["batch"].case.version
    assert pm.post(here, agreed | {"seen": now}).status_code == 302

    decided = {"password": PASSWORD, "note": "退回"} | {
        f"method_{line.pk}": "police" for line in lines(batch)
    }
    for name in ("decide", "send-back"):
        stale = browser(house.gm).post(step(house, batch, name), decided | {"seen": now})
        assert (stale.status_code, read(batch).status) == (409, B.REVIEWED)


def test_lines_are_changed_and_struck_in_one_form() -> None:
    house = House()
    batch = drafted(house, expired(house, 3))
    one, two, three = lines(batch)
    sent = {"opinion": "新的意见"}
    for line in (one, two, three):
        sent |= {f"method_{line.pk}": "police", f"note_{line.pk}": ""}
    sent |= {f"method_{two.pk}": "donate", f"note_{two.pk}": "送社区", f"drop_{three.pk}": "on"}

    answer = browser(house.dm).post(step(house, batch, "edit"), sent)

    assert answer["Location"] == batch.get_absolute_url()
    assert [(n.proposed, n.proposed_note, n.state) for n in lines(batch)] == [
        ("police", "", L.PROPOSED),
        ("donate", "送社区", L.PROPOSED),
        ("police", "", L.DROPPED),
    ]
    assert read(batch).opinion == "新的意见"


def test_both_sign_on_one_screen_what_stands_there() -> None:
    house = House()
    batch = drafted(house)
    sent = {"opinion": "改过的意见", "password": PASSWORD} | both(house)

    answer = browser(house.dm).post(step(house, batch, "submit"), sent)

    batch = read(batch)
    assert answer["Location"] == batch.get_absolute_url()
    assert (batch.status, batch.opinion, batch.asked_with) == (
        B.SUBMITTED,
        "改过的意见",
        house.guard,
    )


def test_whoever_keeps_no_signature_yet_draws_it_along() -> None:
    house = House()
    manager = member(house.prop, Role.DUTY_MANAGER)
    batch = drafted(house)
    web = browser(manager)
    sent = {"opinion": OPINION, "password": PASSWORD} | both(house)

    without = web.post(step(house, batch, "submit"), sent)
    scan = SimpleUploadedFile("s.png", disposing.drawn(), "image/png")
    with_it = web.post(step(house, batch, "submit"), sent | {"signature_scan": scan})

    assert without.status_code == 422
    assert "您还没有留存签名" in words(without)
    assert with_it.status_code == 302
    assert read(batch).asked_signature == signatures.current(manager)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "falsch"}, "密码不对，请重新输入。"),
        ({"guard_password": "falsch"}, "密码不对，请重新输入。"),
        ({"guard_password": ""}, "请填写：保安部密码（须在本机确认）。"),
        ({"guard": ""}, "请选择：保安部。"),
        ({"opinion": ""}, "请填写：申请意见。"),
    ],
)
def test_refused_signature_changes_nothing_and_keeps_no_password(
    change: dict[str, str], sentence: str
) -> None:
    house = House()
    batch = drafted(house)
    web = browser(house.dm)
    sent = {"opinion": "意见写了很久", "password": PASSWORD} | both(house) | change
    before = but_drafts()

    answer = web.post(step(house, batch, "submit"), sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    after = but_drafts()
    # Wrong passwords are counted in the cache, which is a table too.
    assert {t for t in before if before[t] != after[t]} <= {"django_cache"}
    draft = drafts.recall(house.dm, f"{batch.case.number}:batch-submit")
    assert draft is not None
    assert not {name for name in draft.data if "password" in name}
    assert PASSWORD not in words(answer)


def test_review_agrees_or_sends_back() -> None:
    house = House()
    one, two = submitted(house), submitted(house)
    web = browser(house.pm)

    agreed = web.post(
        step(house, one, "review"), {"answer": "agree", "note": "属实", "password": PASSWORD}
    )
    back = web.post(step(house, two, "review"), {"answer": "back", "note": "请补公告"})

    assert [agreed.status_code, back.status_code] == [302, 302]
    assert [read(b).status for b in (one, two)] == [B.REVIEWED, B.DRAFT]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"answer": "back"}, "退回请写明要改什么。"),
        ({"answer": "agree"}, "密码不对，请重新输入。"),
        ({"note": "好"}, "请选择：审核结果。"),
    ],
)
def test_review_without_what_it_needs_is_refused(sent: dict[str, str], sentence: str) -> None:
    house = House()
    batch = submitted(house)

    answer = browser(house.pm).post(step(house, batch, "review"), sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert read(batch).status == B.SUBMITTED


def test_decision_begins_as_it_was_asked_for_and_one_reason_serves_all() -> None:
    house = House()
    items = expired(house, 4)
    batch = workflow.start_batch(house.prop, disposing.asks(items, "donate"), OPINION, by=house.dm)
    batch = reviewed(house, submitted(house, read(batch)))
    web = browser(house.gm)
    one, two, three, four = lines(batch)

    form = web.get(step(house, batch, "decide")).context["form"]
    sent = {f"method_{n.pk}": "donate" for n in (one, two)}
    sent |= {f"method_{three.pk}": "keep", f"method_{four.pk}": "police"}
    sent |= {f"reason_{one.pk}": "还能用", "reason_all": "无人认领", "password": PASSWORD}
    answer = web.post(
        step(house, batch, "decide"), sent | {"keep_until_all": in_days(20).isoformat()}
    )

    assert {form[f"method_{n.pk}"].initial for n in (one, two, three)} == {"donate"}
    assert answer["Location"] == batch.get_absolute_url()
    assert [(n.method, n.reason, n.keep_until) for n in lines(batch)] == [
        ("donate", "还能用", None),
        ("donate", "无人认领", None),
        ("keep", "", in_days(20)),
        ("police", "", None),
    ]


def test_incomplete_decision_says_which_thing_and_keeps_the_rest() -> None:
    house = House()
    items = expired(house, 2)
    batch = reviewed(house, submitted(house, drafted(house, items)))
    one, two = lines(batch)
    sent = {f"method_{one.pk}": "donate", f"method_{two.pk}": "keep", f"reason_{two.pk}": "再等等"}
    web = browser(house.gm)

    answer = web.post(step(house, batch, "decide"), sent | {"password": PASSWORD})

    assert answer.status_code == 422
    assert {
        f"{items[0].case.number}：移交公安、继续保管以外的处理请写明理由。",
        f"{items[1].case.number}：请填继续保管到哪一天。",
    } <= set(SAID.findall(words(answer)))
    assert read(batch).status == B.REVIEWED
    assert (
        web.get(step(house, batch, "decide")).context["form"].initial[f"reason_{two.pk}"]
        == "再等等"
    )


def test_general_manager_sends_back_with_a_reason() -> None:
    house = House()
    batch = reviewed(house)

    answer = browser(house.gm).post(step(house, batch, "send-back"), {"note": "请先公告"})

    assert answer.status_code == 302
    assert (read(batch).status, read(batch).returned_reason) == (B.DRAFT, "请先公告")


PROOF = {"proof": "接收字第7号", "receiver": "南山派出所 警号012345"}


def test_things_that_went_one_way_are_recorded_in_one_form() -> None:
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 3))))
    batch = decided(house, batch, "police", "police", "donate")
    one, two, three = lines(batch)
    web = browser(house.dm)
    here = step(house, batch, "execute", "?way=police")

    shown = web.get(here).context["things"]
    answer = web.post(here, PROOF | both(house) | {"things": [one.pk, two.pk]})

    assert [(row.pk, ticked) for row, ticked in shown] == [(one.pk, True), (two.pk, True)]
    assert answer["Location"] == batch.get_absolute_url()
    assert [n.state for n in lines(batch)] == [L.EXECUTED, L.EXECUTED, L.DECIDED]
    assert [fresh(n.item).status for n in (one, two, three)] == [S.POLICE, S.POLICE, S.DISPOSING]


def test_execution_of_one_line_begins_with_that_line() -> None:
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 2))))
    batch = decided(house, batch, "sell")
    one, two = lines(batch)
    web = browser(house.guard)

    first = web.get(step(house, batch, "execute", "?way=sell")).context["things"]
    second = web.get(step(house, batch, "execute", f"?way=sell&line={two.pk}")).context["things"]

    assert [ticked for _row, ticked in first] == [True, False]
    assert [ticked for _row, ticked in second] == [False, True]
    assert one.pk != two.pk


def test_destroyed_thing_needs_its_picture_which_is_shown_to_joint_custody() -> None:
    house = House()
    batch = decided(house, None, "destroy")
    (line,) = lines(batch)
    web = browser(house.dm)
    here = step(house, batch, "execute", "?way=destroy")
    sent = {"proof": "销毁记录 1号", "things": [line.pk]} | both(house)

    without = web.post(here, sent)
    picture = SimpleUploadedFile("p.jpg", photo(), "image/jpeg")
    with_it = web.post(here, sent | {"photo": picture})

    assert (without.status_code, with_it.status_code) == (422, 302)
    pk = lines(batch)[0].proof_photo_id
    shown = [
        seen(browser(user).get(url(house, "batch_photo", batch.case.number, pk, "full")))
        for user in (house.guard, house.desk)
    ]
    assert shown == [(200, "image/jpeg"), (403, "text/html; charset=utf-8")]
    assert web.get(url(house, "batch_photo", batch.case.number, pk + 1, "full")).status_code == 404


def seen(answer: Any) -> tuple[int, str]:
    """Status and kind of an answer, read to its end."""
    b"".join(answer.streaming_content if answer.streaming else [answer.content])
    return answer.status_code, answer["Content-Type"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"things": []}, "请勾选已经执行的物品。"),
        ({"proof": ""}, "请填写：凭证。"),
        ({"receiver": ""}, "请填写：接收单位或经办人警号。"),
        ({"guard_password": "falsch"}, "密码不对，请重新输入。"),
        ({"executed_at": "昨天"}, "请写具体的日期和钟点"),
        ({"executed_at": "2027-02-24 10:00"}, "时间早于上一步，请核对后重填。"),
    ],
)
def test_execution_without_its_proof_is_refused(change: dict[str, Any], sentence: str) -> None:
    house = House()
    batch = decided(house)
    (line,) = lines(batch)
    sent = PROOF | both(house) | {"things": [line.pk]} | change

    answer = browser(house.dm).post(step(house, batch, "execute", "?way=police"), sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert lines(batch)[0].state == L.DECIDED


def test_claim_meanwhile_turns_an_execution_away() -> None:
    house = House()
    batch = reviewed(house, submitted(house, drafted(house, expired(house, 2))))
    batch = decided(house, batch)
    one, two = lines(batch)
    claiming.described(house, fresh(one.item))
    sent = PROOF | both(house) | {"things": [one.pk, two.pk]}

    answer = browser(house.dm).post(step(house, batch, "execute", "?way=police"), sent)

    assert answer.status_code == 409
    assert "已经执行、被认领或还没有批示" in words(answer)
    assert lines(batch)[1].state == L.DECIDED


def test_paper_is_withdrawn_with_a_reason() -> None:
    house = House()
    batch = submitted(house)
    web = browser(house.dm)

    empty = web.post(step(house, batch, "withdraw"), {"reason": ""})
    answer = web.post(step(house, batch, "withdraw"), {"reason": "重新整理"})

    assert (empty.status_code, answer.status_code) == (422, 302)
    assert read(batch).status == B.WITHDRAWN


def test_step_that_is_over_leads_back_to_the_paper() -> None:
    house = House()
    batch = done(house)
    web = browser(house.dm)

    for name in ("edit", "submit", "withdraw", "execute"):
        answer = web.get(step(house, batch, name))
        assert (answer.status_code, answer["Location"]) == (302, batch.get_absolute_url())


def test_step_sent_too_late_is_a_conflict_in_words() -> None:
    house = House()
    batch = submitted(house)
    web = browser(house.dm)
    workflow.withdraw_batch(batch, by=house.dm, reason="重新整理")

    answer = web.post(step(house, batch, "withdraw"), {"reason": "再撤一次"})

    assert answer.status_code == 409
    assert "审批单现在是“已撤回”" in words(answer)
    assert "再撤一次" in words(answer)


def test_step_sent_twice_is_done_once() -> None:
    house = House()
    batch = submitted(house)
    web = browser(house.dm)
    sent = {"reason": "重新整理", "form_token": drafts.new_token()}

    first, second = (web.post(step(house, batch, "withdraw"), sent) for _n in range(2))

    assert [first.status_code, second.status_code] == [302, 302]
    assert batch.case.entries.filter(action="withdraw_batch").count() == 1


def test_half_typed_step_is_kept_without_passwords() -> None:
    house = House()
    batch = drafted(house)
    web = browser(house.dm)

    kept = web.post(
        url(house, "batch_draft", batch.case.number, "submit"),
        {"opinion": "写到一半", "password": PASSWORD, "guard_password": PASSWORD},
    )

    assert kept.status_code == 204
    form = web.get(batch.get_absolute_url()).context["form"]
    assert form["opinion"].value() == "写到一半"
    draft = drafts.recall(house.dm, f"{batch.case.number}:batch-submit")
    assert draft is not None
    assert list(draft.data) == ["opinion"]


# --- what it costs -------------------------------------------------------------------------


def statements(web: Client, address: str, sent: dict[str, Any] | None = None) -> int:
    shell._counts.clear()
    with CaptureQueriesContext(connection) as captured:
        answer = web.get(address) if sent is None else web.post(address, sent)
    assert answer.status_code in (200, 302)
    return len([q for q in captured if "SAVEPOINT" not in q["sql"]])


@pytest.mark.parametrize("state", ["", "?state=ended"])
def test_list_takes_six_statements_whatever_its_length(state: str) -> None:
    counts = []
    for count in (1, 3):
        house = House()
        for _n in range(count):
            disposing.withdrawn(house) if state else drafted(house)
        counts.append(statements(browser(house.dm), url(house, "batches") + state))

    assert counts[0] == counts[1]
    assert counts[0] <= 6


@pytest.mark.parametrize("state", [B.DRAFT, B.SUBMITTED, B.REVIEWED, B.DECIDED, B.DONE])
def test_paper_takes_ten_statements_whatever_its_length(state: str) -> None:
    counts = []
    for count in (1, 3):
        house = House()
        batch = drafted(house, expired(house, count))
        for walk in list(disposing.READY.values())[1 : list(disposing.READY).index(state) + 1]:
            batch = walk(house, batch)
        who = {B.SUBMITTED: house.pm, B.REVIEWED: house.gm}.get(state, house.dm)
        counts.append(statements(browser(who), batch.get_absolute_url()))

    assert counts[0] == counts[1]
    assert counts[0] <= 10


@pytest.mark.parametrize("name", ["edit", "submit", "withdraw", "decide", "execute"])
def test_step_takes_ten_statements_whatever_its_length(name: str) -> None:
    counts = []
    for count in (1, 3):
        house = House()
        batch = drafted(house, expired(house, count))
        if name in ("decide", "execute"):
            batch = reviewed(house, submitted(house, batch))
        if name == "execute":
            batch = decided(house, batch)
        web = browser(house.gm if name == "decide" else house.dm)
        counts.append(statements(web, step(house, batch, name, "?way=police")))

    assert counts[0] == counts[1]
    assert counts[0] <= 10


def test_choice_takes_ten_statements_whatever_its_length() -> None:
    counts = []
    for count in (1, 3):
        house = House()
        expired(house, count)
        counts.append(statements(browser(house.dm), url(house, "batch_new")))

    assert counts[0] == counts[1]
    assert counts[0] <= 10


def test_drafting_takes_fourteen_statements_whatever_its_length() -> None:
    counts = []
    for count in (1, 5):
        house = House()
        sent = picked(expired(house, count), token=drafts.new_token())
        counts.append(statements(browser(house.dm), url(house, "batch_new"), sent))

    assert counts[0] == counts[1]
    assert counts[0] <= 14


def test_signature_of_nobody_else_is_kept_by_these_pages() -> None:
    house = House()
    before = StaffSignature.objects.count()

    done(house)

    assert StaffSignature.objects.count() == before


def test_act_of_the_base_has_its_name_on_the_timeline_of_a_batch() -> None:
    entry = AuditEntry(action="copy_given", content={"info": {}}, at=timezone.now())
    (row,) = timeline([entry])
    assert (row["title"], row["icon"]) == ("给出文书副本", "printer")
