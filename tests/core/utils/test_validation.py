"""Tests of the validation of all arguments of public functions, with complete messages."""

import numpy as np
import pytest
from ase import Atoms

from quests_core import (
    METHODS,
    Environments,
    bandwidth_from_volume,
    compression_curve,
    compression_path,
    delta_entropy,
    descriptors,
    diversity,
    entropy,
    learning_curve,
    log_kernel_sum,
    overlap,
    select,
    set_num_threads,
)

X = np.arange(12.0).reshape(6, 2)
ENVS = Environments(X, [0, 2, 3, 6])
OF_ENVS = [entropy, diversity, learning_curve]
PAIRS = [log_kernel_sum, delta_entropy, overlap]


def with_value(value, row=4):
    bad = X.copy()
    bad[row, 1] = value
    return bad


def message(function, *args, **kwargs):
    """Return the type and the message of the error."""
    with pytest.raises((TypeError, ValueError)) as error:
        function(*args, **kwargs)
    return type(error.value), str(error.value)


MATRICES = [
    (None, TypeError, "expected a real matrix of shape (n, d), got NoneType None"),
    ("words", TypeError, "expected a real matrix of shape (n, d), got str 'words'"),
    ([[1, 2], [3]], TypeError, "expected a real matrix of shape (n, d), got list [[1, 2], [3]]"),
    (
        X * 1j,
        TypeError,
        "expected a real matrix of shape (n, d), got an array of dtype complex128 and shape (6, 2)",
    ),
    (X[0], ValueError, "expected a matrix of shape (n, d) with d >= 1, got shape (2,)"),
    (X[None], ValueError, "expected a matrix of shape (n, d) with d >= 1, got shape (1, 6, 2)"),
    (X[:, :0], ValueError, "expected a matrix of shape (n, d) with d >= 1, got shape (6, 0)"),
    (with_value(np.nan), ValueError, "expected finite numbers below 1e+15, got nan in row 4"),
    (with_value(-np.inf, 0), ValueError, "expected finite numbers below 1e+15, got -inf in row 0"),
    (with_value(2e16, 3), ValueError, "expected finite numbers below 1e+15, got 2e+16 in row 3"),
]


@pytest.mark.parametrize(("bad", "kind", "text"), MATRICES)
def test_matrices(bad, kind, text):
    for function in OF_ENVS:
        assert message(function, bad) == (kind, f"envs: {text}")
    for function in PAIRS:
        assert message(function, bad, X) == (kind, f"query: {text}")
        assert message(function, X, bad) == (kind, f"reference: {text}")
    for function in (select, lambda envs: compression_curve(envs, [0])):
        assert message(function, bad) == (kind, f"envs: {text}")
    if bad is not None:
        assert message(select, X, reference=bad) == (kind, f"reference: {text}")


def test_empty_environments():
    empty = np.empty((0, 2))
    expected = (ValueError, "envs: expected at least 1 environment, got 0")
    for function in OF_ENVS:
        assert message(function, empty) == expected
        assert message(function, Environments(empty, [0, 0])) == expected
    for function in (compression_curve, compression_path):
        assert message(function, Environments(empty, [0, 0]), [0]) == expected
    expected = (ValueError, "reference: expected at least 1 environment, got 0")
    for function in PAIRS:
        assert message(function, X, empty) == expected
    assert message(select, X, reference=empty) == expected
    assert message(overlap, empty, X) == (ValueError, "query: expected at least 1 environment, got 0")


def test_numbers_of_columns_must_be_equal():
    expected = (ValueError, "reference: expected 2 columns, as query has, got 3")
    for function in PAIRS:
        assert message(function, X, np.zeros((4, 3))) == expected
    kind, text = message(select, ENVS, reference=np.zeros((4, 3)))
    assert kind is ValueError
    assert text.startswith("reference: expected 2 columns, as ")
    assert text.endswith(" has, got 3")


POSITIVE = [
    (0, ValueError, "expected a positive number, got 0"),
    (-0.5, ValueError, "expected a positive number, got -0.5"),
    (np.nan, ValueError, "expected a positive number, got nan"),
    (np.inf, ValueError, "expected a positive number, got inf"),
    ("0.1", TypeError, "expected a positive number, got str '0.1'"),
    (None, TypeError, "expected a positive number, got NoneType None"),
    (True, TypeError, "expected a positive number, got bool True"),
    ([0.1], TypeError, "expected a positive number, got list [0.1]"),
]


@pytest.mark.parametrize(("bad", "kind", "text"), POSITIVE)
def test_positive_numbers(bad, kind, text):
    for function in (*OF_ENVS, select):
        assert message(function, X, bandwidth=bad) == (kind, f"bandwidth: {text}")
    for function in PAIRS:
        assert message(function, X, X, bandwidth=bad) == (kind, f"bandwidth: {text}")
    for function in (compression_curve, compression_path):
        assert message(function, X, [0], bandwidth=bad) == (kind, f"bandwidth: {text}")
    assert message(overlap, X, X, threshold=bad) == (kind, f"threshold: {text}")
    assert message(descriptors, [Atoms("H")], cutoff=bad) == (kind, f"cutoff: {text}")
    assert message(bandwidth_from_volume, bad) == (kind, f"volume: {text}")


