"""The commands give what the library gives, to people, to machines and to pipes."""

import gzip
import importlib.metadata
import io
import json
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
import pytest
from ase.build import bulk
from typer.testing import CliRunner

import quests_core as q
import quests_core.cli.common
from quests_core import published
from quests_core.cli import app, serve
from quests_core.health import check
from quests_core.io.dataset import load

PARAMETERS = ("-k", 4, "-c", 3.5, "-b", 0.03, "--species")


def frames_of(rng, n, alloy="Ag"):
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[i % 4] = alloy
        atoms.positions += 0.02 * i * rng.normal(size=(4, 3))
        frames.append(atoms)
    return frames


@pytest.fixture
def file(rng, tmp_path):
    ase.io.write(tmp_path / "train.xyz", frames_of(rng, 8), format="extxyz")
    return tmp_path / "train.xyz"


@pytest.fixture
def other(rng, tmp_path):
    ase.io.write(tmp_path / "other.xyz", frames_of(rng, 3, "Au"), format="extxyz")
    return tmp_path / "other.xyz"


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)


def told(*arguments, stdin=None):
    done = run(*arguments, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def environments(*paths):
    """Return the environments of each file; all know the elements of all, as the commands have it."""
    sets = [q.read(path) for path in paths]
    species = sorted({symbol for frames in sets for atoms in frames for symbol in atoms.symbols})
    return [q.descriptors(frames, k=4, cutoff=3.5, species=species) for frames in sets]


# compress


@pytest.mark.jit
@pytest.mark.parametrize("method", [method for method in q.METHODS if method != "pcov_fps"])
def test_the_same_frames_as_the_library(file, tmp_path, method):
    target, expected = tmp_path / "kept.xyz", tmp_path / "expected.xyz"
    answer = told(
        "compress", file, "-m", method, "-s", 5, *PARAMETERS, "--locked", "7,2", "--excluded", "4-5",
        "--seed", 3, "--order", "rank", "-o", target,
    )  # fmt: skip
    (envs,) = environments(file)
    selection = q.select(envs, method, 5, bandwidth=0.03, locked=[2, 7], excluded=[4, 5], random_state=3)
    assert answer["indices_by_rank"] == selection.order.tolist()
    assert answer["parameters"]["k"] == 4
    assert answer["output"] == str(target)
    q.write_subset(expected, file, selection.order, order="rank")
    assert target.read_bytes() == expected.read_bytes()
    rest = envs.take(np.setdiff1d(np.arange(8), [4, 5]))
    kept = envs.take(selection.order)
    assert answer["metrics"]["overlap"] == q.overlap(rest, kept, bandwidth=0.03)
    assert answer["metrics"]["entropy"] == pytest.approx(q.entropy(kept, bandwidth=0.03), abs=1e-6)


def test_pcov_fps_takes_the_energies_per_atom_of_the_file(file, rng, tmp_path):
    energies = rng.normal(-14.0, 2.0, 8)
    frames = [atoms.repeat(1 + i % 2) for i, atoms in enumerate(q.read(file))]
    for atoms, energy in zip(frames, energies, strict=True):
        atoms.info["REF_energy"] = energy * len(atoms)
    ase.io.write(tmp_path / "labelled.xyz", frames, format="extxyz")
    answer = told("compress", tmp_path / "labelled.xyz", "-m", "pcov_fps", "-s", 5, "--dry-run", *PARAMETERS)
    (envs,) = environments(tmp_path / "labelled.xyz")
    assert answer["indices_by_rank"] == q.select(envs, "pcov_fps", 5, y=energies).order.tolist()
    del frames[3].info["REF_energy"]
    ase.io.write(tmp_path / "labelled.xyz", frames, format="extxyz")
    done = run("compress", tmp_path / "labelled.xyz", "-m", "pcov_fps", "--dry-run", *PARAMETERS)
    assert done.exit_code == 1
    assert "frame 3: expected an energy, which the method pcov_fps needs of every frame" in done.stderr


def test_frames_that_complement_a_reference(file, other, tmp_path):
    answer = told("compress", file, "-r", other, "-s", 3, *PARAMETERS, "-o", tmp_path / "kept.xyz")
    envs, known = environments(file, other)
    selection = q.select(envs, n_to_select=3, bandwidth=0.03, reference=known)
    assert answer["indices_by_rank"] == selection.order.tolist()
    both = np.concatenate([known.X, envs.take(selection.order).X])
    assert answer["metrics"]["overlap_with_reference"] == q.overlap(envs, both, bandwidth=0.03)
    done = run("compress", file, "-r", other, "-m", "k_means", "--dry-run", *PARAMETERS)
    assert done.exit_code == 1
    assert "reference: expected None for method 'k_means', whose clusters divide" in done.stderr


@pytest.mark.parametrize(
    ("size", "n"), [("1", 1), ("1.0", 8), ("0.5", 4), ("8", 8), ("50%", 4), ("12.5 %", 1)]
)
def test_sizes_are_counts_or_shares(file, size, n):
    assert told("compress", file, "-s", size, "-k", 4, "-m", "random", "--dry-run")["n_frames"] == n


def test_the_smallest_subset_such_that(file):
    (envs,) = environments(file)
    for given, until in (
        (["-u", "overlap=0.6", "-u", "max_envs=30"], {"overlap": 0.6, "max_envs": 30}),
        (["--until", "information_loss=0.5", "-s", "8"], {"information_loss": 0.5}),
    ):
        answer = told("compress", file, *given, *PARAMETERS, "--dry-run")
        assert answer["indices_by_rank"] == q.select(envs, bandwidth=0.03, until=until).order.tolist()
        assert answer["parameters"]["until"] == until


def test_a_dry_run_writes_nothing(file, tmp_path):
    target = tmp_path / "kept.xyz"
    done = run("compress", file, "-o", target, "-k", 4, "--dry-run")
    assert done.exit_code == 0
    assert "balanced keeps 2 of 8 frames: overlap" in done.stdout
    assert not target.exists()


def test_the_defaults_are_those_of_the_library(file, tmp_path):
    answer = told("compress", file, "-o", tmp_path / "kept.xyz")
    selection = q.select(q.descriptors(q.read(file)), n_to_select=0.25)
    assert answer["indices_by_rank"] == selection.order.tolist()
    assert answer["parameters"] == selection.parameters | {
        "k": 32, "cutoff": 5.0, "species": False, "cost": "frames",
    }  # fmt: skip


def test_from_pipe_to_pipe(file):
    content = file.read_bytes()
    done = run("compress", "-", "-s", 3, "-k", 4, "-m", "random", "-o", "-", stdin=content)
    assert done.exit_code == 0
    order = q.select(q.descriptors(q.read(file), k=4), "random", 3).order
    lines = content.splitlines(keepends=True)
    assert done.stdout_bytes == b"".join(b"".join(lines[6 * i : 6 * i + 6]) for i in sorted(order))
    assert "random keeps 3 of 8 frames" in done.stderr
    packed = run("compress", "-", "-s", 3, "-k", 4, "-m", "random", "-o", "-", stdin=gzip.compress(content))
    assert packed.stdout_bytes == done.stdout_bytes
    assert json.loads(run("entropy", "-", "-k", 4, "--json", stdin=content).stdout)["file"] == "-"


def test_the_name_decides_about_compression(file, tmp_path):
    for name in ("kept.xyz", "kept.xyz.gz"):
        told("compress", file, "-s", 3, "-k", 4, "-m", "random", "-o", tmp_path / name)
    assert gzip.decompress((tmp_path / "kept.xyz.gz").read_bytes()) == (tmp_path / "kept.xyz").read_bytes()


# one file


def test_entropy_and_diversity(file):
    (envs,) = environments(file)
    entropy, diversity = q.entropy(envs, 0.03), q.diversity(envs, 0.03)
    answer = told("metrics", file, *PARAMETERS)
    assert answer == {
        "file": str(file), "entropy": entropy, "diversity": diversity, "bound": np.log(32),
        "n_frames": 8, "n_envs": 32,
        "parameters": {"k": 4, "cutoff": 3.5, "bandwidth": 0.03, "species": True},
    }  # fmt: skip
    assert told("entropy", file, *PARAMETERS)["entropy"] == entropy
    assert told("diversity", file, *PARAMETERS)["diversity"] == diversity
    assert "diversity" not in told("entropy", file, *PARAMETERS)
    assert run("entropy", file, *PARAMETERS).stdout == (
        f"entropy {entropy:.3f} nats; at most ln 32 = 3.466 nats\n"
    )


def test_a_learning_curve(file, tmp_path):
    (envs,) = environments(file)
    expected = q.learning_curve(envs, [8, 16, 32], 4, bandwidth=0.03, random_state=5)
    options = ("--sizes", "8,0.5,1.0", "--repeats", 4, "--seed", 5)
    target = tmp_path / "curve.csv"
    answer = told("learning-curve", file, *PARAMETERS, *options, "-o", target)
    assert answer["learning_curve"] == expected.to_dict("list")
    pd.testing.assert_frame_equal(pd.read_csv(target), expected)
    done = run("learning-curve", file, *PARAMETERS, *options, "-o", "-")
    assert done.stdout == target.read_text()
    assert "entropy_std" in done.stderr
    default = told("learning-curve", file, *PARAMETERS, "--dry-run", "-o", target)["learning_curve"]
    assert default == q.learning_curve(envs, bandwidth=0.03).to_dict("list")
    assert run("learning-curve", file, "-o", target).exit_code == 1


def test_bandwidths(file, tmp_path):
    assert told("bandwidth", 11.5) == {"volume": 11.5, "bandwidth": q.bandwidth_from_volume(11.5)}
    volume = bulk("Cu").get_volume()
    answer = told("bandwidth", file)
    assert answer["volume"] == pytest.approx(volume)
    assert answer["bandwidth"] == pytest.approx(q.bandwidth_from_volume(volume))
    atoms = bulk("Cu", cubic=True)
    atoms.pbc = [True, True, False]
    ase.io.write(tmp_path / "slab.xyz", atoms, format="extxyz")
    assert "no frame is periodic in three directions" in run("bandwidth", tmp_path / "slab.xyz").stderr


def test_what_a_file_holds_and_what_is_wrong_in_it(file, tmp_path):
    frames = ase.io.read(file, ":")
    frames[5] = frames[1].copy()
    frames[3].positions[1] = frames[3].positions[0] + [0.5, 0, 0]
    for i, atoms in enumerate(frames):
        atoms.info["config_type"] = "[bold]" if i < 3 else "b"
    path = tmp_path / "bad.xyz"
    ase.io.write(path, frames, format="extxyz")
    answer = told("describe", path)
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


# keys that the user names


KEYED = (
    '2\nLattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3:my_f:R:3 my_e={} energy=7 '
    "config_type=bulk kind={}\nCu 0 0 0 1 2 3\nCu {} 0 2.5 3 2 1\n"
)


@pytest.fixture
def keyed(tmp_path):
    """Return a file whose energy, forces and label stand under names of its own; frame 2 is isolated."""
    path = tmp_path / "keyed.xyz"
    kinds = ("a", "a", "isolated_atom", "b", "b", "b")
    path.write_text("".join(KEYED.format(-1.5 * i, kind, 0.1 * i) for i, kind in enumerate(kinds)))
    return path


KEYS = ("--energy-key", "my_e", "--forces-key", "my_f")


def test_describe_uses_the_keys_that_are_named(keyed):
    usual, named = told("describe", keyed), told("describe", keyed, *KEYS, "--label-key", "kind")
    assert usual["labels"] == {"bulk": 6}
    assert named["labels"] == {"a": 2, "isolated_atom": 1, "b": 3}
    kinds = [{finding["kind"] for finding in answer["findings"]} for answer in (usual, named)]
    assert "no forces" in kinds[0]
    assert "no forces" not in kinds[1]


def test_compress_locks_by_the_label_that_is_named(keyed):
    options = ("-s", 2, "-k", 4, "-m", "random", "--dry-run")
    assert told("compress", keyed, *options)["isolated_atoms"] == []
    named = told("compress", keyed, *options, *KEYS, "--label-key", "kind")
    assert named["isolated_atoms"] == [2]
    assert 2 in named["indices_by_rank"]


def test_delta_writes_the_energy_that_is_named(keyed, other, tmp_path):
    target = tmp_path / "delta.xyz"
    told("delta", keyed, other, *KEYS, "-k", 4, "-o", target)
    written = q.read(target)
    assert [q.atoms_energy(atoms) for atoms in written] == [-1.5 * i for i in range(6)]
    assert q.atoms_forces(written[0]).tolist() == [[1, 2, 3], [3, 2, 1]]
    told("delta", keyed, other, "-k", 4, "-o", target, "--force")
    assert [q.atoms_energy(atoms) for atoms in q.read(target)] == [7] * 6


def test_the_mean_volume_is_without_isolated_atoms(keyed):
    keyed.write_text(keyed.read_text() + KEYED.format(0, "isolated_atom", 0).replace('"9 0', '"90 0'))
    assert told("bandwidth", keyed)["volume"] == pytest.approx((6 * 729 + 7290) / 14)
    assert told("bandwidth", keyed, "--label-key", "kind")["volume"] == pytest.approx(729 / 2)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (command, option)
        for command, options in {
            "describe": "efl", "compress": "efl", "entropy": "ef", "diversity": "ef", "metrics": "ef",
            "learning-curve": "ef", "delta": "ef", "overlap": "ef", "bandwidth": "l",
        }.items()
        for option in options
    ],
)  # fmt: skip
def test_a_key_that_no_frame_has_is_an_error(command, option, keyed):
    option = {"e": "--energy-key", "f": "--forces-key", "l": "--label-key"}[option]
    more = {"compress": ["--dry-run"], "overlap": [keyed]}.get(command, [])
    done = run(command, keyed, *more, option, "absent")
    assert done.exit_code == 1
    assert f"Error: {option}: expected a key" in done.stderr
    assert "'absent'" in done.stderr


