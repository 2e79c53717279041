"""Selection: compare every pick of every method with naive scores; locked frames, fractions, seeds."""

import numpy as np
import pytest

from quests_core import METHODS, Environments
from quests_core.selection import Strata
from quests_core.selection.result import NOT_NESTED
from tests import naive
from tests.core.selection.naive_scores import assert_greedy, grouped, slow_scores
from tests.core.ugly import BANDWIDTH, PROMISES, SETS, combined
from tests.core.with_y import select

GREEDY = ("msc", "fps", "mean_fps", "information_loss", "coverage", "balanced")
NAMES = list(SETS)


@combined("method, name, precision", GREEDY, NAMES, PROMISES)
def test_every_pick_has_the_highest_score(method, name, precision):
    frames = SETS[name]
    order = select(grouped(frames), method, bandwidth=BANDWIDTH, precision=precision).order
    assert sorted(order) == list(range(len(frames)))
    error = PROMISES[precision][0]
    assert_greedy(order, slow_scores(method, frames), int(method == "mean_fps"), error)


@pytest.mark.parametrize("name", ["plain", "duplicates", "far outliers", "63 columns", "one dimension"])
@pytest.mark.parametrize("method", GREEDY)
def test_locked_frames_come_first_and_count(method, name):
    frames = SETS[name]
    for locked in ([2], [3, 0], tuple(range(len(frames)))[::-1]):
        order = select(grouped(frames), method, bandwidth=BANDWIDTH, locked=locked).order
        assert order[: len(locked)].tolist() == list(locked)
        assert sorted(order) == list(range(len(frames)))
        assert_greedy(order, slow_scores(method, frames, locked=locked), n_given=len(locked))


@pytest.mark.parametrize("name", NAMES)
def test_msc_given_a_reference(name, rng):
    frames = SETS[name]
    d = frames[0].shape[1]
    for reference in (frames[0], frames[-1][:1] + 0.05, rng.normal(0, 50, (3, d))):
        order = select(grouped(frames), "msc", bandwidth=BANDWIDTH, reference=reference).order
        assert_greedy(order, slow_scores("msc", frames, reference), n_given=0)
        locked = [len(frames) - 1]
        order = select(
            grouped(frames), "msc", bandwidth=BANDWIDTH, reference=grouped([reference]), locked=locked
        ).order
        assert_greedy(order, slow_scores("msc", frames, reference), n_given=1)


@pytest.mark.parametrize("method", ["msc", "fps"])
def test_the_order_agrees_with_the_naive_one_without_near_ties(method, rng):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 9), 3)) for _ in range(25)]
    expected = naive.greedy(slow_scores(method, frames), 25, 25)
    assert select(grouped(frames), method, bandwidth=BANDWIDTH).order.tolist() == expected


def test_mean_fps_after_its_random_start(rng):
    frames = [rng.normal(0, 0.4, (rng.integers(1, 9), 3)) for _ in range(25)]
    starts = set()
    for seed in range(12):
        order = select(grouped(frames), "mean_fps", random_state=seed).order.tolist()
        assert order == naive.greedy(slow_scores("mean_fps", frames), 25, 25, first=order[:1])
        starts.add(order[0])
    assert len(starts) > 5


@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("method", ["msc", "fps"])
def test_equal_scores_go_to_the_lowest_index(method, precision, rng):
    block = rng.normal(0, 0.4, (6, 3))
    apart = [block + 40.0 * i for i in range(4)]
    # All frames tie for the first pick; afterwards, copies of one frame tie.
    frames = [apart[0], apart[1], apart[0], apart[1], apart[2], apart[2]]
    order = select(grouped(frames), method, bandwidth=BANDWIDTH, precision=precision).order.tolist()
    assert order[0] == 0
    for first, copy in ((0, 2), (1, 3), (4, 5)):
        assert order.index(first) < order.index(copy)


@pytest.mark.parametrize("method", METHODS)
def test_equal_one_atom_frames_come_in_file_order(method):
    order = select(np.full((6, 3), 0.25), method).order.tolist()
    assert sorted(order) == list(range(6))
    if method in ("msc", "fps", "information_loss", "coverage"):
        assert order == list(range(6))


