"""Hand-overs, too, are emptied when their term is over (ADR 0042)."""

import importlib

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

from propdesk.core.guards import PURGING

CHILDREN = importlib.import_module("propdesk.desk.migrations.0002_guards").CHILDREN


def let_through(table: str, name: str) -> migrations.RunSQL:
    """The guard of ``0002_guards``, past which the owner gets who purges; no other way is left."""
    return migrations.RunSQL(
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{PURGING}
  IF TG_OP = 'DELETE' OR EXISTS (
    SELECT 1 FROM desk_handover WHERE case_id = NEW.handover_id AND status IN ('signed', 'voided')
  ) THEN
    RAISE EXCEPTION '{table} is frozen' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
  END IF;
  RETURN NEW;
END $$;
""",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    # A check is made over the rows without stopping whoever writes.
    atomic = False

    dependencies = [
        ("desk", "0003_calendar_feed"),
        ("core", "0023_purge_guards"),
    ]

    operations = [
        *(let_through(table, name) for table, name in CHILDREN.items()),
        migrations.RemoveConstraint("handoverline", "desk_line_restricted_says_nothing"),
        AddConstraintNotValid(
            "handoverline",
            models.CheckConstraint(
                condition=models.Q(
                    ("restricted", False),
                    models.Q(
                        ("due_at", None),
                        ("holder", None),
                        ("next_step", ""),
                        ("state", ""),
                        ("title__in", ["保密事项", "已清除"]),
                    ),
                    _connector="OR",
                ),
                name="desk_line_restricted_says_nothing",
                violation_error_message="保密事项的交代请写在事件里，这里不写内容。",
            ),
        ),
        ValidateConstraint("handoverline", "desk_line_restricted_says_nothing"),
    ]
