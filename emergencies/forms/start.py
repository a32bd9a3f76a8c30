"""启动预案: place and one tap; everything else is preset."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import moment
from emergencies.models import Kind
from emergencies.queries import board
from propdesk.core.layouts import helper
from propdesk.core.models import Place, Property
from propdesk.core.place_picker import PlacePicker
from propdesk.core.text import CleanCharField


class StartForm(PlacePicker, forms.Form):
    """Kind and place; the time is now."""

    kind = forms.ChoiceField(choices=Kind.choices, widget=forms.HiddenInput)
    place = forms.ModelChoiceField(label=_("在哪里"), queryset=Place.objects.none(), required=False)
    place_note = CleanCharField(
        label=_("列表里没有，或写得更细"),
        max_length=80,
        required=False,
        help_text=_("例如：B1 车库 23 号位旁"),
    )
    occurred_at = moment(_("不是刚才，是什么时间发生的"))
    is_drill = forms.BooleanField(label=_("这是演练"), required=False)
    from_number = CleanCharField(
        label=_("由哪件转来"),
        max_length=20,
        required=False,
        help_text=_("投诉或事件的编号，例如 TS-20261123-001"),
    )
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    use_required_attribute = False

    def __init__(self, *args: Any, prop: Property, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prop = prop
        self.fields["place"].queryset = prop.places.filter(is_active=True)  # type: ignore[attr-defined]
        self.helper = helper(self, submit_label="")

    def recent(self) -> list[tuple[int, str]]:
        """Where open events were last, then the buildings."""
        return board.near_places(self.prop)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = data.get("place") or data.get("place_note")
        if not given and not {"place", "place_note"} & set(self.errors):
            self.add_error("place", ValidationError(_t("请选择地点，或用几个字写明在哪里。")))
        return data
