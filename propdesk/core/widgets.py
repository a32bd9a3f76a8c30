"""Form widgets and fields of the interface: chips, times, photos and drawn signatures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

PNG_URL = "data:image/png;base64,"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SIGNATURE_LIMIT = 500_000  # bytes of a drawn signature; a full pad has some 40 kB


class Chips(forms.RadioSelect):
    """Radio buttons shown as chips.

    `icons` maps a choice value to an icon name; `css` is chips-fill (one row), chips-sm or grid-4.
    """

    def __init__(self, *, icons: Mapping[str, str] | None = None, css: str = "", **kwargs: Any):
        super().__init__(**kwargs)
        self.icons = dict(icons or {})
        self.css = css


class Ticks(Chips, forms.CheckboxSelectMultiple):
    """Several choices, shown as chips."""


class DateTimeLocal(forms.DateTimeInput):
    """The browser's own date and time picker; wall clock of the property, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class DateLocal(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class PhotoInput(forms.FileInput):
    """A large photo button: camera or album, shrunk in the browser to 1600 px when it can.

    `multiple` lets several photos be added one after the other; `capture` opens the camera at once.
    """

    def __init__(
        self, *, multiple: bool = False, capture: bool = False, attrs: dict[str, Any] | None = None
    ) -> None:
        self.allow_multiple_selected = multiple
        own: dict[str, Any] = {"accept": "image/*", "data-shrink": ""}
        if capture:
            own["capture"] = "environment"
        if multiple:
            own["multiple"] = True
        super().__init__(attrs=own | (attrs or {}))


class PhotosField(forms.FileField):
    """Several uploads under one name; cleans to a list of files (empty when none came)."""

    widget = PhotoInput

    def __init__(self, *, max_files: int = 9, **kwargs: Any) -> None:
        kwargs.setdefault("widget", PhotoInput(multiple=True))
        super().__init__(**kwargs)
        self.max_files = max_files

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the files; ValidationError for an empty one, too many or none when required."""
        files: Sequence[Any] = data if isinstance(data, list | tuple) else [data] if data else []
        if not files and not self.required:
            return []
        if len(files) > self.max_files:
            raise forms.ValidationError(
                _("一次最多上传 %(most)d 个文件，请分次上传。"),
                code="too_many",
                params={"most": self.max_files},
            )
        return [super(PhotosField, self).clean(file, initial) for file in files or [None]]


class SignatureInput(forms.Widget):
    """A pad to sign on, and a file for a scanned signature where no script runs."""

    template_name = "pd_form/signature_input.html"
    needs_multipart_form = True

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Render with the project's templates, which a form renderer does not look into."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the uploaded scan, else the drawn picture as a PNG data URL, else None."""
        return files.get(f"{name}_scan") or data.get(name) or None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether neither the drawing nor the scan was part of the form."""
        return name not in data and f"{name}_scan" not in files

    def __init__(self, *args: Any, keeps: bool = False, **kwargs: Any) -> None:
        """``keeps``: a drawing comes back in the very answer that refuses its form, and nowhere else."""
        super().__init__(*args, **kwargs)
        self.keeps = keeps

    def format_value(self, value: Any) -> str | None:
        """Return nothing, but for a widget that keeps: a signature is never stored for a page."""
        drawn = self.keeps and isinstance(value, str) and value.startswith(PNG_URL)
        return value if drawn and len(value) <= SIGNATURE_LIMIT * 4 // 3 + len(PNG_URL) else None


class SignatureField(forms.Field):
    """A signature; cleans to a file (a drawn one is named signature.png) or None."""

    widget = SignatureInput
    default_error_messages = {
        "required": _("请签名，或上传签名的照片。"),
        "invalid": _("签名没有传完整，请重新签一次。"),
        "too_large": _("签名文件太大，请重新签一次。"),
    }

    def to_python(self, value: Any) -> ContentFile[bytes] | UploadedFile[Any] | None:
        """Decode a drawn signature; ValidationError when it is broken or too large."""
        if not value or isinstance(value, UploadedFile):
            return value or None
        if len(value) > SIGNATURE_LIMIT * 4 // 3 + len(PNG_URL):
            raise forms.ValidationError(self.error_messages["too_large"], code="too_large")
        try:
            content = base64.b64decode(str(value).removeprefix(PNG_URL), validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if not content.startswith(PNG_MAGIC):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return ContentFile(content, name="signature.png")
