"""What the forms of the registers share: a second person with his password, a place as it is typed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ColleagueField
from emergencies.workflow import Second
from propdesk.core import places, signatures
from propdesk.core.models import Place
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
        user, word = data.get("second"), data.get("second_password")
        if user is not None and word:
            try:
                signatures.check_password(user, word)
            except ValidationError as wrong:
                self.add_error("second_password", wrong)
        return data

    def beside(self) -> Second:
        """The second person as the transition takes him."""
        return Second(self.cleaned_data["second"], self.cleaned_data["second_password"])


class PlaceField(CleanCharField):
    """A room number or the name of a place; cleans to the text, ``find`` gives the place."""

    def find(self, form: ActForm, name: str) -> Place | None:
        """The place of the house that was typed."""
        typed = form.cleaned_data.get(name, "")
        return places.find(form.event.case.property, typed) if typed else None
