"""What the forms of the registers share: a second person with his password, a place as it is typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ColleagueField
from emergencies.queries import board
from emergencies.workflow import Second
from propdesk.core import place_picker, places
from propdesk.core.models import Place
from propdesk.core.place_picker import PlacePicker
from propdesk.core.report_forms import check_password_of
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import PhotosField


def one_photo(label: Any, **options: Any) -> PhotosField:
    """One picture; the camera of a phone opens at once."""
    return PhotosField(label=label, max_files=1, **options)


def picture(files: Any) -> bytes:
    """The bytes of a single upload; empty for none."""
    return bytes(files[0].read()) if files else b""


class SecondForm(ActForm):
    """Somebody else is there too and types his password on this screen (decision 13)."""

    second = ColleagueField(label=_("第二个人"))
    second_password = forms.CharField(
        label=_("第二个人的登录密码"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def prepare(self) -> None:
        self.fields["second"].offer(self.readers(but=frozenset({self.user.pk})))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A wrong password is counted, as everywhere."""
        data = super().clean() or {}
        check_password_of(self, data.get("second"), "second_password", by=self.user)
        return data

    def beside(self) -> Second:
        """The second person as the transition takes him."""
        return Second(self.cleaned_data["second"], self.cleaned_data["second_password"])


class PlaceForm(PlacePicker, ActForm):
    """A place of the house, chosen as at the start or written the way the house prints it."""

    place = forms.ModelChoiceField(label=_("在哪里"), queryset=Place.objects.none(), required=False)
    place_note = CleanCharField(
        label=_("房号或名称"),
        max_length=80,
        required=False,
        help_text=_("例如：B座 2层 203，或 B-203"),
    )

    def prepare(self) -> None:
        super().prepare()
        self.prop = self.event.case.property
        self.fields["place"].queryset = self.prop.places.filter(is_active=True)  # type: ignore[attr-defined]

    def recent(self) -> list[tuple[int, str]]:
        """Where the event is, then what stands on the board."""
        here = self.event.place
        rows = board.near_places(self.prop)
        if here is None or not here.is_active:
            return rows
        return [(here.pk, here.label), *(row for row in rows if row[0] != here.pk)]

    def proposed(self) -> Place | None:
        """Where the event is: of a written place what it names, else the building it begins with."""
        here, words = self.event.place, self.event.place_note
        if here is not None or not words:
            return here
        found = place_picker.find(self.prop, words)
        if found is not None:
            return found
        blocks = self.prop.places.filter(is_active=True, kind=Place.Kind.BUILDING).order_by("pk")
        return next((block for block in blocks if words.startswith(block.name)), None)


class PlaceField(CleanCharField):
    """A room number or the name of a place; cleans to the text, ``find`` gives the place."""

    def find(self, form: ActForm, name: str) -> Place | None:
        """The place of the house that was typed."""
        typed = form.cleaned_data.get(name, "")
        return places.find(form.event.case.property, typed) if typed else None
