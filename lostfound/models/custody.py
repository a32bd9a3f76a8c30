"""保管链: who has the thing and where; append-only, exactly one current link (L-A, F6)."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lostfound.models.item import FoundItem
from lostfound.models.storage import SealTag, StoragePlace
from propdesk.core.models import Department, Person, User


class CustodyMove(models.Model):
    """One link: from whom to whom, where it lies now, who stands for it; ends with the next one."""

    class Kind(models.TextChoices):
        FOUND = "found", _("拾获")
        HAND_IN = "hand_in", _("上交部门")
        RECEIVE = "receive", _("接收入库")
        MOVE = "move", _("移位")
        RETURN = "return", _("归还")
        POLICE = "police", _("移交公安")
        DISPOSE = "dispose", _("处置")

    item = models.ForeignKey(FoundItem, models.PROTECT, related_name="custody")
    seq = models.PositiveSmallIntegerField()
    kind = models.CharField(_("环节"), max_length=8, choices=Kind)
    giver = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("交出人")
    )
    giver_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    holder = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("保管人")
    )
    holder_person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    manager = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("值班经理")
    )
    guard = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("保安部")
    )
    manager_at = models.DateTimeField(_("值班经理确认"), null=True)
    guard_at = models.DateTimeField(_("保安部确认"), null=True)
    # Its index below begins with the place.
    storage = models.ForeignKey(
        StoragePlace,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("存放位置"),
    )
    seal = models.ForeignKey(
        SealTag, models.PROTECT, null=True, related_name="+", verbose_name=_("封签")
    )
    reason = models.CharField(_("原因"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = _("保管记录")
        constraints = [
            models.UniqueConstraint(fields=["item", "seq"], name="lostfound_custody_seq"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(ended_at=None),
                name="lostfound_custody_one_current",
                violation_error_message=_("这件物品刚被移动过，请刷新后再办。"),
            ),
            models.CheckConstraint(
                name="lostfound_custody_two_people",
                condition=(
                    Q(kind__in=["found", "hand_in"], manager=None, guard=None)
                    | (
                        Q(manager__isnull=False, guard__isnull=False)
                        & ~Q(manager=F("guard"))
                        & (Q(manager_at__isnull=False) | Q(guard_at__isnull=False))
                    )
                ),
                violation_error_message=_("每次移动要一位值班经理和一位保安部人员，不能是同一人。"),
            ),
            models.CheckConstraint(
                name="lostfound_custody_giver_differs",
                condition=Q(giver=None) | Q(holder=None) | ~Q(giver=F("holder")),
                violation_error_message=_("交出人和接收人不能是同一人。"),
            ),
            models.CheckConstraint(
                name="lostfound_custody_lies_somewhere",
                condition=~Q(kind__in=["receive", "move"]) | Q(storage__isnull=False),
                violation_error_message=_("请选择存放位置。"),
            ),
            models.CheckConstraint(
                name="lostfound_custody_held",
                condition=~Q(kind__in=["found", "hand_in"])
                | Q(holder__isnull=False)
                | Q(holder_person__isnull=False),
                violation_error_message=_("请写明物品在谁手里。"),
            ),
            models.CheckConstraint(
                name="lostfound_custody_ended_after",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["storage", "item"],
                condition=Q(ended_at=None),
                name="lostfound_custody_in_place",
            ),
            models.Index(fields=["storage", "by", "-at"], name="lostfound_custody_put_there"),
            models.Index(
                fields=["guard"],
                condition=Q(ended_at=None, guard_at=None),
                name="lostfound_cosign_guard",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.seq} {self.kind}"


def is_reseal(before: Any, move: Any) -> bool:
    """Whether the bag stayed where it was and got another seal; links as rows or as a page has them."""
    stayed = move.kind == CustodyMove.Kind.MOVE and before and before.storage == move.storage
    return bool(stayed and move.seal and before.seal != move.seal)
