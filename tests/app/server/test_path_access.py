"""Server paths are for the owner of a loopback connection, or for holders of the token."""

import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from quests_app.server import connection_owner
from quests_app.server.connection_owner import owner_of
from quests_app.server.path_access import PathAccess, is_local

listed = pytest.mark.skipif(not connection_owner.is_known(), reason="this system does not list connections")
CONNECT = """
import os, socket, sys
socket.getaddrinfo(sys.argv[1], 80)
os.setuid(int(sys.argv[3]))
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as made:
    made.recv(1)
"""


def request(ip="127.0.0.1", host="localhost:5006", **headers):
    stream = SimpleNamespace(closed=lambda: True)
    return SimpleNamespace(
        remote_ip=ip, headers={"Host": host, **headers}, connection=SimpleNamespace(stream=stream)
    )


@pytest.mark.parametrize(
    ("given", "local"),
    [
        (request(), True),
        (request(ip="::1", host="[::1]:5006"), True),
        (request(ip="192.168.0.7"), False),
        (request(host="workstation:5006"), False),
        (request(**{"X-Forwarded-For": "1.2.3.4"}), False),
        (request(**{"Forwarded": "for=1.2.3.4"}), False),
        (request(host=""), False),
    ],
)
def test_local_requests_come_from_this_machine_without_a_proxy(given, local):
    assert is_local(given) == local


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


@listed
def test_without_a_token_a_connection_without_owner_uses_no_paths():
    assert not PathAccess().allows(request(), "browser")


def test_with_a_token_its_browser_uses_paths():
    access = PathAccess("the-token")
    assert not access.allows(request(), "browser")
    assert not access.accepts("the-tokem", "browser")
    assert not access.accepts("", "browser")
    assert access.accepts("the-token", "browser")
    assert access.allows(request(), "browser")
    assert not access.allows(request(), "other")
    assert not access.allows(request(ip="192.168.0.7"), "browser")


def test_a_token_is_generated_if_connections_are_not_listed(monkeypatch, tmp_path):
    monkeypatch.setattr(connection_owner, "TABLES", (tmp_path / "tcp",))
    one, other = PathAccess(), PathAccess()
    assert len(one.token) > 30
    assert one.token != other.token
    assert not one.accepts(other.token, "browser")
