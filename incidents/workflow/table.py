"""In which states each act is possible and where it leads; docs/states.md is printed from it."""

from dataclasses import dataclass

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from incidents.models import Complaint

S = Complaint.Status
OPEN = frozenset(S) - {S.CLOSED, S.VOIDED}
BEFORE_CHOICE = frozenset({S.RECORDED, S.AWAITING_CHOICE, S.REOPENED})


@dataclass(frozen=True, slots=True)
class Move:
    """One act: what it is called in a refusal, from where, and to where when that changes."""

    doing: "str | Lazy"
    states: frozenset[str]
    leads_to: tuple[str, ...] = ()


def _in(doing: "str | Lazy", *states: str, to: "tuple[str, ...]" = ()) -> Move:
    return Move(doing, frozenset(states), to)


MOVES: dict[str, Move] = {
    "confirm_conduct": _in(_("确认谈话要领"), S.INTAKE),
    "record": _in(_("完成记录"), S.INTAKE, to=(S.RECORDED,)),
    "correct": _in(_("更正记录"), *(OPEN - {S.INTAKE})),
    "offer": _in(_("提出方案"), *BEFORE_CHOICE),
    "decide_option": _in(_("批准方案"), *BEFORE_CHOICE),
    "withdraw_option": _in(_("撤回方案"), *BEFORE_CHOICE),
    "tell_options": _in(_("告知方案"), *BEFORE_CHOICE, to=(S.AWAITING_CHOICE,)),
    "choose": _in(_("登记客户选择"), S.AWAITING_CHOICE),
    "refuse": _in(_("登记客户不接受"), S.AWAITING_CHOICE),
    "decide_refusal": _in(_("作出决定"), S.AWAITING_CHOICE, to=(S.AWAITING_CHOICE, S.RECORDED)),
    "promise": _in(_("约定时限"), S.AWAITING_CHOICE, S.REOPENED, to=(S.IN_PROGRESS,)),
    "extend": _in(_("延期"), S.IN_PROGRESS),
    "ask_extension": _in(_("请示再延期"), S.IN_PROGRESS),
    "grant_extension": _in(_("答复延期请示"), S.IN_PROGRESS),
    "decline_extension": _in(_("答复延期请示"), S.IN_PROGRESS),
    "progress": _in(_("登记进展"), S.IN_PROGRESS),
    "resolve": _in(_("标记已解决"), S.IN_PROGRESS, to=(S.RESOLVED,)),
    "call_back": _in(_("登记回访"), S.RESOLVED),
    "decide_dissatisfied": _in(_("作出决定"), S.RESOLVED, to=(S.RESOLVED, S.REOPENED)),
    "summarise": _in(_("填写经过与结果"), S.RESOLVED),
    "report": _in(_("填写《事故报告》"), S.RESOLVED),
    "sign_report": _in(_("签批《事故报告》"), S.RESOLVED, S.CLOSED),
    "send_back_report": _in(_("退回《事故报告》"), S.RESOLVED),
    "close": _in(_("结案"), S.RESOLVED, to=(S.CLOSED,)),
    "override": _in(_("结案"), S.RESOLVED, to=(S.CLOSED,)),
    "reopen": _in(_("重新处理"), S.CLOSED, to=(S.REOPENED,)),
    "void": _in(_("作废"), *OPEN, to=(S.VOIDED,)),
    "hand_over": _in(_("移交"), *OPEN),
    "change_severity": _in(_("调整等级"), *OPEN),
    "call_security": _in(_("请保安部到场"), *OPEN),
    "security_arrived": _in(_("登记保安部到场"), *OPEN),
    "edit_guest": _in(_("更正客户资料"), *OPEN),
    "unmask": _in(_("查看完整号码"), *S),
    "attach": _in(_("添加照片"), *OPEN),
    "remove_attachment": _in(_("撤下照片"), *OPEN),
    "link": _in(_("关联"), *(set(S) - {S.VOIDED})),
}
