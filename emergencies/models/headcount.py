"""疏散: floors swept, three lists called at the assembly point, who is missing, 移交消防 (E-8)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from emergencies.models.event import Event, Party
from propdesk.core.models import Person, Place, User


class FloorSweep(models.Model):
    """One floor was gone through, door by door; append-only."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="sweeps")
    place = models.ForeignKey(
        Place, models.PROTECT, null=True, related_name="+", verbose_name=_("楼层")
    )
    floor = models.CharField(_("楼层说明"), max_length=40, blank=True)
    swept_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("清查人"))
    started_at = models.DateTimeField(_("开始时间"))
    cleared_at = models.DateTimeField(_("清完时间"))
    doors = models.PositiveSmallIntegerField(_("做了记号的门"))
    people = models.PositiveSmallIntegerField(_("找到几人"))
    note = models.CharField(_("说明"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = _("逐层清查")
        constraints = [
            models.CheckConstraint(
                name="emergencies_sweep_floor",
                condition=Q(place__isnull=False) | ~Q(floor=""),
                violation_error_message=_("请选择或写明楼层。"),
            ),
            models.CheckConstraint(
                name="emergencies_sweep_times",
                condition=Q(started_at__lte=F("cleared_at"), cleared_at__lte=F("at")),
                violation_error_message=_("清完时间不能早于开始时间。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} #{self.pk}"


class RollCall(models.Model):
    """One count of one list; the last count of each list is the one that holds."""

    class List(models.TextChoices):
        RESIDENTS = "residents", _("在住")
        VISITORS = "visitors", _("访客")
        STAFF = "staff", _("员工")

    event = models.ForeignKey(Event, models.PROTECT, related_name="roll_calls")
    list = models.CharField(_("名单"), max_length=9, choices=List)
    seq = models.PositiveSmallIntegerField()
    expected = models.PositiveSmallIntegerField(_("应到"))
    present = models.PositiveSmallIntegerField(_("实到"))
    missing = models.PositiveSmallIntegerField(_("缺"))
    assembly = models.CharField(_("集合点"), max_length=60, blank=True)
    reason = models.CharField(_("应到减少的原因"), max_length=200, blank=True)
    """Why fewer are expected than at the count before; the database asks for it as well."""
    counted_at = models.DateTimeField(_("点名时间"))
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("集合点名")
        constraints = [
            models.UniqueConstraint(fields=["event", "list", "seq"], name="emergencies_roll_seq"),
            models.CheckConstraint(
                name="emergencies_roll_adds_up",
                condition=Q(missing=F("expected") - F("present")),
                violation_error_message=_("应到减实到就是缺，请核对数字。"),
            ),
            models.CheckConstraint(
                name="emergencies_roll_times", condition=Q(counted_at__lte=F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.list}/{self.seq}"


class Missing(models.Model):
    """Somebody who did not answer at a count, or what became of him by this one.

    His data stand in ``core.Person`` alone.
    """

    class Outcome(models.TextChoices):
        MISSING = "missing", _("未到")
        FOUND = "found", _("找到了")
        LIST_ERROR = "list_error", _("名单有误")

    roll_call = models.ForeignKey(RollCall, models.PROTECT, related_name="people")
    party = models.ForeignKey(Party, models.PROTECT, related_name="+")
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome, default=Outcome.MISSING)

    class Meta:
        verbose_name = verbose_name_plural = _("未到人员")
        constraints = [
            models.UniqueConstraint(fields=["roll_call", "party"], name="emergencies_missing_once"),
            models.CheckConstraint(
                name="emergencies_missing_outcome",
                condition=Q(outcome__in=["missing", "found", "list_error"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roll_call_id} {self.party_id}"


class FireHandover(models.Model):
    """移交消防: the missing and where they were seen last are in the hands of the fire service."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="fire_handovers")
    officer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    unit = models.CharField(_("单位"), max_length=60)
    missing = models.PositiveSmallIntegerField(_("没找到几人"))
    handed_at = models.DateTimeField(_("移交时间"))
    note = models.CharField(_("交了什么"), max_length=200, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("移交消防")
        constraints = [
            models.CheckConstraint(
                name="emergencies_firehandover_of_somebody",
                condition=Q(missing__gte=1) & ~Q(unit=""),
                violation_error_message=_("请写明交给哪个消防单位、没找到几人。"),
            ),
            models.CheckConstraint(
                name="emergencies_firehandover_times", condition=Q(handed_at__lte=F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.missing}"
