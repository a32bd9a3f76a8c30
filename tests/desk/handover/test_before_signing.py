"""Nobody signs blind: all that is handed over lies before both signatures."""

import pytest

from propdesk.desk.handover import workflow
from tests.desk.handover.left import short
from tests.desk.handover.shifts import Night
from tests.desk.handover.test_views import text_of, url
from tests.factories import PASSWORD, web

pytestmark = pytest.mark.django_db
LEFT = (
    "备用金",
    '<b class="tx c-red">50 不符</b>',
    "借给工程部买灯管",
    "后门锁坏了",
    "在住 168 间",
    "1806 早起用车",
    "电梯困人，已放出",
)
"""A thing that does not tally, why; what the patrol found; rooms, residents, the log."""


def test_all_that_is_left_lies_before_the_first_signature() -> None:
    night = Night()
    row = short(night)

    text = text_of(web(night.dm), url(row, "offer/"))

    assert [words for words in LEFT if words not in text] == []


def test_all_that_is_left_lies_before_the_second_signature() -> None:
    night = Night()
    row = workflow.offer(short(night), PASSWORD, by=night.dm)

    text = text_of(web(night.next), url(row, "accept/"))

    assert [words for words in LEFT if words not in text] == []
    assert text.index("后门锁坏了") < text.index('name="password"')
