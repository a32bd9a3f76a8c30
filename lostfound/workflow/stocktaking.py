"""盲盘点 (F6): two people say what lies in a place without seeing what should; then it is compared.

A single tag leaves its row only (who, when); the chain of the count takes in the digests of all rows
when it ends, and of a pasted list at once. So a scan costs two statements and nothing can be added,
changed or left out afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound.models import (
    FoundItem,
    Stocktake,
    StocktakeDifference,
    StocktakeEntry,
    StoragePlace,
)
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import END, hold, is_here, two_people
from lostfound.workflow.comparing import Outcome, compare
from lostfound.workflow.storing import place_in_use, subtree
from lostfound.workflow.table import STOCKTAKE_MOVES, T
from lostfound.workflow.tags import Tag, read_tag, resolve
from propdesk.core import audit, cases, drafts, search
from propdesk.core.models import Case, Property, Task, User
from propdesk.core.notices import notify
from propdesk.core.roles import DUTY, Role, Standing, ensure, standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, in_state, lock, require

MAX_PASTE: Final = 500
DIFFERENCE: Final = "stocktake"
Kind = StocktakeDifference.Kind


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a pasted list: how many were kept, those nobody knows, and what is wrong.

    ``problems`` are (line, what stood there, sentence).
    """

    kept: int
    unknown: tuple[str, ...]
    problems: tuple[tuple[int, str, str], ...]


@transaction.atomic
def start_stocktake(
    prop: Property, storage: StoragePlace, witness: Second, *, by: User, token: str = ""
) -> Stocktake:
    """开始盘点 (F6): ``by`` counts, ``witness`` stands beside and proves it with his password.

    One of them is of the duty side, the other of 保安部. ConflictError while the place, something in
    it or what it stands in is being counted; DoubleSubmitError for a twin.
    """
    ensure(by, "start_stocktake", ACTIONS, prop=prop)
    _two_sides(prop, by, witness.user)
    if not is_here(witness.user, witness.password):
        raise RefusedInput(guard_password=_("请监盘人输入自己的密码，表示人在现场。"))
    # Counts of one house begin one by one; this lock lets everything else of the house go on.
    lock(prop)
    storage = place_in_use(storage, prop)
    _nobody_counts_here(storage)
    now = timezone.now()
    case = cases.open_case(prop, Case.Kind.STOCKTAKE, "PD", by=by, at=now, title=_("失物盘点"))
    row = Stocktake(
        case=case,
        storage=storage,
        counted_by=by,
        witnessed_by=witness.user,
        started_at=now,
    )
    audit.save(row, by=by, reason=_("开始盘点"))
    search.write(case, entry_of(row))
    info = {"storage": storage.pk, "witness": witness.user.pk}
    audit.record(case, row, by=by, action="start_stocktake", info=info)
    drafts.use_token(by, token, row.get_absolute_url(), form="lostfound.stocktake")
    return row


def entry_of(row: Stocktake) -> search.Entry:
    """What a count is searched by: where it was, never what lay there."""
    return search.Entry([row.case.get_kind_display(), row.storage.label])


def _two_sides(prop: Property, by: User, other: User) -> None:
    """RefusedInput (``guard``) unless one is of the duty side and the other of 保安部."""
    manages = bool(standing(by, prop).roles & DUTY)
    manager, guard = (by, other) if manages else (other, by)
    try:
        two_people(prop, manager, guard)
    except RefusedInput as refused:
        raise RefusedInput(guard="".join(refused.errors.values())) from refused


def _nobody_counts_here(storage: StoragePlace) -> None:
    near = {place.pk for place in subtree(storage)}
    above = storage.parent
    while above is not None:
        near.add(above.pk)
        above = above.parent
    running = Stocktake.objects.filter(status=T.COUNTING, storage__in=near)
    row = running.select_related("case", "storage").first()
    require(
        row is None,
        _("“%(place)s”正在盘点（%(number)s），结束后再开始。")
        % {"place": row.storage.label if row else "", "number": row.case.number if row else ""},
    )


def _begin(stocktake: Stocktake, action: str, by: User) -> tuple[Stocktake, Standing]:
    """The count and its case under lock; then who (403), when (409)."""
    rows = Stocktake.objects.select_for_update(no_key=True, of=("self", "case"))
    row = rows.select_related("case__property", "storage").get(pk=stocktake.pk)
    stand = ensure(by, action, ACTIONS, prop=stocktake.case.property)
    in_state(row, STOCKTAKE_MOVES, action)
    return row, stand


def _only_counters(row: Stocktake, by: User) -> None:
    if by.pk not in (row.counted_by_id, row.witnessed_by_id):
        raise PermissionDenied(_("这次盘点由盘点人和监盘人办理，别人不能插手。"))


