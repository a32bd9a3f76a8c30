"""Copies of sealed papers for others: given out once, logged, printed from a shortened record (F12)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from copy import copy as copy_of
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import (
    appendices,
    audit,
    case_people,
    cases,
    folding,
    images,
    papers,
    papers_read,
    persons,
    redaction,
    rendering,
    striking,
)
from propdesk.core.clock_text import paper_time
from propdesk.core.models import (
    Attachment,
    Case,
    CopyHidden,
    Document,
    PaperCopy,
    Person,
    PersonSignature,
    Place,
    RenderJob,
    StaffSignature,
    User,
)
from propdesk.core.pdf import signing
from propdesk.core.pdf.render import RenderRefused
from propdesk.core.permissions import ACTIONS
from propdesk.core.rendering import Sheet
from propdesk.core.roles import ensure, may
from propdesk.core.transitions import RefusedInput, is_reason, lock, require

KIND = "copy"
"""The paper of copy 17 is of kind ``copy:17``."""
MOST_HIDDEN = 20
LEAST_DIGITS = 4
"""Shorter numbers stand in dates, amounts and case numbers all over a paper."""
LONGEST = 60
"""Of a recipient or a word struck out: both are names of people."""


@dataclass(frozen=True, slots=True)
class Order:
    """For whom a copy is, and for what."""

    profile: str
    recipient: str
    purpose: str
    organisation: str = ""
    hidden: Sequence[str] = ()
    """Further names and numbers to be struck out wherever they stand."""


@transaction.atomic
def give(source: Document, order: Order, *, by: User) -> PaperCopy:
    """One copy of a sealed paper; its printing is queued with it and the case says who got it.

    Raises PermissionDenied (403), ConflictError (409) for what is not sealed, or is a copy itself,
    RefusedInput (422) for a reader who may not have this paper.
    """
    if source.case is None:
        raise TypeError(f"document {source.pk} is a list")
    prop = source.case.property
    ensure(by, "give_copy", ACTIONS, prop=prop)
    case = lock(source.case)
    audit.refuse_purged(case)
    require(can_be_copied(source), _("只有签批封存的文书可以出副本。"))
    _check(source, order)
    copy = PaperCopy(
        case=case,
        source=source,
        nr=source.given.count() + 1,
        profile=order.profile,
        organisation=order.organisation.strip(),
        recipient=_person(source, order.recipient),
        purpose=order.purpose.strip(),
        by=by,
        at=timezone.now(),
    )
    audit.save(copy, by=by, reason=copy.purpose)
    hidden = [CopyHidden(copy=copy, person=_person(source, word)) for word in _words(order)]
    for row in hidden:
        audit.save(row, by=by, reason=copy.purpose)
    info = {"number": source.number, "nr": copy.nr, "profile": copy.profile}
    audit.record(case, copy, *hidden, by=by, action="copy_given", reason=copy.purpose, info=info)
    rendering.request(case, kind_of(copy), by=by, sealed=True)
    return copy


def may_give(user: User, case: Case) -> bool:
    """Whether to show the way to the copies of a case; of a purged one there are none."""
    return may(user, "give_copy", ACTIONS, prop=case.property) and not cases.is_purged(case)


def can_be_copied(source: Document) -> bool:
    """Sealed, and no copy itself."""
    return source.sealed and rendering.family(source.kind) != KIND


def kind_of(copy: PaperCopy) -> str:
    """The kind its printed paper is filed under."""
    return f"{KIND}:{copy.pk}"


def profiles_for(source: Document) -> list[str]:
    """Which readers may have this paper; an appendix goes where its paper goes, but to no guest."""
    code = f"PD-{source.number.partition('-')[0]}"
    readers = [one for one in PaperCopy.Profile.values if redaction.may_have(one, code)]
    is_appendix = rendering.family(source.kind) == appendices.KIND
    return [one for one in readers if not (is_appendix and one == PaperCopy.Profile.CLIENT)]


def _check(source: Document, order: Order) -> None:
    errors = {}
    if order.profile not in profiles_for(source):
        errors["profile"] = _("这是内部文书，不给客户。客户要凭据的，给受理回执。")
    if not is_reason(order.purpose):
        errors["purpose"] = _("请写明用途，例如“办理保险理赔”。")
    if not order.recipient.strip():
        errors["recipient"] = _("请填写交给谁。")
    if len(_words(order)) > MOST_HIDDEN:
        errors["hidden"] = _("最多涂去 %(n)d 个词。") % {"n": MOST_HIDDEN}
    looked_for = [folding.words(word).text for word in _words(order)]
    if any(len(word) < striking.LEAST for word in looked_for):
        errors["hidden"] = _("要涂去的词至少两个字，一个字会涂掉太多内容。")
    elif any(word.isdecimal() and len(word) < LEAST_DIGITS for word in looked_for):
        errors["hidden"] = _("要涂去的数字至少四位，短了会涂掉日期和金额。")
    if any(len(word) > LONGEST for word in _words(order)):
        errors["hidden"] = _("要涂去的词最多 %(n)d 个字，请分成几行。") % {"n": LONGEST}
    if len(order.recipient.strip()) > LONGEST:
        errors["recipient"] = _("交给谁最多 %(n)d 个字。") % {"n": LONGEST}
    if errors:
        raise RefusedInput(**errors)


def _words(order: Order) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in order.hidden if word.strip()))


def _person(source: Document, name: str) -> Person:
    """A row of its own in the one purgeable table: a name outside it could never be purged."""
    guest = persons.Guest(name=name.strip(), kind=Person.Kind.OUTSIDER)
    return persons.create(source.case.property, guest)  # type: ignore[union-attr]


# --- printing ------------------------------------------------------------------------------


def build(job: RenderJob) -> Sheet:
    """The copy as a paper: the sealed record, shortened, with a verify code of its own.

    What it says comes out of the sealed file, whatever became of the rows since, and so do the
    hashes its pictures must have. Raises RenderRefused when anything is not what was sealed.
    """
    copy = _copy_of(job)
    paper = _paper(copy)
    files = {photo.asset: _photo(copy.source, photo.sha256) for photo in paper.photos}
    drawn = [box for box in paper.signatures if box.signature]
    files |= {str(box.signature): _signature(copy.source, box.signature_sha256) for box in drawn}
    return rendering.coded(paper, files, copy.at, version=copy.source.version)


def _copy_of(job: RenderJob) -> PaperCopy:
    rows = PaperCopy.objects.select_related("source", "case__property__settings", "recipient")
    return rows.get(pk=job.kind.partition(":")[2])


def _paper(copy: PaperCopy) -> papers.Paper:
    original = appendices.original_of(copy.source) or copy.source
    made_by = rendering.maker_of(original)
    if made_by is None:
        raise RenderRefused(_("找不到封存时的制表记录，不能出副本。"))
    words = copy.hidden.values_list("person__name", flat=True)
    more = [form for word in words for form in striking.forms_of(word)]
    if original != copy.source:
        more += redaction.withheld(_record_of(original), copy.profile)
    clients = list(case_people.clients_of(made_by).select_related("room"))
    known = {person.pk for person in clients}
    # Who joined the case later is in no paper that was sealed before.
    named = case_people.people_of(copy.case, of_copies=False).filter(created_at__lte=copy.at)
    others = [p for p in named.select_related("room") if p.pk not in known]
    paper = redaction.redact(
        replace(_record_of(copy.source), note=copy.purpose),
        copy.profile,
        clients=_ever(clients, copy),
        others=_ever(others, copy),
        more=more,
        case=copy.case.number,
        own=Document.objects.filter(case=copy.case).values_list("number", flat=True),
    )
    return replace(
        paper,
        state="copy",
        frozen_at=paper_time(copy.at),
        note=_note(copy, paper.note or ""),
        secrecy=_secrecy(paper, copy),
    )


def _secrecy(paper: papers.Paper, copy: PaperCopy) -> str | None:
    """The class is the original's; who holds this sheet may read it, and nobody else."""
    if copy.profile == PaperCopy.Profile.INTERNAL or not paper.secrecy:
        return paper.secrecy
    words = {"secrecy": paper.secrecy, "reader": copy.get_profile_display()}
    return _("原件%(secrecy)s，本份仅供%(reader)s使用") % words


