"""The form of one step, made from the playbook: its typed fields and the proof it asks for."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import PHONE, ActForm, ReasonForm, area, moment
from emergencies.playbooks import conditions
from emergencies.playbooks.schema import FieldType, Step, StepField, Whose
from emergencies.queries import board, cells
from emergencies.workflow import Proof
from propdesk.core.layouts import Fold, Group
from propdesk.core.moments import MomentField
from propdesk.core.persons import Guest
from propdesk.core.report_forms import check_password_of
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal, DateTimeLocal, PhotosField, SignatureField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

T = FieldType
YES_NO = [("yes", _("是")), ("no", _("否"))]
OTHER = "_other"
"""Ending of the text beside a list of people, for whom is not in it."""


def _text(spec: StepField, **options: Any) -> forms.Field:
    return CleanCharField(max_length=200, **options)


def _long(spec: StepField, **options: Any) -> forms.Field:
    return CleanTextField(widget=area(2), max_length=2000, **options)


def _number(spec: StepField, **options: Any) -> forms.Field:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "data-stepper": ""})
    return forms.IntegerField(min_value=0, max_value=99999, widget=widget, **options)


def _money(spec: StepField, **options: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=2, widget=widget, **options
    )


def _moment(spec: StepField, **options: Any) -> forms.Field:
    return MomentField(widget=DateTimeLocal(attrs={"data-now": _t("现在")}), **options)


def _choice(spec: StepField, **options: Any) -> forms.Field:
    choices = YES_NO if spec.type == T.BOOL else [(o.code, o.zh) for o in spec.options]
    return forms.ChoiceField(choices=choices, widget=Chips(css="chips-sm"), **options)


MAKE: dict[FieldType, Callable[..., forms.Field]] = {
    T.TEXT: _text,
    T.LONG_TEXT: _long,
    T.NUMBER: _number,
    T.MONEY: _money,
    T.TIME: _moment,
    T.DATE: lambda spec, **options: forms.DateField(widget=DateLocal(), **options),
    T.CHOICE: _choice,
    T.BOOL: _choice,
    T.PERSON: _choice,
}


class StepForm(ActForm):
    """完成 or 登记一次: what the playbook asks for stands open, the rest under a fold."""

    submit: "str | StrPromise" = _("完成")
    first: tuple[str, str] | None = None
    """What has to be written down elsewhere before: the sentence and the address."""
    text = CleanTextField(label=_("做了什么"), widget=area(2), max_length=2000, required=False)
    photo = PhotosField(label=_("照片"), required=False)
    contact_name = CleanCharField(label=_("联系到谁"), max_length=60, required=False)
    contact_phone = CleanCharField(
        label=_("对方电话"),
        max_length=30,
        required=False,
        validators=[RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000。"))],
    )
    password = forms.CharField(
        label=_("本人签名：登录密码"),
        required=False,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    signature = SignatureField(label=_("或请对方在屏幕上签"), required=False)
    occurred_at = moment()

    def __init__(
        self,
        *args: Any,
        step: Step,
        facts: conditions.Answers,
        people: "list[tuple[str, str]]",
        once: bool = False,
        **kwargs: Any,
    ) -> None:
        self.step, self.people, self.once = step, people, once
        self.facts = facts
        self.hanging: list[forms.Field] = []
        self.specs = [f for f in step.fields if conditions.evaluate(f.when, facts) is not False]
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        if self.once:
            self.submit = _("登记这一次")
        for spec in self.specs:
            name = f"field_{spec.key}"
            if spec.type == T.PERSON:
                self._person(name, spec)
                continue
            field = MAKE[spec.type](spec, label=spec.zh, required=self._asked_for(spec))
            if spec.when is not None and spec.when.field:
                field.widget.attrs |= _only_when(spec)
                self.hanging += [field] if spec.required else []
            self.fields[name] = field
        self._proofs()

    def _asked_for(self, spec: StepField) -> bool:
        """Whether it must be filled in whatever stands in the other fields."""
        return spec.required and conditions.evaluate(spec.when, self.facts) is True

    def full_clean(self) -> None:
        """A field that hangs on another is marked as required, and demanded by the workflow alone."""
        for field in self.hanging:
            field.required = False
        super().full_clean()
        for field in self.hanging:
            field.required = True

    def _proofs(self) -> None:
        """What the playbook asks for besides the fields, and in whose words."""
        wanted = set(self.step.evidence)
        if not self.once:
            self.fields["photo"].required = bool(wanted & {"photo", "file"})
            self.fields["contact_name"].required = "contact" in wanted
        self.fields["text"].required = not self.specs and (self.once or "text" in wanted)
        if self._has_signature and "contact" not in self.step.evidence:
            self.fields["contact_name"].label = _("请谁签名（员工本人签不填）")
        if not self._has_signature:
            del self.fields["signature"]
        if "signature" not in self.step.evidence:
            del self.fields["password"]
        if {"photo", "file"} & set(self.step.evidence):
            self.fields["photo"].help_text = _t("这一步必须有照片。")
        if self._guest_signs:
            self.fields["contact_name"].label = _("请谁签名")
            self.fields["signature"].label = _("请对方在屏幕上签")
            self.fields["signature"].help_text = _t("必填：在屏幕上签，或拍下签好的纸。")
            self.fields["photo"].label = _("照片（签在纸上的，拍下签好的纸）")

    def _person(self, name: str, spec: StepField) -> None:
        listed, must = self._offered(spec), self._asked_for(spec)
        by_name = spec.who is not Whose.STAFF
        if listed:
            # Either of two fields will do, so neither is marked; the sentence says that one is wanted.
            said = _t("必填：从列表里选，或写在下一格。") if must and by_name else ""
            choices = [("", _t("请选择")), *listed]
            self.fields[name] = forms.ChoiceField(
                label=spec.zh, choices=choices, required=must and not by_name, help_text=said
            )
        if by_name:
            other = _t("%(who)s：不在列表里") % {"who": spec.zh} if listed else spec.zh
            self.fields[name + OTHER] = CleanCharField(
                label=other,
                max_length=60,
                required=must and not listed,
                help_text=_t("写姓名，或者单位、工号、警号。"),
            )

    def _offered(self, spec: StepField) -> list[Any]:
        """Who can be meant; of staff the people of the role the step is about stand first."""
        if spec.who is Whose.OFFICIAL:
            return []
        staff = [row for row in self.people if row[0].startswith(f"{cells.USER}:")]
        if spec.who is Whose.CONCERNED:
            return [row for row in self.people if row not in staff]
        if spec.who is None:
            return self.people
        if spec.role is None:
            return staff
        first = board.holding(self.event.case.property, spec.role)
        own = [row for row in staff if int(row[0].partition(":")[2]) in first]
        rest = [row for row in staff if row not in own]
        groups = [(str(spec.role.label), own), (_t("其他同事"), rest)]
        return [group for group in groups if group[1]]

    @property
    def _has_signature(self) -> bool:
        return "signature" in self.step.evidence or self._guest_signs

    @property
    def _guest_signs(self) -> bool:
        """He himself, not a colleague with a password."""
        return "guest_signature" in self.step.evidence

    def layout(self) -> tuple[Any, ...]:
        """Own fields first, then the proof that is asked for; the rest folds."""
        wanted = set(self.step.evidence)
        own = [name for name in self.fields if name.startswith("field_")]
        shown: list[Any] = [*own]
        folded: list[str] = []
        for name, asked in (
            ("text", "text" in wanted or not own),
            ("photo", bool(wanted & {"photo", "file", "guest_signature"})),
            ("contact_name", bool(wanted & {"contact", "signature", "guest_signature"})),
            ("contact_phone", "contact" in wanted),
            ("occurred_at", False),
        ):
            (shown if asked else folded).append(name)
        if self._has_signature:
            ways = [name for name in ("password", "signature") if name in self.fields]
            shown.append(Group("sign-ways", *ways))
        return (*shown, Fold(_t("补充：说明、照片、时间"), *folded))

    def clean(self) -> dict[str, Any]:
        """A wrong password is counted, so that nobody guesses it at a desk left open."""
        data = super().clean() or {}
        check_password_of(self, self.user, "password", by=self.user)
        return data

    def values(self) -> dict[str, Any]:
        """Typed fields by key, as they are kept; what was left empty is left out."""
        data = self.cleaned_data
        found: dict[str, Any] = {}
        for spec in self.specs:
            name = f"field_{spec.key}"
            typed = data.get(name + OTHER)
            value = typed or data.get(name)
            if value not in (None, ""):
                found[spec.key] = typed or _kept(spec, value)
        return found

    def proof(self) -> Proof:
        """What proves the step."""
        data = self.cleaned_data
        named = data["contact_name"] or data["contact_phone"]
        return Proof(
            text=data["text"],
            values=self.values(),
            occurred_at=data["occurred_at"],
            pictures=[photo.read() for photo in data["photo"]],
            contact=Guest(name=data["contact_name"], phone=data["contact_phone"], kind="outsider")
            if named
            else None,
            password=data.get("password", ""),
            drawn=data["signature"].read() if data.get("signature") else b"",
        )


def _only_when(spec: StepField) -> dict[str, str]:
    """For the browser: the field shows while another one has one of these values."""
    when = spec.when
    if when is None:
        return {}
    wanted = when.in_ or (when.is_,)
    said = [{True: "yes", False: "no"}.get(v, v) if isinstance(v, bool) else v for v in wanted]
    return {"data-when": f"field_{when.field}", "data-when-is": " ".join(map(str, said))}


def _kept(spec: StepField, value: Any) -> Any:
    if spec.type == T.BOOL:
        return value == "yes"
    if spec.type == T.PERSON:
        return _reference(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def _reference(value: str) -> Any:
    """``{"user": 12}`` or ``{"person": 7}`` for whom the list names, else the words as typed."""
    kind, _sep, key = value.partition(":")
    return {kind: int(key)} if kind in (cells.USER, cells.PERSON) and key.isdigit() else value


class SkipForm(ReasonForm):
    submit = _("登记不需要")
    icon = "dash-circle"


class AgainForm(ActForm):
    submit = _("仍然有效")
    icon = "arrow-clockwise"
