"""Descriptors of files on a cluster: the store is that of one process, byte for byte."""

import io
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from quests_core import Cancelled, Progress, descriptors
from quests_core.descriptors import describe_files
from quests_core.store.manifest import Manifest
from tests.core.cluster import NO_KILL, killed_worker
from tests.core.descriptors.test_describe_files import N_FRAMES, write_files

pytestmark = pytest.mark.jit
# Chunks of two or three frames.
CHUNK_ENVS = 8


def content(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(describe_files, "CHUNK_ENVS", CHUNK_ENVS)


ALONE = """
import sys
from quests_core import descriptors
from quests_core.descriptors import describe_files
describe_files.CHUNK_ENVS = int(sys.argv[1])
descriptors(sys.argv[3:], store=sys.argv[2])
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Write a store of compressed and plain files by one process; return its content and the files."""
    folder = tmp_path_factory.mktemp("whole")
    files = write_files(folder)
    plain = folder / "c.xyz"
    write(plain, [bulk("Cu", cubic=True).repeat((1, 1, 1 + i % 2)) for i in range(5)], format="extxyz")
    files.insert(1, plain)
    # The first process may compile the kernels, which then differ in the last bit from those loaded later.
    for name in ("first", "store"):
        command = [sys.executable, "-c", ALONE, str(CHUNK_ENVS), folder / name, *files]
        subprocess.run(command, check=True, timeout=300)
    return content(folder / "store"), files


@pytest.mark.costly
def test_a_store_is_the_same_byte_for_byte(client, whole, tmp_path):
    expected, files = whole
    calls = []
    envs = descriptors(files, store=tmp_path / "a", client=client, progress=lambda *call: calls.append(call))
    assert envs.n_envs == Manifest.load(tmp_path / "a").n_envs
    assert content(tmp_path / "a") == expected
    total = sum(path.stat().st_size for path in files)
    done = [one for _, one, _ in calls]
    assert done == sorted(done)
    assert {(step, of) for step, _, of in calls} == {("descriptors", total)}
    assert done[-1] == total


@NO_KILL
@pytest.mark.parametrize("after", [0, 2])
def test_a_killed_worker_costs_its_chunk(client, whole, tmp_path, after):
    expected, files = whole
    with killed_worker(client, "describe_part", tmp_path, after) as killed:
        descriptors(files, store=tmp_path / "a", client=client)
        assert killed.exists()
    assert content(tmp_path / "a") == expected


@pytest.mark.parametrize("is_first_alone", [True, False])
def test_a_cancelled_run_is_continued_with_and_without_workers(client, whole, tmp_path, is_first_alone):
    """Chunks that are stored are not described again."""
    expected, files = whole
    clients, stored = [None, client] if is_first_alone else [client, None], []

    def until_third(*_):
        stored.append(Manifest.load(tmp_path / "a").n_frames)
        if stored[-1] >= 4:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="enough"):
        descriptors(files, store=tmp_path / "a", client=clients[0], progress=until_third)
    before = Manifest.load(tmp_path / "a")
    assert 4 <= before.n_frames < sum(N_FRAMES.values()) + 5
    envs = descriptors(files, store=tmp_path / "a", client=clients[1])
    # This process may have compiled the kernels, which then differ in the last bit from those of workers.
    np.testing.assert_allclose(
        envs.X, np.load(io.BytesIO(expected["descriptors.npy"])), rtol=1e-12, atol=1e-15
    )
    found = content(tmp_path / "a")
    assert found | {"descriptors.npy": b""} == expected | {"descriptors.npy": b""}


KILLED = """
import os, signal, sys
from distributed import Client
from quests_core import descriptors
from quests_core.descriptors import describe_files
from quests_core.store.writer import StoreWriter

describe_files.CHUNK_ENVS = int(sys.argv[1])
append = StoreWriter.append

def append_then_die(self, chunk, found):
    append(self, chunk, found)
    if self.manifest.n_frames >= 6:
        os.kill(os.getpid(), signal.SIGKILL)

StoreWriter.append = append_then_die
with Client(sys.argv[2]) as client:
    descriptors(sys.argv[4:], store=sys.argv[3], client=client)
"""


@pytest.mark.slow
@NO_KILL
def test_a_killed_client_is_continued(client, whole, tmp_path):
    expected, files = whole
    address = client.scheduler.address
    command = [sys.executable, "-c", KILLED, str(CHUNK_ENVS), address, tmp_path / "a", *files]
    assert subprocess.run(command, timeout=300, stderr=subprocess.DEVNULL).returncode == -signal.SIGKILL
    before = Manifest.load(tmp_path / "a")
    assert 6 <= before.n_frames < sum(N_FRAMES.values()) + 5
    assert not before.complete
    descriptors(files, store=tmp_path / "a", client=client)
    assert content(tmp_path / "a") == expected


def test_errors_are_those_of_one_process(client, tmp_path):
    frames = [bulk("Cu", cubic=True) for _ in range(9)]
    frames[7].positions[2] = frames[7].positions[1]
    write(tmp_path / "bad.xyz", frames, format="extxyz")
    with pytest.raises(ValueError, match=r"^bad\.xyz, frame 7: atoms 1 and 2 are at the same position"):
        descriptors(tmp_path / "bad.xyz", store=tmp_path / "a", client=client)
    assert Manifest.load(tmp_path / "a").n_frames == 6
    for i, (files, match) in enumerate(
        (
            (
                write_files(tmp_path),
                r"^energy_key: expected a key of a\.xyz\.gz .* got 'nothing'; available: ",
            ),
            ([tmp_path / "empty.xyz"], r"^empty\.xyz: the file contains no frames$"),
        )
    ):
        (tmp_path / "empty.xyz").touch()
        for _ in range(2):
            with pytest.raises(ValueError, match=match):
                descriptors(files, store=tmp_path / f"b{i}", energy_key="nothing", client=client)


def test_arguments_without_meaning_are_refused(client, tmp_path):
    write(tmp_path / "a.xyz", bulk("Cu"), format="extxyz")
    with pytest.raises(ValueError, match=r"^client: expected together with store"):
        descriptors(tmp_path / "a.xyz", client=client)
    with pytest.raises(TypeError, match=r"^client: expected a synchronous dask.distributed.Client, got int"):
        descriptors(tmp_path / "a.xyz", store=tmp_path / "a", client=1)
    assert not os.path.exists(tmp_path / "a")


def test_cancelling_ends_the_run(client, whole, tmp_path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled, match=r"^cancelled during descriptors"):
        descriptors(whole[1], store=tmp_path / "a", client=client, progress=progress)
