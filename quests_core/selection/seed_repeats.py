"""Repeat random methods with several seeds, to show the scatter of their curves."""

import numpy as np
import pandas as pd

from ..environments import Environments, as_environments
from ..information.curve import check_sizes, compression_curve
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.validation import check_count
from .dispatch import is_random, select
from .quotas import Strata
from .result import Selection


def repeated_curves(
    envs: Environments,
    method: str = "random",
    n_repeats: int = 5,
    sizes: Indices | None = None,
    bandwidth: float = 0.015,
    reference=None,
    locked: Indices = (),
    excluded: Indices = (),
    strata: Strata | None = None,
    random_state: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Return the compression curves of a method for several seeds, concatenated.

    A single seed does not characterise a random method. For ``k_means``, whose orders are not nested, frames
    are selected separately for each size.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    method : str
        A random method: ``random``, ``k_means``, or ``mean_fps`` without locked frames and reference.
    n_repeats : int
        Number of consecutive seeds, starting at `random_state`; 1 for a deterministic method.
    sizes : sequence of int, optional
        Numbers of frames, the same for all seeds; by default as in `compression_curve`. Sizes below the
        number of locked frames are dropped.
    bandwidth : float
        h of the kernel, Å⁻¹.
    reference, locked, excluded, strata : optional
        See `select`. Excluded frames are ignored; the metrics describe the subset alone, without the
        reference.
    random_state : int
        The first seed.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    pandas.DataFrame
        The columns of `compression_curve`, and ``random_state``.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or repeats of a deterministic method are requested.

    Examples
    --------
    >>> X = np.random.default_rng(1).normal(size=(30, 2))
    >>> curves = repeated_curves(X, n_repeats=10, sizes=[5, 30], bandwidth=0.3)
    >>> overlap = curves.groupby("n_frames").overlap
    >>> overlap.agg(["mean", "std"]).round(2).values.tolist()
    [[0.21, 0.05], [1.0, 0.0]]
    """
    envs = as_environments(envs)
    n_repeats = check_count(n_repeats, "n_repeats")
    random_state = check_count(random_state, "random_state", minimum=0)
    if n_repeats > 1 and not is_random(method, locked, reference):
        raise ValueError(
            f"n_repeats: expected 1, as method {method!r} is deterministic here, got {n_repeats}"
        )
    curves = []
    for seed in range(random_state, random_state + n_repeats):

        def choose(size: int | None = None, seed: int = seed) -> Selection:
            return select(
                envs,
                method,
                size,
                bandwidth,
                reference,
                locked,
                excluded,
                strata=strata,
                random_state=seed,
                progress=progress,
            )

        curve = _curve(envs, choose, sizes, bandwidth, progress)
        curves.append(curve.assign(random_state=seed))
    return pd.concat(curves, ignore_index=True)


def _curve(envs: Environments, choose, sizes, bandwidth: float, progress) -> pd.DataFrame:
    """Return the curve of the selections by `choose`: of one if it is nested, else of one per size."""
    selection = choose()
    kept = np.setdiff1d(np.arange(len(envs)), selection.parameters["excluded"])
    counted = envs.take(kept) if len(kept) < len(envs) else envs
    sizes = check_sizes(sizes, len(kept))
    sizes = sizes[sizes >= len(selection.parameters["locked"])]

    def curve(selection: Selection, sizes) -> pd.DataFrame:
        order = np.searchsorted(kept, selection.order)
        return compression_curve(counted, order, sizes, bandwidth, progress=progress)

    if selection.nested:
        return curve(selection, sizes)
    return pd.concat([curve(choose(int(size)), [size]) for size in sizes], ignore_index=True)
