"""Curves on a cluster: those of one process to the last bit, whichever worker dies."""

import numpy as np
import pytest

from quests_core import Cancelled, Environments, Progress, compression_curve, compression_path, select
from quests_core.kernel_sums import order_metrics, shards
from tests.core.cluster import NO_KILL, killed_worker
from tests.core.kernel_sums.test_shards import H, points, stored

pytestmark = pytest.mark.jit


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    # Several tasks of several blocks.
    monkeypatch.setattr(order_metrics, "_TASK_PAIRS", 1)
    monkeypatch.setattr(order_metrics, "_FEWEST_BLOCKS", 5)


@pytest.fixture
def x(rng, tmp_path):
    return Environments.open(stored(tmp_path / "x", points(rng, 730)))


@pytest.fixture
def in_memory(x):
    return Environments(np.array(x.X), x.offsets)


@pytest.fixture
def order(in_memory):
    return np.array(select(in_memory, "msc", bandwidth=H).order)


@pytest.mark.costly
@pytest.mark.parametrize("precision", ["single", "double"])
def test_results_are_those_of_one_process_to_the_last_bit(client, x, in_memory, order, precision, rng):
    kwargs = {"bandwidth": H, "precision": precision}
    expected = compression_curve(in_memory, order, **kwargs)
    assert compression_curve(x, order, **kwargs, client=client).equals(expected)
    assert compression_curve(in_memory, order, **kwargs, client=client).equals(expected)
    # Part of an order, some sizes, δH at some of these, and a reference.
    half = {"order": order[: len(order) // 2], "sizes": [1, 3, 7], "delta_sizes": [1, 7], **kwargs}
    reference = Environments(points(rng, 90), [0, 90])
    for options in ({}, {"reference": reference}):
        path = compression_path(in_memory, **half, **options)
        found = compression_path(x, **half, **options, client=client)
        assert path.delta_entropy.shape == (2, 730)
        if not options:
            assert found.curve.equals(path.curve)
            np.testing.assert_array_equal(found.delta_entropy, path.delta_entropy)
        # Sums over the reference are those of shards.
        np.testing.assert_allclose(found.curve, path.curve, atol=1e-5)
        np.testing.assert_allclose(found.delta_entropy, path.delta_entropy, atol=1e-5)


def test_each_task_has_whole_blocks(x, order):
    """And the totals of each are those of all tiles together."""
    sizes = np.arange(1, len(order) + 1)
    along = order_metrics.Order(
        order, sizes, 1e-5, np.empty(0), np.full(len(sizes), -1), H, "single"
    )  # fmt: skip
    metrics = order_metrics.OrderMetrics(x, along)
    size, n = metrics.block_size, metrics.n_tiles
    assert n > 3 * size
    first, _, _ = metrics.part(0, n)
    second = [
        one for start in range(0, n, 2 * size) for one in metrics.part(start, min(start + 2 * size, n))[0]
    ]
    assert len(first) == len(second) == -(-n // size)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.added, other.added)
        np.testing.assert_array_equal(one.largest, other.largest)


@NO_KILL
def test_a_killed_worker_costs_its_part(client, x, order, tmp_path):
    expected = compression_curve(x, order, bandwidth=H)
    with killed_worker(client, "measure", tmp_path) as killed:
        found = compression_curve(x, order, bandwidth=H, client=client)
    assert killed.exists()
    assert found.equals(expected)


def test_progress_is_reported_and_cancels(client, x, order):
    steps = []
    compression_curve(x, order, bandwidth=H, client=client, progress=lambda *args: steps.append(args))
    assert steps[-1][0] == "compression curve"
    assert steps[-1][1] == steps[-1][2] > 1
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        compression_curve(x, order, bandwidth=H, client=client, progress=progress)


def test_a_set_beyond_the_memory_limit_is_refused(client, x, order, monkeypatch):
    monkeypatch.setattr(shards, "_FEWEST_ROWS", 100)
    small = Environments.open(x.store.path, memory_limit=1000)
    with pytest.raises(ValueError, match="need a memory limit"):
        compression_curve(small, order, bandwidth=H, client=client)


def test_another_client_is_refused(x, order):
    with pytest.raises(TypeError, match=r"client: expected a synchronous dask\.distributed\.Client"):
        compression_curve(x, order, bandwidth=H, client="tcp://host:8786")
