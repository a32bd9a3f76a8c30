"""A filled-in record of a change of shift of the same invented house."""

from propdesk.core.papers import SignBox
from propdesk.core.papers_handover import HandoverPaper
from propdesk.core.papers_outage import Listing
from tests.core.paper_samples import KEY

HOUSE = "云栖里服务式公寓物业管理处"


def record() -> HandoverPaper:
    """Signed by both, one line not taken over, one fault on the patrol."""
    paper = HandoverPaper(
        organisation=HOUSE,
        number="JB-20261123-001",
        form_code="PD-JB-01",
        version="V1.0",
        record_url="https://desk.example.com/v/ABCD-EFGH-JKLM-NPQR",
        state="sealed",
        frozen_at="2026-11-23 23:06",
        secrecy="内部",
        status="已交接",
        audit_head="9f2c41d7e0b85a63c4d1f7a92be60358f04e9bd21c7750aa63e8104d2b9c7f16",
        shift="2026-11-23 中班",
        span="2026-11-23 15:00 – 2026-11-23 23:00",
        outgoing="周敏",
        incoming="欧阳𬀩晴",
        room_state="在住 168 间，明日预退 12、预到 9",
        vips="1806 早上六点用车",
        items=Listing(
            "未结事项",
            ("编号", "事项与状态", "下一步", "到期", "告知", "接班"),
            ("w20", "", "w27", "w13", "w6", "w15"),
            (
                (
                    "TS-20261123-004",
                    "设施 · A座1806，处理中（一般）",
                    "换风扇后回访",
                    "11-24 10:00",
                    "☑",
                    "接下",
                ),
                ("SJ-20261123-001", "保密事项", "", "", "☑", "不接：还不能查看"),
            ),
        ),
        counts=Listing(
            "共管物品清点",
            ("物品", "单位", "应有", "实有", "不符的原因"),
            ("", "w10", "w13", "w13", "w30"),
            (("楼层总钥匙", "串", "12", "11", "一串在工程部，凭条借用"),),
        ),
        patrol=Listing(
            "巡查",
            ("巡查项", "结果", "异常情况", "跟进部门", "期限"),
            ("w13", "w20", "", "w15", "w15"),
            (("消防通道", "□正常　☑异常", "3层堆放纸箱", "管家部", "11-24 09:00"),),
        ),
        happened=Listing(
            "本班事件",
            ("编号", "类别", "交班时的状态"),
            ("w27", "", "w30"),
            (("TS-20261123-004", "投诉", "处理中"),),
        ),
        log=Listing(
            "值班日志",
            ("时间", "记事", "记录人"),
            ("w15", "", "w15"),
            (("11-23 18:20", "3号电梯停运，已通知维保", "周敏"),),
        ),
        refused="其中 1 条没有接下，已报物业经理处理。",
        signatures=(
            SignBox(role="交班人", name="周敏", date="2026-11-23 22:58", signature="pd:sign-1"),
            SignBox(role="接班人", name="欧阳𬀩晴", date="2026-11-23 23:06", signature="pd:sign-2"),
        ),
    )
    return paper.with_verify_code(KEY)
