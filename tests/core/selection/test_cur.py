"""CUR: compare with a naive decomposition and with scikit-matter."""

import numpy as np
import pytest

from quests_core import Environments, select

# What `skmatter.sample_selection.CUR(n_to_select=5)` of scikit-matter 0.4.1 picks from `example()`.
BY_SCIKIT_MATTER = [11, 8, 3, 10, 7]


def example():
    return np.random.default_rng(5).normal(size=(12, 5))


def naive_scores(means, picked):
    """Return the squared first left singular vector of the residuals of the picked rows."""
    centred = means - means.mean(axis=0)
    rank = np.linalg.matrix_rank(centred)
    this_round, left = picked[len(picked) // rank * rank :], np.ones(len(means))
    left[picked[: len(picked) // rank * rank]] = 0.0
    rows = centred * left[:, None]
    if len(this_round):
        basis, _ = np.linalg.qr(rows[this_round].T)
        rows = rows - rows @ basis @ basis.T
    return np.linalg.svd(rows)[0][:, 0] ** 2


def test_every_pick_has_the_highest_score(rng):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 6), 4)) for _ in range(15)]
    means = np.array([X.mean(axis=0) for X in frames])
    order = select(Environments.from_frames(frames), "cur").order.tolist()
    # The last picks are of fewer rows than the rank.
    for rank in range(12):
        scores = naive_scores(means, order[:rank])
        assert scores[order[rank]] >= np.delete(scores, order[:rank]).max() - 1e-9, f"pick {rank}"


def test_picks_agree_with_scikit_matter():
    order = select(example(), "cur", 5).order.tolist()
    assert order == BY_SCIKIT_MATTER
    skmatter = pytest.importorskip("skmatter.sample_selection")
    centred = example() - example().mean(axis=0)
    assert skmatter.CUR(n_to_select=5).fit(centred).selected_idx_.tolist() == order


def test_the_decomposition_restarts_when_the_rank_is_exhausted(rng):
    X = rng.normal(size=(40, 3))
    X -= X.mean(axis=0)
    order = select(X, "cur").order
    for first in range(0, 30, 3):
        # The three picks of each round span everything.
        assert np.linalg.matrix_rank(X[order[first : first + 3]], tol=1e-6) == 3


def test_copies_come_after_distinct_frames(rng):
    X = rng.normal(size=(4, 6))
    order = select(np.concatenate([X, X]), "cur").order
    # Four centred rows have a rank of three.
    assert len({frame % 4 for frame in order[:3].tolist()}) == 3


def test_constant_columns_and_units_do_not_matter(rng):
    X = rng.normal(size=(20, 3))
    order = select(X, "cur").order.tolist()
    wider = np.concatenate([np.full((20, 1), 0.1), X, np.zeros((20, 1))], axis=1)
    assert select(wider, "cur").order.tolist() == order
    assert select(1e-4 * X + 7.0, "cur").order.tolist() == order


def test_identical_frames_come_in_file_order():
    assert select(np.full((5, 3), 0.3), "cur").order.tolist() == [0, 1, 2, 3, 4]


def test_the_seed_does_not_matter(rng):
    X = np.eye(6)
    assert select(X, "cur", random_state=1).order.tolist() == select(X, "cur", random_state=2).order.tolist()
