"""From a paper to the sheet the worker prints: its code, the address in its QR, its pictures."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.conf import settings

from propdesk.core import papers, rendering
from propdesk.core.papers import Paper
from propdesk.core.rendering import Sheet

P = TypeVar("P", bound=Paper)
FORM = "V1.0"


def coded(
    paper: P, files: Mapping[str, bytes], frozen_at: datetime, page: str, version: int
) -> Sheet:
    """The paper with its verify code.

    The QR of a sealed one leads to where that code is checked, of any other to the event (``page``).
    """
    signed = paper.with_verify_code(rendering.key())
    path = f"/v/{signed.verify_code}" if paper.state == "sealed" else page
    signed = replace(signed, record_url=settings.PROPDESK_PUBLIC_URL.rstrip("/") + path)
    assets = papers.paper_assets(signed, files)
    return Sheet(signed, assets, frozen_at, paper.number, version)
