"""The pages of seals, belongings, floors and roll call: forms that ask for everything, and who gets them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from emergencies import workflow
from emergencies.models import FireHandover, FloorSweep, Handover, Inventory, RollCall, RoomSeal
from propdesk.core import drafts
from propdesk.core.models import Draft, Place
from tests.emergencies.journey import House, board, photo
from tests.factories import PASSWORD, PlaceFactory
from tests.incidents.journey import drawn

pytestmark = pytest.mark.django_db
W = workflow


def upload(name: str = "p.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data or photo(), content_type="image/jpeg")


def local(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


class Page:
    """One user at the pages of one event."""

    def __init__(self, house: House, event: Any, user: Any) -> None:
        self.house, self.event = house, event
        self.client = Client()
        self.client.force_login(user)
        self.base = f"/p/{house.prop.code}/emergencies/{event.case.number}/"

    def get(self, path: str) -> Any:
        return self.client.get(self.base + path)

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(self.base + path, data | {"form_token": drafts.new_token()})


def seal_data(house: House, **changes: Any) -> dict[str, Any]:
    data = {
        "place": house.room.pk,
        "owner": "ours",
        "number": "FQ-0001",
        "cards": "cancelled",
        "applied_by": house.sec.pk,
        "witness1": house.guard.pk,
        "witness2_name": "刘洋",
        "photo": upload(),
    }
    return data | changes


def release_data(house: House, **changes: Any) -> dict[str, Any]:
    data = {
        "released_at": local(timezone.now()),
        "way": "written",
        "officer": "刘建国",
        "badge": "012345",
        "unit": "城南派出所",
        "document_number": "城公（解）字〔2026〕7号",
        "photo": upload(),
        "is_intact": "yes",
        "second": house.sec.pk,
        "second_password": PASSWORD,
    }
    return data | changes


def errors(answer: Any) -> set[str]:
    return set(answer.context["form"].errors)


def test_room_is_sealed_checked_released_and_opened_on_the_screen():
    house = House()
    event = house.dead()
    guard, chief = Page(house, event, house.sec), Page(house, event, house.gm)

    assert guard.post("do/seal/", **seal_data(house)).status_code == 302
    seal = RoomSeal.objects.get()
    assert guard.post(f"do/check-seal/{seal.pk}/", is_intact="yes").status_code == 302
    release = chief.post(f"do/release-seal/{seal.pk}/", **release_data(house))
    assert release.status_code == 302
    second = {"second": house.pm.pk, "second_password": PASSWORD}
    assert guard.post(f"do/open-seal/{seal.pk}/", **second).status_code == 302

    seal.refresh_from_db()
    assert seal.opened_at is not None
    assert seal.checks.count() == 2
    page = guard.get("seals/").content.decode()
    assert [text in page for text in ("FQ-0001", "刘洋", "刘建国", "012345", "已启封")] == [
        True
    ] * 5


def test_seal_form_names_everything_that_is_missing_and_keeps_what_was_typed():
    house = House()
    event = house.dead()
    page = Page(house, event, house.sec)

    answer = page.post("do/seal/", place_note="不存在", number="FQ-9")

    assert answer.status_code == 422
    assert errors(answer) == {
        "place_note",
        "owner",
        "cards",
        "photo",
        "applied_by",
        "witness1",
        "witness2",
    }
    assert 'value="FQ-9"' in answer.content.decode()
    assert not RoomSeal.objects.exists()


BLOCK = ("B-203", "b203", "B座203", "B座 203", "B座 2层 203", "B座2层203")


@pytest.mark.parametrize("typed", BLOCK)
def test_room_is_sealed_by_every_name_the_house_prints_for_it(typed):
    house = House()
    kinds = Place.Kind
    block = PlaceFactory(property=house.prop, kind=kinds.BUILDING, name="B座", code="B")
    floor = PlaceFactory(property=house.prop, kind=kinds.FLOOR, name="2层", parent=block)
    room = PlaceFactory(
        property=house.prop,
        kind=kinds.ROOM,
        name="203",
        code="B-203",
        label="B座 203",
        parent=floor,
    )
    event = house.started("death", place=None, place_note="B座 606")
    page = Page(house, event, house.sec)

    shown = page.get("do/seal/")
    answer = page.post("do/seal/", **seal_data(house, place="", place_note=typed))

    assert shown.context["form"].picked == str(block.pk)
    assert "启动时写的是“B座 606”" in shown.content.decode()
    assert answer.status_code == 302
    assert RoomSeal.objects.get().place == room


def test_refusal_of_the_transition_stands_on_the_form():
    house = House()
    event = house.dead()
    same = seal_data(house, witness2=house.guard.pk, witness2_name="")

    answer = Page(house, event, house.sec).post("do/seal/", **same)

    assert answer.status_code == 422
    assert "必须是三个不同的人" in answer.content.decode()


def test_release_form_is_for_the_general_manager_alone():
    house = House()
    seal = house.sealed()
    path = f"do/release-seal/{seal.pk}/"

    found = {
        name: Page(house, seal.event, getattr(house, name)).get(path).status_code
        for name in ("gm", "pm", "sec", "dm", "dm2", "guard")
    }

    assert found == {"gm": 200, "pm": 403, "sec": 403, "dm": 403, "dm2": 404, "guard": 404}


def test_release_form_names_everything_that_is_missing_and_releases_nothing():
    house = House()
    seal = house.sealed()

    answer = Page(house, seal.event, house.gm).post(f"do/release-seal/{seal.pk}/")

    assert answer.status_code == 422
    assert errors(answer) == {
        "released_at",
        "way",
        "officer",
        "badge",
        "unit",
        "document_number",
        "photo",
        "is_intact",
        "second",
        "second_password",
    }
    seal.refresh_from_db()
    assert seal.is_active


def test_wrong_password_of_the_second_person_is_refused_and_never_kept():
    house = House()
    seal = house.sealed()
    data = release_data(house, second_password="geheim-1")

    answer = Page(house, seal.event, house.gm).post(f"do/release-seal/{seal.pk}/", **data)

    assert (answer.status_code, errors(answer)) == (422, {"second_password"})
    kept = " ".join(str(row.data) for row in Draft.objects.all())
    assert "012345" in kept
    assert "geheim-1" not in kept


def test_second_person_is_chosen_among_the_readers():
    house = House()
    seal = house.sealed()
    page = Page(house, seal.event, house.gm).get(f"do/release-seal/{seal.pk}/")

    offered = {label for _pk, label in page.context["form"].fields["second"].choices}

    assert offered == {"请选择", house.dm.name, house.pm.name, house.sec.name}


def test_seal_of_another_event_is_not_found():
    house = House()
    seal = house.sealed()
    other = house.dead()

    answer = Page(house, other, house.gm).get(f"do/release-seal/{seal.pk}/")

    assert answer.status_code == 404


def test_pages_are_there_for_their_own_kind_and_for_its_readers_alone():
    house = House()
    death, fire, theft = house.dead(), house.burning(), house.started("theft")
    asked = [(death, "dm"), (death, "dm2"), (fire, "dm"), (fire, "dm2"), (theft, "dm")]

    found = [
        tuple(
            Page(house, event, getattr(house, name)).get(path).status_code
            for path in ("seals/", "headcount/")
        )
        for event, name in asked
    ]

    assert found == [(200, 404), (404, 404), (404, 200), (404, 200), (404, 404)]


def test_belongings_are_counted_and_handed_over_on_the_screen():
    house = House()
    event = house.released().event
    page = Page(house, event, house.sec)
    second = {"second": house.pm.pk, "second_password": PASSWORD}

    counted = page.post(
        "do/count-belongings/",
        rows="8",
        text_1="黑色行李箱",
        count_1="1",
        found_in_1="衣柜",
        count_2="12",
        denomination_2="100",
        currency_2="cny",
        in_safe_2="on",
        photo=upload(),
        **second,
    )
    handed = page.post(
        "do/hand-over-belongings/",
        lines=["1", "2"],
        to="heir",
        name="吴秀英",
        id_type="passport",
        id_number="E12345678",
        papers="公证书88号",
        drawn_scan=SimpleUploadedFile("signature.png", drawn(), content_type="image/png"),
        **second,
    )

    assert (counted.status_code, handed.status_code) == (302, 302)
    assert list(Inventory.objects.get().lines.values_list("text", "count", "currency")) == [
        ("黑色行李箱", 1, ""),
        ("现金", 12, "CNY"),
    ]
    assert Handover.objects.get().receiver.name == "吴秀英"
    assert board(event).lines["X33"].state == "done"
    shown = page.get("seals/").content.decode()
    assert [text in shown for text in ("吴秀英", "…5678", "E12345678")] == [True, True, False]


def test_floors_lists_and_the_fire_service_are_entered_on_the_screen():
    house = House()
    event = house.burning()
    page = Page(house, event, house.sec)

    sweep = page.post(
        "do/sweep-floor/", floor="18层", doors="20", people="1", swept_by=house.guard.pk
    )
    first = page.post(
        "do/roll-call/",
        rows="3",
        list="residents",
        expected="20",
        present="19",
        name_1="欧阳雪",
        room_1="A-1806",
    )
    wrong = page.post("do/roll-call/", rows="3", list="staff", expected="5", present="6")
    handed = page.post("do/hand-to-fire-service/", officer="孙队长", unit="城南消防站")

    assert [a.status_code for a in (sweep, first, wrong, handed)] == [302, 302, 422, 302]
    assert errors(wrong) == {"present"}
    assert FloorSweep.objects.get().place == house.floor
    assert RollCall.objects.get().people.get().party.person.room == house.room
    assert FireHandover.objects.get().missing == 1
    shown = page.get("headcount/").content.decode()
    assert [text in shown for text in ("欧阳雪", "孙队长", "还没点")] == [True] * 3


@pytest.mark.parametrize("path", ["seals/", "headcount/"])
def test_page_costs_the_same_whatever_it_holds(path, django_assert_max_num_queries):
    house = House()
    if path == "seals/":
        event = house.released().event
        house.counted(event)
        for number in (2, 3):
            house.sealed(event, f"FQ-000{number}") if number == 2 else None
    else:
        event = house.roll(house.burning(), 2)
        for _n in range(3):
            W.sweep_floor(event, W.Swept(house.floor), by=house.cleaner)
    page = Page(house, event, house.gm)
    page.get(path)

    with django_assert_max_num_queries(30):
        assert page.get(path).status_code == 200


def test_steps_of_the_registers_lead_to_their_pages():
    house = House()
    event = house.sealed().event

    shown = Page(house, event, house.gm).get("").content.decode()

    assert f"{event.case.number}/seals/" in shown


def test_broken_seal_is_renewed_first_and_its_form_says_which_place_it_is():
    house = House()
    seal = house.sealed()
    W.check_seal(seal, is_intact=False, by=house.sec, note="撕开", picture=photo())
    page = Page(house, seal.event, house.gm)

    acts = [name for name, _act in page.get("seals/").context["card"].rows[0].acts]
    form = page.get(f"do/renew-seal/{seal.pk}/")

    assert acts == ["renew-seal", "check-seal", "release-seal"]
    assert form.context["about"] == "A座 1806"
    assert str(seal) == f"{seal.event_id} #{seal.pk}"


# --- said before anything is filled in -------------------------------------------------------


def test_opening_is_refused_on_the_page_while_the_police_have_not_released_it():
    house = House()
    seal = house.sealed()

    answer = Page(house, seal.event, house.sec).get(f"do/open-seal/{seal.pk}/")

    assert answer.status_code == 409
    assert "没有公安解除记录，不得启封。" in answer.content.decode()
    assert "second_password" not in answer.content.decode()


def test_photo_that_is_lost_with_a_refusal_is_said_to_be_lost():
    house = House()
    page = Page(house, house.dead(), house.sec)

    shown = page.post("do/seal/", **seal_data(house, photo="")).content.decode()
    lost = page.post("do/seal/", **seal_data(house, number="")).content.decode()

    assert ["照片没有保留，请重新选。" in text for text in (shown, lost)] == [False, True]


def test_step_of_a_list_says_on_top_what_comes_first_and_where():
    house = House()
    event = house.started("theft")
    page = Page(house, event, house.dm)

    before = page.get("steps/T10/").context["form"].first
    W.list_losses(event, [W.Loss("戒指")], by=house.dm)
    after = page.get("steps/T10/").context["form"].first

    assert before is not None
    assert before[1] == f"{page.base}do/list-losses/"
    assert after is None


def test_place_is_corrected_on_the_screen():
    house = House()
    event = house.started("theft", place=None, place_note="B座 606")
    page = Page(house, event, house.dm)

    shown = page.get("do/correct-place/")
    answer = page.post("do/correct-place/", place_note="A-1806", reason="听错房号")

    event.refresh_from_db()
    assert (shown.status_code, answer.status_code) == (200, 302)
    assert (event.place, event.place_note) == (house.room, "")


def test_seals_page_says_who_opened_it_and_beside_whom():
    house = House()
    seal = house.sealed()
    W.release_seal(seal, house.release(), photo(), by=house.gm)
    W.open_seal(seal, W.Second(house.pm, PASSWORD), by=house.sec)

    text = Page(house, seal.event, house.sec).get("seals/").content.decode()

    said = f"{house.sec.name}启封，{house.pm.name}在场"
    assert [words in text for words in (said, "封条：本公寓 · 房卡：已全部作废")] == [True] * 2


def test_next_form_says_nothing_of_the_photo_that_was_taken():
    house = House()
    event = house.started("theft")
    page = Page(house, event, house.sec)

    data = {"text": "门锁完好", "seen": "0", "photo": upload(), "form_token": drafts.new_token()}
    answer = page.client.post(f"{page.base}steps/T20/", data, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert board(event).lines["T20"].state == "done"
    assert "照片没有保留" not in answer.content.decode()
