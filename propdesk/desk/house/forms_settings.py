"""Forms of the first-run questions and of 设置; both list fields of the same two rows."""

from typing import Any

from django import forms
from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from propdesk.core.house_settings import PROPERTY_FIELDS, SETTING_FIELDS, version
from propdesk.core.layouts import Fold, Row, Section, helper
from propdesk.core.models import Property, PropertySettings
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips
from propdesk.desk.house.forms import phone_number

FIRST_RUN_FIELDS = (
    "retention",
    "hospital_name",
    "hospital_phone",
    "power_phone",
    "duty_phone",
    "dm_limit_yuan",
    "second_step",
)
PHONES = ("phone", "hospital_phone", "power_phone", "duty_phone")
Retention = PropertySettings.Retention


class _HouseForm(forms.Form):
    """Form fields made from the model fields of settings, with the property's own beside them."""

    setting_fields: tuple[str, ...] = ()
    name = CleanCharField(label=_("公寓名称"), max_length=60)
    address = CleanCharField(label=_("地址"), max_length=200, required=False)
    phone = CleanCharField(label=_("总机电话"), max_length=30, required=False)

    def __init__(self, prop: Property, *args: Any, **kwargs: Any) -> None:
        initial = {name: getattr(prop, name) for name in PROPERTY_FIELDS}
        initial |= {name: getattr(prop.settings, name) for name in self.setting_fields}
        kwargs["initial"] = initial | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields.update(forms.fields_for_model(PropertySettings, self.setting_fields))
        for name in self.setting_fields:
            _take_limits(self.fields[name], name)
        for name in PHONES:
            if name in self.fields:
                self.fields[name].validators.append(phone_number)

    def values(self) -> dict[str, Any]:
        """Return the cleaned values of the property and its settings by field name."""
        names = (*PROPERTY_FIELDS, *self.setting_fields)
        return {name: self.cleaned_data[name] for name in names}


def _take_limits(field: forms.Field, name: str) -> None:
    """Check the limits of the model field: a form field made from it knows its type only."""
    column = PropertySettings._meta.get_field(name)  # noqa: SLF001 -- Django's model API
    limits = (MinValueValidator, MaxValueValidator)
    strict = [v for v in getattr(column, "validators", ()) if isinstance(v, limits)]
    if strict:
        others = [v for v in field.validators if not isinstance(v, limits)]
        lowest = max((v for v in strict if isinstance(v, MinValueValidator)), key=_limit)
        highest = [v for v in strict if isinstance(v, MaxValueValidator)]
        field.validators = [*others, lowest, *sorted(highest, key=_limit)[:1]]


def _limit(validator: BaseValidator) -> float:
    return float(validator.limit_value)


class FirstRunForm(_HouseForm):
    """What a house is asked before its first day."""

    setting_fields = FIRST_RUN_FIELDS

    def __init__(self, prop: Property, *args: Any, **kwargs: Any) -> None:
        super().__init__(prop, *args, **kwargs)
        self.fields["retention"] = forms.ChoiceField(
            label=_("是否按旅馆业管理"),
            choices=[
                (Retention.SOP, _("不是，按本处程序保管失物")),
                (Retention.HOTEL, _("是，持特种行业许可证")),
                (Retention.HANDOVER, _("失物限期移交公安")),
            ],
            initial=prop.settings.retention,
            widget=Chips(),
            help_text=_("决定失物保管多久、到期交给谁；以后收的失物才按新选的办。"),
        )
        # A house that answers the questions now is asked for the better way; one that runs decides itself.
        second = self.fields["second_step"]
        second.initial = self.initial["second_step"] = PropertySettings.SecondStep.MANAGERS
        second.help_text = _("登录时密码之外再加一步：手机验证器或通行密钥。")
        self.helper = helper(
            self,
            Section(str(_("这是哪座公寓")), "name", Row("address", "phone")),
            Section(str(_("失物与法规")), "retention"),
            Section(
                str(_("紧急时找谁")),
                Row("hospital_name", "hospital_phone"),
                Row("power_phone", "duty_phone"),
            ),
            Section(str(_("权限")), Row("dm_limit_yuan", "second_step")),
            submit_label=str(_("完成设置，开始使用")),
        )


class SettingsForm(_HouseForm):
    """Every value the house decides itself."""

    setting_fields = SETTING_FIELDS
    reason = CleanCharField(label=_("修改原因"), max_length=200, min_length=2)
    seen = forms.CharField(max_length=60, widget=forms.HiddenInput)

    def __init__(
        self, prop: Property, *args: Any, back_url: str, rule_url: str = "", **kwargs: Any
    ) -> None:
        super().__init__(prop, *args, initial={"seen": version(prop)}, **kwargs)
        rule = self.fields["retention"]
        rule.disabled = True
        rule.help_text = _("由总物业经理在“失物”的“保管规则”里修改。")
        if rule_url:
            said = _("由总物业经理修改，见{link}。")
            link = format_html('<a href="{}">{}</a>', rule_url, _("保管规则"))
            rule.help_text = format_html(str(said), link=link)
        self.helper = helper(
            self, *_sections(), "reason", "seen", submit_label=str(_("保存设置")), back_url=back_url
        )


def _sections() -> list[Section]:
    return [
        Section(str(_("公寓")), "name", Row("address", "phone")),
        Section(
            str(_("紧急联系")),
            Row("hospital_name", "hospital_phone"),
            Row("power_supplier", "power_phone"),
            "duty_phone",
        ),
        Section(str(_("权限与报告")), Row("dm_limit_yuan", "report_required")),
        Fold(
            str(_("投诉的时间")),
            Row("record_remind", "not_started"),
            Row("promise_within_normal", "promise_within_serious"),
            Row("promise_within_major", "escalate_after"),
            Row("ceiling_normal", "ceiling_serious"),
            Row("ceiling_major", "sign_within"),
            Row("review_remind", "review_escalate"),
            hint=str(_("改动只影响以后开始计时的事项，正在走的时限不变。")),
        ),
        Fold(
            str(_("失物")),
            "retention",
            Row("found_hand_in", "found_trace"),
            Row("found_ack", "found_scan"),
            "found_two_staff_over",
            hint=str(_("已入库的失物仍按接收时的规则保管，正在走的时限不变。")),
        ),
        Fold(
            str(_("保存期限")),
            Row("keep_cases_years", "keep_shifts_years"),
            hint=str(_("到期的个人信息可以清除；死亡、伤病和暂缓清除的一直保留。")),
        ),
        Fold(
            str(_("夜间")),
            Row("quiet_from", "quiet_to"),
            hint=str(_("紧急的和特殊事件照发，站内通知照有；两个时间相同就是不分昼夜。")),
        ),
        Fold(
            str(_("登录")),
            Row("second_step", "idle_logout"),
            hint=str(_("必须两步登录的人，下次打开页面时先引导启用；没启用以前办不了别的。")),
        ),
    ]