@transaction.atomic
def count(prop: Property, number: str, text: str, *, by: User) -> StocktakeEntry:
    """点数 in the count of that number: one tag, scanned or typed: number, QR code, seal, old number.

    A tag nobody knows is kept as it is. ConflictError (nothing changed) for one counted already;
    Stocktake.DoesNotExist for a number that is no count. It takes the number, for 200 of these stand
    behind one another: finding the count, locking it, reading who counts and finding the thing by its
    number is one statement, the row another.
    """
    ensure(by, "count", ACTIONS, prop=prop)
    tag = read_tag(text, prop)
    numbered = FoundItem.objects.filter(case__property=prop, case__number=tag.text)
    rows = Stocktake.objects.select_for_update(no_key=True, of=("self",)).annotate(
        hit=Subquery(numbered.values("pk")[:1])
    )
    row = rows.only("status", "counted_by", "witnessed_by").get(
        case__property=prop, case__number=number.upper()
    )
    in_state(row, STOCKTAKE_MOVES, "count")
    _only_counters(row, by)
    key, name = row.hit, tag.text
    if key is None and (item := resolve(prop, [tag]).get(tag.text)) is not None:
        key, name = item.pk, item.case.number
    entry = StocktakeEntry(stocktake=row, tag=name, item_id=key, by=by, at=timezone.now())
    audit.save(entry, by=by, reason=_("点数"))
    return entry


@transaction.atomic
def count_many(stocktake: Stocktake, text: str, *, by: User) -> Counted:
    """点数 of a pasted list, one tag a line, 500 at most: the good ones are kept, the others named.

    RefusedInput (``tags``) when there is nothing or too much; then nothing is kept.
    """
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise RefusedInput(tags=_("请粘贴标签号，每行一个。"))
    if len(lines) > MAX_PASTE:
        raise RefusedInput(tags=_("一次最多粘贴 %(n)d 行，请分几次。") % {"n": MAX_PASTE})
    row, _stand = _begin(stocktake, "count", by)
    _only_counters(row, by)
    tags, problems = _read_all(lines, row.case.property)
    entries, doubled = _entries(row, tags, by, timezone.now())
    made = StocktakeEntry.objects.bulk_create(entries)
    if made:
        audit.record(row.case, *made, by=by, action="count", info={"tags": len(made)})
    unknown = tuple(entry.tag for entry in made if entry.item_id is None)
    return Counted(len(made), unknown, tuple(sorted([*problems, *doubled])))


def _read_all(
    lines: list[tuple[int, str]], prop: Property
) -> tuple[dict[int, Tag], list[tuple[int, str, str]]]:
    """Tags by line, and the lines that are none."""
    tags, problems = {}, []
    for number, line in lines:
        try:
            tags[number] = read_tag(line, prop)
        except RefusedInput as refused:
            problems.append((number, line.strip()[:60], str(refused)))
    return tags, problems


def _entries(
    row: Stocktake, tags: dict[int, Tag], by: User, now: datetime
) -> tuple[list[StocktakeEntry], list[tuple[int, str, str]]]:
    """What is to be written, and the lines that were counted before."""
    known = resolve(row.case.property, tags.values())
    before = set(row.entries.values_list("tag", flat=True))
    entries, doubled = [], []
    for number, tag in tags.items():
        item = known.get(tag.text)
        name = item.case.number if item else tag.text
        if name in before:
            again = _("已经点过，没有重复计数。")
            shown = tag.typed if tag.typed == name else f"{tag.typed} → {name}"
            doubled.append((number, shown, again))
            continue
        before.add(name)
        entries.append(StocktakeEntry(stocktake=row, tag=name, item=item, by=by, at=now))
    return entries, doubled


@transaction.atomic
def finish_stocktake(stocktake: Stocktake, *, by: User) -> Stocktake:
    """结束盘点 (F6): compare with the ledger and say what differs; nothing can be counted after it.

    What is missing goes to 物业经理 and 保安部经理 at once. An event for a loss is opened here once
    special events are a register of their own; until then a task on the count stands for it.
    """
    row, _stand = _begin(stocktake, "finish_stocktake", by)
    _only_counters(row, by)
    entries = list(row.entries.order_by("pk"))
    outcome = compare(row, entries)
    now = timezone.now()
    row.status = T.DIFFERENT if outcome.differences else T.MATCHED
    row.finished_at, row.expected, row.present = now, outcome.expected, outcome.present
    made = StocktakeDifference.objects.bulk_create(outcome.differences)
    tasks = [_ask(row, outcome, by)] if made else []
    _close(row, now, when=not made)
    fields = ("status", "finished_at", "expected", "present")
    audit.save(row, *fields, by=by, reason=_("结束盘点"))
    info = {kind: sum(each.kind == kind for each in made) for kind in Kind.values} | {
        "expected": outcome.expected,
        "present": outcome.present,
    }
    audit.record(
        row.case,
        row,
        *entries,
        *made,
        *tasks,
        by=by,
        action="finish_stocktake",
        info=info,
        case_fields=END,
    )
    _note_on_things(row, made, by)
    return row


