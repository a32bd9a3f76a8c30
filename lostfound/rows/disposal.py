"""Papers of disposal and their lines, made ready so that templates only print."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound import categories, retention
from lostfound.models import DisposalBatch, DisposalLine, FoundItem, Method
from lostfound.queries import disposal as queries
from lostfound.reports.wording import LAWS
from lostfound.workflow import risk_of, statutory_of
from propdesk.core import chronicle, clock_text
from propdesk.core.models import AuditEntry

B = DisposalBatch.Status
L = DisposalLine.State
TONES: dict[str, tuple[str, str]] = {
    B.DRAFT: ("grey", "pencil"),
    B.SUBMITTED: ("blue", "send"),
    B.REVIEWED: ("violet", "patch-check"),
    B.DECIDED: ("orange", "hourglass-split"),
    B.DONE: ("green", "check-circle"),
    B.WITHDRAWN: ("void", "x-circle"),
    L.PROPOSED: ("blue", "hourglass-split"),
    L.EXECUTED: ("green", "check-circle"),
    L.CLAIMED: ("violet", "person-check"),
    L.DROPPED: ("grey", "dash-circle"),
}
NEXT = {
    B.DRAFT: _l("共同签名提交"),
    B.SUBMITTED: _l("物业经理审核"),
    B.REVIEWED: _l("总物业经理批示"),
    B.DECIDED: _l("两人执行"),
}
STAGES = (_l("草拟"), _l("审核"), _l("批示"), _l("执行"), _l("办结"))
AT: dict[str, int] = {B.DRAFT: 0, B.SUBMITTED: 1, B.REVIEWED: 2, B.DECIDED: 3, B.DONE: 4}
LOOK = {
    "start_batch": ("grey", "archive", _l("草拟审批单")),
    "edit_batch": ("grey", "pencil", _l("修改审批单")),
    "submit_batch": ("blue", "send", _l("共同签名提交")),
    "review_batch": ("violet", "patch-check", _l("物业经理审核")),
    "decide_batch": ("violet", "patch-check", _l("总物业经理批示")),
    "withdraw_batch": ("red", "x-circle", _l("撤回审批单")),
    "execute_line": ("green", "check2-all", _l("登记执行")),
    "flag": ("red", "bell", _l("系统提醒：仍未执行")),
    "line_claimed": ("orange", "person-check", _l("有人认领，不再处置")),
    "line_dropped": ("grey", "dash-circle", _l("物品已另行处理，撤下")),
    "paper_sealed": ("grey", "file-earmark-pdf", _l("封存审批单")),
}


def tone(status: str) -> tuple[str, str]:
    """Colour and icon of a state of a paper or of a line."""
    return TONES[status]


@dataclass(frozen=True, slots=True)
class ThingRow:
    """A thing that could stand or stands on a paper, with both dates and what was done for its owner."""

    pk: int
    number: str
    url: str
    name: str
    icon: str
    quantity: str
    value: Decimal | None
    received: date | None
    last_day: date | None
    is_early: bool
    advice: str
    statutory: tuple[tuple[str, str], ...]
    traces: str
    features: str
    picture: int | None
    """Key of its first photo, on a paper only."""


def thing(row: Any, item: FoundItem) -> ThingRow:
    """``row`` holds the counts of ``queries``: the thing itself, or its line."""
    rule = categories.rule(item.category)
    last = item.last_day
    return ThingRow(
        pk=item.pk,
        number=item.case.number,
        url=item.get_absolute_url(),
        name=item.name,
        icon=rule.icon,
        quantity=f"{item.quantity}{item.unit}",
        value=item.value,
        received=item.received_on,
        last_day=last,
        is_early=item.status in queries.AT_REST,
        advice=str(rule.advice) if rule.early_days is not None else "",
        statutory=tuple(_period(clock) for clock in statutory_of(item)),
        traces=_traces(row),
        features=item.features,
        picture=getattr(row, "picture", None),
    )


def _period(clock: retention.StatutoryClock) -> tuple[str, str]:
    law = str(LAWS[clock.rule])
    if clock.last_day is None:
        return law, _("未起算")
    open_ended = "" if clock.is_published else _("（节假日未公布）")
    return law, f"{clock.last_day}{open_ended}"


def _traces(row: Any) -> str:
    """How often somebody was looked for, and when last; how often it was made known."""
    words = _("没有查找过")
    if row.asked:
        last = timezone.localtime(row.asked_last).strftime("%Y-%m-%d")
        words = _("查找%(n)s次，末次 %(last)s") % {"n": row.asked, "last": last}
    told = _("公告%(n)s次") % {"n": row.told} if row.told else _("没有公告")
    return f"{words} · {told}"


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of a paper."""

    pk: int
    position: int
    thing: ThingRow
    state: str
    label: str
    tone: str
    icon: str
    early: str
    proposed: str
    note: str
    method: str
    code: str
    reason: str
    risk: str
    keep_until: date | None
    done: str
    proof: str
    proceeds: Decimal | None
    photo: int | None


