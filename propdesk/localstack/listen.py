"""The address of the stack: options, one run a data directory, free port, who may call it what."""

import argparse
import contextlib
import fcntl
import http.client
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from propdesk.localstack.errors import StartError
from propdesk.localstack.tls import Certificate

ANY = {"0.0.0.0", "::"}  # noqa: S104 -- names of "every address", compared only
# Glibc gives every thread an arena of its own; two are enough and save tens of megabytes.
MALLOC_ARENAS = "2"


def port_number(word: str) -> int:
    """Return a port the service account may open: 1024 to 65535."""
    if not word.isdigit() or not 1024 <= int(word) <= 65_535:
        raise argparse.ArgumentTypeError("端口应为 1024 到 65535 的整数")
    return int(word)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `up`."""
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，0.0.0.0 表示允许内网访问")
    parser.add_argument("--port", default=8000, type=port_number, help="端口，默认 8000")
    parser.add_argument("--no-demo", action="store_true", help="空数据库也不装演示数据")
    parser.add_argument("--tls", action="store_true", help="用自建的院内证书提供 https")


@contextlib.contextmanager
def only_one(home: Path, options: argparse.Namespace) -> Iterator[None]:
    """Hold the data directory; StartError when another `up` runs in it."""
    with (home / "up.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise StartError(
                f"这里已经有一份在运行（{file.read().strip()}）。"
                "请直接打开该地址，或先在那个窗口按 Ctrl-C；要另开一份，请另设 PROPDESK_HOME 和 --port。"
            ) from None
        file.truncate(0)
        file.write(f"进程 {os.getpid()}，{address(options)}")
        file.flush()
        yield
        file.truncate(0)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def require_free_port(host: str, port: int) -> None:
    """StartError when the address cannot be listened on."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"{host} 的端口 {port} 不能使用（{error.strerror}）：可能已被别的程序占用。"
                f"请换一个端口，例如：script/server --port {port + 1 if port < 65_535 else 8001}"
            ) from None


def _shown_host(host: str) -> str:
    if host in ANY:
        host = next(iter(lan_addresses()), "127.0.0.1")
    return f"[{host}]" if ":" in host else host


def address(options: argparse.Namespace) -> str:
    """Return the address to open in a browser."""
    scheme = "https" if options.tls else "http"
    return f"{scheme}://{_shown_host(options.host)}:{options.port}/"


def lan_addresses() -> list[str]:
    """Return the addresses of this machine that others can call; nothing is sent."""
    found: list[str] = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            found.append(probe.getsockname()[0])
    return [ip for ip in found if not ipaddress.ip_address(ip).is_loopback]


def names(host: str) -> list[str]:
    """Return every name and address under which the site may be called."""
    found = ["localhost", "127.0.0.1", "::1"]
    if host in ANY:
        hostname = socket.gethostname().lower()
        found += [hostname, f"{hostname.partition('.')[0]}.local", *lan_addresses()]
    else:
        found.append(host)
    return list(dict.fromkeys(found))


def environment(options: argparse.Namespace, home: Path) -> dict[str, str]:
    """Return the environment of the children: host names, TLS, lean memory."""
    allowed = [f"[{name}]" if ":" in name else name for name in names(options.host)]
    given = os.environ.get("PROPDESK_ALLOWED_HOSTS", "").strip()
    return {
        "MALLOC_ARENA_MAX": MALLOC_ARENAS,
        "CELERY_SKIP_CHECKS": "1",  # `prepare` has run them
        "PROPDESK_PUBLIC_URL": public_url(options),
        **os.environ,
        "PROPDESK_HOME": str(home),
        "PROPDESK_ALLOWED_HOSTS": ",".join([*allowed, *([given] if given else [])]),
        **({"PROPDESK_TLS": "1"} if options.tls else {}),
    }


def public_url(options: argparse.Namespace) -> str:
    """Return the address other devices of the house can open, for the QR codes of papers."""
    host = options.host
    if host in ANY:
        host = next(iter(lan_addresses()), "127.0.0.1")
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if options.tls else 'http'}://{name}:{options.port}"


def answers(options: argparse.Namespace, certificate: Certificate | None) -> bool:
    """Say whether the first page comes back; with TLS, whether the port is open."""
    host = options.host
    if host in ANY:
        host = "::1" if host == "::" else "127.0.0.1"
    try:
        if certificate is not None:
            socket.create_connection((host, options.port), timeout=1).close()
            return True
        connection = http.client.HTTPConnection(host, options.port, timeout=20)
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        connection.getresponse().read()
        connection.close()
    except (OSError, http.client.HTTPException):
        return False
    return True
