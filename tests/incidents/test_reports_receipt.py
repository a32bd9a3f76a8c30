"""受理回执: what the guest may hold in his hands, and nothing else."""

import re

import pytest
from django.test import Client

from incidents import workflow
from incidents.reports import guest_receipt
from propdesk.core import rendering
from propdesk.core.clock_text import paper_time
from propdesk.core.papers import render_html
from propdesk.core.roles import Role
from tests.factories import fresh as person
from tests.factories import member
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.test_reports_papers import printed, stored, text_of

pytestmark = pytest.mark.django_db


def test_receipt_says_number_time_contact_and_promise_in_two_languages() -> None:
    house = House()
    house.prop.settings.duty_phone = "0755-12345678"
    house.prop.settings.save()
    complaint = house.started()
    document = printed(rendering.request(complaint.case, "guest_receipt", by=house.dm))
    text = text_of(stored(document))
    due = complaint.promises.get(outcome="open").due_at
    words = [
        complaint.case.number,
        "受理回执",
        "王女士",
        paper_time(complaint.received_at),
        paper_time(due),
        complaint.owner.name,
        "0755-12345678",
        "Wehavereceivedyourcomplaint",
        "saysnothingaboutcauseorliability",
    ]
    assert [word for word in words if re.sub(r"\s", "", word) not in text] == []
    assert ("草稿" in text, document.sealed, document.pages) == (False, False, 1)


def test_receipt_holds_nothing_of_the_matter() -> None:
    """Every text the complaint ever got is searched for in what is printed."""
    house = House()
    complaint = house.reviewed()
    paper = str(
        guest_receipt(
            rendering.request(complaint.case, "guest_receipt", by=house.dm)
        ).paper.to_data()
    )
    rows = [complaint, *complaint.options.all(), *complaint.progress.all()]
    texts = {
        value
        for row in rows
        for field in row._meta.concrete_fields
        if isinstance(value := getattr(row, field.attname), str) and re.search(r"[一-鿿]{4}", value)
    }
    assert len(texts) >= 5
    assert [text for text in texts if text in paper] == []
    assert complaint.guest.phone not in paper


def test_receipt_before_any_promise_leaves_room_for_the_pen() -> None:
    house = House()
    complaint = house.new()
    job = rendering.request(complaint.case, "guest_receipt", by=house.dm)
    assert guest_receipt(job).paper.promise == ""


def test_receipt_names_the_time_in_force_after_an_extension() -> None:
    house = House()
    complaint = moves.extended(house)
    first, second = complaint.promises.order_by("seq")
    job = rendering.request(complaint.case, "guest_receipt", by=house.dm)
    assert guest_receipt(job).paper.promise == paper_time(second.due_at) != paper_time(first.due_at)


def test_receipt_of_a_kept_promise_names_it_and_of_a_voided_complaint_is_void() -> None:
    house = House()
    kept, voided = house.resolved(), house.new()
    workflow.void(voided, by=house.pm, reason="重复登记")
    jobs = [rendering.request(each.case, "guest_receipt", by=house.dm) for each in (kept, voided)]

    first, second = (guest_receipt(job).paper for job in jobs)

    assert (first.promise, first.state) == (paper_time(kept.promises.get().due_at), "list")
    assert (second.promise, second.state) == ("", "void")
    assert "作废" in render_html(second)


@pytest.mark.parametrize(("role", "status"), [(Role.DUTY_MANAGER, 202), (Role.STAFF, 404)])
def test_who_prints_it(role: Role, status: int) -> None:
    house = House()
    complaint = house.new()
    client = Client()
    client.force_login(person(member(house.prop, role)))
    assert client.get(f"{complaint.get_absolute_url()}paper/guest_receipt/").status_code == status
