"""What a purge takes of events and what it leaves; whose files stay for ever (``core.retention``)."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from emergencies.models import Answer, Event, Kind, Party
from emergencies.queries.evidence import YES
from propdesk.core.models import Case, Report

OWNED = {
    "emergencies.Event": ("case",),
    "emergencies.Reader": ("event__case",),
    "emergencies.Command": ("event__case",),
    "emergencies.Party": ("event__case",),
    "emergencies.LossItem": ("event__case",),
    "emergencies.Affected": ("event__case",),
    "emergencies.ReviewAction": ("event__case",),
    "emergencies.Inventory": ("event__case",),
    "emergencies.Handover": ("event__case",),
    "emergencies.Belonging": ("inventory__event__case",),
    "emergencies.Call": ("event__case",),
    "emergencies.Compensation": ("event__case",),
    "emergencies.DamageLine": ("compensation__event__case",),
    "emergencies.FloorSweep": ("event__case",),
    "emergencies.RollCall": ("event__case",),
    "emergencies.FireHandover": ("event__case",),
    "emergencies.Answer": ("event__case",),
    "emergencies.StepMark": ("event__case",),
    "emergencies.Note": ("event__case",),
    "emergencies.EventRecord": ("event__case",),
    "emergencies.RecordBox": ("record__event__case",),
    "emergencies.RoomSeal": ("event__case",),
    "emergencies.SealTag": ("seal__event__case",),
    "emergencies.SealCheck": ("seal__event__case",),
}
KEPT = {
    "emergencies.Affected": {"informed_via"},
    "emergencies.Answer": {"key", "value"},
    "emergencies.Belonging": {"currency"},
    "emergencies.Call": {"notice", "party", "told_via"},
    "emergencies.Compensation": {"number", "informed_via"},
    "emergencies.DamageLine": {"unit"},
    "emergencies.EventRecord": {"form", "number", "content_sha"},
    "emergencies.FloorSweep": {"floor"},
    "emergencies.Handover": {"signature_sha256"},
    "emergencies.RecordBox": {"title", "content_sha"},
    "emergencies.SealTag": {"number"},
    "emergencies.StepMark": {"step"},
}
"""Codes of the playbook and numbers of our own."""
INJURED = "injured"
"""The question of the playbooks whether anybody was hurt."""
UPWARDS = """
WITH RECURSIVE above (id) AS (
  {grave}
  UNION SELECT e.parent_id FROM emergencies_event e JOIN above ON e.case_id = above.id
  WHERE e.parent_id IS NOT NULL
) SELECT id FROM above
"""
"""UNION takes each event once: it ends whatever the rows say."""


def lasting(cases: "QuerySet[Case]") -> "QuerySet[Any]":
    """Keys of events about a death or an injury, of all that led to one, and of those that came of one.

    An exercise is none. Injured is who once was said to be: the answer may have been changed since.
    """
    mine = {"event": OuterRef("pk")}
    grave = Event.objects.filter(
        Q(kind__in=(Kind.DEATH, Kind.MEDICAL))
        | Exists(Party.objects.filter(**mine, part=Party.Part.INJURED, removed_at=None))
        | Exists(Answer.objects.filter(**mine, key=INJURED, value=YES))
        | Exists(Report.objects.filter(case=OuterRef("pk"), injured__gt=0)),
        is_drill=False,
    ).values("pk")
    sql, params = grave.query.sql_with_params()
    above = RawSQL(UPWARDS.format(grave=sql), params)  # noqa: S611 -- no word of anybody's in it
    around = Q(pk__in=above) | Q(parent__in=grave)
    return Event.objects.filter(around, case__in=cases).values_list("pk", flat=True)
