"""Compression curve and path: compare every metric at every size with a separate computation."""

import numpy as np
import pytest

from quests_core import Environments, compression_curve, compression_path, overlap, select
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

COLUMNS = [
    "n_frames",
    "n_envs",
    "fraction",
    "entropy",
    "diversity",
    "overlap",
    "information_loss",
    "max_delta_entropy",
]


def allowed(precision):
    """Return the tolerance of each column."""
    of_each, of_sets = PROMISES[precision]
    errors = dict.fromkeys(COLUMNS, 0.0)
    return errors | {
        "entropy": of_sets,
        "diversity": of_sets,
        "information_loss": of_each,
        "max_delta_entropy": of_each,
    }


@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("name", SETS)
def test_naive_agrees_at_every_size(name, precision, rng):
    frames = SETS[name]
    envs = Environments.from_frames(frames)
    errors = allowed(precision)
    for order in (rng.permutation(len(frames)), select(envs, bandwidth=BANDWIDTH).order):
        curve = compression_curve(envs, order, bandwidth=BANDWIDTH, precision=precision)
        expected = naive.compression_curve(frames, order, range(1, len(frames) + 1), BANDWIDTH)
        assert list(curve.columns) == COLUMNS
        for column in COLUMNS:
            np.testing.assert_allclose(
                curve[column],
                [row[column] for row in expected],
                rtol=1e-11,
                atol=errors[column],
                err_msg=column,
            )


