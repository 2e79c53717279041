"""``compress`` with a store: the files and the record are those of the frames in memory."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk

import quests_core as q
import quests_core.cli.common
from quests_core.cli import candidates
from quests_core.cli.candidates import FramesInFiles
from tests.core.cli.commands import KEYS, run, run_json

SMALL = ("-k", 4, "-c", 3.5, "-b", 0.03)


@pytest.fixture
def labelled(rng, tmp_path):
    """Return two files with energies, an isolated atom and an unlabelled one in each, and single atoms."""
    paths = []
    for name, symbol in (("first", "Cu"), ("second", "Ag")):
        frames = [bulk(symbol, cubic=True) for _ in range(6)]
        frames[2] = bulk("Cu", cubic=True)
        frames[2].symbols[0] = "Ag"
        frames += [ase.Atoms(symbol), ase.Atoms(symbol), bulk(symbol)]
        frames[-2].info["config_type"] = "IsolatedAtom"
        for i, atoms in enumerate(frames):
            atoms.rattle(0.02 * i, seed=i + len(paths))
            atoms.info["REF_energy"] = -1.25 * len(atoms) - 0.1 * i
            atoms.info["final_energy"] = i
            atoms.arrays["REF_forces"] = rng.normal(size=(len(atoms), 3))
        paths.append(tmp_path / f"{name}.xyz")
        ase.io.write(paths[-1], frames, format="extxyz")
    return paths


def both(tmp_path, *arguments, name="kept.xyz"):
    """Run a command without and with a store; return its answers and the contents of the written files."""
    answers = []
    for folder, options in (("plain", ()), ("stored", ("--store", tmp_path / "pool.envs"))):
        where = tmp_path / folder
        where.mkdir(exist_ok=True)
        answer = run_json("compress", *arguments, *SMALL, *options, "-o", where / name, "--force")
        outputs = answer.pop("output")
        outputs = [outputs] if isinstance(outputs, str) else outputs
        answers.append((answer, {os.path.basename(one): Path(one).read_bytes() for one in outputs}))
    return answers


@pytest.mark.parametrize(
    "options",
    [
        ("-s", 5, "--order", "rank"),
        ("-s", 5, "-m", "msc", "--no-lock-isolated"),
        ("-s", 6, "-m", "pcov_fps", "--locked", "1", "--excluded", "0,3"),
        ("-s", 5, "--keys", "mace"),
        ("-s", 6, "--keys", "rank", "--split", "50:50", "--split-distance", 0.001),
        ("-s", 5, "--split", "70:30", "--order", "rank", "--split-distance", 0.001),
        ("-s", 3, "--elements", "Cu", "--match", "only"),
        ("-s", 5, "--elements", "Ag", "--match", "any"),
        ("-s", 1, "--elements", "Ag,Cu", "--match", "all"),
        ("-u", "overlap=0.8"),
    ],
)
def test_files_and_record_are_the_same(labelled, tmp_path, options):
    """Of one file, copied byte for byte, and of two as one set."""
    for files in (labelled[:1], labelled):
        if files == labelled[:1] and "Ag" in options:
            continue
        (plain, expected), (stored, made) = both(tmp_path / str(len(files)), *files, *options)
        for answer, which in (
            (stored, "5 frames, first frame 0), among the selected frames"),
            (plain, "9 fr"),
        ):
            # Notes on the content are on the frames that were read.
            notes = answer.pop("notes")
            assert any(which in note for note in notes) or "mace" not in options or len(files) > 1
            assert ("mace" in options) == bool(notes)
        assert stored == plain
        assert made == expected
        assert len(made) == (2 if "--split" in options else 1)
        assert all(made.values())
        assert all(i % 9 in (6, 7) for i in stored["isolated_atoms"])
        assert bool(stored["isolated_atoms"]) == (not {"--no-lock-isolated", "all"} & set(options))


@pytest.fixture(autouse=True)
def folders(tmp_path):
    for name in "12":
        (tmp_path / name).mkdir()


def test_a_store_of_describe_is_used_and_a_file_in_another_format_is_written(labelled, tmp_path):
    traj = tmp_path / "all.traj"
    ase.io.write(traj, q.read(labelled[0]))
    store = tmp_path / "pool.envs"
    run_json("describe", traj, *SMALL[:4], "--store", store)
    before = (store / "manifest.json").stat().st_mtime_ns
    (plain, expected), (stored, made) = both(tmp_path, traj, "-s", 4)
    assert (stored, made) == (plain, expected)
    assert (store / "manifest.json").stat().st_mtime_ns == before
    assert {path.suffix for path in store.iterdir()} == {".npy", ".json"}


def test_given_keys_and_labels(keyed, tmp_path):
    (plain, expected), (stored, made) = both(
        tmp_path, keyed, "-s", 3, *KEYS, "--label-key", "kind", "--keys", "mace"
    )
    assert stored["isolated_atoms"] == [2]
    assert (stored, made) == (plain, expected)


def test_a_reference_and_compressed_output(labelled, other, tmp_path):
    (plain, expected), (stored, made) = both(
        tmp_path, labelled[0], "-s", 3, "-r", other, "--no-lock-isolated", name="kept.xyz.gz"
    )
    assert stored == plain
    assert gzip.decompress(made["kept.xyz.gz"]) == gzip.decompress(expected["kept.xyz.gz"]) != b""


def test_standard_input_and_output(labelled, tmp_path):
    arguments = ("-s", 3, *SMALL, "-o", "-")
    plain = run("compress", labelled[0], *arguments)
    done = run("compress", "-", *arguments, "--store", tmp_path / "a", stdin=labelled[0].read_bytes())
    assert done.exit_code == 0
    assert done.stdout_bytes == plain.stdout_bytes != b""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--species",), "--species: expected to be left out with --store"),
        (("--excluded", "0"), "--excluded: the environments that remain (23) would be copied into memory"),
        (("-r", "{}"), "--reference: its environments (12) would be copied into memory, beyond"),
        (("--keys", "mace"), "--keys: the text of 3 frames is edited in memory, which takes about"),
        (("--keys", "mace", "-u", "overlap=0.5"), "--keys: the text of"),
    ],
)  # fmt: skip
def test_what_exceeds_the_memory_limit_is_refused(labelled, other, tmp_path, monkeypatch, options, message):
    monkeypatch.setattr(candidates, "rows_within", lambda *_: 10)
    monkeypatch.setattr(candidates, "_PER_BYTE", 10**9)
    size = () if "-u" in options else ("-s", 3)
    stored = (*SMALL, "--store", tmp_path / "a", "--no-lock-isolated", "-o", tmp_path / "kept.xyz", *size)
    done = run("compress", labelled[0], *stored, *(str(one).format(other) for one in options))
    assert done.exit_code == 1
    assert message in done.stderr
    assert not (tmp_path / "kept.xyz").exists()
    assert run("compress", labelled[0], *stored, *size).exit_code == 0


def test_a_limit_needs_a_store(file):
    done = run("compress", file, "--memory-limit", "1GB", "--dry-run")
    assert done.exit_code == 1
    assert "--memory-limit: expected together with --store, got it alone" in done.stderr


def test_a_file_that_changes_is_noticed(labelled):
    """After it was hashed: the frames would not be those of the store."""
    (path, _), folder = labelled, labelled[0].with_name("a")
    found = FramesInFiles(path, lambda: q.descriptors(path, 4, 3.5, store=folder))
    text = path.read_text()
    path.write_text(text + "1\n\nCu 0 0 0\n")
    with (
        pytest.raises(ValueError, match=r"first\.xyz changed while it was read; nothing was written"),
        found.texts(np.array([1]), "file", "source", None),
    ):
        pass


MEASURE = """
import json, sys
from typer.testing import CliRunner
import quests_core.cli.common
from quests_core.cli import app
from quests_core.descriptors import describe_files
from quests_core.utils import memory

