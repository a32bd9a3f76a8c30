"""A server on this machine that behaves like the robots do, well or badly."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATHS = {
    "wecom": "/cgi-bin/webhook/send?key=k1",
    "dingtalk": "/robot/send?access_token=k2",
    "feishu": "/open-apis/bot/v2/hook/k3",
    "webhook": "/hook",
}
KINDS = {path.partition("?")[0]: kind for kind, path in PATHS.items()}
OK: dict[str, Any] = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
    "webhook": {},
}
LIMITED: dict[str, Any] = {
    "wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "dingtalk": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
    "feishu": {"code": 11232, "msg": "frequency limited psm"},
}
WRONG: dict[str, Any] = {
    "wecom": {"errcode": 93000, "errmsg": "invalid webhook url"},
    "dingtalk": {"errcode": 310000, "errmsg": "sign not match"},
    "feishu": {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"},
}


@dataclass
class Got:
    """One message that came in."""

    kind: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def text(self) -> str:
        data = self.data
        inner = data.get("text") if self.kind != "feishu" else data["content"]["text"]
        return str(inner["content"] if isinstance(inner, dict) else inner)


@dataclass
class Sink:
    """Where robots live, for whoever makes rows that point at them."""

    place: str
    key: str = "a-key-of-sixteen"

    def url(self, kind: str) -> str:
        return f"http://{self.place}{PATHS[kind]}"


@dataclass
class FakeRobots:
    """All four robots under one address; ``behaviour`` is what they do, one for all or by kind."""

    server: ThreadingHTTPServer
    behaviour: str | dict[str, str] = "right"
    key: str = "a-key-of-sixteen"
    got: list[Got] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    """Connections that were opened."""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def url(self, kind: str) -> str:
        return f"http://{self.place}{PATHS[kind]}"

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.got]

    def does(self, kind: str) -> str:
        return self.behaviour if isinstance(self.behaviour, str) else self.behaviour[kind]


def is_signed(got: Got, key: str) -> bool:
    """Whether a message carries the signature its robot asks for."""
    if got.kind == "dingtalk":
        query = parse_qs(urlsplit(got.path).query)
        stamp, sign = query["timestamp"][0], query["sign"][0]
        return sign == _base64(key, f"{stamp}\n{key}".encode())
    if got.kind == "feishu":
        return bool(got.data["sign"] == _base64(f"{got.data['timestamp']}\n{key}", b""))
    stamp = got.headers["x-propdesk-timestamp"]
    signed = hmac.new(key.encode(), f"{stamp}.".encode() + got.body, hashlib.sha256).hexdigest()
    return got.headers["x-propdesk-signature"] == f"sha256={signed}"


def _base64(key: str, text: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), text, hashlib.sha256).digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """An answer is one packet, as of any real server."""
    robots: FakeRobots

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = KINDS[urlsplit(self.path).path]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.robots.got.append(Got(kind, self.path, headers, body))
        getattr(self, f"_{self.robots.does(kind)}")(kind)

    def _right(self, kind: str) -> None:
        self._json(200, OK[kind])

    def _limited(self, kind: str) -> None:
        if kind == "webhook":
            self._json(429, {}, ("Retry-After", "90"))
        else:
            self._json(200, LIMITED[kind])

    def _wrong(self, kind: str) -> None:
        self._json(*((403, {}) if kind == "webhook" else (200, WRONG[kind])))

    def _busy(self, kind: str) -> None:
        self._json(200, {"errcode": -1, "code": -1})

    def _error(self, kind: str) -> None:
        self._json(500, OK[kind])

    def _garbage(self, _kind: str) -> None:
        self._bytes(200, b"<html>\xff\xfe[[[[" * 20)

    def _redirect(self, kind: str) -> None:
        self._json(302, OK[kind], ("Location", self.path))

    def _huge(self, kind: str) -> None:
        self._bytes(200, json.dumps(OK[kind]).encode() + b" " * 3_000_000)

    def _silent(self, _kind: str) -> None:
        self.robots.over.wait(10)

    def _drip(self, _kind: str) -> None:
        """A byte at a time: no single wait is long, all of them together are."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.robots.over.wait(0.05):
            try:
                self.wfile.write(b".")
                self.wfile.flush()
            except OSError:
                return

    def _farewell(self, kind: str) -> None:
        """Answers and hangs up, without a word about it."""
        self._right(kind)
        self.close_connection = True

    def _hangs_up(self, _kind: str) -> None:
        self.close_connection = True

    def _json(self, status: int, data: Any, *headers: tuple[str, str]) -> None:
        self._bytes(status, json.dumps(data).encode(), *headers)

    def _bytes(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def setup(self) -> None:
        self.robots.calls += 1
        super().setup()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_args: Any) -> None:
        """A caller that hung up is what some tests are about."""


@contextmanager
def fake_robots() -> Iterator[FakeRobots]:
    """A running server."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    robots = FakeRobots(server)
    handler.robots = robots  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield robots
    finally:
        robots.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
