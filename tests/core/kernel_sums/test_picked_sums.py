"""Tests of incremental sums of single environments against picks: exact sums and lower bounds."""

import numpy as np
import pytest

from quests_core.kernel_sums.incremental import truncation_limits
from quests_core.kernel_sums.picked_leaves import Picked, add_rows
from quests_core.kernel_sums.picked_sums import PickedSums, Workspace, update_sum
from quests_core.kernel_sums.tiles import Tiles
from quests_core.utils.jit import jit
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

both_precisions = pytest.mark.parametrize("precision", PROMISES)


@jit
def asked(picked, row, n_picked, bound, need, reach, is_bound, sums, workspace):
    return update_sum(picked, row, n_picked, bound, need, reach, is_bound, sums, workspace)


class Sums:
    """The sums of some rows against groups of rows that are picked one after another."""

    def __init__(self, X, h, precision="single"):
        self.X, self.h = X, h
        self.tiles = Tiles.from_rows(X)
        self.picked, self.reach = Picked.empty(self.tiles, h), truncation_limits(h, len(X), precision).reach
        self.chosen, self.n_picked = [], 0
        self.state = PickedSums(np.zeros(len(X), np.int64), np.full(len(X), np.inf), np.zeros(len(X)))

    def pick(self, rows):
        add_rows(self.picked, self.tiles.positions[rows], self.n_picked)
        self.chosen.extend(rows)
        self.n_picked += 1

    def ask(self, row, reach=None, need=np.inf, is_bound=False, bound=-np.inf):
        reach = self.reach if reach is None else reach
        place = self.tiles.positions[row]
        given = self.picked, place, self.n_picked, bound, need, reach, is_bound, self.state
        return asked(*given, Workspace.of(self.picked))

    def expected(self, row):
        return naive.log_kernel_sum(self.X[[row]], self.X[self.chosen], self.h)[0]

    def while_picking(self, rng, n_asked):
        """Pick most rows in groups; after each group yield some rows and their expected sums."""
        n = len(self.X)
        for group in np.array_split(rng.permutation(n)[: max(1, n - 10)], 12):
            self.pick(group)
            for row in rng.permutation(n)[:n_asked]:
                yield row, self.expected(row)


@both_precisions
@pytest.mark.parametrize("name", SETS)
def test_incremental_sums_are_exact(rng, name, precision):
    sums = Sums(np.concatenate(SETS[name]), BANDWIDTH, precision)
    for row, expected in sums.while_picking(rng, 4):
        assert sums.ask(row) == pytest.approx(expected, rel=1e-11, abs=PROMISES[precision][0])


@both_precisions
@pytest.mark.parametrize("name", SETS)
def test_a_known_bound_changes_no_sum(rng, name, precision):
    sums = Sums(np.concatenate(SETS[name]), BANDWIDTH, precision)
    for row, expected in sums.while_picking(rng, 4):
        bound = expected - abs(rng.normal())
        assert sums.ask(row, bound=bound) == pytest.approx(expected, rel=1e-11, abs=PROMISES[precision][0])


@pytest.mark.parametrize("name", SETS)
def test_a_lower_bound_never_exceeds_the_sum(rng, name):
    """For picks at any distance, and any rounding error of their coordinates."""
    sums = Sums(np.concatenate(SETS[name]), BANDWIDTH)
    for row, expected in sums.while_picking(rng, 8):
        found = sums.ask(row, is_bound=True)
        assert -np.inf < found <= expected + 1e-12 * abs(expected)


@pytest.mark.parametrize(
    "n_axes", [pytest.param(3, marks=pytest.mark.jit), pytest.param(16, marks=pytest.mark.jit), 40, 63]
)
def test_a_lower_bound_is_close_to_the_sum(rng, n_axes):
    """Also if most axes are not stored, provided that they contribute little, as for descriptors."""
    X = rng.normal(0, 1, (800, n_axes)) * 0.05 * np.exp(-np.arange(n_axes) / 8)
    sums = Sums(X, 0.05)
    for row, expected in sums.while_picking(rng, 20):
        assert expected - 0.3 < sums.ask(row, is_bound=True) <= expected


@both_precisions
def test_the_largest_terms_alone_are_a_lower_bound(rng, precision):
    """Skipped terms are negligible, so the lower bound is close to the sum."""
    sums = Sums(rng.normal(0, 0.4, (400, 5)), 0.2, precision)
    error, losses = PROMISES[precision][0], []
    sums.pick(rng.permutation(400)[:300])
    for reach in (0.5, 3.0, 8.0):
        sums.state.n_added[:], sums.state.nearest[:], sums.state.total[:] = 0, np.inf, 0.0
        found = np.array([sums.ask(row, reach) for row in range(100)])
        expected = np.array([sums.expected(row) for row in range(100)])
        assert (found <= expected + error).all()
        losses.append((expected - found).max())
        assert losses[-1] <= np.log1p(300 * np.exp(-reach))
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < 0.02


def test_a_sum_above_the_need_is_returned_at_once(rng):
    """Above the need, the stored sum is unchanged, and the returned value is a lower bound."""
    sums = Sums(rng.normal(0, 0.4, (900, 5)), 0.4)
    sums.pick(np.arange(1, 900))
    expected = sums.expected(0)
    found = sums.ask(0, need=expected - 1)
    assert expected - 1 < found <= expected + 1e-5
    assert sums.state.n_added[sums.tiles.positions[0]] == 0
    assert sums.ask(0, need=expected + 1) == pytest.approx(expected, abs=1e-5)
    assert sums.state.n_added[sums.tiles.positions[0]] == 1


def test_rows_not_picked_do_not_count(rng):
    X = rng.normal(0, 1e-4, (64, 3))
    sums = Sums(X, 1.0)
    for n, row in enumerate(rng.permutation(64)[:63], start=1):
        sums.pick([row])
        assert sums.ask(int(rng.integers(64))) == pytest.approx(np.log(n), abs=1e-5)
