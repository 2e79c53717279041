"""Scorers whose sums are on the workers of a Dask cluster."""

import numpy as np

from ..kernel_sums.partition import Rows
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from .balanced import AHEAD, Balanced
from .cluster_msc import FrameRows, cluster_msc_order
from .cluster_totals import ClusterTotals
from .cover import SubmodularCoverage
from .greedy import Scorer
from .submodular_sums import SUBMODULAR_SUMS
from .subset_totals import SubsetTotals


def cluster_scorer(
    method: str, client, frames: FrameRows, bandwidth: float, reference: Rows | None, locked: Indices,
    precision: str, progress: ProgressCallback | None, costs: np.ndarray,
) -> Scorer:  # fmt: skip
    """Return the scorer of ``balanced``, ``information_loss`` or ``coverage``.

    Parameters
    ----------
    method : str
        One of these three; ``balanced`` computes the order of ``msc`` first.
    client, frames, bandwidth, reference, progress
        See `ClusterTotals`.
    locked, precision
        See `select`.
    costs : ndarray of shape (n_frames,)
        Cost of each frame, positive.
    """
    given, step = (client, frames, bandwidth, reference), f"{method} order"
    if method in SUBMODULAR_SUMS:
        no_order = np.empty(0, np.int64)
        subset = ClusterTotals(SUBMODULAR_SUMS[method], *given, no_order, step, progress)
        # In one round.
        return SubmodularCoverage(subset, frames.sizes, costs, batch_size=AHEAD)
    msc = cluster_msc_order(*given, locked, precision, progress)
    totals = ClusterTotals(SubsetTotals, *given, msc.order, step, progress)
    scorer = Balanced(totals, frames.sizes, costs, msc)
    totals.likely = scorer.likely
    return scorer
