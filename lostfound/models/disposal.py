"""过期失物处理审批单 (CZ): what is asked for, what 总物业经理 says, who carried it out (L-H)."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from lostfound.models.item import FoundItem
from propdesk.core.models import Attachment, Case, StaffSignature, User


class Method(models.TextChoices):
    """What may become of a thing; 移交公安 stands first (民法典 318, 旅馆业治安管理办法 8)."""

    POLICE = "police", _("移交公安")
    KEEP = "keep", _("继续保管")
    DONATE = "donate", _("捐赠")
    DESTROY = "destroy", _("销毁")
    SELL = "sell", _("变卖上交")
    FINDER = "finder", _("归拾获人")


class Early(models.TextChoices):
    """Why a thing may be asked for before its last day (ambiguity 5)."""

    CATEGORY = "category", _("食品、药品等放不久")
    WET = "wet", _("潮湿、霉变或有异味")
    DANGEROUS = "dangerous", _("有安全隐患")


class DisposalBatch(models.Model):
    """One paper over several things: asked by DM and security, reviewed by PM, decided by GM."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("草拟")
        SUBMITTED = "submitted", _("待物业经理审核")
        REVIEWED = "reviewed", _("待总物业经理批示")
        DECIDED = "decided", _("待执行")
        DONE = "done", _("已办结")
        WITHDRAWN = "withdrawn", _("已撤回")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="disposal", verbose_name=_("单号")
    )
    status = models.CharField(_("状态"), max_length=9, choices=Status, default=Status.DRAFT)
    opinion = models.TextField(_("申请意见"), blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    asked_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    with_signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    returned_reason = models.CharField(_("退回原因"), max_length=200, blank=True)
    """Why it came back to be written anew; empty again once it was sent on."""
    review_skipped = models.BooleanField(_("没有物业经理可以审核"), default=False)
    """Nobody but those who asked could review: the box goes one rank up (decision 32)."""
    review_note = models.TextField(_("物业经理审核意见"), blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("过期失物处理审批单")
        constraints = [
            models.CheckConstraint(
                name="lostfound_batch_asked_by_two",
                condition=Q(status__in=["draft", "withdrawn"])
                | (
                    Q(asked_signature__isnull=False, asked_with__isnull=False)
                    & Q(with_signature__isnull=False, submitted_at__isnull=False)
                    & ~Q(asked_by=F("asked_with"))
                ),
                violation_error_message=_("申请意见要值班经理和保安部共同签名。"),
            ),
            models.CheckConstraint(
                name="lostfound_batch_reviewed",
                condition=~Q(status__in=["reviewed", "decided", "done"])
                | Q(
                    review_skipped=False,
                    reviewed_by__isnull=False,
                    reviewed_signature__isnull=False,
                )
                | Q(review_skipped=True, reviewed_by=None),
                violation_error_message=_("先由物业经理审核。"),
            ),
            models.CheckConstraint(
                name="lostfound_batch_decided",
                condition=~Q(status__in=["decided", "done"])
                | Q(
                    decided_by__isnull=False,
                    decided_signature__isnull=False,
                    decided_at__isnull=False,
                ),
                violation_error_message=_("先由总物业经理批示。"),
            ),
            models.CheckConstraint(
                name="lostfound_batch_four_eyes",
                condition=Q(decided_by=None)
                | (
                    ~Q(decided_by=F("asked_by"))
                    & ~Q(decided_by=F("asked_with"))
                    & ~Q(decided_by=F("reviewed_by"))
                ),
                violation_error_message=_("批示人不能是申请人或审核人。"),
            ),
            models.CheckConstraint(
                name="lostfound_batch_reviewed_by_other",
                condition=Q(reviewed_by=None)
                | (~Q(reviewed_by=F("asked_by")) & ~Q(reviewed_by=F("asked_with"))),
                violation_error_message=_("审核人不能是申请人。"),
            ),
            models.CheckConstraint(
                name="lostfound_batch_ended",
                condition=Q(status__in=["done", "withdrawn"], ended_at__isnull=False)
                | (~Q(status__in=["done", "withdrawn"]) & Q(ended_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        return reverse("lostfound:batch", args=[self.case.property.code, self.case.number])


class DisposalLine(models.Model):
    """One thing of the paper: proposed, decided with a reason, carried out by two (L-H)."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待批示")
        DECIDED = "decided", _("已批示，待执行")
        EXECUTED = "executed", _("已执行")
        CLAIMED = "claimed", _("被认领，不再处置")
        DROPPED = "dropped", _("已撤下")

    batch = models.ForeignKey(DisposalBatch, models.PROTECT, related_name="lines")
    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="disposals")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    early = models.CharField(_("未到期而申请"), max_length=9, choices=Early, blank=True)
    early_reason = models.CharField(_("未到期而申请的原因"), max_length=200, blank=True)
    proposed = models.CharField(_("建议处理方式"), max_length=7, choices=Method)
    proposed_note = models.CharField(_("建议说明"), max_length=200, blank=True)
    method = models.CharField(_("处理方式"), max_length=7, choices=Method, blank=True)
    reason = models.CharField(_("批示理由"), max_length=300, blank=True)
    risk = models.TextField(_("风险提示"), blank=True)
    keep_until = models.DateField(_("继续保管至"), null=True, blank=True)
    finder = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Copied from the item: whoever found it decides nothing about it (a constraint says so)."""
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    executed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    executed_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    executed_at = models.DateTimeField(_("执行时间"), null=True)
    proof = models.CharField(_("凭证（回执、受赠函、进账单号）"), max_length=200, blank=True)
    proof_photo = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    proceeds = models.DecimalField(
        _("变卖所得（元）"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    receiver = models.CharField(_("接收单位或经办人警号"), max_length=120, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("处理明细")
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="lostfound_line_position"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state__in=["proposed", "decided"]),
                name="lostfound_line_one_live",
                violation_error_message=_("这件物品已在一张未办完的审批单里。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_decided",
                condition=~Q(state__in=["decided", "executed"])
                | (~Q(method="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                violation_error_message=_("先由总物业经理批示处理方式。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_reason",
                condition=Q(method__in=["", "police", "keep"]) | ~Q(reason=""),
                violation_error_message=_("移交公安、继续保管以外的处理须写明理由。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_finder_decides_not",
                condition=Q(decided_by=None) | Q(finder=None) | ~Q(decided_by=F("finder")),
                violation_error_message=_("拾获人不能批示自己拾获的物品。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_keep_until",
                condition=~Q(method="keep") | Q(keep_until__isnull=False),
                violation_error_message=_("继续保管要写明保管到哪一天。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_executed_by_two",
                condition=~Q(state="executed")
                | (
                    Q(executed_by__isnull=False, executed_with__isnull=False)
                    & Q(executed_at__isnull=False)
                    & ~Q(executed_by=F("executed_with"))
                    & ~Q(proof="")
                )
                | Q(method="keep"),
                violation_error_message=_("执行要两个人，并登记凭证。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_proceeds",
                condition=Q(method="sell", state="executed", proceeds__isnull=False)
                & Q(proceeds__gte=0)
                | (~Q(method="sell", state="executed") & Q(proceeds=None)),
                violation_error_message=_("变卖要登记所得金额。"),
            ),
            models.CheckConstraint(
                name="lostfound_line_early",
                condition=Q(early="", early_reason="") | (~Q(early="") & ~Q(early_reason="")),
                violation_error_message=_("没有到期就申请处理，要写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.position}"
