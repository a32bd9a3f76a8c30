"""内含物: what is inside, line by line, and cash by denomination (L-D)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound import categories
from lostfound.forms.base import money
from lostfound.models import FoundItem
from propdesk.core.layouts import Fold, Group, Row, Rows
from propdesk.core.text import CleanCharField

NOTES = ("100", "50", "20", "10", "5", "1", "0.5", "0.1")
"""Yuan in notes and coins, the largest first."""
OTHER = ("HKD", "USD", "EUR", "JPY", "MOP", "TWD", "KRW", "GBP")
Line = dict[str, Any]
"""One line as ``workflow.Content`` takes it: text, count; for money also currency, denomination."""
LINES, FOREIGN, MOST = 16, 3, 9999


def _count(label: Any) -> forms.IntegerField:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=MOST, widget=widget
    )


class ContentFields(forms.Form):
    """Lines of what is inside; ``contents()`` gives them to the workflow."""

    item: FoundItem

    def prepare_contents(self) -> None:
        """Fields by category: things for a container, denominations wherever money may be."""
        self.rule = categories.rule(self.item.category)
        for n in range(1, LINES + 1) if not self.rule.is_cash else ():
            self.fields[f"text_{n}"] = CleanCharField(
                label=_t("内含物 %(n)s") % {"n": n}, max_length=120, required=False
            )
            self.fields[f"count_{n}"] = _count(_("数量"))
        for note in NOTES:
            self.fields[_name(note)] = _count(_t("%(yuan)s元 × 张") % {"yuan": note})
        for n in range(1, FOREIGN + 1):
            self.fields[f"currency_{n}"] = forms.ChoiceField(
                label=_("其他币种"), required=False, choices=[("", "—"), *((c, c) for c in OTHER)]
            )
            self.fields[f"denomination_{n}"] = money(_("面额"), least=Decimal("0.01"))
            self.fields[f"pieces_{n}"] = _count(_("张数"))

    def content_layout(self) -> tuple[Any, ...]:
        """The lines, and the money: open for cash, folded for a purse."""
        money = (
            Group("denominations", *(_name(note) for note in NOTES)),
            Rows(
                "foreign",
                _t("再加一种"),
                *(
                    (Row(f"currency_{n}", f"denomination_{n}", f"pieces_{n}", keep=True),)
                    for n in range(1, FOREIGN + 1)
                ),
                show=0 if not self.rule.is_cash else 1,
            ),
        )
        if self.rule.is_cash:
            return money
        lines = [(Row(f"text_{n}", f"count_{n}", css="row-count"),) for n in range(1, LINES + 1)]
        rows = Rows("contents", _t("再加一行"), *lines, show=2)
        return (rows, Fold(_t("里面有现金：按面额点数"), *money))

    def contents(self) -> tuple[Line, ...]:
        """What was listed; a line that is half filled in gets its sentence."""
        return (*self._things(), *self._yuan(), *self._foreign())

    def _things(self) -> Iterator[Line]:
        for n in range(1, LINES + 1):
            text, count = self.cleaned_data.get(f"text_{n}"), self.cleaned_data.get(f"count_{n}")
            if text:
                yield {"text": text, "count": 1 if count is None else count}
            elif count:
                self.add_error(f"text_{n}", ValidationError(_t("写了数量，请写明是什么。")))

    def _yuan(self) -> Iterator[Line]:
        for note in NOTES:
            count = self.cleaned_data.get(_name(note))
            if count:
                yield _money("CNY", Decimal(note), count)

    def _foreign(self) -> Iterator[Line]:
        for n in range(1, FOREIGN + 1):
            parts = [
                self.cleaned_data.get(f"{name}_{n}")
                for name in ("currency", "denomination", "pieces")
            ]
            if all(parts):
                yield _money(*parts)
            elif any(parts):
                self.add_error(f"currency_{n}", ValidationError(_t("币种、面额、张数要一起填。")))

    def yuan(self) -> Decimal:
        """What the notes and coins in yuan come to."""
        return sum((c["denomination"] * c["count"] for c in self._yuan()), Decimal(0))


def _money(currency: Any, denomination: Any, count: Any) -> Line:
    return {"text": "", "currency": currency, "denomination": denomination, "count": count}


def _name(note: str) -> str:
    return f"cny_{note.replace('.', '_')}"
