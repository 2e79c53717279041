"""Store files with their checksums, to detect damaged files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ..utils.atomic_write import atomic_write
from ..utils.checksum import sha256_of


def _checksum_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def checksum_matches(path: Path) -> bool:
    """Return whether a file exists and its content has the stored checksum."""
    stored = _checksum_path(path)
    return path.is_file() and stored.is_file() and stored.read_text().split()[:1] == [sha256_of(path)]


def write_with_checksum(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file atomically, and its checksum, in the format of ``sha256sum``, to a file next to it.

    Raises
    ------
    ValueError
        If `blocks` are empty.
    """
    digest = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        for block in blocks:
            digest.update(block)
            file.write(block)
        if not file.tell():
            raise ValueError(f"{path.name}: the data set contains no frames")
        # Before the file: a checksum without its file does no harm.
        line = f"{digest.hexdigest()}  {path.name}\n"
        atomic_write(_checksum_path(path), line.encode(), private=True, sync=False)

    atomic_write(path, write, private=True, sync=False)
