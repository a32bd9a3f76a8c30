# ruff: noqa: S608 -- the statements name our own tables only
"""火警 (E-8): 119 before anything, all notices at once, and no end while somebody is missing."""

import pytest
from django.db import transaction
from django.utils import timezone

from emergencies import workflow
from emergencies.models import Answer
from propdesk.core.transitions import ConflictError
from tests.emergencies.journey import House, S, board, fresh
from tests.incidents.moves import refuses
from tests.incidents.test_constraints import run

pytestmark = pytest.mark.django_db
W = workflow


def test_anybody_ticks_119_before_a_single_question_is_answered():
    house = House()
    event = house.started("fire", by=house.staff)

    W.tell(event, "N2", W.Told("phone", whom="119 接警台 08"), by=house.staff)

    row = event.calls.get(notice="N2")
    assert (row.told_via, row.recorded_by) == ("phone", house.staff)
    assert board(event).card[0].call == "119"
    assert not event.answers.exists()


def test_real_fire_opens_every_notice_at_once():
    house = House()
    event = house.started("fire")
    first = set(event.calls.values_list("notice", flat=True))

    W.answer(event, "confirmed", "real", by=house.guard)
    W.answer(fresh(event), "evacuate", "building", by=house.guard)

    assert first == {"N1", "N3", "N4", "N7"}
    assert set(event.calls.values_list("notice", flat=True)) == {f"N{n}" for n in range(1, 8)}


def test_false_alarm_needs_its_cause_and_neither_119_nor_a_roll_call():
    house = House()

    event = house.ended("fire", confirmed="false_alarm", evacuate="none")

    applied = {line.step.id for line in board(event).steps if line.applies}
    assert applied & {"R11", "R20", "R32"} == {"R11"}
    assert event.status == S.SIGNING


def untold(event):
    return [m.id for m in board(event).missing("handling") if m.kind == "notice"]


def test_false_alarm_asks_for_nobody_to_be_told_by_hand():
    house = House()
    event = house.started("fire")
    W.acknowledge(event, "N1", by=house.guard)
    seen = [untold(event)]

    for key, value in (("confirmed", "false_alarm"), ("evacuate", "floor")):
        house.answer(event, key, value)
        seen.append(untold(event))
    house.answer(event, "evacuate", "none")
    seen.append(untold(event))
    house.answer(event, "confirmed", "real")

    assert seen == [["N3", "N4"], ["N3", "N4"], ["N3", "N4", "N6"], []]
    assert untold(event) == ["N2", "N3", "N4", "N5"]


def almost_over(house, *, missing):
    """Everything is done; so many residents did not answer."""
    event = house.called(house.answered(house.burning()))
    event = house.marked(event, except_={"R32"})
    house.roll(event, missing)
    return house.called(fresh(event))


def test_one_missing_person_keeps_the_fire_open():
    house = House()
    event = almost_over(house, missing=1)

    assert [m.id for m in board(event).missing("handling")] == ["C2"]
    with refuses(ConflictError, match="点名"), transaction.atomic():
        W.end(event, by=house.dm, summary="火已灭")
    with refuses(ConflictError, match="不能特批"), transaction.atomic():
        W.override_end(event, by=house.gm, summary="火已灭", reason="急")


def test_list_nobody_counted_keeps_the_fire_open():
    house = House()
    event = house.called(house.answered(house.burning()))
    event = house.marked(event, except_={"R32"})
    house.roll(event, 0, "residents", "staff")

    assert {m.id for m in board(event).missing("handling")} == {"R32", "C2"}


def test_missing_person_who_was_found_lets_it_end():
    house = House()
    event = almost_over(house, missing=1)

    W.roll_call(event, W.Count("residents", 20, 20), by=house.desk)
    W.end(fresh(event), by=house.dm, summary="火已灭，人都在")

    assert fresh(event).status == S.SIGNING


def test_missing_person_in_the_hands_of_the_fire_service_lets_it_end():
    house = House()
    event = almost_over(house, missing=1)

    W.hand_to_fire_service(event, W.Handed("孙队长", "城南消防站"), by=house.sec)
    W.end(fresh(event), by=house.dm, summary="火已灭，一人由消防搜寻")

    assert fresh(event).status == S.SIGNING


def retract(house, event, answer, by=None):
    """Change how far the house is cleared."""
    seen = event.answers.get(key="evacuate", superseded_at=None).seq
    who = by or house.guard
    return W.answer(fresh(event), "evacuate", answer, by=who, seen=seen, reason="说错了")


def test_answer_that_drops_the_roll_call_is_refused_while_somebody_is_missing():
    house = House()
    event = almost_over(house, missing=1)

    with refuses(ConflictError, match="还有1人没有点到"), transaction.atomic():
        retract(house, event, "none")
    retract(house, event, "floor")

    assert event.answers.get(key="evacuate", superseded_at=None).value == "floor"


def test_answer_may_drop_the_roll_call_once_everybody_is_accounted_for():
    house = House()
    event = almost_over(house, missing=1)
    W.hand_to_fire_service(fresh(event), W.Handed("孙队长", "城南消防站"), by=house.sec)

    retract(house, event, "none")

    assert event.answers.get(key="evacuate", superseded_at=None).value == "none"


def test_end_is_refused_while_somebody_is_missing_whatever_the_answers_say():
    house = House()
    event = almost_over(house, missing=1)
    event.answers.filter(key="evacuate", superseded_at=None).update(superseded_at=timezone.now())
    Answer.objects.create(
        event=event, key="evacuate", seq=9, value="none", by=house.dm, at=timezone.now()
    )

    assert board(event).missing("handling") == ()
    with refuses(ConflictError, match="还有1人没有点到"), transaction.atomic():
        W.end(fresh(event), by=house.dm, summary="火已灭")


@pytest.mark.parametrize("handed", [False, True])
def test_fire_with_somebody_missing_is_no_mistaken_start(handed):
    house = House()
    event = almost_over(house, missing=1)
    if handed:
        W.hand_to_fire_service(fresh(event), W.Handed("孙队长", "城南消防站"), by=house.sec)

    with refuses(ConflictError, match="不能作废"), transaction.atomic():
        W.void(fresh(event), by=house.pm, reason="误启动")


def test_database_neither_ends_nor_voids_a_fire_with_somebody_missing():
    house = House()
    event = almost_over(house, missing=2)
    ended = f"""UPDATE emergencies_event SET status = 'signing', ended_at = now(),
        ended_by_id = {house.dm.pk} WHERE case_id = {event.pk}"""
    voided = f"""UPDATE emergencies_event SET status = 'voided', void_reason = 'x'
        WHERE case_id = {event.pk}"""
    name = "emergencies_event_missing_stays_open"

    assert (run(ended), run(voided)) == (name, name)
    W.hand_to_fire_service(fresh(event), W.Handed("孙队长", "城南消防站"), by=house.sec)
    assert run(voided) == name
    W.end(fresh(event), by=house.dm, summary="火已灭，两人由消防搜寻")


def test_drill_ends_with_people_missing_and_every_notice_says_drill():
    house = House()
    event = house.answered(
        house.started("fire", is_drill=True), late=False, confirmed="real", evacuate="building"
    )
    house.roll(event, 3)

    W.end(fresh(event), by=house.dm, summary="第三组没有到集合点")

    assert fresh(event).status == S.SIGNING
    texts = set(event.case.notices.values_list("text", flat=True))
    assert texts
    assert all(text.startswith("【演练】") for text in texts)
