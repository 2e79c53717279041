"""Files that are whole or absent under their name, whatever happens while they are written."""

import errno
import hashlib
import os
import platform
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

# What a process that was killed leaves behind ends so, until the same file is written again.
PART = ".part"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def atomic_write(
    path: str | os.PathLike,
    content: bytes | Callable[[BinaryIO], object],
    *,
    overwrite: bool = True,
    private: bool = False,
    sync: bool = True,
) -> None:
    """Write a temporary file in the same folder, then give it the name `path`.

    Parameters
    ----------
    path : path-like
        The target. Of a symbolic link the file that it leads to is written, as a shell does.
    content : bytes or callable
        What to write, or a function that writes it to the open file.
    overwrite : bool
        Whether a file that exists is replaced; its permissions are kept. If not, nothing that exists is
        replaced, a link that leads nowhere included, also where it comes to exist in the meantime.
    private : bool
        Whether only the owner may read the file. By default a new file has the permissions of any other.
    sync : bool
        Whether to wait until the content is on the disk.

    Raises
    ------
    FileExistsError
        If the target exists and `overwrite` is not set.
    ValueError
        If the target is not a regular file, such as a FIFO or a device.
    OSError
        If it cannot be written; the error names the target, and no part of it stays.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.txt")
    >>> atomic_write(path, b"1")
    >>> atomic_write(path, lambda file: file.write(b"2"))
    >>> path.read_bytes()
    b'2'
    >>> atomic_write(path, b"3", overwrite=False)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    FileExistsError: ...a.txt exists already
    """
    path = Path(path)
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(f"{path} exists already")
    target = Path(os.path.realpath(path)) if overwrite else path
    status = check_replaceable(target)
    _remove_parts(target)
    # While a file is written nobody else reads it, unless it will be like any new file.
    mode = 0o600 if private or status is not None else 0o666
    try:
        with _locked_part(target, mode) as (temporary, descriptor):
            _write(descriptor, content, sync)
            if status is not None and not private:
                _take_over(temporary, status)
            if overwrite:
                os.replace(temporary, target)
            else:
                _rename_to_new(temporary, target)
    except OSError as error:
        if error.errno is not None and (error.filename is None or str(error.filename).endswith(PART)):
            # The name of the temporary file says nothing to anybody.
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def check_replaceable(path: str | os.PathLike) -> os.stat_result | None:
    """Return the status of the file that would be replaced, None where there is none.

    Raises
    ------
    IsADirectoryError, ValueError
        If there is something that is not a regular file.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path}: expected a regular file, or none, to write to")
    return status


def _part_prefix(target: Path) -> str:
    """Return how names of temporary files of a target begin, on this machine."""
    name = f"{platform.node()}/{target.name}".encode(errors="surrogateescape")
    return f".{hashlib.sha256(name).hexdigest()[:16]}-"


def _remove_parts(target: Path) -> None:
    """Delete temporary files of the same target whose process was killed: this account's, and not locked."""
    # Without locks there, parts of a running process cannot be told from those of a killed one.
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for part in target.parent.glob(f"{_part_prefix(target)}*{PART}"):
            with suppress(OSError):
                _remove_unlocked(part)


def _remove_unlocked(part: Path) -> None:
    found = part.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
        return
    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(part)
    finally:
        os.close(descriptor)


@contextmanager
def _locked_part(target: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Yield the name and descriptor of a new file, locked until the end, where it is deleted if still there.

    Whoever gets the descriptor closes it.
    """
    while True:
        part = target.with_name(f"{_part_prefix(target)}{secrets.token_hex(8)}{PART}")
        descriptor = os.open(part, _FLAGS, mode)
        lock = _lock(descriptor)
        if lock is None or os.fstat(lock).st_nlink:
            break
        # Taken for one of a killed process before it was locked.
        os.close(descriptor)
        os.close(lock)
    try:
        yield part, descriptor
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)
        if lock is not None:
            os.close(lock)


def _lock(descriptor: int) -> int | None:
    """Lock a file; return the descriptor that keeps it locked, None where a file system has no locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return None
    return os.dup(descriptor)


def _write(descriptor: int, content: bytes | Callable[[BinaryIO], object], sync: bool) -> None:
    with os.fdopen(descriptor, "wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _take_over(temporary: Path, status: os.stat_result) -> None:
    """Give a file group and permissions of the one that it replaces."""
    mode = stat.S_IMODE(status.st_mode)
    if hasattr(os, "chown") and os.stat(temporary).st_gid != status.st_gid:
        try:
            os.chown(temporary, -1, status.st_gid)
        except PermissionError:
            # What the old group might do is nothing for another one.
            mode &= ~0o070
    os.chmod(temporary, mode)


def _rename_to_new(temporary: Path, target: Path) -> None:
    """Give a file a name that nothing has; a `FileExistsError` where something has it by now."""
    try:
        os.link(temporary, target)
        return
    except FileExistsError:
        raise FileExistsError(f"{target} exists already") from None
    except OSError:
        # A file system without hard links: take the name with an empty file, and replace that.
        pass
    try:
        os.close(os.open(target, _FLAGS, 0o600))
    except FileExistsError:
        raise FileExistsError(f"{target} exists already") from None
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(target)
        raise
