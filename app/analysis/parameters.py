"""What the dashboard computes, as plain functions and frozen results; no screen, no threads.

The direction is that of the library: file → `DataSet` → environments → `MethodPath` of each method.
"""

from dataclasses import dataclass, replace

from quests_core.io import dataset as files
from quests_core.io.dataset import DataSet
from quests_core.io.read_process import read_in_process
from quests_core.utils.validation import SANE

RANDOM_STATE = 0
# Smallest and largest k, cutoff (Å) and bandwidth (Å⁻¹) that a page or a link may ask for.
K, CUTOFF, BANDWIDTH = (2, 1000), (1e-6, 20.0), SANE
KEYS = ("energy_key", "forces_key", "label_key")


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
    precomputed : str
        Hash of the descriptors where these were given, and not computed with `k`, `cutoff` and `species`.
    energy_key, forces_key, label_key : str
        The names of energy, forces and label in the file; "" where they are recognised by their names.
    """

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False
    precomputed: str = ""
    energy_key: str = ""
    forces_key: str = ""
    label_key: str = ""

    @property
    def keys(self) -> dict[str, str | None]:
        """Return what `load` is told about the names of labels."""
        return {name: getattr(self, name) or None for name in KEYS}

    def without_keys(self) -> "Parameters":
        """Return the parameters with all keys recognised by their usual names."""
        return replace(self, energy_key="", forces_key="", label_key="")


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


def load(path, name: str | None = None, sha256: str | None = None, progress=None, **keys) -> DataSet:
    """Read a file of structures; one that is no xyz file in a process of its own, which is killed in time.

    `keys` are the names of labels, as in `quests_core.io.dataset.load`.
    """
    return files.load(path, name, sha256, progress, read=read_in_process, **keys)
