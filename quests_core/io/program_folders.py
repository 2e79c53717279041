"""Folders that are read as one file: those of DeePMD-kit and of ABACUS."""

import hashlib
import os
from pathlib import Path

from ase import Atoms

from ..utils.checksum import sha256_of
from ..utils.regular import open_regular
from .abacus import is_abacus_folder, read_abacus
from .deepmd import is_deepmd_folder, read_deepmd
from .reading_notes import ReadingNotes

# Files that are looked at: a folder chosen by mistake, such as a home folder, may have millions.
MOST_FILES = 100_000
_INPUT, _LONGEST_INPUT = "INPUT", 1_000_000
# Settings of ABACUS from which its reader makes paths.
_WITH_PATHS = ("stru_file", "suffix")


def is_program_folder(path: str | os.PathLike) -> bool:
    """Return whether a path is a folder with systems of DeePMD-kit or calculations of ABACUS."""
    return is_deepmd_folder(path) or is_abacus_folder(path)


def read_folder(folder: str | os.PathLike, notes: ReadingNotes | None = None) -> list[Atoms]:
    """Return the frames of a folder; see `read_deepmd` and `read_abacus`."""
    return read_deepmd(folder) if is_deepmd_folder(folder) else read_abacus(folder, notes)


def folder_files(folder: str | os.PathLike) -> list[Path]:
    """Return all files in a folder at any depth, sorted; links to folders are not followed.

    Raises
    ------
    ValueError
        If there are more than `MOST_FILES`, one is no regular file, or its reader would leave the folder:
        through a link, or a setting of ABACUS.
    """
    folder = Path(folder)
    root = folder.resolve()
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        for name in (*files, *folders):
            if not os.path.islink(os.path.join(where, name)):
                continue
            path = Path(where, name)
            if not path.resolve().is_relative_to(root):
                raise ValueError(f"{path.relative_to(folder)}: expected a file within the folder, got a link")
        found += [Path(where, name) for name in files]
        if len(found) > MOST_FILES:
            raise ValueError(f"expected a folder of at most {MOST_FILES:,} files, got more")
        if _INPUT in files:
            _check_input(Path(where, _INPUT), root, folder)
    return sorted(found)


def folder_sha256(folder: str | os.PathLike) -> str:
    """Return a hash of the names and contents of all files in a folder.

    Raises
    ------
    ValueError
        If it is none of DeePMD-kit or ABACUS, or `folder_files` refuses it.
    """
    folder = Path(folder)
    files = folder_files(folder)
    if not is_program_folder(folder):
        raise ValueError(
            f"{folder}: expected a file, or a folder of DeePMD-kit (type.raw, set.*/coord.npy) or ABACUS "
            "(INPUT, OUT.*/running_*.log), got another folder; give outputs in folders by a pattern, such as "
            f"'{folder}/*/OUTCAR'"
        )
    lines = [f"{sha256_of(path)} {path.relative_to(folder).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def _check_input(path: Path, root: Path, folder: Path) -> None:
    """Raise an error if settings of a calculation with ABACUS lead to files outside the folder."""
    with open_regular(path) as file:
        content = file.read(_LONGEST_INPUT + 1)
    if len(content) > _LONGEST_INPUT:
        raise ValueError(f"{path.relative_to(folder)}: expected at most {_LONGEST_INPUT:,} bytes, got more")
    for line in content.decode(errors="replace").splitlines():
        words = line.split()
        if len(words) < 2 or words[0].lower() not in _WITH_PATHS:
            continue
        prefix = "OUT." if words[0].lower() == "suffix" else ""
        if not Path(path.parent, prefix + words[1]).resolve().is_relative_to(root):
            raise ValueError(
                f"{path.relative_to(folder)}: {words[0]}: expected a path within the folder, "
                f"got {words[1][:100]!r}"
            )
