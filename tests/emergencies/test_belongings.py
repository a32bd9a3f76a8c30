# ruff: noqa: S608 -- the statements name our own tables only
"""遗物 (E-6): after the release, by two who are there, and out of the house against a signature."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from django.http import Http404

from emergencies import workflow
from emergencies.models import Belonging, Handover, Inventory
from emergencies.queries import seals
from propdesk.core import audit, photos
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import THINGS, House, board, fresh, photo
from tests.factories import PASSWORD
from tests.factories import fresh as read
from tests.incidents.journey import drawn
from tests.incidents.moves import refuses
from tests.incidents.test_constraints import run, twin
from tests.incidents.test_races import at_once

pytestmark = pytest.mark.django_db
W = workflow


def refused_fields(act) -> set[str]:
    """The fields a refusal names; nothing was changed."""
    with refuses(RefusedInput) as caught, transaction.atomic():
        act()
    return set(caught.value.errors)


def count(house, event, things=THINGS, *, pictures=None, **changes):
    second = changes.pop("second", W.Second(house.pm, PASSWORD))
    shown = [photo()] if pictures is None else pictures
    return W.count_belongings(fresh(event), things, second, shown, by=house.sec, **changes)


def hand(house, event, positions, **changes):
    second = changes.pop("second", W.Second(house.pm, PASSWORD))
    what = house.receiver(**changes)
    return W.hand_over_belongings(fresh(event), positions, what, second, by=house.sec)


def test_photo_that_finds_no_room_takes_those_before_it_along(monkeypatch, settings):
    """No file of a photo without its row: neither of a list nor of an event."""
    house = House()
    event = house.released().event

    def files():
        return set(settings.MEDIA_ROOT.rglob("*.jpg"))

    before, filed, tries = files(), photos._filed, []

    def third_is_refused(*args):
        tries.append(len(files() - before))
        if len(tries) % 3 == 0:
            raise RefusedInput(photo="没有存上")
        return filed(*args)

    monkeypatch.setattr(photos, "_filed", third_is_refused)
    three = [photo(), photo(), photo()]
    refused_fields(lambda: count(house, event, pictures=three))
    refused_fields(lambda: W.attach(fresh(event), three, by=house.dm))

    assert tries == [0, 2, 4] * 2
    assert files() == before


def test_list_is_counted_by_two_with_photo_and_cash_by_denomination():
    house = House()
    event = house.counted()

    row = Inventory.objects.get()
    assert (row.counted_by, row.counted_with) == (house.sec, house.pm)
    assert row.signature.user == house.pm
    assert row.photo.case_id == event.pk
    assert list(row.lines.values_list("text", "count", "in_safe", "currency", "denomination")) == [
        ("黑色行李箱", 1, False, "", None),
        ("护照一本", 1, True, "", None),
        ("现金", 12, True, "CNY", Decimal("100.00")),
    ]
    assert board(event).lines["X33"].state == "open"
    assert audit.problems(event.case) == []


def test_room_under_seal_is_not_counted():
    house = House()
    event = house.sealed().event

    with refuses(ConflictError, match="没有公安解除记录"), transaction.atomic():
        count(house, event)


def test_room_that_was_never_sealed_nor_released_is_not_counted():
    house = House()
    event = house.dead()

    with refuses(ConflictError, match="没有公安解除记录"), transaction.atomic():
        count(house, event)


def test_death_in_hospital_is_counted_without_any_seal():
    house = House()
    event = house.dead(at_premises="no")

    count(house, event)

    assert Inventory.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"things": ()}, "things"),
        ({"things": THINGS, "is_empty": True}, "is_empty"),
        ({"things": (W.Thing(" "),)}, "things"),
        ({"things": (W.Thing("手表", count=0),)}, "things"),
        ({"things": (W.Thing("", currency="CNY", in_safe=True),)}, "things"),
        (
            {"things": (W.Thing("", currency="CNY", denomination=Decimal(100), in_safe=False),)},
            "things",
        ),
        ({"things": (W.Thing("纸"),) * 201}, "things"),
        ({"pictures": []}, "photo"),
    ],
    ids=[
        "none",
        "empty and not",
        "nameless",
        "zero",
        "no denomination",
        "not in safe",
        "201",
        "photo",
    ],
)
def test_list_that_is_not_whole_is_refused(changes, field):
    house = House()
    event = house.released().event

    assert refused_fields(lambda: count(house, event, **changes)) == {field}


@pytest.mark.parametrize(
    ("pick", "field"),
    [
        (lambda h: W.Second(h.sec, PASSWORD), "second"),
        (lambda h: W.Second(h.dm2, PASSWORD), "second"),
        (lambda h: W.Second(h.pm, "wrong"), "second_password"),
    ],
    ids=["himself", "no reader", "wrong password"],
)
def test_counting_alone_is_refused(pick, field):
    house = House()
    event = house.released().event

    assert refused_fields(lambda: count(house, event, second=pick(house))) == {field}


def test_no_belongings_at_all_is_said_and_done():
    house = House()
    event = house.released().event

    count(house, event, (), is_empty=True)

    assert board(event).lines["X33"].state == "done"


def test_counted_again_with_a_reason_keeps_the_old_list():
    house = House()
    event = house.counted()
    assert refused_fields(lambda: count(house, event)) == {"reason"}

    count(house, event, THINGS[:2], reason="漏看抽屉")

    assert list(Inventory.objects.order_by("seq").values_list("seq", "lines__count")) != []
    assert [row.text for row in seals.lines(event)] == ["黑色行李箱", "护照一本"]
    assert Belonging.objects.count() == 5
    assert audit.problems(fresh(event).case) == []


def test_counting_again_after_nothing_was_there_opens_the_step():
    house = House()
    event = house.released().event
    count(house, event, (), is_empty=True)

    count(house, event, THINGS[:1], reason="床下还有一箱")

    assert board(event).lines["X33"].state == "open"


def test_handed_over_in_two_parts_the_step_is_done_with_the_last():
    house = House()
    event = house.counted()

    hand(house, event, [2], to="police", papers="接收文书〔2026〕12号")
    middle = board(event).lines["X33"].state
    hand(house, event, [1, 3])

    assert (middle, board(event).lines["X33"].state) == ("open", "done")
    rows = Handover.objects.order_by("pk")
    assert [(row.to, row.lines.count()) for row in rows] == [("police", 1), ("heir", 2)]
    person = rows[1].receiver
    assert (person.name, person.id_type, person.id_last4) == ("吴秀英", "passport", "5678")
    assert rows[1].signature_sha256 == rows[1].signature.sha256
    assert audit.problems(fresh(event).case) == []


def test_paper_signature_is_taken_as_a_scan():
    house = House()
    event = house.counted()

    row = hand(house, event, [1], drawn=b"", scan=photo())

    assert row.signature.kind == "scan"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "friend"}, "to"),
        ({"name": " "}, "name"),
        ({"papers": ""}, "papers"),
        ({"drawn": b""}, "signature"),
        ({"id_type": "library"}, "id_type"),
        ({"id_type": "id_card", "id_number": "110101199003070000"}, "id_number"),
        ({"second": None}, "second_password"),
    ],
)
def test_handing_over_without_paper_id_or_signature_is_refused(changes, field):
    house = House()
    event = house.counted()
    if "second" in changes:
        changes = {"second": W.Second(house.pm, "")}

    assert refused_fields(lambda: hand(house, event, [1], **changes)) == {field}


def test_nothing_ticked_is_refused():
    house = House()
    event = house.counted()

    assert refused_fields(lambda: hand(house, event, [])) == {"lines"}


def test_line_is_handed_over_once():
    house = House()
    event = house.counted()
    hand(house, event, [1])

    with refuses(ConflictError, match="已经移交"), transaction.atomic():
        hand(house, event, [1, 2])
    with refuses(ConflictError, match="不能再重新清点"), transaction.atomic():
        count(house, event, reason="再点一次")
    with refuses(ConflictError, match="清单刚有变化"), transaction.atomic():
        hand(house, event, [9])


@pytest.mark.parametrize("role", ["dm2", "guard", "cleaner", "staff"])
def test_for_who_is_no_reader_there_is_nothing_to_count(role):
    house = House()
    event = house.released().event
    second = W.Second(house.pm, PASSWORD)

    with refuses(Http404), transaction.atomic():
        W.count_belongings(event, THINGS, second, [photo()], by=getattr(house, role))


INVENTORY, LINE, HANDED = (
    "emergencies_inventory",
    "emergencies_belonging",
    "emergencies_handover",
)
SQL = {
    "inventory_seq": twin(INVENTORY, superseded_at="now()"),
    "inventory_current": twin(INVENTORY, seq="9", reason="'x'", superseded_at="NULL"),
    "inventory_two_people": twin(
        INVENTORY, seq="9", superseded_at="now()", reason="'x'", counted_with_id="counted_by_id"
    ),
    "inventory_again_has_reason": twin(INVENTORY, seq="9", superseded_at="now()"),
    "inventory_times": twin(
        INVENTORY,
        seq="9",
        superseded_at="now()",
        reason="'x'",
        counted_at="at + interval '1 second'",
    ),
    "belonging_position": twin(LINE),
    "belonging_counted": twin(LINE, position="9", count="0"),
    "belonging_cash": twin(LINE, position="9", in_safe="FALSE", where="currency <> ''"),
    "handover_two_people": twin(HANDED, handed_with_id="handed_by_id"),
    "handover_has_papers": twin(HANDED, papers="''"),
    "handover_times": twin(HANDED, handed_at="at + interval '1 second'"),
    "inventory_frozen": f"UPDATE {INVENTORY} SET is_empty = TRUE",
    "inventory_superseded_final": f"UPDATE {INVENTORY} SET superseded_at = NULL "
    "WHERE superseded_at IS NOT NULL",
    "belonging_frozen": f"UPDATE {LINE} SET count = 1",
    "belonging_handed_final": f"UPDATE {LINE} SET handover_id = NULL",
    "handover_frozen": f"UPDATE {HANDED} SET papers = 'x'",
}


@pytest.mark.every_case
@pytest.mark.parametrize("name", sorted(SQL))
def test_database_refuses_what_the_workflow_never_writes(name):
    house = House()
    event = house.counted()
    count(house, event, reason="再点一次")
    hand(house, event, [1])

    assert run(SQL[name]) == f"emergencies_{name}"


def test_nothing_of_the_belongings_can_be_deleted():
    house = House()
    hand(house, house.counted(), [1])

    for table in (INVENTORY, LINE, HANDED):
        assert run(f"DELETE FROM {table}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_line_given_to_two_at_once_goes_to_one():
    house = House()
    event = house.counted()
    second = W.Second(house.pm, PASSWORD)

    def act(i):
        what = replace(house.receiver(), name=f"接收人{i}", drawn=drawn())
        W.hand_over_belongings(event, [1], what, second, by=read(house.sec))

    assert Counter(at_once(4, act)) == {"done": 1, "ConflictError": 3}
    assert Handover.objects.count() == 1
    assert audit.problems(fresh(event).case) == []
