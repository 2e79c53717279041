"""Write files atomically: under its name, a file is either complete or absent."""

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

# Suffix of temporary files; a killed process leaves one behind until the same file is written again.
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
    """Write a temporary file in the same folder, then rename it to `path`.

    Parameters
    ----------
    path : path-like
        The target. If it is a symbolic link, the file that it points to is written.
    content : bytes or callable
        The content, or a function that writes it to the open file.
    overwrite : bool
        Whether to replace an existing file, whose permissions are kept. If False, nothing is replaced, not
        even a dangling link or a file created in the meantime.
    private : bool
        Whether only the owner may read the file. By default a new file has the usual permissions.
    sync : bool
        Whether to wait until the content is on the disk.

    Raises
    ------
    FileExistsError
        If the target exists and `overwrite` is False.
    ValueError
        If the target is not a regular file, for example a FIFO or a device.
    OSError
        If the target cannot be written; the error names the target, and the temporary file is deleted.

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
    # Until it replaces a file, whose permissions may be strict, only the owner may read the temporary file.
    mode = 0o600 if private or status is not None else 0o666
    with _errors_about(path), _locked_part(target, mode) as (temporary, descriptor):
        _write(descriptor, content, sync)
        if status is not None and not private:
            _copy_permissions(temporary, status)
        if overwrite:
            os.replace(temporary, target)
        else:
            _rename_to_new(temporary, target)


@contextmanager
def _errors_about(path: Path) -> Iterator[None]:
    """Name `path` in errors about the temporary file, whose name the user does not know."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and (error.filename is None or str(error.filename).endswith(PART)):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def check_replaceable(path: str | os.PathLike) -> os.stat_result | None:
    """Return the status of the file that would be replaced, or None if the path does not exist.

    Raises
    ------
    IsADirectoryError, ValueError
        If the path exists, but is not a regular file.
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
    """Return the prefix of the names of temporary files for a target on this machine."""
    name = f"{platform.node()}/{target.name}".encode(errors="surrogateescape")
    return f".{hashlib.sha256(name).hexdigest()[:16]}-"


def _remove_parts(target: Path) -> None:
    """Delete this user's temporary files for a target that no process holds locked."""
    # Windows has no `flock`, so files of running and of killed processes look the same.
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
    """Yield the path and descriptor of a new locked file; delete the file at the end if it still exists.

    The caller closes the descriptor.
    """
    while True:
        part = target.with_name(f"{_part_prefix(target)}{secrets.token_hex(8)}{PART}")
        descriptor = os.open(part, _FLAGS, mode)
        lock = _lock(descriptor)
        if lock is None or os.fstat(lock).st_nlink:
            break
        # Another process deleted it before it was locked.
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
    """Lock a file; return the descriptor that holds the lock, or None if the file system has no locks."""
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


def _copy_permissions(temporary: Path, status: os.stat_result) -> None:
    """Give a file the group and the permissions of the file that it replaces."""
    mode = stat.S_IMODE(status.st_mode)
    if hasattr(os, "chown") and os.stat(temporary).st_gid != status.st_gid:
        try:
            os.chown(temporary, -1, status.st_gid)
        except PermissionError:
            # The permissions of the old group are not for another one.
            mode &= ~0o070
    os.chmod(temporary, mode)


def _rename_to_new(temporary: Path, target: Path) -> None:
    """Rename a file; raise a FileExistsError if the new name exists."""
    try:
        os.link(temporary, target)
        return
    except FileExistsError:
        raise FileExistsError(f"{target} exists already") from None
    except OSError:
        # Without hard links, reserve the name by an empty file, and replace that.
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
