"""Tests of the errors by group, against sums that are written out."""

import numpy as np
import pytest
from ase import Atoms

from quests_core.potentials import Predictions
from quests_core.potentials.errors import error_groups, group_errors

FRAMES = [Atoms("CuAg"), Atoms("Cu3"), Atoms("Cu7")]


def rows_of(deltas=None, energies=(0.0, np.nan, 7.0)):
    rng = np.random.default_rng(1)
    reference = Predictions(np.array(energies), rng.normal(size=(12, 3)))
    found = Predictions(np.array([1.0, 5.0, 0.0]), rng.normal(size=(12, 3)))
    deltas = np.linspace(-3, 30, 12) if deltas is None else deltas
    groups = error_groups(FRAMES, ["b", "a", "b"], reference.forces, deltas)
    rows = group_errors(groups, FRAMES, reference, found)
    return {(row["by"], row["group"]): row for row in rows}, found.forces - reference.forces, reference.forces


def rms(values):
    return pytest.approx(np.sqrt(np.mean(np.square(values))), rel=1e-12)


def test_errors_of_all_labels_and_elements():
    rows, errors, _ = rows_of()
    assert rows["all", ""]["force_rmse"] == rms(errors)
    assert rows["all", ""]["force_mae"] == pytest.approx(np.abs(errors).mean())
    # Per atom, over the frames that have an energy: 1/2 and -7/7.
    assert rows["all", ""]["energy_rmse"] == rms([0.5, 1.0])
    assert rows["all", ""]["energy_mae"] == pytest.approx(0.75)
    assert rows["label", "a"]["force_rmse"] == rms(errors[2:5])
    assert np.isnan(rows["label", "a"]["energy_rmse"])
    assert rows["element", "Ag"]["force_rmse"] == rms(errors[1:2])
    assert rows["element", "Cu"]["n_envs"] == 11
    assert np.isnan(rows["element", "Cu"]["energy_mae"])


def test_force_deciles_are_of_equal_size_and_in_order():
    rows, errors, forces = rows_of()
    deciles = [rows["force_decile", str(i)] for i in range(1, 11)]
    assert sorted({row["n_envs"] for row in deciles}) == [1, 2]
    limits = [limit for row in deciles for limit in (row["low"], row["high"])]
    assert limits == sorted(limits)
    assert deciles[9]["high"] == np.linalg.norm(forces, axis=1).max()
    top = np.argsort(np.linalg.norm(forces, axis=1))[-1:]
    assert deciles[9]["force_rmse"] == rms(errors[top])


def test_delta_entropy_groups_include_their_upper_limit():
    deltas = np.array([-1, 0, 0.1, 5, 5.1, 20, 20.1, 99, np.inf, 1, 1, 1])
    rows, errors, _ = rows_of(deltas)
    counts = {group: row["n_envs"] for (by, group), row in rows.items() if by == "delta_entropy"}
    assert counts == {"≤ 0": 2, "0 to 5": 5, "5 to 20": 2, "> 20": 3}
    assert rows["delta_entropy", "> 20"]["force_rmse"] == rms(errors[6:9])


def test_empty_groups_are_left_out():
    rows, *_ = rows_of(np.full(12, -1.0))
    assert [group for by, group in rows if by == "delta_entropy"] == ["≤ 0"]


def test_frames_without_any_energy():
    rows, *_ = rows_of(energies=(np.nan,) * 3)
    assert np.isnan(rows["all", ""]["energy_rmse"])
