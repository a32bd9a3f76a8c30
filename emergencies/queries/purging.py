"""What a purge takes of events and what it leaves; whose files stay for ever (``core.retention``)."""

from typing import Any

from django.db.models import Q, QuerySet

from emergencies.models import Event, Kind, Party
from propdesk.core.models import Case

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
HURT = (Party.Part.INJURED, Party.Part.DECEASED)


def lasting(cases: "QuerySet[Case]") -> "QuerySet[Any]":
    """Keys of events about a death or an injury, and of those that led to one or came of one.

    An exercise is none.
    """
    real = Event.objects.filter(is_drill=False)
    grave = real.filter(
        Q(kind__in=(Kind.DEATH, Kind.MEDICAL))
        | Q(parties__part__in=HURT, parties__removed_at=None)
        | Q(case__reports__injured__gt=0)
    ).values("pk")
    around = Q(pk__in=grave) | Q(parent__in=grave) | Q(children__in=grave)
    return Event.objects.filter(around, case__in=cases).values_list("pk", flat=True)
