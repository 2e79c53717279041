"""Tests of the sums and buffers of tiles."""

import numpy as np
import pytest

from quests_core.kernel_sums.simd import BLOCK_LANES
from quests_core.kernel_sums.tile_distances import FAR
from quests_core.kernel_sums.tile_states import (
    FARTHEST,
    N_DOUBLE,
    N_LANES,
    n_lanes,
    new_states,
    new_workspace,
    state_of,
)
from quests_core.kernel_sums.tiles import TILE_ROWS

# Compiled without reference counts, it may return arrays to other compiled functions only.
state_of_tile = getattr(state_of, "py_func", state_of)


@pytest.mark.parametrize("n", [1, BLOCK_LANES, BLOCK_LANES + 1, TILE_ROWS])
def test_lanes_are_the_next_multiple_of_a_block(n):
    assert n <= n_lanes(n) < n + BLOCK_LANES
    assert n_lanes(n) % BLOCK_LANES == 0


def test_initial_states_have_no_sum_and_no_limit():
    states = new_states([3, TILE_ROWS])
    for t, n in enumerate((3, TILE_ROWS)):
        state = state_of_tile(states, t)
        assert len(state.limit) == n_lanes(n)
        assert (state.total == 0).all()
        assert np.isinf(state.nearest).all()
        for limit in (state.limit, state.needs_double):
            assert (limit[:n] == FAR).all()
            assert (limit[n:] < 0).all()
        assert state.summary[[FARTHEST, N_DOUBLE, N_LANES]].tolist() == [np.inf, n, n_lanes(n)]


def test_the_state_of_a_tile_is_a_view():
    states = new_states([5])
    state_of_tile(states, 0).total[:5] = 7.0
    assert states.total[0, :5].tolist() == [7.0] * 5


def test_bits_and_numbers_of_a_workspace_share_memory():
    workspace = new_workspace()
    for first, second in (("flags", "words"), ("mantissas", "mantissa_bits")):
        assert np.shares_memory(getattr(workspace, first), getattr(workspace, second))