# two files


def test_delta_entropy(file, other, tmp_path):
    envs, known = environments(file, other)
    expected = q.delta_entropy(envs, known, bandwidth=0.03)
    target, table = tmp_path / "delta.xyz", tmp_path / "delta.csv"
    answer = told("delta", file, other, *PARAMETERS, "-o", target)
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
    answer = told("delta", file, *PARAMETERS)
    assert answer["delta_entropy"] == [q.delta_entropy(x, x, bandwidth=0.03).tolist() for x in envs]
    assert answer["reference"] is None


@pytest.mark.parametrize("threshold", [1e-5, 1.0])
def test_overlaps(file, other, threshold):
    envs, known = environments(file, other)
    answer = told("overlap", file, other, *PARAMETERS, "--threshold", threshold)
    assert answer["overlap"] == q.overlap(envs, known, bandwidth=0.03, threshold=threshold)
    assert answer["threshold"] == threshold
    assert f"covers {100 * answer['overlap']:.2f} % of 32 environments" in run(
        "overlap", file, other, *PARAMETERS, "-e", threshold
    ).stdout  # fmt: skip


# real frames, and what the package quests says of them


@pytest.mark.jit
def test_real_frames_have_the_values_of_the_peer(data_file):
    path = data_file("gap20_Fullerenes.xyz.gz")
    known = json.loads(data_file("reference_values.json").read_text())["gap20_Fullerenes"]
    answer = told("metrics", path)
    assert (answer["n_frames"], answer["n_envs"]) == (known["structures"], known["envs"])
    assert answer["entropy"] == pytest.approx(known["H"], abs=1e-5)
    assert answer["diversity"] == pytest.approx(known["D"], abs=1e-5)
    assert answer["bound"] == pytest.approx(known["logN"], abs=1e-6)
    kept, quarter = told("compress", path, "-m", "msc", "-s", "0.25", "--dry-run"), known["curve"]["0.25"]
    assert kept["indices_by_rank"][:20] == known["msc_first20"]
    assert kept["n_frames"] == quarter["n"]
    assert kept["metrics"]["overlap"] == pytest.approx(quarter["overlap"], abs=1e-5)
    assert told("delta", path, path)["overlap"] == 1.0


