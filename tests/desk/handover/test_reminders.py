"""Urgent notices keep coming while an event runs: they never send two people back to the beginning."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Complaint
from propdesk.core import notices
from propdesk.core.models import Case
from propdesk.core.notices import notify
from propdesk.desk.handover import package, workflow
from propdesk.desk.handover.models import Handover
from propdesk.desk.handover.workflow import ChangedError
from tests.desk.handover.shifts import Night, fresh
from tests.desk.handover.test_views import text_of, url
from tests.factories import PASSWORD, web
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
S = Handover.Status


def remind(night: Night, complaint: Complaint, *keys: str) -> None:
    """One urgent notice a key to the outgoing manager."""
    for key in keys:
        text, rule = f"【催办】{key}", "test.reminder"
        notify(complaint.case, rule=rule, text=text, key=key, also=[night.dm], urgent=True)


def confirm(night: Night) -> None:
    """The outgoing manager confirms all he was told."""
    for delivery in notices.unread(night.dm).filter(notice__urgent=True):
        notices.acknowledge(delivery, by=night.dm)


@pytest.fixture
def night(db: None) -> Night:
    night = Night()
    remind(night, night.new(), "一催", "二催", "三催")
    return night


def complaint_of(night: Night) -> Complaint:
    return Complaint.objects.get(case__property=night.prop)


def test_notices_of_one_case_are_one_line(night: Night) -> None:
    row = night.drafted()

    line = row.lines.get(kind="notice")

    assert (line.title, line.state) == ("【催办】三催", "3 条未确认")


CHANGES: dict[str, Any] = {
    "one more": lambda n: remind(n, complaint_of(n), "四催"),
    "confirmed": confirm,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("signed", [False, True], ids=["first signature", "second signature"])
def test_notice_that_comes_or_is_confirmed_stops_no_signature(
    night: Night, change: str, signed: bool
) -> None:
    row = night.offered_over() if signed else night.written()
    CHANGES[change](night)

    if not signed:
        row = workflow.offer(row, PASSWORD, by=night.dm)
    row = night.signed(row)

    assert (row.status, row.lines.filter(dropped_at=None).count()) == (S.SIGNED, 2)


@pytest.mark.parametrize("change", CHANGES)
def test_refresh_leaves_a_signature_alone_when_only_notices_changed(
    night: Night, change: str
) -> None:
    row = night.offered_over()
    CHANGES[change](night)

    assert not workflow.refresh(row, by=night.next)
    assert fresh(row).status == S.OFFERED


def test_what_came_after_the_draft_is_shown_until_it_is_confirmed(night: Night) -> None:
    row = night.offered_over()
    incoming = web(night.next)
    before = text_of(incoming, url(row, "accept/"))
    remind(night, complaint_of(night), "四催")

    shown = text_of(incoming, url(row, "accept/"))
    confirm(night)
    after = text_of(incoming, url(row, "accept/"))

    said = "起草后新到的紧急通知"
    assert [said in text for text in (before, shown, after)] == [False, True, False]
    assert ("四催" in shown, "四催" in after) == (True, False)


def test_words_of_a_case_that_became_confidential_go(night: Night) -> None:
    row = night.offered_over()
    confirm(night)
    Case.objects.filter(pk=complaint_of(night).pk).update(restricted=True)

    with refuses(ChangedError):
        night.signed(row)
    workflow.refresh(row, by=night.next)

    line = row.lines.get(kind="notice")
    assert (line.title, line.state, line.restricted) == ("保密事项", "", True)
    assert workflow.offer(night.written(fresh(row)), PASSWORD, by=night.dm).status == S.OFFERED


def test_confidential_case_is_its_number_among_what_came_later(night: Night) -> None:
    row = night.offered_over()
    remind(night, complaint_of(night), "四催")
    Case.objects.filter(pk=complaint_of(night).pk).update(restricted=True)

    assert "四催" not in text_of(web(night.next), url(row, "accept/"))


def test_what_came_later_is_found_in_one_statement(
    night: Night, django_assert_num_queries: Any
) -> None:
    since = timezone.now() - timedelta(hours=1)

    for cases in (1, 3):
        with django_assert_num_queries(1):
            found = package.unconfirmed(night.prop, night.dm.pk, since)
        assert len(found) == cases
        for _n in range(2):
            remind(night, night.new(), "一催")
