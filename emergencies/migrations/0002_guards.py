from django.db import migrations
from django.db.migrations import RunSQL

from propdesk.core.guards import frozen, refused

EVENT = ["case_id", "kind", "playbook_id", "is_drill", "reported_at", "reported_by_id", "parent_id"]
ENDED = [
    "status",
    "summary",
    "ended_at",
    "ended_by_id",
    "archived_at",
    "archived_by_id",
    "void_reason",
]
SEALED = [
    "event_id",
    "property_id",
    "place_id",
    "is_drill",
    "owner",
    "cards",
    "sealed_at",
    "sealed_by_id",
]
OPENED = ["opened_at", "opened_by_id", "opened_with_id"]
RELEASED = [
    "released_at",
    "way",
    "officer_id",
    "badge",
    "unit",
    "document_number",
    "document_id",
    "released_by_id",
    "released_with_id",
    "recorded_at",
]
ANSWER = ["event_id", "key", "seq", "value", "reason", "by_id", "at"]
MARK = [
    "event_id",
    "step",
    "seq",
    "outcome",
    "text",
    "values",
    "basis",
    "occurred_at",
    "at",
    "by_id",
    "is_late_entry",
    "person_id",
    "signature_id",
]
CALL = ["event_id", "notice", "party", "role", "opened_at", "due_at", "needs_ack"]
TOLD = ["told_at", "told_via", "told_whom", "told_user_id", "told_note", "recorded_by_id"]
COMMAND = ["event_id", "seq", "user_id", "at", "by_id", "reason"]
READER = ["event_id", "user_id", "reason", "by_id", "at"]
PARTY = ["event_id", "person_id", "part", "by_id", "at"]
PLAYBOOK = [
    "property_id",
    "code",
    "number",
    "source",
    "content",
    "sha256",
    "base_sha256",
    "text",
    "off",
    "reason",
    "by_id",
    "at",
]
INVENTORY = [
    "event_id",
    "seq",
    "counted_at",
    "counted_by_id",
    "counted_with_id",
    "signature_id",
    "photo_id",
    "is_empty",
    "reason",
    "at",
]
LINE = [
    "inventory_id",
    "position",
    "text",
    "count",
    "found_in",
    "in_safe",
    "currency",
    "denomination",
]
HANDED = [
    "event_id",
    "to",
    "receiver_id",
    "papers",
    "signature_sha256",
    "handed_at",
    "handed_by_id",
    "handed_with_id",
    "at",
]
APPEND_ONLY = [
    "sealtag",
    "sealcheck",
    "floorsweep",
    "rollcall",
    "missing",
    "firehandover",
    "markphoto",
    "note",
    "rung",
    "involved",
]

IS_SEALED = (
    "NEW.status <> 'running' AND NEW.status <> OLD.status AND NOT OLD.is_drill AND EXISTS ("
    "SELECT 1 FROM emergencies_roomseal s WHERE s.event_id = OLD.case_id AND s.released_at IS NULL)"
)
"""While the police have released nothing the event neither ends nor is voided (E-6)."""


def final(table: str, column: str, name: str) -> RunSQL:
    """Refuse to change a column once it has a value."""
    return frozen(f"emergencies_{table}", [column], f"OLD.{column} IS NOT NULL", name)


def fixed(table: str, columns: list[str], name: str) -> RunSQL:
    """Refuse to change these columns ever."""
    quoted = [
        f'"{column}"' if column in {"to", "values", "text", "off"} else column for column in columns
    ]
    return frozen(f"emergencies_{table}", quoted, "TRUE", name)


class Migration(migrations.Migration):
    dependencies = [("emergencies", "0001_initial")]

    operations = [
        refused("emergencies_event", IS_SEALED, "emergencies_event_sealed_stays_open"),
        fixed("event", EVENT, "emergencies_event_start_frozen"),
        frozen(
            "emergencies_event",
            ENDED,
            "OLD.status IN ('archived', 'voided')",
            "emergencies_event_end_final",
        ),
        fixed("roomseal", SEALED, "emergencies_seal_frozen"),
        frozen(
            "emergencies_roomseal",
            RELEASED,
            "OLD.released_at IS NOT NULL",
            "emergencies_seal_release_final",
        ),
        frozen(
            "emergencies_roomseal",
            OPENED,
            "OLD.opened_at IS NOT NULL",
            "emergencies_seal_opened_final",
        ),
        fixed("answer", ANSWER, "emergencies_answer_frozen"),
        final("answer", "superseded_at", "emergencies_answer_superseded_final"),
        fixed("stepmark", MARK, "emergencies_mark_frozen"),
        final("stepmark", "superseded_at", "emergencies_mark_superseded_final"),
        fixed("call", CALL, "emergencies_call_frozen"),
        frozen("emergencies_call", TOLD, "OLD.told_at IS NOT NULL", "emergencies_call_told_final"),
        frozen(
            "emergencies_call",
            ["acked_at", "acked_by_id"],
            "OLD.acked_at IS NOT NULL",
            "emergencies_call_acked_final",
        ),
        fixed("command", COMMAND, "emergencies_command_frozen"),
        final("command", "ended_at", "emergencies_command_ended_final"),
        fixed("reader", READER, "emergencies_reader_frozen"),
        final("reader", "ended_at", "emergencies_reader_ended_final"),
        fixed("party", PARTY, "emergencies_party_frozen"),
        fixed("playbookversion", PLAYBOOK, "emergencies_playbook_frozen"),
        final("playbookversion", "superseded_at", "emergencies_playbook_superseded_final"),
        fixed("inventory", INVENTORY, "emergencies_inventory_frozen"),
        final("inventory", "superseded_at", "emergencies_inventory_superseded_final"),
        fixed("belonging", LINE, "emergencies_belonging_frozen"),
        final("belonging", "handover_id", "emergencies_belonging_handed_final"),
        fixed("handover", HANDED, "emergencies_handover_frozen"),
        *(
            refused(f"emergencies_{table}", "TRUE", f"emergencies_{table}_append_only")
            for table in APPEND_ONLY
        ),
    ]
