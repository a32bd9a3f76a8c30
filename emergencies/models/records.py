"""Papers of an event: written by the form, signed box by box, frozen from the submit on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.event import Event
from emergencies.playbooks.vocabulary import Party
from propdesk.core.models import Attachment, Person, PersonSignature, StaffSignature, User
from propdesk.core.roles import Role


class EventRecord(models.Model):
    """One paper of an event by one form of ``forms.yaml`` (E-1 … E-8).

    ``values`` hold what was written, by the key of the field; a person stands there as his id. From
    the submit on ``tables`` hold the rows of the registers as they were signed, people as ids too.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待签名")
        SENT_BACK = "sent_back", _("退回修改")
        SIGNED = "signed", _("已签完")
        SUPERSEDED = "superseded", _("已被新版取代")

    event = models.ForeignKey(Event, models.PROTECT, related_name="records")
    form = models.CharField(max_length=30)
    seq = models.PositiveSmallIntegerField(default=1)
    """Which one of several statements; 1 where there is one of a kind."""
    several = models.BooleanField(default=False)
    version = models.PositiveSmallIntegerField(default=1)
    number = models.CharField(_("编号"), max_length=20)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    round = models.PositiveSmallIntegerField(default=0)
    values = models.JSONField(default=dict)
    tables = models.JSONField(default=dict)
    content_sha = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("事件记录")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "form", "seq", "version"], name="emergencies_record_version"
            ),
            models.UniqueConstraint(
                fields=["event", "form", "seq"],
                condition=~Q(state="superseded"),
                name="emergencies_record_one_current",
                violation_error_message=_("刚有同事起草了这份记录，请看最新情况。"),
            ),
            models.CheckConstraint(
                name="emergencies_record_single_is_first",
                condition=Q(several=True) | Q(seq=1),
            ),
            models.CheckConstraint(
                name="emergencies_record_state_complete",
                condition=Q(state="draft", round=0, submitted_at=None, signed_at=None)
                | Q(state="sent_back", round__gte=1, submitted_at__isnull=False, signed_at=None)
                | (
                    Q(state="submitted", round__gte=1, submitted_at__isnull=False, signed_at=None)
                    & ~Q(content_sha="")
                )
                | (
                    Q(state="signed", round__gte=1, submitted_at__isnull=False)
                    & Q(signed_at__isnull=False)
                    & ~Q(content_sha="")
                )
                | Q(state="superseded"),
            ),
        ]
        indexes = [models.Index(fields=["event", "form"], name="emergencies_record_of_event")]

    def __str__(self) -> str:
        return f"{self.number} {self.form}"


class RecordBox(models.Model):
    """One signature wanted: of a role of the house, or of somebody who is not staff."""

    class Decision(models.TextChoices):
        PENDING = "pending", _("待签")
        APPROVED = "approved", _("已签")
        SENT_BACK = "sent_back", _("退回修改")
        DECLINED = "declined", _("未签")

    class Way(models.TextChoices):
        DRAWN = "drawn", _("屏幕手写")
        PAPER = "paper", _("纸质签名")

    record = models.ForeignKey(EventRecord, models.PROTECT, related_name="boxes")
    round = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=Role, blank=True)
    party = models.CharField(max_length=20, choices=Party, blank=True)
    title = models.CharField(max_length=40)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    signer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    way = models.CharField(_("签名方式"), max_length=5, choices=Way, blank=True)
    person_signature = models.ForeignKey(
        PersonSignature, models.SET_NULL, null=True, related_name="+"
    )
    scan = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("签名件扫描")
    )
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Who handed the screen over, took the signed sheet, or says why there is no signature."""
    opinion = models.TextField(_("意见"), blank=True)
    decided_at = models.DateTimeField(null=True)
    content_sha = models.CharField(max_length=64, blank=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("记录签名")
        constraints = [
            models.UniqueConstraint(
                fields=["record", "round", "position"], name="emergencies_box_position"
            ),
            models.UniqueConstraint(
                fields=["record", "round", "signer"],
                condition=Q(signer__isnull=False),
                name="emergencies_box_four_eyes",
                violation_error_message=_("同一人不能签两栏。"),
            ),
            models.CheckConstraint(
                name="emergencies_box_role_or_party",
                condition=(~Q(role="") & Q(party="")) | (Q(role="") & ~Q(party="")),
            ),
            models.CheckConstraint(
                name="emergencies_box_decided_complete",
                condition=Q(decision="pending", signer=None, person=None, taken_by=None)
                & Q(decided_at=None, signature=None)
                | (
                    Q(decision="approved", party="", signer__isnull=False)
                    & Q(signature__isnull=False, decided_at__isnull=False)
                    & ~Q(content_sha="")
                )
                | (
                    Q(decision="approved", role="", person__isnull=False)
                    & Q(taken_by__isnull=False, decided_at__isnull=False)
                    & ~Q(content_sha="")
                    & ~Q(way="")
                )
                | (
                    Q(decision="sent_back", party="", signer__isnull=False)
                    & Q(decided_at__isnull=False)
                    & ~Q(opinion="")
                )
                | (
                    Q(decision="declined", role="", taken_by__isnull=False)
                    & Q(signature__isnull=False, decided_at__isnull=False)
                    & ~Q(opinion="")
                ),
                violation_error_message=_("签名须有签名人与时间，退回或未签须写明原因。"),
            ),
            models.CheckConstraint(
                name="emergencies_box_scan_of_paper",
                condition=Q(scan=None) | Q(way="paper"),
                violation_error_message=_("只有纸质签名的记录要补传签名件。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["role", "record"],
                condition=Q(decision="pending"),
                name="emergencies_box_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_id}/{self.position} {self.title}"
