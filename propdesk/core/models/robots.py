"""Where notices go besides the inbox: robots of a house, and who wants e-mail about what."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models.people import Property, User
from propdesk.core.roles import Role

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Level(models.TextChoices):
    """How much of one kind of notice goes somewhere."""

    NONE = "none", _("不发")
    URGENT = "urgent", _("只发紧急")
    ALL = "all", _("全部")


KINDS = ("events", "complaints", "found", "papers")
"""Kinds of notices, each a field of ``Levels``; ``channels.routing`` says which notice is which."""


def _level(label: "str | StrPromise") -> "models.CharField[str, str]":
    return models.CharField(label, max_length=6, choices=Level, default=Level.ALL)


class Levels(models.Model):
    """How much of each kind of notice goes to one robot, one person or the holders of one role."""

    events = _level(_("特殊事件"))
    complaints = _level(_("投诉"))
    found = _level(_("失物"))
    papers = _level(_("签批与其他"))

    class Meta:
        abstract = True

    def takes(self, kind: str, *, urgent: bool) -> bool:
        """Whether a notice of ``kind`` (one of ``KINDS``) goes there."""
        level = getattr(self, kind)
        return level == Level.ALL or (level == Level.URGENT and urgent)


class Robot(Levels):
    """A robot of a group chat, or an address of another system, that gets notices of the house.

    ``secret`` holds its address and key, encrypted (``core.vault``): it is written, never shown.
    ``roles`` empty: notices to anybody; else those to a holder of one of them.
    """

    class Kind(models.TextChoices):
        WECOM = "wecom", _("企业微信群机器人")
        DINGTALK = "dingtalk", _("钉钉群机器人")
        FEISHU = "feishu", _("飞书群机器人")
        WEBHOOK = "webhook", _("其他系统（Webhook）")

    property = models.ForeignKey(Property, models.PROTECT, related_name="robots")
    kind = models.CharField(_("种类"), max_length=8, choices=Kind)
    name = models.CharField(_("名称"), max_length=40)
    host = models.CharField(_("服务器"), max_length=100)
    secret = models.BinaryField()
    is_active = models.BooleanField(_("启用"), default=True)
    per_minute = models.PositiveIntegerField(
        _("每分钟最多几条"),
        default=20,
        validators=[MinValueValidator(2), MaxValueValidator(60_000)],
    )
    roles: "ArrayField[list[str], list[str]]" = ArrayField(
        models.CharField(max_length=20, choices=Role), default=list, blank=True
    )
    tested_at = models.DateTimeField(null=True)
    tested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    test_error = models.CharField(max_length=200, blank=True)
    history = HistoricalRecords(excluded_fields=["secret"])

    class Meta:
        verbose_name = verbose_name_plural = _("通知渠道")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "name"],
                name="core_robot_name",
                violation_error_message=_("已经有同名的渠道，请换一个名称。"),
            ),
            models.CheckConstraint(
                name="core_robot_complete", condition=~Q(secret=b"") & ~Q(host="") & ~Q(name="")
            ),
            models.CheckConstraint(
                name="core_robot_rate", condition=Q(per_minute__gte=2, per_minute__lte=60_000)
            ),
            models.CheckConstraint(
                name="core_robot_test_complete",
                condition=Q(tested_at=None, tested_by=None, test_error="")
                | Q(tested_at__isnull=False, tested_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RobotMeter(models.Model):
    """What the relays share about one robot: how many messages it may still get, and how it fares."""

    robot = models.OneToOneField(Robot, models.PROTECT, primary_key=True, related_name="meter")
    tokens = models.FloatField()
    filled_at = models.DateTimeField()
    paused_until = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("渠道状态")
        constraints = [
            models.CheckConstraint(name="core_robotmeter_tokens", condition=Q(tokens__gte=0))
        ]

    def __str__(self) -> str:
        return f"{self.robot_id}"


class MailRule(Levels):
    """What is also sent by e-mail: to one person, or to the holders of a role who chose nothing."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("邮件规则")
        constraints = [
            models.CheckConstraint(
                name="core_mailrule_whose",
                condition=(Q(user=None) & ~Q(role="")) | Q(user__isnull=False, role=""),
            ),
            models.UniqueConstraint(
                fields=["property", "user"],
                condition=Q(user__isnull=False),
                name="core_mailrule_user",
                violation_error_message=_("规则刚被改过，请刷新后再改。"),
            ),
            models.UniqueConstraint(
                fields=["property", "role"],
                condition=Q(user=None),
                name="core_mailrule_role",
                violation_error_message=_("规则刚被改过，请刷新后再改。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.property_id} {self.user_id or self.role}"
