"""Files that are kept with the hash of their content, so that a damaged one is not used."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ..utils.atomic_write import atomic_write


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def checksum_matches(path: Path) -> bool:
    """Say whether a file is there and has the content that was kept."""
    beside = _beside(path)
    return path.is_file() and beside.is_file() and beside.read_text().split()[:1] == [sha256_of(path)]


def write_with_checksum(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a file and, beside it, its hash in the form of ``sha256sum``; half a file is never seen.

    Raises
    ------
    ValueError
        If there is nothing to keep.
    """
    digest = hashlib.sha256()

    def write(file: BinaryIO) -> None:
        for block in blocks:
            digest.update(block)
            file.write(block)
        if not file.tell():
            raise ValueError(f"{path.name}: the data set holds no frames")
        # A hash that is there before its file is only a file that is not whole.
        line = f"{digest.hexdigest()}  {path.name}\n"
        atomic_write(_beside(path), line.encode(), private=True, sync=False)

    atomic_write(path, write, private=True, sync=False)
