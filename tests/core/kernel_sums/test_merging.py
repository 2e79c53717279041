"""Merged environments: who represents whom, sums that are the same for equal rows, and the bound."""

import math

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
    merge_error_bound,
    overlap,
)
from quests_core.kernel_sums import merging
from quests_core.kernel_sums.merging import MergedRows, merge_rows
from quests_core.kernel_sums.sums import self_sums
from tests import naive
from tests.core.ugly import BANDWIDTH, PROMISES, SETS

H = BANDWIDTH


def clusters(rng, n, d, spread, n_centers=12):
    """Return rows around a few centres, at most `spread` away, in any order; some centres coincide."""
    centers = rng.normal(0, H, (n_centers, d))
    centers[1] = centers[0] + spread / 2
    moves = rng.normal(size=(n, d))
    moves *= spread * rng.random((n, 1)) / np.linalg.norm(moves, axis=1, keepdims=True)
    return centers[rng.integers(n_centers, size=n)] + moves


def check(X, tolerance, found):
    """Check what holds for any merging."""
    rows, representative, weights, values = found
    np.testing.assert_array_equal(values, X[rows])
    assert (np.diff(rows) > 0).all()
    assert np.linalg.norm(X - X[rows[representative]], axis=1).max() <= tolerance * (1 + 1e-12)
    assert representative[rows].tolist() == list(range(len(rows)))
    assert (rows[representative] <= np.arange(len(X))).all()
    np.testing.assert_array_equal(weights, np.bincount(representative, minlength=len(rows)))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("tolerance", [0.0, 1e-300, 1e-6, 0.2, 1e4])
def test_rows_are_within_the_tolerance_of_an_earlier_row(name, tolerance):
    X = np.concatenate(SETS[name])
    check(X, tolerance, merge_rows(X, tolerance))


@pytest.mark.parametrize("d", [1, 2, 9, 63])
def test_no_two_representatives_are_within_the_tolerance(rng, d):
    """Whatever boundaries of cells are between them, where cells have few representatives."""
    X = clusters(rng, 600, d, 0.02)
    for tolerance in (0.0, 0.02, 0.03):
        found = merge_rows(X, tolerance)
        check(X, tolerance, found)
        kept = X[found.rows]
        distances = np.linalg.norm(kept[:, None] - kept, axis=2) + 1e9 * np.eye(len(kept))
        assert distances.min() > tolerance
    assert len(found.rows) < 200


def test_exactly_equal_rows_are_merged(rng):
    X = rng.integers(0, 2, (400, 5)).astype(float)
    X[::3][X[::3] == 0] = -0.0
    found = merge_rows(X, 0.0)
    check(X, 0.0, found)
    assert len(found.rows) == len(np.unique(X + 0.0, axis=0))
    nearly = np.array([[1.0], [np.nextafter(1.0, 2.0)], [1.0], [1e-320], [0.0]])
    assert merge_rows(nearly, 0.0).representative.tolist() == [0, 1, 0, 2, 3]


def test_the_table_grows_and_steps_are_reported(rng, monkeypatch):
    monkeypatch.setattr(merging, "_CHUNK", 32)
    X, calls = rng.normal(size=(300, 3)), []
    X[150:] = X[:150][::-1]
    found = merge_rows(X, 1e-9, progress=lambda *call: calls.append(call))
    check(X, 1e-9, found)
    assert found.rows.tolist() == list(range(150))
    assert calls[0] == ("merging", 32, 300)
    assert calls[-1] == ("merging", 300, 300)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled, match=r"^cancelled during merging"):
        entropy(X, H, merge=0.0, progress=progress)


