"""Tests of the study of potentials: its tables say what the numbers say, and its quick part trains."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.core.potentials.endless_gap import end_while_training, install

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
METHODS = ("msc", "random")


@pytest.fixture
def report(monkeypatch):
    """Return the module of the tables."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "potentials_report", raising=False)
    return importlib.import_module("potentials_report")


def plan(n):
    return SimpleNamespace(
        methods=METHODS,
        sets=("a", "b", "c"),
        tests=("random",),
        sizes=(0.25, 0.5),
        seeds=(0, 1),
        n_potentials=n,
    )


def table(ratios, envs=1.0):
    """Return potentials whose error falls as 1/√N, `msc` worse by the ratio of the set."""
    rows = []
    for name, ratio in ratios.items():
        for seed in (0, 1):
            for size in (0.25, 0.5, 1.0):
                methods = {"full": 1.0} if size == 1.0 else {"msc": ratio, "random": 1.0}
                scale = 0.1 * (1 + seed) / size**0.5
                rows += [
                    {
                        "set": name, "test": "random", "seed": seed, "spread": 1.0, "method": method,
                        "size": size, "status": "finished", "force_rmse": scale * factor,
                        "n_envs": 100 * size * (envs if method == "msc" else 1.0),
                    }
                    for method, factor in methods.items()
                ]  # fmt: skip
    return pd.DataFrame(rows)


def test_ratios_to_random_and_to_the_whole_training_part(report):
    found = report.with_ratios(table({"mlearn_Mo": 0.8}, envs=1.21)).set_index("method")
    assert np.allclose(np.exp(found.loc["msc", "at_frames"]), 0.8)
    # `random` with 1.21 times the environments has an error 1.1 times lower.
    assert np.allclose(np.exp(found.loc["msc", "at_environments"]), 0.8 * 1.1)
    assert np.allclose(np.exp(found.loc["random", "to_full"]), [2.0, 2**0.5] * 2)
    assert found.loc["msc", "rank"].eq(1).all()
    assert found.loc["random", "rank"].eq(2).all()
    assert found.loc["full", "rank"].isna().all()


def test_a_diverged_potential_ranks_last(report):
    potentials = table({"mlearn_Mo": 0.8})
    lost = (potentials.method == "msc") & (potentials["size"] == 0.5)
    potentials.loc[lost, ["force_rmse", "status"]] = [np.nan, "diverged"]
    found = report.with_ratios(potentials)
    assert found[lost]["rank"].eq(2).all()
    assert "2 of them diverged" in report.extent(found, plan(10))[0]


def test_families_count_the_same_and_are_drawn(report):
    ratios = {"gap20_A": 0.5, "gap20_B": 0.5, "gap20_C": 0.5, "mlearn_Mo": 1.0}
    values = np.log(pd.Series(ratios))
    mean, low, high = report.by_families(values)
    assert np.isclose(mean, np.log(0.5) / 2)
    # With two families, a quarter of the draws has each one twice.
    assert np.allclose([low, high], [np.log(0.5), 0.0])
    only_carbon = report.by_families(values[:3])
    assert np.isclose(only_carbon[0], np.log(0.5))
    assert np.isnan(only_carbon[1:]).all()


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ((0.8, 0.7, 0.9, 0.8, 0.7), "- `msc` has a lower force RMSE than `random` at"),
        ((1.2, 1.1, 1.3, 1.2, 1.1), "- `msc` has a **higher** force RMSE than `random` at"),
        ((0.8, 1.0, 1.3, 0.9, 1.1), "- `msc` and `random` show no difference at"),
        ((0.8, 0.7, 0.9, 0.8), "- `msc` against `random`, at the same number of frames: −20.3 % ("),
        ((0.8,), "- `msc` against `random`, at the same number of frames: −20.0 %, of too few families (1)"),
    ],
)
def test_the_verdict_follows_the_interval_of_enough_families(report, ratios, said):
    sets = ("mlearn_Mo", "mlearn_Si", "cu_poet_19", "3bpa", "agpd_msg")
    potentials = table(dict(zip(sets, ratios, strict=False)))
    lines = report.report(potentials, plan(len(potentials)), pd.DataFrame({"why": {"mlearn_Mo": "small"}}))
    assert any(line.startswith(said) for line in lines)
    n = len(ratios)
    counted = f"sets: {n} of 3, families: {n}, seeds: 2 of 2."
    assert lines[0] == f"{10 * n} of {10 * n} planned potentials are finished; {counted}"


def test_the_default_is_compared_with_other_methods(report):
    potentials = table({name: 0.9 for name in ("mlearn_Mo", "mlearn_Si", "cu_poet_19", "3bpa", "agpd_msg")})
    balanced = potentials[potentials.method == "msc"].assign(method="balanced")
    balanced["force_rmse"] *= 1.1
    found = report.with_ratios(pd.concat([potentials, balanced], ignore_index=True))
    lines = report.verdicts(found[found.method != "full"], ["balanced", "msc", "random"])
    assert len(lines) == 3
    assert lines[2].startswith("- `balanced` has a **higher** force RMSE than `msc` at the same number of")
    assert "+10.0 %" in lines[2]
    assert lines[0].endswith("It is lower at all 10 sizes of all sets.")
    lost = (found.set == "3bpa") & (found.method == "balanced") & (found["size"] == 0.5)
    found.loc[lost, "force_rmse"] = 1.0
    (first, *_) = report.verdicts(found[found.method != "full"], ["balanced", "msc", "random"])
    assert first.endswith("It is higher at 1 of 10 sizes of all sets: 3bpa (50 %).")


def test_an_incomplete_store_is_said_to_be_incomplete(report, tmp_path):
    potentials = table({"mlearn_Mo": 0.8, "mlearn_Si": 1.1})[:-2]
    lines = report.report(potentials, plan(40), pd.DataFrame({"why": {"mlearn_Mo": "small"}}))
    assert lines[0].startswith("**The study is incomplete**: 18 of 40 planned potentials are finished")
    # The last seed of Si lacks `random` at 50 %: none of its sizes counts.
    cells = "Cells (set, size and seed), of sets and seeds that are complete: 6;"
    assert any(line.startswith(cells) for line in lines)
    report.draw(potentials, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_gap_fit_too(tmp_path, data_file, name):
    data_file("cu_poet_19.xyz.gz")
    (tmp_path / "bin").mkdir()
    command = [sys.executable, BENCHMARKS / "potentials.py", "--quick", "--cache", tmp_path / "cache"]
    environment = install(tmp_path / "bin")
    assert end_while_training(command, environment, tmp_path / "bin", getattr(signal, name)) != 0


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("quippy") is None, reason="quippy-ase is not installed")
def test_the_quick_part_trains_and_resumes(tmp_path, data_file):
    data_file("cu_poet_19.xyz.gz")
    command = [sys.executable, BENCHMARKS / "potentials.py", "--quick", "--cache", tmp_path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    first = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stderr
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*-*.json")}
    assert len(stored) == 4
    assert "4 of 4 planned potentials are finished" in first
    again = subprocess.run([*command, "--kept"], capture_output=True, text=True, check=True, env=environment)
    assert again.stderr == first[first.index("4 of 4") :]
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*-*.json")} == stored

    next(iter(stored)).unlink()
    failed = subprocess.run([*command, "--kept"], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "expected 4 potentials whose force RMSE is below 0.5" in failed.stderr
