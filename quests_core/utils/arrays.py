"""Read-only arrays, and indices."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

# Indices that public functions accept.
Indices: TypeAlias = Sequence[int] | np.ndarray


def read_only(array: np.ndarray, copy: bool = True) -> np.ndarray:
    """Return a read-only array, copied if its data could still be modified elsewhere.

    Parameters
    ----------
    array : ndarray
        An array that is already read-only, and not a view of a writable one, is returned unchanged.
    copy : bool
        If False, never copy, but make `array` itself read-only; for an array that only the caller holds.

    Examples
    --------
    >>> mine = np.zeros(3)
    >>> theirs = read_only(mine)
    >>> mine[0] = 1.0
    >>> theirs.tolist(), theirs.flags.writeable, read_only(theirs) is theirs
    ([0.0, 0.0, 0.0], False, True)
    """
    if copy and _can_change(array):
        array = array.copy()
    array.flags.writeable = False
    return array


def _can_change(array: np.ndarray) -> bool:
    if not array.flags.writeable:
        try:
            # NumPy raises if the underlying memory is read-only too.
            array.view().flags.writeable = True
        except ValueError:
            return False
    return True


def ranges(first: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the integers of several ranges, one after the other: ``sizes[i]`` from ``first[i]`` on.

    Examples
    --------
    >>> ranges(np.array([7, 2]), np.array([1, 3])).tolist()
    [7, 2, 3, 4]
    """
    return np.repeat(first - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
