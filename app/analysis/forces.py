"""The forces of a data set, sorted once so that every subset of them is sorted too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quests_core.io.dataset import DataSet

from .compare import NO_LABEL, label_groups

_ALL, _ELEMENT, _LABEL = "all environments", "element", "label"


@dataclass(frozen=True, eq=False)
class Forces:
    """Forces of some environments.

    Attributes
    ----------
    values : ndarray of shape (n,)
        |F| in ascending order, eV Å⁻¹.
    frames : ndarray of shape (n,)
        Frame of each.
    """

    values: np.ndarray
    frames: np.ndarray

    def only(self, mask: np.ndarray) -> "Forces":
        """Return the forces where `mask` is True."""
        return Forces(self.values[mask], self.frames[mask])


def choices(dataset: DataSet, n_atoms: np.ndarray) -> dict[str, tuple[str, str]]:
    """Return the groups that forces can be restricted to, by their displayed name.

    All environments; each element if there are several; each label if there are several, the largest
    first.
    """
    found = {_ALL: (_ALL, "")}
    if len(dataset.elements) > 1:
        found |= {f"element {symbol}": (_ELEMENT, symbol) for symbol in dataset.elements}
    labels = label_groups(dataset.labels, n_atoms, ())
    if len(labels) > 1:
        found |= {f"label {name}": (_LABEL, name) for name in labels}
    return found


def forces_of(dataset: DataSet, frame_index: np.ndarray, choice: tuple[str, str] = (_ALL, "")) -> Forces:
    """Return the finite forces of one group returned by `choices`."""
    kind, name = choice
    usable = np.isfinite(dataset.forces)
    if kind == _ELEMENT:
        usable &= np.concatenate([atoms.symbols == name for atoms in dataset.frames])
    elif kind == _LABEL:
        labels = np.array([label or NO_LABEL for label in dataset.labels])
        usable &= (labels == name)[frame_index]
    rows = np.flatnonzero(usable)
    order = rows[np.argsort(dataset.forces[rows], kind="stable")]
    return Forces(dataset.forces[order], frame_index[order])


def without(forces: Forces, frames: Sequence[int], n_frames: int) -> Forces:
    """Return the forces without those of `frames`."""
    if not len(frames):
        return forces
    remaining = np.ones(n_frames, dtype=bool)
    remaining[list(frames)] = False
    return forces.only(remaining[forces.frames])


def ks_distance(values: np.ndarray, kept: np.ndarray) -> float:
    r"""Return the two-sample Kolmogorov–Smirnov distance of a subset from its full set.

    .. math:: D = \sup_f \left| F_\text{full}(f) - F_\text{subset}(f) \right|

    Parameters
    ----------
    values : ndarray of shape (n,)
        The full set, in ascending order.
    kept : ndarray of shape (n,)
        Whether each value is in the subset.

    Returns
    -------
    float
        In [0, 1]; NaN if the subset is empty.

    Examples
    --------
    >>> ks_distance(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True]))
    0.5
    """
    n_kept = int(np.count_nonzero(kept))
    if n_kept == 0:
        return float("nan")
    # Both distributions step at values of the full set only; of equal values, the last has the full step.
    last = np.append(values[1:] != values[:-1], True)
    below = np.cumsum(kept, dtype=np.int64)[last] / n_kept - (np.flatnonzero(last) + 1) / len(values)
    return float(np.abs(below).max())
