"""停电包 on the screen and on paper: taken, settled one by one, confidential cases left out."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from propdesk.core import blanks, rendering
from propdesk.core.models import BlankForm, Case, OutagePack, Place
from propdesk.core.roles import DUTY, Role
from propdesk.desk.outage import paper, queries
from tests.core.test_blanks import IN_A_PACK, printed, sheet, taken
from tests.emergencies.journey import House as Events
from tests.factories import PropertyFactory, member, web
from tests.incidents.journey import House
from tests.incidents.test_reports_papers import text_of

pytestmark = pytest.mark.django_db


def url(house: Any, name: str, *args: Any) -> str:
    return reverse(f"house:{name}", args=[house.prop.code, *args])


def errors(response: Any) -> list[str]:
    return [text for texts in response.context["form"].errors.values() for text in texts]


# --- who -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_who_sees_and_settles(role: Role) -> None:
    house = House()
    pack = taken(house)
    blank = sheet(pack)
    client = web(member(house.prop, role))
    names = [
        ("outage",),
        ("outage_void", pack.pk),
        ("blank", blank.serial),
        ("blank_void", blank.serial),
    ]
    expected = 200 if role in DUTY else 403
    assert {name: client.get(url(house, *name)).status_code for name in names} == dict.fromkeys(
        names, expected
    )
    assert client.post(url(house, "outage_make")).status_code == (302 if role in DUTY else 403)
    assert client.post(url(house, "outage_take", pack.pk)).status_code == (
        302 if role in DUTY else 403
    )


def test_pack_of_another_house_is_not_there() -> None:
    house, other = House(), House()
    pack = taken(other)
    blank = sheet(pack)
    client = web(house.dm)
    for name in (("outage_file", pack.pk), ("blank", blank.serial), ("blank_void", blank.serial)):
        assert client.get(url(house, *name)).status_code == 404
    assert client.post(url(house, "outage_take", pack.pk)).status_code == 404


# --- taking --------------------------------------------------------------------------------


def test_nothing_opens_before_it_is_taken() -> None:
    house = House()
    pack = printed(blanks.make(house.prop, by=house.dm))
    client = web(house.dm)
    assert client.get(url(house, "outage_file", pack.pk)).status_code == 404
    assert client.get(url(house, "blank", sheet(pack).serial)).status_code == 404
    page = client.get(url(house, "outage"))
    assert (page.context["out"], page.context["out_count"]) == ([], 0)
    response = client.post(url(house, "outage_take", pack.pk))
    assert response.headers["Location"] == url(house, "outage_file", pack.pk)
    page = client.get(url(house, "outage"))
    assert (len(page.context["out"]), page.context["out_count"]) == (IN_A_PACK, IN_A_PACK)


def test_unfinished_pack_cannot_be_taken() -> None:
    house = House()
    pack = blanks.make(house.prop, by=house.dm)
    response = web(house.dm).post(url(house, "outage_take", pack.pk), follow=True)
    assert "停电包还没有做好，请稍等。" in response.content.decode()
    assert OutagePack.objects.get().taken_at is None


# --- settling ------------------------------------------------------------------------------


def test_entered_sheet_leaves_the_list_and_stands_in_the_case() -> None:
    house = House()
    blank, complaint = sheet(taken(house)), house.new()
    client = web(house.dm)
    form = client.get(url(house, "blank", blank.serial)).context["form"]
    assert [number for number, _label in form.fields["pick"].choices] == [complaint.case.number]
    response = client.post(url(house, "blank", blank.serial), {"pick": complaint.case.number})
    assert response.status_code == 302
    page = client.get(url(house, "outage"))
    assert blank.serial not in [row.serial for row in page.context["out"]]
    assert [row.serial for row in page.context["settled"]] == [blank.serial]
    timeline = client.get(complaint.get_absolute_url()).content.decode()
    assert "据空白表补录" in timeline
    assert blank.serial in timeline


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"number": ""}, "请填写登记后得到的编号。"),
        ({"number": "TS-20200101-001"}, "没有这个编号，请核对后再填。"),
        ({"number": "不是编号"}, "没有这个编号，请核对后再填。"),
        ({"pick": "{number}", "number": "TS-20200101-001"}, "选了一个，又填了另一个，请只留一个。"),
        # A lost report of nobody is not visible: what one may not see does not exist.
        ({"number": "{found}"}, "没有这个编号，请核对后再填。"),
    ],
)
def test_wrong_number_gets_its_sentence_and_keeps_what_was_typed(
    data: dict[str, str], sentence: str
) -> None:
    house = House()
    blank, complaint = sheet(taken(house)), house.new()
    found = Case.objects.create(
        property=house.prop,
        number="SW-20261126-001",
        kind=Case.Kind.LOST,
        neutral_title="x",
        opened_at=timezone.now(),
        created_by=house.dm,
    )
    names = {"number": complaint.case.number, "found": found.number}
    sent = {key: value.format(**names) for key, value in data.items()}
    response = web(house.dm).post(url(house, "blank", blank.serial), sent)
    assert (response.status_code, errors(response)) == (422, [sentence])
    assert all(value in response.content.decode() for value in sent.values())
    blank.refresh_from_db()
    assert blank.settled_at is None


def test_sheet_of_another_kind_is_refused_by_name() -> None:
    house = House()
    complaint = house.new()
    blank = sheet(taken(house), "event")
    response = web(house.dm).post(
        url(house, "blank", blank.serial), {"number": complaint.case.number}
    )
    assert errors(response) == ["特殊事件记录单要补录成“特殊事件”，这个编号不是。"]


def test_confidential_case_is_neither_offered_accepted_nor_shown() -> None:
    house = Events()
    death = house.started("death")
    pack = printed(blanks.make(house.prop, by=None))
    blanks.take(pack, by=house.pm)
    blank = sheet(pack, "event")
    outsider = member(house.prop, Role.DUTY_MANAGER)
    client = web(outsider)
    page = client.get(url(house, "blank", blank.serial))
    assert death.case.number not in page.content.decode()
    response = client.post(url(house, "blank", blank.serial), {"number": death.case.number})
    assert errors(response) == ["没有这个编号，请核对后再填。"]
    blanks.enter(blank, death.case, by=house.pm)
    shown = client.get(url(house, "outage")).content.decode()
    assert (blank.serial in shown, death.case.number in shown) == (True, False)


def test_rest_of_a_pack_is_voided_at_once() -> None:
    house = House()
    pack = taken(house)
    blanks.enter(sheet(pack), house.new().case, by=house.dm)
    client = web(house.dm)
    assert client.post(url(house, "outage_void", pack.pk), {"reason": ""}).status_code == 422
    assert pack.blanks.filter(settled_at=None).count() == IN_A_PACK - 1
    response = client.post(url(house, "outage_void", pack.pk), {"reason": "没有用到，已销毁"})
    assert response.status_code == 302
    assert pack.blanks.filter(settled_at=None).count() == 0
    assert pack.blanks.exclude(case=None).count() == 1


def test_correcting_a_settled_number_asks_why() -> None:
    house = House()
    blank, first, second = sheet(taken(house)), house.new(), house.new()
    blanks.enter(blank, first.case, by=house.dm)
    client = web(house.dm)
    shown = client.get(url(house, "blank", blank.serial)).context["form"]["seen"].value()
    sent = {"number": second.case.number, "seen": shown}
    assert (
        client.post(
            url(house, "blank", blank.serial), sent | {"seen": "", "reason": "看错了"}
        ).status_code
        == 409
    )
    response = client.post(url(house, "blank", blank.serial), sent)
    assert (response.status_code, "reason" in response.context["form"].errors) == (422, True)
    response = client.post(url(house, "blank", blank.serial), sent | {"reason": "看错了一位"})
    blank.refresh_from_db()
    assert (response.status_code, blank.case) == (302, second.case)


# --- what it costs -------------------------------------------------------------------------


def cost(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_page_keeps_its_budget_at_any_size() -> None:
    house = House()
    taken(house)
    client = web(house.pm)
    blank = BlankForm.objects.first()
    assert blank is not None
    blanks.enter(sheet(blank.pack), house.new().case, by=house.dm)
    pages = [url(house, "outage"), url(house, "blank", blank.serial)]
    few = [cost(client, page) for page in pages]
    for _n in range(3):
        blanks.enter(sheet(taken(house)), house.new().case, by=house.dm)
    assert ([cost(client, page) for page in pages], max(few) <= 10) == (few, True)


# --- on paper ------------------------------------------------------------------------------


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


def squeezed(pdf: Path) -> str:
    return re.sub(r"\s", "", text_of(pdf.read_bytes()))


def test_command_prints_it_without_a_broker(media: Path, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/at/all.sock"
    house = House()
    complaint, hidden = house.new(), house.new()
    Case.objects.filter(pk=hidden.pk).update(restricted=True)
    floor = Place.objects.create(property=house.prop, kind="floor", name="18层", label="A座 18层")
    Place.objects.create(
        property=house.prop,
        parent=floor,
        kind="room",
        name="1806",
        code="A-1806",
        label="A座 18层 1806",
    )
    output, said = media / "pack.pdf", StringIO()
    call_command("outage_pack", output=str(output), stdout=said)
    pack = OutagePack.objects.get()
    text = squeezed(output)
    serials = list(pack.blanks.order_by("serial").values_list("serial", flat=True))
    assert {serial: text.count(serial) > 0 for serial in serials} == dict.fromkeys(serials, True)
    words = ["119", "预案卡：火警", "预案卡：停电", "A-1806", complaint.case.number, house.dm.name]
    assert {word: word in text for word in words} == dict.fromkeys(words, True)
    assert hidden.case.number not in text
    assert (pack.taken_at is not None, pack.taken_by) == (True, None)
    assert pack.number in said.getvalue()


def test_confidential_events_are_not_in_the_pack(media: Path) -> None:
    house = Events()
    death = house.started("death")
    blanks.make(house.prop, by=None)
    rendering.render_due(timezone.now())
    job = OutagePack.objects.select_related("job__document").get().job
    assert job is not None
    assert job.document is not None
    with job.document.file.open("rb") as stored:
        text = re.sub(r"\s", "", text_of(stored.read()))
    assert death.case.number not in text
    assert "没有处置中的事件。" in text


def test_lists_of_the_pack_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST", 2)
    house = House()
    for _n in range(5):
        house.new()
    rows, more = queries.complaints(house.prop)
    assert (len(rows), more) == (2, 3)
    listing = paper._complaints(house.prop)
    assert (len(listing.lines), listing.beyond) == (2, "另有 3 件没有列出，见系统。")


def test_floors_stand_in_the_order_people_count() -> None:
    house = House()
    for name in ("10层", "2层", "1层"):
        floor = Place.objects.create(
            property=house.prop, kind="floor", name=name, label=f"A座 {name}"
        )
        Place.objects.create(
            property=house.prop, parent=floor, kind="room", name="01", label=f"A座 {name} 01"
        )
    titles = [floor.title for floor in paper._floors(queries.rooms(house.prop))]
    assert titles[:3] == ["A座 1层", "A座 2层", "A座 10层"]


def test_command_asks_which_house() -> None:
    PropertyFactory()
    PropertyFactory()
    with pytest.raises(CommandError, match="公寓代码"):
        call_command("outage_pack")
