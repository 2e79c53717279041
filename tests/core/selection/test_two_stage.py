"""Tests of two-stage selection, compared with a naive implementation."""

import numpy as np
import pytest

from quests_core import (
    METHODS,
    Environments,
    compression_curve,
    select,
    select_in_chunks,
)
from tests.core.ugly import BANDWIDTH


@pytest.fixture
def frames(rng):
    return [rng.normal(0, 0.3, (rng.integers(1, 5), 3)) for _ in range(14)]


def by_hand(envs, chunks, method, n, keep, **more):
    """Select from each chunk, then from the frames kept, using `select` only."""
    kept = np.sort(
        np.concatenate([np.asarray(c)[select(envs.take(c), method, keep, **more).order] for c in chunks])
    )
    return kept[select(envs.take(kept), method, n, **more).order].tolist()


@pytest.mark.parametrize("method", [method for method in METHODS if method != "pcov_fps"])
@pytest.mark.parametrize("keep", [2, 0.5])
def test_two_stages_agree_with_repeated_select(frames, method, keep):
    envs = Environments.from_frames(frames)
    dealt = [list(range(first, 14, 3)) for first in range(3)]
    given = {"bandwidth": BANDWIDTH, "random_state": 4}
    found = select_in_chunks(envs, method, 5, keep=keep, n_chunks=3, **given)
    assert found.order.tolist() == by_hand(envs, dealt, method, 5, keep, **given)
    assert (found.method, found.n_frames, found.parameters["n_chunks"]) == (method, 14, 3)
    follow = [range(5), range(5, 9), range(9, 14)]
    given_chunks = (envs.take(list(chunk)) for chunk in follow)
    found = select_in_chunks(given_chunks, method, 5, keep=keep, **given)
    assert found.order.tolist() == by_hand(envs, [list(c) for c in follow], method, 5, keep, **given)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "pcov_fps"])
def test_keeping_all_frames_agrees_with_one_stage(frames, method):
    envs = Environments.from_frames(frames)
    for n in (4, None):
        one = select(envs, method, n, bandwidth=BANDWIDTH).order.tolist()
        assert select_in_chunks(envs, method, n, keep=1.0, bandwidth=BANDWIDTH).order.tolist() == one


def test_locked_and_excluded_frames_refer_to_the_full_set(frames):
    envs = Environments.from_frames(frames)
    for chunks in (envs, [envs.take(range(4)), envs.take(range(4, 14))]):
        found = select_in_chunks(
            chunks, n_to_select=3, keep=2, n_chunks=3, locked=[12, 1], excluded=[0, 2, 3]
        )
        assert found.order[:2].tolist() == [12, 1]
        assert not {0, 2, 3} & set(found.order)
        assert (found.parameters["locked"], found.parameters["excluded"]) == ([12, 1], [0, 2, 3])


def test_excluded_and_empty_chunks_contribute_no_frames(frames):
    envs = Environments.from_frames(frames)
    chunks = [envs.take(range(4)), envs.take([]), envs.take(range(4, 14))]
    found = select_in_chunks(chunks, keep=1.0, excluded=range(4))
    assert sorted(found.order) == list(range(4, 14))
    with pytest.raises(ValueError, match="envs: expected at least 1 frame that is not excluded, got 0 of 4"):
        select_in_chunks(chunks[:1], excluded=range(4))


def test_invalid_arguments_of_two_stages_are_refused(frames):
    envs = Environments.from_frames(frames)
    with pytest.raises(ValueError, match="expected at most the 6 frames that the chunks kept, got 7"):
        select_in_chunks(envs, n_to_select=0.5, keep=2, n_chunks=3)
    with pytest.raises(ValueError, match=r"keep: expected a fraction in \(0, 1\]"):
        select_in_chunks(envs, keep=0.0)
    with pytest.raises(ValueError, match="keep: expected an integer of at least 1, got 0"):
        select_in_chunks(envs, keep=0)
    with pytest.raises(ValueError, match="locked: expected frames from 0 to 13, got 14"):
        select_in_chunks(envs, locked=[14])
    with pytest.raises(
        TypeError, match="envs: expected Environments or an iterable of them, got a ndarray in it"
    ):
        select_in_chunks(frames)
    with pytest.raises(TypeError, match="envs: expected Environments or an iterable of them, got int"):
        select_in_chunks(3)


@pytest.mark.jit
def test_two_stages_lose_little_on_real_carbon(data_file):
    """Check the numbers in the docstring on fewer frames."""
    from quests_core import descriptors, read

    envs = descriptors(read(data_file("gap20_Graphite.xyz.gz")))
    n = len(envs) // 4
    one = compression_curve(envs, select(envs, "msc", n).order, [n]).iloc[0]
    two = compression_curve(envs, select_in_chunks(envs, "msc", n, keep=0.5, n_chunks=4).order, [n]).iloc[0]
    assert two.overlap > one.overlap - 0.05
    assert two.entropy > one.entropy - 0.1
