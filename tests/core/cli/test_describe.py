"""Tests of ``describe``."""

import re

import ase.io

import quests_core as q
import quests_core.cli.common
from quests_core.health import check
from quests_core.io.dataset import load
from tests.core.cli.commands import KEYS, run, run_json


def test_describe_reports_content_and_findings(file, tmp_path):
    frames = ase.io.read(file, ":")
    frames[5] = frames[1].copy()
    frames[3].positions[1] = frames[3].positions[0] + [0.5, 0, 0]
    for i, atoms in enumerate(frames):
        atoms.info["config_type"] = "[bold]" if i < 3 else "b"
    path = tmp_path / "bad.xyz"
    ase.io.write(path, frames, format="extxyz")
    answer = run_json("describe", path)
    dataset = load(path)
    expected = check(dataset, q.descriptors(dataset.frames), 5.0)
    assert [(f["kind"], tuple(f["frames"])) for f in answer["findings"]] == [
        (finding.kind, finding.frames) for finding in expected
    ]
    kinds = {finding["kind"]: finding for finding in answer["findings"]}
    assert kinds["duplicates"]["frames"] == [5]
    assert kinds["overlapping atoms"] | {"explanation": ""} == {
        "kind": "overlapping atoms", "severity": "error", "title": "Overlapping atoms", "explanation": "",
        "frames": [3], "removable": True,
    }  # fmt: skip
    assert answer["labels"] == {"[bold]": 3, "b": 5}
    assert answer["elements"] == ["Ag", "Cu"]
    shown = run("describe", path).stdout
    assert "error Overlapping atoms: 1 frame (3)" in shown
    assert "[bold] (3), b (5)" in shown, "what stands in a file is no markup"


def test_describe_uses_the_given_keys(keyed):
    usual, named = run_json("describe", keyed), run_json("describe", keyed, *KEYS, "--label-key", "kind")
    assert usual["labels"] == {"bulk": 6}
    assert named["labels"] == {"a": 2, "isolated_atom": 1, "b": 3}
    kinds = [{finding["kind"] for finding in answer["findings"]} for answer in (usual, named)]
    assert "no forces" in kinds[0]
    assert "no forces" not in kinds[1]


def test_a_store_is_written_and_summarized(keyed, file, tmp_path):
    """With the numbers of the same files in memory, but without findings."""
    for i, (files, options) in enumerate((((keyed,), (*KEYS, "--label-key", "kind")), ((file, keyed), ()))):
        expected = run_json("describe", *files, *options)
        store = tmp_path / str(i)
        found = run_json("describe", *files, *options, "--store", store)
        assert found.pop("store") == str(store)
        assert found == {name: expected[name] for name in found}
        assert len(q.Environments.open(store)) == expected["n_frames"]
    shown = run("describe", file, "--store", tmp_path / "c").stdout
    assert "8 frames of 4 atoms, 32 environments of Ag, Cu" in shown
    assert "Descriptors of k = 32, cutoff 5.0 Å in " in shown
    done = run("describe", file, "--store", tmp_path / "c", "-k", 9)
    assert done.exit_code == 1
    assert "Error: --store: expected a new folder, or a store of the same files" in done.stderr


LABELLED = (
    '2\nLattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3:forces:R:3 energy={}\n'
    "Cu 0 0 0 0 0 {}\nCu {} 0 2.5 0 0 {}\n"
)


def test_labels_that_are_not_finite_are_not_counted(tmp_path):
    """In memory and in a store, whichever atom has the force."""
    path = tmp_path / "labels.xyz"
    labels = (
        ("-1", 1, -1),
        ("nan", 1, -1),
        ("inf", 1, -1),
        ("-1", 1, "nan"),
        ("-1", "-inf", 1),
        ("1e200", 1, 0),
    )
    path.write_text("".join(LABELLED.format(e, a, 0.1 * i, b) for i, (e, a, b) in enumerate(labels)))
    for found in (
        run_json("describe", path, "-k", 4),
        run_json("describe", path, "-k", 4, "--store", tmp_path / "a"),
    ):
        assert (found["frames_with_energy"], found["frames_with_forces"]) == (3, 4)


def test_a_store_that_cannot_be_written_is_named(file, tmp_path):
    for store, why in (
        (file, "a file"),
        (tmp_path / "no" / "a", "No such file"),
        (file / "a", "Not a directory"),
    ):
        done = run("describe", file, "-k", 4, "--store", store)
        assert done.exit_code == 1
        assert done.stderr.startswith(
            f"Error: --store: expected a folder that can be written, got {store} ({why}"
        )


def test_a_k_whose_matrices_exceed_the_memory_is_refused(file, tmp_path):
    for options in ((), ("--store", tmp_path / "a")):
        done = run("describe", file, "-k", 10**7, *options)
        assert done.exit_code == 1
        assert re.fullmatch(r"Error: -k: expected at most [\d,]+, as k × k .*, got 10000000\n", done.stderr)
    assert not (tmp_path / "a").exists()


def test_a_lack_of_memory_is_one_line(file, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("Unable to allocate 74.5 GiB")

    monkeypatch.setattr("quests_core.cli.describe.descriptors", fail)
    done = run("describe", file)
    assert done.exit_code == 1
    assert done.stderr == "Error: not enough memory; use fewer frames, or a smaller -k\n"
