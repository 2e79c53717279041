"""Metrics of a subset, from kernel sums on the workers of a Dask cluster."""

from typing import TYPE_CHECKING

import numpy as np

from ..environments import Environments
from ..kernel_sums.cluster_sums import cluster_log_kernel_sums, cluster_self_sums
from ..kernel_sums.sums import rows_of
from ..progress import ProgressCallback
from .entropy import OVERLAP_THRESHOLD, diversity_from_sums, entropy_from_sums

if TYPE_CHECKING:
    from distributed import Client


def subset_metrics(
    envs: Environments, kept: np.ndarray, order: np.ndarray, bandwidth: float, client: "Client",
    progress: ProgressCallback | None = None,
) -> dict[str, float]:  # fmt: skip
    """Return what `compression_curve` returns for a subset, computed by workers.

    Parameters
    ----------
    envs : Environments
        All frames, Å⁻¹; workers read the rows of an opened store, and are sent those of a matrix.
    kept : ndarray of shape (n_kept,)
        The frames that the subset is compared with, at least one environment in total.
    order : ndarray of shape (n,)
        The frames of the subset.
    bandwidth : float
        h, Å⁻¹.
    client : Client
        See `quests_core.utils.tasks`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    dict
        The columns of `compression_curve` but ``n_frames``, by name. Entropy and diversity of a subset
        without environments are NaN, and its largest δH is infinite.
    """
    everything, rows = rows_of(envs, envs.X), envs.rows(order)
    names = "n_envs", "fraction", "entropy", "diversity", "overlap", "information_loss", "max_delta_entropy"
    size = len(rows), len(order) / len(kept)
    if not len(rows):
        return dict(zip(names, (*size, np.nan, np.nan, 0.0, np.inf, np.inf), strict=True))
    subset = everything.take(rows)
    own = cluster_self_sums(client, subset, bandwidth, "single", "entropy", progress)
    queries = everything if len(kept) == len(envs) else everything.take(envs.rows(kept))
    delta = -cluster_log_kernel_sums(client, queries, subset, bandwidth, "single", "δH", progress)
    values = (
        entropy_from_sums(own),
        diversity_from_sums(own),
        float(np.mean(delta < OVERLAP_THRESHOLD)),
        float(np.maximum(delta, 0.0).mean()),
        float(delta.max()),
    )
    return dict(zip(names, (*size, *values), strict=True))
