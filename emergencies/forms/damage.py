"""核价, 告知, 批示, 签字, 拒签, 入账 of the compensation slip (E-2)."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ReasonForm, area, moment
from emergencies.models import Compensation, Party
from emergencies.queries import damage as queries
from emergencies.workflow import Declined, Informed, Line, Posting, Ruling, Signed
from emergencies.workflow import damage as workflow_of
from emergencies.workflow.damage import MAX_LINES, MAX_QUANTITY
from propdesk.core import signatures
from propdesk.core.layouts import Fold, Group, Row, Rows
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, PhotoInput, SignatureField

TOLD_BY = [(way.value, way.label) for way in workflow_of.TOLD_BY]
SPARE = 5
"""Empty lines below those that are filled in."""
PARTS = ("listed", "item", "quantity", "unit", "price", "depreciation")


def money(label: Any, **options: Any) -> forms.DecimalField:
    """An amount in yuan, not negative, to the fen."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, min_value=0, max_digits=10, decimal_places=2, widget=widget, **options
    )


def count(
    label: Any, most: int, least: int = 0, *, required: bool = False, **options: Any
) -> forms.IntegerField:
    """A small whole number."""
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, widget=widget, required=required, **options
    )


def password(label: Any) -> forms.CharField:
    """One's own log-in password, which signs."""
    widget = forms.PasswordInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, strip=False, max_length=128, widget=widget)


class PriceForm(ActForm):
    """Lines from the published list or typed; the sum follows."""

    submit = _("保存明细")
    icon = "cash-coin"
    basis = CleanCharField(
        label=_("价格依据"),
        max_length=200,
        help_text=_("例如：公示价目表，或报价单号"),
    )
    rows = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        self.listed = {str(row.pk): row for row in queries.prices(self.event.case.property)}
        if not self.is_bound and not self.initial:
            self.initial = self._known()
        given = self.data if self.is_bound else self.initial
        self.count = min(MAX_LINES, _number(given.get("rows"), SPARE))
        self.initial["rows"] = self.count
        choices = [("", _t("不在价目里")), *((pk, _offer(row)) for pk, row in self.listed.items())]
        for n in range(1, self.count + 1):
            self._line(n, choices)

    def _known(self) -> dict[str, Any]:
        """What stands on the slip by now, so that a line can be put right."""
        slip = queries.card(self.event).slip
        if slip is None:
            return {"basis": _t("公示价目表")} if self.listed else {}
        found: dict[str, Any] = {"basis": slip.basis}
        for n, line in enumerate(slip.shown, start=1):
            values = (line.listed_id, line.item, line.quantity, line.unit, line.price)
            parts = zip(PARTS, (*values, line.depreciation or ""), strict=True)
            found |= {f"{name}_{n}": value for name, value in parts}
        return found | {"rows": len(slip.shown) + SPARE}

    def _line(self, n: int, choices: list[tuple[str, str]]) -> None:
        if self.listed:
            self.fields[f"listed_{n}"] = forms.ChoiceField(
                label=_t("价目 %(n)s") % {"n": n}, choices=choices, required=False
            )
        name = _t("物品 %(n)s") % {"n": n}
        self.fields[f"item_{n}"] = CleanCharField(label=name, max_length=40, required=False)
        self.fields[f"quantity_{n}"] = count(_("数量"), MAX_QUANTITY, 1)
        self.fields[f"unit_{n}"] = CleanCharField(label=_("单位"), max_length=8, required=False)
        self.fields[f"price_{n}"] = money(_("单价（元）"), required=False)
        self.fields[f"depreciation_{n}"] = count(_("折旧（%）"), 100)

    def layout(self) -> tuple[Any, ...]:
        first = ("listed", "item") if self.listed else ("item",)
        lines = [
            (
                Row(*(f"{name}_{n}" for name in first)),
                Group("line-nums", *(f"{name}_{n}" for name in PARTS[2:])),
            )
            for n in range(1, self.count + 1)
        ]
        return (Rows("lines", _t("再加一行"), *lines, show=1), "basis", "rows")

    def clean(self) -> dict[str, Any]:
        """A line that is half filled in gets its sentence; the list fills in what it knows."""
        data = super().clean() or {}
        self.lines = [line for n in range(1, self.count + 1) if (line := self._read(n, data))]
        if not self.lines and not self.errors:
            self.add_error(None, _t("请至少列一项损坏的物品。"))
        return data

    def _read(self, n: int, data: dict[str, Any]) -> Line | None:
        given = {name: data.get(f"{name}_{n}") for name in PARTS}
        if not any(given[name] not in (None, "") for name in ("listed", "item", "price")):
            return None
        listed = self.listed.get(given["listed"] or "")
        item = given["item"] or (listed.name if listed else "")
        price: Decimal | None = given["price"]
        if price is None and listed is not None:
            price = listed.price
        if not item:
            self.add_error(f"item_{n}", _t("请写明是什么物品，或从价目里选。"))
        if price is None and f"price_{n}" not in self.errors:
            self.add_error(f"price_{n}", _t("请填写单价；从价目里选的可以不填。"))
        if listed and price is not None and price > listed.price:
            text = _t("单价高于公示的 ¥%(price)s，请改低，或不选价目并写明报价单。")
            self.add_error(f"price_{n}", text % {"price": f"{listed.price:,.2f}"})
        unit = given["unit"] or (listed.unit if listed else "")
        left = (given["quantity"] or 1, unit, price or Decimal(0), given["depreciation"] or 0)
        return Line(item, *left, listed)


