"""The state of a session."""

import numpy as np


def test_the_subset_is_the_start_of_the_active_order(opened):
    state = opened.state
    state.param.update(active="random", n_frames=7)
    assert set(np.flatnonzero(state.mask)) == set(state.paths["random"].order[:7].tolist())
    assert state.row_of("random")["n_frames"] == 7
    assert state.full_set_metrics["overlap"] == 1


def test_isolated_atoms_are_in_every_subset(opened):
    state = opened.state
    for method in state.shown:
        for n_frames in state.sizes:
            state.n_frames = int(n_frames)
            assert state.mask_of(method)[0]
