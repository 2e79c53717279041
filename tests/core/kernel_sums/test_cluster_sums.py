"""Kernel sums on a cluster: those of one process, whichever worker dies or finishes first."""

import numpy as np
import pytest

from quests_core import (
    Cancelled,
    Environments,
    Progress,
    delta_entropy,
    diversity,
    entropy,
    log_kernel_sum,
    overlap,
)
from quests_core.kernel_sums import cluster_sums
from tests.core.cluster import NO_KILL, killed_worker, local_client
from tests.core.kernel_sums.test_shards import ERROR, D, H, points, stored

pytestmark = pytest.mark.jit


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(cluster_sums, "_FEWEST_ROWS", 150)


@pytest.fixture
def X(rng):
    return points(rng, 730)


@pytest.fixture
def x(X, tmp_path):
    return Environments.open(stored(tmp_path / "x", X))


@pytest.fixture
def y(rng, tmp_path):
    return Environments.open(stored(tmp_path / "y", points(rng, 410)))


@pytest.fixture
def scheduled(monkeypatch):
    """Return a list of the arguments of all tasks that were run in order."""
    found, run = [], cluster_sums.run_in_order

    def recorded(client, tasks, *rest):
        def taken():
            for task in tasks:
                found.append(task)
                yield task

        return run(client, taken(), *rest)

    monkeypatch.setattr(cluster_sums, "run_in_order", recorded)
    return found


@pytest.mark.costly
@pytest.mark.parametrize("precision", ERROR)
def test_results_are_those_of_one_process(client, X, x, y, precision):
    error, kwargs = ERROR[precision], {"bandwidth": H, "precision": precision}
    Y = np.array(y.X)
    expected = log_kernel_sum(X, X, **kwargs)
    for one in (x, X):
        found = log_kernel_sum(one, one, **kwargs, client=client)
        np.testing.assert_allclose(found, expected, rtol=error, atol=error)
    assert entropy(x, **kwargs, client=client) == pytest.approx(entropy(X, **kwargs), abs=error)
    assert diversity(x, **kwargs, client=client) == pytest.approx(diversity(X, **kwargs), abs=error)
    expected = delta_entropy(Y, X, **kwargs)
    for query, reference in ((y, x), (Y, x), (y, X)):
        found = delta_entropy(query, reference, **kwargs, client=client)
        np.testing.assert_allclose(found, expected, rtol=error, atol=error)
    share = overlap(y, x, threshold=0.5, **kwargs, client=client)
    assert share == overlap(Y, X, threshold=0.5, **kwargs)
    assert len(delta_entropy(np.empty((0, D)), x, H, client=client)) == 0


@pytest.mark.parametrize("merge", [0, 0.5])
def test_merged_results_are_those_of_one_process(client, X, x, y, merge):
    assert 150 < len(x.merged(merge * H)) < 712
    kwargs, Y = {"bandwidth": H, "merge": merge}, np.array(y.X)
    expected = log_kernel_sum(X, X, **kwargs)
    for one in (x, X):
        np.testing.assert_allclose(log_kernel_sum(one, one, **kwargs, client=client), expected, atol=1e-5)
    assert entropy(x, **kwargs, client=client) == pytest.approx(entropy(X, **kwargs), abs=1e-6)
    expected = delta_entropy(Y, X, **kwargs)
    for query, reference in ((y, x), (Y, x), (y, X)):
        found = delta_entropy(query, reference, **kwargs, client=client)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 200])
def test_small_sets_work(client, rng, n):
    X = rng.normal(size=(n, 3))
    assert entropy(X, 1.0, client=client) == pytest.approx(entropy(X, 1.0), abs=1e-6)
    found = delta_entropy(X + 1, X[:1], 1.0, client=client)
    np.testing.assert_allclose(found, delta_entropy(X + 1, X[:1], 1.0), rtol=1e-5)


def test_queries_far_from_all_references_have_finite_values_in_their_order(client, x, X):
    Y = X[:53] + 0.01
    Y[-3:] += [[10.0], [100.0], [1000.0]]
    found, expected = delta_entropy(Y, x, H, client=client), delta_entropy(Y, X, H)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert np.isfinite(found).all()
    assert found[-3] < found[-2] < found[-1]


def test_results_are_the_same_bits_each_time_and_with_one_worker(client, x, y):
    sums, values = log_kernel_sum(x, x, H, client=client), delta_entropy(y, x, H, client=client)
    assert log_kernel_sum(x, x, H, client=client).tobytes() == sums.tobytes()
    with local_client(n_workers=1, threads_per_worker=2, processes=False) as one:
        assert log_kernel_sum(x, x, H, client=one).tobytes() == sums.tobytes()
        assert delta_entropy(y, x, H, client=one).tobytes() == values.tobytes()


