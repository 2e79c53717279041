"""Approximate δH from nearest neighbours, with a measured error."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ..progress import ProgressCallback
from ..utils.memory import check_fits
from ..utils.threads import get_num_threads
from ..utils.validation import check_count, check_pair, check_sane
from .entropy import delta_entropy

_ROWS_PER_BLOCK = 100
# Minimum number of neighbours of each reference in the graph.
_GRAPH_NEIGHBORS = 16


@dataclass(frozen=True, eq=False)
class ApproximateDeltaEntropy:
    """δH from the nearest neighbours of each query, and its error.

    Attributes
    ----------
    delta_entropy : ndarray of shape (n_query,)
        Nats; an upper bound of the true δH, to rounding.
    recall : float
        Fraction of the true nearest neighbours found, over the queries checked.
    mean_error, max_error : float
        Excess of δH over its true value, nats, over the queries checked.
    misjudged : float
        Fraction of the queries checked that are classified as novel (δH > 0) but are covered.
    n_checked : int
        Number of queries compared with exact values.
    """

    delta_entropy: np.ndarray
    recall: float
    mean_error: float
    max_error: float
    misjudged: float
    n_checked: int


def approx_delta_entropy(
    query,
    reference,
    bandwidth: float = 0.015,
    n_neighbors: int = 30,
    n_checked: int = 200,
    random_state: int = 0,
    progress: ProgressCallback | None = None,
) -> ApproximateDeltaEntropy:
    r"""Approximate δH of each query by its nearest references, and measure recall and error.

    .. math:: \delta H(y \mid X) \approx -\ln \sum_{j \in \text{nearest}} K(y, x_j)

    This is an upper bound, because terms are only left out. Neighbours are found by nearest-neighbour descent
    on a graph, which misses some. Every call measures both errors on a random subset of the queries. If the
    reference contains many nearly equal environments, the sum over a few of them is too small, and an
    environment that is just covered counts as novel.

    `delta_entropy` is exact, and faster in every case measured: use this function only for references that
    are too large for it. For a random half of a set against the other half, with 500 queries checked (CPU
    time includes building the graph; the exact values take 0.1 to 0.2 s):

    ================ =========== ========= ====== =============== ============== ========= ======
    set              references  neighbors recall mean error/nats max error/nats misjudged CPU/s
    ================ =========== ========= ====== =============== ============== ========= ======
    3bpa             13,500      10        0.967  1.15            98.4           10 %      21
    3bpa             13,500      30        0.996  0.48            3.1            4 %       3.2
    gap20_Fullerenes 6,110       10        0.934  0.52            8.0            12 %      1.4
    gap20_Fullerenes 6,110       30        0.970  0.21            10.7           4 %       1.6
    mlearn_Mo        5,521       10        0.949  2.26            4.5            12 %      0.9
    mlearn_Mo        5,521       30        0.983  1.54            3.4            5 %       1.5
    ================ =========== ========= ====== =============== ============== ========= ======

    The first row includes compilation.

    Requires ``pynndescent``, which umap-learn also installs: ``pip install "quests-explorer[approximate]"``.

    Parameters
    ----------
    query : Environments or array_like of shape (n_query, d)
        Environments to evaluate, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d)
        The known set, Å⁻¹; at least two environments.
    bandwidth : float
        h of the kernel, Å⁻¹.
    n_neighbors : int
        Number of references to sum over for each query, or all if there are fewer.
    n_checked : int
        Number of randomly drawn queries to check against exact values, or all if there are fewer; 0 for none.
    random_state : int
        Seed of the graph and of the queries checked.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    ApproximateDeltaEntropy
        ``found.delta_entropy``, and ``found.recall`` and the errors, which are NaN if no query is checked.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.
    ImportError
        If pynndescent is not installed.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0 (approximate δH); W. Dong et al.,
    WWW 2011, doi 10.1145/1963405.1963487 (nearest-neighbour descent).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> known, new = rng.normal(size=(500, 3)), rng.normal(size=(50, 3))
    >>> found = approx_delta_entropy(new, known, bandwidth=0.1)  # doctest: +SKIP
    >>> found.recall > 0.9, found.mean_error < 0.1  # doctest: +SKIP
    (True, True)
    """
    X, Y = check_pair(query, reference)
    if len(Y) < 2:
        raise ValueError("reference: expected at least 2 environments, got 1")
    bandwidth = check_sane(bandwidth, "bandwidth")
    n_neighbors = min(check_count(n_neighbors, "n_neighbors"), len(Y))
    n_checked = min(check_count(n_checked, "n_checked", minimum=0), len(X))
    random_state = check_count(random_state, "random_state", minimum=0)
    if len(X) == 0:
        return ApproximateDeltaEntropy(np.empty(0), np.nan, np.nan, np.nan, np.nan, 0)
    found = _nearest(X, Y, n_neighbors, random_state, progress)
    values = _sums(X, Y, found, bandwidth)
    rows = np.random.default_rng(random_state).choice(len(X), n_checked, replace=False)
    if not n_checked:
        return ApproximateDeltaEntropy(values, np.nan, np.nan, np.nan, np.nan, 0)
    exact = delta_entropy(X[rows], reference, bandwidth, "double", progress)
    errors = values[rows] - exact
    return ApproximateDeltaEntropy(
        values,
        _recall(X[rows], Y, found[rows]),
        float(errors.mean()),
        float(errors.max()),
        float(np.mean((values[rows] > 0) & (exact <= 0))),
        n_checked,
    )


def _nearest(X: np.ndarray, Y: np.ndarray, n: int, random_state: int, progress) -> np.ndarray:
    """Return the rows of (nearly) the n nearest references of each query, shape (n_query, n)."""
    n_graph = max(n, _GRAPH_NEIGHBORS)
    try:
        import pynndescent
    except ImportError as error:
        raise ImportError(
            'approx_delta_entropy needs pynndescent: pip install "quests-explorer[approximate]"'
        ) from error
    if progress is not None:
        progress("graph of neighbours", 0, 2)
    if len(Y) <= 2 * n_graph:
        # Too few for a graph.
        check_fits(2 * 8 * len(X) * len(Y), f"{len(X):,} × {len(Y):,} distances", "use fewer neighbours")
        return np.argsort(cdist(X, Y), axis=1, kind="stable")[:, :n]
    with warnings.catch_warnings():
        # It warns of neighbours that it missed; the measured recall says how many.
        warnings.simplefilter("ignore", UserWarning)
        graph = pynndescent.NNDescent(
            Y.astype(np.float32), n_neighbors=n_graph, random_state=random_state, n_jobs=get_num_threads()
        )
        graph.prepare()
        if progress is not None:
            progress("graph of neighbours", 1, 2)
        found, _ = graph.query(X.astype(np.float32), k=n)
    if progress is not None:
        progress("graph of neighbours", 2, 2)
    return found


def _sums(X: np.ndarray, Y: np.ndarray, found: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return -ln of the kernel sums over the neighbours found; -1 marks a missing neighbour."""
    out = np.empty(len(X))
    for first in range(0, len(X), _ROWS_PER_BLOCK):
        rows = slice(first, first + _ROWS_PER_BLOCK)
        squares = ((X[rows, None] - Y[found[rows]]) ** 2).sum(axis=2)
        exponents = np.where(found[rows] < 0, -np.inf, -0.5 * squares / bandwidth**2)
        out[rows] = -logsumexp(exponents, axis=1)
    return out


def _recall(X: np.ndarray, Y: np.ndarray, found: np.ndarray) -> float:
    """Return the fraction of the neighbours found that are no farther than the true n-th neighbour."""
    hits = 0
    for x, near in zip(X, found, strict=True):
        distances = np.sqrt(((x - Y) ** 2).sum(axis=1))
        # Equal distances are interchangeable; the graph computes distances in single precision.
        last = np.partition(distances, len(near) - 1)[len(near) - 1]
        hits += int((distances[near[near >= 0]] <= last * (1 + 1e-5) + 1e-9).sum())
    return hits / found.size