# names, threads, errors


def test_a_name_in_place_of_a_file(file, monkeypatch):
    monkeypatch.setattr("quests_core.cli.common.fetch", lambda name, progress: {"tm23:Cu": file}[name])
    assert told("entropy", "tm23:Cu", "-k", 4)["entropy"] == told("entropy", file, "-k", 4)["entropy"]


def test_the_list_of_names():
    table = published.datasets()
    assert [row["name"] for row in told("datasets")["datasets"]] == table.name.tolist()
    (row,) = told("datasets", "c-gap-17")["datasets"]
    assert row == {
        "name": "load-atoms:C-GAP-17", "elements": "C", "n_frames": 4530, "n_envs": 284965,
        "licence": "CC BY-NC-SA 4.0", "citation": "10.1103/PhysRevB.95.094203",
    }  # fmt: skip
    assert "284,965" in run("datasets", "C-GAP").stdout


def test_threads(file, monkeypatch):
    asked = []
    monkeypatch.setattr("quests_core.cli.common.set_num_threads", asked.append)
    assert run("-j", 1, "entropy", file, "-k", 4).exit_code == 0
    assert asked == [1]


def test_a_file_that_is_there_is_replaced_only_by_force(file, other, tmp_path):
    target = tmp_path / "kept.xyz"
    for command in (("compress", file), ("delta", file, other), ("learning-curve", file)):
        target.write_text("precious")
        done = run(*command, "-k", 4, "-o", target)
        assert done.exit_code == 1
        assert "--force replaces it" in done.stderr
        assert target.read_text() == "precious"
        assert run(*command, "-k", 4, "-o", target, "--dry-run").exit_code == 0
        assert target.read_text() == "precious"
        assert run(*command, "-k", 4, "-o", target, "--force").exit_code == 0
        assert target.read_text() != "precious"


