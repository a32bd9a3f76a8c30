"""登记本: the old paper or Excel book taken over, and the register taken out (L-C … L-G).

An imported thing begins in custody as of now: whoever imports it and a guard confirm together that it
lies where the book says. What the book knows of its finding and its receipt is kept as it stands
there; the term runs from that receipt, under the rule of that day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import models, transaction
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories, retention
from lostfound.models import (
    CustodyMove,
    FoundItem,
    RegisterExport,
    RetentionPolicy,
    StoragePlace,
    Valuation,
)
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import (
    REST,
    entry_of,
    is_here,
    last_day_of,
    profile_row,
    two_people,
)
from lostfound.workflow.storing import place_in_use
from lostfound.workflow.table import S
from lostfound.workflow.terms import arm_all, arm_category, policy_in_force, term_of
from propdesk.core import audit, bulk, drafts, persons, search, wake
from propdesk.core.models import Case, Draft, Person, Place, Property, User
from propdesk.core.numbering import next_numbers
from propdesk.core.persons import Guest
from propdesk.core.roles import ensure
from propdesk.core.signatures import Second
from propdesk.core.transitions import RefusedInput, lock, require

K = CustodyMove.Kind
BATCH: Final = 500
"""Things written with one statement; all batches of a file are one transaction."""


@dataclass(frozen=True, slots=True)
class OldEntry:
    """One good row of the book: ``row`` is its number in the file, ``value`` None is 未估价."""

    row: int
    old_number: str
    name: str
    category: str
    quantity: int
    features: str
    found_at: datetime
    place: Place | None
    place_note: str
    finder_user: User | None
    finder_name: str
    handed_at: datetime
    """When it was received: the day in the book, not before it was found."""
    value: Decimal | None
    storage: StoragePlace

    @property
    def facts(self) -> tuple[str, str, date, str]:
        """What two rows about one thing have in common: category, name, day and place."""
        place = self.place.label if self.place else self.place_note
        return self.category, self.name, retention.local_day(self.found_at), place


def keep_rows(prop: Property, data: dict[str, Any], *, by: User) -> None:
    """Keep what was read of a file for 24 hours, until it is confirmed or thrown away."""
    ensure(by, "import_book", ACTIONS, prop=prop)
    Draft.objects.update_or_create(
        owner=by, form=draft_of(prop), defaults={"data": data, "updated_at": timezone.now()}
    )


def draft_of(prop: Property) -> str:
    """Under which name the rows of a file wait."""
    return f"lostfound.import_book:{prop.pk}"


def doubles(prop: Property, entries: Sequence[OldEntry]) -> dict[int, str]:
    """What is on record already, or twice in the file: row to sentence; two statements.

    The number of the old book decides where both have one; else category, name, day and place.
    """
    there = _known(prop, entries)
    numbers = {row["old_number"].upper(): row["case__number"] for row in there if row["old_number"]}
    facts: dict[tuple[str, str, date, str], list[tuple[str, str]]] = {}
    for row in there:
        place = row["place__label"] or row["place_note"]
        key = (row["category"], row["name"], retention.local_day(row["found_at"]), place)
        facts.setdefault(key, []).append((row["old_number"], row["case__number"]))
    found: dict[int, str] = {}
    for entry in entries:
        number = entry.old_number.upper()
        same = [name for old, name in facts.get(entry.facts, []) if not (old and number)]
        if number and number in numbers:
            found[entry.row] = _("原编号与 %(number)s 相同。") % {"number": numbers[number]}
        elif same:
            found[entry.row] = _("与 %(number)s 相同（类别、名称、拾获日期和地点）。") % {
                "number": same[0]
            }
        else:
            mine = _("第 %(row)d 行") % {"row": entry.row}
            facts.setdefault(entry.facts, []).append((entry.old_number, mine))
            if number:
                numbers[number] = mine
    return found


def _known(prop: Property, entries: Sequence[OldEntry]) -> list[dict[str, Any]]:
    """What may be the same thing: by its old number, or found in the same days under such a name."""
    rows = FoundItem.objects.filter(case__property=prop).exclude(status=S.VOIDED)
    fields = (
        "old_number", "category", "name", "found_at", "place__label", "place_note", "case__number"
    )  # fmt: skip
    numbers = {entry.old_number.upper() for entry in entries if entry.old_number}
    old = rows.exclude(old_number="").annotate(read=Upper("old_number")).filter(read__in=numbers)
    times = [entry.found_at for entry in entries]
    alike = rows.filter(name__in={entry.name for entry in entries})
    if times:
        day = retention.ONE_DAY
        alike = alike.filter(found_at__range=(min(times) - day, max(times) + day))
    return [*old.values(*fields), *(alike.values(*fields) if times else [])]


@transaction.atomic
def import_book(
    prop: Property, entries: Sequence[OldEntry], second: Second, *, by: User
) -> list[FoundItem]:
    """Write the good rows of a book, all or none, as 在库 in the joint custody of these two.

    Whoever imports stands for the duty side, the guard confirms with his password. ConflictError
    when a row has come to be on record meanwhile; RefusedInput names what is missing.
    """
    ensure(by, "import_book", ACTIONS, prop=prop)
    two_people(prop, by, second.user)
    if not is_here(second.user, second.password):
        raise RefusedInput(guard_password=_("请一起核对实物的保安部人员输入密码。"))
    require(entries, _("没有可以导入的行。"))
    # Books of one house come in one by one; this lock lets everything else of the house go on.
    lock(prop)
    require(not doubles(prop, entries), _("资料在您查看之后有变化，请再看一遍后确认。"))
    for storage in sorted({entry.storage for entry in entries}, key=lambda place: place.pk):
        place_in_use(storage, prop)
    rules = _rules(prop, entries)
    now = timezone.now()
    made: list[FoundItem] = []
    for start in range(0, len(entries), BATCH):
        made += _write(prop, entries[start : start + BATCH], rules, second.user, by, now)
    drafts.forget(by, draft_of(prop))
    wake.on_commit("lostfound.match")
    return made


def _rules(prop: Property, entries: Iterable[OldEntry]) -> dict[date, RetentionPolicy]:
    """The rule of each day of receipt, the earliest day first: it may be the house's first rule."""
    days = sorted({retention.local_day(entry.handed_at) for entry in entries})
    return {day: policy_in_force(prop, day) for day in days}


