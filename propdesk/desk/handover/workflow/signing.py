"""Two signatures: who goes signs what he leaves, who comes takes it over line by line and signs (F4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import workflow as emergencies
from emergencies.models import Event
from incidents import workflow as incidents
from incidents.models import Complaint
from propdesk.core import audit, cases, duty, house, rendering, signatures
from propdesk.core.models import AuditEntry, Case, Membership, Property, Shift, Task, User
from propdesk.core.notices import Message, notify, put
from propdesk.core.roles import DUTY, MANAGERS, Role, Standing
from propdesk.core.transitions import ConflictError, RefusedInput, in_state, require
from propdesk.desk import reading
from propdesk.desk.handover import package, queries, roster
from propdesk.desk.handover.models import Handover, HandoverCount, HandoverLine, PatrolCheck
from propdesk.desk.handover.workflow.base import (
    CHANGED,
    OFFERED,
    REFUSED,
    SHORT,
    SIGNED,
    S,
    begin,
    finish,
    hold,
    live,
    permit,
    require_fresh,
    settle,
    settle_alarm,
)
from propdesk.desk.handover.workflow.table import MOVES

PAPER = "handover"
D = HandoverLine.Decision


@dataclass(frozen=True, slots=True)
class Answer:
    """What the incoming manager says of one line; refused only with a reason."""

    accepted: bool
    reason: str = ""


def unfinished(
    lines: Collection[HandoverLine],
    counts: Collection[HandoverCount],
    patrol: Collection[PatrolCheck],
) -> tuple[tuple[str, str], ...]:
    """(place on the page, sentence) of each thing without which a shift cannot be closed (X-6)."""
    untold = sum(not line.is_told for line in lines)
    uncounted = sum(count.actual is None for count in counts)
    unseen = sum(check.is_normal is None for check in patrol)
    found = (
        ("lines", untold, _("还有 %(n)d 条未结事项没有勾选“已告知”。")),
        ("counts", uncounted, _("还有 %(n)d 项没有清点。")),
        ("patrol", unseen, _("还有 %(n)d 处没有巡查。")),
    )
    return tuple((place, text % {"n": n}) for place, n, text in found if n)


@transaction.atomic
def offer(handover: Handover, password: str, *, by: User) -> Handover:
    """交班签名: everything ticked, counted and seen, nothing changed since; then who comes is told.

    ConflictError with what is missing (X-6); ChangedError; RefusedInput for a wrong password or without
    a kept signature.
    """
    signatures.prove(by, password)
    row, _stand = begin(handover, "offer", by)
    lines = live(row)
    missing = unfinished(lines, queries.counts(row), queries.patrol(row))
    if missing:
        raise ConflictError(_("还不能签名：") + "".join(s for _p, s in missing), missing)
    require_fresh(row, lines)
    now = timezone.now()
    row.outgoing_signature = signatures.kept(by)
    row.outgoing_signed_at, row.status = now, S.OFFERED
    row.happened, row.unlisted = package.happened(row.case.property, row.reports_from, now)
    row.content_sha = content_sha(row, lines)
    finish(row, [*SIGNED, "status"], by=by, action="offer", info={"lines": len(lines)})
    settle(row, CHANGED)
    _tell_next(row, by)
    return row


def content_sha(row: Handover, lines: Collection[HandoverLine]) -> str:
    """SHA-256 of all the outgoing manager leaves: lines, words, counts, patrol."""
    return package.sha_of(
        {
            "lines": [[ln.key, ln.digest, ln.next_step, ln.is_told] for ln in lines],
            "counts": [
                [c.key, str(c.expected), str(c.actual), c.word]
                for c in row.counts.filter(dropped_at=None).order_by("seq")
            ],
            "patrol": [
                [p.area, p.is_normal, p.note, p.department_id, p.due_at]
                for p in row.patrol.order_by("area")
            ],
            "rooms": [row.room_state, row.vips],
            "happened": row.happened,
        }
    )


def _tell_next(row: Handover, by: User) -> None:
    """Those the roster names; without any, all who are 值班经理. At once, also at night: he is awaited."""
    prop, number = row.case.property, row.case.number
    after = roster.following(prop, row.ends_at)
    rostered = roster.called(prop, after, max(row.ends_at, timezone.now()))
    text = _("【请接班】%(number)s · 交班人已签名") % {"number": number}
    key = f"offered:{row.case.version}"
    roles = [] if rostered else [Role.DUTY_MANAGER]
    notify(
        row.case,
        *roles,
        rule=OFFERED,
        text=text,
        key=key,
        also=rostered,
        except_for=by,
        urgent=True,
    )


@transaction.atomic
def accept(
    handover: Handover, answers: Mapping[int, Answer], password: str, *, by: User, seen: str
) -> Handover:
    """接班签名 (F4): each line taken over or refused with a reason, then all switches at once.

    ``seen`` is the ``content_sha`` of the page he answered: nobody signs for words he has not read.
    ``by`` is the incoming manager, on his own account or by his password on the same screen (decision
    13). Command of running events and the complaints the outgoing one follows up move here and nowhere
    before (C-C); of a refused line they stay where they are, and 物业经理 decides, as of what does not
    tally; faults of the patrol are told to their departments. Raises PermissionDenied, ConflictError
    (somebody else was first, not his shift, changed since), RefusedInput (a line without an answer, a
    wrong password).
    """
    signatures.prove(by, password)
    row = hold(handover)
    stand = permit(row, "accept", by)
    first = row.incoming.name if row.status == S.SIGNED and row.incoming else ""
    require(not first, _("%(name)s已经接班，不用再签。") % {"name": first})
    in_state(row, MOVES, "accept")
    _may_come(row, by, stand)
    lines = live(row)
    _require_read(row, lines, seen)
    refused = _answered(lines, answers)
    passing = _passing(row, lines)
    _can_take(row, lines, passing, by)
    now = timezone.now()
    row.incoming_signature = signatures.kept_beside(by, name="person")
    row.incoming, row.incoming_signed_at = by, now
    HandoverLine.objects.bulk_update(lines, ["decision", "reason"])
    _take_command(row, lines, by)
    _take_over(row, passing, by)
    _on_duty(row, by, stand)
    asked = _ask(row, refused, by)
    _tell_departments(row, now)
    row.status = S.SIGNED
    fields = ["incoming_signature", "incoming", "incoming_signed_at", "status"]
    info = {"accepted": len(lines) - len(refused), "refused": len(refused)}
    finish(row, fields, *lines, *asked, by=by, action="accept", info=info, closes=not asked)
    settle(row, OFFERED)
    settle_alarm(row)
    _tell_others(row, by)
    rendering.request(row.case, PAPER, by=by, sealed=True)
    return row


def _require_read(row: Handover, lines: Collection[HandoverLine], seen: str) -> None:
    """What he answered, what the outgoing one signed and what is open now are the same."""
    rewritten = _(
        "交班人改过内容、重新签了名。这一页已是最新的，请从头看过再选；写下的原因都还在。"
    )
    require(seen == row.content_sha, rewritten)
    require_fresh(row, lines)
    require(content_sha(row, lines) == row.content_sha, rewritten)


def _may_come(row: Handover, by: User, stand: Standing) -> None:
    """Not the outgoing one, nor as his deputy (decision 32); whom the roster names, who acts for one of
    those, or a manager."""
    gone = row.leaving()
    left = stand.own | {role for role, other in stand.acting_for if other not in gone}
    require(by.pk not in gone and left & DUTY, _("交班人不能自己接班，须由另一位同事接。"))
    if left & MANAGERS:
        return
    coming = {s.user_id: s.user for s in roster.following(row.case.property, row.ends_at)}
    coming = {pk: user for pk, user in coming.items() if pk not in gone}
    names = "、".join(user.name for user in coming.values())
    require(
        not coming or _stands_for(row, by, stand) & coming.keys(),
        _("下一班排的是%(names)s。换人接班请先改排班，或由物业经理接。") % {"names": names},
    )


def _stands_for(row: Handover, by: User, stand: Standing) -> frozenset[int]:
    """Keys of those whose shift he may take over: himself, and whom he acts for as 值班经理."""
    others = {other for role, other in stand.acting_for if role == Role.DUTY_MANAGER}
    return frozenset({by.pk, *others}) - row.leaving()


def _answered(lines: list[HandoverLine], answers: Mapping[int, Answer]) -> list[HandoverLine]:
    """Put the answers on the lines, not saved yet; returns those that are refused."""
    errors = {}
    for line in lines:
        answer = answers.get(line.pk)
        if answer is None:
            errors[f"line_{line.pk}"] = _("请选择接下或不接。")
            continue
        if not answer.accepted and not answer.reason:
            errors[f"reason_{line.pk}"] = _("不接请写明原因。")
        line.decision = D.ACCEPTED if answer.accepted else D.REFUSED
        line.reason = "" if answer.accepted else answer.reason
    if errors:
        raise RefusedInput(**errors)
    return [line for line in lines if line.decision == D.REFUSED]


def _commanded(row: Handover, lines: list[HandoverLine]) -> list[Event]:
    """Running events of accepted lines whose command the outgoing one, or whom he stands for, holds."""
    taken = _taken(lines, HandoverLine.Kind.EVENT)
    rows = Event.objects.filter(pk__in=taken, status=Event.Status.RUNNING)
    rows = rows.filter(commander__in=row.leaving()).select_related("case")
    return list(rows.order_by("pk"))


def _taken(lines: Collection[HandoverLine], kind: str) -> list[int]:
    """Keys of the cases of accepted lines of one kind."""
    return [
        line.case_id
        for line in lines
        if line.kind == kind and line.decision == D.ACCEPTED and line.case_id
    ]


def _passing(row: Handover, lines: list[HandoverLine]) -> list[Complaint]:
    """Complaints of accepted lines that the outgoing one follows up, or who left before him still does.

    Not those of one who is back on duty or is a manager, nor what was given to him after he had left.
    """
    prop = row.case.property
    leaver = Q(outgoing=OuterRef("owner")) | Q(on_behalf_of=OuterRef("owner"))
    left = Handover.objects.filter(leaver, property=prop, status=S.SIGNED)
    left_at = left.order_by("-incoming_signed_at").values("incoming_signed_at")[:1]
    given = AuditEntry.objects.filter(
        case=OuterRef("pk"), action="hand_over", at__gt=OuterRef("left_at")
    )
    here = duty.manager_shifts(prop, at=timezone.now()).values("user")
    managers = duty.holders(prop, *sorted(MANAGERS)).order_by().values("pk")
    earlier = (
        Q(left_at__isnull=False) & ~Exists(given) & ~Q(owner__in=here) & ~Q(owner__in=managers)
    )
    rows = Complaint.objects.filter(pk__in=_taken(lines, HandoverLine.Kind.COMPLAINT))
    rows = rows.annotate(left_at=Subquery(left_at))
    rows = rows.filter(Q(owner__in=row.leaving()) | earlier)
    return list(rows.select_related("case").order_by("pk"))


def _can_take(row: Handover, lines: list[HandoverLine], passing: list[Complaint], by: User) -> None:
    """Nobody becomes a reader of a confidential case by a change of shift (decision 33)."""
    held: list[Event | Complaint] = [*_commanded(row, lines), *passing]
    hidden = [each for each in held if each.case.restricted]
    seen = set(readable(by, row.case.property, [each.case for each in hidden]))
    for each in hidden:
        if each.pk not in seen:
            line = next(line for line in lines if line.case_id == each.pk)
            sentence = _(
                "您还不能查看这件，不能接手：请物业经理先加您为可查看人或移交给您，或选“不接”。"
            )
            raise RefusedInput(**{f"line_{line.pk}": sentence})


def readable(user: User, prop: Property, found: Collection[Case]) -> list[int]:
    """Keys of those cases ``user`` may read; one statement a kind."""
    keys: list[int] = []
    for kind in sorted({case.kind for case in found}):
        ids = [case.pk for case in found if case.kind == kind]
        rows = reading.visible(user, prop, kind).filter(pk__in=ids)
        keys += rows.values_list("pk", flat=True)
    return keys


def _take_command(row: Handover, lines: list[HandoverLine], by: User) -> None:
    reason = _("交接班 %(number)s") % {"number": row.case.number}
    for event in _commanded(row, lines):
        emergencies.take_command(event, by=by, reason=reason)


def _take_over(row: Handover, passing: list[Complaint], by: User) -> None:
    reason = _("交接班 %(number)s") % {"number": row.case.number}
    ids = [each.pk for each in passing]
    owners = {each.owner_id for each in passing}
    incidents.take_over(row.case.property, ids, owners, by=by, reason=reason)


def _on_duty(row: Handover, by: User, stand: Standing) -> None:
    """From now on the house calls who signed for the shift, and no longer who signed it away.

    The plan stays as it is: a shift says beside it since when and up to when somebody is on duty. Where
    a manager comes who is no 值班经理 himself the roster goes on as planned.
    """
    prop, now = row.case.property, timezone.now()
    planned = duty.manager_shifts(prop).filter(
        user__in=_stands_for(row, by, stand), starts_at__lt=row.until, ends_at__gt=now
    )
    comes = planned.order_by("starts_at", "pk").first() or _put_on_roster(row, by, now)
    if comes is None:
        return
    reason = _("交接班 %(number)s") % {"number": row.case.number}
    if comes.starts_at > now:
        comes.came_at = now
        audit.save(comes, "came_at", by=by, reason=reason)
    if row.shift is not None and row.shift.ends_at > now:
        row.shift.left_at = now
        audit.save(row.shift, "left_at", by=by, reason=reason)


def _put_on_roster(row: Handover, by: User, now: datetime) -> Shift | None:
    """Who takes over and is not planned: the house must call him and nobody else."""
    prop = row.case.property
    holds = Membership.objects.current(now).filter(user=by, property=prop, role=Role.DUTY_MANAGER)
    if row.until <= now or not holds.exists():
        return None
    return house.plan_shift(
        prop,
        Role.DUTY_MANAGER,
        by,
        by=by,
        label=_("顶班"),
        starts_at=now,
        ends_at=min(row.until, now + house.LONGEST_SHIFT),
    )


def _ask(row: Handover, refused: list[HandoverLine], by: User) -> list[Task]:
    """A task and word for 物业经理: what nobody took over and what does not tally is his to settle."""
    said = {"number": row.case.number}
    found: list[Task] = []
    if refused:
        text = _("【交接未接】%(number)s · %(n)d 条没有接下，请处理")
        found.append(_task(row, REFUSED, text % (said | {"n": len(refused)}), by))
    short = [count for count in queries.counts(row) if count.differs]
    if short:
        text = _("【清点不符】%(number)s · %(n)d 项与应有数不符，请处理")
        found.append(_task(row, SHORT, text % (said | {"n": len(short)}), by))
    return found


def _task(row: Handover, kind: str, text: str, by: User) -> Task:
    role, text = Role.PROPERTY_MANAGER, text[:200]
    notify(row.case, role, rule=f"desk.{kind}", text=text, key=kind, urgent=True)
    return cases.open_task(row.case, kind, role, text, by=by)


def _tell_departments(row: Handover, now: datetime) -> None:
    """Each fault of the patrol to the manager of its department, by when; 物业经理 where it has none.

    Without the record, which is of the duty side alone, and without what was typed.
    """
    prop = row.case.property
    for check in [each for each in queries.patrol(row) if each.is_normal is False]:
        roles = (Role.DEPARTMENT_MANAGER, Role.SECURITY_MANAGER)
        people = duty.on_duty(prop, *roles, at=now, department=check.department_id)
        people = people or duty.on_duty(prop, Role.PROPERTY_MANAGER, at=now)
        text = _("【巡查异常】%(number)s · %(area)s，%(department)s跟进，详情请问值班经理") % {
            "number": row.case.number,
            "area": check.get_area_display(),
            "department": check.department.name if check.department else "",
        }
        key = f"{row.case.pk}:patrol:{check.area}"
        message = Message(
            prop, "desk.handover_patrol", text, key, tuple(people), due_at=check.due_at
        )
        put([message])


def _tell_others(row: Handover, by: User) -> None:
    """The outgoing one is free to go; others the roster names need not come to sign."""
    prop, now = row.case.property, timezone.now()
    coming = roster.called(prop, roster.following(prop, row.ends_at), now)
    text = _("【已接班】%(number)s") % {"number": row.case.number}
    also = [row.outgoing, *coming]
    notify(
        row.case,
        rule="desk.handover_signed",
        text=text,
        key="signed",
        also=also,
        except_for=by,
    )