def test_the_source_is_never_written_to(file, other):
    before = file.read_bytes()
    for command in (
        ("compress", file),
        ("compress", other, "-r", file),
        ("delta", other, file),
        ("delta", file),
    ):
        done = run(*command, "-k", 4, "-o", file, "--force")
        assert done.exit_code == 1
        assert "expected another file than the source" in done.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("compress", "-s", "13"), "--size: expected at most the number of frames, 8, got 13"),
        (("compress", "-s", "0"), "--size: expected a whole number of at least 1, got 0"),
        (("compress", "-s", "150%"), "--size: expected"),
        (("compress", "--locked", "99"), "--locked: expected frames from 0 to 7"),
        (("compress", "--excluded", "x"), "--excluded: expected frames like"),
        (("compress", "--bandwidth", "-1"), "--bandwidth: expected a positive number, got -1.0"),
        (("entropy", "--bandwidth", "0"), "--bandwidth: expected a positive number"),
        (("learning-curve", "--sizes", "99"), "--sizes: expected at most the number of environments, 32"),
        (("describe", "--cutoff", "-2"), "--cutoff: expected a positive number"),
        (
            ("compress", "-s", "2", "-u", "overlap=1"),
            "overlap: expected a value that the whole order reaches",
        ),
        (("compress", "--until", "size=4"), "--until: expected targets among"),
    ],
)
def test_what_cannot_be_done_ends_with_1(file, tmp_path, arguments, why):
    command, *options = arguments
    output = ("-o", tmp_path / "kept.xyz") if command == "compress" else ()
    done = run(command, file, *output, *options)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert why in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "kept.xyz").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("compress", "FILE"),
        ("compress", "FILE", "-o", "x.xyz", "-s", "many"),
        ("compress", "FILE", "-o", "x.xyz", "-m", "best"),
        ("compress", "FILE", "-o", "x.xyz", "-u", "most"),
        ("learning-curve", "FILE", "--sizes", "1,b"),
        ("overlap", "FILE"),
        ("overlap", "-", "-"),
        ("entropy", "FILE", "--no-such-option"),
        ("unknown",),
        ("serve", "-"),
    ],
)
def test_what_makes_no_sense_ends_with_2(file, arguments):
    done = run(*(file if one == "FILE" else one for one in arguments), stdin=file.read_bytes())
    assert done.exit_code == 2
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["compress", "delta"])
def test_what_is_written_can_be_read_again(file, tmp_path, monkeypatch, command):
    monkeypatch.setattr(q.cli.common, "descriptors", lambda *_, **__: pytest.fail("refused too late"))
    for name, why in (
        ("kept.traj", "--output: expected a name that ends in .xyz, .extxyz"),
        ("kept", "--output: expected a name that ends in"),
        ("gone/kept.xyz", f"there is no folder {tmp_path / 'gone'}"),
    ):
        done = run(command, file, "-o", tmp_path / name)
        assert done.exit_code == 1
        assert why in done.stderr
        assert "kept" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_what_takes_no_value_names_none_in_the_help():
    shown = run("compress", "--help").stdout
    for flag in ("--json", "--force", "--dry-run", "--species"):
        (line,) = [line for line in shown.splitlines() if f" {flag} " in line]
        assert "<" not in line
    assert "balanced" in shown


