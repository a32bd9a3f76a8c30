"""Forms of 《过期失物处理审批单》: what to put on it, signatures, a decision a line, the proof."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import PASSWORD, RowField, area, money, offer_second
from lostfound.models import DisposalBatch, DisposalLine, Early, Method
from lostfound.permissions import SECURITY
from lostfound.queries import choices
from propdesk.core import drafts, signatures
from propdesk.core.layouts import Actions, Fold, Row, helper
from propdesk.core.models import Property, User
from propdesk.core.moments import MomentField
from propdesk.core.report_forms import check_password_of
from propdesk.core.roles import DUTY, standing
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal, PhotoInput, SignatureField

METHODS = Method.choices
METHOD_ICONS: dict[str, str] = {
    Method.POLICE: "shield-check",
    Method.KEEP: "archive",
    Method.DONATE: "bag-check",
    Method.DESTROY: "trash",
    Method.SELL: "cash-coin",
    Method.FINDER: "person",
}


def keys_of(values: Iterable[str]) -> list[int]:
    """The keys among ticked boxes; what is none is left out."""
    return [int(v) for v in values if v.isascii() and v.isdigit() and len(v) < 18]


class ThingsField(forms.MultipleChoiceField):
    """Ticked boxes that stand in a table of the page; cleans to keys."""

    def valid_value(self, value: str) -> bool:
        return bool(keys_of([value]))

    def clean(self, value: Any) -> list[int]:
        return keys_of(super().clean(value))


class BatchForm(forms.Form):
    """Base of every step of a paper: its button, its layout, who acts."""

    submit: Any = _("提交")
    icon = "check2-circle"
    danger = False
    hint: Any = ""
    use_required_attribute = False
    restored = False

    def __init__(self, *args: Any, prop: Property, user: User, back_url: str = "", **kwargs: Any):
        self.prop, self.user = prop, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        bar = Actions(
            str(self.submit),
            icon=self.icon,
            danger=self.danger,
            hint=str(self.hint),
            back_url=back_url,
        )
        self.helper.layout.append(bar)

    def prepare(self) -> None:
        """Fill in what depends on the house, the paper and who acts."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()


class SignFields(forms.Form):
    """Who acts signs: his password, and his signature where he keeps none yet."""

    user: User
    password = forms.CharField(
        label=_("您的登录密码（签名）"), strip=False, max_length=128, widget=PASSWORD
    )

    def prepare_signature(self, *, required: bool = True) -> None:
        """A pad to sign on for whom there is no signature on record."""
        self.fields["password"].required = required
        if signatures.current(self.user) is None:
            label = _t("手写签名（留存后每次直接使用）")
            self.fields["signature"] = SignatureField(label=label, required=False)

    def signs(self) -> list[str]:
        """The fields of the signature, for a layout."""
        return [name for name in ("signature", "password") if name in self.fields]

    def clean_password(self) -> str:
        """His own password, counted when wrong: the transition's own look would be rolled back."""
        password: str = self.cleaned_data["password"]
        if password:
            signatures.check_password(self.user, password)
        return password


class GuardFields(forms.Form):
    """The other of the two, who confirms with his password on this screen."""

    prop: Property
    user: User
    must_sign = False
    guard = RowField(label=_("保安部"))
    guard_password = forms.CharField(
        label=_("保安部密码（须在本机确认）"), strip=False, max_length=128, widget=PASSWORD
    )

    def prepare_guard(self) -> None:
        """保安部 beside the duty side, the duty side beside 保安部."""
        manages = bool(standing(self.user, self.prop).roles & DUTY)
        who, roles = (_t("保安部"), SECURITY) if manages else (_t("值班经理"), DUTY)
        people = choices.second_people(self.prop, roles, timezone.now())
        others = [person for person in people if person.pk != self.user.pk]
        self.fields["guard"].label = who
        offer_second(self, others, signs=self.must_sign)
        self.fields["guard_password"].label = _t("%(who)s密码（须在本机确认）") % {"who": who}

    def clean(self) -> dict[str, Any]:
        """A wrong password of the second person is counted."""
        data = super().clean() or {}
        check_password_of(self, data.get("guard"), "guard_password", by=self.user)
        return data


