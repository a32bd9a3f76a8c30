"""报失 while the guest is on the telephone: one screen, in the order in which people tell it."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.categories import RULES, Category
from lostfound.forms.base import PHONE, area
from lostfound.models import LostReport
from lostfound.queries import lost as queries
from propdesk.core import masks, places
from propdesk.core.layouts import Actions, Group, Row, helper
from propdesk.core.models import Honorific, Property, User
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips

ICONS = {str(code): rule.icon for code, rule in RULES.items()}
PLACES = ("place", "place2", "place3")
SPOTS = "lost-spots"
"""The list of places offered while somebody types (``datalist``)."""
NOTE = 120


def _place(label: Any) -> CleanCharField:
    widget = forms.TextInput(attrs={"list": SPOTS, "autocomplete": "off"})
    return CleanCharField(label=label, max_length=60, required=False, widget=widget)


class LossFields(forms.Form):
    """What was lost, when and where perhaps, and by whom."""

    category = forms.ChoiceField(
        label=_("丢了什么"), choices=Category.choices, widget=Chips(icons=ICONS, css="chips-sm")
    )
    name = CleanCharField(label=_("物品名称"), max_length=60, required=False)
    quantity = forms.IntegerField(
        label=_("数量"), initial=1, min_value=1, max_value=99999, required=False
    )
    serial = CleanCharField(label=_("序列号、尾号"), max_length=60, required=False)
    features = CleanTextField(label=_("特征"), widget=area(3))
    lost_from = MomentField(label=_("最后一次见到"))
    lost_to = MomentField(label=_("发现不见（不填就是现在）"), required=False)
    place = _place(_("可能丢在哪里"))
    place2 = _place(_("也可能在"))
    place3 = _place(_("还可能在"))
    place_note = CleanCharField(label=_("地点补充"), max_length=NOTE, required=False)
    guest_name = CleanCharField(label=_("失主姓名"), max_length=60)
    honorific = forms.ChoiceField(
        label=_("称呼"), choices=Honorific.choices, required=False, widget=Chips(css="chips-sm")
    )
    phone = CleanCharField(
        label=_("电话"),
        max_length=30,
        required=False,
        validators=[
            RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000 或 0755-26001234转8。"))
        ],
    )
    room = CleanCharField(label=_("房号"), max_length=60, required=False)
    use_required_attribute = False
    prop: Property

    def dress(self) -> None:
        """Examples and keys that help whoever types."""
        words = {
            "name": _t("不填按类别"),
            "serial": _t("后四位也可以"),
            "features": _t(
                "颜色、品牌、记号、里面有什么，例如：黑色双肩包，拉链挂小熊，内有蓝色雨伞"
            ),
            "place": _t("房号或地点"),
            "place_note": _t("例如：出租车上、靠窗第二张沙发"),
        }
        for name, text in words.items():
            self.fields[name].widget.attrs["placeholder"] = text
        self.fields["quantity"].widget.attrs["inputmode"] = "numeric"
        for name in ("guest_name", "room", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    @property
    def spots(self) -> list[str]:
        """Names of places to choose from while typing."""
        return queries.spots(self.prop)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("quantity") is None:
            data["quantity"] = 1
        typed = [data.get(name, "") for name in PLACES]
        *found, data["guest_room"] = places.find_all(self.prop, [*typed, data.get("room", "")])
        data["places"] = tuple(dict.fromkeys(place for place in found if place is not None))
        if data.get("room") and data["guest_room"] is None:
            self.add_error("room", _t("没有这个房号，请核对；不住这里就留空，填电话。"))
        # What is no place of the house still says something.
        words = [text for text, place in zip(typed, found, strict=True) if text and not place]
        note = "，".join([*words, *filter(None, [data.get("place_note", "")])])
        if len(note) > NOTE:
            self.add_error("place_note", _t("列表里没有的地点和补充加起来太长，请删减。"))
        data["place_note"] = note
        return data


def _layout(*below: Any) -> Group:
    """On a desk the thing on the left, when, where and who on the right; all on one screen."""
    thing = Group(
        "half",
        "category",
        Row("name", "quantity", keep=True, css="name-count"),
        "serial",
        "features",
    )
    rest = Group(
        "half",
        Row("lost_from", "lost_to"),
        Row(*PLACES),
        "place_note",
        Row("guest_name", "honorific"),
        Row("phone", "room"),
        *below,
    )
    return Group("halves", thing, rest)


class LostForm(LossFields):
    """报失登记."""

    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, prop: Property, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prop = prop
        self.dress()
        submit = _t("登记，马上比对")
        self.helper = helper(self, _layout(), "token", submit_label=submit, icon="search")


class LostActForm(forms.Form):
    """Base of every act on a lost report; ``submit`` is its button."""

    submit: Any = _("提交")
    icon = "check2-circle"
    hint: Any = ""
    use_required_attribute = False
    restored = False
    """Whether it shows what was typed before and never sent."""

    def __init__(self, *args: Any, report: LostReport, user: User, **kwargs: Any) -> None:
        self.report, self.user = report, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        self.helper.layout.append(Actions(str(self.submit), icon=self.icon, hint=str(self.hint)))

    def prepare(self) -> None:
        """Fill in proposals that depend on the report."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()


