"""How long a found thing is kept (SOP 2.G) and what the law adds: pure arithmetic on dates.

Periods are counted as the civil code does (articles 200-203): the first day is not counted, the last
one has the same day number or is the end of its month, and lasts until 24:00. "Last day" is
always a date of Asia/Shanghai on which the thing is still kept. The SOP date never moves for
holidays; statutory dates may, and they never block (decision 16). Terms come from the policy row
under which a thing was received, so nothing here reads a setting or the time of day.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lostfound import holidays
from propdesk.core.clock_text import SHANGHAI, local, midnight

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

LOW_VALUE_LIMIT: Final = Decimal(100)  # yuan; SOP 2.G, "以内" includes 100 (civil code 1259)
REMIND_AT: Final = time(9)  # Asia/Shanghai: both shifts of the morning have taken over
MONTHS_OF_YEAR: Final = 12
CENTS: Final = -2  # exponent of the smallest coin
ONE_DAY: Final = timedelta(days=1)

Rule = Literal["civil_318", "hotel_8"]


class Tier(StrEnum):
    """Which of the two terms of SOP 2.G applies."""

    SHORT = "short"
    LONG = "long"


class Start(StrEnum):
    """What starts the term: receipt by the duty manager, or the public notice (招领公告)."""

    RECEIVED = "received"
    ANNOUNCED = "announced"


class Unit(StrEnum):
    """Calendar months or calendar days."""

    MONTHS = "months"
    DAYS = "days"


def _check_amount(value: Decimal) -> None:
    """Raise ValueError unless the value is zero or more yuan with at most two decimals."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, str) or exponent < CENTS:  # a string stands for NaN and infinity
        raise ValueError(f"{value} is no amount in yuan and cents")
    if value < 0:
        raise ValueError(f"an amount of {value} yuan is negative")


@dataclass(frozen=True, slots=True)
class Term:
    """A length of keeping: `count` calendar months or days, at least one (ValueError)."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse a term that ends before it begins."""
        if self.count < 1:
            raise ValueError(f"a term of {self.count} {self.unit} is none")


@dataclass(frozen=True, slots=True)
class Terms:
    """One policy of keeping (SOP 2.G, ambiguities 1, 2 and 4).

    `limit` is in yuan; a value of exactly `limit` goes to the tier `boundary`, a thing without a
    value to `unvalued`. `reminders` are days before the last day, falling. `police_only` says that
    the only outcome at expiry is the police. ValueError for a limit that is no amount and for
    reminders that are not falling or not at least one day.
    """

    short: Term
    long: Term
    limit: Decimal
    boundary: Tier
    unvalued: Tier
    start: Start
    reminders: tuple[int, ...]
    police_only: bool

    def __post_init__(self) -> None:
        """Refuse what a policy row must not hold."""
        _check_amount(self.limit)
        if list(self.reminders) != sorted({*self.reminders}, reverse=True):
            raise ValueError(f"reminders must fall: {self.reminders}")
        if any(days < 1 for days in self.reminders):
            raise ValueError(f"a reminder comes a day or more before: {self.reminders}")


@dataclass(frozen=True, slots=True)
class StatutoryClock:
    """A period of the law beside the SOP date.

    `starts_on` and `last_day` are None while no public notice was made (未起算). `rolled_from` is
    the date before it moved to a working day, or None when it did not move. `is_published` is False
    when the holidays around the date are not announced yet (未公布): the date may still move.
    """

    rule: Rule
    label: StrPromise
    starts_on: date | None
    last_day: date | None
    rolled_from: date | None
    is_published: bool


_QUARTER: Final = Term(3, Unit.MONTHS)
_YEAR: Final = Term(MONTHS_OF_YEAR, Unit.MONTHS)
_WEEK: Final = Term(7, Unit.DAYS)

