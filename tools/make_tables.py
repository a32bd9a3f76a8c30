"""Prints docs/permissions.md and docs/states.md from the tables the code runs on.

    python tools/make_tables.py

A test compares the two files with what this makes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import TextChoices

ROOT = Path(__file__).resolve().parents[1]
HEAD = "<!-- Made by tools/make_tables.py; edit the tables in the code instead. -->\n\n"


def permissions() -> str:
    """Return the text of docs/permissions.md: every action of every app by every role."""
    from emergencies.permissions import ACTIONS as EMERGENCIES
    from incidents.permissions import ACTIONS as INCIDENTS
    from lostfound.permissions import ACTIONS as LOSTFOUND
    from propdesk.core.permissions import ACTIONS as CORE
    from propdesk.desk.calendar.permissions import ACTIONS as CALENDAR
    from propdesk.desk.handover.permissions import ACTIONS as HANDOVER
    from propdesk.desk.insight.permissions import ACTIONS as INSIGHT

    return (
        HEAD
        + "# Who may do what\n\n"
        + "● on any case · ○ on what he took in or is his own · ◐ on what his department carries "
        "out. A deputy may what the person he acts for may, except decide on that person's work. "
        "Nobody approves, decides or signs what he wrote himself. Signing a report is decided by "
        "its boxes: see decision 13 in `propdesk/core/sign_route.py`.\n"
        + _table("Complaints", INCIDENTS)
        + _table("Found things", LOSTFOUND)
        + "\nWhat somebody found is his to correct (○) until it is received into joint custody.\n"
        + _table("Special events", EMERGENCIES)
        + "\nHis own (○) is an event he commands, and one he started, except that nobody but the "
        "commander hands it over; ◐ is one that calls or gives a step to a role of his. A restricted "
        "event exists for its readers alone. Who fills a step of the playbook may be narrower: the "
        "rank stands with the field.\n"
        + _table("The change of shift", HANDOVER)
        + "\nHis own (○) is the hand-over he leaves. Who takes over is whom the roster names, or a "
        "manager; nobody takes over from himself.\n"
        + _table("The calendar", CALENDAR)
        + "\nEverybody makes and ends his own feed alone.\n"
        + _table("Figures", INSIGHT)
        + _table("The house", CORE)
    )


def _table(title: str, actions: Mapping[str, object]) -> str:
    from propdesk.core.roles import Role

    head = ["action", *(str(role.label) for role in Role)]
    rows = [
        [f"`{action}`", *(_mark(grant, role) for role in Role)] for action, grant in actions.items()
    ]
    return f"\n## {title}\n\n{_markdown(head, rows)}"


def _mark(grant: object, role: object) -> str:
    marks = {"any": "●", "own": "○", "assigned": "◐"}
    return "".join(mark for name, mark in marks.items() if role in getattr(grant, name))


def states() -> str:
    """Return the text of docs/states.md: in which state each act is possible, and what follows."""
    from emergencies.models import Event
    from emergencies.workflow.table import MOVES as OF_EVENTS
    from incidents.models import Complaint
    from incidents.workflow.table import MOVES as OF_COMPLAINTS
    from lostfound.models import DisposalBatch, FoundItem, LostReport, Stocktake
    from lostfound.workflow import table as found
    from propdesk.desk.handover.models import Handover
    from propdesk.desk.handover.workflow import MOVES as OF_HANDOVERS

    return (
        HEAD
        + "# States\n\n"
        + "An act is possible (●) in the states marked; anywhere else it is refused with 409 and "
        "nothing is changed. Without an entry under “leads to” the state stays.\n"
        + _states("A complaint", Complaint.Status, OF_COMPLAINTS)
        + _states("A found thing", FoundItem.Status, found.MOVES)
        + _states("A lost report", LostReport.Status, found.LOST_MOVES)
        + _states("A paper of disposal", DisposalBatch.Status, found.BATCH_MOVES)
        + _states("A count", Stocktake.Status, found.STOCKTAKE_MOVES)
        + _states("A special event", Event.Status, OF_EVENTS)
        + _states("A hand-over", Handover.Status, OF_HANDOVERS)
    )


def _states(title: str, choices: type[TextChoices], moves: Mapping[str, Any]) -> str:
    status = list(choices)
    head = ["act", "", *(str(s.label) for s in status), "leads to"]
    rows = [
        [
            f"`{action}`",
            str(move.doing),
            *("●" if s in move.states else "" for s in status),
            "、".join(str(choices(to).label) for to in move.leads_to),
        ]
        for action, move in moves.items()
    ]
    names = _markdown(["state", "value"], [[str(s.label), f"`{s.value}`"] for s in status])
    first = f"It starts as {status[0].label}."
    return f"\n## {title}\n\n{first}\n\n{_markdown(head, rows)}\n{names}"


def _markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write both files."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propdesk.settings")
    import django

    django.setup()
    (ROOT / "docs" / "permissions.md").write_text(permissions(), "utf-8")
    (ROOT / "docs" / "states.md").write_text(states(), "utf-8")


if __name__ == "__main__":
    main()
