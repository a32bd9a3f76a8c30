"""交接班记录 and 值班日志: fields and constraints; the workflow alone writes them (ADR 0033)."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models import Case, Department, Property, Shift, StaffSignature, User
from propdesk.core.retention.declared import MARK as PURGED

OPEN = ("draft", "offered")
"""States in which a hand-over is still being made."""
HIDDEN = "保密事项"
"""All that is said of a confidential case; a constraint compares with it, so it is not translated."""
MARK = 16
"""Characters of a digest by which a page names what it showed."""


class CountItem(models.Model):
    """清点项目: something of the house that is counted at each hand-over, and how much there should be."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    name = models.CharField(_("名称"), max_length=40)
    unit = models.CharField(_("单位"), max_length=8)
    expected = models.DecimalField(
        _("应有"), max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )
    is_active = models.BooleanField(_("在用"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("清点项目")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "name"],
                name="desk_countitem_name",
                violation_error_message=_("已有同名的清点项目。"),
            ),
            models.CheckConstraint(name="desk_countitem_expected", condition=Q(expected__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Handover(models.Model):
    """The hand-over of one shift: drafted and signed by who goes, accepted and signed by who comes."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("起草中")
        OFFERED = "offered", _("待接班")
        SIGNED = "signed", _("已交接")
        VOIDED = "voided", _("已作废")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="handover", verbose_name=_("编号")
    )
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    shift = models.ForeignKey(Shift, models.PROTECT, null=True, related_name="handovers")
    label = models.CharField(_("班次"), max_length=10)
    starts_at = models.DateTimeField(_("起"))
    ends_at = models.DateTimeField(_("止"))
    until = models.DateTimeField(_("下一班止"))
    reports_from = models.DateTimeField(_("记录自"))
    """The first signature of the record before: log and what came up from here on stand on this one."""
    status = models.CharField(_("状态"), max_length=8, choices=Status, default=Status.DRAFT)
    outgoing = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("交班人"))
    on_behalf_of = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("代谁交班")
    )
    takeover_reason = models.CharField(_("代交班的原因"), max_length=200, blank=True)
    room_state = models.TextField(_("房态摘要"), blank=True)
    vips = models.TextField(_("重点住户"), blank=True)
    happened = models.JSONField(default=list)
    """What came up since ``reports_from``, frozen with the first signature: {number, kind, state}."""
    unlisted = models.PositiveIntegerField(default=0)
    """So many more came up than ``happened`` holds."""
    outgoing_signed_at = models.DateTimeField(_("交班签名"), null=True)
    outgoing_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    content_sha = models.CharField(max_length=64, blank=True)
    """Digest of all that lay before the outgoing one when he signed."""
    incoming = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("接班人")
    )
    incoming_signed_at = models.DateTimeField(_("接班签名"), null=True)
    incoming_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    void_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("未接事项处理"), null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(_("处理结果"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("交接班记录")
        constraints = [
            models.UniqueConstraint(
                fields=["property"],
                condition=Q(status__in=OPEN),
                name="desk_handover_one_open",
                violation_error_message=_("已有一份交接班正在办，请先办完。"),
            ),
            models.UniqueConstraint(
                fields=["shift"],
                condition=~Q(status="voided"),
                name="desk_handover_one_per_shift",
                violation_error_message=_("这一班已经有交接班记录。"),
            ),
            models.CheckConstraint(
                name="desk_handover_times",
                condition=Q(ends_at__gt=F("starts_at"), until__gte=F("ends_at")),
            ),
            models.CheckConstraint(
                name="desk_handover_reports",
                condition=Q(outgoing_signed_at=None) | Q(outgoing_signed_at__gte=F("reports_from")),
            ),
            models.CheckConstraint(
                name="desk_handover_four_eyes",
                condition=Q(incoming=None)
                | (
                    ~Q(incoming=F("outgoing"))
                    & (Q(on_behalf_of=None) | ~Q(incoming=F("on_behalf_of")))
                ),
                violation_error_message=_("交班人和接班人不能是同一人。"),
            ),
            models.CheckConstraint(
                name="desk_handover_offered",
                condition=(
                    Q(status="draft", outgoing_signed_at=None, outgoing_signature=None)
                    & Q(content_sha="")
                )
                | (
                    Q(status__in=["offered", "signed"])
                    & Q(outgoing_signed_at__isnull=False, outgoing_signature__isnull=False)
                    & ~Q(content_sha="")
                )
                | Q(status="voided"),
            ),
            models.CheckConstraint(
                name="desk_handover_signed",
                condition=Q(
                    status="signed",
                    incoming__isnull=False,
                    incoming_signed_at__isnull=False,
                    incoming_signature__isnull=False,
                )
                | (
                    ~Q(status="signed")
                    & Q(incoming=None, incoming_signed_at=None, incoming_signature=None)
                ),
            ),
            models.CheckConstraint(
                name="desk_handover_signed_in_turn",
                condition=Q(incoming_signed_at=None)
                | Q(incoming_signed_at__gte=F("outgoing_signed_at")),
            ),
            models.CheckConstraint(
                name="desk_handover_takeover_has_reason",
                condition=Q(on_behalf_of=None, takeover_reason="")
                | (Q(on_behalf_of__isnull=False) & ~Q(takeover_reason="")),
                violation_error_message=_("代人交班请写明原因。"),
            ),
            models.CheckConstraint(
                name="desk_handover_voided_has_reason",
                condition=(Q(status="voided") & ~Q(void_reason=""))
                | (~Q(status="voided") & Q(void_reason="")),
                violation_error_message=_("作废请写明原因。"),
            ),
            models.CheckConstraint(
                name="desk_handover_settled",
                condition=Q(settled_at=None, settled_by=None, outcome="")
                | (
                    Q(status="signed", settled_at__isnull=False, settled_by__isnull=False)
                    & ~Q(outcome="")
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["property", "-ends_at", "-case"], name="desk_handover_newest"),
            models.Index(fields=["property", "-case"], name="desk_handover_in_turn"),
            models.Index(
                fields=["property", "-outgoing_signed_at"],
                condition=Q(status="signed"),
                name="desk_handover_reported",
            ),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("handover:detail", args=[self.case.property.code, self.case.number])

    def leaving(self) -> frozenset[int]:
        """Keys of who hands over: the outgoing one, and whom he stands for."""
        return frozenset(pk for pk in (self.outgoing_id, self.on_behalf_of_id) if pk)

    def parties(self) -> frozenset[int]:
        """Keys of all between whom the shift passes: none of them judges what was refused."""
        return self.leaving() | {pk for pk in (self.incoming_id,) if pk}


class HandoverLine(models.Model):
    """One open thing as it stood when it was drafted; of a confidential one no more than its number."""

    class Kind(models.TextChoices):
        EVENT = "event", _("特殊事件")
        SEAL = "seal", _("在贴封条")
        COMPLAINT = "complaint", _("投诉")
        FOUND = "found", _("失物")
        TASK = "task", _("待办")
        NOTICE = "notice", _("未确认的紧急通知")

    class Decision(models.TextChoices):
        NONE = "", _("未表态")
        ACCEPTED = "accepted", _("接下")
        REFUSED = "refused", _("不接")

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="lines")
    seq = models.PositiveIntegerField()
    kind = models.CharField(_("类别"), max_length=10, choices=Kind)
    key = models.CharField(max_length=40)
    """What it is, for ever: kind and key of its row."""
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+")
    restricted = models.BooleanField(_("保密"), default=False)
    title = models.CharField(_("事项"), max_length=200)
    state = models.CharField(_("状态"), max_length=60, blank=True)
    due_at = models.DateTimeField(_("到期"), null=True)
    holder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    digest = models.CharField(max_length=64)
    drafted_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)
    """It was settled before both had signed, and is no line of the hand-over any more."""
    next_step = models.CharField(_("下一步"), max_length=300, blank=True)
    is_told = models.BooleanField(_("已告知接班人"), default=False)
    decision = models.CharField(max_length=8, choices=Decision, default=Decision.NONE, blank=True)
    reason = models.CharField(_("不接的原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("交接事项")
        constraints = [
            models.UniqueConstraint(fields=["handover", "key"], name="desk_line_once"),
            models.UniqueConstraint(fields=["handover", "seq"], name="desk_line_seq"),
            models.CheckConstraint(
                name="desk_line_refused_has_reason",
                condition=(Q(decision="refused") & ~Q(reason=""))
                | (~Q(decision="refused") & Q(reason="")),
                violation_error_message=_("不接的事项请写明原因。"),
            ),
            models.CheckConstraint(
                name="desk_line_restricted_says_nothing",
                condition=Q(restricted=False)
                | Q(title__in=[HIDDEN, PURGED], next_step="", state="", due_at=None, holder=None),
                violation_error_message=_("保密事项的交代请写在事件里，这里不写内容。"),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def mark(self) -> str:
        """What the line says, as a page names it: other words, another mark."""
        return self.digest[:MARK]

    def is_redrafted(self, row: Handover) -> bool:
        """Whether it came, or was drafted anew, after ``row``, its hand-over, was begun."""
        return self.drafted_at > row.case.opened_at


class HandoverCount(models.Model):
    """共管物品清点: how much there should be, how much there is, and a word about the difference."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="counts")
    seq = models.PositiveIntegerField()
    key = models.CharField(max_length=40)
    name = models.CharField(_("名称"), max_length=120)
    unit = models.CharField(_("单位"), max_length=8)
    expected = models.DecimalField(_("应有"), max_digits=10, decimal_places=2)
    actual = models.DecimalField(_("实有"), max_digits=10, decimal_places=2, null=True)
    word = models.CharField(_("差异说明"), max_length=200, blank=True)
    dropped_at = models.DateTimeField(null=True)
    """It is asked for no more: taken off the list of the house, or in a blind count."""

    class Meta:
        verbose_name = verbose_name_plural = _("清点")
        constraints = [
            models.UniqueConstraint(fields=["handover", "key"], name="desk_count_once"),
            models.CheckConstraint(
                name="desk_count_difference_has_word",
                condition=Q(actual=None) | Q(actual=F("expected")) | ~Q(word=""),
                violation_error_message=_("应有与实有不符的，请写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def mark(self) -> str:
        """How much should be there, as a page names it."""
        return f"{self.expected:.2f}"

    @property
    def differs(self) -> bool:
        """Whether it was counted and does not tally."""
        return self.actual is not None and self.actual != self.expected


class PatrolCheck(models.Model):
    """巡查: one area, in order or not; if not, who sees to it and by when."""

    class Area(models.TextChoices):
        LOBBY = "lobby", _("大厅")
        BACK = "back", _("后台")
        EQUIPMENT = "equipment", _("设备")
        FIRE_ROUTE = "fire_route", _("消防通道")
        OUTSIDE = "outside", _("外围")

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="patrol")
    area = models.CharField(_("巡查项"), max_length=10, choices=Area)
    is_normal = models.BooleanField(_("正常"), null=True)
    note = models.CharField(_("情况"), max_length=200, blank=True)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(_("期限"), null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("巡查")
        constraints = [
            models.UniqueConstraint(fields=["handover", "area"], name="desk_patrol_once"),
            models.CheckConstraint(
                name="desk_patrol_fault_is_followed",
                condition=Q(is_normal=None)
                | Q(is_normal=True)
                | (~Q(note="") & Q(department__isnull=False, due_at__isnull=False)),
                violation_error_message=_("巡查异常的，请写明情况、跟进部门和期限。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handover_id} {self.area}"


class ShiftLogEntry(models.Model):
    """值班日志: what the duty side wrote down; never changed, put right by a further entry."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    shift = models.ForeignKey(Shift, models.PROTECT, null=True, related_name="+")
    text = models.CharField(_("记事"), max_length=500)
    occurred_at = models.DateTimeField(_("发生时间"))
    at = models.DateTimeField(_("记录时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", verbose_name=_("更正哪一条")
    )

    class Meta:
        verbose_name = verbose_name_plural = _("值班日志")
        constraints = [
            models.CheckConstraint(name="desk_log_says_something", condition=~Q(text="")),
            models.CheckConstraint(name="desk_log_times", condition=Q(occurred_at__lte=F("at"))),
        ]
        indexes = [models.Index(fields=["property", "-at", "-id"], name="desk_log_newest")]

    def __str__(self) -> str:
        return f"{self.property_id} {self.at:%F %T}"


class HandoverAlarm(models.Model):
    """A shift that began without both signatures, told once (F4)."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("交接班超时")
        constraints = [
            models.UniqueConstraint(fields=["property", "due_at"], name="desk_alarm_once")
        ]

    def __str__(self) -> str:
        return f"{self.property_id} {self.due_at:%F %T}"
