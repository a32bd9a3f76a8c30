"""What the forms share: the base of every act, rows read once, the second person, money, contents."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.models import FoundItem
from lostfound.permissions import SECURITY
from lostfound.queries import choices
from propdesk.core.layouts import Actions, helper
from propdesk.core.models import User
from propdesk.core.report_forms import check_password_of
from propdesk.core.roles import DUTY, standing
from propdesk.core.text import CleanTextField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NOW_FIELDS = ("handed_at", "tried_at", "published_on")
"""Times proposed as now: what stood there hours ago is not brought back from a draft."""
PHONE = r"^[0-9+() （）转*＊-]{5,30}$"
"""A number somebody can dial, as for staff; one with an asterisk gets a sentence of its own."""
PLAIN_AMOUNT = re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?", re.ASCII)
CHOOSE = _("请选择")
PASSWORD = forms.PasswordInput(attrs={"autocomplete": "off"})


def area(rows: int = 3, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


class MoneyField(forms.DecimalField):
    """Digits as a telephone or a Chinese keyboard gives them, full-width too; never an exponent."""

    def to_python(self, value: Any) -> Any:
        """The amount; ValidationError for anything that is not plain digits."""
        text = unicodedata.normalize("NFKC", str(value or "")).strip()
        if text and not PLAIN_AMOUNT.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text.replace(",", ""))


def money(
    label: "str | StrPromise", *, least: Decimal | int = 0, digits: int = 12, **options: Any
) -> MoneyField:
    """Yuan with at most two decimals, zero or more, typed with the keys of a telephone.

    ``digits`` as many as its column holds, decimals included.
    """
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return MoneyField(
        label=label,
        required=False,
        min_value=least,
        max_digits=digits,
        decimal_places=2,
        widget=widget,
        **options,
    )


class RowField(forms.ChoiceField):
    """A choice among rows that were read already: cleans to the row, or None, without a statement."""

    def offer(
        self,
        rows: Iterable[Any],
        name: Callable[[Any], str] = str,
        *,
        empty: "str | StrPromise" = CHOOSE,
    ) -> None:
        """Take these rows; ``name`` says how one reads, ``empty`` the first line ("" for none)."""
        self.rows = {str(row.pk): row for row in rows}
        first = [("", empty)] if empty else []
        self.choices = [*first, *((pk, name(row)) for pk, row in self.rows.items())]

    def clean(self, value: Any) -> Any:
        return self.rows.get(str(super().clean(value)))


class ActForm(forms.Form):
    """Base of every act: knows the thing and who acts; ``submit`` is its button."""

    submit: "str | StrPromise" = _("提交")
    icon = "check2-circle"
    danger = False
    hint: "str | StrPromise" = ""
    use_required_attribute = False
    restored = False
    """Whether it shows what was typed before and never sent."""

    def __init__(self, *args: Any, item: FoundItem, user: User, **kwargs: Any) -> None:
        self.item, self.user = item, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        self.helper.layout.append(
            Actions(str(self.submit), icon=self.icon, danger=self.danger, hint=str(self.hint))
        )

    def prepare(self) -> None:
        """Fill in choices and proposals that depend on the thing."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()


class ReasonForm(ActForm):
    """Any act that needs nothing but a reason."""

    reason = CleanTextField(label=_("原因"), widget=area(2), max_length=200)


class SecondFields(forms.Form):
    """The other of the two people of a move: who, and his password when he stands beside (L-A)."""

    item: FoundItem
    user: User
    must_be_here = False
    """Whether he has to confirm on this very screen."""
    must_sign = False
    """Whether his stored signature goes onto a paper."""

    guard = RowField(label=_("保安部"))
    guard_password = forms.CharField(
        label=_("密码"), required=False, strip=False, max_length=128, widget=PASSWORD
    )

    def prepare_second(self) -> None:
        """Who may be the other one: 保安部 beside the duty side, the duty side beside 保安部."""
        prop = self.item.case.property
        manages = bool(standing(self.user, prop).roles & DUTY)
        who, roles = (_("保安部"), SECURITY) if manages else (_("值班经理"), DUTY)
        people = [
            person
            for person in choices.second_people(prop, roles, timezone.now())
            if person.pk != self.user.pk
        ]
        field, word = self.fields["guard"], self.fields["guard_password"]
        field.label = who
        offer_second(self, people, signs=self.must_sign)
        if self.must_be_here:
            word.label = _t("%(role)s密码（须在本机确认）") % {"role": who}
            word.required = True
        else:
            word.label = _t("%(role)s密码（在本机确认）") % {"role": who}
            word.help_text = _t("不在旁边就留空，对方稍后用自己的账号会签。")

    def clean(self) -> dict[str, Any]:
        """A wrong password of the second person is counted."""
        data = super().clean() or {}
        check_password_of(self, data.get("guard"), "guard_password", by=self.user)
        return data


def offer_second(form: forms.Form, people: list[Any], *, signs: bool) -> None:
    """List them, and choose who is on shift or alone; nobody who lacks the signature it takes."""
    field = form.fields["guard"]
    able = [person for person in people if person.has_signature or not signs]
    field.offer(people, signing_name if signs else shift_name)  # type: ignore[attr-defined]
    if able and (len(people) == 1 or able[0].on_shift):
        form.initial.setdefault("guard", able[0].pk)
    if len(able) < len(people):
        field.help_text = _t("“未留签名”的同事先用自己的账号在“我”里手写签名，再来确认。")


def signing_name(person: Any) -> str:
    """As ``shift_name``; marked while he keeps no signature."""
    name = shift_name(person)
    return name if person.has_signature else _t("%(name)s（未留签名）") % {"name": name}


def shift_name(person: Any) -> str:
    """A colleague in a list, marked while he is on shift."""
    return _t("%(name)s（当班）") % {"name": person.name} if person.on_shift else str(person.name)
