"""The functions that the submodular methods maximise, and the gain of each frame in them."""

import numpy as np
import pytest

from quests_core.selection.submodular_sums import SUBMODULAR_SUMS
from tests import naive
from tests.core.selection.naive_scores import WORTH, grouped

H = 0.3


@pytest.mark.parametrize("method", SUBMODULAR_SUMS)
@pytest.mark.parametrize("has_reference", [False, True])
def test_totals_and_gains_are_those_of_the_definition(rng, method, has_reference):
    frames = [rng.normal(0, 0.4, (n, 3)) for n in (3, 0, 1, 4, 2)]
    reference = rng.normal(0, 0.4, (4, 3)) if has_reference else np.empty((0, 3))
    rows = np.concatenate(frames)

    def worth(picked):
        known = np.concatenate([reference, *(frames[i] for i in picked)])
        sums = np.exp(naive.log_kernel_sum(rows, known, H)) if len(known) else np.zeros(len(rows))
        return WORTH[method](sums).sum()

    subset = SUBMODULAR_SUMS[method].of(grouped(frames), H, reference if has_reference else None, None)
    picked = []
    for frame in (3, 0, 2):
        np.testing.assert_allclose(subset.totals, [worth(picked)], rtol=1e-5, atol=1e-9)
        gains = subset.changes(np.arange(5))
        expected = [[worth([*picked, i]) - worth(picked)] for i in range(5)]
        np.testing.assert_allclose(gains, expected, rtol=1e-5, atol=1e-5)
        # A change that is known is not computed again.
        subset.add(frame, gains[frame] if frame else None)
        picked.append(frame)
    subset.restart()
    np.testing.assert_allclose(subset.totals, [worth([])], rtol=1e-5, atol=1e-9)
