"""Server paths are for the owner of a loopback connection, or for holders of the token."""

from types import SimpleNamespace

import pytest

from quests_app.server import connection_owner
from quests_app.server.path_access import PathAccess, is_local

listed = pytest.mark.skipif(not connection_owner.is_known(), reason="this system does not list connections")


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
