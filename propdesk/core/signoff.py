"""Sign-off of a report: 填报人 → 值班经理 → 部门经理 → 物业经理 → 总物业经理 (decision 13, 32).

The app that owns the case decides who may write the report and in which state; from the moment it
is submitted, the boxes decide.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, cases, clocks, signatures, signers, stale
from propdesk.core.models import (
    Case,
    CaseLink,
    Property,
    Report,
    ReportBox,
    StaffSignature,
    User,
)
from propdesk.core.notices import notify
from propdesk.core.numbering import next_number
from propdesk.core.sign_route import Box
from propdesk.core.transitions import RefusedInput, StaleError, lock, require

State = Report.State
Decision = ReportBox.Decision
_EDITABLE = (State.DRAFT, State.SENT_BACK)
SIGN_LATE = "core.sign_late"
_SECRET = Report.Secrecy.CONFIDENTIAL
CONTENT = (
    "secrecy",
    "severity",
    "occurred_at",
    "discovered_at",
    "reported_at",
    "place",
    "witnesses",
    "narrative",
    "measures",
    "cause_direct",
    "cause_indirect",
    "injured",
    "loss_yuan",
    "result",
    "reaction",
    "improvement",
    "improve_department",
    "improve_by",
    "police",
)
"""Fields a writer fills; frozen from submit on."""


AS_READ = "as_read"
"""Of an entry of submit: what is signed after it is printed as it stood then."""


def current(case: Case) -> Report | None:
    """The report of the case that counts: not superseded."""
    return (
        Report.objects.filter(case=case)
        .exclude(state=State.SUPERSEDED)
        .select_related("author", "improve_department")
        .first()
    )


def is_out(case: Case) -> bool:
    """Whether a report of the case is in sign-off or signed: what it says of J is fixed then."""
    states = (State.SUBMITTED, State.SIGNED)
    return Report.objects.filter(case=case, state__in=states).exists()


def stands_still(case: Case) -> None:
    """ConflictError while a report is out: what its signers read is what is sealed.

    What is linked to a case after it has ended and its report is sealed is not on its paper.
    """
    report = current(case)
    state = report.state if report else ""
    require(
        state != State.SUBMITTED,
        _("《事故报告》已提交签批，不能再改；需要修改请由签批人退回。"),
    )
    require(
        state != State.SIGNED or not case.is_open,
        _("《事故报告》已签批，这一项不能再改。写错的请写更正附录；处置还没有完的，请先重新处置。"),
    )


def link(case: Case, number: str, *, by: User, note: str = "") -> CaseLink:
    """``cases.link`` of two cases that both may change: a report of either prints the other's number."""
    for end in (case, cases.other(case, number)):
        stands_still(end)
    return cases.link(case, number, by=by, note=note)


def start(case: Case, values: Mapping[str, Any], *, by: User) -> Report:
    """A draft with its SG number; after a reopening the next version of the same number."""
    require(current(case) is None, _("这件已有一份《事故报告》。"))
    last = Report.objects.filter(case=case).order_by("-version").first()
    now = timezone.now()
    report = Report(
        case=case,
        property=case.property,
        number=last.number if last else next_number(case.property, "SG", now),
        version=last.version + 1 if last else 1,
        author=by,
        created_at=now,
        **values,
    )
    audit.save(report, by=by, reason=_("起草《事故报告》"))
    audit.record(case, report, by=by, action="report_start", info={"number": report.number})
    return report


def written(report: Report) -> dict[str, Any]:
    """What a writer fills, as it stands; the form carries a print of it (``stale``)."""
    columns = {field.name: field.attname for field in Report._meta.fields}  # noqa: SLF001 -- model API
    return {name: getattr(report, columns[name]) for name in CONTENT}