class EditLostForm(LossFields, LostActForm):
    """更正遗失登记: filled from what stands there; history keeps what it said."""

    submit = _("保存更正")
    icon = "pencil"

    drop_phone = forms.BooleanField(label=_("删去登记的电话"), required=False)
    reason = CleanTextField(label=_("更正的原因"), widget=area(2), max_length=200)

    def prepare(self) -> None:
        self.prop = self.report.case.property
        self.dress()
        row, guest = self.report, self.report.guest
        for name in ("category", "name", "quantity", "serial", "features", "place_note"):
            self.initial.setdefault(name, getattr(row, name))
        for name in ("lost_from", "lost_to"):
            self.initial.setdefault(name, getattr(row, name))
        for name in PLACES:
            place = getattr(row, name)
            self.initial.setdefault(name, (place.code or place.label) if place else "")
        room = guest.room
        self.initial.setdefault("guest_name", guest.name)
        self.initial.setdefault("honorific", guest.honorific)
        self.initial.setdefault("room", (room.code or room.label) if room else "")
        self.fields["lost_to"].required = True
        self.fields["lost_to"].label = _t("发现不见")
        self._prepare_phone(guest.phone)

    def _prepare_phone(self, phone: str) -> None:
        """The number on record stands in grey and masked; the whole one takes 查看完整号码."""
        if not phone:
            del self.fields["drop_phone"]
            return
        mask = masks.phone(phone)
        self.fields["phone"].widget.attrs["placeholder"] = mask
        self.fields["phone"].help_text = _t("登记的是 %(mask)s，不改就留空。") % {"mask": mask}

    def layout(self) -> tuple[Any, ...]:
        drop = ["drop_phone"] if "drop_phone" in self.fields else []
        return (_layout(*drop), "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["keep_phone"] = not data.get("phone") and not data.get("drop_phone")
        return data


class CloseLostForm(LostActForm):
    """结束: got back, or nothing more to do."""

    submit = _("结束登记")
    icon = "archive"
    hint = _("结束后不再比对；又丢了请另登一件。")

    outcome = forms.ChoiceField(
        label=_("结果"),
        choices=[("found", _("已找回")), ("closed", _("不再查找"))],
        widget=Chips(css="chips-fill"),
    )
    reason = CleanTextField(label=_("怎么找回的，或为什么不再查找"), widget=area(2), max_length=200)


class UnmaskLostForm(LostActForm):
    submit = _("查看完整号码")
    icon = "eye"
    hint = _("显示60秒，并记录谁、何时、为何查看。")

    reason = CleanCharField(label=_("事由"), max_length=200)


class JudgeForm(forms.Form):
    """就是它 or 不是 beside a suggestion; a reason is asked for only to change one's mind."""

    reason = CleanCharField(label=_("理由"), max_length=200, required=False)
