"""Columns of the tail of the force distribution."""

import numpy as np


def tail_data(sorted_forces: np.ndarray, most: int = 600) -> dict[str, np.ndarray]:
    """Return the fraction of environments whose force exceeds f, as steps.

    The 100 largest forces are all kept; the remaining ranks are thinned evenly on the logarithmic
    axis, below the resolution of the screen.

    Parameters
    ----------
    sorted_forces : ndarray of shape (n,)
        Magnitudes in ascending order.
    most : int
        Approximate number of steps.
    """
    n = len(sorted_forces)
    if n == 0:
        return {"force": np.empty(0), "share": np.empty(0)}
    ranks = np.unique(np.append(np.arange(1, min(n, 100) + 1), np.geomspace(1, n, most).astype(int)))[::-1]
    forces = sorted_forces[n - ranks]
    # All forces exceed values left of the smallest one; the curve steps down at each force.
    return {"force": np.append(0.0, forces), "share": np.append(n, ranks) / n}
