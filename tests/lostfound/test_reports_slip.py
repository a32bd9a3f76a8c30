"""《失物认领单》: the file's copy says all, the claimant's nothing he must not know (L-C … L-F)."""

import io
import json
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from lostfound import workflow
from lostfound.models import FoundItem
from lostfound.reports import claim_slip
from lostfound.reports.wording import rough_place
from propdesk.core import persons
from propdesk.core.models import Attachment, Document, Place
from propdesk.core.papers import render_html
from propdesk.core.papers_found import ClaimSlipPaper, Receipt
from propdesk.core.pdf.limited import render_limited
from tests.factories import PASSWORD, PlaceFactory
from tests.lostfound import claiming, moves
from tests.lostfound.journey import House, S, fresh, photo
from tests.lostfound.printing import draft, halves, job, printed, sealed_job, stored, text_of

pytestmark = pytest.mark.django_db
BUDGET = 22


def slip_of(item: FoundItem, **fields: Any) -> ClaimSlipPaper:
    paper = claim_slip(job(item, **fields)).paper
    assert isinstance(paper, ClaimSlipPaper)
    return paper


def full_bag(house: House) -> FoundItem:
    """A wallet with money in it, sealed in a bag, asked for twice and made known."""
    item = house.logged(
        category="wallet",
        name="棕色钱包",
        features="棕色牛皮，内侧烫有字母LXY，拉链头缺一角",
        serial="NB-77-8812",
        place_note="三层茶水间窗台",
    )
    item = house.stored(
        item,
        seal="FQ-9001",
        value=Decimal("488.00"),
        basis="含现金的估计",
        contents=(
            workflow.Content("健身卡"),
            workflow.Content("现金", 4, "CNY", Decimal(100)),
            workflow.Content("现金", 3, "CNY", Decimal(20)),
        ),
    )
    item = fresh(workflow.decide_clue(item, "yes", by=house.dm, text="卡上有会籍号"))
    for words in ("致电健身房查会籍号", "健身房回复查无此人"):
        workflow.trace(item, by=house.dm, via="phone", text=words, outcome="waiting")
    workflow.announce(fresh(item), by=house.dm, published_on=timezone.localdate(), channel="board")
    return fresh(item)


SECRET = ("棕色牛皮", "LXY", "拉链头缺一角", "NB-77-8812", "三层茶水间", "FQ-9001", "2号柜")
SECRET += ("含现金的估计", "488.00", "会籍号", "健身房", "查无此人")
"""Never on the claimant's copy, whatever state the thing is in."""
LATER = ("棕色钱包", "健身卡", "现金")
"""On it once the thing is his again: what he received."""


def found(words: tuple[str, ...], text: str) -> list[str]:
    return [word for word in words if word in text]


# --- what the claimant must not read ---------------------------------------------------------


def test_receipt_has_no_field_for_what_the_claimant_must_not_know() -> None:
    assert list(Receipt.__dataclass_fields__) == [
        "item",
        "quantity",
        "contents",
        "found_on",
        "place",
        "claimant",
        "id_paper",
        "phone",
        "way",
        "way_detail",
        "returned_at",
        "contact",
    ]


@pytest.mark.parametrize("status", ["stored", "described", "verified", "disputed"])
def test_client_copy_before_the_return_hides_every_feature(status: str) -> None:
    house = House()
    item = full_bag(house)
    ready = {
        "stored": lambda: item,
        "described": lambda: claiming.described(house, item),
        "verified": lambda: claiming.verified(house, item),
        "disputed": lambda: claiming.disputed(house, claiming.described(house, item)),
    }
    stub, client = halves(draft(ready[status](), house.dm))

    assert found((*SECRET, *LATER, *claiming.hidden(item)), client) == []
    assert found(SECRET, stub) == list(SECRET)
    assert ("钱包" in client, "1个" in client) == (True, True)


def test_client_copy_after_the_return_names_what_was_received_and_no_more() -> None:
    house = House()
    item = claiming.returned(house, claiming.verified(house, full_bag(house)))
    _stub, client = halves(stored(printed(sealed_job(item))))

    assert found(SECRET, client) == []
    received = (*LATER, "¥100.00×4", "现金合计¥460.00（人民币肆佰陆拾元整）")
    assert found(received, client) == list(received)


