"""E-2: nobody signs, decides or tells by a page that shows another slip; no decision goes under."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from emergencies import workflow
from emergencies.models import Compensation, Event
from emergencies.queries import damage as queries
from propdesk.core import audit
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.damage_walk import LAMP, SOFA, Desk, fresh, ruling, slip
from tests.emergencies.test_damage_pages import LAMP as TYPED
from tests.emergencies.test_damage_pages import PNG, card, paper, said, send, web
from tests.factories import PASSWORD
from tests.incidents.moves import refuses
from tests.lostfound.printing import halves

pytestmark = pytest.mark.django_db
C = Compensation.Status
W = workflow
AGREE = {"via": "phone", "position": "agree"}
UPHOLD = {"decision": "uphold", "reason": "照价", "password": PASSWORD}
SIGN = {"name": "刘洋", "drawn": PNG, "consents": "on", "password": PASSWORD}
LESS = Decimal("60.70")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def opened(client: Any, event: Event, name: str) -> int:
    """The mark of the slip on the page of an act, as it is opened now."""
    case = event.case
    url = reverse("emergencies:act", args=[case.property.code, case.number, name])
    page = client.get(url)
    assert page.status_code == 200, said(page)
    return mark(page)


def mark(page: Any) -> int:
    found = re.search(r'name="seen" value="(\d+)"', page.content.decode())
    assert found is not None
    return int(found[1])


def reduced(desk: Desk, event: Event, by: Any = None) -> Event:
    W.decide_damage(event, ruling("reduce", "折旧", reduced_by=LESS), by=by or desk.gm)
    return fresh(event)


def told(desk: Desk, event: Event, position: str = "agree", **changes: Any) -> Event:
    objection = "还是太贵" if position == "dispute" else ""
    what = W.Informed("phone", position, objection=objection, **changes)
    W.inform_guest(event, what, by=desk.dm)
    return fresh(event)


# --- 1: what is signed is what the page showed -----------------------------------------------


def test_old_decision_page_does_not_raise_what_the_guest_signs(desk: Desk) -> None:
    event, dm, pm = desk.disputed(), web(desk.dm), web(desk.pm)
    old = opened(pm, event, "decide-damage")
    event = told(desk, reduced(desk, event))
    sheet = opened(dm, event, "sign-damage")

    late = send(pm, event, "decide-damage", seen=old, **UPHOLD)
    signed = send(dm, event, "sign-damage", seen=sheet, **SIGN)

    assert (late.status_code, signed.status_code) == (409, 302)
    assert slip(event).signed_amount == Decimal("150.00")
    assert audit.problems(fresh(event).case) == []


def test_signing_is_refused_once_the_sum_is_not_what_the_page_showed(desk: Desk) -> None:
    event, dm = desk.informed(), web(desk.dm)
    sheet = opened(dm, event, "sign-damage")
    W.price(event, [LAMP], by=desk.dm, basis="重新核价")
    event = told(desk, fresh(event))

    late = send(dm, event, "sign-damage", seen=sheet, **SIGN)
    again = send(dm, event, "sign-damage", seen=mark(late), **SIGN)

    assert (late.status_code, again.status_code) == (409, 302)
    assert "这一页打开之后赔偿单有变动，现在应赔¥144.00" in said(late)
    assert PNG not in late.content.decode()
    assert slip(event).signed_amount == Decimal("144.00")


def test_decision_that_changes_the_sum_takes_the_agreement_back(desk: Desk) -> None:
    event = desk.informed(SOFA)
    event = reduced(desk, event, by=desk.pm)
    row, signature = slip(event), desk.signature(event)

    assert (row.status, row.position, row.informed_at) == (C.DRAFT, "", None)
    assert not event.marks.filter(step="D21", superseded_at=None).exists()
    found = card(desk.dm, event)
    assert found.next is not None
    assert found.next[0] == "inform-guest"
    with refuses(ConflictError, match="先告知客户"):
        W.sign_damage(event, signature, by=desk.dm)
    event = told(desk, event)
    W.sign_damage(event, signature, by=desk.dm)
    assert slip(event).signed_amount == Decimal("2539.30")


def test_decision_that_leaves_the_sum_leaves_the_agreement(desk: Desk) -> None:
    event = desk.informed(SOFA)
    W.decide_damage(event, ruling("uphold", "合理"), by=desk.pm)

    assert (slip(event).status, slip(event).position) == (C.INFORMED, "agree")


# --- 2: one decision at a time -----------------------------------------------------------------


@pytest.mark.parametrize("after", ["told", "at_once"])
def test_second_manager_overrides_no_decision_without_a_new_dispute(desk: Desk, after: str) -> None:
    event = reduced(desk, desk.disputed())
    event = told(desk, event) if after == "told" else event

    with refuses(ConflictError, match="已有批示"):
        W.decide_damage(event, ruling("uphold", "照价"), by=desk.pm)
    assert "decide-damage" not in [name for name, _act in card(desk.pm, event).others]
    assert slip(event).due() == Decimal("150.00")


def test_new_dispute_is_decided_anew_and_every_decision_is_kept(desk: Desk) -> None:
    event = told(desk, reduced(desk, desk.disputed()), "dispute")
    W.decide_damage(event, ruling("uphold", "照价"), by=desk.pm)
    event = fresh(event)

    shown = [(d.label, d.less, d.by, d.holds) for d in card(desk.dm, event).decisions]
    stub, client = halves(paper(event, by=desk.dm))

    assert shown == [
        ("减免", LESS, "陈国栋", False),
        ("维持原价", Decimal("0.00"), "张岚", True),
    ]
    assert ("此前的批示" in stub, "减免¥60.70，折旧，陈国栋" in stub) == (True, True)
    assert "照价，张岚" in stub
    assert "此前的批示" not in client
    assert said(web(desk.dm).get(event.get_absolute_url())).count("已不作数") == 1


def test_decision_of_a_former_price_is_kept_as_one_that_holds_no_longer(desk: Desk) -> None:
    event = reduced(desk, desk.disputed())
    W.price(event, [LAMP], by=desk.dm, basis="重新核价")

    assert [d.holds for d in card(desk.dm, fresh(event)).decisions] == [False]


# --- 3: stale forms ------------------------------------------------------------------------------


def test_old_price_page_does_not_undo_what_the_guest_agreed_to(desk: Desk) -> None:
    event, dm = desk.priced(), web(desk.dm)
    old = opened(dm, event, "price")
    event = told(desk, event)

    late = send(dm, event, "price", seen=old, basis="价目", **TYPED)

    assert late.status_code == 409
    assert "赔偿明细" in said(late)
    assert (slip(event).position, slip(event).total) == ("agree", Decimal("210.70"))
    assert send(dm, event, "price", seen=mark(late), basis="价目", **TYPED).status_code == 302


def test_guest_agrees_to_the_sum_the_page_showed_and_to_no_other(desk: Desk) -> None:
    event, dm = desk.priced(), web(desk.dm)
    old = opened(dm, event, "inform-guest")
    W.price(event, [SOFA], by=desk.dm, basis="报价单")

    late = send(dm, event, "inform-guest", seen=old, **AGREE)

    assert (late.status_code, slip(event).position) == (409, "")


def test_first_price_is_not_written_over_by_one_who_saw_none(desk: Desk) -> None:
    event, dm = desk.started(), web(desk.dm)
    old = opened(dm, event, "price")
    W.price(event, [SOFA], by=desk.dm, basis="报价单")

    assert send(dm, event, "price", seen=old, basis="价目", **TYPED).status_code == 409
    assert slip(event).total == Decimal("2600.00")


@pytest.mark.parametrize(
    ("state", "name", "by", "data"),
    [
        ("priced", "inform-guest", "dm", AGREE),
        ("disputed", "decide-damage", "pm", UPHOLD),
        ("informed", "sign-damage", "dm", SIGN),
        ("refused", "decline-damage", "dm", {"name": "刘洋", "words": "不", "password": PASSWORD}),
        (
            "signed",
            "post-damage",
            "cashier",
            {"payment": "cash", "voucher_no": "1", "amount": "210.70", "password": PASSWORD},
        ),
        ("priced", "cancel-damage", "pm", {"reason": "写错"}),
    ],
)
def test_every_form_of_the_slip_carries_what_it_showed(
    desk: Desk, state: str, name: str, by: str, data: dict[str, str]
) -> None:
    event = getattr(desk, state)()
    client = web(getattr(desk, by))
    now, seen = queries.version(slip(event)), opened(client, event, name)

    bare = send(client, event, name, seen="", **data)
    full = send(client, event, name, seen=seen, **data)

    assert seen == now
    assert (bare.status_code, full.status_code) == (409, 302)


def test_lines_kept_by_more_rows_stay_those_of_their_slip(desk: Desk) -> None:
    event, dm = desk.priced(), web(desk.dm)
    old = opened(dm, event, "price")
    send(dm, event, "price", seen=old, basis="价目", rows="5", more_rows="1", **TYPED)
    told(desk, event)

    assert opened(dm, event, "price") == old


# --- 4: a mistaken start buries no dispute ---------------------------------------------------------


def test_event_with_an_undecided_dispute_is_no_mistake(desk: Desk) -> None:
    event = desk.disputed()

    with refuses(ConflictError, match="先作废赔偿单或批示"):
        W.void(event, by=desk.gm, reason="误启动")
    W.price(event, [LAMP], by=desk.dm, basis="重新核价")
    with refuses(ConflictError, match="先作废赔偿单或批示"):
        W.void(fresh(event), by=desk.gm, reason="误启动")
    W.cancel_damage(fresh(event), by=desk.gm, reason="误启动")
    W.void(fresh(event), by=desk.gm, reason="误启动")

    assert fresh(event).status == Event.Status.VOIDED


def test_event_with_a_decided_dispute_may_be_a_mistake(desk: Desk) -> None:
    event = reduced(desk, desk.disputed())

    W.void(event, by=desk.gm, reason="误启动")

    assert fresh(event).status == Event.Status.VOIDED


# --- 5: one after the other --------------------------------------------------------------------------


def earlier(event: Event) -> None:
    """As if all of it had happened an hour ago; then the clock goes on."""
    hour = timedelta(hours=1)
    began = event.occurred_at - 2 * hour
    Event.objects.filter(pk=event.pk).update(occurred_at=began)


def test_guest_is_not_told_before_there_is_a_price(desk: Desk) -> None:
    event = desk.priced()
    earlier(event)
    at = timezone.now() - timedelta(minutes=30)

    with refuses(RefusedInput, match="核价在.*告知不会比它早"):
        told(desk, fresh(event), at=at)
    told(desk, fresh(event), at=timezone.now().replace(second=0, microsecond=0))

    assert slip(event).position == "agree"


def test_guest_does_not_agree_before_the_decision_he_is_told_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = desk.disputed()
    priced = timezone.now() - timedelta(hours=1)
    monkeypatch.setattr(queries, "priced_at", lambda _slip: priced)
    earlier(event)
    event = reduced(desk, fresh(event))

    with refuses(RefusedInput, match="批示在.*告知不会比它早"):
        told(desk, event, at=timezone.now() - timedelta(minutes=30))
    event = told(desk, event, at=timezone.now().replace(second=0, microsecond=0))

    row = slip(event)
    assert row.informed_at is not None
    assert row.decided_at is not None
    assert row.informed_at >= row.decided_at


def test_guest_does_not_sign_before_the_decision(desk: Desk) -> None:
    event = desk.informed(SOFA)
    W.decide_damage(event, ruling("uphold", "合理"), by=desk.pm)
    Compensation.objects.update(informed_at=timezone.now() - timedelta(hours=1))
    signature = desk.signature(event, signed_at=timezone.now() - timedelta(minutes=30))

    with refuses(RefusedInput, match="早于上一步"):
        W.sign_damage(fresh(event), signature, by=desk.dm)
