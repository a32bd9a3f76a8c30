"""Filled-in papers of events and of guests: the slip, a record of a drill, an inventory, a receipt."""

from typing import Any

from propdesk.core.papers import Notification, SignBox, ticks
from propdesk.core.papers_damage import DamageSlipPaper, SlipLine
from propdesk.core.papers_events import Block, EventRecordPaper, Line, Pair
from propdesk.core.papers_receipt import GuestReceiptPaper
from tests.core.paper_samples import KEY, PHOTOS

HEAD: dict[str, Any] = {
    "organisation": "云栖里服务式公寓物业管理处",
    "version": "V1.0",
    "record_url": "https://desk.example.com/p/yqx/emergencies/SJ-20261126-002",
    "frozen_at": "2026-11-26 10:00",
}
DAY = "2026年11月26日"
CAUSES = ("意外", "故意", "自然损耗", "原因不明")


def _signed(*people: tuple[str, str]) -> tuple[SignBox, ...]:
    return tuple(
        SignBox(role, name, DAY, f"pd:sign-{n}") for n, (role, name) in enumerate(people, start=1)
    )


def damage(lines: int = 3) -> DamageSlipPaper:
    """A posted 赔偿单: two copies on one sheet."""
    paper = DamageSlipPaper(
        **HEAD,
        number="PC-20261126-001",
        form_code="PD-PC-01",
        state="sealed",
        secrecy="一般",
        status="已入账",
        audit_head="9f" * 32,
        event="SJ-20261126-002",
        occurred_at="2026-11-26 09:10",
        place="A座 1203房",
        cause=ticks(CAUSES, "意外"),
        payer="欧阳𬀩晴（女士） A座 1203房 138****6620",
        basis="公示价目第3页",
        lines=tuple(
            SlipLine(f"台灯{n}号", "1 盏", "¥100.00", "20%", "¥80.00") for n in range(1, lines + 1)
        ),
        total="¥240.00",
        due="¥240.00",
        due_words="人民币贰佰肆拾元整",
        informed="11-26 09:40 当面 周敏",
        position=ticks(("同意赔偿", "有异议", "联系不上"), "同意赔偿"),
        payment=ticks(("计入总账", "现付"), "计入总账"),
        account="A-1203",
        voucher="PZ-0087",
        posted_at="2026-11-26 10:00",
        contact="021-60001234",
        photos=PHOTOS,
        attachments=("共4张",),
        signatures=_signed(("客户", "欧阳𬀩晴"), ("值班经理", "周敏"), ("收银员", "何静")),
    )
    return paper.with_verify_code(KEY)


def drill() -> EventRecordPaper:
    """《演练记录》 as it is kept."""
    paper = EventRecordPaper(
        **HEAD,
        number="YL-20261126-001",
        form_code="PD-YL-14",
        state="sealed",
        secrecy="一般",
        category="火警",
        status="已签完",
        form_title="演练记录",
        drill="【演练】",
        retention="保存期限：三年",
        head=(Pair(Line("发生时间", "2026-11-26 09:00"), Line("地点", "A座")),),
        blocks=(
            Block(
                "登记内容",
                (
                    Pair(Line("模拟情景", "三层布草间冒烟，一人没有下来。", long=True)),
                    Pair(
                        Line("类型", ticks=ticks(("桌面演练", "单项演练", "全员演练"), "全员演练"))
                    ),
                    Pair(Line("参加人数", "36"), Line("疏散用时（分钟）", "4")),
                ),
            ),
            Block("点名", columns=("名单", "应到", "实到"), rows=(("在住", "60", "60"),)),
        ),
        notifications=(Notification("保安部 李强", "11-26 09:01", "对讲机", "已告知"),),
        photos=PHOTOS[:1],
        signatures=_signed(("填报人／值班经理", "周敏"), ("保安部经理", "马涛")),
    )
    return paper.with_verify_code(KEY)


def inventory() -> EventRecordPaper:
    """《遗物清点单》 before anybody signed: two copies on one sheet, confidential."""
    return EventRecordPaper(
        **HEAD,
        number="SJ-20261126-003",
        form_code="PD-SJ-10",
        state="draft",
        secrecy="保密",
        form_title="遗物清点单",
        banner="内部资料　注意保密",
        copies=2,
        head=(Pair(Line("发生时间"), Line("地点")),),
        blocks=(Block("物品", columns=("物品", "数量", "特征", "存放")),),
        signatures=tuple(SignBox(role) for role in ("填报人", "保安部经理", "接收人")),
    )


def receipt() -> GuestReceiptPaper:
    """What the guest takes away."""
    return GuestReceiptPaper(
        **HEAD,
        number="TS-20261126-001",
        form_code="PD-HZ-01",
        state="list",
        guest="欧阳女士",
        received_at="2026-11-26 09:10",
        place="A座 1203房",
        owner="周敏",
        promise="2026-11-27 18:00",
        phone="021-60001234",
    )
