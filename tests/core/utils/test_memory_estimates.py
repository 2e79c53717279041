"""Computations that exceed the available memory are refused before they start."""

import numpy as np
import pytest
from ase.build import bulk

from quests_core import Environments, compression_curve, entropy, select
from quests_core.descriptors.per_element import species_descriptors
from quests_core.kernel_sums.frame_sums import FrameKernelSums
from quests_core.utils import memory


@pytest.fixture
def free(monkeypatch):
    """Return what sets how many bytes are free."""
    return lambda n_bytes: monkeypatch.setattr(memory, "available", lambda: n_bytes)


def test_a_wide_matrix_of_few_rows_needs_no_square_matrix(free):
    free(10**9)
    X = np.random.default_rng(0).normal(size=(3, 20_000))
    assert entropy(X) == pytest.approx(np.log(3))
    assert select(Environments(X, [0, 1, 2, 3]), method="msc").n_frames == 3


def test_a_curve_of_many_sizes(free):
    from quests_core.information.curve import compression_path

    envs = Environments(np.random.default_rng(0).normal(size=(500, 3)), np.arange(501))
    free(10**5)
    with pytest.raises(ValueError, match=r"δH of 500 environments at 500 sizes would take about 1\.0 MB"):
        compression_path(envs, np.arange(500), np.arange(1, 501), 0.1)
    # Without δH nothing of that size is made.
    assert len(compression_curve(envs, np.arange(500), [1, 500], 0.1)) == 2


def test_descriptors_with_a_block_for_each_element(free):
    frames = [bulk("Cu", cubic=True)] * 100
    free(2 * 10**6)
    with pytest.raises(ValueError, match=r"400 environments of 447 numbers each would take about 8.6 MB"):
        species_descriptors(frames, [*"HBCNO", "Cu"])


def test_frame_kernels_with_a_large_bandwidth(free):
    envs = Environments(np.zeros((300, 2)), np.arange(301))
    free(10**5)
    with pytest.raises(ValueError, match="the kernels of 300 environments would take about"):
        FrameKernelSums.of(envs, 1.0, 1e-9)
