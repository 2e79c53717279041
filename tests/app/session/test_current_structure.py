"""The frame and the atom of the structure viewer."""

import numpy as np
import pytest

from quests_app.session import current_structure
from quests_app.session.current_structure import ALL, DROPPED, KEPT, PICKED


@pytest.mark.parametrize(
    ("frame", "by", "expected"), [(4, 1, 7), (4, -1, 2), (5, 1, 7), (5, -1, 2), (9, 1, None), (2, -1, None)]
)
def test_the_next_frame_may_be_reached_from_any_other(frame, by, expected):
    assert current_structure.neighbor(np.array([2, 7]), frame, by) == expected


def test_frames_to_step_through(opened):
    state = opened.state
    state.selected = (2, 5)
    expected = {ALL: np.arange(24), KEPT: np.sort(state.frames_of("msc")), PICKED: [2, 5]}
    expected[DROPPED] = np.setdiff1d(expected[ALL], expected[KEPT])
    for which, frames in expected.items():
        np.testing.assert_array_equal(current_structure.frames_through(state, which), frames)


def test_environments_are_numbered_frame_by_frame(opened):
    state, row = opened.state, 0
    for frame, atoms in enumerate(state.data.dataset.frames):
        assert current_structure.rows_of(state, frame) == slice(row, row + len(atoms))
        for atom in range(len(atoms)):
            assert current_structure.frame_of(state, row) == frame
            assert current_structure.atom_of(state, row) == atom
            row += 1


def test_the_shown_frame_is_current_or_selected_or_the_most_novel(opened):
    state, delta = opened.state, opened.state.delta_entropy
    assert current_structure.shown_frame(state) == state.data.envs.frame_index[np.nanargmax(delta)]
    state.selected = (3, 8)
    assert current_structure.shown_frame(state) == 3
    state.current_env = int(state.data.envs.offsets[8]) + 2
    assert current_structure.shown_frame(state) == 8
    assert current_structure.row_in(state, 5) == state.data.envs.offsets[5] + 2, "the same atom"
    own = current_structure.rows_of(state, 5)
    state.current_env = 0
    assert current_structure.row_in(state, 5) == own.start + np.nanargmax(delta[own]), "another composition"
