"""The days somebody asks about."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from propdesk.core.periods import FIRST_YEAR, LAST_YEAR, LONGEST, Period
from propdesk.core.widgets import DateLocal

FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
_DAY = DateLocal(attrs={"class": "form-control"})


class PeriodForm(forms.Form):
    """First and last day, both counted; at most 366 days."""

    first = forms.DateField(label=_("从"), widget=_DAY, input_formats=FORMATS)
    last = forms.DateField(label=_("到"), widget=_DAY, input_formats=FORMATS)

    def _in_reach(self, name: str) -> date:
        day: date = self.cleaned_data[name]
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise forms.ValidationError(_("年份不对，请核对日期。"))
        return day

    def clean_first(self) -> date:
        return self._in_reach("first")

    def clean_last(self) -> date:
        return self._in_reach("last")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last:
            if last < first:
                self.add_error("last", _("止日不能早于起日。"))
            elif last - first >= LONGEST:
                self.add_error("last", _("一次最多看 366 天，请把日期改近一些。"))
        return data

    def period(self) -> Period:
        """The days that were asked for; only of a valid form."""
        return Period(self.cleaned_data["first"], self.cleaned_data["last"])
