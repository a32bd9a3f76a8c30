"""How every transition of an event begins and ends."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from emergencies.models import Event, Reader
from emergencies.permissions import ACTIONS, owns
from emergencies.workflow.table import MOVES
from propdesk.core import audit
from propdesk.core.models import User
from propdesk.core.notices import notify
from propdesk.core.roles import MANAGERS, Role, Standing, ensure, standing
from propdesk.core.transitions import RefusedInput, happened, in_state, to_minute

LATE_ENTRY = timedelta(minutes=10)
"""What happened longer before it was entered is marked 补录."""


class Rule(models.TextChoices):
    """Clock and notice rules of special events."""

    CALL = "emergencies.call", _("事件通知")
    STEP_LATE = "emergencies.step_late", _("仍有步骤未办")
    ROUND_LATE = "emergencies.round_late", _("该再查看或更新一次了")
    REMIND = "emergencies.remind", _("请尽快办理")
    UNCHECKED = "emergencies.seal_unchecked", _("上一班没有核查")
    REVIEW_LATE = "emergencies.review_late", _("仍未复盘")
    ACTION_LATE = "emergencies.action_late", _("整改措施到期")
    RECORD_LATE = "emergencies.record_late", _("记录仍未签批")


def hold(event: Event) -> Event:
    """Lock event and case, with what transitions read: property, settings, playbook."""
    return (
        Event.objects.select_for_update(no_key=True, of=("self", "case"))
        .select_related("case__property__settings", "playbook", "place", "commander", "reported_by")
        .defer("playbook__content", "playbook__text")
        .get(pk=event.pk)
    )


def begin(event: Event, action: str, by: User) -> tuple[Event, Standing]:
    """The row and its case under lock, fresh from the database; then who (403), when (409)."""
    event = hold(event)
    stand = permit(event, action, by)
    in_state(event, MOVES, action)
    return event, stand


def permit(event: Event, action: str, by: User) -> Standing:
    """PermissionDenied (403) unless the table lets ``by`` do ``action`` on this event.

    A restricted event exists for its readers only: Http404 for everybody else (decision 33, E-6).
    """
    prop = event.case.property
    if event.case.restricted and not reads_restricted(event, by):
        raise Http404
    own = owns(action, by.pk, commander_id=event.commander_id, starter_id=event.reported_by_id)
    return ensure(by, action, ACTIONS, prop=prop, owns=own, assigned=is_involved(event, by))


def reads_restricted(event: Event, by: User) -> bool:
    """Whether he is one of the readers of a restricted event."""
    return event.readers.filter(user=by, ended_at=None).exists()


def may_read(event: Event, user: User) -> bool:
    """Whether nothing of the event need be hidden from a colleague."""
    return not event.case.restricted or reads_restricted(event, user)


def is_involved(event: Event, by: User) -> bool:
    """Whether the event calls or gives a step to one of his roles, or left him something to mend.

    Any reader of a restricted one is.
    """
    if event.case.restricted:
        return True  # permit() has let readers through only
    roles = standing(by, event.case.property).task_roles
    if event.involved.filter(role__in=roles).exists():
        return True
    return event.actions.filter(owner=by).exists()


def finish(
    event: Event,
    fields: Sequence[str],
    *rows: models.Model,
    by: User | None,
    action: str,
    reason: str = "",
    info: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    case_fields: Sequence[str] = (),
) -> Event:
    """Save the event's ``fields`` and append the audit entry with all rows written."""
    rows = (*rows, *_starter_stops_reading(event, fields, by))
    if fields:
        audit.save(event, *dict.fromkeys(fields), by=by, reason=reason or action)
    audit.record(
        event.case,
        event,
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
        occurred_at=occurred_at,
        case_fields=case_fields,
    )
    return event


