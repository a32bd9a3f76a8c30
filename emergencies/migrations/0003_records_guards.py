from django.db import migrations

from propdesk.core.guards import frozen, refused

RECORD = "event_id form seq several version number created_at".split()
WRITTEN = 'round "values" tables content_sha author_id submitted_at'.split()
BOX = "record_id round position role party title".split()
DECIDED = (
    "decision signer_id on_behalf_of_id signature_id person_id way taken_by_id opinion decided_at "
    "content_sha"
).split()
REPLACED = (
    "OLD.person_signature_id IS NOT NULL AND NEW.person_signature_id IS NOT NULL "
    "AND NEW.person_signature_id <> OLD.person_signature_id"
)


class Migration(migrations.Migration):
    dependencies = [("emergencies", "0002_guards")]

    operations = [
        frozen("emergencies_eventrecord", RECORD, "TRUE", "emergencies_record_frozen"),
        frozen(
            "emergencies_eventrecord",
            WRITTEN,
            "OLD.state IN ('submitted', 'signed', 'superseded')",
            "emergencies_record_written_frozen",
        ),
        frozen(
            "emergencies_eventrecord",
            ["signed_at"],
            "OLD.signed_at IS NOT NULL",
            "emergencies_record_signed_final",
        ),
        refused(
            "emergencies_eventrecord",
            "OLD.state = 'superseded' OR "
            "(OLD.state = 'signed' AND NEW.state NOT IN ('signed', 'superseded'))",
            "emergencies_record_ended_frozen",
        ),
        frozen("emergencies_recordbox", BOX, "TRUE", "emergencies_recordbox_frozen"),
        frozen(
            "emergencies_recordbox",
            DECIDED,
            "OLD.decision <> 'pending'",
            "emergencies_recordbox_decided_final",
        ),
        frozen(
            "emergencies_recordbox",
            ["scan_id"],
            "OLD.scan_id IS NOT NULL",
            "emergencies_recordbox_scan_final",
        ),
        refused("emergencies_recordbox", REPLACED, "emergencies_recordbox_drawn_final"),
    ]
