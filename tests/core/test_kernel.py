"""Kernel sums: against the slow reference, and finite however far."""

import numpy as np
import pytest

from quests_core import Environments, log_kernel_sum
from tests import naive
from tests.core.ugly import BANDWIDTH, SETS


@pytest.mark.parametrize("name", SETS)
def test_naive_agrees(name):
    X = np.concatenate(SETS[name])
    query = np.concatenate([X[::-1], X[:3] + 0.01, X[:1] - 7.0])
    for h in (BANDWIDTH, 1e-3, 40.0):
        expected = naive.log_kernel_sum(query, X, h)
        np.testing.assert_allclose(log_kernel_sum(query, X, h), expected, rtol=1e-12, atol=1e-11)


def test_sum_over_a_point_itself_is_exact(rng):
    X = rng.normal(size=(40, 7)) * 1e3
    assert log_kernel_sum(X, X, 1e-3).tolist() == [0.0] * 40


def test_far_points_keep_their_true_order():
    reference = np.zeros((3, 2))
    distances = np.array([38.0, 39.0, 100.0, 1e3, 1e6, 1e9])
    query = np.stack([distances, 0 * distances], axis=1)
    expected = np.log(3) - distances**2 / 2
    np.testing.assert_allclose(log_kernel_sum(query, reference, 1.0), expected, rtol=1e-14)


@pytest.mark.parametrize("nearest_at", [0, 127, 128, 255, 256, 299])
def test_the_nearest_reference_may_stand_anywhere(rng, nearest_at):
    reference = rng.normal(200, 1, (300, 2))
    reference[nearest_at] = [0.5, 0.0]
    expected = naive.log_kernel_sum(np.zeros((1, 2)), reference, 1.0)
    np.testing.assert_allclose(log_kernel_sum(np.zeros((1, 2)), reference, 1.0), expected, rtol=1e-14)
    assert expected[0] == pytest.approx(-0.125)


def test_each_slight_step_nearer_rescales_the_sum():
    reference = np.linspace(12.0, 0.0, 700)[:, None]
    query = np.array([[0.0], [6.0], [12.0]])
    for one in (reference, reference[::-1]):
        expected = naive.log_kernel_sum(query, one, 1.0)
        np.testing.assert_allclose(log_kernel_sum(query, one, 1.0), expected, rtol=1e-13)


def test_input_of_any_layout(rng):
    X = rng.normal(size=(30, 6)).astype(np.float32)
    wide = rng.normal(size=(30, 12))
    wide[:, ::2] = X
    exact = log_kernel_sum(X.astype(float), X.astype(float), 0.5)
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


def test_integers_are_numbers():
    np.testing.assert_allclose(log_kernel_sum([[0], [2]], [[0]], 1), [0, -2], rtol=1e-15)


def test_input_is_left_alone(rng):
    X = rng.normal(size=(20, 3))
    before = X.copy()
    log_kernel_sum(X, X[:5], 0.5)
    np.testing.assert_array_equal(X, before)


def test_an_empty_query_has_no_sums():
    assert log_kernel_sum(np.empty((0, 3)), np.zeros((2, 3))).shape == (0,)


@pytest.mark.jit
def test_results_do_not_depend_on_the_number_of_threads(rng):
    from quests_core._numba import get_num_threads, set_num_threads

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
