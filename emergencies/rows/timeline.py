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
from emergencies.workflow.table import MOVES
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


def _act(name: str) -> Any:
    """What the act is called on its button and in a refusal: the same word everywhere."""
    return MOVES[name].doing


LOOK = {
    "start": ("grey", "play-fill", _l("启动预案")),
    "answer": ("blue", "question-lg", _act("answer")),
    "mark": ("green", "check-lg", _l("完成")),
    "round": ("green", "arrow-repeat", _l("登记一次")),
    "not_needed": ("grey", "dash-circle", _l("不需要")),
    "confirm_again": ("green", "arrow-clockwise", _l("仍然有效")),
    "tell": ("blue", "telephone-outbound", _act("tell")),
    "not_told": ("orange", "bell-slash", _l("没有通知")),
    "acknowledge": ("green", "check2-all", _act("acknowledge")),
    "climb": ("red", "bell", _l("仍未确认，再次提醒")),
    "hand_over": ("violet", "arrow-left-right", _act("hand_over")),
    "take_command": ("violet", "flag", _act("take_command")),
    "name_reader": ("grey", "eye", _act("name_reader")),
    "end_reader": ("grey", "eye-slash", _act("end_reader")),
    "note": ("orange", "chat-left-text", _act("note")),
    "attach": ("grey", "camera", _act("attach")),
    "remove_attachment": ("grey", "image", _act("remove_attachment")),
    "add_party": ("grey", "person-plus", _act("add_party")),
    "edit_party": ("grey", "person", _act("edit_party")),
    "correct_place": ("orange", "geo-alt", _act("correct_place")),
    "unmask": ("grey", "eye", _act("unmask")),
    "link": ("grey", "link-45deg", _l("关联")),
    "open_child": ("orange", "diagram-3", _act("open_child")),
    "end": ("green", "flag", _act("end")),
    "override_end": ("orange", "patch-check", _act("override_end")),
    "reopen": ("orange", "arrow-repeat", _act("reopen")),
    "archive": ("green", "archive", _act("archive")),
    "void": ("red", "slash-circle", _l("误启动，作废")),
    "list_losses": ("grey", "list-check", _act("list_losses")),
    "strike_loss": ("grey", "slash-circle", _l("删去失窃物品")),
    "recover_loss": ("green", "bag-check", _act("recover_loss")),
    "price": ("grey", "cash-coin", _act("price")),
    "inform_guest": ("blue", "megaphone", _act("inform_guest")),
    "decide_damage": ("violet", "patch-check", _act("decide_damage")),
    "sign_damage": ("green", "pen", _act("sign_damage")),
    "decline_damage": ("orange", "pen", _act("decline_damage")),
    "post_damage": ("green", "journal-text", _act("post_damage")),
    "cancel_damage": ("orange", "slash-circle", _act("cancel_damage")),
    "seal": ("violet", "lock-fill", _act("seal")),
    "check_seal": ("green", "shield-check", _act("check_seal")),
    "open_seal": ("orange", "unlock", _act("open_seal")),
    "renew_seal": ("violet", "lock-fill", _act("renew_seal")),
    "release_seal": ("green", "unlock", _act("release_seal")),
    "count_belongings": ("grey", "list-check", _act("count_belongings")),
    "hand_over_belongings": ("green", "box-seam", _act("hand_over_belongings")),
    "sweep_floor": ("green", "building", _act("sweep_floor")),
    "roll_call": ("blue", "people", _act("roll_call")),
    "hand_to_fire_service": ("orange", "fire", _act("hand_to_fire_service")),
    "add_affected": ("grey", "building", _act("add_affected")),
    "inform_affected": ("blue", "megaphone", _act("inform_affected")),
    "link_claim": ("grey", "link-45deg", _l("关联诉求")),
    "finish_action": ("green", "check2-circle", _act("finish_action")),
    "review": ("violet", "journal-text", _act("review")),
    "record_start": ("grey", "file-earmark-text", _l("开始填写记录")),
    "record_edit": ("grey", "pencil", _l("填写记录")),
    "record_rewrite": ("orange", "arrow-repeat", _act("rewrite_record")),
    "record_submit": ("violet", "send", _l("记录送签")),
    "record_sign": ("violet", "pen", _act("sign_record")),
    "record_signed_by": ("violet", "pen", _act("take_signature")),
    "record_scan": ("grey", "upload", _act("scan_record")),
    "record_declined": ("orange", "slash-circle", _act("decline_signature")),
    "record_send_back": ("orange", "arrow-counterclockwise", _act("send_back_record")),
    "report_start": ("violet", "file-earmark-text", _l("起草《事故报告》")),
    "report_edit": ("violet", "pencil", _l("填写《事故报告》")),
    "report_submit": ("violet", "send", _act("submit_report")),
    "report_sign": ("violet", "pen", _act("sign_report")),
    "report_send_back": ("orange", "arrow-counterclockwise", _act("send_back_report")),
    "paper_sealed": ("grey", "file-earmark-pdf", _l("文书定稿")),
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


def just_done(one: Detail) -> str:
    """What a colleague has just done to the event."""
    return chronicle.just_done(one.event.case, LOOK, one.user, one.now)


def _entry(one: Detail, entry: AuditEntry) -> dict[str, Any]:
    info = chronicle.info_of(entry)
    facts = "" if chronicle.is_wordless(entry) else _facts(one, entry, info)
    row = chronicle.line(entry, LOOK, facts)
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
    if action == "hand_to_fire_service":
        return _handed(one, info)
    if action == "open_child":
        kind = Kind(info["kind"]).label if info.get("kind") in Kind.values else ""
        return " · ".join(filter(None, [str(info.get("number", "")), str(kind)]))
    return str(info.get("number") or info.get("title") or "")


def _handed(one: Detail, info: dict[str, Any]) -> str:
    """Who went into the hands of the fire service: by name as far as known, and how many."""
    keys = info.get("parties", ())
    known = [p for p in one.parties if p.pk in keys]
    named = [" ".join(filter(None, [p.name, p.room, p.note])) for p in known]
    rest = info.get("missing", 0) - len(named)
    unknown = _("%(n)d人还不知道是谁") % {"n": rest} if rest > 0 else ""
    return "、".join(filter(None, [*named, unknown]))


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
