"""Checksums of files."""

import hashlib
import os

from .regular import open_regular


def sha256_of(path: str | os.PathLike) -> str:
    """Return the SHA-256 of the content of a regular file, as hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_and_time(path: str | os.PathLike) -> tuple[int, int]:
    """Return size and time of the last change of a file, ns, which tell changes without reading it."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns
