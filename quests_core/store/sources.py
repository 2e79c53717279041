"""The files of which a store has the descriptors."""

import os
from collections.abc import Sequence
from pathlib import Path

from .manifest import NAME, Manifest, content_key


def is_store(path: str | os.PathLike) -> bool:
    """Return whether a path is a folder that looks like a store of descriptors.

    Examples
    --------
    >>> is_store("train.xyz")
    False
    """
    return Path(path, NAME).is_file() and Path(path, "descriptors.npy").is_file()


def source_paths(folder: Path, manifest: Manifest) -> tuple[Path, ...]:
    """Return the files of a store: where they were, or else beside the folder of the store.

    Raises
    ------
    FileNotFoundError
        If one is at neither place.
    """
    found = []
    for path, name in zip(manifest.paths or ("",) * len(manifest.sources), manifest.sources, strict=True):
        places = [Path(path)] * bool(path) + [Path(folder).absolute().parent / name]
        there = next((place for place in places if place.is_file()), None)
        if there is None:
            raise FileNotFoundError(
                f"store: the frames are in {places[0]}, which is not there; move it back, or write the store "
                "again"
            )
        found.append(there)
    return tuple(found)


def check_sources(manifest: Manifest, sha256: str, paths: Sequence[Path]) -> None:
    """Raise a ValueError unless `sha256`, the hash of the files at `paths`, is that of the store."""
    if content_key(sha256, manifest.parameters) != manifest.key:
        names = ", ".join(map(str, paths))
        raise ValueError(f"store: {names:.400} changed since the store was written; write it again")
