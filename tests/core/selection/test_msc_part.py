"""Parts of a set: their best frames are those of the whole set, whatever was lost before."""

import pickle
from functools import partial

import numpy as np
import pytest

from quests_core import select
from quests_core.selection.msc_part import Content, Part, Picks
from tests import naive
from tests.core.selection.naive_scores import grouped
from tests.core.ugly import BANDWIDTH


@pytest.fixture
def frames(rng):
    return [rng.normal(0, 0.4, (rng.integers(1, 6), 3)) for _ in range(24)]


def part_of(frames, first, last, precision="double"):
    envs, n = grouped(frames[first:last]), sum(map(len, frames))
    read = partial(np.array, envs.X)
    return Part(Content(read, envs.sizes, first, n - envs.n_envs, BANDWIDTH, precision, None))


def picks_of(frames, order, first=0):
    some = order[first:]
    sizes = np.array([len(frames[i]) for i in some], dtype=np.int64)
    read = partial(np.concatenate, [np.empty((0, 3)), *(frames[i] for i in some)])
    return Picks(first, np.array(some, dtype=np.int64), sizes, read)


def check(found, frames, order, first, last, n):
    """Assert that these are the n best frames of a part, with valid bounds."""
    scores = naive.msc_scores(frames, order, BANDWIDTH)
    free = [i for i in range(first, last) if i not in order]
    best = sorted(free, key=lambda i: -scores[i])
    assert found.frames.tolist() == best[:n]
    np.testing.assert_allclose(found.scores, scores[best[:n]], atol=1e-9)
    assert found.rest >= max((scores[i] for i in best[n:]), default=-np.inf) - 1e-9
    for frame, bounds, at in zip(found.frames, found.bounds, found.lowest, strict=True):
        picked = np.concatenate([frames[i] for i in order])
        sums = naive.log_kernel_sum(frames[frame], picked, BANDWIDTH)
        assert (bounds <= sums + 1e-9).all()
        assert bounds[at] == pytest.approx(sums.min(), abs=1e-9) == bounds.min()


def test_the_best_frames_of_each_part_follow_from_all_picks(frames):
    order = select(grouped(frames), "msc", bandwidth=BANDWIDTH).order.tolist()
    for first, last in ((0, 9), (9, 24)):
        part = part_of(frames, first, last)
        for n in (0, 1, 5, 6, 20):
            before = {0: 0, 1: 0, 5: 1, 6: 5, 20: 6}[n]
            found = part.advance(picks_of(frames, order[:n], before), 4)
            if n:
                check(found, frames, order[:n], first, last, 4)
    assert len(found.frames) == sum(i >= 9 for i in order[20:])


def test_before_the_first_pick_scores_are_entropies(frames):
    found = part_of(frames, 3, 12).advance(picks_of(frames, []), 9)
    expected = naive.msc_scores(frames, [], BANDWIDTH)[3:12]
    np.testing.assert_allclose(found.scores, np.sort(expected)[::-1], atol=1e-9)
    assert found.rest == -np.inf


def test_lost_sums_are_asked_for_and_made_again(frames):
    part, order = part_of(frames, 0, 12), [3, 20, 5, 11]
    part.advance(picks_of(frames, order[:3]), 3)
    expected = part.advance(picks_of(frames, order, 3), 3)
    # The same request again, or an earlier one, as Dask may repeat a task.
    again = part.advance(picks_of(frames, order, 3), 3)
    assert again.frames.tolist() == expected.frames.tolist()
    check(part.advance(picks_of(frames, order[:2]), 3), frames, order[:2], 0, 12, 3)
    copied = pickle.loads(pickle.dumps(part))
    assert copied.advance(picks_of(frames, order, 3), 3) is None
    check(copied.advance(picks_of(frames, order), 3), frames, order, 0, 12, 3)


def test_sums_are_not_kept_after_an_error(frames):
    part, order = part_of(frames, 0, 12), [3, 20, 5]
    part.advance(picks_of(frames, order[:2]), 3)
    with pytest.raises(FileNotFoundError):
        part.advance(picks_of(frames, order, 2)._replace(read=partial(open, "/nowhere")), 3)
    assert part.advance(picks_of(frames, order, 2), 3) is None


def test_the_size_that_dask_sees_is_that_of_the_sums(frames):
    part = part_of(frames, 0, 12)
    before = part.__sizeof__()
    part.advance(picks_of(frames, [3, 20]), 3)
    assert part.__sizeof__() > before > 1000
    assert len(pickle.dumps(part)) < 5000
