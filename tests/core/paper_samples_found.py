"""Filled-in papers of found things of the same invented house."""

import dataclasses

from propdesk.core.papers import Photo, SignBox, ticks
from propdesk.core.papers_found import (
    Attempt,
    ClaimSlipPaper,
    DisposalApprovalPaper,
    DisposalRow,
    FoundNoticePaper,
    FoundRegisterPaper,
    Hop,
    NoticeRow,
    Receipt,
    RegisterRow,
)
from tests.core.paper_samples import KEY

HOUSE = "云栖里服务式公寓物业管理处"
METHODS = ("移交公安", "继续保管", "捐赠", "销毁", "变卖上交", "归拾获人")
WAYS = ("本人领取", "委托领取", "邮寄", "送还上门")
CLUE = ("有线索", "无线索")
SIGNED = (
    SignBox(role="认领人", name="欧阳𬀩晴", date="2026年11月25日", signature="pd:sign-1"),
    SignBox(role="值班经理", name="周敏", date="2026年11月25日", signature="pd:sign-2"),
    SignBox(role="保安部", name="李强", date="2026年11月25日", signature="pd:sign-3"),
)


def slip() -> ClaimSlipPaper:
    """A phone that was given back to its owner: everything filled in, on one page."""
    paper = ClaimSlipPaper(
        organisation=HOUSE,
        number="SW-20261123-002",
        form_code="PD-SW-01",
        version="V1.0",
        record_url="https://desk.example.com/v/ABCD-EFGH-JKLM-NPQR",
        state="sealed",
        frozen_at="2026-11-25 10:40",
        secrecy="内部",
        category="手机",
        status="已归还",
        audit_head="9f2c41d7e0b85a63c4d1f7a92be60358f04e9bd21c7750aa63e8104d2b9c7f16",
        signed_digest="3c81e75a90bd41f6278eac5503d94b1e6f7028c9d4e35ab17f90c26d8ea4b503",
        name="黑色手机",
        quantity="1 部",
        features="屏幕右上角有裂纹，蓝色硅胶壳，壳内夹一张地铁卡",
        serial="尾号 7788",
        contents="手机卡 1；地铁卡 1（11-23 10:20 周敏、李强清点）",
        photos=(
            Photo("pd:photo-1", "正面（孙丽 11-23 09:40）", "a" * 64),
            Photo("pd:photo-2", "背面（孙丽 11-23 09:40）", "b" * 64),
        ),
        found_at="2026-11-23 09:30",
        place="A座 大堂 东侧沙发",
        finder="孙丽（管家部）",
        reported_at="2026-11-23 09:40",
        handed_at="2026-11-23 10:15",
        received_by="周敏、李强",
        value="1,500.00 元",
        valued_by="周敏：同型号二手价",
        term="超过100.00元保管1年",
        expires_on="2027-11-23",
        statutory="民法典第318条 2027-11-24",
        storage="保安部库房 2号柜 上层",
        seal="FQ-0107",
        clue=ticks(CLUE, "有线索"),
        clue_text="锁屏上有联系电话",
        announced="2026-11-24 公告栏张贴",
        hops=(
            Hop("11-23 09:40", "拾获", "孙丽"),
            Hop(
                "11-23 10:15",
                "接收入库",
                "孙丽 → 周敏",
                "2号柜 上层 封签 FQ-0107",
                "周敏、李强",
            ),
            Hop("11-25 10:40", "归还", "周敏 → 认领人", None, "周敏、李强"),
        ),
        attempts=(
            Attempt("11-23 11:02", "电话", "联系不上", "拨打锁屏上的联系电话，无人接听。", "周敏"),
        ),
        claimant="欧阳𬀩晴（女士）",
        id_paper="居民身份证 尾号 124X",
        phone="138****6620",
        description="黑色手机，右上角碎了一块，蓝色软壳，壳里有地铁卡。",
        checks=tuple(
            tick for label in ("屏幕裂纹位置", "壳内地铁卡") for tick in ticks((label,), label)
        ),
        checked_by="相符 2 项（11-25 10:31 周敏、李强）",
        ways=ticks(WAYS, "本人领取"),
        receipt=Receipt(
            item="黑色手机",
            quantity="1 部",
            contents="手机卡 1；地铁卡 1",
            found_on="2026-11-23",
            place="A座",
            claimant="欧阳𬀩晴（女士）",
            id_paper="居民身份证 尾号 124X",
            phone="138****6620",
            way="本人领取",
            returned_at="2026-11-25 10:40",
            contact="021-60001234",
        ),
        signatures=SIGNED,
    )
    return paper.with_verify_code(KEY)


def blank_slip() -> ClaimSlipPaper:
    """Nobody has come yet: the claimant's rows and the signatures wait for pens."""
    return dataclasses.replace(
        slip(),
        state="draft",
        status="在库",
        verify_code=None,
        signed_digest=None,
        hops=slip().hops[:2],
        claimant=None,
        id_paper=None,
        phone=None,
        description=None,
        checks=(),
        checked_by=None,
        ways=ticks(WAYS),
        receipt=Receipt(item="手机", quantity="1 部", found_on="2026-11-23", place="A座"),
        signatures=tuple(SignBox(role=box.role) for box in SIGNED),
    )


