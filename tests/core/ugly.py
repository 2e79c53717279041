"""Sets of environments that are numerically difficult, each from a seeded generator."""

import itertools

import numba
import numpy as np
import pytest

BANDWIDTH = 0.15
# Maximum errors of each precision, in nats: of δH, and of entropy and diversity.
PROMISES = {"single": (1e-5, 1e-6), "double": (1e-11, 1e-11)}


def environment_sets():
    """Return lists of (n_i, d) matrices, one per frame, by name."""
    rng = np.random.default_rng(7)
    plain = [rng.normal(0, 0.3, (n, 3)) for n in (4, 7, 1, 12, 5, 3)]
    twice = [plain[3], plain[0], plain[3].copy(), plain[0][::-1].copy(), plain[3][:5]]
    far = [*plain, plain[0] + 1e3 * BANDWIDTH, plain[2] - 3e3 * BANDWIDTH]
    # As plain Python, kernels take seconds for ten thousand pairs: two tiles, and a frame larger than one.
    sizes = (130, 3, 1, 20) if numba.config.DISABLE_JIT else (130, 3, 1, 140, 20)
    return {
        "plain": plain,
        "one environment": [np.array([[0.2, -0.1]])],
        "one dimension": [rng.normal(0, 0.4, (n, 1)) for n in (3, 5, 2, 6)],
        "one-atom frames": [rng.normal(0, 0.3, (1, 4)) for _ in range(9)],
        "all alike": [np.full((n, 3), 0.7) for n in (2, 5, 1, 3)],
        "duplicates": twice,
        "far outliers": far,
        "origin moved by 1000": [X + 1e3 for X in plain],
        "more than one tile": [rng.normal(0, 0.4, (n, 5)) for n in sizes],
        "63 columns": [rng.normal(0, 0.06, (n, 63)) for n in (8, 2, 11, 5)],
        "lattice of equal distances": [
            BANDWIDTH * np.stack(np.mgrid[:3, :3], -1).reshape(-1, 2)[i::3] for i in range(3)
        ],
    }


SETS = environment_sets()


def combined(names, *values, **options):
    """Parametrize a test with all combinations of three or more lists of values.

    Without numba's compiler every second one runs, which still brings together any two values.
    """
    cells = [
        pytest.param(*cell, marks=pytest.mark.jit if sum(numbers) % 2 else ())
        for numbers, cell in zip(
            itertools.product(*(range(len(some)) for some in values)), itertools.product(*values), strict=True
        )
    ]
    return pytest.mark.parametrize(names, cells, **options)
