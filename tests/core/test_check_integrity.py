"""The integrity check lists what is wrong and goes on."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from propdesk.core import demo, photos
from propdesk.core.models import Membership
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


@pytest.mark.parametrize(
    ("kept", "words"), [(True, "的打印版被改动"), (False, "的打印版与照片不是同一张")]
)
def test_swapped_print_copy_is_a_finding(capsys, kept, words):
    """A photo of before the hash of its print copy was kept is looked at."""
    photo = photos.prepare(jpeg("red"))
    row = photos._filed(CaseFactory(), photo, UserFactory(), "")
    row.print_sha256 = row.print_sha256 if kept else ""
    row.save()
    call_command("check_integrity")
    with row.print_file.storage.open(row.print_file.name, "wb") as stored:
        stored.write(jpeg("blue"))

    with pytest.raises(CommandError, match="1"):
        call_command("check_integrity")

    assert capsys.readouterr().out.splitlines()[1:] == [f"{row.case.number}: 照片 {row.pk} {words}"]


def test_row_changed_or_gone_behind_its_history_is_a_finding(capsys, as_owner):
    """A whole demo house, walked through by its workflows, holds; what SQL changes in it does not."""
    demo.seed("Demo-password-1")
    call_command("check_integrity")
    seat, other = Membership.objects.order_by("pk")[:2]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_membership SET role = 'admin' WHERE id = %s", [seat.pk])
        cursor.execute("DELETE FROM core_membership WHERE id = %s", [other.pk])

    with pytest.raises(CommandError, match="2"):
        call_command("check_integrity")

    assert capsys.readouterr().out.splitlines()[1:] == [
        f"core.Membership {seat.pk} 与它的历史记录不符",
        f"core.Membership {other.pk} 与它的历史记录不符",
    ]
