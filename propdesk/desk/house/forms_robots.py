"""Forms of 通知渠道: a robot with its secret, and the mail rules of a role."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from propdesk.core.channels.adapters import Secret
from propdesk.core.channels.robots import FIELDS
from propdesk.core.layouts import Fold, Row, Section, helper
from propdesk.core.models import Level, Robot
from propdesk.core.models.robots import KINDS
from propdesk.core.roles import ALL_STAFF, Role
from propdesk.core.text import CleanCharField
from propdesk.core.widgets import Chips, Ticks
from propdesk.desk.notices.forms import LevelsForm

DEFAULTS = dict.fromkeys(KINDS, Level.URGENT) | {"events": Level.ALL, "per_minute": 20}
MOST = 60_000


class RobotForm(LevelsForm):
    """What a robot is called, where it is, and what it gets."""

    name = CleanCharField(label=_("名称"), max_length=40, help_text=_("例如：值班群"))
    url = forms.CharField(
        label=_("机器人网址"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
        help_text=_("从群里机器人的设置页整条复制。保存后不再显示。"),
    )
    key = forms.CharField(
        label=_("签名密钥"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("钉钉叫“加签”，飞书叫“签名校验”；企业微信没有。保存后不再显示。"),
    )
    roles = forms.MultipleChoiceField(
        label=_("只发给这些岗位的提醒"),
        choices=[(role.value, role.label) for role in Role if role in ALL_STAFF],
        required=False,
        widget=Ticks(css="chips-sm"),
        help_text=_("都不选，就是发给任何人的都算。"),
    )
    per_minute = forms.IntegerField(
        label=_("每分钟最多几条"),
        min_value=2,
        max_value=MOST,
        help_text=_("群机器人是20条；超过会被对方停用几分钟。"),
    )

    def values(self) -> dict[str, Any]:
        """The fields of the robot besides its secret."""
        data = {"is_active": True} | self.cleaned_data
        return {name: data[name] for name in FIELDS}

    def secret(self) -> Secret:
        """Address and key as typed."""
        return Secret(self.cleaned_data["url"].strip(), self.cleaned_data["key"].strip())

    def _layout(self) -> list[Any]:
        return [
            Section(str(_("哪些提醒发到这里")), *KINDS),
            Fold(str(_("更多")), "roles", "per_minute"),
        ]


class NewRobotForm(RobotForm):
    """A robot that is added."""

    kind = forms.ChoiceField(label=_("种类"), choices=Robot.Kind.choices, widget=Chips())

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, initial=DEFAULTS, **kwargs)
        self.helper = helper(
            self,
            Section(str(_("机器人")), "kind", "name", "url", "key"),
            *self._layout(),
            submit_label=str(_("添加渠道")),
            back_url=back_url,
        )


class EditRobotForm(RobotForm):
    """A robot that is changed; its secret stays where nothing is typed."""

    is_active = forms.BooleanField(label=_("启用"), required=False)
    reason = CleanCharField(label=_("修改原因"), max_length=200, min_length=2)

    def __init__(self, robot: Robot, *args: Any, back_url: str, **kwargs: Any) -> None:
        initial = {name: getattr(robot, name) for name in FIELDS}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["url"].required = False
        self.fields["url"].label = _("新的机器人网址")
        self.fields["url"].help_text = _("现在的网址不显示；要换才填，密钥也要一起填。")
        self.helper = helper(
            self,
            "is_active",
            "name",
            *self._layout(),
            Fold(str(_("换网址或密钥")), Row("url", "key")),
            "reason",
            submit_label=str(_("保存渠道")),
            back_url=back_url,
        )

    def new_secret(self) -> Secret | None:
        """Address and key as typed; None where they stay as they are."""
        return self.secret() if self.cleaned_data["url"].strip() else None

    def clean(self) -> dict[str, Any]:
        """Say so when a key comes without its address: the two are kept together."""
        data = super().clean() or self.cleaned_data
        if data.get("key") and not data.get("url"):
            self.add_error("url", _("换密钥时请把网址也填上。"))
        return data


class MailRuleForm(LevelsForm):
    """What holders of a role get by e-mail."""

    reason = CleanCharField(label=_("修改原因"), max_length=200, min_length=2)

    def __init__(self, *args: Any, back_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(
            self, *KINDS, "reason", submit_label=str(_("保存规则")), back_url=back_url
        )
