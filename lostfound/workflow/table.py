"""In which states each act is possible and where it leads; docs/states.md is printed from it."""

from dataclasses import dataclass

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from lostfound.models import DisposalBatch, FoundItem, LostReport, Stocktake

S = FoundItem.Status
B = DisposalBatch.Status
L = LostReport.Status
T = Stocktake.Status
ENDED = frozenset({S.RETURNED, S.DISPOSED, S.POLICE, S.VOIDED})
OPEN = frozenset(S) - ENDED
RESTING = frozenset({S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED})
"""In the cupboard, with nobody claiming it and nothing decided."""
IN_STORE = OPEN - {S.LOGGED}


@dataclass(frozen=True, slots=True)
class Move:
    """One act: what it is called in a refusal, from where, and to where when that changes."""

    doing: "str | Lazy"
    states: frozenset[str]
    leads_to: tuple[str, ...] = ()


def _in(doing: "str | Lazy", *states: str, to: "tuple[str, ...]" = ()) -> Move:
    return Move(doing, frozenset(states), to)


_REST = (S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED)

MOVES: dict[str, Move] = {
    "hand_in": _in(_("接手上交"), S.LOGGED),
    "receive": _in(_("接收入库"), S.LOGGED, to=(S.STORED, S.TRACING, S.OWNERLESS)),
    "cosign": _in(_("会签"), *S),
    "move": _in(_("移位"), *IN_STORE),
    "open_seal": _in(_("登记拆封"), *IN_STORE),
    "count_contents": _in(_("清点内含物"), *IN_STORE),
    "decide_clue": _in(_("登记有无线索"), S.STORED, to=(S.TRACING, S.OWNERLESS)),
    "trace": _in(_("登记查找"), S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED),
    "report_ownerless": _in(_("报物业经理"), S.STORED, S.TRACING, to=(S.OWNERLESS,)),
    "acknowledge": _in(_("登记知悉"), *IN_STORE),
    "announce": _in(_("登记招领公告"), *IN_STORE),
    "revalue": _in(_("重新估价"), *IN_STORE),
    "decide_value": _in(_("批准重新估价"), *IN_STORE),
    "change_policy_of_item": _in(_("更换保管规则"), *RESTING),
    "hand_to_police": _in(_("移交公安"), S.LOGGED, *RESTING, to=(S.POLICE,)),
    "describe": _in(_("登记认领"), *RESTING, S.DISPOSING, to=(S.CLAIMED,)),
    "verify": _in(_("核对认领"), S.CLAIMED),
    "refuse_claim": _in(_("不予认领"), S.CLAIMED, to=_REST),
    "withdraw_claim": _in(_("撤回认领"), S.CLAIMED, S.DISPUTED, to=(S.CLAIMED, S.DISPUTED, *_REST)),
    "rival": _in(_("登记异议认领"), S.CLAIMED, S.DISPUTED, to=(S.DISPUTED,)),
    "resolve_dispute": _in(_("裁定异议"), S.DISPUTED, to=(S.CLAIMED, *_REST)),
    "return_item": _in(_("归还"), S.CLAIMED, to=(S.RETURNED,)),
    "add_scan": _in(_("补传签名件"), S.RETURNED),
    "expire": _in(_("转待处置"), S.STORED, S.TRACING, S.OWNERLESS, to=(S.EXPIRED,)),
    "attach": _in(_("添加照片"), *OPEN),
    "remove_attachment": _in(_("撤下照片"), *OPEN),
    "correct": _in(_("更正登记"), *(OPEN - {S.CLAIMED, S.DISPUTED})),
    "link": _in(_("关联"), *(frozenset(S) - {S.VOIDED})),
    "unmask": _in(_("查看完整号码"), *S),
    "void": _in(_("作废"), S.LOGGED, S.STORED, S.TRACING, S.OWNERLESS, to=(S.VOIDED,)),
}

LOST_MOVES: dict[str, Move] = {
    "edit_lost": _in(_("更正遗失登记"), L.OPEN),
    "close_lost": _in(_("结束遗失登记"), L.OPEN, to=(L.FOUND, L.CLOSED)),
    "decide_match": _in(_("判断比对建议"), L.OPEN),
}

BATCH_MOVES: dict[str, Move] = {
    "propose_disposal": _in(_("修改审批单"), B.DRAFT),
    "cosign_disposal": _in(_("共同签名提交"), B.DRAFT, to=(B.SUBMITTED,)),
    "withdraw_batch": _in(_("撤回审批单"), B.DRAFT, B.SUBMITTED, B.REVIEWED, to=(B.WITHDRAWN,)),
    "review_batch": _in(_("审核"), B.SUBMITTED, to=(B.REVIEWED, B.DRAFT)),
    "decide_batch": _in(_("批示"), B.REVIEWED, to=(B.DECIDED, B.DRAFT)),
    "execute_line": _in(_("登记执行"), B.DECIDED, to=(B.DONE,)),
}

STOCKTAKE_MOVES: dict[str, Move] = {
    "count": _in(_("点数"), T.COUNTING),
    "finish_stocktake": _in(_("结束盘点"), T.COUNTING, to=(T.MATCHED, T.DIFFERENT)),
    "abandon_stocktake": _in(_("放弃盘点"), T.COUNTING, to=(T.ABANDONED,)),
    "settle_difference": _in(_("处理差异"), T.DIFFERENT, to=(T.SETTLED,)),
}
