"""Loss list, households of an outage, review: on the screen, with what each refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emergencies import cards, workflow
from emergencies.detail import Detail
from emergencies.models import Event
from emergencies.queries import aftermath
from propdesk.core.transitions import RefusedInput
from tests.emergencies.journey import House, fresh
from tests.emergencies.test_damage_pages import said, send, web
from tests.incidents.journey import House as Complaints
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


def on_item(client: Client, event: Event, name: str, item: int, **data: Any) -> Any:
    case = event.case
    url = reverse("emergencies:item_act", args=[case.property.code, case.number, name, item])
    return client.post(url, data)


def own(user: Any, event: Event) -> cards.Own:
    one = Detail.load(user, event.case.property, event.case.number, timezone.now())
    assert one is not None
    return cards.of(one)


# --- theft ---------------------------------------------------------------------------------


def test_losses_are_listed_found_again_and_struck_with_a_reason(house: House) -> None:
    event, client = house.started("theft"), web(house.dm)

    send(client, event, "list-losses", name_1="手表", value_1="3200", name_3="现金", quantity_3="2")
    watch, cash = event.losses.order_by("position")
    on_item(client, event, "recover-loss", watch.pk, where="床头柜后面")
    on_item(client, event, "strike-loss", cash.pk, reason="客户记错了")

    found = own(house.dm, event).losses
    assert found is not None
    assert [(r.name, r.recovered_where) for r in found.rows] == [("手表", "床头柜后面")]
    assert found.recovered == 1
    assert event.losses.count() == 2


def test_loss_without_a_name_is_told_at_its_line(house: House) -> None:
    event = house.started("theft")

    response = send(web(house.dm), event, "list-losses", features_1="红色")

    assert response.status_code == 422
    assert "请写明丢的是什么。" in said(response)
    assert event.losses.count() == 0


def test_row_of_another_event_is_not_there(house: House) -> None:
    event, other = house.started("theft"), house.started("theft")
    workflow.list_losses(other, [workflow.Loss("手表")], by=house.dm)

    response = on_item(web(house.dm), event, "recover-loss", other.losses.get().pk, where="x")

    assert response.status_code == 404


# --- outage --------------------------------------------------------------------------------


def test_several_rooms_are_registered_and_told_at_once(house: House) -> None:
    event, client = house.started("power_outage"), web(house.dm)

    send(client, event, "add-affected", rooms="A-1806、a1807", needs_help="on")
    send(client, event, "add-affected", place_note="A座10至12层")
    send(client, event, "inform-affected", everybody="on", via="group_chat")

    found = own(house.dm, event).households
    assert found is not None
    assert (found.total, found.told, found.left, found.helped) == (3, 3, 0, 2)


def test_only_ticked_households_count_as_told(house: House) -> None:
    event, client = house.started("power_outage"), web(house.dm)
    send(client, event, "add-affected", rooms="A-1806 A-1807")
    first, second = event.affected.order_by("pk")

    send(client, event, "inform-affected", households=[str(first.pk)], via="phone")

    assert list(aftermath.uninformed(event)) == [second]
    assert aftermath.affected_missing(event) == "还有1户没有登记告知。"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"rooms": "A-1806 A-9999"}, "没有这些房号：A-9999。请核对，或写明范围。"),
        ({}, "请填写房号，或写明范围。"),
        ({"rooms": "A-1806 A-1807", "name": "王"}, "联系人只能属于一户，请一户一户登记。"),
        ({"rooms": " ".join(map(str, range(21)))}, "一次最多登记20间，其余的再登记一次。"),
    ],
)
def test_household_that_cannot_be_is_refused(
    house: House, data: dict[str, str], sentence: str
) -> None:
    event = house.started("power_outage")

    response = send(web(house.dm), event, "add-affected", **data)

    assert response.status_code == 422
    assert sentence.replace(" ", "") in said(response)
    assert event.affected.count() == 0


def test_nobody_ticked_is_refused(house: House) -> None:
    event = house.started("power_outage")
    workflow.add_affected(event, workflow.Hit(place_note="A座"), by=house.dm)

    response = send(web(house.dm), event, "inform-affected", via="phone")

    assert (response.status_code, "请勾选已经告知的客户。" in said(response)) == (422, True)
    assert aftermath.uninformed(event).count() == 1


def test_many_complaints_are_linked_to_one_outage(house: House) -> None:
    event, client = house.started("power_outage"), web(house.dm)
    send(client, event, "add-affected", rooms="A-1806 A-1807")
    complaints = Complaints(prop=house.prop)
    numbers = [complaints.new().case.number for _n in range(2)]

    for row, number in zip(event.affected.order_by("pk"), numbers, strict=True):
        on_item(client, event, "link-claim", row.pk, number=number.lower())

    linked = event.affected.order_by("pk").values_list("claim_case__number", flat=True)
    assert list(linked) == numbers
    page = client.get(event.get_absolute_url()).content.decode()
    assert [number in page for number in numbers] == [True, True]


def test_unknown_complaint_is_refused(house: House) -> None:
    event = house.started("power_outage")
    row = workflow.add_affected(event, workflow.Hit(place_note="A座"), by=house.dm)

    response = on_item(web(house.dm), event, "link-claim", row.pk, number="TS-20200101-001")

    assert response.status_code == 422
    assert "没有找到这个编号，请核对后再填。" in said(response)


def test_long_list_of_households_has_a_page_of_its_own(house: House) -> None:
    event = house.started("power_outage")
    for n in range(aftermath.SHOWN + 2):
        workflow.add_affected(event, workflow.Hit(place_note=f"区域{n}"), by=house.dm)
    client, case = web(house.dm), event.case

    short = said(client.get(event.get_absolute_url()))
    url = reverse("emergencies:affected", args=[case.property.code, case.number])

    assert "还有2户，看全部" in short
    assert said(client.get(url)).count("没告知") == aftermath.SHOWN + 2


# --- review --------------------------------------------------------------------------------


def later(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def reviewed(house: House, owner: Any) -> Event:
    event = house.ended("theft")
    send(
        web(house.pm),
        event,
        "review",
        text="到场及时",
        text_1="门锁记录当班调出",
        owner_1=str(owner.pk),
        due_1=later(7),
    )
    return fresh(event)


def test_review_with_an_action_reaches_its_owner_who_says_it_is_done(house: House) -> None:
    event = reviewed(house, house.cleaner)
    client = web(house.cleaner)

    (mine,) = aftermath.my_actions(house.cleaner, house.prop)
    page = client.get(event.get_absolute_url())
    answer = on_item(client, event, "finish-action", mine.pk, result="已培训")

    assert (page.status_code, answer.status_code) == (200, 302)
    assert (event.review, event.reviewed_by) == ("到场及时", house.pm)
    assert not aftermath.my_actions(house.cleaner, house.prop).exists()
    assert event.actions.get().result == "已培训"


def test_action_left_half_filled_is_told_field_by_field(house: House) -> None:
    event = house.ended("theft")

    response = send(web(house.pm), event, "review", text="好", text_1="改门锁")

    assert response.status_code == 422
    assert ("请选择责任人。" in said(response), "请填写完成期限。" in said(response)) == (
        True,
        True,
    )
    assert fresh(event).reviewed_at is None


def test_review_once_written_takes_actions_only(house: House) -> None:
    event = reviewed(house, house.guard)
    case = event.case
    url = reverse("emergencies:act", args=[case.property.code, case.number, "review"])

    page = web(house.pm).get(url).content.decode()
    send(web(house.pm), event, "review", text_1="再改", owner_1=str(house.guard.pk), due_1=later(1))

    assert 'name="text"' not in page
    assert event.actions.count() == 2


def test_review_is_offered_to_managers_after_the_handling_only(house: House) -> None:
    running, over = house.started("theft"), house.ended("theft")

    assert own(house.pm, running).review is None
    seen = [own(user, over).review for user in (house.pm, house.dm)]
    assert [row is not None and row.may_review for row in seen] == [True, False]


def test_owner_of_an_action_of_a_restricted_event_must_be_a_reader(house: House) -> None:
    event = house.ended("death")
    action = workflow.Action("改", house.dm2, timezone.localdate() + timedelta(days=2))

    with refuses(RefusedInput, match="不能查看这件"):
        workflow.review(event, "好", [action], by=house.pm)


def test_open_action_stands_on_the_desk_of_its_owner_alone(house: House) -> None:
    reviewed(house, house.cleaner)
    desk = reverse("desk:board", args=[house.prop.code])

    seen = ["门锁记录当班调出" in said(web(user).get(desk)) for user in (house.cleaner, house.desk)]

    assert seen == [True, False]
