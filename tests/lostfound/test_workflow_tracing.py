"""L-D: a clue is traced, no clue is reported, and the notice starts the periods of the law."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lostfound import workflow
from lostfound.models import FoundItem
from propdesk.core.models import Clock, Membership, Notice, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.incidents.moves import refuses
from tests.lostfound import moves
from tests.lostfound.journey import House, S, ago, fresh

pytestmark = pytest.mark.django_db
Rule = workflow.Rule


def test_clue_that_is_yes_leads_to_tracing_and_one_without_words_is_refused():
    house = House()
    item = house.stored()

    with refuses(RefusedInput, match="有什么线索"):
        workflow.decide_clue(item, "yes", by=house.dm)
    with refuses(RefusedInput, match="有没有线索"):
        workflow.decide_clue(item, "", by=house.dm)
    workflow.decide_clue(item, "yes", by=house.dm, text="有名片")

    assert (fresh(item).status, fresh(item).clue_text) == (S.TRACING, "有名片")


def test_no_clue_tells_the_property_manager_with_notice_task_and_clock():
    house = House()

    item = house.ownerless()

    notice = Notice.objects.get(rule="lostfound.ownerless")
    assert (item.status, item.ownerless_notice, notice.recipient) == (S.OWNERLESS, notice, house.pm)
    task = Task.objects.get(done_at=None)
    assert (task.kind, task.role) == ("ownerless", Role.PROPERTY_MANAGER)
    clock = Clock.objects.get(rule=Rule.ACK_LATE)
    assert clock.due_at == item.ownerless_at + timedelta(hours=24)
    assert Clock.objects.get(rule=Rule.TRACE_LATE).stopped_at is not None


def test_no_clue_at_receipt_is_reported_in_the_same_act():
    house = House()

    item = house.stored(clue="no")

    assert (item.status, item.ownerless_notice.recipient) == (S.OWNERLESS, house.pm)


def test_no_clue_in_a_house_without_any_manager_is_refused():
    house = House()
    item = house.stored()
    Membership.objects.filter(user__in=[house.pm, house.gm]).delete()

    with refuses(RefusedInput, match="没有物业经理"):
        workflow.decide_clue(item, "no", by=house.dm)


def test_no_clue_without_a_property_manager_goes_to_the_general_manager():
    house = House()
    item = house.stored()
    Membership.objects.filter(user=house.pm).delete()

    workflow.decide_clue(item, "no", by=house.dm)

    assert fresh(item).ownerless_notice.recipient == house.gm


def test_thing_with_a_clue_is_not_ownerless_before_somebody_tried():
    house = House()
    item = house.tracing()

    with refuses(ConflictError, match="至少登记一次查找"):
        workflow.report_ownerless(item, by=house.dm)
    workflow.trace(item, by=house.dm, via="phone", text="打过电话", outcome="no_answer")
    workflow.report_ownerless(item, by=house.dm)

    assert fresh(item).status == S.OWNERLESS


def test_thing_nobody_looked_at_becomes_ownerless_without_a_clue():
    house = House()
    item = house.stored()

    workflow.report_ownerless(item, by=house.dm)

    assert (fresh(item).status, fresh(item).clue) == (S.OWNERLESS, FoundItem.Clue.NO)


def test_trace_stops_the_clock_and_a_stored_thing_is_being_traced():
    house = House()
    item = house.stored()

    workflow.trace(item, by=house.dm, via="records", text="查了入住登记", outcome="waiting")

    item = fresh(item)
    assert (item.status, item.clue, item.clue_text) == (S.TRACING, "yes", "查了入住登记")
    assert Clock.objects.get(rule=Rule.TRACE_LATE).stopped_at is not None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("via", {"via": "pigeon"}),
        ("outcome", {"outcome": "maybe"}),
        ("text", {"text": ""}),
        ("tried_at", {"tried_at": ago(days=2)}),
        ("tried_at", {"tried_at": timezone.now() + timedelta(days=1)}),
    ],
)
def test_trace_that_lacks_something_names_it_and_changes_nothing(field, changes):
    house = House()
    item = house.tracing()
    values = {"via": "phone", "text": "打电话", "outcome": "no_answer"} | changes

    with refuses(RefusedInput) as refusal:
        workflow.trace(item, by=house.dm, **values)

    assert list(refusal.value.errors) == [field]


def test_acknowledge_ends_task_and_clock_once():
    house = House()
    item = house.ownerless()

    workflow.acknowledge(item, by=house.pm)

    item = fresh(item)
    assert (item.ownerless_acked_by, Task.objects.filter(done_at=None).count()) == (house.pm, 0)
    assert Clock.objects.get(rule=Rule.ACK_LATE).stopped_at is not None
    with refuses(ConflictError, match="已经登记知悉"):
        workflow.acknowledge(item, by=house.pm)


def test_acknowledge_of_what_was_never_reported_is_refused():
    house = House()
    item = house.stored()

    with refuses(ConflictError, match="没有上报无主"):
        workflow.acknowledge(item, by=house.pm)


def test_announce_keeps_the_first_day_and_every_channel():
    house = House()
    item = house.stored()
    today = timezone.localdate()

    workflow.announce(item, by=house.dm, published_on=today, channel="board")
    workflow.announce(item, by=house.dm, published_on=today, channel="web")

    assert fresh(item).announced_on == today
    assert item.announcements.count() == 2
    with refuses(ConflictError, match="已经在这个渠道公告过"):
        workflow.announce(item, by=house.dm, published_on=today, channel="web")


@pytest.mark.parametrize("days", [-1, 1])
def test_announce_on_a_day_before_the_find_or_to_come_is_refused(days):
    house = House()
    item = house.stored()

    with refuses(RefusedInput, match="公告日期"):
        workflow.announce(
            item,
            by=house.dm,
            published_on=timezone.localdate() + timedelta(days=days),
            channel="board",
        )


def test_announce_under_the_rules_for_hotels_starts_the_term():
    house = House()
    house.prop.settings.retention = "hotel"
    house.prop.settings.save()
    item = house.stored()
    before = item.expires_on

    workflow.announce(item, by=house.dm, published_on=timezone.localdate(), channel="board")

    item = fresh(item)
    assert before is None
    assert item.expires_on == workflow.terms.term_of(item, item.value)
    assert Clock.objects.filter(rule=Rule.EXPIRED, stopped_at=None).count() == 1


def test_reports_of_one_thing_name_number_and_category_only():
    house = House()
    house.ownerless()
    moves.from_outside(house)

    texts = " ".join(Notice.objects.values_list("text", flat=True))

    for hidden in ("蓝色", "裂纹", "王先生", "大堂"):
        assert hidden not in texts