@pytest.mark.parametrize("name", SETS)
def test_path_holds_the_delta_entropy_of_each_size(name):
    frames = SETS[name]
    envs = Environments.from_frames(frames)
    order = list(range(len(frames)))[::-1]
    sizes = sorted({1, (len(frames) + 1) // 2, len(frames)})
    path = compression_path(envs, order, sizes=sizes, bandwidth=BANDWIDTH)
    assert path.curve.equals(compression_curve(envs, order, sizes=sizes, bandwidth=BANDWIDTH))
    assert path.delta_entropy.shape == (len(sizes), envs.n_envs)
    assert path.delta_entropy.dtype == np.float32
    for row, size in zip(path.delta_entropy, sizes, strict=True):
        subset = np.concatenate([frames[i] for i in order[:size]])
        np.testing.assert_allclose(
            row, naive.delta_entropy(envs.X, subset, BANDWIDTH), rtol=2e-7, atol=1.1e-5
        )


def test_delta_entropy_is_kept_at_some_sizes_only(rng):
    envs = Environments.from_frames([rng.normal(0, 0.3, (3, 2)) for _ in range(9)])
    order = rng.permutation(9)
    every = compression_path(envs, order, bandwidth=BANDWIDTH)
    some = compression_path(envs, order, bandwidth=BANDWIDTH, delta_sizes=(7, 2))
    assert some.curve.equals(every.curve)
    np.testing.assert_array_equal(some.delta_entropy, every.delta_entropy[[1, 6]])
    with pytest.raises(ValueError, match=r"delta_sizes: expected some of the sizes, got \[12\]"):
        compression_path(envs, order, bandwidth=BANDWIDTH, delta_sizes=(2, 12))


@pytest.mark.parametrize("distance", [0, 0.5, 60])
def test_a_reference_counts_as_part_of_every_subset(rng, distance):
    frames = [np.empty((0, 2)), *(rng.normal(0, 0.3, (rng.integers(1, 5), 2)) for _ in range(8))]
    reference = rng.normal(distance, 0.1, (20, 2))
    envs, order = Environments.from_frames(frames), [0, *(1 + rng.permutation(8))]
    alone = compression_curve(envs, order, bandwidth=BANDWIDTH)
    path = compression_path(envs, order, bandwidth=BANDWIDTH, reference=Environments.from_frames([reference]))
    np.testing.assert_array_equal(path.curve[["entropy", "diversity"]], alone[["entropy", "diversity"]])
    for n, row in enumerate(path.curve.itertuples(), start=1):
        both = np.concatenate([reference, *(frames[i] for i in order[:n])])
        delta = naive.delta_entropy(envs.X, both, BANDWIDTH)
        np.testing.assert_allclose(path.delta_entropy[n - 1], delta, rtol=2e-7, atol=1.1e-5)
        assert row.overlap == np.mean(delta < 1e-5)
        assert row.information_loss == pytest.approx(np.maximum(delta, 0).mean(), abs=1.1e-5)
        assert row.max_delta_entropy == pytest.approx(delta.max(), abs=1.1e-5)


def test_the_last_row_is_the_full_set(rng):
    frames = [rng.normal(0, 0.3, (rng.integers(1, 6), 3)) for _ in range(10)]
    envs = Environments.from_frames(frames)
    last = compression_curve(envs, rng.permutation(10), sizes=[3, 10], bandwidth=BANDWIDTH).iloc[-1]
    assert (last.n_frames, last.n_envs, last.fraction) == (10, envs.n_envs, 1.0)
    assert last.entropy == pytest.approx(naive.entropy(envs.X, BANDWIDTH), abs=1e-6)
    assert last.overlap == 1.0
    assert 0 <= last.information_loss <= 1e-6
    assert last.max_delta_entropy <= 1e-6


def test_sizes_do_not_change_the_numbers(rng):
    frames = [rng.normal(0, 0.3, (4, 3)) for _ in range(12)]
    envs, order = Environments.from_frames(frames), rng.permutation(12)
    whole = compression_curve(envs, order, bandwidth=BANDWIDTH)
    assert whole.n_frames.tolist() == list(range(1, 13))
    some = compression_curve(envs, order, sizes=(2, 7, 11), bandwidth=BANDWIDTH)
    np.testing.assert_allclose(some, whole.iloc[[1, 6, 10]], rtol=1e-11, atol=2e-6)


@pytest.mark.jit
def test_default_sizes():
    for n, expected in ((1, 1), (2, 2), (199, 199), (200, 200), (201, 200), (750, 200)):
        sizes = compression_curve(np.zeros((n, 1)), range(n)).n_frames.to_numpy()
        assert len(sizes) == len(set(sizes.tolist())) == expected
        assert (sizes[0], sizes[-1]) == (1, n)
        steps = np.diff(sizes)
        assert expected == 1 or steps.max() - steps.min() <= 1


def test_covering_only_grows_along_an_order(rng):
    frames = [rng.normal(0, 0.3, (rng.integers(1, 6), 3)) for _ in range(30)]
    envs = Environments.from_frames(frames)
    curve = compression_curve(envs, rng.permutation(30), bandwidth=BANDWIDTH)
    assert (np.diff(curve.overlap) >= 0).all()
    assert (np.diff(curve.information_loss) <= 1e-6).all()
    assert (np.diff(curve.max_delta_entropy) <= 1e-6).all()


def test_a_partial_order_is_accepted():
    envs = np.arange(5.0)[:, None]
    curve = compression_curve(envs, [4, 1])
    assert curve.n_frames.tolist() == [1, 2]
    assert curve.fraction.tolist() == [0.2, 0.4]
    assert curve.overlap.tolist() == [0.2, 0.4]


def test_frames_without_environments(rng):
    frames = [np.empty((0, 2)), rng.normal(0, 0.3, (3, 2)), np.empty((0, 2)), rng.normal(0, 0.3, (1, 2))]
    curve = compression_curve(Environments.from_frames(frames), [2, 1, 0, 3], bandwidth=BANDWIDTH)
    assert curve.n_envs.tolist() == [0, 3, 3, 4]
    assert np.isnan(curve.entropy[0])
    assert np.isnan(curve.diversity[0])
    assert curve.overlap[0] == 0
    assert curve.max_delta_entropy[0] == np.inf
    expected = naive.compression_curve(frames, [1, 0, 3], [1, 2, 3], BANDWIDTH)
    for column in COLUMNS[3:]:
        np.testing.assert_allclose(
            curve[column][1:], [r[column] for r in expected], rtol=1e-11, atol=allowed("single")[column]
        )


def test_an_environment_within_the_threshold_is_covered():
    """An environment is covered if δH < 1e-5: within h √(2e-5) of a single selected one."""
    h = 0.1
    for delta, covered in ((1e-9, True), (5e-6, True), (1.5e-5, False), (1e-3, False)):
        envs = np.array([[0.0], [h * np.sqrt(2 * delta)]])
        curve = compression_curve(envs, [0, 1], bandwidth=h, precision="double")
        assert curve.overlap.tolist() == [1.0 if covered else 0.5, 1.0]
        assert overlap(envs, envs[:1], h, precision="double") == curve.overlap[0]
        assert curve.information_loss[0] == pytest.approx(delta / 2, rel=1e-6)
