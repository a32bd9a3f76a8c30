"""One run of the purge over one house, from who ordered it to what its proof found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import duty, notices
from propdesk.core.alone import alone
from propdesk.core.models import Case, Notice, Property, PurgeRun, SweepRun, User
from propdesk.core.permissions import ACTIONS
from propdesk.core.retention import declared, erasing, proof, terms
from propdesk.core.retention.erasing import Taken
from propdesk.core.roles import Role, ensure
from propdesk.core.transitions import RefusedInput, is_reason, lock, require

LOCK = 4107
"""Of PostgreSQL: one purge at a time, and none left locked by one that was killed."""
SWEEP = "core.purge_due"
SHOWN = 50
"""Numbers listed of what is passed over; of more only how many."""
TOLD_AT = 9
"""O'clock: nobody is woken for it."""


@dataclass(slots=True)
class Plan:
    """What the next purge of a house would take, and what it passes over."""

    kinds: dict[str, int] = field(default_factory=dict)
    logs: int = 0
    held: list[str] = field(default_factory=list)
    """The oldest ``SHOWN``; likewise ``lasting``."""
    held_count: int = 0
    lasting: list[str] = field(default_factory=list)
    lasting_count: int = 0
    skipped: int = 0
    """How many in all are passed over; one may be held and lasting."""

    @property
    def cases(self) -> int:
        """How many cases it would take."""
        return sum(self.kinds.values())


def plan(prop: Property, now: datetime) -> Plan:
    """What is due today; nothing is changed."""
    found = Plan(logs=waiting_logs(prop, now))
    due = terms.due(prop, now).order_by().values("kind").annotate(n=Count("pk"))
    found.kinds = dict(due.values_list("kind", "n"))
    rows = terms.expired(prop, now)
    found.skipped = rows.count() - found.cases
    found.held, found.held_count = _oldest(terms.held(rows))
    found.lasting, found.lasting_count = _oldest(terms.lasting(rows))
    return found


def _oldest(rows: "QuerySet[Case]") -> tuple[list[str], int]:
    numbers = list(rows.order_by("pk").values_list("number", flat=True)[: SHOWN + 1])
    return numbers[:SHOWN], rows.count() if len(numbers) > SHOWN else len(numbers)


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
    if not is_reason(reason):
        raise RefusedInput(reason=_("请写明清除的原因，例如“年度清理”。"))
    require(erasing.is_owner(), erasing.why_not())
    with alone(LOCK) as mine:
        require(mine, _("另一次清除正在进行，请等它结束。"))
        return _purge(prop, by, reason.strip(), limit, tell)


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
    found = proof.search(run, whole.values)
    _finish(run, whole, found, now)
    return run, whole, found


@transaction.atomic
def _finish(run: PurgeRun, whole: Taken, found: proof.Proof, now: datetime) -> None:
    passed = plan(run.property, now)
    row = lock(run)
    row.rows, row.files, row.left = whole.rows, whole.files, found.total
    row.skipped = passed.skipped + len(whole.broken) + len(whole.passed)
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
    """Tell managers once a month how much waits for a purge, which is theirs to order; a sweep.

    Once a day: the first tick of the hour looks, the others see that it did.
    """
    local = timezone.localtime(now)
    if local.hour != TOLD_AT:
        return 0
    hour = local.replace(minute=0, second=0, microsecond=0)
    if SweepRun.objects.filter(name=SWEEP, finished_at__gte=hour, finished_at__lt=now).exists():
        return 0
    told = 0
    for prop in Property.objects.select_related("settings"):
        key = f"purge-due:{prop.pk}:{timezone.localdate(now):%Y-%m}"
        # By recipient, as notices are indexed.
        mine = _managers(prop).order_by().values("pk")
        if Notice.objects.filter(recipient__in=mine, key=key).exists():
            continue
        waiting = terms.due(prop, now)
        if waiting.exists():
            text = _("有 %(n)d 件已过保存期限，等待清除个人信息。") % {"n": waiting.count()}
            told += _tell(prop, key, text)
    return told


def _tell(prop: Property, key: str, text: str) -> int:
    message = notices.Message(prop, "core.purge", text, key, tuple(_managers(prop)))
    return notices.put([message])


def _managers(prop: Property) -> "QuerySet[User]":
    return duty.holders(prop, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)


def last_runs(prop: Property, count: int) -> list[PurgeRun]:
    """The newest runs of a house."""
    rows = PurgeRun.objects.filter(property=prop).select_related("by")
    return list(rows.order_by("-pk")[:count])
