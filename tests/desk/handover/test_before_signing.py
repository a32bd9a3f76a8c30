"""Nobody signs blind: all that is handed over lies before both signatures."""

import re

import pytest

from incidents import workflow as incidents
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from tests.desk.handover.left import short
from tests.desk.handover.shifts import Night, fresh
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


def test_lines_drafted_anew_since_the_draft_lie_before_the_first_signature() -> None:
    night = Night()
    altered, same, gone = night.new(), night.new(), night.new()
    row = night.drafted()
    assert updated(night, row) == (set(), "")

    incidents.change_severity(altered, by=night.dm, severity="major", reason="有人受伤")
    incidents.void(gone, by=night.pm, reason="重复登记")
    late = night.new()
    workflow.refresh(fresh(row), by=night.dm)

    numbers, dropped = updated(night, row)
    assert numbers == {altered.case.number, late.case.number}
    assert (gone.case.number in dropped, same.case.number in dropped) == (True, False)


def updated(night: Night, row: Handover) -> tuple[set[str], str]:
    """Numbers under 起草后更新过的事项, and what stands folded as settled since."""
    text = text_of(web(night.dm), url(row, "offer/"))
    lines = text.partition("起草后更新过的事项")[2].partition("</section>")[0]
    dropped = text.partition("起草后已了结")[2].partition("</section>")[0]
    return set(re.findall(r"TS-\d{8}-\d{3}", lines)), dropped
