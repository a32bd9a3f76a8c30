"""What all papers of found things share: the form, and the addresses their QR codes hold."""

from propdesk.core.models import Property
from propdesk.core.rendering import address

FORM = "V1.0"


def board_url(prop: Property) -> str:
    """The register on the screen."""
    return address(f"/p/{prop.code}/lostfound/")


def public_url(prop: Property) -> str:
    """招领公告 as everybody may read it."""
    return address(f"/found/{prop.code}/")
