"""What is open in the house at one moment, over all registers: a bounded number of statements.

Nothing here asks what somebody may read: all that is open is handed over. So of a confidential case no
more is taken than its number; its readers open it from the page.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies.models import Event
from emergencies.queries import seals
from incidents import queries as incidents
from incidents.models import Complaint
from lostfound.models import FoundItem
from lostfound.queries import storage
from propdesk.core import notices
from propdesk.core.models import AuditEntry, Case, Notice, Property, Task
from propdesk.core.transitions import BACKDATE
from propdesk.desk.handover.models import HIDDEN, CountItem, Handover, HandoverLine

EXPIRING = timedelta(days=7)
"""How long before its last day a found thing is a line of its own; the others are counted."""
HAPPENED = 300
"""So many things that came up are printed; of the others the paper says how many they are."""
K = HandoverLine.Kind
F = FoundItem.Status
WAITS = (F.LOGGED, F.CLAIMED, F.DISPUTED)
"""A found thing in one of these wants something of the next shift."""


@dataclass(frozen=True, slots=True)
class Item:
    """One open thing; ``key`` names it for ever, ``digest`` changes with what the line says."""

    kind: HandoverLine.Kind
    key: str
    case: Case | None
    title: str
    state: str = ""
    due_at: datetime | None = None
    holder_id: int | None = None

    @property
    def restricted(self) -> bool:
        """Whether no more than the number may be said."""
        return self.case is not None and self.case.restricted

    @property
    def said(self) -> dict[str, Any]:
        """The columns of its line."""
        if self.restricted:
            return {"title": HIDDEN, "state": "", "due_at": None, "holder_id": None}
        return {
            "title": self.title[:200],
            "state": self.state[:60],
            "due_at": self.due_at,
            "holder_id": self.holder_id,
        }

    @property
    def digest(self) -> str:
        """SHA-256 of what the line says and not of the case's version: a look at a telephone number
        or a tick in a running event must not send two people back to the beginning."""
        said = self.said | {"restricted": self.restricted, "key": self.key}
        return sha_of(said)


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing to be counted, and how much the system knows of."""

    key: str
    name: str
    unit: str
    expected: Decimal


def sha_of(value: Any) -> str:
    """SHA-256 of plain values; moments by their instant."""
    raw = json.dumps(value, ensure_ascii=False, sort_keys=True, default=_instant)
    return hashlib.sha256(raw.encode()).hexdigest()


def _instant(value: Any) -> str:
    return value.isoformat() if not isinstance(value, datetime) else str(value.timestamp())


def gather(prop: Property, outgoing_id: int, until: datetime) -> list[Item]:
    """Everything open, in the order of the paper: six statements for any number of rows."""
    return [*registers(prop, until), *unconfirmed(prop, outgoing_id)]


def registers(prop: Property, until: datetime) -> list[Item]:
    """All that is open but for notices, in the order of the paper. Five statements."""
    return [
        *_events(prop),
        *_seals(prop),
        *_complaints(prop),
        *_things(prop, until),
        *_tasks(prop),
    ]


def _events(prop: Property) -> Iterator[Item]:
    rows = Event.objects.filter(case__property=prop, status=Event.Status.RUNNING)
    rows = rows.select_related("case", "place", "commander").defer("summary", "review")
    for row in rows.order_by("reported_at", "pk"):
        title = " · ".join(filter(None, [str(row.get_kind_display()), _where(row)]))
        title = f"【{_('演练')}】{title}" if row.is_drill else title
        state = _("指挥：%(name)s") % {"name": row.commander.name}
        yield Item(K.EVENT, f"event:{row.pk}", row.case, title, state, holder_id=row.commander_id)


def _where(row: Any) -> str:
    return " ".join(filter(None, [row.place.label if row.place else "", row.place_note]))


def _seals(prop: Property) -> Iterator[Item]:
    rows = seals.of_house(prop).select_related("event__case", "place")
    for row in rows.order_by("sealed_at", "pk"):
        state = _("%(whose)s封条") % {"whose": row.get_owner_display()}
        yield Item(K.SEAL, f"seal:{row.pk}", row.event.case, row.place.label, state)


_LONG = (
    "opening_words",
    "core_issue",
    "expectation",
    "key_points",
    "resolution",
    "summary",
    "result",
)
"""What a guest said has no place in a package."""


def _complaints(prop: Property) -> Iterator[Item]:
    rows = Complaint.objects.filter(
        case__property=prop, case__kind=Case.Kind.COMPLAINT, status__in=incidents.OPEN
    )
    rows = rows.select_related("case", "place").defer(*_LONG)
    for row in rows.order_by("next_due_at", "pk"):
        what = str(row.get_category_display()) or _("未分类")
        title = " · ".join(filter(None, [what, _where(row)]))
        state = f"{row.get_status_display()}（{row.get_severity_display()}）"
        yield Item(
            K.COMPLAINT,
            f"complaint:{row.pk}",
            row.case,
            title,
            state,
            row.next_due_at,
            row.owner_id,
        )


