"""Forms of the 《事故报告》 of any case, its submission and its signatures."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from propdesk.core import signatures
from propdesk.core.layouts import Actions, Fold, Row, Section, helper
from propdesk.core.models import Department, Property, Report, User
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal, SignatureField


def area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ReportForm(forms.Form):
    """Content of the report; all but a few fields come filled in from what was entered."""

    use_required_attribute = False

    secrecy = forms.ChoiceField(
        label=_("密级"), choices=Report.Secrecy.choices, widget=Chips(css="chips-sm")
    )
    occurred_at = MomentField(label=_("发生时间"), required=False)
    discovered_at = MomentField(label=_("发现时间"), required=False)
    reported_at = MomentField(label=_("报告时间"), required=False)
    place = CleanCharField(label=_("地点"), max_length=160, required=False)
    narrative = CleanTextField(label=_("事件经过"), widget=area(8), required=False)
    measures = CleanTextField(label=_("采取的措施"), widget=area(4), required=False)
    cause_direct = CleanTextField(label=_("直接原因"), widget=area(2), required=False)
    cause_indirect = CleanTextField(label=_("间接原因"), widget=area(2), required=False)
    injured = forms.IntegerField(
        label=_("受伤人数"),
        min_value=0,
        max_value=9999,
        initial=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    loss_yuan = forms.DecimalField(
        label=_("财物损失初估（元）"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        initial=0,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    result = CleanTextField(label=_("处理结果"), widget=area(3), required=False)
    reaction = CleanTextField(label=_("客户反应"), widget=area(2), required=False)
    improvement = CleanTextField(label=_("改进建议"), widget=area(2), required=False)
    improve_department = forms.ModelChoiceField(
        label=_("责任部门"),
        queryset=Department.objects.none(),
        required=False,
        empty_label=_("不填"),
    )
    improve_by = forms.DateField(label=_("完成期限"), required=False, widget=DateLocal())
    police = CleanCharField(
        label=_("报警或报主管部门"),
        max_length=200,
        required=False,
        help_text=_("单位、时间、回执号；没有就写“未报警”。"),
    )
    witnesses = CleanTextField(label=_("见证人"), widget=area(2), required=False)

    def __init__(self, *args: Any, prop: Property, serious: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(property=prop, is_active=True).order_by("name")
        self.fields["improve_department"].queryset = departments  # type: ignore[attr-defined]
        more = Fold if not serious else Section
        self.helper = helper(
            self,
            Section(
                _t("基本情况"),
                "secrecy",
                Row("occurred_at", "discovered_at", "reported_at"),
                Row("place", "police"),
            ),
            Section(_t("经过与措施"), "narrative", "measures"),
            Section(_t("结果"), "result", "reaction", Row("injured", "loss_yuan")),
            more(
                _t("原因与改进"),
                "cause_direct",
                "cause_indirect",
                "improvement",
                Row("improve_department", "improve_by"),
            ),
            Fold(_t("见证人"), "witnesses"),
            submit_label="",
        )
        self.helper.layout.append(Actions(_t("保存报告"), draft=True))


class SignForm(forms.Form):
    """The password proves who signs; a signature is drawn once and kept."""

    use_required_attribute = False

    password = forms.CharField(
        label=_("您的登录密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(
        self, *args: Any, user: User, has_signature: bool, submit: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not has_signature:
            self.fields["signature"] = SignatureField(label=_("手写签名（留存后每次直接使用）"))
        self.helper = helper(self, submit_label=submit, icon="pen")

    def clean_password(self) -> str:
        """The password, counted when wrong: a desk left open is no place to guess it.

        The transition checks it again; counting there would be rolled back with its refusal.
        """
        password: str = self.cleaned_data["password"]
        signatures.check_password(self.user, password)
        return password

    def signed(self, act: Callable[[str], Any]) -> None:
        """Keep a signature drawn on this very form, then act with the password: both or neither."""
        with transaction.atomic():
            if drawn := self.cleaned_data.get("signature"):
                signatures.keep(self.user, drawn.read())
            act(self.cleaned_data["password"])


def check_password_of(form: forms.Form, who: User | None, field: str, *, by: User) -> None:
    """Count a wrong password of ``who`` that ``by`` let him type into ``field``, as ``SignForm.clean_password`` does.

    Nothing while it is not known who he is, or nothing was typed.
    """
    word = form.cleaned_data.get(field)
    if who is None or not word:
        return
    try:
        signatures.check_password(who, word, typed_by=by)
    except forms.ValidationError as refused:
        form.add_error(field, refused)


class OpinionForm(SignForm):
    """签批: an opinion, 同意并签名 or 退回修改."""

    opinion = CleanTextField(label=_("意见"), widget=area(2), required=False, max_length=500)
    field_order = ["opinion", "password", "signature"]


class SendBackForm(forms.Form):
    """退回修改: only with a reason."""

    use_required_attribute = False

    reason = CleanTextField(label=_("退回原因"), widget=area(2), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(self, submit_label="")
        self.helper.layout.append(
            Actions(_t("退回修改"), icon="arrow-counterclockwise", danger=True)
        )
