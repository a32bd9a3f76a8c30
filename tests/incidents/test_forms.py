"""What the forms of complaints propose before anybody types."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from incidents import forms, workflow
from incidents.models import Channel, Progress, Via
from propdesk.core.models import Department
from tests.factories import DepartmentFactory, PlaceFactory, at
from tests.incidents import moves
from tests.incidents.journey import POINTS, House, fresh

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("channel", "via"),
    [
        (Channel.IN_PERSON, Via.IN_PERSON),
        (Channel.WECHAT, Via.WECHAT),
        (Channel.LETTER, Via.PHONE),
        (Channel.VIA_STAFF, Via.PHONE),
    ],
)
def test_guest_is_probably_told_as_he_complained(channel: str, via: str) -> None:
    house = House()
    form = forms.TellForm(complaint=house.new(channel=channel), user=house.dm)
    assert (form.initial["told_via"], Via.NOT_POSSIBLE in dict(form.vias())) == (via, False)


def test_anonymous_guest_may_be_told_not_at_all() -> None:
    house = House()
    form = forms.TellForm(complaint=moves.anonymous(house), user=house.pm)
    assert form.initial["told_via"] == Via.NOT_POSSIBLE
    assert Via.NOT_POSSIBLE in dict(form.fields["told_via"].choices)


def test_promise_proposes_the_words_of_the_choice_and_departments_in_use() -> None:
    house = House()
    old = DepartmentFactory(property=house.prop, is_active=False)
    elsewhere = DepartmentFactory()
    form = forms.PromiseForm(complaint=house.chosen(), user=house.dm)
    offered = set(form.fields["department"].queryset)
    assert form.initial["what"] == "更换风扇"
    assert offered == {Department.objects.get(name="工程部", property=house.prop)}
    assert not offered & {old, elsewhere}


def test_quick_times_are_round_and_ahead() -> None:
    house = House()
    with time_machine.travel(at("2026-11-23 14:17"), tick=False):
        form = forms.PromiseForm(complaint=house.new(), user=house.dm)
        values = [value for value, _label in form.quick_times]
    assert values == [
        "2026-11-23T15:00",
        "2026-11-23T16:00",
        "2026-11-23T18:00",
        "2026-11-24T12:00",
    ]


def test_median_needs_five_cases_of_the_category() -> None:
    house = House()
    complaint = house.chosen()
    for hours in (1, 2, 3, 4):
        _resolved_in(house, hours)
    few = forms.PromiseForm(complaint=complaint, user=house.dm).median
    _resolved_in(house, 5)
    median = forms.PromiseForm(complaint=complaint, user=house.dm).median
    assert few is None
    assert round(median / timedelta(hours=1)) == 3


def _resolved_in(house: House, hours: int) -> None:
    row = house.conduct(house.new(received_at=timezone.now() - timedelta(hours=hours)))
    house.resolved(house.promised(workflow.record(row, POINTS, by=house.dm)))


def test_progress_starts_with_the_start_and_offers_no_second_one() -> None:
    house = House()
    complaint = house.promised()
    first = forms.ProgressForm(complaint=complaint, user=house.dm)
    later = forms.ProgressForm(complaint=house.started(complaint), user=house.dm)
    assert (first.initial["kind"], str(first.submit)) == (Progress.Kind.STARTED, "登记开工")
    assert Progress.Kind.DONE not in dict(first.fields["kind"].choices)
    assert later.initial["kind"] == Progress.Kind.PROGRESS
    assert Progress.Kind.STARTED not in dict(later.fields["kind"].choices)


def test_record_starts_with_what_intake_knows() -> None:
    house = House()
    place = PlaceFactory(property=house.prop, code="A-1806")
    complaint = house.new(place=place)
    initial = forms.RecordForm(complaint=complaint, user=house.dm).initial
    assert (initial["room"], initial["key_points"], initial["name"]) == (
        "A-1806",
        "空调有异响",
        "王晓梅",
    )


def test_conduct_on_the_telephone_needs_no_private_talk() -> None:
    house = House()
    kinds = {
        channel: forms.ConductForm(complaint=house.new(channel=channel), user=house.dm).initial[
            "private_talk"
        ]
        for channel in (Channel.PHONE, Channel.IN_PERSON)
    }
    assert kinds == {Channel.PHONE: "not_applicable", Channel.IN_PERSON: ""}


def test_conduct_shows_what_was_answered() -> None:
    house = House()
    complaint = moves.conducted(house)
    form = forms.ConductForm(complaint=fresh(complaint), user=house.dm)
    assert [form.fields[f"tick_{letter}"].initial for letter in "ABCDE"] == ["yes"] * 5


def test_choice_is_among_the_options_told_and_still_open() -> None:
    house = House()
    complaint = house.offered(house.told())
    form = forms.ChooseForm(complaint=complaint, user=house.dm)
    assert [label[:1] for _pk, label in form.fields["option"].choices] == ["1", "2"]
    assert form.initial["chosen_at"] <= timezone.now()


def test_hand_over_goes_to_another_duty_manager_or_above() -> None:
    house = House()
    form = forms.HandOverForm(complaint=house.new(), user=house.dm)
    assert set(form.fields["to"].queryset) == {house.pm, house.gm}


def test_void_repeats_the_number_on_its_button() -> None:
    house = House()
    complaint = house.new()
    form = forms.VoidForm(complaint=complaint, user=house.pm)
    assert str(form.submit) == f"确认作废 {complaint.case.number}"
