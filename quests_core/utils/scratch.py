"""A temporary folder for each process, and removal of those that killed processes left behind."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TextIO

if sys.platform != "win32":
    import fcntl

PREFIX = "quests-files-"
_LOCK = "lock"
# A folder without a lock may be about to be locked for this long.
_YOUNG_SECONDS = 60


class _Scratch:
    """A private folder, locked until the process ends."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        unlocked = self.path / f"{_LOCK}.new"
        self._lock = unlocked.open("x")
        if sys.platform != "win32":
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Renamed only when locked: another process would delete a folder whose lock is not held.
            unlocked.rename(self.path / _LOCK)
        weakref.finalize(self, _delete, self.path, self._lock, os.getpid())


def _delete(path: Path, lock: TextIO, pid: int) -> None:
    lock.close()
    # Only the process that created the folder deletes it, not its forks.
    if os.getpid() == pid:
        shutil.rmtree(path, ignore_errors=True)


_own: list[_Scratch] = []
_shared: Path | None = None
_creation_lock = threading.Lock()


def use(path: Path) -> None:
    """Put all temporary files of this process into a folder that another process deletes."""
    global _shared
    _shared = path
    tempfile.tempdir = str(path)


def folder() -> Path:
    """Return the temporary folder of this process, which is deleted when the process ends.

    The first call creates it, and deletes the folders of killed processes; see `remove_stale`.
    """
    if _shared is not None:
        return _shared
    with _creation_lock:
        if not _own:
            remove_stale()
            _own.append(_Scratch())
        return _own[0].path


def temporary(prefix: str) -> tempfile.TemporaryDirectory:
    """Return a context manager that creates a folder in `folder()` and finally deletes it.

    Examples
    --------
    >>> with temporary("example-") as name:
    ...     Path(name).parent == folder()
    True
    """
    return tempfile.TemporaryDirectory(prefix=prefix, dir=folder())


def remove_stale() -> None:
    """Delete the folders of this user's processes that were killed."""
    # Windows has no `flock`, so folders of killed processes remain there.
    if sys.platform == "win32":
        return
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_stale(path):
                shutil.rmtree(path)


def _is_stale(path: Path) -> bool:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return False
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - found.st_mtime > _YOUNG_SECONDS
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
