"""What is due on found things is flagged once, stamped with the due time; what expired moves (L-H)."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lostfound import retention
from lostfound.models import CustodyMove, FoundItem
from lostfound.permissions import SECURITY
from lostfound.workflow.base import Rule, last_day_of, neutral
from lostfound.workflow.table import IN_STORE, MOVES, S
from propdesk.core import bulk, clocks, duty
from propdesk.core.audit import Act
from propdesk.core.models import Clock, Property, User
from propdesk.core.notices import Message
from propdesk.core.roles import Role

log = logging.getLogger(__name__)
TELL_MOST = 20
"""Things of a house told one by one; of more at once (an old book, downtime) one notice tells how many."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule tells, in which states it still matters, and its rank on its ladder."""

    states: frozenset[str]
    roles: tuple[Role, ...]
    holder: bool = False
    """Whoever has the thing in his hands, too (L-B)."""
    both: bool = False
    """The two people named in the move that waits for a signature, too (L-A)."""
    ladder: str = ""
    rank: int = 0


_DM = (Role.DUTY_MANAGER,)
_PM = (Role.PROPERTY_MANAGER,)
_GM = (Role.GENERAL_MANAGER,)
_GUARDS = tuple(sorted(SECURITY))
_CLAIM = frozenset({S.CLAIMED, S.DISPUTED})
_KEPT = frozenset({S.STORED, S.TRACING, S.OWNERLESS})

TARGETS: dict[str, Target] = {
    Rule.HAND_IN_LATE: Target(frozenset({S.LOGGED}), _DM, holder=True),
    Rule.COSIGN_MISSING: Target(IN_STORE, _DM, both=True),
    Rule.TRACE_LATE: Target(frozenset({S.STORED, S.TRACING}), _DM),
    # Whoever claims a thing does not read for the property manager.
    Rule.ACK_LATE: Target(IN_STORE, _PM + _DM),
    Rule.SCAN_MISSING: Target(frozenset({S.RETURNED}), _DM),
    Rule.CLAIM_LATE: Target(_CLAIM, _PM + _DM),
    Rule.EXPIRES_SOON: Target(_KEPT | _CLAIM, _DM + _GUARDS, ladder="term", rank=1),
    # A claim that ended after the last day, before this sweep, left it in 待处置, and nobody was told.
    Rule.EXPIRED: Target(_KEPT | _CLAIM | {S.EXPIRED}, _GM + _DM + _GUARDS, ladder="term", rank=2),
    Rule.CATEGORY_DUE: Target(_KEPT | _CLAIM, _DM),
}
_ROLES = sorted({role for target in TARGETS.values() for role in target.roles})
People = dict[tuple[int, Role], list[User]]
Told = dict[int, list[User]]


def flag_due(now: datetime) -> int:
    """Fire every due clock of found things once; returns how many. Safe to run twice or at once.

    L-H: what is past its last day goes to 待处置 in the same statement that tells of it. A batch is one
    transaction of at most three statements however many rows it has; a thing somebody holds is
    left for the next run.
    """
    people = _people(now)
    if not people:
        return 0
    total = 0
    broken: set[int] = set()
    while True:
        fired = _flag(now, people, broken)
        total += fired
        if not fired:
            return total


def _people(now: datetime) -> People:
    """Who is on duty in each house where something is due: read once a run, not once a batch."""
    due = clocks.pending(tuple(TARGETS), now).order_by().values("case__property").distinct()
    found = Property.objects.filter(pk__in=due)
    return {(p.pk, role): duty.on_duty(p, role, at=now) for p in found for role in _ROLES}


def _flag(now: datetime, people: People, broken: set[int]) -> int:
    """A whole batch, or one by one when it fails: a case that raises is set aside and reported."""
    try:
        return _flag_batch(now, people, without=broken)
    except Exception:
        log.exception("batch of found things, now one by one")
    total = 0
    due = clocks.pending(tuple(TARGETS), now).exclude(case__in=broken)
    for pk in list(dict.fromkeys(due.values_list("case_id", flat=True)[: clocks.BATCH])):
        try:
            total += _flag_batch(now, people, only=pk)
        except Exception:
            log.exception("clocks of case %s", pk)
            broken.add(pk)
    return total


@transaction.atomic
def _flag_batch(
    now: datetime, people: People, *, without: Collection[int] = (), only: int | None = None
) -> int:
    due = _locked(now, without, only)
    if not due:
        return 0
    items = {clock.case_id: _thing(clock.case) for clock in due}
    live = [c for c in due if _matters(c, items[c.case_id], now)]
    _merge(live)
    told = _named(live)
    page = bulk.Sheet(None, "expire")
    page.tell(_few([_message(c, items[c.case_id], people, told, now) for c in live]))
    moved = {c.pk: items[c.case_id] for c in live if _expires(c, items[c.case_id])}
    page.change(list(moved.values()), "status", "next_due_at")
    page.acts(_act(c, items[c.case_id], c.pk in moved) for c in live)
    for clock in due:
        clock.fired_at = now
    page.updates.append(bulk.Update(due, ["fired_at", "merged"]))
    page.write()
    return len(due)