def _write(
    prop: Property,
    entries: Sequence[OldEntry],
    rules: dict[date, RetentionPolicy],
    guard: User,
    by: User,
    now: datetime,
) -> list[FoundItem]:
    """One batch in a few statements, whatever its size."""
    numbers = next_numbers(prop, "SW", now, len(entries))
    cases = [_case(prop, n, e, by) for n, e in zip(numbers, entries, strict=True)]
    people = [persons.row_of(prop, Guest(e.finder_name, kind="outsider")) for e in entries]
    people = [p for p, e in zip(people, entries, strict=True) if e.finder_user is None]
    bulk.number(cases, people)
    left = iter(people)
    items = []
    for case, entry in zip(cases, entries, strict=True):
        finder = next(left) if entry.finder_user is None else None
        items.append(_item(case, entry, finder, rules[retention.local_day(entry.handed_at)], by))
    pairs = [(i, e) for i, e in zip(items, entries, strict=True)]
    links = [_links(item, entry, guard, by, now) for item, entry in pairs]
    values = [_value(item, by, now) for item in items]
    bulk.number([link for both in links for link in both], values)
    _save(items, people, links, values, entries, by)
    arm_all(items, now)
    arm_category(items, now)
    return items


def _save(
    items: Sequence[FoundItem],
    people: Sequence[Person],
    links: Sequence[Sequence[CustodyMove]],
    values: Sequence[Valuation],
    entries: Sequence[OldEntry],
    by: User,
) -> None:
    """Rows, histories, entries of the chains, search and comparison: one statement."""
    reason = _("旧登记本导入")
    acts = [
        audit.Act(
            item.case,
            "import_book",
            by,
            reason,
            {"row": entry.row, "old_number": entry.old_number},
            entry.handed_at,
            [item, *both, value],
        )
        for item, both, value, entry in zip(items, links, values, entries, strict=True)
    ]
    chain = audit.chained(acts)  # moves the cases on, which are written below
    sheet = bulk.Sheet(by, reason)
    groups: tuple[Sequence[models.Model], ...] = (
        [item.case for item in items],
        people,
        items,
        [link for both in links for link in both],
        values,
        chain,
        [search.row_of(item.case, entry_of(item)) for item in items],
        [profile_row(item.case) for item in items],
    )
    for rows in groups:
        sheet.add(rows)
    sheet.write()


