"""Form field of a definite moment: what the date picker sends and what people type."""

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propdesk.core.widgets import DateTimeLocal

FORMATS = (
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y%m%d %H:%M",
    "%Y%m%d%H%M",
)
FIRST_YEAR, LAST_YEAR = 2000, 2100
# Django takes a bare ISO date for midnight, which nobody promised.
_TIME_OF_DAY = re.compile(r"\d:\d\d|^\s*\d{12}\s*$")


class MomentField(forms.DateTimeField):
    """A date with a time of day, Asia/Shanghai; 尽快 or a bare date is refused (C-H)."""

    widget = DateTimeLocal
    default_error_messages = {
        "invalid": _("请写具体的日期和钟点，例如 2026-11-23 18:30，不写“尽快”“稍后”。"),
        "year": _("年份不对，请核对日期。"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=FORMATS, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and timezone.is_aware(value):
            return timezone.localtime(value)
        return value

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, str) and value.strip() and not _TIME_OF_DAY.search(value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        moment = super().to_python(value)
        if moment is not None and not FIRST_YEAR <= moment.year < LAST_YEAR:
            raise ValidationError(self.error_messages["year"], code="year")
        return moment
