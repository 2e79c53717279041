"""Choose a bandwidth: from the density, from its effect on the entropy, or to match another descriptor."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from ase import Atoms
from scipy.optimize import brentq

from ..io.dataset import mean_volume_per_atom
from ..progress import ProgressCallback
from ..utils.arrays import read_only
from ..utils.validation import check_count, check_environments, check_frames, check_positive, check_sane
from .entropy import entropy

# Å⁻¹; for the default descriptor: from all environments distinct to all equal.
BANDWIDTHS = read_only(np.geomspace(5e-4, 0.5, 25), copy=False)


def bandwidth_from_volume(volume: float) -> float:
    r"""Return a bandwidth suited to a volume per atom.

    .. math:: h(V) = 0.0897141 \, \exp\left[-\frac{1}{2} \left(\frac{V}{10.896}\right)²\right] + 0.0119417

    Parameters
    ----------
    volume : float
        V, Å³/atom.

    Returns
    -------
    float
        h, Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If `volume` is not a positive number.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> round(bandwidth_from_volume(11.5), 4)  # near fcc copper
    0.0633
    """
    volume = check_sane(volume, "volume")
    return 0.0897141 * math.exp(-0.5 * (volume / 10.896) ** 2) + 0.0119417


def bandwidth_from_frames(frames: Sequence[Atoms]) -> float:
    r"""Return the bandwidth for the mean volume per atom of the bulk frames of a set.

    Evaluates h(V) of `bandwidth_from_volume`, where V is the total volume of all frames that are periodic in
    three directions divided by their number of atoms. Vacuum in a cell counts as volume and reduces h.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Structures.

    Returns
    -------
    float
        h, Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If `frames` is empty, or no frame with atoms is periodic in three directions, so that the volume per
        atom is undefined.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> from ase.build import bulk
    >>> round(bandwidth_from_frames([bulk("Cu", a=3.58), bulk("Cu", a=3.6).repeat(2)]), 4)
    0.0626
    """
    volume, _ = mean_volume_per_atom(check_frames(frames))
    if volume is None:
        raise ValueError("frames: expected at least 1 that is periodic in three directions, got none")
    return bandwidth_from_volume(volume)


def bandwidth_curve(
    envs,
    bandwidths: Sequence[float] | np.ndarray | None = None,
    n_samples: int = 5000,
    random_state: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Return the entropy of a set, or of a random sample of it, as a function of the bandwidth.

    The entropy decreases from ln n, where all environments are distinct, to 0, where all are equal. Near
    either limit it does not depend on the structures; useful bandwidths lie in between.

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least one environment.
    bandwidths : sequence of float, optional
        h, in units of the descriptor; by default 25 values from 0.0005 to 0.5, which suit the default
        descriptor.
    n_samples : int
        Number of environments to draw without replacement, or all if there are fewer.
    random_state : int
        Seed of the sample.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    pandas.DataFrame
        Columns ``bandwidth``, ``entropy`` (nats) and ``share``, the entropy divided by its bound ln n (NaN
        for n = 1).

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid.

    Examples
    --------
    >>> bandwidth_curve([[0.0], [0.1], [5.0]], [0.001, 1.0, 100.0]).share.round(2).tolist()
    [1.0, 0.58, 0.0]
    """
    X = _sample(envs, n_samples, random_state)
    bandwidths = [check_sane(h, "bandwidths") for h in (BANDWIDTHS if bandwidths is None else bandwidths)]
    entropies = []
    for i, h in enumerate(bandwidths):
        entropies.append(entropy(X, h))
        if progress is not None:
            progress("entropy against bandwidth", i + 1, len(bandwidths))
    bound = math.log(len(X)) if len(X) > 1 else math.nan
    shares = np.array(entropies) / bound
    return pd.DataFrame({"bandwidth": bandwidths, "entropy": entropies, "share": shares})


def bandwidth_from_entropy(
    envs, entropy_wanted: float, n_samples: int = 5000, random_state: int = 0
) -> float:
    r"""Return the bandwidth at which a set, or a random sample of it, has a given entropy.

    Solves :math:`H_h(X) = H^*`, which has one solution because H never increases with h. Use it to choose a
    bandwidth for a descriptor with other units: if H* is the entropy of the same environments with the
    default descriptor and bandwidth, both descriptors have the same overall resolution and their entropies
    can be compared.

    Parameters
    ----------
    envs : Environments or array_like of shape (n_envs, d)
        At least two environments that are not all equal.
    entropy_wanted : float
        H*, nats: above 0 and below the entropy for h → 0, which is ln n if all environments are distinct.
    n_samples : int
        Number of environments to draw without replacement, or all if there are fewer. H* must then be
        that of a sample of the same size; the same `random_state` draws the same rows.
    random_state : int
        Seed of the sample.

    Returns
    -------
    float
        h, in units of the descriptor, with a relative error of 1e-4.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or no bandwidth has this entropy.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> h = bandwidth_from_entropy(10 * X, entropy(X, bandwidth=0.2))
    >>> round(h, 2)
    2.0
    """
    X = _sample(envs, n_samples, random_state)
    entropy_wanted = check_positive(entropy_wanted, "entropy_wanted")
    spread = float(np.sqrt(X.var(axis=0).sum()))
    if spread == 0:
        raise ValueError("envs: expected environments that are not all equal, got copies of one")
    low, high = math.log(spread * 1e-8), math.log(spread * 1e4)
    largest, smallest = entropy(X, math.exp(low)), entropy(X, math.exp(high))
    if not smallest < entropy_wanted < largest:
        raise ValueError(
            f"entropy_wanted: expected between {smallest:.4g} and {largest:.4g} nats for these environments, "
            f"got {entropy_wanted}"
        )
    return math.exp(brentq(lambda ln_h: entropy(X, math.exp(ln_h)) - entropy_wanted, low, high, xtol=1e-4))


def _sample(envs, n_samples: int, random_state: int) -> np.ndarray:
    X = check_environments(envs)
    n_samples = check_count(n_samples, "n_samples")
    rng = np.random.default_rng(check_count(random_state, "random_state", minimum=0))
    return X[np.sort(rng.choice(len(X), n_samples, replace=False))] if len(X) > n_samples else X
