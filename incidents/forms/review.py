"""Forms of J and of the ways back: call-back, summary, closing, reopening, voiding."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents.forms.base import ActForm, ReasonForm, area
from incidents.models import Complaint
from propdesk.core.layouts import Row
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanTextField
from propdesk.core.widgets import Chips

Sat = Complaint.Satisfaction


class CallBackForm(ActForm):
    """J: what the guest says of the result."""

    submit = _("登记回访")
    icon = "telephone-outbound"
    hint = _("“联系不上”要在不同时段试三次，每次相隔2小时以上。")

    satisfaction = forms.ChoiceField(
        label=_("满意度"), choices=Sat.choices, widget=Chips(css="chips-sm")
    )
    comment = CleanTextField(label=_("客户意见（原话）"), widget=area(2), required=False)
    asked_at = MomentField(label=_("回访时间"))
    via = forms.ChoiceField(label=_("回访方式"), widget=Chips(css="chips-sm"))

    def prepare(self) -> None:
        self.fields["via"].choices = self.vias()  # type: ignore[attr-defined]
        if not self.complaint.is_anonymous:
            self.fields["satisfaction"].choices = [  # type: ignore[attr-defined]
                c for c in Sat.choices if c[0] != Sat.NOT_POSSIBLE
            ]
        self.initial.setdefault("asked_at", timezone.now())
        self.initial.setdefault("via", self.likely_via())

    def layout(self) -> tuple[Any, ...]:
        return ("satisfaction", "comment", Row("asked_at", "via"))


class DecideDissatisfiedForm(ReasonForm):
    submit = _("作出决定")

    choice = forms.ChoiceField(
        label=_("决定"),
        choices=[("redo", _("重新处理")), ("close", _("说明理由后可以结案"))],
        widget=Chips(),
    )
    field_order = ["choice", "reason"]

    def prepare(self) -> None:
        self.fields["reason"].label = _t("理由")


class SummaryForm(ActForm):
    """J: what happened, what was done, the result."""

    submit = _("保存经过与结果")

    summary = CleanTextField(label=_("经过与措施"), widget=area(5))
    result = CleanTextField(label=_("处理结果"), widget=area(3))
    lesson = CleanTextField(label=_("改进建议"), widget=area(2), required=False)

    def prepare(self) -> None:
        row = self.complaint
        self.initial.setdefault("summary", row.summary)
        self.initial.setdefault("result", row.result or row.resolution)
        self.initial.setdefault("lesson", row.lesson)


class CloseForm(ActForm):
    submit = _("结案")
    icon = "archive"


class OverrideForm(ReasonForm):
    submit = _("越过门槛并结案")
    danger = True
    icon = "exclamation-triangle"
    hint = _("理由会印在《投诉处理记录》和《事故报告》上。")


class ReopenForm(ReasonForm):
    submit = _("重新处理")
    icon = "arrow-repeat"


class VoidForm(ReasonForm):
    danger = True
    icon = "slash-circle"

    def prepare(self) -> None:
        self.submit = _("确认作废 %(number)s") % {"number": self.complaint.case.number}
