"""Beat, worker, broker and database alive: what is due is flagged and told by itself."""

import os
import signal

import psycopg
import pytest

from tests.platform.stack import Stack, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.slow]


def _sql(stack: Stack, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(
        host=str(stack.home / "run"), user="propdesk", dbname="propdesk", autocommit=True
    ) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def _let_a_promise_pass(stack: Stack) -> int:
    """Arm one more clock of a complaint under way, due five minutes ago: as if three hours went."""
    rows = _sql(
        stack,
        "INSERT INTO core_clock (case_id, rule, due_at, merged) "
        "SELECT case_id, rule, now() - interval '5 minutes', false FROM core_clock "
        "WHERE rule = 'incidents.overdue' AND stopped_at IS NULL ORDER BY id DESC LIMIT 1 "
        "RETURNING id",
    )
    (clock,) = rows[0]
    assert isinstance(clock, int)
    return clock


def _told(stack: Stack, clock: int) -> set[str]:
    """Roles of the people who have a notice of this clock in their inbox, handed on."""
    rows = _sql(
        stack,
        "SELECT DISTINCT m.role FROM core_notice n "
        "JOIN core_delivery d ON d.notice_id = n.id AND d.state = 'sent' "
        "JOIN core_membership m ON m.user_id = n.recipient_id "
        "WHERE n.key = %s",
        f"clock:{clock}",
    )
    return {str(role) for (role,) in rows}


def test_beat_flags_an_overdue_promise_and_tells_owner_and_property_manager(stack):
    clock = _let_a_promise_pass(stack)

    wait_for(lambda: _told(stack, clock), 130, "the overdue notice is handed on")

    assert {"duty_manager", "property_manager"} <= _told(stack, clock)
    assert _sql(
        stack,
        "SELECT count(*), count(DISTINCT recipient_id) FROM core_notice WHERE key = %s",
        f"clock:{clock}",
    ) == [(len(_recipients(stack, clock)), len(_recipients(stack, clock)))]


def _recipients(stack: Stack, clock: int) -> list[object]:
    return [
        row[0]
        for row in _sql(
            stack, "SELECT recipient_id FROM core_notice WHERE key = %s", f"clock:{clock}"
        )
    ]


def test_killed_worker_and_broker_delay_a_flag_but_lose_nothing(stack):
    for word in ("valkey", "--queues default"):
        for pid in stack.children(word)[:1]:
            os.kill(pid, signal.SIGKILL)
    clock = _let_a_promise_pass(stack)

    wait_for(lambda: _told(stack, clock), 150, "flagged after worker and broker came back")

    assert _sql(stack, "SELECT fired_at IS NOT NULL FROM core_clock WHERE id = %s", clock) == [
        (True,)
    ]
    wait_for(lambda: stack.status("/healthz/ready") == 200, 60, "the house is ready again")
