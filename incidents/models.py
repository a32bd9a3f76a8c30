"""投诉 A–J: fields and constraints. Rows are written only by ``incidents.workflow``."""

from datetime import timedelta
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
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

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="complaint")
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

    private_talk = models.CharField(max_length=16, choices=PrivateTalk, blank=True)
    private_talk_reason = models.CharField(max_length=200, blank=True)
    core_issue = models.TextField(_("问题症结"), blank=True)
    expectation = models.TextField(_("客户诉求"), blank=True)

    category = models.CharField(_("投诉类别"), max_length=10, choices=Category, blank=True)
    occurred_at = models.DateTimeField(_("发生时间"), null=True, blank=True)
    key_points = models.TextField(_("要点记录"), blank=True)
    read_back = models.BooleanField(_("客户已核对"), null=True)
    read_back_reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("完成记录"), null=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    cycle = models.PositiveSmallIntegerField(_("第几轮"), default=1)
    single_option_reason = models.CharField(_("仅一种方案的原因"), max_length=200, blank=True)
    told_options_at = models.DateTimeField(_("告知方案"), null=True)
    told_options_via = models.CharField(max_length=12, choices=Via, blank=True)
    refused_at = models.DateTimeField(null=True)
    refused_reason = models.TextField(blank=True)
    refused_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    chosen_at = models.DateTimeField(null=True)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("执行部门")
    )
    current_due_at = models.DateTimeField(_("承诺时限"), null=True)
    next_due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(_("开工时间"), null=True)
    department_done_at = models.DateTimeField(_("部门完成"), null=True)
    resolved_at = models.DateTimeField(_("解决时间"), null=True)
    resolution = models.TextField(_("处理结果"), blank=True)

    satisfaction = models.CharField(_("满意度"), max_length=12, choices=Satisfaction, blank=True)
    reviewed_at = models.DateTimeField(_("回访时间"), null=True)
    guest_comment = models.TextField(_("客户意见"), blank=True)
    dissatisfied_decided = models.BooleanField(default=False)
    summary = models.TextField(_("经过与措施"), blank=True)
    result = models.TextField(_("结果"), blank=True)
    lesson = models.TextField(_("改进建议"), blank=True)
    closed_override = models.BooleanField(default=False)
    void_reason = models.CharField(max_length=200, blank=True)
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
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.case.property.code, self.case.number])


