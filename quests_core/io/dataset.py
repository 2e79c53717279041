"""A file of structures in memory: frames, labels, forces and notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from ..utils.arrays import read_only
from ..utils.checksum import sha256_of
from ..utils.regular import check_regular
from .element_filter import elements_of
from .isolated import is_isolated, labels_of
from .labels import label_notes, usable_forces
from .pool import pool_paths, pool_sha256, read_pool, source_names
from .program_folders import folder_sha256
from .read import read
from .xyz_checks import is_extxyz


@dataclass(frozen=True, eq=False)
class DataSet:
    """The frames of a file, with their labels.

    Attributes
    ----------
    name : str
        File name to display.
    path : Path
        The file, the first one of several.
    sha256 : str
        Hash of its content; of several files, of their names and contents.
    frames : list of Atoms
        The structures, in file order.
    labels : tuple of str
        ``config_type`` of each frame, or "".
    elements : tuple of str
        Chemical symbols, sorted.
    forces : ndarray of shape (n_atoms,)
        |F| of every atom of every frame, eV Å⁻¹; NaN for all atoms of a frame without usable forces.
    without_forces : tuple of int
        Frames without usable forces.
    locked : tuple of int
        Frames to lock by default: isolated atoms, which potentials need as energy references.
    uploaded : bool
        Whether `path` is a temporary copy whose name means nothing to the user.
    notes : tuple of str
        Notes for the user: what was ignored, dropped, or looks like a label but is not recognised.
    energy_key, forces_key, label_key : str or None
        Keys given by the user, instead of the recognised ones.
    pool : tuple of Path
        The files if there are several.
    """

    name: str
    path: Path
    sha256: str
    frames: list[Atoms]
    labels: tuple[str, ...]
    elements: tuple[str, ...]
    forces: np.ndarray
    without_forces: tuple[int, ...]
    locked: tuple[int, ...]
    uploaded: bool = False
    notes: tuple[str, ...] = ()
    energy_key: str | None = None
    forces_key: str | None = None
    label_key: str | None = None
    pool: tuple[Path, ...] = ()

    @property
    def source(self) -> "Path | tuple[Path, ...]":
        """The file, or the files if there are several."""
        return self.pool or self.path

    @property
    def frame_source(self) -> "Path | list[Atoms]":
        """Source of subsets: an extxyz file, whose frames are copied byte for byte, otherwise the frames.

        Other formats are not read again, since no resource limits may apply where a subset is written.
        """
        is_copied = is_extxyz(self.path) and not self.pool and not self.path.is_dir()
        return self.path if is_copied else self.frames

    @property
    def offsets(self) -> np.ndarray:
        """First atom of each frame, and their number, shape (n_frames + 1,)."""
        return np.cumsum([0, *map(len, self.frames)])

    @property
    def reading_notes(self) -> tuple[str, ...]:
        """The notes that are not on the labels of the frames."""
        about_labels = label_notes(self.frames)
        return tuple(note for note in self.notes if note not in about_labels)

    @property
    def has_forces(self) -> bool:
        """Whether at least one frame has forces."""
        return len(self.without_forces) < len(self.frames)


def load(
    path,
    name: str | None = None,
    sha256: str | None = None,
    progress=None,
    read: Callable[..., list[Atoms]] = read,
    energy_key: str | None = None,
    forces_key: str | None = None,
    label_key: str | None = None,
) -> DataSet:
    """Read a file of structures, or several as one set.

    Parameters
    ----------
    path : str, path-like or sequence of them
        The file, several, or a folder; see `quests_core.read`.
    name : str, optional
        Name to display; by default that of the file.
    sha256 : str, optional
        Hash of the file, if known; see `content_hash`.
    progress : callable, optional
        See `quests_core.progress`.
    read : callable
        Function that reads the frames, such as `quests_core.read`.
    energy_key, forces_key : str, optional
        See `quests_core.read`.
    label_key : str, optional
        Key in ``info`` of the label, instead of ``config_type``.

    Raises
    ------
    ValueError, OSError
        If the file cannot be used; the message names the frame and the reason.
    """
    pool = tuple(one.expanduser().resolve() for one in pool_paths(path) or ())
    file = pool[0] if pool else Path(path).expanduser().resolve()
    for one in pool or (file,) * (not file.is_dir()):
        check_regular(one)
    sha256 = sha256 or content_hash(pool or file)
    notes: list[str] = []
    if pool:
        frames = read_pool(read, pool, source_names(pool), progress, energy_key, forces_key, notes)
    else:
        frames = read(file, progress, energy_key, forces_key, notes)
    if content_hash(pool or file) != sha256:
        # Results are cached by the hash, so the frames must be those of the hashed content.
        raise ValueError(f"{name or file.name} changed while it was read; open it again")
    forces = [_force_norms(atoms) for atoms in frames]
    labels = labels_of(frames, label_key)
    return DataSet(
        name=name or (f"{len(pool)} files" if pool else file.name),
        path=file,
        sha256=sha256,
        frames=frames,
        labels=labels,
        elements=elements_of(frames),
        forces=read_only(np.concatenate(forces), copy=False),
        without_forces=tuple(i for i, norms in enumerate(forces) if np.isnan(norms).any()),
        locked=tuple(i for i, atoms in enumerate(frames) if is_isolated(atoms, labels[i])),
        notes=(*notes, *label_notes(frames)),
        energy_key=energy_key,
        forces_key=forces_key,
        label_key=label_key,
        pool=pool,
    )


def content_hash(source: Path | Sequence[Path]) -> str:
    """Return the SHA-256 of a file, or of the names and contents of several or of those in a folder."""
    if not isinstance(source, Path):
        return pool_sha256(source, source_names(source))
    return folder_sha256(source) if source.is_dir() else sha256_of(source)


def volume_per_atom(dataset: DataSet) -> tuple[float | None, int]:
    """Return the mean volume per atom, Å³, and the number of frames that it is based on.

    Isolated atoms are ignored; see `mean_volume_per_atom`.
    """
    isolated = set(dataset.locked)
    return mean_volume_per_atom([atoms for i, atoms in enumerate(dataset.frames) if i not in isolated])


def mean_volume_per_atom(frames: Sequence[Atoms]) -> tuple[float | None, int]:
    """Return the total volume per atom, Å³, of all frames periodic in three directions, and their number.

    Returns None and 0 if there are no such frames.

    Examples
    --------
    >>> from ase.build import bulk, molecule
    >>> volume, n_frames = mean_volume_per_atom([bulk("Cu", a=3.6), molecule("H2O")])
    >>> round(volume, 3), n_frames
    (11.664, 1)
    """
    dense = [atoms for atoms in frames if atoms.pbc.all() and len(atoms)]
    if not dense:
        return None, 0
    return float(sum(atoms.cell.volume for atoms in dense)) / sum(map(len, dense)), len(dense)


def _force_norms(atoms: Atoms) -> np.ndarray:
    """Return |F| of each atom, or NaN for all atoms if the force on any atom is unusable."""
    forces = usable_forces(atoms)
    return np.full(len(atoms), np.nan) if forces is None else np.linalg.norm(forces, axis=1)
