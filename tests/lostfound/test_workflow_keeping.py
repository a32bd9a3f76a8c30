"""Corrections, photos, the police and taking back a slip; what nobody may do to his own."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.utils import timezone

from lostfound import retention, workflow
from lostfound.models import FoundItem
from lostfound.workflow import Rule
from propdesk.core import audit, stale
from propdesk.core.models import Attachment, Case, Notice, Task, Unmasking
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, member
from tests.incidents.moves import refuses
from tests.lostfound import claiming, disposing, moves
from tests.lostfound.journey import House, S, ago, fresh, photo
from tests.lostfound.moves import chain, facts

pytestmark = pytest.mark.django_db
RECEIPT = workflow.PoliceReceipt(proof="接收字第7号", receiver="警号 012345")


def police(house, item, receipt=RECEIPT, password=PASSWORD, by=None):
    second = workflow.Second(house.guard, password)
    return workflow.hand_to_police(item, receipt, second, by=by or house.dm)


def test_correct_keeps_what_stood_there_and_rewrites_the_search():
    house = House()
    item = house.stored()

    workflow.correct(item, facts(item, features="深蓝色手机"), by=house.dm, reason="看错颜色")

    old = item.history.order_by("history_id").last()
    assert (old.features, old.history_change_reason) == ("深蓝色手机", "看错颜色")
    assert item.history.filter(features=moves.FIND.features).exists()
    assert "深蓝色手机" in fresh(item).case.search.details
    assert audit.problems(fresh(item).case) == []


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("category", {"category": "x"}),
        ("name", {"name": ""}),
        ("features", {"features": ""}),
        ("quantity", {"quantity": 0}),
        ("place", {"place_note": ""}),
    ],
)
def test_correct_to_something_incomplete_names_it(field, changes):
    house = House()
    item = house.stored()

    with refuses(RefusedInput) as refusal:
        workflow.correct(item, facts(item, **changes), by=house.dm, reason="更正")

    assert list(refusal.value.errors) == [field]


def test_correct_without_reason_or_change_is_refused():
    house = House()
    item = house.stored()

    with refuses(RefusedInput, match="更正的原因"):
        workflow.correct(item, facts(item, name="旧手机"), by=house.dm, reason="")
    with refuses(ConflictError, match="没有变化"):
        workflow.correct(item, facts(item), by=house.dm, reason="更正")


def test_correct_from_an_old_page_shows_what_stands_there_now():
    house = House()
    item = house.stored()
    seen = stale.seen(workflow.edited(item))
    workflow.correct(item, facts(item, name="智能手机"), by=house.dm, reason="写全")

    with refuses(ConflictError) as refusal:
        workflow.correct(item, facts(item, name="老人机"), by=house.dm, reason="写全", seen=seen)

    assert ("name", "现在的“物品名称”：智能手机") in refusal.value.missing


def test_remove_attachment_strikes_out_and_keeps_the_file():
    house = House()
    item = house.logged()
    row = Attachment.objects.get()

    with refuses(RefusedInput, match="撤下照片的原因"):
        workflow.remove_attachment(row, by=house.dm, reason="")
    workflow.remove_attachment(row, by=house.dm, reason="拍到人")

    row.refresh_from_db()
    assert (row.removed_by, bool(row.file)) == (house.dm, True)
    assert audit.problems(fresh(item).case) == []


def test_contraband_goes_to_the_police_with_receipt_and_two_people():
    house = House()
    item = moves.contraband(house)

    police(house, item, workflow.PoliceReceipt("接收字第7号", "警号 012345", photo=photo("gray")))

    item = fresh(item)
    assert (item.status, item.case.is_open) == (S.POLICE, False)
    link = chain(item)[-1]
    assert (link.kind, link.manager, link.guard, link.ended_at) == (
        "police",
        house.dm,
        house.guard,
        None,
    )
    assert Notice.objects.filter(rule="lostfound.police", recipient=house.pm).count() == 1
    assert Task.objects.filter(done_at=None).count() == 0
    assert audit.problems(item.case) == []


@pytest.mark.parametrize(
    ("field", "receipt"),
    [
        ("proof", workflow.PoliceReceipt("", "警号 012345")),
        ("receiver", workflow.PoliceReceipt("接收字第7号", "")),
        ("handed_at", workflow.PoliceReceipt("接收字第7号", "警号 1", handed_at=ago(days=2))),
    ],
)
def test_police_without_receipt_or_before_the_find_is_refused(field, receipt):
    house = House()
    item = moves.contraband(house)

    with refuses(RefusedInput) as refusal:
        police(house, item, receipt)

    assert list(refusal.value.errors) == [field]


def test_police_without_the_second_person_is_refused():
    house = House()
    item = moves.contraband(house)

    with refuses(RefusedInput, match="密码不对"):
        police(house, item, password="wrong")


def unforbidden(house):
    """Received as a phone; a property manager who had no hand in it found out that it is a weapon."""
    item = house.stored()
    change = facts(item, category="contraband")
    return fresh(workflow.correct(item, change, by=house.pm, reason="公安认定"))


def told(rule):
    return set(Notice.objects.filter(rule=rule).values_list("recipient", "text"))


@pytest.mark.parametrize("category", ["contraband", "food", "medicine"])
def test_category_that_opens_another_way_out_takes_a_manager_without_a_hand_in_it(category):
    house = House()
    item = house.stored()

    with refuses(RefusedInput, match="须由没有登记、拾获、接收过它的经理更正") as refusal:
        workflow.correct(item, facts(item, category=category), by=house.dm, reason="看错")
    assert list(refusal.value.errors) == ["category"]
    workflow.correct(item, facts(item, category=category), by=house.pm, reason="看错")

    label = fresh(item).get_category_display()
    text = f"【类别已更正】{item.case.number} · {label}（原为手机，¥1,500.00）"
    people = (house.dm, house.guard, house.guard2, house.gm)
    assert told("lostfound.category") == {(user.pk, text) for user in people}
    assert fresh(item).case.entries.get(action="correct").content["info"] == {
        "category": ["phone", category],
        "fields": ["category"],
    }


def test_category_within_the_same_way_is_the_duty_managers():
    house = House()
    item = house.stored()

    workflow.correct(item, facts(item, category="electronics"), by=house.dm, reason="看错")

    assert (fresh(item).category, told("lostfound.category")) == ("electronics", set())


def test_manager_who_received_it_himself_does_not_change_its_way():
    house = House()
    item = house.logged()
    workflow.receive(item, house.receipt(), by=house.pm)

    with refuses(RefusedInput, match="须由没有登记"):
        workflow.correct(item, facts(item, category="contraband"), by=house.pm, reason="看错")


def test_thing_made_contraband_after_receipt_goes_to_the_police_by_others_and_both_managers_hear():
    house = House()
    item = unforbidden(house)

    with refuses(ConflictError, match="须由另外两人"):
        police(house, item, by=house.pm)
    police(house, item)

    text = f"【已移交公安】{item.case.number} · 违禁危险品，回执 接收字第7号"
    assert told("lostfound.police") == {(house.pm.pk, text), (house.gm.pk, text)}


def test_police_for_anything_else_goes_by_the_approval_paper():
    house = House()
    item = house.stored()

    with refuses(ConflictError, match="只有违禁危险品"):
        police(house, item)


def clean(item, batch):
    """What is wrong with the two chains."""
    return [p for row in (item, batch) for p in audit.problems(Case.objects.get(pk=row.pk))]


# --- another category ----------------------------------------------------------------------


def into(house, item, category):
    workflow.correct(item, facts(fresh(item), category=category), by=house.gm, reason="看错了")
    return fresh(item)


def armed(item, rule=Rule.CATEGORY_DUE):
    rows = item.case.clocks.filter(rule=rule, fired_at=None, stopped_at=None)
    return list(rows.values_list("due_at", flat=True))


@pytest.mark.parametrize("ready", [House.logged, House.stored, House.ownerless])
def test_contraband_found_out_later_is_told_of_as_when_it_is_logged(ready):
    house = House()
    item = ready(house)

    item = into(house, item, "contraband")

    told = Notice.objects.filter(case=item.case, text__startswith="【违禁危险品，立即处理】")
    assert {notice.recipient for notice in told} == {
        house.dm,
        house.guard,
        house.guard2,
        house.pm,
    }
    assert set(told.values_list("urgent", flat=True)) == {True}
    assert audit.problems(item.case) == []


@pytest.mark.parametrize("state", ["draft", "submitted", "reviewed", "decided"])
def test_contraband_found_out_later_leaves_its_paper_and_goes_to_the_police(state):
    house = House()
    with disposing.on(disposing.LATER):
        batch = disposing.READY[state](house)
    item = fresh(batch.lines.get().item)

    item = into(house, item, "contraband")
    line = batch.lines.get()
    police(house, item)

    assert (line.state, item.status, item.last_day) == ("dropped", S.STORED, None)
    assert disposing.read(batch).status == ("done" if state == "decided" else "withdrawn")
    assert fresh(item).status == S.POLICE
    assert clean(item, batch) == []


def test_contraband_that_is_being_disposed_of_goes_to_the_police_with_its_line():
    house = House()
    with disposing.on(disposing.LATER):
        batch = disposing.decided(house)
    item = batch.lines.get().item
    FoundItem.objects.filter(pk=item.pk).update(category="contraband", expires_on=None)

    police(house, fresh(item))

    assert (fresh(item).status, batch.lines.get().state) == (S.POLICE, "dropped")
    assert disposing.read(batch).status == "done"
    assert clean(item, batch) == []


def test_contraband_is_neither_claimed_nor_given_back_nor_disposed_of():
    house = House()
    item, claimed = into(house, house.stored(), "contraband"), claiming.verified(house)
    FoundItem.objects.filter(pk=claimed.pk).update(category="contraband", expires_on=None)
    claimant = claiming.W.Claimant(claiming.GUEST)

    with refuses(ConflictError, match="违禁危险品只能移交公安"):
        workflow.describe(item, claimant, "我的刀", by=house.desk)
    with refuses(ConflictError, match="违禁危险品只能移交公安"):
        workflow.rival(fresh(claimed), claimant, "我的刀", by=house.desk)
    with refuses(ConflictError, match="违禁危险品只能移交公安"):
        claiming.give_back(house, claimed)
    ask = workflow.Ask(item, "sell", early="dangerous", early_reason="危险")
    with refuses(ConflictError, match=f"违禁危险品不走审批，请直接移交公安：{item.case.number}。"):
        workflow.start_batch(house.prop, [ask], "处理", by=house.dm)


def test_category_brings_its_own_date_and_takes_it_away_again():
    house = House()
    item = house.stored()

    as_food = armed(into(house, item, "food"))
    as_phone = armed(into(house, item, "phone"))
    as_medicine = armed(into(house, item, "medicine"))

    due = [retention.expires_at(item.received_on + timedelta(days=n)) for n in (3, 15)]
    assert (as_food, as_phone, as_medicine) == (due[:1], [], due[1:])


def test_category_whose_own_date_is_past_is_due_now():
    house = House()
    with disposing.on(ago(days=20)):
        item = house.stored()

    into(house, item, "food")
    workflow.flag_due(timezone.now() + timedelta(minutes=1))

    assert Notice.objects.filter(case=item.case, rule=Rule.CATEGORY_DUE).count() == 1


def test_category_that_has_no_term_moves_what_is_due_next():
    house = House()
    item = house.traced()

    item = into(house, item, "contraband")

    assert (item.expires_on, item.next_due_at) == (None, item.handed_at + timedelta(days=366))


@pytest.mark.parametrize("category", ["cash", "wallet", "bag"])
def test_thing_in_the_cupboard_that_is_a_container_is_to_be_counted_by_two(category):
    house = House()
    item = into(house, house.stored(), category)
    asked = list(item.case.tasks.filter(done_at=None).values_list("kind", "role"))

    second = workflow.Second(house.guard, PASSWORD)
    workflow.count_contents(item, [workflow.Content("空")], second, by=house.dm, reason="更正")

    task = item.case.tasks.get()
    assert asked == [("count_contents", Role.DUTY_MANAGER)]
    assert (task.done_by, task.outcome) == (house.dm, "counted")
    assert audit.problems(fresh(item).case) == []


def test_container_that_is_none_after_all_is_not_to_be_counted():
    house = House()

    item = into(house, into(house, house.stored(), "wallet"), "phone")

    assert item.case.tasks.get().outcome == "corrected"


def test_container_whose_contents_are_listed_is_not_counted_again():
    house = House()
    item = house.logged(category="wallet")
    item = house.stored(item, contents=(workflow.Content("空"),))

    assert into(house, item, "bag").case.tasks.count() == 0


# --- the end -------------------------------------------------------------------------------


def test_void_takes_the_thing_off_its_paper():
    house = House()
    item = house.stored(house.logged(category="food"))
    ask = workflow.Ask(item, "destroy", early_reason="放不久")
    batch = disposing.read(workflow.start_batch(house.prop, [ask], "处理", by=house.dm))

    workflow.void_stored(item, by=house.gm, where="并入另一件", reason="重复登记")

    line = batch.lines.get()
    batch = disposing.read(batch)
    assert (line.state, batch.status, batch.ended_reason) == (
        "dropped",
        "withdrawn",
        "物品已另行处理",
    )
    told = Notice.objects.filter(case=batch.case, text__contains="已另行处理，撤下审批单")
    assert {notice.recipient for notice in told} == {house.dm, house.guard, house.guard2}
    assert batch.case.entries.order_by("-seq").first().action == "line_dropped"
    assert clean(item, batch) == []


def test_ended_thing_cannot_be_changed_by_the_database_itself():
    house = House()
    item = moves.contraband(house)
    police(house, item)

    with refuses(ConflictError, match="现在是“已移交公安”"):
        workflow.correct(item, facts(item, name="刀"), by=house.dm, reason="更正")


def test_void_keeps_the_number_and_is_for_another_manager():
    house = House()
    finder = member(house.prop, Role.PROPERTY_MANAGER)
    item = house.logged(by=finder)

    with refuses(ConflictError, match="另一位经理"):
        workflow.void(item, by=finder, reason="重复")
    with refuses(RefusedInput, match="作废的原因"):
        workflow.void(item, by=house.pm, reason="")
    workflow.void(item, by=house.pm, reason="重复")

    item = fresh(item)
    assert (item.status, item.void_reason, item.case.is_open) == (S.VOIDED, "重复", False)


def test_void_of_what_lies_in_the_store_is_for_the_general_manager_and_all_are_told():
    house = House()
    item = house.stored()

    with refuses(ConflictError, match="现在是"):
        workflow.void(item, by=house.gm, reason="重复")
    with refuses(PermissionDenied):
        workflow.void_stored(item, by=house.pm, where="原柜", reason="重复")
    with refuses(RefusedInput) as refusal:
        workflow.void_stored(item, by=house.gm, where="", reason="")
    assert sorted(refusal.value.errors) == ["reason", "where"]
    workflow.void_stored(item, by=house.gm, where="并入前一编号", reason="重复")

    item = fresh(item)
    assert (item.status, item.void_reason) == (S.VOIDED, "重复（物品现在：并入前一编号）")
    text = f"【已入库的登记作废】{item.case.number} · 手机"
    people = (house.dm, house.pm, house.guard, house.guard2)
    assert told("lostfound.void") == {(user.pk, text) for user in people}
    assert audit.problems(item.case) == []


def test_general_manager_who_received_it_does_not_void_it():
    house = House()
    item = house.logged()
    workflow.receive(item, house.receipt(), by=house.gm)

    with refuses(ConflictError, match="另一位经理"):
        workflow.void_stored(item, by=house.gm, where="原柜", reason="重复")


def test_unmask_is_logged_and_for_people_of_this_thing_only():
    house = House()
    item = moves.from_outside(house)
    other = moves.from_outside(house)

    with refuses(ConflictError, match="没有这个人"):
        workflow.unmask(item, other.finder_id, by=house.dm, reason="联系")
    workflow.unmask(item, item.finder_id, by=house.dm, reason="联系拾获人")

    assert (Unmasking.objects.get().person, Unmasking.objects.get().by) == (item.finder, house.dm)


def test_link_is_on_both_chains():
    house = House()
    item, other = house.logged(), house.logged()

    workflow.link(item, other.case.number, by=house.dm, note="同一人")

    for each in (item, other):
        assert fresh(each).case.entries.filter(action="link").count() == 1
        assert audit.problems(fresh(each).case) == []


def test_photo_larger_than_the_cap_is_refused():
    house = House()
    item = house.logged()

    with refuses(RefusedInput):
        workflow.attach_all(item, [ContentFile(b"x" * 100).read()], by=house.guard)
