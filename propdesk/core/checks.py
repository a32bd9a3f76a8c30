"""System checks of the core: what must hold before the first request is served."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register


def check_pango(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Printing needs three system libraries; the site itself runs without them."""
    from propdesk.core.pdf.render import pango_problem  # noqa: PLC0415 -- only when asked for

    problem = pango_problem()
    return [Warning(problem, id="core.W001")] if problem else []


def register_all() -> None:
    register(check_pango, deploy=True)
