"""The log of shifts and what a house counts at each change of them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from propdesk.core.transitions import ConflictError, RefusedInput
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import CountItem, Handover
from tests.desk.handover.shifts import Night, fresh
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


def test_log_is_put_right_by_a_further_entry() -> None:
    night = Night()
    first = workflow.log(night.prop, "3号电梯停运", by=night.dm)

    second = workflow.log(night.prop, "是4号电梯", by=night.next, corrects=first)

    assert (second.corrects, second.shift, fresh(first).text) == (
        first,
        night.shift,
        "3号电梯停运",
    )


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
