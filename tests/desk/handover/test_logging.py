"""The log of shifts and what a house counts at each change of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from propdesk.core.retention import declared, holds
from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import CountItem, ShiftLogEntry
from tests.desk.handover.shifts import Night, fresh
from tests.desk.handover.test_views import home, text_of
from tests.factories import web
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


def test_log_is_put_right_by_a_further_entry() -> None:
    night = Night()
    first = workflow.log(night.prop, "3号电梯停运", by=night.dm)

    second = workflow.log(night.prop, "是4号电梯", by=night.next, corrects=first)

    assert (second.corrects, second.shift, fresh(first).text) == (
        first,
        night.shift,
        "3号电梯停运",
    )


def test_log_of_a_record_on_hold_is_not_purged() -> None:
    night = Night()
    kept = workflow.log(night.prop, "3号电梯停运", by=night.dm)
    row = night.signed()
    later = workflow.log(night.prop, "4号电梯停运", by=night.next)

    def due() -> set[ShiftLogEntry]:
        soon = timezone.now() + timedelta(hours=1)
        return {entry for rows in declared.logs_before(night.prop, soon) for entry in rows}

    assert due() == {kept, later}
    hold = holds.set_hold(row.case, by=night.pm, reason="诉讼中")
    assert due() == {later}
    holds.lift_hold(hold, by=night.gm, reason="诉讼结束")
    assert due() == {kept, later}


def test_same_page_sent_twice_is_one_entry() -> None:
    night = Night()
    dm = web(night.dm)
    page = dm.get(home(night, "log/"))
    typed = {"text": "3号电梯停运", "form_token": page.context["form_token"]}
    assert page.context["form_token"] in page.content.decode()

    answers = [dm.post(home(night, "log/"), typed).status_code for _n in range(2)]
    dm.post(home(night, "log/"), typed | {"text": "3号电梯恢复"})

    assert (answers, ShiftLogEntry.objects.count()) == ([302, 302], 2)


@pytest.mark.parametrize(
    ("text", "hours", "error"),
    [(" ", 0, RefusedInput), ("电梯停运", 1, RefusedInput)],
    ids=["nothing said", "time to come"],
)
def test_log_is_refused(text: str, hours: int, error: type[Exception]) -> None:
    night = Night()
    at = timezone.now() + timedelta(hours=hours)

    with refuses(error):
        workflow.log(night.prop, text, by=night.dm, occurred_at=at)


def test_entry_of_another_house_is_not_corrected() -> None:
    foreign = workflow.log((other := Night()).prop, "别处的事", by=other.dm)
    night = Night()

    with refuses(ConflictError):
        workflow.log(night.prop, "更正", by=night.dm, corrects=foreign)


def test_count_of_one_name_is_listed_once() -> None:
    night = Night()
    workflow.list_count(night.prop, "总钥匙", "串", Decimal(12), by=night.pm)

    with refuses(ConflictError):
        workflow.list_count(night.prop, "总钥匙", "把", Decimal(1), by=night.pm)

    assert CountItem.objects.count() == 1


def test_count_is_changed_with_a_reason() -> None:
    night = Night()
    item = workflow.list_count(night.prop, "备用金", "元", Decimal(2000), by=night.pm)

    with refuses(RefusedInput):
        workflow.change_count(item, "元", Decimal(1), by=night.pm, active=True, reason="")
    workflow.change_count(
        item, "元", Decimal(3000), by=night.pm, active=False, reason="改由财务保管"
    )

    assert (fresh(item).expected, fresh(item).is_active) == (Decimal(3000), False)


# --- their pages ---------------------------------------------------------------------------


def test_log_is_written_and_put_right_on_the_page() -> None:
    night = Night()
    dm = web(night.dm)
    dm.post(home(night, "log/"), {"text": "3号电梯停运"})
    first = ShiftLogEntry.objects.get()

    dm.post(home(night, f"log/?corrects={first.pk}"), {"text": "是4号电梯"})
    text = text_of(dm, home(night, "log/"))

    assert ("更正：3号电梯停运" in text, ShiftLogEntry.objects.count()) == (True, 2)


def test_log_refused_keeps_the_words() -> None:
    night = Night()

    answer = web(night.dm).post(
        home(night, "log/"), {"text": "3号电梯停运", "occurred_at": "2199-01-01T00:00"}
    )

    text = answer.content.decode()
    assert (answer.status_code, "3号电梯停运" in text, ShiftLogEntry.objects.count()) == (
        422,
        True,
        0,
    )


def test_entry_of_another_house_is_not_there() -> None:
    other = Night()
    foreign = workflow.log(other.prop, "别处的事", by=other.dm)
    night = Night()

    assert web(night.dm).get(home(night, f"log/?corrects={foreign.pk}")).status_code == 404


def test_counts_are_listed_and_changed_on_the_page() -> None:
    night = Night()
    pm = web(night.pm)
    pm.post(home(night, "counts/"), {"name": "对讲机", "expected": "8", "unit": "部"})
    item = CountItem.objects.get()

    change = {"expected": "7.50", "unit": "部", "reason": "报废一部"}
    pm.post(home(night, f"counts/{item.pk}/"), change)
    twice = pm.post(home(night, "counts/"), {"name": "对讲机", "expected": "8", "unit": "部"})

    item.refresh_from_db()
    assert (str(item.expected), item.is_active, twice.status_code) == ("7.50", False, 409)
