r"""Kernel sums, from which entropy, diversity, δH, overlap and selections are computed.

``K(x, y) = exp(-e)`` with the exponent ``e = ‖x - y‖² / 2h²``. The logarithm of a sum is stored in two parts,
``ln Σ exp(-e) = ln(total) - nearest``, so that it is finite and ordered however far a point is from all
others.

**Tiles.** Queries are processed tile by tile (see `quests_core.kernel_sums.tiles`), with `GROUP_SIZE`
references at a time against all queries of a tile. A reference is skipped if its distance to the tile's box
exceeds the limits of all queries. The limit of a query is its smallest exponent so far plus ``ln(n /
tolerance)``, so that all skipped terms together change the sum by a relative error below `tolerance`. Squared
distances are summed over `CHUNK_AXES` principal axes at a time, until they exceed all limits. The sums of a
set against itself are symmetric, and each pair of tiles is computed once. A curve processes each tile for all
sizes at once.

**Lazy evaluation.** A kernel sum only increases while frames are selected, so an outdated sum is a lower
bound, and the score of its frame an upper bound. A selection tightens the highest bound until it is an exact
score (see `quests_core.kernel_sums.picked_sums`); most pairs are never computed.

**Error.** Coordinates relative to the tile's centre have an error of 2⁻²⁴ of the tile's radius, and the
exponent a relative error of a few 2⁻²⁴: the small exponents, which dominate the sum, are accurate. Where
environments are similar in all but the leading axes, squares along the others are computed from products,
which adds an absolute error of a few 2⁻²⁴ to the exponent, also to that of an environment with itself. If
this is insufficient, because the smallest exponent
is above 10 or the query is farther than 8 h√2 from the tile's centre, the largest terms, down to e⁻¹⁰ of the
largest one, are computed again in double precision. The resulting error is at most 1e-5 nats in each δH, and
much smaller in their means. With ``precision="double"``, all exponents that matter are computed in double
precision, and the relative error is at most 1e-12.

**Merging.** Environments that are equal, or nearly so, can be merged into one with a weight beforehand (see
`quests_core.kernel_sums.merging`). A weight multiplies the terms of a reference, and the limits allow for the
sum of all weights in place of the number of references.

**Sets on disk.** Tiles of an opened store that exceed its memory limit are in files (see
`quests_core.utils.mapped_arrays`). Where even that takes too much, sums are computed in shards (see
`quests_core.kernel_sums.shards`), and with a client by the workers of a Dask cluster (see
`quests_core.kernel_sums.cluster_sums`); results are the same within the errors above.

Results do not depend on the number of threads: a tile is processed by one thread, from the first reference to
the last, and partial sums are added in a fixed order.
"""

from typing import TYPE_CHECKING

import numpy as np

from ..progress import ProgressCallback
from ..utils.threads import parallel_blocks
from ..utils.validation import check_choice, check_not_negative, check_pair, check_sane
from . import tile_loops
from .cluster_sums import cluster_log_kernel_sums, cluster_self_sums
from .incremental import IncrementalKernelSums, truncation_limits
from .merging import MergedRows, merged_rows
from .partition import Rows
from .shards import Shards, sharded_log_kernel_sums
from .symmetric_sums import symmetric_sums
from .tiles import Tiles

if TYPE_CHECKING:
    from distributed import Client

PRECISIONS = ("single", "double")
# Maximum error of the logarithm of a sum in single precision, nats.
SINGLE_ERROR = 1e-5
# Pairs in a block of frames, fewer because all of them are computed.
_PAIRS_IN_FRAMES = 50_000


def self_log_kernel_sums(tiles: Tiles, bandwidth, precision, step, progress) -> np.ndarray:
    """Return ``ln Σ_j K`` of each row against all rows, including itself, in the original order."""
    accuracy = truncation_limits(bandwidth, tiles.n_environments, precision)
    sums, _ = symmetric_sums(tiles, None, accuracy, step, progress)
    out = np.empty_like(sums)
    out[tiles.order] = np.log(sums)
    return out


def self_sums(
    envs, X: np.ndarray, bandwidth, precision, step, progress, client=None, merge: float | None = None
) -> np.ndarray:
    """Return ``ln Σ_j K`` of each row of `Environments`, or of the validated matrix `X`, against all rows.

    An opened store that exceeds its memory limit is processed in shards; with a client, by its workers.
    """
    if merge is not None:
        merged = merged_rows(envs, X, merge * bandwidth, progress)
        # Otherwise nothing is merged, and tiles of `envs` may exist.
        if len(merged) < len(X):
            sums = self_sums(merged, X, bandwidth, precision, step, progress, client)
            return sums[merged.merging.representative]
    if client is not None:
        return cluster_self_sums(client, rows_of(envs, X), bandwidth, precision, step, progress)
    shards = shards_of(envs)
    if shards is not None:
        return sharded_log_kernel_sums(shards, shards, bandwidth, precision, step, progress)
    return self_log_kernel_sums(tiles_of(envs, X), bandwidth, precision, step, progress)


def shards_of(envs) -> Shards | None:
    """Return the shards of an opened store that exceeds its memory limit, or None."""
    return getattr(envs, "shards", None)


