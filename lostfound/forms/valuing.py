"""Forms of L-G: another value, a manager's word on it, another rule of keeping."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import ActForm, ReasonForm, RowField, area, money
from lostfound.models import RetentionPolicy
from lostfound.queries import choices
from propdesk.core.layouts import Row
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips


class RevalueForm(ReasonForm):
    submit = _("登记估价")
    icon = "cash-coin"
    hint = _("调低到短期保管的，要等物业经理批准才生效。")

    value = money(_("估价（元）"))
    is_unvalued = forms.BooleanField(label=_("改为未估价（按长期保管）"), required=False)
    basis = CleanCharField(label=_("估价依据"), max_length=200, required=False)
    field_order = ["value", "basis", "is_unvalued", "reason"]

    def prepare(self) -> None:
        self.fields["reason"].label = _t("重新估价的原因")

    def layout(self) -> tuple[Any, ...]:
        return (Row("value", "basis"), "is_unvalued", "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        value, none = data.get("value"), data.get("is_unvalued")
        if "value" in data and value is None and not none:
            self.add_error("value", ValidationError(_t("请填写估价，或选择“未估价”。")))
        if value is not None and none:
            self.add_error("value", ValidationError(_t("已填估价，就不要再选“未估价”。")))
        return data


class DecideValueForm(ActForm):
    submit = _("作出决定")
    icon = "patch-check"

    approve = forms.ChoiceField(
        label=_("决定"),
        choices=[("yes", _("批准")), ("no", _("不批准"))],
        widget=Chips(css="chips-fill"),
    )
    note = CleanTextField(
        label=_("意见（不批准须写明原因）"), widget=area(2), max_length=200, required=False
    )


class PolicyForm(ReasonForm):
    submit = _("更换保管规则")
    icon = "sliders"
    danger = True
    hint = _("到期日按新规则重新计算，原来的规则留在修改记录里。")

    policy = RowField(label=_("按哪一版规则保管"))
    field_order = ["policy", "reason"]

    def prepare(self) -> None:
        rows = choices.policies(self.item.case.property, timezone.localdate())
        rows = [row for row in rows if row.pk != self.item.policy_id]
        self.fields["policy"].offer(rows, _version)  # type: ignore[attr-defined]


def _version(row: RetentionPolicy) -> str:
    return _t("%(name)s，第%(n)s版，%(day)s起") % {
        "name": row.get_preset_display(),
        "n": row.version,
        "day": f"{row.valid_from:%Y-%m-%d}",
    }