def _photo(source: Document, sha256: str | None) -> bytes:
    """A picture for the paper, made anew: the sealed record knows the hash of the photo alone."""
    for row in Attachment.objects.filter(case=source.case, sha256=sha256).order_by("pk"):
        try:
            with row.file.open("rb") as stored:
                data = bytes(stored.read())
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            return images.print_copy(data)
    raise RenderRefused(_("有照片与封存时不符或找不到了，不能出副本，请先核验。"))


def _signature(source: Document, sha256: str | None) -> bytes:
    """A drawn signature, of staff or of somebody the case names."""
    people = case_people.people_of(source.case).values("pk")  # type: ignore[arg-type]
    staff = StaffSignature.objects.filter(sha256=sha256).values_list("image", flat=True)
    others = PersonSignature.objects.filter(sha256=sha256, person__in=people)
    for image in (*staff, *others.values_list("image", flat=True)):
        if hashlib.sha256(image).hexdigest() == sha256:
            return bytes(image)
    raise RenderRefused(_("有签名与封存时不符或找不到了，不能出副本，请先核验。"))


def _record_of(source: Document) -> papers.Paper:
    """What the sealed file itself says, its hashes checked."""
    changed = _("封存的文件或其中的数据与封存时不符，不能出副本，请先核验。")
    try:
        data = rendering.stored(source)
    except OSError as error:
        raise RenderRefused(changed) from error
    record = signing.attached(data)
    if (
        hashlib.sha256(data).hexdigest() != source.sha256
        or hashlib.sha256(record).hexdigest() != source.data_sha256
    ):
        raise RenderRefused(changed)
    return papers_read.from_data(json.loads(record), state="copy", record_url="")


