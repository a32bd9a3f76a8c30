"""From the first signature to the seal: what is signed stands still, and nobody's turn is lost."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from incidents import acts, reports, workflow
from incidents.reports import incident_report
from propdesk.core import audit, drafts, duty, house_people, rendering, signoff
from propdesk.core.models import (
    AuditEntry,
    Case,
    Clock,
    Document,
    Membership,
    Notice,
    RenderJob,
    Report,
    Task,
)
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, StaleError
from tests.factories import PASSWORD, DeputyFactory, at, fresh, member
from tests.incidents import moves
from tests.incidents.journey import GUEST, POINTS, House
from tests.incidents.journey import fresh as read
from tests.incidents.test_views import RECORD

pytestmark = pytest.mark.django_db
T0 = at("2026-11-23 09:00")
HOUR = timedelta(hours=1)


def pending(complaint):
    rows = Clock.objects.filter(case=complaint.pk, fired_at=None, stopped_at=None)
    return sorted(rows.values_list("rule", "due_at"))


def sealed(complaint):
    return incident_report(RenderJob.objects.get(case=complaint.case, sealed=True)).paper


# --- clocks --------------------------------------------------------------------------------


@time_machine.travel(T0, tick=False)
def test_each_signature_has_its_time_and_the_board_shows_it():
    house = House()
    complaint = house.new(severity="major")
    complaint = workflow.record(
        house.conduct(complaint), replace(POINTS, severity="major"), by=house.dm
    )
    complaint = house.resolved(house.promised(complaint))
    workflow.call_back(
        complaint, by=house.dm, via="phone", asked_at=timezone.now(), satisfaction="satisfied"
    )
    complaint = workflow.summarise(read(complaint), by=house.dm, summary="经过", result="结果")
    report = house.report(complaint)
    with time_machine.travel(T0 + HOUR, tick=False) as clock:
        workflow.submit_report(report, by=house.dm, password=PASSWORD)
        first = (pending(complaint), read(complaint).next_due_at)
        clock.shift(30 * HOUR)
        workflow.sign_report(report, by=house.pm, password=PASSWORD)
        second = (pending(complaint), read(complaint).next_due_at)
        workflow.sign_report(report, by=house.gm, password=PASSWORD)
        last = (pending(complaint), read(complaint).next_due_at)

    assert first == ([("core.sign_late", T0 + 25 * HOUR)], T0 + 25 * HOUR)
    assert second == ([("core.sign_late", T0 + 55 * HOUR)], T0 + 55 * HOUR)
    assert last == ([("incidents.close_late", T0 + 55 * HOUR)], T0 + 55 * HOUR)


@time_machine.travel(T0, tick=False)
def test_report_sent_back_is_expected_again():
    house = House()
    complaint = moves.submitted(house)

    workflow.send_back_report(moves.report_of(house, complaint), by=house.pm, reason="不全")

    assert pending(complaint) == [("incidents.report_late", T0 + 24 * HOUR)]
    assert read(complaint).next_due_at == T0 + 24 * HOUR


@time_machine.travel(T0, tick=False)
def test_signed_and_not_closed_is_flagged_to_owner_and_duty_manager():
    house = House()
    complaint = house.signed()
    other = member(house.prop, Role.DUTY_MANAGER)

    assert workflow.flag_due(T0 + 25 * HOUR) == 1
    told = Notice.objects.filter(rule="incidents.close_late")
    assert set(told.values_list("recipient", flat=True)) == {house.dm.pk, other.pk}
    assert workflow.close(complaint, by=house.dm).next_due_at is None
    assert pending(complaint) == []


def test_owner_hears_of_the_last_signature():
    house = House()
    complaint = moves.submitted(house)
    owner = member(house.prop, Role.DUTY_MANAGER)
    workflow.hand_over(complaint, by=house.dm, to=owner, reason="交班")

    workflow.sign_report(moves.report_of(house, complaint), by=house.pm, password=PASSWORD)

    told = Notice.objects.filter(rule="core.report_signed")
    assert set(told.values_list("recipient", flat=True)) == {house.dm.pk, owner.pk}


# --- what the seal says --------------------------------------------------------------------


def test_sealed_paper_names_who_followed_it_up_when_it_was_signed():
    house = House()
    complaint = house.signed()
    workflow.hand_over(complaint, by=house.dm, to=fresh(house.gm), reason="交班")
    workflow.void(read(complaint), by=house.pm, reason="重复")

    paper = sealed(complaint)

    assert (paper.duty_manager, paper.void_reason or "") == ("周敏", "")


def test_sealed_paper_stands_in_the_chain():
    house = House()
    complaint = house.signed()
    rendering.render_due(timezone.now())
    document = Document.objects.get(case=complaint.case, sealed=True)

    entry = AuditEntry.objects.filter(case=complaint.case).order_by("-seq").first()
    assert entry is not None
    assert (entry.action, entry.content["info"]["sha256"]) == ("paper_sealed", document.sha256)
    assert audit.problems(read(complaint).case) == []


def printed(complaint):
    """The report as it would be printed now, without the head of the chain."""
    case = Case.objects.get(pk=complaint.pk)
    job = RenderJob(case=case, kind="incident_report", case_version=case.version)
    at_random = {"record_url": "", "verify_code": ""}
    return replace(incident_report(job).paper, audit_head=None, **at_random)


@pytest.mark.parametrize(
    "act",
    [
        lambda h, c: workflow.hand_over(c, by=h.pm, to=fresh(h.gm), reason="交班"),
        lambda h, c: workflow.take_over(
            h.prop, [c.pk], [c.owner_id], by=fresh(h.gm), reason="交班"
        ),
        lambda h, c: workflow.call_security(c, by=h.dm),
    ],
    ids=["hand_over", "take_over", "call_security"],
)
def test_nothing_printed_moves_between_two_signatures(act):
    house = House()
    complaint = moves.submitted(house)
    before = printed(complaint)

    act(house, read(complaint))

    now = printed(complaint)
    assert now == before
    assert house.dm.name == before.duty_manager
    report = Report.objects.get(case=complaint.case)
    workflow.send_back_report(report, by=fresh(house.pm), reason="补写")
    assert printed(complaint) != before, "what is read anew is as it stands now"


def test_department_that_gets_another_name_is_still_the_one_that_was_signed():
    house = House()
    complaint = moves.drafted(house)
    report, department = Report.objects.get(case=complaint.case), house.department
    workflow.edit_report(report, {"improve_department": department}, by=house.dm)
    workflow.submit_report(read_report(report), by=house.dm, password=PASSWORD)
    department.name = "工程一组"
    audit.save(department, "name", by=house.pm, reason="改名")
    seen = signoff.seen(read_report(report))

    workflow.sign_report(read_report(report), by=fresh(house.pm), password=PASSWORD, seen=seen)

    assert read_report(report).state == "signed"


def read_report(report):
    return Report.objects.get(pk=report.pk)


def test_severity_that_was_changed_while_the_page_was_open_is_read_before_it_is_signed():
    house = House()
    complaint = moves.drafted(house)
    report = Report.objects.get(case=complaint.case)
    seen = signoff.seen(report)
    workflow.change_severity(read(complaint), by=house.pm, severity="serious", reason="漏水")
    before = moves.fingerprint()

    with pytest.raises(StaleError, match="重新看过"):
        workflow.submit_report(read_report(report), by=house.dm, password=PASSWORD, seen=seen)

    assert moves.fingerprint() == before
    assert read_report(report).severity == "serious"


def test_what_a_manager_was_asked_is_no_measure_of_the_report():
    house = House()
    complaint = moves.asked_again(house)
    workflow.decline_extension(complaint, by=house.pm, reason="客人明早退房")
    complaint = workflow.resolve(read(complaint), by=house.dm, resolution="修好")

    values = reports.prefill(complaint)

    assert "希望延到" not in values["measures"]
    assert "客人明早退房" not in values["measures"]
    assert "周敏请示再延期" in values["narrative"]
    assert "张岚不同意再延期，理由：客人明早退房" in values["narrative"]


def test_task_changed_behind_the_back_is_found():
    house = House()
    complaint = moves.costly(house)
    assert audit.problems(read(complaint).case) == []

    Task.objects.update(outcome="approved", done_at=timezone.now())

    assert len(audit.problems(read(complaint).case)) == 1


def test_column_added_later_leaves_old_digests_true(monkeypatch):
    complaint = House().new()
    old = audit.digest_of(complaint)
    monkeypatch.setattr(type(complaint), "ADDED_LATER", {"lesson": ""}, raising=False)

    without = audit.digest_of(complaint)
    complaint.lesson = "改进"

    assert without != old
    assert audit.digest_of(complaint) not in (old, without)


# --- the number behind the mask ------------------------------------------------------------


def test_number_nobody_typed_stays_whatever_was_shown(client):
    house = House()
    complaint = house.new()
    workflow.edit_guest(complaint, replace(GUEST, phone="13900001111"), by=house.pm, reason="换号")
    client.force_login(house.dm)

    response = client.post(
        f"{complaint.get_absolute_url()}do/guest/",
        {"name": "王小美", "honorific": "ms", "phone": "", "reason": "更正"},
    )

    guest = read(complaint).guest
    assert (response.status_code, guest.name, guest.phone) == (302, "王小美", "13900001111")


def test_number_is_struck_out_on_purpose_only(client):
    house = House()
    complaint = house.new()
    client.force_login(house.dm)
    page = client.get(f"{complaint.get_absolute_url()}do/guest/").content.decode()

    client.post(
        f"{complaint.get_absolute_url()}do/guest/",
        {"name": GUEST.name, "honorific": "ms", "drop_phone": "on", "reason": "客户要求"},
    )

    assert ("138****5678" in page, "13800005678" in page) == (True, False)
    assert read(complaint).guest.phone == ""


# --- who is told ---------------------------------------------------------------------------


def recipients(rule):
    return set(Notice.objects.filter(rule=rule).values_list("recipient", flat=True))


def test_granted_extension_tells_who_asked_and_who_follows_it_up():
    house = House()
    complaint = moves.asked_again(house)
    owner = member(house.prop, Role.DUTY_MANAGER)
    workflow.hand_over(complaint, by=house.dm, to=owner, reason="交班")

    promise = workflow.extend(complaint, house.word(30), by=house.pm, reason="同意")

    told = Notice.objects.filter(key=f"{complaint.pk}:promise:{promise.pk}")
    assert {house.dm.pk, owner.pk} <= set(told.values_list("recipient", flat=True))


def test_decision_to_proceed_tells_who_must_now_promise():
    house = House()
    complaint = moves.refused(house)
    option = complaint.options.order_by("position").first()

    workflow.decide_refusal(complaint, by=house.pm, choice="proceed", reason="照办", option=option)

    assert recipients("incidents.refusal_decided") == {house.dm.pk}


def test_raised_severity_tells_the_owner_and_of_a_promise_now_too_long_the_manager():
    house = House()
    complaint = house.promised(hours=60)

    workflow.change_severity(complaint, by=house.gm, severity="serious", reason="两晚没睡")

    assert recipients("incidents.severity") == {house.dm.pk, house.pm.pk}


def test_security_manager_opens_what_he_is_called_to(client):
    house = House()
    complaint = moves.secured(house)
    client.force_login(member(house.prop, Role.SECURITY_MANAGER))

    assert client.get(complaint.get_absolute_url()).status_code == 200


def test_manager_who_asked_formally_does_not_answer_himself():
    house = House()
    complaint = moves.extended(house)
    wish = timezone.now() + 9 * HOUR
    workflow.ask_extension(complaint, by=house.pm, reason="缺配件", wish_at=wish)

    before = moves.fingerprint()
    with pytest.raises(ConflictError):
        workflow.extend(read(complaint), house.word(30), by=fresh(house.pm), reason="同意")
    assert moves.fingerprint() == before
    assert Task.objects.get(kind="extend").role == Role.GENERAL_MANAGER
    assert recipients("incidents.extension_asked") == {house.gm.pk}


def test_what_was_major_needs_its_report_even_where_only_grave_ones_do():
    house = House()
    house.prop.settings.report_required = "serious_up"
    house.prop.settings.save()
    complaint = house.new(severity="major")
    workflow.change_severity(complaint, by=house.pm, severity="normal", reason="核实")

    assert workflow.needs_report(read(complaint))
    assert not workflow.needs_report(house.new())
    assert Report.objects.count() == 0


# --- nobody left out -----------------------------------------------------------------------


def test_complaints_of_a_closed_account_go_to_who_is_on_duty():
    house = House()
    admin = member(house.prop, Role.ADMIN)
    mine, closed = house.started(), house.closed()
    other = member(house.prop, Role.DUTY_MANAGER)

    house_people.deactivate_user(house.prop, house.dm, by=admin, reason="离职")

    assert (read(mine).owner, read(closed).owner) == (other, house.dm)
    told = Notice.objects.filter(rule="incidents.handed_over")
    assert list(told.values_list("recipient", flat=True)) == [other.pk]
    assert audit.problems(read(mine).case) == []


def test_handed_over_case_is_told_to_who_had_it():
    house = House()
    complaint = house.new()

    workflow.hand_over(complaint, by=house.pm, to=fresh(house.gm), reason="交班")

    assert recipients("incidents.handed_over") == {house.dm.pk, house.gm.pk}
    texts = Notice.objects.filter(rule="incidents.handed_over").values_list("text", flat=True)
    assert [text for text in texts if house.gm.name in text] == []


def test_house_without_a_property_manager_is_decided_by_the_general_manager(client):
    house = House()
    Membership.objects.filter(user=house.pm).delete()
    complaint = moves.refused(house)
    client.force_login(house.gm)

    page = client.get(f"/p/{house.prop.code}/").content.decode()

    assert recipients("incidents.refused") == {house.gm.pk}
    assert complaint.case.number in page
    assert duty.task_roles(fresh(house.gm), house.prop) >= {Role.PROPERTY_MANAGER}


def test_general_manager_is_not_asked_where_there_is_a_property_manager():
    house = House()
    moves.refused(house)

    assert recipients("incidents.refused") == {house.pm.pk}
    assert Role.PROPERTY_MANAGER not in duty.task_roles(fresh(house.gm), house.prop)


def test_department_hears_that_its_work_is_void():
    house = House()
    complaint = house.started()

    workflow.void(complaint, by=house.pm, reason="重复")

    assert recipients("incidents.voided") == {house.dm.pk, house.engineer.pk}


def test_anonymous_complaint_asks_the_property_manager_at_once():
    house = House()

    moves.anonymous(house)

    assert recipients("incidents.anonymous") == {house.pm.pk}
    assert Task.objects.get(kind="anonymous").role == Role.PROPERTY_MANAGER


def test_deputy_says_not_told_for_others_only():
    house = House()
    complaint = moves.anonymous(house)
    row = Membership.objects.get(user=house.pm)
    DeputyFactory(for_membership=row, by_user=house.dm)
    before = moves.fingerprint()
    values = {"told_at": timezone.now(), "told_via": "not_possible"}

    with pytest.raises(ConflictError):
        workflow.tell_options(complaint, by=fresh(house.dm), **values)

    assert moves.fingerprint() == before
    other = member(house.prop, Role.DUTY_MANAGER)
    DeputyFactory(for_membership=row, by_user=other)
    assert workflow.tell_options(complaint, by=fresh(other), **values).status == "awaiting_choice"


@pytest.mark.parametrize(("who", "offered"), [("dm", False), ("pm", True)])
def test_not_told_is_offered_to_managers_only(who, offered):
    house = House()
    complaint = moves.anonymous(house)

    form = acts.ACTS["tell"].form(complaint=complaint, user=getattr(house, who))

    assert ("not_possible" in dict(form.fields["told_via"].choices)) == offered
    assert (form.initial["told_via"] == "not_possible") == offered


# --- the form of F -------------------------------------------------------------------------


def test_f_filled_before_the_guest_was_corrected_is_a_conflict(client):
    house = House()
    complaint = house.conduct(house.new())
    client.force_login(house.dm)
    page = client.get(complaint.get_absolute_url()).content.decode()
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
    workflow.edit_guest(complaint, replace(GUEST, name="王小美"), by=house.pm, reason="更正")
    data = RECORD | {"seen": seen}
    url = f"{complaint.get_absolute_url()}do/record/"

    slip = client.post(url, data | {"category": "nonsense"})
    assert f'name="seen" value="{seen}"' in slip.content.decode()
    stale = client.post(url, data)
    (now,) = re.findall(r'name="seen" value="([^"]+)"', stale.content.decode())
    again = client.post(url, data | {"seen": now})

    assert (stale.status_code, again.status_code) == (409, 302)
    assert read(complaint).guest.name == RECORD["name"]


def test_draft_brings_back_words_but_no_time_of_hours_ago(client):
    house = House()
    complaint = house.offered()
    drafts.keep(
        house.dm,
        f"{complaint.case.number}:tell",
        {"told_at": ["2026-11-23T08:00"], "single_reason": ["只有这一间空房"]},
    )
    client.force_login(house.dm)

    page = client.get(complaint.get_absolute_url()).content.decode()

    assert ("2026-11-23T08:00" in page, "只有这一间空房" in page) == (False, True)
    assert "已带出您上次没提交的内容" in page


def test_guard_whose_part_is_done_lands_on_his_list(client):
    house = House()
    complaint = moves.secured(house)
    client.force_login(member(house.prop, Role.SECURITY))

    response = client.post(f"{complaint.get_absolute_url()}do/arrived/", {"outcome": "已劝离"})

    assert (response.status_code, response["Location"]) == (302, f"/p/{house.prop.code}/incidents/")
