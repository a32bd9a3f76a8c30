# ruff: noqa: S608 -- the statements name our own tables only
"""The database itself refuses: every constraint, every guard, every right the application lacks."""

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone

from incidents import workflow
from propdesk.core import audit, drafts
from propdesk.core.channels.relay import deliver
from propdesk.core.models import Case, Delivery, Document, Report
from tests.factories import DeputyFactory, PlaceFactory, ShiftFactory
from tests.incidents import moves
from tests.incidents.journey import House
from tests.incidents.moves import fingerprint, jpeg, refuses

pytestmark = [pytest.mark.django_db, pytest.mark.every_case]
APPS = ("core", "incidents")


def full(house: House):
    """A closed complaint that has left a row in every table."""
    complaint = house.new()
    workflow.attach(complaint, jpeg(), by=house.dm)
    workflow.link(complaint, house.new().case.number, by=house.dm)
    workflow.call_security(complaint, by=house.dm)
    workflow.security_arrived(complaint, by=house.dm, outcome="已劝离")
    complaint = workflow.record(house.conduct(complaint), moves.POINTS, by=house.dm)
    workflow.correct(complaint, "key_points", "三晚", by=house.dm)
    complaint = house.promised(complaint)
    workflow.extend(complaint, house.word(6), by=house.dm, reason="配件未到")
    complaint = house.resolved(complaint)
    workflow.call_back(
        complaint,
        by=house.dm,
        via="phone",
        asked_at=timezone.now(),
        satisfaction="dissatisfied",
        comment="不行",
    )
    workflow.decide_dissatisfied(complaint, by=house.pm, choice="close", reason="已尽力")
    workflow.summarise(complaint, by=house.dm, summary="经过", result="结果")
    complaint = house.signed(complaint)
    report = Report.objects.get()
    document = Document(
        case=complaint.case,
        report=report,
        kind="incident_report",
        number=report.number,
        version=1,
        sealed=True,
        sha256="0" * 64,
        data_sha256="0" * 64,
        pages=1,
        size=3,
        created_at=timezone.now(),
    )
    document.file.save("x.pdf", ContentFile(b"pdf"), save=False)
    audit.save(document, by=None, reason="制表")
    document.copies.create(by=house.dm, at=timezone.now(), how="print")
    deliver(timezone.now())
    PlaceFactory(property=house.prop, code="A-1806", label="A座1806")
    ShiftFactory(property=house.prop, user=house.dm)
    DeputyFactory(for_membership=house.pm.memberships.get(), by_user=house.dm)
    drafts.keep(house.dm, "f", {"a": ["b"]})
    drafts.use_token(house.dm, "t", "/", form="f2")
    return workflow.close(complaint, by=house.dm)


