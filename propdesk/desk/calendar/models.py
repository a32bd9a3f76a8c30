"""日历订阅: fields and constraints; the workflow alone writes them (ADR 0036)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from propdesk.core.models import Property, User


class CalendarFeed(models.Model):
    """The calendar of one person in one house as a feed; its key is known to that person alone."""

    property = models.ForeignKey(Property, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("订阅人"))
    digest = models.CharField(max_length=64, unique=True)
    """Keyed hash of the key in its address: a copy of the database opens no feed."""
    created_at = models.DateTimeField(_("生成时间"))
    ended_at = models.DateTimeField(_("停用时间"), null=True)
    history = HistoricalRecords(excluded_fields=["digest"])

    class Meta:
        verbose_name = verbose_name_plural = _("日历订阅")
        constraints = [
            models.UniqueConstraint(
                fields=["property", "user"],
                condition=Q(ended_at=None),
                name="desk_feed_one_live",
                violation_error_message=_("刚刚已经生成过订阅地址，请刷新后再看。"),
            ),
            models.CheckConstraint(
                name="desk_feed_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="desk_feed_times",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.property_id} {self.user_id}"
