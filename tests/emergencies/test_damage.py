"""E-2: no posting before the guest knows and signs; a dispute waits; posted is what was signed."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from emergencies import workflow
from emergencies.models import Compensation, DamageLine, PriceItem
from emergencies.queries import evidence
from propdesk.core import audit
from propdesk.core.models import Notice
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.damage_walk import CARPET, LAMP, SOFA, Desk, fresh, ruling, slip
from tests.incidents.journey import drawn
from tests.incidents.moves import jpeg, refuses

pytestmark = pytest.mark.django_db
C = Compensation.Status


@pytest.fixture
def desk():
    return Desk()


def step(event, name):
    return evidence.look(event).lines[name].state


def answers(event):
    return dict(event.answers.filter(superseded_at=None).values_list("key", "value"))


def test_price_adds_up_line_by_line_and_ticks_its_step(desk):
    event = desk.priced()

    row = slip(event)

    assert row.number.startswith("PC-")
    assert list(row.lines.values_list("amount", flat=True)) == [Decimal("144.00"), Decimal("66.70")]
    assert (row.total, row.due(), row.status) == (Decimal("210.70"), Decimal("210.70"), C.DRAFT)
    assert step(event, "D20") == "done"
    assert answers(event)["over_limit"] == "no"


def test_half_a_fen_is_rounded_up_and_the_database_agrees(desk):
    line = workflow.Line("杯子", 3, "只", Decimal("12.25"), depreciation=10)

    event = desk.priced(line)

    assert slip(event).total == Decimal("33.08")  # 33.075


def test_sum_over_the_limit_needs_a_decision_before_anything_is_signed(desk):
    event = desk.informed(SOFA)

    assert answers(event)["over_limit"] == "yes"
    assert slip(event).needs_decision
    signature = desk.signature(event)
    with refuses(ConflictError, match="先等上级批示"):
        workflow.sign_damage(event, signature, by=desk.dm)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (workflow.Line("", 1, "盏", Decimal(1)), "第1行"),
        (workflow.Line("灯", 0, "盏", Decimal(1)), "第1行"),
        (workflow.Line("灯", 1, "盏", Decimal(-1)), "第1行"),
        (workflow.Line("灯", 1, "盏", Decimal(1), depreciation=101), "折旧在0到100之间"),
    ],
)
def test_line_that_cannot_be_is_named(desk, line, sentence):
    event = desk.started()

    with refuses(RefusedInput, match=sentence):
        workflow.price(event, [line], by=desk.dm, basis="价目")


def test_no_line_and_no_basis_are_refused(desk):
    event = desk.started()

    with refuses(RefusedInput, match="至少列一项"):
        workflow.price(event, [], by=desk.dm, basis="价目")
    with refuses(RefusedInput, match="价格依据"):
        workflow.price(event, [LAMP], by=desk.dm, basis=" ")


def test_price_above_the_published_list_is_refused(desk):
    event = desk.started()
    listed = PriceItem.objects.create(
        property=desk.prop, name="台灯", unit="盏", price=Decimal("150.00")
    )
    line = workflow.Line("台灯", 1, "盏", Decimal("180.00"), listed=listed)

    with refuses(RefusedInput, match="高于公示价目"):
        workflow.price(event, [line], by=desk.dm, basis="价目")


def test_guest_is_told_before_he_signs(desk):
    event = desk.priced()

    signature = desk.signature(event)
    with refuses(ConflictError, match="先告知客户"):
        workflow.sign_damage(event, signature, by=desk.dm)


def test_telling_the_guest_answers_the_question_and_ticks_the_step(desk):
    event = desk.informed()

    assert answers(event)["guest_position"] == "agree"
    assert step(event, "D21") == "done"
    assert slip(event).informed_by_id == desk.dm.pk


def test_dispute_needs_the_words_of_the_guest(desk):
    event = desk.priced()

    with refuses(RefusedInput, match="客户的异议"):
        workflow.inform_guest(event, workflow.Informed("phone", "dispute"), by=desk.dm)


def test_dispute_blocks_signing_and_posting_until_it_is_decided(desk):
    event = desk.disputed()

    signature = desk.signature(event)
    with refuses(ConflictError, match="还没有同意"):
        workflow.sign_damage(event, signature, by=desk.dm)
    with refuses(ConflictError, match="签字以后才能入账"):
        workflow.post_damage(event, desk.posting(), by=desk.cashier)


def test_reduction_then_consent_is_signed_and_posted_at_the_lower_sum(desk):
    event = desk.disputed()
    ruled = ruling("reduce", "折旧多算一成", reduced_by=Decimal("60.70"))
    workflow.decide_damage(event, ruled, by=desk.pm)
    workflow.inform_guest(event, workflow.Informed("phone", "agree"), by=desk.dm)
    workflow.sign_damage(event, desk.signature(event), by=desk.dm)

    workflow.post_damage(event, desk.posting(amount=Decimal("150.00")), by=desk.cashier)

    row = slip(event)
    assert (row.status, row.posted_amount) == (C.POSTED, Decimal("150.00"))
    assert audit.problems(fresh(event).case) == []


def test_waiver_ends_the_slip(desk):
    event = desk.disputed()

    workflow.decide_damage(event, ruling("waive", "小额且非故意"), by=desk.pm)

    assert (slip(event).status, slip(event).due()) == (C.WAIVED, Decimal("0.00"))
    signature = desk.signature(event)
    with refuses(ConflictError, match="先告知客户"):
        workflow.sign_damage(event, signature, by=desk.dm)


def test_who_told_the_guest_does_not_decide(desk):
    event = desk.priced()
    workflow.inform_guest(event, workflow.Informed("phone", "dispute", objection="贵"), by=desk.pm)

    with refuses(ConflictError, match="另一位经理"):
        workflow.decide_damage(event, ruling("waive", "算了"), by=desk.pm)
    workflow.decide_damage(event, ruling("waive", "算了"), by=desk.gm)


@pytest.mark.parametrize("amount", ["0", "210.70", "300"])
def test_reduction_lies_between_nothing_and_everything(desk, amount):
    event = desk.disputed()

    with refuses(RefusedInput, match="减免金额要大于0"):
        ruled = ruling("reduce", "酌情", reduced_by=Decimal(amount))
        workflow.decide_damage(event, ruled, by=desk.pm)


def test_new_price_after_the_talk_has_to_be_told_and_decided_anew(desk):
    event = desk.disputed()
    workflow.decide_damage(event, ruling("uphold", "价目如此"), by=desk.pm)

    workflow.price(event, [LAMP], by=desk.dm, basis="重新核价")

    row = slip(event)
    assert (row.status, row.position, row.decision) == (C.DRAFT, "", "")
    assert row.needs_decision is True
    assert row.history.filter(decision="uphold").exists()


def test_signature_freezes_sum_and_lines(desk):
    event = desk.signed()

    with refuses(ConflictError, match="已经定下，不能再改"):
        workflow.price(event, [SOFA], by=desk.dm, basis="加价")
    assert step(event, "D30") == "done"
    assert slip(event).signed_amount == Decimal("210.70")


def test_paper_slip_is_equal_to_the_screen(desk):
    event = desk.informed()

    signed = desk.signature(event, drawn=b"", scan=jpeg())
    workflow.sign_damage(event, signed, by=desk.dm)

    assert slip(event).scan is not None


def test_no_signature_at_all_is_refused(desk):
    event = desk.informed()
    signed = desk.signature(event, drawn=b"")

    with refuses(RefusedInput, match="请客户在屏幕上签名"):
        workflow.sign_damage(event, signed, by=desk.dm)


@pytest.mark.parametrize("amount", ["210.69", "210.71", "0"])
def test_posted_is_exactly_what_was_signed(desk, amount):
    event = desk.signed()

    with refuses(RefusedInput, match="等于客户签字的金额 ¥210.70"):
        workflow.post_damage(event, desk.posting(amount=Decimal(amount)), by=desk.cashier)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"voucher_no": ""}, "凭证号"),
        ({"account": ""}, "账号"),
        ({"payment": "later"}, "付款方式"),
    ],
)
def test_posting_names_what_is_missing(desk, changes, sentence):
    event = desk.signed()

    with refuses(RefusedInput, match=sentence):
        workflow.post_damage(event, desk.posting(**changes), by=desk.cashier)


def test_cashier_is_called_when_the_guest_has_signed(desk):
    event = desk.signed()

    told = Notice.objects.filter(case=event.case, recipient=desk.cashier, text__contains="请入账")

    assert told.count() == 1


def test_signing_is_how_the_cashier_is_told(desk):
    event = desk.signed()

    call = event.calls.get(notice="N4")
    assert (call.told_via, call.told_at) == ("app", slip(event).signed_at)
    assert [m.id for m in evidence.look(event).missing("handling") if m.kind == "notice"] == []


def test_posted_slip_counts_as_signed_by_all_and_is_never_cancelled(desk):
    event = desk.posted()

    assert evidence.record_of(event).signed >= {"damage_compensation"}
    assert step(event, "D31") == "done"
    with refuses(ConflictError, match="已经入账"):
        workflow.cancel_damage(event, by=desk.pm, reason="写错")


def test_cancelled_slip_keeps_its_number_and_leaves_room_for_another(desk):
    event = desk.signed()
    old = slip(event).number

    workflow.cancel_damage(event, by=desk.pm, reason="客户信息写错")
    workflow.price(event, [LAMP], by=desk.dm, basis="重开")

    assert slip(event).number != old
    assert event.compensations.get(status=C.CANCELLED).number == old


def test_duty_manager_neither_decides_nor_posts(desk):
    event = desk.disputed()

    with refuses(PermissionDenied):
        workflow.decide_damage(event, ruling("waive", "算了"), by=desk.dm)
    signed = desk.signed()
    with refuses(PermissionDenied):
        workflow.post_damage(signed, desk.posting(), by=desk.dm)


# --- what SQL cannot do either -------------------------------------------------------------


def broken_by(row, **changes):
    """The constraint that refuses the change, in the database."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**changes)
    return str(caught.value).split('"')[3]


