"""Tests of the commands for one file."""

import json

import ase.io
import numpy as np
import pandas as pd
import pytest
from ase.build import bulk

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import KEYED, PARAMETERS, environments, run, run_json


def test_entropy_and_diversity(file):
    (envs,) = environments(file)
    entropy, diversity = q.entropy(envs, 0.03), q.diversity(envs, 0.03)
    answer = run_json("metrics", file, *PARAMETERS)
    assert answer == {
        "file": str(file), "entropy": entropy, "diversity": diversity, "bound": np.log(32),
        "n_frames": 8, "n_envs": 32,
        "parameters": {"k": 4, "cutoff": 3.5, "bandwidth": 0.03, "species": True},
    }  # fmt: skip
    assert run_json("entropy", file, *PARAMETERS)["entropy"] == entropy
    assert run_json("diversity", file, *PARAMETERS)["diversity"] == diversity
    assert "diversity" not in run_json("entropy", file, *PARAMETERS)
    assert run("entropy", file, *PARAMETERS).stdout == (
        f"entropy {entropy:.3f} nats; at most ln 32 = 3.466 nats\n"
    )


def test_a_store_on_disk_gives_the_same_and_is_used_again(file, tmp_path):
    plain = ("-k", 4, "-c", 3.5, "-b", 0.03)
    expected = run_json("metrics", file, *plain)
    store = tmp_path / "descriptors"
    stored = (*plain, "--store", store, "--memory-limit", "100MB")
    assert run_json("metrics", file, *stored) == expected
    before = (store / "manifest.json").stat().st_mtime_ns
    assert run_json("entropy", file, *stored)["entropy"] == expected["entropy"]
    assert (store / "manifest.json").stat().st_mtime_ns == before
    assert run_json("diversity", file, *stored)["diversity"] == expected["diversity"]


def test_merging_counts_what_remains(file, tmp_path):
    (envs,) = environments(file)
    expected = q.entropy(envs, 0.03, merge=0.5)
    answer = run_json("metrics", file, *PARAMETERS, "--merge", 0.5)
    assert answer["entropy"] == expected != q.entropy(envs, 0.03)
    assert answer["diversity"] == q.diversity(envs, 0.03, merge=0.5)
    assert answer["merge"] == 0.5
    assert 1 <= answer["n_merged_envs"] == len(envs.merged(0.5 * 0.03)) < 32
    done = run("entropy", file, *PARAMETERS, "--merge", 0.5)
    assert done.stdout.endswith(f"nats; {answer['n_merged_envs']} environments after merging\n")
    stored = ("-k", 4, "-c", 3.5, "-b", 0.03, "--merge", 0.5)
    plain = run_json("entropy", file, *stored)
    assert run_json("entropy", file, *stored, "--store", tmp_path / "descriptors") == plain
    assert run("entropy", file, "--merge", -1).stderr == (
        "Error: --merge: expected a number of at least 0, got -1.0\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--memory-limit", "1GB"), "--memory-limit: expected together with --store"),
        (("--store", "{}/new", "--species"), "--species: expected to be left out with --store"),
        (("--store", "{}/new", "--memory-limit", "much"), "--memory-limit: expected"),
        (("--store", "{}"), "--store: expected a new folder"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused(file, options, message):
    done = run("entropy", file, *(option.format(file.parent) for option in options))
    assert done.exit_code == 1
    assert message in done.stderr


def test_learning_curve(file, tmp_path):
    (envs,) = environments(file)
    expected = q.learning_curve(envs, [8, 16, 32], 4, bandwidth=0.03, random_state=5)
    options = ("--sizes", "8,0.5,1.0", "--repeats", 4, "--seed", 5)
    target = tmp_path / "curve.csv"
    answer = run_json("learning-curve", file, *PARAMETERS, *options, "-o", target)
    assert answer["learning_curve"] == expected.to_dict("list")
    pd.testing.assert_frame_equal(pd.read_csv(target), expected)
    done = run("learning-curve", file, *PARAMETERS, *options, "-o", "-")
    assert done.stdout == target.read_text()
    assert "entropy_std" in done.stderr
    default = run_json("learning-curve", file, *PARAMETERS, "--dry-run", "-o", target)["learning_curve"]
    assert default == q.learning_curve(envs, bandwidth=0.03).to_dict("list")
    assert run("learning-curve", file, "-o", target).exit_code == 1


def test_bandwidth(file, tmp_path):
    assert run_json("bandwidth", 11.5) == {"volume": 11.5, "bandwidth": q.bandwidth_from_volume(11.5)}
    volume = bulk("Cu").get_volume()
    answer = run_json("bandwidth", file)
    assert answer["volume"] == pytest.approx(volume)
    assert answer["bandwidth"] == pytest.approx(q.bandwidth_from_volume(volume))
    atoms = bulk("Cu", cubic=True)
    atoms.pbc = [True, True, False]
    ase.io.write(tmp_path / "slab.xyz", atoms, format="extxyz")
    assert "no frame is periodic in three directions" in run("bandwidth", tmp_path / "slab.xyz").stderr


def test_mean_volume_ignores_isolated_atoms(keyed):
    keyed.write_text(keyed.read_text() + KEYED.format(0, "isolated_atom", 0).replace('"9 0', '"90 0'))
    assert run_json("bandwidth", keyed)["volume"] == pytest.approx((6 * 729 + 7290) / 14)
    assert run_json("bandwidth", keyed, "--label-key", "kind")["volume"] == pytest.approx(729 / 2)


@pytest.mark.jit
def test_published_values_of_real_frames(data_file):
    path = data_file("gap20_Fullerenes.xyz.gz")
    known = json.loads(data_file("reference_values.json").read_text())["gap20_Fullerenes"]
    answer = run_json("metrics", path)
    assert (answer["n_frames"], answer["n_envs"]) == (known["structures"], known["envs"])
    assert answer["entropy"] == pytest.approx(known["H"], abs=1e-5)
    assert answer["diversity"] == pytest.approx(known["D"], abs=1e-5)
    assert answer["bound"] == pytest.approx(known["logN"], abs=1e-6)
    kept, quarter = run_json("compress", path, "-m", "msc", "-s", "0.25", "--dry-run"), known["curve"]["0.25"]
    assert kept["indices_by_rank"][:20] == known["msc_first20"]
    assert kept["n_frames"] == quarter["n"]
    assert kept["metrics"]["overlap"] == pytest.approx(quarter["overlap"], abs=1e-5)
    assert run_json("delta", path, path)["overlap"] == 1.0


@pytest.mark.parametrize("share", ["0%", "-5%", "150%", "0.0", "nan%", "10%,0%"])
def test_fraction_out_of_range_is_an_error(file, share):
    done = run("learning-curve", file, "-f", share)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: --sizes: expected fractions above 0 and up to 100%, got ")
