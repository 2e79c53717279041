"""The nearest kept environment."""

import numpy as np
from ase.build import molecule
from ase.io import write

from quests_app.views.map.nearest import NearestView
from quests_app.views.map.structure import NOVEL, StructureView
from tests.app.conftest import visible_text_of


def test_the_nearest_kept_environment_follows(opened):
    state, view = opened.state, NearestView(opened.state)
    delta = state.path.delta_entropy[state.path.position(state.n_frames)]
    # Without a current one it is that of the most novel environment, so that the card is never empty.
    assert (
        f"of frame {state.opened.envs.frame_index[np.nanargmax(delta)]}, its most novel one"
        in visible_text_of(view)
    )
    assert view._viewer.visible
    dropped = np.flatnonzero(~state.mask)
    state.current_env = int(state.opened.envs.offsets[dropped[-1]])
    envs, kept = state.opened.envs, np.flatnonzero(state.mask[state.opened.envs.frame_index])
    distances = np.linalg.norm(envs.X[kept] - envs.X[state.current_env], axis=1)
    assert view._nearest.row == kept[np.argmin(distances)]
    assert f"<b>{distances.min():.4g} Å⁻¹</b> ({distances.min() / 0.015:.2g} bandwidths)" in visible_text_of(
        view
    )
    assert f"frame {envs.frame_index[view._nearest.row]}" in visible_text_of(view)
    scene = view._viewer.scene
    assert scene["around"]
    assert scene["sphere"] == 5.0
    row = view._nearest.row
    view._go.clicks += 1
    assert state.current_env == row
    assert "is kept: distance 0" in visible_text_of(view)
    assert not view._go.visible
    view._viewer.clicked = [0, 1]
    assert state.current_env == envs.offsets[envs.frame_index[row]]


def test_the_nearest_environment_changes_with_the_subset(opened):
    state, view = opened.state, NearestView(opened.state)
    state.current_env = int(state.opened.envs.offsets[state.path.order[-1]])
    found = []
    for size in (2, 12, 23, 24):
        state.n_frames = size
        found.append(view._nearest.distance)
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] == 0


def test_a_different_element_is_noted(session, tmp_path, rng):
    frames = [molecule(name) for name in ("H2O", "SH2", "H2O")]
    for atoms in frames:
        atoms.positions += 0.001 * rng.normal(size=atoms.positions.shape)
    frames[1].positions = frames[0].positions
    write(tmp_path / "mixed.xyz", frames, format="extxyz")
    session.open(tmp_path / "mixed.xyz")
    state = session.state
    state.marks = state.marks.lock([1]).exclude([2])
    session.run()
    state.n_frames = 1
    view = NearestView(state)
    state.current_env = 0
    assert view._nearest.distance == 0
    assert "Different element" in visible_text_of(view)
    frame = StructureView(state, session.controller)
    assert frame._color.options == ["Element", NOVEL], "there are no forces"
    assert "not periodic" in visible_text_of(frame)
