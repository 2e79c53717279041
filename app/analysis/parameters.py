"""The parameters and marks that determine every result, and reading a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quests_core.io import dataset as files
from quests_core.io.dataset import DataSet
from quests_core.io.read_process import read_in_process
from quests_core.utils.validation import SANE

RANDOM_STATE = 0
# Smallest and largest k, cutoff (Å) and bandwidth (Å⁻¹) that the dashboard and its links accept.
K, CUTOFF, BANDWIDTH = (2, 1000), (1e-6, 20.0), SANE
KEYS = ("energy_key", "forces_key", "label_key")


@dataclass(frozen=True)
class Parameters:
    """All parameters that determine a result, besides the file.

    Attributes
    ----------
    k : int
        Number of neighbours in the descriptor.
    cutoff : float
        Cutoff radius of the neighbours, Å.
    bandwidth : float
        h of the kernel, Å⁻¹.
    species : bool
        Whether descriptors distinguish elements.
    precomputed : str
        Hash of precomputed descriptors; "" if they are computed with `k`, `cutoff` and `species`.
    descriptor : str
        What a record says of precomputed descriptors; it determines no result.
    energy_key, forces_key, label_key : str
        Names of energy, forces and label in the file; "" to recognise the usual names.
    """

    k: int = 32
    cutoff: float = 5.0
    bandwidth: float = 0.015
    species: bool = False
    precomputed: str = ""
    descriptor: str = field(default="", compare=False)
    energy_key: str = ""
    forces_key: str = ""
    label_key: str = ""

    @property
    def keys(self) -> dict[str, str | None]:
        """Return the names of energy, forces and label as arguments of `load`."""
        return {name: getattr(self, name) or None for name in KEYS}

    def without_keys(self) -> "Parameters":
        """Return the parameters with the usual names of energy, forces and label."""
        return replace(self, energy_key="", forces_key="", label_key="")


@dataclass(frozen=True)
class Marks:
    """Frames that the user has locked or excluded: sorted indices, no frame in both.

    Attributes
    ----------
    locked : tuple of int
        Frames in every subset.
    excluded : tuple of int
        Frames in no subset, ignored by all metrics.
    reasons : mapping of int to tuple of str
        Why frames were excluded, where a check found it. Marks that differ in nothing else are equal, as
        no result depends on the reasons.
    """

    locked: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    reasons: Mapping[int, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def lock(self, frames) -> "Marks":
        """Return the marks with `frames` locked."""
        return self._with(frames, locked=True)

    def exclude(self, frames, reasons: Mapping[int, str] | None = None) -> "Marks":
        """Return the marks with `frames` excluded, for `reasons` besides those they were excluded for."""
        marks = self._with(frames, excluded=True)
        added = dict(marks.reasons)
        for frame, reason in (reasons or {}).items():
            known = added.get(frame, ())
            if frame in marks.excluded and reason not in known:
                added[frame] = (*known, reason)
        return replace(marks, reasons=added)

    def clear(self, frames) -> "Marks":
        """Return the marks with those on `frames` removed."""
        return self._with(frames)

    def with_reasons_of(self, other: "Marks") -> "Marks":
        """Return the marks with the reasons of others, as far as their frames are excluded here."""
        excluded = set(self.excluded)
        return replace(
            self, reasons={frame: why for frame, why in other.reasons.items() if frame in excluded}
        )

    def _with(self, frames, locked: bool = False, excluded: bool = False) -> "Marks":
        frames = {int(frame) for frame in frames}
        return Marks(
            tuple(sorted((set(self.locked) - frames) | (frames if locked else set()))),
            tuple(sorted((set(self.excluded) - frames) | (frames if excluded else set()))),
        ).with_reasons_of(self)


def load(path, name: str | None = None, sha256: str | None = None, progress=None, **keys) -> DataSet:
    """Read a file of structures; formats other than xyz are read in a process with a time limit.

    `keys` are the names of energy, forces and label, as in `quests_core.io.dataset.load`.
    """
    return files.load(path, name, sha256, progress, read=read_in_process, **keys)
