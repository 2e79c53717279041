"""The force tail of the full set and the subsets."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from scipy.stats import ks_2samp

from quests_app.analysis.forces import choices
from quests_app.plots.forces import tail_data
from quests_app.views.overview.forces import ForcesView
from tests.app.conftest import text_of


@pytest.fixture
def alloy(tmp_path, rng):
    """Return a file of two elements and two labels, one frame of which has no forces."""
    frames = []
    for i in range(12):
        atoms = bulk("Ag", cubic=True)
        atoms.symbols[[0, 2]] = "Pd"
        atoms.positions += 0.1 * rng.normal(size=(4, 3))
        if i % 3:
            atoms.info["config_type"] = "<b>hot"
        if i != 5:
            atoms.calc = SinglePointCalculator(atoms, energy=0.0, forces=rng.normal(size=(4, 3)))
        frames.append(atoms)
    path = tmp_path / "alloy.xyz"
    write(path, frames, format="extxyz")
    return path


def slow_forces(state, fits):
    """Return the forces of the matching environments, atom by atom."""
    found = []
    for frame, atoms in enumerate(state.opened.dataset.frames):
        if atoms.calc is None or frame in state.marks.excluded:
            continue
        for atom, force in zip(atoms, atoms.get_forces(), strict=True):
            if fits(atom.symbol, atoms.info.get("config_type", "")):
                found.append(np.linalg.norm(force))
    return np.sort(found)


def test_forces_are_restricted_to_the_chosen_group(session, alloy):
    session.open(alloy)
    state, view = session.state, ForcesView(session.state)
    dataset, envs = state.opened.dataset, state.opened.envs
    found = choices(dataset, envs.sizes)
    assert list(found) == [
        "all environments", "element Ag", "element Pd", "label <b>hot", "label no label",
    ]  # fmt: skip
    fits = {
        "all environments": lambda element, label: True,
        "element Pd": lambda element, label: element == "Pd",
        "label <b>hot": lambda element, label: label == "<b>hot",
        "label no label": lambda element, label: not label,
    }
    state.marks = state.marks.exclude((1, 3))
    session.run()
    for name, test in fits.items():
        view._choice.value = found[name]
        expected = slow_forces(state, test)
        np.testing.assert_allclose(view._forces.values, expected)
        shown = view._plot.sources["Tail", "full set"].data
        np.testing.assert_allclose(shown["force"], tail_data(expected)["force"])
        kept = state.mask[view._forces.frames]
        distance = ks_2samp(expected, expected[kept]).statistic if kept.any() else None
        said = "none kept" if distance is None else f"{distance:.3f}"
        assert f"msc {said}" in view._distances.object
        assert "<b>hot" not in view._distances.object


def test_excluded_frames_are_in_no_curve(opened):
    state, view = opened.state, ForcesView(opened.state)
    largest = int(view._forces.frames[-1])
    state.marks = state.marks.clear((0,)).exclude((largest,))
    opened.run()
    assert largest not in view._forces.frames
    assert len(view._forces.values) == 93 - state.opened.envs.sizes[largest]
    state.n_frames = int(state.sizes[-1])
    assert "msc 0.000" in view._distances.object


def test_missing_forces_are_noted(session, frames, tmp_path):
    frames[3].calc = frames[7].calc = None
    some, none = tmp_path / "some.xyz", tmp_path / "none.xyz"
    write(some, frames, format="extxyz")
    session.open(some)
    view = ForcesView(session.state)
    assert "2 of 24 frames without forces are left out: frames 3, 7" in text_of(view)
    assert len(view._forces.values) == 93 - 8
    for atoms in frames:
        atoms.calc = None
    write(none, frames, format="extxyz")
    session.open(none)
    assert "No forces in this file" in text_of(view)
    assert not view._figure.visible
    session.open(some)
    assert session.state.error == ""
    assert session.state.opened.dataset.has_forces
    assert view._figure.visible


def test_the_tail_of_the_subset_follows_the_size(opened):
    state, view = opened.state, ForcesView(opened.state)
    state.n_frames = 12
    kept = state.mask[view._forces.frames]
    assert view._plot.sources["Tail", "msc"].data["force"][-1] == view._forces.values[kept][-1]
