"""How much of each kind of notice goes somewhere, as fields."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from propdesk.core.layouts import helper
from propdesk.core.models import Level, MailRule
from propdesk.core.models.robots import KINDS
from propdesk.core.widgets import Chips


def level_fields() -> dict[str, forms.ChoiceField]:
    """One choice for each kind of notice."""
    return {
        kind: forms.ChoiceField(
            label=MailRule._meta.get_field(kind).verbose_name,  # type: ignore[union-attr]  # noqa: SLF001 -- Django's model API
            choices=Level.choices,
            initial=Level.ALL,
            widget=Chips(),
        )
        for kind in KINDS
    }


class LevelsForm(forms.Form):
    """A form with the four kinds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(level_fields())


class OwnMailForm(LevelsForm):
    """What one gets by e-mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, *KINDS, submit_label=str(_("保存")))
