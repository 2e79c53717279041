"""The user's cache directories."""

import os
from pathlib import Path

import platformdirs

CACHE_DIR = "QUESTS_CACHE_DIR"


def cache_dir() -> Path | None:
    """Return ``$QUESTS_CACHE_DIR`` (None if it is empty) or the platform's cache directory."""
    if CACHE_DIR in os.environ:
        return Path(os.environ[CACHE_DIR]).expanduser() if os.environ[CACHE_DIR] else None
    return platform_cache_dir()


def platform_cache_dir() -> Path:
    """Return the platform's cache directory for this package.

    Raises
    ------
    RuntimeError
        If the account has no home directory.
    """
    path = platformdirs.user_cache_path("quests-explorer", appauthor=False, opinion=False)
    if not path.is_absolute():
        # Older releases of platformdirs return the tilde.
        raise RuntimeError("the account has no home directory")
    return path
