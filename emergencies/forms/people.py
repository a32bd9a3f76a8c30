"""Who commands, who may read, who is concerned."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import PHONE, ActForm, ColleagueField, ReasonForm
from emergencies.forms.together import PlaceForm
from emergencies.models import Party
from propdesk.core import masks, place_picker, places
from propdesk.core.layouts import Picker
from propdesk.core.models import Honorific
from propdesk.core.persons import Guest
from propdesk.core.roles import MANAGERS, standing
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips


class HandOverForm(ActForm):
    submit = _("交出指挥")
    icon = "arrow-left-right"
    to = ColleagueField(label=_("交给谁"))
    reason = CleanCharField(label=_("说明"), max_length=200, required=False)

    def prepare(self) -> None:
        """Only a manager gives a confidential event to somebody who does not read it yet."""
        roles = standing(self.user, self.event.case.property).roles
        offered = self.colleagues if roles & MANAGERS else self.readers
        rows = offered(but=frozenset({self.event.commander_id}))
        self.fields["to"].offer(rows)  # type: ignore[attr-defined]


class CorrectPlaceForm(PlaceForm):
    submit = _("更正地点")
    icon = "geo-alt"
    reason = CleanCharField(label=_("为什么更正"), max_length=200)

    def prepare(self) -> None:
        super().prepare()
        note = self.fields["place_note"]
        note.label = _t("列表里没有，或写得更细")
        note.help_text = _t("例如：B1 车库 23 号位旁")
        here = self.event
        self.initial.setdefault("place", here.place_id)
        self.initial.setdefault("place_note", here.place_note)

    def layout(self) -> tuple[Any, ...]:
        return (Picker(), "reason")

    def clean(self) -> dict[str, Any]:
        """Words alone that name a place of the house are that place."""
        data = super().clean() or {}
        if data.get("place") is None and data.get("place_note"):
            data["place"] = place_picker.find(self.prop, data["place_note"])
            if data["place"] is not None:
                data["place_note"] = ""
        return data


class TakeCommandForm(ActForm):
    submit = _("由我指挥")
    icon = "flag"
    reason = CleanCharField(label=_("说明"), max_length=200, required=False)


class ReaderForm(ReasonForm):
    submit = _("让此人可以查看")
    reader = ColleagueField(label=_("让谁可以查看"))
    field_order = ("reader", "reason")

    def prepare(self) -> None:
        self.fields["reader"].offer(self.colleagues())  # type: ignore[attr-defined]


class EndReaderForm(ReasonForm):
    submit = _("取消查看")
    danger = True


class _WhoFields(forms.Form):
    name = CleanCharField(label=_("姓名"), max_length=60, required=False)
    honorific = forms.ChoiceField(
        label=_("称呼"), choices=Honorific.choices, required=False, widget=Chips(css="chips-sm")
    )
    room = CleanCharField(label=_("房号"), max_length=60, required=False)
    phone = CleanCharField(
        label=_("电话"),
        max_length=30,
        required=False,
        validators=[RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000。"))],
    )


class PartyForm(ActForm, _WhoFields):
    submit = _("登记")
    icon = "person-plus"
    part = forms.ChoiceField(
        label=_("身份"), choices=Party.Part.choices, widget=Chips(css="chips-sm")
    )
    note = CleanCharField(
        label=_("说明"), max_length=200, required=False, help_text=_("体貌特征、伤情、和谁一起")
    )
    field_order: "tuple[str, ...]" = ("part", "name", "honorific", "room", "phone", "note")

    def guest(self) -> Guest:
        """Who it is, as it was typed."""
        data = self.cleaned_data
        return Guest(
            name=data["name"],
            honorific=data["honorific"],
            phone=data["phone"],
            room=data["place"],
        )

    def clean(self) -> dict[str, Any]:
        """A room that is typed must be one of the house."""
        data = super().clean() or {}
        typed = data.get("room", "")
        data["place"] = places.find(self.event.case.property, typed) if typed else None
        if typed and data["place"] is None:
            self.add_error("room", _t("没有这个房号，请核对；不是本处住客就留空。"))
        return data


class EditPartyForm(PartyForm):
    submit = _("更正")
    icon = "pencil"
    reason = CleanCharField(label=_("更正的原因"), max_length=200)
    field_order = ("name", "honorific", "room", "phone", "reason")

    def __init__(self, *args: Any, party: Party, **kwargs: Any) -> None:
        self.party = party
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        del self.fields["part"], self.fields["note"]
        person = self.party.person
        room = person.room.label if person.room else ""
        known = {"name": person.name, "honorific": person.honorific, "room": room}
        self.initial = {**known, **self.initial}
        if person.phone:
            mask = masks.phone(person.phone)
            self.fields["phone"].help_text = _t("登记的是 %(mask)s，不改就留空。") % {"mask": mask}

    def guest(self) -> Guest:
        """As typed; an empty number leaves the one on record."""
        data = self.cleaned_data
        return Guest(
            name=data["name"],
            honorific=data["honorific"],
            phone=data["phone"] or None,
            kind=self.party.person.kind,
            room=data["place"],
        )


class UnmaskForm(ReasonForm):
    submit = _("查看完整号码")
    icon = "eye"
