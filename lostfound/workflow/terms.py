"""L-G: which rule a thing is kept under, until when, and the clocks that follow from it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import categories, retention
from lostfound.models import FoundItem, RetentionPolicy
from lostfound.permissions import ACTIONS
from lostfound.workflow.base import RETENTION_RULES, Rule, last_day_of, minutes, resting
from lostfound.workflow.table import S
from propdesk.core import audit, clocks, drafts
from propdesk.core.models import Property, PropertySettings, User
from propdesk.core.roles import ensure, standing
from propdesk.core.transitions import RefusedInput, lock, require

POLICY_FORM = "lostfound.policy"
TICK = timedelta(microseconds=1)
"""Clocks fire once their due time is past; a term ends with the last moment of its last day."""


def terms_of(policy: RetentionPolicy) -> retention.Terms:
    """A policy row as the arithmetic wants it."""
    return retention.Terms(
        short=retention.Term(policy.short_count, retention.Unit(policy.short_unit)),
        long=retention.Term(policy.long_count, retention.Unit(policy.long_unit)),
        limit=policy.limit,
        boundary=retention.Tier(policy.boundary),
        unvalued=retention.Tier(policy.unvalued),
        start=retention.Start(policy.start),
        reminders=tuple(policy.reminders),
        police_only=policy.police_only,
    )


def policy_in_force(prop: Property, on: date) -> RetentionPolicy:
    """The policy of that day: the latest version valid by then, before all of them the first one.

    A house without any gets its preset as the first.
    """
    rows = RetentionPolicy.objects.filter(property=prop)
    found = rows.filter(valid_from__lte=on).order_by("-valid_from", "-version").first()
    found = found or rows.order_by("valid_from", "version").first()
    return found or _first_policy(prop, on)


def _first_policy(prop: Property, on: date) -> RetentionPolicy:
    """Whoever waited for the house while another one wrote its first rule takes that one."""
    prop = lock(prop)
    there = RetentionPolicy.objects.filter(property=prop).order_by("valid_from", "version").first()
    return there or _write(prop, prop.settings.retention, on, by=None, reason=_("按设置"))


def _write(
    prop: Property, preset: str, on: date, *, by: User | None, reason: str
) -> RetentionPolicy:
    return write_policy(prop, preset, retention.PRESETS[preset], on, by=by, reason=reason)


def write_policy(
    prop: Property,
    preset: str,
    terms: retention.Terms,
    on: date,
    *,
    by: User | None,
    reason: str,
    rolls: bool = True,
) -> RetentionPolicy:
    """A new version; the property row is locked, so that versions are counted one by one."""
    prop = lock(prop)
    newest = RetentionPolicy.objects.filter(property=prop).aggregate(n=Max("version"))["n"]
    row = RetentionPolicy(
        property=prop,
        version=(newest or 0) + 1,
        preset=preset,
        valid_from=on,
        limit=terms.limit,
        boundary=terms.boundary,
        unvalued=terms.unvalued,
        short_count=terms.short.count,
        short_unit=terms.short.unit,
        long_count=terms.long.count,
        long_unit=terms.long.unit,
        start=terms.start,
        reminders=list(terms.reminders),
        police_only=terms.police_only,
        rolls=rolls,
        reason=reason,
        by=by,
        at=timezone.now(),
    )
    audit.save(row, by=by, reason=reason)
    return row


@transaction.atomic
def set_policy(
    prop: Property,
    preset: str,
    terms: retention.Terms,
    valid_from: date,
    *,
    by: User,
    reason: str,
    rolls: bool = True,
    token: str = "",
) -> RetentionPolicy:
    """A new version of the house's rule, from today on or later; old things keep theirs (L-G).

    409 for the same rule once more. The preset in 设置 follows, or the next change of any setting would bring the old one back.
    DoubleSubmitError for a twin.
    """
    ensure(by, "set_policy", ACTIONS, prop=prop)
    if valid_from < timezone.localdate():
        raise RefusedInput(valid_from=_("新规则从今天或以后起生效，已入库的不受影响。"))
    if not reason:
        raise RefusedInput(reason=_("请写明修改规则的原因。"))
    # First: the twin of a form is no second rule that says the same.
    drafts.use_token(by, token, reverse("lostfound:policy", args=[prop.code]), form=POLICY_FORM)
    newest = RetentionPolicy.objects.filter(property=lock(prop)).order_by("-version").first()
    require(
        newest is None
        or newest.valid_from > valid_from
        or (newest.preset, newest.rolls, terms_of(newest)) != (preset, rolls, terms),
        _("与现行规则完全相同，没有保存；要改哪一项，请改了再保存。"),
    )
    row = write_policy(prop, preset, terms, valid_from, by=by, reason=reason, rolls=rolls)
    settings = lock(prop.settings)
    if settings.retention != preset:
        settings.retention = preset
        audit.save(settings, "retention", by=by, reason=reason)
    return row


def follow_settings(row: PropertySettings, by: User, reason: str) -> None:
    """Settings were saved: another preset there is a new version of the rule from today on.

    RefusedInput for whoever may not make one, unless the house has none yet (first run).
    """
    newest = RetentionPolicy.objects.filter(property=row.property).order_by("-version").first()
    if newest is None or newest.preset != row.retention:
        if newest is not None and not ACTIONS["set_policy"].any & standing(by, row.property).roles:
            sentence = _("这里已有保管规则，由总物业经理在“失物”的“保管规则”里修改。")
            raise RefusedInput(retention=sentence)
        _write(row.property, row.retention, timezone.localdate(), by=by, reason=reason)


def term_of(item: FoundItem, value: Decimal | None) -> date | None:
    """The last day under the thing's own policy if it were worth ``value``; None 未起算 or contraband."""
    if categories.rule(item.category).to_police_at_once or item.policy is None:
        return None
    terms = terms_of(item.policy)
    start = item.received_on if terms.start == retention.Start.RECEIVED else item.announced_on
    return retention.last_day(start, value, terms)


