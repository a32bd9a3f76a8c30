"""停电包: what a desk needs on paper while there is no screen (beyond.md F11).

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text


@dataclass(frozen=True)
class Listing:
    """A list with a heading: columns with their widths (classes of print.css), lines, a last word."""

    title: str
    columns: tuple[str, ...] = ()
    widths: tuple[str, ...] = ()
    lines: tuple[tuple[Text, ...], ...] = ()
    nothing: Text = None
    beyond: Text = None


@dataclass(frozen=True)
class Order:
    """One short order of the first minute: who, what, and the number to dial."""

    text: str
    by: Text = None
    call: Text = None


@dataclass(frozen=True)
class CardStep:
    """One step of a playbook, to be ticked by hand."""

    id: str
    text: str
    by: Text = None
    within: Text = None
    when: Text = None
    required: bool = True


@dataclass(frozen=True)
class CardPhase:
    """A part of a playbook with its steps."""

    title: str
    steps: tuple[CardStep, ...] = ()


@dataclass(frozen=True)
class PlaybookCard:
    """One playbook: its first minute, its steps, what never to do, when it may be ended."""

    title: str
    aim: Text = None
    orders: tuple[Order, ...] = ()
    phases: tuple[CardPhase, ...] = ()
    never: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class FloorRooms:
    """The rooms of one floor by number, in rows of as many as stand side by side; "" fills a row up."""

    title: str
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Blank:
    """One numbered blank form: which, and the serial its number stays 未回收 under."""

    form: str
    title: str
    serial: str


@dataclass(frozen=True, kw_only=True)
class OutagePackPaper(Paper):
    """The whole pack: how to use it, numbers, people, playbooks, open items, rooms, blank forms."""

    template = "core/print/outage_pack.html"
    title = _("停电包")
    schema = "propdesk.outage_pack/1"

    made_at: Text = None
    first_serial: Text = None
    last_serial: Text = None
    numbers: Listing = Listing("")
    people: tuple[Listing, ...] = ()
    cards: tuple[PlaybookCard, ...] = ()
    open_items: tuple[Listing, ...] = ()
    floors: tuple[FloorRooms, ...] = ()
    blanks: tuple[Blank, ...] = ()
