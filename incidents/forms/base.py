"""What the forms share: the base of every act, a reason, the guest."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from incidents.models import Complaint, Severity, Via
from incidents.permissions import ACTIONS
from propdesk.core import masks
from propdesk.core.layouts import Actions, helper
from propdesk.core.models import Honorific, Person, Place, User
from propdesk.core.persons import Guest
from propdesk.core.roles import may
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NOW_FIELDS = ("told_at", "chosen_at", "asked_at")
"""Times proposed as now: what stood there hours ago is not brought back from a draft."""
PHONE = r"^[0-9+() （）转*＊-]{5,30}$"
"""A number somebody can dial, as for staff; one with an asterisk gets a sentence of its own."""
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
    restored = False
    """Whether it shows what was typed before and never sent."""
    own_address = ""
    """Name of the act, where its form stands inside another form and so needs an address."""

    def __init__(self, *args: Any, complaint: Complaint, user: User, **kwargs: Any) -> None:
        self.complaint, self.user = complaint, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        self.helper.layout.append(
            Actions(
                str(self.submit),
                icon=self.icon,
                danger=self.danger,
                hint=str(self.hint),
                address=self.address(),
            )
        )

    def address(self) -> str:
        """Where its button sends it when that is not where the form around it goes."""
        case = self.complaint.case
        args = [case.property.code, case.number, self.own_address]
        return reverse("incidents:act", args=args) if self.own_address else ""

    def prepare(self) -> None:
        """Fill in choices and proposals that depend on the complaint."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()

    def likely_via(self) -> str:
        """How this guest is probably told: as he complained."""
        if self.complaint.is_anonymous and self._may_say_not_told():
            return Via.NOT_POSSIBLE
        channel = self.complaint.channel
        return channel if channel in Via.values else Via.PHONE

    def vias(self) -> list[tuple[str, Any]]:
        """Ways to tell the guest; 不适用 is for a manager and an anonymous complaint (decision 12)."""
        return list(Via.choices) if self._may_say_not_told() else TOLD

    def _may_say_not_told(self) -> bool:
        prop = self.complaint.case.property
        return self.complaint.is_anonymous and may(
            self.user, "not_told_anonymous", ACTIONS, prop=prop
        )


def severities(complaint: Complaint, user: User) -> list[tuple[str, Any]]:
    """The severities this user may give: lowering takes a manager, the workflow decides."""
    lowers = may(user, "lower_severity", ACTIONS, prop=complaint.case.property)
    ranks = Severity.values
    least = 0 if lowers else ranks.index(complaint.severity)
    return Severity.choices[least:]


class ReasonForm(ActForm):
    """Any act that needs nothing but a reason."""

    reason = CleanTextField(label=_("原因"), widget=area(3))


class GuestFields(forms.Form):
    """Who the guest is, as on intake, F and 更正客户资料."""

    name = CleanCharField(label=_("客户姓名"), max_length=60, required=False)
    honorific = forms.ChoiceField(
        label=_("称呼"), choices=Honorific.choices, required=False, widget=Chips(css="chips-sm")
    )
    phone = CleanCharField(
        label=_("电话"),
        max_length=30,
        required=False,
        validators=[
            RegexValidator(PHONE, _("请填能拨通的号码，例如 13800000000 或 0755-26001234转8。"))
        ],
    )
    kind = forms.ChoiceField(
        label=_("身份"), choices=Person.Kind.choices, required=False, widget=Chips(css="chips-sm")
    )


def guest_of(data: dict[str, Any], room: Place | None) -> Guest:
    """The guest as cleaned form data describe him."""
    return Guest(
        name=data["name"],
        honorific=data["honorific"],
        phone=None if data.get("keep_phone") else data["phone"],
        kind=data.get("kind") or Person.Kind.RESIDENT,
        room=room,
    )


class KnownGuestFields(GuestFields):
    """A guest who is on record: his number stays unless another is typed or it is struck out."""

    complaint: Complaint

    drop_phone = forms.BooleanField(label=_("删去登记的电话"), required=False)

    def prepare_phone(self) -> None:
        """The number on record stands in grey and masked; the whole one takes 查看完整号码."""
        phone = self.complaint.guest.phone
        if not phone:
            del self.fields["drop_phone"]
            return
        mask = masks.phone(phone)
        self.fields["phone"].widget.attrs["placeholder"] = mask
        self.fields["phone"].help_text = _t("登记的是 %(mask)s，不改就留空。") % {"mask": mask}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["keep_phone"] = not data.get("phone") and not data.get("drop_phone")
        return data
