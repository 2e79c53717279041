"""δH at sizes between those of the slider."""

import dataclasses

import numpy as np
import pytest

from quests_app.analysis.exact_deltas import ExactDeltas, exact_deltas, needs_computing
from quests_app.analysis.method_path import method_path
from quests_app.analysis.parameters import Marks
from quests_core import delta_entropy


@pytest.mark.parametrize("marks", [Marks(), Marks(locked=(3,), excluded=(5, 9))])
def test_they_are_those_of_the_subsets(opened_state, marks):
    opened = opened_state.opened
    path = method_path(opened, "random", marks)
    few = dataclasses.replace(
        path, delta_entropy=path.delta_entropy[[0, 5, -1]], sizes=path.sizes[[0, 5, -1]]
    )
    kept = ~np.isin(opened.envs.frame_index, marks.excluded)
    for n_frames in (2, 7, 15):
        assert needs_computing(few, n_frames)
        assert not needs_computing(path, n_frames)
        deltas = exact_deltas(opened, [few], n_frames)
        found = deltas.find(few, n_frames)
        expected = delta_entropy(opened.envs, opened.envs.take(path.order[:n_frames]))
        np.testing.assert_allclose(found[kept], expected[kept], rtol=1e-5, atol=1e-5)
        assert np.isnan(found[~kept]).all()
        assert deltas.find(path, n_frames) is deltas.find(few, n_frames + 1) is None
    assert not any(needs_computing(few, n_frames) for n_frames in (1, 6, len(path.order)))
    assert ExactDeltas().find(few, 0) is None
