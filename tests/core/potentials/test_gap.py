"""Tests of GAP: its input without the program, and small potentials where quippy-ase is installed."""

import importlib.util
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

import quests_core as q
from quests_core.potentials import GAP, TrainerMissing, TrainingError, TrainingTimeout, compare_potentials
from quests_core.potentials.gap import ENERGY, FORCES, abort_line, in_box, pairs_with_spread
from tests.core.potentials.trained import labelled_frames

needs_quippy = pytest.mark.skipif(
    importlib.util.find_spec("quippy") is None, reason="quippy-ase is not installed"
)
SMALL = GAP(cutoff=4.0, n_max=4, l_max=2, n_sparse=30)


@pytest.fixture
def quippy(tmp_path, monkeypatch):
    """Let quippy seem to be installed, for tests that do not use it."""
    (tmp_path / "site" / "quippy").mkdir(parents=True)
    (tmp_path / "site" / "quippy" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "site")


def program(folder, code):
    """Return the path of a program that runs some Python."""
    path = folder / "my_gap_fit"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return str(path)


def train(trainer, folder, frames=None, check=lambda: None):
    folder.mkdir()
    return trainer.train(frames or labelled_frames(4), {"Ag": 0.5, "Cu": -1.0}, folder, 3, check)


@pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")
def test_the_program_gets_frames_and_arguments(tmp_path, quippy):
    code = "import sys\nprint(*sys.argv[1:], sep='\\n')"
    frames = labelled_frames(4)
    del frames[1].calc.results["energy"]
    train(GAP(command=program(tmp_path, code), zeta=2), tmp_path / "run", frames)
    given = dict(line.split("=", 1) for line in (tmp_path / "run" / "gap_fit.log").read_text().splitlines())
    assert given["e0"] == "{Ag:0.5:Cu:-1.0}"
    assert given["default_sigma"] == "{0.002 0.1 0.0 0.0}"
    assert given["rnd_seed"] == "4"
    terms = [term.split()[0] for term in given["gap"].strip("{}").split(" : ")]
    # Ag and Ag are at one distance only.
    assert terms == ["distance_2b", "distance_2b", "soap"]
    assert "zeta=2" in given["gap"]
    written = q.read(tmp_path / "run" / given["at_file"], energy_key=None)
    for atoms, frame in zip(written, frames, strict=True):
        assert np.array_equal(atoms.arrays[FORCES], q.atoms_forces(frame))
        assert atoms.info.get(ENERGY) == q.atoms_energy(frame)
        assert np.array_equal(atoms.positions, frame.positions)


@pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")
def test_the_reason_of_an_abort_is_given(tmp_path, quippy):
    code = "print('SYSTEM ABORT: Exit: too few points\\nNote: exceptions\\nSTOP 1'); raise SystemExit(1)"
    with pytest.raises(TrainingError, match="ended with code 1: SYSTEM ABORT: Exit: too few points"):
        train(GAP(command=program(tmp_path, code)), tmp_path / "run")


@pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")
def test_the_time_limit(tmp_path, quippy):
    trainer = GAP(command=program(tmp_path, "import time; time.sleep(600)"), seconds=0.3)
    with pytest.raises(TrainingTimeout, match=r"took more than 0\.3 s"):
        train(trainer, tmp_path / "run")


def test_a_missing_program_says_what_to_install(tmp_path):
    with pytest.raises(TrainerMissing, match="my_fit is not installed; pip install quippy-ase"):
        train(GAP(command="my_fit"), tmp_path / "run")


@pytest.mark.parametrize(
    "wrong",
    [{"cutoff": 0.0}, {"n_max": 0}, {"l_max": -1}, {"force_sigma": -1.0}, {"seconds": 0}, {"zeta": 1.5}],
)
def test_bad_parameters(wrong):
    with pytest.raises((TypeError, ValueError), match=f"{next(iter(wrong))}: expected"):
        GAP(**wrong)


