"""What the forms share: the base of every act, a reason, a moment, a colleague."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emergencies.models import Event
from emergencies.queries import board
from propdesk.core.layouts import Actions, helper
from propdesk.core.models import User
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanTextField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

NOW_FIELDS = ("at", "occurred_at")
"""Times left empty for now: what stood there hours ago is not brought back from a draft."""
PHONE = r"^[0-9+() （）转*＊-]{5,30}$"
"""A number somebody can dial, as for staff; one with an asterisk gets a sentence of its own."""


def area(rows: int = 3, **attrs: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attrs})


EARLIER = _("不是刚才，是")
CHOOSE = _("请选择")


def moment(label: "str | StrPromise" = EARLIER) -> MomentField:
    """When it really happened; empty is now."""
    return MomentField(label=label, required=False)


class ColleagueField(forms.ChoiceField):
    """A choice among colleagues who were read already: cleans to the user, or None."""

    def offer(self, rows: "list[User]") -> None:
        """Take these people."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [("", CHOOSE), *((pk, row.name) for pk, row in self.rows.items())]

    def clean(self, value: Any) -> Any:
        return self.rows.get(str(super().clean(value)))


class ActForm(forms.Form):
    """Base of every act: knows the event and who acts; ``submit`` is its button."""

    submit: "str | StrPromise" = _("提交")
    icon = "check2-circle"
    danger = False
    hint: "str | StrPromise" = ""
    use_required_attribute = False
    restored = False
    """Whether it shows what was typed before and never sent."""
    device = ""
    """What a signature is drawn on, as its browser names itself; kept with the signature."""
    version: "int | None" = None
    """Version of what the page showed, where the act may be sent only while it is still that."""
    conflict: "list[str]" = []
    """What a colleague did meanwhile: shown above a form that may be sent once more."""

    def __init__(self, *args: Any, event: Event, user: User, **kwargs: Any) -> None:
        self.event, self.user = event, user
        super().__init__(*args, **kwargs)
        self.prepare()
        self.helper = helper(self, *self.layout(), submit_label="")
        self.helper.layout.append(
            Actions(str(self.submit), icon=self.icon, danger=self.danger, hint=str(self.hint))
        )

    def prepare(self) -> None:
        """Fill in choices and proposals that depend on the event."""

    def layout(self) -> tuple[Any, ...]:
        """Field names and layout objects; all fields in order when empty."""
        return ()

    def colleagues(self, *, but: frozenset[int] = frozenset()) -> list[User]:
        """Everybody who works in the house but these."""
        people = board.colleagues(self.event.case.property)
        return [person for person in people if person.pk not in but]

    def readers(self, *, but: frozenset[int] = frozenset()) -> list[User]:
        """Colleagues who may see the event: of a confidential one its readers."""
        people = self.colleagues(but=but)
        if not self.event.case.restricted:
            return people
        known = set(self.event.readers.filter(ended_at=None).values_list("user", flat=True))
        return [person for person in people if person.pk in known]


class ReasonForm(ActForm):
    """Any act that needs nothing but a reason."""

    reason = CleanTextField(label=_("原因"), widget=area(2), max_length=200)
