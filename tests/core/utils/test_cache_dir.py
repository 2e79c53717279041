"""Tests of the location of the cache directory."""

import sys
from pathlib import Path

import platformdirs
import platformdirs.macos
import platformdirs.windows
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


def test_the_folders_of_other_systems_stay_where_they_were(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    options = {"appauthor": False, "opinion": False}
    mac = platformdirs.macos.MacOS("quests-explorer", **options).user_cache_path
    assert mac == tmp_path / "Library" / "Caches" / "quests-explorer"
    monkeypatch.setattr(platformdirs.windows, "get_win_folder", lambda _: "/home/me/AppData/Local")
    windows = platformdirs.windows.Windows("quests-explorer", **options).user_cache_path
    assert windows.as_posix() == "/home/me/AppData/Local/quests-explorer"


def test_an_account_without_a_home_has_no_cache_directory(monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/quests-explorer"))
    with pytest.raises(RuntimeError, match="no home directory"):
        cache_dir.platform_cache_dir()
