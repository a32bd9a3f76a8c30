"""Forms of the papers of an event: one made from the paper's definition, and those of its signatures."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.playbooks import conditions
from emergencies.playbooks.records import Form, FormField
from emergencies.playbooks.vocabulary import FieldType, Whose
from emergencies.queries import prefill
from emergencies.workflow import Outside
from propdesk.core.layouts import Actions, Fold, Row, helper
from propdesk.core.models import Person, User
from propdesk.core.moments import MomentField
from propdesk.core.persons import Guest
from propdesk.core.report_forms import SignForm
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal, PhotoInput, SignatureField

T = FieldType
YES_NO = [("yes", _("是")), ("no", _("否"))]
OTHER = "_other"
"""Ending of the text beside a list of people, for whom is not in it."""
HERE, PAPER = "here", "paper"
Choices = list[tuple[str, str]]


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _number(**options: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "numeric"})
    return forms.IntegerField(min_value=0, max_value=99999, widget=widget, **options)


def _money(**options: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=2, widget=widget, **options
    )


MAKE: dict[str, Callable[..., forms.Field]] = {
    T.TEXT: lambda **options: CleanCharField(max_length=200, **options),
    T.LONG_TEXT: lambda **options: CleanTextField(widget=_area(4), **options),
    T.NUMBER: _number,
    T.MONEY: _money,
    T.TIME: lambda **options: MomentField(**options),
    T.DATE: lambda **options: forms.DateField(widget=DateLocal(), **options),
}


class RecordForm(forms.Form):
    """One paper: every field of its definition but the tables, which come from their registers.

    Nothing is required here: a draft may have gaps, the submit lists them. ``people`` are those on
    record with the event, ``staff`` the colleagues; a name that is in neither list is typed.
    """

    use_required_attribute = False

    def __init__(
        self,
        *args: Any,
        spec: Form,
        facts: conditions.Answers,
        people: Mapping[int, str],
        staff: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.staff = people, staff
        arise = prefill.applies(spec, {}, facts)
        self.specs = [f for f in spec.fields if f.type != "table" and arise[f.key] is not False]
        for each in self.specs:
            self._add(each)
        self.helper = helper(self, *self._rows(), submit_label="")
        self.helper.layout.append(Actions(_t("保存记录"), draft=True))

    def _add(self, spec: FormField) -> None:
        name = f"f_{spec.key}"
        options: dict[str, Any] = {"label": spec.zh, "required": False}
        if not spec.required:
            options["label"] = _t("%(label)s（没有就不填）") % {"label": spec.zh}
        if spec.type == T.PERSON:
            self._person(name, spec, options)
        elif spec.type in (T.CHOICE, T.BOOL):
            choices = [(o.code, o.zh) for o in spec.options] or YES_NO
            widget = Chips(css="chips-sm")
            self.fields[name] = forms.ChoiceField(choices=choices, widget=widget, **options)
        else:
            self.fields[name] = MAKE[spec.type](**options)
        when = spec.when
        if when is not None and when.field:
            wanted = when.in_ or (when.is_,)
            said = [
                {True: "yes", False: "no"}.get(v, v) if isinstance(v, bool) else v for v in wanted
            ]
            marks = {"data-when": f"f_{when.field}", "data-when-is": " ".join(map(str, said))}
            for each in (name, name + OTHER):
                if each in self.fields:
                    self.fields[each].widget.attrs |= marks

    def _person(self, name: str, spec: FormField, options: Mapping[str, Any]) -> None:
        listed = self._offered(spec)
        if listed:
            choices = [("", _t("请选择")), *listed]
            self.fields[name] = forms.ChoiceField(choices=choices, **options)
        if spec.who is not Whose.STAFF:
            other = _t("%(who)s：不在列表里") % {"who": spec.zh} if listed else options["label"]
            self.fields[name + OTHER] = CleanCharField(label=other, max_length=60, required=False)

    def _offered(self, spec: FormField) -> Choices:
        """Who can be meant: a guest or an official is never one of the staff."""
        guests = [(f"person:{pk}", name) for pk, name in self.people.items()]
        staff = [(f"user:{pk}", name) for pk, name in self.staff.items()]
        if spec.who is Whose.STAFF:
            return staff
        return guests if spec.who is not None else [*guests, *staff]

    def _rows(self) -> list[Any]:
        """Short fields in pairs, people beside their typed name, long ones alone."""
        found: list[Any] = []
        waiting = ""
        for spec in self.specs:
            name = f"f_{spec.key}"
            row: Any
            if spec.type == T.PERSON:
                there = [one for one in (name, name + OTHER) if one in self.fields]
                row = Row(*there) if len(there) > 1 else there[0]
            elif spec.type in (T.LONG_TEXT, T.CHOICE, T.BOOL):
                row = name
            elif waiting:
                row, waiting = Row(waiting, name), ""
            else:
                waiting = name
                continue
            found += [waiting, row] if waiting else [row]
            waiting = ""
        return [*found, waiting] if waiting else found

    def values(self) -> dict[str, Any]:
        """What was written, by key of the form; nothing for what was left empty."""
        found: dict[str, Any] = {}
        for spec in self.specs:
            name = f"f_{spec.key}"
            value = self.cleaned_data.get(name)
            if spec.type == T.BOOL and value:
                value = value == "yes"
            if spec.type == T.PERSON:
                value = self._who(value, self.cleaned_data.get(name + OTHER, ""))
            if value not in (None, ""):
                found[spec.key] = value
        return found

    def _who(self, chosen: Any, typed: str) -> Any:
        if typed:
            return Guest(name=typed, kind=Person.Kind.OUTSIDER)
        kind, _sep, pk = str(chosen or "").partition(":")
        if not pk:
            return None
        return Person(pk=int(pk)) if kind == "person" else User(pk=int(pk))


def initial_of(spec: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a paper (``cells.read``) as the form begins with them."""
    found: dict[str, Any] = {}
    for field in spec.fields:
        value = values.get(field.key)
        name = f"f_{field.key}"
        if isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, Person):
            value = f"person:{value.pk}"
        elif isinstance(value, User):
            value = f"user:{value.pk}"
        elif field.type == T.PERSON and value:
            name, value = name + OTHER, str(value)
        if value is not None:
            found[name] = value
    return found