def test_fps_and_msc_follow_far_outliers_by_distance():
    X = np.array([[0.0], [0.001], [100.0], [1000.0], [300.0], [0.002]])
    # A plain kernel sum underflows for each, but the order must follow the distances.
    assert select(X, "msc").order.tolist()[:4] == [0, 3, 4, 2]
    assert select(X, "fps").order.tolist()[:4] == [0, 3, 4, 2]


@pytest.mark.jit
@pytest.mark.parametrize("precision", PROMISES)
@pytest.mark.parametrize("method", ["msc", "fps"])
def test_copies_of_many_frames_come_in_file_order(method, precision, rng):
    """Copies far apart in the file fall into different blocks of any reduction."""
    kinds = [rng.normal(0, 0.4, (rng.integers(1, 7), 9)) for _ in range(40)]
    frames = [kinds[i] for i in rng.permutation(np.repeat(range(40), 5))]
    order = select(grouped(frames), method, bandwidth=BANDWIDTH, precision=precision).order.tolist()
    for kind in kinds:
        copies = [i for i, frame in enumerate(frames) if frame is kind]
        ranks = [order.index(i) for i in copies]
        assert ranks == sorted(ranks)


# Nested orders, counts, fractions


@pytest.mark.parametrize("method", METHODS)
def test_a_prefix_is_the_selection_of_that_size(method, rng):
    envs = grouped([rng.normal(0, 0.4, (rng.integers(1, 6), 3)) for _ in range(12)])
    whole = select(envs, method, bandwidth=BANDWIDTH)
    assert whole.nested is (method not in NOT_NESTED)
    assert (len(whole), whole.method, whole.n_frames) == (12, method, 12)
    assert whole.order.dtype == np.int64
    for n in range(1, 13):
        part = select(envs, method, n, bandwidth=BANDWIDTH).order
        assert len(part) == len(set(part.tolist())) == n
        if whole.nested:
            np.testing.assert_array_equal(part, whole.order[:n])


@pytest.mark.parametrize("method", METHODS)
def test_number_to_select(method):
    X = np.random.default_rng(0).normal(size=(10, 2))
    for given, expected in (
        (1, 1),
        (10, 10),
        (0.5, 5),
        (1.0, 10),
        (0.04, 1),
        (1e-9, 1),
        (0.25, 3),
        (0.24, 2),
    ):
        assert len(select(X, method, given).order) == expected, given
    assert len(select(X, method, np.int32(3)).order) == 3
    assert len(select(X, method, np.float32(0.5)).order) == 5
    assert len(select(X[:1], method).order) == 1


@pytest.mark.parametrize("method", METHODS)
def test_locked_frames_with_any_count(method, rng):
    envs = grouped([rng.normal(0, 0.4, (3, 2)) for _ in range(8)])
    for n in (2, 3, 8):
        order = select(envs, method, n, locked=[5, 1]).order.tolist()
        assert order[:2] == [5, 1]
        assert len(set(order)) == n
    assert select(envs, method, locked=range(8)).order.tolist() == list(range(8))
    assert select(envs, method, 2, locked=np.array([5, 1], dtype=np.int16)).order.tolist() == [5, 1]


# Frames without environments


@pytest.mark.parametrize("method", METHODS)
def test_empty_frames_come_last(method, rng):
    frames = [
        np.empty((0, 2)),
        *(rng.normal(0, 1, (n, 2)) for n in (3, 1)),
        np.empty((0, 2)),
        rng.normal(0, 1, (2, 2)),
    ]
    for seed in range(5):
        order = select(grouped(frames), method, random_state=seed).order.tolist()
        assert sorted(order) == list(range(5))
        if method != "random":
            assert sorted(order[3:]) == [0, 3]
    locked = select(grouped(frames), method, locked=[3]).order.tolist()
    assert locked[0] == 3
    assert sorted(locked) == list(range(5))
    if method in GREEDY:
        assert locked[-1] == 0


@pytest.mark.parametrize("method", METHODS)
def test_only_empty_frames(method):
    order = select(grouped([np.empty((0, 2))] * 3), method).order.tolist()
    assert sorted(order) == [0, 1, 2]


# Seeds and baselines


