"""The one upload gate: what is stored is our own re-encoding, private, struck out, never deleted."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from propdesk.core import audit, images
from propdesk.core.models import Attachment, Case, User
from propdesk.core.transitions import RefusedInput, lock, require

log = logging.getLogger(__name__)
MAX_PER_CASE = 60
TOGETHER = 2
"""Photos in work at once: the cores of a small machine, and each takes some 100 MB while it lasts."""


_FULL = _l("照片没有存上：服务器的磁盘满了，或不能写。请告诉管理员，处理好以后再传一次。")


def prepare(data: bytes) -> images.Photo:
    """Re-encode one photo; slow, so before any lock. RefusedInput says what is wrong with it."""
    try:
        return images.normalise(data)
    except images.ImageRefused as refused:
        raise RefusedInput(photo=str(refused)) from refused


def prepare_all(pictures: Iterable[bytes]) -> list[images.Photo]:
    """Re-encode the photos of one upload, two at a time: whoever sent them waits for the answer."""
    with ThreadPoolExecutor(max_workers=TOGETHER) as pool:
        return list(pool.map(prepare, pictures))


def store(
    case: Case, photo: images.Photo, *, by: User, caption: str = "", is_paper: bool = False
) -> Attachment:
    """Keep one photo of a locked case; RefusedInput when it has too many.

    ``is_paper``: what the case cannot end without (a signed slip) is kept however many there are.
    """
    full = Attachment.objects.filter(case=case, removed_at=None).count() >= MAX_PER_CASE
    if full and not is_paper:
        raise RefusedInput(photo=_("这件已有60张照片，请先撤下不需要的。"))
    twin = Attachment.objects.filter(case=case, sha256=photo.sha256, removed_at=None)
    require(not twin.exists(), _("这张照片已经上传过。"))
    row = _filed(case, photo, by, caption)
    audit.save(row, by=by, reason=_("添加照片"))
    return row


def store_first(case: Case, photos: Iterable[images.Photo], *, by: User) -> list[Attachment]:
    """Keep the photos a new case begins with: one statement; the same picture twice is kept once."""
    different = {photo.sha256: photo for photo in photos}
    with all_or_none() as rows:
        for photo in different.values():
            rows.append(_filed(case, photo, by, ""))
        return Attachment.objects.bulk_create(rows)


def _filed(case: Case, photo: images.Photo, by: User, caption: str) -> Attachment:
    """The row of one photo, its files written, itself not; RefusedInput when they cannot be."""
    name = f"{case.pk}-{photo.sha256[:16]}"
    row = Attachment(
        case=case,
        sha256=photo.sha256,
        print_sha256=hashlib.sha256(photo.print).hexdigest(),
        width=photo.width,
        height=photo.height,
        size=len(photo.full),
        caption=caption,
        uploaded_by=by,
        uploaded_at=timezone.now(),
    )
    try:
        row.file.save(f"{name}.jpg", ContentFile(photo.full), save=False)
        row.print_file.save(f"{name}-print.jpg", ContentFile(photo.print), save=False)
    except OSError as error:
        log.exception("a photo cannot be stored")
        if row.file:
            row.file.delete(save=False)
        raise RefusedInput(photo=str(_FULL)) from error
    return row


def discard(rows: Iterable[Attachment]) -> None:
    """Remove the files of rows whose transaction is being rolled back: nothing points at them."""
    for row in rows:
        row.file.delete(save=False)
        row.print_file.delete(save=False)


@contextmanager
def all_or_none() -> Iterator[list[Attachment]]:
    """A list for the rows of one upload: when the transaction ends in an error, so do their files."""
    rows: list[Attachment] = []
    try:
        yield rows
    except Exception:
        discard(rows)
        raise


def strike_out(attachment: Attachment, *, by: User, reason: str) -> Attachment:
    """Take a photo out of sight, with who, when and why; the file stays for the record."""
    row = lock(attachment)
    require(row.removed_at is None, _("这张照片已经撤下。"))
    if not reason:
        raise RefusedInput(reason=_("请写明撤下照片的原因。"))
    row.removed_at, row.removed_by, row.removed_reason = timezone.now(), by, reason[:200]
    audit.save(row, "removed_at", "removed_by", "removed_reason", by=by, reason=reason)
    return row
