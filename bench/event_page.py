"""What the page of an event costs: 60 steps and 300 entries against an event that just began.

    .venv/bin/python bench/event_page.py [--rounds 15]

A playbook of 60 steps is made of the shipped one for outages, stored as the house's own; half of
its steps are done, with their words, and the rest of the 300 entries are lines of the timeline. One
process, a PostgreSQL of its own that is thrown away; cost is the CPU of this process and of its
backend of the database. Budgets: 10 statements, and twice the cost of the empty one. The exit
status says whether they are kept.
"""

import argparse
import logging
import statistics
import sys
from typing import Any

from pages import database
from stocktake import timed

STEPS, ENTRIES, BUDGET, TIMES = 60, 300, 10, 2.0
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def long_playbook() -> str:
    """The shipped playbook of an outage with plain steps added until there are 60."""
    from emergencies import playbooks
    from emergencies.playbooks.schema import Playbook

    book = playbooks.PLAYBOOKS["power_outage"]
    data = book.model_dump(mode="json", by_alias=True, exclude_none=True)
    last = data["phases"][-1]["steps"]
    for n in range(STEPS - len(book.steps)):
        step = {"id": f"Z{10 + n}", "by": "security", "within_min": 30 + n, "required": True}
        words = {
            "zh": f"到第{n + 1}处查看照明和门禁，把情况记下来。",
            "en": f"Look at place {n + 1}",
        }
        last.append(step | words | {"basis": "practice", "evidence": ["text"]})
    return playbooks.dump(Playbook.model_validate(data))


def started(house: Any, content: str = "") -> Any:
    """A running outage, by the long playbook when one is given."""
    import hashlib

    from django.utils import timezone

    from emergencies.models import PlaybookVersion
    from emergencies.workflow import in_force

    current = in_force(house.prop, "power_outage")
    if content:
        PlaybookVersion.objects.filter(pk=current.pk).update(superseded_at=timezone.now())
        digest = hashlib.sha256(content.encode()).hexdigest()
        PlaybookVersion.objects.create(
            property=house.prop,
            code="power_outage",
            number=current.number + 1,
            source="override",
            content=content,
            sha256=digest,
            base_sha256=current.base_sha256,
            reason="bench",
            by=house.pm,
            at=timezone.now(),
        )
    return house.started("power_outage", place=house.floor)


def filled(house: Any, event: Any) -> None:
    """Half of the added steps done, then lines until there are 300 entries."""
    from emergencies import workflow
    from propdesk.core.models import AuditEntry
    from tests.emergencies.journey import fresh

    for n in range(STEPS // 2 - 5):
        proof = workflow.Proof(text=f"第{n + 1}处照明正常，门禁可用，无人被困。")
        workflow.done(fresh(event), f"Z{10 + n}", proof, by=house.guard)
    there = AuditEntry.objects.filter(case=event.case).count()
    for n in range(ENTRIES - there):
        workflow.note(fresh(event), f"{n}：巡查一遍，情况没有变化。", by=house.guard)


def cost(house: Any, event: Any, rounds: int) -> tuple[int, float, int]:
    """Statements, milliseconds of server time and bytes of one page."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(house.dm)
    url = event.get_absolute_url()
    page = client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    asked = [q for q in captured if not q["sql"].startswith(CONTROL)]
    times = [timed(lambda: [client.get(url) for _n in range(5)])[0] / 5 for _n in range(rounds)]
    return len(asked), statistics.median(times) * 1000, len(page.content)


def main() -> int:
    """Print the table; 1 when a budget is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with database():
        from tests.emergencies.journey import House

        house = House()
        rows = {"shipped playbook, just begun": started(house)}
        content = long_playbook()
        rows["60 steps, just begun"] = started(house, content)
        rows["60 steps, 300 entries"] = full = started(house)
        filled(house, full)
        found = {name: cost(house, event, options.rounds) for name, event in rows.items()}
    empty = found["60 steps, just begun"][1]
    print(f"{'':30}{'statements':>12}{'ms':>8}{'x empty':>9}{'bytes':>9}")
    for name, (statements, spent, size) in found.items():
        print(f"{name:30}{statements:12}{spent:8.1f}{spent / empty:9.2f}{size:9}")
    statements, spent, _size = found["60 steps, 300 entries"]
    kept = statements <= BUDGET and spent <= TIMES * empty
    print(f"budget {BUDGET} statements, {TIMES} x empty: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
