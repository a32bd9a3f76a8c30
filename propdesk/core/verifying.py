"""Whether a sealed paper is still what was sealed: its bytes, its signatures, the rows behind it.

Answers are for whoever asks, so they hold nothing personal: no name, no word of the record.
"""

import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from propdesk.core import appendices, audit, copies, papers_read, rendering, seals
from propdesk.core.models import (
    Case,
    Department,
    Document,
    Erasure,
    PaperCopy,
    Place,
    Property,
    RenderJob,
    User,
)
from propdesk.core.pdf import signing
from propdesk.core.pdf.canonical import canonical_json

log = logging.getLogger(__name__)
CODE_LETTERS = 16
FOUND = 5
"""At most so many papers are named for one code."""


class Is(StrEnum):
    """What one comparison says."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    """Purged, and nobody brought the file: there is nothing to compare."""
    UNSURE = "unsure"


WORST_FIRST = (Is.CHANGED, Is.GONE, Is.UNSURE, Is.SAME)


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what was compared, and what came of it, in words."""

    what: str
    says: Is
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is told of one sealed paper."""

    document: Document
    findings: tuple[Finding, ...]
    kind: str
    """What the paper is called; "" when that may not be said."""
    appendices: tuple[str, ...] = ()
    """Numbers of the corrections that stand beside it, or beside the paper it is a copy of."""
    sealed_at: str = ""
    """The moment as the paper itself prints it; "" when its record cannot be read."""
    copied: str = ""
    """Of a copy: which one it is, for whom, and that it is not the original."""

    @property
    def says(self) -> Is:
        """The worst of its comparisons: what could not be compared is not the same."""
        return min((finding.says for finding in self.findings), key=WORST_FIRST.index)


def overall(verdicts: Iterable[Verdict]) -> str:
    """The worst word of several papers with one code; "" of none."""
    return min((verdict.says for verdict in verdicts), key=WORST_FIRST.index, default="")


def grouped(code: str) -> str:
    """A verify code as papers print it; "" for anything else.

    Typed off the paper in a Chinese input method the letters may be full width.
    """
    letters = "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())
    if len(letters) != CODE_LETTERS or not letters.isascii():
        return ""
    return "-".join(letters[i : i + 4] for i in range(0, CODE_LETTERS, 4))


def with_code(code: str) -> list[Document]:
    """Sealed papers that carry this verify code, each with the house of its case."""
    wanted = grouped(code)
    if not wanted:
        return []
    return list(_sealed().filter(verify_code=wanted).order_by("-pk")[:FOUND])


def by_code(code: str) -> list[Verdict]:
    """What is known of the papers with this code; none when there is no such paper."""
    return [_judge(document, None) for document in with_code(code)]


def by_file(data: bytes) -> list[Verdict]:
    """What is known of a file somebody holds, which is neither kept nor parsed (ADR 0028).

    The sealed bytes themselves are judged like their code; of any other file that carries the code
    of a paper the first finding says that it is not the sealed one.
    """
    digest = hashlib.sha256(data).hexdigest()
    same = list(_sealed().filter(sha256=digest).order_by("-pk")[:FOUND])
    return [_judge(row, data) for row in same or with_code(signing.code_in(data))]


def is_signed_as_recorded(document: Document) -> bool:
    """Whether the signatures of a sealed paper, whose bytes are right, are the recorded ones."""
    if document.case is None:
        return False
    found = _signatures(document, document.case.property, rendering.stored(document))
    return found.says is not Is.CHANGED


def _sealed() -> Any:
    return Document.objects.filter(sealed=True).select_related("case__property", "seal")


def _judge(document: Document, given: bytes | None) -> Verdict:
    case = document.case
    if case is None:
        raise TypeError(f"document {document.pk} is a list")
    copy = copies.of(document)
    findings = [] if given is None else [_given(document, given)]
    erasure = Erasure.objects.filter(case=case).first()
    if erasure is not None:
        return Verdict(document, (*findings, _purged(erasure, given), _chain(case)), "")
    stored = _stored(document)
    findings.append(_bytes(document, stored))
    attached: dict[str, Any] = {}
    if findings[-1].says is Is.SAME and stored is not None:
        attached = _attached(stored)
        findings += [
            _signatures(document, case.property, stored),
            _data(document, attached),
            _rows(*_original(document, copy, attached)),
        ]
    findings.append(_chain(case))
    kind = "" if case.restricted else papers_read.title_of(str(attached.get("schema", "")))
    return Verdict(
        document,
        tuple(findings),
        kind,
        appendices=tuple(appendices.numbers_of(copy.source if copy else document)),
        sealed_at=str(attached.get("frozen_at", "")),
        copied=_copied(copy) if copy else "",
    )


def _copied(copy: PaperCopy) -> str:
    """Who got it and for what is on the copy; here it is nobody's business."""
    words = {"nr": copy.nr, "reader": copy.get_profile_display(), "number": copy.source.number}
    if copy.profile == PaperCopy.Profile.INTERNAL:
        return _("这是 %(number)s 的副本第 %(nr)d 份（%(reader)s用），不是原件。") % words
    return _("这是 %(number)s 的副本第 %(nr)d 份（%(reader)s用），按用途有删减，不是原件。") % words


