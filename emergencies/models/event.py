"""The event itself: who commands, who may read, who is concerned."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.content import Kind, PlaybookVersion
from propdesk.core.models import Case, Person, Place, User
from propdesk.core.roles import Role


class Event(models.Model):
    """特殊事件 or 演练, run by the version of the playbook it began with (E-1 … E-8)."""

    class Status(models.TextChoices):
        RUNNING = "running", _("处置中")
        SIGNING = "signing", _("待签批")
        ARCHIVED = "archived", _("已归档")
        VOIDED = "voided", _("已作废")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="event", verbose_name=_("编号")
    )
    kind = models.CharField(_("类别"), max_length=16, choices=Kind)
    playbook = models.ForeignKey(PlaybookVersion, models.PROTECT, related_name="events")
    status = models.CharField(_("状态"), max_length=8, choices=Status, default=Status.RUNNING)
    is_drill = models.BooleanField(_("演练"), default=False)
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, related_name="+", verbose_name=_("地点")
    )
    place_note = models.CharField(_("地点说明"), max_length=80, blank=True)
    reported_at = models.DateTimeField(_("启动时间"))
    """The server's time: what targets count from. Never typed."""
    occurred_at = models.DateTimeField(_("发生时间"))
    reported_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    commander = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("现场指挥")
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="children", verbose_name=_("由哪件引出")
    )
    summary = models.TextField(_("处理结果"), blank=True)
    ended_at = models.DateTimeField(_("处置结束"), null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    archived_at = models.DateTimeField(_("归档时间"), null=True)
    archived_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    review = models.TextField(_("复盘"), blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("特殊事件")
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "kind"],
                condition=Q(parent__isnull=False) & ~Q(status="voided"),
                name="emergencies_event_child_once",
                violation_error_message=_("这一类事件已经由它引出过一件。"),
            ),
            models.CheckConstraint(
                name="emergencies_event_not_its_own_parent", condition=~Q(parent=F("case"))
            ),
            models.CheckConstraint(
                name="emergencies_event_ended",
                condition=(Q(status__in=["running", "voided"]) & Q(ended_at=None, ended_by=None))
                | (
                    Q(status__in=["signing", "archived"])
                    & Q(ended_at__isnull=False, ended_by__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="emergencies_event_archived",
                condition=Q(status="archived", archived_at__isnull=False, archived_by__isnull=False)
                | (~Q(status="archived") & Q(archived_at=None, archived_by=None)),
            ),
            models.CheckConstraint(
                name="emergencies_event_voided_has_reason",
                condition=(Q(status="voided") & ~Q(void_reason=""))
                | (~Q(status="voided") & Q(void_reason="")),
                violation_error_message=_("作废请写明原因。"),
            ),
            models.CheckConstraint(
                name="emergencies_event_times",
                condition=Q(occurred_at__lte=F("reported_at")),
                violation_error_message=_("发生时间不能晚于启动时间。"),
            ),
            models.CheckConstraint(
                name="emergencies_event_place",
                condition=Q(place__isnull=False) | ~Q(place_note=""),
                violation_error_message=_("请选择或写明地点。"),
            ),
            models.CheckConstraint(
                name="emergencies_event_reviewed",
                condition=Q(reviewed_at=None, reviewed_by=None, review="")
                | (Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(review="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["case"], condition=Q(status="running"), name="emergencies_event_runs"
            ),
            models.Index(fields=["kind", "is_drill", "reported_at"], name="emergencies_event_kind"),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("emergencies:detail", args=[self.case.property.code, self.case.number])


class Involved(models.Model):
    """A role the playbook calls or gives a step to: its holders may read an open event."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="involved")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        verbose_name = verbose_name_plural = _("有关岗位")
        constraints = [
            models.UniqueConstraint(fields=["event", "role"], name="emergencies_involved_once")
        ]
        indexes = [models.Index(fields=["role", "event"], name="emergencies_involved_role")]

    def __str__(self) -> str:
        return self.get_role_display()


class Reader(models.Model):
    """Who may read a restricted event: fixed at its start, or named later (decision 33)."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="readers")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("原因"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    is_brief = models.BooleanField(_("只到有人接手"), default=False)
    """Whoever found and started it: he reads until the event is in hand (ADR 0026)."""
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("可查看人")
        constraints = [
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(is_brief=True, ended_at=None),
                name="emergencies_reader_brief_one",
            ),
            models.UniqueConstraint(
                fields=["event", "user"],
                condition=Q(ended_at=None),
                name="emergencies_reader_once",
                violation_error_message=_("此人已经可以查看。"),
            ),
            models.CheckConstraint(
                name="emergencies_reader_ended",
                condition=Q(ended_at=None, ended_by=None)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["user", "event"], name="emergencies_reader_user")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.user_id}"


class Command(models.Model):
    """Who was in command from when to when; exactly one is in force (交接指挥)."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="commands")
    seq = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("指挥")
        constraints = [
            models.UniqueConstraint(fields=["event", "seq"], name="emergencies_command_seq"),
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(ended_at=None),
                name="emergencies_command_one",
                violation_error_message=_("指挥刚刚换了人，请看最新情况。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}/{self.seq}"


class Party(models.Model):
    """Somebody concerned who is not staff: his data stand in ``core.Person`` alone."""

    class Part(models.TextChoices):
        GUEST = "guest", _("客户")
        VICTIM = "victim", _("受害人")
        INJURED = "injured", _("伤病者")
        # Stored as it was first called: rows are frozen. In the file of a death it is who died, in
        # every other somebody it is about, unhurt until somebody writes that he is.
        CONCERNED = "deceased", _("当事人")
        OTHER_SIDE = "other_side", _("对方当事人")
        WITNESS = "witness", _("见证人")
        FAMILY = "family", _("家属")
        RECEIVER = "receiver", _("接收人")
        TRAPPED = "trapped", _("被困人员")

    event = models.ForeignKey(Event, models.PROTECT, related_name="parties")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    part = models.CharField(_("身份"), max_length=10, choices=Part)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("有关人员")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "person", "part"], name="emergencies_party_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.part}"
