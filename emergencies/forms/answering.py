"""改答: another answer takes a reason; the first one is a tap on the page of the event."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, area
from emergencies.playbooks.schema import Fact
from emergencies.workflow.answering import options
from propdesk.core.text import CleanTextField
from propdesk.core.widgets import Chips

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class AnswerForm(ActForm):
    """One question of the playbook; ``seen`` is the number of the answer the page showed."""

    submit: "str | StrPromise" = _("登记答案")
    value = forms.ChoiceField(label=_("答案"), widget=Chips())
    reason = CleanTextField(label=_("改答的原因"), widget=area(2), max_length=200, required=False)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, fact: Fact, current: str = "", **kwargs: Any) -> None:
        self.fact, self.current = fact, current
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        value = self.fields["value"]
        value.label = self.fact.ask
        value.choices = list(options(self.fact).items())  # type: ignore[attr-defined]
        if self.current:
            self.fields["reason"].label = _("改答的原因（必填）")
        else:
            del self.fields["reason"]
