"""Tests of kernel sums: comparison with a naive implementation, and distant points."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from quests_core import Environments, descriptors, log_kernel_sum, overlap, read
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS, combined

both_precisions = pytest.mark.parametrize("precision", PROMISES)


def assert_sums(query, reference, h, precision):
    """Compare with the naive implementation, with a relative tolerance for large values only."""
    expected = naive.log_kernel_sum(query, reference, h)
    found = log_kernel_sum(query, reference, h, precision=precision)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=PROMISES[precision][0])


@both_precisions
@pytest.mark.parametrize("name", SETS)
def test_naive_agrees(name, precision):
    X = np.concatenate(SETS[name])
    query = np.concatenate([X[::-1], X[:3] + 0.01, X[:1] - 7.0])
    for h in (BANDWIDTH, 1e-3, 40.0):
        assert_sums(query, X, h, precision)
        assert_sums(X, X, h, precision)


@both_precisions
def test_sum_over_the_point_itself_is_exact(rng, precision):
    X = rng.normal(size=(40, 7)) * 1e3
    assert log_kernel_sum(X, X, 1e-3, precision=precision).tolist() == [0.0] * 40


@both_precisions
def test_distant_points_keep_their_order(precision):
    reference = np.zeros((3, 2))
    distances = np.array([38.0, 39.0, 100.0, 1e3, 1e6, 1e9])
    query = np.stack([distances, 0 * distances], axis=1)
    expected = np.log(3) - distances**2 / 2
    sums = log_kernel_sum(query, reference, 1.0, precision=precision)
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=PROMISES[precision][0])


@both_precisions
@pytest.mark.parametrize("nearest_at", [0, 127, 128, 255, 256, 299])
def test_the_nearest_reference_may_be_at_any_position(rng, nearest_at, precision):
    reference = rng.normal(200, 1, (300, 2))
    reference[nearest_at] = [0.5, 0.0]
    assert_sums(np.zeros((1, 2)), reference, 1.0, precision)
    assert naive.log_kernel_sum(np.zeros((1, 2)), reference, 1.0)[0] == pytest.approx(-0.125)


@both_precisions
def test_slightly_closer_references_rescale_the_sum(precision):
    reference = np.linspace(12.0, 0.0, 700)[:, None]
    query = np.array([[0.0], [6.0], [12.0]])
    for one in (reference, reference[::-1]):
        assert_sums(query, one, 1.0, precision)


def test_input_of_any_layout(rng):
    X = rng.normal(size=(30, 6)).astype(np.float32)
    wide = rng.normal(size=(30, 12))
    wide[:, ::2] = X
    plain = X.astype(float)
    exact = log_kernel_sum(plain, plain, 0.5)
    layouts = {
        "float32": X,
        "every second column": wide[:, ::2],
        "Fortran order": np.asfortranarray(X.astype(float)),
        "lists": X.tolist(),
        "tuples": tuple(map(tuple, X.tolist())),
        "Environments": Environments(X, [0, 10, 10, 30]),
    }
    for name, one in layouts.items():
        np.testing.assert_array_equal(log_kernel_sum(one, one, 0.5), exact, err_msg=name)


def test_integer_input():
    np.testing.assert_allclose(log_kernel_sum([[0], [2]], [[0]], 1), [0, -2], rtol=1e-15)


def test_input_is_not_modified(rng):
    X = rng.normal(size=(20, 3))
    before = X.copy()
    log_kernel_sum(X, X[:5], 0.5)
    np.testing.assert_array_equal(X, before)


def test_empty_query():
    assert log_kernel_sum(np.empty((0, 3)), np.zeros((2, 3))).shape == (0,)


@pytest.mark.jit
def test_results_do_not_depend_on_the_number_of_threads(rng):
    from quests_core.utils.threads import get_num_threads, set_num_threads

    X = rng.normal(size=(5000, 3))
    before = get_num_threads()
    sums = []
    try:
        for n in (1, 2, 5):
            set_num_threads(n)
            sums.append(log_kernel_sum(X, X, 0.1))
    finally:
        set_num_threads(before)
    np.testing.assert_array_equal(sums[0], sums[1])
    np.testing.assert_array_equal(sums[0], sums[2])


@combined("d, spread, precision", [1, 15, 16, 17, 63], [0.01, 1.0, 30.0, 3e4], PROMISES)
def test_tight_and_wide_tiles(rng, spread, d, precision):
    """Neighbours at all distances from 0 to far beyond the limits, in narrow and wide tiles."""
    centers = rng.normal(0, spread, (6, d))
    X = np.concatenate([c + rng.normal(0, s, (25, d)) for c in centers for s in (1e-4, 0.3 / d**0.5, 3.0)])
    assert_sums(X[::7], X, 1.0, precision)
    assert_sums(X[::7] + 1e3, X + 1e3, 1.0, precision)


@pytest.mark.jit
@both_precisions
@pytest.mark.parametrize("name", ["gap20_Graphite", "3bpa", "co2_ni100_reann_val"])
def test_real_environments(data_file, name, precision):
    X = descriptors(read(data_file(f"{name}.xyz.gz"))[:60]).X
    for h in (0.015, 0.003, 0.1):
        assert_sums(X[::40], X, h, precision)


@both_precisions
def test_a_reference_that_contains_the_query_covers_it(rng, precision):
    for scale in (1e-3, 1.0, 1e3):
        X = scale * rng.normal(size=(300, 5)) + 1e3
        assert (log_kernel_sum(X[:40], X, 0.1, precision=precision) > -1e-5).all()
        assert overlap(X[::3], X, 0.1, precision=precision) == 1.0


@pytest.mark.jit
def test_two_concurrent_python_threads(rng):
    sets = [rng.normal(0, 0.3, (3000, 5)) for _ in range(4)]
    alone = [log_kernel_sum(X, X, 0.1) for X in sets]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = list(pool.map(lambda X: log_kernel_sum(X, X, 0.1), sets))
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)
