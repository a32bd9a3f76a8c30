"""L-A, L-D: joint custody, two people at every move, contents by two, one current link."""

from decimal import Decimal

import pytest
from django.utils import timezone

from lostfound import workflow
from lostfound.models import ContentLine, CustodyMove, SealTag, Valuation
from propdesk.core import audit
from propdesk.core.models import Clock, Notice, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, ShiftFactory, member
from tests.factories import fresh as read
from tests.incidents.moves import refuses
from tests.lostfound.journey import House, S, ago, fresh
from tests.lostfound.moves import chain, second_of

pytestmark = pytest.mark.django_db
K = CustodyMove.Kind
Rule = workflow.Rule


def receive(house, item=None, by=None, **changes):
    item = item or house.logged()
    return workflow.receive(item, house.receipt(**changes), by=by or house.dm)


def test_receive_puts_the_thing_into_joint_custody_with_value_policy_and_term():
    house = House()

    item = fresh(receive(house, seal="FQ-0001"))

    assert (item.status, item.received_by, item.received_on) == (
        S.STORED,
        house.dm,
        timezone.localdate(),
    )
    assert (item.value, item.valued_by, item.policy.preset) == (Decimal(1500), house.dm, "sop")
    assert item.expires_on == workflow.terms.term_of(item, item.value)
    link = chain(item)[-1]
    assert (link.kind, link.giver, link.manager, link.guard, link.storage) == (
        K.RECEIVE,
        house.guard,
        house.dm,
        house.guard,
        house.shelf,
    )
    assert (link.manager_at is None, link.guard_at is None) == (False, False)
    assert link.seal.number == "FQ-0001"
    assert Valuation.objects.get().state == "in_force"
    assert audit.problems(item.case) == []


def test_receive_stops_the_two_hours_and_arms_trace_term_and_its_reminders():
    house = House()
    item = receive(house)

    running = Clock.objects.filter(case=item.case, stopped_at=None).values_list("rule", flat=True)

    assert sorted(running) == sorted(
        [Rule.TRACE_LATE, Rule.EXPIRES_SOON, Rule.EXPIRES_SOON, Rule.EXPIRES_SOON, Rule.EXPIRED]
    )


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("storage", {"storage": None}),
        ("value", {"value": None}),
        ("value", {"is_unvalued": True}),
        ("basis", {"basis": ""}),
        ("clue_text", {"clue": "yes"}),
        ("guard_password", {"guard_password": "wrong"}),
    ],
)
def test_receive_that_lacks_something_names_it_and_changes_nothing(field, changes):
    house = House()
    item = house.logged()

    with refuses(RefusedInput) as refusal:
        receive(house, item, **changes)

    assert list(refusal.value.errors) == [field]


def test_receive_by_one_person_twice_is_refused():
    house = House()
    both = member(house.prop, Role.DUTY_MANAGER)
    item = house.logged()

    with refuses(RefusedInput, match="不能是同一人"):
        receive(house, item, by=both, guard=both)


@pytest.mark.parametrize("who", ["dm2", "cleaner", "desk"])
def test_receive_with_somebody_who_is_not_security_is_refused(who):
    house = House()
    house.dm2 = member(house.prop, Role.DUTY_MANAGER)
    item = house.logged()

    with refuses(RefusedInput, match="须是保安部人员"):
        receive(house, item, guard=getattr(house, who))


def test_receive_before_it_was_reported_is_refused():
    house = House()
    item = house.logged()

    with refuses(RefusedInput, match="早于上一步"):
        receive(house, item, handed_at=ago(minutes=5))


def test_receive_of_contraband_is_refused():
    house = House()
    item = house.logged(category="contraband")

    with refuses(ConflictError, match="违禁危险品不入库"):
        receive(house, item)


@pytest.mark.parametrize("category", ["wallet", "bag", "cash"])
def test_receive_of_a_container_or_cash_needs_its_contents(category):
    house = House()
    item = house.logged(category=category)

    with refuses(RefusedInput, match="两人清点"):
        receive(house, item)


def test_receive_lists_contents_and_cash_by_two_people():
    house = House()
    item = house.logged(category="wallet")
    lines = (
        workflow.Content("工作证"),
        workflow.Content("", 3, "CNY", Decimal(100)),
    )

    receive(house, item, contents=lines)

    found = ContentLine.objects.order_by("position")
    assert [(x.text, x.currency, x.denomination, x.count) for x in found] == [
        ("工作证", "", None, 1),
        ("现金", "CNY", Decimal(100), 3),
    ]
    assert {(x.counted_by, x.witnessed_by) for x in found} == {(house.dm, house.guard)}


def test_receive_of_contents_needs_the_guard_to_count_them_here():
    house = House()
    item = house.logged(category="wallet")
    lines = (workflow.Content("工作证"),)

    with refuses(RefusedInput, match="两人当场清点") as refusal:
        receive(house, item, contents=lines, guard_password="")

    assert list(refusal.value.errors) == ["guard_password"]


@pytest.mark.parametrize(
    "line",
    [
        workflow.Content(""),
        workflow.Content("", 0, "CNY", Decimal(1)),
        workflow.Content("", 1, "CNY", None),
        workflow.Content("", 1, "CNY", Decimal(-1)),
    ],
)
def test_receive_with_half_a_line_of_contents_is_refused(line):
    house = House()
    item = house.logged(category="wallet")

    with refuses(RefusedInput):
        receive(house, item, contents=(line,))


def test_receive_without_the_guard_beside_waits_for_him_to_the_end_of_the_shift():
    house = House()
    shift = ShiftFactory(property=house.prop, user=house.dm)

    item = receive(house, guard_password="")

    link = chain(item)[-1]
    assert (link.guard_at, Task.objects.get(done_at=None).kind) == (None, "cosign")
    clock = Clock.objects.get(rule=Rule.COSIGN_MISSING)
    assert clock.due_at == shift.ends_at
    assert Notice.objects.filter(recipient=house.guard, rule="lostfound.cosign").count() == 1


def test_cosign_by_the_named_guard_ends_task_and_clock():
    house = House()
    item = receive(house, guard_password="")

    workflow.cosign(item, by=house.guard)

    assert chain(item)[-1].guard_at is not None
    assert Task.objects.filter(done_at=None).count() == 0
    assert Clock.objects.get(rule=Rule.COSIGN_MISSING).stopped_at is not None
    assert audit.problems(fresh(item).case) == []


def test_cosign_by_anybody_else_or_twice_is_refused():
    house = House()
    item = receive(house, guard_password="")

    for other in (house.guard2, house.dm, house.pm):
        with refuses(ConflictError, match="没有等您会签"):
            workflow.cosign(item, by=other)
    workflow.cosign(item, by=house.guard)
    with refuses(ConflictError, match="没有等您会签"):
        workflow.cosign(item, by=house.guard)


def test_move_ends_one_link_and_begins_the_next_with_two_people():
    house = House()
    item = house.stored()

    workflow.move(
        item, house.other_shelf, workflow.Second(house.dm, PASSWORD), by=house.guard2, reason="理货"
    )

    before, now = chain(item)[-2:]
    assert (before.ended_at, now.ended_at) == (now.at, None)
    assert (now.manager, now.guard, now.storage) == (house.dm, house.guard2, house.other_shelf)


def test_move_by_one_who_is_here_is_refused_while_the_last_one_is_not_signed_by_both():
    house = House()
    item = house.stored(guard_password="")
    away = workflow.Second(house.guard2)

    with refuses(ConflictError, match="还没有会签完"):
        workflow.move(item, house.other_shelf, away, by=house.dm, reason="换柜")


@pytest.mark.parametrize("place", ["shelf", "other_shelf"])
def test_move_by_two_who_are_here_takes_over_from_one_who_never_signs(place):
    house = House()
    item = house.stored(guard_password="")
    house.guard.is_active = False
    house.guard.save()

    workflow.move(
        item,
        getattr(house, place),
        workflow.Second(house.guard2, PASSWORD),
        by=house.dm,
        reason="李强已离职",
    )

    before, now = chain(item)[-2:]
    assert (before.guard, before.guard_at, before.ended_at) == (house.guard, None, now.at)
    assert (now.guard, now.storage) == (house.guard2, getattr(house, place))
    assert (now.manager_at, now.guard_at) == (now.at, now.at)
    task = Task.objects.get(case=item.case)
    assert (task.outcome, task.done_by) == ("superseded", house.dm)
    assert Clock.objects.get(rule=Rule.COSIGN_MISSING).stopped_at is not None
    entry = item.case.entries.order_by("-seq").first()
    assert (entry.action, entry.content["reason"]) == ("move", "李强已离职")
    assert entry.content["info"]["instead_of"] == house.guard.pk
    assert audit.problems(fresh(item).case) == []


@pytest.mark.parametrize("second", ["dm", "pm", "cleaner"])
def test_move_by_two_of_one_side_is_refused(second):
    house = House()
    item = house.stored()

    with refuses(RefusedInput):
        workflow.move(
            item,
            house.other_shelf,
            workflow.Second(getattr(house, second), PASSWORD),
            by=house.dm,
            reason="换柜",
        )


