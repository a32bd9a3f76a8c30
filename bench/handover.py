"""What it costs to hand over a shift with 300 open things: draft, page, both signatures.

    .venv/bin/python bench/handover.py [--open 300] [--rounds 3]

The things are complaints that went through the workflow, each with its clocks. A round drafts the
package, opens the form of the outgoing manager, saves it, signs, opens the form of the incoming one
and signs again, as a browser does it; every round has a house of its own. One process, a PostgreSQL
of its own that is thrown away; server time is the CPU of this process and of its backend of the
database. The budget is 1 s for each single request; the exit status says whether it is kept.
"""

import argparse
import logging
import statistics
import sys
from typing import Any

from pages import database
from stocktake import timed

BUDGET = 1.0


def one_round(night: Any) -> dict[str, float]:
    """Seconds of server time of each request from the draft to the second signature."""
    from django.test import Client

    from propdesk.desk.handover.models import Handover
    from tests.desk.handover.test_views import filled, taken
    from tests.factories import PASSWORD

    client = Client()
    client.force_login(night.dm)
    base = f"/p/{night.prop.code}/handover/"
    costs: dict[str, float] = {}

    def ask(name: str, path: str, data: dict[str, str] | None = None) -> None:
        status = 200 if data is None else 302
        answers: list[Any] = []
        act = client.get if data is None else client.post
        costs[name] = timed(lambda: answers.append(act(base + path, data)))[0]
        if answers[0].status_code != status:
            raise SystemExit(f"{name}: {answers[0].status_code} instead of {status}")

    ask("draft", "start/", {})
    row = Handover.objects.select_related("case", "property").get(property=night.prop)
    home = f"{row.case.number}/"
    ask("form of the outgoing", f"{home}write/")
    ask("save", f"{home}write/", filled(row))
    ask("first signature", f"{home}offer/", {"password": PASSWORD})
    ask("form of the incoming", f"{home}accept/")
    person = {"person": str(night.next.pk)}
    ask("second signature", f"{home}accept/", taken(row, **person))
    ask("record", home)
    return costs


def main() -> int:
    """Print the table; 1 when one request costs more than the budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with database():
        logging.disable(logging.CRITICAL)
        from django.core.management import call_command

        import propdesk.celery  # noqa: F401 -- whose broker nobody serves here
        from tests.desk.handover.shifts import Night

        call_command("createcachetable", verbosity=0)
        rounds = []
        for _n in range(options.rounds):
            night = Night()
            for _case in range(options.open):
                night.new()
            rounds.append(one_round(night))
    found = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    for name, spent in found.items():
        print(f"{name:22} {spent:6.2f} s")
    kept = max(found.values()) <= BUDGET
    print(f"{'budget of each':22} {BUDGET:6.2f} s {'kept' if kept else 'OVER'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
