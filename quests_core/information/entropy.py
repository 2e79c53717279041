"""Entropy, diversity, δH and overlap, as functions of the kernel sums."""

import math
from typing import TYPE_CHECKING

import numpy as np

from ..kernel_sums.sums import PRECISIONS, check_merge, log_kernel_sum, self_sums
from ..progress import ProgressCallback
from ..utils.validation import check_choice, check_environments, check_positive, check_sane

if TYPE_CHECKING:
    from distributed import Client

# An environment with δH below this, in nats, counts as covered.
OVERLAP_THRESHOLD = 1e-5


def entropy_from_sums(log_sums: np.ndarray) -> float:
    """Return the entropy of a set from the logarithms of its kernel sums, in nats."""
    return math.log(len(log_sums)) - float(np.mean(log_sums))


def diversity_from_sums(log_sums: np.ndarray) -> float:
    """Return the diversity of a set from the logarithms of its kernel sums, in nats."""
    # Each sum includes the environment itself, so it is at least 1 and nothing overflows.
    return math.log(float(np.sum(np.exp(-log_sums))))


def entropy(
    envs,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
    merge: float | None = None,
) -> float:
    r"""Return the information entropy of a set of environments.

    .. math:: H(X) = -\frac{1}{N} \sum_i \ln \left[ \frac{1}{N} \sum_j K(x_i, x_j) \right] \le \ln N

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment, Å⁻¹.
    bandwidth : float
        h of the kernel, Å⁻¹.
    precision : {"single", "double"}
        Bounds the error to 1e-6 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the kernel sums; see `log_kernel_sum`.
    merge : float, optional
        Largest distance at which environments of the same set are merged beforehand, in bandwidths; see
        `log_kernel_sum` and `merge_error_bound`.

    Returns
    -------
    float
        Nats: 0 if all environments are equal, ln N if all are distinct.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> round(entropy([[0.0], [5.0], [9.0]]), 4)
    1.0986
    >>> entropy([[1.0], [1.0]])
    0.0
    """
    return entropy_from_sums(_self_sums(envs, bandwidth, precision, "entropy", progress, client, merge))


def diversity(
    envs,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
    merge: float | None = None,
) -> float:
    r"""Return the diversity of a set: the logarithm of its number of unique environments.

    .. math:: D(X) = \ln \sum_i \frac{1}{\sum_j K(x_i, x_j)}

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment, Å⁻¹.
    bandwidth : float
        h of the kernel, Å⁻¹.
    precision : {"single", "double"}
        Bounds the error to 1e-6 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the kernel sums; see `log_kernel_sum`.
    merge : float, optional
        Largest distance at which environments of the same set are merged beforehand, in bandwidths; see
        `log_kernel_sum` and `merge_error_bound`.

    Returns
    -------
    float
        Nats. Unlike the entropy, it does not decrease when redundant environments are added.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> round(diversity([[0.0], [5.0], [5.0], [5.0]]), 4)  # ln 2: two are unique
    0.6931
    """
    return diversity_from_sums(_self_sums(envs, bandwidth, precision, "diversity", progress, client, merge))


def delta_entropy(
    query,
    reference,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
    merge: float | None = None,
) -> np.ndarray:
    r"""Return δH, the novelty of each query environment with respect to a reference set.

    .. math:: \delta H(y \mid X) = -\ln \sum_j K(y, x_j)

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments to evaluate, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d)
        The known set, Å⁻¹; at least one environment.
    bandwidth : float
        h of the kernel, Å⁻¹.
    precision : {"single", "double"}
        Bounds the error to 1e-5 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the kernel sums; see `log_kernel_sum`.
    merge : float, optional
        Largest distance at which environments of the same set are merged beforehand, in bandwidths; see
        `log_kernel_sum` and `merge_error_bound`.

    Returns
    -------
    ndarray of shape (n_query,)
        Nats; always finite. Values up to 0: covered by the reference; above 0: novel.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> delta_entropy([[0.0], [3.0]], [[0.0]], bandwidth=1.0).tolist()
    [0.0, 4.5]
    """
    return 0.0 - log_kernel_sum(query, reference, bandwidth, precision, progress, client, merge)


def overlap(
    query,
    reference,
    bandwidth: float = 0.015,
    threshold: float = OVERLAP_THRESHOLD,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
    merge: float | None = None,
) -> float:
    r"""Return the fraction of the query environments that the reference covers.

    .. math:: \frac{1}{n} \left| \{ i : \delta H(y_i \mid X) < \text{threshold} \} \right|

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments to be covered, Å⁻¹; at least one.
    reference : Environments or array_like of shape (n_reference, d)
        Covering environments, Å⁻¹; at least one.
    bandwidth : float
        h of the kernel, Å⁻¹.
    threshold : float
        Nats. 1e-5 for compression; published overlaps of GAP-20 use 1.
    precision : {"single", "double"}
        Bounds the error of δH to 1e-5 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the kernel sums; see `log_kernel_sum`.
    merge : float, optional
        Largest distance at which environments of the same set are merged beforehand, in bandwidths; see
        `log_kernel_sum` and `merge_error_bound`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    arXiv 2511.10561.

    Examples
    --------
    >>> overlap([[0.0], [3.0], [9.0], [9.0]], [[0.0], [9.0]])
    0.75
    """
    check_environments(query, "query")
    threshold = check_positive(threshold, "threshold")
    values = delta_entropy(query, reference, bandwidth, precision, progress, client, merge)
    return float(np.mean(values < threshold))


def _self_sums(envs, bandwidth, precision, step, progress, client, merge) -> np.ndarray:
    X = check_environments(envs)
    bandwidth = check_sane(bandwidth, "bandwidth")
    check_choice(precision, "precision", PRECISIONS)
    return self_sums(envs, X, bandwidth, precision, step, progress, client, check_merge(merge))
