"""From a paper to the sheet the worker prints: its code, the address in its QR, its pictures."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.conf import settings

from propdesk.core import papers, rendering
from propdesk.core.models import Property
from propdesk.core.papers import Paper
from propdesk.core.rendering import Sheet

P = TypeVar("P", bound=Paper)
FORM = "V1.0"


def address(path: str) -> str:
    """A page of this installation as a QR code holds it."""
    return settings.PROPDESK_PUBLIC_URL.rstrip("/") + path


def coded(paper: P, files: Mapping[str, bytes], frozen_at: datetime, page: str) -> Sheet:
    """The paper of a case with its verify code.

    The QR of a sealed one leads to where that code is checked, of any other to the record (``page``).
    """
    signed = paper.with_verify_code(rendering.key())
    path = f"/v/{signed.verify_code}" if paper.state == "sealed" else page
    signed = replace(signed, record_url=address(path))
    assets = papers.paper_assets(signed, files)
    return Sheet(signed, assets, frozen_at, paper.number, 1)


def listed(paper: P, made_at: datetime) -> Sheet:
    """A list of a house: no code, for nothing is sealed; the QR leads to the page it comes from."""
    return Sheet(paper, papers.paper_assets(paper, {}), made_at, paper.number, 1)


def board_url(prop: Property) -> str:
    """The register on the screen."""
    return address(f"/p/{prop.code}/lostfound/")


def public_url(prop: Property) -> str:
    """招领公告 as everybody may read it."""
    return address(f"/found/{prop.code}/")
