"""封存: a place under seal, its numbered seals, the check of each shift, the word of the police."""

import builtins

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from emergencies.models.event import Event
from propdesk.core.models import Attachment, Person, Place, Property, User

RELEASE = (
    "released_at",
    "way",
    "officer",
    "badge",
    "unit",
    "document_number",
    "document",
    "released_by",
    "released_with",
    "recorded_at",
)
"""What a release by the police consists of: all of it or nothing."""


def _whole_release() -> Q:
    filled = Q(**{f"{name}__isnull": False for name in RELEASE if name not in _WORDS})
    for name in _WORDS:
        filled &= ~Q(**{name: ""})
    nothing = Q(**{name: "" if name in _WORDS else None for name in RELEASE})
    return filled | nothing


_WORDS = ("way", "badge", "unit", "document_number")


class RoomSeal(models.Model):
    """One place under seal, from the first seal on its door to the release by the police (E-6).

    What was sealed never changes; the release is whole or not there, and final; nobody opens before
    it. A seal that was found broken is renewed by a further ``SealTag`` and unseals nothing.
    """

    class Owner(models.TextChoices):
        OURS = "ours", _("本公寓")
        POLICE = "police", _("公安")

    class Cards(models.TextChoices):
        CANCELLED = "cancelled", _("已全部作废")
        NONE = "none", _("此处没有房卡")

    class Way(models.TextChoices):
        WRITTEN = "written", _("书面送达")
        IN_PERSON = "in_person", _("民警当面交付")
        SENT = "sent", _("传真或电子送达")

    event = models.ForeignKey(Event, models.PROTECT, related_name="seals")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("封存地点"))
    is_drill = models.BooleanField(default=False)
    """A drill seals nothing: its rows block no real seal and show no state (X-9)."""
    owner = models.CharField(_("谁的封条"), max_length=6, choices=Owner)
    cards = models.CharField(_("房卡"), max_length=9, choices=Cards)
    sealed_at = models.DateTimeField(_("封存时间"))
    sealed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    released_at = models.DateTimeField(_("公安解除时间"), null=True)
    way = models.CharField(_("解除方式"), max_length=9, choices=Way, blank=True)
    officer = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", verbose_name=_("民警")
    )
    badge = models.CharField(_("警号"), max_length=20, blank=True)
    unit = models.CharField(_("单位"), max_length=60, blank=True)
    document_number = models.CharField(_("公安文书号"), max_length=60, blank=True)
    document = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("文书照片")
    )
    released_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    released_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """The second person who was there when the release was recorded."""
    recorded_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(_("启封时间"), null=True)
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_with = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = _("封存登记")
        constraints = [
            models.UniqueConstraint(
                fields=["place"],
                condition=Q(released_at=None, is_drill=False),
                name="emergencies_seal_one_active",
                violation_error_message=_("这个地点已经封存。"),
            ),
            models.CheckConstraint(
                name="emergencies_seal_release_whole",
                condition=_whole_release(),
                violation_error_message=_("公安解除记录要填全，缺一项都不算解除。"),
            ),
            models.CheckConstraint(
                name="emergencies_seal_release_after",
                condition=Q(released_at=None)
                | Q(released_at__gte=F("sealed_at"), recorded_at__gte=F("released_at")),
                violation_error_message=_("解除时间不能早于封存时间。"),
            ),
            models.CheckConstraint(
                name="emergencies_seal_release_by_two",
                condition=Q(released_by=None) | ~Q(released_by=F("released_with")),
                violation_error_message=_("登记解除要有第二个人在场。"),
            ),
            models.CheckConstraint(
                name="emergencies_seal_opened_after_release",
                condition=Q(opened_at=None, opened_by=None, opened_with=None)
                | (
                    Q(released_at__isnull=False, opened_at__gte=F("released_at"))
                    & Q(opened_by__isnull=False, opened_with__isnull=False)
                    & ~Q(opened_by=F("opened_with"))
                ),
                violation_error_message=_("公安解除以后才能启封，并且要两个人在场。"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["property", "place"],
                condition=Q(released_at=None, is_drill=False),
                name="emergencies_seal_active",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} #{self.pk}"

    @builtins.property  # the name alone is the field above
    def about(self) -> str:
        """What a form about it says it is about; never in ``str``, which may reach a log."""
        return self.place.label

    @builtins.property
    def is_active(self) -> bool:
        """The place is 封存: the police have not released it."""
        return self.released_at is None


class SealTag(models.Model):
    """One numbered seal on the door, with photo and two witnesses; a number is used once for ever."""

    seal = models.ForeignKey(RoomSeal, models.PROTECT, related_name="tags")
    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    is_drill = models.BooleanField(default=False)
    seq = models.PositiveSmallIntegerField()
    number = models.CharField(_("封条编号"), max_length=30)
    applied_at = models.DateTimeField(_("张贴时间"))
    applied_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("张贴人"))
    witness1 = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    witness1_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    witness2 = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    witness2_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    photo = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    reason = models.CharField(_("换贴原因"), max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("封条")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "number"],
                condition=Q(is_drill=False),
                name="emergencies_sealtag_number",
                violation_error_message=_("这个封条编号已经用过，请核对编号。"),
            ),
            models.UniqueConstraint(fields=["seal", "seq"], name="emergencies_sealtag_seq"),
            models.CheckConstraint(
                name="emergencies_sealtag_numbered",
                condition=~Q(number=""),
                violation_error_message=_("请填写封条编号。"),
            ),
            models.CheckConstraint(
                name="emergencies_sealtag_two_witnesses",
                condition=(
                    (Q(witness1=None) ^ Q(witness1_person=None))
                    & (Q(witness2=None) ^ Q(witness2_person=None))
                ),
                violation_error_message=_("贴封条要有两名见证人。"),
            ),
            models.CheckConstraint(
                name="emergencies_sealtag_three_people",
                condition=(
                    (Q(witness1=None) | ~Q(witness1=F("applied_by")))
                    & (Q(witness2=None) | ~Q(witness2=F("applied_by")))
                    & (Q(witness1=None) | Q(witness2=None) | ~Q(witness1=F("witness2")))
                    & (
                        Q(witness1_person=None)
                        | Q(witness2_person=None)
                        | ~Q(witness1_person=F("witness2_person"))
                    )
                ),
                violation_error_message=_("张贴人和两名见证人必须是三个不同的人。"),
            ),
            models.CheckConstraint(
                name="emergencies_sealtag_renewed_has_reason",
                condition=Q(seq=1) | ~Q(reason=""),
                violation_error_message=_("换贴封条请写明原因。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id}/{self.seq}"


class SealCheck(models.Model):
    """Somebody looked at the seal: whole or broken; at least once a shift (E-6)."""

    seal = models.ForeignKey(RoomSeal, models.PROTECT, related_name="checks")
    is_intact = models.BooleanField(_("完好"))
    note = models.CharField(_("说明"), max_length=200, blank=True)
    photo = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(_("核查时间"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("封条核查")
        constraints = [
            models.CheckConstraint(
                name="emergencies_sealcheck_broken_is_told",
                condition=Q(is_intact=True) | (~Q(note="") & Q(photo__isnull=False)),
                violation_error_message=_("封条不完好的，请拍照并写明情况。"),
            ),
            models.CheckConstraint(
                name="emergencies_sealcheck_times", condition=Q(checked_at__lte=F("at"))
            ),
        ]
        indexes = [models.Index(fields=["seal", "-checked_at"], name="emergencies_sealcheck_last")]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.is_intact}"
