"""Read any ASE format, extxyz(.gz) fast; write subsets without losing a byte."""

import os
from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback
from ..utils.regular import check_regular
from ..utils.validation import geometry_fault
from .ase_formats import read_with_ase
from .labels import use_labels
from .reading_notes import ReadingNotes
from .xyz_checks import is_extxyz
from .xyz_file import read_xyz


def read(
    path: str | os.PathLike,
    progress: ProgressCallback | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    notes: list[str] | None = None,
) -> list[Atoms]:
    """Read all frames of a file, with energy, forces, stress, info and arrays.

    Every multi-frame format that ASE reads will do, and each of them compressed with gzip, bzip2 or xz.
    Energy, forces and stress of an extxyz file are in the frame's calculator, as ASE leaves them; see
    `atoms_energy` and `atoms_forces`. How the comment line of an extxyz file is read, and where that
    differs from ASE, is in ``docs/extxyz.md``.

    Parameters
    ----------
    path : str or path-like
        The file; its format is taken from its name (without ``.gz`` and the like) and content.
    progress : callable, optional
        See `quests_core.progress`; told for extxyz files.
    energy_key, forces_key : str, optional
        The key in the info, or the array, that holds the energy or forces to use, whatever others there
        are: they become the result of the frame's calculator.
    notes : list of str, optional
        Sentences are added to it on what a user should know: what was ignored, dropped or made up.

    Returns
    -------
    list of ase.Atoms
        At least one frame; each has atoms, finite positions and a usable cell.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file cannot be used; the message says why, and names frame and line where known. Only regular
        files are opened, and links to them.

    Examples
    --------
    >>> import os, tempfile
    >>> from ase.build import bulk
    >>> from quests_core import write_subset
    >>> path = os.path.join(tempfile.mkdtemp(), "two.xyz")
    >>> _ = write_subset(path, [bulk("Cu"), bulk("Ag")], [0, 1])
    >>> [str(atoms.symbols) for atoms in read(path)]
    ['Cu', 'Ag']
    """
    path = Path(path)
    check_regular(path)
    told = ReadingNotes()
    frames = read_xyz(path, progress, told) if is_extxyz(path) else read_with_ase(path, told)
    checked_frames(frames, path.name)
    use_labels(frames, path.name, told, energy_key, forces_key)
    if notes is not None:
        notes += told.sentences()
    return frames


def checked_frames(frames: list[Atoms], name: str) -> list[Atoms]:
    """Return the frames of a file, or raise a ValueError that names the first one that cannot be used."""
    if not frames:
        raise ValueError(f"{name}: the file holds no frames")
    for i, atoms in enumerate(frames):
        fault = geometry_fault(atoms) if len(atoms) else "it has no atoms"
        if fault:
            raise ValueError(f"{name}, frame {i}: {fault}")
    return frames