@pytest.mark.parametrize("bad", [1e-300, 1e300, 1e-13, 1e13, 5e-324])
def test_unphysical_bandwidths_and_volumes_are_refused(bad):
    expected = ValueError, f"bandwidth: expected a number from 1e-12 to 1e+12, got {bad:g}"
    for function in (*OF_ENVS, select):
        assert message(function, X, bandwidth=bad) == expected
    for function in PAIRS:
        assert message(function, X, X, bandwidth=bad) == expected
    for function in (compression_curve, compression_path):
        assert message(function, X, [0], bandwidth=bad) == expected
    text = f"volume: expected a number from 1e-12 to 1e+12, got {bad:g}"
    assert message(bandwidth_from_volume, bad) == (ValueError, text)


@pytest.mark.parametrize("good", [1e-12, 1e12])
def test_bandwidths_at_the_bounds_are_numbers(good):
    for function in (*OF_ENVS, select):
        function(X, bandwidth=good)
    assert 0 < bandwidth_from_volume(good) < 0.2


@pytest.mark.parametrize(
    ("bad", "kind", "text"),
    [
        (0, ValueError, "expected an integer of at least {}, got 0"),
        (-3, ValueError, "expected an integer of at least {}, got -3"),
        (2.0, TypeError, "expected an integer, got float 2.0"),
        ("2", TypeError, "expected an integer, got str '2'"),
        (None, TypeError, "expected an integer, got NoneType None"),
        (True, TypeError, "expected an integer, got bool True"),
    ],
)
def test_counts(bad, kind, text):
    assert message(descriptors, [Atoms("H")], k=bad) == (kind, "k: " + text.format(2))
    assert message(learning_curve, X, n_repeats=bad) == (kind, "n_repeats: " + text.format(1))
    assert message(learning_curve, X, sizes=[1, bad]) == (kind, "sizes: " + text.format(1))
    assert message(compression_curve, X, [0, 1], sizes=[1, bad]) == (kind, "sizes: " + text.format(1))
    assert message(set_num_threads, bad) == (kind, "n: " + text.format(1))


def test_k_is_at_least_2():
    expected = (ValueError, "k: expected an integer of at least 2, got 1")
    assert message(descriptors, [Atoms("H")], k=1) == expected


@pytest.mark.parametrize(
    ("bad", "kind", "text"),
    [
        (0, ValueError, "expected an integer of at least 1, got 0"),
        (4, ValueError, "expected at most the number of frames, 3, got 4"),
        (0.0, ValueError, "expected a fraction in (0, 1] or an integer, got 0.0"),
        (1.5, ValueError, "expected a fraction in (0, 1] or an integer, got 1.5"),
        (2.0, ValueError, "expected a fraction in (0, 1] or an integer, got 2.0"),
        (np.nan, ValueError, "expected a fraction in (0, 1] or an integer, got nan"),
        (True, TypeError, "expected an integer, got bool True"),
        ("all", TypeError, "expected an integer, got str 'all'"),
    ],
)
def test_number_to_select(bad, kind, text):
    assert message(select, ENVS, n_to_select=bad) == (kind, f"n_to_select: {text}")


@pytest.mark.parametrize(
    ("bad", "kind", "text"),
    [
        ([3], ValueError, "expected frames from 0 to 2, got 3"),
        ([0, -1], ValueError, "expected frames from 0 to 2, got -1"),
        ([1, 0, 1], ValueError, "expected each frame once, got frame 1 more than once"),
        (
            [0.5],
            TypeError,
            "expected a list of integers, got an array of dtype float64 and shape (1,)",
        ),
        (
            [[0, 1]],
            TypeError,
            "expected a list of integers, got an array of dtype int64 and shape (1, 2)",
        ),
        (
            [True, False],
            TypeError,
            "expected a list of integers, got an array of dtype bool and shape (2,)",
        ),
    ],
)
def test_frame_indices(bad, kind, text):
    assert message(select, ENVS, locked=bad) == (kind, f"locked: {text}")
    assert message(compression_curve, ENVS, bad) == (kind, f"order: {text}")
    assert message(compression_path, ENVS, bad) == (kind, f"order: {text}")


