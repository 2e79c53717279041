"""Read files of structures."""

import os
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from ..progress import ProgressCallback
from ..utils.regular import check_regular
from ..utils.validation import geometry_fault
from .ase_formats import read_with_ase
from .labels import use_labels
from .pool import no_frames, pool_paths, read_pool, source_names
from .program_folders import is_program_folder, read_folder
from .reading_notes import ReadingNotes
from .xyz_checks import is_extxyz
from .xyz_file import read_xyz


def read(
    path: str | os.PathLike | Sequence[str | os.PathLike],
    progress: ProgressCallback | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    notes: list[str] | None = None,
) -> list[Atoms]:
    """Read all frames of one or several files, with energy, forces, stress, info and arrays.

    Supports extxyz and ASE's other formats for structures, optionally compressed with gzip, bzip2 or xz, and,
    where dpdata is installed, the npy folders of DeePMD-kit and folders of calculations with ABACUS; where
    pyarrow is, Parquet files of ColabFit, and where ase-db-backends is, ``.aselmdb`` databases.
    Energy, forces and stress of an extxyz file are stored in the frame's calculator, as ASE does; see
    `atoms_energy` and `atoms_forces`. ``docs/extxyz.md`` describes how the comment line of an extxyz file is
    read, and the differences from ASE.

    Parameters
    ----------
    path : str, path-like or sequence of them
        The file. Its format is determined from its name, without the suffix of a compression, and its
        content. Several files, or a pattern such as ``"data/*.xyz"``, are read in this order, by name for a
        pattern; ``info["source"]`` of each frame is then the name of its file.
    progress : callable, optional
        See `quests_core.progress`; called for extxyz files only.
    energy_key, forces_key : str, optional
        Key in ``info`` of the energy, and name of the array of the forces, which take precedence over all
        others: they are stored in the frame's calculator.
    notes : list of str, optional
        Notes for the user are appended: on content that was ignored, dropped or invented.

    Returns
    -------
    list of ase.Atoms
        At least one frame; each has atoms, finite positions and a usable cell.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file cannot be used; the message states the reason, and the frame and line if known. Only
        regular files, and links to them, are opened.

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
    paths = pool_paths(path)
    if paths is not None:
        names = source_names(paths)
        return read_pool(read, paths, names, progress, energy_key, forces_key, notes)
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected a path or a sequence of paths, got {type(path).__name__}")
    path = Path(path)
    found = ReadingNotes()
    if is_program_folder(path):
        frames = read_folder(path, found)
    else:
        check_regular(path)
        frames = read_xyz(path, progress, found) if is_extxyz(path) else read_with_ase(path, found)
    checked_frames(frames, path.name, found)
    use_labels(frames, path.name, found, energy_key, forces_key)
    if notes is not None:
        notes += found.sentences()
    return frames


def checked_frames(frames: list[Atoms], name: str, notes: ReadingNotes) -> list[Atoms]:
    """Return the frames of a file; raise a ValueError that names the first unusable frame."""
    if not frames:
        raise no_frames(name, notes.sentences())
    for i, atoms in enumerate(frames):
        check_frame(atoms, i, name)
    return frames


def check_frame(atoms: Atoms, frame: int, name: str) -> None:
    """Raise a ValueError that names a frame of a file if it is unusable."""
    fault = geometry_fault(atoms) if len(atoms) else "it has no atoms"
    if fault:
        raise ValueError(f"{name}, frame {frame}: {fault}")
