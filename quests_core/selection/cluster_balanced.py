"""`balanced` on the workers of a Dask cluster: the order of `msc` first, and then its own."""

import numpy as np

from ..kernel_sums.partition import Rows
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from .balanced import Balanced
from .cluster_msc import FrameRows, cluster_msc_order
from .cluster_totals import ClusterTotals
from .greedy import Scorer


def cluster_balanced(
    client, frames: FrameRows, bandwidth: float, reference: Rows | None, locked: Indices, precision: str,
    progress: ProgressCallback | None, costs: np.ndarray,
) -> Scorer:  # fmt: skip
    """Return the scorer of `balanced`, whose sums are on the workers.

    Parameters
    ----------
    client, frames, bandwidth, reference, progress
        See `ClusterTotals`.
    locked, precision
        See `select`.
    costs : ndarray of shape (n_frames,)
        Cost of each frame, positive.
    """
    msc = cluster_msc_order(client, frames, bandwidth, reference, locked, precision, progress)
    totals = ClusterTotals(client, frames, bandwidth, reference, msc.order, progress)
    scorer = Balanced(totals, frames.sizes, costs, msc)
    totals.likely = scorer.likely
    return scorer
