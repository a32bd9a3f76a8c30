"""What the gates of the engine let pass and what they stop: fields, parents, voiding, drills, papers."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from emergencies import workflow
from emergencies.detail import Detail
from emergencies.forms.aftermath import LossesForm
from emergencies.models import Event
from emergencies.playbooks import PLAYBOOKS
from emergencies.queries import drills
from emergencies.queries import records as queries
from emergencies.workflow import flag_due, sweep
from emergencies.workflow.base import Rule, minutes
from propdesk.core import audit
from propdesk.core.models import Clock, Notice
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.emergencies.journey import House, S, ago, board, fresh
from tests.emergencies.recording import signed_off, submitted
from tests.factories import PASSWORD
from tests.incidents.moves import refuses

pytestmark = pytest.mark.django_db
W = workflow


@pytest.fixture
def house() -> House:
    return House()


def refused_fields(act) -> set[str]:
    """The fields a refusal names; nothing was changed."""
    with refuses(RefusedInput) as caught, transaction.atomic():
        act()
    return set(caught.value.errors)


def now_text() -> str:
    return timezone.now().isoformat()


# --- fields that hang on a question ---------------------------------------------------------


def test_ambulance_is_ticked_before_it_is_asked_for(house):
    event = house.started("medical")

    W.done(event, "M10", W.Proof(values={"called_at": now_text()}), by=house.dm)

    assert board(event).lines["M10"].state == "done"


@pytest.mark.parametrize(("said", "state"), [("called", "done"), ("declined_by_guest", "open")])
def test_answer_that_asks_for_more_takes_the_tick_back(house, said, state):
    event = house.started("medical")
    W.done(event, "M10", W.Proof(values={"called_at": now_text()}), by=house.dm)

    house.answer(event, "ambulance", said)

    assert board(event).lines["M10"].state == state


def test_reason_for_no_ambulance_is_asked_for_once_it_is_known(house):
    event = house.started("medical")
    house.answer(event, "ambulance", "declined_by_guest")
    proof = W.Proof(values={"called_at": now_text()})

    assert refused_fields(lambda: W.done(fresh(event), "M10", proof, by=house.dm)) == {
        "field_why_not"
    }


RESETS = [
    ("power_outage", "P40", {"lifts", "fire_panel", "pumps", "doors"}),
    ("fire", "R42", {"alarm", "sprinkler", "doors", "lifts"}),
]


@pytest.mark.parametrize(("kind", "step", "wanted"), RESETS)
def test_reset_that_is_not_done_does_not_tick_the_step(house, kind, step, wanted):
    event = house.answered(house.burning() if kind == "fire" else house.started(kind))
    spec = PLAYBOOKS[kind].steps[step]
    values = house.proof(event, spec, house.engineering).values
    proof = W.Proof(text="照办", values={**values, **dict.fromkeys(wanted, False)})

    assert refused_fields(lambda: W.done(event, step, proof, by=house.engineering)) == {
        f"field_{key}" for key in wanted
    }
    assert {f.key for f in spec.fields if f.must} == wanted


@pytest.mark.parametrize("rows", ["00012000", "0003", "31", "-1", "3x", "9" * 40])
def test_number_of_lines_a_form_shows_is_bounded(house, rows):
    form = LossesForm({"rows": rows}, event=house.started("theft"), user=house.dm)

    assert form.count <= form.most
    assert len([name for name in form.fields if name.startswith("name_")]) == form.count


# --- children and parents --------------------------------------------------------------------


def test_patient_of_a_death_who_dies_after_all_needs_no_second_death(house):
    event = house.started("death")
    house.answer(event, "certainly_dead", "no")
    child = W.open_child(fresh(event), "medical", by=house.dm)
    house.answered(child, died="yes")

    W.done(fresh(child), "M24", W.Proof(text="已在上一级办理"), by=house.dm)

    look = board(child)
    assert look.lines["M24"].state == "done"
    assert "C5" not in {m.id for m in look.missing("handling")}


def test_kind_of_a_grandparent_is_linked_too(house):
    event = house.started("drunk_guest")
    house.answer(event, "fighting", "yes")
    child = W.open_child(fresh(event), "fight", by=house.dm)
    house.answer(child, "injured", "yes")
    grandchild = W.open_child(fresh(child), "medical", by=house.dm)

    assert board(grandchild).evidence.linked == {"drunk_guest", "fight"}


def test_page_offers_a_child_anew_once_the_first_was_voided(house):
    event = house.started("drunk_guest")
    house.answer(event, "fighting", "yes")
    child = W.open_child(fresh(event), "fight", by=house.dm)
    seen = Detail.load(house.dm, house.prop, event.case.number, timezone.now())
    W.void(fresh(child), by=house.pm, reason="误启动")
    again = Detail.load(house.dm, house.prop, event.case.number, timezone.now())

    assert seen.line("A12").child.pk == child.pk
    assert again.line("A12").child is None


def test_voided_child_is_not_confirmed_again(house):
    event = house.started("drunk_guest")
    house.answer(event, "fighting", "yes")
    child = W.open_child(fresh(event), "fight", by=house.dm)
    house.mark(event, "A12")
    W.void(fresh(child), by=house.pm, reason="误启动")
    seen = event.marks.get(step="A12", superseded_at=None).seq

    with refuses(ConflictError, match="请先启动关联预案"), transaction.atomic():
        W.confirm_again(fresh(event), "A12", by=house.dm, seen=seen)


# --- 误启动 ----------------------------------------------------------------------------------


def marked(house, event):
    house.mark(event, "T21")


def told(house, event):
    W.tell(fresh(event), "N2", W.Told("phone"), by=house.dm)


def acknowledged(house, event):
    W.acknowledge(fresh(event), "N1", by=house.guard)


@pytest.mark.parametrize("act", [marked, told, acknowledged])
@pytest.mark.parametrize("role", ["started", "commands"])
def test_manager_does_not_void_alone_what_he_began_once_something_was_done(house, act, role):
    event = house.started("theft", by=house.pm if role == "started" else house.dm)
    house.answer(event, "forced_entry", "yes")
    if role == "commands":
        W.hand_over(fresh(event), house.pm, by=house.dm)
    elif event.commander_id == house.pm.pk:
        W.hand_over(fresh(event), house.dm, by=house.pm)
    act(house, event)

    with refuses(ConflictError, match="须由另一位经理作废"), transaction.atomic():
        W.void(fresh(event), by=house.pm, reason="误启动")
    W.void(fresh(event), by=house.gm, reason="误启动")

    assert fresh(event).status == S.VOIDED


def test_manager_voids_his_own_slip_of_the_finger_at_once(house):
    event = house.started("theft", by=house.pm)
    page = Detail.load(house.pm, house.prop, event.case.number, timezone.now())

    assert page.offers("void")
    W.void(event, by=house.pm, reason="点错了")

    assert fresh(event).status == S.VOIDED


def test_page_does_not_offer_to_void_what_another_manager_must(house):
    event = house.started("theft", by=house.pm)
    house.answer(event, "forced_entry", "yes")
    marked(house, event)

    offered = [
        Detail.load(user, house.prop, event.case.number, timezone.now()).offers("void")
        for user in (house.pm, house.gm)
    ]
    assert offered == [False, True]


# --- 重新处置 --------------------------------------------------------------------------------


def running(event):
    rows = Clock.objects.filter(case=event.case, fired_at=None, stopped_at=None)
    return sorted(rows.values_list("rule", "due_at"))


def test_event_that_is_taken_up_again_is_late_and_climbs_again(house):
    event = house.started("power_outage", by=house.guard)
    before = running(event)
    ladders = dict(event.calls.exclude(next_rung_at=None).values_list("notice", "next_rung_at"))
    W.override_end(
        event_with_rounds(house, event), by=house.gm, summary="已恢复", reason="人手不够"
    )
    assert {rule for rule, _due in running(event)} == {Rule.RECORD_LATE, Rule.REVIEW_LATE}

    W.reopen(fresh(event), by=house.pm, reason="又停了")

    again = running(event)
    assert [clock for clock in again if clock[0] != Rule.ROUND_LATE] == before
    rows = event.calls.exclude(next_rung_at=None).values_list("notice", "next_rung_at")
    assert dict(rows) == ladders


def test_round_of_what_is_open_again_is_due_again(house):
    event = event_with_rounds(house, house.started("power_outage"))
    Clock.objects.filter(case=event.case, rule=Rule.ROUND_LATE).delete()

    house.answer(event, "restored", "no")
    changed = event.answers.get(key="restored", superseded_at=None).at

    every = timedelta(minutes=PLAYBOOKS["power_outage"].steps["P30"].repeat.every_min)
    rounds = [due for rule, due in running(event) if rule == Rule.ROUND_LATE]
    assert rounds == [changed + every]


def test_round_is_due_again_when_an_event_is_taken_up_again(house):
    event = house.started("power_outage", is_drill=True)
    proof = W.Proof(text="正在查", values={"text": "正在查", "channel": "住户群"})
    done = W.one_round(event, "P30", proof, by=house.dm).occurred_at
    W.end(fresh(event), by=house.dm, summary="按时到位")

    W.reopen(fresh(event), by=house.pm, reason="再演一次")

    every = timedelta(minutes=PLAYBOOKS["power_outage"].steps["P30"].repeat.every_min)
    rounds = [due for rule, due in running(event) if rule == Rule.ROUND_LATE]
    assert rounds == [done + every]


def event_with_rounds(house, event):
    """One round is done and what no manager lets pass; the calls are unanswered."""
    event = house.answered(event)
    proof = W.Proof(text="正在查", values={"text": "正在查", "channel": "住户群"})
    W.one_round(event, "P30", proof, by=house.dm)
    for step in ("P40", "P41"):
        house.mark(event, step)
    return fresh(event)


# --- 归档 ------------------------------------------------------------------------------------


def test_paper_signed_before_the_last_count_is_not_archived(house):
    event = house.called(house.answered(house.burning()))
    event = house.marked(event, except_={"R32"})
    house.roll(event, 1)
    early = signed_off(house, submitted(event, "evacuation_rollcall", house.desk))
    W.roll_call(fresh(event), W.Count("residents", 20, 20), by=house.desk)
    W.end(house.called(fresh(event)), by=house.dm, summary="人都在")

    stale = [m.sentence for m in workflow.ending.changed_papers(fresh(event))]
    assert stale == ["签名以后登记又有变动，请另写新版：《疏散点名表》"]
    W.rewrite_record(early, by=house.pm, reason="点名有更新")
    assert workflow.ending.changed_papers(fresh(event)) == ()
    with refuses(ConflictError, match="《疏散点名表》"), transaction.atomic():
        W.archive(fresh(event), by=house.dm)


def test_record_late_is_told_only_while_something_is_unsigned(house):
    event = house.ended("power_outage", planned="yes")
    late = event.ended_at + timedelta(days=9)

    assert sweep._late(fresh(event), Rule.RECORD_LATE, late, late) == []
    signed_off(house, submitted(event, "outage_record", house.duty_engineer))
    assert sweep._late(fresh(event), Rule.RECORD_LATE, late, late) is None


def test_record_late_tells_of_a_paper_nobody_has_written(house):
    event = house.ended("power_outage", planned="yes")
    late = event.ended_at + minutes(house.prop.settings.sign_within) + timedelta(minutes=1)
    told = Notice.objects.filter(case=event.case_id, rule=Rule.RECORD_LATE)
    early = flag_due(event.ended_at), told.count()

    flag_due(late)
    flag_due(late + timedelta(minutes=1))

    assert (early[1], event.records.count()) == (0, 0)
    said = set(told.values_list("text", flat=True))
    assert said == {f"【记录仍未签批】{event.case.number} · 停电"}
    recipients = sorted(told.values_list("recipient", flat=True))
    assert recipients == sorted([house.dm.pk, house.dm2.pk])
    assert [e.content["info"]["rule"] for e in event.case.entries.filter(action="flag")][-1:] == [
        Rule.RECORD_LATE
    ]


def test_record_late_tells_of_a_paper_that_is_behind_its_register(house):
    event = house.ready("fire", confirmed="false_alarm", evacuate="building")
    signed_off(house, submitted(event, "fire_record", house.sec))
    early = signed_off(house, submitted(fresh(event), "evacuation_rollcall", house.desk))
    W.roll_call(fresh(event), W.Count("residents", 20, 20), by=house.desk)
    W.end(fresh(event), by=house.dm, summary="人都在")
    late = timezone.now() + timedelta(days=9)
    row = fresh(event)

    assert workflow.ending.missing_to_archive(row, board(row)) == ()
    assert sweep._late(row, Rule.RECORD_LATE, late, late) == []
    W.rewrite_record(early, by=house.pm, reason="点名有更新")
    assert sweep._late(fresh(event), Rule.RECORD_LATE, late, late) == []


def test_target_and_reminder_of_the_same_minute_are_told_once(house):
    event = house.started("theft")
    house.answered(event, late=False, reported_to_police="yes")
    start = event.reported_at
    step = PLAYBOOKS["theft"].steps["T22"]
    assert step.within_min in step.remind

    reminded = Clock.objects.filter(case=event.case, rule=Rule.REMIND)

    assert start + timedelta(minutes=step.within_min) not in set(
        reminded.values_list("due_at", flat=True)
    )
    flag_due(start + timedelta(minutes=step.within_min, seconds=30))
    keys = Notice.objects.filter(case=event.case, rule=Rule.REMIND)
    assert not keys.exists()


def test_released_place_may_still_be_opened_after_archiving(house):
    seal = house.released()
    now = timezone.now()
    people = {"ended_by": house.dm, "archived_by": house.dm}
    Event.objects.filter(pk=seal.event_id).update(
        status="archived", ended_at=now, archived_at=now, **people
    )

    W.open_seal(seal, W.Second(house.pm, PASSWORD), by=house.sec)

    seal.refresh_from_db()
    assert (seal.opened_by, seal.opened_with) == (house.sec, house.pm)


# --- 演练 ------------------------------------------------------------------------------------


def test_drill_counts_as_held_once_it_is_archived(house):
    house.prop.settings.first_run_done_at = ago(days=400)
    house.prop.settings.save()
    event = house.started("fire", is_drill=True)
    W.end(event, by=house.dm, summary="四分钟")
    before = drills.last_of(house.prop), drills.last_by_property()[house.prop].get("fire")

    Event.objects.filter(pk=event.pk).update(
        status="archived", archived_at=timezone.now(), archived_by=house.dm
    )

    today = timezone.localdate()
    assert before == ({}, None)
    assert drills.last_of(house.prop) == {"fire": today}
    assert drills.last_by_property()[house.prop]["fire"] == today


# --- who signs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confirmed", "wanted"),
    [
        ("real", ("security_manager", "duty_manager", "general_manager")),
        ("false_alarm", ("security_manager", "duty_manager")),
    ],
)
def test_record_of_a_real_fire_goes_to_the_general_manager(house, confirmed, wanted):
    event = house.burning(confirmed=confirmed)

    assert queries.specs(event)["fire_record"].sign == wanted


def drunk(house):
    event = house.started("drunk_guest")
    return house.answered(event, aggressive="yes")


def test_record_of_a_disturbance_is_signed_by_the_manager_who_led_it(house):
    event = drunk(house)
    event = house.marked(house.called(event))
    record = submitted(event, "disturbance_record", house.guard)

    box = next(b for b in queries.boxes(record) if b.role == "duty_manager")
    may = [queries.may_sign(box, user, house.prop) for user in (house.dm, house.dm2)]
    assert may == [True, False]


def test_record_of_a_disturbance_by_another_shift_is_signed_by_the_one_who_led_it(house):
    record = W.start_record(drunk(house), "disturbance_record", {}, by=house.dm2)
    event = record.event

    titles = [(box.role, box.is_author) for box in W.record_boxes(fresh(event), record)]

    assert titles == [("staff", True), ("duty_manager", False), ("security", False)]


def test_accident_report_needs_the_words_of_the_guest_or_that_he_declined(house):
    event = house.started("medical")
    house.answered(event, kind="injury", on_premises="yes", late=False)
    form = queries.specs(fresh(event))["guest_accident_report"].form

    def asked(**values):
        found = workflow.recording.missing_fields(form, values, {}, {})
        return "f_account" in {name for name, _sentence in found}

    assert [
        asked(),
        asked(declined=False),
        asked(declined=True),
        asked(account="地上有水"),
    ] == [True, True, False, False]


# --- the place -------------------------------------------------------------------------------


def test_place_is_corrected_with_a_reason_and_everybody_called_is_told():
    house = House()
    event = house.started("theft", place=None, place_note="B座 606")

    workflow.correct_place(event, house.room, "", by=house.dm, reason="听错房号")

    row = fresh(event)
    told = Notice.objects.filter(case=event.case, text__contains="地点已更正")
    assert (row.place, row.place_note) == (house.room, "")
    assert house.guard in {notice.recipient for notice in told}
    assert audit.problems(row.case) == []


WRONG = {
    "no place": (lambda house: (None, " "), "听错", {"place"}),
    "a place of another house": (lambda house: (House().room, ""), "听错", {"place"}),
    "no reason": (lambda house: (house.other_room, ""), " ", {"reason"}),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_correcting_the_place_is_refused_with(name):
    house = House()
    event = house.started("theft")
    where, reason, fields = WRONG[name]
    place, words = where(house)

    with refuses(RefusedInput) as caught, transaction.atomic():
        workflow.correct_place(event, place, words, by=house.dm, reason=reason)

    assert set(caught.value.errors) == fields


def test_place_that_stays_the_same_is_no_correction():
    house = House()
    event = house.started("theft")

    with refuses(ConflictError, match="地点没有变化"), transaction.atomic():
        workflow.correct_place(event, house.room, "", by=house.dm, reason="再看")


# --- what only one rank may say --------------------------------------------------------------


@pytest.mark.parametrize("name", ["guard", "dm"])
def test_conclusion_of_a_theft_is_written_by_nobody_below_the_security_manager(name):
    house = House()
    event = house.started("theft")
    proof = W.Proof(values={"conclusion": "遗落在沙发下", "prevention": "加装监控"})

    with refuses(PermissionDenied, match="保安部经理"), transaction.atomic():
        W.done(event, "T32", proof, by=getattr(house, name))

    W.done(event, "T32", proof, by=house.sec)
    assert board(event).lines["T32"].state == "done"
