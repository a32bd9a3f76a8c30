"""A new secret of the installation: everything opens as before, with it alone where it was encrypted."""

import os
from pathlib import Path

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from propdesk import keyring
from propdesk.core import person_export, persons, rekeying, seals
from propdesk.core.channels import sending
from propdesk.core.models import Case, Robot, SealKey
from propdesk.core.person_export import Asked
from propdesk.desk.calendar.workflow import make_feed
from tests.incidents.journey import House

pytestmark = pytest.mark.django_db
ID = "11010519491231002X"


@pytest.fixture
def home(tmp_path, settings):
    """A data directory with the secret of now, and settings that are put back afterwards."""
    settings.HOME = tmp_path
    settings.SECRET_KEY_FALLBACKS = []
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY, encoding="ascii")
    return tmp_path


def robot(prop) -> Robot:
    secret = sending.Secret("https://example.invalid/hook", "key")
    return Robot.objects.create(
        property=prop,
        kind="wecom",
        host="example.invalid",
        secret=sending.closed(prop.pk, secret),
        name="群",
    )


def test_new_secret_opens_what_the_old_one_closed_and_is_all_that_is_needed(
    home, settings, as_owner, monkeypatch, capsys, client
):
    monkeypatch.delenv("PROPDESK_SECRET_KEY", raising=False)
    house = House()
    seals.current(house.prop)
    told = robot(house.prop)
    before = sending.opened(told)
    private = {row.pk: seals._opened(row) for row in SealKey.objects.exclude(private=b"")}
    seed = get_adapter().encrypt("JBSWY3DPEHPK3PXP")
    step = Authenticator.objects.create(user=house.pm, type="totp", data={"secret": seed})
    complaint = house.new()
    persons.see_id(complaint.guest, "id_card", ID)
    token = make_feed(house.prop, by=house.pm)[1]
    old = settings.SECRET_KEY

    with as_owner():
        call_command("rotate_key")

    assert "重新加密 4 项" in capsys.readouterr().out
    assert (home / "secret_key").read_text("ascii") == settings.SECRET_KEY != old
    assert (home / "secret_key.old").read_text("ascii").split() == [old]
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600
    # What is known by a hash is known by the old secret still.
    asked = Asked(id_type="id_card", id_number=ID, purpose="本人查阅")
    given = person_export.give(house.prop, asked, by=house.pm, readable=Case.objects.all())
    assert given.count == 1
    assert client.get(reverse("calendar_feed", args=[token])).status_code == 200
    # What is encrypted needs the new one alone.
    settings.SECRET_KEY_FALLBACKS = []
    rows = SealKey.objects.filter(pk__in=private)
    assert {row.pk: seals._opened(row) for row in rows} == private
    assert sending.opened(Robot.objects.get()) == before
    step.refresh_from_db()
    assert get_adapter().decrypt(step.data["secret"]) == "JBSWY3DPEHPK3PXP"
    with as_owner():
        assert rekeying.encrypt_anew() == (0, [])


def test_key_of_the_environment_is_left_to_whoever_set_it(home, settings, monkeypatch):
    monkeypatch.setenv("PROPDESK_SECRET_KEY", "x" * 50)
    old = settings.SECRET_KEY

    with pytest.raises(CommandError, match="PROPDESK_SECRET_KEY_OLD"):
        call_command("rotate_key")

    assert (settings.SECRET_KEY, (home / "secret_key.old").exists()) == (old, False)


def test_what_no_secret_opens_is_named_and_left(home, settings, as_owner):
    house = House()
    told = robot(house.prop)
    settings.SECRET_KEY = "another" * 9
    stored = bytes(told.secret)

    with as_owner():
        found = rekeying.encrypt_anew()

    assert found == (0, [f"core.Robot {told.pk}"])
    assert bytes(Robot.objects.get().secret) == stored


# --- two at once, and cut off --------------------------------------------------------------


@pytest.mark.parametrize("words", [{}, {"finish": True}], ids=["new", "finish"])
def test_second_change_at_once_is_refused_in_words(home, settings, monkeypatch, words):
    monkeypatch.delenv("PROPDESK_SECRET_KEY", raising=False)
    old, other = settings.SECRET_KEY, connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [rekeying.LOCK])
        with pytest.raises(CommandError, match="另一次更换密钥正在进行"):
            call_command("rotate_key", **words)
    finally:
        other.close()

    assert (settings.SECRET_KEY, keyring.current(home), keyring.before(home)) == (old, old, [])


@pytest.mark.parametrize("words", [{}, {"finish": True}], ids=["new", "finish"])
def test_command_that_started_before_the_last_change_loses_no_key(
    home, settings, as_owner, monkeypatch, words
):
    """Its settings name the first secret; what is closed with the second stays open."""
    monkeypatch.delenv("PROPDESK_SECRET_KEY", raising=False)
    house, first = House(), settings.SECRET_KEY
    told = robot(house.prop)
    secret = sending.opened(told)
    with as_owner():
        call_command("rotate_key")
        second = keyring.current(home)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = first, []

        call_command("rotate_key", **words)

    older = [second, first] if not words else [first]
    assert (keyring.current(home), keyring.before(home)) == (settings.SECRET_KEY, older)
    settings.SECRET_KEY_FALLBACKS = []
    assert sending.opened(Robot.objects.get()) == secret


def test_key_is_on_the_disk_before_its_name_and_the_old_one_before_the_new(home, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace

    def flushed(number):
        steps.append(Path(f"/proc/self/fd/{number}").readlink().name)
        fsync(number)

    def named(path, target):
        steps.append(f"{path.name} -> {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", named)

    keyring.put(home, "new", ["old"])

    drafts = [f".{name}.{os.getpid()}" for name in ("secret_key.old", "secret_key")]
    assert steps == [
        step
        for draft, name in zip(drafts, ("secret_key.old", "secret_key"), strict=True)
        for step in (draft, f"{draft} -> {name}", home.name)
    ]
    assert {path.name for path in home.iterdir()} == {"secret_key", "secret_key.old"}


@pytest.mark.parametrize("keys", [[], ["one"], ["with a space", "密钥"], ["c", "b", "a"]])
def test_keys_of_before_are_read_as_they_were_written(tmp_path, keys):
    keyring.put(tmp_path, "now", keys)

    assert keyring.parted(keyring.joined(keys)) == keyring.before(tmp_path) == keys


def test_whoever_only_reads_makes_no_key(tmp_path):
    assert (keyring.kept(tmp_path), list(tmp_path.iterdir())) == ("", [])