def _case(prop: Property, number: str, entry: OldEntry, by: User) -> Case:
    return Case(
        property=prop,
        number=number,
        kind=Case.Kind.FOUND,
        neutral_title=_("拾获物品"),
        opened_at=entry.handed_at,
        created_by=by,
    )


def _item(
    case: Case, entry: OldEntry, finder: Person | None, rule: RetentionPolicy, by: User
) -> FoundItem:
    has_value = entry.value is not None
    item = FoundItem(
        case=case,
        status=S.STORED,
        category=entry.category,
        name=entry.name,
        quantity=entry.quantity,
        unit=str(categories.rule(entry.category).unit),
        features=entry.features,
        no_photo_reason=_("旧登记本导入"),
        place=entry.place,
        place_note=entry.place_note,
        found_at=entry.found_at,
        reported_at=entry.handed_at,
        handed_at=entry.handed_at,
        logged_by=by,
        finder_user=entry.finder_user,
        finder=finder,
        received_by=by,
        received_on=retention.local_day(entry.handed_at),
        valuation=FoundItem.Valuation.VALUED if has_value else FoundItem.Valuation.UNVALUED,
        value=entry.value,
        valuation_basis=_("按旧登记本") if has_value else "",
        valued_by=by if has_value else None,
        policy=rule,
        old_number=entry.old_number,
    )
    item.expires_on = term_of(item, item.value)
    last = last_day_of(item)
    # Nobody looked for its owner here yet, and is not told a thousand times that he is late.
    item.next_due_at = retention.expires_at(last) if last else entry.handed_at + REST
    return item


def _links(
    item: FoundItem, entry: OldEntry, guard: User, by: User, now: datetime
) -> tuple[CustodyMove, CustodyMove]:
    """拾获 as the book says, then 接收入库 by the two of today."""
    found = CustodyMove(
        item=item,
        seq=1,
        kind=K.FOUND,
        holder=item.finder_user,
        holder_person=item.finder,
        by=by,
        at=entry.found_at,
        ended_at=now,
    )
    received = CustodyMove(
        item=item,
        seq=2,
        kind=K.RECEIVE,
        giver=item.finder_user,
        giver_person=item.finder,
        manager=by,
        manager_at=now,
        guard=guard,
        guard_at=now,
        storage=entry.storage,
        reason=_("旧登记本导入"),
        by=by,
        at=now,
    )
    return found, received


def _value(item: FoundItem, by: User, now: datetime) -> Valuation:
    return Valuation(
        item=item,
        seq=1,
        value=item.value,
        basis=item.valuation_basis,
        expires_on=item.expires_on,
        state=Valuation.State.IN_FORCE,
        by=by,
        at=now,
    )


def record_export(
    prop: Property, filters: dict[str, Any], rows: int, sha256: str, *, by: User
) -> RegisterExport:
    """导出 (X-2): who took how many rows by which filter; the words searched for are not kept."""
    ensure(by, "export", ACTIONS, prop=prop)
    kept = {name: value for name, value in filters.items() if name != "q"}
    kept |= {"searched": True} if filters.get("q") else {}
    row = RegisterExport(
        property=prop, by=by, at=timezone.now(), filters=kept, rows=rows, sha256=sha256
    )
    audit.save(row, by=by, reason=_("导出登记表"))
    return row
