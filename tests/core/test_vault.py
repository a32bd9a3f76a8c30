"""Secrets in rows: only this installation opens them, only where they belong."""

from propdesk.core import vault


def test_secret_opens_where_it_belongs_and_nowhere_else(settings):
    stored = vault.closed(b"secret", "purpose", "1")

    assert b"secret" not in stored
    assert vault.opened(stored, "purpose", "1") == b"secret"
    assert vault.opened(stored, "other", "1") is None
    assert vault.opened(stored, "purpose", "2") is None
    settings.SECRET_KEY = "another"
    assert vault.opened(stored, "purpose", "1") is None


def test_same_secret_is_stored_differently_each_time():
    assert vault.closed(b"x", "p", "1") != vault.closed(b"x", "p", "1")


def test_damaged_rows_do_not_open():
    stored = vault.closed(b"secret", "purpose", "1")

    for broken in (b"", b"short", stored[:-1], stored[:-1] + bytes([stored[-1] ^ 1])):
        assert vault.opened(broken, "purpose", "1") is None
