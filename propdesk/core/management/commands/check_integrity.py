"""Verify chains and history against the rows, sealed papers with their signatures, and photos."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models.fields.files import FieldFile

from propdesk.core import audit, images, replay, verifying
from propdesk.core.models import Attachment, Case, Document

BATCH = 500


class Command(BaseCommand):
    help = "逐件核对留痕链、历史记录、封存文书与照片；有不符即列出并以错误结束。"

    def handle(self, **_options: Any) -> None:
        found = 0
        for problem in _problems():
            found += 1
            self.stdout.write(problem)
        if found:
            message = f"发现 {found} 处不符。"
            raise CommandError(message)
        self.stdout.write("全部相符。")


def _problems() -> Iterator[str]:
    cases = Case.objects.order_by("pk").iterator(chunk_size=BATCH)
    while batch := list(islice(cases, BATCH)):
        doubtful = [pk for pk, found in audit.problems_of(batch).items() if found]
        for case in Case.objects.filter(pk__in=doubtful).order_by("pk"):
            # Read again: on a desk at work somebody may have acted between two statements.
            yield from (f"{case.number}: {problem}" for problem in audit.problems(case))
    yield from replay.problems()
    # Files of a purged case are gone by right; whether they are is asked by the purge itself.
    sealed = Document.objects.filter(sealed=True, case__erasure=None).select_related(
        "case__property", "seal"
    )
    for document in sealed.iterator(chunk_size=100):
        digest = _digest(document.file)
        if digest != document.sha256:
            yield f"{document.number}: 封存文书{'被改动' if digest else '缺失'}"
        elif not verifying.is_signed_as_recorded(document):
            yield f"{document.number}: 封存文书的签名不成立"
    photos = Attachment.objects.filter(case__erasure=None).select_related("case")
    for photo in photos.iterator(chunk_size=100):
        digest = _digest(photo.file)
        if digest != photo.sha256:
            yield f"{photo.case.number}: 照片 {photo.pk} {'被改动' if digest else '缺失'}"
        printed = _digest(photo.print_file)
        if not printed:
            yield f"{photo.case.number}: 照片 {photo.pk} 的打印版缺失"
        elif photo.print_sha256 and printed != photo.print_sha256:
            yield f"{photo.case.number}: 照片 {photo.pk} 的打印版被改动"
        elif not photo.print_sha256 and digest == photo.sha256 and not _shows_it(photo):
            yield f"{photo.case.number}: 照片 {photo.pk} 的打印版与照片不是同一张"


def _shows_it(photo: Attachment) -> bool:
    """Of a print copy nobody kept the hash of: whether it shows the photo."""
    return images.look_alike(_bytes(photo.file), _bytes(photo.print_file))


def _bytes(file: FieldFile) -> bytes:
    with file.open("rb") as stored:
        return bytes(stored.read())


def _digest(file: FieldFile) -> str:
    """SHA-256 of a stored file; empty when it cannot be read."""
    try:
        return hashlib.sha256(_bytes(file)).hexdigest()
    except OSError:
        return ""
