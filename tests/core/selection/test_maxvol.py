"""MaxVol: no swap enlarges the volume; active sets follow one another in the order."""

import numpy as np
import pytest

from quests_core import Environments, select
from quests_core.selection import maxvol as module
from quests_core.selection.maxvol import TOLERANCE, maxvol


def volume(M):
    return np.prod(np.linalg.svd(M, compute_uv=False))


def largest_gain(A, rows):
    """Return the factor by which the best swap of one row enlarges the volume."""
    gains = []
    for place in range(len(rows)):
        for row in range(len(A)):
            swapped = np.array(rows)
            swapped[place] = row
            gains.append(volume(A[swapped]))
    return max(gains) / volume(A[rows])


def matrices():
    rng = np.random.default_rng(3)
    wide = rng.normal(size=(40, 6))
    return {
        "normal": rng.normal(size=(60, 5)),
        "positive": rng.uniform(size=(80, 4)),
        "heavy tails": rng.standard_cauchy(size=(50, 4)),
        "rank 3 of 6": rng.normal(size=(50, 3)) @ rng.normal(size=(3, 6)),
        "bad condition": wide * 10.0 ** -np.arange(6),
        "copies": np.repeat(rng.normal(size=(9, 3)), 5, axis=0),
        "one column": rng.normal(size=(20, 1)),
        "fewer rows than columns": rng.normal(size=(3, 7)),
    }


@pytest.mark.parametrize("name", matrices())
def test_no_swap_enlarges_the_volume(name):
    A = matrices()[name]
    rows = maxvol(A)
    assert len(set(rows.tolist())) == len(rows) == np.linalg.matrix_rank(A)
    assert largest_gain(A, rows) <= TOLERANCE * (1 + 1e-6)


def test_swaps_are_needed():
    """The rows with the largest residuals alone do not reach a locally maximal volume."""
    gains = []
    for seed in range(20):
        A = np.random.default_rng(seed).normal(size=(40, 5))
        gains.append(largest_gain(A, module._pivots(A)[0]))
        assert largest_gain(A, maxvol(A, 1.0)) <= 1 + 2e-6
    assert max(gains) > 1.05


def test_nothing_to_choose_from():
    assert maxvol(np.zeros((4, 2))).tolist() == []
    assert maxvol(np.empty((0, 2))).tolist() == []
    assert maxvol(np.empty((3, 0))).tolist() == []


def by_hand(frames):
    """Return the frames of successive active sets, in an orthonormal basis of the columns."""
    owner, order = np.repeat(range(len(frames)), [len(X) for X in frames]), []
    rows = np.linalg.svd(np.concatenate(frames), full_matrices=False)[0]
    while len(order) < len(frames):
        left = ~np.isin(owner, order)
        order += dict.fromkeys(owner[left][maxvol(rows[left])].tolist())
    return order


def test_the_order_is_that_of_active_sets(rng):
    frames = [rng.normal(0, 0.4, (rng.integers(2, 6), 4)) for _ in range(20)]
    order = select(Environments.from_frames(frames), "maxvol").order.tolist()
    assert order == by_hand(frames)


def test_the_basis_of_the_columns_does_not_matter(rng):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 6), 5)) for _ in range(30)]
    order = select(Environments.from_frames(frames), "maxvol").order.tolist()
    basis = rng.normal(size=(5, 5))
    turned = [X @ basis for X in frames]
    assert select(Environments.from_frames(turned), "maxvol").order.tolist() == order
    wider = [np.concatenate([X, X[:, :2], np.zeros((len(X), 1))], axis=1) for X in frames]
    assert select(Environments.from_frames(wider), "maxvol").order.tolist() == order


def test_an_outlier_among_many_comes_first(rng):
    X = rng.normal(0, 0.1, (200, 4))
    X[137] = [5.0, -5.0, 5.0, 5.0]
    assert select(X, "maxvol", 1).order.tolist() == [137]


def test_frames_that_extend_the_active_set_of_a_reference_come_first(rng):
    X = rng.normal(0, 0.1, (30, 3))
    X[7] *= 500.0
    reference = 3.0 * np.eye(3)
    order = select(X, "maxvol", reference=reference).order.tolist()
    assert order[0] == 7, "the only frame that extends the active set of the reference"
    assert sorted(order) == list(range(30))
    # All candidates interpolate: the active set of the candidates alone follows.
    order = select(X, "maxvol", reference=1e4 * np.eye(3)).order.tolist()
    alone = select(X, "maxvol").order.tolist()
    assert set(order[:3]) == set(alone[:3])


def test_locked_frames_count(rng):
    X = rng.normal(0, 0.1, (20, 2))
    X[[3, 9]] = [[9.0, 0.0], [0.0, 9.0]]
    order = select(X, "maxvol", locked=[9]).order.tolist()
    assert order[:2] == [9, 3]


def test_zero_and_identical_environments_come_in_file_order():
    assert select(np.zeros((4, 2)), "maxvol").order.tolist() == [0, 1, 2, 3]
    assert select(np.full((4, 2), 0.3), "maxvol").order.tolist() == [0, 1, 2, 3]
    assert select(np.array([[0.0], [0.0], [2.0]]), "maxvol").order.tolist() == [2, 0, 1]


def test_blocks_of_rows_do_not_change_the_order(rng, monkeypatch):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 6), 4)) for _ in range(30)]
    envs = Environments.from_frames(frames)
    order = select(envs, "maxvol").order.tolist()
    monkeypatch.setattr(module, "_ROWS_PER_BLOCK", 7)
    assert select(envs, "maxvol").order.tolist() == order


def test_progress_is_reported_once_per_active_set(rng):
    seen = []
    X = rng.normal(size=(20, 4))
    select(X, "maxvol", progress=lambda *step: seen.append(step))
    assert seen[-1] == ("maxvol order", 20, 20)
    assert [done for _, done, _ in seen] == [4, 8, 12, 16, 20]
