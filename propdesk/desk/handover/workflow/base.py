"""How every act of a hand-over begins and ends, and what may have changed since it was drafted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, notices
from propdesk.core.models import Notice, Property, User
from propdesk.core.roles import Standing, ensure
from propdesk.core.transitions import ConflictError, in_state
from propdesk.desk.handover import package
from propdesk.desk.handover.models import Handover, HandoverCount, HandoverLine
from propdesk.desk.handover.package import Counted, Item
from propdesk.desk.handover.permissions import ACTIONS
from propdesk.desk.handover.workflow.table import MOVES

S = Handover.Status
REFUSED: Final = "handover_refused"
"""The task of 物业经理 for lines nobody took over."""
SHORT: Final = "handover_short"
"""The task of 物业经理 for things that do not tally."""
SIGNED = ("outgoing_signed_at", "outgoing_signature", "content_sha", "happened", "unlisted")
"""What comes with the first signature and goes with it."""
OFFERED: Final = "desk.handover_offered"
"""The notice 【请接班】."""
CHANGED: Final = "desk.handover_changed"
"""The notice 【交接班有变化】."""
LATE_TOLD: Final = "desk.handover_late"
"""The notice 【交接班超时】."""
NAMED = 8
"""So many changes are named in a refusal."""


class ChangedError(ConflictError):
    """What is open is no longer what was drafted (409): those lines are to be drafted anew."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the lines and what is open now."""

    new: tuple[Item, ...]
    altered: tuple[tuple[HandoverLine, Item], ...]
    gone: tuple[HandoverLine, ...]
    counts: tuple[Counted, ...]
    counts_gone: tuple[HandoverCount, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.altered or self.gone or self.counts or self.counts_gone)

    @property
    def words(self) -> list[str]:
        """Each difference as a short sentence."""
        return [
            *(_("新增：%(what)s") % {"what": _name(item)} for item in self.new),
            *(_("有变化：%(what)s") % {"what": _name(item)} for _line, item in self.altered),
            *(_("已了结：%(what)s") % {"what": _line_name(line)} for line in self.gone),
            *(_("应有数有变化：%(what)s") % {"what": count.name} for count in self.counts),
            *(_("不再清点：%(what)s") % {"what": count.name} for count in self.counts_gone),
        ]


def _name(item: Item) -> str:
    title = str(item.said["title"])
    return f"{item.case.number} {title}" if item.case else title


def _line_name(line: HandoverLine) -> str:
    return f"{line.case.number} {line.title}" if line.case else line.title


def hold(handover: Handover) -> Handover:
    """The row and its case under lock, fresh from the database."""
    rows = Handover.objects.select_for_update(no_key=True, of=("self", "case"))
    with_ = ("case__property", "outgoing", "on_behalf_of", "shift")
    return rows.select_related(*with_).get(pk=handover.pk)


def begin(handover: Handover, action: str, by: User) -> tuple[Handover, Standing]:
    """The row and its case under lock; then who (403), when (409)."""
    row = hold(handover)
    stand = permit(row, action, by)
    in_state(row, MOVES, action)
    return row, stand


def permit(row: Handover, action: str, by: User) -> Standing:
    """PermissionDenied (403) unless the table lets ``by`` do it."""
    prop = row.case.property
    return ensure(by, action, ACTIONS, prop=prop, owns=row.outgoing_id == by.pk)


def finish(
    row: Handover,
    fields: Sequence[str],
    *rows: models.Model,
    by: User,
    action: str,
    reason: str = "",
    info: dict[str, Any] | None = None,
    closes: bool = False,
) -> Handover:
    """Save ``fields`` and append the audit entry with all rows written; ``closes`` ends the case."""
    if fields:
        audit.save(row, *fields, by=by, reason=reason or action)
    if closes:
        row.case.is_open, row.case.closed_at = False, timezone.now()
    ends = ("is_open", "closed_at") if closes else ()
    audit.record(
        row.case,
        row,
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
        case_fields=ends,
    )
    return row


def settle(row: Handover, *rules: str) -> None:
    """What these notices asked for is done, or wanted no more: nobody need look at them."""
    notices.over(Notice.objects.filter(case=row.case, rule__in=rules))


def alarm_key(prop: Property, due_at: datetime) -> str:
    """The key of 【交接班超时】 of the shift that ended then."""
    return f"handover-late:{prop.pk}:{due_at.timestamp():.0f}"


def settle_alarm(row: Handover) -> None:
    """As ``settle`` for 【交接班超时】, which may belong to no case, or to one that was voided."""
    prop = row.case.property
    key = alarm_key(prop, row.ends_at)
    told = Notice.objects.filter(rule=LATE_TOLD, key=key, created_at__gte=row.starts_at)
    notices.over(told.filter(case=None))
    same = Handover.objects.filter(property=prop, ends_at=row.ends_at)
    notices.over(told.filter(case__in=same.values("pk")))


def live(row: Handover) -> list[HandoverLine]:
    """The lines that are still open, in their order."""
    rows = row.lines.filter(dropped_at=None).select_related("case", "holder")
    return list(rows.order_by("seq"))


def changes(row: Handover, lines: Collection[HandoverLine]) -> Changes:
    """Compare the lines with what is open now; a bounded number of statements.

    Notices stand as they were drafted: while an event runs one comes with each reminder.
    """
    prop = row.case.property
    items = {i.key: i for i in package.registers(prop, row.until) if _other(row, i)}
    notices = [line for line in lines if line.kind == HandoverLine.Kind.NOTICE]
    known = {line.key: line for line in lines if line not in notices}
    expected = {count.key: count for count in row.counts.filter(dropped_at=None)}
    counted = {count.key: count for count in package.counts(prop)}
    return Changes(
        new=tuple(item for key, item in items.items() if key not in known),
        altered=(
            *(
                (known[key], item)
                for key, item in items.items()
                if key in known and known[key].digest != item.digest
            ),
            *((line, hidden) for line in notices if (hidden := _hidden(line))),
        ),
        gone=tuple(line for key, line in known.items() if key not in items),
        counts=tuple(
            count for key, count in counted.items() if not _same(expected.get(key), count)
        ),
        counts_gone=tuple(count for key, count in expected.items() if key not in counted),
    )


def _hidden(line: HandoverLine) -> Item | None:
    """Its case has become confidential since: the words of the notice go."""
    if line.restricted or line.case is None or not line.case.restricted:
        return None
    return Item(HandoverLine.Kind.NOTICE, line.key, line.case, line.title)


def _other(row: Handover, item: Item) -> bool:
    """A hand-over is no line of itself."""
    return item.case is None or item.case.pk != row.pk


def _same(known: HandoverCount | None, count: Counted) -> bool:
    return known is not None and known.expected == count.expected


def require_fresh(row: Handover, lines: Collection[HandoverLine]) -> None:
    """ChangedError naming what is new, altered or settled since the lines were drafted."""
    found = changes(row, lines)
    if found:
        words = found.words
        more = [_("另有 %(n)d 处") % {"n": len(words) - NAMED}] if len(words) > NAMED else []
        raise ChangedError(
            _("起草以后有变化，请先更新清单再签：%(what)s。已填的都还在。")
            % {"what": "；".join([*words[:NAMED], *more])}
        )
