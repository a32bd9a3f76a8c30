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
    "correct_place": ("orange", "geo-alt", _l("更正地点")),
    "unmask": ("grey", "eye", _l("查看完整号码")),
    "link": ("grey", "link-45deg", _l("关联")),
    "open_child": ("orange", "diagram-3", _l("启动关联预案")),
    "end": ("green", "flag", _l("结束处置")),
    "override_end": ("orange", "patch-check", _l("特批结束处置")),
    "reopen": ("orange", "arrow-repeat", _l("重新处置")),
    "archive": ("green", "archive", _l("归档")),
    "void": ("red", "slash-circle", _l("误启动，作废")),
    "list_losses": ("grey", "list-check", _l("登记失窃物品")),
    "strike_loss": ("grey", "slash-circle", _l("划去失窃物品")),
    "recover_loss": ("green", "bag-check", _l("找回失窃物品")),
    "price": ("grey", "cash-coin", _l("核定赔偿金额")),
    "inform_guest": ("blue", "megaphone", _l("告知客户赔偿")),
    "decide_damage": ("violet", "patch-check", _l("批示赔偿异议")),
    "sign_damage": ("green", "pen", _l("赔偿单签字")),
    "decline_damage": ("orange", "pen", _l("客户拒签赔偿单")),
    "post_damage": ("green", "journal-text", _l("赔偿入账")),
    "cancel_damage": ("orange", "slash-circle", _l("取消赔偿")),
    "seal": ("violet", "lock-fill", _l("贴封条")),
    "check_seal": ("green", "shield-check", _l("核查封条")),
    "open_seal": ("orange", "unlock", _l("启封")),
    "renew_seal": ("violet", "lock-fill", _l("更换封条")),
    "release_seal": ("green", "unlock", _l("公安解除")),
    "count_belongings": ("grey", "list-check", _l("清点遗物")),
    "hand_over_belongings": ("green", "box-seam", _l("移交遗物")),
    "sweep_floor": ("green", "building", _l("逐层清查")),
    "roll_call": ("blue", "people", _l("集合点名")),
    "hand_to_fire_service": ("orange", "fire", _l("移交消防")),
    "add_affected": ("grey", "building", _l("登记受影响客户")),
    "inform_affected": ("blue", "megaphone", _l("告知受影响客户")),
    "link_claim": ("grey", "link-45deg", _l("关联诉求")),
    "finish_action": ("green", "check2-circle", _l("整改完成")),
    "review": ("violet", "journal-text", _l("复盘")),
    "record_start": ("grey", "file-earmark-text", _l("开始填写记录")),
    "record_edit": ("grey", "pencil", _l("填写记录")),
    "record_rewrite": ("orange", "arrow-repeat", _l("重写记录")),
    "record_submit": ("violet", "send", _l("记录送签")),
    "record_sign": ("violet", "pen", _l("签批记录")),
    "record_signed_by": ("violet", "pen", _l("记录签字")),
    "record_scan": ("grey", "upload", _l("上传签字件")),
    "record_declined": ("orange", "slash-circle", _l("拒绝签字")),
    "record_send_back": ("orange", "arrow-counterclockwise", _l("退回记录")),
    "report_start": ("violet", "file-earmark-text", _l("起草《事故报告》")),
    "report_edit": ("violet", "pencil", _l("填写《事故报告》")),
    "report_submit": ("violet", "send", _l("提交《事故报告》签批")),
    "report_sign": ("violet", "pen", _l("签批《事故报告》")),
    "report_send_back": ("orange", "arrow-counterclockwise", _l("退回《事故报告》")),
    "paper_sealed": ("grey", "file-earmark-pdf", _l("封存文书")),
    "flag": ("red", "bell", _l("系统提醒")),
}
NOTE, MARK = "emergencies.note", "emergencies.stepmark"
SHORT = 22
"""Characters of a step that stand in a line of the timeline."""


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
    keys = {row["note"] for row in found["rows"] if row["note"]}
    notes = dict(one.notes)
    if older := keys - notes.keys():
        notes |= {pk: note.text for pk, note in queries.notes(sorted(older)).items()}
    for row in found["rows"]:
        row["facts"] = notes.get(row["note"], row["facts"])
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
    more = " · ".join(filter(None, [row["reason"], _written(one, entry)]))
    return row | {"occurred": late, "note": note, "reason": more}


def _facts(one: Detail, entry: AuditEntry, info: dict[str, Any]) -> str:
    """One line of what this act did, from the rows in memory."""
    action = entry.action
    if action == "answer":
        return _answer(one, info)
    if action in ("mark", "round", "not_needed", "confirm_again"):
        return _mark(one, info)
    if action in ("tell", "not_told", "acknowledge", "climb"):
        return _call(one, action, info)
    if action == "flag":
        late = _("共%(n)d步") % {"n": len(info["steps"])} if info.get("steps") else ""
        return " · ".join(filter(None, [_rule(info), late]))
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


def _mark(one: Detail, info: dict[str, Any]) -> str:
    """The step, in as many words as a line takes."""
    step = one.playbook.steps.get(info.get("step", ""))
    words = one.text(step.zh) if step else ""
    return words if len(words) <= SHORT else f"{words[: SHORT - 1]}…"


def _written(one: Detail, entry: AuditEntry) -> str:
    """What was written with the very mark of this entry; a reason stands there already."""
    keys = {row["pk"] for row in entry.rows if row["m"] == MARK}
    mark = next((m for m in reversed(one.record.marks) if m.pk in keys), None)
    if mark is not None and mark.superseded_at and mark.superseded_at <= entry.at:
        return ""  # taken back by this very entry: its words stand where they were said
    step = one.playbook.steps.get(mark.step) if mark is not None else None
    if mark is None or step is None or entry.action in ("confirm_again", "not_needed"):
        return ""
    said = [f"{name}：{words}" for name, words in one.shown(step, mark.values)]
    return " · ".join([*said, *([mark.text] if mark.text else [])])


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
