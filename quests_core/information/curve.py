"""Compute every metric at every size of an order, in one pass."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..environments import Environments, as_environments
from ..kernel_sums.order_metrics import Order, metrics_along_order
from ..kernel_sums.sums import PRECISIONS, log_kernel_sum
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.memory import check_fits
from ..utils.tasks import check_client
from ..utils.validation import check_choice, check_count, check_frame_indices, check_sane
from .entropy import OVERLAP_THRESHOLD

if TYPE_CHECKING:
    from distributed import Client

_MAX_SIZES = 200
_COLUMNS = [
    "n_frames",
    "n_envs",
    "fraction",
    "entropy",
    "diversity",
    "overlap",
    "information_loss",
    "max_delta_entropy",
]


@dataclass(frozen=True, eq=False)
class CompressionPath:
    """A compression curve, and the δH of every environment at its sizes or some of them.

    Attributes
    ----------
    curve : pandas.DataFrame
        Result of `compression_curve`.
    delta_entropy : ndarray of shape (n_sizes, n_envs), float32
        δH(environment | subset), nats, at each of the `delta_sizes`; +inf if the subset has no environments.
    """

    curve: pd.DataFrame
    delta_entropy: np.ndarray


def default_sizes(n: int) -> np.ndarray:
    """Return all sizes from 1 to n, or 200 evenly spaced ones, including 1 and n, if n is larger.

    Examples
    --------
    >>> default_sizes(3).tolist(), len(default_sizes(1000))
    ([1, 2, 3], 200)
    """
    return np.unique(np.linspace(1, n, min(n, _MAX_SIZES)).round().astype(np.int64))


def check_sizes(sizes, n: int) -> np.ndarray:
    """Return sizes from 1 to n in increasing order; `default_sizes` for None."""
    if sizes is None:
        return default_sizes(n)
    sizes = np.unique([check_count(size, "sizes") for size in sizes])
    if len(sizes) == 0 or sizes[-1] > n:
        raise ValueError(f"sizes: expected numbers of frames from 1 to {n}, got {sizes.tolist()}")
    return sizes


def compression_path(
    envs: Environments,
    order: Indices,
    sizes: Indices | None = None,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    delta_sizes: Indices | None = None,
    reference: Environments | None = None,
    client: "Client | None" = None,
) -> CompressionPath:
    """Return the compression curve together with the δH of every environment at its sizes.

    Needs 4 bytes of memory for each environment and each of the `delta_sizes`.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    order : sequence of int
        Frame indices, each at most once.
    sizes : sequence of int, optional
        Numbers of frames; by default `default_sizes`.
    bandwidth : float
        h of the kernel, Å⁻¹.
    precision : {"single", "double"}
        Bounds the error of each δH to 1e-5 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    delta_sizes : sequence of int, optional
        The `sizes` at which δH is kept; by default all.
    reference : Environments, optional
        δH, and the overlap, information loss and largest δH of the curve, are then given the subset and
        these environments together; entropy and diversity are those of the subset.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the curve, each with all environments, which it reads from an
        opened store under the same path, or receives; the result is the same to the last bit.

    Returns
    -------
    CompressionPath
        ``path.curve`` and ``path.delta_entropy``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    OSError
        If the scheduler of `client` is gone, or several workers died while they ran the same task.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.9]], offsets=[0, 2, 3])
    >>> path = compression_path(envs, [0, 1], bandwidth=0.1)
    >>> path.delta_entropy[0].astype(float).round(1).tolist()
    [-0.7, -0.7, 39.8]
    """
    return _path(envs, order, sizes, bandwidth, precision, progress, delta_sizes, reference, client)


def compression_curve(
    envs: Environments,
    order: Indices,
    sizes: Indices | None = None,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
) -> pd.DataFrame:
    r"""Return every metric of the subsets ``order[:n]``.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    order : sequence of int
        Frame indices, each at most once, such as ``select(envs).order``.
    sizes : sequence of int, optional
        Numbers of frames; by default all sizes, or 200 evenly spaced ones, including the first and the last,
        for orders of more than 200 frames.
    bandwidth : float
        h of the kernel, Å⁻¹.
    precision : {"single", "double"}
        Bounds the error of each δH to 1e-5 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the curve, each with all environments, which it reads from an
        opened store under the same path, or receives; the result is the same to the last bit.

    Returns
    -------
    pandas.DataFrame
        One row per size, with the columns

        * ``n_frames``, ``n_envs``: size of the subset; ``fraction``: of all frames;
        * ``entropy``, ``diversity``: of the subset, nats (NaN if it has no environments);
        * ``overlap``: fraction of all environments with δH(env | subset) < 1e-5 nats;
        * ``information_loss``: mean over all environments of :math:`\max(0, \delta H)`, nats;
        * ``max_delta_entropy``: the largest δH(env | subset), nats.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    OSError
        If the scheduler of `client` is gone, or several workers died while they ran the same task.

    References
    ----------
    arXiv 2511.10561.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.9]], offsets=[0, 2, 3])
    >>> compression_curve(envs, [0, 1])[["n_frames", "n_envs", "overlap"]].round(3).values.tolist()
    [[1.0, 2.0, 0.667], [2.0, 3.0, 1.0]]
    """
    return _path(envs, order, sizes, bandwidth, precision, progress, delta_sizes=(), client=client).curve


def _path(
    envs, order, sizes, bandwidth, precision, progress, delta_sizes=None, reference=None, client=None
) -> CompressionPath:
    envs = as_environments(envs)
    if client is not None:
        check_client(client)
    if envs.n_envs == 0:
        raise ValueError("envs: expected at least 1 environment, got 0")
    order = check_frame_indices(order, len(envs), "order", unique=True)
    if len(order) == 0:
        raise ValueError("order: expected at least 1 frame, got 0")
    sizes = check_sizes(sizes, len(order))
    bandwidth = check_sane(bandwidth, "bandwidth")
    check_choice(precision, "precision", PRECISIONS)
    path_rows, n_kept = _rows_to_keep(sizes, delta_sizes)
    if n_kept:
        what = f"δH of {envs.n_envs:,} environments at {n_kept:,} sizes"
        check_fits(4 * n_kept * envs.n_envs, what, "pass fewer sizes")
    deltas = np.empty((n_kept, envs.n_envs if n_kept else 0), dtype=np.float32)
    n_envs = np.cumsum(envs.sizes[order])[sizes - 1]
    given = np.empty(0)
    if reference is not None:
        given = log_kernel_sum(envs, reference, bandwidth, precision, progress, client)
    along = Order(order, sizes, OVERLAP_THRESHOLD, given, path_rows, bandwidth, precision)
    added, largest = metrics_along_order(envs, along, deltas, progress, client)
    covered, loss, own, inverse = added.T
    # A subset without environments has no entropy: 0 / 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy, diversity = np.log(n_envs) - own / n_envs, np.where(n_envs > 0, np.log(inverse), np.nan)
    columns = [
        sizes,
        n_envs,
        sizes / len(envs),
        entropy,
        diversity,
        covered / envs.n_envs,
        loss / envs.n_envs,
        largest,
    ]
    return CompressionPath(pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True))), deltas)


def _rows_to_keep(sizes: np.ndarray, delta_sizes) -> tuple[np.ndarray, int]:
    """Return the row of δH for each size, -1 where none is kept, and the number of rows."""
    if delta_sizes is None:
        return np.arange(len(sizes)), len(sizes)
    kept = np.unique([check_count(size, "delta_sizes") for size in delta_sizes]).astype(np.int64)
    if not np.isin(kept, sizes).all():
        missing = np.setdiff1d(kept, sizes)
        raise ValueError(f"delta_sizes: expected some of the sizes, got {missing.tolist()} as well")
    rows = np.full(len(sizes), -1)
    rows[np.searchsorted(sizes, kept)] = np.arange(len(kept))
    return rows, len(kept)
