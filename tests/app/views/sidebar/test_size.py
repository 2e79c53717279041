"""The sidebar section with the subset size."""

import dataclasses

from quests_app.analysis.target import ENVS, KNEE, OVERLAP, SIZE
from quests_app.views.overview.overlap import OverlapView
from quests_app.views.sidebar.size import SizeView
from quests_core import knee
from tests.app.conftest import is_smallest_with_overlap


def test_the_sidebar_sets_targets_and_shows_the_outcome(opened):
    state = opened.state
    size, chart = SizeView(state), OverlapView(state)
    assert not size._value.visible
    size._mode.value = OVERLAP
    assert (size._value.visible, size._value.value) == (True, "95")
    assert state.row_of("msc")["overlap"] >= 0.95
    size._value.value = "80"
    assert is_smallest_with_overlap(state, "msc")
    assert "Smallest subset of msc with overlap ≥ 80 %" in size._target_text.object
    assert (chart._target.visible, chart._target.location) == (True, 80)
    size._value.value = "101"
    assert "No size of msc has overlap ≥ 101 %" in size._target_text.object
    size._value.value = "nonsense"
    assert "expected a number of at least 0 (%), got 'nonsense'" in state.error
    size._mode.value = ENVS
    assert state.target.value == round(state.opened.envs.n_envs / 4)
    assert state.row_of("msc")["n_envs"] <= state.target.value
    size._mode.value = KNEE
    curve = state.path.curve
    assert state.n_frames == curve["n_frames"][knee(curve["fraction"], curve["overlap"])]
    size._slider.value = 0
    assert (size._mode.value, size._target_text.object) == (SIZE, "")
    assert not chart._target.visible


def test_the_slider_has_the_sizes_of_the_displayed_path(opened):
    """While marks change, the paths of other methods have other sizes, which must not move the slider."""
    state = opened.state
    size, path = SizeView(state), state.paths["random"]
    fewer = dataclasses.replace(path, curve=path.curve.iloc[4::3], delta_entropy=path.delta_entropy[4::3])
    state.paths = {"msc": state.paths["msc"], "random": fewer}
    state.active = "random"
    assert size._slider.end == len(fewer.sizes) - 1
    for value in (2, 0, 4):
        size._slider.value = value
        assert state.n_frames == fewer.sizes[value]
        assert size._slider.value == value
    state.active = "msc"
    assert size._slider.end == 23
    assert state.n_frames == fewer.sizes[4]
    assert state.path.sizes[size._slider.value] == state.n_frames