@pytest.mark.parametrize("method", METHODS)
def test_the_same_arguments_give_the_same_order(method, rng):
    envs = grouped([rng.normal(0, 0.4, (3, 2)) for _ in range(15)])
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = select(envs, method, 6).order
    np.testing.assert_array_equal(first, select(envs, method, 6).order)
    np.testing.assert_array_equal(first, select(envs, method, 6, random_state=0).order)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("method", ["random", "k_means", "mean_fps"])
def test_the_seed_matters(method, rng):
    envs = grouped([rng.normal(0, 0.4, (3, 2)) for _ in range(15)])
    assert len({tuple(select(envs, method, 6, random_state=seed).order) for seed in range(6)}) > 2


@pytest.mark.jit
@pytest.mark.parametrize("method", GREEDY)
def test_the_order_does_not_depend_on_the_number_of_threads(method, rng):
    from quests_core import get_num_threads, set_num_threads

    envs = grouped([rng.normal(0, 0.1, (rng.integers(1, 60), 8)) for _ in range(150)])
    before, orders = get_num_threads(), []
    try:
        for n in (1, 2, 3):
            set_num_threads(n)
            orders.append(select(envs, method, 40).order.tolist())
    finally:
        set_num_threads(before)
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize("method", METHODS)
def test_excluded_frames_are_ignored(rng, method):
    envs = Environments(rng.normal(size=(40, 5)), np.arange(0, 41, 4))
    left = [0, 2, 3, 5, 6, 8, 9]
    selection = select(envs, method, excluded=[7, 1, 4], locked=[8], bandwidth=0.5)
    without = select(envs.take(left), method, locked=[left.index(8)], bandwidth=0.5)
    assert selection.order.tolist() == [left[i] for i in without.order]
    assert selection.parameters["excluded"] == [7, 1, 4]


def _reported(envs, method, **options):
    """Return the order, and the orders that the callback got."""
    seen = []
    order = select(envs, method, bandwidth=BANDWIDTH, callback=seen.append, **options).order
    return order.tolist(), [part.tolist() for part in seen]


@pytest.mark.parametrize("options", [{}, {"locked": [4, 0], "excluded": [2, 7]}], ids=["all", "marks"])
@pytest.mark.parametrize("method", [m for m in METHODS if m not in NOT_NESTED])
def test_the_callback_gets_each_first_part_of_the_order(method, options, rng):
    envs = grouped([rng.normal(0, 0.4, (rng.integers(1, 5), 3)) for _ in range(12)])
    order, parts = _reported(envs, method, **options)
    whole = select(envs, method, bandwidth=BANDWIDTH, **options).order.tolist()
    assert order == whole
    if method in ("maxvol", "random"):
        assert parts == [whole]
    else:
        assert parts == [whole[:n] for n in range(1, len(whole) + 1)]


@pytest.mark.parametrize("method", ["msc", "balanced", "fps", "information_loss"])
def test_the_callback_knows_reference_strata_and_until(method, rng):
    envs = grouped([rng.normal(0, 0.4, (3, 3)) for _ in range(12)])
    reference = rng.normal(0, 0.4, (4, 3))
    order, parts = _reported(envs, method, reference=reference, n_to_select=5)
    assert parts == [order[:n] for n in range(1, 6)]
    order, parts = _reported(envs, method, strata=Strata(["a", "b"] * 6), n_to_select=5)
    assert parts == [order[:n] for n in range(1, 6)]
    order, parts = _reported(envs, method, until={"overlap": 0.5})
    assert parts[-1][: len(order)] == order
    assert len(parts[-1]) == 12 > len(order)


@pytest.mark.parametrize("method", ["direct", "k_means"])
def test_the_callback_gets_the_frames_of_clusters_once(method, rng):
    envs = grouped([rng.normal(0, 0.4, (3, 3)) for _ in range(12)])
    order, parts = _reported(envs, method, n_to_select=5, excluded=[3])
    assert parts == [order]


def test_the_callback_cannot_change_the_order_but_end_it(rng):
    envs = grouped([rng.normal(0, 0.4, (3, 3)) for _ in range(12)])

    def stop(order):
        assert not order.flags.writeable
        if len(order) == 3:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        select(envs, "msc", callback=stop)