def edit(report: Report, values: Mapping[str, Any], *, by: User, seen: str = "") -> Report:
    """Change a draft or a report that was sent back; whoever edits is its author from then on.

    ConflictError over another's newer text, when the form says what it was filled from.
    """
    report = _editable(report)
    if report.case.restricted and values.get("secrecy", report.secrecy) != _SECRET:
        raise RefusedInput(secrecy=_("这件事是保密的，报告的密级也须是保密。"))
    labels = {field.name: field.verbose_name for field in Report._meta.fields}  # noqa: SLF001 -- model API
    texts = ("narrative", "measures", "result")
    stale.require_unchanged(seen, written(report), {name: labels[name] for name in texts})
    for name, value in values.items():
        setattr(report, name, value)
    report.author = by
    audit.save(report, *values, "author", by=by, reason=_("填写《事故报告》"))
    audit.record(report.case, report, by=by, action="report_edit", info={"number": report.number})
    return report


def seen(report: Report) -> str:
    """A print of what a signer reads: the round and every content field (``stale``).

    Before it is submitted all else that is printed still moves (notes, photos, steps): the author has
    read the case at its version.
    """
    read = _print(report, report.round)
    return f"{read}.{report.case.version}" if report.state in _EDITABLE else read


def _print(report: Report, round_: int) -> str:
    return stale.seen(written(report) | {"round": round_})


def as_read(report: Report, then: str) -> None:
    """StaleError when the locked report was changed or sent back since the signer opened his page.

    ``then`` is what ``seen()`` said on it; an empty one asks for nothing: callers without a page.
    """
    if then and then != seen(report):
        raise StaleError(
            _(
                "您打开这一页以后，报告改过或退回过，没有签名。这一页已是最新的，请重新看过文书再签。"
            )
        )


def was_submitted(report: Report, by: User, seen: str) -> bool:
    """Whether ``by`` submitted exactly this already: the second press of the same button."""
    read, _dot, _version = seen.partition(".")
    return _is_theirs(report, by) and read == _print(report, report.round - 1)


def was_signed(report: Report, by: User, seen: str) -> bool:
    """Whether ``by`` signed exactly this already: the second press of the same button."""
    return _is_theirs(report, by) and seen == _print(report, report.round)


def _is_theirs(report: Report, by: User) -> bool:
    """Whether a box of the locked report, which is still out, bears the signature of ``by``."""
    signed = report.boxes.filter(round=report.round, signer=by, decision=Decision.APPROVED)
    return report.state in (State.SUBMITTED, State.SIGNED) and signed.exists()


def _editable(report: Report) -> Report:
    case = (
        Case.objects.select_for_update(no_key=True, of=("self",))
        .select_related("property__settings")
        .get(pk=report.case_id)
    )
    report = lock(report)
    report.case = case
    require(
        report.state in _EDITABLE,
        _("《事故报告》已提交签批，不能再改；需要修改请由签批人退回。"),
    )
    return report


def content_sha(report: Report) -> str:
    """SHA-256 of what a signer signs: number, version and every content field.

    A department stands in it by its key: what it is called may change while the report goes round.
    """
    return _sha(report, report.improve_department_id)


def _sha(report: Report, department: Any) -> str:
    said = {"improve_department": department}
    values = [report.number, report.version, *(said.get(f, getattr(report, f)) for f in CONTENT)]
    return hashlib.sha256("\x1f".join(str(v) for v in values).encode()).hexdigest()


def submit(
    report: Report,
    boxes: Sequence[Box],
    *,
    by: User,
    password: str,
    also: Sequence[models.Model] = (),
) -> Report:
    """提交签批: the author signs the first box with his password; the next one is told.

    ``also`` are rows of the app that owns the case, written along with this act. The caller has
    asked ``as_read`` of the locked row.
    """
    report = _editable(report)
    require(report.author_id == by.pk, _("请由填报人本人提交。"))
    signature = signatures.confirmed(by, password)
    now = timezone.now()
    report.state, report.round, report.submitted_at = State.SUBMITTED, report.round + 1, now
    audit.save(report, "state", "round", "submitted_at", by=by, reason=_("提交签批"))
    rows = [
        ReportBox(
            report=report,
            round=report.round,
            position=position,
            role=box.role,
            title=box.title,
            department=box.department,
        )
        for position, box in enumerate(boxes, start=1)
    ]
    _approve(rows[0], report, signature, by=by, opinion="", now=now)
    _somebody_can_sign(report, rows[1:], by)
    for row in rows:
        audit.save(row, by=by, reason=_("提交签批"))
    _expect_next(report, now)
    _tell_next(report, rows[1], by)
    audit.record(
        report.case,
        report,
        *rows,
        *also,
        by=by,
        action="report_submit",
        info={"number": report.number, "round": report.round, AS_READ: True},
    )
    return report


