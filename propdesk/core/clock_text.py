"""Times and spans as people at the desk read them. Pure: `now` is always given.

All results are in Asia/Shanghai. Every datetime must be aware (ValueError otherwise).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

SHANGHAI = ZoneInfo("Asia/Shanghai")
_MINUTE = timedelta(minutes=1)


def local(moment: datetime) -> datetime:
    """Return the aware `moment` in Asia/Shanghai; ValueError when it is naive."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no place on the wall clock")
    return moment.astimezone(SHANGHAI)


def midnight(day: date) -> datetime:
    """Return the first moment of `day` in Asia/Shanghai."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def span(length: timedelta) -> str:
    """Return a span in its two largest units, rounded down: "1天3小时", "2小时15分", "不到1分钟"."""
    if length < _MINUTE:
        return _("不到1分钟")
    hours, minutes = divmod(length // _MINUTE, 60)
    days, hours = divmod(hours, 24)
    if days:
        parts = [_("%d天") % days, _("%d小时") % hours if hours else ""]
    else:
        parts = [
            _("%d小时") % hours if hours else "",
            _("%d分") % minutes if minutes else "",
        ]
    return "".join(parts)


def left(due: datetime, now: datetime) -> str:
    """Return "剩余 2小时15分" or "已逾期 1天3小时"; due exactly now is not overdue yet (rule R6)."""
    if now > due:
        return _("已逾期 %s") % span(now - due)
    return _("剩余 %s") % span(due - now)


def ago(moment: datetime, now: datetime) -> str:
    """Return "刚刚", "12分钟前", "3小时前" or "2天前"; a moment to come reads as `friendly`."""
    passed = now - moment
    if passed <= -_MINUTE:
        return friendly(moment, now)
    if passed < _MINUTE:
        return _("刚刚")
    if passed < timedelta(hours=1):
        return _("%d分钟前") % (passed // _MINUTE)
    if passed < timedelta(days=1):
        return _("%d小时前") % (passed // timedelta(hours=1))
    return _("%d天前") % passed.days


def list_time(moment: datetime) -> str:
    """Return "2026-11-23 14:05", the form of lists and exports."""
    return local(moment).strftime("%Y-%m-%d %H:%M")


def paper_time(moment: datetime) -> str:
    """Return "2026年11月23日 14时05分", the form of printed papers in any language."""
    here = local(moment)
    return f"{here:%Y}年{here:%m}月{here:%d}日 {here:%H}时{here:%M}分"


def friendly(moment: datetime, now: datetime) -> str:
    """Return "今天 18:30", "明天 11:00", "昨天 23:10", "11-25 09:00" or, in another year, in full."""
    here, today = local(moment), local(now).date()
    clock = here.strftime("%H:%M")
    match (here.date() - today).days:
        case 0:
            return _("今天 %s") % clock
        case 1:
            return _("明天 %s") % clock
        case -1:
            return _("昨天 %s") % clock
    if here.year != today.year:
        return list_time(moment)
    return here.strftime("%m-%d %H:%M")
