"""Forms of the acts possible at any time: people, severity, security, photos, links."""

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActForm, KnownGuestFields, ReasonForm, severities
from incidents.models import Severity
from propdesk.core import duty
from propdesk.core.models import User
from propdesk.core.roles import Role
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, PhotosField


class HandOverForm(ReasonForm):
    submit = _("办理移交")
    icon = "arrow-left-right"

    to = forms.ModelChoiceField(
        label=_("移交给"), queryset=User.objects.none(), empty_label=_("请选择")
    )
    field_order = ["to", "reason"]

    def prepare(self) -> None:
        prop = self.complaint.case.property
        people = duty.holders(
            prop, Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER
        ).exclude(pk=self.complaint.owner_id)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class SeverityForm(ReasonForm):
    submit = _("调整等级")

    severity = forms.ChoiceField(
        label=_("等级"), choices=Severity.choices, widget=Chips(css="chips-fill")
    )
    field_order = ["severity", "reason"]

    def prepare(self) -> None:
        self.initial.setdefault("severity", self.complaint.severity)
        self.fields["severity"].choices = severities(self.complaint, self.user)  # type: ignore[attr-defined]
        if self.fields["severity"].choices != Severity.choices:  # type: ignore[attr-defined]
            self.fields["severity"].help_text = _("调低等级请找物业经理。")


class SecurityForm(ActForm):
    submit = _("请保安部立即到场")
    danger = True
    icon = "shield-exclamation"

    reason = CleanCharField(label=_("现场情况（可不填）"), max_length=200, required=False)


class ArrivedForm(ActForm):
    submit = _("保安部已到场")

    outcome = CleanCharField(label=_("情况"), max_length=40)


class GuestForm(KnownGuestFields, ReasonForm):
    submit = _("保存客户资料")

    field_order = ["name", "honorific", "phone", "drop_phone", "kind", "reason"]

    def prepare(self) -> None:
        guest = self.complaint.guest
        self.prepare_phone()
        for name in ("name", "honorific", "kind"):
            self.initial.setdefault(name, getattr(guest, name))


class UnmaskForm(ActForm):
    submit = _("查看完整号码")
    icon = "eye"
    hint = _("显示60秒，并记录谁、何时、为何查看。")

    reason = CleanCharField(label=_("事由"), max_length=200)


class PhotoForm(ActForm):
    submit = _("上传照片")
    icon = "camera"

    photo = PhotosField(
        label=_("照片"), max_files=6, error_messages={"required": _("请选择要上传的照片。")}
    )
    caption = CleanCharField(label=_("说明"), max_length=80, required=False)


class RemovePhotoForm(ReasonForm):
    submit = _("撤下照片")
    danger = True


class LinkForm(ActForm):
    submit = _("关联")
    icon = "link-45deg"

    number = CleanCharField(label=_("对方编号"), max_length=20, help_text="TS-20261123-004")
    note = CleanCharField(label=_("说明"), max_length=200, required=False)
