"""What happened in an event, entry by entry, in words."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from emergencies.detail import Detail
from emergencies.models import Event, Kind, Party
from emergencies.playbooks.schema import Via, label
from emergencies.queries import detail as queries
from emergencies.workflow.base import LATE_ENTRY, Rule
from propdesk.core import chronicle
from propdesk.core.models import AuditEntry
from propdesk.core.roles import Role

HIDDEN = {"case", "history_id", "id", "playbook", "parent"}
"""Never in a history: what only the program reads."""
KINDS: dict[str, tuple[Any, list[str]]] = {
    "step": (_l("步骤"), ["mark", "round", "not_needed", "confirm_again", "note", "open_child"]),
    "answer": (_l("判断"), ["answer"]),
    "call": (_l("通知"), ["tell", "not_told", "acknowledge", "climb", "flag"]),
    "command": (_l("指挥"), ["start", "hand_over", "take_command", "end", "override_end"]),
}
LOOK = {
    "start": ("grey", "play-fill", _l("启动预案")),
    "answer": ("blue", "question-lg", _l("回答判断")),
    "mark": ("green", "check-lg", _l("完成")),
    "round": ("green", "arrow-repeat", _l("登记一次")),
    "not_needed": ("grey", "dash-circle", _l("不需要")),
    "confirm_again": ("green", "arrow-clockwise", _l("仍然有效")),
    "tell": ("blue", "telephone-outbound", _l("已通知")),
    "not_told": ("orange", "bell-slash", _l("没有通知")),
    "acknowledge": ("green", "check2-all", _l("确认收到")),
    "climb": ("red", "bell", _l("仍未确认，再次提醒")),
    "hand_over": ("violet", "arrow-left-right", _l("交出指挥")),
    "take_command": ("violet", "flag", _l("接手指挥")),
    "name_reader": ("grey", "eye", _l("增加可查看人")),
    "end_reader": ("grey", "eye-slash", _l("取消可查看人")),
    "note": ("orange", "chat-left-text", _l("现场记录")),
    "attach": ("grey", "camera", _l("添加照片")),
    "remove_attachment": ("grey", "image", _l("撤下照片")),
    "add_party": ("grey", "person-plus", _l("登记有关人员")),
    "edit_party": ("grey", "person", _l("更正有关人员")),
    "unmask": ("grey", "eye", _l("查看完整号码")),
    "link": ("grey", "link-45deg", _l("关联")),
    "open_child": ("orange", "diagram-3", _l("启动关联预案")),
    "end": ("green", "flag", _l("结束处置")),
    "override_end": ("orange", "patch-check", _l("特批结束处置")),
    "reopen": ("orange", "arrow-repeat", _l("重新处置")),
    "archive": ("green", "archive", _l("归档")),
    "void": ("red", "slash-circle", _l("误启动，作废")),
    "flag": ("red", "bell", _l("系统提醒")),
}
NOTE = "emergencies.note"


def timeline(one: Detail, kind: str, before: int | None) -> dict[str, Any]:
    """Entries of the case, newest first, as plain rows, and where older ones are."""
    case = one.event.case
    found = chronicle.timeline(
        case.pk,
        lambda entry: _entry(one, entry),
        here=reverse("emergencies:detail", args=[case.property.code, case.number]),
        older=reverse("emergencies:timeline", args=[case.property.code, case.number]),
        before=before,
        kinds=KINDS,
        kind=kind,
    )
    keys = [row["note"] for row in found["rows"] if row["note"]]
    notes = queries.notes(keys) if keys else {}
    for row in found["rows"]:
        if row["note"] in notes:
            row["facts"] = notes[row["note"]].text
    return found


def history(event: Event) -> list[dict[str, Any]]:
    """Versions of the event, newest first; people from outside are not in them."""
    return chronicle.versions(event, event.case, LOOK, HIDDEN)


def _entry(one: Detail, entry: AuditEntry) -> dict[str, Any]:
    info = chronicle.info_of(entry)
    row = chronicle.line(entry, LOOK, _facts(one, entry, info))
    if row["reason"] in (entry.action, row["title"], row["facts"]):
        row["reason"] = ""
    note = next((r["pk"] for r in entry.rows if r["m"] == NOTE), 0)
    by_clock = entry.action in ("flag", "climb")
    late = "" if by_clock else chronicle.late(entry, one.now, LATE_ENTRY)
    return row | {"occurred": late, "note": note}


def _facts(one: Detail, entry: AuditEntry, info: dict[str, Any]) -> str:
    """One line of what this act did, from the rows in memory."""
    action = entry.action
    if action == "answer":
        return _answer(one, info)
    if action in ("mark", "round", "not_needed", "confirm_again"):
        return _mark(one, entry, info)
    if action in ("tell", "not_told", "acknowledge", "climb"):
        return _call(one, action, info)
    if action == "flag":
        steps = [one.playbook.steps.get(ident) for ident in info.get("steps", ())]
        said = "；".join(one.text(step.zh) for step in steps if step)
        return " · ".join(filter(None, [_rule(info), said]))
    if action in ("hand_over", "take_command", "name_reader", "end_reader"):
        who = info.get("to") or info.get("user")
        return one.colleague(who)
    if action == "add_party" and info.get("part") in Party.Part.values:
        return str(Party.Part(info["part"]).label)
    if action == "open_child":
        kind = Kind(info["kind"]).label if info.get("kind") in Kind.values else ""
        return " · ".join(filter(None, [str(info.get("number", "")), str(kind)]))
    return str(info.get("number") or info.get("title") or "")


def _rule(info: dict[str, Any]) -> str:
    return str(dict(Rule.choices).get(info.get("rule", ""), ""))


def _answer(one: Detail, info: dict[str, Any]) -> str:
    ask = one.ask(info.get("key", ""))
    if ask is None:
        return ""
    labels = dict(ask.choices)
    old, new = (str(labels.get(info.get(name, ""), "")) for name in ("old", "value"))
    return f"{ask.fact.ask}{f'{old} → ' if old else ''}{new}"


def _mark(one: Detail, entry: AuditEntry, info: dict[str, Any]) -> str:
    """The step, then what was written with the very mark of this entry."""
    step = one.playbook.steps.get(info.get("step", ""))
    if step is None:
        return ""
    keys = {row["pk"] for row in entry.rows if row["m"] == "emergencies.stepmark"}
    mark = next((m for m in reversed(one.record.marks) if m.pk in keys), None)
    said = [one.text(step.zh)]
    if mark is not None and entry.action != "confirm_again":
        said += [f"{name}：{words}" for name, words in one.shown(step, mark.values)]
        said += [mark.text] if mark.text else []
    return " · ".join(said)


def _call(one: Detail, action: str, info: dict[str, Any]) -> str:
    notice = one.playbook.notices.get(info.get("notice", ""))
    if notice is None:
        return ""
    who = str(Role(notice.to).label) if notice.to in Role.values else label(notice.to)
    if action == "tell" and info.get("via") in Via.values:
        return f"{who} · {Via(info['via']).label}"
    if action == "climb":
        return _("%(who)s · 第%(n)s次") % {"who": who, "n": info.get("level", "")}
    return who
