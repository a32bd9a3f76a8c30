"""Which act is which form and which transition: one table behind one view."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound import forms, workflow
from lostfound.models import FoundItem
from propdesk.core import drafts, stale
from propdesk.core.models import User

Data = dict[str, Any]
Run = Callable[[FoundItem, User, Data], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """A page title, a form, the transition it calls and what is said afterwards."""

    title: "str | Lazy"
    form: type[forms.ActForm]
    run: Run
    done: "str | Lazy"
    action: str
    icon: str = "pencil-square"

    @property
    def states(self) -> frozenset[str]:
        """Where the thing may stand, by the table of the workflow."""
        return workflow.MOVES[self.action].states


def _second(data: Data) -> workflow.Second:
    return workflow.Second(data["guard"], data["guard_password"])


def _receive(item: FoundItem, by: User, data: Data) -> Any:
    fields = {n: data[n] for n in workflow.Receipt.__dataclass_fields__ if n != "contents"}
    lines = tuple(workflow.Content(**line) for line in data["contents"])
    return workflow.receive(item, workflow.Receipt(**fields, contents=lines), by=by)


def _move(item: FoundItem, by: User, data: Data) -> Any:
    return workflow.move(
        item, data["storage"], _second(data), by=by, reason=data["reason"], seal=data["seal"]
    )


def _count(item: FoundItem, by: User, data: Data) -> Any:
    lines = [workflow.Content(**line) for line in data["lines"]]
    return workflow.count_contents(item, lines, _second(data), by=by, reason=data["reason"])


def _decide_value(item: FoundItem, by: User, data: Data) -> Any:
    approve = data["approve"] == "yes"
    return workflow.decide_value(item, by=by, approve=approve, note=data["note"])


def _police(item: FoundItem, by: User, data: Data) -> Any:
    photo = data["photo"][0].read() if data["photo"] else None
    receipt = workflow.PoliceReceipt(data["proof"], data["receiver"], data["handed_at"], photo)
    return workflow.hand_to_police(item, receipt, _second(data), by=by)


def _correct(item: FoundItem, by: User, data: Data) -> Any:
    facts = workflow.Facts(**{name: data[name] for name in workflow.Facts.__dataclass_fields__})
    return workflow.correct(item, facts, by=by, reason=data["reason"], seen=data["seen"])


def _photos(item: FoundItem, by: User, data: Data) -> Any:
    return workflow.attach_all(item, (photo.read() for photo in data["photo"]), by=by)


ACTS: dict[str, Act] = {
    "hand-in": Act(
        _("接手上交"),
        forms.HandInForm,
        lambda i, by, _d: workflow.hand_in(i, by=by),
        _("已登记接手，请尽快交给值班经理。"),
        "hand_in",
        "box-arrow-in-down",
    ),
    "receive": Act(
        _("接收入库"),
        forms.ReceiveForm,
        _receive,
        _("已入库"),
        "receive",
        "box-arrow-in-down",
    ),
    "cosign": Act(
        _("会签"),
        forms.CosignForm,
        lambda i, by, _d: workflow.cosign(i, by=by),
        _("已会签。"),
        "cosign",
        "people-fill",
    ),
    "move": Act(_("移位"), forms.MoveForm, _move, _("移位已登记。"), "move", "arrow-left-right"),
    "open-seal": Act(
        _("登记拆封"),
        forms.OpenSealForm,
        lambda i, by, d: workflow.open_seal(i, _second(d), by=by, reason=d["reason"]),
        _("拆封已登记，请换上新封签。"),
        "open_seal",
        "unlock",
    ),
    "reseal": Act(
        _("换封签"),
        forms.ResealForm,
        lambda i, by, d: workflow.reseal(i, d["seal"], _second(d), by=by, reason=d["reason"]),
        _("新封签已登记。"),
        "reseal",
        "lock",
    ),
    "count-contents": Act(
        _("重新清点内含物"),
        forms.CountForm,
        _count,
        _("清点已登记，原清单留存。"),
        "count_contents",
        "list-check",
    ),
    "clue": Act(
        _("有没有线索"),
        forms.ClueForm,
        lambda i, by, d: workflow.decide_clue(i, d["clue"], by=by, text=d["text"]),
        _("线索已登记。"),
        "decide_clue",
        "search",
    ),
    "trace": Act(
        _("登记查找"),
        forms.TraceForm,
        lambda i, by, d: workflow.trace(i, by=by, **d),
        _("查找已登记。"),
        "trace",
        "search",
    ),
    "ownerless": Act(
        _("无主，报物业经理"),
        forms.OwnerlessForm,
        lambda i, by, d: workflow.report_ownerless(i, by=by, reason=d["reason"]),
        _("已报物业经理。"),
        "report_ownerless",
        "send",
    ),
    "acknowledge": Act(
        _("知悉无主失物"),
        forms.AcknowledgeForm,
        lambda i, by, d: workflow.acknowledge(i, by=by, note=d["note"]),
        _("已登记知悉。"),
        "acknowledge",
        "patch-check",
    ),
    "announce": Act(
        _("招领公告"),
        forms.AnnounceForm,
        lambda i, by, d: workflow.announce(i, by=by, **d),
        _("公告已登记。"),
        "announce",
        "megaphone",
    ),
    "revalue": Act(
        _("重新估价"),
        forms.RevalueForm,
        lambda i, by, d: workflow.revalue(
            i, d["value"], by=by, basis=d["basis"], reason=d["reason"]
        ),
        _("估价已登记。"),
        "revalue",
        "cash-coin",
    ),
    "decide-value": Act(
        _("批准重新估价"),
        forms.DecideValueForm,
        _decide_value,
        _("决定已登记。"),
        "decide_value",
        "patch-check",
    ),
    "policy": Act(
        _("更换保管规则"),
        forms.PolicyForm,
        lambda i, by, d: workflow.change_policy_of_item(i, d["policy"], by=by, reason=d["reason"]),
        _("已更换保管规则。"),
        "change_policy_of_item",
        "sliders",
    ),
    "police": Act(
        _("移交公安"),
        forms.PoliceForm,
        _police,
        _("已登记移交公安。"),
        "hand_to_police",
        "shield-check",
    ),
    "correct": Act(
        _("更正登记"), forms.CorrectForm, _correct, _("登记已更正。"), "correct", "pencil"
    ),
    "photo": Act(_("添加照片"), forms.PhotoForm, _photos, _("照片已保存。"), "attach", "camera"),
    "link": Act(
        _("关联其他编号"),
        forms.LinkForm,
        lambda i, by, d: workflow.link(i, d["number"], by=by, note=d["note"]),
        _("已关联。"),
        "link",
        "link-45deg",
    ),
    "void": Act(
        _("作废"),
        forms.VoidForm,
        lambda i, by, d: workflow.void(i, by=by, reason=d["reason"]),
        _("已作废，编号保留。"),
        "void",
        "slash-circle",
    ),
    "void-stored": Act(
        _("作废已入库的登记"),
        forms.VoidStoredForm,
        lambda i, by, d: workflow.void_stored(i, by=by, where=d["where"], reason=d["reason"]),
        _("已作废，编号保留；值班经理和保安部已收到提醒。"),
        "void_stored",
        "slash-circle",
    ),
    "unmask": Act(
        _("查看拾获人电话"),
        forms.UnmaskForm,
        lambda i, by, d: workflow.unmask(i, i.finder_id or 0, by=by, reason=d["reason"]),
        _("完整号码显示60秒。"),
        "unmask",
        "eye",
    ),
}


@transaction.atomic
def perform(
    name: str, item: FoundItem, *, by: User, data: Data, token: str = "", seen: str = ""
) -> Any:
    """Do the act once; DoubleSubmitError, with nothing changed, for a form that comes again.

    The token goes first: the twin of a form that is being sent waits here and writes nothing.
    ``seen`` is what ``seen()`` said when the form was opened.
    """
    if name == "correct":
        data = data | {"seen": seen}
    url = item.get_absolute_url()
    drafts.use_token(by, token, url, form=f"{item.case.number}:{name}")
    return ACTS[name].run(item, by, data)


def said(name: str, result: Any) -> str:
    """What is said after an act that returned ``result``: after the receipt, how long it is kept."""
    if name != "receive":
        return str(ACTS[name].done)
    last = result.last_day
    if last is None:
        return _t("已入库；登记招领公告后起算保管期。")
    return _t("已入库，保管到 %(day)s。") % {"day": last.isoformat()}


def seen(name: str, item: FoundItem) -> str:
    """What the form of an act that edits was filled from, as a hidden field; "" for the others."""
    return stale.seen(workflow.edited(item)) if name == "correct" else ""
