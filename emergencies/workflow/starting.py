"""一键启动: type and place, and everything begins; children of an event; 误启动 (F9)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.models import Command, Event, Involved, Kind, PlaybookVersion, Reader
from emergencies.permissions import ACTIONS
from emergencies.playbooks.schema import Playbook
from emergencies.queries.evidence import kinds_above, playbook_of
from emergencies.workflow.base import Rule, begin, finish, minutes, say
from emergencies.workflow.calling import open_calls, stop_calls
from emergencies.workflow.content import in_force
from emergencies.workflow.table import S
from propdesk.core import audit, cases, clocks, drafts, duty, search
from propdesk.core.models import Case, CaseLink, Place, Property, User
from propdesk.core.roles import DUTY, MANAGERS, Role, ensure, standing
from propdesk.core.transitions import RefusedInput, happened, lock, require

NUMBER, DRILL_NUMBER = "SJ", "YL"
"""One prefix for all eight, so that a number does not give away a death (forms.md 1.1)."""
SECURITY_TASK = "security"
"""The task 转特殊事件 of a complaint; starting the event from it answers the call (C-B)."""


VOID_GUARDS: list[Callable[[Event], None]] = []
"""Registers that may refuse: ConflictError while something of theirs is active (E-6)."""


@dataclass(frozen=True, slots=True)
class Start:
    """What is known at the tap; everything but kind and place is preset."""

    kind: str
    place: Place | None = None
    place_note: str = ""
    occurred_at: datetime | None = None
    is_drill: bool = False
    parent: Event | None = None
    from_number: str = ""
    """Number of the complaint or event it comes from."""


@transaction.atomic
def start(prop: Property, what: Start, *, by: User, token: str = "") -> Event:
    """启动预案 (E-1 … E-8): number, commander, readers, calls and clocks in one transaction.

    Anybody on the staff may. RefusedInput for a missing place or a time to come; DoubleSubmitError
    for a twin of the same tap. The general rule of numbers holds: SJ, for a drill YL.
    """
    ensure(by, "start", ACTIONS, prop=prop)
    now = timezone.now()
    _check(what, now)
    event = _open(prop, what, by, now)
    rows: list[models.Model] = [event, *_staffed(event, by, now)]
    rows += open_calls(event, by=by, now=now)
    _arm(event, now)
    finish(event, [], *rows, by=by, action="start", info=_info(event), occurred_at=what.occurred_at)
    if what.from_number:
        _linked(event, what.from_number, by)
    search.write(event.case, entry_of(event))
    drafts.use_token(by, token, event.get_absolute_url(), form=f"event-start-{what.kind}")
    return event


def _check(what: Start, now: datetime) -> None:
    if what.kind not in Kind.values:
        raise RefusedInput(kind=_("请选择是哪一类事件。"))
    if what.place is None and not what.place_note.strip():
        raise RefusedInput(place=_("请选择地点，或用几个字写明在哪里。"))
    if what.is_drill and what.from_number.strip():
        # A drill settles nothing real: no call for 保安部 is answered by playing.
        raise RefusedInput(from_number=_("演练不和真的单子关联，这一栏请留空。"))
    if what.occurred_at is not None:
        happened("occurred_at", what.occurred_at, now)


def _open(prop: Property, what: Start, by: User, now: datetime) -> Event:
    version = in_force(prop, what.kind)
    title = _("保密事项") if _restricts(version, what) else str(Kind(what.kind).label)
    case = cases.open_case(
        prop,
        Case.Kind.EVENT,
        DRILL_NUMBER if what.is_drill else NUMBER,
        by=by,
        at=now,
        title=f"【{_('演练')}】{title}" if what.is_drill else title,
    )
    event = Event(
        case=case,
        kind=what.kind,
        playbook=version,
        is_drill=what.is_drill,
        place=what.place,
        place_note=what.place_note.strip(),
        reported_at=now,
        occurred_at=min(what.occurred_at or now, now),
        reported_by=by,
        commander=_commander(prop, by, now),
        parent=what.parent,
    )
    if _restricts(version, what):
        case.restricted = True
        case.save(update_fields=["restricted"])
    audit.save(event, by=by, reason=_("启动预案"))
    return event


def _restricts(version: PlaybookVersion, what: Start) -> bool:
    """Confidential playbooks, but not their drills: there is nothing to hide in those."""
    return playbooks.from_json(version.content).confidential and not what.is_drill


def _commander(prop: Property, by: User, now: datetime) -> User:
    """The duty manager who starts it, else the one on duty, else a manager, else the starter."""
    if standing(by, prop).roles & DUTY:
        return by
    for roles in ((Role.DUTY_MANAGER,), tuple(MANAGERS)):
        found = duty.on_duty(prop, *roles, at=now)
        if found:
            return found[0]
    return by


def _staffed(event: Event, by: User, now: datetime) -> list[models.Model]:
    """The first command, the roles concerned, and the readers of a restricted event."""
    command = Command(event=event, seq=1, user=event.commander, at=now, by=by)
    audit.save(command, by=by, reason=_("启动预案"))
    playbook = playbook_of(event)
    roles = _roles(playbook)
    Involved.objects.bulk_create(Involved(event=event, role=role) for role in sorted(roles))
    rows: list[models.Model] = [command]
    if event.case.restricted:
        rows += _fixed_readers(event, playbook, by, now)
    return rows


def _roles(playbook: Playbook) -> set[str]:
    """Every role of the house the playbook calls or gives a step to."""
    named = {step.by for step in playbook.steps.values()}
    for notice in playbook.notify:
        named |= {notice.to, notice.fallback or ""}
    return {str(name) for name in named if name in Role.values}


def _fixed_readers(event: Event, playbook: Playbook, by: User, now: datetime) -> list[Reader]:
    """Fixed at the start: commander, 保安部经理, managers, and the playbook's own roles.

    Whoever else starts it, or commands it for want of anybody, reads until it is in hand (ADR 0026).
    """
    prop = event.case.property
    always = duty.holders(prop, Role.SECURITY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)
    named = [Role(role) for role in playbook.readers if role in Role.values]
    on_duty = duty.on_duty(prop, *named, at=now) if named else []
    deputies = duty.on_duty(prop, *MANAGERS, at=now)
    people = {u.pk: u for u in (*always, *on_duty, *deputies)}
    if event.commander_id != by.pk or standing(by, prop).roles & DUTY:
        people[event.commander_id] = event.commander
    rows = [
        Reader(event=event, user=user, reason=_("启动时确定"), by=by, at=now)
        for user in people.values()
    ]
    if by.pk not in people:
        reason = _("启动的人，到有人接手为止")
        rows.append(Reader(event=event, user=by, reason=reason, by=by, at=now, is_brief=True))
    for row in rows:
        audit.save(row, by=by, reason=row.reason)
    return rows


def _arm(event: Event, now: datetime) -> None:
    """One clock for each distinct target and reminder: what is still open then is told then."""
    clocks.arm(event.case, *targets(event, now))


def targets(event: Event, since: datetime) -> list[tuple[str, datetime]]:
    """Rule and moment of each target and reminder of the playbook, counted from ``since``."""
    steps = playbook_of(event).steps.values()
    late = {s.within_min for s in steps if s.within_min}
    remind = {m for s in steps for m in s.reminders}
    return [
        *((Rule.STEP_LATE, since + minutes(m)) for m in sorted(late)),
        *((Rule.REMIND, since + minutes(m)) for m in sorted(remind)),
    ]


def _info(event: Event) -> dict[str, object]:
    info: dict[str, object] = {"kind": event.kind, "commander": event.commander_id}
    if event.is_drill:
        info["drill"] = True
    return info


def entry_of(event: Event) -> search.Entry:
    """What it is searched by; a restricted event by its number alone."""
    if event.case.restricted:
        return search.Entry([])
    return search.Entry([event.get_kind_display(), event.place_note], places=[event.place])


def entries(keys: Iterable[int]) -> dict[int, search.Entry]:
    """Entries of events by key, for rewriting many search rows at once."""
    rows = Event.objects.filter(pk__in=keys).select_related("case", "place")
    return {row.pk: entry_of(row) for row in rows}


def _linked(event: Event, number: str, by: User) -> None:
    """Link to the complaint it comes from, and answer its call for 保安部 (C-B, ambiguity 33).

    A restricted event says where it comes from, but the complaint does not say where it went: its
    readers are other people (X-7). RefusedInput for a number the property does not have.
    """
    secret, origin = event.case.restricted, cases.other(event.case, number)
    if secret:
        info = {"number": origin.number}
        audit.record(event.case, by=by, action="link", reason=_("转特殊事件"), info=info)
    else:
        cases.link(event.case, number, by=by, note=_("转特殊事件"))
    origin = lock(origin)
    done = cases.close_tasks(origin, SECURITY_TASK, by=by, outcome="event")
    if done:
        told = {} if secret else {"number": event.case.number}
        audit.record(origin, *done, by=by, action="event_started", info=told)


@transaction.atomic
def open_child(event: Event, kind: str, *, by: User, place: Place | None = None) -> Event:
    """Start the playbook a step leads to, once per parent and kind (decision 35).

    Returns the child that is there when somebody was faster. A child never opens the kind of one of
    its parents again: ConflictError.
    """
    event, _stand = begin(event, "open_child", by)
    there = event.children.exclude(status=S.VOIDED).filter(kind=kind).first()
    if there is not None:
        return there
    opened = {step.opens for step in playbook_of(event).steps.values() if step.opens}
    require(kind in opened, _("这个预案没有引出这一类事件的步骤。"))
    require(
        kind not in kinds_above(event) | {event.kind}, _("上一级事件就是这一类，不再重复启动。")
    )
    what = Start(
        kind=kind,
        place=place or event.place,
        place_note=event.place_note,
        is_drill=event.is_drill,
        parent=event,
    )
    child = start(event.case.property, what, by=by)
    link = _parent_link(event, child, by)
    finish(event, [], link, by=by, action="open_child", info=_child_info(child))
    return child


def _child_info(child: Event) -> dict[str, object]:
    """What the parent's chain says of the child; a restricted child shows its number alone."""
    info: dict[str, object] = {"number": child.case.number}
    return info if child.case.restricted else info | {"kind": child.kind}


