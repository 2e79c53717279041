"""Functions on a cluster whose workers are threads of this process, so that they run without compilation too.

The tests of each function, with worker processes that die, are beside those of its module.
"""

import numpy as np
import pytest

from quests_core import compression_curve, delta_entropy, descriptors, diversity, entropy, overlap, select
from quests_core.information.subset_metrics import subset_metrics
from quests_core.kernel_sums import cluster_sums
from quests_core.selection import cluster_msc
from tests.core.selection.naive_scores import grouped

H = 0.3


@pytest.fixture
def frames(rng, monkeypatch):
    """Return frames that are divided into several parts."""
    monkeypatch.setattr(cluster_sums, "_FEWEST_ROWS", 20)
    monkeypatch.setattr(cluster_msc, "_FEWEST_ROWS", 1)
    return grouped([rng.normal(0, 0.4, (rng.integers(1, 5), 4)) for _ in range(24)])


def test_sums(threads, frames):
    X, Y = frames.X, frames.X[:31] + 0.05
    assert entropy(X, H, client=threads) == pytest.approx(entropy(X, H), abs=1e-5)
    assert diversity(X, H, client=threads) == pytest.approx(diversity(X, H), abs=1e-5)
    np.testing.assert_allclose(
        delta_entropy(Y, X, H, client=threads), delta_entropy(Y, X, H), rtol=1e-5, atol=1e-5
    )
    assert overlap(Y, X, H, threshold=0.5, client=threads) == overlap(Y, X, H, threshold=0.5)


def test_a_selection_and_its_metrics(threads, frames):
    order = select(frames, "msc", 9, bandwidth=H, client=threads).order
    np.testing.assert_array_equal(order, select(frames, "msc", 9, bandwidth=H).order)
    found = subset_metrics(frames, np.arange(len(frames)), order, H, threads)
    (expected,) = compression_curve(frames, order, [9], H).drop(columns="n_frames").to_dict("records")
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_store(threads, tmp_path):
    path = tmp_path / "set.xyz"
    path.write_text("".join(f'2\nLattice="5 0 0 0 5 0 0 0 5"\nCu 0 0 0\nCu 2.{i} 0 0\n' for i in range(8)))
    for name, client in (("one", None), ("many", threads)):
        descriptors(path, k=3, store=tmp_path / name, client=client)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "many").iterdir())
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "many" / n).read_bytes() for n in names)
