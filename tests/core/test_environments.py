"""Tests of environments."""

import numpy as np
import pytest

from quests_core import Environments


@pytest.fixture
def blocks(rng):
    return [rng.normal(size=(n, 4)) for n in (3, 0, 1, 5, 0)]


@pytest.fixture
def envs(blocks):
    return Environments(np.concatenate(blocks), [0, 3, 3, 4, 9, 9])


def test_frames_are_returned_unchanged(envs, blocks):
    assert len(envs) == 5
    assert envs.n_envs == 9
    assert envs.sizes.tolist() == [3, 0, 1, 5, 0]
    assert envs.frame_index.tolist() == [0, 0, 0, 2, 3, 3, 3, 3, 3]
    for i, (row, block) in enumerate(zip(envs, blocks, strict=True)):
        np.testing.assert_array_equal(row, block)
        np.testing.assert_array_equal(envs[i], block)
        np.testing.assert_array_equal(envs[i - 5], block)


def test_from_frames_is_the_same(envs, blocks):
    stacked = Environments.from_frames(blocks)
    np.testing.assert_array_equal(stacked.X, envs.X)
    np.testing.assert_array_equal(stacked.offsets, envs.offsets)


def test_from_frames_without_any_environment():
    for blocks in ([], [np.empty((0, 3))], [np.empty((0, 3)), np.empty((0, 3))]):
        envs = Environments.from_frames(blocks)
        assert (len(envs), envs.n_envs) == (len(blocks), 0)


def test_arrays_are_converted(blocks):
    X = np.asfortranarray(np.concatenate(blocks).astype(np.float32))
    envs = Environments(X[::-1], tuple([0, 3, 9]))
    assert envs.X.dtype == np.float64
    assert envs.X.flags.c_contiguous
    assert envs.offsets.dtype == np.int64
    np.testing.assert_array_equal(envs.X, X[::-1].astype(float))


def test_rows_and_take_keep_the_given_order(envs, blocks):
    for frames in ([3, 0], [0, 1, 2, 3, 4], [4, 1], [2, 2, 0], (), np.array([3], dtype=np.uint8)):
        expected = np.concatenate([np.empty((0, 4)), *(blocks[i] for i in frames)])
        np.testing.assert_array_equal(envs.X[envs.rows(frames)], expected)
        taken = envs.take(frames)
        np.testing.assert_array_equal(taken.X, expected)
        assert taken.sizes.tolist() == [len(blocks[i]) for i in frames]


def test_an_index_beyond_the_end_is_an_index_error(envs):
    for i in (5, -6):
        with pytest.raises(IndexError, match=f"^frame {i} of 5 frames$"):
            envs[i]


def test_environments_are_immutable(envs):
    with pytest.raises(AttributeError):
        envs.X = np.zeros((1, 1))


def test_repr_shows_sizes():
    assert repr(Environments([[1.0, 2.0]], [0, 1])) == "Environments(n_frames=1, n_envs=1, d=2)"
