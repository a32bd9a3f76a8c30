"""For whom a copy is, and for what."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core.copies import Order, profiles_for
from propdesk.core.layouts import helper
from propdesk.core.models import Document, PaperCopy
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips


class CopyForm(forms.Form):
    """One copy of one sealed paper."""

    use_required_attribute = False
    profile = forms.ChoiceField(label=_("给谁用"), widget=Chips())
    organisation = CleanCharField(label=_("接收单位"), max_length=60, required=False)
    recipient = CleanCharField(label=_("交给谁"), max_length=60)
    purpose = CleanCharField(label=_("用途"), max_length=200, min_length=2)
    hidden = CleanCharField(label=_("另外涂去"), max_length=400, required=False)

    def __init__(self, *args: Any, source: Document, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(PaperCopy.Profile.choices)
        readers = profiles_for(source)
        self.fields["profile"].choices = [(code, labels[code]) for code in readers]  # type: ignore[attr-defined]
        self.fields["profile"].help_text = _why_not_all(readers)
        self.fields["recipient"].help_text = _t("姓名；公安写姓名和警号。")
        self.fields["hidden"].help_text = _t(
            "正文里提到的其他人的姓名、电话、房号、邮箱、微信号、车牌，用空格分开；姓名写全，“老张”“张先生”"
            "会一并涂去。系统登记过的有关人员、他们的电话和证件号会自动涂去。"
        )
        self.helper = helper(self, submit_label=_t("出副本"), icon="printer", back_url=back_url)

    def order(self) -> Order:
        """What was asked for."""
        data = self.cleaned_data
        return Order(
            data["profile"],
            data["recipient"],
            data["purpose"],
            data["organisation"],
            tuple(re.split(r"[\s,，、;；]+", data["hidden"].strip())),
        )


def _why_not_all(readers: list[str]) -> str:
    """Why somebody is no choice."""
    if PaperCopy.Profile.CLIENT in readers:
        return ""
    if PaperCopy.Profile.POLICE in readers:
        return _t("这是内部文书，不给客户；客户要凭据的，给受理回执。")
    return _t("这份文书涉及全公寓，只出内部用的副本。")
