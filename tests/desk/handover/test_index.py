"""The first page: the next act of whoever looks at it, and those that are over as they were signed."""

import pytest
from django.utils import timezone

from propdesk.core.models import Shift
from propdesk.desk.handover import queries, workflow
from propdesk.desk.handover.models import Handover
from tests.desk.handover.shifts import Night
from tests.desk.handover.test_views import home, text_of, url
from tests.factories import web

pytestmark = pytest.mark.django_db


def test_draft_is_written_by_its_author_and_looked_at_by_others() -> None:
    night = Night()
    night.drafted()

    own, other = (text_of(web(user), home(night)) for user in (night.dm, night.next))

    assert ("继续填写" in own, "继续填写" in other, "查看" in other) == (True, False, True)


def test_shift_is_begun_by_whose_it_is_or_a_manager() -> None:
    night = Night()
    people = (night.dm, night.third, night.pm)

    before = ["开始交班</a>" in text_of(web(user), home(night)) for user in people]
    night.signed()
    after = ["开始交班</a>" in text_of(web(user), home(night)) for user in people]

    assert (before, after) == ([True, False, True], [False, False, True])


def test_draft_without_a_shift_names_no_end_of_it() -> None:
    night = Night()
    row = night.drafted()
    planned = text_of(web(night.dm), home(night))
    workflow.discard(row, by=night.dm, reason="点错了")
    Shift.objects.update(cancelled_at=timezone.now())
    workflow.draft(night.prop, by=night.dm)

    unplanned = text_of(web(night.dm), home(night))

    assert ("下班" in planned, "下班" in unplanned) == (True, False)


def two_signed(night: Night) -> list[Handover]:
    """A shift before its hour, then what a manager hands over beside the roster: that ends first."""
    first = night.signed()
    second = workflow.draft(night.prop, by=night.pm)
    return [first, night.taken(night.offered_over(second), night.next)]


def test_those_that_are_over_stand_as_they_were_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    night = Night()
    first, second = two_signed(night)
    monkeypatch.setattr(queries, "PAGE", 1)

    newest = queries.past(night.prop, "")
    older = queries.past(night.prop, newest.after)

    assert second.ends_at < first.ends_at
    assert (newest.rows, older.rows, older.after) == ([second], [first], "")
    assert queries.past(night.prop, "nonsense").rows == [second]


def test_those_that_are_over_are_turned_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    night = Night()
    first, second = two_signed(night)
    monkeypatch.setattr(queries, "PAGE", 1)
    client = web(night.dm)

    page = client.get(home(night))
    older = text_of(client, home(night) + page.context["older_url"])

    assert (url(second) in page.content.decode(), url(first) in older) == (True, True)
    assert url(second) not in older
