"""No test may reach another machine: a connection that leaves this one raises."""

import ipaddress
import socket
from typing import Any

import pytest


class NetworkBlockedError(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a path of a unix socket or a netlink address
    host = str(address[0]).partition("%")[0]
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Any:
    """Guard every socket that Python code of this process opens."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address):
                raise NetworkBlockedError(f"a test opened a connection to {address!r}")
            return original(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()
