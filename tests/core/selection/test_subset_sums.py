"""Kernel sums over a subset and a reference."""

import numpy as np
import pytest

from quests_core.selection.submodular_sums import CoverageSums
from quests_core.selection.subset_sums import sums_over
from tests.core.selection.naive_scores import grouped

H = 0.3


@pytest.mark.parametrize("n_reference", [0, 4])
def test_sums_are_those_over_the_picked_frames_and_the_reference(rng, n_reference):
    envs = grouped([rng.normal(0, 0.4, (n, 3)) for n in (3, 1, 4, 2)])
    reference = rng.normal(0, 0.4, (n_reference, 3))
    subset = CoverageSums.of(envs, H, reference if n_reference else None, None)
    start = sums_over(reference if n_reference else None, envs, H, envs.tiles.order, None)
    np.testing.assert_array_equal(subset.sums, start)
    for frame in (2, 0):
        subset.add(frame)
    rows = np.concatenate([envs[2], envs[0], reference])
    squares = ((envs.X[envs.tiles.order][:, None] - rows) ** 2).sum(axis=2)
    np.testing.assert_allclose(subset.sums, np.exp(-squares / (2 * H * H)).sum(axis=1), rtol=1e-5)
    subset.restart()
    np.testing.assert_array_equal(subset.sums, start)
