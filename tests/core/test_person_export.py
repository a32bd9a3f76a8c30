"""What is on record about one person: found by number, of readable cases only, logged in each."""

import io
import json
import zipfile

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from propdesk.core import audit, person_export, persons
from propdesk.core.models import Case, Person, Unmasking
from propdesk.core.person_export import Asked
from propdesk.core.transitions import RefusedInput
from tests.core.test_retention import old, purge
from tests.factories import web
from tests.incidents.journey import GUEST, House
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
ID = "11010519491231002X"
ASKED = Asked(phone=GUEST.phone, purpose="客户本人要求查阅")


def test_person_gets_what_is_his_and_every_case_says_so():
    house = House()
    one, two, other = house.new(), house.new(), house.new()
    # The same telephone written otherwise, with another one beside it; and with somebody else's name.
    spelled = "+86 138 0000 5678、83001234"
    persons.change(
        two.guest, persons.Guest(name=GUEST.name, phone=spelled), by=house.dm, reason="补充"
    )
    persons.change(
        other.guest, persons.Guest(name="李强", phone="138-0000-5678"), by=house.dm, reason="x"
    )
    persons.see_id(one.guest, "id_card", ID)
    url = reverse("house:person_export", args=[house.prop.code])
    typed = {"phone": "0086 138 00005678", "id_type": "", "id_number": "", "purpose": ASKED.purpose}

    shared = web(house.pm).post(url, typed | {"name": ""})
    response = web(house.pm).post(url, typed | {"name": "王晓梅"})

    said = shared.content.decode()
    assert (shared.status_code, "几个姓名" in said, "李强" in said) == (422, True, False)

    file = zipfile.ZipFile(io.BytesIO(response.content))
    said = json.loads(file.read("personal-data.json"))
    assert [row["case"] for row in said["records"]] == [one.case.number, two.case.number]
    assert said["records"][0]["stored"] == {
        "姓名": GUEST.name,
        "称呼": "女士",
        "电话": GUEST.phone,
        "证件类型": "居民身份证",
        "证件号后四位": "002X",
    }
    assert [row["new"] for row in said["records"][1]["changes"]] == ["", spelled]
    text = file.read("personal-data.txt").decode("utf-8")
    assert (spelled in text, "李强" in text, ID in text) == (True, False, False)
    looks = Unmasking.objects.values_list("person", "field", "by", "reason").order_by("person")
    assert list(looks) == [
        (c.guest_id, "export", house.pm.pk, "客户本人要求查阅") for c in (one, two)
    ]
    for case in Case.objects.filter(pk__in=[one.pk, two.pk]):
        last = case.entries.order_by("-seq")[0]
        assert (last.action, last.by, audit.problems(case)) == ("export_person", house.pm, [])
    assert not other.case.entries.filter(action="export_person").exists()


def test_paper_is_known_again_by_its_hash_alone():
    house = House()
    complaint = house.new()
    persons.see_id(complaint.guest, "id_card", ID)
    asked = Asked(id_type="id_card", id_number=ID.lower(), purpose="本人查阅")

    given = person_export.give(house.prop, asked, by=house.pm, readable=Case.objects.all())

    assert given.count == 1


def test_more_than_can_be_given_is_refused_and_not_cut(monkeypatch):
    house = House()
    house.new()
    house.new()
    monkeypatch.setattr(person_export, "MOST", 1)

    with refuses(RefusedInput, match="登记得太多"):
        person_export.give(house.prop, ASKED, by=house.pm, readable=Case.objects.all())


def test_purged_case_is_left_out(as_owner):
    house = House()
    gone, kept = house.closed(), house.new()
    old(gone.case)
    purge(house, as_owner)
    # As if a further case had named the same row.
    words = {"purged_at": None, "phone": GUEST.phone, "name": GUEST.name}
    Person.objects.filter(pk=gone.guest_id).update(**words)

    given = person_export.give(house.prop, ASKED, by=house.pm, readable=Case.objects.all())

    assert given.count == 1
    assert gone.case.entries.filter(action="export_person").count() == 0
    assert kept.case.entries.filter(action="export_person").count() == 1


@pytest.mark.parametrize(
    ("asked", "who", "refusal"),
    [
        (ASKED, "dm", PermissionDenied),
        (Asked(phone=GUEST.phone, purpose=" "), "pm", RefusedInput),
        (Asked(purpose="本人查阅"), "pm", RefusedInput),
        (Asked(phone="138", purpose="本人查阅"), "pm", RefusedInput),
        (Asked(phone="13900000000", purpose="本人查阅"), "pm", RefusedInput),
    ],
    ids=["role", "purpose", "nothing", "short", "unknown"],
)
def test_export_is_refused_and_nothing_is_logged(asked, who, refusal):
    house = House()
    house.new()

    with refuses(refusal):
        person_export.give(house.prop, asked, by=getattr(house, who), readable=Case.objects.all())

    assert not Unmasking.objects.exists()


def test_cases_he_may_not_read_are_neither_given_nor_named():
    house = House()
    house.new()

    with refuses(RefusedInput, match="没有登记过"):
        person_export.give(house.prop, ASKED, by=house.pm, readable=Case.objects.none())
    stranger = House()
    with refuses(RefusedInput, match="没有登记过"):
        person_export.give(stranger.prop, ASKED, by=stranger.pm, readable=Case.objects.all())
