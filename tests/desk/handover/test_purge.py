"""A hand-over whose term is over: signed, with confidential lines, is emptied like any other (ADR 0042)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from propdesk.core import audit
from propdesk.core.models import Case
from propdesk.core.retention import declared, running
from propdesk.desk.handover.models import HIDDEN, HandoverLine
from tests.desk.handover.shifts import Night, fresh, with_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def night() -> Night:
    """A shift with a complaint and a confidential event to hand over, signed a long time ago."""
    night = Night()
    night.started()
    with_event(night, "death")
    row = night.signed()
    Case.objects.filter(pk=row.pk).update(closed_at=F("closed_at") - timedelta(days=400))
    return night


def lines() -> "list[HandoverLine]":
    return list(HandoverLine.objects.order_by("pk"))


def test_signed_hand_over_is_emptied_and_its_chain_verifies(night, as_owner):
    case = Case.objects.get(kind=Case.Kind.HANDOVER)
    assert {line.restricted for line in lines()} == {True, False}

    with as_owner():
        run, taken, proof = running.purge(night.prop, by=fresh(night.pm), reason="年度清理")

    assert (taken.cases, taken.passed, proof.left, run.left) == ([case.pk], [], {}, 0)
    assert {line.title for line in lines()} == {declared.MARK}
    assert audit.problems(Case.objects.get(pk=case.pk)) == []


@pytest.mark.parametrize("table", ["desk_handoverline", "desk_handovercount", "desk_patrolcheck"])
def test_word_of_the_purge_opens_nothing_to_the_application(night, table, as_owner):
    def change(role_word: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('propdesk.purging', %s, true)", [role_word])
            cursor.execute(f"UPDATE {table} SET id = id")  # noqa: S608 -- a table of ours

    with pytest.raises(IntegrityError, match="is frozen"):
        change("on")
    with as_owner(), pytest.raises(IntegrityError, match="is frozen"):
        change("off")
    with as_owner():
        change("on")


def test_case_the_database_does_not_let_go_is_named_and_the_rest_goes(
    night, as_owner, monkeypatch, caplog
):
    case = Case.objects.get(kind=Case.Kind.HANDOVER)
    monkeypatch.setattr(declared, "MARK", "别的字")  # no word the check of confidential lines knows

    with as_owner():
        run, taken, _proof = running.purge(night.prop, by=fresh(night.pm), reason="年度清理")

    assert (taken.cases, taken.passed, run.skipped) == ([], [case.number], 1)
    assert "desk_line_restricted_says_nothing" in caplog.text
    assert HIDDEN in {line.title for line in lines()}
    assert case.number not in caplog.text
