"""Tests of sparse kernel sums against single frames."""

import numpy as np
import pytest

from quests_core import Environments
from quests_core.kernel_sums.frame_sums import FrameKernelSums, reach_of
from quests_core.kernel_sums.tiles import References

LEAST = 0.02


def dense(envs, h):
    """Return the kernel sums in tile order as a matrix."""
    X = envs.X[envs.tiles.order]
    kernels = np.exp(-((X[:, None] - envs.X) ** 2).sum(axis=2) / (2 * h * h))
    return np.add.reduceat(kernels, envs.offsets[:-1], axis=1)


@pytest.mark.jit
@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_entries_are_the_kernel_sums_above_the_threshold(rng, spread):
    centers = rng.normal(size=(30, 5)) * spread
    envs = Environments.from_frames(
        [center + 0.05 * rng.normal(size=(rng.integers(1, 12), 5)) for center in centers]
    )
    sums = FrameKernelSums.of(envs, 0.1, LEAST)
    found = np.zeros((envs.n_envs, len(envs)))
    for frame in range(len(envs)):
        for run in range(sums.indptr[frame], sums.indptr[frame + 1]):
            entries = slice(sums.run_start[run], sums.run_start[run + 1])
            lanes = sums.lanes[entries].astype(int)
            assert (np.diff(lanes) > 0).all()
            assert (found[sums.run_row[run] + lanes, frame] == 0).all()
            found[sums.run_row[run] + lanes, frame] = sums.values[entries]
    expected = dense(envs, 0.1)
    missing = found == 0
    assert expected[missing].max(initial=0.0) < LEAST * 1.01
    np.testing.assert_allclose(found[~missing], expected[~missing], rtol=2e-3)


@pytest.mark.jit
def test_sums_against_groups_of_frames_are_joined(rng):
    blocks = [rng.normal(size=(n, 3)) * 0.3 for n in (4, 0, 7, 2, 5)]
    envs = Environments.from_frames(blocks)
    expected = FrameKernelSums.of(envs, 0.1, LEAST)
    parts = []
    for first, last in ((0, 2), (2, 3), (3, 5)):
        offsets = envs.offsets[first : last + 1]
        rows = envs.tiles.axes.rotate(envs.X[offsets[0] : offsets[-1]])
        frames = References.of_blocks(rows, offsets - offsets[0])
        reach = reach_of(LEAST, 7)
        parts.append(FrameKernelSums.between(envs.tiles, frames, 0.1, LEAST, reach, envs.arrays))
    joined = FrameKernelSums.joined(parts)
    for found, one in zip(joined[:4], expected[:4], strict=True):
        np.testing.assert_array_equal(found, one)
    np.testing.assert_allclose(joined.values, expected.values, rtol=1e-5)