def long_slip() -> ClaimSlipPaper:
    """A full bag and a long search: more than one page."""
    paper = slip()
    return dataclasses.replace(
        paper,
        contents="；".join(f"衣物第{n}件 1" for n in range(1, 61)),
        hops=paper.hops * 8,
        attempts=paper.attempts * 14,
    )


def _disposal_rows() -> tuple[DisposalRow, ...]:
    return (
        DisposalRow(
            number="SW-20260811-001",
            name="黑色双肩包（箱包）",
            quantity="1 个",
            value="80.00",
            stored_on="2026-08-11",
            due_on="2026-11-11",
            statutory="民法典第318条 未起算",
            search="查找 2 次，末次 2026-08-20；没有公告",
            proposed="捐赠：无人认领",
            decided=ticks(METHODS, "捐赠"),
            reason="内无证件，可再用",
            risk="没有招领公告，法定期限未起算；现在处理，失主仍可要求返还或赔偿。",
            done="2026-11-20 15:30 李强、周敏；凭证：受赠函 JZ-2026-118；接收：区慈善超市",
        ),
        DisposalRow(
            number="SW-20260812-004",
            name="居民身份证（证件）",
            quantity="1 本",
            value="未估价",
            stored_on="2026-08-12",
            due_on="2027-08-12",
            statutory="民法典第318条 2027-08-13",
            search="查找 1 次，末次 2026-08-13；公告 2026-08-13",
            proposed="移交公安",
            decided=ticks(METHODS, "移交公安"),
            done="2026-11-20 10:00 李强、周敏；凭证：接收字第7号；接收：警号 012345",
        ),
    )


def disposal() -> DisposalApprovalPaper:
    """An approval that was carried out."""
    box = dataclasses.replace
    paper = DisposalApprovalPaper(
        organisation=HOUSE,
        number="CZ-20261118-001",
        form_code="PD-CZ-01",
        version="V1.0",
        record_url="https://desk.example.com/v/ABCD-EFGH-JKLM-NPQR",
        state="sealed",
        frozen_at="2026-11-20 15:32",
        secrecy="内部",
        status="已办结",
        audit_head="9f2c41d7e0b85a63c4d1f7a92be60358f04e9bd21c7750aa63e8104d2b9c7f16",
        opinion="均已到期或应早作处理，申请按建议方式处理。",
        decided_on="2026-11-19",
        rows=_disposal_rows(),
        signatures=(
            box(SIGNED[1], role="值班经理（申请）", signature="pd:sign-1"),
            box(SIGNED[2], role="保安部（共同申请）", signature="pd:sign-2"),
            SignBox(
                "物业经理（审核）", "张岚", "2026年11月18日", "pd:sign-3", opinion="情况属实。"
            ),
            SignBox(
                "总物业经理（批示）",
                "张岚",
                "2026年11月19日",
                "pd:sign-4",
                opinion="同意。",
                deputy_note="代签：张岚代陈国栋",
            ),
        ),
    )
    return paper.with_verify_code(KEY)


def blank_disposal() -> DisposalApprovalPaper:
    """Asked for, nothing decided: the choices and the boxes wait for pens."""
    return dataclasses.replace(
        disposal(),
        state="draft",
        status="草拟",
        verify_code=None,
        decided_on=None,
        rows=tuple(
            dataclasses.replace(row, decided=ticks(METHODS), reason=None, done=None)
            for row in _disposal_rows()
        ),
        signatures=tuple(SignBox(role=box.role) for box in disposal().signatures),
    )


def register_row(number: int) -> RegisterRow:
    """One line as long as they usually are."""
    return RegisterRow(
        number=f"SW-20261123-{number:03}",
        name="黑色手机（手机）1 部",
        features="屏幕右上角有裂纹，蓝色硅胶壳",
        found="11-23 09:30 A座 大堂",
        finder="孙丽（管家部）",
        received="11-23 10:15 周敏、李强",
        value="1,500.00",
        storage="2号柜 上层",
        expires_on="2027-11-23",
        outcome="11-25 归还 欧阳女士",
        moved="11-25 10:40 归还 周敏、李强",
    )


def register(rows: int = 40) -> FoundRegisterPaper:
    """A month of the register."""
    return FoundRegisterPaper(
        organisation=HOUSE,
        number="SWDJ-20261125-1040",
        form_code="PD-SW-02",
        version="V1.0",
        record_url="https://desk.example.com/p/yqx/lostfound/",
        state="list",
        frozen_at="2026-11-25 10:40",
        secrecy="内部",
        scope="全部状态 · 全部类别 · 2026年11月",
        rows=tuple(register_row(n) for n in range(1, rows + 1)),
    )


def notice() -> FoundNoticePaper:
    """What hangs on the board."""
    return FoundNoticePaper(
        organisation=HOUSE,
        number="ZLGG-20261124-0900",
        form_code="PD-SW-03",
        version="V1.0",
        record_url="https://desk.example.com/found/yqx/",
        state="list",
        frozen_at="2026-11-24 09:00",
        published_on="2026年11月24日",
        where="值班经理处（一层前台）",
        phone="021-60001234",
        rows=tuple(
            NoticeRow(f"SW-20261123-{n:03}", "手机", "2026-11-23", "A座") for n in range(1, 13)
        ),
    )
