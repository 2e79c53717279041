"""Stores that exceed their memory limit: arrays in files, and results that are the same to the last bit."""

import os
import subprocess
import sys

import numpy as np
import pytest

from quests_core import (
    Environments,
    compression_curve,
    compression_path,
    delta_entropy,
    diversity,
    entropy,
    environments,
    exchange,
    overlap,
    select,
)
from quests_core.kernel_sums import shards
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter
from quests_core.utils.mapped_arrays import MappedArrays

H, D, N_FRAMES = 0.3, 20, 40
# As plain Python, selections of 40 frames take a minute.
pytestmark = pytest.mark.jit


def environments_of(rng, sizes):
    """Return clusters of several widths, and a few points that are far from all others."""
    n = int(np.sum(sizes))
    centers = rng.normal(size=(12, D)) * np.geomspace(2, 0.02, D)
    X = centers[rng.integers(12, size=n)] + rng.normal(size=(n, D)) * rng.choice([0.01, 0.05, 0.2], (n, 1))
    X[-3:] += 30
    return Environments(X, np.concatenate([[0], np.cumsum(sizes)]))


def stored(folder, envs):
    with StoreWriter(folder, Manifest("key", {}, ("a.xyz",), envs.X.shape[1])) as writer:
        n, m = envs.n_envs, len(envs)
        parts = np.ones(n, int), np.zeros((n, 3)), envs.sizes, np.zeros(m), [""] * m
        writer.append(Chunk(envs.X, *parts), set())
        writer.finish()
    return folder


@pytest.fixture
def both(tmp_path, rng, monkeypatch):
    """Return environments in memory, and the same in a store of which the tiles are in files."""
    monkeypatch.setattr(shards, "_FEWEST_ROWS", 100)
    monkeypatch.setattr(environments, "_MAPPED_BYTES_FIXED", 0)
    envs = environments_of(rng, rng.integers(0, 25, N_FRAMES))
    folder = stored(tmp_path / "a", envs)
    found = Environments.open(folder, envs.n_envs * environments._MAPPED_BYTES)
    assert found.shards is None
    assert isinstance(found.arrays, MappedArrays)
    return envs, found


QUANTITIES = {
    "entropy": lambda envs: entropy(envs, H),
    "diversity": lambda envs: diversity(envs, H),
    "delta_entropy": lambda envs: delta_entropy(envs.X[:60] + 0.01, envs, H),
    "delta_entropy of all": lambda envs: delta_entropy(envs, envs.X[:60], H),
    "overlap": lambda envs: overlap(envs, envs.take([0, 3, 5, 7]), H),
    "double": lambda envs: entropy(envs, H, precision="double"),
    "merged": lambda envs: entropy(envs, H, merge=0.2),
    "merged δH": lambda envs: delta_entropy(envs.X[:60] + 0.01, envs, H, merge=0.2),
    "curve": lambda envs: compression_curve(envs, range(0, N_FRAMES, 2), bandwidth=H).to_numpy(),
    "path": lambda envs: compression_path(envs, [3, 8, 1], bandwidth=H).delta_entropy,
    "exchange": lambda envs: exchange(envs, select(envs, "coverage", 6, H).order, bandwidth=H),
    "locked": lambda envs: select(envs, "balanced", 9, H, locked=[5], reference=envs.X[:40]).order,
}


@pytest.mark.parametrize("name", QUANTITIES)
def test_results_are_the_same_to_the_last_bit(both, name):
    in_memory, in_files = (np.asarray(QUANTITIES[name](envs)) for envs in both)
    assert in_files.tobytes() == in_memory.tobytes()
    assert np.ptp(in_memory) > 0 or in_memory.ndim == 0


@pytest.mark.parametrize("method", ["balanced", "msc", "information_loss", "coverage", "fps", "maxvol"])
def test_orders_are_the_same(both, method):
    in_memory, in_files = (select(envs, method, bandwidth=H).order for envs in both)
    assert in_files.tolist() == in_memory.tolist()


def test_nothing_is_left_in_the_store(both):
    _, envs = both
    before = sorted(envs.store.path.iterdir())
    select(envs, n_to_select=3, bandwidth=H)
    assert sorted(envs.store.path.iterdir()) == before


def test_a_limit_below_that_of_files_is_told(both):
    _, envs = both
    low = Environments.open(envs.store.path, envs.n_envs * 250)
    assert low.shards is not None
    assert entropy(low, H) == pytest.approx(entropy(envs, H), abs=1e-5)
    # What remains fits in files.
    assert low.merged(0.2 * H).shards is None
    assert entropy(low, H, merge=0.2) == pytest.approx(entropy(envs, H, merge=0.2), abs=1e-5)
    with pytest.raises(ValueError, match=r"^envs: [0-9,]+ environments need a memory limit of about"):
        select(low, n_to_select=3, bandwidth=H)


MEASURE = """
import sys
from quests_core import Environments, compression_curve, delta_entropy, entropy, select
from quests_core.utils import memory
from quests_core.utils.mapped_arrays import MappedArrays

def peak():
    return int(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1]) * 1024

def measure(envs):
    order = select(envs, "msc", n_to_select=20).order
    return entropy(envs), order.tolist(), compression_curve(envs, order, sizes=[5, 20]).to_numpy().tolist()

small = Environments.open(sys.argv[1]).take(range(40))
measure(small)
envs = Environments.open(sys.argv[1], memory_limit=int(sys.argv[2]))
before = memory.resident()
open("/proc/self/clear_refs", "w").write("5")
result = measure(envs)
sys.stdout.write(repr((peak() - before, isinstance(envs.arrays, MappedArrays), result)))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_limit_is_kept_while_frames_are_selected(tmp_path, rng):
    """Peak resident memory of a process, which counts mapped pages too, with the same results."""
    X = rng.normal(size=(80_000, 63)) * np.geomspace(0.1, 0.001, 63)
    folder, found = stored(tmp_path / "a", Environments(X, np.arange(0, 80_001, 200))), {}
    for limit in (100_000_000, 10**9):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, folder, str(limit)],
            capture_output=True, text=True, check=True, timeout=600, env=os.environ,
        )  # fmt: skip
        found[limit] = eval(done.stdout)
    (low, in_files, result), (high, in_other_files, expected) = found.values()
    assert result == expected
    assert in_files
    assert not in_other_files
    assert low < 1.2 * 100_000_000 < high
