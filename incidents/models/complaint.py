"""One complaint, and the words it is described in."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models import Case, Department, Person, Place, User

CONDUCT = ("A", "B", "C", "D", "E")
LETTERS = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")


class Severity(models.TextChoices):
    NORMAL = "normal", _("一般")
    SERIOUS = "serious", _("严重")
    MAJOR = "major", _("重大")


GRAVE = (Severity.SERIOUS.value, Severity.MAJOR.value)
"""Those that are few, and so have indexes of their own."""


class Channel(models.TextChoices):
    """How the complaint came in."""

    IN_PERSON = "in_person", _("当面")
    PHONE = "phone", _("电话")
    WECHAT = "wechat", _("微信")
    APP = "app", _("应用")
    LETTER = "letter", _("来信")
    VIA_STAFF = "via_staff", _("员工转告")


class Via(models.TextChoices):
    """How the guest was told something."""

    IN_PERSON = "in_person", _("当面")
    PHONE = "phone", _("电话")
    WECHAT = "wechat", _("微信")
    APP = "app", _("应用")
    NOT_POSSIBLE = "not_possible", _("不适用（匿名）")


class Complaint(models.Model):
    """One complaint from the first word to the reviewed result."""

    class Status(models.TextChoices):
        INTAKE = "intake", _("受理中")
        RECORDED = "recorded", _("已记录")
        AWAITING_CHOICE = "awaiting_choice", _("待客户选定")
        IN_PROGRESS = "in_progress", _("处理中")
        RESOLVED = "resolved", _("待复查")
        CLOSED = "closed", _("已结案")
        REOPENED = "reopened", _("重新处理")
        VOIDED = "voided", _("已作废")

    class Category(models.TextChoices):
        SERVICE = "service", _("服务")
        FACILITY = "facility", _("设施")
        NOISE = "noise", _("噪音")
        SECURITY = "security", _("安全")
        CLEANING = "cleaning", _("清洁")
        BILLING = "billing", _("账单")
        LOST_ITEM = "lost_item", _("失物")
        OTHER = "other", _("其他")

    class PrivateTalk(models.TextChoices):
        PRIVATE = "private", _("已单独会谈")
        NOT_POSSIBLE = "not_possible", _("未能单独会谈")
        NOT_APPLICABLE = "not_applicable", _("不适用（非当面）")

    class Satisfaction(models.TextChoices):
        SATISFIED = "satisfied", _("满意")
        ACCEPTABLE = "acceptable", _("基本满意")
        DISSATISFIED = "dissatisfied", _("不满意")
        UNREACHABLE = "unreachable", _("联系不上")
        NOT_POSSIBLE = "not_possible", _("不适用（匿名）")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="complaint", verbose_name=_("单号")
    )
    status = models.CharField(_("状态"), max_length=16, choices=Status, default=Status.INTAKE)
    severity = models.CharField(_("等级"), max_length=10, choices=Severity, default=Severity.NORMAL)
    channel = models.CharField(_("投诉方式"), max_length=10, choices=Channel)
    received_at = models.DateTimeField(_("受理时间"))
    received_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("接诉人")
    )
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("跟进人"))
    guest = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("客户"))
    is_anonymous = models.BooleanField(_("匿名投诉"), default=False)
    anonymous_reason = models.CharField(_("匿名说明"), max_length=200, blank=True)
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("房号或地点")
    )
    place_note = models.CharField(_("具体位置"), max_length=120, blank=True)
    opening_words = models.TextField(_("客户怎么说"))

    private_talk = models.CharField(_("单独会谈"), max_length=16, choices=PrivateTalk, blank=True)
    private_talk_reason = models.CharField(_("未单独会谈的原因"), max_length=200, blank=True)
    core_issue = models.TextField(_("问题症结"), blank=True)
    expectation = models.TextField(_("客户诉求"), blank=True)

    category = models.CharField(_("投诉类别"), max_length=10, choices=Category, blank=True)
    occurred_at = models.DateTimeField(_("发生时间"), null=True, blank=True)
    key_points = models.TextField(_("要点记录"), blank=True)
    read_back = models.BooleanField(_("客户已核对"), null=True)
    read_back_reason = models.CharField(_("未核对的原因"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("完成记录"), null=True)
    recorded_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("记录人")
    )

    cycle = models.PositiveSmallIntegerField(_("第几轮"), default=1)
    single_option_reason = models.CharField(_("仅一种方案的原因"), max_length=200, blank=True)
    told_options_at = models.DateTimeField(_("告知方案"), null=True)
    told_options_via = models.CharField(_("告知方案的方式"), max_length=12, choices=Via, blank=True)
    refused_at = models.DateTimeField(_("客户不接受"), null=True)
    refused_reason = models.TextField(_("不接受的原因"), blank=True)
    refused_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("不接受由谁登记")
    )
    chosen_at = models.DateTimeField(_("客户选定"), null=True)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("执行部门")
    )
    current_due_at = models.DateTimeField(_("承诺时限"), null=True)
    next_due_at = models.DateTimeField(_("下一个时限"), null=True)
    started_at = models.DateTimeField(_("开工时间"), null=True)
    department_done_at = models.DateTimeField(_("部门完成"), null=True)
    resolved_at = models.DateTimeField(_("解决时间"), null=True)
    resolution = models.TextField(_("处理结果"), blank=True)

    satisfaction = models.CharField(_("满意度"), max_length=12, choices=Satisfaction, blank=True)
    reviewed_at = models.DateTimeField(_("回访时间"), null=True)
    guest_comment = models.TextField(_("客户意见"), blank=True)
    dissatisfied_decided = models.BooleanField(_("不满意已作决定"), default=False)
    summary = models.TextField(_("经过与措施"), blank=True)
    result = models.TextField(_("结果"), blank=True)
    lesson = models.TextField(_("改进建议"), blank=True)
    closed_override = models.BooleanField(_("越过门槛结案"), default=False)
    void_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("投诉")
        constraints = [
            models.CheckConstraint(
                name="incidents_recorded_is_complete",
                condition=Q(recorded_at=None)
                | (~Q(key_points="") & ~Q(category="") & ~Q(core_issue="") & ~Q(expectation="")),
                violation_error_message=_("要点、类别、症结和诉求填全后才能完成记录。"),
            ),
            models.CheckConstraint(
                name="incidents_record_before_options",
                condition=Q(status__in=["intake", "voided"]) | Q(recorded_at__isnull=False),
                violation_error_message=_("先完成 F 做好记录。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_before_work",
                condition=~Q(status="in_progress")
                | (Q(current_due_at__isnull=False) & Q(department__isnull=False)),
                violation_error_message=_("先约定时限再进入处理。"),
            ),
            models.CheckConstraint(
                name="incidents_resolved_has_result",
                condition=~Q(status__in=["resolved", "closed"])
                | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                violation_error_message=_("先写明处理结果。"),
            ),
            models.CheckConstraint(
                name="incidents_closed_was_reviewed",
                condition=~Q(status="closed")
                | Q(closed_override=True)
                | (~Q(satisfaction="") & ~Q(summary="") & ~Q(result="")),
                violation_error_message=_("先登记满意度并写明经过与结果。"),
            ),
            models.CheckConstraint(
                name="incidents_dissatisfied_was_decided",
                condition=~Q(status="closed")
                | ~Q(satisfaction="dissatisfied")
                | Q(dissatisfied_decided=True),
                violation_error_message=_("客户不满意，须先由物业经理决定。"),
            ),
            models.CheckConstraint(
                name="incidents_anonymous_has_reason",
                condition=Q(is_anonymous=False) | ~Q(anonymous_reason=""),
                violation_error_message=_("匿名投诉请写明说明。"),
            ),
            models.CheckConstraint(
                name="incidents_void_has_reason",
                condition=~Q(status="voided") | ~Q(void_reason=""),
                violation_error_message=_("作废须写明原因。"),
            ),
            models.CheckConstraint(
                name="incidents_open_has_due",
                condition=Q(status__in=["closed", "voided"]) | Q(next_due_at__isnull=False),
                violation_error_message=_("未结的投诉必须有下一个时限。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["category", "resolved_at"],
                condition=Q(resolved_at__isnull=False),
                name="incidents_category_speed",
            ),
            models.Index(fields=["guest"]),
            models.Index(
                fields=["next_due_at", "case"],
                condition=~Q(status__in=["closed", "voided"]),
                name="incidents_by_urgency",
            ),
            # A list narrowed by one of these is read in its order; received_at is the case's opened_at.
            models.Index(
                fields=["category", "-received_at", "-case"], name="incidents_newest_of_kind"
            ),
            models.Index(
                fields=["severity", "-received_at", "-case"],
                condition=Q(severity__in=[*GRAVE]),
                name="incidents_newest_grave",
            ),
            models.Index(
                fields=["severity", "category", "-received_at", "-case"],
                condition=Q(severity__in=[*GRAVE]),
                name="incidents_newest_grave_kind",
            ),
            models.Index(
                fields=["-received_at", "-case"],
                condition=Q(status="voided"),
                name="incidents_newest_voided",
            ),
            models.Index(fields=["owner", "-received_at", "-case"], name="incidents_newest_owned"),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.case.property.code, self.case.number])
