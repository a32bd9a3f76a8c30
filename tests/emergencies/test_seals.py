"""封存 (E-6): three people and a photo to seal, the police and two people to release, nothing else."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from emergencies import workflow
from emergencies.models import RoomSeal, SealTag
from emergencies.queries import evidence, registers, seals
from emergencies.workflow import sweep
from propdesk.core import audit
from propdesk.core.models import Clock, Notice, Person
from propdesk.core.persons import Guest
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, S, ago, board, fresh, photo
from tests.factories import PASSWORD, PlaceFactory, ShiftFactory
from tests.factories import fresh as read
from tests.incidents.moves import fingerprint, refuses
from tests.incidents.test_constraints import run
from tests.incidents.test_races import at_once, unlocked

pytestmark = pytest.mark.django_db
W = workflow

__all__ = ["unlocked"]  # the fixture of the other register, taken over


def again(seal):
    return RoomSeal.objects.select_related("event__case").get(pk=seal.pk)


def refused_fields(act) -> set[str]:
    """The fields a refusal names; nothing was changed."""
    with refuses(RefusedInput) as caught, transaction.atomic():
        act()
    return set(caught.value.errors)


# --- sealing ---------------------------------------------------------------------------------


def test_place_is_sealed_with_number_photo_and_two_witnesses():
    house = House()
    event = house.dead()

    seal = house.sealed(event)

    tag = seal.tags.get()
    assert (seal.place, seal.owner, seal.cards, seal.sealed_by) == (
        house.room,
        "ours",
        "cancelled",
        house.sec,
    )
    assert (tag.number, tag.applied_by, tag.witness1, tag.witness2) == (
        "FQ-0001",
        house.sec,
        house.guard,
        house.guard2,
    )
    assert tag.photo.case_id == event.pk
    assert board(event).lines["X21"].state == "done"
    assert board(event).evidence.active == {"seal": 1}
    assert audit.problems(fresh(event).case) == []


def test_witness_from_outside_is_kept_as_a_person_alone():
    house = House()
    tag = house.tag(witnesses=(house.guard, Guest(name="刘洋", phone="13900001111")))

    W.seal(house.dead(), house.sealing(tag=tag), photo(), by=house.sec)

    row = SealTag.objects.get()
    assert (row.witness1, row.witness2) == (house.guard, None)
    assert row.witness2_person.name == "刘洋"


def test_number_is_kept_without_spaces_and_in_capitals():
    house = House()

    W.seal(house.dead(), house.sealing(" fq 0007 "), photo(), by=house.sec)

    assert SealTag.objects.get().number == "FQ0007"


BROKEN = {
    "place": ({"place": None}, {}),
    "owner": ({"owner": "guest"}, {}),
    "cards": ({"cards": ""}, {}),
    "number": ({}, {"number": " "}),
    "witness": ({}, {"witnesses": ()}),
    "applied_at": ({}, {"applied_at": timezone.now() + timedelta(hours=1)}),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_sealing_without_one_of_its_facts_is_refused(name):
    house = House()
    event = house.dead()
    outer, inner = BROKEN[name]
    if name == "applied_at":
        inner = {"applied_at": timezone.now() + timedelta(hours=1)}
    what = house.sealing(tag=house.tag(**inner), **outer)

    assert refused_fields(lambda: W.seal(event, what, photo(), by=house.sec)) == {name}


def test_sealing_without_a_photo_is_refused():
    house = House()
    event = house.dead()

    assert refused_fields(lambda: W.seal(event, house.sealing(), b"", by=house.sec)) == {"photo"}


@pytest.mark.parametrize(
    "pick",
    [
        lambda h: (h.guard,),
        lambda h: (h.guard, h.guard),
        lambda h: (h.guard, h.sec),
        lambda h: (Guest(name="刘洋"), Guest(name="刘洋")),
        lambda h: (h.guard, Guest(name=" ")),
        lambda h: (h.guard, Guest(name=f" {h.sec.name[0]} {h.sec.name[1:]}")),
        lambda h: (h.guard, Guest(name=h.guard.name)),
        lambda h: (Guest(name="刘 洋"), Guest(name="刘洋")),
        lambda h: (h.guard, h.guard2, h.dm),
    ],
    ids=[
        "one",
        "twice",
        "who applied",
        "same name",
        "nameless",
        "who applied by name",
        "a witness by name",
        "same name spaced",
        "three",
    ],
)
def test_sealing_needs_two_witnesses_who_are_two_others(pick):
    house = House()
    event = house.dead()
    what = house.sealing(tag=house.tag(witnesses=pick(house)))

    assert refused_fields(lambda: W.seal(event, what, photo(), by=house.sec)) == {"witness"}


def test_whoever_records_the_seal_is_no_witness_by_name():
    house = House()
    event = house.dead()
    tag = house.tag(applied_by=house.sec, witnesses=(house.guard2, Guest(name=house.dm.name)))
    what = house.sealing(tag=tag)

    assert refused_fields(lambda: W.seal(event, what, photo(), by=house.dm)) == {"witness"}


def test_place_of_another_property_is_refused():
    house = House()
    event = house.dead()
    what = house.sealing(place=PlaceFactory())

    assert refused_fields(lambda: W.seal(event, what, photo(), by=house.sec)) == {"place"}


def test_number_is_used_once_for_ever_even_after_the_release():
    house = House()
    house.released()
    event = house.dead()
    what = house.sealing(place=house.other_room)

    assert refused_fields(lambda: W.seal(event, what, photo(), by=house.sec)) == {"number"}


def test_place_under_seal_is_not_sealed_a_second_time():
    house = House()
    house.sealed()
    event = house.dead()

    with refuses(ConflictError, match="已经封存"), transaction.atomic():
        W.seal(event, house.sealing("FQ-0002"), photo(), by=house.sec)


def test_place_is_sealed_anew_after_the_release():
    house = House()
    seal = house.released()

    second = house.sealed(fresh(seal.event), "FQ-0002")

    assert board(seal.event).evidence.active == {"seal": 1}
    assert "C5" in {missing.id for missing in board(seal.event).missing("handling")}
    assert second.place == seal.place


def test_event_whose_playbook_knows_no_seal_seals_nothing():
    house = House()
    event = house.started("power_outage")

    with refuses(ConflictError, match="没有封存"), transaction.atomic():
        W.seal(event, house.sealing(), photo(), by=house.sec)


# --- looking at it ---------------------------------------------------------------------------


def test_intact_seal_is_one_round_and_tells_nobody():
    house = House()
    seal = house.sealed()
    before = Notice.objects.count()

    W.check_seal(seal, is_intact=True, by=house.sec)

    marks = seal.event.marks.filter(step="X23")
    assert list(marks.values_list("outcome", flat=True)) == ["round", "round"]
    assert Notice.objects.count() == before


@pytest.mark.parametrize(
    ("changes", "fields"),
    [({"picture": b""}, {"photo"}), ({"note": " "}, {"note"})],
    ids=["no photo", "no words"],
)
def test_broken_seal_without_photo_or_words_is_refused(changes, fields):
    house = House()
    seal = house.sealed()
    said = {"picture": photo(), "note": "左下角撕开"} | changes

    assert (
        refused_fields(lambda: W.check_seal(seal, is_intact=False, by=house.sec, **said)) == fields
    )


def test_broken_seal_is_told_to_both_at_once_in_words_that_give_nothing_away():
    house = House()
    seal = house.sealed()
    before = set(Notice.objects.values_list("pk", flat=True))

    W.check_seal(seal, is_intact=False, by=house.dm, note="左下角撕开", picture=photo())

    told = Notice.objects.exclude(pk__in=before)
    number = seal.event.case.number
    assert set(told.values_list("recipient", flat=True)) == {house.gm.pk, house.sec.pk}
    assert set(told.values_list("text", flat=True)) == {f"【紧急】{number} · 保密事项 · 请立即查看"}


def test_broken_seal_is_renewed_and_the_place_stays_sealed_all_the_while():
    house = House()
    seal = house.sealed()
    tag = house.tag("FQ-0002")
    with refuses(ConflictError, match="先登记封条破损"), transaction.atomic():
        W.renew_seal(seal, tag, photo(), by=house.sec, reason="破损")
    W.check_seal(seal, is_intact=False, by=house.sec, note="左下角撕开", picture=photo())

    W.renew_seal(seal, tag, photo(), by=house.sec, reason="左下角撕开")

    assert [row.number for row in seal.tags.order_by("seq")] == ["FQ-0001", "FQ-0002"]
    assert again(seal).is_active
    assert audit.problems(fresh(seal.event).case) == []


def test_photo_of_a_seal_is_not_taken_out_of_sight():
    house = House()
    seal = house.sealed()
    kept = seal.tags.get().photo

    with refuses(ConflictError, match="凭据"), transaction.atomic():
        W.remove_attachment(fresh(seal.event), kept, by=house.dm, reason="拍错")


# --- the check of each shift -----------------------------------------------------------------


def shifts(house, start):
    """Three shifts of eight hours; the first began an hour before ``start``."""
    for number in range(3):
        ShiftFactory(
            property=house.prop,
            user=house.dm,
            starts_at=start - timedelta(hours=1) + timedelta(hours=8 * number),
        )


def told_of_missing() -> int:
    return Notice.objects.filter(rule="emergencies.seal_unchecked").count()


def test_shift_without_a_check_is_told_once_and_the_next_one_again():
    house = House()
    start = timezone.now()
    shifts(house, start)
    house.sealed()

    sweep.flag_due(start + timedelta(hours=14, minutes=50))
    assert told_of_missing() == 0
    sweep.flag_due(start + timedelta(hours=15, minutes=5))
    sweep.flag_due(start + timedelta(hours=15, minutes=6))
    first = told_of_missing()
    sweep.flag_due(start + timedelta(hours=23, minutes=5))

    assert first == 3  # 总物业经理, 保安部经理 and who commands, once each
    assert told_of_missing() == 6
    assert set(
        Notice.objects.filter(rule="emergencies.seal_unchecked").values_list("recipient", flat=True)
    ) == {house.gm.pk, house.sec.pk, house.dm.pk}


def test_shift_with_a_check_is_not_told():
    house = House()
    seal = house.sealed()
    made = timezone.now()
    Clock.objects.filter(rule="emergencies.seal_unchecked").update(due_at=made)
    W.check_seal(seal, is_intact=True, by=house.sec)

    sweep.flag_due(made + timedelta(minutes=1))

    assert told_of_missing() == 0


def test_released_seal_is_never_told_as_unchecked():
    house = House()
    house.released()

    sweep.flag_due(timezone.now() + timedelta(days=30))

    assert told_of_missing() == 0


# --- the release -----------------------------------------------------------------------------


def test_release_frees_the_place_and_answers_the_question():
    house = House()
    seal = house.sealed()
    event = seal.event

    W.release_seal(seal, house.release(), photo(), by=house.gm)

    row = again(seal)
    assert not row.is_active
    assert (row.badge, row.unit, row.document_number) == (
        "012345",
        "城南派出所",
        "城公（解）字〔2026〕7号",
    )
    assert (row.officer.name, row.officer.kind) == ("刘建国", Person.Kind.OUTSIDER)
    assert (row.released_by, row.released_with) == (house.gm, house.sec)
    assert row.checks.get().is_intact
    assert board(event).lines["X32"].state == "done"
    assert board(event).lines["X23"].state == "done"
    assert board(event).evidence.active == {"seal": 0}
    assert event.answers.get(key="police_released", superseded_at=None).value == "yes"
    assert audit.problems(fresh(event).case) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"officer": " "}, "officer"),
        ({"badge": ""}, "badge"),
        ({"unit": ""}, "unit"),
        ({"document_number": ""}, "document_number"),
        ({"way": "hearsay"}, "way"),
        ({"released_at": None}, "released_at"),
        ({"is_intact": False}, "note"),
    ],
)
def test_release_that_is_not_whole_is_no_release(changes, field):
    house = House()
    seal = house.sealed()
    what = house.release(**changes)

    assert refused_fields(lambda: W.release_seal(seal, what, photo(), by=house.gm)) == {field}
    assert again(seal).is_active


def test_release_without_the_paper_of_the_police_is_no_release():
    house = House()
    seal = house.sealed()

    assert refused_fields(lambda: W.release_seal(seal, house.release(), b"", by=house.gm)) == {
        "photo"
    }


@pytest.mark.parametrize(
    ("pick", "field"),
    [
        (lambda h: W.Second(h.gm, PASSWORD), "second"),
        (lambda h: W.Second(h.dm2, PASSWORD), "second"),
        (lambda h: W.Second(h.sec, "wrong"), "second_password"),
        (lambda h: W.Second(h.sec, ""), "second_password"),
    ],
    ids=["himself", "no reader", "wrong password", "no password"],
)
def test_release_needs_a_second_person_who_is_there(pick, field):
    house = House()
    seal = house.sealed()
    what = house.release(second=pick(house))

    assert refused_fields(lambda: W.release_seal(seal, what, photo(), by=house.gm)) == {field}


def test_release_before_the_sealing_is_refused():
    house = House()
    seal = house.sealed()
    what = house.release(released_at=ago(hours=2))

    assert refused_fields(lambda: W.release_seal(seal, what, photo(), by=house.gm)) == {
        "released_at"
    }


@pytest.mark.parametrize("role", ["sec", "pm", "dm"])
def test_nobody_below_the_general_manager_records_a_release_though_he_reads_the_event(role):
    house = House()
    seal = house.sealed()
    by = getattr(house, role)

    with refuses(PermissionDenied), transaction.atomic():
        W.release_seal(seal, house.release(), photo(), by=by)


@pytest.mark.parametrize("role", ["dm2", "guard", "desk", "cleaner", "staff"])
def test_for_who_is_no_reader_the_seal_does_not_exist(role):
    house = House()
    seal = house.sealed()
    by = getattr(house, role)

    with refuses(Http404), transaction.atomic():
        W.check_seal(seal, is_intact=True, by=by)
    with refuses(Http404), transaction.atomic():
        W.release_seal(seal, house.release(), photo(), by=by)


def test_release_is_recorded_once():
    house = House()
    seal = house.released()

    with refuses(ConflictError, match="已经解除"), transaction.atomic():
        W.release_seal(seal, house.release(), photo(), by=house.gm)
    with refuses(ConflictError, match="已经解除"), transaction.atomic():
        W.check_seal(seal, is_intact=True, by=house.sec)


def test_release_of_one_of_two_rooms_leaves_the_question_open():
    house = House()
    event = house.dead()
    first = house.sealed(event)
    what = house.sealing("FQ-0002", place=house.other_room)
    W.seal(fresh(event), what, photo(), by=house.sec)

    W.release_seal(first, house.release(), photo(), by=house.gm)

    assert board(event).evidence.active == {"seal": 1}
    assert board(event).lines["X32"].state == "open"
    assert not event.answers.filter(key="police_released").exists()


def test_door_is_opened_after_the_release_by_two():
    house = House()
    seal = house.sealed()
    second = W.Second(house.pm, PASSWORD)
    with refuses(ConflictError, match="没有公安解除记录，不得启封"), transaction.atomic():
        W.open_seal(seal, second, by=house.sec)
    house.released(seal)

    W.open_seal(seal, second, by=house.sec)

    row = again(seal)
    assert (row.opened_by, row.opened_with) == (house.sec, house.pm)
    assert row.opened_at >= row.released_at
    with refuses(ConflictError, match="已经登记过启封"), transaction.atomic():
        W.open_seal(seal, second, by=house.sec)


# --- no way round ----------------------------------------------------------------------------


def everything_but_the_release(house):
    """All is done that can be done while the room is sealed."""
    event = house.called(house.dead())
    return house.marked(event, except_={"X32", "X33", "X34"})


def test_question_whether_the_police_released_it_is_not_answered_by_hand():
    house = House()
    event = house.sealed().event

    with refuses(ConflictError, match="登记公安解除记录"), transaction.atomic():
        W.answer(fresh(event), "police_released", "yes", by=house.gm)


def test_question_is_not_answered_yes_where_nothing_was_ever_sealed():
    house = House()
    event = house.dead()

    with refuses(ConflictError, match="登记公安解除记录"), transaction.atomic():
        W.answer(fresh(event), "police_released", "yes", by=house.gm)


@pytest.mark.parametrize("step", ["X21", "X23", "X32", "X33"])
def test_step_of_the_register_is_not_ticked_by_hand(step):
    house = House()
    event = house.sealed().event
    seen = event.marks.filter(step=step, superseded_at=None).exclude(outcome="round").count()

    with refuses(ConflictError), transaction.atomic():
        W.done(fresh(event), step, W.Proof(text="好了"), by=house.gm, seen=seen)
    with refuses(ConflictError), transaction.atomic():
        W.not_needed(fresh(event), step, by=house.gm, reason="不用", seen=seen)


def test_cleaning_waits_for_the_release():
    house = House()
    event = house.sealed().event

    with refuses(ConflictError, match="没有公安解除记录"), transaction.atomic():
        W.done(fresh(event), "X34", W.Proof(text="已消毒"), by=house.pm)


def test_sealed_event_ends_in_no_way_whatever_was_answered():
    house = House()
    event = everything_but_the_release(house)
    house.answer(event, "at_premises", "no", by=house.dm)
    event = fresh(event)

    for act in (
        lambda: W.end(event, by=house.dm, summary="已处置"),
        lambda: W.override_end(event, by=house.gm, summary="已处置", reason="急"),
        lambda: W.void(event, by=house.gm, reason="误启动"),
    ):
        with refuses(ConflictError), transaction.atomic():
            act()
    assert fresh(event).status == S.RUNNING


def test_death_on_the_premises_without_any_seal_ends_not_even_by_a_manager():
    house = House()
    event = house.called(house.dead())

    assert "C5" in {m.id for m in board(event).missing("handling")}
    assert board(event).evidence.active == {}
    with refuses(ConflictError, match="不能特批"), transaction.atomic():
        W.override_end(event, by=house.gm, summary="已处置", reason="急")


BY_SQL = {
    "release in one column": (
        "UPDATE emergencies_roomseal SET released_at = clock_timestamp()",
        "emergencies_seal_release_whole",
    ),
    "release without the paper": (
        "UPDATE emergencies_roomseal SET released_at = clock_timestamp(), "
        "recorded_at = clock_timestamp(), way = 'written', "
        "badge = '1', unit = 'x', document_number = 'x', released_by_id = sealed_by_id, "
        "released_with_id = (SELECT max(id) FROM core_user), "
        "officer_id = (SELECT min(id) FROM core_person)",
        "emergencies_seal_release_whole",
    ),
    "opened": (
        "UPDATE emergencies_roomseal SET opened_at = now(), opened_by_id = sealed_by_id, "
        "opened_with_id = (SELECT max(id) FROM core_user)",
        "emergencies_seal_opened_after_release",
    ),
    "moved to another place": (
        "UPDATE emergencies_roomseal SET place_id = (SELECT max(id) FROM core_place)",
        "emergencies_seal_frozen",
    ),
    "made a drill": (
        "UPDATE emergencies_roomseal SET is_drill = TRUE",
        "emergencies_seal_frozen",
    ),
    "deleted": ("DELETE FROM emergencies_roomseal", None),
    "tag deleted": ("DELETE FROM emergencies_sealtag", "emergencies_sealtag_append_only"),
    "tag renumbered": (
        "UPDATE emergencies_sealtag SET number = 'X'",
        "emergencies_sealtag_append_only",
    ),
    "event ended": (
        "UPDATE emergencies_event SET status = 'signing', ended_at = now(), "
        "ended_by_id = commander_id",
        "emergencies_event_sealed_stays_open",
    ),
    "event archived": (
        "UPDATE emergencies_event SET status = 'archived', ended_at = now(), archived_at = now(), "
        "ended_by_id = commander_id, archived_by_id = commander_id",
        "emergencies_event_sealed_stays_open",
    ),
    "event voided": (
        "UPDATE emergencies_event SET status = 'voided', void_reason = 'x'",
        "emergencies_event_sealed_stays_open",
    ),
    "event made a drill": (
        "UPDATE emergencies_event SET is_drill = TRUE",
        "emergencies_event_start_frozen",
    ),
    "event deleted": ("DELETE FROM emergencies_event", None),
}


@pytest.mark.every_case
@pytest.mark.parametrize("name", sorted(BY_SQL))
def test_application_cannot_unseal_by_sql(name):
    house = House()
    house.sealed()
    statement, guard = BY_SQL[name]
    before = fingerprint()

    refused_by = run(statement)

    assert guard is None or refused_by == guard
    assert refused_by
    assert fingerprint() == before


def test_application_cannot_take_the_guards_away():
    House()
    statements = [
        "TRUNCATE emergencies_roomseal CASCADE",
        "ALTER TABLE emergencies_roomseal DISABLE TRIGGER ALL",
        "DROP TRIGGER emergencies_seal_frozen ON emergencies_roomseal",
        "SET session_replication_role = replica",
    ]
    for statement in statements:
        with (
            pytest.raises(DatabaseError, match=r"denied|owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_released_row_and_its_opening_are_final():
    house = House()
    seal = house.released()
    W.open_seal(seal, W.Second(house.pm, PASSWORD), by=house.sec)
    seal_table = "emergencies_roomseal"

    assert run(f"UPDATE {seal_table} SET badge = 'x'") == "emergencies_seal_release_final"  # noqa: S608 -- our own table
    assert run(f"UPDATE {seal_table} SET opened_at = now()") == "emergencies_seal_opened_final"  # noqa: S608 -- our own table


# --- who sees that it is sealed --------------------------------------------------------------


def test_sealed_place_shows_for_the_readers_and_for_nobody_else():
    house = House()
    house.sealed()
    shown = {
        name: seals.sealed_places(read(getattr(house, name)), house.prop)
        for name in ("dm", "sec", "pm", "gm", "dm2", "guard", "desk", "cleaner", "staff")
    }

    readers = dict.fromkeys(("dm", "sec", "pm", "gm"), frozenset({house.room.pk}))
    others = dict.fromkeys(("dm2", "guard", "desk", "cleaner", "staff"), frozenset())
    assert shown == readers | others


def test_released_place_shows_no_more():
    house = House()
    house.released()

    assert seals.sealed_places(read(house.gm), house.prop) == frozenset()


def test_drill_seals_nothing_and_uses_up_no_number():
    house = House()
    drill = house.answered(
        house.started("death", is_drill=True), late=False, certainly_dead="yes", at_premises="yes"
    )

    house.sealed(drill)

    assert seals.sealed_places(read(house.gm), house.prop) == frozenset()
    assert house.sealed().tags.get().number == "FQ-0001"
    W.end(fresh(drill), by=house.dm, summary="演练到此")
    assert fresh(drill).status == S.SIGNING


def test_board_reads_the_seals_in_one_statement(django_assert_num_queries):
    house = House()
    event = fresh(house.sealed().event)
    evidence.playbook_of(event)
    record = evidence.Record([], [], [])

    with django_assert_num_queries(1):
        seals.fill(event, record)

    assert record.active == {"seal": 1}


# --- at once ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_room_sealed_by_eight_at_once_is_sealed_once():
    house = House()
    event = house.dead()

    def act(i):
        what = house.sealing(f"FQ-{i}")
        W.seal(event, what, photo(), by=read(house.sec))

    assert Counter(at_once(8, act)) == {"done": 1, "ConflictError": 7}
    assert RoomSeal.objects.filter(place=house.room).count() == 1
    assert audit.problems(fresh(event).case) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_number_used_by_two_events_at_once_is_kept_by_one():
    house = House()
    events = [house.dead(), house.dead()]
    places = [house.room, house.other_room]

    def act(i):
        W.seal(events[i], house.sealing(place=places[i]), photo(), by=read(house.sec))

    outcome = Counter(at_once(2, act))

    assert outcome["done"] == 1
    assert set(outcome) <= {"done", "ConflictError", "RefusedInput"}
    assert SealTag.objects.count() == 1
    assert RoomSeal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_release_recorded_by_four_at_once_is_recorded_once():
    house = House()
    seal = house.sealed()
    what = house.release()

    outcome = Counter(at_once(4, lambda _i: W.release_seal(seal, what, photo(), by=read(house.gm))))

    assert outcome == {"done": 1, "ConflictError": 3}
    assert seal.event.case.entries.filter(action="release_seal").count() == 1
    assert audit.problems(fresh(seal.event).case) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_release_and_a_further_seal_at_once_never_leave_a_sealed_event_ended():
    house = House()
    seal = house.sealed()
    event = seal.event
    acts = [
        lambda: W.release_seal(seal, house.release(), photo(), by=read(house.gm)),
        lambda: W.seal(
            event, house.sealing("FQ-2", place=house.other_room), photo(), by=read(house.sec)
        ),
    ]

    outcome = Counter(at_once(2, lambda i: acts[i]()))

    assert outcome == {"done": 2}
    assert board(event).evidence.active == {"seal": 1}
    with pytest.raises(ConflictError):
        W.end(fresh(event), by=read(house.dm), summary="已处置")


def test_two_tags_of_the_same_seal_keep_their_order():
    house = House()
    seal = house.sealed()
    for number in (2, 3):
        W.check_seal(seal, is_intact=False, by=house.sec, note="撕开", picture=photo())
        tag = replace(house.tag(), number=f"FQ-000{number}")
        W.renew_seal(seal, tag, photo(), by=house.sec, reason="撕开")

    assert list(seal.tags.order_by("seq").values_list("seq", "number")) == [
        (1, "FQ-0001"),
        (2, "FQ-0002"),
        (3, "FQ-0003"),
    ]


def test_sealed_place_is_marked_where_it_is_chosen_for_the_readers_alone(client):
    house = House()
    house.sealed()
    url = reverse("incidents:known_guests", args=[house.prop.code])
    shown = {}

    for name in ("dm", "dm2"):
        client.force_login(getattr(house, name))
        for typed in ("A-1806", "A-18"):
            shown[name, typed] = "封存" in client.get(url, {"room": typed}).content.decode()

    assert shown == {
        ("dm", "A-1806"): True,
        ("dm", "A-18"): True,
        ("dm2", "A-1806"): False,
        ("dm2", "A-18"): False,
    }


def test_papers_take_their_rows_from_the_registers():
    house = House()
    event = house.counted(house.released().event)
    record = evidence.record_of(event)

    rows = {
        name: registers.of_register(event, name, record)
        for name in ("seal", "seal_check", "seal_release", "belongings")
    }

    assert [row["number"] for row in rows["seal"]] == ["FQ-0001"]
    assert [row["second_witness"] for row in rows["seal"]] == [house.guard2]
    assert [row["intact"] for row in rows["seal_check"]] == [True]
    assert [row["badge"] for row in rows["seal_release"]] == ["012345"]
    assert [row["features"] for row in rows["belongings"]] == ["衣柜", "", "CNY 100.00"]


# --- the paper -------------------------------------------------------------------------------


def test_paper_of_the_seals_tells_where_by_whom_released_and_opened():
    house = House()
    seal = house.sealed()
    W.release_seal(seal, house.release(), photo(), by=house.gm)
    W.open_seal(seal, W.Second(house.pm, PASSWORD), by=house.sec)
    event = fresh(seal.event)

    (tag,) = registers.ROWS["seal"](event)
    (end,) = registers.ROWS["seal_release"](event)

    assert (tag["place"], tag["cards"]) == (house.room.label, "已全部作废")
    row = again(seal)
    assert (end["unit"], end["way"]) == (row.unit, str(row.get_way_display()))
    assert (end["recorded_by"], end["beside"]) == (house.gm, house.sec)
    assert (end["opened_by"], end["opened_with"]) == (house.sec, house.pm)
    assert end["opened_at"] == row.opened_at


def test_paper_of_a_place_the_house_does_not_list_keeps_the_words_of_the_start():
    house = House()
    event = house.started("death", place=None, place_note="B座 606")
    house.answered(event, late=False, certainly_dead="yes", at_premises="yes")

    W.seal(fresh(event), house.sealing(), photo(), by=house.sec)

    (tag,) = registers.ROWS["seal"](fresh(event))
    assert tag["place"] == f"{house.room.label}（B座 606）"
