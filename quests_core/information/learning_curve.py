"""Entropy of random subsets against their size, and its extrapolation to infinite data."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

from ..progress import ProgressCallback
from ..utils.validation import check_count, check_environments, check_sane
from .entropy import entropy

# Number of environments that stands for infinite data.
_INFINITE = 1e12


def learning_curve(
    envs,
    sizes=None,
    n_repeats: int = 3,
    bandwidth: float = 0.015,
    random_state: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Return the entropy of random subsets of environments against their size.

    A flat end of the curve means that more data of the same kind add nothing new.

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment, Å⁻¹.
    sizes : sequence of int, optional
        Numbers of environments; by default ten, evenly spaced on a logarithmic scale, up to all.
    n_repeats : int
        Number of subsets to draw for each size, without replacement.
    bandwidth : float
        h of the kernel, Å⁻¹.
    random_state : int
        Seed.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    pandas.DataFrame
        Columns ``n_envs``, ``entropy`` (mean, nats), ``entropy_std`` (population standard deviation
        over the repeats, nats) and ``n_repeats``. Large subsets share most of their environments, so near N
        the scatter underestimates the difference between independent sets.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> curve = learning_curve([[0.0], [1.0], [2.0], [3.0]], sizes=[1, 4])
    >>> curve.entropy.round(4).tolist()
    [0.0, 1.3863]
    """
    X = check_environments(envs)
    bandwidth = check_sane(bandwidth, "bandwidth")
    n_repeats = check_count(n_repeats, "n_repeats")
    if sizes is None:
        sizes = np.unique(np.geomspace(min(len(X), 10), len(X), 10).round().astype(int))
    sizes = [check_count(size, "sizes") for size in sizes]
    if max(sizes, default=1) > len(X):
        raise ValueError(f"sizes: expected at most the number of environments, {len(X)}, got {max(sizes)}")
    rng = np.random.default_rng(check_count(random_state, "random_state", minimum=0))
    rows = []
    for size in sizes:
        repeats = []
        for _ in range(n_repeats):
            sample = X[rng.choice(len(X), size, replace=False)]
            repeats.append(entropy(sample, bandwidth, progress=progress))
        rows.append((size, np.mean(repeats), np.std(repeats), n_repeats))
    return pd.DataFrame(rows, columns=["n_envs", "entropy", "entropy_std", "n_repeats"])


@dataclass(frozen=True)
class InformationGap:
    """The entropy that more data of the same kind would add.

    Attributes
    ----------
    gap : float
        H(n → 10¹²) - H(N), nats.
    gap_std : float
        Its standard deviation over fits to resampled learning curves, nats; NaN if the curve has no
        scatter.
    limit : float
        Fitted H(n → 10¹²), nats.
    entropy : float
        H(N) at the largest size of the curve, nats.
    a, b, c : float
        Parameters of the fit; a and b in nats.
    residual : float
        Root mean square of the residuals of the fit, nats. The gap is unreliable unless this is much smaller.
    """

    gap: float
    gap_std: float
    limit: float
    entropy: float
    a: float
    b: float
    c: float
    residual: float


def information_gap(curve: pd.DataFrame, n_resamples: int = 50, random_state: int = 0) -> InformationGap:
    r"""Estimate the difference between the entropy of a set and its limit for infinite data of the same kind.

    .. math:: H(n) = a - b \, e^{-c \ln^2 n}, \qquad
        \Delta = H(n \to 10^{12}) - H(N)

    The three parameters :math:`a, b, c \ge 0` are fitted to a learning curve by least squares. This is an
    extrapolation: for a set that is far from complete (H near ln N), the limit depends more on the form of
    the fit than on the data, and the gap is unreliable unless `residual` is much smaller than `gap`.

    Fitted to samples of up to half of a real set (an eighth of 3bpa; 8 sizes, 3 repeats), the curve
    underestimated H of the whole set by 0.02 (3bpa), 0.04 (gap20_Fullerenes), 0.04 (gap20_Graphite), 0.00
    (mlearn_Mo) and 0.06 nats (agpd_msg); for mlearn_Mo `gap_std`, 2.9 nats, exceeded the gap of 0.7 nats.

    Parameters
    ----------
    curve : pandas.DataFrame
        Result of `learning_curve`, with at least 4 sizes. More repeats give a better `gap_std`.
    n_resamples : int
        Number of fits, for `gap_std`, to curves drawn with the standard errors of the means.
    random_state : int
        Seed of the resampling.

    Returns
    -------
    InformationGap
        The gap, its error and the fit.

    Raises
    ------
    TypeError, ValueError
        If the curve has fewer than 4 sizes or lacks a column.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> n = np.array([10, 30, 100, 300, 1000, 3000])
    >>> curve = pd.DataFrame({"n_envs": n, "entropy": 5 - 5 * np.exp(-0.05 * np.log(n) ** 2)})
    >>> found = information_gap(curve)
    >>> round(found.limit, 3), round(found.gap, 3)
    (5.0, 0.203)
    """
    missing = {"n_envs", "entropy"} - set(curve)
    if missing:
        raise ValueError(f"curve: expected the columns of learning_curve, got no {min(missing)!r}")
    n, H = curve["n_envs"].to_numpy(dtype=float), curve["entropy"].to_numpy(dtype=float)
    if len(np.unique(n)) < 4:
        raise ValueError(f"curve: expected at least 4 sizes, got {len(np.unique(n))}")
    n_resamples = check_count(n_resamples, "n_resamples", minimum=0)
    rng = np.random.default_rng(check_count(random_state, "random_state", minimum=0))
    last = int(np.argmax(n))
    a, b, c = fit = _fit(n, H)
    errors = _standard_errors(curve)
    gaps = []
    if errors.any():
        for _ in range(n_resamples):
            drawn = H + errors * rng.normal(size=len(H))
            gaps.append(_entropy_at(_INFINITE, _fit(n, drawn, fit)) - drawn[last])
    limit = float(_entropy_at(_INFINITE, fit))
    residual = float(np.sqrt(np.mean((_entropy_at(n, fit) - H) ** 2)))
    gap_std = float(np.std(gaps)) if gaps else math.nan
    return InformationGap(limit - float(H[last]), gap_std, limit, float(H[last]), a, b, c, residual)


def _entropy_at(n, parameters) -> np.ndarray:
    a, b, c = parameters
    return a - b * np.exp(-c * np.log(n) ** 2)


def _fit(n: np.ndarray, H: np.ndarray, start=None) -> tuple[float, float, float]:
    """Fit a, b and c, each at least 0."""
    starts = [start] if start is not None else [(H.max(), H.max() + 1e-3, c) for c in (0.3, 0.03, 0.003)]
    fits = [
        least_squares(lambda p: _entropy_at(n, p) - H, start, bounds=(0.0, np.inf), x_scale=(1.0, 1.0, 0.01))
        for start in starts
    ]
    a, b, c = min(fits, key=lambda fit: fit.cost).x.tolist()
    return a, b, c


def _standard_errors(curve: pd.DataFrame) -> np.ndarray:
    """Return the standard error of each mean, or 0 if the curve has no scatter."""
    if not {"entropy_std", "n_repeats"} <= set(curve):
        return np.zeros(len(curve))
    # `entropy_std` is the population standard deviation σ, so the standard error is σ/√(n - 1).
    return curve["entropy_std"].to_numpy() / np.sqrt(np.maximum(curve["n_repeats"].to_numpy() - 1, 1))
