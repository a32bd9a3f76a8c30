"""Pages of a claim: what is sent, where it leads, what a claimant never sees, what a page costs."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lostfound import workflow
from lostfound.models import Claim, FeatureCheck, FoundItem
from propdesk.core.models import Draft, FormToken, PersonSignature, Place, Unmasking, User
from propdesk.core.roles import Role
from propdesk.desk import shell
from tests.factories import PASSWORD, PlaceFactory, member
from tests.incidents.journey import PNG
from tests.lostfound import claiming
from tests.lostfound.claiming import (
    ID_CARD,
    OTHER_WORDS,
    WORDS,
    claim_of,
    described,
    disputed,
    hidden,
    live,
    on_paper,
    returned,
    verified,
)
from tests.lostfound.journey import House, S, fresh, photo

pytestmark = pytest.mark.django_db
Data = dict[str, Any]
SAID = {
    "description": WORDS,
    "name": "林小雨",
    "honorific": "ms",
    "phone": "13900002222",
    "kind": "visitor",
    "way": "in_person",
}


def web(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(item: FoundItem, name: str = "claim", *args: Any) -> str:
    return reverse(f"lostfound:{name}", args=[item.case.property.code, item.case.number, *args])


def jpeg(colour: str = "red") -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", photo(colour), "image/jpeg")


def checked(house: House, **changes: Any) -> Data:
    data = {
        "feature_1": "右上角裂纹",
        "agrees_1": "yes",
        "feature_2": "蓝色硅胶壳",
        "agrees_2": "yes",
        "feature_3": "黑色",
        "id_type": "id_card",
        "id_number": ID_CARD,
        "way": "in_person",
        "guard": house.guard.pk,
        "guard_password": PASSWORD,
    }
    return data | changes


def signing(house: House, **changes: Any) -> Data:
    data = {
        "kind": "here",
        "signature": PNG,
        "consents": "on",
        "guard": house.guard.pk,
        "guard_password": PASSWORD,
        "password": PASSWORD,
    }
    return data | changes


FOUND_AT = ("spot", "room", "nowhere on the list")


def secretive(house: House, where: str = "spot") -> FoundItem:
    """A thing with something to hide in every field that can hide it."""
    place: Place | None = house.lobby
    if where != "spot":
        tower = PlaceFactory(property=house.prop, kind=Place.Kind.BUILDING, name="B座")
        floor = PlaceFactory(property=house.prop, kind=Place.Kind.FLOOR, name="12层", parent=tower)
        place = PlaceFactory(property=house.prop, kind=Place.Kind.ROOM, name="1206", parent=floor)
    found = house.logged(
        category="wallet",
        name="棕色鳄鱼纹长夹",
        features="内侧烫金字母LXY，拉链头断了，夹层有合影",
        serial="GZ-778812",
        place=place if where != FOUND_AT[2] else None,
        place_note="东侧沙发夹缝",
    )
    contents = (
        workflow.Content("健身卡一张"),
        workflow.Content("", 3, "CNY", Decimal(20)),
    )
    return house.stored(found, contents=contents, seal="FQ-4471", value=Decimal(1500))


def secrets(item: FoundItem) -> list[str]:
    """Where exactly it was found is one; a public spot is what the notice says, too."""
    parts = [*hidden(item), item.place_note, "CNY", "/photos/", "1,500"]
    if item.place is not None and item.place.kind != Place.Kind.SPOT:
        parts += [item.place.label, item.place.name]
    return parts


def shown(page: str, item: FoundItem) -> list[str]:
    """Which of the secrets stand on a page."""
    return [text for text in secrets(item) if text in page]


# --- the way through -----------------------------------------------------------------------


def test_claim_goes_through_its_pages_to_the_return() -> None:
    house = House()
    item = house.stored()
    desk, dm = web(house.desk), web(house.dm)

    answers = [desk.post(address(item), SAID)]
    answers.append(dm.post(address(item, "claim_verify", 1), checked(house)))
    answers.append(dm.post(address(item, "claim_sign", 1), signing(house)))

    assert [(r.status_code, r["Location"]) for r in answers] == [(302, address(item))] * 3
    claim = claim_of(item)
    assert (fresh(item).status, claim.state, claim.described_by) == (
        S.RETURNED,
        "returned",
        house.desk,
    )
    rows = FeatureCheck.objects.filter(claim=claim).values_list("feature", "agrees")
    assert list(rows) == [("右上角裂纹", True), ("蓝色硅胶壳", True)]
    assert (claim.owner.kind, claim.verified_with) == ("visitor", house.guard)
    signature = PersonSignature.objects.get()
    assert (signature.kind, signature.device) == ("drawn", "")
    assert Draft.objects.count() == 0
    page = dm.get(address(item)).content.decode()
    assert ("已归还" in page, claim.slip_sha256[:16] in page) == (True, True)


def test_dispute_goes_through_its_pages() -> None:
    house = House()
    item = described(house)

    rival = SAID | {"name": "周某", "phone": "13511112222", "description": OTHER_WORDS}
    first = web(house.desk).post(address(item, "claim_rival"), rival)
    chosen = {"claim": claim_of(item).pk, "reason": "有购机发票"}
    second = web(house.pm).post(address(item, "claim_dispute"), chosen)

    assert [first.status_code, second.status_code] == [302, 302]
    assert (fresh(item).status, live(item).seq) == (S.CLAIMED, 2)


def test_manager_may_believe_nobody() -> None:
    house = House()
    item = disputed(house)

    web(house.pm).post(address(item, "claim_dispute"), {"claim": "nobody", "reason": "都不对"})

    assert fresh(item).status == S.STORED


@pytest.mark.parametrize(("verb", "state"), [("refuse", "refused"), ("withdraw", "withdrawn")])
def test_claim_ends_with_its_reason(verb: str, state: str) -> None:
    house = House()
    item = described(house)

    answer = web(house.dm).post(address(item, f"claim_{verb}", 1), {"reason": "对不上"})

    assert (answer.status_code, claim_of(item).state) == (302, state)
    assert claim_of(item).ended_reason == "对不上"


def test_proxy_goes_through_the_page() -> None:
    house = House()
    item = described(house, way="proxy")
    data = {"proxy_name": "林大川", "proxy_phone": "13900003333", "authorisation": jpeg()}

    answer = web(house.dm).post(
        address(item, "claim_verify", 1), checked(house, way="proxy", **data)
    )

    claim = live(item)
    assert (answer.status_code, claim.proxy is not None) == (302, True)
    assert claim.proxy is not None
    assert (claim.proxy.name, claim.proxy.kind) == ("林大川", "outsider")
    assert web(house.dm).get(address(item, "claim_sign", 1)).status_code == 200


def test_posted_thing_asks_for_courier_and_number() -> None:
    house = House()
    item = verified(house, described(house, way="post"))
    client, url = web(house.dm), address(item, "claim_sign", 1)

    missing = client.post(url, signing(house))
    client.post(url, signing(house, courier="顺丰", tracking="SF1", fee="23.5"))

    page = missing.content.decode()
    assert (missing.status_code, "请填写：快递公司" in page, "请填写：快递单号" in page) == (
        422,
        True,
        True,
    )
    claim = claim_of(item)
    assert (claim.courier, claim.tracking, claim.fee) == ("顺丰", "SF1", Decimal("23.50"))


def test_signature_may_be_uploaded() -> None:
    house = House()
    item = verified(house)
    scan = SimpleUploadedFile("s.jpg", claiming.scan(), "image/jpeg")

    web(house.dm).post(
        address(item, "claim_sign", 1),
        signing(house, signature="", signature_scan=scan, consents=""),
        headers={"User-Agent": "Tablet/2 " + "x" * 300},
    )

    signature = PersonSignature.objects.get()
    assert (signature.kind, signature.device) == ("scan", ("Tablet/2 " + "x" * 300)[:160])


def test_paper_is_signed_first_and_scanned_later() -> None:
    house = House()
    item = verified(house)
    client = web(house.dm)
    paper = signing(house, kind="paper", signature="", consents="", signed_at="")

    client.post(address(item, "claim_sign", 1), paper)
    hub = client.get(address(item)).content.decode()
    answer = client.post(address(item, "claim_scan", 1), {"photo": jpeg("green")})

    assert ("扫描件还没有补传" in hub, answer.status_code) == (True, 302)
    assert claim_of(item).scan is not None
    assert client.get(address(item, "claim_scan", 1)).status_code == 409


def test_lost_report_is_found_by_its_number() -> None:
    house = House()
    item, report = house.stored(), claiming.lost_report(house)
    client = web(house.desk)

    page = client.get(address(item) + f"?lost={report.case.number}").content.decode()
    wrong = client.post(address(item), SAID | {"lost": "BS-20200101-001"})
    client.post(address(item), SAID | {"lost": report.case.number.lower(), "phone": ""})

    assert f'value="{report.case.number}"' in page
    assert "没有找到这张查找中的遗失登记" in wrong.content.decode()
    assert (claim_of(item).lost_report, claim_of(item).owner.phone) == (report, "13900002222")


# --- what a claimant never sees ------------------------------------------------------------


@pytest.mark.parametrize(("where", "number"), list(zip(FOUND_AT, (12, 14, 12), strict=True)))
def test_search_for_secrets_finds_them_where_they_may_stand(where: str, number: int) -> None:
    """The control: on the page of the check they all stand."""
    house = House()
    item = described(house, secretive(house, where))

    page = web(house.dm).get(address(item, "claim_verify", 1)).content.decode()

    assert shown(page, item) == secrets(item)
    assert len(secrets(item)) == number


@pytest.mark.parametrize("who", ["desk", "guard", "dm", "pm"])
def test_first_page_shows_category_date_and_place_only(who: str) -> None:
    house = House()
    item = secretive(house)

    page = web(getattr(house, who)).get(address(item)).content.decode()

    assert shown(page, item) == []
    assert [text in page for text in ("钱包", f"{item.found_at:%Y-%m}", "A座大堂")] == [True] * 3
    assert "证件号不保存" in page


def pages(house: House, item: FoundItem) -> dict[str, str]:
    """Every answer that may be on the screen while a claimant stands at the desk."""
    client = web(house.dm)
    found = {"start": client.get(address(item))}
    found["refused"] = client.post(address(item), SAID | {"name": ""})
    found["back"] = client.get(address(item))
    draft = address(item, "claim_draft", "describe")
    found["draft"] = client.post(draft, SAID)
    found["verify before"] = client.get(address(item, "claim_verify", 1))
    found["verify sent before"] = client.post(address(item, "claim_verify", 1), checked(house))
    found["sign before"] = client.get(address(item, "claim_sign", 1))
    client.post(address(item), SAID)
    found["hub"] = client.get(address(item))
    found["conflict"] = client.post(address(item), SAID)
    found["rival"] = client.get(address(item, "claim_rival"))
    found["rival refused"] = client.post(address(item, "claim_rival"), SAID | {"phone": "x"})
    found["refuse"] = client.get(address(item, "claim_refuse", 1))
    found["withdraw"] = client.get(address(item, "claim_withdraw", 1))
    found["sign too early"] = client.get(address(item, "claim_sign", 1))
    client.post(address(item, "claim_rival"), SAID)
    found["locked"] = client.get(address(item))
    found["verify locked"] = client.get(address(item, "claim_verify", 1))
    found["verify rival"] = client.get(address(item, "claim_verify", 2))
    web(house.pm).post(address(item, "claim_withdraw", 2), {"reason": "认错了"})
    client.post(address(item, "claim_verify", 1), checked(house))
    found["sign"] = client.get(address(item, "claim_sign", 1))
    found["sign refused"] = client.post(address(item, "claim_sign", 1), {})
    client.post(address(item, "claim_sign", 1), signing(house, kind="paper"))
    found["returned"] = client.get(address(item))
    found["scan"] = client.get(address(item, "claim_scan", 1))
    assert fresh(item).status == S.RETURNED
    return {name: answer.content.decode() for name, answer in found.items()}


@pytest.mark.parametrize("where", FOUND_AT)
def test_no_page_before_the_check_holds_a_secret(where: str) -> None:
    house = House()
    item = secretive(house, where)

    found = {name: shown(page, item) for name, page in pages(house, item).items()}

    assert [name for name, secrets_there in found.items() if secrets_there] == []
    assert len(found) == 21


@pytest.mark.parametrize(
    ("where", "area"), list(zip(FOUND_AT, ("A座大堂", "B座", "本公寓内"), strict=True))
)
def test_claimant_reads_where_it_was_found_as_on_the_notice(where: str, area: str) -> None:
    house = House()
    item = secretive(house, where)

    page = web(house.desk).get(address(item)).content.decode()

    assert re.findall(r"<dt>地点</dt><dd>(.*?)</dd>", page) == [area]


@pytest.mark.parametrize("verb", ["get", "post"])
def test_check_before_the_description_is_refused_with_a_sentence(verb: str) -> None:
    house = House()
    item = secretive(house)

    answer = getattr(web(house.dm), verb)(address(item, "claim_verify", 1))

    page = answer.content.decode()
    assert (answer.status_code, "先记下认领人自己的描述" in page) == (409, True)
    assert (shown(page, item), f'href="{address(item)}"' in page) == ([], True)


def test_front_desk_takes_the_words_down_but_never_opens_the_check() -> None:
    house = House()
    item = described(house, secretive(house))
    client = web(house.desk)

    hub = client.get(address(item)).content.decode()
    answer = client.get(address(item, "claim_verify", 1))

    assert ("请值班经理来核对" in hub, answer.status_code) == (True, 403)
    assert shown(hub + answer.content.decode(), item) == []


def test_rival_learns_nothing_of_the_first_claim() -> None:
    house = House()
    item = described(house)

    page = web(house.desk).get(address(item, "claim_rival")).content.decode()

    assert [text in page for text in ("林小雨", WORDS, "13900002222", "139****2222")] == [False] * 4


def test_check_proposes_the_features_one_by_one_and_shows_photos_of_the_thing_only() -> None:
    house = House()
    item = described(house, secretive(house), way="proxy")
    workflow.attach_all(item, [photo("green")], by=house.dm)
    client, url = web(house.dm), address(item, "claim_verify", 1)

    page = client.get(url).content.decode()

    values = re.findall(r'name="feature_\d" value="([^"]+)"', page)
    assert values == [
        "内侧烫金字母LXY",
        "拉链头断了",
        "夹层有合影",
        "序列号 GZ-778812",
        "健身卡一张",
    ]
    assert page.count("/small/") == 2


def test_dispute_page_shows_all_words_and_details_without_the_authority() -> None:
    house = House()
    item = claiming.proxied(house, secretive(house))
    disputed(house, item)

    page = web(house.pm).get(address(item, "claim_dispute")).content.decode()

    assert [text in page for text in (WORDS, OTHER_WORDS, item.features)] == [True] * 3
    assert page.count("/small/") == 1


# --- refused, kept, sent again -------------------------------------------------------------


def test_refused_check_keeps_what_was_typed_but_no_number_nor_password() -> None:
    house = House()
    item = described(house)
    client, url = web(house.dm), address(item, "claim_verify", 1)
    number = "110105194912310021"

    answer = client.post(url, checked(house, id_number=number, feature_3="耳机孔有灰"))

    assert (answer.status_code, "证件号不对" in answer.content.decode()) == (422, True)
    draft = Draft.objects.get()
    assert draft.form == f"{item.case.number}:claim-verify-1"
    kept = {name for name, values in draft.data.items() if values and values[0]}
    assert kept == {
        "feature_1",
        "agrees_1",
        "feature_2",
        "agrees_2",
        "feature_3",
        "id_type",
        "way",
        "guard",
    }
    again = client.get(url).content.decode()
    assert ('value="耳机孔有灰"' in again, number in again, PASSWORD in again) == (
        True,
        False,
        False,
    )
    assert claiming.columns_holding(number) == []


def test_next_claimants_check_opens_without_the_last_ones_ticks() -> None:
    house = House()
    item = described(house)
    client = web(house.dm)
    client.post(address(item, "claim_verify", 1), checked(house, feature_3="耳机孔有灰", way=""))
    workflow.refuse_claim(claiming.live(item), by=house.dm, reason="对不上")
    described(house, fresh(item))

    page = client.get(address(item, "claim_verify", 2))

    assert (page.status_code, "耳机孔有灰" in page.content.decode()) == (200, False)


@pytest.mark.parametrize(("who", "sees"), [("desk", True), ("desk2", False), ("guard", False)])
def test_claimant_is_shown_to_whoever_took_him_down_and_to_whoever_checks(
    who: str, sees: bool
) -> None:
    house = House()
    item = described(house)
    user = member(house.prop, Role.FRONT_DESK) if who == "desk2" else getattr(house, who)

    page = web(user).get(address(item, "claim")).content.decode()
    managers = web(house.dm).get(address(item, "claim")).content.decode()

    assert [text in page for text in (WORDS, claiming.GUEST.name)] == [sees, sees]
    assert [text in managers for text in (WORDS, claiming.GUEST.name)] == [True, True]


@pytest.mark.parametrize(
    ("name", "category", "warned"),
    [
        ("林小雨", "phone", False),
        ("林大川", "phone", True),
        ("林小雨", "wallet", True),
    ],
)
def test_claim_with_somebody_elses_lost_report_is_warned_of(
    name: str, category: str, warned: bool
) -> None:
    house = House()
    now = timezone.now()
    loss = workflow.Loss(category, "黑色的", now, now)
    guest = replace(claiming.GUEST, name=name)
    report = workflow.report_lost(house.prop, loss, guest, by=house.desk)
    item = described(house, lost_report=report)

    page = web(house.dm).get(address(item, "claim")).content.decode()

    assert ("请核对是不是同一人" in page) is warned


def test_refused_return_keeps_no_signature_nor_password() -> None:
    house = House()
    item = verified(house, described(house, way="post"))

    web(house.dm).post(
        address(item, "claim_sign", 1), signing(house, courier="顺丰", password="wrong-one")
    )

    data = Draft.objects.get().data
    assert data["courier"] == ["顺丰"]
    assert [name for name in data if "signature" in name or "password" in name] == []
    assert claiming.columns_holding(PNG[30:90]) == []


def test_refused_return_gives_the_drawing_back_in_its_own_answer_only() -> None:
    house = House()
    item = verified(house)
    client, url = web(house.dm), address(item, "claim_sign", 1)

    answer = client.post(url, signing(house, password="wrong-one"))

    shown = [PNG in page.content.decode() for page in (answer, client.get(url))]
    assert (answer.status_code, answer["Cache-Control"], shown) == (
        422,
        "private, no-store",
        [True, False],
    )


@pytest.mark.parametrize(
    "step", ["describe", "rival", "verify", "sign", "refuse", "withdraw", "dispute"]
)
def test_half_typed_form_is_kept(step: str) -> None:
    house = House()
    item = house.stored()

    answer = web(house.dm).post(
        address(item, "claim_draft", f"{step}-1"),
        {"reason": "半句", "id_number": ID_CARD, "guard_password": PASSWORD, "signature": PNG},
    )

    assert answer.status_code == 204
    assert Draft.objects.get(form=f"{item.case.number}:claim-{step}-1").data == {"reason": ["半句"]}


def test_draft_of_an_unknown_step_is_not_kept() -> None:
    house = House()
    item = house.stored()

    for step in ("x", "x-1", "verify", "verify-x"):
        assert web(house.dm).post(address(item, "claim_draft", step), {}).status_code == 404
    assert Draft.objects.count() == 0


def test_number_typed_into_an_expired_log_in_does_not_come_back() -> None:
    house = House()
    item = described(house)

    answer = Client().post(address(item, "claim_verify", 1), checked(house))

    page = answer.content.decode()
    assert (answer.status_code, "蓝色硅胶壳" in page) == (401, True)
    assert (ID_CARD in page, PASSWORD in page) == (False, False)


def test_description_of_somebody_who_was_slower_can_be_sent_as_a_rival() -> None:
    house = House()
    item = described(house)
    client = web(house.dm)

    answer = client.post(address(item), SAID | {"description": "慢了一步的话"})

    page = answer.content.decode()
    assert (answer.status_code, "慢了一步的话" in page) == (409, True)
    assert f'formaction="{address(item, "claim_rival")}"' in page
    client.post(address(item, "claim_rival"), SAID | {"description": "慢了一步的话"})
    assert fresh(item).status == S.DISPUTED


def token_of(client: Client, url: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(url).content.decode())
    assert found is not None
    return found[1]


def test_form_sent_twice_is_one_claim() -> None:
    house = House()
    item = described(house)
    client, url = web(house.dm), address(item, "claim_rival")
    data = SAID | {"form_token": token_of(client, url)}

    answers = [client.post(url, data) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert item.claims.count() == 2
    assert FormToken.objects.count() == 1


def test_form_without_its_token_is_two_claims() -> None:
    house = House()
    item = described(house)

    for _twice in range(2):
        web(house.dm).post(address(item, "claim_rival"), SAID)

    assert item.claims.count() == 3


def test_dispute_that_began_while_the_check_was_open_hides_it_and_keeps_the_words() -> None:
    house = House()
    item = described(house, secretive(house))
    disputed(house, item)

    answer = web(house.dm).post(address(item, "claim_verify", 1), checked(house))

    page = answer.content.decode()
    assert (answer.status_code, "已锁定" in page, shown(page, item)) == (409, True, [])
    assert Draft.objects.get().data["feature_1"] == ["右上角裂纹"]


@pytest.mark.parametrize(
    ("field", "step"),
    [("guard_password", "verify"), ("guard_password", "sign"), ("password", "sign")],
)
def test_wrong_passwords_are_counted(field: str, step: str) -> None:
    house = House()
    item = verified(house) if step == "sign" else described(house)
    data = signing(house) if step == "sign" else checked(house)
    client, url = web(house.dm), address(item, f"claim_{step}", 1)

    for _try in range(5):
        client.post(url, data | {field: "wrong-one"})
    answer = client.post(url, data)

    assert (answer.status_code, "15分钟后再试" in answer.content.decode()) == (422, True)


def test_check_of_a_cheap_thing_asks_for_no_second_colleague() -> None:
    house = House()
    item = described(house, house.stored(value=Decimal(80)))
    client, url = web(house.dm), address(item, "claim_verify", 1)

    page = client.get(url).content.decode()
    client.post(url, checked(house))

    assert 'name="guard"' not in page
    assert (live(item).state, live(item).verified_with) == ("verified", None)


WRONG: dict[str, tuple[str, Data, str]] = {
    "one agrees": ("verify", {"agrees_2": "no"}, "至少两项相符"),
    "unnamed": ("verify", {"agrees_8": "yes"}, "请写明核对的是哪个特征"),
    "no number": ("verify", {"id_number": ""}, "请填写：证件号"),
    "no second": ("verify", {"guard": ""}, "请选择：一起核对的同事"),
    "second is he": ("verify", {"guard": "dm"}, "没有这个选项"),
    "no consent": ("sign", {"consents": ""}, "同意以电子方式签署"),
    "no signature": ("sign", {"signature": ""}, "请认领人签名"),
    "broken signature": ("sign", {"signature": "data:image/png;base64,xx"}, "签名没有传完整"),
    "no guard": ("sign", {"guard": ""}, "请选择：保安部"),
    "no password": ("sign", {"password": ""}, "请填写：您的登录密码"),
    "future": ("sign", {"kind": "paper", "signed_at": "2099-01-01T10:00"}, "时间还没有到"),
}


@pytest.mark.parametrize("name", WRONG)
def test_page_says_what_to_do(name: str) -> None:
    house = House()
    step, change, sentence = WRONG[name]
    item = verified(house) if step == "sign" else described(house)
    data = (signing(house) if step == "sign" else checked(house)) | change
    if data["guard"] == "dm":
        data["guard"] = house.dm.pk

    answer = web(house.dm).post(address(item, f"claim_{step}", 1), data)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert claim_of(item).state == ("verified" if step == "sign" else "described")


@pytest.mark.parametrize("field", ["description", "name", "phone", "way"])
def test_description_page_says_what_is_missing(field: str) -> None:
    house = House()
    item = house.stored()

    answer = web(house.desk).post(address(item), SAID | {field: ""})

    assert answer.status_code == 422
    assert answer.content.decode().count('class="fielderror"') == 1
    assert fresh(item).status == S.STORED


# --- who gets which page -------------------------------------------------------------------

PAGES: dict[str, tuple[Callable[[House], FoundItem], str, list[int]]] = {
    "start": (House.stored, "claim", []),
    "hub": (described, "claim", []),
    "rival": (described, "claim_rival", []),
    "verify": (described, "claim_verify", [1]),
    "refuse": (described, "claim_refuse", [1]),
    "withdraw": (described, "claim_withdraw", [1]),
    "locked": (disputed, "claim", []),
    "dispute": (disputed, "claim_dispute", []),
    "sign": (verified, "claim_sign", [1]),
    "scan": (on_paper, "claim_scan", [1]),
    "unmask": (described, "claim_unmask", [1, "owner"]),
    "returned": (returned, "claim", []),
}
WHO = ("other", "admin", "stranger", "cleaner", "desk", "guard", "dm", "pm")
ACCESS = """
start     404 404 404 404 200 200 200 200
hub       404 404 404 404 200 200 200 200
rival     404 404 404 404 200 200 200 200
verify    404 404 404 404 403 403 200 200
refuse    404 404 404 404 403 403 200 200
withdraw  404 404 404 404 403 403 200 200
locked    404 404 404 404 200 200 200 200
dispute   404 404 404 404 403 403 403 200
sign      404 404 404 404 403 403 200 200
scan      404 404 404 404 403 403 200 200
unmask    404 404 404 404 403 403 200 200
returned  404 404 404 404 200 200 200 200
"""


@pytest.mark.parametrize("line", ACCESS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_page_opens_to_whom_the_table_allows_it(line: str) -> None:
    name, *wanted = line.split()
    house = House()
    ready, view, args = PAGES[name]
    item = ready(house)
    people = {
        "other": House().dm,
        "admin": member(house.prop, Role.ADMIN),
        "stranger": member(house.prop, Role.STAFF),
    }

    found = [
        web(people.get(who) or getattr(house, who)).get(address(item, view, *args)).status_code
        for who in WHO
    ]

    assert dict(zip(WHO, map(str, found), strict=True)) == dict(zip(WHO, wanted, strict=True))
    assert Client().get(address(item, view, *args)).status_code == 302


def test_finder_of_the_thing_may_not_take_claims_in() -> None:
    house = House()
    item = house.stored(house.logged(by=house.cleaner))

    assert web(house.cleaner).get(address(item)).status_code == 403


@pytest.mark.parametrize("status", list(S))
def test_claim_page_answers_in_every_state(status: str) -> None:
    house = House()
    item = claiming.at(house, status)

    answer = web(house.dm).get(address(item))

    nothing = status in (S.LOGGED, S.DISPOSED, S.POLICE, S.VOIDED)
    assert answer.status_code == (409 if nothing else 200)


@pytest.mark.parametrize("view", ["claim_verify", "claim_sign"])
@pytest.mark.parametrize("end", ["withdraw_claim", "refuse_claim"])
def test_ended_claim_opens_no_page(view: str, end: str) -> None:
    house = House()
    item = described(house, secretive(house))
    getattr(workflow, end)(live(item), by=house.dm, reason="x")

    answer = web(house.dm).get(address(item, view, 1))

    page = answer.content.decode()
    assert (answer.status_code, "已经结束" in page, shown(page, item)) == (409, True, [])


def test_whole_number_is_shown_for_a_minute_to_whom_asked_with_a_purpose() -> None:
    house = House()
    item = claiming.proxied(house)
    dm, pm = web(house.dm), web(house.pm)

    masked = dm.get(address(item)).content.decode()
    refused = dm.post(address(item, "claim_unmask", 1, "owner"), {"reason": ""})
    dm.post(address(item, "claim_unmask", 1, "owner"), {"reason": "告诉他来领"})
    own, other = (client.get(address(item)).content.decode() for client in (dm, pm))

    assert ("139****2222" in masked, refused.status_code) == (True, 422)
    numbers = [("13900002222" in page, "13900003333" in page) for page in (masked, own, other)]
    assert numbers == [(False, False), (True, False), (False, False)]
    assert dm.get(address(item, "claim_unmask", 1, "proxy")).status_code == 200
    wrong = [(1, "signature"), (2, "owner")]
    codes = [dm.get(address(item, "claim_unmask", *each)).status_code for each in wrong]
    assert (codes, Unmasking.objects.get().by) == ([404, 404], house.dm)


# --- what it costs -------------------------------------------------------------------------

CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def cost(client: Client, url: str, data: Data | None = None, *, ok: int = 200) -> int:
    shell._counts.clear()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url) if data is None else client.post(url, data)
    assert answer.status_code == ok
    return len([q for q in captured if not q["sql"].startswith(CONTROL)])


@pytest.mark.parametrize("name", PAGES)
def test_page_keeps_its_budget(name: str) -> None:
    house = House()
    ready, view, args = PAGES[name]
    item = ready(house)

    assert cost(web(house.pm), address(item, view, *args)) <= 10


def test_pages_cost_the_same_however_much_hangs_on_them() -> None:
    house = House()
    item = described(house, secretive(house))
    client = web(house.pm)
    urls = [address(item), address(item, "claim_verify", 1)]
    few = [cost(client, url) for url in urls]
    workflow.attach_all(item, [photo("green"), photo("blue")], by=house.dm)
    for number in range(3):
        member(house.prop, Role.SECURITY, name=f"保安{number}")
    for _n in range(3):
        workflow.withdraw_claim(live(item), by=house.dm, reason="x")
        described(house, fresh(item))
    urls[1] = address(item, "claim_verify", 4)

    assert [cost(client, url) for url in urls] == few


def test_dispute_costs_the_same_with_three_rivals() -> None:
    house = House()
    item = disputed(house)
    client, url = web(house.pm), address(item, "claim_dispute")
    few = cost(client, url)

    disputed(house, item, rivals=2)

    assert cost(client, url) == few


def test_description_is_saved_within_the_budget() -> None:
    house = House()
    item = house.stored()
    client = web(house.desk)
    data = SAID | {"form_token": token_of(client, address(item))}

    # The fifteenth has the claimant found by the search.
    assert cost(client, address(item), data, ok=302) == 15


def test_claims_model_is_what_the_pages_are_about() -> None:
    house = House()
    item = described(house, guest=replace(claiming.GUEST, name="<b>林</b>"))

    page = web(house.dm).get(address(item)).content.decode()

    assert ("<b>林</b>" in page, "&lt;b&gt;林&lt;/b&gt;" in page) == (False, True)
    assert Claim.objects.count() == 1