def test_a_name_that_nothing_has(tmp_path):
    done = run("entropy", "tm32:Ag")
    assert done.exit_code == 1
    assert done.stderr == "Error: tm32:Ag: no such file, nor a name that quests-explorer datasets lists\n"


def test_a_file_that_is_not_there(tmp_path):
    for command in ("entropy", "describe", "serve"):
        done = run(command, tmp_path / "gone.xyz")
        assert done.exit_code == 1
        assert "gone.xyz: " in done.stderr or "gone.xyz'" in done.stderr


def test_numbers_that_are_none_are_null(capsys):
    from quests_core.cli.common import print_result

    print_result({"a": [float("nan"), 1.5], "b": float("inf")}, "", as_json=True)
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.5], "b": None}


def test_serve_starts_panel_with_the_file(file, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_become", lambda *a: calls.append(a) or 0)
    assert run("serve", file, "--port", 5999, "--no-show").exit_code == 0
    (command, environment), *_ = calls
    assert command[:4] == [sys.executable, "-m", "panel", "serve"]
    assert command[-2:] == ["--port", "5999"]
    assert command[command.index("--session-ids") + 1] == "signed"
    assert len(environment["BOKEH_SECRET_KEY"]) > 40
    assert environment["QUESTS_FILE"] == str(file)
    assert command[command.index("--address") + 1] == "localhost"
    assert "QUESTS_DATA_DIRS" not in environment
    if sys.platform == "linux":
        assert environment["PYTHONMALLOC"] == "malloc"


def test_serve_names_the_folders_that_pages_may_use(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(serve, "_become", lambda *a: calls.append(a) or 0)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    arguments = (
        "--data-dir",
        tmp_path / "one",
        "--data-dir",
        tmp_path / "one/../two",
        "--address",
        "0.0.0.0",
    )
    assert run("serve", "--no-show", *arguments, "--origin", "data.group:80").exit_code == 0
    (command, environment), *_ = calls
    assert environment["QUESTS_DATA_DIRS"].split(os.pathsep) == [str(tmp_path / "one"), str(tmp_path / "two")]
    assert command[command.index("--address") + 1] == "0.0.0.0"
    assert "--allow-websocket-origin=data.group:80" in command


@pytest.mark.jit
def test_it_runs_as_a_program_without_a_screen():
    code = (
        "import sys, quests_core.cli; print({'panel', 'bokeh', 'holoviews', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.jit
def test_as_a_process_in_a_pipe(file):
    program = [sys.executable, "-m", "quests_core.cli"]
    first = subprocess.run(
        [*program, "compress", "-", "-s", "0.5", "-o", "-"], input=file.read_bytes(), capture_output=True
    )
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith(b"balanced keeps 4 of 8 frames")
    second = subprocess.run([*program, "entropy", "-", "--json"], input=first.stdout, capture_output=True)
    kept = ase.io.read(io.StringIO(first.stdout.decode()), ":", format="extxyz")
    assert json.loads(second.stdout)["entropy"] == q.entropy(q.descriptors(kept))


def drain(leader):
    """Return what a terminal shows until it is closed; one that is not read blocks its program."""
    parts = []
    with suppress(OSError):
        while part := os.read(leader, 1 << 16):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.jit
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
def test_progress_is_drawn_where_there_is_a_terminal(file):
    leader, follower = os.openpty()
    command = [sys.executable, "-m", "quests_core.cli", "compress", str(file), "-m", "random", "--dry-run"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(drain, leader)
        done = subprocess.run([*command, "-k", "4"], stdout=subprocess.PIPE, stderr=follower, env=environment)
        os.close(follower)
        drawn = reading.result().decode()
    os.close(leader)
    assert done.stdout.decode().startswith("random keeps 2 of 8 frames")
    assert "reading" in drawn
    assert "descriptors" in drawn


# What is typed, set and written


@pytest.mark.parametrize(
    "command", [("compress", "-s", ""), ("compress", "-s", " "), ("learning-curve", "-f", "")]
)
def test_an_empty_size_is_no_size(file, tmp_path, command):
    name, *options = command
    until = ("-u", "overlap=0.5") if name == "compress" else ()
    done = run(name, file, *options, *until, "-o", tmp_path / "out.xyz")
    assert done.exit_code == 2
    assert "expected a number like 100, or a share like 0.25" in " ".join(
        done.stderr.replace("│", " ").split()
    )
    assert not (tmp_path / "out.xyz").exists()


@pytest.mark.parametrize("share", ["0%", "-5%", "150%", "0.0", "nan%", "10%,0%"])
def test_a_share_is_above_0_and_up_to_all(file, share):
    done = run("learning-curve", file, "-f", share)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: --sizes: expected shares above 0 and up to 100%, got ")


def test_the_version():
    done = run("--version")
    version = importlib.metadata.version("quests-explorer")
    assert (done.exit_code, done.stdout) == (0, f"quests-explorer {version}\n")


@pytest.mark.parametrize("value", ["abc", "-1", "0", "nan", "inf", "1 GB"])
def test_an_environment_variable_that_holds_no_number_is_named(file, monkeypatch, value):
    monkeypatch.setenv("QUESTS_MEMORY", value)
    expected = f"Error: QUESTS_MEMORY: expected a positive number, got {value!r}\n"
    for command in ("entropy", "serve"):
        done = run(command, file)
        assert (done.exit_code, done.stderr) == (1, expected)
    monkeypatch.setenv("QUESTS_MEMORY", "")
    assert run("describe", file).exit_code == 0


def test_a_server_starts_with_no_limit_that_is_no_number(file, monkeypatch):
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: pytest.fail("started"))
    for name in ("QUESTS_MAX_UPLOAD_MB", "QUESTS_MAX_SESSION_MB"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "many")
            done = run("serve", "--no-show", file)
        expected = f"Error: {name}: expected a positive number, got 'many'\n"
        assert (done.exit_code, done.stderr) == (1, expected)


@pytest.mark.skipif(os.name == "nt", reason="modes, links and FIFOs of POSIX")
@pytest.mark.parametrize("command", [("compress",), ("delta",), ("learning-curve",)])
def test_force_keeps_permissions_and_replaces_only_files(file, tmp_path, command):
    target, odd, link = (tmp_path / name for name in ("kept.xyz", "odd.xyz", "link.xyz"))
    target.write_text("old")
    target.chmod(0o640)
    os.mkfifo(odd)
    link.symlink_to(target)
    arguments = *command, file, "-k", 4, "--force"
    assert run(*arguments, "-o", target).exit_code == 0
    assert (stat.S_IMODE(target.stat().st_mode), target.read_text() != "old") == (0o640, True)
    target.write_text("old")
    assert run(*arguments, "-o", link).exit_code == 0
    assert link.is_symlink()
    assert target.read_text() != "old"
    done = run(*arguments, "-o", odd)
    expected = f"Error: {odd}: expected a regular file, or none, to write to\n"
    assert (done.exit_code, done.stderr) == (1, expected)
    assert stat.S_ISFIFO(odd.stat().st_mode)


def test_a_file_that_appears_while_a_command_computes_is_not_replaced(file, tmp_path, monkeypatch):
    target = tmp_path / "kept.xyz"
    compute = q.cli.common.descriptors

    def meanwhile(*arguments, **options):
        target.write_text("precious")
        return compute(*arguments, **options)

    monkeypatch.setattr(q.cli.common, "descriptors", meanwhile)
    done = run("compress", file, "-k", 4, "-m", "random", "-o", target)
    assert done.exit_code == 1
    assert "exists" in done.stderr
    assert target.read_text() == "precious"


@pytest.mark.jit
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("bandwidth", "10"),
        ("datasets",),
        ("datasets", "--json"),
        ("--help",),
        ("--version",),
        ("compress", "-o", "-"),
    ],
)
def test_a_full_output_is_told_in_one_line(file, arguments):
    arguments = [*arguments, str(file), "-k", "4", "-m", "random"] if "compress" in arguments else arguments
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "quests_core.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "Error: [Errno 28] No space left on device\n"


@pytest.mark.jit
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_while_the_command_loads_prints_no_traceback(tmp_path):
    (tmp_path / "quests_core").mkdir()
    (tmp_path / "quests_core/__init__.py").write_text("")
    slow = "import time\nprint('loading', flush=True)\ntime.sleep(600)\n"
    (tmp_path / "quests_core/cli.py").write_text(slow)
    source = Path(q.__file__).parents[1] / "quests_explorer.py"
    code = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r})"
    code += f"; runpy.run_path({str(source)!r})['main']()"
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == ""
    assert process.returncode == -signal.SIGINT


@pytest.mark.jit
@pytest.mark.skipif(os.name == "nt", reason="descriptors of POSIX")
def test_a_closed_output_is_no_error():
    command = f"exec {sys.executable} -m quests_core.cli --version >&-"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_serve_refuses_a_folder_that_does_not_exist(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "_become", lambda *_: pytest.fail("served"))
    done = run("serve", "--no-show", "--data-dir", tmp_path / "nope")
    assert done.exit_code == 1
    assert f"--data-dir: expected a folder, got {tmp_path}/nope" in done.stderr
