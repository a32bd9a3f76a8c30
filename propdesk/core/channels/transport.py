"""One request to a robot: five seconds in all, no redirect, no proxy, a short answer.

``http.client`` follows nothing and knows no proxy variables, which is what is wanted here. A time-out
of a socket starts anew with every byte, so a watchdog shuts the connection when the time is over.
"""

import http.client
import socket
import ssl
import threading
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
    try:
        with closing(socket.create_connection((host, port), timeout=SECONDS)) as raw:
            return _talk(raw, host, path or "/", request, secure=secure)
    except TimeoutError as error:
        raise UnreachableError(_("对方没有在5秒内回答")) from error
    except ssl.SSLError as error:
        raise UnreachableError(_("对方的证书不对")) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise UnreachableError(_("连不上对方的服务器")) from error


def _talk(raw: socket.socket, host: str, path: str, request: Request, *, secure: bool) -> Reply:
    with closing(raw.dup()) as handle:
        over = threading.Event()
        guard = threading.Timer(SECONDS, _shut, [handle, over])
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
    connection = http.client.HTTPConnection(host, timeout=SECONDS)
    context = ssl.create_default_context() if secure else None
    connection.sock = context.wrap_socket(raw, server_hostname=host) if context else raw
    with closing(connection):
        headers = {**request.headers, "Connection": "close", "User-Agent": "PropDesk"}
        connection.request("POST", path, request.body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(MOST), answer.getheader("Retry-After", ""))
