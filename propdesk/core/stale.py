"""Stale edits: a form carries a print of the values it was filled from (architecture.md, 409)."""

from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from propdesk.core.transitions import StaleError


def seen(values: Mapping[str, Any]) -> str:
    """A print of ``values`` that tells nobody what they are."""
    text = repr(sorted((name, str(value)) for name, value in values.items()))
    return salted_hmac("propdesk.stale", text, algorithm="sha256").hexdigest()[:32]


def require_unchanged(before: str, values: Mapping[str, Any], labels: Mapping[str, Any]) -> None:
    """StaleError when ``values``, read under the lock, are not those ``before`` was made of.

    It lists what the fields hold now, so that both texts can be read side by side; whoever sends
    the form again then has seen them. Personal data belongs into ``values`` only, not ``labels``.
    An empty ``before`` asks for nothing: callers that filled no form.
    """
    if not before or before == seen(values):
        return
    now = tuple(
        (name, _("现在的“%(label)s”：%(value)s") % {"label": label, "value": values[name] or "—"})
        for name, label in labels.items()
    )
    raise StaleError(_("这一页打开之后别人改过。您写的还在下面，请对照后再提交。"), now)
