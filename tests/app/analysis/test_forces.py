"""Forces by element and label, and the distance of a subset's distribution from the full one."""

import time

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from scipy.stats import ks_2samp

from quests_app.analysis.forces import Forces, choices, forces_of, ks_distance, without
from quests_app.plots.forces import tail_data
from quests_app.views.overview.forces import ForcesView


@pytest.mark.parametrize("decimals", [1, 8])
def test_ks_distance_matches_scipy(rng, decimals):
    for n in (1, 2, 30, 2000):
        values = np.sort(rng.exponential(size=n).round(decimals))
        for share in (0.05, 0.5, 1.0):
            kept = rng.random(n) <= share
            kept[rng.integers(n)] = True
            assert ks_distance(values, kept) == pytest.approx(ks_2samp(values, values[kept]).statistic)


def test_empty_subset_has_no_distance():
    assert np.isnan(ks_distance(np.array([1.0, 2.0]), np.array([False, False])))


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
        np.testing.assert_allclose(view._plot.sources["full"].data["force"], tail_data(expected)["force"])
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


def test_a_subset_follows_the_slider_quickly_at_230000_environments(rng):
    n = 232_144
    forces = Forces(np.sort(rng.exponential(size=n)), rng.integers(3559, size=n))
    mask = rng.random(3559) < 0.25
    times = []
    for _ in range(5):
        start = time.thread_time()
        left = without(forces, (), 3559)
        kept = mask[left.frames]
        tail_data(left.values[kept])
        ks_distance(left.values, kept)
        times.append(time.thread_time() - start)
    assert min(times) < 0.03, times


def test_forces_of_all_environments_match_the_data_set(opened):
    data = opened.state.opened
    np.testing.assert_array_equal(
        forces_of(data.dataset, data.envs.frame_index).values, np.sort(data.dataset.forces)
    )
