"""Frames of the open file to remove."""

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from quests_app.analysis.analysed_dataset import AnalysedDataset, environments
from quests_app.analysis.curation import leaked_frames, near_duplicates, trajectory_steps
from quests_app.analysis.parameters import Marks, Parameters, load
from quests_app.analysis.reference import reference
from tests.core.health.frames import good_frames, label
from tests.core.health.test_near_pairs import copied


def analysed(frames, path, **parameters):
    write(path, frames, format="extxyz")
    chosen, dataset = Parameters(k=8, **parameters), load(path)
    return AnalysedDataset(dataset, chosen, environments(dataset, chosen))


@pytest.fixture
def frames(rng):
    return good_frames(rng, 8)


def test_repetitions_are_named_with_their_tolerance_and_marked_frames_stay(frames, rng, tmp_path):
    frames[5] = copied(frames[2], rng)
    frames[6] = copied(frames[2], rng, shift=0.003)
    opened = analysed(frames, tmp_path / "a.xyz")
    (exact,) = near_duplicates(opened, Marks(), 1e-4)
    assert exact.reasons == {5: "duplicates: repeats frame 2, within 0.0001 Å⁻¹"}
    (near,) = near_duplicates(opened, Marks(), 0.01)
    assert near.finding.frames == (5, 6)
    assert "Frame 5 repeats 2; 6 repeats 2." in near.finding.explanation
    assert near.finding.removable
    (one,) = near_duplicates(opened, Marks(locked=(5,)), 0.01)
    assert one.finding.frames == (6,), "the user wants to keep it"
    (other,) = near_duplicates(opened, Marks(excluded=(2,)), 0.01)
    assert other.reasons[6].startswith("duplicates: repeats frame 5")
    assert near_duplicates(opened, Marks(excluded=(5, 6)), 0.01) == ()


def test_without_blocks_of_elements_only_atoms_in_place_are_compared(frames, tmp_path):
    frames[0].symbols[:8] = "Ag"
    exchanged = frames[0].copy()
    exchanged.symbols[:8], exchanged.symbols[8:16] = "Cu", "Ag"
    pair = [label(frames[0], None, energy=-1.0), label(exchanged, None, energy=-1.0)]
    assert near_duplicates(analysed(pair, tmp_path / "a.xyz"), Marks(), 0.03) == ()
    opened = analysed([*pair, frames[0]], tmp_path / "b.xyz")
    (same,) = near_duplicates(opened, Marks(), 1e-4)
    assert same.finding.frames == (2,)
    assert "only frames with the same atoms at the same places" in same.finding.explanation


@pytest.mark.parametrize("species", [False, True])
def test_frames_of_a_test_file_are_found_whatever_its_elements(frames, rng, tmp_path, species):
    lone = label(Atoms("Cu", cell=[20] * 3, pbc=True), rng)
    opened = analysed([*frames, lone], tmp_path / "a.xyz", species=species)
    other = Atoms("Ag", cell=[20] * 3, pbc=True)
    write(tmp_path / "t.xyz", [other, copied(frames[3], rng), lone, frames[6]], format="extxyz")
    test = reference(tmp_path / "t.xyz", "t.xyz", opened.parameters)
    np.testing.assert_array_equal(test.numbers[:2], [47, 29])
    (found,) = leaked_frames(opened, Marks(), test, 1e-4)
    assert found.finding.frames == (3, 6)
    assert found.reasons[6] == (
        f"leakage: is test frame 3, within 0.0001 Å⁻¹, of t.xyz (sha256 {test.sha256[:16]})"
    )
    (rest,) = leaked_frames(opened, Marks(excluded=(3,)), test, 1e-4)
    assert rest.finding.frames == (6,)


def test_small_steps_need_a_step(frames, rng, tmp_path):
    for i, atoms in enumerate(frames):
        label(atoms, rng, energy=len(atoms) * (0.001 * i))
    opened = analysed(frames, tmp_path / "a.xyz")
    assert trajectory_steps(opened, Marks(), None, None) == ()
    (found,) = trajectory_steps(opened, Marks(), 0.0025, None)
    assert found.finding.frames == (1, 2, 4, 5, 7)
    assert found.reasons[1] == (
        "steps: small step from frame 0, the energy differs by less than 2.5 meV atom⁻¹"
    )
    (both,) = trajectory_steps(opened, Marks(), 0.0025, 1e3)
    assert "and the mean δH is below 1000 nats" in both.finding.explanation
    assert both.finding.frames == found.finding.frames
