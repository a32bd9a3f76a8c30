"""Import of places and staff: plan what a file would do, show it, then do exactly that or nothing.

The rows read from the file wait in a Draft of the person who uploaded them. ``confirm`` plans
again under the lock of the property and refuses when the plan is no longer the one shown.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import drafts
from propdesk.core.importing import Column, Line, Problem, read
from propdesk.core.models import Draft, Property, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.roles import ensure
from propdesk.core.transitions import lock, require

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"


@dataclass(frozen=True, slots=True)
class Step:
    """What one row does: ``text`` and ``note`` are shown, ``data`` is what gets written."""

    row: int
    state: str
    text: str
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a file would do to a property at this moment."""

    steps: tuple[Step, ...]
    problems: tuple[Problem, ...]
    file: str = ""

    @property
    def seen(self) -> str:
        """A digest of the plan: what the person who confirms has looked at."""
        text = json.dumps([asdict(step) for step in self.steps], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def count(self, state: str) -> int:
        """How many rows are ``new``, ``changed`` or ``unchanged``."""
        return sum(step.state == state for step in self.steps)

    @property
    def counts(self) -> dict[str, int]:
        """The counts a page shows, by state."""
        return {state: self.count(state) for state in (NEW, CHANGED, UNCHANGED)}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: its permission, its columns, how it is planned and carried out."""

    action: str
    columns: tuple[Column, ...]
    plan: Callable[[Property, Sequence[Line], User], tuple[list[Step], list[Problem]]]
    apply: Callable[[Property, Sequence[Step], User], list[tuple[str, ...]]]


def _form(kind: Kind, prop: Property) -> str:
    return f"{kind.action}:{prop.pk}"


def upload(kind: Kind, prop: Property, file: BinaryIO, name: str, size: int, *, by: User) -> Plan:
    """Read a file and keep its rows for ``confirm``; returns the plan, nothing else is written.

    RefusedInput(file=…) when the file cannot be used as a whole.
    """
    ensure(by, kind.action, ACTIONS, prop=prop)
    lines, problems = read(file, name, size, kind.columns)
    wrong = {problem.row for problem in problems}
    data = {
        "file": name[:100],
        "rows": [[line.number, line.cells] for line in lines if line.number not in wrong],
        "problems": [asdict(problem) for problem in problems],
    }
    Draft.objects.update_or_create(
        owner=by, form=_form(kind, prop), defaults={"data": data, "updated_at": timezone.now()}
    )
    return _plan(kind, prop, data, by)


def pending(kind: Kind, prop: Property, *, by: User) -> Plan | None:
    """The plan of the file uploaded last, within 24 hours and not confirmed yet."""
    ensure(by, kind.action, ACTIONS, prop=prop)
    draft = drafts.recall(by, _form(kind, prop))
    return _plan(kind, prop, draft.data, by) if draft else None


def _plan(kind: Kind, prop: Property, data: dict[str, Any], by: User) -> Plan:
    unreadable = [Problem(**problem) for problem in data["problems"]]
    lines = [Line(number, cells) for number, cells in data["rows"]]
    steps, problems = kind.plan(prop, lines, by)
    found = sorted([*unreadable, *problems], key=lambda problem: problem.row)
    return Plan(tuple(steps), tuple(found), data["file"])


def discard(kind: Kind, prop: Property, *, by: User) -> None:
    """Forget the uploaded file."""
    ensure(by, kind.action, ACTIONS, prop=prop)
    drafts.forget(by, _form(kind, prop))


@transaction.atomic
def confirm(
    kind: Kind, prop: Property, seen: str, *, by: User
) -> tuple[dict[str, int], list[tuple[str, ...]]]:
    """Carry out the plan whose ``seen`` was shown: all of it or nothing.

    Returns the counts and, for new accounts, (staff number, name, first password) to show once.
    ConflictError when there is no file, it has wrong rows, or the plan is no longer the same.
    """
    ensure(by, kind.action, ACTIONS, prop=prop)
    prop = lock(prop)
    plan = pending(kind, prop, by=by)
    require(plan, _("没有等待确认的文件，请重新上传。"))
    assert plan is not None  # noqa: S101 -- required just above, for the type checker
    require(not plan.problems, _("文件里还有不能导入的行，请改好后重新上传。"))
    require(plan.seen == seen, _("资料在您查看之后有变化，请再看一遍后确认。"))
    require(plan.count(NEW) + plan.count(CHANGED), _("文件里没有需要导入的内容。"))
    shown = kind.apply(prop, plan.steps, by)
    drafts.forget(by, _form(kind, prop))
    return plan.counts, shown


PREVIEW_ROWS: Final = 100
"""How many problems and how many steps a page shows; the counts are of all."""