@pytest.mark.skipif(sys.platform == "win32", reason="a script with #! is no program on Windows")
def test_nothing_is_trained_if_nothing_could_be_predicted(tmp_path, monkeypatch):
    monkeypatch.setattr("quests_core.potentials.gap.importlib.util.find_spec", lambda name: None)
    with pytest.raises(TrainerMissing, match="quippy, which predicts with a GAP, is not installed"):
        train(GAP(command=program(tmp_path, "pass")), tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_parameters_are_those_that_the_potential_depends_on():
    one, other = GAP(command="/a/gap_fit", seconds=1.0), GAP(command="/b/gap_fit")
    assert one.parameters == other.parameters
    assert {"cutoff", "n_sparse", "force_sigma", "quippy_ase"} <= set(one.parameters)


def test_boxes_leave_a_gap_where_a_frame_is_not_periodic():
    water = molecule("H2O")
    boxed = in_box(water, 8.0)
    assert boxed.cell.lengths().tolist() == pytest.approx((np.ptp(water.positions, axis=0) + 8).tolist())
    assert np.array_equal(boxed.positions, water.positions)
    crystal = bulk("Cu")
    assert np.array_equal(in_box(crystal, 8.0).cell, crystal.cell)
    slab = Atoms(
        "Cu2", positions=[[0, 0, 0], [0, 0, 5]], cell=[[3, 0, 0], [1, 3, 0], [1, 1, 2]], pbc=[1, 1, 0]
    )
    boxed = in_box(slab, 8.0)
    assert np.array_equal(boxed.cell[:2], slab.cell[:2])
    height = boxed.cell.volume / np.linalg.norm(np.cross(boxed.cell[0], boxed.cell[1]))
    assert height == pytest.approx(5 + 8)


def test_pairs_at_one_distance_only_are_left_out():
    frames = [Atoms("AgCu2", positions=[[0, 0, 0], [2.5, 0, 0], [0, 2.5, 0]])]
    assert pairs_with_spread(frames, 5.0) == []
    frames.append(Atoms("AgCu", positions=[[0, 0, 0], [2.7, 0, 0]]))
    assert pairs_with_spread(frames, 5.0) == [(29, 47)]
    assert pairs_with_spread(frames, 2.6) == []
    assert pairs_with_spread([Atoms("H")], 5.0) == []


def test_the_last_line_of_a_log_without_an_abort():
    assert abort_line("a\nb\n") == "b"
    assert abort_line("") == ""


@pytest.mark.slow
@needs_quippy
def test_potentials_learn_forces_and_energies(tmp_path):
    frames = labelled_frames(16)
    found = compare_potentials(
        frames, ["msc", "random"], [3, 12], SMALL, test_size=4, seeds=[0], k=8, folder=tmp_path
    )
    assert found.table.status.tolist() == ["finished"] * 4, found.table.message.tolist()
    forces = np.concatenate([q.atoms_forces(frames[i]) for i in found.split.test])
    best = found.table[found.table.n_frames == 12].force_rmse.max()
    assert best < 0.3 * np.sqrt(np.mean(forces**2))
    few, many = found.table[found.table.method == "random"].force_rmse
    assert many < few
    energies = np.array([q.atoms_energy(frames[i]) for i in found.split.test]) / 4
    assert found.table[found.table.n_frames == 12].energy_rmse.max() < 0.3 * energies.std()
    assert len(list(tmp_path.glob("*/gap.xml"))) == 4


@pytest.mark.slow
@needs_quippy
def test_a_molecule_without_a_cell_and_frames_without_energy(tmp_path):
    frames = [molecule("H2O") for _ in range(8)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
        # Springs between the bonded atoms.
        forces = np.zeros((3, 3))
        for j in (1, 2):
            bond = atoms.positions[j] - atoms.positions[0]
            length = np.linalg.norm(bond)
            forces[0] += 20 * (length - 0.97) * bond / length
            forces[j] -= 20 * (length - 0.97) * bond / length
        atoms.arrays["forces"] = forces
    found = compare_potentials(frames, ["msc"], [6], SMALL, test_size=2, seeds=[0], k=4, folder=tmp_path)
    assert found.table.status.tolist() == ["finished"], found.table.message.tolist()
    assert found.table.energy_rmse.isna().all()
    spread = np.sqrt(np.mean(np.concatenate([frames[i].arrays["forces"] for i in found.split.test]) ** 2))
    assert found.table.force_rmse[0] < 0.5 * spread
