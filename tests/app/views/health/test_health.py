"""Health checks on files with injected faults: each is found in its frame, and nowhere else."""

import dataclasses
import threading
from html import escape

import numpy as np
import panel as pn
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.neighborlist import neighbor_list

from quests_app.analysis import analysed_dataset, parameters
from quests_app.analysis.parameters import Parameters
from quests_app.jobs.activity import Activity
from quests_app.views.health.health import HealthView
from quests_app.views.queue_text import queue_status
from quests_core import descriptors
from quests_core.health import check
from quests_core.health.structures import overlaps
from tests.app.conftest import WAIT_SECONDS


def good_frames(rng, n=40):
    """Return frames without findings."""
    frames = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        forces = rng.normal(size=(len(atoms), 3))
        frames.append(label(atoms, rng, forces - forces.mean(axis=0)))
    return frames


def label(atoms, rng, forces=None, energy=None, name="bulk"):
    forces = np.zeros((len(atoms), 3)) if forces is None else forces
    energy = (-3.5 + 0.01 * rng.normal()) * len(atoms) if energy is None else energy
    atoms.info["config_type"] = name
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
    return atoms


def checked(frames, tmp_path):
    """Return the findings about frames, by kind."""
    path = tmp_path / "file.xyz"
    write(path, frames, format="extxyz")
    dataset = parameters.load(path)
    found = check(dataset, analysed_dataset.environments(dataset, Parameters()), 5.0)
    assert len({finding.kind for finding in found}) == len(found)
    return {finding.kind: finding for finding in found}


def test_nothing_is_found_in_good_frames(rng, tmp_path):
    assert checked(good_frames(rng), tmp_path) == {}


def without_label(atoms, rng):
    del atoms.info["config_type"]


def without_energy(atoms, rng):
    atoms.calc = SinglePointCalculator(atoms, forces=atoms.get_forces())


def other_name(atoms, rng):
    energy = atoms.get_potential_energy()
    without_energy(atoms, rng)
    atoms.info["REF_energy"] = energy


def far_energy(atoms, rng):
    atoms.calc.results["energy"] += 5.0 * len(atoms)


def without_forces(atoms, rng):
    atoms.calc = SinglePointCalculator(atoms, energy=atoms.get_potential_energy())


def extreme_force(atoms, rng):
    atoms.calc.results["forces"][3] += [40, 0, 0]
    atoms.calc.results["forces"][4] -= [40, 0, 0]


def net_force(atoms, rng):
    atoms.calc.results["forces"] += [0.2, 0, 0]


def left_handed(atoms, rng):
    atoms.cell = atoms.cell[[1, 0, 2]]


def overlapping(atoms, rng):
    atoms.positions[5] = atoms.positions[4] + [1.0, 0, 0]


def overlapping_image(atoms, rng):
    atoms.positions[0] = atoms.positions[1] + [0.4, 0, 0] + atoms.cell[0]


def other_element(atoms, rng):
    atoms.symbols[0] = "Ag"


def not_periodic(atoms, rng):
    atoms.pbc = False


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (without_label, "missing labels"),
        (without_energy, "missing energies"),
        (other_name, "mixed names"),
        (far_energy, "energy outliers"),
        (without_forces, "missing forces"),
        (extreme_force, "extreme forces"),
        (net_force, "net forces"),
        (left_handed, "left-handed cells"),
        (overlapping, "overlapping atoms"),
        (overlapping_image, "overlapping atoms"),
        (other_element, "mixed elements"),
        (not_periodic, "mixed periodicity"),
    ],
)
def test_each_fault_is_found_where_it_is(rng, tmp_path, fault, kind):
    frames = good_frames(rng)
    for i in (7, 21):
        fault(frames[i], rng)
    found = checked(frames, tmp_path)
    assert set(found) == {kind}
    assert found[kind].frames == (7, 21)


