"""What found things look like on paper; builders for ``propdesk.core.rendering``."""

from lostfound.reports.disposal import disposal_approval
from lostfound.reports.notice import claim_at, found_notice, public_row
from lostfound.reports.register import found_register, scope_text
from lostfound.reports.slip import claim_slip
from lostfound.reports.wording import rough_place

__all__ = [
    "claim_at",
    "claim_slip",
    "disposal_approval",
    "found_notice",
    "found_register",
    "public_row",
    "rough_place",
    "scope_text",
]
