"""Tests of the location of the cache directory."""

import sys
from pathlib import Path

import pytest

from quests_core.utils import cache_dir


@pytest.mark.skipif(sys.platform != "linux", reason="the rule is that of Linux")
def test_cache_directory_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path / "own"))
    assert cache_dir.cache_dir() == tmp_path / "own"
    monkeypatch.setenv("QUESTS_CACHE_DIR", "")
    assert cache_dir.cache_dir() is None
    monkeypatch.delenv("QUESTS_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir.cache_dir() == tmp_path / "quests-explorer"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir.cache_dir() == Path.home() / ".cache" / "quests-explorer"