def test_constraints_of_the_slip(desk):
    signed, disputed = slip(desk.signed()), slip(Desk().disputed())
    line = signed.lines.first()

    found = {
        broken_by(disputed, status="signed"),
        broken_by(disputed, total=Decimal("-1.00")),
        broken_by(signed, status="posted"),
        broken_by(disputed, reduced_by=Decimal("999.00")),
        broken_by(disputed, decision="uphold"),
        broken_by(signed, status="cancelled"),
        broken_by(disputed, informed_by=None),
        broken_by(line, amount=Decimal("1.00")),
        broken_by(line, quantity=0, amount=0),
    }

    assert found == {
        "emergencies_compensation_amounts",
        "emergencies_compensation_cancelled",
        "emergencies_compensation_decided_complete",
        "emergencies_compensation_dispute_blocks",
        "emergencies_compensation_informed_first",
        "emergencies_compensation_posted",
        "emergencies_damageline_amount",
        "emergencies_damageline_values",
    }


def test_second_live_slip_is_refused_by_the_database(desk):
    row = slip(desk.priced())
    row.pk, row.number = None, "PC-20200101-001"

    with pytest.raises(IntegrityError, match="emergencies_compensation_one_live"):
        row.save(force_insert=True)


def test_line_of_the_samples_is_what_python_says(desk):
    assert (LAMP.amount, CARPET.amount) == (Decimal("144.00"), Decimal("66.70"))
    assert DamageLine.objects.count() == 0
    assert drawn()
