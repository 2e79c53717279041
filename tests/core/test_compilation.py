"""Tests of the announcement of compilation."""

import importlib
from types import SimpleNamespace

import pytest
from ase.build import molecule

import quests_core as qc
from quests_core.compilation import first_time

# In `quests_core`, the name of the package refers to the function.
X1_X2 = importlib.import_module("quests_core.descriptors.x1_x2")


def test_compilation_is_announced_without_cached_kernels(tmp_path, monkeypatch):
    kernel = SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path)))
    monkeypatch.setattr(X1_X2, "describe_frames", kernel)
    assert "compiled: a minute or two" in first_time()
    (tmp_path / "x1_x2.describe_frames-quests_core.descriptors.x1_x2-271.py311.0a1b.nbc").touch()
    assert first_time() == ""
    monkeypatch.setattr(X1_X2, "describe_frames", len)
    assert first_time() == "", "nothing is compiled at all"


def test_compilation_is_announced_without_a_cache_directory(monkeypatch):
    kernel = SimpleNamespace(stats=SimpleNamespace(cache_path=None))
    monkeypatch.setattr(X1_X2, "describe_frames", kernel)
    assert "compiled in each process" in first_time()


@pytest.mark.jit
def test_cached_kernels_are_found():
    qc.descriptors([molecule("H2O")], k=2)
    assert first_time() == ""
