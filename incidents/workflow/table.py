"""In which states each act is possible and where it leads; docs/states.md is printed from it."""

from django.utils.translation import gettext_lazy as _

from incidents.models import Complaint
from propdesk.core.transitions import Move, move

S = Complaint.Status
OPEN = frozenset(S) - {S.CLOSED, S.VOIDED}
BEFORE_CHOICE = frozenset({S.RECORDED, S.AWAITING_CHOICE, S.REOPENED})


MOVES: dict[str, Move] = {
    "confirm_conduct": move(_("确认谈话要领"), S.INTAKE),
    "record": move(_("完成记录"), S.INTAKE, to=(S.RECORDED,)),
    "correct": move(_("更正记录"), *(OPEN - {S.INTAKE})),
    "offer": move(_("提出方案"), *BEFORE_CHOICE),
    "decide_option": move(_("批准方案"), *BEFORE_CHOICE),
    "withdraw_option": move(_("撤回方案"), *BEFORE_CHOICE),
    "tell_options": move(_("告知方案"), *BEFORE_CHOICE, to=(S.AWAITING_CHOICE,)),
    "choose": move(_("登记客户选择"), S.AWAITING_CHOICE),
    "refuse": move(_("登记客户不接受"), S.AWAITING_CHOICE),
    "decide_refusal": move(_("作出决定"), S.AWAITING_CHOICE, to=(S.AWAITING_CHOICE, S.RECORDED)),
    "promise": move(_("约定时限"), S.AWAITING_CHOICE, S.REOPENED, to=(S.IN_PROGRESS,)),
    "extend": move(_("延期"), S.IN_PROGRESS),
    "ask_extension": move(_("请示再延期"), S.IN_PROGRESS),
    "grant_extension": move(_("答复延期请示"), S.IN_PROGRESS),
    "decline_extension": move(_("答复延期请示"), S.IN_PROGRESS),
    "progress": move(_("登记进展"), S.IN_PROGRESS),
    "resolve": move(_("标记已解决"), S.IN_PROGRESS, to=(S.RESOLVED,)),
    "call_back": move(_("登记回访"), S.RESOLVED),
    "decide_dissatisfied": move(_("作出决定"), S.RESOLVED, to=(S.RESOLVED, S.REOPENED)),
    "summarise": move(_("填写经过与结果"), S.RESOLVED),
    "report": move(_("填写《事故报告》"), S.RESOLVED),
    "sign_report": move(_("签批《事故报告》"), S.RESOLVED, S.CLOSED),
    "send_back_report": move(_("退回《事故报告》"), S.RESOLVED),
    "close": move(_("结案"), S.RESOLVED, to=(S.CLOSED,)),
    "override": move(_("结案"), S.RESOLVED, to=(S.CLOSED,)),
    "reopen": move(_("重新处理"), S.CLOSED, to=(S.REOPENED,)),
    "void": move(_("作废"), *OPEN, to=(S.VOIDED,)),
    "hand_over": move(_("移交"), *OPEN),
    "change_severity": move(_("调整等级"), *OPEN),
    "call_security": move(_("请保安部到场"), *OPEN),
    "security_arrived": move(_("登记保安部到场"), *OPEN),
    "edit_guest": move(_("更正客户资料"), *OPEN),
    "unmask": move(_("查看完整号码"), *S),
    "attach": move(_("添加照片"), *OPEN),
    "remove_attachment": move(_("撤下照片"), *OPEN),
    "link": move(_("关联"), *(set(S) - {S.VOIDED})),
}
