"""Forms of the screen that settles blank forms."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core.clock_text import list_time
from propdesk.core.layouts import helper
from propdesk.core.models import BlankForm, Case
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips


class EnterForm(forms.Form):
    """Under which number a sheet now stands: one of those just entered, or typed."""

    use_required_attribute = False
    pick = forms.ChoiceField(label=_("刚登记的"), required=False, widget=Chips())
    number = CleanCharField(label=_("编号"), max_length=20, required=False)
    reason = CleanCharField(label=_("更改原因"), max_length=200, min_length=2)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, blank: BlankForm, cases: list[Case], back_url: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pick"].choices = [  # type: ignore[attr-defined]
            (case.number, f"{case.number}（{list_time(case.opened_at)}）") for case in cases
        ]
        if not cases:
            del self.fields["pick"]
        if blank.settled_at is None:
            del self.fields["reason"]
        self.fields["number"].help_text = _t("不在上面的，填登记后得到的编号。") if cases else ""
        self.helper = helper(
            self, submit_label=_t("补录完成，销号"), icon="check-lg", back_url=back_url
        )

    def clean(self) -> dict[str, Any]:
        """One number, chosen or typed."""
        data = super().clean() or {}
        chosen = {data.get("pick") or "", (data.get("number") or "").upper()} - {""}
        if len(chosen) > 1:
            self.add_error("number", _t("选了一个，又填了另一个，请只留一个。"))
        elif not chosen and not self.errors:
            self.add_error("number", _t("请填写登记后得到的编号。"))
        data["chosen"] = next(iter(chosen), "")
        return data


class VoidForm(forms.Form):
    """Why numbers are taken out of use."""

    use_required_attribute = False
    reason = CleanCharField(label=_("作废原因"), max_length=200, min_length=2)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, label: str, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _t("例如：没有用到，已销毁。")
        self.helper = helper(self, submit_label=label, back_url=back_url, danger=True)
