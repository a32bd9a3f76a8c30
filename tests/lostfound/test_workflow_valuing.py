"""L-G: the line at 100 yuan, another value, another rule; old things keep the rule they came under."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from lostfound import retention, workflow
from lostfound.models import RetentionPolicy, Valuation
from lostfound.workflow import terms
from propdesk.core import house_settings
from propdesk.core.models import Clock, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import DeputyFactory, member
from tests.factories import fresh as read
from tests.incidents.moves import refuses
from tests.lostfound import moves
from tests.lostfound.journey import House, fresh

pytestmark = pytest.mark.django_db
Rule = workflow.Rule
TODAY = timezone.localdate


@pytest.mark.parametrize(("value", "months"), [("100.00", 3), ("100.01", 12), ("0", 3), (None, 12)])
def test_receive_counts_the_term_of_the_value(value, months):
    house = House()
    amount = None if value is None else Decimal(value)

    item = house.stored(value=amount, is_unvalued=amount is None)

    assert item.expires_on == retention.add_months(TODAY(), months)


def test_receive_counts_from_the_day_of_receipt_not_of_the_find():
    house = House()
    item = house.logged(found_at=timezone.now() - timedelta(days=3), late_reason="休假")

    item = house.stored(item, value=Decimal(50))

    assert (item.received_on, item.expires_on) == (TODAY(), retention.add_months(TODAY(), 3))


def test_revalue_upwards_takes_effect_at_once_and_moves_the_clocks():
    house = House()
    item = house.stored(value=Decimal(50))

    workflow.revalue(item, Decimal("100.01"), by=house.dm, basis="市价", reason="查到型号")

    item = fresh(item)
    assert (item.value, item.expires_on) == (Decimal("100.01"), retention.add_months(TODAY(), 12))
    running = Clock.objects.filter(rule=Rule.EXPIRED, stopped_at=None)
    assert [c.due_at for c in running] == [retention.expires_at(item.expires_on) - terms.TICK]
    assert Clock.objects.filter(rule=Rule.EXPIRED).count() == 2


def test_revalue_below_the_line_waits_for_a_manager_with_the_longer_term_in_force():
    house = House()
    item = house.stored(value=Decimal("100.01"))
    last = item.expires_on

    workflow.revalue(item, Decimal("100.00"), by=house.dm, basis="旧款", reason="看错")

    item = fresh(item)
    assert (item.value, item.expires_on) == (Decimal("100.01"), last)
    assert Task.objects.get(done_at=None).role == Role.PROPERTY_MANAGER
    workflow.decide_value(item, by=house.pm, approve=True)
    item = fresh(item)
    assert (item.value, item.expires_on) == (Decimal(100), retention.add_months(TODAY(), 3))


def test_revalue_that_a_manager_rejects_changes_nothing_of_the_thing():
    house = House()
    item = moves.revalued_down(house)

    with refuses(RefusedInput, match="写明原因"):
        workflow.decide_value(item, by=house.pm, approve=False)
    workflow.decide_value(item, by=house.pm, approve=False, note="依据不足")

    assert fresh(item).value == Decimal(1500)
    assert Valuation.objects.get(seq=2).state == "rejected"


def test_revalue_counts_the_term_by_the_rule_of_the_day_it_is_approved():
    house = House()
    item = moves.revalued_down(house)
    today = TODAY()
    handover = workflow.set_policy(
        house.prop, "handover", retention.PRESETS["handover"], today, by=house.gm, reason="要求"
    )
    workflow.change_policy_of_item(item, handover, by=house.gm, reason="辖区要求")

    workflow.decide_value(fresh(item), by=house.pm, approve=True)

    assert fresh(item).expires_on == today + timedelta(days=7)


def test_revalue_approved_after_the_notice_counts_from_the_notice():
    house = House()
    rule = replace(retention.PRESETS["sop"], start=retention.Start.ANNOUNCED)
    workflow.set_policy(house.prop, "sop", rule, TODAY(), by=house.gm, reason="从公告起")
    item = moves.revalued_down(house)
    workflow.announce(item, by=house.dm, published_on=TODAY(), channel="board")

    workflow.decide_value(fresh(item), by=house.pm, approve=True)

    assert fresh(item).expires_on == retention.add_months(TODAY(), 3)


def test_revalue_is_approved_by_nobody_who_proposed_it_nor_in_his_place():
    house = House()
    both = member(house.prop, Role.DUTY_MANAGER, Role.PROPERTY_MANAGER)
    item = house.stored()
    workflow.revalue(item, Decimal(80), by=both, basis="旧款", reason="看错")
    deputy = member(house.prop, Role.FRONT_DESK)
    DeputyFactory(for_membership=both.memberships.get(role=Role.PROPERTY_MANAGER), by_user=deputy)

    for by in (both, read(deputy)):
        with refuses(ConflictError, match="另一人批准"):
            workflow.decide_value(item, by=by, approve=True)


def test_revalue_while_one_waits_or_to_the_same_value_is_refused():
    house = House()
    item = moves.revalued_down(house)

    with refuses(ConflictError, match="等物业经理批准"):
        workflow.revalue(item, Decimal(70), by=house.dm, basis="旧款", reason="再看")
    other = house.stored()
    with refuses(ConflictError, match="估价相同"):
        workflow.revalue(other, Decimal(1500), by=house.dm, basis="同", reason="同")


@pytest.mark.parametrize(
    ("field", "value", "basis", "reason"),
    [
        ("value", Decimal(-1), "市价", "看错"),
        ("basis", Decimal(5), "", "看错"),
        ("reason", Decimal(5), "市价", ""),
    ],
)
def test_revalue_that_lacks_something_names_it(field, value, basis, reason):
    house = House()
    item = house.stored()

    with refuses(RefusedInput) as refusal:
        workflow.revalue(item, value, by=house.dm, basis=basis, reason=reason)

    assert list(refusal.value.errors) == [field]


def test_policy_of_the_house_is_written_on_first_use_and_kept():
    house = House()

    first, second = house.stored().policy, house.stored().policy

    assert (first, first.preset, first.version) == (second, "sop", 1)


def test_first_policy_that_another_wrote_meanwhile_is_taken(monkeypatch):
    house = House()
    lock, first = terms.lock, []

    def waits(row):
        monkeypatch.setattr(terms, "lock", lock)
        first.append(workflow.policy_in_force(house.prop, TODAY()))
        return lock(row)

    monkeypatch.setattr(terms, "lock", waits)

    assert [workflow.policy_in_force(house.prop, TODAY())] == first
    assert RetentionPolicy.objects.count() == 1


def test_set_policy_leaves_what_was_received_earlier_as_it_is():
    house = House()
    old = house.stored()

    workflow.set_policy(
        house.prop, "handover", retention.PRESETS["handover"], TODAY(), by=house.gm, reason="要求"
    )

    new = house.stored()
    assert (fresh(old).policy.version, new.policy.version) == (1, 2)
    assert new.expires_on == TODAY() + timedelta(days=7)


def test_set_policy_in_the_past_or_without_reason_is_refused():
    house = House()
    rule = retention.PRESETS["sop"]

    with refuses(RefusedInput, match="从今天或以后"):
        workflow.set_policy(
            house.prop, "sop", rule, TODAY() - timedelta(days=1), by=house.gm, reason="改"
        )
    with refuses(RefusedInput, match="修改规则的原因"):
        workflow.set_policy(house.prop, "sop", rule, TODAY(), by=house.gm, reason="")


def test_settings_with_another_preset_are_a_new_version():
    house = House()
    house.stored()

    house_settings.save_settings(house.prop, {"retention": "hotel"}, by=house.gm, reason="取得许可")

    rows = RetentionPolicy.objects.order_by("version")
    assert [(r.version, r.preset, r.reason) for r in rows] == [
        (1, "sop", "按设置"),
        (2, "hotel", "取得许可"),
    ]


def test_policy_to_come_is_not_in_force_yet():
    house = House()
    tomorrow = TODAY() + timedelta(days=1)
    workflow.policy_in_force(house.prop, TODAY())
    workflow.set_policy(
        house.prop, "hotel", retention.PRESETS["hotel"], tomorrow, by=house.gm, reason="许可"
    )

    assert workflow.policy_in_force(house.prop, TODAY()).preset == "sop"
    assert workflow.policy_in_force(house.prop, tomorrow).preset == "hotel"


def test_change_policy_of_item_needs_reason_and_another_rule_of_the_house():
    house = House()
    item = moves.under_another_policy(house)
    newest = RetentionPolicy.objects.get(version=2)
    foreign = House().stored().policy

    with refuses(RefusedInput, match="更换规则的原因"):
        workflow.change_policy_of_item(item, newest, by=house.gm, reason="")
    with refuses(ConflictError, match="已经按这条"):
        workflow.change_policy_of_item(item, item.policy, by=house.gm, reason="改")
    with refuses(ConflictError, match="没有这条"):
        workflow.change_policy_of_item(item, foreign, by=house.gm, reason="改")
    workflow.change_policy_of_item(item, newest, by=house.gm, reason="失主同意")

    assert fresh(item).expires_on == TODAY() + timedelta(days=7)


def test_contraband_never_gets_a_date():
    house = House()
    item = house.stored()

    workflow.correct(item, moves.facts(item, category="contraband"), by=house.pm, reason="是刀具")

    item = fresh(item)
    assert item.expires_on is None
    assert Clock.objects.filter(rule=Rule.EXPIRED, stopped_at=None).count() == 0


def test_statutory_dates_stand_beside_and_are_not_started_without_a_notice():
    house = House()
    item = house.stored()

    before = workflow.statutory_of(item)
    workflow.announce(item, by=house.dm, published_on=TODAY(), channel="board")
    after = workflow.statutory_of(fresh(item))

    assert [(c.rule, c.last_day) for c in before] == [("civil_318", None)]
    assert after[0].starts_on == TODAY()
    assert after[0].last_day >= retention.add_months(TODAY(), 12)
    assert isinstance(after[0].last_day, date)
