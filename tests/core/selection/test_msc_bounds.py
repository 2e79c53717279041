"""The search for the best frame of `msc` among outdated bounds."""

import numpy as np
import pytest

from quests_core import select
from quests_core.selection import msc
from tests.core.selection.naive_scores import grouped
from tests.core.selection.test_msc import PAIR_WORK, dense
from tests.core.ugly import BANDWIDTH, PROMISES


def test_more_ties_than_one_batch():
    X = np.repeat([[0.0, 1.0], [5.0, 0.0]], 60, axis=0)
    order = select(X, "msc", bandwidth=BANDWIDTH).order
    # The less covered kind comes next, each in file order.
    assert order.tolist() == np.arange(120).reshape(2, 60).T.ravel().tolist()


@pytest.mark.jit
@pytest.mark.parametrize("precision", PROMISES)
def test_the_order_does_not_depend_on_the_updates(rng, precision, monkeypatch):
    frames = dense(300, rng)
    # Frames that tie to the last bit, and some that differ by less than the error of single precision.
    frames += [frames[i].copy() for i in range(20)] + [frames[i] + 1e-9 for i in range(20, 40)]
    orders = []
    for work in PAIR_WORK.values():
        monkeypatch.setattr(msc, "_PAIR_WORK", work)
        orders.append(select(grouped(frames), "msc", bandwidth=BANDWIDTH, precision=precision).order)
    np.testing.assert_array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[0], orders[2])
