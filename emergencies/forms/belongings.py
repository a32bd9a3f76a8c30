"""遗物: the list of two people, and its handing over against papers and a signature."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.aftermath import RowsForm
from emergencies.forms.base import moment
from emergencies.forms.damage import count, money
from emergencies.forms.together import SecondForm
from emergencies.models import Belonging, Handover
from emergencies.queries import seals
from emergencies.workflow import Receiver, Thing
from emergencies.workflow.belongings import MAX_LINES
from propdesk.core.layouts import Fold, Row, Rows, Section
from propdesk.core.models import IdType
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, PhotoInput, PhotosField, SignatureField, Ticks

PARTS = ("text", "count", "found_in", "in_safe", "denomination", "currency")


class CountBelongingsForm(RowsForm, SecondForm):
    """Line by line; a line with a denomination is cash."""

    submit = _("两人清点完毕")
    icon = "list-check"
    most = MAX_LINES
    start = 8
    is_empty = forms.BooleanField(label=_("没有遗物"), required=False)
    photo = PhotosField(label=_("遗物照片"))
    reason = CleanCharField(label=_("为什么重新清点"), max_length=200)
    counted_at = moment(_("不是刚才，是什么时间清点的"))

    def prepare(self) -> None:
        SecondForm.prepare(self)
        RowsForm.prepare(self)
        if seals.inventory(self.event) is None:
            del self.fields["reason"]

    def line(self, n: int) -> None:
        name = _t("物品 %(n)s") % {"n": n}
        self.fields[f"text_{n}"] = CleanCharField(label=name, max_length=120, required=False)
        self.fields[f"count_{n}"] = count(_("数量或张数"), 99_999, 1)
        self.fields[f"found_in_{n}"] = CleanCharField(
            label=_("在哪里"), max_length=80, required=False
        )
        self.fields[f"in_safe_{n}"] = forms.BooleanField(label=_("已入保险柜"), required=False)
        self.fields[f"denomination_{n}"] = money(_("现金面额"), required=False)
        self.fields[f"currency_{n}"] = CleanCharField(
            label=_("币种（空为人民币）"), max_length=3, required=False
        )

    def layout(self) -> tuple[Any, ...]:
        lines = [
            (
                Row(f"text_{n}", f"count_{n}", css="row-count"),
                Row(f"found_in_{n}", f"in_safe_{n}"),
                Row(f"denomination_{n}", f"currency_{n}", css="row-count"),
            )
            for n in range(1, self.count + 1)
        ]
        again = ("reason",) if "reason" in self.fields else ()
        return (
            *again,
            Rows("things", _t("再加一行"), *lines, show=2),
            "is_empty",
            "photo",
            Section(_t("一起清点的第二个人"), Row("second", "second_password")),
            Fold(_t("不是刚才"), "counted_at"),
            "rows",
        )

    def clean(self) -> dict[str, Any]:
        """The lines that hold something; what is wrong with one the transition says."""
        data = super().clean() or {}
        self.things = []
        for n in range(1, self.count + 1):
            text, number, found_in, in_safe, value, currency = self.given(n, *PARTS)
            if not text and value is None:
                continue
            cash = (currency or "CNY").upper() if value is not None else ""
            thing = Thing(text or "", number or 1, found_in or "", bool(in_safe), cash, value)
            self.things.append(thing)
        return data

    def values(self) -> dict[str, Any]:
        """What the transition takes beside the lines."""
        data = self.cleaned_data
        return {
            "is_empty": data["is_empty"],
            "counted_at": data["counted_at"],
            "reason": data.get("reason", ""),
        }

    def pictures(self) -> list[bytes]:
        return [photo.read() for photo in self.cleaned_data["photo"]]


class HandOverBelongingsForm(SecondForm):
    submit = _("登记移交")
    icon = "box-arrow-right"
    lines = forms.MultipleChoiceField(
        label=_("这次移交哪些"), required=False, widget=Ticks(css="chips-sm")
    )
    to = forms.ChoiceField(
        label=_("移交给"), choices=Handover.To.choices, widget=Chips(css="chips-fill")
    )
    name = CleanCharField(label=_("接收人姓名"), max_length=60)
    phone = CleanCharField(label=_("电话"), max_length=30, required=False)
    id_type = forms.ChoiceField(
        label=_("证件类型"),
        choices=IdType.choices,
        initial=IdType.ID_CARD,
        widget=Chips(css="chips-sm"),
    )
    id_number = CleanCharField(
        label=_("证件号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-no-draft": ""}),
    )
    papers = CleanCharField(
        label=_("凭什么手续"), max_length=120, help_text=_("接收文书或继承公证的编号")
    )
    drawn = SignatureField(label=_("接收人签名"), required=False)
    scan = forms.FileField(
        label=_("或者拍下签好的纸质单"), required=False, widget=PhotoInput(capture=True)
    )
    handed_at = moment(_("不是刚才，是什么时间移交的"))

    def prepare(self) -> None:
        super().prepare()
        rows = seals.lines(self.event).filter(handover=None)
        listed = [(str(row.position), _shown(row)) for row in rows]
        self.fields["lines"].choices = listed  # type: ignore[attr-defined]

    def layout(self) -> tuple[Any, ...]:
        return (
            "lines",
            Section(_t("接收人"), "to", Row("name", "phone"), "id_type", "id_number", "papers"),
            "drawn",
            Fold(_t("签在纸上"), "scan", "handed_at"),
            Section(_t("在场的第二个人"), Row("second", "second_password")),
        )

    def positions(self) -> list[int]:
        return [int(position) for position in self.cleaned_data["lines"]]

    def receiver(self) -> Receiver:
        """Who receives, as the transition takes it."""
        data = self.cleaned_data
        names = ("to", "name", "id_type", "id_number", "papers", "phone", "handed_at")
        drawn, scan = data["drawn"], data["scan"]
        return Receiver(
            **{name: data[name] for name in names},
            drawn=drawn.read() if drawn else b"",
            scan=scan.read() if scan else b"",
            device=self.device,
        )


def _shown(row: Belonging) -> str:
    if row.currency:
        return f"{row.text} {row.currency} {row.denomination:,.2f} ×{row.count}"
    return f"{row.text} ×{row.count}"