def _somebody_can_sign(report: Report, boxes: Sequence[ReportBox], by: User) -> None:
    """ConflictError for a box nobody may ever sign: all of that rank wrote on this report."""
    out = signers.involved([report])[report.pk] | {by.pk}
    roster = signers.Roster(timezone.now())
    for box in boxes:
        require(
            roster.told(report, box, out),
            _(
                "没有人能签“%(title)s”一栏：有这个岗位的人都写过这份报告。请先在设置里为这个岗位增加一人。"
            )
            % {"title": box.title},
        )


def _expect_next(report: Report, now: datetime) -> None:
    """Each signature has the house's time anew, so that nobody's turn is forgotten."""
    clocks.stop(report.case, [SIGN_LATE], now)
    clocks.arm(report.case, (SIGN_LATE, now + sign_within(report.case)))


def sign_within(case: Case) -> timedelta:
    """How long one signature may take in this house."""
    return timedelta(minutes=case.property.settings.sign_within)


def _approve(
    box: ReportBox,
    report: Report,
    signature: StaffSignature,
    *,
    by: User,
    opinion: str,
    now: datetime,
) -> None:
    box.decision, box.signer, box.decided_at = Decision.APPROVED, by, now
    box.signature, box.opinion, box.content_sha = signature, opinion, content_sha(report)


def next_box(report: Report) -> ReportBox | None:
    """The box whose turn it is."""
    return (
        report.boxes.filter(round=report.round, decision=Decision.PENDING)
        .order_by("position")
        .first()
    )


def may_sign(report: Report, box: ReportBox | None, by: User) -> bool:
    """Whether it is his turn: right role and department, four eyes, not twice (``signers``)."""
    return box is not None and signers.turns(by, report.property).filter(pk=box.pk).exists()


def _as_signed_before(report: Report) -> None:
    """ConflictError when the row was altered behind the application's back since the round began.

    Sending back is let through: the next round begins with what everybody reads, and the box of who
    sent it back keeps the digest that differs.
    """
    approved = report.boxes.filter(round=report.round, decision=Decision.APPROVED)
    shas = set(approved.values_list("content_sha", flat=True))
    # Boxes signed before digests knew the key have the name in them.
    known = {content_sha(report), _sha(report, report.improve_department)}
    require(
        shas and shas <= known,
        _("报告内容与前面签名时不一致，不能签名。请退回修改，并请管理员核查留痕。"),
    )


def _turn(report: Report, by: User, seen: str) -> tuple[Report, ReportBox]:
    """Who (403), which, when (409) of signing and sending back what he has read."""
    case = (
        Case.objects.select_for_update(no_key=True, of=("self",))
        .select_related("property__settings")
        .get(pk=report.case_id)
    )
    report = lock(report)
    report.case = case
    require(report.state == State.SUBMITTED, _("这份《事故报告》现在不在签批中。"))
    box = next_box(report)
    if box is None or not may_sign(report, box, by):
        raise PermissionDenied(_("现在不是由您签批：本人填报的、已签过的或不属于您岗位的不能签。"))
    as_read(report, seen)
    return report, box


