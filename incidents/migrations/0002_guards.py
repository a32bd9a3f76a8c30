from django.db import migrations

from propdesk.core.guards import frozen, refused

WORDS = (
    "opening_words key_points core_issue expectation category place_id place_note occurred_at "
    "received_at received_by_id recorded_at recorded_by_id channel guest_id"
).split()
PROMISED = (
    "complaint_id cycle seq what due_at told_at told_via told_by_id next_contact_at "
    "department_id reason approved_by_id created_at"
).split()
OFFERED = "complaint_id cycle position text limits cost feasible proposed_by_id proposed_at".split()
DECIDED = "approval decided_by_id decided_at decision_note".split()


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("core", "0002_guards")]

    operations = [
        frozen(
            "incidents_complaint", WORDS, "OLD.recorded_at IS NOT NULL", "incidents_record_frozen"
        ),
        refused(
            "incidents_complaint",
            "(OLD.status = 'voided') OR (OLD.status = 'closed' AND NEW.status <> 'reopened')",
            "incidents_ended_frozen",
        ),
        frozen("incidents_promise", PROMISED, "TRUE", "incidents_promise_frozen"),
        refused(
            "incidents_promise",
            "OLD.outcome <> 'open' AND NEW.outcome <> OLD.outcome",
            "incidents_promise_outcome_final",
        ),
        frozen("incidents_option", OFFERED, "TRUE", "incidents_option_frozen"),
        frozen(
            "incidents_option",
            DECIDED,
            "OLD.decided_at IS NOT NULL",
            "incidents_option_decision_final",
        ),
        frozen(
            "incidents_option",
            ["told_at"],
            "OLD.told_at IS NOT NULL",
            "incidents_option_told_final",
        ),
        frozen("incidents_steprecord", ["complaint_id", "letter"], "TRUE", "incidents_step_frozen"),
        *(
            refused(f"incidents_{table}", "TRUE", f"incidents_{table}_append_only")
            for table in ("correction", "progress", "callback", "decision")
        ),
    ]
