"""One request to a robot: five seconds in all, no redirect, no proxy, a short answer.

``http.client`` follows nothing and knows no proxy variables, which is what is wanted here. A time-out
of a socket starts anew with every address and every byte: so the addresses of a host share the time,
and a watchdog shuts the connection when it is over. Only the resolver has a time-out of its own.
"""

import http.client
import socket
import ssl
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from propdesk.core.channels.adapters import Request

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
    """Send a request whose address was checked (``adapters.fault_of``); UnreachableError without an answer."""
    parts = urlsplit(request.url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    ends = time.monotonic() + SECONDS
    try:
        with closing(_connected(host, port, ends)) as raw:
            return _talk(raw, host, path or "/", request, ends, secure=secure)
    except TimeoutError as error:
        raise UnreachableError(_("对方没有在5秒内回答")) from error
    except ssl.SSLError as error:
        raise UnreachableError(_("对方的证书不对")) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise UnreachableError(_("连不上对方的服务器")) from error


def _connected(host: str, port: int, ends: float) -> socket.socket:
    """The first address of a host that answers; those not asked yet share what is left of the time."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for tried, (family, kind, proto, _name, address) in enumerate(found):
        raw = socket.socket(family, kind, proto)
        try:
            raw.settimeout(_left(ends) / (len(found) - tried))
            raw.connect(address)
        except OSError as error:
            raw.close()
            last = error
        else:
            return raw
    raise last


def _left(ends: float) -> float:
    """Seconds up to ``ends`` (monotonic); TimeoutError when there are none."""
    if (left := ends - time.monotonic()) <= 0:
        raise TimeoutError
    return left


def _talk(
    raw: socket.socket, host: str, path: str, request: Request, ends: float, *, secure: bool
) -> Reply:
    seconds = _left(ends)
    raw.settimeout(seconds)
    with closing(raw.dup()) as handle:
        over = threading.Event()
        guard = threading.Timer(seconds, _shut, [handle, over])
        guard.daemon = True
        guard.start()
        try:
            reply = _ask(raw, host, path, request, secure=secure)
        except (OSError, http.client.HTTPException) as error:
            if over.is_set():
                raise TimeoutError from error
            raise
        finally:
            guard.cancel()
            guard.join()
    if over.is_set():
        raise TimeoutError
    return reply


def _shut(handle: socket.socket, over: threading.Event) -> None:
    """End both directions: whoever reads or writes on the connection wakes up."""
    over.set()
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _ask(raw: socket.socket, host: str, path: str, request: Request, *, secure: bool) -> Reply:
    connection = http.client.HTTPConnection(host)
    context = ssl.create_default_context() if secure else None
    connection.sock = context.wrap_socket(raw, server_hostname=host) if context else raw
    with closing(connection):
        headers = {**request.headers, "Connection": "close", "User-Agent": "PropDesk"}
        connection.request("POST", path, request.body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(MOST), answer.getheader("Retry-After", ""))
