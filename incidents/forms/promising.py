"""Forms of H and I: a time promised or moved, the work, its result."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents import deadlines, queries
from incidents.forms.base import ActForm, area
from incidents.models import REPORTED, Progress, Promise
from propdesk.core import clock_text
from propdesk.core.layouts import Row
from propdesk.core.models import Department
from propdesk.core.moments import MomentField
from propdesk.core.roles import DUTY, standing
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips


class QuickTimes(ActForm):
    """A moment ahead, with the usual ones to pick with one tap."""

    quick_target = "id_due_at"

    def later_than(self) -> datetime:
        """What the proposed moments must lie behind."""
        return timezone.now()

    @property
    def quick_times(self) -> list[tuple[str, str]]:
        """Round moments as (input value, 今天 18:30)."""
        now = timezone.localtime()
        first = max(now, timezone.localtime(self.later_than()))
        start = first.replace(minute=30 * (first.minute // 30), second=0, microsecond=0)
        soon = [start + timedelta(minutes=30 * n) for n in (2, 4, 8)]
        noon = (first + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
        return [
            (f"{moment:%Y-%m-%dT%H:%M}", clock_text.friendly(moment, now))
            for moment in [*soon, noon]
        ]


class WordFields(QuickTimes):
    """A promised time as told to the guest."""

    due_at = MomentField(label=_("承诺完成时间"))
    told_at = MomentField(label=_("告知客户的时间"))
    told_via = forms.ChoiceField(label=_("告知方式"), widget=Chips(css="chips-sm"))
    next_contact_at = MomentField(label=_("下次主动联系"), required=False)

    def prepare(self) -> None:
        self.fields["told_via"].choices = self.vias()  # type: ignore[attr-defined]
        self.initial.setdefault("told_via", self.likely_via())
        self.initial.setdefault("told_at", timezone.now())


class PromiseForm(WordFields):
    """H: a definite time, the department that does it, when the guest was told."""

    submit = _("提交时限")
    guest_text = ("what",)
    hint = _("一经告知不可改写，只能延期并留存原值。")

    department = forms.ModelChoiceField(
        label=_("执行部门"), queryset=Department.objects.none(), empty_label=_("请选择")
    )
    what = CleanTextField(label=_("承诺事项"), widget=area(2), required=False)

    def prepare(self) -> None:
        super().prepare()
        prop = self.complaint.case.property
        departments = Department.objects.filter(property=prop, is_active=True).order_by("name")
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]
        self.initial.setdefault("department", self.complaint.department_id)
        chosen = self.complaint.options.filter(chosen=True).order_by("-cycle").first()
        if chosen is not None:
            self.initial.setdefault("what", chosen.text)

    @cached_property
    def samples(self) -> list[timedelta]:
        """Times to resolution of the category in 90 days."""
        row = self.complaint
        return queries.speed_samples(row.case.property, row.category, timezone.now())

    @property
    def median(self) -> timedelta | None:
        """Their median, from five cases on (C-H)."""
        return deadlines.median(self.samples)

    @property
    def is_tight(self) -> bool:
        """Whether less was promised than such cases mostly took: pointed out, never refused."""
        data = self.cleaned_data
        return deadlines.is_tight(data["due_at"] - data["told_at"], self.samples)

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("due_at", "department"),
            "what",
            Row("told_at", "told_via"),
            "next_contact_at",
        )


class ExtendForm(WordFields):
    """I: another time, why, and when the guest was told."""

    submit = _("登记延期")
    guest_text = ("reason",)
    icon = "calendar-plus"
    hint = _("原时限保留；过了原时限才告知的，原承诺记为未兑现。")

    reason = CleanTextField(label=_("延误原因"), widget=area(2))

    def prepare(self) -> None:
        super().prepare()
        self.fields["due_at"].label = _t("新的完成时间")
        self.fields["told_at"].label = _t("通报客户的时间")
        promise = self.complaint.promises.filter(outcome=Promise.Outcome.OPEN).first()
        if promise is None or promise.seq == 1:
            return
        rows = self.complaint.progress.filter(
            kind__in=[Progress.Kind.ASKED, Progress.Kind.GRANTED], at__gte=promise.created_at
        )
        kinds = set(rows.values_list("kind", flat=True))
        if Progress.Kind.ASKED in kinds:
            asked = queries.wish(self.complaint, "ask_extension")
            self.initial.setdefault("reason", asked.reason)
        if Progress.Kind.GRANTED in kinds:
            granted = queries.wish(self.complaint, "grant_extension")
            self.initial.setdefault("due_at", granted.until)

    def later_than(self) -> datetime:
        """The promise that is moved."""
        return self.complaint.current_due_at or timezone.now()

    def layout(self) -> tuple[Any, ...]:
        return ("reason", Row("due_at", "next_contact_at"), Row("told_at", "told_via"))


class AskExtensionForm(QuickTimes):
    """I: from the second extension on a manager decides; this asks for one."""

    quick_target = "id_wish_at"

    submit = _("请示物业经理")
    icon = "send"
    hint = _("原承诺时间不变，等物业经理答复。请先如实告诉客户正在请示。")

    reason = CleanTextField(label=_("延误原因"), max_length=1000, widget=area(3))
    wish_at = MomentField(label=_("希望延到"))

    def later_than(self) -> datetime:
        """The promise that would be moved."""
        return self.complaint.current_due_at or timezone.now()


class AnswerForm(ActForm):
    """A manager's answer to a request for another extension, which stands above it."""

    @cached_property
    def asked(self) -> queries.Wish:
        """What was asked for, and why."""
        return queries.wish(self.complaint, "ask_extension")