def _given(document: Document, data: bytes) -> Finding:
    what = _("您的文件")
    if hashlib.sha256(data).hexdigest() == document.sha256:
        return Finding(what, Is.SAME, _("与封存的文书逐字节相同。"))
    original = data[: document.size]
    if hashlib.sha256(original).hexdigest() == document.sha256:
        return Finding(what, Is.CHANGED, _("在封存的文书后面追加了内容，不是原件。"))
    return Finding(what, Is.CHANGED, _("内容与封存的文书不同，不是原件。"))


def _purged(erasure: Erasure, given: bytes | None) -> Finding:
    """The tombstone: number and hash are known for ever, the file and what it said are not."""
    when = {"date": f"{timezone.localtime(erasure.at):%Y-%m-%d}"}
    words = _("%(date)s 已按保存期限清除，只留编号和 SHA-256，内容不能再核对。") % when
    return Finding(_("封存的文件"), Is.GONE if given is None else Is.UNSURE, words)


def _stored(document: Document) -> bytes | None:
    try:
        return rendering.stored(document)
    except OSError:
        log.exception("paper %s cannot be read", document.pk)
        return None


def _bytes(document: Document, stored: bytes | None) -> Finding:
    what = _("封存的文件")
    if stored is None:
        return Finding(what, Is.CHANGED, _("找不到了。"))
    if hashlib.sha256(stored).hexdigest() != document.sha256:
        return Finding(what, Is.CHANGED, _("已不是封存时的文件。"))
    return Finding(what, Is.SAME, _("与封存时的 SHA-256 相同。"))


def _signatures(document: Document, prop: Property, stored: bytes) -> Finding:
    what = _("数字签名")
    if document.seal is None:
        return Finding(what, Is.UNSURE, _("封存于启用数字签名之前，没有签名。"))
    found = signing.check(
        stored,
        seals.roots(prop),
        bytes(document.seal.certificate),
        at=document.created_at,
    )
    if found.state != "valid" or found.count != document.signatures:
        return Finding(what, Is.CHANGED, _("不成立。"))
    if found.count == 1:
        return Finding(what, Is.SAME, _("本公寓的封存章成立。"))
    words = _("本公寓的封存章和 %(n)d 个签批签名都成立。") % {"n": found.count - 1}
    return Finding(what, Is.SAME, words)


def _attached(stored: bytes) -> dict[str, Any]:
    """The record inside the file; empty when there is none that can be read."""
    try:
        found = json.loads(signing.attached(stored))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _data(document: Document, attached: Mapping[str, Any]) -> Finding:
    what = _("文书内附的数据")
    if hashlib.sha256(canonical_json(attached)).hexdigest() == document.data_sha256:
        return Finding(what, Is.SAME, _("与封存时登记的 SHA-256 相同。"))
    return Finding(what, Is.CHANGED, _("与封存时登记的不符。"))


