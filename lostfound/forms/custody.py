"""Forms of custody: hand-in, receipt, moves, seals, counting, co-signing (L-A … L-D)."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound import categories
from lostfound.forms.base import ActForm, ReasonForm, RowField, SecondFields, area, money
from lostfound.forms.contents import ContentFields
from lostfound.models import FoundItem
from lostfound.queries import choices
from lostfound.queries import item as queries
from propdesk.core.layouts import Fold, Group, Row, Section
from propdesk.core.models import User
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips


class HandInForm(ActForm):
    submit = _("我已接手")
    icon = "box-arrow-in-down"
    hint = _("东西到了您手里再点；请尽快交值班经理。")


class CosignForm(ActForm):
    submit = _("确认会签")
    icon = "people-fill"
    hint = _("确认移动时您在场，位置和封签与登记一致。")


class StorageFields(forms.Form):
    """Where it is put: the place used last stands first."""

    item: FoundItem
    user: User

    storage = RowField(label=_("存放位置"))
    seal = CleanCharField(label=_("封签号"), max_length=30, required=False)

    def prepare_storage(self, *, propose: bool = True) -> None:
        """The places in use; with ``propose`` the one he used last is chosen."""
        places = choices.storage_places(self.user, self.item.case.property)
        field = self.fields["storage"]
        field.offer(places)  # type: ignore[attr-defined]
        used = [place for place in places if place.used_at]
        if used and propose:
            self.initial.setdefault("storage", max(used, key=lambda place: place.used_at).pk)
        elif len(places) == 1 and propose:
            self.initial.setdefault("storage", places[0].pk)
        if not places:
            field.help_text = _t("还没有存放位置，请先到“存放位置”里登记柜子。")


CLUES = [
    (FoundItem.Clue.YES, _("有线索")),
    (FoundItem.Clue.NO, _("没有线索")),
    (FoundItem.Clue.UNDECIDED, _("稍后再定")),
]


class ReceiveForm(ContentFields, StorageFields, SecondFields, ActForm):
    """接收入库: one page with both people, place, contents, value and clue."""

    submit = _("接收入库")
    icon = "box-arrow-in-down"

    value = money(_("估价（元）"))
    is_unvalued = forms.BooleanField(label=_("未估价（按长期保管）"), required=False)
    basis = CleanCharField(label=_("估价依据"), max_length=200, required=False)
    clue = forms.ChoiceField(
        label=_("有没有失主的线索"),
        choices=CLUES,
        required=False,
        widget=Chips(css="chips-fill"),
    )
    clue_text = CleanTextField(label=_("什么线索"), widget=area(2), required=False)
    handed_at = MomentField(
        label=_("上交时间（不是刚刚才填）"),
        required=False,
    )
    late_reason = CleanCharField(label=_("晚报或晚交的原因"), max_length=200, required=False)

    def prepare(self) -> None:
        rule = categories.rule(self.item.category)
        self.has_lines = self.must_be_here = rule.has_contents or rule.is_cash
        self.prepare_second()
        self.prepare_storage()
        self.initial.setdefault("clue", FoundItem.Clue.UNDECIDED)
        self.initial.setdefault("is_unvalued", not rule.has_market_price)
        self.initial.setdefault("late_reason", self.item.late_reason)
        self.fields["basis"].widget.attrs["placeholder"] = _t("例如：同型号二手价")
        self.fields["seal"].help_text = _t("装袋封签的写袋上的号码。")
        if self.has_lines:
            self.prepare_contents()
        if rule.is_cash:
            self.fields["value"].help_text = _t("留空就按清点的人民币合计。")

    def layout(self) -> tuple[Any, ...]:
        rows: list[Any] = [Row("guard", "guard_password"), Row("storage", "seal")]
        if self.has_lines:
            title = _t("现金清点") if self.rule.is_cash else _t("内含物")
            hint = _t("两人一起点，点完当面核对；是空的就写“空”。")
            rows.append(Section(title, *self.content_layout(), hint=hint))
        value = (Row("value", "basis"), "is_unvalued")
        rows.append(Section(_t("估价"), *value) if self.has_lines else value[0])
        rows += [] if self.has_lines else [value[1]]
        return (
            *rows,
            Group("clue-group", "clue", "clue_text"),
            Fold(_t("上交时间、晚交原因"), Row("handed_at", "late_reason")),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        lines = self.contents() if self.has_lines else ()
        if self.has_lines and self.rule.is_cash and data.get("value") is None and lines:
            total = self.yuan()
            if total and not data.get("is_unvalued"):
                data |= {"value": total, "basis": data.get("basis") or _t("按面额清点合计")}
        return data | {"contents": lines}


class MoveForm(StorageFields, SecondFields, ReasonForm):
    submit = _("登记移位")
    icon = "arrow-left-right"

    field_order = ["storage", "seal", "guard", "guard_password", "reason"]

    def prepare(self) -> None:
        self.missing = queries.waits_for(self.item)
        self.must_be_here = bool(self.missing)
        self.prepare_second()
        self.prepare_storage(propose=False)
        self.fields["seal"].help_text = _t("没有换袋就留空；换封签先登记拆封。")
        if self.missing:
            word = _t(
                "%(name)s还没有会签上一次移动。他来不了，就由在场的两人接管，位置可以不变；记录里写明他没有会签。"
            )
            self.fields["storage"].help_text = word % {"name": self.missing}

    def layout(self) -> tuple[Any, ...]:
        return (Row("storage", "seal"), Row("guard", "guard_password"), "reason")


class OpenSealForm(SecondFields, ReasonForm):
    """登记拆封: both stand here, so both confirm here."""

    submit = _("登记拆封")
    icon = "unlock"
    danger = True
    hint = _("拆开后请换新封签，在“换封签”里登记新号码。")
    must_be_here = True

    field_order = ["guard", "guard_password", "reason"]

    def prepare(self) -> None:
        self.prepare_second()

    def layout(self) -> tuple[Any, ...]:
        return (Row("guard", "guard_password"), "reason")


class ResealForm(SecondFields, ReasonForm):
    """换封签: the new number, and both who stand here."""

    submit = _("登记新封签")
    icon = "lock"
    must_be_here = True

    seal = CleanCharField(label=_("新封签号"), max_length=30)
    field_order = ["seal", "guard", "guard_password", "reason"]

    def prepare(self) -> None:
        self.prepare_second()

    def layout(self) -> tuple[Any, ...]:
        return ("seal", Row("guard", "guard_password"), "reason")


class CountForm(ContentFields, SecondFields, ReasonForm):
    """重新清点: both stand here, so both confirm here."""

    submit = _("登记清点")
    icon = "list-check"
    must_be_here = True

    def prepare(self) -> None:
        self.prepare_second()
        self.prepare_contents()

    def layout(self) -> tuple[Any, ...]:
        return (
            Section(_t("这次点到的"), *self.content_layout(), hint=_t("原来的清单会留存。")),
            Row("guard", "guard_password"),
            "reason",
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return data | {"lines": self.contents()}
