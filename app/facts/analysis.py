"""What the dashboard computes, as plain functions and frozen results; no screen, no threads.

The direction is that of the library: file → `DataSet` → environments → `MethodPath` of each method.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from quests_core import (
    Environments,
    atoms_forces,
    compression_path,
    descriptors,
    read,
    select,
)
from quests_core.tree import Axes

# k_means has no nested order, so no slider can cut it; it stays with the library.
NESTED_METHODS = ("msc", "balanced", "information_loss", "coverage", "fps", "mean_fps", "random")
DEFAULT_METHODS = ("msc", "random")
RANDOM_STATE = 0
# An atom whose periodic images are farther away than this, in Å, is alone.
_ALONE = 8.0
_MARKED_FRACTIONS = (0.1, 0.25, 0.5, 0.75)
_PATH_BYTES = 64_000_000


@dataclass(frozen=True)
class Parameters:
    """Everything besides the file that decides a result.

    Attributes
    ----------
    k : int
        Neighbours in the descriptor.
    cutoff : float
        How far they are looked for, Å.
    bandwidth : float
        h of the kernel, Å⁻¹.
    species : bool
        Whether elements are told apart.
    """

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False


@dataclass(frozen=True)
class Marks:
    """What the user decided about single frames: sorted frame indices, no frame in both.

    Attributes
    ----------
    locked : tuple of int
        In every subset.
    excluded : tuple of int
        In no subset; they count in no number either.
    """

    locked: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()

    def lock(self, frames) -> "Marks":
        """Return the marks with `frames` locked."""
        return self._with(frames, locked=True)

    def exclude(self, frames) -> "Marks":
        """Return the marks with `frames` excluded."""
        return self._with(frames, excluded=True)

    def clear(self, frames) -> "Marks":
        """Return the marks without any on `frames`."""
        return self._with(frames)

    def _with(self, frames, locked: bool = False, excluded: bool = False) -> "Marks":
        frames = {int(frame) for frame in frames}
        return Marks(
            tuple(sorted((set(self.locked) - frames) | (frames if locked else set()))),
            tuple(sorted((set(self.excluded) - frames) | (frames if excluded else set()))),
        )


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

    @property
    def has_forces(self) -> bool:
        """Whether at least one frame has forces."""
        return len(self.without_forces) < len(self.frames)


@dataclass(frozen=True, eq=False)
class MethodPath:
    """One method's order under some marks, and every number along it.

    `order` holds the frames that are not excluded. `curve` has a row for each size;
    ``delta_entropy[i]`` is δH(environment | subset) at ``sizes[i]``, NaN in excluded frames.
    """

    method: str
    order: np.ndarray
    curve: pd.DataFrame
    delta_entropy: np.ndarray
    marks: Marks

    @property
    def sizes(self) -> np.ndarray:
        """Numbers of frames of the rows of `curve`."""
        return self.curve["n_frames"].to_numpy()

    def position(self, n_frames: int) -> int:
        """Return the row of the largest size of at most `n_frames` (the first row if there is none)."""
        return max(0, int(np.searchsorted(self.sizes, n_frames, side="right")) - 1)

    def frames(self, n_frames: int) -> np.ndarray:
        """Return the chosen frames in the order picked."""
        return self.order[:n_frames]


@dataclass(frozen=True, eq=False)
class Opened:
    """A data set with its environments."""

    dataset: DataSet
    parameters: Parameters
    envs: Environments

    @property
    def key(self) -> tuple:
        """What results about this depend on."""
        return self.dataset.sha256, self.parameters


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load(path, name: str | None = None, sha256: str | None = None, progress=None) -> DataSet:
    """Read a file of structures.

    Raises
    ------
    ValueError, OSError
        If the file cannot be used; the message names the frame and why.
    """
    path = Path(path).expanduser().resolve()
    sha256 = sha256 or content_hash(path)
    frames = read(path, progress=progress)
    if content_hash(path) != sha256:
        # Results are kept by the hash: those of other bytes must not stand under it.
        raise ValueError(f"{path.name} changed while it was read; open it again")
    forces = [_force_norms(atoms) for atoms in frames]
    labels = tuple(str(atoms.info.get("config_type", "")) for atoms in frames)
    return DataSet(
        name=name or path.name,
        path=path,
        sha256=sha256,
        frames=frames,
        labels=labels,
        elements=tuple(sorted({symbol for atoms in frames for symbol in atoms.symbols.species()})),
        forces=np.concatenate(forces),
        without_forces=tuple(i for i, norms in enumerate(forces) if np.isnan(norms).any()),
        locked=tuple(i for i, atoms in enumerate(frames) if _is_isolated(atoms, labels[i])),
    )


def _is_isolated(atoms: Atoms, label: str) -> bool:
    """Say whether a frame is an energy reference: labelled so, or one atom far from its own images."""
    lengths = atoms.cell.lengths()[atoms.pbc]
    return label.lower() == "isolatedatom" or (len(atoms) == 1 and bool((lengths > _ALONE).all()))


def _force_norms(atoms: Atoms) -> np.ndarray:
    """Return |F| of each atom; all NaN where any is missing, so that no frame counts in part."""
    forces = atoms_forces(atoms)
    # The norm of larger ones would overflow.
    if forces is None or not (np.abs(forces) < 1e150).all():
        return np.full(len(atoms), np.nan)
    return np.linalg.norm(forces, axis=1)


def environments(dataset: DataSet, parameters: Parameters, progress=None) -> Environments:
    """Return the descriptors of all atoms of `dataset`."""
    return descriptors(
        dataset.frames,
        k=parameters.k,
        cutoff=parameters.cutoff,
        species=list(dataset.elements) if parameters.species else None,
        progress=progress,
    )


def curve_sizes(n_frames: int, n_envs: int, n_locked: int = 0) -> np.ndarray:
    """Return the sizes at which the slider stops.

    All sizes up to 200 frames, otherwise 200 or, where δH at each of them would take too much
    memory, fewer. The marked fractions and both ends are always among them; none is smaller than
    the number of locked frames.
    """
    first = max(1, n_locked)
    count = min(200, n_frames, max(20, _PATH_BYTES // (4 * max(1, n_envs))))
    marked = [int(fraction * n_frames + 0.5) for fraction in _MARKED_FRACTIONS]
    sizes = np.append(np.linspace(first, n_frames, count).round().astype(np.int64), marked)
    return np.unique(np.clip(sizes, first, n_frames))


def default_size(sizes: np.ndarray, fraction: float = 0.25) -> int:
    """Return the size nearest to a fraction of the full set."""
    return int(sizes[np.argmin(np.abs(sizes - int(fraction * sizes[-1] + 0.5)))])


def ordered(
    opened: Opened, method: str, marks: Marks, random_state: int, progress=None
) -> tuple[np.ndarray, np.ndarray, Environments]:
    """Return an order of the frames that are not excluded, which these are, and their environments.

    The order counts within these frames: it is ``kept[order]`` in the file.
    """
    order = select(
        opened.envs,
        method=method,
        bandwidth=opened.parameters.bandwidth,
        locked=marks.locked,
        excluded=marks.excluded,
        random_state=random_state,
        progress=progress,
    ).order
    kept = np.setdiff1d(np.arange(len(opened.envs)), marks.excluded)
    return np.searchsorted(kept, order), kept, opened.envs.take(kept) if marks.excluded else opened.envs


def method_path(opened: Opened, method: str, marks: Marks, progress=None) -> MethodPath:
    """Order the frames that are not excluded by `method` and compute every number along the order."""
    bandwidth = opened.parameters.bandwidth
    order, kept, envs = ordered(opened, method, marks, RANDOM_STATE, progress)
    sizes = curve_sizes(len(envs), envs.n_envs, len(marks.locked))
    path = compression_path(envs, order, sizes=sizes, bandwidth=bandwidth, progress=progress)
    delta_entropy = path.delta_entropy
    if marks.excluded:
        counted = np.isin(opened.envs.frame_index, kept)
        delta_entropy = np.full((len(sizes), opened.envs.n_envs), np.nan, dtype=path.delta_entropy.dtype)
        delta_entropy[:, counted] = path.delta_entropy
    return MethodPath(method, kept[order], path.curve, delta_entropy, marks)


def pca(X: np.ndarray) -> np.ndarray:
    """Return the first two principal components of the rows of `X`, shape (n, 2).

    The sign of each component is fixed (its largest loading is positive), so equal data give equal maps.
    """
    principal = Axes.of(X)
    axes = principal.rotation[:, :2]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    xy = (X - principal.mean) @ axes
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1])))
