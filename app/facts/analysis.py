"""What the dashboard computes, as plain functions and frozen results; no screen, no threads.

The direction is that of the library: file → `DataSet` → environments → `MethodPath` of each method.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quests_core import Environments, descriptors
from quests_core import dataset as files
from quests_core._validation import SANE
from quests_core.dataset import DataSet, content_hash
from quests_core.environments import read_only
from quests_core.read_process import read_in_process
from quests_core.tree import Axes

if TYPE_CHECKING:
    from .reference import Reference

__all__ = ["DataSet", "content_hash", "load"]

# k_means has no nested order, so no slider can cut it; it stays with the library.
NESTED_METHODS = ("balanced", "msc", "information_loss", "coverage", "fps", "mean_fps", "random")
# msc with another file's kernel sums to start with: there is none until a reference is chosen.
GIVEN = "msc given"
METHODS = (*NESTED_METHODS, GIVEN)
# The first is active. It is the library's own default; the others are there to be compared with.
DEFAULT_METHODS = ("balanced", "msc", "random")
# Its order takes a tenth of the time of `balanced` at 27,000 environments.
QUICK = "msc"
RANDOM_STATE = 0
# Smallest and largest k, cutoff (Å) and bandwidth (Å⁻¹) that a page or a link may ask for.
K, CUTOFF, BANDWIDTH = (2, 1000), (1e-6, 20.0), SANE


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
    given : str
        Hash of the descriptors where these were given, and not computed with `k`, `cutoff` and `species`.
    energy_key, forces_key, label_key : str
        The names of energy, forces and label in the file; "" where they are recognised by their names.
    """

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False
    given: str = ""
    energy_key: str = ""
    forces_key: str = ""
    label_key: str = ""

    @property
    def keys(self) -> dict[str, str | None]:
        """Return what `load` is told about the names of labels."""
        return {name: getattr(self, name) or None for name in ("energy_key", "forces_key", "label_key")}


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
class MethodPath:
    """One method's order under some marks, and every number along it.

    `order` holds the frames that are not excluded. `curve` has a row for each size;
    ``delta_entropy[i]`` is δH(environment | subset) at ``sizes[i]``, NaN in excluded frames. Of a path
    `given` a reference, δH and what follows from it are given reference and subset together.
    """

    method: str
    order: np.ndarray
    curve: pd.DataFrame
    delta_entropy: np.ndarray
    marks: Marks
    given: "Reference | None" = None

    def __post_init__(self):
        """Keep arrays that nothing can change: sessions share them."""
        for name in ("order", "delta_entropy"):
            object.__setattr__(self, name, read_only(getattr(self, name), copy=False))

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


def load(path, name: str | None = None, sha256: str | None = None, progress=None, **keys) -> DataSet:
    """Read a file of structures; one that is no xyz file in a process of its own, which is killed in time.

    `keys` are the names of labels, as in `quests_core.dataset.load`.
    """
    return files.load(path, name, sha256, progress, read=read_in_process, **keys)


def environments(dataset: DataSet, parameters: Parameters, progress=None) -> Environments:
    """Return the descriptors of all atoms of `dataset`."""
    if parameters.given:
        raise ValueError("the descriptors were given, so those of other frames cannot be computed alike")
    return descriptors(
        dataset.frames,
        k=parameters.k,
        cutoff=parameters.cutoff,
        species=list(dataset.elements) if parameters.species else None,
        progress=progress,
    )


def pca(X: np.ndarray) -> np.ndarray:
    """Return the first two principal components of the rows of `X`, shape (n, 2).

    The sign of each component is fixed (its largest loading is positive), so equal data give equal maps.
    """
    principal = Axes.of(X)
    axes = principal.rotation[:, :2]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    xy = (X - principal.mean) @ axes
    return np.pad(xy, ((0, 0), (0, 2 - xy.shape[1])))
