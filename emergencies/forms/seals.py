"""封条: sealing, looking, renewing, the release of the police, opening the door."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ColleagueField, moment
from emergencies.forms.together import PlaceForm, SecondForm, one_photo, picture
from emergencies.models import RoomSeal
from emergencies.workflow import Release, Sealing, Tag
from propdesk.core import place_picker
from propdesk.core.layouts import Fold, Picker, Row, Section
from propdesk.core.models import User
from propdesk.core.moments import MomentField
from propdesk.core.persons import Guest
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips

INTACT = [("yes", _("完好")), ("no", _("不完好"))]


def intact() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("封条"), choices=INTACT, widget=Chips(css="chips-fill"))


class TagForm(ActForm):
    """One numbered seal with its photo and the people who were there."""

    number = CleanCharField(
        label=_("封条编号"),
        max_length=30,
        help_text=_("公安封条没有编号的，填“公安”加日期"),
    )
    photo = one_photo(_("封条照片（看得清编号）"))
    applied_by = ColleagueField(label=_("张贴人（公安贴的，填陪同的人）"))
    witness1 = ColleagueField(label=_("第一名见证人"), required=False)
    witness1_name = CleanCharField(label=_("不是同事，填姓名"), max_length=60, required=False)
    witness2 = ColleagueField(label=_("第二名见证人"), required=False)
    witness2_name = CleanCharField(label=_("不是同事，填姓名"), max_length=60, required=False)
    applied_at = moment(_("不是刚才，是什么时间贴的"))

    def prepare(self) -> None:
        people = self.colleagues()
        for name in ("applied_by", "witness1", "witness2"):
            self.fields[name].offer(people)  # type: ignore[attr-defined]
        self.initial.setdefault("applied_by", str(self.user.pk))

    def people(self) -> tuple[Any, ...]:
        """Who was there, in the layout."""
        return (
            Section(
                _t("三个不同的人"),
                "applied_by",
                Row("witness1", "witness1_name"),
                Row("witness2", "witness2_name"),
            ),
            Fold(_t("不是刚才"), "applied_at"),
        )

    def clean(self) -> dict[str, Any]:
        """A colleague or a name for each witness."""
        data = super().clean() or {}
        self.witnesses: list[User | Guest] = []
        for number in (1, 2):
            user, name = data.get(f"witness{number}"), data.get(f"witness{number}_name", "")
            if user is None and not name:
                self.add_error(f"witness{number}", _t("请选择见证人，或填写姓名。"))
            else:
                self.witnesses.append(user or Guest(name=name))
        return data

    def tag(self) -> Tag:
        """The seal as it was put on the door."""
        data = self.cleaned_data
        return Tag(data["number"], self.witnesses, data["applied_by"], data["applied_at"])

    def picture(self) -> bytes:
        return picture(self.cleaned_data["photo"])


class SealForm(PlaceForm, TagForm):
    submit = _("登记封存")
    icon = "lock"
    owner = forms.ChoiceField(
        label=_("谁的封条"), choices=RoomSeal.Owner.choices, widget=Chips(css="chips-fill")
    )
    cards = forms.ChoiceField(
        label=_("房卡"), choices=RoomSeal.Cards.choices, widget=Chips(css="chips-fill")
    )

    def prepare(self) -> None:
        super().prepare()
        self.initial.setdefault("owner", RoomSeal.Owner.OURS)
        place = self.fields["place"]
        place.label = _t("封存的房间或地点")
        if self.event.place is None:
            said = _t("启动时写的是“%(place)s”。列表里没有这一间的，选它所在的楼层或楼栋。")
            place.help_text = said % {"place": self.event.place_note}
        here = self.proposed()
        if here is not None and not self.initial.get("place_note"):
            self.initial.setdefault("place", here.pk)

    def layout(self) -> tuple[Any, ...]:
        return (Picker(), "owner", "number", "photo", "cards", *self.people())

    def clean(self) -> dict[str, Any]:
        """Words come before what is chosen: the place of the event is chosen already."""
        data = super().clean() or {}
        typed = data.get("place_note", "")
        self.found = place_picker.find(self.prop, typed) if typed else data.get("place")
        if typed and self.found is None:
            self.add_error("place_note", _t("没有这个房间或地点，请核对，或在上面按楼栋选。"))
        elif self.found is None and "place" not in self.errors:
            self.add_error("place", _t("请选择封存的房间或地点。"))
        return data

    def sealing(self) -> Sealing:
        """The place with its first seal."""
        data = self.cleaned_data
        return Sealing(self.found, self.tag(), data["owner"], data["cards"])


class RenewForm(TagForm):
    submit = _("登记换贴")
    icon = "lock"
    reason = CleanCharField(label=_("为什么换"), max_length=200)

    def layout(self) -> tuple[Any, ...]:
        return ("reason", "number", "photo", *self.people())


class CheckForm(ActForm):
    submit = _("登记核查")
    icon = "search"
    is_intact = intact()
    note = CleanCharField(label=_("看到的情况"), max_length=200, required=False)
    photo = one_photo(_("照片（不完好的必须拍）"), required=False)
    checked_at = moment(_("不是刚才，是什么时间看的"))

    def layout(self) -> tuple[Any, ...]:
        return ("is_intact", "note", "photo", Fold(_t("不是刚才"), "checked_at"))

    def values(self) -> dict[str, Any]:
        """What the transition takes."""
        data = self.cleaned_data
        return {
            "is_intact": data["is_intact"] == "yes",
            "note": data["note"],
            "picture": picture(data["photo"]),
            "checked_at": data["checked_at"],
        }


class ReleaseForm(SecondForm):
    """The word of the police, field by field; nothing of it may be left out."""

    submit = _("登记公安解除")
    icon = "unlock"
    released_at = MomentField(label=_("公安解除的时间"))
    way = forms.ChoiceField(
        label=_("怎么通知的"), choices=RoomSeal.Way.choices, widget=Chips(css="chips-sm")
    )
    officer = CleanCharField(label=_("民警姓名"), max_length=60)
    badge = CleanCharField(label=_("警号"), max_length=20)
    unit = CleanCharField(label=_("民警单位"), max_length=60)
    document_number = CleanCharField(
        label=_("公安文书号"),
        max_length=60,
        help_text=_("没有文号的，照抄文书标题和日期"),
    )
    photo = one_photo(_("文书照片"))
    is_intact = intact()
    note = CleanCharField(label=_("不完好的，写明情况"), max_length=200, required=False)
    broken = one_photo(_("不完好的，拍照"), required=False)

    def layout(self) -> tuple[Any, ...]:
        return (
            Section(_t("公安"), Row("officer", "badge"), "unit", "way", "released_at"),
            Section(_t("文书"), "document_number", "photo"),
            Section(_t("解除时看到的封条"), "is_intact", "note", "broken"),
            Section(_t("在场的第二个人"), Row("second", "second_password")),
        )

    def release(self) -> Release:
        """The release as the transition takes it."""
        data = self.cleaned_data
        names = ("released_at", "way", "officer", "badge", "unit", "document_number", "note")
        values = {name: data[name] for name in names}
        return Release(self.beside(), is_intact=data["is_intact"] == "yes", **values)

    def pictures(self) -> tuple[bytes, bytes]:
        """The paper, and the broken seal where it was broken."""
        data = self.cleaned_data
        return picture(data["photo"]), picture(data["broken"])


class OpenForm(SecondForm):
    submit = _("登记启封")
    icon = "unlock"
    opened_at = moment(_("不是刚才，是什么时间启封的"))

    def layout(self) -> tuple[Any, ...]:
        return (Row("second", "second_password"), Fold(_t("不是刚才"), "opened_at"))
