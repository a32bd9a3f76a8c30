"""The wire: five seconds in all, nothing followed, little read."""

import socket
import ssl
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from propdesk.core.channels import transport
from propdesk.core.channels.adapters import Outgoing, Secret, build
from propdesk.core.channels.transport import UnreachableError, Wire, post
from propdesk.localstack import tls
from tests.factories import at


def ask(robots, kind="wecom", by=post):
    secret = Secret(robots.url(kind), "k" * 16)
    return by(build(kind, secret, Outgoing("一"), at("2026-11-23 14:00")))


@pytest.mark.parametrize(
    ("behaviour", "status"), [("right", 200), ("error", 500), ("redirect", 302), ("garbage", 200)]
)
def test_answer_is_given_back_and_never_followed(robots, behaviour, status):
    robots.behaviour = behaviour

    assert (ask(robots).status, len(robots.got)) == (status, 1)


def test_little_of_a_long_answer_is_read(robots):
    robots.behaviour = "huge"

    assert len(ask(robots).body) == transport.MOST


@pytest.mark.parametrize("behaviour", ["silent", "drip"])
def test_slow_robot_is_left_after_its_seconds(robots, monkeypatch, behaviour):
    monkeypatch.setattr(transport, "SECONDS", 0.3)
    robots.behaviour = behaviour
    begun = time.monotonic()

    with pytest.raises(UnreachableError, match="没有在5秒内回答"):
        ask(robots)

    assert 0.25 < time.monotonic() - begun < 2


def test_robot_that_hangs_up_or_is_not_there_is_unreachable(robots):
    robots.behaviour = "hangs_up"
    with pytest.raises(UnreachableError, match="连不上"):
        ask(robots)
    robots.server.shutdown()
    robots.server.server_close()

    with pytest.raises(UnreachableError, match="连不上"):
        ask(robots)


@pytest.fixture
def certified(robots, tmp_path):
    """The robots behind TLS: a function that gives them a certificate of an authority of their own."""

    def speak_for(name):
        tls.make(tmp_path, [name], datetime.now(UTC))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
        robots.server.socket = context.wrap_socket(robots.server.socket, server_side=True)
        return str(tmp_path / "ca.crt")

    return speak_for


def ask_by_tls(robots):
    request = build("wecom", Secret(robots.url("wecom")), Outgoing("一"), at("2026-11-23 14:00"))
    return post(
        type(request)(request.url.replace("http:", "https:"), request.body, request.headers)
    )


@pytest.mark.parametrize(
    ("name", "is_trusted"), [("127.0.0.1", False), ("elsewhere.invalid", True)]
)
def test_server_without_its_certificate_is_refused(
    robots, certified, monkeypatch, name, is_trusted
):
    """Neither one nobody here vouches for nor that of another host."""
    authority = certified(name)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", authority)

    with pytest.raises(UnreachableError, match="证书不对"):
        ask_by_tls(robots)
    assert robots.got == []


def test_server_with_its_certificate_is_talked_to(robots, certified, monkeypatch):
    """The control: the same server, whose authority this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", certified("127.0.0.1"))

    assert (ask_by_tls(robots).status, len(robots.got)) == (200, 1)


def test_proxies_of_the_machine_are_not_asked(robots, monkeypatch):
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert ask(robots).status == 200


@contextmanager
def silent():
    """An address that lets nobody in and says nothing: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _n in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield server.getsockname()
        for each in waiting:
            each.close()


def answers(monkeypatch, *addresses):
    """Have the resolver name these addresses for every host."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(transport.socket, "getaddrinfo", lambda *_a, **_k: found)


def test_silent_addresses_of_one_host_share_its_seconds(robots, monkeypatch):
    monkeypatch.setattr(transport, "SECONDS", 0.6)
    with silent() as address:
        answers(monkeypatch, address, address, address)
        begun = time.monotonic()

        with pytest.raises(UnreachableError, match="没有在5秒内回答"):
            ask(robots)

    assert 0.5 < time.monotonic() - begun < 1.2


def test_address_that_answers_is_found_behind_a_silent_one(robots, monkeypatch):
    monkeypatch.setattr(transport, "SECONDS", 1.0)
    with silent() as address:
        answers(monkeypatch, address, robots.server.server_address)

        assert ask(robots).status == 200


# --- one connection for several messages ---------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "calls"), [("right", 1), ("error", 1), ("huge", 3), ("farewell", 3)]
)
def test_connection_is_kept_while_both_sides_know_where_they_are(robots, behaviour, calls):
    robots.behaviour = behaviour
    with closing(Wire()) as wire:
        for _each in range(3):
            ask(robots, by=wire.post)
            time.sleep(0.05)  # whoever hangs up without a word has done so by then

    assert (len(robots.got), robots.calls) == (3, calls)


@pytest.mark.parametrize("behaviour", ["silent", "drip"])
def test_kept_connection_has_its_seconds_for_each_message(robots, monkeypatch, behaviour):
    monkeypatch.setattr(transport, "SECONDS", 0.3)
    with closing(Wire()) as wire:
        ask(robots, by=wire.post)
        time.sleep(0.2)
        ask(robots, by=wire.post)
        robots.behaviour = behaviour
        with pytest.raises(UnreachableError, match="没有在5秒内回答"):
            ask(robots, by=wire.post)
        robots.behaviour = "right"

        assert ask(robots, by=wire.post).status == 200
    assert robots.calls == 2
