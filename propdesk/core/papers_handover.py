"""《值班交接记录》: what one shift left to the next, and who took it over (forms 1.7).

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text
from propdesk.core.papers_outage import Listing

NOTHING = Listing("")


@dataclass(frozen=True, kw_only=True)
class HandoverPaper(Paper):
    """One shift: rooms, patrol, what happened, what is open, what was counted, both signatures."""

    template = "core/print/handover.html"
    title = _("值班交接记录")
    title_size = "long"
    schema = "propdesk.handover/1"

    shift: Text = None
    span: Text = None
    outgoing: Text = None
    incoming: Text = None
    stand_in: Text = None
    room_state: Text = None
    vips: Text = None
    items: Listing = NOTHING
    counts: Listing = NOTHING
    patrol: Listing = NOTHING
    happened: Listing = NOTHING
    log: Listing = NOTHING
    refused: Text = None