def test_rival_is_nowhere_on_the_slip_of_whoever_gets_it() -> None:
    house = House()
    item = claiming.disputed(house, rivals=2)
    undecided = text_of(draft(item, house.dm))
    chosen = item.claims.get(seq=1)
    workflow.resolve_dispute(item, chosen, by=house.gm, reason="说得出锁屏图案")
    claiming.verified(house, fresh(item))
    guard = workflow.Second(house.guard, PASSWORD)
    workflow.return_item(chosen, claiming.signed(), guard, PASSWORD, by=house.dm)
    data = stored(printed(sealed_job(item)))

    others = ("周0", "周1", "138****0000", "138****0001", claiming.OTHER_WORDS)
    attached = PdfReader(io.BytesIO(data)).attachments["incident.json"][0].decode()
    assert found(others, text_of(data) + attached) == []
    # While two say it is theirs the slip names neither.
    assert found((*others, claiming.GUEST.name), undecided) == []
    assert claiming.GUEST.name in text_of(data)


def test_slip_shows_no_photo_of_papers_of_a_claim() -> None:
    """The authority of who came instead shows people; the picture of the thing is one."""
    house = House()
    item = claiming.returned(house, claiming.proxied(house))
    assert Attachment.objects.filter(case=item.case).count() == 2

    paper = slip_of(item)

    assert [row.caption.partition("（")[0] for row in paper.photos] == ["照片"]


def test_phone_is_masked_and_of_the_id_type_and_tail_remain() -> None:
    house = House()
    item = claiming.returned(house)
    data = stored(printed(sealed_job(item)))
    attached = PdfReader(io.BytesIO(data)).attachments["incident.json"][0].decode()
    whole = text_of(data) + attached

    assert found((claiming.ID_CARD, claiming.GUEST.phone or ""), whole) == []
    paper = slip_of(item)
    assert (paper.id_paper, paper.phone) == ("居民身份证 尾号 002X", "139****2222")
    assert (paper.receipt.id_paper, paper.receipt.phone) == (paper.id_paper, paper.phone)