@transaction.atomic
def sign(
    report: Report,
    *,
    by: User,
    password: str,
    opinion: str = "",
    also: Sequence[models.Model] = (),
    tell: Sequence[User] = (),
    seen: str = "",
) -> Report:
    """同意并签名: the box whose turn it is; the last one makes the report 已签批.

    ``also`` are rows written along; ``tell`` hear of the last signature besides the author; ``seen``
    is the print of what the signer read: ConflictError when it says something else by now.
    """
    report, box = _turn(report, by, seen)
    _as_signed_before(report)
    signature = signatures.confirmed(by, password)
    now = timezone.now()
    box.on_behalf_of = signers.on_behalf(report, box, by)
    _approve(box, report, signature, by=by, opinion=opinion, now=now)
    audit.save(
        box,
        "decision",
        "signer",
        "decided_at",
        "signature",
        "opinion",
        "content_sha",
        "on_behalf_of",
        by=by,
        reason=_("同意并签名"),
    )
    following = next_box(report)
    if following is None:
        report.state, report.signed_at = State.SIGNED, now
        audit.save(report, "state", "signed_at", by=by, reason=_("已签批"))
        clocks.stop(report.case, [SIGN_LATE], now)
        text = _("【已签批】%(number)s") % {"number": report.number}
        notify(
            report.case,
            rule="core.report_signed",
            text=text,
            key=f"signed:{report.pk}:{report.round}",
            also=[report.author, *tell],
            except_for=by,
        )
    else:
        _expect_next(report, now)
        _tell_next(report, following, by)
    audit.record(
        report.case,
        report,
        box,
        *also,
        by=by,
        action="report_sign",
        reason=opinion,
        info={"number": report.number, "title": box.title},
    )
    return report


def _tell_next(report: Report, box: ReportBox, by: User) -> None:
    text = _("【待签批】%(number)s · %(title)s") % {"number": report.number, "title": box.title}
    key = f"sign:{report.pk}:{report.round}:{box.position}"
    out = signers.involved([report])[report.pk]
    told = signers.Roster(timezone.now()).told(report, box, out)
    notify(report.case, rule="core.sign", text=text, key=key, also=told, except_for=by)


@transaction.atomic
def send_back(
    report: Report,
    *,
    by: User,
    reason: str,
    also: Sequence[models.Model] = (),
    seen: str = "",
) -> Report:
    """退回修改: with a reason; all boxes are signed anew after the next submit."""
    report, box = _turn(report, by, seen)
    if not reason:
        raise RefusedInput(reason=_("退回修改请写明原因。"))
    now = timezone.now()
    box.decision, box.signer, box.decided_at = Decision.SENT_BACK, by, now
    box.opinion, box.content_sha = reason, content_sha(report)
    audit.save(
        box, "decision", "signer", "decided_at", "opinion", "content_sha", by=by, reason=reason
    )
    report.state = State.SENT_BACK
    audit.save(report, "state", by=by, reason=reason)
    clocks.stop(report.case, [SIGN_LATE], now)
    text = _("【退回修改】%(number)s") % {"number": report.number}
    notify(
        report.case,
        rule="core.report_sent_back",
        text=text,
        key=f"back:{report.pk}:{report.round}",
        also=[report.author],
        except_for=by,
    )
    audit.record(
        report.case,
        report,
        box,
        *also,
        by=by,
        action="report_send_back",
        reason=reason,
        info={"number": report.number, "title": box.title},
    )
    return report


def supersede(case: Case, *, by: User, reason: str) -> list[Report]:
    """A case that comes back needs a new version; the old one keeps its signatures and bytes.

    Returns the rows written: the caller puts them into its audit entry.
    """
    report = current(case)
    if report is None:
        return []
    report = lock(report)
    report.state = State.SUPERSEDED
    audit.save(report, "state", by=by, reason=reason)
    clocks.stop(case, [SIGN_LATE], timezone.now())
    return [report]


def waiting_for(by: User, prop: Property) -> "list[Report]":
    """Reports whose next box this person may sign, oldest first (签批 inbox), at most 50."""
    rows = Report.objects.filter(pk__in=signers.turns(by, prop).values("report"))
    return list(rows.select_related("case", "author").order_by("submitted_at", "pk")[:50])
