"""《客户财物损坏赔偿单》: what is charged, that the guest knew, what was decided, signed, posted (E-2)."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.event import Event, Party
from propdesk.core.models import Attachment, PersonSignature, Property, StaffSignature, User

NOTHING = Decimal("0.00")


class PriceItem(models.Model):
    """赔偿价目: what the property publishes; a line may differ only with a quotation."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="prices")
    name = models.CharField(_("物品"), max_length=40)
    unit = models.CharField(_("单位"), max_length=8)
    price = models.DecimalField(
        _("单价（元）"), max_digits=10, decimal_places=2, validators=[MinValueValidator(NOTHING)]
    )
    is_active = models.BooleanField(_("在用"), default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("赔偿价目")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "name"],
                name="emergencies_price_name",
                violation_error_message=_("价目里已有这一项。"),
            ),
            models.CheckConstraint(
                name="emergencies_price_not_negative",
                condition=Q(price__gte=NOTHING),
                violation_error_message=_("单价不能是负数。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


_AGREED = (
    Q(declined_at=None, position="agree", signed_at__isnull=False)
    & ~Q(status="declined")
    & (Q(signature__isnull=False) | Q(scan__isnull=False))
)
_DECLINED = (
    Q(declined_at__isnull=False, signed_at=None, signature=None, scan=None)
    & Q(position__in=["agree", "dispute"], decision__in=["uphold", "reduce"])
    & ~Q(status="signed")
    & ~Q(declined_note="")
)
"""What stands in the place of the signature: a decision, and that he was asked and refused."""


class Compensation(models.Model):
    """One slip (PC) per event at a time; two copies; frozen once the guest has signed or refused."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("核价中")
        INFORMED = "informed", _("已告知客户")
        SIGNED = "signed", _("已签字，待入账")
        DECLINED = "declined", _("客户拒签，待入账")
        POSTED = "posted", _("已入账")
        WAIVED = "waived", _("已免收")
        CANCELLED = "cancelled", _("已作废")

    FINAL = frozenset({Status.POSTED, Status.WAIVED, Status.CANCELLED})
    BINDING = frozenset({Status.SIGNED, Status.DECLINED, Status.POSTED})
    """The house has a claim in writing: its event is no mistake any more."""

    class Position(models.TextChoices):
        AGREE = "agree", _("同意赔偿")
        DISPUTE = "dispute", _("有异议")
        UNREACHABLE = "unreachable", _("联系不上")

    class Decision(models.TextChoices):
        UPHOLD = "uphold", _("维持原价")
        REDUCE = "reduce", _("减免")
        WAIVE = "waive", _("免收")
        TALK_AGAIN = "talk_again", _("另行协商")

    SETTLING = frozenset({Decision.UPHOLD, Decision.REDUCE, Decision.WAIVE})
    """Decisions that fix the sum."""

    class Payment(models.TextChoices):
        LEDGER = "ledger", _("计入客户总账")
        CASH = "cash", _("现付")

    event = models.ForeignKey(Event, models.PROTECT, related_name="compensations")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    number = models.CharField(_("编号"), max_length=20)
    status = models.CharField(_("状态"), max_length=9, choices=Status, default=Status.DRAFT)
    payer = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+")
    basis = models.CharField(_("价格依据"), max_length=200)
    total = models.DecimalField(_("合计（元）"), max_digits=10, decimal_places=2)
    reduced_by = models.DecimalField(
        _("减免（元）"), max_digits=10, decimal_places=2, default=NOTHING
    )
    priced_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Who priced it last: he does not decide about his own price."""
    informed_at = models.DateTimeField(_("告知时间"), null=True)
    informed_via = models.CharField(_("告知方式"), max_length=16, blank=True)
    informed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    position = models.CharField(_("客户意见"), max_length=11, choices=Position, blank=True)
    objection = models.TextField(_("异议内容"), blank=True)
    disputed_at = models.DateTimeField(_("首次提出异议"), null=True)
    """Once disputed it needs a decision for good: no new price and no new talk takes that back."""
    needs_decision = models.BooleanField(_("须上级批示"), default=False)
    """Disputed, or beyond what a duty manager may charge or waive: nothing is posted before it."""
    decision = models.CharField(_("批示"), max_length=10, choices=Decision, blank=True)
    decision_reason = models.CharField(_("批示理由"), max_length=200, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decider_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    signature = models.ForeignKey(PersonSignature, models.PROTECT, null=True, related_name="+")
    scan = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    """The paper slip, signed by hand: equal to a signature on the screen."""
    signed_at = models.DateTimeField(_("签字时间"), null=True)
    declined_at = models.DateTimeField(_("拒签时间"), null=True)
    """Told of the decision, the guest did not sign: it is posted on the decision."""
    declined_note = models.CharField(_("拒签理由"), max_length=200, blank=True)
    signed_amount = models.DecimalField(
        _("签字金额（元）"), max_digits=10, decimal_places=2, null=True
    )
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    manager_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    payment = models.CharField(_("付款"), max_length=6, choices=Payment, blank=True)
    account = models.CharField(_("客户总账账号"), max_length=30, blank=True)
    voucher_no = models.CharField(_("凭证号或收据号"), max_length=40, blank=True)
    posted_amount = models.DecimalField(
        _("入账金额（元）"), max_digits=10, decimal_places=2, null=True
    )
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    poster_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    cancelled_reason = models.CharField(_("作废原因"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("客户财物损坏赔偿单")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "number"], name="emergencies_compensation_number"
            ),
            models.UniqueConstraint(
                fields=["event"],
                condition=~Q(status="cancelled"),
                name="emergencies_compensation_one_live",
                violation_error_message=_("这件已有一张赔偿单。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_amounts",
                condition=Q(
                    total__gte=NOTHING, reduced_by__gte=NOTHING, reduced_by__lte=F("total")
                ),
                violation_error_message=_("减免不能超过合计，金额不能是负数。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_informed_first",
                condition=Q(status__in=["draft", "cancelled"])
                | (
                    Q(informed_at__isnull=False, informed_by__isnull=False)
                    & ~Q(position="")
                    & ~Q(informed_via="")
                ),
                violation_error_message=_("先告知客户并记下客户意见。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_decided_complete",
                condition=Q(decision="", decided_by=None, decided_at=None, decider_signature=None)
                | (
                    ~Q(decision="")
                    & ~Q(decision_reason="")
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & Q(decider_signature__isnull=False)
                ),
                violation_error_message=_("批示要写明理由，由本人签名。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_dispute_blocks",
                condition=~Q(status__in=["signed", "declined", "posted", "waived"])
                | Q(needs_decision=False)
                | Q(decision__in=["uphold", "reduce", "waive"]),
                violation_error_message=_("有争议或超权限，先等上级批示。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_other_decides",
                condition=Q(decided_by=None) | ~Q(decided_by=F("priced_by")),
                violation_error_message=_("批示人不能是核价的本人。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_dispute_stays",
                condition=Q(disputed_at=None) & ~Q(position="dispute")
                | Q(disputed_at__isnull=False, needs_decision=True),
                violation_error_message=_("客户提过异议，要有上级批示。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_signed",
                condition=~Q(status__in=["signed", "declined", "posted"])
                | (
                    Q(payer__isnull=False, manager__isnull=False, manager_signature__isnull=False)
                    & Q(signed_amount=F("total") - F("reduced_by"))
                    & (_AGREED | _DECLINED)
                ),
                violation_error_message=_("客户同意并签字，或按批示登记拒签以后才能入账。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_declined",
                condition=Q(declined_at=None) | ~Q(manager=F("decided_by")),
                violation_error_message=_("拒签不能由批示的本人登记。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_other_posts",
                condition=Q(posted_by=None) | ~Q(posted_by=F("manager")),
                violation_error_message=_("入账的不能是签单的本人。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_posted",
                condition=~Q(status="posted")
                | (
                    Q(posted_at__isnull=False, posted_by__isnull=False)
                    & Q(posted_amount=F("signed_amount"))
                    & ~Q(voucher_no="")
                    & ~Q(payment="")
                    & (~Q(payment="ledger") | ~Q(account=""))
                ),
                violation_error_message=_("入账金额要等于签字金额，并填凭证号。"),
            ),
            models.CheckConstraint(
                name="emergencies_compensation_cancelled",
                condition=Q(status="cancelled") & ~Q(cancelled_reason="")
                | ~Q(status="cancelled") & Q(cancelled_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def due(self) -> Decimal:
        """What the guest is to pay, in yuan."""
        return self.total - self.reduced_by

    def is_signable(self) -> bool:
        """Told, the guest agrees, and what had to be decided is decided."""
        agreed = self.status == self.Status.INFORMED and self.position == self.Position.AGREE
        return agreed and (not self.needs_decision or self.decision in self.SETTLING)

    def is_settled(self) -> bool:
        """Nothing is left to be done about it: posted, let go, or void."""
        return self.status in self.FINAL


_WORTH = models.ExpressionWrapper(
    F("quantity") * F("price") * (100 - F("depreciation")) / Decimal(100),
    output_field=models.DecimalField(max_digits=20, decimal_places=6),
)
"""What a line comes to, before it is rounded to the fen."""


class DamageLine(models.Model):
    """One thing: quantity × price less depreciation, to the fen."""

    compensation = models.ForeignKey(Compensation, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    item = models.CharField(_("物品"), max_length=40)
    quantity = models.PositiveSmallIntegerField(_("数量"))
    unit = models.CharField(_("单位"), max_length=8)
    price = models.DecimalField(_("赔偿价或维修价（元）"), max_digits=10, decimal_places=2)
    depreciation = models.PositiveSmallIntegerField(_("折旧（%）"), default=0)
    amount = models.DecimalField(_("金额（元）"), max_digits=10, decimal_places=2)
    listed = models.ForeignKey(PriceItem, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("赔偿明细")
        constraints = [
            models.UniqueConstraint(
                fields=["compensation", "position"],
                condition=Q(removed_at=None),
                name="emergencies_damageline_position",
            ),
            models.CheckConstraint(
                name="emergencies_damageline_amount",
                condition=Q(amount=Round(_WORTH, precision=2)),
                violation_error_message=_("金额与数量、单价、折旧不符。"),
            ),
            models.CheckConstraint(
                name="emergencies_damageline_values",
                condition=Q(quantity__gte=1, price__gte=NOTHING, depreciation__lte=100),
                violation_error_message=_("数量至少为1，折旧在0到100之间。"),
            ),
        ]

    def __str__(self) -> str:
        return self.item
