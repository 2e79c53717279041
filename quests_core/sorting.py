"""Sorting networks: comparisons that do not depend on the values, so many rows are sorted at once."""

from functools import cache

import numpy as np


@cache
def sorting_network(n: int) -> np.ndarray:
    """Return the comparisons of Batcher's odd-even merge sort of n values, shape (n_pairs, 2).

    The comparisons among the first m of n values sort these m.
    """
    pairs = []
    run = 1
    while run < n:
        step = run
        while step >= 1:
            for start in range(step % run, n - step, 2 * step):
                stop = min(start + step, n - step)
                within = [i for i in range(start, stop) if i // (2 * run) == (i + step) // (2 * run)]
                pairs += [(i, i + step) for i in within]
            step //= 2
        run *= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
