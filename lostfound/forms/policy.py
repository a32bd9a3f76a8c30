"""Form of a new version of 保管规则; every value begins with what a preset says."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound import retention
from lostfound.forms.base import money
from lostfound.models import RetentionPolicy
from propdesk.core import drafts
from propdesk.core.layouts import Row, Section, helper
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, DateLocal

P = RetentionPolicy
MAX_REMINDERS = 6
MONTH = 30
"""Days of a month, only to say which of two terms is the longer one."""


def _count(label: Any) -> forms.IntegerField:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(label=label, min_value=1, max_value=3650, widget=widget)


def _unit(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=P.Unit.choices)


class PolicyForm(forms.Form):
    """制定新规则, of 总物业经理: from today or later; whatever is kept already stays as it is."""

    use_required_attribute = False
    preset = forms.ChoiceField(choices=P.Preset.choices, widget=forms.HiddenInput)
    limit = money(_("价值界线（元）"), digits=10)
    boundary = forms.ChoiceField(
        label=_("恰好等于界线时"), choices=P.Tier.choices, widget=Chips(css="chips-fill")
    )
    unvalued = forms.ChoiceField(
        label=_("未估价时"), choices=P.Tier.choices, widget=Chips(css="chips-fill")
    )
    short_count = _count(_("短期"))
    short_unit = _unit(_("短期的单位"))
    long_count = _count(_("长期"))
    long_unit = _unit(_("长期的单位"))
    start = forms.ChoiceField(
        label=_("从哪一天起算"), choices=P.Start.choices, widget=Chips(css="chips-fill")
    )
    reminders = CleanCharField(
        label=_("到期前几天提醒"), max_length=40, help_text=_("用顿号或逗号隔开，例如 30、7、1。")
    )
    police_only = forms.BooleanField(label=_("到期只能移交公安"), required=False)
    rolls = forms.BooleanField(
        label=_("法定期限的最后一天逢节假日顺延到下一个工作日"), required=False
    )
    valid_from = forms.DateField(
        label=_("从哪一天起生效"), widget=DateLocal(), input_formats=["%Y-%m-%d", "%Y%m%d"]
    )
    reason = CleanCharField(label=_("制定或修改的原因"), max_length=200)
    token = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)

    def __init__(self, preset: str, *args: Any, back_url: str, **kwargs: Any) -> None:
        kwargs["initial"] = _values(preset) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["limit"].required = True
        self.helper = helper(
            self,
            "preset",
            Section(_t("价值"), "limit", Row("boundary", "unvalued")),
            Section(
                _t("期限"),
                Row("short_count", "short_unit", keep=True),
                Row("long_count", "long_unit", keep=True),
                "start",
                "reminders",
            ),
            Section(_t("到期以后"), "police_only", "rolls"),
            Section(_t("生效"), "valid_from", "reason"),
            "token",
            submit_label=_t("保存为新规则"),
            back_url=back_url,
            hint=_t("已入库的失物仍按接收时的规则保管。"),
        )

    def clean_reminders(self) -> tuple[int, ...]:
        """Days before the last one, falling."""
        text = self.cleaned_data["reminders"].replace("，", ",").replace("、", ",")
        words = [word.strip() for word in text.replace(" ", ",").split(",") if word.strip()]
        days = {int(word) for word in words if word.isdecimal() and len(word) <= 3}
        if len(days) != len(words) or not days or min(days) < 1 or len(days) > MAX_REMINDERS:
            raise forms.ValidationError(_t("请填不重复的天数，最多6个，例如 30、7、1。"))
        return tuple(sorted(days, reverse=True))

    def clean(self) -> dict[str, Any]:
        """The short term is not the longer one."""
        data = super().clean() or {}
        terms = ("short_count", "short_unit", "long_count", "long_unit")
        if all(name in data for name in terms) and _days(data, "short") > _days(data, "long"):
            self.add_error("short_count", _t("短期不能比长期更长，请核对两个期限。"))
        return data

    def terms(self) -> retention.Terms:
        """What the arithmetic wants."""
        data = self.cleaned_data
        return retention.Terms(
            short=retention.Term(data["short_count"], retention.Unit(data["short_unit"])),
            long=retention.Term(data["long_count"], retention.Unit(data["long_unit"])),
            limit=data["limit"],
            boundary=retention.Tier(data["boundary"]),
            unvalued=retention.Tier(data["unvalued"]),
            start=retention.Start(data["start"]),
            reminders=data["reminders"],
            police_only=data["police_only"],
        )


def _days(data: dict[str, Any], name: str) -> int:
    return int(data[f"{name}_count"]) * (MONTH if data[f"{name}_unit"] == P.Unit.MONTHS else 1)


def _values(preset: str) -> dict[str, Any]:
    """What the fields hold when the form begins with a preset."""
    terms = retention.PRESETS[preset]
    return {
        "preset": preset,
        "limit": f"{Decimal(terms.limit):.2f}",
        "boundary": terms.boundary.value,
        "unvalued": terms.unvalued.value,
        "short_count": terms.short.count,
        "short_unit": terms.short.unit.value,
        "long_count": terms.long.count,
        "long_unit": terms.long.unit.value,
        "start": terms.start.value,
        "reminders": "、".join(map(str, terms.reminders)),
        "police_only": terms.police_only,
        "rolls": True,
        "valid_from": timezone.localdate(),
        "token": drafts.new_token(),
    }
