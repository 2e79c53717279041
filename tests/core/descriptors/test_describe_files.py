"""Descriptors of files in a store: the same as in memory, also after the process was killed."""

import copy
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from quests_core import Cancelled, Environments, Progress, atoms_forces, descriptors, read
from quests_core.descriptors import describe_files
from quests_core.store.manifest import Manifest

pytestmark = pytest.mark.jit
N_FRAMES = {"a": 9, "b": 5}


def write_files(folder):
    """Write two files of frames of 4 or 2 atoms, with and without labels."""
    paths = []
    for seed, (name, n) in enumerate(N_FRAMES.items()):
        frames = []
        for i in range(n):
            atoms = bulk("Cu", cubic=True) if i % 2 else bulk("NaCl", "rocksalt", a=5.6)
            atoms.rattle(0.1, seed=100 * seed + i)
            if i % 3:
                atoms.info |= {"config_type": f"kind {i % 2}", "my_energy": -1.5 * i}
                atoms.arrays["REF_forces"] = np.full((len(atoms), 3), 0.25 * i)
            frames.append(atoms)
        paths.append(folder / f"{name}.xyz.gz")
        write(paths[-1], frames, format="extxyz")
    return paths


@pytest.fixture
def files(tmp_path):
    return write_files(tmp_path)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(describe_files, "CHUNK_ENVS", 8)


def counted(monkeypatch):
    """Return a list to which the number of frames of each described chunk is added."""
    sizes, chunks = [], describe_files.described_chunk

    def as_chunk(frames, *rest):
        sizes.append(len(frames))
        return chunks(frames, *rest)

    monkeypatch.setattr(describe_files, "described_chunk", as_chunk)
    return sizes


def test_a_store_is_the_same_as_memory(files, tmp_path, small):
    expected, frames = descriptors(files), read(files, energy_key="my_energy")
    envs = descriptors(files, store=tmp_path / "all.envs", energy_key="my_energy")
    assert isinstance(envs, Environments)
    assert envs.X.tobytes() == expected.X.tobytes()
    assert envs.offsets.tolist() == expected.offsets.tolist()
    assert envs.store.numbers.tolist() == [z for atoms in frames for z in atoms.numbers]
    assert envs.store.labels == tuple(atoms.info.get("config_type", "") for atoms in frames)
    assert envs.store.sources == tuple(atoms.info["source"] for atoms in frames)
    energies = [atoms.get_potential_energy() if atoms.calc else np.nan for atoms in frames]
    np.testing.assert_array_equal(envs.store.energies, energies)
    forces = [atoms_forces(atoms) for atoms in frames]
    forces = [np.full((len(a), 3), np.nan) if f is None else f for a, f in zip(frames, forces, strict=True)]
    np.testing.assert_array_equal(envs.store.forces, np.concatenate(forces))


def test_files_without_a_store_are_read(files):
    assert descriptors(files).X.tobytes() == descriptors(read(files)).X.tobytes()
    assert descriptors(str(files[0])).X.tobytes() == descriptors(read(files[0])).X.tobytes()


def test_a_complete_store_is_opened(files, tmp_path, small, monkeypatch):
    sizes = counted(monkeypatch)
    first = descriptors(files, store=tmp_path / "a")
    assert sum(sizes) == sum(N_FRAMES.values())
    sizes.clear()
    assert descriptors(files, store=tmp_path / "a").X.tobytes() == first.X.tobytes()
    assert Environments.open(tmp_path / "a").X.tobytes() == first.X.tobytes()
    assert not sizes


def test_elements_and_parameters_are_used(files, tmp_path):
    expected = descriptors(read(files), 8, 4.0, ["Cu", "Na"])
    assert descriptors(files, 8, 4.0, ["Na", "Cu"], store=tmp_path / "a").X.tobytes() == expected.X.tobytes()
    with pytest.raises(ValueError, match=r"with k = 8, not 9, species = \['Cu', 'Na'\], not None$"):
        descriptors(files, 9, 4.0, store=tmp_path / "a")


def test_other_content_is_refused(files, tmp_path):
    descriptors(files[0], store=tmp_path / "a")
    write(files[0], bulk("Au"), format="extxyz")
    with pytest.raises(ValueError, match=r"other files, or other content in them$"):
        descriptors(files[0], store=tmp_path / "a")


def test_a_file_that_changes_is_refused(files, tmp_path, small, monkeypatch):
    chunks = describe_files.described_chunk

    def appended(*arguments):
        with files[1].open("ab") as file:
            file.write(b"x")
        return chunks(*arguments)

    monkeypatch.setattr(describe_files, "described_chunk", appended)
    with pytest.raises(ValueError, match=r"b\.xyz\.gz"):
        descriptors(files, store=tmp_path / "a")
    assert not Manifest.load(tmp_path / "a").complete


