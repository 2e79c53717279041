"""Near-duplicates, leaked frames and small steps in the health tab."""

import io
import json
import zipfile

import pytest
from ase.io import write

from quests_app.exports.subset import archive
from quests_app.session.references import ReferenceSets
from quests_app.views.health.curation import CurationView
from quests_core.health.thinning import small_steps
from tests.app.conftest import text_of
from tests.app.views.health.test_health import buttons
from tests.core.health.frames import good_frames
from tests.core.health.test_near_pairs import copied


@pytest.fixture
def view(session, rng, tmp_path):
    """Return the view of a file with a copy and a near-duplicate, beside a test file with a frame of it."""
    frames = good_frames(rng, 12)
    frames[7] = copied(frames[2], rng)
    frames[9] = copied(frames[4], rng, shift=0.003)
    write(tmp_path / "train.xyz", frames, format="extxyz")
    write(tmp_path / "test.xyz", [frames[5]], format="extxyz")
    session.open(tmp_path / "train.xyz")
    sets = ReferenceSets(session.state, session.controller)
    view = CurationView(session.state, session.controller, sets, "health")
    assert view.found == {}, "nothing is computed before the tab is shown"
    session.state.tab = "health"
    session.run()
    return view


def frames_found(view, name):
    return [one.finding.frames for one in view.found.get(name) or ()]


def set_tolerance(view, log10):
    view._slider.value = log10
    view._slider.value_throttled = log10


def removed(session):
    state = session.state
    data = archive(state.opened, state.export_path, state.n_frames)
    record = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("subset.json"))
    return {one["frame"]: one["why"] for one in record["removed"]}


def test_the_slider_sets_the_tolerance(session, view):
    assert view.tolerance == 1e-4
    assert frames_found(view, "duplicates") == [(7,)]
    # As a browser does: Panel 1.10 takes a value that is set here for one that was dropped.
    view._slider._process_events({"value": -2.0})
    assert "Tolerance <b>0.01 Å⁻¹</b>" in text_of(view)
    assert frames_found(view, "duplicates") == [(7,)], "it is being dragged"
    set_tolerance(view, -2.0)
    assert "Looking for near-duplicates" in text_of(view)
    session.run()
    assert frames_found(view, "duplicates") == [(7, 9)]
    assert "Frame 7 repeats 2; 9 repeats 4." in text_of(view)
    set_tolerance(view, -4.0)
    session.run()
    assert frames_found(view, "duplicates") == [(7,)]


def test_an_exclusion_is_recorded_with_its_reason_and_undone(session, view, tmp_path):
    view._sets.add(tmp_path / "test.xyz")
    session.run()
    assert frames_found(view, "leakage") == [(5,)]
    buttons(view)["Select: Frames of test.xyz"].clicks += 1
    assert session.state.selected == (5,)
    buttons(view)["Exclude: Frames of test.xyz"].clicks += 1
    session.run()
    buttons(view)["Exclude: Near-duplicates"].clicks += 1
    session.run()
    session.state.marks = session.state.marks.exclude([0])
    session.run()
    assert "No repeated frames found" in text_of(view)
    why = removed(session)
    assert list(why) == [0, 5, 7]
    assert why[0] == ["excluded by the user"]
    assert why[5][0].startswith("leakage: is test frame 0, within 0.0001 Å⁻¹, of test.xyz (sha256 ")
    assert why[7] == ["duplicates: repeats frame 2, within 0.0001 Å⁻¹"]
    for _ in range(2):
        session.controller.history.undo()
    session.run()
    assert list(removed(session)) == [5]
    assert frames_found(view, "duplicates") == [(7,)]
    session.controller.history.redo()
    session.run()
    assert removed(session)[7] == why[7]
    assert session.state.error == ""


def test_another_session_does_not_see_the_reasons(session, view, tmp_path):
    buttons(view)["Exclude: Near-duplicates"].clicks += 1
    session.run()
    other = type(session)()
    other.open(tmp_path / "train.xyz")
    other.state.marks = other.state.marks.exclude([7])
    other.run()
    assert removed(other) == {7: ["excluded by the user"]}
    other.controller.close()


def test_steps_are_thinned_when_one_is_given(session, view):
    assert "steps" not in view.found
    view._energy.param.update(value_input="1e5", value="1e5")
    session.run()
    assert frames_found(view, "steps") == [tuple(range(1, 12))]
    view._energy.param.update(value_input="five", value="five")
    assert view._energy.error_state
    assert "steps" not in view.found
    view._energy.param.update(value_input="", value="")
    view._novelty.param.update(value_input="1e-9", value="1e-9")
    session.run()
    assert not view._energy.error_state
    assert not view._novelty.error_state
    opened = session.state.opened
    expected = small_steps(opened.dataset, opened.envs, None, 1e-9, opened.parameters.bandwidth)
    assert frames_found(view, "steps") == [tuple(step.frame for step in expected)] != [()]


def test_the_test_file_is_chosen_in_compare(session, view):
    assert "Test file: none" in text_of(view)
    buttons(view)["Add the test file as reference in Compare"].clicks += 1
    assert session.state.tab == "sets"
