"""Forms of a blind count."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import PASSWORD, RowField, shift_name
from lostfound.forms.storage import StoragePlaceChoice
from lostfound.permissions import SECURITY
from lostfound.queries import choices
from lostfound.workflow import Second
from propdesk.core import drafts
from propdesk.core.layouts import Row, helper
from propdesk.core.models import Property, User
from propdesk.core.report_forms import check_password_of
from propdesk.core.roles import DUTY, standing
from propdesk.core.text import CleanTextField


class StartForm(forms.Form):
    """开始盘点: where, and who stands beside."""

    use_required_attribute = False
    guard = RowField()
    guard_password = forms.CharField(
        label=_("监盘人密码"), strip=False, max_length=128, widget=PASSWORD
    )
    token = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)

    def __init__(
        self, prop: Property, user: User, *args: Any, back_url: str, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {"token": drafts.new_token()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["storage"] = StoragePlaceChoice(
            prop,
            label=_("盘点哪里"),
            empty_label=_("请选择"),
            help_text=_("连同里面的格、箱一起盘点。"),
        )
        self._offer_people(prop, user)
        self.helper = helper(
            self,
            "storage",
            Row("guard", "guard_password"),
            "token",
            submit_label=_t("开始盘点"),
            icon="clipboard-check",
            back_url=back_url,
        )

    def _offer_people(self, prop: Property, user: User) -> None:
        manages = bool(standing(user, prop).roles & DUTY)
        label, roles = (
            (_("监盘人（保安部）"), SECURITY) if manages else (_("监盘人（值班经理）"), DUTY)
        )
        people = choices.second_people(prop, roles, timezone.now())
        others = [person for person in people if person.pk != user.pk]
        field = self.fields["guard"]
        field.label = label
        field.offer(others, shift_name)  # type: ignore[attr-defined]
        if len(others) == 1:
            self.initial.setdefault("guard", others[0].pk)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        check_password_of(self, data.get("guard"), "guard_password", by=self.user)
        return data

    def witness(self) -> Second:
        """Who stands beside, with his password."""
        return Second(self.cleaned_data["guard"], self.cleaned_data["guard_password"])


class SettleForm(forms.Form):
    """处理差异: what became of it."""

    use_required_attribute = False
    outcome = CleanTextField(
        label=_("处理结果"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("例如：在2号柜找到，已放回；标签打错，实物是另一件。"),
    )

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label=_t("登记处理结果"), back_url=back_url)