_SOP: Final = Terms(
    short=_QUARTER,
    long=_YEAR,
    limit=LOW_VALUE_LIMIT,
    boundary=Tier.SHORT,
    unvalued=Tier.LONG,
    start=Start.RECEIVED,
    reminders=(30, 7, 1),
    police_only=False,
)
_HOTEL: Final = Terms(
    short=_QUARTER,
    long=_QUARTER,
    limit=LOW_VALUE_LIMIT,
    boundary=Tier.SHORT,
    unvalued=Tier.LONG,
    start=Start.ANNOUNCED,
    reminders=(30, 7, 1),
    police_only=True,
)
_HANDOVER: Final = Terms(
    short=_WEEK,
    long=_WEEK,
    limit=LOW_VALUE_LIMIT,
    boundary=Tier.SHORT,
    unvalued=Tier.LONG,
    start=Start.RECEIVED,
    reminders=(3, 1),
    police_only=True,
)
PRESETS: Final = {"sop": _SOP, "hotel": _HOTEL, "handover": _HANDOVER}
"""Policies to start from: the SOP (default), rules for hotels (article 8), early hand-over."""

_STATUTES: Final[tuple[tuple[Rule, StrPromise, Term], ...]] = (
    ("civil_318", gettext_lazy("民法典第318条（招领公告后1年）"), _YEAR),
    ("hotel_8", gettext_lazy("旅馆业治安管理办法第8条（招领公告后3个月）"), _QUARTER),
)


def tier(value: Decimal | None, terms: Terms) -> Tier:
    """Return the tier of a slip worth `value` yuan, or not valued (SOP 2.G, ambiguities 1 and 4).

    ValueError for a negative value, one that is no number, or more than two decimals.
    """
    if value is None:
        return terms.unvalued
    _check_amount(value)
    if value < terms.limit:
        return Tier.SHORT
    return Tier.LONG if value > terms.limit else terms.boundary


def term(value: Decimal | None, terms: Terms) -> Term:
    """Return how long a slip worth `value` yuan is kept; ValueError as in `tier`."""
    return terms.short if tier(value, terms) == Tier.SHORT else terms.long


def add_months(day: date, months: int) -> date:
    """Return the last day of a period of calendar months that begins on `day` (civil code 201, 202).

    The first day is not counted: the result has the same day number, or is the end of its month
    where that has no such day. ValueError for a negative number or a year beyond 9999.
    """
    if months < 0:
        raise ValueError(f"a period of {months} months runs backwards")
    year, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 + months, MONTHS_OF_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day(start_on: date | None, value: Decimal | None, terms: Terms) -> date | None:
    """Return the last day on which the thing is kept (SOP 2.G); ValueError as in `tier`.

    `start_on` is the date that `terms.start` names: of receipt by the duty manager or of the public
    notice. None when that has not happened (未起算).
    """
    length = term(value, terms)
    return None if start_on is None else _end(start_on, length)


def category_day(received_on: date, days: int) -> date:
    """Return the early date of a category such as food or medicine, in calendar days (ambiguity 5).

    Zero days means at once; ValueError for fewer.
    """
    if days < 0:
        raise ValueError(f"a category of {days} days runs backwards")
    return received_on + timedelta(days=days)


def local_day(moment: datetime) -> date:
    """Return the date in Asia/Shanghai of an aware moment; ValueError when it is naive."""
    return local(moment).date()


def expires_at(last_day: date) -> datetime:
    """Return the first moment of being expired: 00:00 in Shanghai of the next day (SOP 2.H)."""
    return midnight(last_day + ONE_DAY)


def is_expired(last_day: date, now: datetime) -> bool:
    """Return whether the last day is over in Shanghai; ValueError when `now` is naive (SOP 2.H)."""
    return local_day(now) > last_day


def reminders(last_day: date, terms: Terms, now: datetime) -> list[tuple[int, datetime]]:
    """Return (days before, moment) of the reminders still to come, earliest first (L-G).

    Each is due at 09:00 in Shanghai. One that is due exactly now is still to come; ValueError when
    `now` is naive.
    """
    here = local(now)
    moments = [
        (days, datetime.combine(last_day - timedelta(days=days), REMIND_AT, tzinfo=SHANGHAI))
        for days in terms.reminders
    ]
    return [(days, moment) for days, moment in moments if moment >= here]


