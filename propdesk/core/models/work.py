"""What waits for somebody: clocks, tasks, notices and their delivery, sweeps, drafts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.cases import Case
from propdesk.core.models.people import Department, Property, User
from propdesk.core.models.robots import Robot
from propdesk.core.roles import Role


class Clock(models.Model):
    """A moment at which something is due on a case; fired once, stamped with the due time."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="clocks")
    rule = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    merged = models.BooleanField(default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("时限")
        constraints = [
            models.UniqueConstraint(fields=["case", "rule", "due_at"], name="core_clock_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(fired_at=None, stopped_at=None),
                name="core_clock_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.rule}"


class Task(models.Model):
    """Something a role must decide or do on a case; one open task per case and kind."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    role = models.CharField(max_length=20, choices=Role)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    text = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("待办")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(done_at=None), name="core_task_one_open"
            ),
            models.CheckConstraint(
                name="core_task_done_complete",
                condition=Q(done_at=None, done_by=None) | Q(done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["property", "role", "created_at"],
                condition=Q(done_at=None),
                name="core_task_open",
            )
        ]

    def __str__(self) -> str:
        return self.text


class Notice(models.Model):
    """What is to be told to one person; insert-only. No name, phone or room in ``text``."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="notices")
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    rule = models.CharField(max_length=40)
    text = models.CharField(max_length=200)
    due_at = models.DateTimeField(null=True)
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    key = models.CharField(max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = _("通知")
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="core_notice_once")
        ]
        indexes = [models.Index(fields=["case", "created_at"])]

    def __str__(self) -> str:
        return self.text


class Delivery(models.Model):
    """How far a notice got on one channel; the relay and the recipient update it.

    A robot speaks to a group: it gets what several people are told once, by ``robot_key``, which is
    the key of their notices; the row hangs on the first of these.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("待发送")
        SENT = "sent", _("已发送")
        ACKNOWLEDGED = "acknowledged", _("已确认")
        MERGED = "merged", _("已合并")
        FAILED = "failed", _("发送失败")

    class Channel(models.TextChoices):
        INBOX = "inbox", _("站内")
        EMAIL = "email", _("邮件")
        ROBOT = "robot", _("机器人")

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(User, models.PROTECT, related_name="+")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.CharField(max_length=200, blank=True)
    robot = models.ForeignKey(Robot, models.PROTECT, null=True, related_name="+", db_index=False)
    robot_key = models.CharField(max_length=120, blank=True, default="", db_default="")
    in_digest = models.BooleanField(default=False, db_default=False)
    resent_at = models.DateTimeField(null=True)
    resent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = _("发送")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel"],
                condition=Q(robot=None),
                name="core_delivery_once",
            ),
            models.UniqueConstraint(
                fields=["robot", "robot_key"],
                condition=Q(robot__isnull=False),
                name="core_delivery_robot_once",
            ),
            models.CheckConstraint(
                name="core_delivery_robot_named",
                condition=(Q(channel="robot", robot__isnull=False) & ~Q(robot_key=""))
                | (~Q(channel="robot") & Q(robot=None, robot_key="")),
            ),
            models.CheckConstraint(
                name="core_delivery_resent_complete",
                condition=Q(resent_at=None, resent_by=None)
                | Q(resent_at__isnull=False, resent_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "next_try_at", "id"],
                condition=Q(state="pending"),
                name="core_delivery_queue",
            ),
            models.Index(
                fields=["robot", "next_try_at", "id"],
                condition=Q(state="pending", robot__isnull=False),
                name="core_delivery_robot_queue",
            ),
            models.Index(
                fields=["property", "-id"],
                condition=Q(state="failed"),
                name="core_delivery_failed",
            ),
            models.Index(
                fields=["recipient", "property", "-id"],
                condition=Q(channel="inbox", state__in=["pending", "sent"]),
                name="core_delivery_unread",
            ),
            models.Index(
                fields=["recipient", "property", "channel", "-id"], name="core_delivery_inbox"
            ),
            models.Index(
                fields=["property", "-created_at", "-id"],
                condition=Q(channel="inbox"),
                name="core_delivery_told",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class SweepRun(models.Model):
    """One run of one sweep: readiness watches the age of the last finished one."""

    name = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("巡检")
        indexes = [models.Index(fields=["name", "-finished_at"])]

    def __str__(self) -> str:
        return f"{self.name} {self.started_at:%F %T}"


class Draft(models.Model):
    """What somebody had typed into a form: kept 24 hours, off the session (decision 5)."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=120)
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("草稿")
        constraints = [models.UniqueConstraint(fields=["owner", "form"], name="core_draft_once")]
        indexes = [models.Index(fields=["updated_at"])]

    def __str__(self) -> str:
        return self.form


class FormToken(models.Model):
    """A form was submitted with this token and led to ``url``: a double click finds it again."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    url = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("提交凭据")
        constraints = [
            models.UniqueConstraint(fields=["owner", "token"], name="core_formtoken_once")
        ]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return self.url