def _close(row: Stocktake, now: datetime, *, when: bool) -> None:
    """End the case, not saved yet; the caller passes ``case_fields=END``."""
    if when:
        row.case.is_open, row.case.closed_at = False, now


def _ask(row: Stocktake, outcome: Outcome, by: User) -> Task:
    """A task for 物业经理, and word to him and 保安部经理 when something is missing."""
    number, short = row.case.number, outcome.shortages
    roles = [Role.PROPERTY_MANAGER, *([Role.SECURITY_MANAGER] if short else [])]
    if short:
        text = _("【盘点缺少】%(number)s · 缺少 %(n)d 件，请立即查找")
    else:
        text = _("【盘点差异】%(number)s · %(n)d 处差异，请处理")
    text = text % {"number": number, "n": short or len(outcome.differences)}
    notify(
        row.case,
        *roles,
        rule="lostfound.stocktake_short" if short else "lostfound.stocktake_differs",
        text=text,
        key="differences",
        urgent=short > 0,
    )
    return cases.open_task(row.case, DIFFERENCE, Role.PROPERTY_MANAGER, text, by=by)


def _note_on_things(row: Stocktake, made: list[StocktakeDifference], by: User) -> None:
    """A line in the history of each thing that was missed or turned up; they are locked already."""
    audit.record_many(
        audit.Act(
            each.item.case,
            "stocktake",
            by,
            info={"stocktake": row.case.number, "kind": each.kind},
        )
        for each in made
        if each.item is not None
    )


@transaction.atomic
def settle_difference(
    difference: StocktakeDifference, outcome: str, *, by: User
) -> StocktakeDifference:
    """处理差异: what became of it, by a manager who did not count; the last one settles the count."""
    row, stand = _begin(difference.stocktake, "settle_difference", by)
    _four_eyes(row, by, stand)
    each = row.differences.select_for_update(no_key=True, of=("self",)).get(pk=difference.pk)
    require(each.settled_at is None, _("这一条差异已经处理过。"))
    if not outcome:
        raise RefusedInput(outcome=_("请写明怎样处理的，例如：在2号柜找到，已放回。"))
    each.settled_at, each.settled_by, each.outcome = timezone.now(), by, outcome
    audit.save(each, "settled_at", "settled_by", "outcome", by=by, reason=outcome)
    done = _settled(row, by) if not row.differences.filter(settled_at=None).exists() else []
    info = {"difference": each.pk, "kind": each.kind}
    audit.record(
        row.case,
        each,
        *done,
        by=by,
        action="settle_difference",
        reason=outcome,
        info=info,
        case_fields=END,
    )
    if each.item is not None:
        case = hold(each.item).case
        told = {"stocktake": row.case.number, "kind": each.kind}
        audit.record(case, by=by, action="stocktake_settled", reason=outcome, info=told)
    return each


def _settled(row: Stocktake, by: User) -> list[models.Model]:
    """The last difference is settled: the count ends with its task; returns the rows written."""
    row.status = T.SETTLED
    audit.save(row, "status", by=by, reason=_("差异已处理"))
    _close(row, timezone.now(), when=True)
    return [row, *cases.close_tasks(row.case, DIFFERENCE, by=by, outcome="settled")]


def _four_eyes(row: Stocktake, by: User, stand: Standing) -> None:
    counters = {row.counted_by_id, row.witnessed_by_id}
    left = stand.own | {role for role, other in stand.acting_for if other not in counters}
    allowed = by.pk not in counters and ACTIONS["settle_difference"].any & left
    require(allowed, _("自己点的数须由没有参加盘点的经理处理差异。"))


@transaction.atomic
def abandon_stocktake(stocktake: Stocktake, *, by: User, reason: str) -> Stocktake:
    """放弃盘点: with the reason, by one of the two or by a manager; nothing is compared."""
    row, stand = _begin(stocktake, "abandon_stocktake", by)
    if not stand.roles & ACTIONS["settle_difference"].any:
        _only_counters(row, by)
    if not reason:
        raise RefusedInput(reason=_("请写明放弃盘点的原因。"))
    now = timezone.now()
    entries = list(row.entries.order_by("pk"))
    row.status, row.finished_at, row.ended_reason = T.ABANDONED, now, reason
    audit.save(row, "status", "finished_at", "ended_reason", by=by, reason=reason)
    _close(row, now, when=True)
    audit.record(
        row.case,
        row,
        *entries,
        by=by,
        action="abandon_stocktake",
        reason=reason,
        info={"tags": len(entries)},
        case_fields=END,
    )
    return row
