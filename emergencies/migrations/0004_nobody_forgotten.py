# ruff: noqa: S608 -- the statements name our own tables only
from django.db import migrations, models
from django.db.migrations import RunSQL

from propdesk.core.guards import refused
from propdesk.core.together import Together

LAST = (
    "SELECT DISTINCT ON (r.list) r.missing FROM emergencies_rollcall r "
    "WHERE r.event_id = OLD.case_id ORDER BY r.list, r.seq DESC"
)
TAKEN = (
    "SELECT h.missing FROM emergencies_firehandover h "
    "WHERE h.event_id = OLD.case_id ORDER BY h.id DESC LIMIT 1"
)
IS_SHORT = (
    "NEW.status <> 'running' AND NEW.status <> OLD.status AND NOT OLD.is_drill AND EXISTS ("
    f"SELECT 1 FROM (SELECT sum(l.missing) AS n FROM ({LAST}) l) s WHERE s.n > "
    f"CASE WHEN NEW.status = 'voided' THEN 0 ELSE COALESCE(({TAKEN}), 0) END)"
)
"""While somebody is missing the event neither ends nor is voided (E-8)."""

SHORTER = "emergencies_roll_shorter_has_reason"


class Migration(migrations.Migration):
    dependencies = [("emergencies", "0003_records_guards")]

    operations = [Together([
        migrations.AddField(
            "missing",
            "outcome",
            models.CharField(
                choices=[("missing", "未到"), ("found", "找到了"), ("list_error", "名单有误")],
                default="missing",
                max_length=10,
                verbose_name="结果",
            ),
        ),
        migrations.AddConstraint(
            "missing",
            models.CheckConstraint(
                condition=models.Q(("outcome__in", ["missing", "found", "list_error"])),
                name="emergencies_missing_outcome",
            ),
        ),
        migrations.AddField(
            "rollcall",
            "reason",
            models.CharField(blank=True, max_length=200, verbose_name="应到减少的原因"),
        ),
        migrations.RemoveConstraint("call", "emergencies_call_answered_stops_ladder"),
        migrations.AddConstraint(
            "call",
            models.CheckConstraint(
                condition=models.Q(
                    ("next_rung_at", None),
                    models.Q(("acked_at", None), ("needs_ack", True)),
                    _connector="OR",
                ),
                name="emergencies_call_answered_stops_ladder",
            ),
        ),
        refused("emergencies_event", IS_SHORT, "emergencies_event_missing_stays_open"),
        RunSQL(
            sql=f"""
CREATE FUNCTION {SHORTER}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.reason = '' AND EXISTS (
    SELECT 1 FROM emergencies_rollcall r WHERE r.event_id = NEW.event_id AND r.list = NEW.list
      AND r.seq = NEW.seq - 1 AND r.expected > NEW.expected
  ) THEN
    RAISE EXCEPTION 'a shorter list needs a reason'
      USING ERRCODE = 'check_violation', CONSTRAINT = '{SHORTER}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER {SHORTER} BEFORE INSERT ON emergencies_rollcall
  FOR EACH ROW EXECUTE FUNCTION {SHORTER}();
""",
            reverse_sql=f"DROP TRIGGER {SHORTER} ON emergencies_rollcall; DROP FUNCTION {SHORTER}();",
        ),
    ])]
