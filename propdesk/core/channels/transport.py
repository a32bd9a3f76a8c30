"""Requests to a robot: five seconds in all for each, no redirect, no proxy, a short answer.

``http.client`` follows nothing and knows no proxy variables, which is what is wanted here. A time-out
of a socket starts anew with every address and every byte, so the addresses of a host share the
seconds, and each read of an answer gets what is left of them. Only the resolver has its own time-out.
"""

import functools
import http.client
import io
import select
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

from propdesk.core.channels.adapters import Request

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SECONDS = 5.0
MOST = 16_384
"""Bytes of an answer that are read; what a robot says is short."""


class UnreachableError(Exception):
    """No answer; the message is a sentence for the manager and names no address."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, the beginning of the body, and the seconds a server asks to wait."""

    status: int
    body: bytes
    retry_after: str = ""


def post(request: Request) -> Reply:
    """One request on a connection of its own; as ``Wire.post``."""
    with closing(Wire()) as wire:
        return wire.post(request)


class Wire:
    """A connection to one robot, opened with the first request and kept for the next ones."""

    def __init__(self) -> None:
        self._line: _Line | None = None

    def post(self, request: Request) -> Reply:
        """Send a request whose address was checked (``adapters.fault_of``); UnreachableError without an answer."""
        try:
            reply = self._ask(urlsplit(request.url), request, time.monotonic() + SECONDS)
        except TimeoutError as error:
            raise UnreachableError(_("对方没有在5秒内回答")) from error
        except ssl.SSLError as error:
            raise UnreachableError(_("对方的证书不对")) from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise UnreachableError(_("连不上对方的服务器")) from error
        return reply

    def close(self) -> None:
        """Hang up; the next request opens a connection anew."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def _ask(self, parts: SplitResult, request: Request, until: float) -> Reply:
        line = self._line if self._line and _is_open(self._line) else None
        if line is None:
            self.close()
            line = self._line = _connect(parts, until)
        is_over = False
        try:
            line.until = until
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {**request.headers, "User-Agent": "PropDesk"}
            line.request("POST", path or "/", request.body, headers)
            answer = line.getresponse()
            body = answer.read(MOST)
            is_over = answer.isclosed() and not answer.will_close
            return Reply(answer.status, body, answer.getheader("Retry-After", ""))
        finally:
            if not is_over:
                self.close()


def _connect(parts: SplitResult, until: float) -> "_Line":
    """A connection to the robot itself, whatever the variables of this machine say about proxies."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    raw = _connected(host, parts.port or (443 if secure else 80), until)
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(_left(until))
        line = _Line(host)
        context = ssl.create_default_context() if secure else None
        line.sock = context.wrap_socket(raw, server_hostname=host) if context else raw
    except BaseException:
        raw.close()
        raise
    return line


def _connected(host: str, port: int, until: float) -> socket.socket:
    """The first address of a host that answers; those not asked yet share what is left of the time."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for tried, (family, kind, proto, _name, address) in enumerate(found):
        raw = socket.socket(family, kind, proto)
        try:
            raw.settimeout(_left(until) / (len(found) - tried))
            raw.connect(address)
        except OSError as error:
            raw.close()
            last = error
        else:
            return raw
    raise last


def _is_open(line: "_Line") -> bool:
    """Whether the other side still listens: one that hung up meanwhile has its end to be read."""
    return line.sock is not None and not select.select([line.sock], [], [], 0)[0]


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Line(http.client.HTTPConnection):
    """Sends head and body of a request at once, and reads the answer before ``until`` (monotonic)."""

    until = 0.0
    _waiting = b""

    def send(self, data: Any) -> None:
        self._waiting += data

    def getresponse(self) -> http.client.HTTPResponse:
        waiting, self._waiting = self._waiting, b""
        self.sock.settimeout(_left(self.until))
        self.sock.sendall(waiting)
        self.response_class = functools.partial(_Answer, until=self.until)  # type: ignore[assignment]
        return super().getresponse()


class _Answer(http.client.HTTPResponse):
    """An answer that is read to its end before ``until`` (monotonic), or not at all."""

    def __init__(self, sock: socket.socket, *args: Any, until: float, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, until))


class _Timed(io.RawIOBase):
    """What comes from a socket, each piece waited for no longer than is left."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        self._sock.settimeout(_left(self._until))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
