"""What was answered and done, append-only: an answer or a mark is superseded, never changed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from emergencies.models.event import Event
from propdesk.core.models import Attachment, Person, PersonSignature, StaffSignature, User


class Answer(models.Model):
    """One answer to a question of the playbook; the one that is not superseded is in force."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="answers")
    key = models.CharField(max_length=30)
    seq = models.PositiveSmallIntegerField()
    value = models.CharField(max_length=30)
    """Code of the option; ``yes`` or ``no`` of a question that has none."""
    reason = models.CharField(_("改答原因"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("判断")
        constraints = [
            models.UniqueConstraint(fields=["event", "key", "seq"], name="emergencies_answer_seq"),
            models.UniqueConstraint(
                fields=["event", "key"],
                condition=Q(superseded_at=None),
                name="emergencies_answer_current",
                violation_error_message=_("刚有人回答了这个问题，请看最新情况。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class StepMark(models.Model):
    """A step was done, is not needed, or one of its rounds was done; with its proof."""

    class Outcome(models.TextChoices):
        DONE = "done", _("已完成")
        NOT_NEEDED = "not_needed", _("不需要")
        ROUND = "round", _("已做一次")

    event = models.ForeignKey(Event, models.PROTECT, related_name="marks")
    step = models.CharField(max_length=12)
    seq = models.PositiveSmallIntegerField()
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome)
    text = models.TextField(_("说明"), blank=True)
    values = models.JSONField(default=dict)
    """Typed fields of the step by key; purged whole with the class of record."""
    basis = models.JSONField(default=dict)
    """Number of the answer each question had that decides about the step: {key: seq}."""
    occurred_at = models.DateTimeField(_("实际时间"))
    at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_late_entry = models.BooleanField(_("补录"), default=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    signature = models.ForeignKey(StaffSignature, models.PROTECT, null=True, related_name="+")
    person_signature = models.ForeignKey(
        PersonSignature, models.SET_NULL, null=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("步骤记录")
        constraints = [
            models.UniqueConstraint(fields=["event", "step", "seq"], name="emergencies_mark_seq"),
            models.UniqueConstraint(
                fields=["event", "step"],
                condition=Q(superseded_at=None) & ~Q(outcome="round"),
                name="emergencies_mark_current",
                violation_error_message=_("刚有人登记了这一步，请看最新情况。"),
            ),
            models.CheckConstraint(
                name="emergencies_mark_not_needed_has_reason",
                condition=~Q(outcome="not_needed") | ~Q(text=""),
                violation_error_message=_("不需要的步骤请写明原因。"),
            ),
        ]
        indexes = [models.Index(fields=["event", "-id"], name="emergencies_mark_newest")]

    def __str__(self) -> str:
        return f"{self.step} {self.outcome}"


class MarkPhoto(models.Model):
    """A photo that proves a mark."""

    mark = models.ForeignKey(StepMark, models.PROTECT, related_name="photos")
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = _("步骤照片")
        constraints = [
            models.UniqueConstraint(
                fields=["mark", "attachment"], name="emergencies_markphoto_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.mark_id} {self.attachment_id}"


class Note(models.Model):
    """A free line on the timeline: what was seen or said, when, entered when."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="notes")
    text = models.TextField(_("记录"))
    occurred_at = models.DateTimeField(_("实际时间"))
    at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_late_entry = models.BooleanField(_("补录"), default=False)

    class Meta:
        verbose_name = verbose_name_plural = _("现场记录")

    def __str__(self) -> str:
        return f"{self.event_id} {self.at:%H:%M}"