def _number(value: Any, default: int) -> int:
    text = str(value or "")
    return int(text) if text.isdecimal() and 0 < int(text[:4]) <= MAX_LINES else default


def _offer(row: Any) -> str:
    return f"{row.name} ¥{row.price:,.2f}/{row.unit}"


class InformForm(ActForm):
    submit = _("登记告知")
    icon = "chat-left-text"
    via = forms.ChoiceField(label=_("怎么告知的"), choices=TOLD_BY, widget=Chips(css="chips-sm"))
    position = forms.ChoiceField(
        label=_("客户的意见"),
        choices=Compensation.Position.choices,
        widget=Chips(css="chips-fill"),
    )
    objection = CleanTextField(
        label=_("客户的异议"),
        widget=area(3, **{"data-when": "position", "data-when-is": "dispute"}),
        max_length=1000,
        required=False,
        help_text=_("照客户的原话写"),
    )
    at = moment(_("不是刚才，是什么时间告知的"))

    def layout(self) -> tuple[Any, ...]:
        return ("via", "position", "objection", Fold(_t("不是刚才"), "at"))

    def said(self) -> Informed:
        """As the workflow takes it."""
        return Informed(**self.cleaned_data)


class OwnSignature(ActForm):
    """Whoever has no signature on record draws it here, once; the password is his (counted)."""

    def ask_signature(self) -> None:
        """Add the pad for those who have none yet."""
        if signatures.current(self.user) is None:
            label = _t("您的手写签名（留存后每次直接使用）")
            self.fields["signature"] = SignatureField(label=label)

    def pad(self) -> tuple[str, ...]:
        """Its place in the layout."""
        return ("signature",) if "signature" in self.fields else ()

    def clean_password(self) -> str:
        """His own password; a wrong one is counted."""
        word = str(self.cleaned_data["password"])
        signatures.check_password(self.user, word)
        return word

    def keep_signature(self) -> None:
        """Keep what was drawn; to be called inside the transition's transaction."""
        drawn = self.cleaned_data.get("signature")
        if drawn:
            signatures.keep(self.user, drawn.read())


class DecideForm(OwnSignature):
    submit = _("批示")
    icon = "patch-check"
    decision = forms.ChoiceField(
        label=_("怎么处理"), choices=Compensation.Decision.choices, widget=Chips(css="chips-sm")
    )
    reduced_by = money(_("减免多少（元）"), required=False)
    reason = CleanTextField(label=_("理由"), widget=area(2), max_length=200)
    password = password(_("经理签名：登录密码"))

    def prepare(self) -> None:
        self.fields["reduced_by"].widget.attrs |= {
            "data-when": "decision",
            "data-when-is": "reduce",
        }
        self.ask_signature()

    def layout(self) -> tuple[Any, ...]:
        return ("decision", "reduced_by", "reason", *self.pad(), "password")

    def ruling(self) -> Ruling:
        """As the workflow takes it."""
        data = self.cleaned_data
        less = data["reduced_by"] or Decimal("0.00")
        return Ruling(data["decision"], data["reason"], less, data["password"])


