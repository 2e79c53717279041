"""Tests of principal axes: rotation keeps distances, and concentrates them in the first axes."""

import numpy as np
import pytest

from quests_core.kernel_sums import principal_axes
from quests_core.kernel_sums.principal_axes import CHUNK_AXES, Axes
from tests.core.ugly import SETS

MATRICES = {name: np.concatenate(frames) for name, frames in SETS.items()} | {
    "one row": np.ones((1, 3)),
    "many copies": np.repeat(np.eye(3), 300, axis=0),
    "many columns": np.random.default_rng(2).normal(size=(300, CHUNK_AXES + 1)) ** 3,
}


def distances(X):
    return np.linalg.norm(X[:, None] - X, axis=2)


@pytest.mark.parametrize("name", MATRICES)
def test_rotation_keeps_distances(name):
    X = MATRICES[name][:200]
    rotated = Axes.from_rows(X).rotate(X)
    assert rotated.shape[1] % CHUNK_AXES == 0
    np.testing.assert_allclose(distances(rotated), distances(X), rtol=1e-10, atol=1e-12 * np.ptp(X) + 1e-12)
    variance = rotated.var(axis=0)
    assert (np.diff(variance) <= 1e-9 * variance[0] + 1e-15).all(), "the widest axis comes first"


@pytest.fixture
def few_axes(monkeypatch):
    """Take only the first 6 axes of more than 10 columns as principal ones."""
    monkeypatch.setattr(principal_axes, "_WIDE", 10)
    monkeypatch.setattr(principal_axes, "_LEADING", 6)
    monkeypatch.setattr(principal_axes, "_FEW_ROWS", 100)


@pytest.mark.parametrize("n", [0, 1, 5, 90, 300])
def test_of_many_columns_the_leading_axes_are_principal_and_distances_are_kept(few_axes, n, rng):
    X = rng.normal(size=(n, 40)) * 0.5 ** np.arange(40) @ np.linalg.qr(rng.normal(size=(40, 40)))[0]
    axes = Axes.from_rows(X)
    assert axes.rotation.shape == (40, 6)
    np.testing.assert_allclose(axes.rotation.T @ axes.rotation, np.eye(6), atol=1e-12)
    # Also of rows that the axes were not made of.
    others = np.vstack([X[:50], 3 * rng.normal(size=(20, 40))])
    rotated = axes.rotate(others)
    assert rotated.shape == (len(others), 48)
    np.testing.assert_allclose(distances(rotated), distances(others), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(rotated[:, :6], (others - axes.mean) @ axes.rotation, atol=1e-12)
    if n >= 90:
        _, scales, expected = np.linalg.svd(X - X.mean(axis=0))
        np.testing.assert_allclose(np.abs(axes.rotation[:, :2].T @ expected[:2].T), np.eye(2), atol=1e-6)
        assert (np.linalg.norm((X - axes.mean) @ axes.rotation, axis=0) <= scales[0] * (1 + 1e-9)).all()


def test_no_square_matrix_of_many_columns_is_made(monkeypatch, rng):
    """Of 85 elements there are 5,418 columns, of which all principal axes take minutes."""
    monkeypatch.setattr(np.linalg, "eigh", lambda A: eigh(A) if len(A) < 100 else pytest.fail("too large"))
    X = rng.normal(size=(3, 20_000))
    assert Axes.from_rows(X).rotate(X).shape == (3, 20_000)


eigh = np.linalg.eigh