def _starter_stops_reading(event: Event, fields: Sequence[str], by: User | None) -> list[Reader]:
    """Who started a restricted event without being one of its readers reads until it is in hand.

    That is with the first act of its commander, with a change of command, and with its end at the
    latest (decision 33, ADR 0026). Nobody is cut off while he commands it himself.
    """
    took_over = by is not None and by.pk == event.commander_id != event.reported_by_id
    in_hand = took_over or {"commander", "status"} & set(fields)
    if by is None or not event.case.restricted or not in_hand:
        return []
    rows = event.readers.select_for_update(no_key=True).filter(is_brief=True, ended_at=None)
    row = rows.exclude(user=event.commander_id).first()
    if row is None:
        return []
    row.ended_at, row.ended_by = timezone.now(), by
    audit.save(row, "ended_at", "ended_by", by=by, reason=_t("已有人接手，发现人不再查看"))
    return [row]


def neutral(event: Event) -> str:
    """What a notice may say: number and kind, of a restricted event the number alone (E-6)."""
    if event.case.restricted:
        return f"{event.case.number} · {_t('保密事项')}"
    kind = event.get_kind_display()
    return f"{event.case.number} · {kind}"


def headline(event: Event, text: str) -> str:
    """A notice about the event; a drill says so first, so that nobody runs for his life (X-9)."""
    mark = f"【{_t('演练')}】" if event.is_drill else ""
    return f"{mark}{text}"


def say(
    event: Event,
    *roles: Role,
    rule: str,
    text: str,
    key: str,
    also: Iterable[User] = (),
    by: User | None = None,
    urgent: bool = False,
    due_at: datetime | None = None,
) -> int:
    """Tell roles and people of the event; of a restricted one only its readers are ever told."""
    told = list(also)
    if event.case.restricted:
        readers = _readers(event)
        held = _holding(event, roles, readers)
        told = [user for user in [*told, *held] if user.pk in readers]
        roles = ()
    return notify(
        event.case,
        *roles,
        rule=rule,
        text=headline(event, text),
        key=key,
        also=told,
        except_for=by,
        due_at=due_at,
        urgent=urgent,
    )


def _readers(event: Event) -> dict[int, User]:
    rows = event.readers.filter(ended_at=None).select_related("user")
    return {row.user_id: row.user for row in rows}


def _holding(event: Event, roles: Sequence[Role], readers: dict[int, User]) -> list[User]:
    """The readers who hold one of ``roles``, or act for somebody who does."""
    prop = event.case.property
    return [u for u in readers.values() if standing(u, prop).task_roles & set(roles)]


def is_late_entry(occurred_at: datetime, now: datetime) -> bool:
    """Whether it counts as 补录 on the timeline."""
    return now - occurred_at > LATE_ENTRY


def ranks_at_least(event: Event, by: User, role: str) -> bool:
    """Whether ``by`` may do what the playbook leaves to ``role`` (a step of 物业经理 or above)."""
    roles = standing(by, event.case.property).roles
    if role == Role.GENERAL_MANAGER:
        return Role.GENERAL_MANAGER in roles
    if role == Role.PROPERTY_MANAGER:
        return bool(roles & MANAGERS)
    if role == Role.SECURITY_MANAGER:
        return bool(roles & (MANAGERS | {Role.SECURITY_MANAGER}))
    return True


def ensure_rank(event: Event, by: User, role: str) -> None:
    """PermissionDenied (403) when the playbook leaves this to a higher rank than his."""
    if not ranks_at_least(event, by, role):
        label = Role(role).label
        raise PermissionDenied(_t("这一步须由%(role)s本人办理。") % {"role": label})


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def since_start(field: str, at: datetime, now: datetime, event: Event) -> None:
    """RefusedInput (422) for a time in the future, far in the past or before the event happened."""
    happened(field, at, now)
    not_before(
        field, at, event.occurred_at, _t("事件发生在%(at)s，这里的时间比它早，请核对后重填。")
    )


def not_before(field: str, at: datetime, moment: datetime | None, text: str) -> None:
    """RefusedInput (422) for a time before ``moment``, to the minute; ``text`` names it as ``%(at)s``."""
    if moment is not None and at < to_minute(moment):
        shown = timezone.localtime(moment).strftime("%m-%d %H:%M")
        raise RefusedInput(**{field: text % {"at": shown}})


def now_and(occurred_at: datetime | None) -> tuple[datetime, datetime]:
    """(now, when it happened): now where nothing was typed."""
    now = timezone.now()
    return now, occurred_at or now
