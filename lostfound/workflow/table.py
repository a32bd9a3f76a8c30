"""In which states each act is possible and where it leads; docs/states.md is printed from it."""

from django.utils.translation import gettext_lazy as _

from lostfound.models import DisposalBatch, FoundItem, LostReport, Stocktake
from propdesk.core.transitions import Move, move

S = FoundItem.Status
B = DisposalBatch.Status
L = LostReport.Status
T = Stocktake.Status
ENDED = frozenset({S.RETURNED, S.DISPOSED, S.POLICE, S.VOIDED})
OPEN = frozenset(S) - ENDED
RESTING = frozenset({S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED})
"""In the cupboard, with nobody claiming it and nothing decided."""
IN_STORE = OPEN - {S.LOGGED}


_KEPT = (S.STORED, S.TRACING, S.OWNERLESS)
"""Where a thing goes back to from 待处置 when its term has become longer."""
_REST = (*_KEPT, S.EXPIRED)

MOVES: dict[str, Move] = {
    "hand_in": move(_("接手上交"), S.LOGGED),
    "receive": move(_("接收入库"), S.LOGGED, to=(S.STORED, S.TRACING, S.OWNERLESS)),
    "cosign": move(_("会签"), *S),
    "move": move(_("移位"), *IN_STORE),
    "open_seal": move(_("登记拆封"), *IN_STORE),
    "reseal": move(_("换封签"), *IN_STORE),
    "count_contents": move(_("清点内含物"), *IN_STORE),
    "decide_clue": move(_("登记有无线索"), S.STORED, to=(S.TRACING, S.OWNERLESS)),
    "trace": move(_("登记查找"), S.STORED, S.TRACING, S.OWNERLESS, S.EXPIRED),
    "report_ownerless": move(_("报物业经理"), S.STORED, S.TRACING, to=(S.OWNERLESS,)),
    "acknowledge": move(_("登记知悉"), *IN_STORE),
    "announce": move(_("登记招领公告"), *IN_STORE, to=_KEPT),
    "revalue": move(_("重新估价"), *IN_STORE, to=_KEPT),
    "decide_value": move(_("批准重新估价"), *IN_STORE, to=_KEPT),
    "change_policy_of_item": move(_("更换保管规则"), *RESTING, to=_KEPT),
    "hand_to_police": move(_("移交公安"), S.LOGGED, *RESTING, S.DISPOSING, to=(S.POLICE,)),
    "describe": move(_("登记认领"), *RESTING, S.DISPOSING, to=(S.CLAIMED,)),
    "verify": move(_("核对认领"), S.CLAIMED),
    "refuse_claim": move(_("不予认领"), S.CLAIMED, to=_REST),
    "withdraw_claim": move(_("撤回认领"), S.CLAIMED, to=_REST),
    "withdraw_disputed": move(
        _("撤回异议中的认领"), S.DISPUTED, to=(S.CLAIMED, S.DISPUTED, *_REST)
    ),
    "rival": move(_("登记异议认领"), S.CLAIMED, S.DISPUTED, to=(S.DISPUTED,)),
    "resolve_dispute": move(_("裁定异议"), S.DISPUTED, to=(S.CLAIMED, *_REST)),
    "return_item": move(_("归还"), S.CLAIMED, to=(S.RETURNED,)),
    "add_scan": move(_("补传签名件"), S.RETURNED),
    "expire": move(_("转待处置"), S.STORED, S.TRACING, S.OWNERLESS, to=(S.EXPIRED,)),
    "attach": move(_("添加照片"), *OPEN),
    "remove_attachment": move(_("撤下照片"), *OPEN),
    "correct": move(_("更正登记"), *(OPEN - {S.CLAIMED, S.DISPUTED}), to=_KEPT),
    "link": move(_("关联"), *(frozenset(S) - {S.VOIDED})),
    "unmask": move(_("查看完整号码"), *S),
    "void": move(_("作废"), S.LOGGED, to=(S.VOIDED,)),
    "void_stored": move(_("作废已入库的登记"), S.STORED, S.TRACING, S.OWNERLESS, to=(S.VOIDED,)),
}

LOST_MOVES: dict[str, Move] = {
    "edit_lost": move(_("更正遗失登记"), L.OPEN),
    "close_lost": move(_("结束遗失登记"), L.OPEN, to=(L.FOUND, L.CLOSED)),
    "decide_match": move(_("判断比对建议"), L.OPEN),
}

BATCH_MOVES: dict[str, Move] = {
    "propose_disposal": move(_("修改审批单"), B.DRAFT),
    "cosign_disposal": move(_("共同签名提交"), B.DRAFT, to=(B.SUBMITTED,)),
    "withdraw_batch": move(_("撤回审批单"), B.DRAFT, B.SUBMITTED, B.REVIEWED, to=(B.WITHDRAWN,)),
    "review_batch": move(_("审核"), B.SUBMITTED, to=(B.REVIEWED, B.DRAFT)),
    "decide_batch": move(_("批示"), B.REVIEWED, to=(B.DECIDED, B.DRAFT)),
    "execute_line": move(_("登记执行"), B.DECIDED, to=(B.DONE,)),
}

STOCKTAKE_MOVES: dict[str, Move] = {
    "count": move(_("点数"), T.COUNTING),
    "finish_stocktake": move(_("结束盘点"), T.COUNTING, to=(T.MATCHED, T.DIFFERENT)),
    "abandon_stocktake": move(_("放弃盘点"), T.COUNTING, to=(T.ABANDONED,)),
    "settle_difference": move(_("处理差异"), T.DIFFERENT, to=(T.SETTLED,)),
}
