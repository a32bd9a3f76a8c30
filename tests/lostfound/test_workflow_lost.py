"""报失: what is taken down, corrected, ended and judged; every refusal leaves everything as it was."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lostfound import workflow
from lostfound.models import LostReport, MatchPair, MatchProfile
from lostfound.permissions import ACTIONS
from propdesk.core import audit, search, stale
from propdesk.core.drafts import DoubleSubmitError
from propdesk.core.models import Notice, Person, SearchText
from propdesk.core.persons import Guest
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PlaceFactory, PropertyFactory, member
from tests.incidents.moves import fingerprint, refuses
from tests.lostfound.journey import House, fresh
from tests.lostfound.losing import GUEST, compared, loss, lost, pairs, read, suggested

pytestmark = pytest.mark.django_db
State = MatchPair.State


@pytest.fixture
def house() -> House:
    return House()


def entry(report: LostReport) -> Any:
    return report.case.entries.order_by("-seq").first()


# --- taking down ---------------------------------------------------------------------------


def test_report_keeps_what_was_said(house: House) -> None:
    pool = PlaceFactory(property=house.prop, name="泳池")
    report = lost(
        house, places=(house.lobby, pool), place_note="也可能在出租车上", serial="4821", quantity=2
    )

    kept = [report.category, report.name, report.quantity, report.serial, report.place_note]
    assert kept == ["phone", "手机", 2, "4821", "也可能在出租车上"]
    assert [place.pk for place in report.places] == [house.lobby.pk, pool.pk]
    assert (report.status, report.received_by, report.case.kind) == ("open", house.desk, "lost")
    assert report.case.number[:3] == "BS-"
    assert (report.guest.name, report.guest.phone) == ("林小雨", "13800005678")


def test_report_is_in_the_chain_and_waits_to_be_compared(house: House) -> None:
    report = lost(house)

    profile = MatchProfile.objects.get(case=report.case)
    assert (profile.is_found, profile.is_open, profile.stale_at is not None) == (False, True, True)
    assert (entry(report).action, entry(report).content["info"]) == (
        "report_lost",
        {"category": "phone"},
    )
    assert audit.problems(report.case) == []


def found(house: House, query: str) -> list[int]:
    return list(search.hits(house.prop, query).values_list("case", flat=True))


def test_report_is_found_by_number_name_phone_and_words(house: House) -> None:
    report = lost(house, places=(house.lobby,))

    text = SearchText.objects.get(case=report.case).text
    words = [report.case.number.lower(), "林小雨", "硅胶", "a座大堂", "手机"]
    assert [word in text for word in words] == [True] * 5
    assert found(house, "5678") == [report.pk]


def test_name_defaults_to_the_category_and_end_to_now(house: House) -> None:
    report = lost(house, name="", lost_to=None)

    assert (report.name, report.lost_to) == ("手机", report.reported_at)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "spaceship"}, "category"),
        ({"features": ""}, "features"),
        ({"quantity": 0}, "quantity"),
        ({"lost_from": None}, "lost_from"),
        ({"lost_from": timezone.now() - 367 * 24 * HOUR}, "lost_from"),
        ({"lost_to": timezone.now() + 24 * HOUR}, "lost_to"),
        ({"lost_from": timezone.now() - HOUR, "lost_to": timezone.now() - 2 * HOUR}, "lost_from"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_report_without_a_fact_is_refused(
    house: House, changes: dict[str, Any], field: str
) -> None:
    with refuses(RefusedInput) as caught:
        workflow.report_lost(house.prop, loss(**changes), GUEST, by=house.desk)

    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize(
    ("guest", "field"),
    [
        (replace(GUEST, name=""), "guest_name"),
        (replace(GUEST, phone=""), "phone"),
        (replace(GUEST, phone="138****5678"), "phone"),
    ],
    ids=["nameless", "unreachable", "masked"],
)
def test_report_of_nobody_who_can_be_reached_is_refused(
    house: House, guest: Guest, field: str
) -> None:
    with refuses(RefusedInput) as caught:
        workflow.report_lost(house.prop, loss(), guest, by=house.desk)

    assert list(caught.value.errors) == [field]


def test_room_stands_in_for_a_phone(house: House) -> None:
    room = PlaceFactory(property=house.prop, kind="room", code="A-1806", label="A座 1806")

    report = lost(house, guest=Guest(name="林小雨", room=room))

    assert (report.guest.phone, report.guest.room) == ("", room)


@pytest.mark.parametrize("case", ["twice", "four", "elsewhere"])
def test_places_are_few_different_and_of_this_house(house: House, case: str) -> None:
    four = tuple(PlaceFactory(property=house.prop) for _n in range(4))
    found = {"twice": (house.lobby, house.lobby), "four": four, "elsewhere": (PlaceFactory(),)}

    with refuses(RefusedInput) as caught:
        workflow.report_lost(house.prop, loss(places=found[case]), GUEST, by=house.desk)

    assert list(caught.value.errors) == ["place"]


def test_twin_of_a_form_leaves_one_report(house: House) -> None:
    workflow.report_lost(house.prop, loss(), GUEST, by=house.desk, token="one")

    with refuses(DoubleSubmitError), transaction.atomic():
        workflow.report_lost(house.prop, loss(), GUEST, by=house.desk, token="one")


@pytest.mark.parametrize("role", list(Role))
def test_report_is_taken_by_the_roles_of_the_table(house: House, role: Role) -> None:
    by = member(house.prop, role)
    allowed = role in ACTIONS["report_lost"].any

    if allowed:
        assert lost(house, by=by).received_by == by
    else:
        with refuses(PermissionDenied):
            workflow.report_lost(house.prop, loss(), GUEST, by=by)


def test_report_in_another_house_is_refused(house: House) -> None:
    other = PropertyFactory()
    with refuses(PermissionDenied):
        workflow.report_lost(other, loss(), GUEST, by=house.desk)


# --- correcting ----------------------------------------------------------------------------


def as_said(report: LostReport, **changes: Any) -> workflow.Loss:
    """The loss as it stands, with changes."""
    names = [n for n in workflow.Loss.__dataclass_fields__ if n != "places"]
    values = {name: getattr(report, name) for name in names}
    return replace(workflow.Loss(**values, places=report.places), **changes)


def guest_of(report: LostReport, **changes: Any) -> Guest:
    known = report.guest
    guest = Guest(known.name, known.honorific, None, known.kind, known.room)
    return replace(guest, **changes)


def edit(report: LostReport, house: House, **changes: Any) -> LostReport:
    given = {"by": house.desk, "reason": "客人想起来了"}
    guest = changes.pop("guest", guest_of(report))
    for name in ("by", "reason", "seen"):
        if name in changes:
            given[name] = changes.pop(name)
    return workflow.edit_lost(report, as_said(report, **changes), guest, **given)


def test_correction_keeps_history_and_is_compared_anew(house: House) -> None:
    report = lost(house)
    compared()
    edit(report, house, features="深蓝色手机", places=(house.lobby,))

    row = read(report)
    assert (row.features, row.place_id, row.places) == (
        "深蓝色手机",
        house.lobby.pk,
        [house.lobby],
    )
    assert [h.features for h in report.history.order_by("history_id")][1] == "深蓝色手机"
    assert MatchProfile.objects.get(case=report.case).stale_at is not None
    assert (entry(report).content["reason"], entry(report).content["info"]) == (
        "客人想起来了",
        {"fields": ["features", "place"]},
    )
    assert audit.problems(read(report).case) == []


def test_correction_of_the_guest_only_is_logged_beside_the_guest(house: House) -> None:
    report = lost(house)
    edit(report, house, guest=guest_of(report, phone="13900001111"))

    assert Person.objects.get(pk=report.guest_id).phone == "13900001111"
    assert report.history.count() == 1
    assert entry(report).content["info"] == {"fields": ["guest.phone"]}
    assert (found(house, "1111"), found(house, "5678")) == ([report.pk], [])


def test_correction_without_a_change_is_refused(house: House) -> None:
    report = lost(house)
    with refuses(ConflictError, "没有变化"), transaction.atomic():
        edit(report, house)


def test_correction_without_a_reason_is_refused(house: House) -> None:
    report = lost(house)
    with refuses(RefusedInput) as caught:
        edit(report, house, features="红色手机", reason="")
    assert list(caught.value.errors) == ["reason"]


def test_correction_may_not_lose_the_way_to_the_guest(house: House) -> None:
    report = lost(house)
    with refuses(RefusedInput) as caught:
        edit(report, house, guest=guest_of(report, phone=""))
    assert list(caught.value.errors) == ["phone"]


def test_correction_of_what_somebody_changed_meanwhile_is_refused(house: House) -> None:
    report = lost(house)
    seen = stale.seen(workflow.edited_lost(read(report)))
    edit(report, house, features="红色手机")

    with refuses(ConflictError, "别人改过") as caught:
        edit(report, house, features="绿色手机", seen=seen)

    assert [name for name, _text in caught.value.missing if name == "features"] == ["features"]
    assert "13800005678" not in str(caught.value.missing)


def test_correction_as_it_was_seen_is_taken(house: House) -> None:
    report = lost(house)
    seen = stale.seen(workflow.edited_lost(read(report)))

    assert edit(report, house, features="红色手机", seen=seen).features == "红色手机"


def test_own_report_may_be_corrected_by_a_cleaner_others_not(house: House) -> None:
    mine, other = lost(house, by=house.cleaner), lost(house)

    assert edit(mine, house, features="红色手机", by=house.cleaner).features == "红色手机"
    with refuses(PermissionDenied):
        edit(other, house, features="红色手机", by=house.cleaner)


# --- ending --------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["found", "closed"])
def test_ended_report_leaves_the_matching(house: House, outcome: str) -> None:
    report = lost(house)
    workflow.close_lost(report, outcome, by=house.desk, reason="客人自己找到了")

    row = read(report)
    profile = MatchProfile.objects.get(case=report.case)
    assert (row.status, row.ended_reason, row.case.is_open) == (outcome, "客人自己找到了", False)
    assert (profile.is_open, profile.stale_at) == (False, None)
    house.logged()
    compared()
    assert pairs() == []


@pytest.mark.parametrize(
    ("outcome", "reason", "field"), [("open", "找到了", "outcome"), ("found", "", "reason")]
)
def test_ending_without_a_fact_is_refused(
    house: House, outcome: str, reason: str, field: str
) -> None:
    report = lost(house)
    with refuses(RefusedInput) as caught:
        workflow.close_lost(report, outcome, by=house.desk, reason=reason)
    assert list(caught.value.errors) == [field]


def ended(house: House) -> LostReport:
    report = lost(house)
    workflow.close_lost(report, "found", by=house.desk, reason="找到了")
    return read(report)


@pytest.mark.parametrize("act", ["edit", "close"])
def test_ended_report_is_changed_no_more(house: House, act: str) -> None:
    report = ended(house)
    with refuses(ConflictError, "已找回"):
        if act == "edit":
            edit(report, house, features="红色手机")
        else:
            workflow.close_lost(report, "closed", by=house.desk, reason="不找了")


def test_ended_report_is_frozen_in_the_database(house: House) -> None:
    report = ended(house)
    with refuses(IntegrityError, "frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lostfound_lostreport SET features = 'x' WHERE case_id = %s", [report.pk]
        )


@pytest.mark.parametrize("role", list(Role))
def test_ending_is_open_to_the_roles_of_the_table(house: House, role: Role) -> None:
    report, by = lost(house), member(house.prop, role)

    if role in ACTIONS["close_lost"].any:
        assert workflow.close_lost(report, "found", by=by, reason="找到了").status == "found"
    else:
        with refuses(PermissionDenied):
            workflow.close_lost(report, "found", by=by, reason="找到了")


# --- the full number -----------------------------------------------------------------------


def test_full_number_takes_a_purpose_and_is_on_record(house: House) -> None:
    report = ended(house)
    row = workflow.unmask_lost(report, by=house.dm, reason="通知来认领")

    assert (row.person_id, row.by, row.reason) == (report.guest_id, house.dm, "通知来认领")
    assert entry(report).action == "unmask"


def test_full_number_is_not_for_the_front_desk(house: House) -> None:
    report = lost(house)
    with refuses(PermissionDenied):
        workflow.unmask_lost(report, by=house.desk, reason="回电话")


def test_full_number_without_a_purpose_is_refused(house: House) -> None:
    report = lost(house)
    with refuses(RefusedInput):
        workflow.unmask_lost(report, by=house.dm, reason="")


# --- judging suggestions -------------------------------------------------------------------


def test_accepted_pair_is_on_record_of_both_and_told(house: House) -> None:
    pair = suggested(house)
    workflow.decide_match(pair, by=house.guard, accept=True)

    pair.refresh_from_db()
    report, item = read(pair.lost), fresh(pair.found)
    assert (pair.state, pair.decided_by) == (State.ACCEPTED, house.guard)
    said = [(entry(each).action, entry(each).content["info"]) for each in (report, item)]
    assert said == [
        ("decide_match", {"number": item.case.number, "accepted": True}),
        ("decide_match", {"number": report.case.number, "accepted": True}),
    ]
    assert audit.problems(report.case) + audit.problems(item.case) == []
    told = Notice.objects.get(rule="lostfound.match_accepted")
    assert (told.recipient, told.text) == (
        house.dm,
        f"【可能找到失主，请联系】{report.case.number} · {item.case.number}",
    )


def test_accepting_by_the_duty_manager_tells_nobody(house: House) -> None:
    workflow.decide_match(suggested(house), by=house.dm, accept=True)

    assert not Notice.objects.filter(rule="lostfound.match_accepted").exists()


def test_rejection_needs_no_reason_and_is_never_suggested_again(house: House) -> None:
    pair = suggested(house)
    workflow.decide_match(pair, by=house.dm, accept=False)
    edit(read(pair.lost), house, features="黑色手机，屏幕右上角有裂纹，蓝色硅胶壳")
    item = fresh(pair.found)
    facts = {n: getattr(item, n) for n in workflow.Facts.__dataclass_fields__}
    again = workflow.Facts(**facts | {"features": "黑色手机，屏幕右上角裂纹，蓝色硅胶套"})
    workflow.correct(item, again, by=house.dm, reason="补充")
    compared()

    assert [(row.pk, row.state) for row in pairs()] == [(pair.pk, State.REJECTED)]


def test_same_judgement_twice_is_refused(house: House) -> None:
    pair = suggested(house)
    workflow.decide_match(pair, by=house.dm, accept=False)
    with refuses(ConflictError, "判断过"):
        workflow.decide_match(pair, by=house.guard, accept=False)


@pytest.mark.parametrize("first", [True, False])
def test_judgement_is_changed_with_a_reason_only(house: House, first: bool) -> None:
    pair = suggested(house)
    workflow.decide_match(pair, by=house.dm, accept=first)
    with refuses(RefusedInput) as caught:
        workflow.decide_match(pair, by=house.dm, accept=not first)
    changed = workflow.decide_match(pair, by=house.dm, accept=not first, reason="看错了")

    assert list(caught.value.errors) == ["reason"]
    assert (changed.state == State.ACCEPTED) is not first
    assert audit.problems(read(pair.lost).case) + audit.problems(fresh(pair.found).case) == []


def test_thing_that_is_gone_is_not_accepted(house: House) -> None:
    pair = suggested(house)
    workflow.void(fresh(pair.found), by=house.gm, reason="重复登记")
    with refuses(ConflictError, "不在库"):
        workflow.decide_match(pair, by=house.dm, accept=True)


def test_suggestion_of_an_ended_report_is_not_judged(house: House) -> None:
    pair = suggested(house)
    workflow.close_lost(read(pair.lost), "found", by=house.dm, reason="找到了")
    with refuses(ConflictError, "已找回"):
        workflow.decide_match(pair, by=house.dm, accept=True)


@pytest.mark.parametrize("role", list(Role))
def test_judging_is_open_to_the_roles_of_the_table(house: House, role: Role) -> None:
    pair, by = suggested(house), member(house.prop, role)
    if role in ACTIONS["decide_match"].any:
        assert workflow.decide_match(pair, by=by, accept=True).state == State.ACCEPTED
    else:
        before = fingerprint()
        with pytest.raises(PermissionDenied):
            workflow.decide_match(pair, by=by, accept=True)
        assert fingerprint() == before
