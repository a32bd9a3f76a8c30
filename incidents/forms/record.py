"""Forms of A–F: taking the complaint in, the talk, the record and its corrections."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActForm, GuestFields, KnownGuestFields, area, severities
from incidents.models import CONDUCT, Channel, Complaint, Correction, Severity
from incidents.sop import steps
from propdesk.core import places
from propdesk.core.layouts import Fold, Group, Row, helper
from propdesk.core.models import Property
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips


class IntakeForm(GuestFields):
    """登记投诉: one box to type in; the rest is preset or may follow."""

    room = CleanCharField(label=_("房号或地点"), max_length=60, required=False)
    words = CleanTextField(label=_("客户怎么说"), widget=area(4))
    severity = forms.ChoiceField(
        label=_("等级"),
        choices=Severity.choices,
        initial=Severity.NORMAL,
        widget=Chips(css="chips-fill"),
    )
    channel = forms.ChoiceField(
        label=_("投诉方式"), choices=Channel.choices, initial=Channel.IN_PERSON, widget=Chips()
    )
    is_anonymous = forms.BooleanField(label=_("客户不愿留名（匿名）"), required=False)
    anonymous_reason = CleanCharField(label=_("匿名说明"), max_length=200, required=False)
    received_at = MomentField(
        label=_("受理时间（补录时填写）"),
        required=False,
        help_text=_("不填就是现在。补录的时间与登记时间会同时显示。"),
    )
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    guest_token = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    field_order = ["room", "name", "honorific", "phone", "words", "severity", "channel"]
    use_required_attribute = False

    def __init__(self, *args: Any, prop: Property, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prop = prop
        del self.fields["kind"]
        self.fields["room"].widget.attrs |= {"autofocus": True, "autocomplete": "off"}
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        if self["guest_token"].value():
            self.fields["phone"].widget.attrs["placeholder"] = _t("沿用登记过的号码")
        self.fields["words"].widget.attrs["placeholder"] = _t(
            "一句话即可，例如：空调有异响，两晚没睡好"
        )
        self.helper = helper(
            self,
            Row("room", "name"),
            Row("honorific", "phone"),
            "words",
            Row("severity", "channel"),
            Fold(_t("匿名、补录"), "is_anonymous", "anonymous_reason", "received_at"),
            "token",
            "guest_token",
            submit_label=_t("登记，开始处理"),
            icon="check2-circle",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("is_anonymous") and not data.get("anonymous_reason"):
            self.add_error("anonymous_reason", _t("匿名投诉请写明说明。"))
        room = data.get("room", "")
        data["place"] = places.find(self.prop, room) if room else None
        data["place_note"] = "" if data["place"] else room
        return data


class ConductForm(ActForm):
    """A–E in one go: each said and done, or not applicable with the reason."""

    submit = _("确认谈话要领")
    own_address = "conduct"

    private_talk = forms.ChoiceField(
        label=_("是否单独会谈"),
        choices=Complaint.PrivateTalk.choices,
        required=False,
        widget=Chips(css="chips-sm"),
    )
    private_talk_reason = CleanCharField(
        label=_("未能单独会谈的原因"), max_length=200, required=False
    )

    def prepare(self) -> None:
        answered = {row.letter: row for row in self.complaint.steps.all()}
        default = "" if self.complaint.channel == Channel.IN_PERSON else "not_applicable"
        self.initial.setdefault("private_talk", self.complaint.private_talk or default)
        self.initial.setdefault("private_talk_reason", self.complaint.private_talk_reason)
        for letter in CONDUCT:
            row = answered.get(letter)
            step = steps()[letter]
            self.fields[f"tick_{letter}"] = forms.ChoiceField(
                label=f"{letter} {step.title.zh}",
                help_text=step.tick.zh if step.tick else "",
                choices=[("yes", _("做到了")), ("na", _("不适用"))],
                required=False,
                widget=Chips(css="chips-sm"),
                initial="" if row is None else ("yes" if row.done else "na"),
            )
            self.fields[f"reason_{letter}"] = CleanCharField(
                label=_("%(letter)s 不适用的原因") % {"letter": letter},
                max_length=200,
                required=False,
                initial=row.reason if row else "",
            )

    def layout(self) -> tuple[Any, ...]:
        rows: list[Any] = []
        for letter in CONDUCT:
            rows.append(Row(f"tick_{letter}", f"reason_{letter}", css="na"))
            if letter == "B":
                rows.append(Row("private_talk", "private_talk_reason", css="na"))
        return (Group("conduct", *rows),)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for letter in CONDUCT:
            if data.get(f"tick_{letter}") == "na" and not data.get(f"reason_{letter}"):
                self.add_error(f"reason_{letter}", _t("标为不适用，请写明原因。"))
        if not any(data.get(f"tick_{letter}") for letter in CONDUCT):
            raise ValidationError(_("请至少确认一项。"))
        return data


class RecordForm(KnownGuestFields, ActForm):
    """F: the points, read back to the guest; frozen once complete.

    While A–E are open they stand on the same page and are sent along: ``conduct`` is their form,
    so that one button finishes both and nothing typed in one is lost by sending the other.
    """

    submit = _("完成记录")
    own_address = "record"
    hint = _("完成后原文不可改，只能追加更正。")

    room = CleanCharField(label=_("房号或地点"), max_length=60, required=False)
    place_note = CleanCharField(
        label=_("具体位置"),
        max_length=120,
        required=False,
        help_text=_("例如：主卧、B1 车库 23 号位"),
    )
    category = forms.ChoiceField(
        label=_("投诉类别"), choices=Complaint.Category.choices, widget=Chips(css="chips-sm")
    )
    severity = forms.ChoiceField(
        label=_("等级"), choices=Severity.choices, widget=Chips(css="chips-fill")
    )
    occurred_at = MomentField(label=_("发生时间"), required=False)
    key_points = CleanTextField(label=_("要点记录"), widget=area(5))
    core_issue = CleanTextField(label=_("问题症结"), widget=area(2))
    expectation = CleanTextField(label=_("客户诉求"), widget=area(2))
    read_back = forms.BooleanField(label=_("要点已念给客户核对"), required=False)
    read_back_reason = CleanCharField(label=_("未核对的原因"), max_length=200, required=False)
    is_anonymous = forms.BooleanField(label=_("匿名投诉"), required=False)
    anonymous_reason = CleanCharField(label=_("匿名说明"), max_length=200, required=False)

    def prepare(self) -> None:
        ticked = any(f"tick_{letter}" in self.data for letter in CONDUCT)
        self.conduct = (
            ConductForm(self.data, complaint=self.complaint, user=self.user) if ticked else None
        )
        self.fields["severity"].choices = severities(self.complaint, self.user)  # type: ignore[attr-defined]
        self.prepare_phone()
        row, guest = self.complaint, self.complaint.guest
        known = {
            "name": guest.name,
            "honorific": guest.honorific,
            "kind": guest.kind,
            "room": row.place.code or row.place.label if row.place else row.place_note,
            "place_note": row.place_note if row.place else "",
            "category": row.category,
            "severity": row.severity,
            "occurred_at": row.occurred_at,
            "key_points": row.key_points or row.opening_words,
            "core_issue": row.core_issue,
            "expectation": row.expectation,
            "is_anonymous": row.is_anonymous,
            "anonymous_reason": row.anonymous_reason,
        }
        for name, value in known.items():
            self.initial.setdefault(name, value)

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("name", "honorific"),
            Row("phone", "kind"),
            Row("room", "place_note"),
            "category",
            Row("severity", "occurred_at"),
            "key_points",
            Row("core_issue", "expectation"),
            Row("read_back", "read_back_reason", css="unless-checked"),
            Fold(_t("客户不愿留名"), "is_anonymous", "anonymous_reason"),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.conduct is not None and not self.conduct.is_valid():
            raise ValidationError(_("谈话要领还有没填好的地方。"))
        data["conduct"] = self.conduct.cleaned_data if self.conduct else None
        room = data.get("room", "")
        place = places.find(self.complaint.case.property, room) if room else None
        data["place"] = place
        if room and place is None:
            data["place_note"] = " ".join(filter(None, [room, data.get("place_note", "")]))[:120]
        return data


class CorrectionForm(ActForm):
    """更正 one frozen field; the original stays beside it."""

    submit = _("追加更正")

    field = forms.ChoiceField(label=_("更正哪一项"), choices=Correction.Field.choices)
    text = CleanTextField(label=_("更正为"), widget=area(3))
