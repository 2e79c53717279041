"""The views get δH at a size between those of the slider once it is computed."""

import dataclasses

import numpy as np

from quests_app.views.lost.outliers import LostLabelsView
from quests_core import delta_entropy


def test_delta_entropy_follows_the_last_size(opened):
    state, envs = opened.state, opened.state.opened.envs
    state.tab = "outliers"
    state.paths = {
        name: dataclasses.replace(path, delta_entropy=path.delta_entropy[::6], sizes=path.sizes[::6])
        for name, path in state.paths.items()
    }
    view = LostLabelsView(state, "outliers")
    for n_frames in (3, 9, 12):
        state.n_frames = n_frames
    before = view._table.object
    np.testing.assert_array_equal(state.delta_entropy, state.path.delta_entropy[1])
    opened.run()
    assert state.exact_deltas.n_frames == 12
    for method, path in state.paths.items():
        expected = delta_entropy(envs, envs.take(path.order[:12]))
        np.testing.assert_allclose(state.delta_entropy_of(method), expected, rtol=1e-5, atol=1e-5)
    assert view._table.object != before
    assert state.notice == state.error == ""
    state.n_frames = 13
    assert not state.quick_activity.running, "a size of the slider needs no computation"
