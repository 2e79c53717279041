"""Tests of approximate δH."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from quests_core import (
    approx_delta_entropy,
    delta_entropy,
)
from tests import naive
from tests.core.ugly import BANDWIDTH


class Forgetful:
    """A stand-in for pynndescent that misses the nearest neighbour of every tenth query."""

    def __init__(self, reference, n_neighbors, **_):
        self.reference = reference

    def prepare(self):
        pass

    def query(self, X, k):
        found = np.argsort(cdist(X, self.reference), axis=1)[:, : k + 1]
        found[::10, 0] = found[::10, k]
        return found[:, :k], None


@pytest.mark.jit
@pytest.mark.parametrize(
    # Importing and compiling pynndescent itself takes one to two minutes in every process.
    "graph",
    [Forgetful, pytest.param("pynndescent", marks=pytest.mark.slow)],
)
def test_too_few_neighbours_give_too_high_a_delta_entropy(rng, graph, monkeypatch):
    if graph is Forgetful:
        monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=graph))
    else:
        pytest.importorskip("pynndescent")
    reference, query = rng.normal(0, 0.3, (300, 3)), rng.normal(0, 0.4, (80, 3))
    found = approx_delta_entropy(query, reference, BANDWIDTH, n_neighbors=5, n_checked=80)
    exact = naive.delta_entropy(query, reference, BANDWIDTH)
    errors = found.delta_entropy - exact
    assert errors.min() > -1e-9
    assert found.max_error == pytest.approx(errors.max(), abs=1e-9)
    assert found.mean_error == pytest.approx(errors.mean(), abs=1e-9)
    assert found.misjudged == np.mean((found.delta_entropy > 0) & (exact <= 0))
    nearest = np.sort(((query[:, None] - reference) ** 2).sum(axis=2), axis=1)[:, :5]
    best = -np.log(np.exp(-nearest / (2 * BANDWIDTH**2)).sum(axis=1))
    # All true neighbours give the tightest bound; it is reached as often as the recall states.
    hit = np.isclose(found.delta_entropy, best, atol=1e-6).mean()
    assert found.recall > 0.9
    assert hit >= 1 - 5 * (1 - found.recall) - 1e-9


def test_small_references_need_no_check(rng, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", SimpleNamespace(NNDescent=Forgetful))
    reference, query = rng.normal(size=(4, 2)), rng.normal(size=(7, 2))
    found = approx_delta_entropy(query, reference, 0.5, n_neighbors=10)
    assert found.recall == 1
    np.testing.assert_allclose(found.delta_entropy, delta_entropy(query, reference, 0.5), atol=1e-4)
    assert math.isnan(approx_delta_entropy(query, reference, 0.5, n_checked=0).recall)
    assert len(approx_delta_entropy(np.empty((0, 2)), reference).delta_entropy) == 0
    with pytest.raises(ValueError, match="reference: expected at least 2 environments, got 1"):
        approx_delta_entropy(query, reference[:1])


def test_without_pynndescent_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynndescent", None)
    with pytest.raises(ImportError, match=r'pip install "quests-explorer\[approximate\]"'):
        approx_delta_entropy(np.eye(3), np.eye(3))