def _things(prop: Property, until: datetime) -> Iterator[Item]:
    """Those that want something before the next shift ends, or whose last day is near."""
    last = timezone.localdate(until) + EXPIRING
    near = Q(next_due_at__lt=until) | Q(expires_on__lte=last) | Q(status__in=WAITS)
    rows = FoundItem.objects.filter(
        near, case__property=prop, case__kind=Case.Kind.FOUND, ended_at=None
    )
    for row in rows.select_related("case").order_by("expires_on", "pk"):
        state = str(row.get_status_display())
        if row.expires_on:
            last_day = _("%(state)s · %(day)s到期")
            state = last_day % {"state": state, "day": f"{row.expires_on:%Y-%m-%d}"}
        yield Item(K.FOUND, f"found:{row.pk}", row.case, row.name, state, row.next_due_at)


def _tasks(prop: Property) -> Iterator[Item]:
    rows = Task.objects.filter(property=prop, done_at=None).select_related("case")
    for row in rows.order_by("created_at", "pk"):
        yield Item(K.TASK, f"task:{row.pk}", row.case, row.text, str(row.get_role_display()))


def unconfirmed(prop: Property, outgoing_id: int, since: datetime | None = None) -> list[Item]:
    """Urgent notices the outgoing manager never confirmed, those of one case as one; ``since``: later ones.

    What is not urgent stands in his inbox. One statement.
    """
    unseen = notices.unread(outgoing_id).filter(property=prop, notice__urgent=True)
    rows = Notice.objects.filter(pk__in=unseen.values("notice")).select_related("case")
    if since is not None:
        rows = rows.filter(created_at__gt=since)
    found: dict[str, list[Notice]] = {}
    for row in rows.order_by("created_at", "pk"):
        key = f"notice:case:{row.case_id}" if row.case_id else f"notice:{row.pk}"
        found.setdefault(key, []).append(row)
    return [_folded(key, of_one) for key, of_one in found.items()]


def newly_told(row: Handover) -> list[Item]:
    """Urgent notices that came after the draft, as long as nobody confirmed them. One statement."""
    found = unconfirmed(row.case.property, row.outgoing_id, since=row.case.opened_at)
    return [item for item in found if item.case is None or item.case.pk != row.pk]


def _folded(key: str, rows: list[Notice]) -> Item:
    """The newest one speaks for all of its case."""
    newest = rows[-1]
    state = _("%(n)d 条未确认") % {"n": len(rows)} if len(rows) > 1 else ""
    return Item(K.NOTICE, key, newest.case, newest.text, state)


def counts(prop: Property) -> list[Counted]:
    """Cupboards with what lies in them, seals on doors, and what the house has listed.

    Three statements. A cupboard in a blind count is left out: nobody is told what should be there.
    """
    found = [
        Counted(f"storage:{node.place.pk}", node.place.label, _("件"), Decimal(node.total))
        for node in storage.tree(prop)
        if node.depth == 0 and not node.is_counting and (node.place.is_active or node.total)
    ]
    on_doors = Decimal(seals.of_house(prop).count())
    found.append(Counted("seals", _("门上封条"), _("处"), on_doors))
    listed = CountItem.objects.filter(property=prop, is_active=True).order_by("pk")
    found += [Counted(f"item:{i.pk}", i.name, i.unit, i.expected) for i in listed]
    return found


def happened(prop: Property, start: datetime, end: datetime) -> tuple[list[dict[str, str]], int]:
    """What was entered from ``start`` up to ``end``, and how many more than are listed.

    Each with number, kind and state, oldest first. By the moment of the entry: what was received before
    a signature and entered after it would else stand on no paper. Two statements at most.
    """
    registers = [Case.Kind.COMPLAINT, Case.Kind.FOUND, Case.Kind.LOST, Case.Kind.EVENT]
    entered = AuditEntry.objects.filter(case=OuterRef("pk"), seq=1, at__gte=start, at__lt=end)
    near = {"opened_at__gte": start - BACKDATE, "opened_at__lt": end}
    rows = Case.objects.filter(Exists(entered), property=prop, kind__in=registers, **near)
    rows = rows.select_related("complaint", "found_item", "lost_report", "event")
    found = [_briefly(case) for case in rows.order_by("opened_at", "pk")[: HAPPENED + 1]]
    more = rows.count() - HAPPENED if len(found) > HAPPENED else 0
    return found[:HAPPENED], more


def _briefly(case: Any) -> dict[str, str]:
    if case.restricted:
        return {"number": case.number, "kind": HIDDEN, "state": ""}
    hangs = {"complaint": "complaint", "found": "found_item", "lost": "lost_report"}
    row = getattr(case, hangs.get(case.kind, "event"))
    kind = str(row.get_kind_display() if case.kind == Case.Kind.EVENT else case.get_kind_display())
    return {"number": case.number, "kind": kind, "state": str(row.get_status_display())}
