"""Estimate entropy and diversity of a large set, with an error, from the kernel sums of a sample."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ..kernel_sums.sums import log_kernel_sum
from ..progress import ProgressCallback
from ..utils.validation import check_count, check_environments, check_positive
from .entropy import diversity, entropy


@dataclass(frozen=True)
class EntropyEstimate:
    """An entropy estimated from samples.

    Attributes
    ----------
    entropy : float
        Nats.
    standard_error : float
        Nats.
    low, high : float
        Ends of the confidence interval, nats.
    n_samples, n_envs : int
        Number of environments whose kernel sums were computed, and of all environments.
    """

    entropy: float
    standard_error: float
    low: float
    high: float
    n_samples: int
    n_envs: int


def estimate_entropy(
    envs,
    n_samples: int = 1000,
    confidence: float = 0.95,
    bandwidth: float = 0.015,
    random_state: int = 0,
    precision: str = "single",
    progress: ProgressCallback | None = None,
) -> EntropyEstimate:
    r"""Estimate the entropy of a large set from the kernel sums of a sample of its environments.

    .. math:: \hat H = -\frac{1}{m} \sum_{i \in \text{sample}}
        \ln \left[ \frac{1}{N} \sum_{j=1}^{N} K(x_i, x_j) \right]

    The m environments are drawn without replacement, and each is compared with all N. The estimate is the
    mean of a sample from a finite population with mean H, so it is unbiased. It needs 2 m / N of the time of
    `entropy`, which computes each pair only once. In contrast, the entropy *of* a sample of m environments is
    at most ln m and far too low. The interval is Student's, with the finite population correction:
    :math:`\hat H \pm t_{m-1} \, s / \sqrt m \, \sqrt{1 - m/N}`.

    Measured coverage of the 95 % interval, over 2,000 samples each of 100 and of 1,000 environments of 3bpa,
    gap20_Fullerenes, gap20_Graphite, mlearn_Mo and agpd_msg: 94.6 to 95.5 %; its half-width at 1,000: 0.08 to
    0.17 nats.

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment, Å⁻¹.
    n_samples : int
        m, at least 2. If there are fewer environments, all are used and the result is exact.
    confidence : float
        Confidence level of the interval, in (0, 1).
    bandwidth : float
        h of the kernel, Å⁻¹.
    random_state : int
        Seed.
    precision : {"single", "double"}
        Bounds the error of the logarithm of each kernel sum to 1e-5 or 1e-12; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    EntropyEstimate
        The estimate, its standard error and the interval.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    W. G. Cochran, "Sampling Techniques", 3rd ed., Wiley 1977, chapter 2.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(900, 2))
    >>> found = estimate_entropy(X, n_samples=200, bandwidth=0.1)
    >>> found.low < entropy(X, bandwidth=0.1) < found.high
    True
    """
    sample = _sample(envs, n_samples, confidence, random_state)
    if sample.is_whole:
        exact = entropy(envs, bandwidth, precision, progress)
        return EntropyEstimate(exact, 0.0, exact, exact, len(sample.rows), sample.n_envs)
    return _entropy_of(sample, log_kernel_sum(sample.rows, envs, bandwidth, precision, progress))


@dataclass(frozen=True)
class DiversityEstimate:
    """A diversity estimated from samples; see `EntropyEstimate`.

    Attributes
    ----------
    diversity, standard_error : float
        Nats.
    low, high : float
        Ends of the confidence interval, nats.
    n_samples, n_envs : int
        Number of environments whose kernel sums were computed, and of all environments.
    """

    diversity: float
    standard_error: float
    low: float
    high: float
    n_samples: int
    n_envs: int


def estimate_diversity(
    envs,
    n_samples: int = 1000,
    confidence: float = 0.95,
    bandwidth: float = 0.015,
    random_state: int = 0,
    precision: str = "single",
    progress: ProgressCallback | None = None,
) -> DiversityEstimate:
    r"""Estimate the diversity of a large set from the kernel sums of a sample of its environments.

    .. math:: \hat D = \ln \left[ \frac{N}{m} \sum_{i \in \text{sample}}
        \frac{1}{\sum_{j=1}^{N} K(x_i, x_j)} \right]

    The sum is estimated without bias, as in `estimate_entropy`; its logarithm is too low by about half of
    the squared standard error. With :math:`u_i` for the summands, the interval is
    :math:`\hat D \pm t_{m-1} \, s_u / (\bar u \sqrt m) \, \sqrt{1 - m/N}` (delta method).

    Measured coverage of the 95 % interval, over 2,000 samples each of 500, 1,000 and 2,000 environments of
    gap20_Graphite, 3bpa, mg_fletcher_ns and gap20_partial: 94.0 to 95.9 %; its half-width at 1,000: 0.05 to
    0.08 nats.

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment, Å⁻¹.
    n_samples : int
        m, at least 2. If there are fewer environments, all are used and the result is exact.
    confidence : float
        Confidence level of the interval, in (0, 1).
    bandwidth : float
        h of the kernel, Å⁻¹.
    random_state : int
        Seed.
    precision : {"single", "double"}
        See `estimate_entropy`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    DiversityEstimate
        The estimate, its standard error and the interval.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    References
    ----------
    W. G. Cochran, "Sampling Techniques", 3rd ed., Wiley 1977, chapter 2.

    Examples
    --------
    >>> from quests_core import diversity
    >>> X = np.random.default_rng(0).normal(size=(900, 2))
    >>> found = estimate_diversity(X, n_samples=200, bandwidth=0.1)
    >>> found.low < diversity(X, bandwidth=0.1) < found.high
    True
    """
    sample = _sample(envs, n_samples, confidence, random_state)
    if sample.is_whole:
        exact = diversity(envs, bandwidth, precision, progress)
        return DiversityEstimate(exact, 0.0, exact, exact, len(sample.rows), sample.n_envs)
    return _diversity_of(sample, log_kernel_sum(sample.rows, envs, bandwidth, precision, progress))


def estimate_both(
    envs,
    n_samples: int = 1000,
    bandwidth: float = 0.015,
    progress: ProgressCallback | None = None,
) -> tuple[EntropyEstimate, DiversityEstimate]:
    """Return what `estimate_entropy` and `estimate_diversity` do, from the same kernel sums.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(900, 2))
    >>> estimate_both(X, 200, 0.1) == (estimate_entropy(X, 200, bandwidth=0.1),
    ...     estimate_diversity(X, 200, bandwidth=0.1))
    True
    """
    sample = _sample(envs, n_samples, 0.95, 0)
    if sample.is_whole:
        return (
            estimate_entropy(envs, n_samples, bandwidth=bandwidth, progress=progress),
            estimate_diversity(envs, n_samples, bandwidth=bandwidth, progress=progress),
        )
    log_sums = log_kernel_sum(sample.rows, envs, bandwidth, progress=progress)
    return _entropy_of(sample, log_sums), _diversity_of(sample, log_sums)


@dataclass(frozen=True)
class _Sample:
    """Environments drawn without replacement, and the quantile of their interval."""

    rows: np.ndarray
    n_envs: int
    quantile: float

    @property
    def is_whole(self) -> bool:
        """Whether these are all environments."""
        return len(self.rows) == self.n_envs

    def mean_of(self, values: np.ndarray) -> tuple[float, float, float]:
        """Return mean, standard error and half-width of the interval of a quantity of the sample."""
        m = len(values)
        error = float(np.std(values, ddof=1)) / math.sqrt(m) * math.sqrt(1 - m / self.n_envs)
        return float(np.mean(values)), error, self.quantile * error


def _entropy_of(sample: _Sample, log_sums: np.ndarray) -> EntropyEstimate:
    values = math.log(sample.n_envs) - log_sums
    mean, error, half = sample.mean_of(values)
    return EntropyEstimate(mean, error, mean - half, mean + half, len(values), sample.n_envs)


def _diversity_of(sample: _Sample, log_sums: np.ndarray) -> DiversityEstimate:
    values = np.exp(-log_sums)
    mean, error, half = sample.mean_of(values)
    found = math.log(sample.n_envs * mean)
    return DiversityEstimate(
        found, error / mean, found - half / mean, found + half / mean, len(values), sample.n_envs
    )


def _sample(envs, n_samples: int, confidence: float, random_state: int) -> _Sample:
    X = check_environments(envs)
    n_samples = min(check_count(n_samples, "n_samples", minimum=2), len(X))
    confidence = check_positive(confidence, "confidence")
    if confidence >= 1:
        raise ValueError(f"confidence: expected a number in (0, 1), got {confidence}")
    rng = np.random.default_rng(check_count(random_state, "random_state", minimum=0))
    if n_samples == len(X):
        return _Sample(X, len(X), 0.0)
    rows = np.sort(rng.choice(len(X), n_samples, replace=False))
    store = getattr(envs, "store", None)
    quantile = float(stdtrit(n_samples - 1, 0.5 + 0.5 * confidence))
    return _Sample(X[rows] if store is None else store.rows(rows), len(X), quantile)
