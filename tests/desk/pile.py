"""Closed cases by the thousand, copied inside the database: what a page costs while they pile up."""

from typing import Any

from django.db import connection

from emergencies.models import Call, Event, Involved
from incidents.models import Complaint, Promise
from lostfound.models import CustodyMove, FoundItem
from propdesk.core.models import AuditEntry, Case, Clock, Delivery, Notice, Person, Property, Task
from propdesk.core.roles import Role
from tests.emergencies.journey import House as Events
from tests.incidents.journey import House
from tests.lostfound.journey import House as Found

AFTER = 1_000_000
"""Keys of copied complaints begin here; those of things and events five and eight times later."""
THINGS, EVENTS = 10, 100
"""Complaints for one found thing, for one event."""
AGO = "now() - n * interval '7 minutes'"


def house_at_work() -> House:
    """A house with twenty complaints, seven things and three events open, and one of each to copy."""
    house = House()
    closed = house.closed()
    at, by = closed.case.closed_at, house.dm
    done = {"done_at": at, "done_by": by, "created_at": at, "text": "x", "kind": "x"}
    Task(case=closed.case, property=house.prop, role=Role.DUTY_MANAGER, **done).save()
    for _n in range(20):
        house.new()
    things = Found(prop=house.prop)
    # Each journey makes departments of its own, and a house has one of a name.
    things.security.name = "保安一部"
    things.security.save()
    events = Events(prop=house.prop)
    for _n in range(8):
        things.stored()
    for kind in ("drunk_guest", "medical", "power_outage", "drunk_guest"):
        events.started(kind)
    return house


def copies(model: Any, pk: Any, first: int, last: int, every: int = 1, **changed: str) -> None:
    """Rows like ``pk``, one for each ``every`` of ``first`` … ``last``; ``changed`` is SQL in ``n``."""
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} "  # noqa: S608 -- our own names
            f"FROM {table} t, generate_series({first}, {last}) n "
            f"WHERE t.{key} = %s AND mod(n, {every}) = 0",
            [pk],
        )


def pile(first: int, last: int) -> None:
    """Closed complaints ``first`` … ``last`` with an act, a notice, a promise, a task and a clock each.

    Of ten one comes with a found thing that was given up, of a hundred one with an archived event.
    """
    prop = Property.objects.get()
    complaint = Complaint.objects.get(status="closed", pk__lt=AFTER)
    key = _case(complaint.pk, 1, first, last)
    copies(Person, complaint.guest_id, first, last, id=key)
    received = {"case_id": key, "guest_id": key, "received_at": AGO}
    copies(Complaint, complaint.pk, first, last, **received)
    promise = Promise.objects.get(complaint=complaint).pk
    copies(Promise, promise, first, last, id=key, complaint_id=key)
    task = Task.objects.get(property=prop, kind="x", case__lt=AFTER, pk__lt=AFTER).pk
    copies(Task, task, first, last, id=key, case_id=key)
    clock = Clock.objects.filter(pk__lt=AFTER).order_by("pk")[0].pk
    copies(Clock, clock, first, last, id=key, case_id=key, stopped_at=AGO)
    _things(first, last)
    _events(first, last)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _case(pk: int, base: int, first: int, last: int, every: int = 1) -> str:
    """The cases with an act and a notice that was confirmed each; what their keys are."""
    key, rows = f"{base * AFTER} + n", (first, last, every)
    closed = {"is_open": "FALSE", "closed_at": AGO, "opened_at": AGO}
    copies(Case, pk, *rows, id=key, number=f"'T{base}-' || lpad(n::text, 12, '0')", **closed)
    act = AuditEntry.objects.filter(case=pk).latest("pk").pk
    copies(AuditEntry, act, *rows, id=key, case_id=key)
    told = Delivery.objects.filter(channel="inbox", pk__lt=AFTER).order_by("pk")[0]
    said = {"id": key, "created_at": AGO}
    copies(Notice, told.notice_id, *rows, **said, key=f"'x{base}-' || n", case_id=key)
    seen = {"state": "'acknowledged'", "acknowledged_at": AGO}
    copies(Delivery, told.pk, *rows, **said, notice_id=key, **seen)
    return key


def _things(first: int, last: int) -> None:
    item = FoundItem.objects.filter(pk__lt=AFTER).order_by("pk")[0].pk
    key = _case(item, 5, first, last, THINGS)
    end = {"status": "'voided'", "void_reason": "'x'", "ended_at": AGO, "next_due_at": "NULL"}
    copies(FoundItem, item, first, last, THINGS, case_id=key, **end)
    for n, move in enumerate(CustodyMove.objects.filter(item=item).order_by("pk")):
        past = {"id": f"{5 + n} * {AFTER} + n", "ended_at": "coalesce(t.ended_at, t.at)"}
        copies(CustodyMove, move.pk, first, last, THINGS, item_id=key, **past)


def _events(first: int, last: int) -> None:
    event = Event.objects.filter(pk__lt=AFTER).latest("pk").pk
    key = _case(event, 8, first, last, EVENTS)
    end = {"status": "'archived'", "ended_at": AGO, "archived_at": AGO}
    who = {"ended_by_id": "t.commander_id", "archived_by_id": "t.commander_id"}
    copies(Event, event, first, last, EVENTS, case_id=key, **end, **who)
    for n, role in enumerate(Involved.objects.filter(event=event).order_by("pk")):
        past = f"{8 + n} * {AFTER} + n"
        copies(Involved, role.pk, first, last, EVENTS, id=past, event_id=key)
    by = str(Event.objects.get(pk=event).commander_id)
    answered = {"acked_at": AGO, "acked_by_id": by, "next_rung_at": "NULL"}
    for n, call in enumerate(Call.objects.filter(event=event).order_by("pk")):
        past = f"{8 + n} * {AFTER} + n"
        copies(Call, call.pk, first, last, EVENTS, id=past, event_id=key, **answered)


def blocks(sql: str, params: Any) -> int:
    """Blocks of the database a statement touches, in memory or not, planning left out."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def visited(sql: str, params: Any) -> int:
    """Rows of tables a statement looks at, those it then throws away too."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        return _visited(cursor.fetchone()[0][0]["Plan"])


def _visited(node: dict[str, Any]) -> int:
    thrown = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    own = node["Actual Rows"] + sum(node.get(name, 0) for name in thrown)
    below = sum(map(_visited, node.get("Plans", ())))
    return below + (round(own * node["Actual Loops"]) if "Relation Name" in node else 0)
