"""Opening, finding and linking cases; tasks that hang on them."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit
from propdesk.core.models import Case, CaseLink, Department, Property, Task, User
from propdesk.core.numbering import next_number
from propdesk.core.roles import Role
from propdesk.core.transitions import M, RefusedInput, lock

PAGES: dict[str, str] = {}
"""Name of the page of one case, by its kind; an app adds its own in ``ready``."""


def url_of(code: str, kind: str, number: str) -> str:
    """Address of the page of a case of the property ``code``; "" while no app shows this kind."""
    name = PAGES.get(kind)
    return reverse(name, args=[code, number]) if name else ""


def open_case(
    prop: Property, kind: str, prefix: str, *, by: User, at: datetime, title: str
) -> Case:
    """A new open case with the next number of its local day; inside the caller's transaction."""
    case = Case(
        property=prop,
        number=next_number(prop, prefix, timezone.now()),
        kind=kind,
        neutral_title=title,
        opened_at=at,
        created_by=by,
    )
    case.save(force_insert=True)
    return case


def open_task(
    case: Case,
    kind: str,
    role: Role,
    text: str,
    *,
    by: User | None,
    department: Department | None = None,
) -> Task:
    """A task for a role; a second open one of the same kind on the case is a ConflictError."""
    task = Task(
        case=case,
        property=case.property,
        kind=kind,
        role=role,
        text=text,
        department=department,
        created_at=timezone.now(),
        created_by=by,
    )
    audit.save(task, by=by, reason=text)
    return task


def close_tasks(case: Case, *kinds: str, by: User | None, outcome: str) -> list[Task]:
    """Mark open tasks of these kinds, or all of the locked case, done; returns them.

    The caller puts them into its audit entry.
    """
    rows = Task.objects.filter(case=case, done_at=None).select_related("created_by")
    found = list((rows.filter(kind__in=kinds) if kinds else rows).order_by("pk"))
    now = timezone.now()
    for task in found:
        task.done_at, task.done_by, task.outcome = now, by, outcome
    if found:
        Task.objects.bulk_update(found, ["done_at", "done_by", "outcome"])
    return found


READS = frozenset({"read", "history", "see_details", "read_batch"})
"""Actions that are left to whoever may do them once a case is purged: nothing is written any more."""


def is_purged(case: Case) -> bool:
    """Whether its personal data went; no statement where ``erasure`` was read along."""
    return hasattr(case, "erasure")


def lock_both(model: type[M], case: Case, number: str) -> list[M]:
    """Lock a case and the one of this number with their rows of the register ``model``; returns these.

    Rows before cases, as everywhere, and each in one order whoever links which to which: two people
    who link a complaint to an event and the event to the complaint would else wait for ever. Call it
    before anything that locks one of them alone.
    """
    number = number.strip().upper()
    mine = Q(pk=case.pk) | Q(case__number=number, case__property=case.property_id)
    rows = model._default_manager.select_for_update(no_key=True, of=("self",)).filter(mine)  # noqa: SLF001 -- Django's own name
    found = list(rows.select_related("case").order_by("pk"))
    both = Q(pk=case.pk) | Q(property_id=case.property_id, number=number)
    list(
        Case.objects.select_for_update(no_key=True, of=("self",))
        .filter(both)
        .order_by("pk")
        .values("pk")
    )
    return found


def other(case: Case, number: str) -> Case:
    """Another case of the same property by its number.

    Raises RefusedInput (422) for an unknown number, a restricted case or the case itself.
    """
    rows = Case.objects.filter(property_id=case.property_id, restricted=False)
    found = rows.filter(number=number.strip().upper()).exclude(pk=case.pk).first()
    if found is None:
        raise RefusedInput(number=_("没有找到这个编号，请核对后再填。"))
    return found


@transaction.atomic
def link(case: Case, number: str, *, by: User, note: str = "") -> CaseLink:
    """Link to another case of the same property by its number; both chains record it.

    The caller has checked that ``by`` may write on ``case``. Raises RefusedInput (422) as ``other``
    does; ConflictError (409) when already linked.
    """
    a, b = sorted((case, other(case, number)), key=lambda c: c.pk)
    a, b = lock(a), lock(b)
    for one in (a, b):
        audit.refuse_purged(one)
    row = CaseLink(a=a, b=b, note=note, by=by, at=timezone.now())
    audit.save(row, by=by, reason=note)
    for one, two in ((a, b), (b, a)):
        audit.record(one, row, by=by, action="link", reason=note, info={"number": two.number})
    return row
