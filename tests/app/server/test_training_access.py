"""Training starts programs: on a server for others it is off unless the operator allows it."""

from types import SimpleNamespace

import pytest

from quests_app.server.training_access import models_may_hold_code, of_document, of_request

OWNER, OTHER = SimpleNamespace(names_paths=True), SimpleNamespace(names_paths=False)


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("QUESTS_TRAINING", "QUESTS_DATA_DIRS"):
        monkeypatch.delenv(name, raising=False)


def test_by_default_only_the_account_of_the_server_trains():
    assert of_request(OWNER)
    assert not of_request(OTHER)
    assert not of_request(SimpleNamespace())
    assert of_request(None), "a notebook"


def test_a_server_for_a_group_does_not_train(monkeypatch):
    monkeypatch.setenv("QUESTS_DATA_DIRS", "*")
    assert not of_request(OWNER)


@pytest.mark.parametrize(("value", "allowed"), [("1", True), ("0", False), ("", False), ("yes", False)])
def test_the_operator_decides_for_all(monkeypatch, value, allowed):
    monkeypatch.setenv("QUESTS_TRAINING", value)
    assert of_request(OWNER) == of_request(OTHER) == of_request(None) == allowed


def test_values_of_a_proxy_of_the_request_do_not_count():
    """Bokeh mixes what the client sends into the request of a session."""
    forged = SimpleNamespace(names_paths=True, _request=OTHER)
    assert not of_document(SimpleNamespace(session_context=SimpleNamespace(request=forged)))


def test_models_with_code_are_not_loaded_from_folders_of_a_group(monkeypatch):
    assert models_may_hold_code()
    monkeypatch.setenv("QUESTS_TRAINING", "1")
    monkeypatch.setenv("QUESTS_DATA_DIRS", "*")
    assert not models_may_hold_code()
