"""Keep the size of folders of cached files within a limit."""

import contextlib
import re
import time
from collections.abc import Iterable
from pathlib import Path

# Of the folder of a data set, which `potentials_folder` names.
_OF_DATASET = re.compile("[0-9a-f]{16}")
_UNUSED_SECONDS = 24 * 3600
POTENTIALS_BYTES = 200_000_000


def evict_oldest(paths: Iterable[Path], n_bytes: int) -> None:
    """Delete the files that were changed first until the size of all is at most `n_bytes`."""
    entries = []
    for path in paths:
        # Another process may delete it first.
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            entries.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= n_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size


def potentials_folder(cache: Path, sha256: str) -> Path:
    """Return the folder that keeps the finished potentials of a data set."""
    return cache / "potentials" / sha256[:16]


def evict_potentials(cache: Path, n_bytes: int = POTENTIALS_BYTES) -> None:
    """Delete the oldest finished potentials of data sets until they take at most `n_bytes`.

    Other folders beside them, such as those of a study, are not touched.
    """
    folders = [path for path in (cache / "potentials").glob("*") if _OF_DATASET.fullmatch(path.name)]
    evict_oldest((file for folder in folders for file in folder.glob("*.json")), n_bytes)
    for folder in folders:
        # A training that has just begun has nothing in its folder yet.
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _UNUSED_SECONDS:
                folder.rmdir()
