"""The account that owns a loopback connection."""

import os
import socket
import subprocess
import sys

import pytest

from quests_app.server import connection_owner
from quests_app.server.connection_owner import owner_of

listed = pytest.mark.skipif(not connection_owner.is_known(), reason="this system does not list connections")


CONNECT = """
import os, socket, sys
socket.getaddrinfo(sys.argv[1], 80)
os.setuid(int(sys.argv[3]))
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as made:
    made.recv(1)
"""


@pytest.fixture(
    params=[("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("127.0.0.1", socket.AF_INET6)]
)
def accepted(request):
    """Return a function that accepts a connection from a process run by a given account."""
    address, family = request.param
    listening = socket.socket(family)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listening.bind(("::" if family == socket.AF_INET6 else "127.0.0.1", 0))
    listening.listen()
    listening.settimeout(120)
    processes, connections = [], []

    def accept(account):
        port = str(listening.getsockname()[1])
        processes.append(subprocess.Popen([sys.executable, "-c", CONNECT, address, port, str(account)]))
        made, _ = listening.accept()
        connections.append(made)
        return made.getsockname()[:2], made.getpeername()[:2]

    with listening:
        yield accept
    for connection in connections:
        connection.close()
    for process in processes:
        process.wait()


@listed
def test_the_owner_of_a_connection_is_found(accepted):
    assert owner_of(*accepted(os.getuid())) == os.getuid()


@listed
@pytest.mark.skipif(os.getuid() != 0, reason="only root starts processes of other accounts")
def test_another_account_is_distinguished(accepted):
    assert owner_of(*accepted(65534)) == 65534


@listed
def test_a_connection_that_is_not_listed_has_no_owner():
    assert owner_of(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
