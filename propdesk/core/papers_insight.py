"""《统计月报》: the figures of a period on paper, with bars.

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text


@dataclass(frozen=True)
class Bar:
    """One figure: its word, what stands beside it, and the length of its bar in hundredths of the longest."""

    label: str
    text: str
    length: str = "0"


@dataclass(frozen=True)
class BarGroup:
    """One question: its answer, its bars, the figure it rests on, how it is counted."""

    title: str
    bars: tuple[Bar, ...] = ()
    total: str = ""
    note: Text = None


@dataclass(frozen=True, kw_only=True)
class InsightPaper(Paper):
    """Every block of 统计 in its order."""

    template = "core/print/insight.html"
    title = _("统计月报")
    schema = "propdesk.insight/1"

    span: Text = None
    groups: tuple[BarGroup, ...] = ()
    asked_by: Text = None
