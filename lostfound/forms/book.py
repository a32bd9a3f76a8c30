"""Forms of the old book: a file to look at, then two people who confirm it."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import PASSWORD, RowField, shift_name
from lostfound.permissions import SECURITY
from lostfound.queries import choices
from lostfound.workflow import Second
from propdesk.core.layouts import Row, helper
from propdesk.core.models import Property, User
from propdesk.core.report_forms import check_password_of


class UploadForm(forms.Form):
    """A table of the old book."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("旧登记本的表格"),
        help_text=_("Excel（.xlsx）或 CSV，最多 5000 行、5 MB；列名用模板里的。"),
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            self, submit_label=_t("读取文件，先看结果"), icon="upload", back_url=back_url
        )


class ConfirmForm(forms.Form):
    """Who stood before the cupboard together, and what both have looked at."""

    use_required_attribute = False
    guard = RowField(label=_("一起核对实物的保安部人员"))
    guard_password = forms.CharField(
        label=_("保安部密码（须在本机确认）"), strip=False, max_length=128, widget=PASSWORD
    )
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, prop: Property, user: User, number: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        people = choices.second_people(prop, SECURITY, timezone.now())
        others = [person for person in people if person.pk != user.pk]
        self.fields["guard"].offer(others, shift_name)  # type: ignore[attr-defined]
        if len(others) == 1:
            self.initial.setdefault("guard", others[0].pk)
        self.helper = helper(
            self,
            Row("guard", "guard_password"),
            "seen",
            submit_label=_t("确认导入 %(n)d 件") % {"n": number},
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        check_password_of(self, data.get("guard"), "guard_password", by=self.user)
        return data

    def second(self) -> Second:
        """Who stands beside, with his password."""
        return Second(self.cleaned_data["guard"], self.cleaned_data["guard_password"])
