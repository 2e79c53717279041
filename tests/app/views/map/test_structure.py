"""The structure and its nearest kept environment, and how they follow the state, without a browser."""

import time

import numpy as np
import panel as pn
import pytest
from ase.io import write

from quests_app.page import page
from quests_app.session import current_structure
from quests_app.views.map.nearest import NearestView
from quests_app.views.map.structure import BONDS, CELL, FORCE, FORCES, NOVEL, WRAP, StructureView
from quests_app.widgets.structure_viewer import NO_VALUE, by_element
from tests.app.conftest import visible_text_of

pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style':PendingDeprecationWarning")


pn.extension("filedropper", respect_explicit_sizing=True)


@pytest.fixture
def view(opened):
    return StructureView(opened.state, opened.controller)


def test_message_if_nothing_is_open(session):
    view, nearest = StructureView(session.state, session.controller), NearestView(session.state)
    assert "Nothing is open" in visible_text_of(view)
    assert "Nothing is open" in visible_text_of(nearest)
    view._step(1)
    view._select_atom(0)
    view._mark("lock")
    assert session.state.current_env is None
    assert session.state.marks.locked == ()


def test_without_a_current_environment_the_most_novel_frame_is_shown(opened, view):
    state = opened.state
    delta = state.delta_entropy
    most = int(state.opened.envs.frame_index[np.nanargmax(delta)])
    assert f"Frame {most}<" in visible_text_of(view)
    assert "most novel" in visible_text_of(view)
    assert len(view._viewer.scene["atom"]) == len(state.opened.dataset.frames[most])
    state.selected = (3, 8)
    assert "Frame 3<" in visible_text_of(view)
    assert "first selected" in visible_text_of(view)
    state.current_env = int(state.opened.envs.offsets[8]) + 2
    assert "Frame 8<" in visible_text_of(view)
    assert "Atom 2 (Cu)" in visible_text_of(view)


def test_the_frame_is_described(opened, view):
    state = opened.state
    state.current_env = int(state.opened.envs.offsets[7]) + 1
    rank = int(np.flatnonzero(state.path.order == 7)[0]) + 1
    shown = visible_text_of(view)
    for said in (
        f"<b>{state.status[7]}</b>, rank {rank} of 24 in msc", "distorted", "Cu<sub>4</sub>", "4 atoms",
        "−1.000 eV atom⁻¹", "periodic", "|F| =", "neighbours within 5 Å",
    ):  # fmt: skip
        assert said in shown
    delta = state.delta_entropy[state.current_env]
    assert f"δH = {delta:.2f}".replace("-", "−") in shown
    state.marks = state.marks.exclude([7])
    assert "<b>excluded</b>" in visible_text_of(view)
    opened.run()
    assert "excluded (no δH)" in visible_text_of(view)
    state.current_env = 0
    assert "<b>locked</b>" in visible_text_of(view)
    assert "0 neighbours" in visible_text_of(view)


def test_a_click_on_an_atom_makes_it_current(opened, view):
    state = opened.state
    view._go(9)
    view._viewer.clicked = [3, 1]
    assert state.current_env == state.opened.envs.offsets[9] + 3
    scene = view._viewer.scene
    assert scene["atom"][scene["picked"]] == 3
    assert scene["sphere"] == state.opened.parameters.cutoff
    view._viewer.clicked = [99, 2]
    assert state.current_env == state.opened.envs.offsets[9] + 3, (
        "a late click on an atom that does not exist changes nothing"
    )
    view._atom.value = "1"
    assert state.current_env == state.opened.envs.offsets[9] + 1
    for nonsense in ("x", "-1", "4", ""):
        view._atom.value = nonsense
        assert state.current_env == state.opened.envs.offsets[9] + 1
        assert view._atom.value == "1"
    view._frame.value = "4"
    assert state.current_env == state.opened.envs.offsets[4] + 1, (
        "the same atom in frames with the same atoms"
    )
    view._frame.value = "0"
    assert state.current_env == 0


def test_steps_go_through_the_chosen_frames(opened, view):
    state = opened.state
    kept, dropped = np.flatnonzero(state.mask), np.flatnonzero(~state.mask)
    for name, frames in (("kept", kept), ("dropped", dropped), ("all", np.arange(24))):
        view._through.value = name
        view._go(int(frames[1]))
        for frame in frames[2:]:
            view._next.clicks += 1
            assert state.current_frame == frame
        assert view._next.disabled
        view._next.clicks += 1
        assert state.current_frame == frames[-1]
        view._back.clicks += 1
        assert state.current_frame == frames[-2]
    view._through.value = "picked"
    assert view._next.disabled
    assert view._back.disabled
    state.selected = (2, 5, 11)
    view._go(5)
    view._back.clicks += 1
    assert state.current_frame == 2


