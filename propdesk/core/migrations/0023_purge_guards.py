"""The way past the guards for a purge, in the guards that are there, and guards of its own (ADR 0042)."""

from django.db import migrations

from propdesk.core.guards import PURGING, frozen, refused

LET_THROUGH = f"""
DO $do$
DECLARE guard oid;
BEGIN
  FOR guard IN
    SELECT DISTINCT p.oid FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
    WHERE p.prosrc LIKE '%rows are never deleted%' AND p.prosrc NOT LIKE '%propdesk.purging%'
  LOOP
    EXECUTE overlay(pg_get_functiondef(guard) PLACING $new$BEGIN{PURGING}$new$
      FROM position('BEGIN' IN pg_get_functiondef(guard)) FOR 5);
  END LOOP;
END $do$;
"""
"""A new database gets it from ``guards.py``; in one that is in use the functions are there already."""

HELD = """
CREATE FUNCTION core_erasure_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM core_legalhold WHERE case_id = NEW.case_id AND lifted_at IS NULL)
    OR EXISTS (SELECT 1 FROM core_case WHERE id = NEW.case_id AND is_open) THEN
    RAISE EXCEPTION 'the case is open or on legal hold'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'core_erasure_allowed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER core_erasure_allowed BEFORE INSERT ON core_erasure
  FOR EACH ROW EXECUTE FUNCTION core_erasure_allowed();
CREATE FUNCTION core_legalhold_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM core_erasure WHERE case_id = NEW.case_id) THEN
    RAISE EXCEPTION 'the case is purged already'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'core_legalhold_in_time';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER core_legalhold_in_time BEFORE INSERT ON core_legalhold
  FOR EACH ROW EXECUTE FUNCTION core_legalhold_in_time();
"""
NOT_HELD = """
DROP TRIGGER core_legalhold_in_time ON core_legalhold; DROP FUNCTION core_legalhold_in_time();
DROP TRIGGER core_erasure_allowed ON core_erasure; DROP FUNCTION core_erasure_allowed();
"""
CLOSED = (
    "NOT OLD.is_open AND (NEW.is_open OR NEW.version <> OLD.version) "
    "AND EXISTS (SELECT 1 FROM core_erasure WHERE case_id = NEW.id)"
)
"""Neither opened again nor gone on with: each act moves the version."""


class Migration(migrations.Migration):
    dependencies = [("core", "0022_retention")]

    operations = [
        migrations.RunSQL(LET_THROUGH, migrations.RunSQL.noop),
        migrations.RunSQL(HELD, NOT_HELD),
        frozen(
            "core_legalhold", ["case_id", "reason", "set_by_id", "set_at"], "TRUE", "core_legalhold_frozen"
        ),
        refused("core_legalhold", "OLD.lifted_at IS NOT NULL", "core_legalhold_lifted_final"),
        frozen("core_erasure", ["case_id", "run_id", "at"], "TRUE", "core_erasure_frozen"),
        frozen(
            "core_erasure",
            ["files_gone_at"],
            "OLD.files_gone_at IS NOT NULL",
            "core_erasure_files_final",
        ),
        refused("core_purgerun", "OLD.finished_at IS NOT NULL", "core_purgerun_final"),
        refused("core_case", CLOSED, "core_case_purged_stays"),
    ]
