"""疏散 (E-8): floors swept, three lists called, nobody left missing unless 消防 has him in hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from emergencies.models import Event, FireHandover, FloorSweep, Missing, Party, RollCall
from emergencies.playbooks import conditions
from emergencies.playbooks.vocabulary import Register
from emergencies.queries import evidence, headcount, seals
from emergencies.workflow import absent, answering, ending, marking, starting
from emergencies.workflow.base import (
    Rule,
    begin,
    finish,
    neutral,
    not_before,
    now_and,
    say,
    since_start,
)
from emergencies.workflow.marking import fulfilled
from emergencies.workflow.together import is_colleague, withdraw
from propdesk.core import audit, persons
from propdesk.core.models import Person, Place, User
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import RefusedInput, happened, require

MOST = 30_000
"""No house holds more: a number above it is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Swept:
    """One floor gone through; ``is_last`` when it was the last of those to be cleared."""

    place: Place | None = None
    floor: str = ""
    swept_by: User | None = None
    started_at: datetime | None = None
    cleared_at: datetime | None = None
    doors: int = 0
    people: int = 0
    note: str = ""
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """One list called at the assembly point; who did not answer, as far as known."""

    list: str
    expected: int | None
    present: int | None
    people: Sequence[Guest] = ()
    assembly: str = ""
    counted_at: datetime | None = None
    reason: str = ""
    """Why fewer are expected than at the count before."""
    settled: Mapping[int, str] = field(default_factory=dict)
    """What became of those who were missing by name: number of the party → outcome."""
    rest_unknown: bool = False
    """Nobody knows yet who the rest of the missing are: said, never left out by oversight."""


@dataclass(frozen=True, slots=True)
class Handed:
    """Who of the fire service took the missing over."""

    officer: str
    unit: str
    note: str = ""
    handed_at: datetime | None = None


# --- floors ----------------------------------------------------------------------------------


@transaction.atomic
def sweep_floor(event: Event, what: Swept, *, by: User) -> FloorSweep:
    """清查一层 (E-8): who went from door to door, how many are marked, who was found."""
    event, _stand = begin(event, "sweep_floor", by)
    check_sweep(event)
    now, at = now_and(what.cleared_at)
    started = what.started_at or at
    since_start("cleared_at", at, now, event)
    swept_by = what.swept_by or by
    _check_floor(event, what, started, at)
    is_colleague(event, swept_by, "swept_by")
    row = FloorSweep(
        event=event,
        place=what.place,
        floor=what.floor.strip()[:40],
        swept_by=swept_by,
        started_at=started,
        cleared_at=at,
        doors=what.doors,
        people=what.people,
        note=what.note.strip()[:200],
        by=by,
        at=now,
    )
    audit.save(row, by=by, reason=_("清查楼层"))
    rows: list[models.Model] = [row]
    if what.is_last:
        rows += _all_swept(event, by, now, at)
    info = {"sweep": row.pk, "last": what.is_last}
    finish(event, [], *rows, by=by, action="sweep_floor", info=info, occurred_at=at)
    return row


def _check_floor(event: Event, what: Swept, started: datetime, at: datetime) -> None:
    errors: dict[str, str] = {}
    if (what.place is None and not what.floor.strip()) or (
        what.place is not None and what.place.property_id != event.case.property_id
    ):
        errors["place"] = _("请选择或写明楼层。")
    if started > at:
        errors["started_at"] = _("清完时间不能早于开始时间。")
    if not 0 <= what.doors <= MOST or not 0 <= what.people <= MOST:
        errors["doors"] = _("请填写做了记号的门数和找到的人数，没有就填0。")
    if errors:
        raise RefusedInput(**errors)


def _all_swept(event: Event, by: User, now: datetime, at: datetime) -> list[models.Model]:
    """The step is done: from the first floor begun to the last one cleared."""
    times = event.sweeps.aggregate(first=models.Min("started_at"), last=models.Max("cleared_at"))
    values = {
        "started_at": times["first"].astimezone(UTC).isoformat(),
        "finished_at": times["last"].astimezone(UTC).isoformat(),
    }
    return fulfilled(event, Register.FLOOR_SWEEP, by=by, now=now, at=at, values=values)


# --- the roll call ---------------------------------------------------------------------------