def rows_of(envs, X: np.ndarray) -> Rows:
    """Return the rows of an opened store, merged rows, or the validated matrix `X`, for other processes."""
    return getattr(envs, "stored_rows", None) or Rows.of_matrix(X)


def tiles_of(envs, X: np.ndarray) -> Tiles:
    """Return the cached tiles of `Environments` or merged rows, or new tiles of the validated matrix `X`."""
    return envs.tiles if hasattr(envs, "tiles") else Tiles.from_rows(X)


def frame_entropies(envs, bandwidth: float, precision: str = "single", progress=None) -> np.ndarray:
    """Return the entropy of each frame alone, shape (n_frames,); -inf for frames without environments."""
    out, sizes, tiles = np.empty(len(envs)), envs.sizes, envs.tiles
    accuracy = truncation_limits(bandwidth, sizes.max(), precision)

    def work(first: int, last: int) -> None:
        x, sums = np.empty((sizes.max(), tiles.rows.shape[1])), np.empty(sizes.max())
        arrays = tiles.rows, tiles.positions, envs.offsets
        tile_loops.frame_entropies(*arrays, first, last, accuracy, x, sums, out)

    frames_per_block = max(1, int(_PAIRS_IN_FRAMES / (1 + np.mean(sizes.astype(float) ** 2) / 2)))
    parallel_blocks(work, len(envs), frames_per_block, "frame entropies", progress)
    return out


def log_kernel_sum(
    query,
    reference,
    bandwidth: float = 0.015,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    client: "Client | None" = None,
    merge: float | None = None,
) -> np.ndarray:
    r"""Return the logarithm of the sum of kernels of each query against a reference set.

    .. math:: \ln \sum_j K(y_i, x_j), \qquad K(y, x) = \exp\left(-\frac{‖y - x‖²}{2h²}\right)

    This is a log-sum-exp: it is finite for every input, and accurate even if all kernels underflow.

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments at which to evaluate the sum, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d)
        Environments to sum over, Å⁻¹; at least one.
    bandwidth : float
        h, Å⁻¹.
    precision : {"single", "double"}
        The error is at most 1e-5 nats in each value, and usually much smaller, for "single"; 1e-12, relative
        for values above 1, for "double". See the docstring of `quests_core.kernel_sums.sums`.
    progress : callable, optional
        See `quests_core.progress`.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that compute the sums; see `quests_core.kernel_sums.cluster_sums`. They read
        the rows of opened stores under the same paths; rows of matrices are sent to them.
    merge : float, optional
        Largest distance at which environments of the same set are merged beforehand, in bandwidths; 0 merges
        equal ones. Values change by at most `merge_error_bound`; the time is that of sets without
        redundancy. By default, none are merged.

    Returns
    -------
    ndarray of shape (n_query,)
        Dimensionless; at least 0, within the error, for queries that are in the reference.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    OSError
        If the scheduler of `client` is gone, or several workers died while they ran the same task.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> log_kernel_sum([[0.0], [10.0]], [[0.0], [0.0]], bandwidth=1.0).round(4).tolist()
    [0.6931, -49.3069]
    """
    bandwidth = check_sane(bandwidth, "bandwidth")
    check_choice(precision, "precision", PRECISIONS)
    X, Y = check_pair(query, reference)
    merge = check_merge(merge)
    if len(X) == 0:
        return np.empty(0)
    if query is reference:
        return self_sums(reference, Y, bandwidth, precision, "kernel sums", progress, client, merge)
    if merge is None:
        return _sums_against(query, X, reference, Y, bandwidth, precision, progress, client)
    distance = merge * bandwidth
    queries, references = (merged_rows(*one, distance, progress) for one in ((query, X), (reference, Y)))
    sums = _sums_against(
        queries, _matrix(queries), references, _matrix(references), bandwidth, precision, progress, client
    )
    return sums[queries.merging.representative]


def check_merge(merge: float | None) -> float | None:
    """Return `merge`, None or at least 0, as float."""
    return None if merge is None else check_not_negative(merge, "merge")


def _matrix(merged: MergedRows) -> np.ndarray | None:
    """Return the representatives, unless they are processed in shards."""
    return merged.X if merged.shards is None else None


def _sums_against(query, X, reference, Y, bandwidth, precision, progress, client) -> np.ndarray:
    """Return ``ln Σ_j K`` of each query against another set.

    `query` and `reference` are `Environments`, merged rows, or anything else with the validated matrices `X`
    and `Y`, which are not used for what is in shards.
    """
    if client is not None:
        rows = rows_of(query, X), rows_of(reference, Y)
        return cluster_log_kernel_sums(client, *rows, bandwidth, precision, "kernel sums", progress)
    queries, references = shards_of(query), shards_of(reference)
    if queries or references:
        queries = queries or Shards.of_rows(X)
        references = references or Shards.of_rows(Y, getattr(reference, "weights", None))
        return sharded_log_kernel_sums(queries, references, bandwidth, precision, "kernel sums", progress)
    tiles = tiles_of(reference, Y)
    sums = IncrementalKernelSums(Tiles.from_rows(X, tiles.axes), bandwidth, tiles.n_environments, precision)
    sums.add(tiles, "kernel sums", progress)
    return sums.log_sums
