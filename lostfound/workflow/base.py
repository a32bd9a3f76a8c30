"""How every transition of a found thing begins and ends."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from lostfound import categories, retention
from lostfound.models import CustodyMove, FoundItem, MatchProfile
from lostfound.permissions import ACTIONS, SECURITY, own_counts
from lostfound.workflow.table import MOVES, S
from propdesk.core import audit, search, wake
from propdesk.core.models import Case, Person, Property, User
from propdesk.core.roles import DUTY, Standing, ensure, standing
from propdesk.core.transitions import RefusedInput, in_state, require

LATE_REPORT = timedelta(minutes=30)
"""L-B: after this long between finding and reporting the form asks why; never held against him."""
REST = timedelta(days=366)
"""What an unstarted term (未起算) counts as in lists, so that nothing drops out of sight."""
CLAIM_WITHIN = timedelta(hours=24)
COUNT = "count_contents"
"""Task: what has become a container is counted by two (L-D)."""


class Rule(models.TextChoices):
    """Clock and notice rules of found things."""

    HAND_IN_LATE = "lostfound.hand_in_late", _("仍未上交值班经理")
    COSIGN_MISSING = "lostfound.cosign_missing", _("会签还没有完成")
    TRACE_LATE = "lostfound.trace_late", _("仍未查找失主")
    ACK_LATE = "lostfound.ack_late", _("无主上报仍未知悉")
    SCAN_MISSING = "lostfound.scan_missing", _("认领单签名件还没有补传")
    CLAIM_LATE = "lostfound.claim_late", _("认领还没有办完")
    EXPIRES_SOON = "lostfound.expires_soon", _("保管即将到期")
    EXPIRED = "lostfound.expired", _("保管到期，转待处置")
    CATEGORY_DUE = "lostfound.category_due", _("该请示提前处置")


RETENTION_RULES = (Rule.EXPIRES_SOON, Rule.EXPIRED)


def begin(item: FoundItem, action: str, by: User) -> tuple[FoundItem, Standing]:
    """The row and its case under lock, fresh from the database; then who (403), when (409)."""
    item = hold(item)
    stand = permit(item, action, by)
    in_state(item, MOVES, action)
    return item, stand


def hold(item: FoundItem) -> FoundItem:
    """Lock thing and case, with what transitions read: property, settings, policy."""
    return (
        FoundItem.objects.select_for_update(no_key=True, of=("self", "case"))
        .select_related("case__property__settings", "policy", "place")
        .get(pk=item.pk)
    )


def permit(item: FoundItem, action: str, by: User) -> Standing:
    """PermissionDenied (403) unless the table lets ``by`` do ``action`` on this thing."""
    prop = item.case.property
    owns, assigned = relation(item, by)
    owns = owns and own_counts(action, item.status)
    return ensure(by, action, ACTIONS, prop=prop, owns=owns, assigned=assigned)


def relation(item: FoundItem, by: User) -> tuple[bool, bool]:
    """(owns, assigned): found or logged; in his hands or one of his departments.

    Whoever takes it over on the way opens nothing by that: not what is hidden, not the slip.
    """
    if by.pk in (item.logged_by_id, item.finder_user_id):
        return True, False
    if item.status != S.LOGGED:
        return False, False
    now = current(item)
    departments = standing(by, item.case.property).departments
    return False, now.holder_id == by.pk or (
        now.department_id is not None and now.department_id in departments
    )


def finish(
    item: FoundItem,
    fields: Sequence[str],
    *rows: models.Model,
    by: User | None,
    action: str,
    reason: str = "",
    info: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    case_fields: Sequence[str] = (),
) -> FoundItem:
    """Save the thing's ``fields`` and append the audit entry with all rows written."""
    if fields:
        audit.save(item, *dict.fromkeys(fields), by=by, reason=reason or action)
    audit.record(
        item.case,
        item,
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
        occurred_at=occurred_at,
        case_fields=case_fields,
    )
    return item


def end(item: FoundItem, status: str, now: datetime) -> list[str]:
    """Close thing and case, not saved yet; returns the fields of the thing to save.

    The caller passes ``case_fields=END`` to ``finish``; all its clocks stop.
    """
    item.status, item.ended_at, item.next_due_at = status, now, None
    item.case.is_open, item.case.closed_at = False, now
    item.case.clocks.filter(fired_at=None, stopped_at=None).update(stopped_at=now)
    MatchProfile.objects.filter(case=item.case).update(is_open=False, stale_at=None)
    return ["status", "ended_at", "next_due_at"]


END = ("is_open", "closed_at")


def current(item: FoundItem) -> CustodyMove:
    """The link of the custody chain that is in force; one object for the life of ``item``.

    Transitions hand exactly this row on and into the chain of entries; the lock on the thing keeps
    it as it is.
    """
    kept: CustodyMove | None = item.__dict__.get("_current_link")
    if kept is None:
        kept = item.custody.select_related("holder", "storage", "seal").get(ended_at=None)
        item.__dict__["_current_link"] = kept
    return kept


