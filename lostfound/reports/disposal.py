"""《过期失物处理审批单》, ready to print: asked, reviewed, decided and carried out (forms.md 1.5)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from lostfound import retention
from lostfound.models import (
    Announcement,
    DisposalBatch,
    DisposalLine,
    FoundItem,
    Method,
    TraceAttempt,
)
from lostfound.reports.sheet import FORM
from lostfound.reports.wording import (
    clause,
    day,
    full,
    joined,
    long_day,
    quantity,
    statutory,
    worth,
    yuan,
)
from lostfound.workflow.base import last_day_of
from lostfound.workflow.deciding import risk_of
from lostfound.workflow.terms import TICK, statutory_of
from propdesk.core import rendering
from propdesk.core.models import Case, RenderJob, StaffSignature, User
from propdesk.core.papers import SignBox, State, Tick
from propdesk.core.papers_found import DisposalApprovalPaper, DisposalRow
from propdesk.core.past import entry_of, take_back
from propdesk.core.rendering import Sheet, case_of

L = DisposalLine.State
B = DisposalBatch.Status
REVIEW = 3
"""The box of 物业经理; empty where nobody but those who asked could review."""


@dataclass(frozen=True)
class Approval:
    """One paper of disposal at one entry of its chain, with all it says of its things."""

    batch: DisposalBatch
    lines: tuple[DisposalLine, ...]
    until: datetime
    head: str
    asked: dict[int, list[datetime]]
    told: dict[int, list[Announcement]]


def disposal_approval(job: RenderJob) -> Sheet:
    """The paper as it stood when it was asked for; sealed once everything is carried out."""
    found = _gather(case_of(job), job.case_version)
    batch = found.batch
    boxes, files = _boxes(batch)
    frozen_at = batch.ended_at if job.sealed and batch.ended_at else found.until
    paper = DisposalApprovalPaper(
        organisation=batch.case.property.name,
        number=batch.case.number,
        form_code="PD-CZ-01",
        version=FORM,
        record_url="",
        state=_state(batch, sealed=job.sealed),
        frozen_at=full(frozen_at),
        secrecy=_("内部"),
        status=str(batch.get_status_display()),
        audit_head=found.head,
        void_reason=batch.ended_reason,
        opinion=batch.opinion,
        decided_on=day(retention.local_day(batch.decided_at)) if batch.decided_at else "",
        rows=tuple(_row(line, found) for line in found.lines),
        signatures=boxes,
    )
    return rendering.coded(paper, files, frozen_at, page=batch.get_absolute_url())


def _gather(case: Case, version: int) -> Approval:
    entry = entry_of(case, version)
    until = entry.at
    signers = ("asked_by", "asked_with", "reviewed_by", "decided_by", "on_behalf_of")
    drawn = ("asked_signature", "with_signature", "reviewed_signature", "decided_signature")
    rows = DisposalBatch.objects.select_related("case__property", *signers, *drawn)
    batch = rows.get(pk=case.pk)
    people = ("executed_by", "executed_with")
    lines = list(
        batch.lines.select_related("item__case", "item__policy", *people).order_by("position")
    )
    take_back([batch], until)
    take_back(lines, until)
    lines = [line for line in lines if line.state != L.DROPPED] or lines
    items = [line.item for line in lines]
    # Keeping gives a thing another last day: the paper shows what lay before the decider.
    seen = batch.decided_at - TICK if batch.decided_at else until
    take_back(items, seen)
    asked: dict[int, list[datetime]] = {}
    for pk, at in (
        TraceAttempt.objects.filter(item__in=items, at__lte=seen)
        .order_by("tried_at")
        .values_list("item", "tried_at")
    ):
        asked.setdefault(pk, []).append(at)
    told: dict[int, list[Announcement]] = {}
    for row in Announcement.objects.filter(item__in=items, at__lte=seen).order_by("published_on"):
        told.setdefault(row.item_id, []).append(row)
    return Approval(batch, tuple(lines), until, entry.hash, asked, told)


def _state(batch: DisposalBatch, *, sealed: bool) -> State:
    if batch.status == B.WITHDRAWN:
        return "void"
    if sealed:
        return "sealed"
    return "copy" if batch.status == B.DONE else "draft"


def _row(line: DisposalLine, found: Approval) -> DisposalRow:
    item = line.item
    return DisposalRow(
        number=item.case.number,
        name=f"{item.name}（{item.get_category_display()}）",
        quantity=quantity(item),
        value=worth(item),
        stored_on=day(item.received_on),
        due_on=day(last_day_of(item)) or _("未起算"),
        statutory=statutory(statutory_of(item)),
        search=_search(item, found),
        proposed=_proposed(line),
        decided=tuple(_choices(line)),
        reason=clause(line.reason),
        risk=line.risk or _warning(line, found.until),
        done=_done(line),
    )


def _search(item: FoundItem, found: Approval) -> str:
    """How often and when last somebody was asked for, and when it was made known."""
    asked, told = found.asked.get(item.pk, []), found.told.get(item.pk, [])
    parts = [_("没有查找")]
    if asked:
        last = day(retention.local_day(asked[-1]))
        parts = [_("查找 %(n)d 次，末次 %(last)s") % {"n": len(asked), "last": last}]
    if told:
        first = {"n": len(told), "first": day(told[0].published_on)}
        parts.append(_("公告 %(n)d 次，首次 %(first)s") % first)
    else:
        parts.append(_("没有公告"))
    return joined(parts)


def _proposed(line: DisposalLine) -> str:
    early = _("未到期：%(why)s") % {"why": clause(line.early_reason)} if line.early_reason else ""
    method = joined([str(line.get_proposed_display()), clause(line.proposed_note)], "：")
    return joined([method, early])


def _choices(line: DisposalLine) -> Iterable[Tick]:
    """All six ways, what was decided ticked: a manager with a pen finds them, too."""
    for method in Method:
        label = str(method.label)
        if method == Method.KEEP and line.keep_until and line.method == Method.KEEP:
            label = _("继续保管至 %(day)s") % {"day": day(line.keep_until)}
        yield Tick(label, line.method == method)


def _warning(line: DisposalLine, now: datetime) -> str:
    """Before a decision: the risk any way but police and keeping would run (decision 16)."""
    if line.method:
        return ""
    risk = risk_of(line.item, Method.DONATE, retention.local_day(now))
    return _("%(risk)s（移交公安、继续保管除外）") % {"risk": risk} if risk else ""


def _done(line: DisposalLine) -> str:
    """Who carried it out when and with what proof; or why nothing was to be done."""
    if line.state in (L.CLAIMED, L.DROPPED):
        return str(line.get_state_display())
    if line.executed_at is None:
        return ""
    pair = [user.name for user in (line.executed_by, line.executed_with) if user]
    return joined(
        [
            joined([full(line.executed_at), "、".join(pair)], " "),
            _("凭证：%(proof)s") % {"proof": clause(line.proof)} if line.proof else "",
            _("附照片") if line.proof_photo_id else "",
            _("接收：%(who)s") % {"who": clause(line.receiver)} if line.receiver else "",
            _("所得 %(yuan)s 元") % {"yuan": yuan(line.proceeds)}
            if line.proceeds is not None
            else "",
        ]
    )


Signed = tuple[str, User | None, StaffSignature | None, datetime | None, str]


def _boxes(batch: DisposalBatch) -> tuple[tuple[SignBox, ...], dict[str, bytes]]:
    """Four boxes; a name stands there once it is signed."""
    asked_at = batch.submitted_at
    rows: tuple[Signed, ...] = (
        (_("值班经理（申请）"), batch.asked_by, batch.asked_signature, asked_at, ""),
        (_("保安部（共同申请）"), batch.asked_with, batch.with_signature, asked_at, ""),
        (
            _("物业经理（审核）"),
            batch.reviewed_by,
            batch.reviewed_signature,
            batch.reviewed_at,
            batch.review_note,
        ),
        (
            _("总物业经理（批示）"),
            batch.decided_by,
            batch.decided_signature,
            batch.decided_at,
            "",
        ),
    )
    boxes: list[SignBox] = []
    files: dict[str, bytes] = {}
    for number, (title, user, row, at, opinion) in enumerate(rows, start=1):
        if user is None or row is None:
            skipped = batch.review_skipped and number == REVIEW
            boxes.append(
                SignBox(title, opinion=_("审核人回避，由上一级批示。") if skipped else None)
            )
            continue
        asset = f"pd:sign-{number}"
        files[asset] = bytes(row.image)
        box = SignBox(title, user.name, long_day(at), asset, row.sha256, opinion)
        boxes.append(box)
    return (*boxes[:-1], _for_another(boxes[-1], batch)), files


def _for_another(box: SignBox, batch: DisposalBatch) -> SignBox:
    """代签: whose place the decider took."""
    if batch.on_behalf_of is None or box.name is None:
        return box
    note = _("代签：%(who)s代%(whom)s") % {"who": box.name, "whom": batch.on_behalf_of.name}
    return SignBox(
        box.role, box.name, box.date, box.signature, box.signature_sha256, deputy_note=note
    )