def statutory(
    announced_on: date | None, *, is_hotel: bool, rolls: bool = True
) -> list[StatutoryClock]:
    """Return the periods of the law that begin with the public notice, the civil code first.

    `is_hotel` adds the three months of the rules for hotels; `rolls` moves a date on a holiday or
    weekend to the next working day, which is later and so safer for the owner (F5, civil code 203).
    """
    return [
        _clock(rule, label, announced_on, length, rolls=rolls)
        for rule, label, length in _STATUTES
        if is_hotel or rule != "hotel_8"
    ]


def latest_statutory(clocks: Sequence[StatutoryClock]) -> date | None:
    """Return the last day of the longest period of the law.

    None when there is no clock, or when one has not started: then nobody can say yet.
    """
    days = [clock.last_day for clock in clocks if clock.last_day is not None]
    return max(days) if days and len(days) == len(clocks) else None


def needs_reason(
    method_is_return_or_police: bool, on: date, clocks: Sequence[StatutoryClock]
) -> bool:
    """Return whether a disposal on that date takes the general manager's reason and a risk line.

    So it is before the periods of the law are over, their last day included, and when one of them
    has not started; never for a return or a hand-over to the police. It never blocks (decision 16).
    """
    if method_is_return_or_police:
        return False
    latest = latest_statutory(clocks)
    return latest is None or on <= latest


def explain(value: Decimal | None, terms: Terms) -> str:
    """Return the rule that applies, for the screen; ValueError as in `tier`.

    As "100.00元以内（含）保管3个月"; a start by notice and the police as only outcome are added.
    """
    words = {"which": _which(value, terms), "term": _length(term(value, terms))}
    if terms.start == Start.ANNOUNCED:
        sentence = _("%(which)s自招领公告之日起保管%(term)s") % words
    else:
        sentence = _("%(which)s保管%(term)s") % words
    return _("%s，期满移交公安机关") % sentence if terms.police_only else sentence


def _which(value: Decimal | None, terms: Terms) -> str:
    """Return which things the rule for this value is about."""
    found = tier(value, terms)
    if terms.short == terms.long:
        return _("不论价值，")
    if value is None:
        return _("未估价的物品")
    match found, terms.boundary:
        case Tier.SHORT, Tier.SHORT:
            words = _("%s元以内（含）")
        case Tier.SHORT, _other:
            words = _("不足%s元")
        case _other, Tier.SHORT:
            words = _("超过%s元")
        case _other:
            words = _("%s元以上（含）")
    return words % f"{terms.limit:.2f}"


def _length(length: Term) -> str:
    """Return "7天", "3个月" or "1年"."""
    if length.unit == Unit.DAYS:
        return _("%d天") % length.count
    years, months = divmod(length.count, MONTHS_OF_YEAR)
    return _("%d个月") % length.count if months else _("%d年") % years


def _end(start_on: date, length: Term) -> date:
    """Return the last day of a term; the day it starts on is not counted."""
    if length.unit == Unit.DAYS:
        return start_on + timedelta(days=length.count)
    return add_months(start_on, length.count)


def _clock(
    rule: Rule, label: StrPromise, announced_on: date | None, length: Term, *, rolls: bool
) -> StatutoryClock:
    """Return one clock of the law, moved to a working day if asked."""
    if announced_on is None:
        return StatutoryClock(rule, label, None, None, None, is_published=True)
    due = _end(announced_on, length)
    last = holidays.next_working_day(due) if rolls else due
    return StatutoryClock(
        rule=rule,
        label=label,
        starts_on=announced_on,
        last_day=last,
        rolled_from=due if last != due else None,
        # A date that never moves does not depend on what is announced.
        is_published=not rolls or (holidays.is_settled(due) and holidays.is_settled(last)),
    )
