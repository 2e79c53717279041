"""Kernel sums of sets that are read from a disk in parts."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from quests_core import (
    Environments,
    delta_entropy,
    diversity,
    entropy,
    estimate_entropy,
    log_kernel_sum,
    overlap,
    select,
)
from quests_core.kernel_sums import shards
from quests_core.kernel_sums.shards import Shards, sharded_log_kernel_sums
from quests_core.store.manifest import Manifest
from quests_core.store.writer import Chunk, StoreWriter

H, D = 0.3, 20
ERROR = {"single": 1e-5, "double": 1e-12}


def points(rng, n):
    """Return clusters, duplicates and points that are far from all others."""
    X = rng.normal(size=(n, D)) * np.geomspace(1, 0.01, D)
    X[: n // 4] = X[0] + 0.05 * rng.normal(size=(n // 4, D))
    X[-10:] += 100 * rng.normal(size=(10, D))
    X[n // 2 : n // 2 + 20] = X[1]
    return X[rng.permutation(n)]


def stored(folder, X):
    """Store rows, in frames of one."""
    with StoreWriter(folder, Manifest("key", {}, ("a.xyz",), X.shape[1])) as writer:
        for rows in np.array_split(X, 3):
            n = len(rows)
            parts = np.ones(n), np.zeros((n, 3)), np.ones(n, int), np.zeros(n), [""] * n
            writer.append(Chunk(rows, *parts), set())
        writer.finish()
    return folder


@pytest.fixture
def sharded(tmp_path, monkeypatch):
    """Return a function that stores rows, and opens them with a limit of 100 rows."""
    monkeypatch.setattr(shards, "_FEWEST_ROWS", 100)

    def open_rows(X, name="a"):
        envs = Environments.open(stored(tmp_path / name, X), memory_limit=1)
        assert len(envs.shards) == -(-len(X) // 100)
        return envs

    return open_rows


@pytest.mark.jit
@pytest.mark.parametrize("precision", ERROR)
def test_results_are_those_in_memory(rng, sharded, precision):
    X, Y = points(rng, 730), points(rng, 410)
    x, y, error = sharded(X), sharded(Y, "b"), ERROR[precision]
    kwargs = {"bandwidth": H, "precision": precision}
    expected = log_kernel_sum(Environments(X, [0, len(X)]), X, **kwargs)
    np.testing.assert_allclose(log_kernel_sum(x, x, **kwargs), expected, rtol=error, atol=error)
    assert entropy(x, **kwargs) == pytest.approx(entropy(X, **kwargs), abs=error)
    assert diversity(x, **kwargs) == pytest.approx(diversity(X, **kwargs), abs=error)
    for query, reference in ((y, x), (Y, x), (y, X)):
        found, expected = delta_entropy(query, reference, **kwargs), delta_entropy(Y, X, **kwargs)
        np.testing.assert_allclose(found, expected, rtol=error, atol=error)
        assert overlap(query, reference, threshold=0.5, **kwargs) == overlap(Y, X, threshold=0.5, **kwargs)
    assert len(delta_entropy(np.empty((0, D)), x, H)) == 0


@pytest.mark.jit
@pytest.mark.parametrize("precision", ERROR)
@pytest.mark.parametrize("merge", [0, 0.5])
def test_merged_results_are_those_in_memory(rng, sharded, merge, precision):
    X, Y = points(rng, 730), points(rng, 410)
    x, y, error = sharded(X), sharded(Y, "b"), ERROR[precision]
    assert 100 < len(x.merged(merge * H)) < 712
    assert len(x.merged(merge * H).shards) > 1
    kwargs = {"bandwidth": H, "precision": precision, "merge": merge}
    assert entropy(x, **kwargs) == pytest.approx(entropy(X, **kwargs), abs=error)
    for query, reference in ((y, x), (Y, x), (y, X)):
        found, expected = delta_entropy(query, reference, **kwargs), delta_entropy(Y, X, **kwargs)
        np.testing.assert_allclose(found, expected, rtol=error, atol=error)


def test_a_set_within_the_limit_gives_the_same_bits(rng, tmp_path):
    X = points(rng, 730)
    envs = Environments.open(stored(tmp_path / "a", X), memory_limit="1GB")
    assert envs.shards is None
    assert entropy(envs, H) == entropy(X, H)
    assert delta_entropy(X[:50], envs, H).tobytes() == delta_entropy(X[:50], X, H).tobytes()


@pytest.mark.jit
def test_the_estimate_is_that_in_memory_and_covers_the_entropy(rng, sharded):
    X = points(rng, 430)
    envs, exact = sharded(X), entropy(X, H)
    inside = 0
    for seed in range(200):
        found = estimate_entropy(envs, 60, bandwidth=H, random_state=seed)
        inside += found.low <= exact <= found.high
        if seed < 3:
            expected = estimate_entropy(X, 60, bandwidth=H, random_state=seed)
            assert found.entropy == pytest.approx(expected.entropy, abs=1e-5)
    # With a coverage of 0.95, fewer than 180 or all of 200 have a probability of 0.2 %.
    assert 180 <= inside < 200


def test_other_functions_refuse_what_exceeds_the_limit(rng, sharded):
    envs = sharded(points(rng, 300))
    with pytest.raises(ValueError, match=r"^envs: 300 environments need a memory limit of about 40 MB"):
        select(envs, n_to_select=2)
    assert len(select(envs.take(range(50)), n_to_select=2).order) == 2


def test_the_limit_is_checked_and_copied(rng, tmp_path):
    folder = stored(tmp_path / "a", points(rng, 100))
    assert pickle.loads(pickle.dumps(Environments.open(folder, "3GB"))).memory_limit == 3 * 10**9
    for limit in ("2 apples", 0, -1, True, 1.5, ""):
        with pytest.raises(ValueError, match=r"^memory_limit: expected a number of bytes"):
            Environments.open(folder, limit)


def test_each_shard_is_its_own_first_reference():
    """Its limits exclude most of the others."""
    X = np.arange(12.0)[:, None]
    read = []
    found = Shards(lambda first, last: (read.append(first), X[first:last])[1], 12, 4)
    axes = found.axes
    read.clear()
    sums = sharded_log_kernel_sums(found, found, 1.0, "double")
    assert read == [0, 4, 8, 4, 8, 0, 8, 0, 4]
    np.testing.assert_allclose(np.exp(sums), np.exp(-0.5 * (X - X.T) ** 2).sum(axis=1), rtol=1e-12)
    assert found.axes is axes


def test_weights_count(rng):
    X, weights = rng.normal(size=(50, 3)), rng.integers(1, 6, 50)
    found = Shards(lambda first, last: X[first:last], 50, 20, weights)
    assert found.n_environments == weights.sum()
    repeated = np.repeat(X, weights, axis=0)
    sums = sharded_log_kernel_sums(Shards.of_rows(X), found, 0.5, "double")
    np.testing.assert_allclose(sums, log_kernel_sum(X, repeated, 0.5, "double"), rtol=1e-12, atol=1e-12)
    sums = sharded_log_kernel_sums(found, found, 0.5, "double")
    np.testing.assert_allclose(sums, log_kernel_sum(X, repeated, 0.5, "double"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_rows", [1, 99, 100, 101, 250])
def test_shards_cover_all_rows(n_rows):
    found = Shards(lambda first, last: np.zeros((last - first, 2)), n_rows, 100)
    sizes = np.diff(found.starts)
    assert sizes.sum() == n_rows
    assert 0 < sizes.min() <= sizes.max() <= 100


def test_progress_increases_to_its_end(rng, sharded):
    calls = []
    entropy(sharded(points(rng, 450)), H, progress=lambda *call: calls.append(call))
    done = [one for _, one, _ in calls]
    assert done == sorted(done)
    assert {step for step, _, _ in calls} == {"entropy"}
    assert calls[-1] == ("entropy", 25_000, 25_000)


PEAK = """
import sys
import numpy as np
from quests_core import Environments, entropy
from quests_core.kernel_sums import shards
from quests_core.utils import memory

def peak():
    return int(next(line for line in open("/proc/self/status") if "VmHWM" in line).split()[1]) * 1024

entropy(np.random.default_rng(0).normal(size=(300, 63)))
envs = Environments.open(sys.argv[1], memory_limit=int(sys.argv[2]))
n_shards, before = len(envs.shards or [0]), memory.resident()
open("/proc/self/clear_refs", "w").write("5")
entropy(envs, 0.3)
sys.stdout.write(f"{n_shards} {peak() - before}")
"""


@pytest.mark.slow
@pytest.mark.jit
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_limit_is_kept(tmp_path, rng):
    """Peak resident memory of a process with a set of which the tiles exceed the limit."""
    X = rng.normal(size=(80_000, 63)) * np.geomspace(30, 0.1, 63)
    folder, found = stored(tmp_path / "a", X), {}
    for limit in (62_000_000, 10**9):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, folder, str(limit)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        found[limit] = [int(one) for one in done.stdout.split()]
    assert found[62_000_000][0] == 8
    assert found[10**9][0] == 1
    assert found[62_000_000][1] < 62_000_000 < found[10**9][1] < 80_000 * 46 * 64
