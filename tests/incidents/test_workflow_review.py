"""C-J: asking the guest, deciding, summing up, closing, coming back, voiding."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from incidents import workflow
from incidents.models import Complaint
from propdesk.core.models import Clock, Notice, Report, Task
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput
from tests.factories import PASSWORD, DeputyFactory, UserFactory, at, fresh
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.journey import fresh as read
from tests.incidents.moves import fingerprint, refuses

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 14:00")
HOUR = timedelta(hours=1)


def ask(complaint, house, satisfaction, *, by=None, via="phone", asked_at=None, comment="如上"):
    return workflow.call_back(
        complaint,
        by=by or house.dm,
        via=via,
        asked_at=asked_at or timezone.now(),
        satisfaction=satisfaction,
        comment=comment,
    )


def summed_up(complaint, house):
    return workflow.summarise(complaint, by=house.dm, summary="经过", result="结果")


def ready(house, satisfaction):
    """A resolved complaint, asked for, decided on where needed and summed up."""
    complaint = house.resolved()
    if satisfaction == "unreachable":
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _attempt in range(3):
                ask(complaint, house, satisfaction)
                clock.shift(2 * HOUR)
    else:
        ask(complaint, house, satisfaction)
    if satisfaction == "dissatisfied":
        workflow.decide_dissatisfied(complaint, by=house.pm, choice="close", reason="已尽力")
    return summed_up(complaint, house)


# --- the matrix ----------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("satisfaction", ["satisfied", "acceptable", "dissatisfied", "unreachable"])
def test_close_matrix(satisfaction, signed):
    house = House()
    complaint = ready(house, satisfaction)
    if signed:
        complaint = house.signed(complaint)
        closed = workflow.close(complaint, by=house.dm)
        assert (closed.status, closed.case.is_open) == ("closed", False)
        assert closed.case.closed_at is not None
        return
    before = fingerprint()

    with pytest.raises(ConflictError) as refusal:
        workflow.close(complaint, by=house.dm)

    assert [letter for letter, _sentence in refusal.value.missing] == ["J-report"]
    assert fingerprint() == before


def test_close_names_everything_that_is_missing():
    house = House()
    complaint = house.resolved()

    with refuses(ConflictError) as refusal:
        workflow.close(complaint, by=house.dm)

    assert [letter for letter, _sentence in refusal.value.missing] == [
        "J-callback",
        "J-summary",
        "J-report",
    ]


def test_close_while_a_dissatisfied_guest_is_undecided_conflicts():
    house = House()
    complaint = moves.dissatisfied(house)

    with refuses(ConflictError) as refusal:
        workflow.close(complaint, by=house.dm)

    assert [letter for letter, _sentence in refusal.value.missing] == ["J-decision", "J-report"]


@pytest.mark.parametrize(
    ("severity", "rule", "needed"),
    [
        ("normal", "always", True),
        ("normal", "serious_up", False),
        ("serious", "serious_up", True),
        ("major", "serious_up", True),
    ],
)
def test_report_is_needed_as_the_house_has_set(severity, rule, needed):
    house = House()
    house.prop.settings.report_required = rule
    house.prop.settings.save()
    complaint = house.new(severity=severity)

    assert workflow.needs_report(complaint) == needed


def test_close_stops_every_clock_and_ends_every_task():
    house = House()
    complaint = house.signed()
    workflow.call_security(complaint, by=house.dm)

    workflow.close(complaint, by=house.pm, override="保安部没有来")

    assert Clock.objects.filter(stopped_at=None, fired_at=None).count() == 0
    assert list(Task.objects.values_list("outcome", "done_by")) == [("closed", house.pm.pk)]


# --- asking --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gaps", "counts"),
    [((2, 2), True), ((2, 1.99), False), ((0, 0), False), ((1, 1), False), ((1, 1, 2), True)],
    ids=["two-hours", "a-little-less", "at-once", "every-hour", "every-hour-and-two"],
)
def test_unreachable_counts_after_three_attempts_two_hours_apart(gaps, counts):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.resolved()
        ask(complaint, house, "unreachable")
        for gap in gaps:
            clock.shift(gap * HOUR)
            ask(complaint, house, "unreachable")

    assert read(complaint).satisfaction == ("unreachable" if counts else "")


def test_unreachable_counts_by_the_clock_of_the_server_not_by_typed_times():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.resolved()
        clock.shift(9 * HOUR)
        for hours in (1, 4, 7):
            ask(complaint, house, "unreachable", asked_at=T0 + hours * HOUR)

    assert read(complaint).satisfaction == ""


def test_unreachable_attempts_of_an_earlier_round_do_not_count():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.resolved()
        for _attempt in range(2):
            ask(complaint, house, "unreachable")
            clock.shift(2 * HOUR)
        ask(complaint, house, "dissatisfied")
        workflow.decide_dissatisfied(complaint, by=house.pm, choice="redo", reason="重做")
        complaint = house.resolved(house.promised(read(complaint)))
        clock.shift(2 * HOUR)
        ask(complaint, house, "unreachable")

    assert read(complaint).satisfaction == ""


def test_answer_stops_the_reminders_of_the_review_and_starts_that_of_the_report():
    house = House()
    complaint = house.resolved()
    assert Clock.objects.filter(stopped_at=None).count() == 2

    ask(complaint, house, "satisfied")

    running = Clock.objects.filter(stopped_at=None)
    complaint.refresh_from_db()
    assert list(running.values_list("rule", "due_at")) == [
        ("incidents.report_late", complaint.next_due_at)
    ]


@pytest.mark.parametrize("state", ["submitted", "signed"])
def test_nothing_of_the_review_changes_under_a_report_that_is_out(state):
    house = House()
    complaint = house.reviewed()
    report = workflow.submit_report(house.report(complaint), by=house.dm, password=PASSWORD)
    if state == "signed":
        workflow.sign_report(report, by=house.pm, password=PASSWORD)
    before = complaint.case.entries.count()
    said = {"submitted": "《事故报告》已提交签批，不能再改", "signed": "先结案，再“重新处理”"}[
        state
    ]

    with refuses(ConflictError, match=said):
        ask(complaint, house, "dissatisfied", comment="又响了")
    with refuses(ConflictError, match=said):
        workflow.summarise(complaint, by=house.dm, summary="另一种说法", result="另一个结果")

    assert complaint.case.entries.count() == before


def test_earlier_complaint_whose_report_is_signed_is_linked_once_it_is_closed():
    house = House()
    earlier, later = house.closed(), house.new()

    link = workflow.link(later, earlier.case.number, by=house.dm, note="同一台空调")

    assert {link.a_id, link.b_id} == {earlier.pk, later.pk}
    assert earlier.case.reports.get().state == "signed"


def test_attempt_without_an_answer_leaves_the_reminders_running():
    house = House()
    complaint = house.resolved()

    ask(complaint, house, "unreachable")

    assert Clock.objects.filter(stopped_at=None).count() == 2


@pytest.mark.parametrize(
    ("satisfaction", "via", "comment", "field"),
    [
        ("dissatisfied", "phone", "", "comment"),
        ("not_possible", "phone", "x", "told_via"),
        ("satisfied", "not_possible", "x", "told_via"),
    ],
    ids=["dissatisfied-in-silence", "named-guest", "named-guest-not-asked"],
)
def test_call_back_refusals(satisfaction, via, comment, field):
    house = House()
    complaint = house.resolved()
    before = fingerprint()

    with pytest.raises(RefusedInput) as refusal:
        ask(complaint, house, satisfaction, via=via, comment=comment)

    assert list(refusal.value.errors) == [field]
    assert fingerprint() == before


def anonymous_resolved(house):
    complaint = moves.anonymous(house)
    workflow.tell_options(complaint, by=house.pm, told_at=timezone.now(), told_via="not_possible")
    option = complaint.options.first()
    workflow.choose(complaint, option, by=house.dm, chosen_at=timezone.now())
    word = house.word(told_via="not_possible")
    workflow.promise(complaint, word, by=house.pm, department=house.department)
    return house.resolved(read(complaint))


def test_anonymous_guest_is_not_asked_by_word_of_a_manager_only():
    house = House()
    complaint = anonymous_resolved(house)
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        ask(complaint, house, "not_possible", via="not_possible")
    assert fingerprint() == before

    ask(complaint, house, "not_possible", via="not_possible", by=house.pm)
    assert read(complaint).satisfaction == "not_possible"


def test_anonymous_guest_who_was_not_asked_is_not_satisfied():
    house = House()
    complaint = anonymous_resolved(house)

    with refuses(RefusedInput) as refusal:
        ask(complaint, house, "satisfied", via="not_possible", by=house.pm)

    assert list(refusal.value.errors) == ["satisfaction"]


# --- dissatisfied --------------------------------------------------------------------------


def test_dissatisfied_guest_is_a_task_of_the_property_manager():
    house = House()
    complaint = house.resolved()

    ask(complaint, house, "dissatisfied")

    assert list(Task.objects.values_list("kind", "role")) == [
        ("decide_dissatisfied", Role.PROPERTY_MANAGER)
    ]
    told = Notice.objects.filter(rule="incidents.dissatisfied")
    assert list(told.values_list("recipient", "urgent")) == [(house.pm.pk, True)]
    with refuses(ConflictError):
        ask(complaint, house, "satisfied")


@pytest.mark.parametrize("who", ["asker", "deputy"])
def test_dissatisfied_is_not_decided_by_whoever_asked(who):
    house = House()
    complaint = house.resolved()
    deputy = UserFactory()
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    ask(complaint, house, "dissatisfied", by=fresh(house.pm))
    assert Task.objects.get().role == Role.GENERAL_MANAGER
    by = fresh(house.pm if who == "asker" else deputy)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.decide_dissatisfied(complaint, by=by, choice="close", reason="算了")

    assert fingerprint() == before


@pytest.mark.parametrize(
    ("choice", "reason", "error"), [("close", "", RefusedInput), ("forget", "算了", ConflictError)]
)
def test_dissatisfied_decision_refusals(choice, reason, error):
    house = House()
    complaint = moves.dissatisfied(house)
    before = fingerprint()

    with pytest.raises(error):
        workflow.decide_dissatisfied(complaint, by=house.pm, choice=choice, reason=reason)

    assert fingerprint() == before


def test_dissatisfied_decision_to_start_over_opens_a_new_round():
    house = House()
    complaint = moves.dissatisfied(house)

    redone = workflow.decide_dissatisfied(complaint, by=house.pm, choice="redo", reason="重做")

    assert (redone.status, redone.cycle, redone.satisfaction, redone.resolution) == (
        "reopened",
        2,
        "",
        "",
    )
    assert Task.objects.get().outcome == "redo"


# --- summing up and overriding -------------------------------------------------------------


def test_summary_names_each_missing_text():
    house = House()
    complaint = house.resolved()

    with refuses(RefusedInput) as refusal:
        workflow.summarise(complaint, by=house.dm, summary="", result="")

    assert sorted(refusal.value.errors) == ["result", "summary"]


def test_override_closes_with_its_reason_on_record():
    house = House()
    complaint = house.resolved()

    closed = workflow.close(complaint, by=house.pm, override="客户已离店")

    assert (closed.status, closed.closed_override) == ("closed", True)
    decision = closed.decisions.get()
    assert (decision.kind, decision.reason, decision.by) == ("override", "客户已离店", house.pm)
    assert len(closed.case.entries.get(action="close").content["info"]["missing"]) == 3


def test_override_of_a_duty_manager_is_refused():
    house = House()
    complaint = house.resolved()
    before = fingerprint()

    with pytest.raises(PermissionDenied):
        workflow.close(complaint, by=house.dm, override="客户已离店")

    assert fingerprint() == before


@pytest.mark.parametrize("who", ["owner", "deputy"])
def test_override_of_ones_own_complaint_is_refused(who):
    house = House()
    complaint = house.resolved()
    workflow.hand_over(complaint, by=house.dm, to=fresh(house.pm), reason="交班")
    deputy = UserFactory()
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=deputy)
    by = fresh(house.pm if who == "owner" else deputy)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.close(complaint, by=by, override="客户已离店")

    assert fingerprint() == before


def test_override_never_passes_over_a_dissatisfied_guest():
    house = House()
    complaint = moves.dissatisfied(house)
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.close(complaint, by=house.pm, override="客户已离店")

    assert fingerprint() == before


def test_override_where_nothing_is_missing_is_an_ordinary_close():
    house = House()

    closed = workflow.close(house.signed(), by=house.pm, override="不必")

    assert (closed.status, closed.closed_override, closed.decisions.count()) == ("closed", False, 0)


# --- coming back ---------------------------------------------------------------------------


def test_reopened_case_starts_a_round_and_keeps_its_number_and_signed_report():
    house = House()
    closed = house.closed()
    report = Report.objects.get()

    again = workflow.reopen(closed, by=house.dm, reason="又响了")

    assert (again.case.number, again.cycle, again.case.is_open, again.case.closed_at) == (
        closed.case.number,
        2,
        True,
        None,
    )
    report.refresh_from_db()
    assert (report.state, report.boxes.filter(decision="approved").count()) == ("superseded", 2)
    assert again.history.order_by("-history_id")[1].resolution == "已更换风扇，异响消除"


def test_reopened_case_is_due_from_the_moment_it_came_back():
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        closed = house.closed()
        clock.shift(100 * HOUR)

        again = workflow.reopen(closed, by=house.dm, reason="又响了")

    assert again.next_due_at == T0 + 124 * HOUR
    assert list(Clock.objects.filter(stopped_at=None).values_list("rule", "due_at")) == [
        ("incidents.promise_late", T0 + 124 * HOUR)
    ]


def test_reopened_case_may_be_promised_anew_without_new_options():
    house = House()
    complaint = house.reopened()

    row = workflow.promise(complaint, house.word(), by=house.dm, department=house.department)

    assert (row.cycle, row.seq, row.what) == (2, 1, "更换风扇")


def test_reopened_a_second_time_goes_to_the_property_manager():
    house = House()
    again = house.reopened()
    first = Notice.objects.filter(rule="incidents.reopened", recipient=house.pm).count()
    complaint = house.resolved(house.promised(again))
    ask(complaint, house, "satisfied")
    complaint = house.signed(summed_up(complaint, house))
    closed = workflow.close(complaint, by=house.dm)

    third = workflow.reopen(closed, by=house.dm, reason="还是响")

    second = Notice.objects.filter(rule="incidents.reopened", recipient=house.pm).count()
    assert (first, second, third.cycle) == (0, 1, 3)
    reports = Report.objects.order_by("version").values_list("number", "version", "state")
    number = Report.objects.first().number
    assert list(reports) == [(number, 1, "superseded"), (number, 2, "superseded")]


def test_reopening_needs_a_reason():
    house = House()
    complaint = house.closed()

    with refuses(RefusedInput):
        workflow.reopen(complaint, by=house.dm, reason="")


# --- voiding -------------------------------------------------------------------------------


def test_void_keeps_number_row_and_reason():
    house = House()
    complaint = house.started()

    voided = workflow.void(complaint, by=house.pm, reason="重复登记")

    assert (voided.status, voided.case.number, voided.void_reason, voided.case.is_open) == (
        "voided",
        complaint.case.number,
        "重复登记",
        False,
    )
    assert voided.promises.get().outcome == "dropped"
    assert Clock.objects.filter(stopped_at=None).count() == 0
    assert house.new().case.number > complaint.case.number


def test_void_needs_a_reason_and_another_persons_intake():
    house = House()
    own = house.new(by=house.pm)
    complaint = house.new()

    with refuses(RefusedInput):
        workflow.void(complaint, by=house.pm, reason="")
    with refuses(ConflictError):
        workflow.void(own, by=house.pm, reason="重复")

    assert workflow.void(own, by=house.gm, reason="重复").status == "voided"


def test_void_takes_its_report_out_of_sign_off():
    house = House()
    complaint = moves.submitted(house)
    report = Report.objects.get()

    workflow.void(complaint, by=house.pm, reason="重复")

    report.refresh_from_db()
    assert report.state == "superseded"
    with refuses(ConflictError):
        workflow.sign_report(report, by=house.pm, password=PASSWORD)


@pytest.mark.parametrize("status", ["closed", "voided"])
def test_ended_complaint_is_never_deleted_nor_changed(status):
    house = House()
    complaint = house.at(status)

    with refuses(ConflictError):
        workflow.correct(complaint, "key_points", "别的", by=house.gm)

    assert Complaint.objects.filter(pk=complaint.pk).exists()


# --- the report and the case ---------------------------------------------------------------


def test_report_signed_after_an_override_still_gets_its_paper():
    house = House()
    complaint = moves.submitted(house)
    closed = workflow.close(complaint, by=house.gm, override="客户已离店")

    report = workflow.sign_report(Report.objects.get(), by=house.pm, password=PASSWORD)

    assert (report.state, read(closed).status) == ("signed", "closed")
    assert closed.case.render_jobs.get().sealed is True


def test_report_needs_summary_and_answer_first():
    house = House()
    complaint = house.resolved()
    with refuses(ConflictError):
        house.report(complaint)

    summed_up(complaint, house)
    report = house.report(complaint)

    with refuses(ConflictError):
        workflow.submit_report(report, by=house.dm, password=PASSWORD)


def test_report_of_a_serious_complaint_needs_causes_and_improvement():
    house = House()
    complaint = house.resolved(house.promised(house.recorded(severity="serious")))
    ask(complaint, house, "satisfied")
    summed_up(complaint, house)
    report = workflow.start_report(complaint, {"narrative": "经过"}, by=house.dm)

    with refuses(ConflictError) as refusal:
        workflow.submit_report(report, by=house.dm, password=PASSWORD)

    named = {name for name, _sentence in refusal.value.missing}
    assert {"cause_direct", "improvement", "improve_department", "improve_by"} <= named
    assert "narrative" not in named


def test_report_of_a_case_is_one_at_a_time():
    house = House()
    complaint = moves.drafted(house)

    with refuses(ConflictError):
        house.report(complaint)


@pytest.mark.parametrize(("after", "outcome"), [(3, "dropped"), (4, "broken")])
def test_void_of_a_promise_past_its_time_leaves_it_broken(after, outcome):
    house = House()
    with time_machine.travel(T0, tick=False) as clock:
        complaint = house.started()
        clock.shift(after * HOUR)

        workflow.void(complaint, by=house.pm, reason="重复登记")

    assert complaint.promises.get().outcome == outcome


def test_override_is_closed_to_whoever_ever_had_it_to_follow_up():
    """Handing one's own case over just before does not make another pair of eyes."""
    house = House()
    house.taker = house.pm
    complaint = house.resolved()
    complaint = workflow.hand_over(complaint, by=house.pm, to=house.dm, reason="交班")
    before = fingerprint()

    with pytest.raises(ConflictError):
        workflow.close(complaint, by=fresh(house.pm), override="客户已离店")

    assert fingerprint() == before
    assert workflow.close(complaint, by=house.gm, override="客户已离店").status == "closed"