def lines(found: Iterable[Any], today: date) -> list[LineRow]:
    """Every line; until it is decided ``risk`` says what a way other than police or keeping runs into."""
    return [_line(line, today) for line in found]


def _line(line: Any, today: date) -> LineRow:
    colour, icon = TONES.get(line.state, ("orange", "hourglass-split"))
    risk = line.risk
    if line.state == L.PROPOSED:
        risk = risk_of(line.item, line.proposed, today)
    return LineRow(
        pk=line.pk,
        position=line.position,
        thing=thing(line, line.item),
        state=line.state,
        label=line.get_state_display(),
        tone=colour,
        icon=icon,
        early=f"{line.get_early_display()}：{line.early_reason}" if line.early else "",
        proposed=line.get_proposed_display(),
        note=line.proposed_note,
        method=line.get_method_display() if line.method else "",
        code=line.method,
        reason=line.reason,
        risk=risk,
        keep_until=line.keep_until,
        done=_done(line),
        proof="；".join(part for part in (line.proof, line.receiver) if part),
        proceeds=line.proceeds,
        photo=line.proof_photo_id,
    )


def _done(line: Any) -> str:
    """Who carried it out, and when."""
    people = [user.name for user in (line.executed_by, line.executed_with) if user]
    if line.executed_at is None or not people:
        return ""
    return f"{clock_text.list_time(line.executed_at)} · {'、'.join(people)}"


@dataclass(frozen=True, slots=True)
class ListRow:
    """One paper in the list."""

    number: str
    url: str
    status: str
    tone: str
    icon: str
    things: int
    left: int
    next: str
    asked_by: str
    opened: str


def list_row(batch: Any) -> ListRow:
    """``batch`` as ``queries.page_of`` read it."""
    colour, icon = TONES[batch.status]
    return ListRow(
        number=batch.case.number,
        url=batch.get_absolute_url(),
        status=batch.get_status_display(),
        tone=colour,
        icon=icon,
        things=batch.things,
        left=batch.left,
        next=str(NEXT.get(batch.status, batch.ended_reason)),
        asked_by=batch.asked_by.name,
        opened=clock_text.list_time(batch.case.opened_at),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that go one way and wait to be carried out."""

    code: str
    label: str
    count: int


def to_execute(found: Iterable[Any]) -> list[Group]:
    """What waits for two people, by way."""
    counts: dict[str, int] = {}
    for line in found:
        if line.state == L.DECIDED:
            counts[line.method] = counts.get(line.method, 0) + 1
    return [Group(code, str(Method(code).label), n) for code, n in counts.items()]


def stages(batch: DisposalBatch) -> list[dict[str, Any]]:
    """The road of a paper; where it stands now."""
    here = AT.get(batch.status)
    return [{"label": label, "here": number == here} for number, label in enumerate(STAGES)]


def signed(batch: DisposalBatch) -> list[tuple[str, str, Any, str]]:
    """(box, who, when, what he said) of each box that was signed, in order."""
    found: list[tuple[str, str, Any, str]] = []
    if batch.submitted_at and batch.asked_with:
        both = f"{batch.asked_by.name}、{batch.asked_with.name}"
        found.append((_("共同申请"), both, batch.submitted_at, ""))
    if batch.reviewed_by:
        who = batch.reviewed_by.name
        found.append((_("物业经理审核"), who, batch.reviewed_at, batch.review_note))
    elif batch.review_skipped:
        found.append((_("物业经理审核"), "—", None, _("没有其他物业经理，由总物业经理一并批示")))
    if batch.decided_by:
        who = batch.decided_by.name
        if batch.on_behalf_of:
            who = _("%(who)s（代%(whom)s）") % {"who": who, "whom": batch.on_behalf_of.name}
        found.append((_("总物业经理批示"), who, batch.decided_at, ""))
    return found


def timeline(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """What was done with a paper, the newest first."""
    return [_entry(entry) for entry in entries]


def _entry(entry: AuditEntry) -> dict[str, Any]:
    colour, icon, title = chronicle.look_of(entry, LOOK)
    content = entry.content or {}
    info = content.get("info", {})
    if info.get("approved") is False:
        colour, icon, title = "orange", "arrow-counterclockwise", _("退回修改")
    return {
        "tone": colour,
        "icon": icon,
        "title": str(title),
        "facts": _facts(info),
        "reason": content.get("reason", ""),
        "by": entry.by.name if entry.by else _("系统"),
        "at": entry.at,
    }


def _facts(info: dict[str, Any]) -> str:
    method = str(Method(info["method"]).label) if info.get("method") in Method.values else ""
    things = _("%(n)s件") % {"n": info["things"]} if info.get("things") else ""
    return " ".join(part for part in (method, things, info.get("number", "")) if part)
