"""Arrays that nothing can change."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

# Indices as a public function accepts them.
Indices: TypeAlias = Sequence[int] | np.ndarray


def read_only(array: np.ndarray, copy: bool = True) -> np.ndarray:
    """Return an array that nothing can change: a read-only copy where something could.

    An array that is read-only, and not a view of a writable one, is returned as it is. Without `copy`
    the array itself becomes read-only: for one that the caller has made and hands over.

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
            # Numpy refuses where the memory behind a read-only array cannot be written to either.
            array.view().flags.writeable = True
        except ValueError:
            return False
    return True
