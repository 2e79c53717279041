"""Tests of names and of errors when downloading."""

import socket

import pytest

import quests_core as q


@pytest.mark.parametrize("name", ["train.xyz", "tm23:", "nobody:Ag", "tm23:../../etc", "colabfit:a/b", 3])
def test_invalid_names_are_refused(cache, name):
    with pytest.raises(ValueError, match="name: expected a source"):
        q.load(name)


def test_without_a_network(cache, monkeypatch):
    def refuse(*_):
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    for name in ("tm23:Ag", "colabfit:C_NPJ2020", "colabfit:DS_abc_0", "gap20:Dimer", "load-atoms:QM7"):
        with pytest.raises(ConnectionError, match=f"^{name}: .* without a network$"):
            q.load(name)


def test_without_the_packages(cache, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(
        ImportError, match=r'tm23:Ag: pooch is not installed: pip install "quests-explorer\[data'
    ):
        q.load("tm23:Ag")


def test_without_a_cache_directory(monkeypatch):
    monkeypatch.setenv("QUESTS_CACHE_DIR", "")
    with pytest.raises(ValueError, match="QUESTS_CACHE_DIR is empty"):
        q.load("tm23:Ag")