class GrantExtensionForm(AnswerForm):
    submit = _("同意再延期")
    icon = "patch-check"
    hint = _("跟进人会告诉客户，再把新时限登记进来；不能晚于请示的时间。")

    reason = CleanCharField(label=_("意见（可不填）"), max_length=200, required=False)


class DeclineExtensionForm(AnswerForm):
    submit = _("不同意再延期")
    icon = "slash-circle"
    hint = _("原承诺时间不变，理由会告诉跟进人。")

    reason = CleanTextField(label=_("理由"), widget=area(3))


class ProgressForm(ActForm):
    """I: what was done."""

    submit = _("登记进展")
    icon = "journal-text"

    kind = forms.ChoiceField(label=_("类别"), widget=Chips(css="chips-sm"))
    text = CleanTextField(label=_("做了什么"), widget=area(2))
    occurred_at = MomentField(label=_("发生时间"), required=False, help_text=_("不填就是现在。"))

    def prepare(self) -> None:
        kinds = {k: label for k, label in Progress.Kind.choices if k in REPORTED}
        if self.complaint.started_at is None:
            kinds.pop(Progress.Kind.DONE)
            self.initial.setdefault("kind", Progress.Kind.STARTED)
            self.submit = _("登记开工")
        else:
            kinds.pop(Progress.Kind.STARTED)
            self.initial.setdefault("kind", Progress.Kind.PROGRESS)
        if self.complaint.department_done_at is not None:
            kinds.pop(Progress.Kind.DONE, None)
        if self.complaint.department_done_at is None or not self._decides():
            kinds.pop(Progress.Kind.NOT_DONE)
        self.fields["kind"].choices = list(kinds.items())  # type: ignore[attr-defined]

    def _decides(self) -> bool:
        return bool(standing(self.user, self.complaint.case.property).roles & DUTY)


class ResolveForm(ActForm):
    """I: resolved, with a result."""

    submit = _("标记已解决")
    guest_text = ("resolution",)
    icon = "check-lg"

    resolution = CleanTextField(label=_("处理结果"), widget=area(3))
    resolved_at = MomentField(label=_("完成时间"), required=False, help_text=_("不填就是现在。"))