class PickForm(BatchForm):
    """草拟审批单: things ticked in the table, one way proposed for all of them."""

    submit = _("列入审批单")
    icon = "archive"
    hint = _("处理方式之后可以逐件改；物品先不动。")

    things = ThingsField(required=False)
    method = forms.ChoiceField(
        label=_("建议处理方式"),
        choices=METHODS,
        initial=Method.POLICE,
        widget=Chips(icons=METHOD_ICONS, css="chips-sm"),
    )
    note = CleanCharField(label=_("建议说明"), max_length=200, required=False)
    opinion = CleanTextField(label=_("申请意见"), widget=area(3), max_length=1000, required=False)
    early_number = CleanCharField(
        label=_("按单号添加一件"), max_length=20, required=False, help_text="SW-20261123-004"
    )
    early = forms.ChoiceField(
        label=_("为什么不能等"),
        choices=[(Early.WET, Early.WET.label), (Early.DANGEROUS, Early.DANGEROUS.label)],
        required=False,
        widget=Chips(css="chips-sm"),
    )
    early_reason = CleanCharField(label=_("未到期而申请的原因"), max_length=200, required=False)
    token = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, batch: DisposalBatch | None, early: bool, **kwargs: Any) -> None:
        self.batch, self.shows_early = batch, early
        kwargs["initial"] = {"token": drafts.new_token()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        if self.batch is not None:
            del self.fields["opinion"]
        self.fields["opinion" if self.batch is None else "note"].widget.attrs["placeholder"] = _t(
            "例如：已查找并公告，无人认领"
        )

    def layout(self) -> tuple[Any, ...]:
        by_number = ("early_number", "early")
        words = ["note"] if self.batch is not None else ["note", "opinion"]
        early: tuple[Any, ...] = (
            ("early_reason", Fold(_t("按单号添加；潮湿、有危险的可以不等到期"), *by_number))
            if self.shows_early
            else (Fold(_t("按单号添加；潮湿、有危险的可以不等到期"), *by_number, "early_reason"),)
        )
        return ("method", *words, *early, "token")


class LinesForm(BatchForm):
    """修改明细: way and note of each line, and which are struck; the opinion of the paper."""

    submit = _("保存修改")
    icon = "pencil"

    opinion = CleanTextField(label=_("申请意见"), widget=area(3), max_length=1000, required=False)

    def __init__(self, *args: Any, batch: DisposalBatch, lines: Sequence[Any], **kwargs: Any):
        self.batch, self.lines = batch, lines
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.initial.setdefault("opinion", self.batch.opinion)
        for line in self.lines:
            method, note = f"method_{line.pk}", f"note_{line.pk}"
            self.fields[method] = forms.ChoiceField(label=_("建议处理方式"), choices=METHODS)
            self.fields[note] = CleanCharField(label=_("建议说明"), max_length=200, required=False)
            self.fields[f"drop_{line.pk}"] = forms.BooleanField(
                label=_t("撤下 %(n)s") % {"n": line.item.case.number}, required=False
            )
            self.initial.setdefault(method, line.proposed)
            self.initial.setdefault(note, line.proposed_note)

    def layout(self) -> tuple[Any, ...]:
        return ("opinion",)

    def changes(self) -> dict[int, tuple[str, str]]:
        """Way and note of each line, by key."""
        data = self.cleaned_data
        return {n.pk: (data[f"method_{n.pk}"], data[f"note_{n.pk}"]) for n in self.lines}

    def dropped(self) -> list[int]:
        """The keys of the lines that were struck."""
        return [n.pk for n in self.lines if self.cleaned_data[f"drop_{n.pk}"]]


class SubmitForm(GuardFields, SignFields, BatchForm):
    """共同签名提交: the opinion, and both people on one screen."""

    submit = _("共同签名，提交审核")
    icon = "send"
    hint = _("两人都在场：您和保安部各自输入密码。")
    must_sign = True

    opinion = CleanTextField(label=_("申请意见"), widget=area(3), max_length=1000)

    def __init__(self, *args: Any, batch: DisposalBatch, **kwargs: Any) -> None:
        self.batch = batch
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.prepare_guard()
        self.prepare_signature()
        self.initial.setdefault("opinion", self.batch.opinion)

    def layout(self) -> tuple[Any, ...]:
        return ("opinion", *self.signs(), Row("guard", "guard_password"))


class ReviewForm(SignFields, BatchForm):
    """审核: 同意并签名, or 退回修改 with what is to be changed."""

    submit = _("提交审核意见")
    icon = "patch-check"

    answer = forms.ChoiceField(
        label=_("审核结果"),
        choices=[("agree", _("同意，报总物业经理")), ("back", _("退回修改"))],
        widget=Chips(icons={"agree": "check2-circle", "back": "arrow-counterclockwise"}),
    )
    note = CleanTextField(
        label=_("审核意见（退回必填）"), widget=area(2), max_length=200, required=False
    )

    def prepare(self) -> None:
        self.prepare_signature(required=False)
        self.fields["password"].help_text = _t("同意才签名；退回不用填。")

    def layout(self) -> tuple[Any, ...]:
        return ("answer", "note", *self.signs())


class SendBackForm(BatchForm):
    submit = _("退回修改")
    icon = "arrow-counterclockwise"
    danger = True

    note = CleanTextField(label=_("要改什么"), widget=area(2), max_length=200)


class WithdrawForm(BatchForm):
    submit = _("确认撤回")
    icon = "x-lg"
    danger = True

    reason = CleanTextField(label=_("撤回的原因"), widget=area(2), max_length=200)


class DecideForm(SignFields, BatchForm):
    """批示: one decision a line, proposed as it was asked for; one signature for all."""

    submit = _("批示并签名")
    icon = "patch-check"
    hint = _("批示后由值班经理和保安部两人执行。")

    reason_all = CleanCharField(
        label=_("没有单独写理由的，都用这一条"), max_length=300, required=False
    )
    keep_until_all = forms.DateField(
        label=_("没有单独写日期的，都保管至"), required=False, widget=DateLocal
    )

    def __init__(self, *args: Any, lines: Sequence[Any], **kwargs: Any) -> None:
        self.lines = lines
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.prepare_signature()
        for line in self.lines:
            method, reason = f"method_{line.pk}", f"reason_{line.pk}"
            self.fields[method] = forms.ChoiceField(
                label=_("处理方式"),
                choices=METHODS,
                widget=Chips(icons=METHOD_ICONS, css="chips-sm"),
            )
            self.fields[reason] = CleanCharField(
                label=_("批示理由"), max_length=300, required=False
            )
            self.fields[f"keep_until_{line.pk}"] = forms.DateField(
                label=_("继续保管至"), required=False, widget=DateLocal
            )
            self.initial.setdefault(method, line.proposed)

    def layout(self) -> tuple[Any, ...]:
        return (Row("reason_all", "keep_until_all"), *self.signs())

    def said(self, line: Any) -> tuple[str, str, Any]:
        """(way, reason, kept until) of one line; what is said for all stands where nothing else does."""
        data = self.cleaned_data
        method = data[f"method_{line.pk}"]
        until = data[f"keep_until_{line.pk}"] or data["keep_until_all"]
        reason = data[f"reason_{line.pk}"] or data["reason_all"]
        if method == Method.KEEP:
            return method, data[f"reason_{line.pk}"], until
        return method, data[f"reason_{line.pk}"] if method == Method.POLICE else reason, None


class ExecuteForm(GuardFields, BatchForm):
    """登记执行: things that went one way at once, the proof of it, and both people."""

    submit = _("登记执行")
    icon = "check2-all"

    things = ThingsField(label=_("物品"), error_messages={"required": _("请勾选已经执行的物品。")})
    proof = CleanCharField(
        label=_("凭证"),
        max_length=200,
        help_text=_("接收回执、受赠函、收条或进账单的编号。"),
    )
    receiver = CleanCharField(label=_("接收单位或经办人警号"), max_length=120, required=False)
    proceeds = money(_("变卖所得（元）"))
    photo = forms.FileField(label=_("凭证照片"), required=False, widget=PhotoInput(capture=True))
    executed_at = MomentField(label=_("执行时间（不是刚刚才填）"), required=False)

    field_order = ["things", "proof", "receiver", "proceeds", "photo"]

    def __init__(self, *args: Any, method: str, lines: Sequence[DisposalLine], **kwargs: Any):
        self.method, self.lines = method, lines
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        self.prepare_guard()
        if self.method != Method.SELL:
            del self.fields["proceeds"]
        if self.method not in (Method.POLICE, Method.DONATE):
            del self.fields["receiver"]
        else:
            self.fields["receiver"].required = True
        self.fields["photo"].required = self.method == Method.DESTROY

    def layout(self) -> tuple[Any, ...]:
        first = [name for name in ("proof", "receiver", "proceeds") if name in self.fields]
        later = Fold(_t("执行时间"), "executed_at")
        return (Row(*first), "photo", Row("guard", "guard_password"), later)
