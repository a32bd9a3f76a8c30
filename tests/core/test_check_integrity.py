"""The integrity check lists what is wrong and goes on."""

import pytest
from django.core.management import CommandError, call_command

from propdesk.core import photos
from tests.factories import CaseFactory, UserFactory
from tests.incidents.moves import jpeg

pytestmark = pytest.mark.django_db


def test_sound_store_is_reported_as_such(capsys):
    photos.store(CaseFactory(), photos.prepare(jpeg()), by=UserFactory())

    call_command("check_integrity")

    assert capsys.readouterr().out == "全部相符。\n"


def test_missing_and_altered_files_are_findings(capsys):
    case, user = CaseFactory(), UserFactory()
    gone, altered = (
        photos.store(case, photos.prepare(jpeg(colour)), by=user) for colour in ("red", "blue")
    )
    gone.file.storage.delete(gone.file.name)
    gone.file.storage.delete(gone.print_file.name)
    with altered.file.storage.open(altered.file.name, "wb") as stored:
        stored.write(b"x")

    with pytest.raises(CommandError, match="3"):
        call_command("check_integrity")

    assert set(capsys.readouterr().out.splitlines()) == {
        f"{case.number}: 照片 {gone.pk} 缺失",
        f"{case.number}: 照片 {gone.pk} 的打印版缺失",
        f"{case.number}: 照片 {altered.pk} 被改动",
    }
