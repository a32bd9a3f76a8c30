"""Every act, from which states it may happen and where it leads; docs/states.md is printed from it."""

from django.utils.translation import gettext_lazy as _

from emergencies.models import Event
from propdesk.core.transitions import Move, move

S = Event.Status
OPEN = (S.RUNNING, S.SIGNING)
ALIVE = (S.RUNNING, S.SIGNING, S.ARCHIVED)

MOVES: dict[str, Move] = {
    "answer": move(_("回答判断"), S.RUNNING),
    "mark": move(_("登记步骤"), S.RUNNING),
    "note": move(_("记一条"), *OPEN),
    "attach": move(_("添加照片"), *OPEN),
    "remove_attachment": move(_("撤下照片"), *OPEN),
    "tell": move(_("登记已通知"), S.RUNNING),
    "acknowledge": move(_("确认收到"), *ALIVE),
    "add_party": move(_("登记有关人员"), *OPEN),
    "edit_party": move(_("更正有关人员"), *OPEN),
    "unmask": move(_("查看完整号码"), *ALIVE),
    "hand_over": move(_("交出指挥"), S.RUNNING),
    "take_command": move(_("接手指挥"), S.RUNNING),
    "name_reader": move(_("增加可查看人"), *ALIVE),
    "end_reader": move(_("取消可查看人"), *ALIVE),
    "correct_place": move(_("更正地点"), *OPEN),
    "link": move(_("关联"), *OPEN),
    "open_child": move(_("启动关联预案"), S.RUNNING),
    "end": move(_("结束处置"), S.RUNNING, to=(S.SIGNING,)),
    "override_end": move(_("特批结束处置"), S.RUNNING, to=(S.SIGNING,)),
    "reopen": move(_("重新处置"), S.SIGNING, to=(S.RUNNING,)),
    "archive": move(_("归档"), S.SIGNING, to=(S.ARCHIVED,)),
    "void": move(_("作废"), S.RUNNING, to=(S.VOIDED,)),
    "review": move(_("复盘"), S.SIGNING, S.ARCHIVED),
    "write_record": move(_("填写记录"), *OPEN),
    "sign_record": move(_("签批记录"), *ALIVE),
    "send_back_record": move(_("退回记录"), *OPEN),
    "take_signature": move(_("请对方签名"), *ALIVE),
    "decline_signature": move(_("登记对方未签"), *ALIVE),
    "scan_record": move(_("补传签名件"), *ALIVE),
    "rewrite_record": move(_("另写新版"), *OPEN),
    "report": move(_("填写《事故报告》"), *OPEN),
    "submit_report": move(_("提交《事故报告》"), S.SIGNING),
    "sign_report": move(_("签批《事故报告》"), *ALIVE),
    "send_back_report": move(_("退回《事故报告》"), *OPEN),
    "finish_action": move(_("登记整改完成"), *ALIVE),
    "price": move(_("核价"), S.RUNNING),
    "inform_guest": move(_("告知客户"), S.RUNNING),
    "decide_damage": move(_("批示赔偿"), S.RUNNING),
    "sign_damage": move(_("签赔偿单"), S.RUNNING),
    "decline_damage": move(_("登记客户拒签"), S.RUNNING),
    "post_damage": move(_("登记入账"), S.RUNNING),
    "cancel_damage": move(_("作废赔偿单"), S.RUNNING),
    "list_losses": move(_("登记失窃物品"), *OPEN),
    "recover_loss": move(_("登记找回"), *OPEN),
    "add_affected": move(_("登记受影响客户"), *OPEN),
    "seal": move(_("贴封条"), S.RUNNING),
    "renew_seal": move(_("换贴封条"), S.RUNNING),
    "check_seal": move(_("核查封条"), S.RUNNING),
    "release_seal": move(_("登记公安解除"), S.RUNNING),
    "open_seal": move(_("启封"), *ALIVE),
    "count_belongings": move(_("清点遗物"), S.RUNNING),
    "hand_over_belongings": move(_("移交遗物"), S.RUNNING),
    "sweep_floor": move(_("登记清查"), S.RUNNING),
    "roll_call": move(_("点名"), S.RUNNING),
    "hand_to_fire_service": move(_("移交消防"), S.RUNNING),
    "inform_affected": move(_("登记已告知"), *OPEN),
}
