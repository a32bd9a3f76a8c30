# ruff: noqa: S608 -- the statements name our own tables only
"""清查和点名 (E-8): three lists, unknown until all are counted, nobody missing unless 消防 has him."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from emergencies import workflow
from emergencies.forms.headcount import RollCallForm
from emergencies.models import FireHandover, FloorSweep, Missing, RollCall
from emergencies.playbooks import records
from emergencies.queries import headcount, prefill, registers
from emergencies.workflow.absent import Absent
from emergencies.workflow.headcount import refuse_while_missing
from propdesk.core import audit
from propdesk.core.models import Notice
from propdesk.core.persons import Guest
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, ago, board, fresh
from tests.emergencies.test_pages import client_of
from tests.factories import PlaceFactory, UserFactory
from tests.factories import fresh as read
from tests.incidents.moves import refuses
from tests.incidents.test_constraints import run, twin
from tests.incidents.test_races import at_once

pytestmark = pytest.mark.django_db
W = workflow
HANDED = W.Handed("孙队长", "城南消防站", note="名单一份，最后在18层")


def refused_fields(act) -> set[str]:
    """The fields a refusal names; nothing was changed."""
    with refuses(RefusedInput) as caught, transaction.atomic():
        act()
    return set(caught.value.errors)


def missing(event):
    return board(event).evidence.fields["R32.missing"]


# --- floors ----------------------------------------------------------------------------------


def test_floors_are_swept_one_by_one_and_the_last_ends_the_step():
    house = House()
    event = house.burning()

    W.sweep_floor(event, W.Swept(house.floor, doors=20, people=2), by=house.cleaner)
    first = board(event).lines["R30"].state
    W.sweep_floor(
        fresh(event), W.Swept(floor="天台", swept_by=house.guard, is_last=True), by=house.cleaner
    )

    assert (first, board(event).lines["R30"].state) == ("open", "done")
    rows = FloorSweep.objects.order_by("pk").values_list("place", "floor", "doors", "people")
    assert list(rows) == [(house.floor.pk, "", 20, 2), (None, "天台", 0, 0)]
    assert audit.problems(fresh(event).case) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"place": None}, "place"),
        ({"doors": -1}, "doors"),
        ({"people": 30_001}, "doors"),
        ({"started_at": "late"}, "started_at"),
        ({"cleared_at": "late"}, "cleared_at"),
    ],
)
def test_floor_without_its_facts_is_refused(changes, field):
    house = House()
    event = house.burning()
    late = timezone.now() + timedelta(minutes=5)
    values = {k: late if v == "late" else v for k, v in changes.items()}
    what = W.Swept(**({"place": house.floor} | values))

    assert refused_fields(lambda: W.sweep_floor(event, what, by=house.cleaner)) == {field}


def test_floor_of_another_property_or_a_stranger_who_swept_it_is_refused():
    house = House()
    event = house.burning()
    stranger = W.Swept(house.floor, swept_by=UserFactory())

    assert refused_fields(
        lambda: W.sweep_floor(event, W.Swept(PlaceFactory()), by=house.cleaner)
    ) == {"place"}
    assert refused_fields(lambda: W.sweep_floor(event, stranger, by=house.cleaner)) == {"swept_by"}


# --- the roll call ---------------------------------------------------------------------------


def test_missing_is_unknown_until_all_three_lists_were_counted():
    house = House()
    event = house.burning()
    seen = [missing(event)]

    for name in ("residents", "visitors", "staff"):
        W.roll_call(fresh(event), W.Count(name, 9, 9), by=house.desk)
        seen.append(missing(event))

    assert seen == [None, None, None, 0]
    assert board(event).lines["R32"].state == "done"


def test_last_count_of_each_list_is_the_one_that_holds():
    house = House()
    event = house.roll(house.burning(), 2)
    before = missing(event)

    W.roll_call(event, W.Count("residents", 20, 19, rest_unknown=True), by=house.desk)
    middle = missing(event)
    W.roll_call(fresh(event), W.Count("residents", 20, 20), by=house.desk)

    assert (before, middle, missing(event)) == (2, 1, 0)
    mark = event.marks.get(step="R32", superseded_at=None)
    assert mark.values == {"expected": 60, "present": 60, "missing": 0}
    assert list(event.roll_calls.filter(list="residents").values_list("seq", "missing")) == [
        (1, 2),
        (2, 1),
        (3, 0),
    ]
    assert audit.problems(fresh(event).case) == []


def test_who_did_not_answer_is_a_party_and_his_name_in_no_notice():
    house = House()
    event = house.burning()
    who = [Guest(name="欧阳雪", room=house.room)]

    what = W.Count("residents", 20, 18, people=who, rest_unknown=True)
    W.roll_call(event, what, by=house.desk)

    (party,) = headcount.not_found(event)
    assert (party.part, party.person.name, party.person.room) == ("trapped", "欧阳雪", house.room)
    notice = Notice.objects.filter(key__contains="missing:").first()
    assert notice.text == f"【缺2人】{event.case.number} · 火警 · 立即告诉消防"


@pytest.mark.parametrize(
    ("what", "field"),
    [
        (W.Count("guests", 1, 1), "list"),
        (W.Count("staff", None, 1), "expected"),
        (W.Count("staff", 1, None), "present"),
        (W.Count("staff", 5, 6), "present"),
        (W.Count("staff", -1, 0), "expected"),
        (W.Count("staff", 30_001, 0), "expected"),
        (W.Count("staff", 5, 5, people=(Guest(name="甲"),)), "people"),
    ],
    ids=["list", "expected", "present", "more present", "negative", "too many", "more named"],
)
def test_count_that_does_not_add_up_is_refused(what, field):
    house = House()
    event = house.burning()

    assert refused_fields(lambda: W.roll_call(event, what, by=house.desk)) == {field}


def test_count_entered_late_does_not_take_the_place_of_a_later_one():
    house = House()
    event = house.roll(house.burning())
    what = W.Count("staff", 9, 1, counted_at=ago(minutes=5), rest_unknown=True)

    assert refused_fields(lambda: W.roll_call(event, what, by=house.desk)) == {"counted_at"}


def test_shorter_list_needs_a_reason_that_stays_and_is_printed():
    house = House()
    event = house.roll(house.burning(), 1)

    assert refused_fields(
        lambda: W.roll_call(event, W.Count("residents", 19, 19), by=house.desk)
    ) == {"reason"}
    W.roll_call(fresh(event), W.Count("residents", 19, 19, reason="1702昨天已退房"), by=house.desk)

    assert missing(event) == 0
    assert event.roll_calls.get(list="residents", seq=2).reason == "1702昨天已退房"
    assert [row["note"] for row in registers.ROWS["roll_call"](event)] == [
        "缺的人里1人还不知道是谁",
        "",
        "",
        "应到减少：1702昨天已退房",
    ]


def gone(house, *names):
    """Residents counted, these of them missing by name."""
    event = house.roll(house.burning())
    people = [Guest(name=name) for name in names]
    what = W.Count("residents", 20, 20 - len(names), people=people)
    W.roll_call(fresh(event), what, by=house.desk)
    return fresh(event), {p.person.name: p.pk for p in headcount.not_found(event)}


def names(event):
    return sorted(party.person.name for party in headcount.not_found(event))


def test_somebody_missing_by_name_must_be_found_or_struck_by_name():
    house = House()
    event, party = gone(house, "欧阳雪", "关羽")
    said = {party["欧阳雪"]: "found", party["关羽"]: "list_error"}

    for settled in ({}, {party["欧阳雪"]: "found"}, {party["欧阳雪"]: "left"}, {0: "found"}):
        what = W.Count("residents", 19, 19, settled=settled, reason="名单重复")
        assert refused_fields(lambda what=what: W.roll_call(event, what, by=house.desk)) == {
            "people"
        }
    W.roll_call(event, W.Count("residents", 19, 19, settled=said, reason="名单重复"), by=house.desk)

    rows = Missing.objects.filter(roll_call__seq=3).values_list("party", "outcome")
    assert (dict(rows), names(event)) == (said, [])
    assert audit.problems(fresh(event).case) == []


def test_somebody_still_missing_stays_on_the_list_of_the_next_count():
    house = House()
    event, party = gone(house, "欧阳雪", "关羽")

    W.roll_call(
        event, W.Count("residents", 20, 19, settled={party["关羽"]: "found"}), by=house.desk
    )

    assert names(event) == ["欧阳雪"]
    W.roll_call(fresh(event), W.Count("residents", 20, 19), by=house.desk)
    assert names(event) == ["欧阳雪"]


def test_form_of_the_next_count_asks_for_each_who_is_missing():
    house = House()
    event, party = gone(house, "欧阳雪")
    client = client_of(house.desk)
    url = f"{event.get_absolute_url()}do/roll-call/"

    page = client.get(url).content.decode()
    short = {"list": "residents", "expected": "19", "present": "19", "rows": "3"}
    refused = client.post(url, short).content.decode()
    said = {f"party_{party['欧阳雪']}": "list_error", "reason": "名单重复"}
    done = client.post(url, short | said)

    assert "欧阳雪" in page
    assert "应到比上一次少，请写明原因。" in refused
    assert (done.status_code, names(event)) == (302, [])


def test_form_settles_nobody_of_another_list():
    house = House()
    event, party = gone(house, "欧阳雪")
    data = {"list": "staff", "expected": "20", "present": "20", "rows": "3"}
    form = RollCallForm(data | {f"party_{party['欧阳雪']}": "found"}, event=event, user=house.desk)

    assert form.errors == {f"party_{party['欧阳雪']}": ["此人在“在住”名单上，请点那一张。"]}


def test_missing_are_named_or_said_to_be_unknown():
    house = House()
    event = house.burning()
    who = [Guest(name="欧阳雪")]

    for people in ([], who):
        what = W.Count("residents", 20, 18, people=people)
        assert refused_fields(lambda what=what: W.roll_call(event, what, by=house.desk)) == {
            "rest_unknown"
        }
    W.roll_call(event, W.Count("residents", 20, 18, who, rest_unknown=True), by=house.desk)

    (row,) = registers.ROWS["roll_call"](event)
    assert (names(event), row["note"]) == (["欧阳雪"], "缺的人里1人还不知道是谁")
    assert headcount.unnamed(event, headcount.tally(event)) == 1


def test_somebody_unknown_is_described_and_stands_in_the_paper():
    house = House()
    event = house.roll(house.burning())
    nobody = W.Count("visitors", 20, 19, people=[Absent(name="身份不明")])

    assert refused_fields(lambda: W.roll_call(event, nobody, by=house.desk)) == {"people"}
    people = [Absent(note="穿红外套的老人，最后在18层"), Absent(room=house.room)]
    W.roll_call(fresh(event), W.Count("visitors", 20, 18, people=people), by=house.desk)

    rows = list(registers.ROWS["roll_call_missing"](event))
    said = [(row["person"].name, row["room"], row["note"], row["outcome"]) for row in rows]
    assert said == [
        ("身份不明", "", "穿红外套的老人，最后在18层", "未到"),
        ("", house.room.label, "", "未到"),
    ]
    assert "unnamed" not in event.marks.get(step="R32", superseded_at=None).values


def test_unknown_missing_stay_an_open_item_until_they_are_named():
    house = House()
    event = house.roll(house.burning(), 1)
    client = client_of(house.desk)
    url = f"{event.get_absolute_url()}headcount/"
    before = client.get(url).content.decode()
    step = event.marks.get(step="R32", superseded_at=None)
    form = records.forms()["fire_record"]
    printed = prefill.proposed(form, prefill.Sources(event))["unnamed"]

    what = W.Count("residents", 20, 19, people=[Guest(name="欧阳雪")])
    W.roll_call(fresh(event), what, by=house.desk)

    assert "1 人还不知道是谁" in before
    assert (step.values["unnamed"], printed) == (1, 1)
    assert "还不知道是谁" not in client.get(url).content.decode()
    assert audit.problems(fresh(event).case) == []


def test_form_of_the_roll_call_marks_what_must_be_filled_in():
    house = House()
    event = house.burning()
    client = client_of(house.desk)
    url = f"{event.get_absolute_url()}do/roll-call/"

    page = client.get(url)
    short = {"list": "residents", "expected": "20", "present": "19", "rows": "3"}
    refused = client.post(url, short)
    done = client.post(url, short | {"rest_unknown": "on"})

    marked = {name for name, field in page.context["form"].fields.items() if field.required}
    assert marked == {"list", "expected", "present"}
    assert refused.context["form"].errors == {
        "rest_unknown": ["缺1人，写明了0人：请补上；不知道是谁的，勾下面一格先登记人数。"]
    }
    assert (done.status_code, event.roll_calls.get().missing) == (302, 1)


def test_event_without_a_roll_call_has_none():
    house = House()
    event = house.started("theft")

    with refuses(ConflictError, match="没有这一项"), transaction.atomic():
        W.roll_call(event, W.Count("staff", 1, 1), by=house.dm)


@pytest.mark.parametrize("step", ["R30", "R32", "R35"])
def test_step_of_the_register_is_not_ticked_by_hand(step):
    house = House()
    event = house.burning()

    with refuses(ConflictError, match="专门的登记"), transaction.atomic():
        W.done(event, step, W.Proof(text="好了"), by=house.dm)


# --- the fire service ------------------------------------------------------------------------


def test_missing_people_are_handed_to_the_fire_service():
    house = House()
    event = house.roll(house.burning(), 2)

    W.hand_to_fire_service(event, HANDED, by=house.sec)

    row = FireHandover.objects.get()
    assert (row.officer.name, row.unit, row.missing) == ("孙队长", "城南消防站", 2)
    assert board(event).lines["R35"].state == "done"
    assert "C2" not in {m.id for m in board(event).missing("handling")}
    assert audit.problems(fresh(event).case) == []


def test_nobody_missing_is_nobody_to_hand_over():
    house = House()
    event = house.roll(house.burning())

    with refuses(ConflictError, match="没有缺的人"), transaction.atomic():
        W.hand_to_fire_service(event, HANDED, by=house.sec)


@pytest.mark.parametrize(
    ("what", "field"),
    [(W.Handed(" ", "消防站"), "officer"), (W.Handed("孙队长", ""), "unit")],
)
def test_handing_over_to_nobody_is_refused(what, field):
    house = House()
    event = house.roll(house.burning(), 1)

    assert refused_fields(lambda: W.hand_to_fire_service(event, what, by=house.sec)) == {field}


def test_nobody_is_handed_over_before_he_was_counted_missing():
    house = House()
    event = house.roll(house.burning(), 1)
    counted = event.roll_calls.latest("counted_at").counted_at
    early = W.Handed("孙队长", "城南消防站", handed_at=counted - timedelta(minutes=2))

    assert refused_fields(lambda: W.hand_to_fire_service(event, early, by=house.sec)) == {
        "handed_at"
    }
    assert FireHandover.objects.count() == 0


def test_more_missing_than_handed_over_takes_it_back():
    house = House()
    event = house.roll(house.burning(), 1)
    W.hand_to_fire_service(event, HANDED, by=house.sec)

    what = W.Count("visitors", 20, 19, rest_unknown=True)
    W.roll_call(fresh(event), what, by=house.desk)

    assert board(event).lines["R35"].state == "open"
    assert "C2" in {m.id for m in board(event).missing("handling")}
    W.hand_to_fire_service(fresh(event), HANDED, by=house.sec)
    assert "C2" not in {m.id for m in board(event).missing("handling")}


def test_fewer_missing_leaves_the_handing_over():
    house = House()
    event = house.roll(house.burning(), 2)
    W.hand_to_fire_service(event, HANDED, by=house.sec)

    what = W.Count("residents", 20, 19, rest_unknown=True)
    W.roll_call(fresh(event), what, by=house.desk)

    assert board(event).lines["R35"].state == "done"


def named(house, event, *people, of=20, **more):
    """The residents counted: so many of the list named as missing."""
    gone = tuple(Absent(name=name, note=note) for name, note in people)
    what = W.Count("residents", of, of - len(gone), gone, **more)
    W.roll_call(fresh(event), what, by=house.desk)
    return fresh(event)


def handed_by_name():
    """李强 is missing and handed over."""
    house = House()
    event = named(house, house.roll(house.burning()), ("李强", ""))
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    return house, fresh(event)


def test_another_who_is_missing_is_not_handed_over_with_the_one_who_was_found():
    house, event = handed_by_name()
    first = event.parties.get(part="trapped")

    event = named(house, event, ("王晓梅", ""), settled={first.pk: "found"})

    assert headcount.unaccounted(event) == 1
    assert board(event).lines["R35"].state == "open"
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    assert headcount.unaccounted(fresh(event)) == 0


def test_one_who_was_handed_over_is_found_afterwards_by_name():
    house, event = handed_by_name()
    first = event.parties.get(part="trapped")

    event = named(house, event, settled={first.pk: "found"})

    assert headcount.tally(event).missing == 0
    assert (headcount.unaccounted(event), headcount.not_found(event)) == (0, [])
    assert [m.party_id for m in headcount.handed_people(event, headcount.handed(event))] == [
        first.pk
    ]


def test_name_of_one_who_was_handed_over_unknown_is_no_other_person():
    house = House()
    event = house.roll(house.burning(), 1)
    W.hand_to_fire_service(event, HANDED, by=house.sec)

    event = named(house, event, ("李强", ""))

    assert (headcount.tally(event).missing, headcount.unaccounted(event)) == (1, 0)
    assert board(event).lines["R35"].state == "done"


def count(house, event, name, gone, *people, **more):
    """One list of twenty counted: so many do not answer, these of them by name."""
    absent = tuple(Absent(name=each) for each in people)
    rest = gone > len(people)
    what = W.Count(name, 20, 20 - gone, absent, rest_unknown=rest, **more)
    W.roll_call(fresh(event), what, by=house.desk)
    return fresh(event)


def handed_unknown(gone=1):
    """Residents nobody can name are missing and handed over."""
    house = House()
    event = house.roll(house.burning(), gone)
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    return house, fresh(event)


def stands_open(house, event, gone=1):
    """Somebody is in nobody's hands: by the figure, at the gate, on the steps and on the page."""
    assert headcount.unaccounted(event) == gone
    with refuses(ConflictError, match=f"还有{gone}人没有点到"):
        refuse_while_missing(event)
    assert board(event).lines["R35"].state == "open"
    assert "C2" in {m.id for m in board(event).missing("handling")}
    page = client_of(house.sec).get(f"{event.get_absolute_url()}headcount/")
    assert page.context["card"].is_short


