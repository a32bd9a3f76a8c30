"""The time line of a complaint: one short line per act worth reading on paper. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Channel, Complaint, Progress, Severity
from incidents.reports.dossier import Dossier
from incidents.reports.wording import clause, short, told
from incidents.workflow import Rule
from propdesk.core.models import AuditEntry
from propdesk.core.papers import Entry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

MOST = 120
"""Lines printed; a case beyond that says how many are left to the register."""

QUIET = frozenset(
    {
        "attach",
        "blank_entered",
        "blank_unlinked",
        "confirm_conduct",
        "copy_given",
        "correct",
        "edit_guest",
        "offer",
        "paper_append",
        "paper_sealed",
        "record",
        "remove_attachment",
        "report_edit",
        "report_sign",
        "report_start",
        "report_submit",
        "summarise",
        "unmask",
    }
)
"""Acts the paper shows with their times elsewhere: steps, corrections, photos, boxes, results."""

Info = dict[str, Any]
Line = Callable[[Info, str, Dossier], str]


def timeline(dossier: Dossier) -> tuple[Entry, ...]:
    """The lines in the order in which things happened, at most ``MOST`` and a closing remark."""
    texts = {row.pk: row for row in dossier.progress}
    found = []
    for entry in dossier.entries:
        text = _progress_text(entry, texts) or line(entry, dossier)
        if text:
            # Moments are typed to the minute: within one, acts stand as they were recorded.
            at = (entry.occurred_at or entry.at).replace(second=0, microsecond=0)
            found.append((at, entry.seq, entry, text))
    found.sort(key=lambda item: item[:2])
    year = dossier.complaint.received_at.year
    lines = [
        Entry(short(at, year), entry.by.name if entry.by else _("系统"), text)
        for at, _seq, entry, text in found[:MOST]
    ]
    if len(found) > MOST:
        more = _("另有 %(count)d 条，见系统记录。") % {"count": len(found) - MOST}
        lines.append(Entry(text=more))
    return tuple(lines)


def _progress_text(entry: AuditEntry, texts: dict[int, Progress]) -> str:
    """What the department wrote stands in its own row; the entry only points at it."""
    if entry.action != "progress":
        return ""
    for row in entry.rows:
        if row["m"] == "incidents.progress" and row["pk"] in texts:
            found = texts[row["pk"]]
            return f"{found.get_kind_display()}：{clause(found.text)}"
    return ""


def line(entry: AuditEntry, dossier: Dossier) -> str:
    """One act in words; "" for those that are not printed. KeyError for an unknown action."""
    if entry.action in QUIET:
        return ""
    content = entry.content or {}
    return LINES[entry.action](content.get("info") or {}, content.get("reason") or "", dossier)


def _due(info: Info, key: str, dossier: Dossier) -> str:
    value = info.get(key)
    year = dossier.complaint.received_at.year
    return short(datetime.fromisoformat(value), year) if value else ""


def _with(text: str, reason: str) -> str:
    return f"{text}：{clause(reason)}" if reason else text


def _numbers(info: Info) -> str:
    return "、".join(str(n) for n in sorted(info.get("positions", ())))


def _intake(info: Info, reason: str, dossier: Dossier) -> str:
    channel = info.get("channel")
    return _with(_("受理投诉"), str(Channel(channel).label) if channel else "")


def _decide_option(info: Info, reason: str, dossier: Dossier) -> str:
    verdict = _("批准方案 %(n)s") if info.get("approved") else _("不批准方案 %(n)s")
    return _with(verdict % {"n": info.get("position", "")}, reason)


def _withdraw(info: Info, reason: str, dossier: Dossier) -> str:
    return _("撤回方案 %(n)s") % {"n": info.get("position", "")}


def _tell(info: Info, reason: str, dossier: Dossier) -> str:
    return _("%(told)s方案 %(numbers)s") % {
        "told": told(info.get("via", "")),
        "numbers": _numbers(info),
    }


def _choose(info: Info, reason: str, dossier: Dossier) -> str:
    return _("客户选定方案 %(n)s") % {"n": info.get("position", "")}


def _decide_refusal(info: Info, reason: str, dossier: Dossier) -> str:
    if info.get("choice") == "new_options":
        return _with(_("决定重新提出方案"), reason)
    return _with(_("决定按方案 %(n)s 办理") % {"n": info.get("position", "")}, reason)


def _promise(info: Info, reason: str, dossier: Dossier) -> str:
    return _("%(told)s：%(due)s 前完成") % {
        "told": told(info.get("via", "")),
        "due": _due(info, "due_at", dossier),
    }


def _extend(info: Info, reason: str, dossier: Dossier) -> str:
    text = _("%(told)s：改为 %(due)s，原定 %(old)s") % {
        "told": told(info.get("via", "")),
        "due": _due(info, "due_at", dossier),
        "old": _due(info, "old_due_at", dossier),
    }
    return text if info.get("in_time", True) else _("%(text)s（告知已晚）") % {"text": text}


def _ask_extension(info: Info, reason: str, dossier: Dossier) -> str:
    wish = _due(info, "wish_at", dossier)
    text = _("请示再延期，希望延到 %(wish)s") % {"wish": wish}
    return _with(text, reason)


def _progress(info: Info, reason: str, dossier: Dossier) -> str:
    kind = info.get("kind")
    return str(Progress.Kind(kind).label) if kind else _("进展")


def _resolve(info: Info, reason: str, dossier: Dossier) -> str:
    return _("标记已解决，承诺已兑现") if info.get("kept") else _("标记已解决，承诺未兑现")


def _call_back(info: Info, reason: str, dossier: Dossier) -> str:
    answer = info.get("satisfaction")
    label = Complaint.Satisfaction(answer).label if answer else ""
    return _("回访客户：%(answer)s") % {"answer": label}


def _decide_dissatisfied(info: Info, reason: str, dossier: Dossier) -> str:
    text = _("客户不满意，决定重新处理")
    if info.get("choice") == "close":
        text = _("客户不满意，决定可以结案")
    return _with(text, reason)


def _severity(info: Info, reason: str, dossier: Dossier) -> str:
    if not info:
        return _("调整等级")
    old, new = Severity(info["old"]).label, Severity(info["new"]).label
    return _with(_("等级由%(old)s调整为%(new)s") % {"old": old, "new": new}, reason)


def _hand_over(info: Info, reason: str, dossier: Dossier) -> str:
    name = dossier.staff.get(info.get("to", 0), "")
    return _with(_("移交给%(name)s") % {"name": name}, reason)


def _security(info: Info, reason: str, dossier: Dossier) -> str:
    return _with(_("保安部已到场"), info.get("outcome", ""))


def _flag(info: Info, reason: str, dossier: Dossier) -> str:
    if info.get("merged") or info.get("rule") not in Rule.values:
        return ""
    return _("提醒：%(rule)s") % {"rule": Rule(info["rule"]).label}


def _link(info: Info, reason: str, dossier: Dossier) -> str:
    return _("关联 %(number)s") % {"number": info.get("number", "")}


def _fixed(text: "StrPromise") -> Line:
    """A line that is always the same words, with the reason where there is one."""
    return lambda info, reason, dossier: _with(str(text), reason)


LINES: dict[str, Line] = {
    "intake": _intake,
    "decide_option": _decide_option,
    "withdraw_option": _withdraw,
    "tell_options": _tell,
    "choose": _choose,
    "refuse": _fixed(gettext_lazy("客户不接受方案")),
    "decide_refusal": _decide_refusal,
    "promise": _promise,
    "extend": _extend,
    "ask_extension": _ask_extension,
    "grant_extension": _fixed(gettext_lazy("同意再延期")),
    "decline_extension": _fixed(gettext_lazy("不同意再延期")),
    "progress": _progress,
    "resolve": _resolve,
    "call_back": _call_back,
    "decide_dissatisfied": _decide_dissatisfied,
    "close": _fixed(gettext_lazy("结案")),
    "reopen": _fixed(gettext_lazy("重新处理")),
    "void": _fixed(gettext_lazy("作废")),
    "change_severity": _severity,
    "hand_over": _hand_over,
    "call_security": _fixed(gettext_lazy("请保安部到场")),
    "security_arrived": _security,
    "flag": _flag,
    "link": _link,
    "report_send_back": _fixed(gettext_lazy("《事故报告》退回修改")),
}
