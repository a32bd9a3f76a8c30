"""Who a step asks to sign, and where the names go that are typed into its fields (decisions 3, 13)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from emergencies import playbooks
from emergencies.models import Event
from emergencies.playbooks import records
from emergencies.queries import prefill
from propdesk.core.models import Person
from propdesk.core.persons import Guest
from propdesk.core.transitions import RefusedInput
from tests.emergencies.journey import House, W, ago, board, fresh, photo
from tests.emergencies.test_damage_pages import said, web
from tests.factories import PASSWORD
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
BY_HAND = [
    ("fight", "F21"),
    ("fight", "F30"),
    ("medical", "M22"),
    ("theft", "T24"),
    ("theft", "T25"),
    ("theft", "T31"),
]
"""Steps that are signed by whom they are about, never by whoever ticks them."""


def waiting(house: House, kind: str, step: str) -> Event:
    answers: dict[str, str] = {
        "F30": {"weapon": "yes"},
        "M22": {"ambulance": "declined_by_guest"},
        "T24": {"place": "room", "forced_entry": "no"},
        "T31": {"item_recovered": "yes"},
    }.get(step, {})
    return house.answered(house.started(kind), **answers)


def typed(house: House, kind: str, step: str) -> dict[str, object]:
    from tests.emergencies.journey import value_of

    return {f.key: value_of(f, house.dm) for f in playbooks.PLAYBOOKS[kind].steps[step].fields}


def test_every_step_somebody_else_signs_is_in_this_list() -> None:
    found = [
        (code, step.id)
        for code, book in playbooks.PLAYBOOKS.items()
        for step in book.steps.values()
        if "guest_signature" in step.evidence
    ]

    assert sorted(found) == BY_HAND


@pytest.mark.parametrize(("kind", "step"), BY_HAND)
def test_password_of_a_colleague_is_no_signature_of_the_guest(kind: str, step: str) -> None:
    house = House()
    event = waiting(house, kind, step)
    own = W.Proof(text="已核对", values=typed(house, kind, step), password=PASSWORD)

    with refuses(RefusedInput) as refused, transaction.atomic():
        W.done(event, step, own, by=house.dm)

    assert set(refused.value.errors) == {"signature"}


@pytest.mark.parametrize("way", ["drawn", "paper"])
@pytest.mark.parametrize(("kind", "step"), BY_HAND)
def test_guest_signs_on_the_screen_or_on_paper(kind: str, step: str, way: str) -> None:
    house = House()
    event = waiting(house, kind, step)
    how = {"drawn": drawn()} if way == "drawn" else {"pictures": [photo()]}
    proof = W.Proof(
        text="已核对", values=typed(house, kind, step), contact=Guest(name="王晓梅"), **how
    )

    row = W.done(event, step, proof, by=house.dm)

    assert (row.person_signature is not None, row.photos.count()) == (
        way == "drawn",
        0 if way == "drawn" else 1,
    )
    assert board(event).lines[step].state == "done"


def test_form_of_a_step_the_guest_signs_asks_for_no_password() -> None:
    house = House()
    event = waiting(house, "theft", "T31")
    address = event.get_absolute_url() + "steps/T31/"

    shown = web(house.dm).get(address)
    refused = web(house.dm).post(address, {"text": "手表交还", "password": PASSWORD})

    assert "password" not in shown.context["form"].fields
    assert "请对方在屏幕上签" in said(shown)
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"signature"})


# --- names ---------------------------------------------------------------------------------


def test_name_typed_into_a_step_is_a_person_and_stands_nowhere_else() -> None:
    house = House()
    event = house.started("fight")
    data = {"field_person_other": "欧阳雪 13800005678", "field_account": "他先动手"}
    data |= {"photo": [SimpleUploadedFile("a.jpg", photo(), "image/jpeg")]}

    answer = web(house.guard).post(event.get_absolute_url() + "steps/F21/", data)

    person = Person.objects.get(name="欧阳雪 13800005678")
    mark = event.marks.get(step="F21")
    assert answer.status_code == 302
    assert mark.values == {"person": {"person": person.pk}, "account": "他先动手"}
    assert "欧阳雪" not in str(list(event.case.entries.values_list("content", flat=True)))
    for page in ("", "timeline/"):
        assert "欧阳雪13800005678" in said(web(house.guard).get(event.get_absolute_url() + page))


def test_name_is_kept_by_every_way_to_mark_a_step() -> None:
    house = House()
    event = house.dead()
    values = {"called_at": ago(minutes=1).isoformat(), "officer": "刘警官", "badge": "012345"}

    W.done(event, "X13", W.Proof(values=values), by=house.dm)

    person = Person.objects.get(name="刘警官")
    assert event.marks.get(step="X13").values["officer"] == {"person": person.pk}
    assert person.kind == Person.Kind.OUTSIDER


def test_colleague_and_party_stay_references() -> None:
    house = House()
    event = house.started("fight")
    party = W.add_party(event, "witness", Guest(name="路人"), by=house.dm)
    ways = [{"user": house.guard.pk}, {"person": party.person_id}]
    before = Person.objects.count()

    for seen, value in enumerate(ways):
        proof = W.Proof(values={"person": value, "account": "看见"}, pictures=[photo()])
        W.done(fresh(event), "F21", proof, by=house.guard, seen=seen)

    kept = event.marks.filter(step="F21").order_by("seq").values_list("values__person", flat=True)
    assert (list(kept), Person.objects.count()) == (ways, before)


# --- times ---------------------------------------------------------------------------------


def test_what_has_not_happened_yet_is_not_registered_as_done() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False)
    later = (timezone.now() + timedelta(hours=3)).isoformat()
    with refuses(RefusedInput) as refused:
        W.done(event, "T11", W.Proof(values={"arrived_at": later}), by=house.guard)
    assert refused.value.errors["field_arrived_at"] == "“到场时间”还没有到，请填实际时间。"


def test_what_is_expected_may_lie_ahead() -> None:
    house = House()
    event = house.answered(house.started("power_outage"), late=False, scope="area")
    later = (timezone.now() + timedelta(hours=3)).isoformat()
    spec = playbooks.PLAYBOOKS["power_outage"].steps["P22"]
    proof = house.proof(event, spec, house.dm)
    values = {**proof.values, "expected_at": later}
    mark = W.done(fresh(event), "P22", replace(proof, values=values), by=house.dm)
    assert mark.values["expected_at"] == later


# --- the police ----------------------------------------------------------------------------


def test_call_to_the_police_is_ticked_before_they_give_a_receipt() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="yes")
    proof = W.Proof(values={"called_at": timezone.now().isoformat()})

    W.done(event, "T21", proof, by=house.guard)

    states = {step: board(event).lines[step].state for step in ("T21", "T26")}
    assert states == {"T21": "done", "T26": "open"}
    assert "C3" in {line.id for line in board(event).missing("handling")}


def test_receipt_of_the_police_is_printed_in_the_statement_of_the_guest() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="yes")
    proof = W.Proof(values={"receipt_no": "城公受〔2026〕88号"})

    W.done(event, "T26", proof, by=house.guard)

    written = prefill.proposed(records.forms()["theft_statement"], prefill.Sources(fresh(event)))
    assert written["receipt_no"] == "城公受〔2026〕88号"


# --- who may stand in a field --------------------------------------------------------------


def shown(house: House, event: Event, step: str) -> dict[str, object]:
    """The fields of people of a form, each with what it offers; None for a free line."""
    page = web(house.dm).get(event.get_absolute_url() + f"steps/{step}/")
    fields = page.context["form"].fields
    return {
        name: getattr(field, "choices", None)
        for name, field in fields.items()
        if name.partition("_other")[0] == "field_officer"
    }


def test_police_are_typed_and_no_colleague_stands_for_them() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="yes")
    values = {"officer": {"user": house.guard.pk}, "receipt_no": "88"}

    with refuses(RefusedInput) as refused, transaction.atomic():
        W.done(event, "T26", W.Proof(values=values), by=house.guard)

    assert refused.value.errors == {"field_officer": "“到场民警”不是本处员工，请写姓名或单位。"}
    assert shown(house, event, "T26") == {"field_officer_other": None}


def test_step_for_security_takes_security_alone_and_offers_it_first() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False)
    said = {"arrived_at": timezone.now().isoformat()}
    sentences = {}

    for who, value in {"desk": {"user": house.desk.pk}, "words": "李强"}.items():
        with refuses(RefusedInput) as refused, transaction.atomic():
            W.done(event, "T11", W.Proof(values=said | {"officer": value}), by=house.dm)
        sentences[who] = refused.value.errors["field_officer"]
    W.done(
        fresh(event), "T11", W.Proof(values=said | {"officer": {"user": house.sec.pk}}), by=house.dm
    )

    assert sentences == {
        "desk": "“到场的保安员”须是保安部的人，请改选。",
        "words": "“到场的保安员”是本处员工，请从列表里选。",
    }
    offered = shown(house, event, "T11")
    assert set(offered) == {"field_officer"}
    _choose, (first, own), (rest, _others) = offered["field_officer"]  # type: ignore[misc]
    assert (first, rest) == ("保安部", "其他同事")
    assert {name for _pk, name in own} == {"李强", "马涛", "赵刚"}


def test_role_that_is_only_offered_first_refuses_no_colleague() -> None:
    house = House()
    event = house.answered(house.started("fire"), late=False)
    said = {"point": "18层", "burning": "窗帘", "verified_at": timezone.now().isoformat()}
    values = said | {"verifier": {"user": house.desk.pk}}

    mark = W.done(event, "R10", W.Proof(values=values), by=house.guard)

    assert mark.values["verifier"] == {"user": house.desk.pk}


def test_reference_typed_as_a_name_is_a_name() -> None:
    house = House()
    event = house.started("fight")
    stranger = Person.objects.create(property=house.prop, name="别人", created_at=timezone.now())
    data = {"field_person_other": f"person:{stranger.pk}", "field_account": "看见"}
    data |= {"photo": [SimpleUploadedFile("a.jpg", photo(), "image/jpeg")]}

    web(house.guard).post(event.get_absolute_url() + "steps/F21/", data)

    kept = event.marks.get(step="F21").values["person"]
    assert kept != {"person": stranger.pk}
    assert Person.objects.get(pk=kept["person"]).name == f"person:{stranger.pk}"


def test_paper_takes_no_colleague_for_the_guest() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False)

    with refuses(RefusedInput) as refused, transaction.atomic():
        W.start_record(event, "theft_statement", {"guest": house.guard}, by=house.dm)

    assert refused.value.errors == {"f_guest": "“客户”不是本处员工，请写姓名或单位。"}
    page = web(house.dm).get(event.get_absolute_url() + "records/new/theft_statement/")
    assert [n for n in page.context["form"].fields if n.startswith("f_guest")] == ["f_guest_other"]


# --- what is marked as required ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "step", "answers", "marked"),
    [
        ("theft", "T20", {}, {"photo", "text"}),
        ("theft", "T13", {}, {"text"}),
        ("theft", "T11", {}, {"field_officer", "field_arrived_at"}),
        ("theft", "T22", {}, {"field_outcome", "field_export_no", "field_reason"}),
        ("medical", "M10", {"ambulance": "called"}, {"field_called_at"}),
        ("fight", "F23", {"minor_involved": "yes"}, {"contact_name"}),
    ],
)
def test_form_marks_what_the_workflow_demands(
    kind: str, step: str, answers: dict[str, str], marked: set[str]
) -> None:
    house = House()
    event = house.answered(house.started(kind), late=False, **answers)

    page = web(house.dm).get(event.get_absolute_url() + f"steps/{step}/")

    fields = page.context["form"].fields.items()
    assert {name for name, field in fields if field.required} == marked


def test_field_of_the_other_choice_is_marked_and_not_demanded() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False)
    data = {"field_outcome": "none_covers", "field_reason": "走廊一号", "text": "查过"}

    answer = web(house.dm).post(event.get_absolute_url() + "steps/T22/", data)

    assert (answer.status_code, event.marks.get().step) == (302, "T22")
