"""The sidebar section with the subset size."""

import dataclasses

import numpy as np
import pytest

from quests_app.analysis import method_path
from quests_app.analysis.target import ENVS, KNEE, LOSS, OVERLAP, SIZE
from quests_app.views.overview.overlap import OverlapView
from quests_app.views.sidebar.size import SizeView
from quests_core import delta_entropy, knee, smallest_subset
from tests.app.conftest import is_smallest_with_overlap


def test_the_sidebar_sets_targets_and_shows_the_outcome(opened):
    state = opened.state
    size, chart = SizeView(state), OverlapView(state)
    assert (size._value.label, size._value.value) == ("frames or %", "")
    size._mode.value = OVERLAP
    assert (size._value.visible, size._value.value) == (True, "95")
    assert state.row_of("msc")["overlap"] >= 0.95
    size._value.value = "80"
    assert is_smallest_with_overlap(state, "msc")
    assert "Smallest msc subset with overlap ≥ 80 %." in size._target_text.object
    assert (chart._target.visible, chart._target.location) == (True, 80)
    size._value.value = "101"
    assert "No msc subset has overlap ≥ 101 %" in size._target_text.object
    size._value.value = "nonsense"
    assert "Expected a number of at least 0 (%), got &#x27;nonsense&#x27;" in size._target_text.object
    assert size._value.error_state
    size._mode.value = ENVS
    assert not size._value.error_state
    assert size._value.value == size._value.value_input == str(round(state.opened.envs.n_envs / 4))
    assert "Expected" not in size._target_text.object
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
    fewer = dataclasses.replace(path, delta_entropy=path.delta_entropy[4::3], sizes=path.sizes[4::3])
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


@pytest.fixture
def coarse(uncached, session, file, monkeypatch):
    """Return a session whose slider has fewer sizes than there are."""
    monkeypatch.setattr(
        method_path, "curve_sizes", lambda n_frames, n_envs, n_locked=0: np.array([1, 6, 12, 18, n_frames])
    )
    session.open(file)
    assert session.state.sizes.tolist() == [1, 6, 12, 18, 24]
    return session


def test_every_size_can_be_entered(coarse):
    state = coarse.state
    size = SizeView(state)
    for text, expected in (("7", 7), ("40 %", 10), ("100%", 24), ("0.1 %", 1), ("1,3", 13), ("7", 7)):
        size._value.value = text
        assert (state.n_frames, size._value.error_state) == (expected, False)
        assert size._value.value == ""
        subset = state.path.order[:expected]
        assert state.row_of("msc")["n_frames"] == len(state.frames_of("msc")) == expected
        envs = state.opened.envs
        coarse.run()
        for method in ("msc", "random"):
            subset = envs.take(state.paths[method].order[:expected])
            exact = delta_entropy(envs, subset)
            np.testing.assert_allclose(state.delta_entropy_of(method), exact, rtol=1e-5, atol=1e-5)
            row = state.row_of(method)
            assert row["overlap"] == np.mean(state.delta_entropy_of(method) < 1e-5)
        np.testing.assert_array_equal(state.delta_entropy, state.delta_entropy_of("msc"))
    for text in ("0", "25", "-3", "7.5", "0 %", "101 %", "abc", "1e3", "nan %"):
        size._value.value = text
        assert state.n_frames == 7
        assert size._value.error_state
        assert "a whole number from 1 to 24, or a share such as 12.5 %" in size._target_text.object
    size._value.value = ""
    assert (state.n_frames, size._value.error_state) == (7, False)
    size._value.value = "abc"
    size._slider.value = 3
    assert (state.n_frames, size._value.value, size._value.error_state) == (18, "", False)
    assert size._target_text.object == ""


def test_targets_are_searched_on_all_sizes(coarse):
    state = coarse.state
    size, envs, found = SizeView(state), state.opened.envs, []
    for mode, text, target in ((OVERLAP, "80", {"overlap": 0.8}), (LOSS, "0.05", {"information_loss": 0.05})):
        size._mode.value, size._value.value = mode, text
        assert state.n_frames == len(smallest_subset(envs, state.path.order, **target))
        found.append(state.n_frames)
    assert not set(found) <= set(state.sizes.tolist())