def _original(
    document: Document, copy: PaperCopy | None, attached: dict[str, Any]
) -> tuple[Document, dict[str, Any]]:
    """The paper the rows are compared with, and its record: of a copy, the one it was taken from.

    A copy is shortened from the sealed file and not from the rows: whom it had to leave out may read
    otherwise today, and the copy is as genuine as it was.
    """
    if copy is None:
        return document, attached
    stored = _stored(copy.source)
    return copy.source, _attached(stored) if stored is not None else {}


def _rows(document: Document, attached: Mapping[str, Any]) -> Finding:
    """What the paper would say if it were made today, as of the entry it was sealed at."""
    what = _("数据库里的登记")
    job = rendering.maker_of(document)
    if job is None:
        return Finding(what, Is.CHANGED, _("找不到封存时的制表记录。"))
    today = _rebuilt(job)
    if today is None:
        return Finding(what, Is.UNSURE, _("不能逐字重做，以留痕链为准。"))
    if today.get("schema") != attached.get("schema"):
        return Finding(what, Is.UNSURE, _("这种文书的格式后来更新过，以留痕链为准。"))
    if canonical_json(today) == canonical_json(attached):
        return Finding(what, Is.SAME, _("与封存的内容逐字相同。"))
    names = _renamed(document, job)
    if names and _alike(today, names) == _alike(attached, names):
        return Finding(
            what, Is.SAME, _("与封存的内容相同；只有人员、部门或地点后来改过名称，均有记录。")
        )
    changed = sum(today.get(key) != attached.get(key) for key in today.keys() | attached.keys())
    return Finding(
        what, Is.CHANGED, _("与封存的内容有 %(n)d 项不符，封存后被改动过。") % {"n": changed}
    )


def _rebuilt(job: RenderJob) -> dict[str, Any] | None:
    """The record made anew from the rows; None when the paper can no longer be built."""
    try:
        return rendering.build(job).paper.to_data()
    except Exception:
        # Whatever the rows have become, the page must answer.
        log.warning("render job %s cannot be built again", job.pk, exc_info=True)
        return None


NAMED: list[tuple[Any, str, str]] = [
    (User, "name", "memberships__property"),
    (Property, "name", "pk"),
    (Department, "name", "property"),
    (Place, "label", "property"),
]
"""What papers call things by and a house may rename: model, column, way to the property.

An app adds its own in ``ready``.
"""


def _renamed(document: Document, job: RenderJob) -> list[tuple[str, str]]:
    """(then, now) of everything in the house that was renamed on our pages since the sealing.

    A name changed by SQL has no line in the history and is none of these.
    """
    prop = rendering.case_of(job).property_id
    return [
        pair
        for model, column, way in NAMED
        for pair in _renamed_rows(
            dict(model.objects.filter(**{way: prop}).values_list("pk", column)),
            model,
            column,
            document,
        )
    ]


def _renamed_rows(
    now: Mapping[int, str], model: type[Model], column: str, document: Document
) -> Sequence[tuple[str, str]]:
    history: Any = model.history  # type: ignore[attr-defined]
    lines = history.filter(id__in=now).order_by("history_date", "history_id")
    then: dict[int, str] = {}
    last: dict[int, str] = {}
    for pk, name, at in lines.values_list("id", column, "history_date"):
        if at <= document.created_at:
            then[pk] = name
        last[pk] = name
    return [
        (then[pk], name)
        for pk, name in now.items()
        if then.get(pk) and then[pk] != name and last[pk] == name
    ]


def _alike(data: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> bytes:
    """The record with every old and new name written as one sign for both.

    In one pass, the longest first: the new name may hold the old one (工程部, 工程部一组).
    """
    sign: dict[str, str] = {}
    for old, new in names:
        one = {sign.get(old, old), sign.get(new, new)}
        sign |= dict.fromkeys((old, new), old) | {
            name: old for name, known in sign.items() if known in one
        }
    longest = sorted(sign, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest)))
    return pattern.sub(lambda found: sign[found[0]], canonical_json(data).decode()).encode()


def _chain(case: Case) -> Finding:
    what = _("留痕链")
    if audit.problems(case):
        return Finding(what, Is.CHANGED, _("有在系统之外被改动的地方。"))
    return Finding(what, Is.SAME, _("首尾相接，没有缺漏。"))
