"""更正附录 of a sealed paper: what it said, what is right, why, and who answers for it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from propdesk.core.papers import Paper, Text


@dataclass(frozen=True, kw_only=True)
class AppendixPaper(Paper):
    """One correction; it names the sealed paper by number, hash and code and stands beside it."""

    template = "core/print/appendix.html"
    title = _("更正附录")
    schema = "propdesk.appendix/1"

    original_number: str
    original_title: Text = None
    original_version: Text = None
    original_sealed_at: Text = None
    original_code: Text = None
    original_sha256: Text = None
    earlier: Text = None
    subject: Text = None
    was: Text = None
    text: Text = None
    reason: Text = None