def test_move_to_where_it_lies_or_without_reason_is_refused():
    house = House()
    item = house.stored()

    with refuses(ConflictError, match="已经在这个位置"):
        workflow.move(item, house.shelf, second_of(house, house.dm), by=house.dm, reason="换柜")
    with refuses(RefusedInput, match="移位的原因"):
        workflow.move(item, house.other_shelf, second_of(house, house.dm), by=house.dm, reason="")


def test_seal_number_is_used_once_in_a_house():
    house = House()
    house.stored(seal="FQ-0001")
    item = house.logged()

    with refuses(ConflictError, match="已经用过"):
        receive(house, item, seal="FQ-0001")
    other = House()
    assert other.stored(seal="FQ-0001").status == S.STORED


def test_opened_seal_says_who_and_why_and_a_new_one_follows():
    house = House()
    item = house.stored(seal="FQ-0001")

    workflow.open_seal(item, second_of(house, house.dm), by=house.dm, reason="失主核对")
    workflow.move(
        item,
        house.other_shelf,
        second_of(house, house.dm),
        by=house.dm,
        reason="重新封存",
        seal="FQ-0002",
    )

    old, new = SealTag.objects.order_by("pk")
    opened = (old.opened_by, old.opened_with, old.opened_reason)
    assert opened == (house.dm, house.guard2, "失主核对")
    assert chain(item)[-1].seal == new


def test_second_seal_on_a_sealed_bag_is_refused():
    house = House()
    item = house.stored(seal="FQ-0001")

    with refuses(RefusedInput, match="先登记拆封"):
        workflow.move(
            item,
            house.other_shelf,
            second_of(house, house.dm),
            by=house.dm,
            reason="换柜",
            seal="FQ-0002",
        )


def test_new_seal_is_put_on_where_the_bag_lies():
    house = House()
    item = house.stored(seal="FQ-0001")
    second = second_of(house, house.dm)

    with refuses(ConflictError, match="还没有拆"):
        workflow.reseal(item, "FQ-0002", second, by=house.dm, reason="核对完")
    workflow.open_seal(item, second, by=house.dm, reason="失主核对")
    with refuses(RefusedInput, match="两人都在场"):
        alone = workflow.Second(second.user)
        workflow.reseal(item, "FQ-0002", alone, by=house.dm, reason="核对完")
    workflow.reseal(item, "FQ-0002", second, by=house.dm, reason="核对完")

    last = chain(item)[-1]
    assert (last.seal.number, last.storage, last.ended_at) == ("FQ-0002", house.shelf, None)
    assert audit.problems(fresh(item).case) == []


def test_open_seal_of_a_bag_without_one_is_refused():
    house = House()
    item = house.stored()

    with refuses(ConflictError, match="没有封签"):
        workflow.open_seal(item, second_of(house, house.dm), by=house.dm, reason="核对")


@pytest.mark.parametrize(
    ("second", "password", "field"),
    [
        ("guard", "", "guard_password"),
        ("guard", "wrong", "guard_password"),
        ("dm", PASSWORD, "guard"),
        ("pm", PASSWORD, "guard"),
        ("cleaner", PASSWORD, "guard"),
    ],
)
def test_open_seal_takes_two_who_are_both_here(second, password, field):
    house = House()
    item = house.stored(seal="FQ-0001")
    other = workflow.Second(getattr(house, second), password)

    with refuses(RefusedInput) as refusal:
        workflow.open_seal(item, other, by=house.dm, reason="核对")

    assert list(refusal.value.errors) == [field]


def test_count_contents_anew_keeps_the_first_list():
    house = House()
    item = house.stored(house.logged(category="wallet"), contents=(workflow.Content("工作证"),))
    lines = [workflow.Content("工作证"), workflow.Content("钥匙一把")]

    workflow.count_contents(item, lines, second_of(house, house.dm), by=house.dm, reason="漏列")

    assert [x.text for x in item.contents.filter(removed_at=None).order_by("position")] == [
        "工作证",
        "钥匙一把",
    ]
    assert item.contents.exclude(removed_at=None).count() == 1


def test_count_contents_needs_the_witness_to_be_here():
    house = House()
    item = house.stored()

    with refuses(RefusedInput, match="输入密码"):
        workflow.count_contents(
            item,
            [workflow.Content("空")],
            workflow.Second(house.guard),
            by=house.dm,
            reason="漏列",
        )


def test_next_move_is_possible_once_the_guard_has_signed_on_his_own_account():
    house = House()
    item = house.stored(guard_password="")
    workflow.cosign(item, by=read(house.guard))

    workflow.move(item, house.other_shelf, second_of(house, house.dm), by=house.dm, reason="换柜")

    assert item.custody.filter(ended_at=None).count() == 1
