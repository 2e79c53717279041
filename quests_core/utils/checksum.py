"""Checksums of files."""

import hashlib
import os

from .regular import open_regular


def sha256_of(path: str | os.PathLike) -> str:
    """Return the SHA-256 of the content of a regular file, as hexadecimal digits."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
