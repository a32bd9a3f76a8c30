"""What happened to a thing, entry by entry, in words."""

from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from lostfound.categories import Category
from lostfound.detail import Detail
from lostfound.models import Announcement, FoundItem, Method, StocktakeDifference
from lostfound.workflow import Rule
from lostfound.workflow.base import LATE_REPORT
from propdesk.core import chronicle
from propdesk.core.models import AuditEntry

Kind = StocktakeDifference.Kind
HIDDEN = {"case", "history_id", "finder", "guest", "id", "next_due_at"}
"""Never in a history: people from outside, and what only the program reads."""
CUSTODY = ["log", "hand_in", "receive", "cosign", "move", "open_seal", "reseal"]
CUSTODY += ["count_contents"]
CLAIMS = ["describe", "verify", "refuse_claim", "withdraw_claim", "rival", "resolve_dispute"]
CLAIMS += ["withdraw_disputed"]
KINDS: dict[str, tuple[Any, list[str]]] = {
    "custody": (_l("保管"), [*CUSTODY, "hand_to_police", "stocktake", "stocktake_settled"]),
    "trace": (_l("查找"), ["decide_clue", "trace", "report_ownerless", "acknowledge", "announce"]),
    "claim": (_l("认领"), [*CLAIMS, "return_item", "add_scan"]),
    "disposal": (
        _l("处置"),
        ["expire", "propose_disposal", "drop_disposal", "decide_batch", "execute_line"],
    ),
    "notice": (_l("提醒"), ["flag", "expire"]),
}
LOOK = {
    "log": ("grey", "bag-plus", _l("拾物登记")),
    "import_book": ("grey", "upload", _l("从旧登记本导入")),
    "hand_in": ("blue", "box-arrow-in-down", _l("接手上交")),
    "receive": ("green", "box-arrow-in-down", _l("接收入库")),
    "cosign": ("green", "people-fill", _l("会签")),
    "move": ("blue", "arrow-left-right", _l("移位")),
    "open_seal": ("orange", "unlock", _l("拆封")),
    "reseal": ("green", "lock-fill", _l("换封签")),
    "count_contents": ("blue", "list-check", _l("重新清点内含物")),
    "decide_clue": ("blue", "search", _l("登记有无线索")),
    "trace": ("blue", "search", _l("查找失主")),
    "report_ownerless": ("violet", "send", _l("无主，报物业经理")),
    "acknowledge": ("violet", "patch-check", _l("物业经理知悉")),
    "announce": ("violet", "megaphone", _l("招领公告")),
    "revalue": ("orange", "cash-coin", _l("重新估价")),
    "decide_value": ("violet", "patch-check", _l("批准重新估价")),
    "change_policy_of_item": ("orange", "sliders", _l("更换保管规则")),
    "describe": ("violet", "chat-left-dots", _l("有人认领，已记自述")),
    "verify": ("violet", "person-check", _l("核对认领人")),
    "refuse_claim": ("orange", "slash-circle", _l("核对不符，不予认领")),
    "withdraw_claim": ("grey", "arrow-counterclockwise", _l("撤回认领")),
    "withdraw_disputed": ("orange", "arrow-counterclockwise", _l("撤回异议中的认领")),
    "rival": ("red", "lock-fill", _l("又有人认领，已锁定")),
    "resolve_dispute": ("violet", "patch-check", _l("裁定异议")),
    "return_item": ("green", "bag-check", _l("归还失主")),
    "add_scan": ("grey", "upload", _l("补传签名件")),
    "expire": ("orange", "hourglass-split", _l("保管期满，转待处置")),
    "propose_disposal": ("orange", "archive", _l("列入过期失物审批")),
    "drop_disposal": ("grey", "dash-circle", _l("撤下过期失物审批")),
    "decide_batch": ("violet", "patch-check", _l("总物业经理批示")),
    "execute_line": ("green", "archive", _l("执行批示")),
    "stocktake": ("orange", "list-check", _l("盘点发现差异")),
    "stocktake_settled": ("grey", "list-check", _l("盘点差异已处理")),
    "hand_to_police": ("grey", "shield-check", _l("移交公安")),
    "decide_match": ("blue", "search", _l("核对遗失登记")),
    "correct": ("grey", "pencil", _l("更正登记")),
    "attach": ("grey", "camera", _l("添加照片")),
    "remove_attachment": ("grey", "image", _l("撤下照片")),
    "link": ("grey", "link-45deg", _l("关联")),
    "unmask": ("grey", "eye", _l("查看完整号码")),
    "void": ("red", "slash-circle", _l("作废")),
    "void_stored": ("red", "slash-circle", _l("作废已入库的登记")),
    "flag": ("red", "bell", _l("系统提醒")),
}
LABELS = {field.name: field.verbose_name for field in FoundItem._meta.concrete_fields}  # noqa: SLF001 -- model API


def timeline(one: Detail, kind: str, before: int | None) -> dict[str, Any]:
    """Entries of the case, newest first, as plain rows, and where older ones are."""
    case = one.item.case
    return chronicle.timeline(
        case.pk,
        lambda entry: _entry(one, entry),
        here=one.item.get_absolute_url(),
        older=reverse("lostfound:timeline", args=[case.property.code, case.number]),
        before=before,
        kinds=KINDS,
        kind=kind,
    )


def history(item: FoundItem) -> list[dict[str, Any]]:
    """Versions of the slip, newest first; what is known of people from outside is not in them."""
    return chronicle.versions(item, item.case, LOOK, HIDDEN)


def just_done(one: Detail) -> str:
    """What a colleague has just done to the thing, for whom its history is open."""
    case = one.item.case
    return chronicle.just_done(case, LOOK, one.user, one.now) if one.may_details else ""


def _entry(one: Detail, entry: AuditEntry) -> dict[str, Any]:
    facts = ""
    if not chronicle.is_wordless(entry):
        facts = _facts(one, entry.action, chronicle.info_of(entry), entry.rows)
    row = chronicle.line(entry, LOOK, facts)
    if row["reason"] in (entry.action, row["title"]):
        row["reason"] = ""
    grace = LATE_REPORT if entry.action == "log" else chronicle.GRACE
    by_clock = entry.action in ("flag", "expire")
    return row | {"occurred": "" if by_clock else chronicle.late(entry, one.now, grace)}


def _facts(one: Detail, action: str, info: dict[str, Any], wrote: list[dict[str, Any]]) -> str:
    """One line of what this act did, from the rows in memory."""
    said = [words for row in wrote if (words := one.words.get((row["m"], row["pk"])))]
    if action == "log":
        photos = _("%(n)s 张照片") % {"n": info["photos"]} if info.get("photos") else _("没有照片")
        return f"{Category(info['category']).label} · {photos}" if "category" in info else ""
    if action == "trace" and said:
        return said[0]
    if action in ("receive", "move", "hand_in") and said:
        return said[-1]
    if action == "decide_clue":
        return str(FoundItem.Clue(info.get("clue", "")).label)
    if action == "announce" and "on" in info:
        day = parse_date(info["on"])
        return f"{Announcement.Channel(info['channel']).label} · {day:%Y-%m-%d}" if day else ""
    if action == "revalue":
        return _("等物业经理批准") if info.get("waits") else ""
    if action == "decide_value":
        return _("已批准") if info.get("approved") else _("未批准")
    if action == "correct":
        return _corrected(info)
    if action == "hand_to_police":
        return _("回执 %(n)s，%(who)s") % {
            "n": info.get("proof", ""),
            "who": info.get("receiver", ""),
        }
    if action == "flag":
        label = str(dict(Rule.choices).get(info.get("rule", ""), _("系统提醒")))
        return label + (_("（已合并）") if info.get("merged") else "")
    if action == "decide_match":
        verdict = _("认为是") if info.get("accepted") else _("不是")
        return f"{info.get('number', '')} · {verdict}"
    if action in ("propose_disposal", "drop_disposal", "decide_batch", "execute_line"):
        method = info.get("method")
        return " · ".join(
            filter(None, [info.get("batch"), str(Method(method).label) if method else ""])
        )
    if action in ("stocktake", "stocktake_settled"):
        return f"{Kind(info['kind']).label} · {info['stocktake']}"
    if action in ("open_seal", "reseal"):
        return _("封签 %(n)s") % {"n": info.get("seal", "")}
    return str(info.get("number") or info.get("batch") or "")


def _corrected(info: dict[str, Any]) -> str:
    """Which facts, and from which category to which."""
    names = [name for name in info.get("fields", ()) if name != "category"]
    if kinds := info.get("category"):
        old, new = (str(Category(each).label) for each in kinds)
        names.insert(0, _("类别：%(old)s → %(new)s") % {"old": old, "new": new})
    elif "category" in info.get("fields", ()):
        names.insert(0, "category")
    return "、".join(_label(name) for name in names)


def _label(name: str) -> str:
    return str(LABELS.get(name.removesuffix("_id"), name))
