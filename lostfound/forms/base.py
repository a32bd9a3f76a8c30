"""What the forms share: the base of every act, rows read once, the second person, money, contents."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.models import FoundItem
from lostfound.permissions import SECURITY
from lostfound.queries import choices
from propdesk.core import signatures
from propdesk.core.layouts import Actions, helper
from propdesk.core.models import User
from propdesk.core.roles import DUTY, standing
from propdesk.core.text import CleanTextField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NOW_FIELDS = ("handed_at", "tried_at", "published_on")
"""Times proposed as now: what stood there hours ago is not brought back from a draft."""
PHONE = r"^[0-9+() （）转*＊-]{5,30}$"
"""A number somebody can dial, as for staff; one with an asterisk gets a sentence of its own."""
CHOOSE = _("请选择")
PASSWORD = forms.PasswordInput(attrs={"autocomplete": "off"})


def area(rows: int = 3, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


def money(label: "str | StrPromise", **options: Any) -> forms.DecimalField:
    """Yuan with at most two decimals, zero or more, typed with the keys of a telephone."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_digits=12,
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
        field.offer(people, shift_name)  # type: ignore[attr-defined]
        if len(people) == 1 or (people and people[0].on_shift):
            self.initial.setdefault("guard", people[0].pk)
        if self.must_be_here:
            word.label = _t("%(role)s密码（须在本机确认）") % {"role": who}
            word.required = True
        else:
            word.label = _t("%(role)s密码（在本机确认）") % {"role": who}
            word.help_text = _t("不在旁边就留空，对方稍后用自己的账号会签。")

    def clean(self) -> dict[str, Any]:
        """A wrong password of the second person is counted."""
        data = super().clean() or {}
        check_second(self)
        return data


def check_second(form: forms.Form) -> None:
    """Count wrong passwords of the second person, so that nobody guesses them at a desk left open.

    The transition checks again; counting there would be rolled back with its refusal.
    """
    who, word = form.cleaned_data.get("guard"), form.cleaned_data.get("guard_password")
    if who is None or not word:
        return
    try:
        signatures.check_password(who, word)
    except ValidationError as refused:
        form.add_error("guard_password", refused)


def shift_name(person: Any) -> str:
    """A colleague in a list, marked while he is on shift."""
    return _t("%(name)s（当班）") % {"name": person.name} if person.on_shift else str(person.name)