def hand_on(item: FoundItem, kind: str, *, by: User, now: datetime, **what: Any) -> CustodyMove:
    """End the current link and add the next one; both in this transaction, one is current (L-A).

    The caller puts both into its entry: ``current(item)`` taken before, and what this returns.
    """
    seq = 1
    if kind != CustodyMove.Kind.FOUND:
        before = current(item)
        before.ended_at = now
        audit.save(before, "ended_at", by=by, reason=kind)
        seq = before.seq + 1
    row = CustodyMove(item=item, seq=seq, kind=kind, by=by, at=now, **what)
    audit.save(row, by=by, reason=kind)
    item.__dict__["_current_link"] = row
    return row


def two_people(prop: Property, manager: User, guard: User) -> None:
    """RefusedInput unless one is on the duty side, the other of 保安部, and they are two (L-A)."""
    if manager.pk == guard.pk:
        raise RefusedInput(guard=_t("每次移动要两个人：值班经理和保安部不能是同一人。"))
    if not standing(manager, prop).roles & DUTY:
        raise RefusedInput(manager=_t("这一方须是值班经理、物业经理或总物业经理。"))
    if not standing(guard, prop).roles & SECURITY:
        raise RefusedInput(guard=_t("这一方须是保安部人员。"))


def is_here(user: User, password: str) -> bool:
    """Whether the second person confirmed on this very screen; a wrong password is RefusedInput."""
    if not password:
        return False
    if not user.check_password(password):
        raise RefusedInput(
            guard_password=_t("密码不对，请%(name)s重新输入。") % {"name": user.name}
        )
    return True


def not_contraband(item: FoundItem) -> None:
    """ConflictError for contraband: whatever was known when it came in, only the police get it."""
    require(
        not categories.rule(item.category).to_police_at_once,
        _t("违禁危险品只能移交公安，不认领、不归还。"),
    )


def neutral(item: FoundItem) -> str:
    """What a notice may say of a found thing: number and category, no feature, name or room."""
    return f"{item.case.number} · {item.get_category_display()}"


def last_day_of(item: FoundItem) -> date | None:
    """The last day it is kept; None 未起算, and for what goes to the police at once."""
    return None if categories.rule(item.category).to_police_at_once else item.last_day


def resting(item: FoundItem, now: datetime) -> str:
    """The state it lies in when nobody claims it and nothing is decided (also after a claim)."""
    last = last_day_of(item)
    if last is not None and retention.is_expired(last, now):
        return S.EXPIRED
    if item.ownerless_notice_id is not None:
        return S.OWNERLESS
    return S.TRACING if item.clue == FoundItem.Clue.YES else S.STORED


def next_due(item: FoundItem, now: datetime) -> datetime:
    """What is due next, by the state: the key of the lists (never None while it is open)."""
    settings = item.case.property.settings
    if item.status == S.LOGGED:
        return item.reported_at + minutes(settings.found_hand_in)
    if item.status in (S.CLAIMED, S.DISPUTED):
        return now + CLAIM_WITHIN
    if item.status in (S.STORED, S.TRACING) and not item.attempts.exists():
        return (item.handed_at or now) + minutes(settings.found_trace)
    if item.status == S.OWNERLESS and item.ownerless_at and item.ownerless_acked_at is None:
        return item.ownerless_at + minutes(settings.found_ack)
    last = last_day_of(item)
    return retention.expires_at(last) if last else (item.handed_at or now) + REST


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def finder_name(item: FoundItem) -> str:
    """Who found it: a colleague, or the name of somebody without an account."""
    person: User | Person | None = item.finder_user or item.finder
    return person.name if person else ""


def index(item: FoundItem) -> None:
    """Rewrite the search row and have the thing compared anew."""
    search.write(item.case, entry_of(item, claimants_of(item)))
    compare_soon(item.case)


def entry_of(item: FoundItem, claimants: Sequence[Person] = ()) -> search.Entry:
    """What it is searched by: category and place, by readers of the details also name and features.

    The finder is nobody one looks for; claimants are found by those who read all details.
    """
    return search.Entry(
        words=[item.get_category_display()],
        places=[item.place],
        details=[item.name, item.features, item.serial, item.place_note, item.old_number],
        claimants=claimants,
    )


def claimants_of(item: FoundItem) -> list[Person]:
    """Whoever claimed it, and who came instead of him; one statement."""
    claims = item.claims.select_related("owner", "proxy")
    return [person for claim in claims for person in (claim.owner, claim.proxy) if person]


def compare_soon(case: Case, *, is_found: bool = True) -> None:
    """Have the matching look at it again: a row that waits, and a word to the worker (F7)."""
    MatchProfile.objects.bulk_create(
        [profile_row(case, is_found=is_found)],
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=["is_open", "stale_at"],
    )
    wake.on_commit("lostfound.match")


def profile_row(case: Case, *, is_found: bool = True) -> MatchProfile:
    """The row that waits to be compared, not written."""
    return MatchProfile(
        case=case,
        property_id=case.property_id,
        is_found=is_found,
        is_open=case.is_open,
        stale_at=timezone.now(),
    )
