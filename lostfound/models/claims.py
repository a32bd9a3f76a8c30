"""认领: what somebody says of the thing before he sees it, whether it agrees, and who signed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from lostfound.models.item import FoundItem
from lostfound.models.lost import LostReport
from propdesk.core.models import Attachment, Person, PersonSignature, StaffSignature, User


class Claim(models.Model):
    """One person's claim; at most one of a thing is live, a rival locks it (L-E)."""

    class State(models.TextChoices):
        DESCRIBED = "described", _("已自述，待核对")
        VERIFIED = "verified", _("核对通过，待签名")
        RIVAL = "rival", _("异议认领")
        REFUSED = "refused", _("核对不符")
        WITHDRAWN = "withdrawn", _("已撤回")
        RETURNED = "returned", _("已归还")

    class Way(models.TextChoices):
        IN_PERSON = "in_person", _("本人领取")
        PROXY = "proxy", _("委托领取")
        POST = "post", _("邮寄")
        DELIVERED = "delivered", _("送还上门")

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="claims")
    seq = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.DESCRIBED)
    way = models.CharField(_("认领方式"), max_length=9, choices=Way, default=Way.IN_PERSON)
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("认领人"))
    proxy = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("代领人")
    )
    authorisation = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("委托书")
    )
    lost_report = models.ForeignKey(
        LostReport, models.PROTECT, null=True, blank=True, related_name="claims"
    )
    description = models.TextField(_("认领人自述"))
    described_at = models.DateTimeField()
    described_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verified_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    agreeing = models.PositiveSmallIntegerField(_("相符项数"), default=0)
    id_seen_at = models.DateTimeField(_("查验证件"), null=True)
    courier = models.CharField(_("快递公司"), max_length=40, blank=True)
    tracking = models.CharField(_("快递单号"), max_length=40, blank=True)
    fee = models.DecimalField(_("费用（元）"), max_digits=8, decimal_places=2, default=0)
    signature = models.ForeignKey(
        PersonSignature, models.PROTECT, null=True, related_name="+", verbose_name=_("认领人签名")
    )
    paper_signed_at = models.DateTimeField(_("纸质签名时间"), null=True)
    scan = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("签名件扫描")
    )
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    manager_signature = models.ForeignKey(
        StaffSignature, models.PROTECT, null=True, related_name="+"
    )
    guard = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    guard_signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    slip_sha256 = models.CharField(max_length=64, blank=True)
    """Digest of what the slip says at the moment of signing."""
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(_("不予认领的原因"), max_length=200, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("认领")
        constraints = [
            models.UniqueConstraint(fields=["item", "seq"], name="lostfound_claim_seq"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state__in=["described", "verified", "returned"]),
                name="lostfound_claim_one_live",
                violation_error_message=_("这件物品已有人在认领。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_described",
                condition=~Q(description=""),
                violation_error_message=_("先记下认领人自己的描述。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_verified",
                condition=~Q(state__in=["verified", "returned"])
                | Q(
                    agreeing__gte=2,
                    id_seen_at__isnull=False,
                    verified_by__isnull=False,
                    verified_at__isnull=False,
                ),
                violation_error_message=_("至少两项相符，并查验证件后才能通过核对。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_verified_by_two",
                condition=Q(verified_with=None) | ~Q(verified_with=F("verified_by")),
                violation_error_message=_("核对的两个人不能是同一人。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_returned_was_signed",
                condition=~Q(state="returned")
                | (
                    (
                        Q(signature__isnull=False, paper_signed_at=None)
                        | Q(signature=None, paper_signed_at__isnull=False)
                    )
                    & Q(manager_signature__isnull=False, guard_signature__isnull=False)
                    & Q(manager__isnull=False, guard__isnull=False, returned_at__isnull=False)
                    & ~Q(manager=F("guard"))
                    & ~Q(slip_sha256="")
                ),
                violation_error_message=_("认领人、值班经理和保安部都签名后才能归还。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_proxy",
                # Whoever comes instead is known when his paper is seen, often not before.
                condition=(
                    Q(way="proxy")
                    & (
                        ~Q(state__in=["verified", "returned"])
                        | Q(proxy__isnull=False, authorisation__isnull=False)
                    )
                )
                | (~Q(way="proxy") & Q(proxy=None, authorisation=None)),
                violation_error_message=_("委托领取要有代领人和委托书。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_proxy_is_another",
                condition=Q(proxy=None) | ~Q(proxy=F("owner")),
            ),
            models.CheckConstraint(
                name="lostfound_claim_posted",
                condition=~Q(way="post", state="returned") | (~Q(tracking="") & ~Q(courier="")),
                violation_error_message=_("邮寄要有快递公司和单号。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_fee",
                condition=Q(fee__gte=0),
                violation_error_message=_("费用不能小于零。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_scan",
                condition=Q(scan=None) | Q(state="returned", paper_signed_at__isnull=False),
                violation_error_message=_("只有纸质签名的认领单要补传签名件。"),
            ),
            models.CheckConstraint(
                name="lostfound_claim_ended",
                condition=Q(state__in=["refused", "withdrawn"], ended_at__isnull=False)
                & ~Q(ended_reason="")
                | Q(state="returned", ended_at__isnull=False)
                | Q(state__in=["described", "verified", "rival"], ended_at=None),
                violation_error_message=_("不予认领须写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.seq} {self.state}"


class FeatureCheck(models.Model):
    """核对: one feature, what the claimant said of it, and whether it agrees."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="checks")
    position = models.PositiveSmallIntegerField()
    feature = models.CharField(_("特征"), max_length=120)
    agrees = models.BooleanField(_("相符"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("核对项")
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "position"], name="lostfound_featurecheck_position"
            ),
            models.UniqueConstraint(
                fields=["claim", "feature"],
                name="lostfound_featurecheck_feature",
                violation_error_message=_("同一个特征只能核对一次。"),
            ),
        ]

    def __str__(self) -> str:
        return self.feature
