"""System checks of the core: what must hold before the first request is served."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, register
from django.core.checks import Warning as CheckWarning


def check_pango(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Printing needs three system libraries; the site itself runs without them."""
    from propdesk.core.pdf.render import pango_problem

    problem = pango_problem()
    return [CheckWarning(problem, id="core.W001")] if problem else []


def register_all() -> None:
    register(check_pango, deploy=True)
