"""Forms of what is printed: which things go on the public notice, and what a register covers."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.models import Announcement, Category
from lostfound.queries.papers import AT_ONCE
from propdesk.core.layouts import Row, helper
from propdesk.core.paging import number_or_none
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, DateLocal


class KeysField(forms.Field):
    """Rows ticked in a list: cleans to their keys, each once; what is no key is passed over."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[int]:
        """Return the keys; none for no list."""
        keys = [number_or_none(str(each)) for each in value or ()]
        return list(dict.fromkeys(key for key in keys if key is not None))


class NoticeDayForm(forms.Form):
    """Which day's notice is printed; none for all that is known."""

    on = forms.DateField(required=False)


class NoticeForm(forms.Form):
    """招领公告: what is made known, where and since when."""

    use_required_attribute = False

    items = KeysField(label=_("物品"), error_messages={"required": _("请勾选要公告的物品。")})
    channel = forms.ChoiceField(
        label=_("公告渠道"), choices=Announcement.Channel.choices, widget=Chips(css="chips-sm")
    )
    published_on = forms.DateField(label=_("公告日期"), widget=DateLocal)
    note = CleanCharField(label=_("张贴在哪里（可不填）"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("published_on", timezone.localdate())
        self.helper = helper(
            self,
            "channel",
            Row("published_on", "note"),
            submit_label=_t("公告所选物品"),
            icon="megaphone",
        )

    def clean_items(self) -> list[int]:
        """Not more than a page holds."""
        keys: list[int] = self.cleaned_data["items"]
        if len(keys) > AT_ONCE:
            raise forms.ValidationError(
                _("一次最多公告 %(most)d 件，请分次办理。"),
                code="too_many",
                params={"most": AT_ONCE},
            )
        return keys


class ScopeForm(forms.Form):
    """What a printed register covers."""

    use_required_attribute = False

    state = forms.ChoiceField(label=_("状态"), required=False)
    category = forms.ChoiceField(
        label=_("类别"), required=False, choices=[("", _("全部类别")), *Category.choices]
    )
    month = forms.RegexField(
        r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
        label=_("登记月份"),
        required=False,
        help_text=_("例如 2026-11；不填就是全部月份。"),
        error_messages={"invalid": _("请写成 2026-11 的样子，或留空。")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, states: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["state"]).choices = list(states)
        self.helper = helper(
            self, Row("state", "category", "month"), submit_label=_t("生成登记表"), icon="printer"
        )
