"""Rows as they were at one entry of a chain: a paper made late says what its signers read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models

from propdesk.core.models import AuditEntry, Case


def entry_of(case: Case, version: int) -> AuditEntry:
    """The newest entry of the chain up to ``version``: when the paper was asked for."""
    rows = AuditEntry.objects.filter(case=case, seq__lte=version)
    return rows.order_by("-seq")[0]


def take_back(rows: Sequence[models.Model], until: datetime) -> None:
    """Let ``rows`` of one model, never to be saved, say what they said at ``until``; one statement."""
    if not rows:
        return
    model: Any = type(rows[0])
    pk = model._meta.pk.attname  # noqa: SLF001 -- model API
    past = (
        model.history.filter(**{f"{pk}__in": [row.pk for row in rows]}, history_date__lte=until)
        .order_by(pk, "-history_date", "-history_id")
        .distinct(pk)
    )
    then = {getattr(row, pk): row for row in past}
    for row in rows:
        for column in model._meta.concrete_fields if row.pk in then else ():  # noqa: SLF001 -- model API
            setattr(row, column.attname, getattr(then[row.pk], column.attname))
