"""After sealing a correction is an appendix with a number, never another paper in its place.

F12: amendments only as appendices. The appendix is signed by a manager and, beside him, by a second
person who reads it over (decision 32); it is sealed like any paper (ADR 0028), and the verify page of
the original says that there is one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import audit, rendering, signatures
from propdesk.core.clock_text import paper_time
from propdesk.core.models import (
    Appendix,
    Case,
    Document,
    Property,
    RenderJob,
    ReportBox,
    StaffSignature,
    User,
)
from propdesk.core.notices import notify
from propdesk.core.papers import SignBox
from propdesk.core.papers_appendix import AppendixPaper
from propdesk.core.permissions import ACTIONS
from propdesk.core.rendering import Sheet
from propdesk.core.roles import DUTY, Role, ensure, standing
from propdesk.core.signatures import Second
from propdesk.core.transitions import ConflictError, RefusedInput, StaleError, require

KIND = "appendix"
FORM_CODE = "PD-FL-01"
MOST = 99
SIGNATURES = ("pd:sign-1", "pd:sign-2")


RANKS = (Role.DUTY_MANAGER, Role.PROPERTY_MANAGER, Role.GENERAL_MANAGER)
HIGHEST: dict[str, Callable[[Document], Iterable[str]]] = {}
"""By family of papers: the roles that signed one; apps add theirs. A report says so itself."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a manager fills in: the item, what the paper says of it, what is right, and why."""

    subject: str
    was: str
    text: str
    reason: str


def kind_of(row: Appendix) -> str:
    """The kind of the sealed paper of one appendix."""
    return f"{KIND}:{row.pk}"


@transaction.atomic
def append(
    original: Document,
    said: Correction,
    second: Second,
    *,
    by: User,
    password: str,
    seen: str = "",
) -> Appendix:
    """写更正附录: the next of the paper's number, signed by two, its sealed paper asked for at once.

    The caller has checked that both may see the case. PermissionDenied for anybody but a manager,
    ConflictError unless ``original`` is a sealed paper of a case, RefusedInput for what is missing,
    for a second person who is the first or not of the duty side, and for a wrong password. StaleError
    when another appendix came in since the page was opened that said ``seen`` (``beside``). Passwords
    are hashed before the case is locked: nobody waits for that.
    """
    case = original.case
    if case is None:
        raise ConflictError(_only_sealed())
    ensure(by, "append", ACTIONS, prop=case.property)
    _complete(said)
    signature = signatures.confirmed(by, password)
    read_over = _read_over(second, original, case.property, by)
    case = _locked(case, original)
    audit.refuse_purged(case)
    if seen and seen != beside(original):
        numbers = "、".join(numbers_of(original))
        words = _(
            "您打开这一页以后，这份文书又封存了附录（%(numbers)s），这一份没有封。请先看过再写。"
        )
        raise StaleError(words % {"numbers": numbers})
    row = Appendix(
        case=case,
        original=original,
        seq=_next_number(case, original),
        **asdict(said),
        by=by,
        signature=signature,
        second=second.user,
        second_signature=read_over,
        at=timezone.now(),
    )
    audit.save(row, by=by, reason=said.reason)
    info = {"number": row.number}
    audit.record(case, row, by=by, action="paper_append", reason=said.reason, info=info)
    rendering.request(case, kind_of(row), by=by, sealed=True)
    _tell(row, by)
    return row


def beside(original: Document) -> str:
    """A print of what stands beside a sealed paper: how many appendices it has."""
    return str(Appendix.objects.filter(original=original).count())


def _only_sealed() -> str:
    return _("只有已封存的文书才写更正附录。")


def _locked(case: Case, original: Document) -> Case:
    """The case of a paper, locked; ConflictError unless the paper may have an appendix."""
    rows = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("property")
    case = rows.get(pk=case.pk)
    require_original(original)
    return case


def require_original(paper: Document) -> None:
    """ConflictError unless the paper may have an appendix: sealed, and no appendix or copy itself."""
    require(paper.sealed, _only_sealed())
    require(
        rendering.family(paper.kind) not in (KIND, "copy"),
        _("附录和副本不能再写附录，请给原文书写。"),
    )


def _next_number(case: Case, original: Document) -> int:
    """The number of the next appendix, under the lock of the case.

    Several papers of an event may bear the number of the event: each number is given once among them.
    """
    seq = 1 + Appendix.objects.filter(case=case, original__number=original.number).count()
    require(seq <= MOST, _("这个编号的附录已到 99 份。"))
    return seq


def readers(original: Document, prop: Property, by: User) -> frozenset[Role]:
    """The roles that may read over what ``by`` corrects: the duty side.

    One of the two holds at least the rank of the highest box of the paper: what the general manager
    signed is put right by nobody below him alone.
    """
    asked = HIGHEST.get(rendering.family(original.kind), _signed_report)(original)
    highest = max((RANKS.index(Role(r)) for r in asked if r in RANKS), default=0)
    enough = frozenset(RANKS[highest:])
    return DUTY if standing(by, prop).roles & enough else enough


def _signed_report(original: Document) -> Iterable[str]:
    report = original.report
    if report is None:
        return ()
    signed = ReportBox.objects.filter(report=report, decision=ReportBox.Decision.APPROVED)
    return signed.values_list("role", flat=True)


