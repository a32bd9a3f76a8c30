"""结束处置, 归档, 特批: nothing closes half done; what is missing is listed, each with its place."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from emergencies import playbooks
from emergencies.models import Event, EventRecord
from emergencies.playbooks.board import Board, Missing
from emergencies.playbooks.records import title
from emergencies.queries import evidence, prefill
from emergencies.workflow.base import Rule, begin, finish, minutes, neutral, say
from emergencies.workflow.calling import resume_calls, stop_calls
from emergencies.workflow.marking import arm_rounds
from emergencies.workflow.reporting import seal_papers
from emergencies.workflow.starting import targets
from emergencies.workflow.table import S
from propdesk.core import cases, clocks, signoff
from propdesk.core.models import User
from propdesk.core.roles import Role
from propdesk.core.transitions import ConflictError, RefusedInput, require

RUNNING_RULES = (Rule.STEP_LATE, Rule.ROUND_LATE, Rule.REMIND)
OVERRIDABLE = frozenset({"fact", "step", "notice"})
"""What a manager may let pass with a reason; a closing rule (seal, roll call, dispute) never."""
GUARDS: list[Callable[[Event], None]] = []
"""Registers that may refuse an ending or archiving, whatever the playbook says (E-6)."""


@transaction.atomic
def end(event: Event, *, by: User, summary: str) -> Event:
    """结束处置: every applicable step, call and closing rule is met; looked at again under lock.

    ConflictError lists exactly what is missing, each with its place on the page. A drill may stop at
    any point: what was left out is what it found.
    """
    event, _stand = begin(event, "end", by)
    if not summary.strip():
        raise RefusedInput(summary=_("请写明处理结果，会印在记录上。"))
    check_end(event, evidence.look(event).missing("handling"))
    return _ended(event, by=by, summary=summary, action="end", reason="")


def check_end(event: Event, missing: Iterable[Missing]) -> None:
    """ConflictError while something is ``missing``, which a drill may leave out, or a register refuses."""
    if not event.is_drill:
        refuse_missing(_("还不能结束处置："), missing)
    _guarded(event)


def _guarded(event: Event) -> None:
    for guard in GUARDS:
        guard(event)


@transaction.atomic
def override_end(event: Event, *, by: User, summary: str, reason: str) -> Event:
    """特批结束处置 (C-J 12): a manager who neither started nor commands it, with a printed reason.

    Lets open steps, questions and calls pass, never a closing rule: no police release, no missing
    person, no disputed posting is waved through.
    """
    event, _stand = begin(event, "override_end", by)
    if not summary.strip() or not reason.strip():
        raise RefusedInput(
            **({} if summary.strip() else {"summary": _("请写明处理结果。")}),
            **({} if reason.strip() else {"reason": _("请写明为什么特批。")}),
        )
    missing = evidence.look(event).missing("handling")
    check_override(event, missing, by)
    info = {"missing": [f"{m.kind}:{m.id}" for m in missing]}
    return _ended(event, by=by, summary=summary, action="override_end", reason=reason, info=info)


def check_override(event: Event, missing: Sequence[Missing], by: User) -> None:
    """ConflictError for who is involved, where nothing is missing, and for what never passes."""
    involved = (event.reported_by_id, event.commander_id)
    require(by.pk not in involved, _("自己启动或指挥的事件，须由另一位经理特批。"))
    require(missing, _("没有缺项，直接结束处置即可。"))
    refuse_missing(_("这些不能特批："), [m for m in missing if m.kind not in OVERRIDABLE])
    _guarded(event)


def refuse_missing(head: str, missing: Iterable[Missing]) -> None:
    """ConflictError with every sentence, and its place on the page before it."""
    found = list(dict.fromkeys((f"{m.at[0]}-{m.at[1]}", m.sentence) for m in missing))
    if found:
        said = "；".join(sentence for _place, sentence in found)
        short = _("%(head)s，缺的列在下面，点一条就能去补。") % {"head": head.rstrip("：")}
        raise ConflictError(f"{head}{said}", missing=tuple(found), head=short)


def _ended(
    event: Event,
    *,
    by: User,
    summary: str,
    action: str,
    reason: str,
    info: dict[str, Any] | None = None,
) -> Event:
    now = timezone.now()
    event.status, event.summary = S.SIGNING, summary.strip()
    event.ended_at, event.ended_by = now, by
    clocks.stop(event.case, RUNNING_RULES, now)
    rows: list[models.Model] = stop_calls(event, now)
    hours = evidence.playbook_of(event).after.review_hours
    sign = event.case.property.settings.sign_within
    clocks.arm(
        event.case,
        (Rule.RECORD_LATE, now + minutes(sign)),
        (Rule.REVIEW_LATE, now + minutes(60 * hours)),
    )
    finish(
        event,
        ["status", "summary", "ended_at", "ended_by"],
        *rows,
        by=by,
        action=action,
        reason=reason,
        info=info,
    )
    text = f"【{_('处置已结束，待签批')}】{neutral(event)}"
    key = f"ended:{event.case.version}"
    say(event, Role.PROPERTY_MANAGER, rule=Rule.CALL, text=text, key=key, by=by)
    return event


@transaction.atomic
def reopen(event: Event, *, by: User, reason: str) -> Event:
    """重新处置: before it is archived, by a manager, with a reason; answers and marks stand.

    What had not been told of by then is told of again: targets, rounds, ladders.
    """
    event, _stand = begin(event, "reopen", by)
    if not reason.strip():
        raise RefusedInput(reason=_("请写明为什么重新处置。"))
    now = timezone.now()
    event.status, event.ended_at, event.ended_by = S.RUNNING, None, None
    clocks.stop(event.case, [Rule.RECORD_LATE, Rule.REVIEW_LATE], now)
    _arm_again(event)
    rows: list[models.Model] = resume_calls(event)
    if signoff.is_out(event.case):
        # What it says of the result holds no longer: the next one is a new version.
        rows += signoff.supersede(event.case, by=by, reason=reason)
    fields = ["status", "ended_at", "ended_by"]
    finish(event, fields, *rows, by=by, action="reopen", reason=reason)
    text = f"【{_('重新处置')}】{neutral(event)}"
    key = f"reopened:{event.case.version}"
    say(event, rule=Rule.CALL, text=text, key=key, also=[event.commander], by=by, urgent=True)
    return event


def _arm_again(event: Event) -> None:
    """Targets and rounds run on from where they stood; what has fired never fires twice."""
    clocks.arm(event.case, *targets(event, event.reported_at))
    arm_rounds(event)


@transaction.atomic
def archive(event: Event, *, by: User) -> Event:
    """归档: all records are signed and every closing rule holds still (E-1 … E-8).

    What a manager let pass at the end (特批) stays let pass; signatures never are.
    """
    event, _stand = begin(event, "archive", by)
    check_archive(event, in_the_way(event, evidence.look(event)))
    now = timezone.now()
    event.status, event.archived_at, event.archived_by = S.ARCHIVED, now, by
    event.case.is_open, event.case.closed_at = False, now
    clocks.stop(event.case, [Rule.RECORD_LATE], now)
    rows = cases.close_tasks(event.case, by=by, outcome="archived")
    event = finish(
        event,
        ["status", "archived_at", "archived_by"],
        *rows,
        by=by,
        action="archive",
        case_fields=("is_open", "closed_at"),
    )
    seal_papers(event, by=by)
    return event


def check_archive(event: Event, missing: Iterable[Missing]) -> None:
    """ConflictError while something is ``missing`` or a register refuses."""
    refuse_missing(_("还不能归档："), missing)
    _guarded(event)


def in_the_way(event: Event, board: Board) -> tuple[Missing, ...]:
    """Return what has to be done before it is archived; else the papers that are behind by now."""
    return missing_to_archive(event, board) or changed_papers(event)


def missing_to_archive(event: Event, board: Board) -> tuple[Missing, ...]:
    """Return what is in the way of archiving: of a drill its record, and nothing else.

    What a manager let pass at the end (特批) stays let pass.
    """
    if event.is_drill:
        return _drill_missing(board)
    missing = board.missing("archive")
    if any(m.kind in OVERRIDABLE for m in missing) and _was_overridden(event):
        return tuple(m for m in missing if m.kind not in OVERRIDABLE)
    return missing


def changed_papers(event: Event) -> tuple[Missing, ...]:
    """Return the signed papers whose registers say something else by now: each needs a new version."""
    rows = event.records.filter(state=EventRecord.State.SIGNED).order_by("pk")
    written = [(row, playbooks.form(row.form)) for row in rows]
    listed = [(row, form) for row, form in written if any(f.columns for f in form.fields)]
    if not listed:
        return ()
    sources = prefill.Sources(event)
    head = _("签名以后登记又有变动，请另写新版：%(form)s")
    return tuple(
        Missing("record", row.form, head % {"form": title(row.form)}, ("record", row.form))
        for row, form in listed
        if row.tables.get("rows") != prefill.tables(form, sources)
    )


def _drill_missing(board: Board) -> tuple[Missing, ...]:
    form = evidence.DRILL_RECORD
    if form in board.evidence.signed:
        return ()
    sentence = _("还没有签完：%(form)s") % {"form": title(form)}
    return (Missing("record", form, sentence, ("record", form)),)


def _was_overridden(event: Event) -> bool:
    """Whether its last ending was let pass by a manager."""
    last = (
        event.case.entries.filter(action__in=["end", "override_end"])
        .order_by("-seq")
        .values_list("action", flat=True)
        .first()
    )
    return last == "override_end"
