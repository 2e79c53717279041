"""Where this account keeps what can be had again."""

import os
import sys
from pathlib import Path

CACHE_DIR = "QUESTS_CACHE_DIR"


def cache_dir() -> Path | None:
    """Return ``$QUESTS_CACHE_DIR`` (None where that is empty), or the platform's folder for caches."""
    if CACHE_DIR in os.environ:
        return Path(os.environ[CACHE_DIR]).expanduser() if os.environ[CACHE_DIR] else None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "quests-explorer"
