"""Statements composed once: the same answer as composed anew, for each case and each user."""

import pytest
from django.db import connection
from django.db.models import OuterRef
from django.test.utils import CaptureQueriesContext

from incidents import detail_rows
from incidents.models import Complaint, StepRecord
from propdesk.core import composed
from propdesk.core.composed import Children, rows_of, same, spread
from propdesk.core.models import Unmasking
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db


def lists() -> dict[str, object]:
    mine = StepRecord.objects.filter(complaint=OuterRef("pk"))
    looks = Unmasking.objects.filter(by=composed.USER, person=OuterRef("guest"))
    return {
        "step_rows": rows_of(mine, "letter", **same("letter", "done")),
        "look_rows": rows_of(looks, "pk", **same("reason")),
    }


def read(children: Children, complaint: Complaint, user: int) -> Complaint:
    case = complaint.case
    brings = children.of(number=case.number, prop=case.property_id, user=user)
    row = Complaint.objects.annotate(**brings).get(pk=complaint.pk)
    spread(row)
    return row


def test_each_case_gets_its_own_lists_from_one_composed_text():
    house, built = House(), []
    children = Children(Complaint.objects, lambda: built.append(1) or lists())
    one, two = house.at("awaiting_choice"), house.at("recorded")

    for complaint in (one, two, one):
        wanted = [*complaint.steps.order_by("letter").values("letter", "done")]
        assert read(children, complaint, house.dm.pk).step_rows == wanted
        assert wanted
    assert built == [1]


def test_what_is_for_one_user_reaches_nobody_else():
    house = House()
    children = Children(Complaint.objects, lists)
    complaint = house.at("recorded")
    now = complaint.received_at
    look = {"person": complaint.guest, "by": house.dm, "reason": "回访", "field": "phone"}
    Unmasking.objects.create(**look, at=now, until=now)

    assert read(children, complaint, house.dm.pk).look_rows == [{"reason": "回访"}]
    assert read(children, complaint, house.pm.pk).look_rows == []


def test_value_without_its_slot_filled_is_no_statement():
    with pytest.raises(TypeError):
        Children(Complaint.objects, lists).of(number="TS-1", prop=1)  # type: ignore[call-arg]


def test_detail_is_still_one_statement_and_one_snapshot():
    house = House()
    complaint = house.at("recorded")
    case = complaint.case
    for _time in range(2):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            row = detail_rows.DetailRows.load(
                house.dm, house.prop, case.number, complaint.received_at
            )
        assert row is not None
    assert sum("step_rows" in one["sql"] for one in asked) == 1
