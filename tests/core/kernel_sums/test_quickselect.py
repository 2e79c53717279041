"""Selection of the n-th smallest value."""

import numpy as np
import pytest

from quests_core.kernel_sums.quickselect import nth_smallest

CASES = {
    "one": [3.0],
    "equal": [1.0] * 9,
    "ascending": np.arange(40.0),
    "descending": np.arange(40.0)[::-1],
    "few values": np.random.default_rng(0).integers(0, 3, 50),
    "random": np.random.default_rng(1).normal(size=101),
    "infinite": [-np.inf, 2.0, np.inf, -np.inf, 0.0],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_every_position(name, dtype):
    values = np.asarray(CASES[name]).astype(dtype)
    expected = np.sort(values)
    for n in range(len(values)):
        changed = values.copy()
        assert nth_smallest(changed, n) == expected[n]
        np.testing.assert_array_equal(np.sort(changed), expected)
