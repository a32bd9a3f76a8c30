"""A–F: taking a complaint in, confirming the conduct, writing the points down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.models import (
    CONDUCT,
    Channel,
    Complaint,
    Correction,
    Severity,
    StepRecord,
)
from incidents.permissions import ACTIONS
from incidents.workflow.base import (
    Rule,
    begin,
    finish,
    neutral,
    not_signed_over,
    set_severity,
    stop_clocks,
    unchanged,
)
from incidents.workflow.table import S
from propdesk.core import audit, clocks, drafts, duty, persons, search
from propdesk.core.cases import open_case, open_task
from propdesk.core.models import Case, Place, Property, Task, User
from propdesk.core.notices import notify
from propdesk.core.persons import Guest
from propdesk.core.roles import DUTY, Role, ensure
from propdesk.core.transitions import ConflictError, RefusedInput, happened, require

ANONYMOUS_TASK = "anonymous"
OLDEST = timedelta(days=366)
"""How long ago what a guest complains of may have happened; earlier is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known in the first minute; only ``words`` must be given."""

    words: str
    guest: Guest
    severity: str = Severity.NORMAL
    channel: str = Channel.IN_PERSON
    place: Place | None = None
    place_note: str = ""
    received_at: datetime | None = None
    is_anonymous: bool = False
    anonymous_reason: str = ""


@transaction.atomic
def intake(prop: Property, data: Intake, *, by: User, token: str = "") -> Complaint:
    """登记投诉 (C-A): a number, an owner and running clocks from the first word.

    The owner is the duty manager on duty, or ``by`` when he is one (C-C: exactly one owner).
    RefusedInput for a receipt in the future or over 30 days ago; DoubleSubmitError for a twin.
    """
    stand = ensure(by, "intake", ACTIONS, prop=prop)
    now = timezone.now()
    received_at = data.received_at or now
    _complete(data, received_at, now)
    owner = by if stand.roles & DUTY else _duty_manager(prop, now) or by
    case = open_case(
        prop, Case.Kind.COMPLAINT, "TS", by=by, at=received_at, title=str(_("客户投诉"))
    )
    promise_by = received_at + prop.settings.promise_within(data.severity)
    complaint = Complaint(
        case=case,
        status=S.INTAKE,
        severity=data.severity,
        channel=data.channel,
        received_at=received_at,
        received_by=by,
        owner=owner,
        guest=persons.create(prop, data.guest),
        is_anonymous=data.is_anonymous,
        anonymous_reason=data.anonymous_reason,
        place=data.place,
        place_note=data.place_note,
        opening_words=data.words,
        next_due_at=promise_by,
    )
    audit.save(complaint, by=by, reason=_("登记投诉"))
    record_by = received_at + minutes(prop.settings.record_remind)
    clocks.arm(case, (Rule.RECORD_REMIND, record_by), (Rule.PROMISE_LATE, promise_by))
    info = {"severity": data.severity, "channel": data.channel}
    audit.record(case, complaint, by=by, action="intake", info=info, occurred_at=received_at)
    index(complaint)
    _tell_intake(complaint, by)
    drafts.use_token(by, token, complaint.get_absolute_url(), form="intake")
    return complaint


def _complete(data: Intake, received_at: datetime, now: datetime) -> None:
    """RefusedInput for what is missing or cannot be."""
    happened("received_at", received_at, now)
    if not data.words:
        raise RefusedInput(words=_("请写下客户怎么说。"))
    if data.is_anonymous and not data.anonymous_reason:
        raise RefusedInput(anonymous_reason=_("匿名投诉请写明说明。"))


def _duty_manager(prop: Property, now: datetime) -> User | None:
    on_duty = duty.on_duty(prop, Role.DUTY_MANAGER, at=now)
    return on_duty[0] if on_duty else None


def _tell_intake(complaint: Complaint, by: User) -> None:
    if complaint.owner_id == by.pk and complaint.severity != Severity.MAJOR:
        return
    roles = [Role.PROPERTY_MANAGER] if complaint.severity == Severity.MAJOR else []
    also = [complaint.owner]
    text = _("【新投诉】%(case)s · 请接手") % {"case": neutral(complaint)}
    notify(
        complaint.case,
        *roles,
        rule="incidents.intake",
        text=text,
        key="intake",
        also=also,
        except_for=by,
        urgent=complaint.severity == Severity.MAJOR,
    )


def index(complaint: Complaint) -> None:
    """Rewrite the search row."""
    search.write(complaint.case, entry_of(complaint))


def entry_of(complaint: Complaint) -> search.Entry:
    """What it is searched by: guest, room and all words; who stays anonymous is not found by name."""
    return search.Entry(
        places=[complaint.place],
        people=[] if complaint.is_anonymous else [complaint.guest],
        words=[
            complaint.place_note,
            complaint.opening_words,
            complaint.core_issue,
            complaint.expectation,
            complaint.key_points,
            complaint.resolution,
            complaint.summary,
            complaint.result,
            *_corrections(complaint),
        ],
    )


def entries(keys: Iterable[int]) -> dict[int, search.Entry]:
    """Entries of complaints by key, for rewriting many search rows at once."""
    rows = Complaint.objects.filter(pk__in=keys).select_related("guest", "place")
    return {row.pk: entry_of(row) for row in rows}


def _corrections(complaint: Complaint) -> list[str]:
    """Texts of corrections, oldest first; before F is complete there are none."""
    if complaint.recorded_at is None:
        return []
    return list(complaint.corrections.order_by("at", "pk").values_list("text", flat=True))


@dataclass(frozen=True, slots=True)
class Tick:
    """One conduct step: done, or not applicable for ``reason``."""

    done: bool
    reason: str = ""


@transaction.atomic
def confirm_conduct(
    complaint: Complaint,
    ticks: Mapping[str, Tick],
    *,
    by: User,
    private_talk: str = "",
    private_talk_reason: str = "",
) -> Complaint:
    """Tick any of A–E, in any order, until F is complete (C-A … C-E, reading 19).

    RefusedInput: a step marked not applicable, or an in-person talk that was not private, lacks
    its reason. An answered step may be answered anew; history keeps both.
    """
    complaint, _stand = begin(complaint, "confirm_conduct", by)
    _check_ticks(complaint, ticks, private_talk, private_talk_reason)
    now = timezone.now()
    existing = {row.letter: row for row in complaint.steps.all()}
    rows = []
    for letter, tick in ticks.items():
        row = existing.get(letter) or StepRecord(complaint=complaint, letter=letter)
        if row.pk and (row.done, row.reason) == (tick.done, tick.reason):
            continue
        row.done, row.reason, row.by, row.at = tick.done, tick.reason, by, now
        columns = ("done", "reason", "by", "at") if row.pk else ()
        audit.save(row, *columns, by=by, reason=_("%(letter)s 谈话要领") % {"letter": letter})
        rows.append(row)
    fields = []
    if private_talk:
        complaint.private_talk = private_talk
        complaint.private_talk_reason = private_talk_reason
        fields = ["private_talk", "private_talk_reason"]
    info = {"letters": sorted(ticks), "not_applicable": [k for k, t in ticks.items() if not t.done]}
    return finish(complaint, fields, *rows, by=by, action="confirm_conduct", info=info)


def _check_ticks(
    complaint: Complaint, ticks: Mapping[str, Tick], private_talk: str, reason: str
) -> None:
    errors = {}
    for letter, tick in ticks.items():
        require(letter in CONDUCT, _("没有这一项谈话要领。"))
        if not tick.done and not tick.reason:
            errors[f"reason_{letter}"] = _("标为不适用，请写明原因。")
    if "B" in ticks and ticks["B"].done and not private_talk:
        errors["private_talk"] = _("请选择是否单独会谈。")
    if complaint.channel == Channel.IN_PERSON:
        if private_talk == Complaint.PrivateTalk.NOT_APPLICABLE:
            errors["private_talk"] = _("这是当面投诉，请如实选择是否单独会谈。")
        if private_talk == Complaint.PrivateTalk.NOT_POSSIBLE and not reason:
            errors["private_talk_reason"] = _("当面投诉未能单独会谈，请写明原因。")
    if errors:
        raise RefusedInput(**errors)


@dataclass(frozen=True, slots=True)
class Points:
    """F as written down and read back to the guest."""

    guest: Guest
    category: str
    severity: str
    key_points: str
    core_issue: str
    expectation: str
    place: Place | None
    place_note: str
    occurred_at: datetime | None
    read_back: bool
    read_back_reason: str
    is_anonymous: bool
    anonymous_reason: str


@transaction.atomic
def record(complaint: Complaint, points: Points, *, by: User, seen: str = "") -> Complaint:
    """完成记录 (C-F): freezes the text; corrections are appended afterwards.

    409 while one of A–E is unanswered (each named); 422 for a missing name, place or reason.
    """
    complaint, stand = begin(complaint, "record", by)
    unchanged(complaint, "record", seen)
    _require_conduct(complaint)
    _check_points(complaint, points)
    now = timezone.now()
    persons.change(complaint.guest, points.guest, by=by, reason=_("F 做好记录"))
    before = complaint.severity
    if points.severity != before:
        set_severity(complaint, points.severity, by, stand)
    names = [name for name in Points.__dataclass_fields__ if name != "guest"]
    for name in names:
        setattr(complaint, name, getattr(points, name))
    complaint.status = S.RECORDED
    complaint.recorded_at, complaint.recorded_by = now, by
    due = complaint.received_at + complaint.case.property.settings.promise_within(points.severity)
    if due != complaint.next_due_at:
        stop_clocks(complaint, [Rule.PROMISE_LATE], now)
        clocks.arm(complaint.case, (Rule.PROMISE_LATE, due))
        complaint.next_due_at = due
    stop_clocks(complaint, [Rule.RECORD_REMIND], now)
    index(complaint)
    fields = [*names, "status", "recorded_at", "recorded_by", "next_due_at"]
    info = {"category": points.category, "severity": points.severity, "severity_before": before}
    tasks = [_ask_for_anonymous(complaint, by)] if complaint.is_anonymous else []
    return finish(complaint, fields, *tasks, by=by, action="record", info=info)


def _ask_for_anonymous(complaint: Complaint, by: User) -> Task:
    """Only a property manager may say 不适用 to telling and asking: he hears of it at once."""
    text = _("匿名投诉，告知与回访的“不适用”由您登记 · %(case)s") % {"case": neutral(complaint)}
    notify(
        complaint.case,
        Role.PROPERTY_MANAGER,
        rule="incidents.anonymous",
        text=f"【{_('匿名投诉')}】{text}",
        key="anonymous",
        except_for=by,
    )
    return open_task(complaint.case, ANONYMOUS_TASK, Role.PROPERTY_MANAGER, text, by=by)


def _require_conduct(complaint: Complaint) -> None:
    answered = set(complaint.steps.values_list("letter", flat=True))
    open_letters = [letter for letter in CONDUCT if letter not in answered]
    if open_letters:
        missing = tuple(
            (letter, _("%(letter)s 还没有确认，也没有注明不适用") % {"letter": letter})
            for letter in open_letters
        )
        raise ConflictError(_("还不能完成记录：先确认谈话要领。"), missing)


def _check_points(complaint: Complaint, points: Points) -> None:
    needed = {
        "category": _("请选择投诉类别。"),
        "key_points": _("请写下要点。"),
        "core_issue": _("请写明问题症结。"),
        "expectation": _("请写明客户诉求。"),
    }
    errors = {name: text for name, text in needed.items() if not getattr(points, name)}
    named = points.guest.name and points.guest.honorific
    if not named and not points.is_anonymous:
        errors["name"] = _("请填写客户姓名和称呼，或选择匿名。")
    if points.is_anonymous and not points.anonymous_reason:
        errors["anonymous_reason"] = _("匿名投诉请写明说明。")
    if points.occurred_at is not None:
        errors |= _check_occurred(points.occurred_at)
    if points.place is None and not points.place_note:
        errors["place_note"] = _("请填写地点。")
    if not points.read_back and not points.read_back_reason:
        errors["read_back_reason"] = _("没有念给客户核对，请写明原因。")
    if errors:
        raise RefusedInput(**errors)


def _check_occurred(at: datetime) -> dict[str, str]:
    now = timezone.now()
    if at > now:
        return {"occurred_at": _("发生时间还没有到，请核对后重填。")}
    if at < now - OLDEST:
        return {"occurred_at": _("发生时间在一年以前，请核对年份。")}
    return {}


@transaction.atomic
def correct(complaint: Complaint, field: str, text: str, *, by: User) -> Correction:
    """更正 (C-F): appended with author and time; the original stays word for word."""
    complaint, _stand = begin(complaint, "correct", by)
    not_signed_over(complaint)
    if field not in Correction.Field.values:
        raise RefusedInput(field=_("请选择要更正的一项。"))
    row = Correction(
        complaint=complaint,
        field=field,
        old=current_text(complaint, field),
        text=text,
        by=by,
        at=timezone.now(),
    )
    if row.old == text:
        raise RefusedInput(text=_("与现在的内容相同，没有需要更正的。"))
    audit.save(row, by=by, reason=_("更正"))
    finish(complaint, [], row, by=by, action="correct", info={"field": field})
    search.add(complaint.case, text)
    return row


def current_text(complaint: Complaint, field: str) -> str:
    """What a frozen field reads today: its latest correction, or the original."""
    latest = complaint.corrections.filter(field=field).order_by("-at", "-pk").first()
    if latest is not None:
        return latest.text
    if field == Correction.Field.PLACE:
        return " ".join(filter(None, [str(complaint.place or ""), complaint.place_note]))
    if field == Correction.Field.CATEGORY:
        return str(complaint.get_category_display())
    value = getattr(complaint, field)
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    return str(value or "")


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)