def _parent_link(event: Event, child: Event, by: User) -> models.Model:
    a, b = sorted((event.case, child.case), key=lambda c: c.pk)
    row = CaseLink(a=a, b=b, note=_("由同一件引出"), by=by, at=timezone.now())
    audit.save(row, by=by, reason=row.note)
    return row


BY_THE_WAY = ("start", "answer", "link", "unmask", "open_child")
"""Acts after which an event may still be the slip of a finger."""


def may_void(event: Event, by: User) -> bool:
    """Four eyes: who started or commands it voids it only while nothing was done and nobody told."""
    if event.is_drill or by.pk not in (event.reported_by_id, event.commander_id):
        return True
    acts = event.case.entries.exclude(by=None).exclude(action__in=BY_THE_WAY)
    return not acts.exists()


def check_void(event: Event, by: User) -> None:
    """ConflictError for who is involved, while a child runs, and where a register refuses."""
    require(may_void(event, by), _("已经开始处置，自己启动或指挥的事件，须由另一位经理作废。"))
    require(
        not event.children.exclude(status=S.VOIDED).exists(),
        _("由它引出的事件还在，先处理那一件。"),
    )
    for guard in VOID_GUARDS:
        guard(event)


@transaction.atomic
def void(event: Event, *, by: User, reason: str) -> Event:
    """误启动: ended by a manager with a reason; the number stays, its calls and clocks stop.

    Once anything was done or anybody told, by another than who started or commands it. Refused while
    a child runs, while a place is sealed (E-6) and while somebody is missing (E-8).
    """
    event, _stand = begin(event, "void", by)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么是误启动。"))
    check_void(event, by)
    now = timezone.now()
    event.status, event.void_reason = S.VOIDED, reason.strip()[:200]
    event.case.is_open, event.case.closed_at = False, now
    rows = stop_calls(event, now)
    clocks.stop_all([event.case], now)
    rows += cases.close_tasks(event.case, by=by, outcome="voided")
    finish(
        event,
        ["status", "void_reason"],
        *rows,
        by=by,
        action="void",
        reason=event.void_reason,
        case_fields=("is_open", "closed_at"),
    )
    told = [event.reported_by, event.commander]
    text = f"【{_('误启动，已作废')}】{event.case.number}"
    say(event, Role.SECURITY, rule=Rule.CALL, text=text, key="void", also=told, by=by)
    return event
