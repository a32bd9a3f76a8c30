"""Forms of G: options proposed, decided on, told, chosen or refused."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActForm, ReasonForm, area
from propdesk.core.layouts import Row, Rows
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips


class OfferForm(ActForm):
    """G: up to three solutions at once."""

    submit = _("提出方案")
    guest_text = ("text_1", "text_2", "text_3")
    hint = _("超出权限的方案会先请物业经理批准。")
    ROWS = 3

    def prepare(self) -> None:
        limit = self.complaint.case.property.settings.dm_limit_yuan
        for n in range(1, self.ROWS + 1):
            self.fields[f"text_{n}"] = CleanTextField(
                label=_("方案 %(n)s") % {"n": n}, widget=area(2), required=n == 1
            )
            self.fields[f"limits_{n}"] = CleanCharField(
                label=_("时间与限制"), max_length=200, required=False
            )
            self.fields[f"cost_{n}"] = forms.DecimalField(
                label=_("费用（元）"),
                min_value=0,
                max_digits=10,
                decimal_places=2,
                required=False,
                help_text=_("超过 %(limit)s 元须先批准") % {"limit": f"{limit:,.0f}"},
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )
            self.fields[f"beyond_{n}"] = forms.BooleanField(label=_("超出我的权限"), required=False)
        self.fields["feasible"] = forms.BooleanField(
            label=_("以上方案都确认办得到"),
            error_messages={"required": _t("办不到的不要提，请先确认。")},
        )

    def layout(self) -> tuple[Any, ...]:
        rows = [
            (f"text_{n}", Row(f"limits_{n}", f"cost_{n}"), f"beyond_{n}")
            for n in range(1, self.ROWS + 1)
        ]
        return (Rows("offers", _t("再加一种方案"), *rows, show=2), "feasible")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        numbers = range(1, self.ROWS + 1)
        data["offers"] = [
            {
                "text": data[f"text_{n}"],
                "limits": data.get(f"limits_{n}", ""),
                "cost": data.get(f"cost_{n}") or Decimal(0),
                "beyond_authority": data.get(f"beyond_{n}", False),
            }
            for n in numbers
            if data.get(f"text_{n}")
        ]
        return data


class TellForm(ActForm):
    """告知客户: when and how the options were told."""

    submit = _("已告知客户")
    icon = "megaphone"

    told_at = MomentField(label=_("告知时间"))
    told_via = forms.ChoiceField(label=_("告知方式"), widget=Chips(css="chips-sm"))
    single_reason = CleanCharField(
        label=_("仅一种方案的原因"),
        max_length=200,
        required=False,
        help_text=_("只有一种方案时必填。"),
    )

    def prepare(self) -> None:
        self.fields["told_via"].choices = self.vias()  # type: ignore[attr-defined]
        self.initial.setdefault("told_via", self.likely_via())
        self.initial.setdefault("told_at", timezone.now())

    def layout(self) -> tuple[Any, ...]:
        return (Row("told_at", "told_via"), "single_reason")


class ChooseForm(ActForm):
    """客户选定: one of the options told in this round."""

    submit = _("登记客户选择")
    icon = "hand-index-thumb"

    option = forms.TypedChoiceField(label=_("客户选定的方案"), coerce=int, widget=Chips())
    chosen_at = MomentField(label=_("选定时间"))

    def prepare(self) -> None:
        told = self.complaint.options.filter(
            cycle=self.complaint.cycle, told_at__isnull=False, withdrawn_at=None
        ).order_by("position")
        self.fields["option"].choices = [(o.pk, f"{o.position} {o.text}") for o in told]  # type: ignore[attr-defined]
        self.initial.setdefault("chosen_at", timezone.now())


class RefuseForm(ReasonForm):
    submit = _("登记客户不接受")
    icon = "slash-circle"
    hint = _("登记后由物业经理决定下一步。")


class DecideRefusalForm(ReasonForm):
    """物业经理 decides after a refusal."""

    submit = _("作出决定")

    choice = forms.ChoiceField(
        label=_("决定"),
        choices=[("new_options", _("重新提出方案")), ("proceed", _("按其中一个方案办理"))],
        widget=Chips(),
    )
    option = forms.TypedChoiceField(
        label=_("按哪个方案"), coerce=int, empty_value=None, required=False, widget=Chips()
    )
    field_order = ["choice", "option", "reason"]

    def prepare(self) -> None:
        told = self.complaint.options.filter(
            cycle=self.complaint.cycle, told_at__isnull=False, withdrawn_at=None
        ).order_by("position")
        self.fields["option"].choices = [(o.pk, f"{o.position} {o.text}") for o in told]  # type: ignore[attr-defined]
        self.fields["reason"].label = _t("理由")


class DecideOptionForm(ActForm):
    submit = _("作出决定")

    approve = forms.ChoiceField(
        label=_("决定"), choices=[("yes", _("批准")), ("no", _("不批准"))], widget=Chips()
    )
    note = CleanCharField(label=_("意见"), max_length=200, required=False)


class WithdrawForm(ActForm):
    submit = _("撤回这个方案")
