"""E-2: a slip says itself how it stands; no answer, new price, voiding or second hat goes round it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from emergencies import workflow
from emergencies.models import Compensation, Event
from emergencies.queries import evidence
from propdesk.core import audit
from propdesk.core.models import CaseCounter
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.damage_walk import LAMP, SOFA, Desk, fresh, ruling, slip
from tests.emergencies.journey import House, board
from tests.factories import PASSWORD
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
C = Compensation.Status
W = workflow


@pytest.fixture
def desk():
    return Desk()


def values(event, step):
    """What the mark of a step in force says."""
    return event.marks.get(step=step, superseded_at=None).values


def missing(event):
    return [(m.kind, m.id) for m in evidence.look(event).missing("handling")]


# --- 3: the slip answers its own questions ---------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"), [("guest_position", "unreachable"), ("over_limit", "yes")]
)
def test_question_of_a_live_slip_is_answered_by_the_slip_alone(desk, key, value):
    event = desk.disputed()
    seen = event.answers.get(key=key, superseded_at=None).seq

    with refuses(ConflictError, match="赔偿单"):
        W.answer(event, key, value, by=desk.dm, seen=seen, reason="改")


def test_same_answer_again_is_no_change_of_the_slip(desk):
    event = desk.disputed()
    seen = event.answers.get(key="guest_position", superseded_at=None).seq

    assert W.answer(event, "guest_position", "dispute", by=desk.dm, seen=seen) is None


def test_question_is_free_again_once_the_slip_is_cancelled(desk):
    event = desk.disputed()
    W.cancel_damage(event, by=desk.pm, reason="客户信息写错")
    seen = event.answers.get(key="guest_position", superseded_at=None).seq

    row = W.answer(fresh(event), "guest_position", "agree", by=desk.dm, seen=seen, reason="改")

    assert row is not None


def over(house: House, event: Event) -> Event:
    """Everything but the slip is done."""
    event = house.marked(house.called(fresh(event)), except_={"D20", "D21", "D30", "D31", "D32"})
    return house.called(event)


def priced(house: House, *lines: W.Line) -> Event:
    event = house.started("property_damage")
    house.answer(event, "cause", "accident")
    house.answer(event, "hazard", "no")
    W.price(fresh(event), lines or (LAMP,), by=house.dm, basis="公示价目")
    return fresh(event)


def told(house: House, event: Event, position: str) -> Event:
    objection = "太贵" if position == "dispute" else ""
    W.inform_guest(event, W.Informed("phone", position, objection=objection), by=house.dm)
    return fresh(event)


@pytest.mark.parametrize("position", ["dispute", "unreachable"])
def test_event_does_not_end_before_its_slip_is_settled(position):
    house = House()
    event = over(house, told(house, priced(house), position))
    if position == "dispute":
        W.decide_damage(event, ruling("uphold", "价目如此"), by=house.pm)

    assert [(m.kind, m.id) for m in board(fresh(event)).missing("handling")] == [("rule", "C5")]
    with refuses(ConflictError, match="赔偿单"):
        W.end(fresh(event), by=house.dm, summary="完")
    with refuses(ConflictError, match="不能特批"):
        W.override_end(fresh(event), by=house.gm, summary="完", reason="急")


def test_worn_out_thing_does_not_leave_an_open_slip_behind():
    house = House()
    event = told(house, priced(house), "dispute")
    house.answer(event, "cause", "wear_and_tear")
    event = over(house, event)

    with refuses(ConflictError, match="赔偿单"):
        W.end(fresh(event), by=house.dm, summary="用旧了")
    W.cancel_damage(fresh(event), by=house.pm, reason="用旧了，不收费")
    W.end(fresh(event), by=house.dm, summary="用旧了")

    assert fresh(event).status == Event.Status.SIGNING


def test_slip_of_a_guest_nobody_reaches_is_let_go_by_a_manager():
    house = House()
    event = over(house, told(house, priced(house), "unreachable"))

    W.decide_damage(event, ruling("waive", "三次联系不上"), by=house.pm)
    W.end(fresh(event), by=house.dm, summary="客户联系不上")

    assert (slip(event).status, fresh(event).status) == (C.WAIVED, Event.Status.SIGNING)


def test_database_ends_no_event_with_an_open_slip(desk):
    event = desk.informed()

    with pytest.raises(IntegrityError, match="slip_settled"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(
            status="signing", ended_at=timezone.now(), ended_by=desk.dm, summary="完"
        )


# --- 4: a dispute stays one ------------------------------------------------------------------


def test_new_price_leaves_a_dispute_to_be_decided(desk):
    event = desk.disputed()
    W.price(event, [LAMP], by=desk.dm, basis="同价")
    W.inform_guest(fresh(event), W.Informed("phone", "agree"), by=desk.dm)
    event = fresh(event)
    signature = desk.signature(event)

    with refuses(ConflictError, match="先等上级批示"):
        W.sign_damage(event, signature, by=desk.dm)
    W.decide_damage(event, ruling("uphold", "已谈妥"), by=desk.pm)
    W.sign_damage(fresh(event), signature, by=desk.dm)

    assert slip(event).status == C.SIGNED


def test_new_slip_inherits_the_dispute_of_the_one_cancelled(desk):
    event = desk.disputed()
    W.cancel_damage(event, by=desk.pm, reason="重开")
    W.price(fresh(event), [LAMP], by=desk.dm, basis="同价")

    assert (slip(event).needs_decision, slip(event).disputed_at is not None) == (True, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"needs_decision": False},
        {"disputed_at": None},
        {"disputed_at": None, "needs_decision": False},
    ],
)
def test_database_forgets_no_dispute(desk, changes):
    row = slip(desk.disputed())

    with pytest.raises(IntegrityError, match="emergencies_compensation_dispute"):
        Compensation.objects.filter(pk=row.pk).update(**changes)


# --- 9: figures the database can hold ----------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        [W.Line("金像", 9999, "座", Decimal("99999999.99"))],
        [W.Line("金像", 1, "座", Decimal("99999999.99"))] * 2,
        [W.Line("金像", 1, "座", Decimal("100000000.00"))],
        [W.Line("珠子", 10_000, "颗", Decimal("0.01"))],
    ],
)
def test_figures_beyond_the_books_are_refused_with_a_sentence(desk, lines):
    event = desk.started()

    with refuses(RefusedInput, match="请核对"):
        W.price(event, lines, by=desk.dm, basis="价目")


def test_largest_sum_is_taken(desk):
    event = desk.priced(W.Line("金像", 1, "座", Decimal("99999999.99")))

    assert slip(event).total == Decimal("99999999.99")


# --- 12: waived though agreed ------------------------------------------------------------------


def test_waived_slip_of_an_agreeing_guest_asks_for_no_signature():
    house = House()
    event = over(house, told(house, priced(house, SOFA), "agree"))

    W.decide_damage(event, ruling("waive", "老客户"), by=house.pm)
    event = fresh(event)

    assert [board(event).lines[step].state for step in ("D30", "D31", "D32")] == ["done"] * 3
    assert "damage_compensation" in evidence.record_of(event).signed
    W.end(event, by=house.dm, summary="免收")
    assert fresh(event).status == Event.Status.SIGNING


# --- 16: no voiding round a signed slip ---------------------------------------------------------


@pytest.mark.parametrize("state", ["signed", "posted", "declined"])
def test_event_with_a_signed_slip_is_not_voided(desk, state):
    event = getattr(desk, state)()

    with refuses(ConflictError, match="赔偿单"):
        W.void(event, by=desk.gm, reason="误启动")
    with pytest.raises(IntegrityError, match="slip_settled"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(status="voided", void_reason="误启动")


def test_event_is_voided_once_its_signed_slip_is_cancelled(desk):
    event = desk.signed()
    W.cancel_damage(event, by=desk.pm, reason="误启动")

    W.void(fresh(event), by=desk.pm, reason="误启动")

    assert fresh(event).status == Event.Status.VOIDED


def test_signed_slip_is_frozen_in_the_database(desk):
    row = slip(desk.signed())
    changes = {"total": 1, "reduced_by": 0, "signed_amount": 1}

    with pytest.raises(IntegrityError, match="signed_frozen"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**changes)


def test_posted_slip_is_final_in_the_database(desk):
    row = slip(desk.posted())
    changes = {"status": "cancelled", "cancelled_reason": "写错"}

    with pytest.raises(IntegrityError, match="posted_final"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**changes)


@pytest.mark.parametrize(
    ("state", "changes", "guard"),
    [
        ("signed", {"status": "informed"}, "never_back"),
        ("declined", {"status": "signed"}, "never_back"),
        ("cancelled", {"status": "draft", "cancelled_reason": ""}, "never_back"),
        ("priced", {"number": "PC-20200101-001"}, "compensation_frozen"),
    ],
)
def test_slip_goes_forward_only_in_the_database(desk, state, changes, guard):
    event = getattr(desk, "priced" if state == "cancelled" else state)()
    if state == "cancelled":
        W.cancel_damage(event, by=desk.pm, reason="写错")
    row = event.compensations.get()

    with pytest.raises(IntegrityError, match=guard), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**changes)


# --- 17: posted on the decision, the refusal on record -------------------------------------------


@pytest.mark.parametrize(
    ("decision", "less", "due"), [("uphold", "0", "210.70"), ("reduce", "10.70", "200.00")]
)
def test_decided_charge_is_posted_though_the_guest_does_not_sign(desk, decision, less, due):
    event = desk.disputed()
    W.decide_damage(event, ruling(decision, "价目如此", reduced_by=Decimal(less)), by=desk.pm)
    W.decline_damage(fresh(event), desk.refusal(event), by=desk.dm)
    row = slip(event)
    assert (row.status, row.signed_amount) == (C.DECLINED, Decimal(due))
    assert (row.declined_note, row.signature, row.signed_at) == ("我不签", None, None)

    W.post_damage(fresh(event), desk.posting(amount=Decimal(due)), by=desk.cashier)

    assert (slip(event).status, slip(event).posted_amount) == (C.POSTED, Decimal(due))
    assert audit.problems(fresh(event).case) == []
    assert ("rule", "C5") not in missing(fresh(event))


def test_refusal_needs_a_decision_that_charges(desk):
    event = desk.disputed()
    refusal = desk.refusal(event)

    with refuses(ConflictError, match="先等上级批示"):
        W.decline_damage(event, refusal, by=desk.dm)
    W.decide_damage(event, ruling("talk_again", "再谈"), by=desk.pm)
    with refuses(ConflictError, match="先等上级批示"):
        W.decline_damage(fresh(event), refusal, by=desk.dm)


def test_guest_nobody_reached_has_refused_nothing(desk):
    event = desk.informed(SOFA, position="unreachable")
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    refusal = desk.refusal(event)

    with refuses(ConflictError, match="没有联系上客户"):
        W.decline_damage(fresh(event), refusal, by=desk.dm)


def test_refusal_keeps_the_words_and_the_time_of_the_guest(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    event = fresh(event)
    early = timezone.now() - timedelta(minutes=5)

    for changes, sentence in (({"words": " "}, "为什么不签"), ({"at": early}, "早于上一步")):
        refusal = desk.refusal(event, **changes)
        with refuses(RefusedInput, match=sentence):
            W.decline_damage(event, refusal, by=desk.dm)


def test_who_decided_does_not_record_the_refusal(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    refusal = desk.refusal(event)

    with refuses(ConflictError, match="批示的是您本人"):
        W.decline_damage(fresh(event), refusal, by=desk.pm)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"declined_at": None},
        {"declined_note": ""},
        {"signed_amount": Decimal("1.00")},
        {"position": "unreachable"},
        {"status": "signed"},
        {"payer": None},
    ],
)
def test_database_takes_no_unsigned_slip_without_decision_and_refusal(desk, spoilt):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    row, payer = slip(event), desk.guest(event)
    whole = {
        "status": "declined",
        "payer": payer,
        "manager": desk.dm,
        "manager_signature": desk.mark_of(desk.dm),
        "declined_at": timezone.now(),
        "declined_note": "我不签",
        "signed_amount": row.due(),
    }

    with pytest.raises(IntegrityError, match="compensation_signed"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**(whole | spoilt))
    with pytest.raises(IntegrityError, match="compensation_declined"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**(whole | {"manager": desk.pm}))
    assert Compensation.objects.filter(pk=row.pk).update(**whole) == 1


# --- 18, 19: four eyes ----------------------------------------------------------------------------


def test_who_priced_does_not_decide(desk):
    event = desk.started()
    W.price(event, [SOFA], by=desk.dm, basis="公示价目")
    W.price(fresh(event), [SOFA], by=desk.pm, basis="报价单")
    W.inform_guest(fresh(event), W.Informed("phone", "agree"), by=desk.dm)
    event = fresh(event)

    with refuses(ConflictError, match="核价的是您本人"):
        W.decide_damage(event, ruling("uphold", "合理"), by=desk.pm)
    W.decide_damage(event, ruling("uphold", "合理"), by=desk.gm)

    with pytest.raises(IntegrityError, match="compensation_other_decides"), transaction.atomic():
        Compensation.objects.filter(pk=slip(event).pk).update(decided_by=desk.pm)


def test_who_signed_as_duty_manager_does_not_post(desk):
    event = desk.informed()
    W.sign_damage(event, desk.signature(event), by=desk.pm)
    event = fresh(event)

    with refuses(ConflictError, match="签单的是您本人"):
        W.post_damage(event, desk.posting(), by=desk.pm)
    W.post_damage(event, desk.posting(), by=desk.gm)

    assert slip(event).posted_by == desk.gm


def test_database_lets_nobody_post_what_he_signed(desk):
    row = slip(desk.signed())
    changes = {
        "status": "posted",
        "posted_at": timezone.now(),
        "posted_by": row.manager_id,
        "posted_amount": row.signed_amount,
        "voucher_no": "1",
        "payment": "cash",
    }

    with pytest.raises(IntegrityError, match="compensation_other_posts"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(**changes)


def test_manager_who_ruled_tells_the_guest(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("reduce", "酌情", reduced_by=Decimal("10.70")), by=desk.pm)

    W.inform_guest(fresh(event), W.Informed("phone", "agree"), by=desk.pm)

    assert (slip(event).informed_by, slip(event).decided_by) == (desk.pm, desk.pm)


def test_database_lets_nobody_decide_what_he_told(desk):
    row = slip(desk.disputed())
    changes = {
        "decision": "uphold",
        "decision_reason": "价目",
        "decided_at": timezone.now(),
        "decided_by": row.informed_by_id,
        "decider_signature": desk.mark_of(desk.pm),
    }

    with pytest.raises(IntegrityError, match="compensation_teller_decides"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(priced_by=desk.gm, **changes)


# --- 20: the steps say what the slip says ----------------------------------------------------------


def test_step_of_the_price_follows_each_new_price(desk):
    event = desk.priced()
    W.price(event, [SOFA], by=desk.dm, basis="报价单")

    assert values(event, "D20") == {"total": "2600.00", "price_basis": "报价单"}


def test_new_price_asks_for_talk_and_decision_again(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    W.price(fresh(event), [LAMP], by=desk.dm, basis="减一项")

    lines = evidence.look(fresh(event)).lines
    assert [lines[step].state for step in ("D20", "D21", "D32")] == ["done", "open", "open"]


def test_steps_of_talk_and_decision_follow_the_slip(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    ruled = ruling("reduce", "酌情", reduced_by=Decimal("10.70"))
    W.decide_damage(fresh(event), ruled, by=desk.pm)
    W.inform_guest(fresh(event), W.Informed("in_person", "agree"), by=desk.dm)

    assert values(event, "D32") == {"decision": "reduce", "reason": "酌情", "amount": "10.70"}
    assert values(event, "D21")["via"] == "in_person"
    assert "objection" not in values(event, "D21")


def test_talking_again_takes_an_earlier_decision_back(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)
    W.decide_damage(fresh(event), ruling("talk_again", "再谈"), by=desk.pm)

    assert evidence.look(fresh(event)).lines["D32"].state == "open"


def test_cancelled_slip_takes_its_steps_back(desk):
    event = desk.signed()
    W.cancel_damage(event, by=desk.pm, reason="客户信息写错")

    lines = evidence.look(fresh(event)).lines
    assert [lines[step].state for step in ("D20", "D21", "D30")] == ["open"] * 3


# --- 28: the manager signs what he decided -----------------------------------------------------------


def test_decision_is_signed_with_the_managers_password(desk):
    event = desk.disputed()

    with refuses(RefusedInput, match="密码不对"):
        W.decide_damage(event, W.Ruling("uphold", "价目如此", password="wrong"), by=desk.pm)
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)

    assert slip(event).decider_signature == desk.mark_of(desk.pm)


def test_database_takes_no_decision_without_a_signature(desk):
    event = desk.disputed()
    W.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)

    with pytest.raises(IntegrityError, match="decided_complete"), transaction.atomic():
        Compensation.objects.filter(pk=slip(event).pk).update(decider_signature=None)


# --- 33: a drill spends no number --------------------------------------------------------------------


def test_drill_uses_up_no_number_of_a_slip(desk):
    event = desk.started(is_drill=True)
    W.price(event, [LAMP], by=desk.dm, basis="公示价目")
    W.cancel_damage(fresh(event), by=desk.pm, reason="再练一次")
    W.price(fresh(event), [LAMP], by=desk.dm, basis="公示价目")

    numbers = list(event.compensations.order_by("pk").values_list("number", flat=True))
    assert numbers == [f"{event.case.number}-1", f"{event.case.number}-2"]
    assert CaseCounter.objects.filter(prefix="PC").count() == 0


def test_other_events_have_no_slip():
    house = House()
    event = house.started("theft")

    with refuses(ConflictError, match="预案里没有这一项"):
        W.price(event, [LAMP], by=house.dm, basis="价目")
    assert PASSWORD
