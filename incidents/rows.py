"""Rows of lists and timelines, made ready in Python so that templates only print."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from incidents import queries
from incidents.detail import TONES, Detail
from incidents.models import (
    Channel,
    Complaint,
    Correction,
    Severity,
    Via,
)
from incidents.permissions import ACTIONS
from incidents.workflow import Rule
from propdesk.core import choices, chronicle, clock_text, masks
from propdesk.core.models import AuditEntry, Property, User
from propdesk.core.paging import Page
from propdesk.core.roles import may, standing
from propdesk.core.search import Hit

S = Complaint.Status

STATES = (
    ("open", _l("未结")),
    ("overdue", _l("已逾期")),
    ("soon", _l("2小时内到期")),
    (S.RESOLVED, _l("待复查")),
    (S.CLOSED, _l("已结案")),
    ("all", _l("全部")),
)
NEXT = {
    S.INTAKE: _l("做好记录"),
    S.RECORDED: _l("提出并告知方案"),
    S.AWAITING_CHOICE: _l("客户选定、约定时限"),
    S.IN_PROGRESS: _l("跟踪进度"),
    S.RESOLVED: _l("回访结案"),
    S.REOPENED: _l("重新约定"),
}
NEXT_ACTS = {
    S.INTAKE: "record",
    S.RECORDED: "offer",
    S.AWAITING_CHOICE: "promise",
    S.IN_PROGRESS: "progress",
    S.RESOLVED: "call_back",
    S.REOPENED: "promise",
}
"""What somebody must be allowed to do for those words to be said to him."""


def does_next(prop: Property, user: User, row: Complaint) -> bool:
    """Whether what a row of ``list_row`` names next is his to do."""
    act = NEXT_ACTS.get(S(row.status), "")
    held = row.department_id in standing(user, prop).departments
    return bool(act) and may(
        user, act, ACTIONS, prop=prop, owns=row.received_by_id == user.pk, assigned=held
    )


@dataclass(frozen=True, slots=True)
class ListRow:
    """One complaint in a list."""

    number: str
    url: str
    who: str
    place: str
    words: str
    status: str
    tone: str
    icon: str
    owner: str
    category: str
    severity: str
    serious: bool
    due: datetime | None
    received: str
    next: str
    extended: bool


def list_row(prop: Property, row: Complaint) -> ListRow:
    """A list row; everything it needs is joined already."""
    tone, icon = TONES[S(row.status)]
    guest = row.guest
    if row.is_anonymous:
        who = _("匿名客户")
    else:
        who = masks.name(guest.name, guest.honorific) or _("客户")
    words = row.core_issue or row.opening_words
    return ListRow(
        number=row.case.number,
        url=reverse("incidents:detail", args=[prop.code, row.case.number]),
        who=who,
        place=(row.place.code or row.place.label) if row.place else row.place_note,
        words=words if len(words) <= 40 else f"{words[:39]}…",
        status=choices.label(row, "status"),
        tone=tone,
        icon=icon,
        owner=row.owner.name,
        category=choices.label(row, "category") if row.category else "",
        severity=choices.label(row, "severity"),
        serious=row.severity != Severity.NORMAL,
        due=row.next_due_at,
        received=clock_text.list_time(row.received_at),
        next=str(NEXT.get(S(row.status), "")),
        extended=row.extended,  # type: ignore[attr-defined]  # by queries.listed
    )


def hit(prop: Property, case: Any) -> Hit:
    """A line for a case with its complaint, read with ``queries.extended``."""
    complaint = case.complaint
    complaint.case, complaint.extended = case, case.extended
    row = list_row(prop, complaint)
    return Hit(
        number=row.number,
        url=row.url,
        kind=choices.label(case, "kind"),
        icon="chat-left-text",
        title=row.who,
        place=row.place,
        status=row.status,
        tone=row.tone,
        mark=row.icon,
        opened=row.received,
        extended=row.extended,
    )


def board_context(
    prop: Property, filters: queries.Filters, found: Page, now: datetime, after: str
) -> dict[str, Any]:
    """Everything the list page prints."""
    base = reverse("incidents:board", args=[prop.code])
    older = filters.params() | {"after": found.after}

    def with_state(state: str) -> str:
        params = {k: v for k, v in filters.params().items() if k != "state"}
        return f"{base}?{urlencode(params | ({'state': state} if state != 'open' else {}))}"

    return {
        "rows": [list_row(prop, row) for row in found.rows],
        "filters": filters,
        "states": [(code, label, with_state(code)) for code, label in STATES],
        "categories": Complaint.Category.choices,
        "severities": Severity.choices,
        "older_url": f"{base}?{urlencode(older)}" if found.after else "",
        "newer_url": f"{base}?{urlencode(filters.params())}" if after else "",
        "filtered": bool(set(filters.params()) - {"state"}),
        "now": now,
        "base": base,
    }


EXTENDS = ["ask_extension", "grant_extension", "decline_extension", "extend"]
KINDS: dict[str, tuple[Any, list[str]]] = {
    "progress": (_l("进展"), ["progress", "resolve", "promise", *EXTENDS]),
    "told": (_l("告知"), ["tell_options", "choose", "refuse", "promise", "extend", "call_back"]),
    "notice": (
        _l("提醒"),
        ["flag", "hand_over", "call_security", "security_arrived", "event_started"],
    ),
    "correct": (_l("更正"), ["correct", "edit_guest", "change_severity", "remove_attachment"]),
}

LOOK = {
    "intake": ("grey", "inbox", _l("登记投诉")),
    "confirm_conduct": ("grey", "check2", _l("确认谈话要领")),
    "record": ("grey", "journal-text", _l("完成记录，念给客户核对")),
    "correct": ("grey", "pencil", _l("追加更正")),
    "edit_guest": ("grey", "person", _l("更正客户资料")),
    "change_severity": ("orange", "exclamation-triangle", _l("调整等级")),
    "offer": ("blue", "lightbulb", _l("提出方案")),
    "decide_option": ("blue", "patch-check", _l("方案审批")),
    "withdraw_option": ("grey", "x-lg", _l("撤回方案")),
    "tell_options": ("blue", "megaphone", _l("告知客户方案")),
    "choose": ("blue", "hand-index-thumb", _l("客户选定方案")),
    "refuse": ("orange", "slash-circle", _l("客户不接受方案")),
    "decide_refusal": ("violet", "patch-check", _l("物业经理决定")),
    "promise": ("blue", "clock", _l("约定时限")),
    "extend": ("orange", "calendar-plus", _l("延期")),
    "ask_extension": ("orange", "send", _l("请示再延期")),
    "grant_extension": ("green", "patch-check", _l("同意再延期")),
    "decline_extension": ("orange", "slash-circle", _l("不同意再延期")),
    "progress": ("blue", "play-circle", _l("进展")),
    "resolve": ("green", "check-lg", _l("标记已解决")),
    "call_back": ("violet", "telephone-outbound", _l("回访")),
    "decide_dissatisfied": ("violet", "patch-check", _l("物业经理决定")),
    "summarise": ("grey", "journal-text", _l("写明经过与结果")),
    "close": ("green", "archive", _l("结案")),
    "reopen": ("orange", "arrow-repeat", _l("重新处理")),
    "void": ("red", "slash-circle", _l("作废")),
    "hand_over": ("blue", "arrow-left-right", _l("移交跟进人")),
    "event_started": ("red", "shield-exclamation", _l("转特殊事件")),
    "call_security": ("red", "shield-exclamation", _l("请保安部到场")),
    "security_arrived": ("green", "shield-check", _l("保安部已到场")),
    "attach": ("grey", "camera", _l("添加照片")),
    "remove_attachment": ("grey", "image", _l("撤下照片")),
    "link": ("grey", "link-45deg", _l("关联")),
    "unmask": ("grey", "eye", _l("查看完整号码")),
    "flag": ("red", "bell", _l("系统提醒")),
    "report_start": ("violet", "file-earmark-text", _l("起草《事故报告》")),
    "report_edit": ("violet", "pencil", _l("填写《事故报告》")),
    "report_submit": ("violet", "send", _l("提交《事故报告》签批")),
    "report_sign": ("violet", "pen", _l("签批《事故报告》")),
    "report_send_back": ("orange", "arrow-counterclockwise", _l("退回《事故报告》")),
}


def timeline(one: Detail, kind: str, before: int | None) -> dict[str, Any]:
    """Entries of the case, newest first, as plain rows, and where older ones are."""
    case = one.complaint.case
    return chronicle.timeline(
        case.pk,
        lambda entry: _entry(one, entry),
        here=one.complaint.get_absolute_url(),
        older=reverse("incidents:timeline", args=[case.property.code, case.number]),
        before=before,
        kinds=KINDS,
        kind=kind,
    )


def _entry(one: Detail, entry: AuditEntry) -> dict[str, Any]:
    facts = ""
    if not chronicle.is_wordless(entry):
        facts = _facts(one, entry.action, chronicle.info_of(entry), entry.rows)
    occurred = chronicle.late(entry, one.now) if entry.action != "flag" else ""
    return chronicle.line(entry, LOOK, facts) | {"occurred": occurred}


def just_done(one: Detail) -> str:
    """What a colleague has just done to the complaint; see ``chronicle.just_done``."""
    return chronicle.just_done(one.complaint.case, LOOK, one.user, one.now)


def _time(value: str, now: datetime) -> str:
    moment = parse_datetime(value)
    return clock_text.friendly(moment, now) if moment else ""


def _facts(one: Detail, action: str, info: dict[str, Any], wrote: list[dict[str, Any]]) -> str:
    """One line of what this act did, from the rows in memory."""
    said = [words for row in wrote if (words := one.words.get((row["m"], row["pk"])))]
    if action in ("choose", "decide_option", "withdraw_option", "offer", "tell_options"):
        verdict = ""
        if "approved" in info:
            verdict = _("已批准：") if info["approved"] else _("未批准：")
        via = f" · {Via(info['via']).label}" if "via" in info else ""
        if action == "choose":
            said = said[:1]  # The rest fell away by this choice.
        return verdict + "；".join(said) + via
    if action in ("progress", "call_back") and said:
        return said[0]
    if action == "promise":
        return _("%(due)s 前 · %(via)s告知") % {
            "due": _time(info["due_at"], one.now),
            "via": Via(info["via"]).label,
        }
    if action == "ask_extension" and "wish_at" in info:
        return _("希望延到 %(when)s") % {"when": _time(info["wish_at"], one.now)}
    if action == "extend":
        tail = "" if info["in_time"] else _(" · 告知已迟，原承诺未兑现")
        return f"{_time(info['old_due_at'], one.now)} → {_time(info['due_at'], one.now)}{tail}"
    if action == "resolve":
        return _("承诺兑现") if info["kept"] else _("超过承诺时限")
    if action == "correct":
        return str(Correction.Field(info["field"]).label)
    if action == "change_severity":
        return f"{Severity(info['old']).label} → {Severity(info['new']).label}"
    if action == "intake":
        return f"{Channel(info['channel']).label} · {Severity(info['severity']).label}"
    if action == "confirm_conduct":
        return "、".join(info["letters"])
    if action == "flag":
        known = dict(Rule.choices)
        label = str(known.get(info["rule"], _("签批超时")))
        return label + (_("（已合并）") if info.get("merged") else "")
    if action == "link":
        return str(info.get("number", ""))
    if action in ("decide_refusal", "decide_dissatisfied"):
        return str(CHOICES.get(info.get("choice", ""), ""))
    return str(info.get("title") or info.get("number") or "")


CHOICES = {
    "new_options": _l("重新提出方案"),
    "proceed": _l("按其中一个方案办理"),
    "redo": _l("重新处理"),
    "close": _l("说明理由后可以结案"),
}

HIDDEN = {"case", "history_id", "guest", "id"}


def history(complaint: Complaint, limit: int = 60) -> list[dict[str, Any]]:
    """Versions of the record, newest first, each with what changed against the one before."""
    return chronicle.versions(complaint, complaint.case, LOOK, HIDDEN, limit)