@transaction.atomic
def roll_call(event: Event, what: Count, *, by: User) -> RollCall:
    """点名 (E-8): 应到, 实到, 缺 of one list; as often as needed, the last count holds.

    Whoever is missing is named, or it is said that nobody knows yet who the rest are; he stays so
    until he is found or struck by name. A shorter list takes a reason. The step is done when all three
    lists were counted. More people missing than were handed over to the fire service takes that step
    back.
    """
    event, _stand = begin(event, "roll_call", by)
    check_roll_call(event)
    now, at = now_and(what.counted_at)
    numbers = _numbers(what)
    last = event.roll_calls.filter(list=what.list).order_by("-seq").first()
    happened("counted_at", at, now, not_before=last.counted_at if last else event.occurred_at)
    row = RollCall(event=event, counted_at=at, at=now, by=by, **_row(what, numbers, last))
    earlier = _earlier(event, what, last, row.missing)
    audit.save(row, by=by, reason=_("集合点名"))
    rows: list[models.Model] = [row, *absent.carried(row, earlier, by)]
    rows += absent.named(event, row, what.people, by, now)
    rows += _counted(event, by, now, at)
    info = {name: getattr(row, name) for name in ("list", "expected", "present", "missing")}
    if what.rest_unknown:
        info["unnamed"] = row.missing - row.people.filter(outcome=absent.MISSING).count()
    finish(
        event,
        [],
        *rows,
        by=by,
        action="roll_call",
        reason=row.reason,
        info=info,
        occurred_at=at,
    )
    if row.missing:
        _alarm(event, row, by)
    return row


def _row(what: Count, numbers: tuple[int, int], last: RollCall | None) -> dict[str, Any]:
    """What a count says, after the one before it."""
    expected, present = numbers
    return {
        "list": what.list,
        "seq": last.seq + 1 if last else 1,
        "expected": expected,
        "present": present,
        "missing": expected - present,
        "assembly": what.assembly.strip()[:60],
        "reason": what.reason.strip()[:200] if last and expected < last.expected else "",
    }


def _numbers(what: Count) -> tuple[int, int]:
    errors: dict[str, str] = {}
    expected, present = what.expected, what.present
    if what.list not in RollCall.List.values:
        errors["list"] = _("请选择点的是哪张名单。")
    if expected is None or not 0 <= expected <= MOST:
        errors["expected"] = _("请填写应到人数，没有人就填0。")
    if present is None or not 0 <= present <= MOST:
        errors["present"] = _("请填写实到人数，没有人就填0。")
    if errors or expected is None or present is None:
        raise RefusedInput(**errors)
    if present > expected:
        raise RefusedInput(present=_("实到比应到多，请先把名单补全再点。"))
    return expected, present


def _earlier(
    event: Event, what: Count, last: RollCall | None, missing: int
) -> list[tuple[Party, str]]:
    """Those missing by name at the last count of the list, each with what is said of him now."""
    before = [m.party for m in headcount.still_missing(event) if last and m.roll_call_id == last.pk]
    said = [(party, what.settled.get(party.pk, Missing.Outcome.MISSING)) for party in before]
    errors: dict[str, str] = {}
    if last and (what.expected or 0) < last.expected and not what.reason.strip():
        errors["reason"] = _("应到比上一次少，请写明原因。")
    known = {party.pk for party in before}
    if not set(what.settled) <= known or not set(what.settled.values()) <= SETTLES:
        errors["people"] = _("名单刚有变动，请重新打开再填。")
    left = sum(outcome == Missing.Outcome.MISSING for _party, outcome in said)
    new = sum(absent.is_somebody(who) for who in what.people)
    if left and left + new > missing:
        errors["people"] = _("此前还有%(n)d人没到：请逐个选找到了还是名单有误。") % {"n": left}
    elif new > missing:
        errors["people"] = _("未到的人比缺的人数多，请核对。")
    elif left + new < missing and not what.rest_unknown:
        text = _("缺%(n)d人，写明了%(named)d人：请补上；不知道是谁的，勾下面一格先登记人数。")
        errors["rest_unknown"] = text % {"n": missing, "named": left + new}
    if any(absent.is_nameless(who) for who in what.people):
        errors["people"] = _("身份不明的，请写房号，或特征和最后在哪里。")
    if errors:
        raise RefusedInput(**errors)
    return said


SETTLES = {Missing.Outcome.FOUND, Missing.Outcome.LIST_ERROR}


def _counted(event: Event, by: User, now: datetime, at: datetime) -> list[models.Model]:
    """Mark the step anew with the sums of the last counts; take a handing over back that is short."""
    tally = headcount.tally(event)
    rows: list[models.Model] = []
    if tally.is_complete:
        reason = _("重新点名")
        rows += withdraw(event, Register.ROLL_CALL, by=by, now=now, reason=reason)
        values = tally.counted
        if unnamed := headcount.unnamed(event, tally):
            values["unnamed"] = unnamed
        rows += fulfilled(event, Register.ROLL_CALL, by=by, now=now, at=at, values=values)
    if headcount.unaccounted(event) and headcount.handed(event) is not None:
        reason = _("有没到的人还没有移交")
        rows += withdraw(event, Register.FIRE_HANDOVER, by=by, now=now, reason=reason)
    return rows


def _alarm(event: Event, row: RollCall, by: User) -> None:
    text = _("【缺%(n)d人】%(case)s · 立即告诉消防") % {"n": row.missing, "case": neutral(event)}
    say(
        event,
        Role.SECURITY,
        rule=Rule.CALL,
        text=text,
        key=f"missing:{row.pk}",
        also=[event.commander],
        by=by,
        urgent=True,
    )


