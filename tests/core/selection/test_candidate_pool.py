"""Frames that are picked in one round: only as long as no other frame can be better."""

import numpy as np
import pytest

from quests_core.kernel_sums.tiles import Tiles
from quests_core.selection.candidate_pool import CandidatePool
from quests_core.selection.msc_part import Candidates

H = 0.1


def candidates(frames, scores, rest, bounds=None, lowest=None):
    bounds = [np.zeros(1)] * len(frames) if bounds is None else bounds
    lowest = np.zeros(len(frames), np.int64) if lowest is None else np.array(lowest)
    return Candidates(np.array(frames), np.array(scores, float), bounds, lowest, rest)


def started(pool, X):
    pool.start(Tiles.from_rows(np.array(X, float)), H, 100)
    return pool


def test_a_new_pool_has_the_best_frame():
    pool = CandidatePool([candidates([4, 1], [2, 1], 1.0), candidates([7], [3], 2.9)], 9, 1e-6)
    assert pool.has_best
    assert pool.frames.tolist() == [4, 1, 7]
    assert not CandidatePool([], 9, 1e-6).has_best
    assert not CandidatePool([candidates([], [], -np.inf, [])], 9, 1e-6).has_best


def test_further_frames_are_picked_while_they_are_above_all_bounds():
    pool = CandidatePool([candidates([4, 1], [2, 1], 0.9), candidates([7], [3], 1.5)], 9, 1e-6)
    started(pool, [[0.0], [5.0], [9.0]]).add(7)
    assert pool.scores.tolist() == [2, 1, -np.inf]
    assert pool.has_best
    pool.add(4)
    # Of frame 1, the score is below the bound of the others.
    assert not pool.has_best


@pytest.mark.parametrize(("rest", "has_best"), [(2.0, False), (2.0 - 2e-6, True)])
def test_a_frame_with_an_equal_bound_may_come_first(rest, has_best):
    pool = started(CandidatePool([candidates([4, 1], [2, 3], rest)], 9, 1e-6), [[0.0], [9.0]])
    pool.add(1)
    assert pool.has_best is has_best


def test_scores_are_updated_by_the_pick():
    """A kernel of 1 is added to sums of 1; the lowest bound of frame 5 is no longer the known one."""
    bounds = [np.zeros(1), np.zeros(1), np.array([0.0, 0.1])]
    pool = CandidatePool([candidates([3, 4, 5], [9, 8, 7], 0, bounds)], 9, 1e-6)
    started(pool, [[0.0], [0.0], [0.0], [5.0]]).add(3)
    np.testing.assert_allclose(pool.scores[1:], [8 - np.log(2), 7 - 0.1])
    assert pool.is_known.tolist() == [False, True, False]
    # The bound of frame 5 counts as that of any other frame.
    pool.add(4)
    assert not pool.has_best


def test_the_best_are_kept_and_the_others_bounded():
    found = [candidates([4, 1, 3], [5, 4, 1], 0), candidates([7, 8, 9], [4, 3, 2], -1)]
    pool = CandidatePool(found, 2, 1e-6)
    # Equal ones are all kept.
    assert pool.frames.tolist() == [4, 1, 7]
    started(pool, [[0.0], [5.0], [9.0]]).add(4)
    pool.add(1)
    assert pool.has_best
    pool.add(7)
    assert not pool.has_best


def test_picks_are_refused_before_the_start():
    with pytest.raises(RuntimeError, match=r"^add: expected after start$"):
        CandidatePool([candidates([4], [5], 0)], 2, 1e-6).add(4)