def test_rows_of_a_store_are_read_from_it_alone(rng, monkeypatch):
    monkeypatch.setattr(merging, "_CHUNK", 32)
    monkeypatch.setattr(merging, "_SAMPLE", 50)
    X = clusters(rng, 300, 9, 0.02)

    class Stored:
        read_rows = staticmethod(lambda first, last: X[first:last].copy())
        rows = staticmethod(lambda indices: X[indices])

    for tolerance in (0.0, 0.02):
        found = merge_rows(np.full_like(X, np.nan), tolerance, store=Stored)
        check(X, tolerance, found)
        for one, other in zip(found, merge_rows(X, tolerance), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.jit
def test_in_a_full_cell_the_last_64_are_compared():
    """Rows that are further apart than the tolerance, so that the time is linear."""
    unit = np.eye(400)
    X = np.concatenate([unit, unit[:100], unit[99::-1]])
    found = merge_rows(X, 1.0)
    check(X, 1.0, found)
    # The first copies are too far from the originals, and of the others, the last 36 from the first copies.
    assert len(found.rows) == 400 + 100 + 36
    assert len(merge_rows(X, 0.0).rows) == 400


@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("name", SETS)
def test_merging_equal_rows_changes_nothing(name, precision):
    X = np.concatenate(SETS[name])
    X = np.concatenate([X, X[::2], X[:4], X[:4]])
    query = np.concatenate([X[::-3], X[:3] + 0.01, X[:1] - 7.0, X[:1] - 7.0])
    error, _ = PROMISES[precision]
    kwargs = {"bandwidth": H, "precision": precision, "merge": 0}
    for y in (X, query):
        expected = naive.log_kernel_sum(y, X, H)
        np.testing.assert_allclose(log_kernel_sum(y, X, **kwargs), expected, rtol=1e-11, atol=error)
    assert entropy(X, **kwargs) == pytest.approx(naive.entropy(X, H), abs=PROMISES[precision][1])
    values = naive.log_kernel_sum(X, X, H)
    assert diversity(X, **kwargs) == pytest.approx(
        math.log(np.exp(-values).sum()), abs=PROMISES[precision][1]
    )
    share = np.mean(naive.log_kernel_sum(query, X, H) > -0.5)
    assert overlap(query, X, H, 0.5, precision, merge=0) == pytest.approx(share)


@pytest.mark.jit
def test_large_weights_count_in_full(rng):
    """More than single precision can count, in both precisions, against each other and for others."""
    X = rng.normal(0, H, (200, 4))
    weights = rng.integers(1, 9, 200)
    weights[7] = 3 * 2**24 + 1
    rows = MergedRows(merging.Merging(np.arange(200), np.arange(200), weights, X))
    kernels = np.exp(-((X[:, None] - X) ** 2).sum(axis=2) / (2 * H**2))
    expected = np.log((kernels * weights).sum(axis=1))
    for precision, (error, _) in PROMISES.items():
        found = self_sums(rows, X, H, precision, "", None)
        np.testing.assert_allclose(found, expected, rtol=0, atol=error)


@pytest.mark.parametrize("merge", [1e-4, 1e-2, 0.3, 2.0])
@pytest.mark.parametrize("d", [1, 5, 63])
def test_errors_are_within_the_bound(rng, d, merge):
    X = np.concatenate([clusters(rng, 260, d, merge * H), rng.normal(0, 3 * H, (30, d))])
    Y = np.concatenate([clusters(rng, 40, d, merge * H), X[:20] + merge * H / d, X[:9] + 40 * H])
    assert len(merge_rows(X, merge * H).rows) < 250
    n, kwargs = math.log(len(X)), {"bandwidth": H, "precision": "double", "merge": merge}
    for query in (X, Y):
        exact = -naive.log_kernel_sum(query, X, H)
        found = delta_entropy(query, X, **kwargs)
        errors = np.abs(found - exact) - 1e-11
        assert (errors <= merge_error_bound(n + exact, merge)).all()
        assert (errors <= merge_error_bound(n + found, merge)).all()
        assert errors.max() > 0
    exact, found = naive.entropy(X, H), entropy(X, **kwargs)
    assert abs(found - exact) <= min(merge_error_bound(one, merge) for one in (exact, found)) + 1e-11
    exact, found = math.log(np.exp(-naive.log_kernel_sum(X, X, H)).sum()), diversity(X, **kwargs)
    assert abs(found - exact) <= merge_error_bound(n, merge) + 1e-11


@pytest.mark.parametrize("t", [1e-3, 0.1, 1.0])
def test_the_bound_holds_for_the_worst_moves(rng, t):
    """Each reference moves straight away from the query, or towards it, and the query from their mean."""
    for n, spread in ((1, 3.0), (2, 0.0), (5, 0.1), (40, 1.0), (40, 4.0), (300, 30.0)):
        X, y = spread * rng.normal(size=(n, 3)), rng.normal(size=3)
        before = -naive.log_kernel_sum(y[None], X, 1.0)[0]
        bound = merge_error_bound(math.log(n) + before, t)
        directions = (X - y) / np.maximum(np.linalg.norm(X - y, axis=1, keepdims=True), 1e-300)
        for sign in (1, -1):
            weights = np.exp(-((X - y) ** 2).sum(axis=1) / 2 + before)
            pull = (weights[:, None] * (X - y)).sum(axis=0)
            moved = y - sign * t * pull / np.linalg.norm(pull)
            after = -naive.log_kernel_sum(moved[None], X + sign * t * directions, 1.0)[0]
            assert abs(after - before) <= bound + 1e-12
            assert abs(after - before) <= merge_error_bound(math.log(n) + after, t) + 1e-12
            if n == 1 and sign == 1:
                assert after - before == pytest.approx(bound)


def test_one_far_reference_attains_the_bound():
    """Through the public function: both sets have rows at the far ends of the tolerance."""
    t, r = 0.25, 8.0
    X, Y = np.array([[0.0], [-t], [1e3]]), np.array([[r], [r + t]])
    exact = delta_entropy(Y, X, 1.0, "double")[1]
    found = delta_entropy(Y, X, 1.0, "double", merge=t)[1]
    assert found == pytest.approx(r**2 / 2 - math.log(2))
    assert exact > found
    assert abs(exact - found) <= merge_error_bound(math.log(3) + found, t)
    assert abs(exact - found) > 0.4 * merge_error_bound(math.log(3) + found, t)


def test_the_bound_of_arrays_and_of_nothing():
    np.testing.assert_allclose(merge_error_bound([0.0, 2.0, -1e-9], 0.1), [0.02, 0.42, 0.02])
    assert merge_error_bound(5.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("merge", "error"), [(-1e-9, ValueError), (math.nan, ValueError), ("1e-3", TypeError), (True, TypeError)]
)
def test_other_tolerances_are_refused(merge, error):
    X = np.zeros((3, 2))
    for call in (entropy, diversity):
        with pytest.raises(error, match=r"^merge: expected a number of at least 0, got "):
            call(X, merge=merge)
    for pair in (delta_entropy, overlap, log_kernel_sum):
        with pytest.raises(error, match=r"^merge: expected a number of at least 0, got "):
            pair(X, X + 1, merge=merge)
    with pytest.raises(error, match=r"^merge: "):
        merge_error_bound(1.0, merge)


def test_environments_keep_the_last_merging(rng, monkeypatch):
    X = clusters(rng, 200, 5, 0.1)
    envs = Environments(X, [0, 200])
    merged = envs.merged(0.3)
    assert envs.merged(0.3) is merged
    assert entropy(envs, H, merge=0.3 / H) == entropy(X, H, merge=0.3 / H)
    assert envs.merged(0.0) is not merged
    assert len(envs.merged(0.0)) == 200
    assert entropy(envs, H, merge=0) == entropy(envs, H)
    with pytest.raises(ValueError, match=r"^tolerance: expected a number of at least 0, got -1"):
        envs.merged(-1)
