"""Open regular files only: a FIFO, a device or a socket blocks its reader, or never ends."""

import os
import stat
from io import BufferedReader
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
# Without waiting for a writer, and without taking a terminal; none of these exists on Windows.
_FLAGS = [getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")]


def check_regular(path: str | os.PathLike) -> None:
    """Raise a ValueError unless a path leads to a regular file, with links followed.

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    ValueError
        If there is something else; it is not opened, as that may already have an effect on a device.

    Examples
    --------
    >>> check_regular("/")
    Traceback (most recent call last):
        ...
    ValueError: /: expected a regular file, got a folder
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    _check_mode(mode, path)


def open_regular(path: str | os.PathLike) -> BufferedReader:
    """Open a regular file for reading bytes; see `check_regular` for what is refused."""
    check_regular(path)
    descriptor = os.open(path, os.O_RDONLY | sum(_FLAGS))
    try:
        # What was checked by its name may have been replaced meanwhile.
        _check_mode(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check_mode(mode: int, path: str | os.PathLike) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise ValueError(f"{Path(path)}: expected a regular file, got {kind}")