# --- the fire service ------------------------------------------------------------------------


@transaction.atomic
def hand_to_fire_service(event: Event, what: Handed, *, by: User) -> FireHandover:
    """移交消防 (E-8): all who are missing now are in the hands of the fire service, by name of officer.

    Who they are goes with it: those named at the last counts, and how many nobody can name yet.
    Counts go on afterwards: whoever is found is said so by name. ConflictError while nobody is
    missing.
    """
    event, _stand = begin(event, "hand_to_fire_service", by)
    missing = check_fire_service(event)
    now, at = now_and(what.handed_at)
    since_start("handed_at", at, now, event)
    _after_count(event, at)
    _check_handed(what)
    who = Guest(name=what.officer.strip(), kind=Person.Kind.OUTSIDER)
    row = FireHandover(
        event=event,
        officer=persons.create(event.case.property, who),
        unit=what.unit.strip()[:60],
        missing=missing,
        handed_at=at,
        note=what.note.strip()[:200],
        at=now,
        by=by,
    )
    audit.save(row, by=by, reason=_("移交消防"))
    rows: list[models.Model] = [row]
    rows += withdraw(event, Register.FIRE_HANDOVER, by=by, now=now, reason=_("再次移交"))
    values = {
        "officer": {"person": row.officer_id},
        "handed_at": at.astimezone(UTC).isoformat(),
        "unaccounted": missing,
    }
    rows += fulfilled(event, Register.FIRE_HANDOVER, by=by, now=now, at=at, values=values)
    people = [found.party_id for found in headcount.handed_people(event, row)]
    info = {"handover": row.pk, "missing": missing, "parties": people}
    finish(event, [], *rows, by=by, action="hand_to_fire_service", info=info, occurred_at=at)
    return row


def check_fire_service(event: Event) -> int:
    """How many are missing; ConflictError while nobody is, and where the playbook has no roll call."""
    _asks(event, Register.FIRE_HANDOVER)
    missing = headcount.tally(event).counted["missing"]
    require(missing, _("现在没有缺的人，不用移交。"))
    return missing


def check_sweep(event: Event) -> None:
    """ConflictError for a kind of event in which no floor is swept."""
    _asks(event, Register.FLOOR_SWEEP)


def check_roll_call(event: Event) -> None:
    """ConflictError for a kind of event without a roll call."""
    _asks(event, Register.ROLL_CALL)


def _after_count(event: Event, at: datetime) -> None:
    """RefusedInput for a time before the last count: nobody hands over whom he has not missed yet."""
    counted = event.roll_calls.aggregate(last=Max("counted_at"))["last"]
    said = _("最后一次点名是%(at)s，移交不能比它早，请核对后重填。")
    not_before("handed_at", at, counted, said)


def _check_handed(what: Handed) -> None:
    errors: dict[str, str] = {}
    if not what.officer.strip():
        errors["officer"] = _("请填写接手的消防指挥是谁。")
    if not what.unit.strip():
        errors["unit"] = _("请填写消防单位。")
    if errors:
        raise RefusedInput(**errors)


def _asks(event: Event, own: str) -> None:
    require(seals.has_step(event, own), _("这类事件的预案里没有这一项。"))


# --- nobody is forgotten ---------------------------------------------------------------------


def refuse_while_missing(event: Event) -> None:
    """ConflictError while somebody is missing and in nobody's hands, whatever the answers say."""
    if event.is_drill or not seals.has_step(event, Register.ROLL_CALL):
        return
    missing = headcount.unaccounted(event)
    text = _("还有%(n)d人没有点到：请再点名，或把没到的人移交消防。")
    require(not missing, text % {"n": missing})


def refuse_void_while_missing(event: Event) -> None:
    """ConflictError: a fire that somebody is missing from was no mistake, handed over or not."""
    if not event.is_drill and seals.has_step(event, Register.ROLL_CALL):
        missing = headcount.tally(event).counted["missing"]
        require(not missing, _("还有%(n)d人没有点到，不能作废。") % {"n": missing})


def _asked_while_missing(event: Event, key: str, value: str) -> None:
    """ConflictError for an answer that would do away with the roll call while somebody is missing."""
    book = evidence.playbook_of(event)
    steps = [step for step in book.steps.values() if step.own == Register.ROLL_CALL]
    if not any(key in conditions.depends_on(book, step.when) for step in steps):
        return
    facts = evidence.facts_of(event, **{key: value})
    if not all(conditions.evaluate(step.when, facts) for step in steps):
        refuse_while_missing(event)


marking.OWNED |= {Register.FLOOR_SWEEP, Register.ROLL_CALL, Register.FIRE_HANDOVER}
evidence.REGISTERS.append(headcount.fill)
answering.GUARDS.append(_asked_while_missing)
ending.GUARDS.append(refuse_while_missing)
starting.VOID_GUARDS.append(refuse_void_while_missing)