class PayerForm(OwnSignature):
    """Who is to pay: one of those concerned, or a name; the duty manager signs."""

    payer = forms.ChoiceField(label=_("赔偿人"), required=False)
    name = CleanCharField(label=_("不在列表里，填姓名"), max_length=60, required=False)

    def prepare(self) -> None:
        self.people = {str(row.pk): row for row in queries.payers(self.event)}
        listed = [(pk, _who(row)) for pk, row in self.people.items()]
        self.fields["payer"].choices = [("", _t("请选择")), *listed]  # type: ignore[attr-defined]
        guests = [pk for pk, row in self.people.items() if row.part == Party.Part.GUEST]
        if len(guests) == 1:
            self.initial.setdefault("payer", guests[0])
        self.ask_signature()

    def clean(self) -> dict[str, Any]:
        """Somebody pays."""
        data = super().clean() or {}
        if not data.get("payer") and not data.get("name"):
            self.add_error("payer", _t("请选择谁赔偿；列表里没有就填姓名。"))
        return data


class SignDamageForm(PayerForm):
    """The guest signs on this screen or on paper; the duty manager with his password."""

    submit = _("双方签字")
    icon = "pen"
    drawn = SignatureField(label=_("客户签名"), required=False)
    consents = forms.BooleanField(label=_("客户同意以电子方式签署"), required=False)
    scan = forms.FileField(
        label=_("或者拍下签好的纸质单"), required=False, widget=PhotoInput(capture=True)
    )
    signed_at = moment(_("不是刚才，是什么时间签的"))
    password = password(_("值班经理签名：登录密码"))

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("payer", "name"),
            "drawn",
            "consents",
            Fold(_t("签在纸上"), "scan", "signed_at"),
            *self.pad(),
            "password",
        )

    def clean(self) -> dict[str, Any]:
        """Who pays, and one signature: drawn with consent, or on paper."""
        data = super().clean()
        if not data.get("drawn") and not data.get("scan"):
            self.add_error("drawn", _t("请客户在屏幕上签名，或拍下签好的纸质单。"))
        if data.get("drawn") and not data.get("scan") and not data.get("consents"):
            text = _t("请客户先同意以电子方式签署；不同意就改签纸质单。")
            self.add_error("consents", text)
        return data

    def signed(self, payer: Party) -> Signed:
        """As the workflow takes it; the paper counts where both were given."""
        data = self.cleaned_data
        scan = data["scan"].read() if data["scan"] else b""
        return Signed(
            payer=payer,
            drawn=data["drawn"].read() if data["drawn"] and not scan else b"",
            scan=scan,
            device=self.device,
            signed_at=data["signed_at"],
            password=data["password"],
        )


class DeclineDamageForm(PayerForm):
    """Told of the decision, the guest does not sign: his words, the duty manager's signature."""

    submit = _("登记拒签")
    icon = "pen"
    hint = _("登记后按批示的金额入账")
    words = CleanTextField(
        label=_("客户为什么不签"),
        widget=area(2),
        max_length=200,
        help_text=_("已把批示告诉客户；照他的原话写"),
    )
    at = moment(_("不是刚才，是什么时间"))
    password = password(_("值班经理签名：登录密码"))

    def layout(self) -> tuple[Any, ...]:
        return (
            Row("payer", "name"),
            "words",
            Fold(_t("不是刚才"), "at"),
            *self.pad(),
            "password",
        )

    def declined(self, payer: Party) -> Declined:
        """As the workflow takes it."""
        data = self.cleaned_data
        return Declined(payer, data["words"], data["at"], data["password"])


def _who(row: Party) -> str:
    return f"{row.get_part_display()} {row.person.name or _t('未留姓名')}"


class PostForm(OwnSignature):
    submit = _("登记入账")
    icon = "cash"
    payment = forms.ChoiceField(
        label=_("付款"), choices=Compensation.Payment.choices, widget=Chips(css="chips-fill")
    )
    account = CleanCharField(
        label=_("客户总账账号"), max_length=30, required=False, help_text=_("计入总账的才填")
    )
    voucher_no = CleanCharField(label=_("凭证号或收据号"), max_length=40)
    amount = money(_("入账金额（元）"))
    password = password(_("收银员签名：登录密码"))

    def prepare(self) -> None:
        self.fields["account"].widget.attrs |= {"data-when": "payment", "data-when-is": "ledger"}
        self.ask_signature()

    def layout(self) -> tuple[Any, ...]:
        return ("payment", "account", Row("voucher_no", "amount"), *self.pad(), "password")

    def posting(self) -> Posting:
        """As the workflow takes it."""
        data = {name: v for name, v in self.cleaned_data.items() if name != "signature"}
        return Posting(**data)


class CancelDamageForm(ReasonForm):
    submit = _("作废赔偿单")
    icon = "slash-circle"
    danger = True