def _ever(people: Iterable[Person], copy: PaperCopy) -> list[Person]:
    """Each person once for every state he was on record in by the time of the copy.

    And for every name his room ever had: the sealed record calls it as it was called then.
    """
    found = [state for person in people for state in persons.ever(person, copy.at)]
    rooms: dict[int, list[Place]] = {}
    past = Place.history.filter(id__in={state.room_id for state in found if state.room_id})
    for pk, code, label in past.values_list("id", "code", "label").distinct():
        rooms.setdefault(pk, []).append(Place(code=code, label=label))
    return found + [
        _living_in(state, room)
        for state in found
        if state.room_id
        for room in rooms.get(state.room_id, ())
    ]


def _living_in(person: Person, room: Place) -> Person:
    """The same person with a room that is no row, never to be saved."""
    other = copy_of(person)
    other.room = room
    return other


def _note(copy: PaperCopy, purpose: str) -> str:
    """Which copy, for whom, and what for: the purpose as this reader may read it."""
    words = {
        "nr": copy.nr,
        "profile": copy.get_profile_display(),
        "to": " ".join(filter(None, [copy.organisation, copy.recipient.name])),
        "purpose": purpose,
        "when": paper_time(copy.at),
    }
    corrected = appendices.numbers_of(copy.source, copy.at)
    said = _("副本第 %(nr)d 份（%(profile)s用），%(when)s 交 %(to)s，用途：%(purpose)s。") % words
    if corrected:
        said += _("原件另有更正附录：%(numbers)s。") % {"numbers": "、".join(corrected)}
    if copy.profile == PaperCopy.Profile.INTERNAL:
        return said
    return said + _("按用途删去无关内容，“■■■”处为涂去；原件封存备查。")


# --- reading -------------------------------------------------------------------------------


def paper_of(copy: PaperCopy) -> Document | None:
    """The printed copy, once the worker has made it."""
    return Document.objects.filter(case=copy.case, kind=kind_of(copy), sealed=True).first()


def of(document: Document) -> PaperCopy | None:
    """The copy a sealed paper is; None for an original."""
    family, _colon, pk = document.kind.partition(":")
    if family != KIND:
        return None
    return PaperCopy.objects.select_related("source").get(pk=pk)


def job_of(copy: PaperCopy) -> RenderJob:
    """The job that prints it."""
    return RenderJob.objects.filter(case=copy.case, kind=kind_of(copy)).order_by("pk")[0]
