from django.db import migrations

from propdesk.core.guards import PURGING, frozen, refused

ANCHOR = "case_id property_id shift_id label starts_at ends_at until reports_from".split()
SIGNED = (
    "status outgoing_id on_behalf_of_id takeover_reason room_state vips happened unlisted "
    "outgoing_signed_at outgoing_signature_id content_sha "
    "incoming_id incoming_signed_at incoming_signature_id void_reason"
).split()
SETTLED = "settled_at settled_by_id outcome".split()
CHILDREN = {
    "desk_handoverline": "desk_line_frozen",
    "desk_handovercount": "desk_count_frozen",
    "desk_patrolcheck": "desk_patrol_frozen",
}


def of_ended(table: str, name: str) -> migrations.RunSQL:
    """Refuse a new or changed row of a hand-over that is signed or voided, and any DELETE."""
    return migrations.RunSQL(
        sql=f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{PURGING}
  IF TG_OP = 'DELETE' OR EXISTS (
    SELECT 1 FROM desk_handover WHERE case_id = NEW.handover_id AND status IN ('signed', 'voided')
  ) THEN
    RAISE EXCEPTION '{table} is frozen' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION {name}();
""",
        reverse_sql=f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


WHOLE = migrations.RunSQL(
    sql="""
CREATE FUNCTION desk_handover_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM desk_handoverline WHERE handover_id = NEW.case_id AND dropped_at IS NULL
      AND (NOT is_told OR (NEW.status = 'signed' AND decision = ''))
  ) OR EXISTS (
    SELECT 1 FROM desk_handovercount WHERE handover_id = NEW.case_id AND dropped_at IS NULL
      AND actual IS NULL
  ) OR EXISTS (
    SELECT 1 FROM desk_patrolcheck WHERE handover_id = NEW.case_id AND is_normal IS NULL
  ) THEN
    RAISE EXCEPTION 'something is untold, uncounted, unseen or without an answer'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'desk_handover_whole';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER desk_handover_whole BEFORE UPDATE OF status ON desk_handover
  FOR EACH ROW WHEN (NEW.status IN ('offered', 'signed') AND NEW.status <> OLD.status)
  EXECUTE FUNCTION desk_handover_whole();
""",
    reverse_sql="DROP TRIGGER desk_handover_whole ON desk_handover;"
    " DROP FUNCTION desk_handover_whole();",
)
"""Neither signature stands under a record that is not whole (X-6, F4)."""


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_handover")]

    operations = [
        frozen("desk_handover", ANCHOR, "TRUE", "desk_handover_anchored"),
        frozen(
            "desk_handover",
            SIGNED,
            "OLD.status IN ('signed', 'voided')",
            "desk_handover_frozen",
        ),
        frozen(
            "desk_handover", SETTLED, "OLD.settled_at IS NOT NULL", "desk_handover_settled_final"
        ),
        *(of_ended(table, name) for table, name in CHILDREN.items()),
        WHOLE,
        refused("desk_shiftlogentry", "TRUE", "desk_log_append_only"),
    ]
