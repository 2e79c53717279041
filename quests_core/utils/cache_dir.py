"""The user's cache directories."""

import os
import sys
from pathlib import Path

CACHE_DIR = "QUESTS_CACHE_DIR"


def cache_dir() -> Path | None:
    """Return ``$QUESTS_CACHE_DIR`` (None if it is empty) or the platform's cache directory."""
    if CACHE_DIR in os.environ:
        return Path(os.environ[CACHE_DIR]).expanduser() if os.environ[CACHE_DIR] else None
    return platform_cache_dir()


def platform_cache_dir() -> Path:
    """Return the platform's cache directory for this package."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "quests-explorer"
