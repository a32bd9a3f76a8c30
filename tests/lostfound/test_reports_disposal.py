"""《过期失物处理审批单》: what was asked, decided and done, as it lay before the decider (L-H)."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from lostfound import workflow
from lostfound.models import DisposalBatch
from lostfound.reports import disposal_approval
from propdesk.core.papers_found import DisposalApprovalPaper, DisposalRow
from propdesk.core.roles import Role
from tests.factories import PASSWORD, DeputyFactory
from tests.lostfound import claiming, disposing
from tests.lostfound.disposing import LATER, T0, on
from tests.lostfound.journey import House, fresh, photo
from tests.lostfound.printing import job, printed, sealed_job, stored, text_of

pytestmark = pytest.mark.django_db
KIND = "disposal_approval"
BUDGET = 12


def paper_of(batch: DisposalBatch) -> DisposalApprovalPaper:
    paper = disposal_approval(job(batch, KIND)).paper
    assert isinstance(paper, DisposalApprovalPaper)
    return paper


def chosen(row: DisposalRow) -> list[str]:
    return [tick.label for tick in row.decided if tick.chosen]


@pytest.fixture
def late() -> Any:
    """Two days after the last day of what came in on ``T0``."""
    with on(LATER):
        yield


pytest_late = pytest.mark.usefixtures("late")


def carried_out(house: House) -> DisposalBatch:
    """Three things: one donated, one to the police, one kept; the first two are gone."""
    items = disposing.expired(house, 3)
    batch = disposing.reviewed(house, disposing.submitted(house, disposing.drafted(house, items)))
    batch = disposing.decided(house, batch, "donate", "police", "keep")
    guard = workflow.Second(house.guard, PASSWORD)
    for line, proof in zip(
        disposing.lines(batch)[:2], ("受赠函 JZ-118", "接收字第7号"), strict=True
    ):
        execution = replace(disposing.PROOF, proof=proof)
        workflow.execute_line(line, execution, guard, by=house.dm)
    return disposing.read(batch)


@pytest_late
def test_rows_say_what_lay_before_the_decider_and_what_became_of_it() -> None:
    house = House()
    batch = carried_out(house)
    rows = disposal_approval(sealed_job(batch, KIND)).paper.rows  # type: ignore[attr-defined]
    first, second, third = rows

    assert [chosen(row) for row in rows] == [
        ["捐赠"],
        ["移交公安"],
        ["继续保管至 2027-03-27"],
    ]
    assert (first.name, first.quantity, first.value) == ("手机（手机）", "1 部", "80.00")
    assert (first.stored_on, first.due_on) == ("2026-11-23", "2027-02-23")
    # The day to which it is kept now is the decision, not what was decided on.
    assert third.due_on == "2027-02-23"
    assert first.statutory == "民法典第318条 未起算"
    assert first.search == "没有查找；没有公告"
    assert first.proposed == "移交公安"
    assert first.reason == disposing.REASON
    assert str(first.risk).startswith("早于法定期限处理，失主仍可能主张权利。")
    assert (second.risk, third.risk) == ("", "")
    assert first.done == (
        "2027-02-25 10:00 周敏、李强；凭证：受赠函 JZ-118；接收：南山派出所 警号012345"
    )


@pytest_late
def test_sealed_paper_has_four_names_methods_and_risk_on_it() -> None:
    house = House()
    batch = carried_out(house)
    document = printed(sealed_job(batch, KIND))
    data = stored(document)
    text = text_of(data)

    wanted = ["过期失物处理审批单", batch.case.number, *("周敏", "李强", "张岚", "陈国栋")]
    wanted += ["☑捐赠", "☑移交公安", "☑继续保管至", "风险提示：早于法定期限", "受赠函JZ-118"]
    wanted += [line.item.case.number for line in disposing.lines(batch)]
    wanted += [document.verify_code, document.audit_head, "属实", "无法联系失主"]
    assert [word for word in wanted if word not in text] == []
    assert "草稿" not in text
    assert sum(len(page.images) for page in PdfReader(document.file.path).pages) >= 4
    assert (document.sealed, document.report, document.pages) == (True, None, 1)
    page = PdfReader(document.file.path).pages[0].mediabox
    assert page.width > page.height


@pytest_late
def test_sealed_paper_printed_late_is_the_same() -> None:
    house = House()
    batch = carried_out(house)
    waiting = sealed_job(batch, KIND)
    at_once = disposal_approval(waiting).paper
    kept = fresh(disposing.lines(batch)[2].item)
    workflow.revalue(kept, Decimal("95.00"), by=house.dm, basis="市价", reason="查到型号")
    workflow.announce(fresh(kept), by=house.dm, published_on=timezone.localdate(), channel="board")

    late = disposal_approval(waiting).paper

    assert json.dumps(late.to_data()) == json.dumps(at_once.to_data())


@pytest.mark.parametrize(
    ("status", "state", "signed"),
    [
        ("draft", "draft", []),
        ("submitted", "draft", ["周敏", "李强"]),
        ("reviewed", "draft", ["周敏", "李强", "张岚"]),
        ("decided", "draft", ["周敏", "李强", "张岚", "陈国栋"]),
        ("done", "copy", ["周敏", "李强", "张岚", "陈国栋"]),
        ("withdrawn", "void", []),
    ],
)
@pytest_late
def test_boxes_fill_as_the_paper_goes_round(status: str, state: str, signed: list[str]) -> None:
    house = House()
    paper = paper_of(disposing.READY[status](house))

    assert (paper.state, [box.name for box in paper.signatures if box.name]) == (state, signed)
    assert [box.role for box in paper.signatures] == [
        "值班经理（申请）",
        "保安部（共同申请）",
        "物业经理（审核）",
        "总物业经理（批示）",
    ]
    assert (paper.void_reason == "重新整理") is (state == "void")
    assert bool(paper.decided_on) is (len(signed) == 4)


@pytest_late
def test_undecided_row_offers_all_ways_and_warns_of_the_law() -> None:
    house = House()
    row = paper_of(disposing.drafted(house)).rows[0]

    assert [tick.label for tick in row.decided] == [
        "移交公安",
        "继续保管",
        "捐赠",
        "销毁",
        "变卖上交",
        "归拾获人",
    ]
    assert chosen(row) == []
    assert str(row.risk).endswith("（移交公安、继续保管除外）")
    assert (row.reason, row.done) == ("", "")


@pytest_late
def test_search_and_notice_are_summed_up() -> None:
    house = House()
    with on(T0):
        item = house.traced(house.stored(value=Decimal("80.00")))
        workflow.announce(item, by=house.dm, published_on=T0.date(), channel="board")
    workflow.flag_due(timezone.now())
    row = paper_of(disposing.drafted(house, [fresh(item)])).rows[0]

    assert row.search == "查找 1 次，末次 2026-11-23；公告 1 次，首次 2026-11-23"
    assert row.statutory == "民法典第318条 2027-11-23"


@pytest_late
def test_deputy_signs_with_a_note_whose_place_he_took() -> None:
    house = House()
    batch = disposing.reviewed(house)
    deputy = disposing.signer(house, Role.STAFF)
    rank = house.gm.memberships.get(role=Role.GENERAL_MANAGER)
    DeputyFactory(for_membership=rank, by_user=deputy)
    disposing.decide(house, batch, by=deputy)
    box = paper_of(batch).signatures[-1]

    assert box.deputy_note == f"代签：{deputy.name}代陈国栋"


@pytest_late
def test_claim_before_the_execution_stands_on_the_paper() -> None:
    house = House()
    batch = disposing.decided(house, disposing.reviewed(house), "donate")
    item = disposing.lines(batch)[0].item
    claiming.described(house, fresh(item))

    assert [row.done for row in paper_of(batch).rows] == ["被认领，不再处置"]


@pytest_late
def test_struck_line_is_not_printed() -> None:
    house = House()
    batch = disposing.drafted(house, disposing.expired(house, 2))
    first, second = disposing.lines(batch)
    workflow.edit_batch(batch, by=house.dm, drop=[first.pk])

    assert [row.number for row in paper_of(batch).rows] == [second.item.case.number]


@pytest_late
def test_proof_by_picture_and_proceeds_are_named() -> None:
    house = House()
    items = disposing.expired(house, 2)
    batch = disposing.reviewed(house, disposing.submitted(house, disposing.drafted(house, items)))
    batch = disposing.decided(house, batch, "destroy", "sell")
    burnt, sold = disposing.lines(batch)
    guard = workflow.Second(house.guard, PASSWORD)
    workflow.execute_line(
        burnt, workflow.Execution("销毁记录1号", photo=photo("red")), guard, by=house.dm
    )
    workflow.execute_line(
        sold, workflow.Execution("进账单 22", proceeds=Decimal("35.50")), guard, by=house.dm
    )
    done = [str(row.done) for row in paper_of(batch).rows]

    assert done[0].endswith("凭证：销毁记录1号；附照片")
    assert done[1].endswith("凭证：进账单 22；所得 35.50 元")


@pytest_late
def test_statements_do_not_grow_with_the_lines() -> None:
    house = House()

    def cost(batch: DisposalBatch) -> int:
        waiting = job(batch, KIND)
        with CaptureQueriesContext(connection) as captured:
            disposal_approval(waiting)
        return len(captured)

    few = cost(disposing.decided(house))
    items = disposing.expired(house, 3)
    many = disposing.reviewed(house, disposing.submitted(house, disposing.drafted(house, items)))

    assert (cost(disposing.decided(house, many)), few <= BUDGET) == (few, True)
