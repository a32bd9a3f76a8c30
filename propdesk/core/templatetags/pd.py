"""Template filters of the project: times, masks and forms of address. No query, no markup.

Each filter shows "" for None, so that templates need no guard for what is not known yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone

from propdesk.core import clock_text, masks

register = template.Library()


@register.filter
def left(due: datetime | None, now: datetime | None = None) -> str:
    """Return "剩余 2小时15分" or "已逾期 1天3小时" for `due`, seen from `now` (default: this moment)."""
    return clock_text.left(due, now or timezone.now()) if due else ""


@register.filter
def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Return "3小时前" for `moment`, seen from `now` (default: this moment)."""
    return clock_text.ago(moment, now or timezone.now()) if moment else ""


@register.filter
def friendly(moment: datetime | None, now: datetime | None = None) -> str:
    """Return "今天 18:30" for `moment`, seen from `now` (default: this moment)."""
    return clock_text.friendly(moment, now or timezone.now()) if moment else ""


@register.filter
def span(length: timedelta | None) -> str:
    """Return "2小时15分" for a timedelta."""
    return clock_text.span(length) if length is not None else ""


@register.filter
def list_time(moment: datetime | None) -> str:
    """Return "2026-11-23 14:05"."""
    return clock_text.list_time(moment) if moment else ""


@register.filter
def paper_time(moment: datetime | None) -> str:
    """Return "2026年11月23日 14时05分"."""
    return clock_text.paper_time(moment) if moment else ""


@register.filter
def mask_phone(value: str | None) -> str:
    """Return "138****5678"."""
    return masks.phone(value or "")


@register.filter
def mask_name(value: str | None, honorific: str = "") -> str:
    """Return "王女士" with a form of address, "张*" without."""
    return masks.name(value or "", honorific)