@pytest.mark.parametrize("who", [(), ("王晓梅",)], ids=["unnamed", "named"])
@pytest.mark.parametrize("name", ["residents", "visitors", "staff"])
def test_one_handed_over_unknown_and_found_makes_no_room_for_another(name, who):
    house, event = handed_unknown()
    event = count(house, event, "residents", 0)
    found = (headcount.unaccounted(event), board(event).lines["R35"].state)

    event = count(house, event, name, 1, *who)

    assert found == (0, "done")
    stands_open(house, event)
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    assert headcount.unaccounted(fresh(event)) == 0
    assert board(event).lines["R35"].state == "done"
    assert audit.problems(fresh(event).case) == []


def test_another_list_is_not_offset_while_the_unknown_one_is_being_found():
    house, event = handed_unknown()

    event = count(house, event, "visitors", 1)
    event = count(house, event, "residents", 0)

    stands_open(house, event)


def test_one_handed_over_by_name_and_found_makes_no_room_on_another_list():
    house, event = handed_by_name()
    first = event.parties.get(part="trapped")
    event = named(house, event, settled={first.pk: "found"})

    event = count(house, event, "visitors", 1, "王晓梅")

    stands_open(house, event)


def test_one_handed_over_unknown_then_named_and_found_makes_no_room_for_another():
    house, event = handed_unknown()
    event = count(house, event, "residents", 1, "李强")
    first = event.parties.get(part="trapped")
    told = headcount.unaccounted(event)

    event = count(house, event, "residents", 1, "王晓梅", settled={first.pk: "found"})

    assert told == 0
    stands_open(house, event)


