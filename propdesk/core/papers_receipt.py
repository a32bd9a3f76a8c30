"""What a guest may hold in his hands of a complaint.

As in ``papers``: frozen text, ready to print; nothing here reads the database.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text


@dataclass(frozen=True, kw_only=True)
class GuestReceiptPaper(Paper):
    """受理回执 for the guest: that he was heard, under which number, by when, whom to ask.

    It has no field for what he said, for what was found, or for who is at fault: internal papers are
    not given to guests (forms.md 1.1), and this stands in for them.
    """

    template = "core/print/guest_receipt.html"
    title = _("受理回执")
    title_size = "wide"
    schema = "propdesk.guest_receipt/1"

    guest: Text = None
    received_at: Text = None
    place: Text = None
    owner: Text = None
    promise: Text = None
    phone: Text = None
    address: Text = None