def _locked(now: datetime, without: Collection[int], only: int | None) -> list[Clock]:
    """All due clocks of a batch of cases nobody holds, locked with thing and case; one statement.

    Things before their cases before their clocks, as every transition does; and the clocks, too:
    another sweep that waited for a moment reads them anew and finds them fired.
    """
    rows = clocks.pending(tuple(TARGETS), now)
    first = rows.filter(case=only) if only is not None else rows.exclude(case__in=list(without))
    found = list(
        rows.filter(case__in=first.values("case_id")[: clocks.BATCH], case__found_item__gt=0)
        .select_related("case__property", "case__found_item__policy")
        .select_for_update(no_key=True, skip_locked=True, of=("case__found_item", "case", "self"))
    )
    cases = {clock.case_id: clock.case for clock in reversed(found)}
    for clock in found:
        clock.case = cases[clock.case_id]
    return found


def _thing(case: Any) -> FoundItem:
    """The thing of a case, joined to it by ``_locked``."""
    found: FoundItem = case.found_item
    return found


def _matters(clock: Clock, item: FoundItem, now: datetime) -> bool:
    """Whether the rule still means something in the state the thing is in."""
    if item.status not in TARGETS[clock.rule].states:
        return False
    last = last_day_of(item)
    return clock.rule != Rule.EXPIRED or (last is not None and retention.is_expired(last, now))


def _merge(live: Sequence[Clock]) -> None:
    """Of several steps of one ladder due at once only the highest and latest is sent (decision 11)."""
    ladders: dict[tuple[int, str], list[Clock]] = defaultdict(list)
    for clock in live:
        if TARGETS[clock.rule].ladder:
            ladders[(clock.case_id, TARGETS[clock.rule].ladder)].append(clock)
    for steps in ladders.values():
        top = max(steps, key=lambda c: (TARGETS[c.rule].rank, c.due_at))
        for clock in steps:
            clock.merged = clock is not top


def _named(live: Iterable[Clock]) -> Told:
    """By thing, the people a custody link names; one statement when a rule tells them, else none."""
    wanted = {c.case_id for c in live if TARGETS[c.rule].holder or TARGETS[c.rule].both}
    if not wanted:
        return {}
    links = CustodyMove.objects.filter(item__in=wanted, ended_at=None)
    named: Told = {}
    for link in links.select_related("holder", "manager", "guard"):
        people = (link.holder, link.manager, link.guard)
        named[link.item_id] = [user for user in people if user is not None]
    return named


def _message(clock: Clock, item: FoundItem, people: People, named: Told, now: datetime) -> Message:
    target = TARGETS[clock.rule]
    told = list(named.get(item.pk, ())) if target.holder or target.both else []
    prop = item.case.property
    for role in target.roles:
        told += people.get((prop.pk, role)) or ()
    return Message(
        prop=prop,
        case=item.case,
        rule=clock.rule,
        text=_text(clock, item, now),
        key=f"clock:{clock.pk}",
        recipients=tuple({u.pk: u for u in told if u.is_active}.values()),
        due_at=clock.due_at,
        merged=clock.merged,
    )


def _few(messages: Sequence[Message]) -> list[Message]:
    """As they are; of more than a few of one rule and house the first, which counts the others."""
    alike: dict[tuple[int, str, bool], list[Message]] = defaultdict(list)
    for message in messages:
        alike[message.prop.pk, message.rule, message.merged].append(message)
    return [one for same in alike.values() for one in _counted(same)]


def _counted(same: list[Message]) -> list[Message]:
    if len(same) <= TELL_MOST:
        return same
    people = {user.pk: user for message in same for user in message.recipients}
    text = _("%(first)s，另有 %(n)s 件，请看失物") % {"first": same[0].text, "n": len(same) - 1}
    return [replace(same[0], text=text, recipients=tuple(people.values()))]


def _text(clock: Clock, item: FoundItem, now: datetime) -> str:
    last = last_day_of(item)
    words = {"rule": Rule(clock.rule).label, "case": neutral(item), "last": last}
    if clock.rule == Rule.EXPIRES_SOON and last is not None:
        words["days"] = max(0, (last - retention.local_day(now)).days)
        return _("【%(rule)s】%(case)s · 还有%(days)s天，保管至 %(last)s") % words
    if clock.rule == Rule.EXPIRED and item.status in _CLAIM:
        return _("【保管到期】%(case)s · 保管至 %(last)s，正在认领，暂不处置") % words
    if clock.rule == Rule.EXPIRED:
        return _("【%(rule)s】%(case)s · 保管至 %(last)s") % words
    words["due"] = timezone.localtime(clock.due_at).strftime("%m-%d %H:%M")
    return _("【%(rule)s】%(case)s · 应于 %(due)s") % words


def _expires(clock: Clock, item: FoundItem) -> bool:
    """Move what expired to 待处置, not saved yet; a thing that is claimed stays (L-H)."""
    last = last_day_of(item)
    if clock.rule != Rule.EXPIRED or last is None or item.status not in MOVES["expire"].states:
        return False
    item.status, item.next_due_at = S.EXPIRED, retention.expires_at(last)
    return True


def _act(clock: Clock, item: FoundItem, moved: bool) -> Act:
    info = {"rule": clock.rule, "due_at": clock.due_at.isoformat(), "merged": clock.merged}
    action = "expire" if moved else "flag"
    act = Act(item.case, action, None, info=info, occurred_at=clock.due_at)
    act.rows += [item] if moved else []
    return act
