"""Which act is which form and which transition: one table behind one view."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from incidents import forms, workflow
from incidents.models import CONDUCT, Complaint, Option
from propdesk.core import drafts, stale
from propdesk.core.models import User

Data = dict[str, Any]
Run = Callable[[Complaint, User, Data], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """A page title, a form, the transition it calls and what is said afterwards."""

    title: "str | Lazy"
    form: type[forms.ActForm]
    run: Run
    done: "str | Lazy"
    action: str
    letter: str = ""
    states: frozenset[str] = field(default_factory=lambda: frozenset(workflow.OPEN))
    icon: str = "pencil-square"
    beside: str = ""
    """The act whose form stands on the same page and is sent along: its fields become a draft."""


def _conduct(complaint: Complaint, by: User, data: Data) -> Any:
    ticks = {
        letter: workflow.Tick(data[f"tick_{letter}"] == "yes", data[f"reason_{letter}"])
        for letter in CONDUCT
        if data[f"tick_{letter}"]
    }
    return workflow.confirm_conduct(
        complaint,
        ticks,
        by=by,
        private_talk=data["private_talk"],
        private_talk_reason=data["private_talk_reason"],
    )


def _option(complaint: Complaint, pk: int) -> Option:
    return complaint.options.select_related("complaint__case__property__settings").get(pk=pk)


def _offer(complaint: Complaint, by: User, data: Data) -> Any:
    offers = [workflow.Offer(**each, feasible=data["feasible"]) for each in data["offers"]]
    return workflow.offer(complaint, offers, by=by)


def _refusal(complaint: Complaint, by: User, data: Data) -> Any:
    option = _option(complaint, data["option"]) if data["option"] else None
    return workflow.decide_refusal(
        complaint, by=by, choice=data["choice"], reason=data["reason"], option=option
    )


def _word(data: Data) -> workflow.Word:
    return workflow.Word(data["due_at"], data["told_at"], data["told_via"], data["next_contact_at"])


def _promise(complaint: Complaint, by: User, data: Data) -> Any:
    return workflow.promise(
        complaint, _word(data), by=by, department=data["department"], what=data["what"]
    )


def _photos(complaint: Complaint, by: User, data: Data) -> Any:
    pictures = (photo.read() for photo in data["photo"])
    return workflow.attach_all(complaint, pictures, by=by, caption=data["caption"])


S = Complaint.Status
_G = frozenset({S.RECORDED, S.AWAITING_CHOICE, S.REOPENED})
_CHOICE = frozenset({S.AWAITING_CHOICE})
_WORK = frozenset({S.IN_PROGRESS})
_REVIEW = frozenset({S.RESOLVED})

ACTS: dict[str, Act] = {
    "conduct": Act(
        _("谈话要领"),
        forms.ConductForm,
        _conduct,
        _("谈话要领已确认。"),
        "confirm_conduct",
        "A",
        frozenset({S.INTAKE}),
        beside="record",
    ),
    "correct": Act(
        _("更正记录"),
        forms.CorrectionForm,
        lambda c, by, d: workflow.correct(c, d["field"], d["text"], by=by),
        _("更正已追加，原文保留。"),
        "correct",
        "F",
        frozenset(workflow.OPEN) - {S.INTAKE},
    ),
    "offer": Act(_("提出方案"), forms.OfferForm, _offer, _("方案已登记。"), "offer", "G", _G),
    "tell": Act(
        _("告知方案"),
        forms.TellForm,
        lambda c, by, d: workflow.tell_options(c, by=by, **d),
        _("已登记告知客户。"),
        "tell_options",
        "G",
        _G,
        "megaphone",
    ),
    "choose": Act(
        _("客户选定"),
        forms.ChooseForm,
        lambda c, by, d: workflow.choose(
            c, _option(c, d["option"]), by=by, chosen_at=d["chosen_at"]
        ),
        _("客户的选择已登记。"),
        "choose",
        "G",
        _CHOICE,
        "hand-index-thumb",
    ),
    "refuse": Act(
        _("客户不接受"),
        forms.RefuseForm,
        lambda c, by, d: workflow.refuse(c, by=by, reason=d["reason"]),
        _("已报物业经理决定。"),
        "refuse",
        "G",
        _CHOICE,
        "slash-circle",
    ),
    "decide-refusal": Act(
        _("客户不接受方案，请决定"),
        forms.DecideRefusalForm,
        _refusal,
        _("决定已登记。"),
        "decide_refusal",
        "G",
        _CHOICE,
    ),
    "promise": Act(
        _("约定时限"),
        forms.PromiseForm,
        _promise,
        _("承诺时限已登记，从现在开始计时。"),
        "promise",
        "H",
        frozenset({S.AWAITING_CHOICE, S.REOPENED}),
    ),
    "progress": Act(
        _("跟踪进度"),
        forms.ProgressForm,
        lambda c, by, d: workflow.progress(c, by=by, **d),
        _("进展已登记。"),
        "progress",
        "I",
        _WORK,
        "journal-text",
    ),
    "extend": Act(
        _("申请延期"),
        forms.ExtendForm,
        lambda c, by, d: workflow.extend(c, _word(d), by=by, reason=d["reason"]),
        _("延期已登记，原时限留存。"),
        "extend",
        "I",
        _WORK,
        "calendar-plus",
    ),
    "ask-extension": Act(
        _("请示再延期"),
        forms.AskExtensionForm,
        lambda c, by, d: workflow.ask_extension(c, by=by, **d),
        _("已请示物业经理，答复前按原时限办。"),
        "ask_extension",
        "I",
        _WORK,
        "send",
    ),
    "grant-extension": Act(
        _("同意再延期"),
        forms.GrantExtensionForm,
        lambda c, by, d: workflow.grant_extension(c, by=by, reason=d["reason"]),
        _("已答复，跟进人告诉客户后登记。"),
        "grant_extension",
        "I",
        _WORK,
        "patch-check",
    ),
    "decline-extension": Act(
        _("不同意再延期"),
        forms.DeclineExtensionForm,
        lambda c, by, d: workflow.decline_extension(c, by=by, reason=d["reason"]),
        _("已答复，原时限不变。"),
        "decline_extension",
        "I",
        _WORK,
        "slash-circle",
    ),
    "resolve": Act(
        _("标记已解决"),
        forms.ResolveForm,
        lambda c, by, d: workflow.resolve(c, by=by, **d),
        _("已标记解决，请在24小时内回访客户。"),
        "resolve",
        "I",
        _WORK,
        "check-lg",
    ),
    "call-back": Act(
        _("登记回访"),
        forms.CallBackForm,
        lambda c, by, d: workflow.call_back(c, by=by, **d),
        _("回访已登记。"),
        "call_back",
        "J",
        _REVIEW,
        "telephone-outbound",
    ),
    "decide-dissatisfied": Act(
        _("客户不满意，请决定"),
        forms.DecideDissatisfiedForm,
        lambda c, by, d: workflow.decide_dissatisfied(c, by=by, **d),
        _("决定已登记。"),
        "decide_dissatisfied",
        "J",
        _REVIEW,
    ),
    "summary": Act(
        _("经过与结果"),
        forms.SummaryForm,
        lambda c, by, d: workflow.summarise(c, by=by, **d),
        _("经过与结果已保存。"),
        "summarise",
        "J",
        _REVIEW,
    ),
    "close": Act(
        _("结案"),
        forms.CloseForm,
        lambda c, by, _d: workflow.close(c, by=by),
        _("投诉已结案。"),
        "close",
        "J",
        _REVIEW,
        "archive",
    ),
    "override": Act(
        _("越过门槛结案"),
        forms.OverrideForm,
        lambda c, by, d: workflow.close(c, by=by, override=d["reason"]),
        _("已越过门槛结案，理由会印出。"),
        "override",
        "J",
        _REVIEW,
        "exclamation-triangle",
    ),
    "reopen": Act(
        _("重新处理"),
        forms.ReopenForm,
        lambda c, by, d: workflow.reopen(c, by=by, reason=d["reason"]),
        _("已重新处理，请约定新的时限。"),
        "reopen",
        "J",
        frozenset({S.CLOSED}),
        "arrow-repeat",
    ),
    "void": Act(
        _("作废"),
        forms.VoidForm,
        lambda c, by, d: workflow.void(c, by=by, reason=d["reason"]),
        _("已作废，编号保留。"),
        "void",
        icon="slash-circle",
    ),
    "hand-over": Act(
        _("办理移交"),
        forms.HandOverForm,
        lambda c, by, d: workflow.hand_over(c, by=by, to=d["to"], reason=d["reason"]),
        _("已移交。"),
        "hand_over",
        icon="arrow-left-right",
    ),
    "severity": Act(
        _("调整等级"),
        forms.SeverityForm,
        lambda c, by, d: workflow.change_severity(c, by=by, **d),
        _("等级已调整。"),
        "change_severity",
        icon="exclamation-triangle",
    ),
    "security": Act(
        _("请保安部到场"),
        forms.SecurityForm,
        lambda c, by, d: workflow.call_security(c, by=by, reason=d["reason"]),
        _("已通知保安部。"),
        "call_security",
        icon="shield-exclamation",
    ),
    "arrived": Act(
        _("保安部已到场"),
        forms.ArrivedForm,
        lambda c, by, d: workflow.security_arrived(c, by=by, outcome=d["outcome"]),
        _("已登记。"),
        "security_arrived",
        icon="shield-check",
    ),
    "guest": Act(
        _("更正客户资料"),
        forms.GuestForm,
        lambda c, by, d: workflow.edit_guest(
            c, forms.guest_of(d, c.guest.room), by=by, reason=d["reason"], seen=d["seen"]
        ),
        _("客户资料已更正。"),
        "edit_guest",
        icon="person",
    ),
    "unmask": Act(
        _("查看完整号码"),
        forms.UnmaskForm,
        lambda c, by, d: workflow.unmask(c, by=by, reason=d["reason"]),
        _("完整号码显示60秒。"),
        "unmask",
        states=frozenset(S),
        icon="eye",
    ),
    "photo": Act(
        _("添加照片"), forms.PhotoForm, _photos, _("照片已保存。"), "attach", icon="camera"
    ),
    "link": Act(
        _("关联其他编号"),
        forms.LinkForm,
        lambda c, by, d: workflow.link(c, d["number"], by=by, note=d["note"]),
        _("已关联。"),
        "link",
        states=frozenset(S) - {S.VOIDED},
        icon="link-45deg",
    ),
}


def _record(complaint: Complaint, by: User, data: Data) -> Any:
    if data["conduct"] is not None:
        _conduct(complaint, by, data["conduct"])
    names = set(workflow.Points.__dataclass_fields__) - {"guest"}
    points = workflow.Points(
        guest=forms.guest_of(data, data["place"] or complaint.guest.room),
        **{name: data[name] for name in names},
    )
    return workflow.record(complaint, points, by=by, seen=data["seen"])


ACTS["record"] = Act(
    _("做好记录"),
    forms.RecordForm,
    _record,
    _("记录已完成，原文已固定。"),
    "record",
    "F",
    frozenset({S.INTAKE}),
)


@transaction.atomic
def perform(
    name: str, complaint: Complaint, *, by: User, data: Data, token: str = "", seen: str = ""
) -> Any:
    """Do the act once; DoubleSubmitError, with nothing changed, for a form that comes again.

    The token goes first: the twin of a form that is being sent waits here and writes nothing.
    ``seen`` is what ``seen()`` said when the form was opened.
    """
    if ACTS[name].action in workflow.EDITED:
        data = data | {"seen": seen}
    url = complaint.get_absolute_url()
    drafts.use_token(by, token, url, form=f"{complaint.case.number}:{name}")
    return ACTS[name].run(complaint, by, data)


def seen(name: str, complaint: Complaint) -> str:
    """What the form of an act that edits was filled from, as a hidden field; "" for the others."""
    values = workflow.edited(complaint, ACTS[name].action)
    return stale.seen(values) if values else ""
