"""The printed papers of events: one layout for every record, whatever its form (forms.md 1.3, 1.9).

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Notification, Paper, Text, Tick

ABREAST = 4
ONE_SHEET = 9
"""Rows of tables with which two copies fit on one A4; with more each gets sheets of its own."""
BLANK = 3
"""Lines of a table nobody has filled in yet, for the pen."""


@dataclass(frozen=True)
class Line:
    """One field: a value, or all its choices with the chosen one ticked; ``long`` takes a row."""

    label: str
    value: Text = None
    ticks: tuple[Tick, ...] = ()
    long: bool = False


@dataclass(frozen=True)
class Pair:
    """Two short fields side by side; the second may be missing."""

    left: Line
    right: Line | None = None


@dataclass(frozen=True)
class Block:
    """A titled part: fields in rows, or a table with its columns."""

    title: str
    pairs: tuple[Pair, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Text, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class EventRecordPaper(Paper):
    """A record of an event by a form of ``forms.yaml``: fields, tables, photos, signatures."""

    template = "core/print/event_record.html"
    title = _("事件记录")
    title_size = "long"
    schema = "propdesk.event_record/2"
    earlier_schemas = ("propdesk.event_record/1",)

    form_title: str
    drill: Text = None
    """【演练】, on every sheet of a rehearsal."""
    banner: Text = None
    """内部资料 注意保密."""
    retention: Text = None
    copies: int = 1
    is_signed: bool = False
    """Signed by all, and not archived yet: a preview, but no draft."""
    head: tuple[Pair, ...] = ()
    blocks: tuple[Block, ...] = ()
    notifications: tuple[Notification, ...] = ()

    @property
    def heading(self) -> str:
        """The title of the form; a drill says so."""
        return f"{self.drill}{self.form_title}" if self.drill else self.form_title

    @property
    def draft_mark(self) -> str:
        """Signed by all it is no draft any more, but not sealed either."""
        return str(_("已签完（未归档）")) if self.is_signed else super().draft_mark

    @property
    def two_on_a_sheet(self) -> bool:
        """Both copies on one A4, the lower one cut off."""
        rows = sum(max(len(b.rows), BLANK) if b.columns else len(b.pairs) for b in self.blocks)
        return self.copies > 1 and rows <= ONE_SHEET and not self.photos

    @property
    def in_a_row(self) -> bool:
        """Whether all boxes stand side by side: on half a sheet up to four do."""
        return self.two_on_a_sheet and len(self.signatures) <= ABREAST

    @property
    def parts(self) -> tuple[str, ...]:
        """The captions of the copies."""
        return (str(_("第一联　存根")), str(_("第二联　接收人"))) if self.copies > 1 else ("",)
