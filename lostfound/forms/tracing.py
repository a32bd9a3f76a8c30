"""Forms of L-D: clue, attempts, the report that nobody owns it, the public notice."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound.forms.base import ActForm, area
from lostfound.models import Announcement, FoundItem, TraceAttempt
from propdesk.core.layouts import Group, Row
from propdesk.core.moments import MomentField
from propdesk.core.text import CleanCharField, CleanTextField
from propdesk.core.widgets import Chips, DateLocal


class ClueForm(ActForm):
    submit = _("登记线索")
    icon = "search"
    hint = _("没有线索就收好，系统马上报物业经理。")

    clue = forms.ChoiceField(
        label=_("有没有失主的线索"),
        choices=[(FoundItem.Clue.YES, _("有线索，去找")), (FoundItem.Clue.NO, _("没有线索"))],
        widget=Chips(css="chips-fill"),
    )
    text = CleanTextField(label=_("什么线索"), widget=area(2), required=False)

    def prepare(self) -> None:
        self.fields["text"].widget.attrs["placeholder"] = _t("例如：锁屏上有联系电话；夹层里有房卡")

    def layout(self) -> tuple[Any, ...]:
        return (Group("clue-group", "clue", "text"),)


class TraceForm(ActForm):
    submit = _("登记查找")
    icon = "search"

    via = forms.ChoiceField(
        label=_("怎么找的"), choices=TraceAttempt.Via.choices, widget=Chips(css="chips-sm")
    )
    text = CleanTextField(label=_("问了谁、查了什么"), widget=area(2))
    outcome = forms.ChoiceField(
        label=_("结果"), choices=TraceAttempt.Outcome.choices, widget=Chips(css="chips-sm")
    )
    tried_at = MomentField(label=_("查找时间（不是刚刚才填）"), required=False)

    def layout(self) -> tuple[Any, ...]:
        return ("via", "text", Row("outcome", "tried_at"))


class OwnerlessForm(ActForm):
    submit = _("报物业经理")
    icon = "send"
    hint = _("报上去后物品照常保管，找到失主随时可以认领。")

    reason = CleanTextField(
        label=_("找过哪里、为什么找不到（可不填）"), widget=area(2), max_length=200, required=False
    )


class AcknowledgeForm(ActForm):
    submit = _("已知悉")
    icon = "patch-check"

    note = CleanCharField(label=_("交代的话（可不填）"), max_length=200, required=False)


class AnnounceForm(ActForm):
    submit = _("登记公告")
    icon = "megaphone"
    hint = _("公告只写类别、时间和地点，不写特征；法定期限从公告之日起算。")

    channel = forms.ChoiceField(
        label=_("公告渠道"), choices=Announcement.Channel.choices, widget=Chips(css="chips-sm")
    )
    published_on = forms.DateField(label=_("公告日期"), widget=DateLocal)
    note = CleanCharField(label=_("张贴在哪里（可不填）"), max_length=120, required=False)

    def prepare(self) -> None:
        self.initial.setdefault("published_on", timezone.localdate())

    def layout(self) -> tuple[Any, ...]:
        return ("channel", Row("published_on", "note"))