def test_one_of_two_handed_over_unknown_is_found_and_only_one_is_told_of():
    house, event = handed_unknown(2)
    event = count(house, event, "residents", 1)
    still = headcount.unaccounted(event)

    event = count(house, event, "residents", 2)

    assert still == 0
    stands_open(house, event)


def test_found_one_of_more_than_were_handed_over_may_be_the_one_who_was():
    house, event = handed_unknown()
    event = count(house, event, "residents", 2)
    more = headcount.unaccounted(event)

    event = count(house, event, "residents", 1)

    assert more == 1
    stands_open(house, event)


def test_list_counted_first_after_the_handing_over_is_told_of_nobody():
    house = House()
    event = count(house, house.burning(), "residents", 1)
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    event = count(house, event, "residents", 0)

    event = count(house, event, "staff", 1)

    assert headcount.unaccounted(event) == 1


def test_who_is_handed_over_stands_on_form_page_timeline_and_paper():
    house = House()
    event = house.roll(house.burning())
    event = named(house, event, ("李强", ""), ("", "红外套，三楼窗口"))
    client = client_of(house.sec)
    base = event.get_absolute_url()

    form = client.get(f"{base}do/hand-to-fire-service/").content.decode()
    W.hand_to_fire_service(event, HANDED, by=house.sec)
    page = client.get(f"{base}headcount/").content.decode()
    story = client.get(f"{base}timeline/").content.decode()
    paper = [row["outcome"] for row in registers.ROWS["roll_call_missing"](fresh(event))]

    for words in ("李强", "红外套，三楼窗口"):
        assert [words in each for each in (form, page, story)] == [True] * 3
    assert page.count("已移交，没到") == 2
    assert paper == ["未到，已移交消防", "未到，已移交消防"]