class OutsideForm(forms.Form):
    """对方签名: who it is, and a signature on this screen or on paper."""

    use_required_attribute = False

    who = forms.ChoiceField(label=_("谁来签"), required=False)
    name = CleanCharField(label=_("不在列表里，填姓名"), max_length=60, required=False)
    kind = forms.ChoiceField(
        label=_("怎样签"),
        choices=[(HERE, _("在本机屏幕上签")), (PAPER, _("签在纸上，稍后补传"))],
        initial=HERE,
        widget=Chips(css="chips-sm"),
    )
    signature = SignatureField(label=_("签名"), required=False)
    consents = forms.BooleanField(label=_("本人同意以电子方式签署"), required=False)
    signed_at = MomentField(
        label=_("纸上签名的时间"), required=False, help_text=_("不填就是现在。")
    )

    def __init__(self, *args: Any, people: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        listed = [(str(pk), name) for pk, name in people.items()]
        self.fields["who"].choices = [("", _t("请选择")), *listed]  # type: ignore[attr-defined]
        self.helper = helper(
            self,
            Row("who", "name"),
            "kind",
            "signature",
            "consents",
            Fold(_t("签在纸上的时间"), "signed_at"),
            submit_label="",
        )
        self.helper.layout.append(Actions(_t("确认签名"), icon="pen"))

    def clean(self) -> dict[str, Any]:
        """Who and how: a name from the list or typed, a drawing unless it was signed on paper."""
        data = super().clean() or {}
        if not data.get("who") and not data.get("name"):
            self.add_error("name", _t("请填写签名的人是谁。"))
        if data.get("kind") != PAPER and not data.get("signature"):
            self.add_error("signature", _t("请对方签名；签在纸上的，选“签在纸上”。"))
        return data

    def outside(self, device: str) -> Outside:
        """What the transition needs."""
        data = self.cleaned_data
        who: Person | Guest = Guest(name=data["name"], kind=Person.Kind.OUTSIDER)
        if data["who"] and not data["name"]:
            who = Person(pk=int(data["who"]))
        on_paper = data["kind"] == PAPER
        is_photo = isinstance(data["signature"], UploadedFile)
        picture = b"" if on_paper or not data["signature"] else data["signature"].read()
        return Outside(
            who,
            drawn=b"" if is_photo else picture,
            scan=picture if is_photo else b"",
            consents=data["consents"],
            signed_at=data["signed_at"] if on_paper or is_photo else None,
            device=device,
        )


class DeclineForm(SignForm):
    """对方未签: why, under the signature of whoever asked him."""

    reason = CleanTextField(label=_("为什么没有签"), widget=_area(2), max_length=200)
    field_order = ["reason", "password", "signature"]


class ScanForm(forms.Form):
    """补传签名件: one picture of the signed sheet."""

    use_required_attribute = False

    photo = forms.FileField(label=_("签名件照片"), widget=PhotoInput(capture=True))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label="")
        hint = _t("存一次，不能替换；请拍清签名。")
        self.helper.layout.append(Actions(_t("保存签名件"), icon="upload", hint=hint))

    def picture(self) -> bytes:
        """The bytes of the picture."""
        file: UploadedFile[Any] = self.cleaned_data["photo"]
        return bytes(file.read())


class RewriteForm(forms.Form):
    """另写新版: what was signed is wrong, and why."""

    use_required_attribute = False

    reason = CleanTextField(label=_("为什么要另写新版"), widget=_area(2), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label="")
        hint = _t("签过的这一版原样保留，新版重新签名。")
        self.helper.layout.append(Actions(_t("另写新版"), icon="pencil", danger=True, hint=hint))
