"""Filled-in papers of an invented house, and the pictures they show."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from propdesk.core.papers import (
    ComplaintRecordPaper,
    Entry,
    Field,
    IncidentReportPaper,
    Notification,
    Option,
    Override,
    Paper,
    Party,
    Photo,
    Promise,
    SignBox,
    Step,
    Witness,
    paper_assets,
    ticks,
)
from propdesk.core.papers_appendix import AppendixPaper

DATA = Path(__file__).parent / "data"
FROZEN_AT = datetime(2026, 11, 20, 9, 10, tzinfo=UTC)
KEY = b"sample-key"
# Names from the upper planes and others that many fonts lack.
RARE_NAMES = "𬀩㵆䶮喆堃昇玥甯翀赟龑𣲗𠅤㛃㙍䜣犇淼曌燚垚彧禤"
FILES = {
    "pd:photo-1": (DATA / "photo1.jpg").read_bytes(),
    "pd:photo-2": (DATA / "photo2.jpg").read_bytes(),
    "pd:photo-3": (DATA / "photo3.jpg").read_bytes(),
    "pd:sign-1": (DATA / "sig1.png").read_bytes(),
    "pd:sign-2": (DATA / "sig2.png").read_bytes(),
    "pd:sign-3": (DATA / "sig3.png").read_bytes(),
    "pd:sign-4": (DATA / "sig4.png").read_bytes(),
}
SATISFACTION = ("满意", "基本满意", "不满意")
STEPS = (
    Step(
        "A",
        "倾听",
        "让客户把话说完",
        "电话倾听 6 分钟并记录；确认人身安全，提醒远离带电设备。",
        "11-12 21:47",
        "林晓楠",
    ),
    Step(
        "B",
        "冷静与私密",
        "换到不受打扰处",
        "请至二层接待室单独会谈，备热茶与毛巾。",
        "11-12 22:05",
        "赵立诚",
    ),
    Step("C", "担当", "由一人跟到底", "说明姓名职务，由本人全程跟进。", "11-12 22:08", "赵立诚"),
    Step(
        "D", "尊重", "以姓氏称呼并致歉", "以“欧阳女士”称呼，就不便致歉。", "11-12 22:10", "赵立诚"
    ),
    Step(
        "E", "聚焦问题", "找到症结", "漏点在 18 层管井阀门接头，已关阀。", "11-12 22:18", "赵立诚"
    ),
    Step(
        "F",
        "记录",
        "要点与细节",
        "记录经客户核对；拍照 23 张，受损物品封存 F-0311。",
        "11-12 22:35",
        "赵立诚",
    ),
    Step(
        "G",
        "方案",
        "给出可选方案",
        "送修并换房、折价补偿两案，客户选前者。",
        "11-12 22:50",
        "赵立诚",
    ),
    Step(
        "H",
        "时限",
        "具体可查的时间",
        "吊顶 48 小时内修复；电脑 5 个工作日内出检测结论。",
        "11-12 22:55",
        "赵立诚",
    ),
    Step(
        "I",
        "跟踪",
        "有耽搁先通报",
        "吊顶 11-14 16:00 验收；检测延后一日，已电话告知。",
        "11-18 15:20",
        "周海峰",
    ),
    Step(
        "J",
        "复查",
        "问满意度并写报告",
        "电脑修复交付，客户签收；本报告填写完毕。",
        "11-19 10:30",
        "赵立诚",
    ),
)
PROMISES = (
    Promise(due="11-14 22:55", told_at="11-12 22:55", told_via="当面", outcome="已兑现"),
    Promise(due="11-17 18:00", told_at="11-12 22:55", told_via="当面", outcome="已延期"),
    Promise(
        original="11-17 18:00",
        due="11-18 18:00",
        reason="品牌服务中心待件，检测顺延一日",
        told_at="11-17 10:05",
        told_via="电话",
        outcome="已兑现",
    ),
)
OVERRIDE = Override(
    rule="换房费用超出值班经理权限",
    reason="当晚无同型空房，升级房型差价 680 元",
    by="孙蕾",
    at="11-12 22:48",
)
PHOTOS = (
    Photo("pd:photo-1", "卫生间吊顶渗水点（12 日 21:58）", "a" * 64),
    Photo("pd:photo-2", "书房写字台受损情况（12 日 22:01）", "b" * 64),
    Photo("pd:photo-3", "管井阀门接头裂纹（12 日 22:16）", "c" * 64),
)
ATTACHMENTS = ("录像登记号 LX-1112-04", "维修验收单 2 张", "客户签收单 1 张")


def signatures() -> tuple[SignBox, ...]:
    """Four boxes, all signed, the last by a deputy."""
    return (
        SignBox(
            role="填报人／值班经理",
            merged=True,
            name="赵立诚",
            date="2026年11月19日",
            signature="pd:sign-1",
            opinion="以上属实，措施均已落实。",
        ),
        SignBox(
            role="部门经理（工程部）",
            name="周海峰",
            date="2026年11月19日",
            signature="pd:sign-2",
            opinion="同批次接头列入本月检修计划。",
        ),
        SignBox(
            role="物业经理（审核）",
            name="孙蕾",
            date="2026年11月20日",
            signature="pd:sign-3",
            opinion="情况清楚、证据齐全，维修费用按公众责任险流程核销，整改项限期完成并报备。",
        ),
        SignBox(
            role="总物业经理（批示）",
            name="陈国栋",
            date="2026年11月20日",
            signature="pd:sign-4",
            opinion="同意。请工程部举一反三。",
            deputy_note="代签：孙蕾（受托，2026年11月20日至22日）",
        ),
    )


def incident() -> IncidentReportPaper:
    """A water leak that began as a complaint: two pages, three photos."""
    paper = IncidentReportPaper(
        organisation="云栖里服务式公寓物业管理处",
        number="SG-20261112-002",
        form_code="PD-SG-01",
        version="V1.0",
        record_url="https://desk.example.com/p/yqx/reports/SG-20261112-002",
        state="sealed",
        frozen_at="2026-11-20 17:10",
        secrecy="内部",
        category="财物损坏",
        severity="严重",
        status="已结案",
        audit_head="9f2c41d7e0b85a63c4d1f7a92be60358f04e9bd21c7750aa63e8104d2b9c7f16",
        note="本报告一份，物业管理处存档；扫描右上角二维码可查看记录，校验码可核对内容。",
        related="TS-20261112-004",
        occurred_at="2026-11-12 21:30",
        discovered_at="2026-11-12 21:42",
        reported_at="2026-11-12 21:47",
        place="A 座 18 层 1806 室 卫生间及书房",
        reporter="林晓楠（前台）",
        duty_manager="赵立诚",
        injured="0 人",
        loss="吊顶石膏板约 1.6㎡ 受潮；写字台面起泡；客户笔记本电脑 1 台进水，初估人民币 12,999.00 元。",
        parties=(Party("欧阳𬀩晴（女士）", "住户", "A-1806", "138****6620"),),
        witnesses=(Witness("何嘉懿", "工程部 分机 8012", "书面陈述见附件"),),
        extra_fields=(),
        timeline=(
            Entry("11-12 21:42", "林晓楠", "客户来电称卫生间吊顶滴水，已流入书房。"),
            Entry("11-12 21:51", "赵立诚", "携值班工程师到场，切断书房插座电源。"),
            Entry("11-12 21:56", "何嘉懿", "关闭 18 层管井支管总阀，漏水停止。"),
        ),
        narrative=(
            "客户返房时发现卫生间吊顶持续滴水，水沿隔墙流到写字台，笔记本电脑被淋湿后自动关机。\n"
            "值班经理到场后先断电、再关阀，随后请客户到接待室单独沟通，安排吸水除湿，并在客户见证下"
            "对受损物品逐件拍照、登记、封存。"
        ),
        steps=STEPS,
        promises=PROMISES,
        overrides=(OVERRIDE,),
        measures="更换阀门接头并试压；受损吊顶 11 月 14 日修复；电脑送修；当晚换房至 A-2203。",
        notifications=(
            Notification("物业经理 孙蕾", "11-12 22:20", "电话", "已确认 22:21"),
            Notification("总物业经理 陈国栋", "11-12 22:24", "企业微信", "已确认 22:31"),
        ),
        authority=ticks(("未报警", "已报警", "已报主管部门"), "未报警"),
        cause_direct="管井支管 DN25 阀门接头老化开裂，压力水沿楼板缝隙渗入吊顶。",
        cause_indirect="同批次接头使用满八年，未列入年度更换计划。",
        result="阀门、吊顶修复并验收，电脑修复交付，费用由公众责任险先行垫付。",
        guest_opinion="当晚处理得快，沟通也清楚，希望今后加强管道检查。",
        satisfaction=ticks(SATISFACTION, "满意"),
        improvement=(
            "12 月 15 日前普查 A 座 6—28 层同批次接头，有裂纹或使用满八年的一律更换。\n"
            "各层管井加装漏水感应器，接入值班室报警主机。"
        ),
        responsible_department="工程部",
        improvement_due="2026-12-15",
        photos=PHOTOS,
        attachments=ATTACHMENTS,
        signatures=signatures(),
    )
    return paper.with_verify_code(KEY)


def blank_incident() -> IncidentReportPaper:
    """A draft nobody filled in: every field is empty, the boxes wait for pens."""
    return IncidentReportPaper(
        organisation="云栖里服务式公寓物业管理处",
        number="SG-20261112-003",
        form_code="PD-SG-01",
        version="V1.0",
        record_url="https://desk.example.com/p/yqx/reports/SG-20261112-003",
        state="draft",
        frozen_at="2026-11-20 17:10",
        parties=(Party(),),
        extra_fields=(Field("电梯编号"),),
        authority=ticks(("未报警", "已报警", "已报主管部门")),
        satisfaction=ticks(SATISFACTION),
        signatures=tuple(
            SignBox(role=role)
            for role in ("填报人", "值班经理", "物业经理（审核）", "总物业经理（批示）")
        ),
    )


def complaint() -> ComplaintRecordPaper:
    """The complaint behind the report."""
    paper = ComplaintRecordPaper(
        organisation="云栖里服务式公寓物业管理处",
        number="TS-20261112-004",
        form_code="PD-TS-01",
        version="V1.0",
        record_url="https://desk.example.com/p/yqx/incidents/TS-20261112-004",
        state="sealed",
        frozen_at="2026-11-20 17:10",
        secrecy="一般",
        category="工程维修 · 财物损坏",
        severity="严重",
        status="已结案",
        audit_head="3c81e75a90bd41f6278eac5503d94b1e6f7028c9d4e35ab17f90c26d8ea4b503",
        received_at="2026-11-12 21:42",
        channel="电话",
        received_by="林晓楠（前台）",
        owner="赵立诚（值班经理）",
        guest_name="欧阳𬀩晴",
        honorific="女士",
        room="A-1806",
        phone="138****6620",
        anonymous=ticks(("是", "否"), "否"),
        valid=ticks(("是", "否"), "是"),
        occurred_at="2026-11-12 21:30",
        place="A 座 18 层 1806 室 卫生间及书房",
        points="“吊顶一直在滴水，水都流到书房了，我的电脑淋湿了，自己关机了。”",
        demand="尽快止水、修复吊顶，电脑由物业负责修好；今晚不能再住在湿的房间。",
        crux="18 层管井阀门接头开裂，压力水渗入吊顶。",
        checked_with_guest=ticks(("是", "否"), "是"),
        steps=STEPS,
        options=(
            Option(
                "电脑送品牌服务中心检修，今晚换房至 A-2203",
                "11-17 18:00",
                "客户提供购机凭证",
                "680.00",
                "孙蕾 22:48",
                chosen=True,
            ),
            Option("按折旧价补偿电脑，原房除湿", "11-20 18:00", "客户同意评估价", "450.00"),
        ),
        choice="选定第 1 案，客户当面确认（11-12 22:50）",
        promises=PROMISES,
        overrides=(OVERRIDE,),
        progress=(
            Entry("11-12 21:56", "何嘉懿", "关闭支管总阀，漏水停止。"),
            Entry("11-14 16:00", "周海峰", "吊顶修复，客户到场验收。"),
            Entry("11-17 10:05", "赵立诚", "电话通报检测顺延一日，客户表示理解。"),
            Entry("11-18 15:20", "周海峰", "电脑修复取回，开机正常。"),
        ),
        reviewed_at="2026-11-19 10:30",
        satisfaction=ticks(SATISFACTION, "满意"),
        guest_opinion="当晚处理得快，沟通也清楚，希望今后加强管道检查。",
        course="接头开裂致吊顶渗水，书房写字台与电脑受潮。",
        measures="关阀、除湿、换房、送修、修复吊顶。",
        result="全部修复并交付，客户签收。",
        improvement="12 月 15 日前普查同批次接头，管井加装漏水感应器。",
        attachments=ATTACHMENTS,
        signatures=(
            dataclasses.replace(signatures()[0], role="接诉人", name="林晓楠", merged=False),
            dataclasses.replace(
                signatures()[0], role="值班经理", signature="pd:sign-1", merged=False
            ),
            *signatures()[1:3],
        ),
    )
    return paper.with_verify_code(KEY)


def appendix() -> AppendixPaper:
    """The second correction of the report: two signatures."""
    paper = AppendixPaper(
        organisation="云栖里服务式公寓物业管理处",
        number="SG-20261112-002-附2",
        form_code="PD-FL-01",
        version="V1.0",
        record_url="https://desk.example.com/v/ABCD-EFGH-IJKL-MN23",
        state="sealed",
        secrecy="保密",
        frozen_at="2026-11-21 09:05",
        audit_head="d" * 64,
        original_number="SG-20261112-002",
        original_version="1",
        original_sealed_at="2026-11-20 17:10",
        original_code="QRST-UVWX-YZ23-4567",
        original_sha256="0123456789abcdef" * 4,
        earlier="SG-20261112-002-附1",
        subject="发现时间",
        was="11月12日 21:58",
        text="11月12日 21:40，由夜班巡查的韩𠮷发现。",
        reason="监控录像 LX-1112-04，与值班日志核对。",
        signatures=signatures()[2:],
    )
    return paper.with_verify_code(KEY)


def assets(paper: Paper) -> dict[str, tuple[bytes, str]]:
    """What the renderer needs for a sample paper."""
    return paper_assets(paper, FILES)
