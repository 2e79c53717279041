"""Open only regular files: reading a FIFO, a device or a socket may block or never end."""

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
# Do not wait for a writer, and do not acquire a terminal; Windows lacks all flags but the last.
_FLAGS = [getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")]


def check_regular(path: str | os.PathLike) -> None:
    """Raise an error unless a path, with links followed, is a regular file.

    Raises
    ------
    FileNotFoundError
        If it does not exist.
    ValueError
        If it is not a regular file. It is not opened, as opening may already affect a device.

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
    """Open a regular file for reading bytes; raise the errors of `check_regular` otherwise."""
    check_regular(path)
    descriptor = os.open(path, os.O_RDONLY | sum(_FLAGS))
    try:
        # The file may have been replaced since it was checked by its name.
        _check_mode(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _check_mode(mode: int, path: str | os.PathLike) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise ValueError(f"{Path(path)}: expected a regular file, got {kind}")
