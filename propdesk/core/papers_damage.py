"""《客户财物损坏赔偿单》 as it is printed: one copy for the file, one for the guest (forms.md 1.8).

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text, Tick

ONE_SHEET = 8
"""Lines with which both copies fit on one A4; with more each gets a sheet of its own."""
PICTURES, REDUCED = 1, 2
"""Lines the pictures and the two sums of a reduction count for."""
LINE = 44
"""Characters in a line of what somebody said."""
BLANK = 3
"""Lines of the table at least: what is not filled in stays for the pen."""

AGREES, UNREACHED = 0, 2
"""Places of two answers among the ticks of 客户意见."""


@dataclass(frozen=True)
class SlipLine:
    """One thing: what, how many, at which price, less how much, which makes."""

    item: Text = None
    quantity: Text = None
    price: Text = None
    depreciation: Text = None
    amount: Text = None


@dataclass(frozen=True, kw_only=True)
class DamageSlipPaper(Paper):
    """The slip: the stub says all, the guest's copy what he owes and has signed."""

    template = "core/print/damage_slip.html"
    title = _("客户财物损坏赔偿单")
    title_size = "long"
    schema = "propdesk.damage_slip/2"
    earlier_schemas = ("propdesk.damage_slip/1",)

    drill: Text = None
    """【演练】, on both copies of a rehearsal."""
    ready_to_sign: bool = False
    """The guest agrees: the sheet is to be signed, so nothing is printed across it."""
    is_signed: bool = False
    """Signed by the guest, or his refusal recorded, and by the duty manager; not posted yet."""
    declined: Text = None
    """The guest did not sign: when, and what he said; it is charged on the decision."""
    is_waived: bool = False
    event: Text = None
    occurred_at: Text = None
    place: Text = None
    cause: tuple[Tick, ...] = ()
    payer: Text = None
    basis: Text = None
    lines: tuple[SlipLine, ...] = ()
    total: Text = None
    reduced: Text = None
    due: Text = None
    due_words: Text = None
    informed: Text = None
    position: tuple[Tick, ...] = ()
    objection: Text = None
    decision: Text = None
    overruled: Text = None
    """Decisions that hold no longer."""
    payment: tuple[Tick, ...] = ()
    account: Text = None
    voucher: Text = None
    posted_at: Text = None
    contact: Text = None

    @property
    def heading(self) -> str:
        """A drill says so."""
        return f"{self.drill or ''}{self.title}"

    @property
    def draft_mark(self) -> str:
        """Nothing across a sheet that is to be signed; signed it is no draft, but not posted either."""
        if self.is_signed:
            return gettext("客户拒签（未入账）") if self.declined else gettext("已签字（未入账）")
        return "" if self.ready_to_sign else super().draft_mark

    @property
    def stand(self) -> str:
        """What the guest's copy says of him: a code; that he agrees only once he does (E-2)."""
        if self.is_waived:
            return "waived"
        if self.declined:
            return "declined"
        chosen = next((n for n, tick in enumerate(self.position) if tick.chosen), None)
        if chosen is None:
            return "untold"
        if chosen == AGREES:
            waits = self.state == "draft" and not (self.ready_to_sign or self.is_signed)
            return "undecided" if waits else "agreed"
        if chosen == UNREACHED:
            return "unreached"
        return "decided" if self.decision else "disputed"

    @property
    def four_sign(self) -> bool:
        """A manager decided: he signs too."""
        return len(self.signatures) > 3

    @property
    def two_on_a_sheet(self) -> bool:
        """Both copies on one A4, the lower one cut off: words that take more lines count as such."""
        said = (self.objection, self.declined, self.decision, self.overruled)
        more = sum(len(text) // LINE for text in said if text)
        more += PICTURES * bool(self.photos) + REDUCED * bool(self.reduced)
        return len(self.lines) + more <= ONE_SHEET

    @property
    def blanks(self) -> range:
        """Empty lines below those filled in."""
        return range(max(0, BLANK - len(self.lines)))
