"""《值班交接记录》 out of its rows, which nobody can change once both have signed (form JB)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from propdesk.core import rendering
from propdesk.core.clock_text import list_time, local
from propdesk.core.models import RenderJob, StaffSignature, User
from propdesk.core.papers import SignBox, State
from propdesk.core.papers_handover import HandoverPaper
from propdesk.core.papers_outage import Listing
from propdesk.core.past import entry_of
from propdesk.core.rendering import Sheet, case_of
from propdesk.desk.handover import queries
from propdesk.desk.handover.models import Handover, HandoverCount, HandoverLine, PatrolCheck

S = Handover.Status
D = HandoverLine.Decision
FORM = "V1.0"


def handover_record(job: RenderJob) -> Sheet:
    """The paper as it stood at the entry it was asked for; sealed with the second signature."""
    case = case_of(job)
    row = queries.find(case.property, case.number)
    if row is None:
        raise TypeError(f"case {case.pk} is no hand-over")
    entry = entry_of(case, job.case_version)
    until = row.incoming_signed_at if job.sealed and row.incoming_signed_at else entry.at
    lines = queries.lines(row)
    boxes, files = _boxes(row)
    paper = HandoverPaper(
        organisation=case.property.name,
        number=case.number,
        form_code="PD-JB-01",
        version=FORM,
        record_url="",
        state=_state(row, sealed=job.sealed),
        frozen_at=list_time(until),
        secrecy=_("内部"),
        status=str(row.get_status_display()),
        audit_head=entry.hash,
        void_reason=row.void_reason,
        shift=f"{local(row.starts_at):%Y-%m-%d} {row.label}",
        span=f"{list_time(row.starts_at)} – {list_time(row.ends_at)}",
        outgoing=row.outgoing.name,
        incoming=row.incoming.name if row.incoming else "",
        stand_in=_stand_in(row),
        room_state=row.room_state,
        vips=row.vips,
        items=_items(lines),
        counts=_counts(queries.counts(row)),
        patrol=_patrol(queries.patrol(row)),
        happened=_happened(row, entry.at),
        log=_log(row, entry.at),
        refused=_refused(lines),
        signatures=boxes,
    )
    return rendering.coded(paper, files, until, page=row.get_absolute_url())


def _state(row: Handover, *, sealed: bool) -> State:
    if row.status == S.VOIDED:
        return "void"
    if sealed:
        return "sealed"
    return "copy" if row.status == S.SIGNED else "draft"


def _stand_in(row: Handover) -> str:
    if row.on_behalf_of is None:
        return ""
    said = {"who": row.outgoing.name, "whom": row.on_behalf_of.name, "why": row.takeover_reason}
    return _("%(who)s代%(whom)s：%(why)s") % said


def _short(at: datetime | None) -> str:
    return f"{local(at):%m-%d %H:%M}" if at else ""


def _items(lines: Iterable[HandoverLine]) -> Listing:
    """Every open thing: what, the next step, by when, whether it was told, whether it was taken.

    One that came up after the draft stands with its register, as on the page.
    """
    order = HandoverLine.Kind.values
    told = {True: "☑", False: "□"}
    return Listing(
        _("未结事项"),
        (_("编号"), _("事项与状态"), _("下一步"), _("到期"), _("告知"), _("接班")),
        ("w20", "", "w27", "w13", "w6", "w15"),
        tuple(
            (
                line.case.number if line.case else str(line.get_kind_display()),
                "，".join(part for part in (line.title, line.state) if part),
                line.next_step,
                _short(line.due_at),
                told[line.is_told],
                _decision(line),
            )
            for line in sorted(lines, key=lambda line: order.index(line.kind))
        ),
        nothing=_("没有未结事项。"),
    )


def _decision(line: HandoverLine) -> str:
    said = str(line.get_decision_display()) if line.decision else ""
    return f"{said}：{line.reason}" if line.decision == D.REFUSED else said


def _refused(lines: Iterable[HandoverLine]) -> str:
    count = sum(line.decision == D.REFUSED for line in lines)
    return _("其中 %(n)d 条没有接下，已报物业经理处理。") % {"n": count} if count else ""


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount.normalize():f}"


def _counts(rows: Iterable[HandoverCount]) -> Listing:
    return Listing(
        _("共管物品清点"),
        (_("物品"), _("单位"), _("应有"), _("实有"), _("不符的原因")),
        ("", "w10", "w13", "w13", "w30"),
        tuple(
            (row.name, row.unit, _plain(row.expected), _plain(row.actual), row.word) for row in rows
        ),
    )


def _patrol(rows: Iterable[PatrolCheck]) -> Listing:
    found = {True: _("☑正常　□异常"), False: _("□正常　☑异常"), None: _("□正常　□异常")}
    return Listing(
        _("巡查"),
        (_("巡查项"), _("结果"), _("异常情况"), _("跟进部门"), _("期限")),
        ("w13", "w20", "", "w15", "w15"),
        tuple(
            (
                str(row.get_area_display()),
                found[row.is_normal],
                row.note,
                row.department.name if row.department else "",
                _short(row.due_at),
            )
            for row in rows
        ),
    )


def _span(row: Handover, until: datetime) -> str:
    """From which minute to which: each stands on one record and on no other."""
    return f"{_short(row.reports_from)} – {_short(row.outgoing_signed_at or until)}"


def _happened(row: Handover, until: datetime) -> Listing:
    beyond = _("另有 %(n)d 件没有印出，在投诉、失物、特殊事件的列表里按日期可以查到。")
    return Listing(
        _("本班事件（%(span)s）") % {"span": _span(row, until)},
        (_("编号"), _("类别"), _("交班时的状态")),
        ("w27", "", "w30"),
        tuple((each["number"], each["kind"], each["state"]) for each in row.happened),
        nothing=_("本班没有新的投诉、失物和特殊事件。"),
        beyond=beyond % {"n": row.unlisted} if row.unlisted else None,
    )


def _log(row: Handover, until: datetime) -> Listing:
    entries, more = queries.log_of(row, until)
    beyond = _("另有 %(n)d 条没有印出，在“值班日志”里可以查到。") % {"n": more}
    return Listing(
        _("值班日志（%(span)s）") % {"span": _span(row, until)},
        (_("时间"), _("记事"), _("记录人")),
        ("w15", "", "w15"),
        tuple(
            (
                _short(entry.occurred_at),
                f"{_('更正')}（{_short(entry.corrects.at)}）：{entry.text}"
                if entry.corrects
                else entry.text,
                entry.by.name,
            )
            for entry in entries
        ),
        nothing=_("本班没有记事。"),
        beyond=beyond if more else None,
    )


Signed = tuple[str, User | None, StaffSignature | None, datetime | None]


def _boxes(row: Handover) -> tuple[tuple[SignBox, ...], dict[str, bytes]]:
    """Two boxes; a name stands there once it is signed."""
    rows: tuple[Signed, ...] = (
        (_("交班人"), row.outgoing, row.outgoing_signature, row.outgoing_signed_at),
        (_("接班人"), row.incoming, row.incoming_signature, row.incoming_signed_at),
    )
    boxes: list[SignBox] = []
    files: dict[str, bytes] = {}
    for number, (title, user, drawn, at) in enumerate(rows, start=1):
        if user is None or drawn is None or at is None:
            boxes.append(SignBox(title))
            continue
        asset = f"pd:sign-{number}"
        files[asset] = bytes(drawn.image)
        boxes.append(SignBox(title, user.name, list_time(at), asset, drawn.sha256))
    return tuple(boxes), files