def test_handing_over_is_for_the_duty_side_security_and_who_commands():
    house = House()
    event = house.roll(house.burning(), 1)

    for role in ("desk", "cleaner", "staff"):
        with refuses(PermissionDenied), transaction.atomic():
            W.hand_to_fire_service(event, HANDED, by=getattr(house, role))


# --- the database ----------------------------------------------------------------------------

ROLL, FLOOR, FIRE = "emergencies_rollcall", "emergencies_floorsweep", "emergencies_firehandover"
SQL = {
    "roll_seq": twin(ROLL),
    "roll_adds_up": twin(ROLL, seq="9", missing="missing + 1"),
    "rollcall_present": twin(ROLL, seq="9", present="expected + 1", missing="-1"),
    "roll_shorter_has_reason": twin(ROLL, seq="2", expected="19", present="19", missing="0"),
    "missing_outcome": twin("emergencies_missing", party_id="-1", outcome="'gone'"),
    "roll_times": twin(ROLL, seq="9", counted_at="at + interval '1 second'"),
    "missing_once": twin("emergencies_missing"),
    "sweep_floor": twin(FLOOR, place_id="NULL", floor="''"),
    "sweep_times": twin(FLOOR, started_at="cleared_at + interval '1 second'"),
    "firehandover_of_somebody": twin(FIRE, missing="0"),
    "firehandover_times": twin(FIRE, handed_at="at + interval '1 second'"),
    "rollcall_append_only": f"UPDATE {ROLL} SET present = expected, missing = 0",
    "floorsweep_append_only": f"UPDATE {FLOOR} SET doors = 0",
    "firehandover_append_only": f"DELETE FROM {FIRE}",
    "missing_append_only": "DELETE FROM emergencies_missing",
}


