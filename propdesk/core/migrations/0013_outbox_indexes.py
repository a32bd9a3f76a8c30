from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import Index, Q

QUEUE = Index(fields=["channel", "next_try_at", "id"], condition=Q(state="pending"), name="core_delivery_queue")
ROBOT_QUEUE = Index(
    fields=["robot", "next_try_at", "id"],
    condition=Q(state="pending", robot__isnull=False),
    name="core_delivery_robot_queue",
)
FAILED = Index(fields=["property", "-id"], condition=Q(state="failed"), name="core_delivery_failed")
ONCE = models.UniqueConstraint(
    fields=["notice", "channel"], condition=Q(robot=None), name="core_delivery_once"
)
ROBOT_ONCE = models.UniqueConstraint(
    fields=["robot", "robot_key"], condition=Q(robot__isnull=False), name="core_delivery_robot_once"
)
NAMED = models.CheckConstraint(
    name="core_delivery_robot_named",
    condition=(Q(channel="robot", robot__isnull=False) & ~Q(robot_key=""))
    | (~Q(channel="robot") & Q(robot=None, robot_key="")),
)
RESENT = models.CheckConstraint(
    name="core_delivery_resent_complete",
    condition=Q(resent_at=None, resent_by=None)
    | Q(resent_at__isnull=False, resent_by__isnull=False),
)
REFUSE = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM core_robot) OR EXISTS (SELECT FROM core_mailrule) THEN
    RAISE EXCEPTION 'robots and mail rules of the houses would be lost: '
      'run the earlier release on this schema, it can';
  END IF;
END $$
"""
"""A notice that went to two robots has no place in the table of before."""


def unique(constraint: models.UniqueConstraint, columns: str, where: str) -> migrations.SeparateDatabaseAndState:
    """A partial unique constraint, which to the database is an index, built beside those who write."""
    name = constraint.name
    return migrations.SeparateDatabaseAndState(
        [
            migrations.RunSQL(
                f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON core_delivery ({columns}) WHERE {where}",
                f"DROP INDEX CONCURRENTLY {name}",
            )
        ],
        [migrations.AddConstraint("delivery", constraint)],
    )


class Migration(migrations.Migration):
    # The outbox is indexed without stopping anybody who writes; the old unique constraint goes when
    # the new one holds.
    atomic = False

    dependencies = [("core", "0012_channels")]

    operations = [
        *(AddIndexConcurrently("delivery", index) for index in (QUEUE, ROBOT_QUEUE, FAILED)),
        unique(ONCE, "notice_id, channel", "robot_id IS NULL"),
        unique(ROBOT_ONCE, "robot_id, robot_key", "robot_id IS NOT NULL"),
        *(AddConstraintNotValid("delivery", check) for check in (NAMED, RESENT)),
        *(ValidateConstraint("delivery", check.name) for check in (NAMED, RESENT)),
        migrations.RemoveConstraint("delivery", "core_delivery_channel"),
        RemoveIndexConcurrently("delivery", "core_delivery_due"),
        migrations.RunSQL(migrations.RunSQL.noop, REFUSE),
    ]