class StepRecord(models.Model):
    """A–E: confirmed, or not applicable with a reason (C-A … C-E)."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="steps")
    letter = models.CharField(max_length=1, choices=[(c, c) for c in CONDUCT])
    done = models.BooleanField()
    reason = models.CharField(_("不适用原因"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("谈话要领确认")
        constraints = [
            models.UniqueConstraint(fields=["complaint", "letter"], name="incidents_step_once"),
            models.CheckConstraint(
                name="incidents_step_reason",
                condition=Q(done=True) | ~Q(reason=""),
                violation_error_message=_("标为不适用的要领请写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return self.letter


class Correction(models.Model):
    """F is frozen once complete; what was wrong is corrected beside it, never over it."""

    class Field(models.TextChoices):
        KEY_POINTS = "key_points", _("要点记录")
        PLACE = "place", _("地点")
        OCCURRED = "occurred_at", _("发生时间")
        CATEGORY = "category", _("类别")
        CORE_ISSUE = "core_issue", _("问题症结")
        EXPECTATION = "expectation", _("客户诉求")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="corrections")
    field = models.CharField(_("更正哪一项"), max_length=12, choices=Field)
    old = models.TextField(blank=True)
    text = models.TextField(_("更正为"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("更正")

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.field}"


class Option(models.Model):
    """A solution that may be offered; above the limit only after approval (C-G)."""

    class Approval(models.TextChoices):
        NOT_NEEDED = "not_needed", _("权限内")
        PENDING = "pending", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="options")
    cycle = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    text = models.TextField(_("方案"))
    limits = models.CharField(_("时间与限制"), max_length=200, blank=True)
    cost = models.DecimalField(
        _("费用（元）"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    feasible = models.BooleanField(_("确认办得到"), default=True)
    approval = models.CharField(max_length=10, choices=Approval)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField(null=True)
    chosen = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("方案")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle", "position"], name="incidents_option_position"
            ),
            models.UniqueConstraint(
                fields=["complaint", "cycle"],
                condition=Q(chosen=True),
                name="incidents_option_one_chosen",
            ),
            models.CheckConstraint(
                name="incidents_option_told_approved",
                condition=Q(told_at=None)
                | (Q(approval__in=["not_needed", "approved"]) & Q(feasible=True)),
                violation_error_message=_("超出权限的方案未批准前不得告知客户。"),
            ),
            models.CheckConstraint(
                name="incidents_option_chosen_told",
                condition=Q(chosen=False) | (Q(told_at__isnull=False) & Q(withdrawn_at=None)),
                violation_error_message=_("只能选定已告知客户的方案。"),
            ),
            models.CheckConstraint(
                name="incidents_option_decided_by_other",
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                violation_error_message=_("自己提出的方案须由另一人批准。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.text[:20]}"


class Promise(models.Model):
    """承诺台账: one told time, never overwritten; moving it adds a row (C-H, C-I, F1)."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("进行中")
        KEPT = "kept", _("已兑现")
        MOVED = "moved", _("已延期")
        BROKEN = "broken", _("未兑现")
        DROPPED = "dropped", _("已终止")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="promises")
    cycle = models.PositiveSmallIntegerField()
    seq = models.PositiveSmallIntegerField()
    what = models.TextField(_("承诺事项"))
    due_at = models.DateTimeField(_("承诺完成时间"))
    told_at = models.DateTimeField(_("告知客户的时间"))
    told_via = models.CharField(_("告知方式"), max_length=12, choices=Via)
    told_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    next_contact_at = models.DateTimeField(_("下次主动联系"), null=True, blank=True)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+")
    reason = models.TextField(_("延误原因"), blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    ended_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("承诺")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle", "seq"], name="incidents_promise_seq"
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                condition=Q(outcome="open"),
                name="incidents_promise_one_open",
                violation_error_message=_("已有一个进行中的承诺时限。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_after_told",
                condition=Q(due_at__gte=F("told_at") + timedelta(minutes=5))
                & Q(due_at__lte=F("told_at") + timedelta(days=90)),
                violation_error_message=_("时限须在告知之后5分钟至90天之间。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_move_reason",
                condition=Q(seq=1) | ~Q(reason=""),
                violation_error_message=_("延期须写明原因。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_ended",
                condition=Q(outcome="open", ended_at=None)
                | (~Q(outcome="open") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="incidents_promise_kept_in_time",
                condition=~Q(outcome="kept") | Q(ended_at__lte=F("due_at")),
                violation_error_message=_("过了时限的承诺不能记为已兑现。"),
            ),
            models.CheckConstraint(
                name="incidents_promise_ended_after_made",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at")),
                violation_error_message=_("承诺的结束不能早于它的登记。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.due_at:%F %H:%M}"


class Progress(models.Model):
    """I: what was done when; append-only."""

    class Kind(models.TextChoices):
        STARTED = "started", _("开工")
        PROGRESS = "progress", _("进展")
        CONTACT = "contact", _("联系客户")
        DONE = "done", _("部门完成")
        NOT_DONE = "not_done", _("核实未完成")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="progress")
    cycle = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    text = models.TextField(_("进展"))
    occurred_at = models.DateTimeField(_("发生时间"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("进展")
        indexes = [models.Index(fields=["complaint", "at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "cycle"],
                condition=Q(kind="started"),
                name="incidents_started_once",
                violation_error_message=_("这一轮已经登记开工。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


class Callback(models.Model):
    """J: one attempt to ask the guest; three in vain, 2 hours apart, count as unreachable."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="callbacks")
    cycle = models.PositiveSmallIntegerField()
    via = models.CharField(_("回访方式"), max_length=12, choices=Via)
    asked_at = models.DateTimeField(_("回访时间"))
    satisfaction = models.CharField(max_length=12, choices=Complaint.Satisfaction)
    comment = models.TextField(_("客户意见"), blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("回访")

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.satisfaction}"


class Decision(models.Model):
    """What the property manager decided where the SOP leaves it to him, with the reason."""

    class Kind(models.TextChoices):
        REFUSAL = "refusal", _("客户不接受方案")
        DISSATISFIED = "dissatisfied", _("客户不满意")
        ANONYMOUS = "anonymous", _("匿名投诉")
        OVERRIDE = "override", _("越过门槛")
        VOID = "void", _("作废")
        REOPEN = "reopen", _("重新处理")

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="decisions")
    cycle = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    choice = models.CharField(max_length=20)
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("决定")
        constraints = [
            models.CheckConstraint(
                name="incidents_decision_reason",
                condition=~Q(reason=""),
                violation_error_message=_("请写明理由。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.choice}"
