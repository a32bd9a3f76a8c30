"""Cleaning of typed text: what a person cannot see never reaches the database or a paper.

Pure text functions, the validators and the two form fields that use them. No models.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

TEXT_LIMIT = 5000  # characters (code points after NFC) in one text field
LINE_LIMIT = 200  # lines a paper prints of one text: a longer one would lose its end there

_LINE_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")
_REMOVED = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tab and line feed
    "\ud800-\udfff"  # lone surrogates: PostgreSQL and UTF-8 refuse them
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidi marks, overrides, isolates
    "\u00ad\u034f\u061c\u180e\ufeff\ufff9-\ufffb"  # soft hyphen, joiners, BOM, annotations
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters: not allowed in XML, so not in a spreadsheet
    "\U000e0000-\U000e007f"  # tag characters: a hidden second text
    "]"
)
# Visible to the computer only: on their own they are no answer, beside other text they may stay.
_BLANK = re.compile("[\\s\u115f\u1160\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]*")
_LINE_SPACE = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return `text` in NFC with "\\n" line ends, invisible characters removed and stripped.

    Text that shows nothing at all becomes "". Idempotent; never raises.
    """
    text = _REMOVED.sub("", _LINE_BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", text).strip()
    return "" if _BLANK.fullmatch(text) else text


def clean(text: str, limit: int | None = TEXT_LIMIT) -> str:
    """Return `normalise(text)`; ValidationError when longer than `limit` characters.

    Never cuts: a sentence a guest said is refused whole rather than stored in part.
    """
    text = normalise(text)
    if limit is not None:
        _refuse_too_long(text, limit)
    return text


@deconstructible
class TextValidator:
    """Validator for form and model fields: visible, storable text of at most `limit` characters.

    Raises ValidationError with code "too_long", "invisible" or "forbidden_character".
    """

    def __init__(self, limit: int = TEXT_LIMIT) -> None:
        self.limit = limit

    def __call__(self, value: str) -> None:
        """Raise ValidationError unless `value` could have come out of `clean`."""
        if not normalise(value):
            raise ValidationError(_("请填写看得见的文字。"), code="invisible")
        if _REMOVED.search(value):
            raise ValidationError(
                _("文字里有看不见的控制字符，请删去后重新输入。"),
                code="forbidden_character",
            )
        _refuse_too_long(value, self.limit)

    def __eq__(self, other: object) -> bool:
        """Equal limits are equal validators, so that migrations stay quiet."""
        return isinstance(other, TextValidator) and self.limit == other.limit

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash((TextValidator, self.limit))


validate_text = TextValidator()


def _refuse_too_long(text: str, limit: int) -> None:
    over = len(text) - limit
    if over > 0:
        raise ValidationError(
            _("最多 %(limit)d 个字，超出了 %(over)d 个，请删减后再提交。"),
            code="too_long",
            params={"limit": limit, "over": over},
        )


class CleanTextField(forms.CharField):
    """Several lines of cleaned text; at most `max_length` characters (default 5000), 200 lines."""

    widget: type[forms.Widget] = forms.Textarea

    def __init__(self, *, max_length: int = TEXT_LIMIT, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        # Ours says how many characters are over; NULs are already gone.
        self.validators = [v for v in self.validators if not isinstance(v, MaxLengthValidator)]
        self.validators.append(TextValidator(max_length))
        for validator in self.validators:
            if isinstance(validator, MinLengthValidator):
                validator.message = _("至少写 %(limit_value)d 个字。")

    def to_python(self, value: Any) -> str:
        """Return the cleaned text; "" (the field's empty value) when nothing visible is left."""
        return normalise(str(super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        """Refuse what a paper would cut: more than `LINE_LIMIT` lines."""
        super().validate(value)
        lines = value.count("\n") + 1
        if lines > LINE_LIMIT:
            raise ValidationError(
                _("最多 %(limit)d 行，现在有 %(lines)d 行，请把短行合并后再提交。"),
                code="too_many_lines",
                params={"limit": LINE_LIMIT, "lines": lines},
            )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Leave out `maxlength`: with it a browser silently cuts what is pasted."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs


class CleanCharField(CleanTextField):
    """One line of cleaned text: line breaks, tabs and runs of spaces become one space."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> str:
        """Return the cleaned text on one line."""
        return _LINE_SPACE.sub(" ", super().to_python(value))
