"""The process's own folder for temporary files, and those of processes that were killed."""

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
# Between making a folder and locking it.
_YOUNG_SECONDS = 60


class _Scratch:
    """A private folder, locked as long as the process lives."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        unlocked = self.path / f"{_LOCK}.new"
        self._lock = unlocked.open("x")
        if sys.platform != "win32":
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Under its own name the lock is held from the first moment on: else another process that
            # starts now would take the folder for one that was left.
            unlocked.rename(self.path / _LOCK)
        weakref.finalize(self, _delete, self.path, self._lock, os.getpid())


def _delete(path: Path, lock: TextIO, pid: int) -> None:
    lock.close()
    # A fork that ends leaves the folder to the process that made it.
    if os.getpid() == pid:
        shutil.rmtree(path, ignore_errors=True)


_made: list[_Scratch] = []
_given: Path | None = None
_making = threading.Lock()


def use(path: Path) -> None:
    """Put all temporary files of this process into a folder of another process, which will delete it."""
    global _given
    _given = path
    tempfile.tempdir = str(path)


def folder() -> Path:
    """Return the folder, made when it is first asked for and deleted when the process ends.

    Then the folders of killed processes are deleted too; see `remove_stale`.
    """
    if _given is not None:
        return _given
    with _making:
        if not _made:
            remove_stale()
            _made.append(_Scratch())
        return _made[0].path


def temporary(prefix: str) -> tempfile.TemporaryDirectory:
    """Return a new folder in `folder`, to be used as a context, at whose end it is deleted.

    Examples
    --------
    >>> with temporary("example-") as name:
    ...     Path(name).parent == folder()
    True
    """
    return tempfile.TemporaryDirectory(prefix=prefix, dir=folder())


def remove_stale() -> None:
    """Delete the folders of this account's processes that ended without doing so."""
    # Windows deletes no file in use; what killed processes left there stays.
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
