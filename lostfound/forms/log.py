"""拾物登记 on a phone: photo, category, place, one sentence; the rest is preset or under a fold."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.categories import RULES, Category, rule
from lostfound.forms.base import PHONE, area
from lostfound.queries import choices
from lostfound.workflow import is_late
from propdesk.core import duty
from propdesk.core.layouts import helper
from propdesk.core.models import Department, Place, Property, User
from propdesk.core.moments import MomentField
from propdesk.core.place_picker import PlacePicker
from propdesk.core.roles import ALL_STAFF
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, PhotosField

ICONS = {str(code): each.icon for code, each in RULES.items()}
AGO = (30, 60, 120, 240)
"""Minutes of the chips that fill in the time of finding."""


class LogForm(PlacePicker, forms.Form):
    """What a guard fills in: five taps and a sentence."""

    photo = PhotosField(label=_("照片"), required=False)
    category = forms.ChoiceField(
        label=_("是什么"), choices=Category.choices, widget=Chips(icons=ICONS, css="grid-4")
    )
    place = forms.ModelChoiceField(
        label=_("在哪里拾到"), queryset=Place.objects.none(), required=False
    )
    place_note = CleanCharField(
        label=_("列表里没有，或写得更细"),
        max_length=120,
        required=False,
        help_text=_("例如：B1 车库 23 号位旁、靠窗第二张沙发"),
    )
    features = CleanTextField(label=_("特征"), widget=area(2))
    quantity = forms.IntegerField(
        label=_("数量"), initial=1, min_value=1, max_value=99999, required=False
    )
    found_at = MomentField(label=_("拾获时间（不填就是现在）"), required=False)
    late_reason = CleanCharField(label=_("晚报的原因"), max_length=200, required=False)
    name = CleanCharField(label=_("物品名称"), max_length=60, required=False)
    unit = CleanCharField(label=_("单位"), max_length=8, required=False)
    serial = CleanCharField(label=_("序列号、尾号"), max_length=60, required=False)
    no_photo_reason = CleanCharField(label=_("没有照片的原因"), max_length=200, required=False)
    finder_user = forms.ModelChoiceField(
        label=_("拾获人（同事）"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("我自己"),
    )
    finder_name = CleanCharField(label=_("拾获人（没有账号的）"), max_length=60, required=False)
    finder_phone = CleanCharField(
        label=_("拾获人电话"),
        max_length=30,
        required=False,
        validators=[RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000。"))],
    )
    finder_department = forms.ModelChoiceField(
        label=_("拾获人部门"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("按岗位"),
    )
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    use_required_attribute = False
    drops_photos = False
    """Whether the pictures he chose may not stay in the page either."""
    quick_target = "id_found_at"

    def __init__(self, *args: Any, prop: Property, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prop, self.user = prop, user
        offers: dict[str, Any] = {
            "place": prop.places.filter(is_active=True),
            "finder_user": duty.holders(prop, *sorted(ALL_STAFF)),
            "finder_department": prop.departments.filter(is_active=True).order_by("name"),
        }
        for name, rows in offers.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        words = _t("颜色、品牌、记号、坏在哪里，例如：黑色双肩包，拉链挂小熊")
        self.fields["features"].widget.attrs["placeholder"] = words
        self.fields["quantity"].widget.attrs |= {"data-stepper": "", "inputmode": "numeric"}
        self.fields["unit"].widget.attrs["placeholder"] = _t("不填按类别")
        self.fields["name"].widget.attrs["placeholder"] = _t("不填按类别")
        self.helper = helper(self, submit_label="")

    @property
    def quick_times(self) -> list[tuple[str, str]]:
        """Times of the last hours to fill in with one tap."""
        now = timezone.localtime()
        return [
            (f"{now - timedelta(minutes=n):%Y-%m-%dT%H:%M}", f"{now - timedelta(minutes=n):%H:%M}")
            for n in AGO
        ]

    def recent(self) -> list[tuple[int, str]]:
        """His own last places first, then the house's."""
        return choices.recent_places(self.user, self.prop)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("quantity") is None:
            data["quantity"] = 1
        if not (data.get("place") or data.get("place_note")) and not {"place", "place_note"} & set(
            self.errors
        ):
            self.add_error("place", ValidationError(_t("请选择或写明拾获地点。")))
        self._check_photo(data)
        found_at = data.get("found_at")
        if found_at and not data.get("late_reason") and is_late(found_at, timezone.now()):
            self.add_error(
                "late_reason", ValidationError(_t("拾到已过30分钟，请写一句晚报的原因。"))
            )
        if data.get("finder_user") and data.get("finder_name"):
            self.add_error(
                "finder_name", ValidationError(_t("拾获人选了同事，就不要再写别的姓名。"))
            )
        return data

    def _check_photo(self, data: dict[str, Any]) -> None:
        """A picture, or why there is none; of papers none, whichever he did first."""
        not_taken = rule(data.get("category", "")).no_photo
        if data.get("photo") and not_taken:
            self.drops_photos = True
            sentence = _t(
                "证件、卡片不拍照：照片没有保存，已从这里撤下。其他内容都在，再提交一次即可。"
            )
            self.add_error("photo", ValidationError(sentence))
        elif not (
            data.get("photo") or data.get("no_photo_reason") or not_taken or "photo" in self.errors
        ):
            self.add_error("photo", ValidationError(_t("请拍一张照片；拍不了的写明原因。")))
