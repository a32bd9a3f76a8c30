"""What the pages of a hand-over show, put together from its rows."""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import cases, drafts
from propdesk.core.http import StaffRequest
from propdesk.desk.handover import package, queries, roster, workflow
from propdesk.desk.handover.forms import AcceptForm, Asked, WriteForm, grouped
from propdesk.desk.handover.frame import allowed
from propdesk.desk.handover.models import OPEN, Handover, HandoverLine

S = Handover.Status
TAKEN = HandoverLine.Decision.ACCEPTED.value
Context = dict[str, Any]


def urls_of(request: StaffRequest, lines: Sequence[HandoverLine]) -> dict[int, str]:
    """Where each line leads: the page of its case, of a confidential one for its readers alone."""
    found = {line.case for line in lines if line.case is not None}
    hidden = [case for case in found if case.restricted]
    seen = set(workflow.readable(request.user, request.prop, hidden)) if hidden else set()
    code = request.prop.code
    urls = {
        case.pk: cases.url_of(code, case.kind, case.number)
        for case in found
        if not case.restricted or case.pk in seen
    }
    return {line.pk: urls.get(line.case_id or 0, "") for line in lines}


def detail(request: StaffRequest, row: Handover) -> Context:
    """The whole record, with the acts that are possible on it now."""
    lines = queries.lines(row)
    urls = urls_of(request, lines)
    refused = [line for line in lines if line.decision == HandoverLine.Decision.REFUSED]
    states = workflow.MOVES
    acts = {
        name: row.status in states[name].states and allowed(request, name, row) for name in states
    }
    acts["settle_refused"] &= row.case.is_open and request.user.pk not in row.parties()
    acts["take_over"] &= request.user.pk not in row.leaving()
    beside = left(row)
    return beside | {
        "groups": grouped(Asked(line, url=urls[line.pk]) for line in lines),
        "dropped": queries.lines(row, dropped=True),
        "refused": refused,
        "short": [count for count in beside["counts"] if count.differs],
        "acts": acts,
        "missing": missing(lines, beside) if row.status == S.DRAFT else (),
    }


def left(row: Handover) -> Context:
    """What is handed over beside the lines: who signs a page reads it there. Seven statements at most."""
    now = timezone.now()
    log, more = queries.log_of(row, now)
    return {
        "row": row,
        "counts": queries.counts(row),
        "patrol": queries.patrol(row),
        "log": log,
        "log_more": more,
        "newly_told": package.newly_told(row) if row.status in OPEN else (),
        "now": now,
    }


def missing(lines: Sequence[HandoverLine], beside: Context) -> tuple[tuple[str, str], ...]:
    """What is still to be done before the first signature, of rows the page has anyway."""
    return workflow.unfinished(lines, beside["counts"], beside["patrol"])


def to_offer(row: Handover) -> Context:
    """What lies before the first signature: what is missing for it, and which lines are not those of
    the draft any more."""
    beside, lines = left(row), queries.lines(row)
    return beside | {
        "missing": missing(lines, beside),
        "redrafted": [line for line in lines if line.is_redrafted(row)],
        "dropped": queries.lines(row, dropped=True),
    }


def filled(request: StaffRequest, row: Handover, form: WriteForm | AcceptForm) -> Context:
    """A page with one row of fields a line."""
    groups = form.groups(urls_of(request, form.lines))
    return {"row": row, "form": form, "groups": groups, "now": timezone.now()}


def to_write(request: StaffRequest, row: Handover) -> Context:
    """What the form of the outgoing manager is made of."""
    return {
        "lines": queries.lines(row),
        "counts": queries.counts(row),
        "patrol": queries.patrol(row),
        "departments": queries.departments(request.prop),
        "initial": {"room_state": row.room_state, "vips": row.vips},
    }


def still(typed: QueryDict, row: Handover) -> QueryDict:
    """What was typed, without what was taken over under words that are there no more."""
    kept = typed.copy()
    if typed.get("seen") != row.content_sha:
        for name, answer in typed.items():
            if name.startswith("line_") and answer == TAKEN:
                del kept[name]
        kept["seen"] = row.content_sha
    return kept


def keep_all(request: StaffRequest, row: Handover, key: str) -> str:
    """Keep what was typed, with 接下 on every line of the group that has no answer yet.

    Returns what to say; nothing is taken over on a page the words of which have changed.
    """
    fresh = request.POST.get("seen") == row.content_sha
    typed = still(request.POST, row)
    (kind,) = typed.pop("all")[:1]
    for line in queries.lines(row) if fresh else ():
        if line.kind == kind and not typed.get(f"line_{line.pk}"):
            typed[f"line_{line.pk}"] = TAKEN
    drafts.keep(request.user, key, dict(typed.lists()))
    if fresh:
        return _("没有选的都选了“接下”，看过再签名。")
    return _("交班人改过内容、重新签了名：请看过后重新选。")


def to_accept(request: StaffRequest, row: Handover, key: str) -> Context:
    """What the form of the incoming manager is made of; answers given before come back.

    Whom the roster names stands first, chosen where another's screen is used.
    """
    people = queries.incoming(row, timezone.now(), roster.after(request.prop, row.ends_at))
    kept = drafts.recall(request.user, key)
    known = QueryDict(mutable=True)
    for name, values in kept.data.items() if kept else ():
        known.setlist(name, values)
    initial: Context = still(known, row).dict()
    named = [user for user in people if user.is_named]
    if request.user in people or named:
        chosen = request.user if request.user in people else named[0]
        initial.setdefault("person", str(chosen.pk))
    lines = queries.lines(row)
    return {"user": request.user, "lines": lines, "people": people, "initial": initial}