def test_arguments_without_meaning_are_refused(files, tmp_path):
    with pytest.raises(TypeError, match=r"^frames: expected a path .* with store, got structures"):
        descriptors(read(files), store=tmp_path / "a")
    with pytest.raises(ValueError, match=r"^species: expected a list of symbols with store, got 'auto'"):
        descriptors(files, species="auto", store=tmp_path / "a")
    with pytest.raises(ValueError, match=r"^descriptor_fn: expected None with store"):
        descriptors(files, descriptor_fn=len, store=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_an_error_names_file_and_frame(tmp_path, small):
    frames = [bulk("Cu", cubic=True) for _ in range(9)]
    frames[7].positions[2] = frames[7].positions[1]
    write(tmp_path / "bad.xyz", frames, format="extxyz")
    with pytest.raises(ValueError, match=r"^bad\.xyz, frame 7: atoms 1 and 2 are at the same position"):
        descriptors(tmp_path / "bad.xyz", store=tmp_path / "a")
    assert Manifest.load(tmp_path / "a").n_frames == 6


def test_a_missing_key_is_refused_after_the_first_file_also_when_resumed(files, tmp_path, small):
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^energy_key: expected a key of a\.xyz\.gz"):
            descriptors(files, store=tmp_path / "a", energy_key="nothing")


def test_a_cancelled_computation_is_continued(files, tmp_path, small, monkeypatch):
    monkeypatch.setattr("quests_core.io.compressed._CHUNK", 300)
    sizes, progress = counted(monkeypatch), Progress()
    progress.cancel()
    n_calls = []

    def until_third(*call):
        n_calls.append(call)
        if len(n_calls) == 5:
            progress(*call)

    with pytest.raises(Cancelled):
        descriptors(files, store=tmp_path / "a", progress=until_third)
    envs = descriptors(files, store=tmp_path / "a")
    assert 0 < sizes[0] < sum(sizes) == sum(N_FRAMES.values())
    assert envs.X.tobytes() == descriptors(files).X.tobytes()


def test_an_opened_store_is_copied_and_pickled_by_its_path(files, tmp_path):
    envs = descriptors(files, store=tmp_path / "a")
    data = pickle.dumps(envs)
    assert len(data) < 1000
    for one in (pickle.loads(data), copy.deepcopy(envs)):
        np.testing.assert_array_equal(one.X, envs.X)
    assert envs.take([3, 1]).X.tobytes() == descriptors([read(files)[i] for i in (3, 1)]).X.tobytes()


KILLED = """
import os, signal, sys
from quests_core import descriptors
from quests_core.descriptors import describe_files
from quests_core.store import array_file, manifest, writer

store, log, where, when, *files = sys.argv[1:]
describe_files.CHUNK_ENVS = 8
calls = []

def die(name):
    calls.append(name)
    if name == where and calls.count(name) == int(when):
        os.kill(os.getpid(), signal.SIGKILL)

def before(owner, name):
    function = getattr(owner, name)
    def killed(*arguments, **keywords):
        die(name)
        return function(*arguments, **keywords)
    setattr(owner, name, killed)

def half(self, first, rows):
    die("half")
    write(self, first, rows[: len(rows) // 2])
    self._file.flush()
    die("middle")
    write(self, first, rows)

before(describe_files, "described_chunk")
before(writer.StoreWriter, "_save")
before(writer.StoreWriter, "finish")
before(array_file.ArrayFile, "finish")
write, array_file.ArrayFile.write = array_file.ArrayFile.write, half
as_chunk = describe_files.described_chunk

def logged(frames, *rest):
    chunk = as_chunk(frames, *rest)
    with open(log, "a") as file:
        file.write(f"{len(frames)}\\n")
    return chunk

describe_files.described_chunk = logged
descriptors(files, store=store)
"""


def run(folder, name, files, where="", when=0):
    """Write a store in another process, which may be killed; return its exit code and the chunks."""
    log = folder / f"{name}.log"
    log.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder / name, log, where, str(when), *files], timeout=300
    )
    return done.returncode, [int(line) for line in log.read_text().split()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Write a store without interruption, and return it with its files."""
    folder = tmp_path_factory.mktemp("whole")
    files = write_files(folder)
    # The first process may compile the kernels, which then differ in the last bit from those loaded later.
    for name in ("first", "store"):
        code, described = run(folder, name, files)
        assert (code, sum(described)) == (0, sum(N_FRAMES.values()))
    return folder / "store", files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("where", "when", "n_lost"),
    [
        ("middle", 16, 1),
        *(
            pytest.param(*values, marks=pytest.mark.slow)
            for values in (("described_chunk", 3, 0), ("_save", 2, 1), ("_save", 4, 0), ("finish", 3, 0))
        ),
    ],
)
def test_a_killed_process_is_continued_and_repeats_nothing(whole, tmp_path, where, when, n_lost):
    """Chunks that were stored are not computed again, and the store is the same, byte for byte."""
    expected, files = whole
    code, before = run(tmp_path, "store", files, where, when)
    assert code == -signal.SIGKILL
    stored = Manifest.load(tmp_path / "store")
    assert not stored.complete
    assert stored.n_frames == sum(before[: len(before) - n_lost])
    code, after = run(tmp_path, "store", files)
    assert code == 0
    assert sum(after) == sum(N_FRAMES.values()) - stored.n_frames
    found = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    assert found == {path.name: path.read_bytes() for path in expected.iterdir()}