def count(scheduled, function):
    n = sum(task.function is function for task in scheduled)
    scheduled.clear()
    return n


@pytest.mark.costly
def test_each_near_pair_of_shards_is_scheduled_once(client, rng, scheduled):
    """Of four clusters far from each other, each of which is a shard, no pairs are; of near ones, all."""
    labels = rng.permutation(np.repeat(np.arange(4), 120))
    X = 50.0 * labels[:, None] * np.eye(1, 6) + 0.1 * rng.normal(size=(480, 6))
    assert entropy(X, H, client=client) == pytest.approx(entropy(X, H), abs=1e-6)
    assert count(scheduled, cluster_sums._pair) == 4
    found = delta_entropy(X + 0.05, X, H, client=client)
    np.testing.assert_allclose(found, delta_entropy(X + 0.05, X, H), atol=1e-5)
    assert count(scheduled, cluster_sums._add) == 4
    X = 0.01 * X
    assert entropy(X, H, client=client) == pytest.approx(entropy(X, H), abs=1e-6)
    assert count(scheduled, cluster_sums._pair) == 4 * 5 / 2
    delta_entropy(X, X + 0.05, H, client=client)
    assert count(scheduled, cluster_sums._add) == 4 * 4


def test_rows_of_a_store_are_not_sent(x, y):
    import pickle

    for envs in (x, y):
        part = envs.stored_rows.part(np.arange(9))
        assert len(pickle.dumps(part)) < 1000
        np.testing.assert_array_equal(part(), envs.X[:9])
    np.testing.assert_array_equal(x.stored_rows.part(np.array([3, 5, 700]))(), x.X[[3, 5, 700]])
    # The order within a shard is not that of the store.
    np.testing.assert_array_equal(x.stored_rows.part(np.array([4, 6, 5, 7]))(), x.X[[4, 6, 5, 7]])


def test_the_memory_limit_bounds_the_shards(tmp_path, rng, monkeypatch):
    X = rng.normal(size=(30, 63))
    folder = stored(tmp_path / "a", X)
    rows = Environments.open(folder, "200MB").stored_rows._replace(n_rows=10**8)
    assert 50_000 < cluster_sums.rows_per_shard(rows) < 60_000
    assert 70_000 < cluster_sums.rows_per_shard(rows._replace(memory_limit=None)) < 80_000


@NO_KILL
@pytest.mark.parametrize(
    "task", ["pair", *(pytest.param(task, marks=pytest.mark.slow) for task in ("place", "tiles"))]
)
def test_a_killed_worker_does_not_change_sums(client, x, tmp_path, task):
    expected = log_kernel_sum(x, x, H, client=client)
    with killed_worker(client, task, tmp_path) as killed:
        found = log_kernel_sum(x, x, H, client=client)
        assert killed.exists()
    assert found.tobytes() == expected.tobytes()


@pytest.mark.slow
@NO_KILL
@pytest.mark.parametrize("after", [0, 5])
def test_a_killed_worker_does_not_change_novelty(client, x, y, tmp_path, after):
    """In the comparison with the nearest shard, and in those with the others."""
    expected = delta_entropy(y, x, H, client=client)
    with killed_worker(client, "add", tmp_path, after) as killed:
        found = delta_entropy(y, x, H, client=client)
        assert killed.exists()
    assert found.tobytes() == expected.tobytes()


@pytest.mark.costly
def test_progress_increases_to_its_end_in_each_step(client, x, y):
    calls = []
    entropy(x, H, progress=lambda *call: calls.append(call), client=client)
    delta_entropy(y, x, H, progress=lambda *call: calls.append(call), client=client)
    assert {step for step, _, _ in calls} == {"sorting into shards", "entropy", "kernel sums"}
    for wanted in ("entropy", "kernel sums"):
        done = [done for step, done, _ in calls if step == wanted]
        assert done == sorted(done)
        total = [total for step, _, total in calls if step == wanted][-1]
        assert done[-1] == total


@pytest.mark.parametrize("step", ["sorting into shards", "entropy"])
def test_cancelling_ends_the_run(client, x, step):
    progress = Progress()

    def until(name, done, total):
        if name == step:
            progress.cancel()
        progress(name, done, total)

    with pytest.raises(Cancelled, match=f"^cancelled during {step}"):
        entropy(x, H, progress=until, client=client)
    assert entropy(x, H, client=client) == pytest.approx(entropy(x, H), abs=1e-5)
