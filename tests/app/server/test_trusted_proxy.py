"""Requests of a proxy are recognised by its secret."""

from types import SimpleNamespace

import pytest

from quests_app.server.trusted_proxy import HEADER, TOKEN, TrustedProxy


def request(**headers):
    return SimpleNamespace(headers=headers)


@pytest.mark.parametrize("given", ["secreu", "", "secret2", "sécret"])
def test_only_requests_with_the_secret_come_from_the_proxy(given):
    proxy = TrustedProxy("secret")
    assert proxy.is_required
    assert proxy.sent(request(**{HEADER: "secret"}))
    assert not proxy.sent(request(**{HEADER: given}))
    assert not proxy.sent(request())


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_secret_there_is_no_proxy(monkeypatch, value):
    monkeypatch.delenv(TOKEN, raising=False)
    if value is not None:
        monkeypatch.setenv(TOKEN, value)
    proxy = TrustedProxy()
    assert not proxy.is_required
    assert not proxy.sent(request(**{HEADER: ""}))
    assert not proxy.sent(request())


def test_the_secret_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv(TOKEN, "from outside")
    assert TrustedProxy().sent(request(**{HEADER: "from outside"}))
