"""Personal data of people who are not staff: one table, purgeable whole (PIPL 19, 47)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from propdesk.core.models.people import Property, User
from propdesk.core.models.places import Place


class Honorific(models.TextChoices):
    MR = "mr", _("先生")
    MS = "ms", _("女士")
    DR = "dr", _("医生")
    TEACHER = "teacher", _("老师")
    OTHER = "other", _("客户")


class IdType(models.TextChoices):
    """What somebody proves with who he is."""

    ID_CARD = "id_card", _("居民身份证")
    PASSPORT = "passport", _("护照")
    HK_MACAU = "hk_macau", _("港澳通行证")
    TAIWAN = "taiwan", _("台胞证")
    RESIDENCE = "residence", _("外国人永居证")
    DRIVER = "driver", _("驾驶证")
    OTHER = "other", _("其他证件")


class Person(models.Model):
    """Guest, visitor, claimant, witness … No simple-history: its changes live in PersonChange."""

    class Kind(models.TextChoices):
        RESIDENT = "resident", _("住户")
        VISITOR = "visitor", _("访客")
        OUTSIDER = "outsider", _("其他外部人员")

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    kind = models.CharField(_("身份"), max_length=10, choices=Kind, default=Kind.RESIDENT)
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    name_sort = models.CharField(max_length=120, blank=True, editable=False)
    honorific = models.CharField(_("称呼"), max_length=10, choices=Honorific, blank=True)
    phone = models.CharField(_("电话"), max_length=30, blank=True)
    room = models.ForeignKey(Place, models.SET_NULL, null=True, blank=True, related_name="+")
    address = models.CharField(_("邮寄地址"), max_length=200, blank=True)
    id_type = models.CharField(_("证件类型"), max_length=12, choices=IdType, blank=True)
    id_last4 = models.CharField(_("证件号后四位"), max_length=4, blank=True)
    id_hash = models.CharField(max_length=64, blank=True)
    """Keyed hash of the whole number: the same paper is known again, the number is nowhere."""
    created_at = models.DateTimeField(auto_now_add=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("客户")
        indexes = [models.Index(fields=["property", "room"])]

    def __str__(self) -> str:
        return f"#{self.pk}"


class PersonChange(models.Model):
    """What was changed in personal data, by whom and why; purged together with the person."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=20)
    old = models.CharField(max_length=200, blank=True)
    new = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("客户资料变更")

    def __str__(self) -> str:
        return f"#{self.person_id} {self.field}"


class PersonSignature(models.Model):
    """What somebody who is not staff signed: drawn on the screen or scanned; purged with him.

    ``content_sha`` is the digest of what he signed under, ``device`` what it was drawn on (电子签名法).
    """

    class Kind(models.TextChoices):
        DRAWN = "drawn", _("屏幕手写")
        SCAN = "scan", _("纸质签名扫描")

    person = models.ForeignKey(Person, models.CASCADE, related_name="signatures")
    kind = models.CharField(max_length=5, choices=Kind)
    image = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    content_sha = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=160, blank=True)
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(_("签名时间"))
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("客户签名")

    def __str__(self) -> str:
        return f"#{self.person_id} {self.kind}"


class Unmasking(models.Model):
    """Somebody looked at a full number: who, which, why, until when (PIPL 51)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="unmaskings")
    field = models.CharField(max_length=20)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(_("事由"), max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = _("查看完整号码记录")

    def __str__(self) -> str:
        return f"#{self.person_id} {self.field}"