@pytest.mark.parametrize(
    ("kinds", "rough"),
    [
        (("building", "floor", "room"), "A座"),
        (("building", "spot"), "A座"),
        (("floor", "room"), "本公寓内"),
        (("floor", "spot"), "本公寓内"),
        (("room",), "本公寓内"),
        (("spot",), "大堂"),
        ((), "本公寓内"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value,
)
def test_place_for_everybody_is_a_building_or_an_area(kinds: tuple[str, ...], rough: str) -> None:
    house = House()
    names = {"building": "A座", "floor": "18层", "room": "1806", "spot": "大堂"}
    place: Place | None = None
    for kind in kinds:
        place = PlaceFactory(property=house.prop, kind=kind, name=names[kind], parent=place)

    assert rough_place(FoundItem(place=place, place_note="1806房门口")) == rough


# --- what the sealed slip says ---------------------------------------------------------------


def test_sealed_slip_carries_number_names_signatures_and_codes() -> None:
    house = House()
    item = claiming.returned(house, claiming.verified(house, full_bag(house)))
    document = printed(sealed_job(item))
    data = stored(document)
    claim = claiming.claim_of(item)
    stub, client = halves(data)
    reader = PdfReader(io.BytesIO(data))
    for half in (stub, client):
        wanted = (item.case.number, "林小雨", "周敏", "李强", document.verify_code)
        assert found(wanted, half) == list(wanted)
    assert found(("第一联存根", claim.slip_sha256, document.audit_head), stub) != []
    assert ("第二联客户" in client, "Customercopy" in client) == (True, True)
    assert claim.slip_sha256 in stub
    assert document.audit_head in stub
    assert "手写签名后有效" not in stub + client
    assert (len(reader.pages), document.pages, document.sealed) == (1, 1, True)
    assert document.report is None
    pictures = sum(len(page.images) for page in reader.pages)
    assert pictures >= 4, "three signatures and a photo"
    attached = reader.attachments["incident.json"]
    assert [json.loads(each) for each in attached] == [claim_slip(sealed_job(item)).paper.to_data()]


def test_sealed_slip_boxes_hold_the_drawn_signatures() -> None:
    house = House()
    item = claiming.returned(house)
    claim = claiming.claim_of(item)
    boxes = slip_of(item).signatures

    assert [(box.role, box.name) for box in boxes] == [
        ("认领人", "林小雨"),
        ("值班经理", "周敏"),
        ("保安部", "李强"),
    ]
    rows = (claim.signature, claim.manager_signature, claim.guard_signature)
    assert [box.signature_sha256 for box in boxes] == [row.sha256 for row in rows if row]
    assert [box.signature for box in boxes] == ["pd:sign-1", "pd:sign-2", "pd:sign-3"]


def test_slip_signed_on_paper_points_to_the_paper() -> None:
    house = House()
    box = slip_of(claiming.on_paper(house)).signatures[0]

    assert (box.name, box.signature, box.opinion) == ("林小雨", None, "见纸质签名件")


def test_slip_of_a_proxy_names_both_and_is_signed_by_who_came() -> None:
    house = House()
    paper = slip_of(claiming.returned(house, claiming.proxied(house)))

    assert (paper.claimant, paper.way_detail) == ("林小雨（女士）", "代领人 林大川，有委托书")
    assert (paper.signatures[0].role, paper.signatures[0].name) == ("代领人", "林大川")
    assert [tick.label for tick in paper.ways if tick.chosen] == ["委托领取"]


def test_slip_of_a_thing_sent_says_how() -> None:
    house = House()
    item = claiming.verified(house, claiming.described(house, way="post"))
    sent = {"courier": "顺丰", "tracking": "SF123456", "fee": Decimal("18.00")}
    paper = slip_of(claiming.returned(house, item, **sent))

    assert paper.receipt.way_detail == "顺丰 SF123456，费用 18.00 元"


def test_bag_that_got_another_seal_did_not_move() -> None:
    house = House()
    item = moves.opened(house)
    second = moves.second_of(house, house.dm)
    item = workflow.reseal(item, "FQ-7777", second, by=house.dm, reason="核对完")

    last = slip_of(fresh(item)).hops[-1]
    assert (last.what, last.place) == ("换封签", "2号柜 上层 封签 FQ-7777")


def test_stub_tells_custody_search_check_worth_and_terms() -> None:
    house = House()
    paper = slip_of(claiming.returned(house, claiming.verified(house, full_bag(house))))
    today = timezone.localdate()

    assert [(hop.what, hop.hands, hop.place, hop.together) for hop in paper.hops] == [
        ("拾获", "李强", "", ""),
        ("接收入库", "李强 → 共管", "2号柜 上层 封签 FQ-9001", "周敏、李强"),
        ("归还", "共管 → 林小雨", "", "周敏、李强"),
    ]
    assert [row.text for row in paper.attempts] == ["致电健身房查会籍号", "健身房回复查无此人"]
    assert [(tick.label, tick.chosen) for tick in paper.checks] == [
        ("右上角裂纹", True),
        ("蓝色硅胶壳", True),
        ("黑色", False),
    ]
    assert paper.checked_by is not None
    assert paper.checked_by.startswith("相符 2 项（")
    assert (paper.value, paper.valued_by) == ("488.00 元", "周敏：含现金的估计")
    assert paper.term == "超过100.00元保管1年"
    assert paper.expires_on == today.replace(year=today.year + 1).isoformat()
    assert str(paper.statutory).startswith("民法典第318条 ")
    assert paper.announced == f"{today.isoformat()} 公告栏张贴"


def test_move_not_confirmed_yet_says_whom_it_waits_for() -> None:
    house = House()
    paper = slip_of(house.stored(guard_password=""))

    assert paper.hops[-1].together == "周敏、李强（待会签）"


# --- frozen ----------------------------------------------------------------------------------


def test_sealed_slip_printed_late_says_what_was_signed() -> None:
    """The worker comes days later: a corrected name, a scan, a link change nothing any more."""
    house = House()
    item = claiming.on_paper(house)
    at_once = claim_slip(sealed_job(item)).paper
    claim = claiming.claim_of(item)
    guest = replace(claiming.GUEST, name="林晓雨", phone="13700001111")
    persons.change(claim.owner, guest, by=house.dm, reason="写错名字")
    workflow.add_scan(claim, photo("green"), by=house.dm)

    late = claim_slip(sealed_job(item)).paper

    assert late == at_once
    assert "林晓雨" not in json.dumps(late.to_data(), ensure_ascii=False)


def test_sealed_slip_is_made_once_and_the_same_bytes_twice() -> None:
    house = House()
    item = claiming.returned(house)
    waiting = sealed_job(item)
    sheet = claim_slip(waiting)
    made = render_limited(
        render_html(sheet.paper),
        assets=sheet.assets,
        data=sheet.paper.to_data(),
        frozen_at=sheet.frozen_at,
    )
    document = printed(waiting)

    assert document.unsigned_sha256 == made.sha256
    assert Document.objects.filter(case=item.case, sealed=True).count() == 1


def test_verify_page_knows_the_sealed_slip_and_its_house(client: Client) -> None:
    house = House()
    item = claiming.returned(house)
    document = printed(sealed_job(item))
    page = client.get(f"/v/{document.verify_code}")
    text = page.content.decode()

    assert (page.status_code, house.prop.name in text, item.case.number in text) == (
        200,
        True,
        True,
    )
    assert found((*claiming.hidden(item), "林小雨"), text) == []


# --- states ----------------------------------------------------------------------------------


def test_slip_of_a_void_record_says_so_on_both_copies() -> None:
    house = House()
    item = claiming.at(house, S.VOIDED)
    paper = slip_of(item)

    assert (paper.state, paper.void_reason) == ("void", "重复登记")
    stub, client = halves(draft(item, house.dm))
    assert ("作废" in stub, "作废" in client) == (True, True)


@pytest.mark.parametrize(
    ("status", "state"),
    [(S.LOGGED, "draft"), (S.CLAIMED, "draft"), (S.RETURNED, "copy")],
)
def test_slip_not_sealed_is_a_draft_or_a_copy(status: str, state: str) -> None:
    assert slip_of(claiming.at(House(), status)).state == state


def test_slip_of_a_thing_with_the_police_is_a_copy() -> None:
    house = House()
    item = moves.contraband(house)
    moves.BY_ID["hand_to_police"].do(house, item, house.dm)
    paper = slip_of(item)

    assert (paper.state, paper.status, paper.expires_on) == ("copy", "已移交公安", "")


def test_draft_leads_to_the_record_and_sealed_to_its_verification(settings: Any) -> None:
    settings.PROPDESK_PUBLIC_URL = "https://desk.example.com"
    house = House()
    item = claiming.returned(house)
    sealed = claim_slip(sealed_job(item)).paper

    assert sealed.record_url == f"https://desk.example.com/v/{sealed.verify_code}"
    page = f"https://desk.example.com{item.get_absolute_url()}"
    assert slip_of(item).record_url == page


def test_blank_slip_offers_every_way_and_no_name() -> None:
    paper = slip_of(House().stored())

    assert [tick.label for tick in paper.ways] == ["本人领取", "委托领取", "邮寄", "送还上门"]
    assert {tick.chosen for tick in paper.ways} == {False}
    assert [asdict(box)["name"] for box in paper.signatures] == [None] * 3
    assert (paper.claimant, paper.receipt.claimant) == (None, None)


def test_statements_do_not_grow_with_the_rows() -> None:
    house = House()

    def cost(item: FoundItem) -> int:
        waiting = job(item)
        with CaptureQueriesContext(connection) as captured:
            claim_slip(waiting)
        return len(captured)

    few = cost(claiming.returned(house))
    item = full_bag(house)
    for number in range(6):
        workflow.trace(
            fresh(item), by=house.dm, via="phone", text=f"再问{number}", outcome="waiting"
        )
        second = workflow.Second(house.guard, PASSWORD)
        shelf = house.other_shelf if number % 2 == 0 else house.shelf
        workflow.move(fresh(item), shelf, second, by=house.dm, reason="换柜")
    many = cost(claiming.returned(house, claiming.verified(house, fresh(item))))

    assert (many, few <= BUDGET) == (few, True)
