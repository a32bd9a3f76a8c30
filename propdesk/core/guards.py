"""SQL of row guards: what may never change again is refused by the database itself."""

from collections.abc import Iterable

from django.db.migrations import RunSQL

PURGING = """
  IF TG_OP = 'UPDATE' AND current_setting('propdesk.purging', true) = 'on' THEN
    IF pg_has_role(
      current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE'
    ) THEN
      RETURN NEW;
    END IF;
  END IF;"""
"""The one way past a guard: the owner of the tables, who says that he purges (ADR 0042)."""


def frozen(table: str, columns: Iterable[str], when: str, name: str) -> RunSQL:
    """Refuse an UPDATE of ``columns`` while ``when`` (SQL over OLD and NEW) holds, and any DELETE."""
    old = ", ".join(f"OLD.{c}" for c in columns)
    new = ", ".join(f"NEW.{c}" for c in columns)
    return _guard(table, name, f"({when}) AND ROW({old}) IS DISTINCT FROM ROW({new})")


def refused(table: str, when: str, name: str) -> RunSQL:
    """Refuse an UPDATE for which ``when`` (SQL over OLD and NEW) holds, and any DELETE."""
    return _guard(table, name, when)


def _guard(table: str, name: str, condition: str) -> RunSQL:
    return RunSQL(
        sql=f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{PURGING}
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION '{table} rows are never deleted'
      USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
  END IF;
  IF {condition} THEN
    RAISE EXCEPTION '{table} is frozen' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION {name}();
""",
        reverse_sql=f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )
