"""An opened file: its frames, and what is known of them before anything is computed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from ..utils.arrays import read_only
from ..utils.regular import open_regular
from .isolated import is_isolated, labels_of
from .labels import atoms_forces, label_notes
from .read import read


@dataclass(frozen=True, eq=False)
class DataSet:
    """An opened file.

    Attributes
    ----------
    name : str
        File name as shown.
    path : Path
        Where the bytes are.
    sha256 : str
        Hash of these bytes.
    frames : list of Atoms
        The structures, in file order.
    labels : tuple of str
        ``config_type`` of each frame, "" where it has none.
    elements : tuple of str
        Symbols, sorted.
    forces : ndarray of shape (n_atoms,)
        |F| of every atom of every frame, eV Å⁻¹; NaN where its frame has no usable forces.
    without_forces : tuple of int
        Frames without usable forces.
    locked : tuple of int
        Frames that are locked at first: isolated atoms, which potentials need as energy references.
    uploaded : bool
        Whether `path` is a temporary copy that means nothing to the user.
    notes : tuple of str
        What a user should know about the file: what was ignored, dropped, or looks like a label without
        being recognised.
    energy_key, forces_key, label_key : str or None
        The keys that the user named, in place of those that are recognised.
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

    @property
    def has_forces(self) -> bool:
        """Whether at least one frame has forces."""
        return len(self.without_forces) < len(self.frames)


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    """Read a file of structures by `read`.

    `energy_key` and `forces_key` name the labels as in `quests_core.read`; `label_key` the key in the info
    that takes the place of ``config_type``.

    Raises
    ------
    ValueError, OSError
        If the file cannot be used; the message names the frame and why.
    """
    path = Path(path).expanduser().resolve()
    sha256 = sha256 or content_hash(path)
    notes: list[str] = []
    frames = read(path, progress, energy_key, forces_key, notes)
    if content_hash(path) != sha256:
        # Results are kept by the hash: those of other bytes must not stand under it.
        raise ValueError(f"{path.name} changed while it was read; open it again")
    forces = [_force_norms(atoms) for atoms in frames]
    labels = labels_of(frames, label_key)
    return DataSet(
        name=name or path.name,
        path=path,
        sha256=sha256,
        frames=frames,
        labels=labels,
        elements=tuple(sorted({symbol for atoms in frames for symbol in atoms.symbols.species()})),
        forces=read_only(np.concatenate(forces), copy=False),
        without_forces=tuple(i for i, norms in enumerate(forces) if np.isnan(norms).any()),
        locked=tuple(i for i, atoms in enumerate(frames) if is_isolated(atoms, labels[i])),
        notes=(*notes, *label_notes(frames)),
        energy_key=energy_key,
        forces_key=forces_key,
        label_key=label_key,
    )


def volume_per_atom(dataset: DataSet) -> tuple[float | None, int]:
    """Return the volume an atom, Å³, of the frames that are periodic in three directions, and how many.

    Isolated atoms do not count; None where no frame is left.
    """
    locked = set(dataset.locked)
    bulk = [atoms for i, atoms in enumerate(dataset.frames) if atoms.pbc.all() and i not in locked]
    if not bulk:
        return None, 0
    return sum(atoms.cell.volume for atoms in bulk) / sum(len(atoms) for atoms in bulk), len(bulk)


def _force_norms(atoms: Atoms) -> np.ndarray:
    """Return |F| of each atom; all NaN where any is missing, so that no frame counts in part."""
    forces = atoms_forces(atoms)
    # The norm of larger ones would overflow.
    if forces is None or not (np.abs(forces) < 1e150).all():
        return np.full(len(atoms), np.nan)
    return np.linalg.norm(forces, axis=1)
