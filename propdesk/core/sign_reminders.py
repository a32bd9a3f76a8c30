"""The sweep of sign-off: each report unsigned past the house's limit is reminded of once."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propdesk.core import audit, clocks, signers
from propdesk.core.models import Clock, Report, ReportBox
from propdesk.core.notices import Message, put
from propdesk.core.signoff import SIGN_LATE


def flag_due(now: datetime) -> int:
    """Remind of each report unsigned past the limit; set-based, safe to run twice or at once."""
    total = 0
    while ids := clocks.due_cases((SIGN_LATE,), now):
        fired = _flag_batch(ids, now)
        total += fired
        if not fired:
            break
    return total


@transaction.atomic
def _flag_batch(ids: Sequence[int], now: datetime) -> int:
    due = clocks.locked_due((SIGN_LATE,), ids, now)
    waiting = _waiting(due)
    live = [clock for clock in due if clock.case_id in waiting]
    out = signers.involved([box.report for box in waiting.values()])
    roster = signers.Roster(now)
    put(_message(clock, waiting[clock.case_id], out, roster) for clock in live)
    audit.record_many(_act(clock) for clock in live)
    clocks.mark_fired(due, now)
    return len(due)


def _waiting(due: Iterable[Clock]) -> dict[int, ReportBox]:
    """The box whose turn it is, by case: two statements for any number of reports."""
    reports = Report.objects.filter(
        case__in=[clock.case_id for clock in due], state=Report.State.SUBMITTED
    ).select_related("property", "case")
    rounds = {report.pk: report for report in reports}
    boxes = ReportBox.objects.filter(report__in=rounds, decision=ReportBox.Decision.PENDING)
    found: dict[int, ReportBox] = {}
    for box in boxes.order_by("-position"):
        report = rounds[box.report_id]
        if box.round == report.round:
            box.report = report
            found[report.case_id] = box
    return found


def _message(
    clock: Clock, box: ReportBox, out: dict[int, set[int]], roster: signers.Roster
) -> Message:
    text = _("【签批超时】%(number)s · %(title)s") % {
        "number": box.report.number,
        "title": box.title,
    }
    return Message(
        box.report.property,
        SIGN_LATE,
        text,
        f"clock:{clock.pk}",
        tuple(roster.told(box.report, box, out[box.report_id])),
        case=box.report.case,
        due_at=clock.due_at,
        urgent=True,
    )


def _act(clock: Clock) -> audit.Act:
    info = {"rule": SIGN_LATE, "due_at": clock.due_at.isoformat()}
    return audit.Act(clock.case, "flag", None, info=info, occurred_at=clock.due_at)
