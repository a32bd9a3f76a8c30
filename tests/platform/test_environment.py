"""A bad value in the environment stops the start with a sentence."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from propdesk import environment

NAME = "PROPDESK_TEST_VALUE"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("Yes", True), ("off", False), ("", False), (" 0 ", False)],
)
def test_flag_read(monkeypatch, value, expected):
    monkeypatch.setenv(NAME, value)

    assert environment.flag(NAME) is expected


def test_flag_unknown_word_is_refused(monkeypatch):
    monkeypatch.setenv(NAME, "maybe")

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} 只能是 1 或 0"):
        environment.flag(NAME)


@pytest.mark.parametrize("value", ["0", "6", "-1", "1.5", "３", "abc"])
def test_integer_outside_is_refused(monkeypatch, value):
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match="1 到 5 的整数"):
        environment.integer(NAME, 2, low=1, high=5)


@pytest.mark.parametrize(("value", "expected"), [("", 2), ("1", 1), ("5", 5)])
def test_integer_inside_is_read(monkeypatch, value, expected):
    monkeypatch.setenv(NAME, value)

    assert environment.integer(NAME, 2, low=1, high=5) == expected


def test_words_without_empty_entries(monkeypatch):
    monkeypatch.setenv(NAME, "a, b,,")

    assert environment.words(NAME, ["x"]) == ["a", "b"]


def test_database_url_parts(monkeypatch):
    monkeypatch.setenv(NAME, "postgresql://user:p%40ss@db.example:5433/desk")

    config = environment.database(NAME, "", max_age=60)

    keys = ("HOST", "PORT", "USER", "PASSWORD", "NAME", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
    assert [config[key] for key in keys] == [
        "db.example", 5433, "user", "p@ss", "desk", 60, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", ["sqlite:///db", "mysql://u@h/d", "db.example", "postgresql://u:secret@h"]
)
def test_database_url_refused_without_showing_it(monkeypatch, value):
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured) as caught:
        environment.database(NAME, "", max_age=60)

    assert "secret" not in str(caught.value)
    assert NAME in str(caught.value)


TORN = ["s3/cret", "s3#cret", "12/cret", "12#cret", "12?cret", "s3[cret", "s3@x/cret"]
READERS = {
    "postgresql://u:{}@h:5432/d": lambda: environment.database(NAME, "", max_age=60),
    "redis://:{}@h:6379/0": lambda: environment.broker(NAME, ""),
    "smtps://u:{}@h:465": lambda: environment.mail(NAME),
}


@pytest.mark.parametrize("password", TORN)
@pytest.mark.parametrize("url", READERS)
def test_raw_character_in_a_password_is_told_without_showing_it(monkeypatch, url, password):
    monkeypatch.setenv(NAME, url.format(password))

    with pytest.raises(ImproperlyConfigured, match="%40") as caught:
        READERS[url]()

    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "celery", "client"),
    [
        ("unix:///run/v.sock", "redis+socket:///run/v.sock", "unix:///run/v.sock"),
        ("redis+socket:///run/v.sock", "redis+socket:///run/v.sock", "unix:///run/v.sock"),
        ("redis://h:6379/1", "redis://h:6379/1", "redis://h:6379/1"),
        ("rediss://h:6379/1", "rediss://h:6379/1", "rediss://h:6379/1"),
    ],
)
def test_broker_url_spelled_for_both_clients(monkeypatch, value, celery, client):
    monkeypatch.setenv(NAME, value)

    assert environment.broker(NAME, "") == celery
    assert environment.socket_url(celery) == client


def test_broker_url_of_another_kind_is_refused(monkeypatch):
    monkeypatch.setenv(NAME, "amqp://h")

    with pytest.raises(ImproperlyConfigured, match="Redis 7"):
        environment.broker(NAME, "")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ("", 25, "", "", False, False)),
        ("smtp://mail", ("mail", 25, "", "", False, False)),
        ("smtps://u:p%40@mail", ("mail", 465, "u", "p@", True, False)),
        ("smtp+tls://u:p@mail:25", ("mail", 25, "u", "p", False, True)),
    ],
)
def test_mail_url_parts(monkeypatch, value, expected):
    monkeypatch.setenv(NAME, value)

    assert tuple(environment.mail(NAME).values()) == expected


@pytest.mark.parametrize("value", ["mail.example", "http://mail", "smtp:"])
def test_mail_url_refused(monkeypatch, value):
    monkeypatch.setenv(NAME, value)

    with pytest.raises(ImproperlyConfigured, match="smtps://"):
        environment.mail(NAME)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h:5432/d", "h:5432"),
        ("redis://:p@h:6379/0", "h:6379"),
        ("unix:///run/v.sock", "/run/v.sock"),
    ],
)
def test_host_of_hides_user_and_password(url, shown):
    assert environment.host_of(url) == shown
