"""Once the police were called, or the guest has chosen that, there is a receipt to ask for (E-1)."""

import pytest
from django.utils import timezone

from emergencies import playbooks
from emergencies.playbooks import soundness
from emergencies.playbooks.schema import Playbook
from emergencies.rows.playbook import read_step
from tests.emergencies.journey import House, W, board, fresh

pytestmark = pytest.mark.django_db
RECEIPT = "T26"


def test_receipt_is_asked_for_although_the_answer_turns_to_no_after_the_call() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="yes")
    W.done(event, "T21", W.Proof(values={"called_at": timezone.now().isoformat()}), by=house.guard)

    house.answer(event, "police_requested", "no")

    line = board(fresh(event)).lines[RECEIPT]
    assert (line.applies, line.state) == (True, "open")
    assert RECEIPT in {m.id for m in board(fresh(event)).missing("handling")}


@pytest.mark.parametrize(("choice", "asked"), [("self", True), ("by_us", True), ("not_now", False)])
def test_receipt_is_asked_for_by_what_the_guest_chose(choice: str, asked: bool) -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="yes")
    W.done(event, "T12", W.Proof(values={"choice": choice}), by=house.dm)

    house.answer(event, "police_requested", "no")

    assert board(fresh(event)).lines[RECEIPT].applies is asked


def test_theft_without_the_police_asks_for_no_receipt() -> None:
    house = House()
    event = house.answered(house.started("theft"), late=False, police_requested="no")
    assert board(event).lines[RECEIPT].state == "off"


def test_playbook_says_when_the_receipt_is_asked_for() -> None:
    book = playbooks.PLAYBOOKS["theft"]

    said = read_step(book, book.steps[RECEIPT], {}).when

    assert "，或者已登记完成：打 110" in said
    assert said.endswith("，或者客户怎么选：客户自己报警，或者客户怎么选：请我们代打")


@pytest.mark.parametrize("what", ["T99", "T12.choice=never", "T12.other=self", "T26"])
def test_step_cannot_hang_on_what_never_happens(what: str) -> None:
    book = playbooks.PLAYBOOKS["theft"].model_dump(by_alias=True, exclude_none=True)
    steps = (step for phase in book["phases"] for step in phase["steps"])
    next(step for step in steps if step["id"] == RECEIPT)["after"] = [what]

    found = list(soundness.faults(Playbook.model_validate(book)))

    assert [message for where, message in found if where[-1] == "after"] == [
        f"{what!r} is no other step, or no choice of one"
    ]
