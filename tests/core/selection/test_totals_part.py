"""Parts of the environments of all frames: what they contribute adds up to the whole."""

import pickle
from functools import partial

import numpy as np
import pytest

from quests_core.kernel_sums.frame_sums import reach_of
from quests_core.kernel_sums.tiles import Tiles
from quests_core.selection.submodular_sums import SUBMODULAR_SUMS
from quests_core.selection.subset_sums import EPSILON
from quests_core.selection.subset_totals import SubsetTotals
from quests_core.selection.totals_part import Block, Content, Question, TotalsPart
from tests.core.selection.naive_scores import grouped

H, N, ALL = 0.3, 12, np.arange(12)
NOBODY = np.empty(0, np.int64)


@pytest.fixture
def frames(rng):
    return [rng.normal(0, 0.6, (n, 3)) for n in rng.integers(1, 6, N)]


def block_of(envs, indices, first=0, last=N):
    """Return some rows of the frames from `first` to `last`."""
    frame = envs.frame_index[indices]
    inside = indices[(frame >= first) & (frame < last)]
    offsets = np.searchsorted(envs.frame_index[inside], np.arange(first, last + 1))
    return Block(partial(np.array, envs.X[inside]), offsets)


def parts_of(frames, kind=SubsetTotals):
    """Return two parts of interleaved rows, which read the rows near them in two blocks."""
    envs, reach = grouped(frames), reach_of(EPSILON, 5)
    near = [block_of(envs, np.arange(envs.n_envs), *some) for some in ((0, 5), (5, N))]
    own = [np.arange(part, envs.n_envs, 2) for part in range(2)]
    tiles = [Tiles.from_rows(envs.X[some], envs.tiles.axes) for some in own]
    given = near, ALL[::-1], H, reach, None
    return [
        TotalsPart(Content(kind, block_of(envs, some), one.axes, (one.order, one.starts), *given))
        for some, one in zip(own, tiles, strict=True)
    ]


def asked(first, picks, frames=ALL, limit=1.0):
    return Question(first, np.array(picks, dtype=np.int64), frames, limit)


def test_what_parts_contribute_adds_up_to_the_whole(frames):
    whole, parts, picks = SubsetTotals.of(grouped(frames), H, None, None), parts_of(frames), [3, 7, 0]
    for n in range(len(picks) + 1):
        if n:
            whole.add(picks[n - 1])
        answers = [part.answer(asked(max(0, n - 1), picks[max(0, n - 1) : n])) for part in parts]
        np.testing.assert_allclose(sum(one.totals for one in answers), whole.totals, rtol=1e-5)
        found = sum(one.changes for one in answers)
        np.testing.assert_allclose(found, whole.changes(ALL), rtol=1e-5, atol=1e-5)
        expected, ranks = whole.farthest(1.0, N - 1 - ALL), [one.farthest for one in answers]
        farthest = min(ranks, key=lambda one: one.least)
        np.testing.assert_allclose(farthest.least, expected.least, rtol=1e-5)
        assert farthest.near.tolist() == expected.near.tolist()
        assert min(one.first for one in ranks) == expected.first
    walked, (totals, least) = [part.walk() for part in parts], whole.walk(ALL[::-1])
    np.testing.assert_allclose(sum(one for one, _ in walked), totals, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(np.min([one for _, one in walked], axis=0), least, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("kind", SUBMODULAR_SUMS.values())
def test_gains_by_parts_add_up_to_those_of_the_whole(frames, kind):
    whole, parts = kind.of(grouped(frames), H, None, None), parts_of(frames, kind)
    whole.add(3)
    answers = [part.answer(asked(0, [3], limit=None)) for part in parts]
    np.testing.assert_allclose(sum(one.totals for one in answers), whole.totals, rtol=1e-5)
    np.testing.assert_allclose(sum(one.changes for one in answers), whole.changes(ALL), rtol=1e-5, atol=1e-5)


def equal(one, other):
    """Assert that two answers are the same to the last bit."""
    for a, b in zip((*one[:2], *one.farthest), (*other[:2], *other.farthest), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_part_that_was_lost_asks_for_all_picks_and_answers_the_same(frames):
    part, _ = parts_of(frames)
    part.answer(asked(0, [3, 7]))
    expected = part.answer(asked(2, [1]))
    copy = pickle.loads(pickle.dumps(part))
    assert copy.answer(asked(2, [1])) is None
    equal(copy.answer(asked(0, [3, 7, 1])), expected)


def test_picks_that_were_received_before_are_not_added_again(frames):
    part, _ = parts_of(frames)
    expected = part.answer(asked(0, [3, 7]))
    for first, picks in ((0, [3, 7]), (1, [7]), (2, [])):
        equal(part.answer(asked(first, picks)), expected)
    # Nor are later ones kept.
    part.answer(asked(2, [1, 4]))
    equal(part.answer(asked(0, [3, 7])), expected)


def test_sums_are_not_kept_if_something_fails(frames):
    part, _ = parts_of(frames)
    expected = part.answer(asked(0, [3, 7]))
    with pytest.raises(IndexError):
        part.answer(asked(2, [], np.array([N + 3])))
    assert part.answer(asked(2, [])) is None
    equal(part.answer(asked(0, [3, 7])), expected)


def test_what_is_not_asked_is_not_answered(frames):
    part, _ = parts_of(frames)
    answer = part.answer(Question(0, NOBODY, NOBODY, None))
    assert answer.farthest is None
    assert answer.changes.shape == (0, 5)
