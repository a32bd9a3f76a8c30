"""What a purge takes, declared by the registers: whose row is whose, and which text says nothing personal.

Whatever is text and not named here goes: a column that is added and forgotten is purged, not kept.
``test_every_text_is_of_a_case_or_of_the_house`` holds the table against the models.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import QuerySet

from propdesk.core.models import Case, Property

MARK = "已清除"
"""Stands where words stood: what had to be filled in is still seen to have been."""
OWNED: dict[str, tuple[str, ...]] = {
    "core.Appendix": ("case",),
    "core.Attachment": ("case",),
    "core.BlankForm": ("case",),
    "core.CaseLink": ("a", "b"),
    "core.Delivery": ("notice__case",),
    "core.LegalHold": ("case",),
    "core.Notice": ("case",),
    "core.PaperCopy": ("case",),
    "core.RenderJob": ("case",),
    "core.Report": ("case",),
    "core.ReportBox": ("report__case",),
    "core.Task": ("case",),
}
"""Model → look-ups from it to the case it belongs to; of several, each takes the row along."""
KEPT = {
    "core.Attachment": {"sha256", "print_sha256"},
    "core.BlankForm": {"serial"},
    "core.Delivery": {"robot_key"},
    "core.Notice": {"rule", "key"},
    "core.RenderJob": {"kind", "params"},
    "core.Report": {"number", "severity"},
    "core.ReportBox": {"title", "content_sha"},
    "core.Task": {"kind", "outcome"},
}
"""Numbers, hashes and codes of our own: nobody types anything into them."""
DERIVED = {"core.SearchText": "case"}
"""Rows made out of others, which go whole."""
OF_THE_HOUSE = {
    "core.AuditEntry",  # its content goes by itself (audit.forget)
    "core.CaseCounter",
    "core.Case",
    "core.Clock",
    "core.CopyLog",
    "core.Department",
    "core.Deputy",
    "core.Document",  # its file goes; number and hash are the tombstone
    "core.Draft",  # a day
    "core.Erasure",
    "core.FormToken",
    "core.LoginEvent",  # who came in, by key; goes after a year
    "core.MailRule",
    "core.Membership",
    "core.OutagePack",
    "core.Person",  # by persons.forget, with what hangs on it
    "core.PersonChange",
    "core.PersonSignature",
    "core.Place",
    "core.Property",
    "core.PropertySettings",
    "core.PurgeRun",
    "core.Robot",
    "core.RobotMeter",
    "core.SealKey",
    "core.Shift",
    "core.StaffSignature",
    "core.SweepRun",
    "core.Unmasking",
    "core.User",
}
"""Text that is of staff or of the house, or that goes another way."""
BY_DATE: dict[str, tuple[str, str]] = {}
"""Model without a case → look-up to its property, and its moment: as old as logs of a shift may get."""
SPARED: "dict[str, Callable[[], models.Q]]" = {}
"""Model without a case → which of its rows stay, because a case on legal hold reads them."""
LASTING: "list[Callable[[QuerySet[Case]], QuerySet[Any]]]" = []
"""Which of these cases stay for ever: their keys. Death and injury (law.md: 长期)."""


def register(
    owned: Mapping[str, Iterable[str]],
    kept: Mapping[str, set[str]],
    *,
    derived: Mapping[str, str] | None = None,
    of_the_house: Iterable[str] = (),
    by_date: Mapping[str, tuple[str, str]] | None = None,
    spared: "Mapping[str, Callable[[], models.Q]] | None" = None,
    lasting: "Callable[[QuerySet[Case]], QuerySet[Any]] | None" = None,
) -> None:
    """Called from an app's ``ready``."""
    OWNED.update({label: tuple(ways) for label, ways in owned.items()})
    KEPT.update(kept)
    DERIVED.update(derived or {})
    OF_THE_HOUSE.update(of_the_house)
    BY_DATE.update(by_date or {})
    SPARED.update(spared or {})
    if lasting is not None and lasting not in LASTING:
        LASTING.append(lasting)


def texts(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """Columns of a model into which words can get: no choices, no keys, no names of files."""
    kinds = (models.CharField, models.TextField, models.JSONField, ArrayField, models.BinaryField)
    return [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001 -- Django's model API
        if isinstance(field, kinds) and not field.choices and not field.primary_key
    ]


def taken(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """Columns of an owned model that a purge empties."""
    kept = KEPT.get(model._meta.label, set())  # noqa: SLF001 -- Django's model API
    return [field for field in texts(model) if field.name not in kept]


def unique(model: type[models.Model]) -> set[str]:
    """Columns that differ from row to row: there the mark stands with the key of the row."""
    base = getattr(model, "instance_type", model)
    constraints = base._meta.constraints  # noqa: SLF001 -- Django's model API
    return {
        name
        for each in constraints
        if isinstance(each, models.UniqueConstraint)
        for name in each.fields
    }


def owned() -> Iterator[tuple[type[models.Model], tuple[str, ...]]]:
    """Each owned model that has something to take, with its ways to the case."""
    for label, ways in sorted(OWNED.items()):
        model = apps.get_model(label)
        if taken(model):
            yield model, ways


def naming(ways: Iterable[str], keys: Iterable[int]) -> models.Q:
    """Rows that belong to one of these cases, by any of their ways."""
    keys, found = list(keys), models.Q()
    for way in ways:
        found |= models.Q(**{f"{way}__in": keys})
    return found


def purged(ways: Iterable[str], keys: Iterable[int] = ()) -> models.Q:
    """Rows all of whose cases are purged, or among ``keys``: one of two cases is needed by the other."""
    keys, found = list(keys), models.Q()
    for way in ways:
        found &= models.Q(**{f"{way}__erasure__isnull": False}) | models.Q(**{f"{way}__in": keys})
    return found


def logs_before(prop: Property, moment: datetime) -> "Iterator[QuerySet[Any]]":
    """Rows of no case that are older than ``moment``, model by model, but for what a held case reads."""
    for label, (way, at) in sorted(BY_DATE.items()):
        rows = apps.get_model(label)._default_manager  # noqa: SLF001 -- Django's model API
        spared = SPARED[label]() if label in SPARED else models.Q(pk__in=[])
        yield rows.filter(**{way: prop, f"{at}__lt": moment}).exclude(spared)
