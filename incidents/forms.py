"""One form per act on a complaint; it checks what was typed, the workflow decides."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents import deadlines, queries
from incidents.models import (
    CONDUCT,
    Channel,
    Complaint,
    Correction,
    Progress,
    Severity,
    Via,
)
from incidents.sop import steps
from propdesk.core import clock_text, duty, masks, places
from propdesk.core.layouts import Actions, Fold, Group, Row, Rows, helper
from propdesk.core.models import Department, Honorific, Person, Place, Property, User
from propdesk.core.moments import MomentField
from propdesk.core.persons import Guest
from propdesk.core.roles import DUTY, Role, standing
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, PhotosField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

Sat = Complaint.Satisfaction
TOLD = [choice for choice in Via.choices if choice[0] != Via.NOT_POSSIBLE]


def area(rows: int = 3, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class ActForm(forms.Form):
    """Base of every act: knows the complaint and who acts; ``submit`` is its button."""

    submit: "str | StrPromise" = _("提交")
    icon = "check2-circle"
    danger = False
    hint: "str | StrPromise" = ""
    guest_text: tuple[str, ...] = ()
    """Fields whose words the guest may read or hear: checked for blame (C-E)."""
    use_required_attribute = False

    def __init__(self, *args: Any, complaint: Complaint, user: User, **kwargs: Any) -> None:
        self.complaint, self.user = complaint, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        self.helper.layout.append(
            Actions(str(self.submit), icon=self.icon, danger=self.danger, hint=str(self.hint))
        )

    def prepare(self) -> None:
        """Fill in choices and proposals that depend on the complaint."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()

    def likely_via(self) -> str:
        """How this guest is probably told: as he complained."""
        if self.complaint.is_anonymous:
            return Via.NOT_POSSIBLE
        channel = self.complaint.channel
        return channel if channel in Via.values else Via.PHONE

    def vias(self) -> list[tuple[str, Any]]:
        """Ways to tell the guest; 不适用 only stands there for an anonymous complaint."""
        return list(Via.choices) if self.complaint.is_anonymous else TOLD


class GuestFields(forms.Form):
    """Who the guest is, as on intake, F and 更正客户资料."""

    name = CleanCharField(label=_("客户姓名"), max_length=60, required=False)
    honorific = forms.ChoiceField(
        label=_("称呼"), choices=Honorific.choices, required=False, widget=Chips(css="chips-sm")
    )
    phone = CleanCharField(label=_("电话"), max_length=30, required=False)
    kind = forms.ChoiceField(
        label=_("身份"), choices=Person.Kind.choices, required=False, widget=Chips(css="chips-sm")
    )


def guest_of(data: dict[str, Any], room: Place | None) -> Guest:
    """The guest as cleaned form data describe him."""
    return Guest(
        name=data["name"],
        honorific=data["honorific"],
        phone=data["phone"],
        kind=data.get("kind") or Person.Kind.RESIDENT,
        room=room,
    )


