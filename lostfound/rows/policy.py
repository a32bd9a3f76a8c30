"""How the page 保管规则 reads: what a version means in words, with examples, and the holidays known."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from lostfound import holidays, retention
from lostfound.models import RetentionPolicy
from lostfound.queries import policy as queries
from lostfound.workflow.terms import terms_of
from propdesk.core.models import Property, PropertySettings

EXAMPLE_DAY: Final = date(2026, 11, 30)
"""Its third month has no 30th: the example shows that the term ends with that month."""
CENT: Final = Decimal("0.01")
YEARS_AHEAD: Final = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A value, the rule for it in words, and the last day when the term starts on ``EXAMPLE_DAY``."""

    value: str
    rule: str
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Version:
    """One version with its meaning; ``state`` is now, later or before."""

    row: RetentionPolicy
    state: str
    examples: tuple[Example, ...]
    reminders: str


def examples(terms: retention.Terms) -> tuple[Example, ...]:
    """At the line, one cent above it, and without a value."""
    return tuple(
        Example(
            f"{value:.2f}{_('元')}" if value is not None else _("未估价"),
            retention.explain(value, terms),
            retention.last_day(EXAMPLE_DAY, value, terms),
        )
        for value in (terms.limit, terms.limit + CENT, None)
    )


def versions(prop: Property, today: date) -> list[Version]:
    """All versions of the house, the newest first."""
    rows = queries.versions(prop)
    now = queries.in_force(rows, today)
    return [
        Version(
            row,
            "now" if row is now else "later" if row.valid_from > today else "before",
            examples(terms_of(row)),
            "、".join(map(str, row.reminders)),
        )
        for row in rows
    ]


def proposed(settings: PropertySettings) -> tuple[str, tuple[Example, ...]]:
    """What will be the first version of a house that has none: its preset, by name and example."""
    label = RetentionPolicy.Preset(settings.retention).label
    return str(label), examples(retention.PRESETS[settings.retention])


def holiday_years(today: date) -> list[tuple[int, bool]]:
    """(year, whether its holidays are published) from this year on, as far as terms reach."""
    years = range(today.year, today.year + YEARS_AHEAD + 1)
    return [(year, holidays.is_published(year)) for year in years]