def _read_over(second: Second, original: Document, prop: Property, by: User) -> StaffSignature:
    """The signature of the second pair of eyes; RefusedInput unless he may give it."""
    if second.user.pk == by.pk:
        raise RefusedInput(second=_("自己写的要由另一个人复核，请选择另一位。"))
    # Not in the name of who wrote it (decision 32).
    roles = standing(second.user, prop).without(by.pk)
    if not roles & DUTY:
        raise RefusedInput(second=_("复核人须是值班经理、物业经理或总物业经理，不能代写的人复核。"))
    wanted = readers(original, prop, by)
    if not roles & wanted:
        names = "、".join(str(role.label) for role in RANKS if role in wanted)
        raise RefusedInput(
            second=_("这份文书签到了更高一级，请由%(names)s复核。") % {"names": names}
        )
    return signatures.present(second.user, second.password)


def _complete(said: Correction) -> None:
    """RefusedInput that names every field that says nothing."""
    missing = {
        "subject": _("请写明更正哪一项。"),
        "text": _("请写明更正为什么。"),
        "reason": _("请写明更正的原因和依据。"),
    }
    if errors := {name: why for name, why in missing.items() if not getattr(said, name).strip()}:
        raise RefusedInput(**errors)


def _tell(row: Appendix, by: User) -> None:
    """Who signed the paper must know what now stands beside it; of a confidential case nobody is told."""
    if row.case.restricted or row.original.report is None:
        return
    boxes = ReportBox.objects.filter(report=row.original.report, signer__isnull=False)
    also = [box.signer for box in boxes.select_related("signer") if box.signer]
    text = _("【更正附录】%(number)s") % {"number": row.number}
    notify(
        row.case, rule="core.appendix", text=text, key=f"append:{row.pk}", also=also, except_for=by
    )


def of_papers(papers: Iterable[Document]) -> list[Appendix]:
    """Every appendix of these papers, in the order they were written."""
    rows = Appendix.objects.filter(original__in=papers).select_related("original")
    return list(rows.order_by("original_id", "seq"))


def numbers_of(document: Document, until: datetime | None = None) -> list[str]:
    """The numbers of what was put right on a sealed paper, up to a moment."""
    rows = (
        Appendix.objects.filter(original=document, **({"at__lte": until} if until else {}))
        .select_related("original")
        .order_by("seq")
    )
    return [row.number for row in rows]


def original_of(document: Document) -> Document | None:
    """The paper a printed appendix puts right; None for every other paper."""
    family, _colon, pk = document.kind.partition(":")
    if family != KIND:
        return None
    return Appendix.objects.select_related("original__case").get(pk=pk).original


def sheet(job: RenderJob) -> Sheet:
    """The appendix as it was signed: nothing on it can change any more."""
    pk = int(job.kind.partition(":")[2])
    rows = Appendix.objects.select_related(
        "case__property", "original", "by", "signature", "second", "second_signature"
    )
    row = rows.get(pk=pk)
    images = [each.image for each in (row.signature, row.second_signature) if each]
    drawn = {name: bytes(image) for name, image in zip(SIGNATURES, images, strict=False)}
    return rendering.coded(_paper(row, _head_at(job)), drawn, row.at, version=row.seq)


def _head_at(job: RenderJob) -> str:
    """The head of the chain at the entry the paper was asked for."""
    case = rendering.case_of(job)
    entries = case.entries.filter(seq__lte=job.case_version).order_by("-seq")
    return entries.values_list("hash", flat=True).first() or ""


def _paper(row: Appendix, head: str) -> AppendixPaper:
    original = row.original
    earlier = Appendix.objects.filter(original=original, seq__lt=row.seq)
    numbers = [each.number for each in earlier.select_related("original").order_by("seq")]
    return AppendixPaper(
        organisation=row.case.property.name,
        number=row.number,
        form_code=FORM_CODE,
        version="V1.0",
        record_url="",
        state="sealed",
        secrecy=_("保密") if row.case.restricted else None,
        frozen_at=f"{timezone.localtime(row.at):%Y-%m-%d %H:%M}",
        audit_head=head,
        original_number=original.number,
        original_version=str(original.version),
        original_sealed_at=paper_time(original.created_at),
        original_code=original.verify_code,
        original_sha256=original.sha256,
        earlier="、".join(numbers),
        subject=row.subject,
        was=row.was,
        text=row.text,
        reason=row.reason,
        signatures=tuple(_boxes(row)),
    )


def _boxes(row: Appendix) -> Iterator[SignBox]:
    """Who wrote it and who read it over; an old one was signed by one alone."""
    at = timezone.localtime(row.at)
    date = f"{at.year}年{at.month}月{at.day}日"
    said = (_("更正人"), _("以上更正属实，原文书其余内容不变。"))
    read = (_("复核人"), _("已对照原文书和依据复核。"))
    people = ((row.by, row.signature, said), (row.second, row.second_signature, read))
    for name, (user, signature, (role, opinion)) in zip(SIGNATURES, people, strict=True):
        if user is not None and signature is not None:
            yield SignBox(
                role=role,
                name=user.name,
                date=date,
                signature=name,
                signature_sha256=signature.sha256,
                opinion=opinion,
            )
