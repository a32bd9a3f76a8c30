"""One run of the purge over one house, from who ordered it to what its proof found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import duty, notices
from propdesk.core.models import Notice, Property, PurgeRun, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.retention import declared, erasing, proof, terms
from propdesk.core.retention.erasing import Taken
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, lock, require

LOCK = 4107
"""Of PostgreSQL: one purge at a time, and none left locked by one that was killed."""
TOLD_AT = 9
"""O'clock: nobody is woken for it."""


@dataclass(slots=True)
class Plan:
    """What the next purge of a house would take, and what it passes over."""

    kinds: dict[str, int] = field(default_factory=dict)
    logs: int = 0
    held: list[str] = field(default_factory=list)
    lasting: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many cases it would take."""
        return sum(self.kinds.values())


def plan(prop: Property, now: datetime) -> Plan:
    """What is due today; nothing is changed."""
    found = Plan(logs=waiting_logs(prop, now))
    for kind in terms.due(prop, now).order_by().values_list("kind", flat=True):
        found.kinds[kind] = found.kinds.get(kind, 0) + 1
    rows = terms.expired(prop, now).order_by("pk")
    found.held = list(terms.held(rows).values_list("number", flat=True))
    found.lasting = list(terms.lasting(rows).values_list("number", flat=True))
    return found


def waiting_logs(prop: Property, now: datetime) -> int:
    """Entries of logs past their term that still say something."""
    _cases, before = terms.cuts(prop, now)
    return sum(
        rows.exclude(**{f"{column.name}": declared.MARK}).count()
        for rows in declared.logs_before(prop, before)
        for column in declared.taken(rows.model)
    )


def purge(
    prop: Property,
    *,
    by: User,
    reason: str,
    limit: int | None = None,
    tell: Callable[[Taken], object] = lambda _taken: None,
) -> tuple[PurgeRun, Taken, proof.Proof]:
    """Take what is due in a house and prove it; ``tell`` hears of each batch.

    Raises PermissionDenied (403) unless ``by`` manages the house, RefusedInput (422) without a reason,
    ConflictError (409) while another purge runs or where the database account may not rewrite history.
    """
    ensure(by, "purge", ACTIONS, prop=prop)
    if len(reason.strip()) < 2:
        raise RefusedInput(reason=_("请写明清除的原因，例如“年度清理”。"))
    require(erasing.is_owner(), erasing.why_not())
    require(_alone(), _("另一次清除正在进行，请等它结束。"))
    try:
        return _purge(prop, by, reason.strip(), limit, tell)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone() == (True,))


def _purge(
    prop: Property, by: User, reason: str, limit: int | None, tell: Callable[[Taken], object]
) -> tuple[PurgeRun, Taken, proof.Proof]:
    now = timezone.now()
    run = PurgeRun.objects.create(property=prop, by=by, reason=reason, started_at=now)
    whole = Taken(files=erasing.files(prop, now))
    for taken in erasing.batches(run, limit, now):
        taken.files = erasing.files(prop, timezone.now())
        whole.add(taken)
        tell(taken)
    whole.rows += erasing.logs(run, now)
    found = proof.search(prop, whole.values)
    _finish(run, whole, found, now)
    return run, whole, found


@transaction.atomic
def _finish(run: PurgeRun, whole: Taken, found: proof.Proof, now: datetime) -> None:
    passed = plan(run.property, now)
    row = lock(run)
    row.rows, row.files, row.left = whole.rows, whole.files, found.total
    row.skipped = (
        len(set(passed.held) | set(passed.lasting)) + len(whole.broken) + len(whole.passed)
    )
    row.finished_at = timezone.now()
    row.save(update_fields=["rows", "files", "left", "skipped", "finished_at"])
    run.__dict__.update(row.__dict__)
    if whole.cases or found.total:
        words = {"n": len(whole.cases), "left": found.total}
        _tell(
            run.property,
            f"purge:{run.pk}",
            _("已按保存期限清除 %(n)d 件，残留 %(left)d 处。") % words,
        )


def propose(now: datetime) -> int:
    """Tell managers once a month how much waits for a purge, which is theirs to order; a sweep."""
    if timezone.localtime(now).hour != TOLD_AT:
        return 0
    told = 0
    for prop in Property.objects.select_related("settings"):
        key = f"purge-due:{prop.pk}:{timezone.localdate(now):%Y-%m}"
        if Notice.objects.filter(property=prop, key=key).exists():
            continue
        waiting = terms.due(prop, now).count()
        if waiting:
            text = _("有 %(n)d 件已过保存期限，等待清除个人信息。") % {"n": waiting}
            told += _tell(prop, key, text)
    return told


def _tell(prop: Property, key: str, text: str) -> int:
    people = duty.holders(prop, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)
    message = notices.Message(prop, "core.purge", text, key, tuple(people))
    return notices.put([message])


def last_runs(prop: Property, count: int) -> list[PurgeRun]:
    """The newest runs of a house."""
    rows = PurgeRun.objects.filter(property=prop).select_related("by")
    return list(rows.order_by("-pk")[:count])
