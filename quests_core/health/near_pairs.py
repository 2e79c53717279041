"""Pairs of frames with nearly the same geometry: duplicates, conflicting labels, and leakage.

Two frames have the same geometry within a tolerance if they have the same composition, and each environment
of either is within that distance, in descriptor space, of one of the same element of the other.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms
from scipy.spatial.distance import cdist

from ..environments import Environments
from ..io.dataset import DataSet
from ..io.labels import frame_energies, usable_forces
from ..progress import ProgressCallback
from .finding import WARNING, Finding, finding

STEP = "comparing frames"
# Descriptors of the same geometry written with three decimals, Å⁻¹; atoms are displaced by less than 0.001 Å.
TOLERANCE = 1e-4
# eV per atom, and eV/Å.
ENERGY_TOLERANCE, FORCE_TOLERANCE = 1e-3, 0.05
# Å.
_SAME_POSITIONS = 1e-2
_SHOWN = 5


class Pair(NamedTuple):
    """Two frames with the same geometry within a tolerance.

    Attributes
    ----------
    frame, other : int
        The frame, and the one that it repeats.
    distance : float
        Largest distance of an environment of either frame to its nearest one of the other, Å⁻¹.
    energy : float
        Difference of the energies per atom, eV; NaN unless both have one.
    force : float
        Largest difference of forces, eV/Å; NaN unless both have forces.
    """

    frame: int
    other: int
    distance: float
    energy: float = np.nan
    force: float = np.nan

    @property
    def sentence(self) -> str:
        """Both frames, and how far apart their labels are."""
        parts = []
        if self.energy == self.energy:
            parts.append(f"{1e3 * self.energy:.3g} meV atom⁻¹")
        if self.force == self.force:
            parts.append(f"{self.force:.3g} eV Å⁻¹")
        labels = f" ({', '.join(parts)})" if parts else ""
        return f"{self.frame} and {self.other}{labels}"


class _Frames:
    """Frames prepared for comparison: bounds of their descriptors, compositions and elements."""

    def __init__(self, envs: Environments, numbers: Sequence[np.ndarray]):
        self.envs, self.numbers = envs, numbers
        starts = envs.offsets[:-1]
        self.bounds = np.hstack([np.minimum.reduceat(envs.X, starts), np.maximum.reduceat(envs.X, starts)])
        self.compositions = [np.sort(of).tobytes() for of in numbers]


class _Sorted:
    """Frames to search, sorted along the axis of the bounds in which they differ most.

    Of two frames for which ``is_compared`` is false, no distance is computed.
    """

    def __init__(
        self, frames: _Frames, tolerance: float, is_compared: Callable[[int, int], bool] = lambda *_: True
    ):
        self.frames, self.tolerance, self._is_compared = frames, tolerance, is_compared
        self._axis = int(np.argmax(frames.bounds.std(axis=0)))
        self._order = np.argsort(frames.bounds[:, self._axis], kind="stable")
        self._keys = frames.bounds[self._order, self._axis]

    def candidates(self, bounds: np.ndarray) -> np.ndarray:
        """Return the frames whose bounds are within the tolerance of the given ones."""
        low, high = bounds[self._axis] - self.tolerance, bounds[self._axis] + self.tolerance
        found = self._order[np.searchsorted(self._keys, low) : np.searchsorted(self._keys, high, "right")]
        near = (np.abs(self.frames.bounds[found] - bounds) <= self.tolerance).all(axis=1)
        return found[near]

    def matches(self, other: _Frames, i: int) -> Iterator[tuple[int, float]]:
        """Yield the frames with the geometry of frame `i` of `other`, ascending, and their distances."""
        for j in np.sort(self.candidates(other.bounds[i])).tolist():
            if self.frames.compositions[j] == other.compositions[i] and self._is_compared(i, j):
                distance = _distance(
                    other.envs[i], self.frames.envs[j], other.numbers[i], self.frames.numbers[j]
                )
                if distance <= self.tolerance:
                    yield j, distance


def _distance(a: np.ndarray, b: np.ndarray, a_numbers: np.ndarray, b_numbers: np.ndarray) -> float:
    """Return the largest distance of a row of either block to the nearest one of its element in the other."""
    largest = 0.0
    for number in np.unique(a_numbers):
        d = cdist(a[a_numbers == number], b[b_numbers == number])
        largest = max(largest, float(d.min(axis=0).max()), float(d.min(axis=1).max()))
    return largest


def duplicates_and_conflicts(
    dataset: DataSet,
    envs: Environments,
    tolerance: float = TOLERANCE,
    energy_tolerance: float = ENERGY_TOLERANCE,
    force_tolerance: float = FORCE_TOLERANCE,
    progress: ProgressCallback | None = None,
    in_place: bool = False,
    ignored: Collection[int] = (),
) -> tuple[list[Pair], list[Pair]]:
    """Return the frames that repeat another one, and the pairs of equal geometry with different labels.

    A frame repeats another one if they have the same geometry within `tolerance`, and labels that agree.
    Frames with more labels come first, then those earlier in the file, so that no label is lost with a
    repetition. Labels conflict if they differ although geometries agree within `TOLERANCE`.

    Parameters
    ----------
    dataset : DataSet
        The frames.
    envs : Environments
        Their descriptors; these should distinguish elements if there are several.
    tolerance : float
        Largest distance in descriptor space, Å⁻¹.
    energy_tolerance, force_tolerance : float
        Largest difference of labels that agree: energy per atom, eV, and forces, eV/Å.
    progress : callable, optional
        See `quests_core.progress`.
    in_place : bool
        Compare only frames with the same atoms at the same places, in the same order, as is necessary if
        descriptors do not distinguish elements.
    ignored : collection of int
        Frames that are not compared, such as those that are excluded already.

    Returns
    -------
    duplicates, conflicts : list of Pair
        In the order of their frames; each frame repeats at most one other.
    """
    frames = _Frames(envs, [atoms.numbers for atoms in dataset.frames])
    labels = _Labels(dataset, envs)
    kept = np.zeros(len(envs), dtype=bool)
    duplicates: list[Pair] = []
    conflicts: list[Pair] = []

    def is_compared(i: int, j: int) -> bool:
        return kept[j] and (not in_place or _are_in_place(dataset.frames[i], dataset.frames[j]))

    search = _Sorted(frames, max(tolerance, TOLERANCE), is_compared)
    left_out = frozenset(ignored)
    for done, i in enumerate(np.lexsort((np.arange(len(envs)), -labels.count)).tolist()):
        if i in left_out:
            continue
        is_new = True
        for j, distance in search.matches(frames, i):
            pair = Pair(i, j, distance, *labels.differences(i, j))
            # NaN, of a missing label, conflicts with nothing.
            if pair.energy > energy_tolerance or pair.force > force_tolerance:
                if distance <= TOLERANCE:
                    conflicts.append(pair)
            elif distance <= tolerance:
                is_new = False
                duplicates.append(pair)
                break
        kept[i] = is_new
        if progress is not None and done % 20 == 0:
            progress(STEP, done, len(envs))
    return sorted(duplicates), sorted(conflicts)


class _Labels:
    def __init__(self, dataset: DataSet, envs: Environments):
        self._frames, self._offsets = dataset.frames, envs.offsets
        self._energies = frame_energies(dataset.frames) / envs.sizes
        self._norms, self._envs = dataset.forces, envs
        has_forces = ~np.isin(np.arange(len(envs)), dataset.without_forces)
        self.count = has_forces.astype(int) + ~np.isnan(self._energies)

    def differences(self, i: int, j: int) -> tuple[float, float]:
        """Return the difference of the energies per atom, and the largest of the forces.

        Of frames that are displaced or rotated, |F| of an atom is compared with that of the atom with the
        nearest descriptor.
        """
        energy = abs(float(self._energies[i] - self._energies[j]))
        a, b = self._frames[i], self._frames[j]
        if _are_in_place(a, b):
            first, second = usable_forces(a), usable_forces(b)
            if first is None or second is None:
                return energy, np.nan
            return energy, float(np.linalg.norm(first - second, axis=1).max())
        mine, others = (self._norms[self._offsets[k] : self._offsets[k + 1]] for k in (i, j))
        if np.isnan(mine).any() or np.isnan(others).any():
            return energy, np.nan
        largest = 0.0
        for number in np.unique(a.numbers):
            rows, columns = np.flatnonzero(a.numbers == number), np.flatnonzero(b.numbers == number)
            nearest = columns[cdist(self._envs[i][rows], self._envs[j][columns]).argmin(axis=1)]
            largest = max(largest, float(np.abs(mine[rows] - others[nearest]).max()))
        return energy, largest


def _are_in_place(a: Atoms, b: Atoms) -> bool:
    """Return whether two frames have the same atoms at the same places, in the same order."""
    return np.array_equal(a.numbers, b.numbers) and all(
        np.abs(first - second).max() < _SAME_POSITIONS
        for first, second in ((a.positions, b.positions), (a.cell.array, b.cell.array))
    )


def conflicting_labels(
    dataset: DataSet, envs: Environments, species: bool, progress: ProgressCallback | None = None
) -> list[Finding]:
    """Find frames with the geometry of another one and different labels.

    Unless the descriptors distinguish elements (`species`), frames of several elements are compared only if
    their atoms are at the same places.
    """
    in_place = not species and len(dataset.elements) > 1
    _, pairs = duplicates_and_conflicts(dataset, envs, progress=progress, in_place=in_place)
    listed = "; ".join(pair.sentence for pair in pairs[:_SHOWN]) + "; …" * (len(pairs) > _SHOWN)
    return finding(
        "conflicting labels", WARNING, (i for pair in pairs for i in pair[:2]), "Conflicting labels",
        f"Their descriptors agree within {TOLERANCE:g} Å⁻¹ with those of another frame of the same "
        f"composition, but energies are more than {1e3 * ENERGY_TOLERANCE:g} meV atom⁻¹ or forces more "
        f"than {FORCE_TOLERANCE:g} eV Å⁻¹ apart: {listed}. Which label is right is not known here; excluding "
        "these frames removes both of each pair.", True,
    )  # fmt: skip


def leakage(
    dataset: DataSet,
    envs: Environments,
    test_numbers: Sequence[np.ndarray],
    test_envs: Environments,
    tolerance: float = TOLERANCE,
    progress: ProgressCallback | None = None,
    ignored: Collection[int] = (),
) -> list[Pair]:
    """Return the frames whose geometry is that of a test frame, each with the first such test frame.

    Isolated atoms are energy references, and do not count. The arguments are those of
    `duplicates_and_conflicts`, and the atomic numbers of each test frame with the descriptors of these
    frames, which have the same columns.
    """
    frames = _Frames(envs, [atoms.numbers for atoms in dataset.frames])
    search, found = _Sorted(_Frames(test_envs, test_numbers), tolerance), []
    left_out = {*dataset.locked, *ignored}
    for i in range(len(envs)):
        if i not in left_out and (match := next(search.matches(frames, i), None)):
            found.append(Pair(i, *match))
        if progress is not None and i % 20 == 0:
            progress(STEP, i, len(envs))
    return found
