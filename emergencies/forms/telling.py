"""登记已通知 with its details, or why nobody was told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emergencies.forms.base import ActForm, ColleagueField, ReasonForm, moment
from emergencies.playbooks.schema import AUTOMATIC, Via
from propdesk.core.roles import Role
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips

BY_HAND = [choice for choice in Via.choices if choice[0] not in AUTOMATIC]


class TellForm(ActForm):
    """How, when, and who answered."""

    submit = _("登记已通知")
    icon = "telephone-outbound"
    via = forms.ChoiceField(label=_("怎么通知的"), choices=BY_HAND, widget=Chips(css="chips-sm"))
    answered_by = ColleagueField(label=_("接听的同事"), required=False)
    whom = CleanCharField(
        label=_("接听人"),
        max_length=60,
        required=False,
        help_text=_("写单位、工号或警号，不写客户姓名"),
    )
    at = moment(_("不是刚才，是什么时间通知的"))
    note = CleanCharField(label=_("说明"), max_length=200, required=False)

    def __init__(
        self, *args: Any, to: str = "", ways: "list[tuple[str, str]] | None" = None, **kwargs: Any
    ) -> None:
        self.to, self.ways = to, ways or []
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        first = dict(self.ways)
        ways = [*first.items(), *((code, name) for code, name in BY_HAND if code not in first)]
        self.fields["via"].choices = ways  # type: ignore[attr-defined]
        if self.to in Role.values:
            del self.fields["whom"]
            self.fields["answered_by"].offer(self.colleagues(but=frozenset({self.user.pk})))  # type: ignore[attr-defined]
        else:
            del self.fields["answered_by"]


class NotToldForm(ReasonForm):
    submit = _("登记没有通知")
    icon = "bell-slash"
