"""Forms of a claim: described, checked, signed, ended, decided (L-E, L-F)."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import (
    PASSWORD,
    PHONE,
    ActForm,
    RowField,
    SecondFields,
    area,
    money,
    shift_name,
)
from lostfound.models import Claim, ContentLine, FoundItem
from lostfound.permissions import DESK, SECURITY
from lostfound.queries import choices
from lostfound.queries import claims as queries
from propdesk.core import masks, signatures
from propdesk.core.layouts import Fold, Row, Rows, Section
from propdesk.core.models import Honorific, IdType, Person, User
from propdesk.core.moments import MomentField
from propdesk.core.report_forms import check_password_of
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, PhotoInput, SignatureField, SignatureInput

Way = Claim.Way
ROWS = 8
"""Features that can be compared on one page."""
SPLIT = re.compile(r"[，。；、,;\n]+")
_PHONE = RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000 或 0755-26001234转8。"))
HERE, PAPER = "here", "paper"
NOBODY = "nobody"


class DescribeForm(ActForm):
    """描述: what the claimant says of it before he sees it, and who he is."""

    submit = _("保存描述")
    icon = "chat-left-dots"
    hint = _("保存后才能打开特征和照片核对；描述不能再改。")

    description = CleanTextField(
        label=_("认领人自己怎么说"),
        widget=area(4),
        help_text=_("请他说出颜色、品牌、记号、里面有什么、何时何地丢的；照他的话写，不提示。"),
    )
    name = CleanCharField(label=_("认领人姓名"), max_length=60)
    honorific = forms.ChoiceField(
        label=_("称呼"), choices=Honorific.choices, required=False, widget=Chips(css="chips-sm")
    )
    phone = CleanCharField(label=_("电话"), max_length=30, required=False, validators=[_PHONE])
    kind = forms.ChoiceField(
        label=_("身份"), choices=Person.Kind.choices, required=False, widget=Chips(css="chips-sm")
    )
    way = forms.ChoiceField(
        label=_("认领方式"),
        choices=Way.choices,
        initial=Way.IN_PERSON,
        widget=Chips(css="chips-sm"),
    )
    address = CleanCharField(
        label=_("寄到或送到哪里"),
        max_length=120,
        required=False,
        help_text=_("邮寄、送还上门时填写。"),
    )
    lost = CleanCharField(
        label=_("遗失登记单号"),
        max_length=20,
        required=False,
        help_text=_("报失过就填 BS 单号，电话可以不再问。"),
    )

    def prepare(self) -> None:
        for name in ("name", "phone", "address", "lost"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def layout(self) -> tuple[Any, ...]:
        # He who comes from a lost report sees which one, and need not ask for the number again.
        fold = Fold(_t("寄送地址、遗失登记"), "address", "lost")
        rest = ("lost", "address") if self["lost"].value() else (fold,)
        return ("description", Row("name", "phone"), Row("honorific", "kind"), "way", *rest)

    def clean_lost(self) -> Any:
        """The open lost report of this number, None without one."""
        number = self.cleaned_data["lost"]
        if not number:
            return None
        report = queries.lost_report(self.item.case.property, number)
        if report is None:
            raise ValidationError(_("没有找到这张查找中的遗失登记，请核对单号，没有就留空。"))
        return report

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed = self["phone"].value()
        if not typed and not data.get("lost") and "lost" not in self.errors:
            self.add_error("phone", _("请填写认领人的电话；报失过的填遗失登记单号也行。"))
        return data


class RivalForm(DescribeForm):
    """异议认领: the same of somebody else."""

    submit = _("登记异议认领")
    icon = "lock"
    hint = _("保存后物品锁定，保安部和物业经理立即收到通知，裁定前不归还任何人。")


def proposals(item: FoundItem, lines: list[ContentLine]) -> list[str]:
    """What can be compared: the features one by one, serial number, contents; each once."""
    parts = [part.strip() for part in SPLIT.split(item.features)]
    parts += [_t("序列号 %(n)s") % {"n": item.serial}] if item.serial else []
    parts += [line.text for line in lines if not line.currency]
    return list(dict.fromkeys(part[:120] for part in parts if part))[:ROWS]


class VerifyForm(ActForm):
    """核对、证件: feature by feature, then whose paper it is; a second colleague when it is costly."""

    submit = _("核对通过")
    icon = "check2-all"
    hint = _("证件号只用来核对，不保存；只留类型、后四位和校验值。")

    id_type = forms.ChoiceField(
        label=_("证件类型"),
        choices=IdType.choices,
        initial=IdType.ID_CARD,
        widget=Chips(css="chips-sm"),
    )
    id_number = CleanCharField(label=_("证件号"), max_length=40)
    way = forms.ChoiceField(label=_("认领方式"), choices=Way.choices, widget=Chips(css="chips-sm"))
    proxy_name = CleanCharField(label=_("代领人姓名"), max_length=60, required=False)
    proxy_phone = CleanCharField(
        label=_("代领人电话"), max_length=30, required=False, validators=[_PHONE]
    )
    authorisation = forms.FileField(
        label=_("委托书照片"), required=False, widget=PhotoInput(capture=True)
    )
    guard = RowField(label=_("一起核对的同事"), required=False)
    guard_password = forms.CharField(
        label=_("他的密码（须在本机确认）"),
        required=False,
        strip=False,
        max_length=128,
        widget=PASSWORD,
    )

    def __init__(
        self, *args: Any, claim: Claim, lines: list[ContentLine], user: User, **kwargs: Any
    ) -> None:
        self.claim, self.lines = claim, lines
        super().__init__(*args, user=user, **kwargs)

    def prepare(self) -> None:
        self.initial.setdefault("way", self.claim.way)
        self.fields["id_number"].widget.attrs |= {"autocomplete": "off", "data-no-draft": ""}
        found = proposals(self.item, self.lines)
        self.shown = max(len(found), 2)
        for number in range(1, ROWS + 1):
            text = found[number - 1] if number <= len(found) else ""
            self.fields[f"feature_{number}"] = CleanCharField(
                label=_t("特征 %(n)s") % {"n": number}, max_length=120, required=False, initial=text
            )
            self.fields[f"agrees_{number}"] = forms.ChoiceField(
                label=_t("与他说的相比"),
                choices=[("yes", _("相符")), ("no", _("不符"))],
                required=False,
                widget=Chips(css="chips-sm"),
            )
        self._prepare_second()

    def _prepare_second(self) -> None:
        self.needs_two = queries.needs_two(self.item, self.lines)
        if not self.needs_two:
            del self.fields["guard"], self.fields["guard_password"]
            return
        people = choices.second_people(self.item.case.property, DESK | SECURITY, timezone.now())
        others = [person for person in people if person.pk != self.user.pk]
        self.fields["guard"].offer(others, shift_name)  # type: ignore[attr-defined]
        self.fields["guard"].required = self.fields["guard_password"].required = True

    def layout(self) -> tuple[Any, ...]:
        rows = [(Row(f"feature_{n}", f"agrees_{n}"),) for n in range(1, ROWS + 1)]
        proxy = ("way", Row("proxy_name", "proxy_phone"), "authorisation")
        title = _t("委托领取") if self.claim.way == Way.PROXY else _t("换了认领方式、由别人代领")
        box = Section if self.claim.way == Way.PROXY else Fold
        sections: list[Any] = [
            Section(
                _t("核对：至少两项相符"),
                Rows("checks", _t("再核对一项"), *rows, show=self.shown),
                hint=_t("没有核对的行不用选；对不上就返回办“不予认领”。"),
            ),
            Section(_t("证件：看谁来领就看谁的"), "id_type", "id_number", box(title, *proxy)),
        ]
        if self.needs_two:
            hint = _t("价值高，或没有估价的贵重物品：两人一起核对。")
            sections.append(Section(_t("两人核对"), Row("guard", "guard_password"), hint=hint))
        return tuple(sections)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["checks"] = []
        for number in range(1, ROWS + 1):
            feature, agrees = data.get(f"feature_{number}"), data.get(f"agrees_{number}")
            if agrees and not feature:
                self.add_error(f"feature_{number}", _t("请写明核对的是哪个特征。"))
            elif agrees and feature:
                data["checks"].append((feature, agrees == "yes"))
        check_password_of(self, data.get("guard"), "guard_password", by=self.user)
        return data


class ReturnForm(SecondFields, ActForm):
    """签名、归还: the claimant signs; the duty manager and the guard confirm with their passwords."""

    submit = _("确认归还")
    icon = "bag-check"
    hint = _("三方签名后认领单即固定，不能再改。")
    must_be_here = must_sign = True

    kind = forms.ChoiceField(
        label=_("认领人怎样签名"),
        choices=[
            (HERE, _("现在签名或上传签名照片")),
            (PAPER, _("签在纸质认领单上，扫描件稍后补传")),
        ],
        initial=HERE,
        widget=Chips(css="chips-sm"),
    )
    signature = SignatureField(
        label=_("认领人签名"), required=False, widget=SignatureInput(keeps=True)
    )
    consents = forms.BooleanField(label=_("本人同意以电子方式签署"), required=False)
    signed_at = MomentField(
        label=_("纸质签名时间"), required=False, help_text=_("不填就是现在；屏幕签名不用填。")
    )
    courier = CleanCharField(label=_("快递公司"), max_length=40)
    tracking = CleanCharField(label=_("快递单号"), max_length=40)
    fee = money(_("费用（元）"), digits=8)
    password = forms.CharField(
        label=_("您的登录密码"), strip=False, max_length=128, widget=PASSWORD
    )

    def __init__(self, *args: Any, claim: Claim, user: User, **kwargs: Any) -> None:
        self.claim = claim
        super().__init__(*args, user=user, **kwargs)

    def prepare(self) -> None:
        self.prepare_second()
        if self.claim.way != Way.POST:
            del self.fields["courier"], self.fields["tracking"]
        if self.claim.way not in (Way.POST, Way.DELIVERED):
            del self.fields["fee"]
        who = self.claim.proxy or self.claim.owner
        self.fields["signature"].label = _t("%(name)s 签名") % {"name": who.name}

    def layout(self) -> tuple[Any, ...]:
        sent = [name for name in ("courier", "tracking", "fee") if name in self.fields]
        sections: list[Any] = [
            Section(
                _t("认领人"),
                "kind",
                "signature",
                "consents",
                Fold(_t("签在纸上的时间"), "signed_at"),
            ),
        ]
        if sent:
            sections.insert(0, Section(_t("寄送"), Row(*sent)))
        both = Section(_t("值班经理和保安部"), "password", Row("guard", "guard_password"))
        return (*sections, both)

    def clean_password(self) -> str:
        """His own password, counted when wrong."""
        password: str = self.cleaned_data["password"]
        signatures.check_password(self.user, password)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        signature = data.get("signature")
        on_paper = data.get("kind") == PAPER
        is_file = isinstance(signature, UploadedFile)
        data["kind"] = PAPER if on_paper else "scan" if is_file else "drawn"
        data["data"] = b"" if on_paper or signature is None else signature.read()
        return data


class EndForm(ActForm):
    """不予认领 or 撤回认领, with the reason."""

    danger = True
    reason = CleanTextField(label=_("原因"), widget=area(3), max_length=200)

    def __init__(self, *args: Any, submit: str, **kwargs: Any) -> None:
        self.submit = submit
        super().__init__(*args, **kwargs)


class ResolveForm(ActForm):
    """裁定: whose claim goes on, or nobody's."""

    submit = _("确认裁定")
    icon = "patch-check"
    hint = _("没有选中的认领一并办成“不予认领”。")

    claim = forms.ChoiceField(label=_("谁的认领继续办"), widget=Chips())
    reason = CleanTextField(label=_("理由"), widget=area(3), max_length=200)

    def __init__(self, *args: Any, claims: tuple[Claim, ...], **kwargs: Any) -> None:
        self.claims = {str(claim.pk): claim for claim in claims}
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        named = [
            (
                pk,
                _t("第%(n)s位：%(name)s")
                % {"n": claim.seq, "name": masks.name(claim.owner.name, claim.owner.honorific)},
            )
            for pk, claim in self.claims.items()
        ]
        field = self.fields["claim"]
        field.choices = [*named, (NOBODY, _t("都不予认领"))]  # type: ignore[attr-defined]

    def clean_claim(self) -> Claim | None:
        """The claim that was chosen; None for nobody's."""
        return self.claims.get(self.cleaned_data["claim"])


class ScanForm(ActForm):
    """补传签名件: one picture of the signed slip."""

    submit = _("保存签名件")
    icon = "upload"
    hint = _("存一次，不能替换；请拍清三处签名。")

    photo = forms.FileField(label=_("签名的认领单照片"), widget=PhotoInput(capture=True))