def run(statement: str) -> str:
    """Run one statement as the application; the name of the constraint or guard that refused it."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as row:
        row.execute(statement)
    return refusal.value.__cause__.diag.constraint_name


def twin(table: str, **changes: str) -> str:
    """Insert a copy of the first row of ``table``; ``changes`` are SQL expressions."""
    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    columns = [
        field.column
        for field in model._meta.local_concrete_fields
        if not (field.primary_key and isinstance(field, models.AutoField))
    ]
    where = changes.pop("where", "TRUE")
    values = [changes.get(column, f'"{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM "{table}" '
        f"WHERE {where} LIMIT 1"
    )


INTAKE, STARTED, RESOLVED, FULL = House.new, House.started, House.resolved, full
C, G, P, B = "incidents_complaint", "incidents_option", "incidents_promise", "core_reportbox"
CONSTRAINTS = {
    "incidents_recorded_is_complete": (INTAKE, f"UPDATE {C} SET recorded_at = now()"),
    "incidents_record_before_options": (INTAKE, f"UPDATE {C} SET status = 'recorded'"),
    "incidents_promise_before_work": (House.chosen, f"UPDATE {C} SET status = 'in_progress'"),
    "incidents_resolved_has_result": (STARTED, f"UPDATE {C} SET status = 'resolved'"),
    "incidents_closed_was_reviewed": (RESOLVED, f"UPDATE {C} SET status = 'closed'"),
    "incidents_dissatisfied_was_decided": (
        moves.dissatisfied,
        f"UPDATE {C} SET status = 'closed'",
    ),
    "incidents_anonymous_has_reason": (INTAKE, f"UPDATE {C} SET is_anonymous = TRUE"),
    "incidents_void_has_reason": (INTAKE, f"UPDATE {C} SET status = 'voided'"),
    "incidents_open_has_due": (INTAKE, f"UPDATE {C} SET next_due_at = NULL"),
    "incidents_step_once": (House.recorded, twin("incidents_steprecord")),
    "incidents_step_reason": (House.recorded, "UPDATE incidents_steprecord SET done = FALSE"),
    "incidents_option_position": (House.offered, twin(G)),
    "incidents_option_one_chosen": (House.chosen, f"UPDATE {G} SET chosen = TRUE"),
    "incidents_option_told_approved": (
        moves.costly,
        f"UPDATE {G} SET told_at = now() WHERE approval = 'pending'",
    ),
    "incidents_option_chosen_told": (House.offered, f"UPDATE {G} SET chosen = TRUE"),
    "incidents_option_decided_by_other": (
        moves.costly,
        f"UPDATE {G} SET decided_by_id = proposed_by_id",
    ),
    "incidents_promise_seq": (RESOLVED, twin(P)),
    "incidents_promise_one_open": (STARTED, twin(P, seq="2", reason="'x'")),
    "incidents_promise_after_told": (
        RESOLVED,
        twin(P, seq="2", reason="'x'", due_at="told_at + interval '4 minutes 59 seconds'"),
    ),
    "incidents_promise_move_reason": (RESOLVED, twin(P, seq="2")),
    "incidents_promise_ended": (STARTED, f"UPDATE {P} SET outcome = 'kept'"),
    "incidents_promise_kept_in_time": (
        STARTED,
        f"UPDATE {P} SET outcome = 'kept', ended_at = due_at + interval '1 second'",
    ),
    "incidents_promise_ended_after_made": (
        STARTED,
        f"UPDATE {P} SET outcome = 'kept', ended_at = created_at - interval '1 second'",
    ),
    "incidents_started_once": (STARTED, twin("incidents_progress")),
    "incidents_decision_reason": (FULL, twin("incidents_decision", reason="''")),
    "core_department_name": (FULL, twin("core_department")),
    "core_membership_dates": (FULL, "UPDATE core_membership SET ends_on = date '2019-01-01'"),
    "core_membership_open": (FULL, twin("core_membership")),
    "core_deputy_times": (FULL, "UPDATE core_deputy SET ends_at = starts_at"),
    "core_shift_times": (FULL, "UPDATE core_shift SET ends_at = starts_at"),
    "core_shift_once": (FULL, twin("core_shift")),
    "core_case_number": (FULL, twin("core_case")),
    "core_case_closed_has_time": (FULL, "UPDATE core_case SET is_open = NOT is_open"),
    "core_casecounter_day": (FULL, twin("core_casecounter")),
    "core_caselink_once": (FULL, twin("core_caselink")),
    "core_caselink_order": (FULL, twin("core_caselink", a_id="b_id", b_id="a_id")),
    "core_auditentry_seq": (FULL, twin("core_auditentry")),
    "core_attachment_once": (FULL, twin("core_attachment")),
    "core_attachment_removed_complete": (FULL, "UPDATE core_attachment SET removed_at = now()"),
    "core_staffsignature_current": (FULL, twin("core_staffsignature")),
    "core_report_number": (FULL, twin("core_report", state="'superseded'")),
    "core_report_one_current": (FULL, twin("core_report", version="2")),
    "core_report_times_in_order": (
        moves.drafted,
        "UPDATE core_report SET discovered_at = occurred_at - interval '1 minute'",
    ),
    "core_report_signed_has_time": (
        moves.drafted,
        "UPDATE core_report SET state = 'signed'",
    ),
    "core_reportbox_position": (moves.submitted, twin(B, where="decision = 'pending'")),
    "core_reportbox_four_eyes": (
        moves.submitted,
        twin(B, position="9", where="decision = 'approved'"),
    ),
    "core_reportbox_decided_complete": (moves.submitted, f"UPDATE {B} SET decision = 'approved'"),
    "core_document_sealed_once": (FULL, twin("core_document")),
    "core_renderjob_once": (FULL, twin("core_renderjob")),
    "core_place_label": (FULL, twin("core_place", code="''")),
    "core_place_code": (FULL, twin("core_place", label="'别处'")),
    "core_clock_once": (FULL, twin("core_clock")),
    "core_task_one_open": (moves.secured, twin("core_task")),
    "core_task_done_complete": (
        moves.secured,
        "UPDATE core_task SET done_by_id = created_by_id",
    ),
    "core_notice_once": (FULL, twin("core_notice")),
    "core_delivery_once": (FULL, twin("core_delivery")),
    "core_document_sealed_case_once": (
        FULL,
        twin("core_document", report_id="NULL")
        .replace('FROM "core_document"', 'FROM "core_document", generate_series(1, 2)')
        .replace("LIMIT 1", ""),
    ),
    "core_document_of_case_or_list": (FULL, twin("core_document", case_id="NULL")),
    "core_renderjob_of_case_or_list": (FULL, twin("core_renderjob", case_id="NULL")),
    "core_draft_once": (FULL, twin("core_draft")),
    "core_formtoken_once": (FULL, twin("core_formtoken")),
}


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_constraint_refuses_what_the_workflow_never_writes(name):
    ready, statement = CONSTRAINTS[name]
    house = House()
    ready(house)
    if name == "core_reportbox_decided_complete":
        statement += " WHERE decision = 'pending'"
    before = fingerprint()

    assert run(statement) == name

    assert fingerprint() == before


PAPERS = {
    "core_appendix_complete",
    "core_appendix_four_eyes",
    "core_appendix_number",
    "core_blankform_serial",
    "core_blankform_settled",
    "core_document_signed_complete",
    "core_legalhold_lifted_complete",
    "core_legalhold_one",
    "core_legalhold_reason",
    "core_loginevent_who",
    "core_outagepack_number",
    "core_outagepack_one_ready",
    "core_outagepack_taken",
    "core_papercopy_nr",
    "core_papercopy_purpose",
    "core_propertysettings_keep",
    "core_sealkey_current",
    "core_sealkey_issued",
    "core_sealkey_retired_complete",
}
"""Tried in tests/core/test_papers_constraints.py, which holds a house with one of each."""
CHANNELS = {
    "core_delivery_resent_complete",
    "core_delivery_robot_named",
    "core_delivery_robot_once",
    "core_mailrule_role",
    "core_mailrule_user",
    "core_mailrule_whose",
    "core_robot_complete",
    "core_robot_name",
    "core_robot_rate",
    "core_robot_test_complete",
    "core_robotmeter_tokens",
}
"""Tried in tests/core/channels/test_constraints.py."""
PAPER_GUARDS = {
    "core_appendix_frozen",
    "core_blankform_serial_frozen",
    "core_blankform_stays_settled",
    "core_copyhidden_append_only",
    "core_legalhold_frozen",
    "core_legalhold_lifted_final",
    "core_loginevent_insert_only",
    "core_outagepack_number_frozen",
    "core_outagepack_taken_frozen",
    "core_papercopy_append_only",
    "core_sealkey_frozen",
}

PURGE_GUARDS = {
    "core_case_purged_stays",
    "core_erasure_allowed",
    "core_erasure_files_final",
    "core_erasure_frozen",
    "core_legalhold_in_time",
    "core_purgerun_final",
}
"""Tried in tests/core/test_retention.py: they stand round what the owner alone may write."""


def test_every_constraint_of_the_models_has_its_case():
    declared = {
        constraint.name
        for model in apps.get_models()
        if model._meta.app_label in APPS
        for constraint in model._meta.constraints
    }

    assert declared - PAPERS - CHANNELS == set(CONSTRAINTS)


def set_(table: str, assignment: str, where: str = "TRUE") -> str:
    return f"UPDATE {table} SET {assignment} WHERE {where}"


def hidden(house: House):
    """A case that is confidential."""
    complaint = INTAKE(house)
    Case.objects.filter(pk=complaint.pk).update(restricted=True)
    return complaint


GUARDS = {
    "incidents_record_frozen": (House.recorded, set_(C, "key_points = 'x'")),
    "incidents_ended_frozen": (House.closed, set_(C, "summary = 'x'")),
    "incidents_promise_frozen": (STARTED, set_(P, "due_at = due_at + interval '1 hour'")),
    "incidents_promise_outcome_final": (RESOLVED, set_(P, "outcome = 'broken'")),
    "incidents_option_frozen": (House.offered, set_(G, "text = 'x'")),
    "incidents_option_decision_final": (
        FULL,
        set_(G, "decision_note = 'x'", "decided_at IS NOT NULL"),
    ),
    "incidents_option_told_final": (House.told, set_(G, "told_at = NULL")),
    "incidents_step_frozen": (House.recorded, set_("incidents_steprecord", "letter = 'E'")),
    "incidents_correction_append_only": (FULL, set_("incidents_correction", "text = 'x'")),
    "incidents_progress_append_only": (FULL, set_("incidents_progress", "text = 'x'")),
    "incidents_callback_append_only": (FULL, set_("incidents_callback", "comment = 'x'")),
    "incidents_decision_append_only": (FULL, set_("incidents_decision", "reason = 'x'")),
    "core_report_frozen": (moves.submitted, set_("core_report", "narrative = 'x'")),
    "core_document_frozen": (FULL, set_("core_document", "pages = 2")),
    "core_reportbox_frozen": (FULL, set_(B, "opinion = 'x'")),
    "core_case_frozen": (INTAKE, set_("core_case", "number = 'TS-1'")),
    "core_case_stays_confidential": (hidden, set_("core_case", "restricted = FALSE")),
    "core_attachment_frozen": (FULL, set_("core_attachment", "sha256 = 'x'")),
    "core_attachment_print_frozen": (FULL, set_("core_attachment", "print_sha256 = 'x'")),
    "core_staffsignature_frozen": (FULL, set_("core_staffsignature", "sha256 = 'x'")),
    "core_caselink_frozen": (FULL, set_("core_caselink", "note = 'x'")),
    "core_copylog_frozen": (FULL, set_("core_copylog", "how = 'x'")),
}


def approved(house: House):
    complaint = moves.costly(house)
    option = moves.option_of(house, complaint)
    workflow.decide_option(option, by=house.pm, approve=True)
    return complaint


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_guard_refuses_to_rewrite_the_past(name):
    ready, statement = GUARDS[name]
    ready = approved if name == "incidents_option_decision_final" else ready
    house = House()
    ready(house)
    before = fingerprint()

    assert run(statement) == name

    assert fingerprint() == before


FILLS_IN = {"core_searchtext_copy"}
"""Triggers that refuse nothing: tests/core/test_search.py."""


def guards() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        elsewhere = (
            "lostfound_",
            "emergencies_",
            "desk_",
        )  # the registers and the desk have cases of their own
        found = {name for (name,) in cursor.fetchall() if not name.startswith(elsewhere)}
        return found - FILLS_IN


def test_every_guard_of_the_database_has_its_case():
    assert guards() - PAPER_GUARDS - PURGE_GUARDS == set(GUARDS)


GUARDED = [
    "core_attachment",
    "core_case",
    "core_caselink",
    "core_copylog",
    "core_document",
    "core_report",
    "core_reportbox",
    "core_staffsignature",
    "incidents_callback",
    "incidents_complaint",
    "incidents_correction",
    "incidents_decision",
    "incidents_option",
    "incidents_progress",
    "incidents_promise",
    "incidents_steprecord",
]


def test_nothing_of_a_case_can_be_deleted_even_by_sql():
    full(House())
    before = fingerprint()

    refusals = {table: run(f"DELETE FROM {table}") for table in GUARDED}

    assert set(refusals.values()) <= set(GUARDS)
    assert fingerprint() == before


WRITTEN_ONCE = sorted(
    model._meta.db_table
    for model in apps.get_models()
    if model._meta.app_label in APPS
    and (model.__name__.startswith("Historical") or model.__name__ in {"AuditEntry", "Notice"})
)


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_application_has_no_right_to_rewrite_history_and_outbox(table, verb):
    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    column = model._meta.local_concrete_fields[1].column
    statement = {
        "UPDATE": f'UPDATE {table} SET "{column}" = "{column}"',
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table}",
    }[verb]

    with (
        refuses(DatabaseError, match=f"permission denied for table {table}"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_history_tables_are_all_there():
    assert len(WRITTEN_ONCE) > 10
    assert {"core_auditentry", "core_notice", "incidents_historicalcomplaint"} <= set(WRITTEN_ONCE)


def test_delivery_state_may_be_moved_on_by_the_relay():
    House().new(severity="major")

    assert deliver(timezone.now()) == 1
    assert list(Delivery.objects.values_list("state", flat=True)) == ["sent"]
