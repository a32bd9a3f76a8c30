"""In which state each act of a hand-over is possible, and where it leads; docs/states.md is printed from it."""

from django.utils.translation import gettext_lazy as _

from propdesk.core.transitions import Move, move
from propdesk.desk.handover.models import Handover

S = Handover.Status

MOVES: dict[str, Move] = {
    "write": move(_("填写"), S.DRAFT),
    "refresh": move(_("更新清单"), S.DRAFT, S.OFFERED, to=(S.DRAFT,)),
    "offer": move(_("交班签名"), S.DRAFT, to=(S.OFFERED,)),
    "take_back": move(_("撤回签名"), S.OFFERED, to=(S.DRAFT,)),
    "accept": move(_("接班"), S.OFFERED, to=(S.SIGNED,)),
    "take_over": move(_("代为交班"), S.DRAFT),
    "discard": move(_("作废自己的草稿"), S.DRAFT, to=(S.VOIDED,)),
    "void_handover": move(_("作废"), S.DRAFT, S.OFFERED, to=(S.VOIDED,)),
    "settle_refused": move(_("处理未接事项"), S.SIGNED),
}