def arm(item: FoundItem, now: datetime) -> None:
    """Set the clocks of its term anew; earlier ones that have not fired stop."""
    arm_all([item], now)


def arm_all(items: Sequence[FoundItem], now: datetime) -> None:
    """``arm`` for many things in two statements."""
    clocks.stop_all([item.case for item in items], now, RETENTION_RULES)
    clocks.arm_all((item.case, rule, due) for item in items for rule, due in _clocks(item, now))


def renew(item: FoundItem, now: datetime) -> list[str]:
    """The clocks of a term that changed; a thing in 待处置 that has time left again rests as before.

    Not saved yet; returns further fields of the thing to save. The way into 待处置 is the sweep's alone,
    which also tells of it (L-H).
    """
    arm(item, now)
    if item.status != S.EXPIRED:
        return []
    item.status = resting(item, now)
    return ["status"]


def arm_category(items: Iterable[FoundItem], now: datetime) -> None:
    """Set the own clock of food and medicine that rest and stand on no paper (ambiguity 5)."""
    clocks.arm_all((i.case, rule, due) for i in items for rule, due in _category_clock(i, now))


def _category_clock(item: FoundItem, now: datetime) -> list[tuple[str, datetime]]:
    """Due now when the date is past; none once the term is over: then it is 待处置 anyway."""
    days, last = categories.rule(item.category).early_days, last_day_of(item)
    if days is None or item.received_on is None:
        return []
    if last is not None and retention.is_expired(last, now):
        return []
    due = retention.expires_at(retention.category_day(item.received_on, days))
    return [(Rule.CATEGORY_DUE, max(due, now))]


def rearm(item: FoundItem, now: datetime) -> None:
    """What still matters of a thing that rests again, and may have gone by unheard while it did not.

    A claim and a decision keep warnings still, a paper stops that of the category. Due now where the
    time is past; what waits to fire anyway is left alone.
    """
    wanted = _category_clock(item, now)
    if (last := last_day_of(item)) is not None:
        wanted.append((Rule.EXPIRED, max(retention.expires_at(last) - TICK, now)))
    if item.status in (S.STORED, S.TRACING) and not item.attempts.exists():
        due = (item.handed_at or now) + minutes(item.case.property.settings.found_trace)
        wanted.append((Rule.TRACE_LATE, max(due, now)))
    pending = item.case.clocks.filter(fired_at=None, stopped_at=None)
    waits = set(pending.values_list("rule", flat=True))
    clocks.arm(item.case, *(each for each in wanted if each[0] not in waits))


def _clocks(item: FoundItem, now: datetime) -> list[tuple[str, datetime]]:
    last = last_day_of(item)
    if last is None or item.policy is None:
        return []
    reminders = retention.reminders(last, terms_of(item.policy), now)
    return [
        *((Rule.EXPIRES_SOON, moment) for _days, moment in reminders),
        # A last day that is over already is a moment of its own: the same one may have fired before.
        (Rule.EXPIRED, max(retention.expires_at(last) - TICK, now)),
    ]


def statutory_of(item: FoundItem) -> list[retention.StatutoryClock]:
    """The periods of the law beside the SOP date (F5); they never block."""
    policy = item.policy
    return retention.statutory(
        item.announced_on,
        is_hotel=policy is not None and policy.preset == RetentionPolicy.Preset.HOTEL,
        rolls=policy.rolls if policy else True,
    )
