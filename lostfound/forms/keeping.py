"""Forms of what may be needed at any time: corrections, photos, links, the police, taking back."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.categories import RULES, Category
from lostfound.forms.base import ActForm, ReasonForm, SecondFields, area
from propdesk.core import places
from propdesk.core.layouts import Row
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, PhotosField

ICONS = {str(code): rule.icon for code, rule in RULES.items()}


class CorrectForm(ReasonForm):
    """更正登记: what stands on the slip, written anew; history keeps what it said."""

    submit = _("保存更正")
    icon = "pencil"

    category = forms.ChoiceField(
        label=_("类别"), choices=Category.choices, widget=Chips(icons=ICONS, css="chips-sm")
    )
    name = CleanCharField(label=_("物品名称"), max_length=60)
    quantity = forms.IntegerField(label=_("数量"), min_value=1, max_value=99999)
    unit = CleanCharField(label=_("单位"), max_length=8)
    features = CleanTextField(label=_("特征"), widget=area(3))
    serial = CleanCharField(label=_("序列号、尾号"), max_length=60, required=False)
    where = CleanCharField(label=_("房号或地点"), max_length=120, required=False)
    place_note = CleanCharField(label=_("具体位置"), max_length=120, required=False)
    field_order = ["category", "name", "quantity", "unit", "features", "serial", "where"]
    field_order += ["place_note", "reason"]

    def prepare(self) -> None:
        item = self.item
        for name in ("category", "name", "quantity", "unit", "features", "serial", "place_note"):
            self.initial.setdefault(name, getattr(item, name))
        here = (item.place.code or item.place.label) if item.place else ""
        self.initial.setdefault("where", here)
        self.fields["reason"].label = _t("更正的原因")
        self.fields["quantity"].widget.attrs["inputmode"] = "numeric"

    def layout(self) -> tuple[Any, ...]:
        return (
            "category",
            "name",
            Row("quantity", "unit", keep=True),
            "features",
            Row("serial", "where"),
            "place_note",
            "reason",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        where = data.get("where", "")
        data["place"] = places.find(self.item.case.property, where) if where else None
        if where and data["place"] is None:
            note = data.get("place_note", "")
            data["place_note"] = " ".join(filter(None, [where, note]))[:120]
        if not where and not data.get("place_note"):
            self.add_error("where", _t("请选择或写明拾获地点。"))
        return data


class PoliceForm(SecondFields, ActForm):
    """移交公安 of what may never be stored: two people and the police's receipt."""

    submit = _("登记移交公安")
    icon = "shield-check"
    must_be_here = must_sign = True

    proof = CleanCharField(label=_("公安接收回执编号"), max_length=200)
    receiver = CleanCharField(label=_("接收民警警号或单位"), max_length=120)
    handed_at = MomentField(label=_("移交时间（不是刚刚才填）"), required=False)
    photo = PhotosField(label=_("回执照片"), max_files=1, required=False)
    field_order = ["proof", "receiver", "handed_at", "photo", "guard", "guard_password"]

    def prepare(self) -> None:
        self.prepare_second()

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("proof", "receiver"),
            Row("guard", "guard_password"),
            Row("handed_at", "photo"),
        )


class PhotoForm(ActForm):
    submit = _("上传照片")
    icon = "camera"

    photo = PhotosField(
        label=_("照片"), max_files=9, error_messages={"required": _("请选择要上传的照片。")}
    )


class RemovePhotoForm(ReasonForm):
    submit = _("撤下照片")
    danger = True


class LinkForm(ActForm):
    submit = _("关联")
    icon = "link-45deg"

    number = CleanCharField(label=_("对方编号"), max_length=20, help_text="TS-20261123-004")
    note = CleanCharField(label=_("说明"), max_length=200, required=False)


class VoidForm(ReasonForm):
    submit = _("确认作废")
    icon = "slash-circle"
    danger = True


class VoidStoredForm(VoidForm):
    """作废 of what lies in the store: also where the thing itself is now."""

    where = CleanCharField(
        label=_("物品现在在哪里"), max_length=60, help_text=_("例如：并入另一编号，仍在原柜。")
    )
    reason = CleanTextField(label=_("原因"), widget=area(2), max_length=120)
    field_order = ["where", "reason"]


class UnmaskForm(ActForm):
    submit = _("查看完整号码")
    icon = "eye"
    hint = _("显示60秒，并记录谁、何时、为何查看。")

    reason = CleanCharField(label=_("事由"), max_length=200)
