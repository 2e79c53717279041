"""PCov-FPS: compare with naive scores and with scikit-matter; the other two are in test_dispatch."""

import numpy as np
import pytest

from quests_core import Environments, select
from quests_core.selection.fps import PCovFPS

# What `skmatter.sample_selection.PCovFPS` of scikit-matter 0.4.1 picks from `example()`, scaled as here.
BY_SCIKIT_MATTER = [8, 0, 11, 7, 10, 1, 3, 5, 2, 9, 6, 4]


def example():
    rng = np.random.default_rng(5)
    return rng.normal(size=(12, 5)), rng.normal(size=(12, 2))


def unit(rows):
    centred = rows - rows.mean(axis=0)
    return centred / np.sqrt(np.trace(centred.T @ centred) / len(rows))


def by_hand(frames, y):
    """Return the whole order from the matrix of all distances."""
    x = unit(np.array([X.mean(axis=0) for X in frames]))
    y = np.hstack([unit(column[:, None]) for column in y.T]) / np.sqrt(y.shape[1])
    kernel = (x @ x.T + y @ y.T) / 2
    order = [int(np.argmax(np.diag(kernel)))]
    squares = np.diag(kernel)[:, None] + np.diag(kernel) - 2 * kernel
    while len(order) < len(frames):
        nearest = squares[:, order].min(axis=1)
        nearest[order] = -1.0
        order.append(int(np.argmax(nearest)))
    return order


@pytest.mark.parametrize("n_properties", [1, 3])
def test_pcov_fps_agrees_with_a_naive_implementation(n_properties, rng):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 6), 4)) for _ in range(18)]
    y = rng.normal(size=(18, n_properties)) * 10.0 ** rng.normal(size=n_properties)
    order = select(Environments.from_frames(frames), "pcov_fps", y=y).order.tolist()
    assert order == by_hand(frames, y)


def test_pcov_fps_agrees_with_scikit_matter():
    X, y = example()
    order = select(X, "pcov_fps", y=y).order.tolist()
    assert order == BY_SCIKIT_MATTER
    skmatter = pytest.importorskip("skmatter.sample_selection")
    y = np.hstack([unit(column[:, None]) for column in y.T]) / np.sqrt(2)
    theirs = skmatter.PCovFPS(n_to_select=12, initialize=order[0]).fit(unit(X), y)
    assert theirs.selected_idx_.tolist() == order


def test_properties_decide_between_equal_descriptors():
    X = np.full((6, 2), 0.3)
    y = [0.0, 0.1, 0.2, 5.0, 2.0, 0.1]
    assert select(X, "pcov_fps", 4, y=y).order.tolist() == [3, 0, 4, 2]


def test_constant_properties_and_their_units_do_not_matter(rng):
    X, y = rng.normal(size=(15, 3)), rng.normal(size=15)
    order = select(X, "pcov_fps", y=y).order.tolist()
    assert select(X, "pcov_fps", y=-1e6 * y + 3e6).order.tolist() == order
    assert select(X, "pcov_fps", y=np.column_stack([y, np.full(15, 0.1)])).order.tolist() == order
    alone = select(X, "pcov_fps", y=np.full(15, 0.1)).order
    from_the_same = PCovFPS(Environments(X, np.arange(16)), np.zeros((15, 1)))
    assert alone[0] == np.argmax(from_the_same.scores())


def test_equal_frames_come_in_file_order():
    assert select(np.full((4, 2), 0.3), "pcov_fps", y=np.ones(4)).order.tolist() == [0, 1, 2, 3]


def test_the_properties_of_excluded_frames_do_not_count(rng):
    X, y = rng.normal(size=(10, 3)), rng.normal(size=10)
    left = [0, 1, 2, 4, 5, 7, 8, 9]
    order = select(X, "pcov_fps", excluded=[3, 6], y=y).order.tolist()
    assert order == [left[i] for i in select(X[left], "pcov_fps", y=y[left]).order]