def test_duplicates_are_found_except_the_first_of_each(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[9], frames[20] = frames[4].copy(), frames[4].copy()
    turned = frames[2].copy()
    turned.rotate(33, "xyz", rotate_cell=True)
    order = rng.permutation(len(turned))
    turned = turned[order]
    turned.positions += [0.3, 1.1, -0.4]
    frames[15] = turned
    for i in (9, 15, 20):
        label(frames[i], rng)
    found = checked(frames, tmp_path)
    assert set(found) == {"duplicates", "near duplicates"}
    assert found["duplicates"].frames == (9, 20)
    assert found["near duplicates"].frames == (15,)


def test_nearly_equal_frames_are_not_duplicates(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[8] = frames[3].copy()
    frames[8].positions[0] += [1e-3, 0, 0]
    frames[11] = frames[5].copy()
    frames[11].symbols[0] = "Ag"
    label(frames[8], rng), label(frames[11], rng)
    assert set(checked(frames, tmp_path)) == {"mixed elements"}


def test_isolated_atoms(rng, tmp_path):
    frames = good_frames(rng, 24)
    frames[0] = label(Atoms("Cu"), rng, name="IsolatedAtom", energy=-0.2)
    frames[5] = label(Atoms("Cu", cell=[20] * 3, pbc=True), rng, energy=-0.2)
    cluster = molecule("CH4")
    cluster += Atoms("H", positions=[[30, 0, 0]])
    frames[6] = label(cluster, rng)
    found = checked(frames, tmp_path)
    assert found["isolated atoms"].frames == (0, 5)
    assert found["unlabelled atoms"].frames == (5,)
    assert found["no neighbours"].frames == (6,)
    assert "energy outliers" not in found


def test_cells(rng, tmp_path):
    frames = good_frames(rng, 22)
    frames[3] = label(bulk("Cu"), rng)
    frames[4] = label(
        Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]], cell=[[6, 0, 0], [0, 6, 0], [5, 5, 0.08]], pbc=True), rng
    )
    frames[5] = label(Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]], cell=[6, 6, 0], pbc=[True, True, False]), rng)
    found = checked(frames, tmp_path)
    assert found["flat cells"].frames == (4,)
    assert set(found["thin cells"].frames) == {3, 4}
    assert found["mixed periodicity"].frames == (5,)


def test_overlaps_match_a_full_search(rng):
    frames = []
    for _ in range(150):
        symbols = list(rng.choice(["H", "C", "Cu", "Cs"], size=5))
        frames.append(
            Atoms(symbols, positions=3.5 * rng.random((5, 3)), cell=[4] * 3, pbc=rng.random(3) < 0.5)
        )
    radii = {"H": 0.31, "C": 0.76, "Cu": 1.32, "Cs": 2.44}
    slow = []
    for i, atoms in enumerate(frames):
        first, second, distances = neighbor_list("ijd", atoms, 3.0)
        names = atoms.get_chemical_symbols()
        if any(
            d < 0.5 * (radii[names[a]] + radii[names[b]])
            for a, b, d in zip(first, second, distances, strict=True)
        ):
            slow.append(i)
    (found,) = overlaps(frames, descriptors(frames), 5.0)
    assert 10 < len(slow) < 140
    assert list(found.frames) == slow


def text_of(view):
    return " ".join(pane.object or "" for pane in view.__panel__().select(pn.pane.HTML))


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
    assert shown.index("Extreme forces") < shown.index("No label")
    buttons(view)["Select: No label"].clicks += 1
    assert state.selected == (9,)
    assert "Exclude: No label" not in buttons(view)
    buttons(view)["Exclude: Extreme forces"].clicks += 1
    assert state.marks.excluded == (7,)
    session.run()
    assert state.error == ""


def test_status_of_a_queued_check_and_retry_of_a_failed_one(session, file, monkeypatch):
    session.open(file)
    state, go_on, checking = session.state, threading.Event(), threading.Event()
    head, again = "Health of the data set", "Check the data set"
    session.controller.run("Something <else>", lambda _: go_on.wait(WAIT_SECONDS), print, print, quick=True)

    def fail(*_):
        checking.wait(WAIT_SECONDS)
        raise ValueError("the check of this test")

    monkeypatch.setattr("quests_app.views.health.health.check", fail)
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


def test_queue_position_among_sessions_is_shown():
    activity = Activity(running=True, title="Checks", step="Waiting for its turn: 2 ahead")
    assert queue_status(activity, "Checks") == "waiting for its turn: 2 ahead"
    activity.param.update(step="checks", fraction=0.4)
    assert queue_status(activity, "Checks") == "running, 40 %"
    activity.running = False
    assert queue_status(activity, "Checks") == "waiting for its turn"


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
