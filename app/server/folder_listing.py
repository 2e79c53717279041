"""List the folders that a session may open files from."""

import contextlib
import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .allowed_paths import AllowedPaths

# Entries that are looked at and shown: a folder on a network disk may have millions.
MOST_ENTRIES = 1000
# Files that are in each folder of DeePMD-kit and of ABACUS, and in each store of descriptors.
_OF_DATA = ("type.raw", "INPUT", "manifest.json")


@dataclass(frozen=True)
class Listing:
    """Visible content of a folder.

    Attributes
    ----------
    folder : Path or None
        None for the list of all allowed folders, where there are several.
    parent : Path or None
        The folder above, if it may be listed.
    folders, files : tuple of Path
        Sorted by name, in any case.
    is_complete : bool
        Whether these are all entries.
    """

    folder: Path | None
    parent: Path | None
    folders: tuple[Path, ...]
    files: tuple[Path, ...]
    is_complete: bool = True

    @property
    def is_data(self) -> bool:
        """Whether the folder seems to be of DeePMD-kit or ABACUS, or a store of descriptors."""
        return any(path.name in _OF_DATA for path in self.files)


def first_listing(allowed: AllowedPaths) -> Listing:
    """Return the listing of the only allowed folder, of the working directory, or of all allowed folders."""
    folders = allowed.folders
    if folders is None:
        return list_folder(Path.cwd(), allowed)
    if len(folders) == 1:
        return list_folder(folders[0], allowed)
    return Listing(None, None, tuple(sorted(folders)), ())


def list_folder(folder: Path, allowed: AllowedPaths) -> Listing:
    """Return the content of a folder, without hidden entries and those that may not be opened.

    Raises
    ------
    ValueError
        If the folder may not be listed; the message does not reveal whether it exists.
    """
    folder = allowed.resolve_folder(folder)
    folders, files, is_complete = [], [], True
    with os.scandir(folder) as entries:
        for entry in islice(entries, MOST_ENTRIES):
            # A name that is no text cannot be sent.
            if entry.name.startswith(".") or not entry.name.isprintable():
                continue
            with contextlib.suppress(OSError, ValueError):
                if entry.is_symlink():
                    # A link out of the allowed folders is not shown.
                    allowed.resolve(entry.path)
                if entry.is_dir():
                    folders.append(folder / entry.name)
                elif entry.is_file():
                    files.append(folder / entry.name)
        is_complete = next(entries, None) is None
    parent = None
    with contextlib.suppress(ValueError):
        parent = allowed.resolve_folder(folder.parent) if folder.parent != folder else None
    return Listing(folder, parent, _sorted(folders), _sorted(files), is_complete)


def _sorted(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: (path.name.casefold(), path.name)))