class IntakeForm(GuestFields):
    """登记投诉: one box to type in; the rest is preset or may follow."""

    room = CleanCharField(label=_("房号或地点"), max_length=60, required=False)
    words = CleanTextField(label=_("客户怎么说"), widget=area(4))
    severity = forms.ChoiceField(
        label=_("等级"),
        choices=Severity.choices,
        initial=Severity.NORMAL,
        widget=Chips(css="chips-fill"),
    )
    channel = forms.ChoiceField(
        label=_("投诉方式"), choices=Channel.choices, initial=Channel.IN_PERSON, widget=Chips()
    )
    is_anonymous = forms.BooleanField(label=_("客户不愿留名（匿名）"), required=False)
    anonymous_reason = CleanCharField(label=_("匿名说明"), max_length=200, required=False)
    received_at = MomentField(
        label=_("受理时间（补录时填写）"),
        required=False,
        help_text=_("不填就是现在。补录的时间与登记时间会同时显示。"),
    )
    token = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    guest_token = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    field_order = ["room", "name", "honorific", "phone", "words", "severity", "channel"]
    use_required_attribute = False

    def __init__(self, *args: Any, prop: Property, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prop = prop
        del self.fields["kind"]
        self.fields["room"].widget.attrs |= {"autofocus": True, "autocomplete": "off"}
        self.fields["name"].widget.attrs["autocomplete"] = "off"
        if self["guest_token"].value():
            self.fields["phone"].widget.attrs["placeholder"] = _t("沿用登记过的号码")
        self.fields["words"].widget.attrs["placeholder"] = _t(
            "一句话即可，例如：空调有异响，两晚没睡好"
        )
        self.helper = helper(
            self,
            Row("room", "name"),
            Row("honorific", "phone"),
            "words",
            Row("severity", "channel"),
            Fold(_t("匿名、补录"), "is_anonymous", "anonymous_reason", "received_at"),
            "token",
            "guest_token",
            submit_label=_t("登记，开始处理"),
            icon="check2-circle",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("is_anonymous") and not data.get("anonymous_reason"):
            self.add_error("anonymous_reason", _t("匿名投诉请写明说明。"))
        room = data.get("room", "")
        data["place"] = places.find(self.prop, room) if room else None
        data["place_note"] = "" if data["place"] else room
        return data


class ConductForm(ActForm):
    """A–E in one go: each said and done, or not applicable with the reason."""

    submit = _("确认谈话要领")

    private_talk = forms.ChoiceField(
        label=_("是否单独会谈"),
        choices=Complaint.PrivateTalk.choices,
        required=False,
        widget=Chips(css="chips-sm"),
    )
    private_talk_reason = CleanCharField(
        label=_("未能单独会谈的原因"), max_length=200, required=False
    )

    def prepare(self) -> None:
        answered = {row.letter: row for row in self.complaint.steps.all()}
        default = "" if self.complaint.channel == Channel.IN_PERSON else "not_applicable"
        self.initial.setdefault("private_talk", self.complaint.private_talk or default)
        self.initial.setdefault("private_talk_reason", self.complaint.private_talk_reason)
        for letter in CONDUCT:
            row = answered.get(letter)
            step = steps()[letter]
            self.fields[f"tick_{letter}"] = forms.ChoiceField(
                label=f"{letter} {step.title.zh}",
                help_text=step.tick.zh if step.tick else "",
                choices=[("yes", _("做到了")), ("na", _("不适用"))],
                required=False,
                widget=Chips(css="chips-sm"),
                initial="" if row is None else ("yes" if row.done else "na"),
            )
            self.fields[f"reason_{letter}"] = CleanCharField(
                label=_("%(letter)s 不适用的原因") % {"letter": letter},
                max_length=200,
                required=False,
                initial=row.reason if row else "",
            )

    def layout(self) -> tuple[Any, ...]:
        rows: list[Any] = []
        for letter in CONDUCT:
            rows.append(Row(f"tick_{letter}", f"reason_{letter}", css="na"))
            if letter == "B":
                rows.append(Row("private_talk", "private_talk_reason", css="na"))
        return (Group("conduct", *rows),)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(f"tick_{letter}") for letter in CONDUCT):
            raise ValidationError(_("请至少确认一项。"))
        return data


class KnownGuestFields(GuestFields):
    """A guest who is on record: his number is shown masked, and stays unless typed anew."""

    complaint: Complaint

    def masked_phone(self) -> str:
        """The number as a screen may show it; the whole one takes 查看完整号码, with a reason."""
        return masks.phone(self.complaint.guest.phone)

    def clean_phone(self) -> str:
        """What was typed, or the number on record when its mask came back untouched."""
        typed: str = self.cleaned_data["phone"]
        return self.complaint.guest.phone if typed == self.masked_phone() else typed


class RecordForm(KnownGuestFields, ActForm):
    """F: the points, read back to the guest; frozen once complete."""

    submit = _("完成记录")
    hint = _("完成后原文不可改，只能追加更正。")

    room = CleanCharField(label=_("房号或地点"), max_length=60, required=False)
    place_note = CleanCharField(
        label=_("具体位置"),
        max_length=120,
        required=False,
        help_text=_("例如：主卧、B1 车库 23 号位"),
    )
    category = forms.ChoiceField(
        label=_("投诉类别"), choices=Complaint.Category.choices, widget=Chips(css="chips-sm")
    )
    severity = forms.ChoiceField(
        label=_("等级"), choices=Severity.choices, widget=Chips(css="chips-fill")
    )
    occurred_at = MomentField(label=_("发生时间"), required=False)
    key_points = CleanTextField(label=_("要点记录"), widget=area(5))
    core_issue = CleanTextField(label=_("问题症结"), widget=area(2))
    expectation = CleanTextField(label=_("客户诉求"), widget=area(2))
    read_back = forms.BooleanField(label=_("要点已念给客户核对"), required=False)
    read_back_reason = CleanCharField(label=_("未核对的原因"), max_length=200, required=False)
    is_anonymous = forms.BooleanField(label=_("匿名投诉"), required=False)
    anonymous_reason = CleanCharField(label=_("匿名说明"), max_length=200, required=False)

    def prepare(self) -> None:
        row, guest = self.complaint, self.complaint.guest
        known = {
            "name": guest.name,
            "honorific": guest.honorific,
            "phone": self.masked_phone(),
            "kind": guest.kind,
            "room": row.place.code or row.place.label if row.place else row.place_note,
            "place_note": row.place_note if row.place else "",
            "category": row.category,
            "severity": row.severity,
            "occurred_at": row.occurred_at,
            "key_points": row.key_points or row.opening_words,
            "core_issue": row.core_issue,
            "expectation": row.expectation,
            "is_anonymous": row.is_anonymous,
            "anonymous_reason": row.anonymous_reason,
        }
        for name, value in known.items():
            self.initial.setdefault(name, value)

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("name", "honorific"),
            Row("phone", "kind"),
            Row("room", "place_note"),
            "category",
            Row("severity", "occurred_at"),
            "key_points",
            Row("core_issue", "expectation"),
            Row("read_back", "read_back_reason", css="unless-checked"),
            Fold(_t("客户不愿留名"), "is_anonymous", "anonymous_reason"),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        room = data.get("room", "")
        place = places.find(self.complaint.case.property, room) if room else None
        data["place"] = place
        if room and place is None:
            data["place_note"] = " ".join(filter(None, [room, data.get("place_note", "")]))[:120]
        return data


class CorrectionForm(ActForm):
    """更正 one frozen field; the original stays beside it."""

    submit = _("追加更正")

    field = forms.ChoiceField(label=_("更正哪一项"), choices=Correction.Field.choices)
    text = CleanTextField(label=_("更正为"), widget=area(3))


class OfferForm(ActForm):
    """G: up to three solutions at once."""

    submit = _("提出方案")
    guest_text = ("text_1", "text_2", "text_3")
    hint = _("超出权限的方案会先请物业经理批准。")
    ROWS = 3

    def prepare(self) -> None:
        limit = self.complaint.case.property.settings.dm_limit_yuan
        for n in range(1, self.ROWS + 1):
            self.fields[f"text_{n}"] = CleanTextField(
                label=_("方案 %(n)s") % {"n": n}, widget=area(2), required=n == 1
            )
            self.fields[f"limits_{n}"] = CleanCharField(
                label=_("时间与限制"), max_length=200, required=False
            )
            self.fields[f"cost_{n}"] = forms.DecimalField(
                label=_("费用（元）"),
                min_value=0,
                max_digits=10,
                decimal_places=2,
                required=False,
                help_text=_("超过 %(limit)s 元须先批准") % {"limit": f"{limit:,.0f}"},
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )
            self.fields[f"beyond_{n}"] = forms.BooleanField(label=_("超出我的权限"), required=False)
        self.fields["feasible"] = forms.BooleanField(
            label=_("以上方案都确认办得到"),
            error_messages={"required": _t("办不到的不要提，请先确认。")},
        )

    def layout(self) -> tuple[Any, ...]:
        rows = [
            (f"text_{n}", Row(f"limits_{n}", f"cost_{n}"), f"beyond_{n}")
            for n in range(1, self.ROWS + 1)
        ]
        return (Rows("offers", _t("再加一种方案"), *rows, show=2), "feasible")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        numbers = range(1, self.ROWS + 1)
        data["offers"] = [
            {
                "text": data[f"text_{n}"],
                "limits": data.get(f"limits_{n}", ""),
                "cost": data.get(f"cost_{n}") or Decimal(0),
                "beyond_authority": data.get(f"beyond_{n}", False),
            }
            for n in numbers
            if data.get(f"text_{n}")
        ]
        return data


class TellForm(ActForm):
    """告知客户: when and how the options were told."""

    submit = _("已告知客户")
    icon = "megaphone"

    told_at = MomentField(label=_("告知时间"))
    told_via = forms.ChoiceField(label=_("告知方式"), widget=Chips(css="chips-sm"))
    single_reason = CleanCharField(
        label=_("仅一种方案的原因"),
        max_length=200,
        required=False,
        help_text=_("只有一种方案时必填。"),
    )

    def prepare(self) -> None:
        self.fields["told_via"].choices = self.vias()  # type: ignore[attr-defined]
        self.initial.setdefault("told_via", self.likely_via())
        self.initial.setdefault("told_at", timezone.now())

    def layout(self) -> tuple[Any, ...]:
        return (Row("told_at", "told_via"), "single_reason")


class ChooseForm(ActForm):
    """客户选定: one of the options told in this round."""

    submit = _("登记客户选择")
    icon = "hand-index-thumb"

    option = forms.TypedChoiceField(label=_("客户选定的方案"), coerce=int, widget=Chips())
    chosen_at = MomentField(label=_("选定时间"))

    def prepare(self) -> None:
        told = self.complaint.options.filter(
            cycle=self.complaint.cycle, told_at__isnull=False, withdrawn_at=None
        ).order_by("position")
        self.fields["option"].choices = [(o.pk, f"{o.position} {o.text}") for o in told]  # type: ignore[attr-defined]
        self.initial.setdefault("chosen_at", timezone.now())


class ReasonForm(ActForm):
    """Any act that needs nothing but a reason."""

    reason = CleanTextField(label=_("原因"), widget=area(3))


class RefuseForm(ReasonForm):
    submit = _("登记客户不接受")
    icon = "slash-circle"
    hint = _("登记后由物业经理决定下一步。")


class DecideRefusalForm(ReasonForm):
    """物业经理 decides after a refusal."""

    submit = _("作出决定")

    choice = forms.ChoiceField(
        label=_("决定"),
        choices=[("new_options", _("重新提出方案")), ("proceed", _("按其中一个方案办理"))],
        widget=Chips(),
    )
    option = forms.TypedChoiceField(
        label=_("按哪个方案"), coerce=int, empty_value=None, required=False, widget=Chips()
    )
    field_order = ["choice", "option", "reason"]

    def prepare(self) -> None:
        told = self.complaint.options.filter(
            cycle=self.complaint.cycle, told_at__isnull=False, withdrawn_at=None
        ).order_by("position")
        self.fields["option"].choices = [(o.pk, f"{o.position} {o.text}") for o in told]  # type: ignore[attr-defined]
        self.fields["reason"].label = _t("理由")


class WordFields(ActForm):
    """A promised time as told to the guest."""

    due_at = MomentField(label=_("承诺完成时间"))
    told_at = MomentField(label=_("告知客户的时间"))
    told_via = forms.ChoiceField(label=_("告知方式"), widget=Chips(css="chips-sm"))
    next_contact_at = MomentField(label=_("下次主动联系"), required=False)

    def prepare(self) -> None:
        self.fields["told_via"].choices = self.vias()  # type: ignore[attr-defined]
        self.initial.setdefault("told_via", self.likely_via())
        self.initial.setdefault("told_at", timezone.now())

    @property
    def quick_times(self) -> list[tuple[str, str]]:
        """Round moments to pick with one tap, as (input value, 今天 18:30)."""
        now = timezone.localtime()
        start = now.replace(minute=30 * (now.minute // 30), second=0, microsecond=0)
        soon = [start + timedelta(minutes=30 * n) for n in (2, 4, 8)]
        noon = (now + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
        return [
            (f"{moment:%Y-%m-%dT%H:%M}", clock_text.friendly(moment, now))
            for moment in [*soon, noon]
        ]


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
    def median(self) -> timedelta | None:
        """Median time to resolution of the category in 90 days, from five cases on (C-H)."""
        row = self.complaint
        samples = queries.speed_samples(row.case.property, row.category, timezone.now())
        enough = len(samples) >= deadlines.TIGHT_SAMPLES
        return sorted(samples)[len(samples) // 2] if enough else None

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

    def layout(self) -> tuple[Any, ...]:
        return ("reason", Row("due_at", "next_contact_at"), Row("told_at", "told_via"))


class ProgressForm(ActForm):
    """I: what was done."""

    submit = _("登记进展")
    icon = "journal-text"

    kind = forms.ChoiceField(label=_("类别"), widget=Chips(css="chips-sm"))
    text = CleanTextField(label=_("做了什么"), widget=area(2))
    occurred_at = MomentField(label=_("发生时间"), required=False, help_text=_("不填就是现在。"))

    def prepare(self) -> None:
        kinds = dict(Progress.Kind.choices)
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


class HandOverForm(ReasonForm):
    submit = _("办理移交")
    icon = "arrow-left-right"

    to = forms.ModelChoiceField(
        label=_("移交给"), queryset=User.objects.none(), empty_label=_("请选择")
    )
    field_order = ["to", "reason"]

    def prepare(self) -> None:
        prop = self.complaint.case.property
        people = duty.holders(
            prop, Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER
        ).exclude(pk=self.complaint.owner_id)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class SeverityForm(ReasonForm):
    submit = _("调整等级")

    severity = forms.ChoiceField(
        label=_("等级"), choices=Severity.choices, widget=Chips(css="chips-fill")
    )
    field_order = ["severity", "reason"]

    def prepare(self) -> None:
        self.initial.setdefault("severity", self.complaint.severity)


class SecurityForm(ActForm):
    submit = _("请保安部立即到场")
    danger = True
    icon = "shield-exclamation"

    reason = CleanCharField(label=_("现场情况（可不填）"), max_length=200, required=False)


class ArrivedForm(ActForm):
    submit = _("保安部已到场")

    outcome = CleanCharField(label=_("情况"), max_length=40)


class GuestForm(KnownGuestFields, ReasonForm):
    submit = _("保存客户资料")

    field_order = ["name", "honorific", "phone", "kind", "reason"]

    def prepare(self) -> None:
        guest = self.complaint.guest
        self.initial.setdefault("phone", self.masked_phone())
        for name in ("name", "honorific", "kind"):
            self.initial.setdefault(name, getattr(guest, name))


class UnmaskForm(ActForm):
    submit = _("查看完整号码")
    icon = "eye"
    hint = _("显示60秒，并记录谁、何时、为何查看。")

    reason = CleanCharField(label=_("事由"), max_length=200)


class PhotoForm(ActForm):
    submit = _("上传照片")
    icon = "camera"

    photo = PhotosField(
        label=_("照片"), max_files=6, error_messages={"required": _("请选择要上传的照片。")}
    )
    caption = CleanCharField(label=_("说明"), max_length=80, required=False)


class RemovePhotoForm(ReasonForm):
    submit = _("撤下照片")
    danger = True


class LinkForm(ActForm):
    submit = _("关联")
    icon = "link-45deg"

    number = CleanCharField(label=_("对方编号"), max_length=20, help_text="TS-20261123-004")
    note = CleanCharField(label=_("说明"), max_length=200, required=False)


class DecideOptionForm(ActForm):
    submit = _("作出决定")

    approve = forms.ChoiceField(
        label=_("决定"), choices=[("yes", _("批准")), ("no", _("不批准"))], widget=Chips()
    )
    note = CleanCharField(label=_("意见"), max_length=200, required=False)


class WithdrawForm(ActForm):
    submit = _("撤回这个方案")
