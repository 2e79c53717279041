"""Mean descriptors of frames, plain and scaled, compared with loops."""

import numpy as np

from quests_core import Environments
from quests_core.selection.frame_means import scaled, scaled_means, segment_means


def test_means_of_frames_and_nan_for_empty_ones(rng):
    frames = [rng.normal(size=(n, 3)) for n in (0, 4, 0, 0, 1, 2, 0)]
    offsets = np.cumsum([0, *map(len, frames)])
    for values in (np.concatenate(frames), np.concatenate(frames)[:, 0]):
        found = segment_means(values, offsets)
        for row, first, last in zip(found, offsets, offsets[1:], strict=False):
            expected = values[first:last].mean(axis=0) if last > first else np.nan
            np.testing.assert_allclose(row, np.broadcast_to(expected, row.shape), rtol=1e-14)
    assert np.isnan(segment_means(np.empty((0, 2)), np.array([0, 0, 0]))).all()


def test_scaled_rows_have_mean_0_and_total_variance_1(rng):
    rows = rng.normal(5.0, [1.0, 30.0, 0.0], size=(20, 3))
    found = scaled(rows)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    assert np.isclose(found.var(axis=0).sum(), 1)
    assert not found[:, 2].any(), "a constant column holds no rounding errors"
    np.testing.assert_allclose(scaled(1e6 * rows + 3), found, atol=1e-9)
    assert not scaled(np.full((4, 2), 0.1)).any()
    assert scaled(np.empty((0, 2))).shape == (0, 2)


def test_scaled_means_of_frames(rng):
    frames = [rng.normal(size=(n, 2)) for n in (3, 0, 5, 1)]
    found = scaled_means(Environments.from_frames(frames))
    filled = [0, 2, 3]
    np.testing.assert_allclose(found[filled], scaled(np.array([frames[i].mean(axis=0) for i in filled])))
    assert not found[1].any(), "an empty frame is at the mean of the others"