def test_frames_are_played_to_the_last_one_and_again_from_the_first(opened, view):
    state, viewer = opened.state, view._viewer
    view._through.value = "picked"
    assert view._play.disabled, "nothing is selected"
    viewer.playing = True
    assert not viewer.playing
    state.selected = (2, 5, 11)
    view._go(2)
    view._play.clicks += 1
    assert (viewer.playing, view._play.icon) == (True, "pause")
    for count, frame in enumerate((5, 11), 1):
        viewer.stepped = [1, count]
        assert (state.current_frame, viewer.playing) == (frame, True)
    viewer.stepped = [1, 3]
    assert (state.current_frame, viewer.playing, view._play.icon) == (11, False, "play_arrow")
    view._play.clicks += 1
    assert (state.current_frame, viewer.playing) == (2, True), "again from the first"
    view._play.clicks += 1
    assert not viewer.playing
    for nonsense in ([], [7, 4], ["1", 5], [[1], 6]):
        viewer.stepped = nonsense
        assert state.current_frame == 2
    viewer.stepped = [-1, 7]
    assert state.current_frame == 2
    assert opened.controller.history.can_undo
    assert len(opened.controller.history.steps[0]) == 2, "playing is no decision"


def test_another_file_is_not_played(opened, view, other_file):
    view._viewer.playing = True
    opened.open(other_file)
    assert not view._viewer.playing


def test_a_scene_tells_elements_and_which_atoms_every_frame_has(opened, view):
    view._go(6)
    view._copies.value = 2
    view._select_atom(1)
    scene = view._viewer.scene
    assert scene["symbols"] == ["Cu"] * 4
    assert scene["fixed"] == 4 * 8 < len(scene["atom"]), "the images of the environment come after the copies"
    np.testing.assert_array_equal(scene["atom"][: scene["fixed"]], np.tile(np.arange(4), 8))


def test_stepping_to_a_frame_with_other_atoms_shows_the_most_novel(opened, view):
    state = opened.state
    state.current_env = 0
    view._go(23)
    own = current_structure.rows_of(state, 23)
    assert state.current_env == own.start + np.nanargmax(state.delta_entropy[own])


def test_marks_of_this_frame(opened, view):
    state = opened.state
    view._go(6)
    assert not view._unmark.visible
    view._lock.clicks += 1
    assert state.marks.locked == (0, 6)
    assert not view._lock.visible
    view._exclude.clicks += 1
    assert state.marks.excluded == (6,)
    assert view._unmark.visible
    view._unmark.clicks += 1
    assert state.marks.excluded == ()
    assert state.marks.locked == (0,)


def test_scene_options_are_drawn(opened, view):
    opened.state.current_env = int(opened.state.opened.envs.offsets[20])
    before = view._viewer.scene
    n_home = (before["style"] != 1).sum()
    assert len(before["bonds"]) > 0
    assert len(before["edges"]) == 12 * 6
    assert len(before["arrows"]) == 0
    view._parts.value = [FORCES]
    scene = view._viewer.scene
    assert len(scene["bonds"]) == len(scene["edges"]) == 0
    assert len(scene["arrows"]) > 0
    view._parts.value = [BONDS, CELL, WRAP]
    view._copies.value = 3
    assert (view._viewer.scene["style"] != 1).sum() > n_home
    assert len(view._viewer.scene["atom"]) >= 27 * 4


def test_colours_follow_delta_entropy_only_where_they_show_it(opened, view):
    state = opened.state
    state.current_env = int(state.opened.envs.offsets[20])
    scene = view._viewer.scene
    assert scene["legend"]["names"] == [["Cu", by_element(np.array([29])).palette[0]]]
    state.n_frames = 12
    assert view._viewer.scene is scene, "nothing drawn has changed"
    view._color.value = NOVEL
    scene = view._viewer.scene
    assert scene["legend"]["title"] == "δH / nats"
    own = current_structure.rows_of(state, 20)
    expected = state.delta_entropy[own]
    grey = np.array([scene["palette"][c] == NO_VALUE for c in scene["color"][: len(expected)]])
    np.testing.assert_array_equal(grey, ~(expected >= 1e-5))
    assert f"δH = {expected[0]:.3g} nats" in scene["hints"][0]
    state.n_frames = 4
    assert view._viewer.scene is not scene
    view._color.value = FORCE
    assert "eV" in view._viewer.scene["legend"]["title"]


def test_labels_are_escaped(session, frames, tmp_path):
    for atoms in frames:
        atoms.info["config_type"] = "<img src=x>"
    write(tmp_path / "attack.xyz", frames, format="extxyz")
    session.open(tmp_path / "attack.xyz")
    session.state.current_env = 5
    for view in (StructureView(session.state, session.controller), NearestView(session.state)):
        assert "<img" not in visible_text_of(view)
        assert "&lt;img" in visible_text_of(view)


def test_another_file_is_drawn_and_the_tab_holds_all_three(opened, frames, tmp_path):
    state = opened.state
    assert page(state, opened.controller).get_root() is not None
    state.tab = "map"
    state.current_env = 30
    write(tmp_path / "few.xyz", frames[:5], format="extxyz")
    opened.open(tmp_path / "few.xyz")
    assert state.error == ""
    assert state.current_env is None
    view = StructureView(state, opened.controller)
    view._frame.value = "5"
    assert view._frame.value != "5", "there are five frames"
    view._frame.value = "4"
    assert state.current_frame == 4


def test_a_slider_move_takes_little_time(opened):
    state = opened.state
    views = StructureView(state, opened.controller), NearestView(state)
    views[0]._color.value = NOVEL
    state.current_env = int(state.opened.envs.offsets[20])
    times = []
    for size in range(2, 24):
        start = time.thread_time()
        state.n_frames = size
        times.append(time.thread_time() - start)
    assert np.median(times) < 0.1, times