@pytest.mark.every_case
@pytest.mark.parametrize("name", sorted(SQL))
def test_database_refuses_what_the_workflow_never_writes(name):
    house = House()
    event = house.burning()
    W.sweep_floor(event, W.Swept(house.floor), by=house.cleaner)
    who = [Guest(name="欧阳雪")]
    what = W.Count("residents", 20, 18, people=who, rest_unknown=True)
    W.roll_call(fresh(event), what, by=house.desk)
    W.hand_to_fire_service(fresh(event), HANDED, by=house.sec)

    found = run(SQL[name])

    # Django names the check of a whole number itself; how many are missing is never below zero.
    assert found.startswith(
        "emergencies_rollcall_" if name == "rollcall_present" else "emergencies_"
    )
    assert name == "rollcall_present" or found == f"emergencies_{name}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_list_counted_by_eight_at_once_is_eight_counts_in_order():
    house = House()
    event = house.burning()

    def act(i):
        W.roll_call(event, W.Count("staff", 20, 20 - i, rest_unknown=True), by=read(house.desk))

    outcome = Counter(at_once(8, act))

    # One whose moment lies before that of the last count is asked to look again.
    assert set(outcome) <= {"done", "RefusedInput"}
    rows = list(RollCall.objects.order_by("seq"))
    assert [row.seq for row in rows] == list(range(1, outcome["done"] + 1))
    assert [row.counted_at for row in rows] == sorted(row.counted_at for row in rows)
    assert audit.problems(fresh(event).case) == []
