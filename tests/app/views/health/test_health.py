"""Tests of the health tab."""

import dataclasses
import threading
from html import escape

import pytest
from ase.build import bulk
from ase.io import write

from quests_app.views.health.health import HealthView
from quests_core.health import check
from tests.app.conftest import WAIT_SECONDS, text_of
from tests.core.health.frames import extreme_force, good_frames, without_label
from tests.core.health.test_near_pairs import copied


def buttons(view):
    return {button.description: button for button in view.__panel__().select(lambda x: hasattr(x, "clicks"))}


def test_the_view_lists_selects_and_excludes(session, rng, tmp_path):
    frames = good_frames(rng, 24)
    extreme_force(frames[7], rng)
    without_label(frames[9], rng)
    write(tmp_path / "bad.xyz", frames, format="extxyz")
    session.open(tmp_path / "bad.xyz")
    state = session.state
    view = HealthView(state, session.controller, "health")
    session.run()
    assert view.findings is None, "nothing is computed before the tab is shown"
    state.tab = "health"
    assert "waiting for its turn" in text_of(view)
    session.run()
    shown = text_of(view)
    assert "1 warning" in shown
    assert "1 note" in shown
    assert "frame 7" in shown
    assert shown.index("Extreme forces") < shown.index("No config_type")
    buttons(view)["Select: No config_type"].clicks += 1
    assert state.selected == (9,)
    assert "Exclude: No config_type" not in buttons(view)
    buttons(view)["Exclude: Extreme forces"].clicks += 1
    assert state.marks.excluded == (7,)
    session.run()
    assert state.error == ""


def test_conflicting_labels_are_excluded_with_one_click_and_taken_back(session, rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[9] = copied(frames[4], rng, energy=0.02)
    write(tmp_path / "bad.xyz", frames, format="extxyz")
    session.open(tmp_path / "bad.xyz")
    view = HealthView(session.state, session.controller, "health")
    session.state.tab = "health"
    session.run()
    assert "9 and 4 (20 meV atom⁻¹, " in text_of(view)
    buttons(view)["Exclude: Conflicting labels"].clicks += 1
    assert session.state.marks.excluded == (4, 9)
    session.run()
    session.controller.history.undo()
    session.run()
    assert session.state.marks.excluded == ()
    assert session.state.error == ""


@pytest.mark.usefixtures("uncached")
def test_status_of_a_queued_check_and_retry_of_a_failed_one(session, file, monkeypatch):
    session.open(file)
    state, go_on, checking = session.state, threading.Event(), threading.Event()
    head, again = "Health of the data set", "Check the data set"
    session.controller.run("Something <else>", lambda _: go_on.wait(WAIT_SECONDS), print, print, quick=True)

    def fail(*_):
        checking.wait(WAIT_SECONDS)
        raise ValueError("the check of this test")

    monkeypatch.setattr("quests_app.views.health.health.check_dataset", fail)
    state.tab = "health"
    view = HealthView(state, session.controller, "health")
    button = next(button for button in view.__panel__() if getattr(button, "label", "") == again)
    assert "waiting for its turn behind “Something &lt;else&gt;”" in text_of(view)
    assert not button.visible, "already requested"
    go_on.set()
    session.run(until=lambda: "running" in text_of(view))
    checking.set()
    session.run()
    assert head in text_of(view)
    assert "not checked yet" in text_of(view)
    assert "the check of this test" in state.error
    assert button.visible
    monkeypatch.undo()
    button.clicks += 1
    session.run()
    assert view.findings is not None
    assert not button.visible


def test_message_without_findings(session, rng, tmp_path):
    write(tmp_path / "good.xyz", good_frames(rng, 12), format="extxyz")
    session.open(tmp_path / "good.xyz")
    session.state.tab = "health"
    view = HealthView(session.state, session.controller, "health")
    session.run()
    assert "No problems found" in text_of(view)


def test_text_from_a_file_is_escaped(session, rng, tmp_path):
    write(tmp_path / "good.xyz", good_frames(rng, 12), format="extxyz")
    session.open(tmp_path / "good.xyz")
    session.state.tab = "health"
    view = HealthView(session.state, session.controller, "health")
    session.run()
    finding = check(session.state.opened.dataset, session.state.opened.envs, 9.0)[0]
    view.findings = [dataclasses.replace(finding, title="<img>", explanation="<b>")]
    view._show()
    assert "<img>" not in text_of(view)
    assert "&lt;b&gt;" in text_of(view)


def test_reading_notes_are_shown_escaped_even_before_the_check(session, tmp_path):
    atoms = bulk("Cu", cubic=True)
    atoms.info.update({"final_energy": -1.5, "<img>_energy_x": -2.5})
    write(tmp_path / "noted.xyz", [atoms] * 3, format="extxyz")
    view = HealthView(session.state, session.controller, "health")
    assert "Noted while reading" not in text_of(view)
    session.open(tmp_path / "noted.xyz")
    session.state.tab = "health"
    assert "Noted while reading" in text_of(view)
    session.run()
    notes = session.state.opened.dataset.notes
    assert any("<img>" in note for note in notes)
    shown = text_of(view)
    assert all(escape(note) in shown for note in notes)
    assert "<img>" not in shown
