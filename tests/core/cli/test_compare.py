"""Tests of ``delta`` and ``overlap``."""

import ase.io
import numpy as np
import pandas as pd
import pytest

import quests_core as q
import quests_core.cli.common
from tests.core.cli.commands import KEYS, PARAMETERS, environments, run, run_json


def test_delta_writes_the_labels_of_the_given_keys(keyed, other, tmp_path):
    target = tmp_path / "delta.xyz"
    run_json("delta", keyed, other, *KEYS, "-k", 4, "-o", target)
    written = q.read(target)
    assert [q.atoms_energy(atoms) for atoms in written] == [-1.5 * i for i in range(6)]
    assert q.atoms_forces(written[0]).tolist() == [[1, 2, 3], [3, 2, 1]]
    run_json("delta", keyed, other, "-k", 4, "-o", target, "--force")
    assert [q.atoms_energy(atoms) for atoms in q.read(target)] == [7] * 6


def test_delta_entropy(file, other, tmp_path):
    envs, known = environments(file, other)
    expected = q.delta_entropy(envs, known, bandwidth=0.03)
    target, table = tmp_path / "delta.xyz", tmp_path / "delta.csv"
    answer = run_json("delta", file, other, *PARAMETERS, "-o", target)
    assert np.concatenate(answer["delta_entropy"]).tolist() == expected.tolist()
    assert [len(block) for block in answer["delta_entropy"]] == [4] * 8
    assert answer["max"] == expected.max()
    assert answer["quantiles"]["0.5"] == np.median(expected)
    assert answer["overlap"] == q.overlap(envs, known, bandwidth=0.03)
    per_frame = expected.reshape(8, 4).max(axis=1)
    assert answer["most_novel_frames"][0] == per_frame.argmax()
    assert (answer["query_n_frames"], answer["reference_n_envs"]) == (8, 12)
    written = np.concatenate([atoms.arrays["delta_entropy"] for atoms in ase.io.read(target, ":")])
    assert written.tolist() == expected.tolist()
    assert run("delta", file, other, *PARAMETERS, "-o", table).exit_code == 0
    rows = pd.read_csv(table)
    assert list(rows) == ["frame", "atom", "element", "delta_entropy"]
    assert rows.delta_entropy.tolist() == expected.tolist()
    assert rows.iloc[5].tolist()[:3] == [1, 1, "Ag"]
    assert f"largest {expected.max():.3f} nats" in run("delta", file, other, *PARAMETERS).stdout
    piped = run("delta", "-", other, *PARAMETERS, "-o", "-", stdin=file.read_bytes())
    assert piped.stdout_bytes == target.read_bytes()


def test_delta_entropy_within_each_frame(file):
    (envs,) = environments(file)
    answer = run_json("delta", file, *PARAMETERS)
    assert answer["delta_entropy"] == [q.delta_entropy(x, x, bandwidth=0.03).tolist() for x in envs]
    assert answer["reference"] is None


@pytest.mark.parametrize("threshold", [1e-5, 1.0])
def test_overlap(file, other, threshold):
    envs, known = environments(file, other)
    answer = run_json("overlap", file, other, *PARAMETERS, "--threshold", threshold)
    assert answer["overlap"] == q.overlap(envs, known, bandwidth=0.03, threshold=threshold)
    assert answer["threshold"] == threshold
    assert f"covers {100 * answer['overlap']:.2f} % of 32 environments" in run(
        "overlap", file, other, *PARAMETERS, "-e", threshold
    ).stdout  # fmt: skip


def test_a_store_is_a_reference_as_its_files_are(file, other, tmp_path):
    store, parameters = tmp_path / "other.envs", ("-k", 4, "-c", 3.5, "-b", 0.03)
    q.descriptors(other, 4, 3.5, store=store)
    for command in (("delta",), ("overlap", "-e", 0.1), ("compress", "--dry-run", "-s", 3)):
        name, *options = command
        around = ["-r"] if name == "compress" else []
        expected = run_json(name, file, *around, other, *options, *parameters)
        found = run_json(name, file, *around, store, *options, *parameters)
        for answer in (expected, found):
            answer.pop("reference", None)
        assert found == expected
    for options, message in (
        (("-k", 5), "store: expected descriptors of k = 5"),
        (("--species",), "--species: expected to be left out with a store of descriptors as the reference"),
    ):
        done = run("overlap", file, store, *parameters, *options)
        assert done.exit_code == 1
        assert message in done.stderr
