"""One found thing and its slip: SW is both (decision 15)."""

from datetime import date

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from lostfound.categories import Category
from lostfound.models.policy import RetentionPolicy
from propdesk.core.models import Case, Department, Notice, Person, Place, User


class FoundItem(models.Model):
    """失物 from the moment it is found until it is gone, with all that the slip asks for."""

    class Status(models.TextChoices):
        LOGGED = "logged", _("待接收")
        STORED = "stored", _("在库")
        TRACING = "tracing", _("查找中")
        OWNERLESS = "ownerless", _("无主（已上报）")
        CLAIMED = "claimed", _("待认领核对")
        DISPUTED = "disputed", _("异议锁定")
        EXPIRED = "expired", _("待处置")
        DISPOSING = "disposing", _("处置中")
        RETURNED = "returned", _("已归还")
        DISPOSED = "disposed", _("已处置")
        POLICE = "police", _("已移交公安")
        VOIDED = "voided", _("已作废")

    class Clue(models.TextChoices):
        UNDECIDED = "", _("还没看")
        YES = "yes", _("有线索")
        NO = "no", _("无线索")

    class Valuation(models.TextChoices):
        NONE = "", _("尚未估价")
        VALUED = "valued", _("已估价")
        UNVALUED = "unvalued", _("未估价")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="found_item", verbose_name=_("单号")
    )
    status = models.CharField(_("状态"), max_length=10, choices=Status, default=Status.LOGGED)
    category = models.CharField(_("类别"), max_length=12, choices=Category)
    name = models.CharField(_("物品名称"), max_length=60)
    quantity = models.PositiveIntegerField(_("数量"), default=1, validators=[MinValueValidator(1)])
    unit = models.CharField(_("单位"), max_length=8, default="件")
    features = models.TextField(_("特征"))
    serial = models.CharField(_("序列号、尾号"), max_length=60, blank=True)
    no_photo_reason = models.CharField(_("没有照片的原因"), max_length=200, blank=True)
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("拾获地点")
    )
    place_note = models.CharField(_("具体位置"), max_length=120, blank=True)

    found_at = models.DateTimeField(_("拾获时间"))
    reported_at = models.DateTimeField(_("上报时间"))
    late_reason = models.CharField(_("晚报的原因"), max_length=200, blank=True)
    logged_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    finder_user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("拾获人")
    )
    finder = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("拾获人（无账号）")
    )
    finder_department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("拾获人部门")
    )
    handed_at = models.DateTimeField(_("上交时间"), null=True)
    received_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("接收值班经理")
    )
    received_on = models.DateField(_("入库日期"), null=True)

    clue = models.CharField(
        _("有无线索"), max_length=4, choices=Clue, default=Clue.UNDECIDED, blank=True
    )
    clue_text = models.TextField(_("线索"), blank=True)
    ownerless_at = models.DateTimeField(_("报物业经理"), null=True)
    ownerless_notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+")
    ownerless_acked_at = models.DateTimeField(_("物业经理知悉"), null=True)
    ownerless_acked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    announced_on = models.DateField(_("招领公告日期"), null=True)

    valuation = models.CharField(
        _("估价"), max_length=8, choices=Valuation, default=Valuation.NONE, blank=True
    )
    value = models.DecimalField(
        _("估价（元）"),
        max_digits=12,
        decimal_places=2,
        null=True,
        validators=[MinValueValidator(0)],
    )
    valuation_basis = models.CharField(_("估价依据"), max_length=200, blank=True)
    valued_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("估价人")
    )
    policy = models.ForeignKey(
        RetentionPolicy, models.PROTECT, null=True, related_name="+", verbose_name=_("保管规则")
    )
    expires_on = models.DateField(_("保管到期日"), null=True)
    kept_until = models.DateField(_("批示继续保管至"), null=True)
    next_due_at = models.DateTimeField(_("下一个时限"), null=True)

    returned_at = models.DateTimeField(_("归还时间"), null=True)
    ended_at = models.DateTimeField(_("了结时间"), null=True)
    void_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    old_number = models.CharField(_("原登记本编号"), max_length=30, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("失物")
        constraints = [
            models.CheckConstraint(
                name="lostfound_times_in_order",
                condition=Q(found_at__lte=F("reported_at"))
                & (Q(handed_at=None) | Q(reported_at__lte=F("handed_at"))),
                violation_error_message=_("拾获、上报、上交的时间要依次不早于前一个。"),
            ),
            models.CheckConstraint(
                name="lostfound_quantity",
                condition=Q(quantity__gte=1),
                violation_error_message=_("数量至少是 1。"),
            ),
            models.CheckConstraint(
                name="lostfound_five_facts",
                condition=~Q(name="")
                & ~Q(features="")
                & (Q(place__isnull=False) | ~Q(place_note="")),
                violation_error_message=_("名称、特征和拾获地点要填全。"),
            ),
            models.CheckConstraint(
                name="lostfound_one_finder",
                condition=Q(finder_user__isnull=False, finder=None)
                | Q(finder_user=None, finder__isnull=False),
                violation_error_message=_("请写明拾获人。"),
            ),
            models.CheckConstraint(
                name="lostfound_value",
                condition=Q(valuation="valued", value__gte=0, valued_by__isnull=False)
                | (Q(value=None) & ~Q(valuation="valued")),
                violation_error_message=_("估价不能小于零，并要有估价人。"),
            ),
            models.CheckConstraint(
                name="lostfound_stored_was_received",
                condition=Q(status__in=["logged", "voided", "police"])
                | (
                    Q(handed_at__isnull=False, received_by__isnull=False, policy__isnull=False)
                    & Q(received_on__isnull=False)
                    & ~Q(valuation="")
                ),
                violation_error_message=_("先由值班经理和保安部接收入库。"),
            ),
            models.CheckConstraint(
                name="lostfound_ownerless_was_reported",
                condition=Q(ownerless_notice__isnull=False, ownerless_at__isnull=False)
                | (~Q(clue="no") & ~Q(status="ownerless")),
                violation_error_message=_("无线索的失物须先报物业经理。"),
            ),
            models.CheckConstraint(
                name="lostfound_contraband_has_no_term",
                condition=~Q(category="contraband") | Q(expires_on=None),
                violation_error_message=_("违禁危险品立即移交公安，不设保管期。"),
            ),
            models.CheckConstraint(
                name="lostfound_expired_has_day",
                condition=~Q(status="expired")
                | Q(expires_on__isnull=False)
                | Q(kept_until__isnull=False),
                violation_error_message=_("没有到期日的失物不能转为待处置。"),
            ),
            models.CheckConstraint(
                name="lostfound_ended_has_time",
                condition=Q(
                    status__in=["returned", "disposed", "police", "voided"], ended_at__isnull=False
                )
                | (
                    ~Q(status__in=["returned", "disposed", "police", "voided"])
                    & Q(ended_at=None, next_due_at__isnull=False)
                ),
                violation_error_message=_("未了结的失物必须有下一个时限。"),
            ),
            models.CheckConstraint(
                name="lostfound_returned_has_time",
                condition=~Q(status="returned") | Q(returned_at__isnull=False),
                violation_error_message=_("归还须有时间。"),
            ),
            models.CheckConstraint(
                name="lostfound_void_has_reason",
                condition=~Q(status="voided") | ~Q(void_reason=""),
                violation_error_message=_("作废须写明原因。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_due_at", "case"],
                condition=Q(ended_at=None),
                name="lostfound_by_urgency",
            ),
            models.Index(
                fields=["next_due_at", "case"],
                condition=Q(status="expired"),
                name="lostfound_expired",
            ),
            models.Index(
                fields=["category", "case"], condition=Q(ended_at=None), name="lostfound_open_kind"
            ),
            models.Index(
                fields=["case"],
                condition=Q(ended_at=None, announced_on__isnull=False),
                name="lostfound_announced",
            ),
            models.Index(fields=["finder_user"], name="lostfound_finder"),
            models.Index(Upper("old_number"), condition=~Q(old_number=""), name="lostfound_old"),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("lostfound:detail", args=[self.case.property.code, self.case.number])

    @property
    def last_day(self) -> date | None:
        """The last day it is kept: of the rule's and the general manager's the later; None 未起算."""
        return max(filter(None, (self.expires_on, self.kept_until)), default=None)


class ContentLine(models.Model):
    """内含物: one thing inside, or one denomination of cash; listed by two persons (L-D)."""

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="contents")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(_("内含物"), max_length=120)
    currency = models.CharField(_("币种"), max_length=3, blank=True)
    denomination = models.DecimalField(_("面额"), max_digits=12, decimal_places=2, null=True)
    count = models.PositiveIntegerField(_("数量"), default=1)
    counted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    witnessed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    """Counted anew: the earlier list stays on record."""

    class Meta:
        verbose_name = verbose_name_plural = _("内含物")
        constraints = [
            models.UniqueConstraint(
                fields=["item", "position", "at"], name="lostfound_content_position"
            ),
            models.CheckConstraint(
                name="lostfound_content_two_people",
                condition=~Q(counted_by=F("witnessed_by")),
                violation_error_message=_("内含物要两个人一起清点。"),
            ),
            models.CheckConstraint(
                name="lostfound_content_count",
                condition=Q(count__gte=1)
                & (Q(currency="", denomination=None) | (~Q(currency="") & Q(denomination__gt=0))),
                violation_error_message=_("现金要写明币种、面额和张数。"),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class TraceAttempt(models.Model):
    """查找记录: whom somebody asked, how, and what came of it; append-only (L-D)."""

    class Via(models.TextChoices):
        PHONE = "phone", _("电话")
        IN_PERSON = "in_person", _("上门或当面")
        WECHAT = "wechat", _("微信")
        RECORDS = "records", _("查登记资料")
        CCTV = "cctv", _("查监控")
        OTHER = "other", _("其他")

    class Outcome(models.TextChoices):
        FOUND = "found", _("找到失主")
        WAITING = "waiting", _("等回复")
        NO_ANSWER = "no_answer", _("联系不上")
        NOT_THEIRS = "not_theirs", _("不是其物品")

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="attempts")
    via = models.CharField(_("方式"), max_length=9, choices=Via)
    text = models.TextField(_("查找经过"))
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome)
    tried_at = models.DateTimeField(_("查找时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("查找记录")
        indexes = [models.Index(fields=["item", "at"])]

    def __str__(self) -> str:
        return f"{self.item_id} {self.outcome}"


class Announcement(models.Model):
    """招领公告: when and where a thing was made known; starts the statutory clocks (F5)."""

    class Channel(models.TextChoices):
        BOARD = "board", _("公告栏张贴")
        WEB = "web", _("招领网页")
        WECHAT = "wechat", _("住户群")
        OTHER = "other", _("其他")

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="announcements")
    published_on = models.DateField(_("公告日期"))
    channel = models.CharField(_("公告渠道"), max_length=6, choices=Channel)
    note = models.CharField(_("说明"), max_length=120, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("招领公告")
        constraints = [
            models.UniqueConstraint(
                fields=["item", "published_on", "channel"],
                name="lostfound_announced_once",
                violation_error_message=_("这一天已经在这个渠道公告过。"),
            )
        ]
        indexes = [models.Index(fields=["published_on", "item"], name="lostfound_announced_on")]

    def __str__(self) -> str:
        return f"{self.item_id} {self.published_on}"


class Valuation(models.Model):
    """估价记录: each value with its basis; lowering across the line waits for a manager (L-G)."""

    class State(models.TextChoices):
        IN_FORCE = "in_force", _("生效")
        PENDING = "pending", _("待批准")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="valuations")
    seq = models.PositiveSmallIntegerField()
    value = models.DecimalField(_("估价（元）"), max_digits=12, decimal_places=2, null=True)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    reason = models.CharField(_("重新估价的原因"), max_length=200, blank=True)
    expires_on = models.DateField(null=True)
    state = models.CharField(max_length=8, choices=State)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("估价记录")
        constraints = [
            models.UniqueConstraint(fields=["item", "seq"], name="lostfound_valuation_seq"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state="pending"),
                name="lostfound_valuation_one_pending",
                violation_error_message=_("已有一次重新估价在等物业经理批准。"),
            ),
            models.CheckConstraint(
                name="lostfound_valuation_value",
                condition=Q(value=None) | Q(value__gte=0),
                violation_error_message=_("估价不能小于零。"),
            ),
            models.CheckConstraint(
                name="lostfound_valuation_decided_by_other",
                condition=Q(state__in=["in_force", "pending"], decided_by=None)
                | (
                    Q(state__in=["approved", "rejected"], decided_by__isnull=False)
                    & ~Q(decided_by=F("by"))
                ),
                violation_error_message=_("自己提出的重新估价须由另一人批准。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.seq}"