def test_select():
    choices = f"expected one of {', '.join(map(repr, METHODS))}, got"
    assert message(select, ENVS, "best") == (ValueError, f"method: {choices} 'best'")
    assert message(select, ENVS, 3) == (ValueError, f"method: {choices} 3")
    expected = (ValueError, "locked: expected at most n_to_select = 1 frames, got 2")
    assert message(select, ENVS, n_to_select=1, locked=[0, 1]) == expected
    for method, why in (
        ("k_means", "whose clusters divide the candidate frames only"),
        ("direct", "whose clusters divide the candidate frames only"),
        ("cur", "which decomposes the matrix of the candidate frames only"),
        ("pcov_fps", "as the properties of its frames are unknown"),
    ):
        text = f"reference: expected None for method {method!r}, {why}, got a reference"
        assert message(select, ENVS, method, reference=X) == (ValueError, text)
    kind, text = message(select, ENVS, cost="gold")
    assert kind is ValueError
    assert text.startswith("cost: expected one of 'frames'")
    assert text.endswith(", got 'gold'")


@pytest.mark.parametrize("method", ["random", "k_means", "mean_fps"])
@pytest.mark.parametrize("seed", [-1, 0.5, "seed", None])
def test_seeds_are_whole_numbers(method, seed):
    with pytest.raises((TypeError, ValueError), match=r"^random_state: "):
        select(ENVS, method, random_state=seed)
    with pytest.raises((TypeError, ValueError), match=r"^random_state: "):
        learning_curve(X, random_state=seed)


def test_precision():
    expected = (ValueError, "precision: expected one of 'single', 'double', got 'half'")
    for function in (entropy, diversity, select):
        assert message(function, X, precision="half") == expected
    for function in PAIRS:
        assert message(function, X, X, precision="half") == expected
    for function in (compression_curve, compression_path):
        assert message(function, X, [0], precision="half") == expected


def test_sizes():
    expected = (ValueError, "order: expected at least 1 frame, got 0")
    assert message(compression_curve, ENVS, []) == expected
    expected = (ValueError, "sizes: expected numbers of frames from 1 to 2, got [1, 3]")
    assert message(compression_curve, ENVS, [0, 1], sizes=[1, 3]) == expected
    expected = (ValueError, "sizes: expected numbers of frames from 1 to 2, got []")
    assert message(compression_curve, ENVS, [0, 1], sizes=[]) == expected
    expected = (ValueError, "sizes: expected at most the number of environments, 6, got 7")
    assert message(learning_curve, X, sizes=[2, 7]) == expected


@pytest.mark.parametrize(
    ("offsets", "kind", "text"),
    [
        ([0, 2, 5], ValueError, "offsets: the last one must be the number of rows, 6, got 5"),
        ([0, 7], ValueError, "offsets: the last one must be the number of rows, 6, got 7"),
        ([1, 6], ValueError, "offsets: expected integers that start at 0 and do not decrease"),
        ([0, 4, 3, 6], ValueError, "offsets: expected integers that start at 0 and do not decrease"),
        ([], ValueError, "offsets: expected integers that start at 0 and do not decrease"),
        (
            [0.0, 6.0],
            TypeError,
            "offsets: expected a list of integers, got an array of dtype float64 and shape (2,)",
        ),
        (6, TypeError, "offsets: expected a list of integers, got an array of dtype int64 and shape ()"),
    ],
)
def test_offsets(offsets, kind, text):
    assert message(Environments, X, offsets) == (kind, text)


def test_invalid_rows_name_their_frame():
    expected = "X: expected finite numbers below 1e+15, got nan in row 3 (frame 3)"
    assert message(Environments, with_value(np.nan, 3), [0, 2, 3, 3, 6]) == (ValueError, expected)
    expected = "X: expected finite numbers below 1e+15, got inf in row 0 (frame 1)"
    assert message(Environments, with_value(np.inf, 0), [0, 0, 6]) == (ValueError, expected)


def test_frames_of_environments():
    for function in (ENVS.rows, ENVS.take):
        assert message(function, [0, 3]) == (ValueError, "frames: expected frames from 0 to 2, got 3")
        assert message(function, [-1]) == (ValueError, "frames: expected frames from 0 to 2, got -1")


def test_frames():
    one = Atoms("H")
    expected = (TypeError, "frames: expected a list of ase.Atoms, got Atoms Atoms(symbols='H', pbc=False)")
    assert message(descriptors, one) == expected
    assert message(descriptors, 3) == (TypeError, "frames: expected a list of ase.Atoms, got int 3")
    expected = (TypeError, "frames: expected ase.Atoms, got str 'two' for frame 1")
    assert message(descriptors, [one, "two"]) == expected


@pytest.mark.parametrize(
    ("species", "text"),
    [
        ("C", "species: expected None, 'auto' or a list of symbols, got 'C'"),
        (["C", "Qq"], "species: expected chemical symbols, got 'Qq'"),
        ([6], "species: expected chemical symbols, got 6"),
    ],
)
def test_species(species, text):
    assert message(descriptors, [Atoms("C")], species=species) == (ValueError, text)


def test_integers_too_large_for_a_float():
    huge = 10**400
    assert message(bandwidth_from_volume, huge) == (
        ValueError,
        f"volume: expected a positive number, got {huge}",
    )
