"""The guard of the test run: other machines are out of reach, this one is not."""

import socket

import pytest

from tests.network import NetworkBlockedError


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.com", 443)])
def test_connection_to_another_machine_is_blocked(address):
    with socket.socket() as client, pytest.raises(NetworkBlockedError):
        client.connect(address)


def test_connection_to_this_machine_is_allowed():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())

        assert client.getpeername() == server.getsockname()
