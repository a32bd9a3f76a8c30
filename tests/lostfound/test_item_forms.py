"""What the forms of a found thing offer, make of what is typed, and refuse."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lostfound import forms
from lostfound.categories import Category
from lostfound.models import FoundItem
from propdesk.core.models import User
from propdesk.core.roles import Role
from tests.factories import PASSWORD, ShiftFactory, fresh, member
from tests.lostfound import moves
from tests.lostfound.journey import House, photo

pytestmark = pytest.mark.django_db


def receive(house: House, item: FoundItem, data: dict[str, Any] | None = None) -> Any:
    return forms.ReceiveForm(data, item=item, user=fresh(house.dm))


def typed(house: House, **changes: Any) -> dict[str, Any]:
    return {"guard": house.guard.pk, "storage": house.shelf.pk, "is_unvalued": "on"} | changes


# --- 接收入库 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "lines", "money"),
    [("phone", False, False), ("wallet", True, True), ("bag", True, True), ("cash", False, True)],
)
def test_category_drives_what_the_receipt_asks(category: str, lines: bool, money: bool) -> None:
    house = House()
    fields = receive(house, house.logged(category=category)).fields
    assert ("text_1" in fields, "cny_100" in fields) == (lines, money)


@pytest.mark.parametrize("category", Category.values)
def test_things_without_a_market_price_are_proposed_unvalued(category: str) -> None:
    house = House()
    item = house.logged(category=category)
    without = {"key", "document", "bank_card", "contraband"}
    assert receive(house, item).initial["is_unvalued"] is (category in without)


def test_who_is_on_shift_is_proposed_as_the_second() -> None:
    house = House()
    ShiftFactory(property=house.prop, role=Role.SECURITY, user=house.guard2)
    form = receive(house, house.logged())
    assert form.initial["guard"] == house.guard2.pk
    assert form.fields["guard_password"].label == "保安部密码（在本机确认）"
    assert form.fields["guard_password"].required is False


def test_nobody_is_proposed_while_nobody_is_on_shift() -> None:
    house = House()
    assert "guard" not in receive(house, house.logged()).initial


def test_storage_used_last_is_proposed() -> None:
    house = House()
    house.stored(storage=house.other_shelf)
    assert receive(house, house.logged()).initial["storage"] == house.other_shelf.pk


def test_contents_are_read_line_by_line_and_note_by_note() -> None:
    house = House()
    lines = {"text_1": "会员卡", "count_1": "2", "text_2": "车票", "cny_100": "3", "cny_0_5": "2"}
    lines |= {"currency_1": "HKD", "denomination_1": "20", "pieces_1": "1"}
    form = receive(
        house, house.logged(category="wallet"), typed(house, guard_password=PASSWORD, **lines)
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["contents"] == (
        {"text": "会员卡", "count": 2},
        {"text": "车票", "count": 1},
        {"text": "", "currency": "CNY", "denomination": Decimal(100), "count": 3},
        {"text": "", "currency": "CNY", "denomination": Decimal("0.5"), "count": 2},
        {"text": "", "currency": "HKD", "denomination": Decimal(20), "count": 1},
    )


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ({"count_1": "2"}, "text_1"),
        ({"currency_1": "HKD"}, "currency_1"),
        ({"denomination_2": "20", "pieces_2": "1"}, "currency_2"),
        ({"cny_100": "-1"}, "cny_100"),
        ({"cny_100": "两张"}, "cny_100"),
        ({"denomination_1": "0", "currency_1": "USD", "pieces_1": "1"}, "denomination_1"),
    ],
    ids=str,
)
def test_half_filled_line_gets_its_sentence(lines: dict[str, str], field: str) -> None:
    house = House()
    form = receive(house, house.logged(category="wallet"), typed(house, **lines))
    assert (form.is_valid(), field in form.errors) == (False, True)


def test_value_of_cash_is_what_was_counted() -> None:
    house = House()
    notes = {"cny_100": "3", "cny_5": "1"}
    notes |= {"currency_1": "HKD", "denomination_1": "20", "pieces_1": "1"}
    data = typed(house, guard_password=PASSWORD, **notes)
    del data["is_unvalued"]
    form = receive(house, house.logged(category="cash"), data)
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["value"], form.cleaned_data["basis"]) == (
        Decimal(305),
        "按面额清点合计",
    )


@pytest.mark.parametrize(
    "text", ["-1", "12.345", "一百元", "1e400", "1e3", "NaN", "1,2", "12345678901"]
)
def test_value_takes_yuan_and_cents_only(text: str) -> None:
    house = House()
    form = receive(house, house.logged(), typed(house, value=text))
    assert (form.is_valid(), "value" in form.errors) == (False, True)


@pytest.mark.parametrize("text", ["1250.5", "１２５０．５０", "1,250.50", " 1，250.50 "])
def test_value_is_read_as_it_is_typed_on_any_keyboard(text: str) -> None:
    house = House()
    form = receive(house, house.logged(), typed(house, value=text))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == Decimal("1250.50")


def test_guard_without_a_signature_is_marked_and_not_proposed_where_he_signs() -> None:
    house = House()
    item = moves.contraband(house)
    newcomer = member(house.prop, Role.SECURITY, name="吴磊")
    ShiftFactory(property=house.prop, user=newcomer, role=Role.SECURITY)

    form = forms.PoliceForm(item=item, user=fresh(house.dm))
    other = receive(house, house.logged())

    labels = {label for _pk, label in form.fields["guard"].choices}
    assert labels == {"请选择", "吴磊（当班）（未留签名）", "李强", "赵刚"}
    assert ("guard" in form.initial, other.initial["guard"]) == (False, newcomer.pk)


def test_second_person_of_another_house_is_no_choice() -> None:
    house, other = House(), House()
    form = receive(house, house.logged(), typed(house, guard=other.guard.pk))
    assert (form.is_valid(), "guard" in form.errors) == (False, True)


# --- the second person ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "label", "names"),
    [
        ("dm", "保安部", {"李强", "赵刚"}),
        ("pm", "保安部", {"李强", "赵刚"}),
        ("guard", "值班经理", {"周敏", "张岚", "陈国栋"}),
    ],
)
def test_move_offers_the_other_side(who: str, label: str, names: set[str]) -> None:
    house = House()
    form = forms.MoveForm(item=house.stored(), user=fresh(getattr(house, who)))
    offered = {row.name for row in form.fields["guard"].rows.values()}
    assert (form.fields["guard"].label, offered) == (label, names)
    assert "storage" not in form.initial


@pytest.mark.parametrize("form_class", [forms.CountForm, forms.PoliceForm])
def test_act_that_needs_both_here_asks_for_the_password(form_class: type[Any]) -> None:
    house = House()
    form = form_class({}, item=house.stored(), user=fresh(house.dm))
    assert (form.is_valid(), "guard_password" in form.errors) == (False, True)
    assert form.fields["guard_password"].label == "保安部密码（须在本机确认）"


def test_password_is_never_sent_back() -> None:
    house = House()
    form = receive(house, house.logged(), typed(house, guard_password="geheim-1"))
    assert "geheim-1" not in str(form["guard_password"])


# --- 拾物登记 -------------------------------------------------------------------------------


def log(house: House, data: dict[str, Any], *, pictures: int = 1, user: User | None = None) -> Any:
    files = {"photo": [SimpleUploadedFile(f"{n}.jpg", photo()) for n in range(pictures)]}
    return forms.LogForm(data, files, prop=house.prop, user=user or house.guard)


FACTS = {"category": "phone", "features": "黑色", "place_note": "大堂"}


@pytest.mark.parametrize("missing", ["category", "features", "place"])
def test_each_missing_fact_gets_its_own_error(missing: str) -> None:
    house = House()
    data = {k: v for k, v in FACTS.items() if k.removesuffix("_note") != missing}
    form = log(house, data)
    assert (form.is_valid(), set(form.errors)) == (False, {missing})


def test_all_missing_facts_are_named_at_once() -> None:
    form = log(House(), {}, pictures=0)
    assert set(form.errors) == {"category", "features", "place", "photo"}


@pytest.mark.parametrize(
    ("changes", "valid"),
    [({}, False), ({"no_photo_reason": "太黑"}, True), ({"category": "document"}, True)],
)
def test_photo_or_reason_is_asked_where_photos_are_taken(
    changes: dict[str, str], valid: bool
) -> None:
    assert log(House(), FACTS | changes, pictures=0).is_valid() is valid


@pytest.mark.parametrize(("typed_in", "quantity"), [("", 1), ("3", 3)])
def test_quantity_defaults_to_one(typed_in: str, quantity: int) -> None:
    form = log(House(), FACTS | {"quantity": typed_in})
    assert form.is_valid()
    assert form.cleaned_data["quantity"] == quantity


@pytest.mark.parametrize("quantity", ["0", "-2", "两个", "100000"])
def test_quantity_below_one_or_no_number_is_refused(quantity: str) -> None:
    form = log(House(), FACTS | {"quantity": quantity})
    assert (form.is_valid(), set(form.errors)) == (False, {"quantity"})


def test_finder_is_one_person() -> None:
    house = House()
    form = log(house, FACTS | {"finder_user": house.cleaner.pk, "finder_name": "访客"})
    assert set(form.errors) == {"finder_name"}


def test_place_of_another_house_is_refused() -> None:
    house, other = House(), House()
    form = log(house, FACTS | {"place": other.lobby.pk})
    assert set(form.errors) == {"place"}


def test_chosen_place_stands_on_top_of_the_recent_ones() -> None:
    house = House()
    house.logged(place=house.lobby)
    initial = {"place": house.lobby.pk}
    form = forms.LogForm(prop=house.prop, user=house.guard, initial=initial)
    assert form.near == [(str(house.lobby.pk), "A座大堂")]
    fresh_house = House()
    form = forms.LogForm(
        prop=fresh_house.prop, user=fresh_house.guard, initial={"place": fresh_house.lobby.pk}
    )
    assert form.near == [(str(fresh_house.lobby.pk), "A座大堂")]


# --- others --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"reason": "x"}, "value"),
        ({"reason": "x", "value": "5", "is_unvalued": "on"}, "value"),
        ({"value": "5"}, "reason"),
    ],
    ids=str,
)
def test_revaluing_asks_for_value_and_reason(data: dict[str, str], field: str) -> None:
    house = House()
    form = forms.RevalueForm(data, item=house.stored(), user=house.dm)
    assert set(form.errors) == {field}


def test_policy_offers_every_version_but_its_own() -> None:
    house = House()
    item = house.stored()
    form = forms.PolicyForm({}, item=item, user=house.gm)
    assert form.fields["policy"].rows == {}


@pytest.mark.parametrize(
    ("where", "place", "note"),
    [("A座大堂", True, ""), ("后门花坛", False, "后门花坛")],
)
def test_correction_takes_a_known_place_or_words(where: str, place: bool, note: str) -> None:
    house = House()
    data = {"category": "phone", "name": "手机", "quantity": "1", "unit": "部", "features": "黑"}
    form = forms.CorrectForm(
        data | {"where": where, "reason": "看错"}, item=house.stored(), user=house.dm
    )
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["place"] is not None, form.cleaned_data["place_note"]) == (
        place,
        note,
    )
