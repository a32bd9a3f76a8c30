"""E-2 on the screen: the card says what is next and whose it is; every form acts, once."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emergencies import cards, reports, rows, workflow
from emergencies.detail import Detail
from emergencies.models import Compensation, Event, PriceItem
from emergencies.queries import damage as queries
from propdesk.core import rendering, signatures
from propdesk.core.models import RenderJob
from propdesk.core.papers_damage import ONE_SHEET, PICTURES, DamageSlipPaper
from propdesk.core.roles import Role
from tests.emergencies.damage_walk import SOFA, Desk, fresh, ruling, slip
from tests.factories import PASSWORD, member
from tests.incidents.journey import PNG
from tests.incidents.moves import jpeg
from tests.lostfound.printing import halves, printed, stored, text_of

pytestmark = pytest.mark.django_db
C = Compensation.Status
HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def web(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def send(client: Client, event: Event, name: str, /, **data: Any) -> Any:
    case = event.case
    url = reverse("emergencies:act", args=[case.property.code, case.number, name])
    return client.post(url, {"seen": version(event), **data})


def version(event: Event) -> int:
    """What a form opened now carries of the slip."""
    found = event.compensations.exclude(status=C.CANCELLED).first()
    return queries.version(found) if found else 0


def card(user: Any, event: Event) -> cards.Damage:
    """The card as this user sees it."""
    one = Detail.load(user, event.case.property, event.case.number, timezone.now())
    assert one is not None
    return cards.slip(one)


def said(response: Any) -> str:
    """The words of a page."""
    return re.sub(r"<[^>]+>|\s", "", response.content.decode())


LAMP = {
    "item_1": "台灯",
    "quantity_1": "1",
    "unit_1": "盏",
    "price_1": "180",
    "depreciation_1": "20",
}


def test_walk_through_the_forms_ends_at_the_signed_amount(desk: Desk) -> None:
    event = desk.started()
    dm, pm, cashier = web(desk.dm), web(desk.pm), web(desk.cashier)
    objection = {"via": "phone", "position": "dispute", "objection": "太贵"}

    answers = [
        send(dm, event, "price", basis="公示价目", **LAMP),
        send(dm, event, "inform-guest", **objection),
        send(
            pm,
            event,
            "decide-damage",
            decision="reduce",
            reduced_by="44",
            reason="酌情",
            password=PASSWORD,
        ),
        send(dm, event, "inform-guest", via="phone", position="agree"),
        send(dm, event, "sign-damage", name="刘洋", drawn=PNG, consents="on", password=PASSWORD),
        send(
            cashier,
            event,
            "post-damage",
            payment="ledger",
            account="A-1203",
            voucher_no="PZ-1",
            amount="100.00",
            password=PASSWORD,
        ),
    ]

    row = slip(event)
    assert [response.status_code for response in answers] == [302] * 6
    assert (row.status, row.posted_amount) == (C.POSTED, Decimal("100.00"))
    assert (row.payer.person.name, row.posted_by) == ("刘洋", desk.cashier)


@pytest.mark.parametrize(
    ("state", "next_", "who"),
    [
        ("started", "price", "dm"),
        ("priced", "inform-guest", "dm"),
        ("disputed", "decide-damage", "pm"),
        ("informed", "sign-damage", "dm"),
        ("signed", "post-damage", "cashier"),
        ("refused", "decline-damage", "dm"),
        ("declined", "post-damage", "cashier"),
    ],
)
def test_card_offers_the_next_act_to_whom_it_falls_and_names_him_to_others(
    desk: Desk, state: str, next_: str, who: str
) -> None:
    event = getattr(desk, state)()
    others = {"dm": desk.cashier, "pm": desk.dm, "cashier": desk.dm}

    mine, theirs = card(getattr(desk, who), event), card(others[who], event)

    labels = {"dm": "值班经理", "pm": "物业经理", "cashier": "收银"}
    assert mine.next is not None
    assert mine.next[0] == next_
    assert (theirs.next, theirs.who) == (None, labels[who])
    assert theirs.missing == mine.missing != ""


def test_who_did_the_one_before_is_not_offered_the_next(desk: Desk) -> None:
    event = desk.informed()
    workflow.sign_damage(event, desk.signature(event), by=desk.pm)
    refused = desk.refused()

    mine, his = card(desk.pm, fresh(event)), card(desk.pm, refused)

    assert (mine.next, mine.who) == (None, "由收银员或另一位经理入账")
    assert (his.next, his.who) == (None, "由值班经理登记")


def test_guest_nobody_reaches_may_be_let_go(desk: Desk) -> None:
    event = desk.informed(position="unreachable")

    offered = [[name for name, _act in card(by, event).others] for by in (desk.dm, desk.pm)]

    assert offered == [["price"], ["price", "decide-damage", "cancel-damage"]]


def test_refusal_is_recorded_by_its_form(desk: Desk) -> None:
    event, client = desk.refused(), web(desk.dm)

    bare = send(client, event, "decline-damage", name="刘洋", password=PASSWORD)
    full = send(client, event, "decline-damage", name="刘洋", words="我不签", password=PASSWORD)

    assert (bare.status_code, full.status_code) == (422, 302)
    assert "请填写：客户为什么不签。" in said(bare)
    assert (slip(event).status, slip(event).declined_note) == (C.DECLINED, "我不签")
    assert "刘洋“我不签”周敏" in said(client.get(event.get_absolute_url()))


def test_card_of_a_posted_slip_asks_for_nothing(desk: Desk) -> None:
    found = card(desk.dm, desk.posted())

    assert (found.missing, found.next, found.others) == ("", None, [])


def test_manager_who_told_the_guest_is_not_offered_the_decision(desk: Desk) -> None:
    event = desk.priced()
    workflow.inform_guest(event, workflow.Informed("phone", "dispute", objection="贵"), by=desk.pm)

    found = card(desk.pm, event)

    assert (found.next, found.who) == (None, "由另一位经理批示")
    assert card(desk.gm, event).next is not None


def test_sum_over_the_limit_waits_for_a_manager_though_the_guest_agrees(desk: Desk) -> None:
    found = card(desk.dm, desk.informed(SOFA))

    assert found.missing == "超过值班权限，等经理批示。"


def test_card_writes_the_sum_in_words(desk: Desk) -> None:
    event = desk.priced()

    page = web(desk.dm).get(event.get_absolute_url())

    assert "¥210.70人民币贰佰壹拾元柒角整" in said(page)


def test_cashier_reaches_event_card_and_his_form(desk: Desk) -> None:
    event = desk.signed()
    client = web(desk.cashier)
    case = event.case
    act = reverse("emergencies:act", args=[case.property.code, case.number, "post-damage"])
    here = reverse("emergencies:damage", args=[case.property.code, case.number])

    assert [client.get(url).status_code for url in (event.get_absolute_url(), here, act)] == [
        200
    ] * 3


# --- price ---------------------------------------------------------------------------------


def test_line_from_the_list_needs_nothing_but_the_choice(desk: Desk) -> None:
    event = desk.started()
    listed = PriceItem.objects.create(
        property=desk.prop, name="浴袍", unit="件", price=Decimal(150)
    )

    send(web(desk.dm), event, "price", basis="价目", listed_2=str(listed.pk))

    line = slip(event).lines.get()
    assert (line.item, line.unit, line.price, line.listed) == ("浴袍", "件", Decimal(150), listed)


def test_price_above_the_list_is_refused_at_its_field(desk: Desk) -> None:
    event = desk.started()
    listed = PriceItem.objects.create(
        property=desk.prop, name="浴袍", unit="件", price=Decimal(150)
    )

    response = send(
        web(desk.dm), event, "price", basis="价目", listed_1=str(listed.pk), price_1="151"
    )

    assert response.status_code == 422
    assert "单价高于公示的¥150.00" in said(response)
    assert event.compensations.count() == 0


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"price_1": "20"}, "请写明是什么物品，或从价目里选。"),
        ({"item_1": "台灯"}, "请填写单价；从价目里选的可以不填。"),
        ({}, "请至少列一项损坏的物品。"),
        (LAMP | {"depreciation_1": "101"}, "不能大于100，请重填。"),
        (LAMP | {"basis": ""}, "请填写：价格依据。"),
    ],
)
def test_half_a_line_is_told_and_kept(desk: Desk, data: dict[str, str], sentence: str) -> None:
    event = desk.started()

    response = send(web(desk.dm), event, "price", **({"basis": "价目"} | data))

    assert response.status_code == 422
    assert sentence in said(response)
    assert event.compensations.count() == 0


def test_price_beyond_the_books_is_told_and_kept(desk: Desk) -> None:
    event = desk.started()
    data = LAMP | {"basis": "价目", "quantity_1": "9999", "price_1": "99999999.99"}

    response = send(web(desk.dm), event, "price", **data)

    assert (response.status_code, event.compensations.count()) == (422, 0)
    assert "第1行：数量或金额太大，请核对后重填。" in said(response)


def test_more_lines_without_script_lose_nothing(desk: Desk) -> None:
    event, client = desk.started(), web(desk.dm)
    data = LAMP | {"basis": "价目", "rows": "5", "more_rows": "1"}

    response = send(client, event, "price", **data)
    page = client.get(response["Location"]).content.decode()

    assert response.status_code == 302
    assert ('name="item_10"' in page, 'name="item_11"' in page, 'value="台灯"' in page) == (
        True,
        False,
        True,
    )
    assert event.compensations.count() == 0


def test_repricing_begins_with_what_stands_there(desk: Desk) -> None:
    event = desk.priced()
    case = event.case
    url = reverse("emergencies:act", args=[case.property.code, case.number, "price"])

    page = web(desk.dm).get(url).content.decode()

    assert [f'value="{text}"' in page for text in ("台灯", "180.00", "地毯清洗", "33.35")] == [
        True
    ] * 4


# --- sign and post -------------------------------------------------------------------------


def sign(desk: Desk, event: Event, *, by: Any = None, **changes: Any) -> Any:
    data = {"name": "刘洋", "drawn": PNG, "consents": "on", "password": PASSWORD} | changes
    return send(web(by or desk.dm), event, "sign-damage", **{k: v for k, v in data.items() if v})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "请选择谁赔偿；列表里没有就填姓名。"),
        ({"drawn": ""}, "请客户在屏幕上签名，或拍下签好的纸质单。"),
        ({"consents": ""}, "请客户先同意以电子方式签署；不同意就改签纸质单。"),
        ({"password": "wrong"}, "密码不对，请重新输入。"),
    ],
)
def test_incomplete_signature_is_refused(
    desk: Desk, changes: dict[str, str], sentence: str
) -> None:
    event = desk.informed()

    response = sign(desk, event, **changes)

    assert response.status_code == 422
    assert sentence in said(response)
    assert (slip(event).status, event.parties.count()) == (C.INFORMED, 0)


def test_photo_of_the_paper_needs_no_consent_to_the_screen(desk: Desk) -> None:
    event = desk.informed()
    scan = SimpleUploadedFile("slip.jpg", jpeg(), "image/jpeg")

    response = sign(desk, event, drawn="", consents="", scan=scan)

    assert (response.status_code, slip(event).scan is not None) == (302, True)


def test_browser_is_kept_with_what_was_drawn_in_it(desk: Desk) -> None:
    event, client = desk.informed(), web(desk.dm)
    case = event.case
    url = reverse("emergencies:act", args=[case.property.code, case.number, "sign-damage"])
    data = {"name": "刘洋", "drawn": PNG, "consents": "on", "password": PASSWORD}

    client.post(url, data | {"seen": version(event)}, headers={"user-agent": "Tablet/1"})

    assert slip(event).signature.device == "Tablet/1"


def test_manager_without_a_signature_draws_his_own_once(desk: Desk) -> None:
    event = desk.informed()
    new = member(desk.prop, Role.DUTY_MANAGER)

    bare, full = (sign(desk, event, by=new, signature=own) for own in ("", PNG))

    assert (bare.status_code, full.status_code) == (422, 302)
    assert signatures.current(new) is not None


def test_wrong_amount_is_refused_and_names_the_signed_one(desk: Desk) -> None:
    event = desk.signed()

    response = send(
        web(desk.cashier),
        event,
        "post-damage",
        payment="cash",
        voucher_no="1",
        amount="210.00",
        password=PASSWORD,
    )

    assert response.status_code == 422
    assert "入账金额要等于客户签字的金额¥210.70。" in said(response)
    assert slip(event).status == C.SIGNED


def test_form_sent_twice_tells_the_guest_once(desk: Desk) -> None:
    event, client = desk.priced(), web(desk.dm)
    data = {"via": "phone", "position": "agree", "form_token": "same-token"}
    data["seen"] = str(version(event))

    first, second = (send(client, event, "inform-guest", **data) for _n in range(2))

    assert (first.status_code, second.status_code) == (302, 302)
    assert event.case.entries.filter(action="inform_guest").count() == 1


# --- the paper -----------------------------------------------------------------------------


def paper(event: Event, *, by: Any, sealed: bool = False) -> bytes:
    kind = workflow.slip_kind(slip(event))
    job = rendering.request(fresh(event).case, kind, by=by, sealed=sealed)
    return stored(printed(job))


def test_posted_slip_is_sealed_in_two_copies_on_one_sheet(desk: Desk) -> None:
    event = desk.posted()

    stub, client = halves(paper(event, by=desk.cashier, sealed=True))

    row = slip(event)
    for copy in (stub, client):
        assert copy.count("人民币贰佰壹拾元柒角整") == 1
        assert (row.number in copy, "¥210.70" in copy, "PZ-0087" in copy) == (True, True, True)
    assert ("上级批示" in stub, "上级批示" in client) == (True, False)
    assert ("DamageCompensationSlip" in stub, "DamageCompensationSlip" in client) == (False, True)
    assert ("校验码" in stub, "校验码" in client) == (True, True)


def test_slip_keeps_the_place_the_client_has_signed_under(desk: Desk) -> None:
    event = desk.signed()
    kind = workflow.slip_kind(slip(event))
    signed = rendering.request(fresh(event).case, kind, by=desk.cashier)
    before = reports.damage_slip(signed).paper
    workflow.correct_place(fresh(event), None, "后花园", by=desk.dm, reason="更正")
    workflow.post_damage(fresh(event), desk.posting(), by=desk.cashier)
    job = rendering.request(fresh(event).case, kind, by=desk.cashier, sealed=True)

    sealed = reports.damage_slip(job).paper

    assert isinstance(before, DamageSlipPaper)
    assert isinstance(sealed, DamageSlipPaper)
    assert sealed.place == before.place != "后花园"


def test_stub_tells_the_cause_and_shows_the_pictures_as_of_its_sealing(desk: Desk) -> None:
    event = desk.signed()
    for n, colour in enumerate(("red", "green", "blue", "black")):
        workflow.attach(fresh(event), [jpeg(colour)], by=desk.dm, caption=f"灯罩裂纹{n}")
    workflow.post_damage(fresh(event), desk.posting(), by=desk.cashier)
    kind = workflow.slip_kind(slip(event))
    job = rendering.request(fresh(event).case, kind, by=desk.cashier, sealed=True)
    sealed = reports.damage_slip(job).paper

    workflow.answer(fresh(event), "cause", "unclear", by=desk.dm, seen=1, reason="再看不像意外")
    again = reports.damage_slip(job).paper

    assert isinstance(sealed, DamageSlipPaper)
    assert [(tick.label, tick.chosen) for tick in sealed.cause] == [
        ("意外", True),
        ("故意", False),
        ("自然损耗", False),
        ("原因不明", False),
    ]
    assert [photo.caption[:5] for photo in sealed.photos] == ["灯罩裂纹0", "灯罩裂纹1", "灯罩裂纹2"]
    assert sealed.attachments == ("共4张",)
    assert again.to_data() == sealed.to_data()


def test_both_copies_with_pictures_and_most_lines_stand_on_one_sheet(desk: Desk) -> None:
    lines = [workflow.Line(f"摆件{n}号", 1, "件", Decimal(10)) for n in range(ONE_SHEET - PICTURES)]
    event = desk.priced(*lines)
    workflow.attach(event, [jpeg()], by=desk.dm, caption="碎片")

    stub, client = halves(paper(event, by=desk.dm))

    assert ("☑意外" in stub, "损坏原因" in client) == (True, False)
    assert "1页共1页" in stub + client


def test_slip_to_be_signed_by_pen_carries_no_mark_across_it(desk: Desk) -> None:
    before, ready = desk.priced(), desk.informed()

    assert "草稿" in text_of(paper(before, by=desk.dm))
    assert "草稿" not in text_of(paper(ready, by=desk.dm))


def test_disputed_slip_is_signed_by_the_manager_too(desk: Desk) -> None:
    plain, disputed = (text_of(paper(e, by=desk.dm)) for e in (desk.informed(), desk.refused()))

    assert (plain.count("物业经理"), disputed.count("物业经理")) == (0, 2)
    assert disputed.count(desk.pm.name) == 3  # the decision, and both boxes


def test_slip_posted_without_signature_says_so_in_both_copies(desk: Desk) -> None:
    event = desk.declined()
    assert "客户拒签（未入账）" in text_of(paper(event, by=desk.dm))
    workflow.post_damage(event, desk.posting(), by=desk.cashier)

    stub, client = halves(paper(event, by=desk.cashier, sealed=True))

    assert (stub.count("拒签"), client.count("拒签")) == (2, 1)
    assert "我不签" in stub
    assert ("客户没有签字，按上级批示入账" in client, "客户同意赔偿" in client) == (True, False)


def twice_disputed(desk: Desk) -> Event:
    """He objects, is priced and told anew, and objects again."""
    event = desk.disputed()
    workflow.price(event, [workflow.Line("台灯", 1, "盏", Decimal(90))], by=desk.dm, basis="报价")
    again = workflow.Informed("phone", "dispute", objection="还是太贵")
    workflow.inform_guest(fresh(event), again, by=desk.dm)
    return fresh(event)


def test_every_objection_stays_on_card_page_timeline_and_paper(desk: Desk) -> None:
    event = twice_disputed(desk)
    workflow.inform_guest(event, workflow.Informed("phone", "agree"), by=desk.dm)
    event = fresh(event)

    page = web(desk.dm).get(
        reverse("emergencies:damage", args=[event.case.property.code, event.case.number])
    )
    stub, _client = halves(paper(event, by=desk.dm))
    one = Detail.load(desk.dm, event.case.property, event.case.number, timezone.now())
    assert one is not None
    lines = [row["reason"] for row in rows.timeline(one, "", None)["rows"]]

    for words in ("用了三年，太贵", "还是太贵"):
        assert said(page).count(words) == 1
        assert stub.count(words) == 1
        assert sum(words in line for line in lines) == 1
    assert [o.text for o in card(desk.dm, event).objections] == ["用了三年，太贵", "还是太贵"]


def test_objection_to_a_cancelled_slip_stays_beside_the_next_one(desk: Desk) -> None:
    event = desk.disputed()
    workflow.cancel_damage(event, by=desk.pm, reason="写错房号")
    workflow.price(
        fresh(event), [workflow.Line("台灯", 1, "盏", Decimal(90))], by=desk.dm, basis="报价"
    )

    assert [o.text for o in card(desk.dm, fresh(event)).objections] == ["用了三年，太贵"]


AGREES = "客户同意赔偿"
STANDS: dict[str, tuple[str, Any]] = {
    "untold": ("金额还没有告诉客户", lambda desk: desk.priced()),
    "agreed": (AGREES, lambda desk: desk.informed()),
    "signed": (AGREES, lambda desk: desk.signed()),
    "disputed": ("客户有异议，批示以前不收款", lambda desk: desk.disputed()),
    "decided": ("客户有异议，上级已批示", lambda desk: desk.refused()),
    "undecided": ("等上级批示后再签字", lambda desk: desk.informed(SOFA)),
    "unreached": ("还没有联系上客户", lambda desk: desk.informed(position="unreachable")),
    "declined": ("客户没有签字，按上级批示入账", lambda desk: desk.declined()),
}


@pytest.mark.parametrize("stand", STANDS)
def test_guest_copy_says_that_he_agrees_only_where_he_does(desk: Desk, stand: str) -> None:
    words, walk = STANDS[stand]

    _stub, client = halves(paper(walk(desk), by=desk.dm))

    assert (words in client, AGREES in client) == (True, words == AGREES)


def test_sheet_that_waits_for_a_decision_is_marked_as_a_draft(desk: Desk) -> None:
    assert "草稿" in text_of(paper(desk.informed(SOFA), by=desk.dm))


def test_slip_that_failed_says_why_and_is_made_again_by_whoever_may_read_it(desk: Desk) -> None:
    event = desk.priced()
    url = reverse("emergencies:slip_paper", args=[event.case.property.code, event.case.number])
    client = web(desk.cashier)
    client.get(url)
    RenderJob.objects.update(error="打印超时", attempts=1, next_try_at=timezone.now() + HOUR)

    before = client.get(url).content.decode()
    answer = client.post(url)
    after = client.get(url).content.decode()

    assert ("打印超时" in before, "再试一次</button>" in before) == (True, True)
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert ("打印超时" in after, "再试一次" in after) == (False, False)
    assert RenderJob.objects.get().next_try_at <= timezone.now()


def test_waived_slip_is_sealed_and_charges_nothing(desk: Desk) -> None:
    event = desk.disputed()
    workflow.decide_damage(event, ruling("waive", "小额"), by=desk.pm)

    _stub, client = halves(paper(event, by=desk.pm, sealed=True))

    assert ("上列损坏免收" in client, "客户同意赔偿" in client) == (True, False)
    assert "草稿" not in client


def test_many_lines_take_a_sheet_for_each_copy(desk: Desk) -> None:
    lines = [workflow.Line(f"摆件{n}号", 1, "件", Decimal(10)) for n in range(12)]

    text = text_of(paper(desk.priced(*lines), by=desk.dm))

    assert ("裁切线" in text, text.count("摆件11号")) == (False, 2)


def test_many_words_of_the_guest_take_a_sheet_for_each_copy(desk: Desk) -> None:
    event = desk.disputed()
    for _again in range(2):
        words = workflow.Informed("phone", "dispute", objection="灯罩早就裂了，我入住时说过。" * 16)
        workflow.inform_guest(fresh(event), words, by=desk.dm)

    text = text_of(paper(fresh(event), by=desk.dm))

    assert ("裁切线" in text, text.count("入住时说过"), "1页共1页" in text) == (False, 32, False)


@pytest.mark.parametrize("via", ["broadcast", "group_chat", "poster", "radio"])
def test_guest_is_never_told_of_money_in_public(desk: Desk, via: str) -> None:
    event = desk.started()
    dm = web(desk.dm)
    send(dm, event, "price", basis="公示价目", **LAMP)

    answer = send(dm, event, "inform-guest", via=via, position="agree")

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"via"}
    assert slip(event).informed_at is None