def peak():
    return int(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1]) * 1024

def run(file, output):
    options = ["-k", "4", "-c", "3.5", "-s", "20%", "-m", "msc", "--json", "-o", output]
    options += ["--store", output + ".envs", "--memory-limit", "60MB"]
    done = CliRunner().invoke(app, ["compress", file, *options])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["indices_by_rank"]

describe_files.CHUNK_ENVS = 256
small, large, kept = sys.argv[1:]
run(small, small + "-kept.xyz")
before = memory.resident()
open("/proc/self/clear_refs", "w").write("5")
frames = run(large, kept)
print(json.dumps([peak() - before, frames]))
"""


@pytest.mark.jit
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_limit_is_kept_for_a_file_that_is_larger(file, rng, tmp_path):
    """Peak resident memory of a process that describes, selects and copies the frames of 90 MB."""
    large, kept, blocks = tmp_path / "large.xyz", tmp_path / "kept.xyz", []
    with large.open("w") as out:
        for _ in range(900):
            rows = "".join(f"Cu {x:.6f} 0 {x:.6f}\n" for x in rng.uniform(2, 3, 3))
            # Comments are read, but cost no time.
            out.write(f'3\nLattice="9 0 0 0 9 0 0 0 9" note={"x" * 100_000}\n{rows}')
            blocks.append(rows)
    assert large.stat().st_size > 90_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, file, large, kept],
        capture_output=True, text=True, check=False, timeout=600, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak, frames = json.loads(done.stdout)
    assert peak < 60_000_000
    assert len(frames) == 180
    n_bytes = large.stat().st_size // 900
    with large.open("rb") as source, kept.open("rb") as copy:
        for i in sorted(frames):
            source.seek(i * n_bytes)
            block = copy.read(n_bytes)
            assert block == source.read(n_bytes)
            assert block.endswith(blocks[i].encode())
        assert copy.read() == b""
