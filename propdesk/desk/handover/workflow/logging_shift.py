"""值班日志: one line at a time, never changed; and what is counted at each hand-over."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, duty
from propdesk.core.models import Property, Shift, User
from propdesk.core.roles import ensure
from propdesk.core.transitions import RefusedInput, happened, lock, require
from propdesk.desk.handover.models import CountItem, ShiftLogEntry
from propdesk.desk.handover.permissions import ACTIONS


@transaction.atomic
def log(
    prop: Property,
    text: str,
    *,
    by: User,
    occurred_at: datetime | None = None,
    corrects: ShiftLogEntry | None = None,
) -> ShiftLogEntry:
    """记一条值班日志; a mistake is put right by a further entry that names the first.

    RefusedInput (422) without words or for a time to come; ConflictError for an entry of another house.
    """
    ensure(by, "write_log", ACTIONS, prop=prop)
    now = timezone.now()
    at = occurred_at or now
    happened("occurred_at", at, now)
    if not text.strip():
        raise RefusedInput(text=_("请写一句发生了什么。"))
    same_house = corrects is None or corrects.property_id == prop.pk
    require(same_house, _("没有找到要更正的那一条。"))
    row = ShiftLogEntry(
        property=prop,
        shift=_shift(prop, now),
        text=text.strip()[:500],
        occurred_at=at,
        at=now,
        by=by,
        corrects=corrects,
    )
    audit.save(row, by=by, reason=_("值班日志"))
    return row


def _shift(prop: Property, now: datetime) -> Shift | None:
    return duty.manager_shifts(prop, at=now).order_by("starts_at", "pk").first()


@transaction.atomic
def list_count(prop: Property, name: str, unit: str, expected: Decimal, *, by: User) -> CountItem:
    """增加清点项目; ConflictError when the house has one of this name."""
    ensure(by, "edit_counts", ACTIONS, prop=prop)
    row = CountItem(property=prop, name=name, unit=unit, expected=expected)
    audit.save(row, by=by, reason=_("增加清点项目"))
    return row


@transaction.atomic
def change_count(
    item: CountItem, unit: str, expected: Decimal, *, by: User, active: bool, reason: str
) -> CountItem:
    """修改清点项目: how much there should be from now on, or that it is counted no more."""
    ensure(by, "edit_counts", ACTIONS, prop=item.property)
    if not reason:
        raise RefusedInput(reason=_("请写明修改的原因。"))
    row = lock(item)
    row.unit, row.expected, row.is_active = unit, expected, active
    audit.save(row, "unit", "expected", "is_active", by=by, reason=reason)
    return row
