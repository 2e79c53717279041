"""Stopping rules: the smallest prefix of an order that meets targets, and the knee of its curve.

Adding frames never decreases the overlap, and never increases the information loss or the largest δH. So
each target is met from one size on, and the largest of these sizes meets several targets.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..environments import Environments, as_environments
from ..information.curve import compression_path
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.validation import check_count, check_frame_indices, check_not_negative
from .result import Selection

if TYPE_CHECKING:
    from distributed import Client

# Tolerates rounding in a fraction, so that 0.95 is not missed by one bit.
_ROUNDING = 1e-12


def knee(sizes: ArrayLike, overlaps: ArrayLike) -> int | None:
    r"""Find the knee of overlap against size: the point farthest above the chord.

    With both axes scaled to [0, 1] between the first and the last size,

    .. math:: i^* = \arg\max_i \left[
        \frac{O_i - O_1}{O_n - O_1} - \frac{s_i - s_1}{s_n - s_1} \right]

    The perpendicular distance to the chord differs only by a factor √2, so it has the same maximum.

    Parameters
    ----------
    sizes : array_like of shape (n,)
        Increasing.
    overlaps : array_like of shape (n,)
        Overlap at each size.

    Returns
    -------
    int or None
        Position of the knee; None if no point lies above the chord.

    Raises
    ------
    ValueError
        If the lengths differ.

    References
    ----------
    V. Satopää et al., "Finding a kneedle in a haystack", ICDCSW 2011, doi 10.1109/ICDCSW.2011.20.

    Examples
    --------
    >>> knee([1, 2, 3, 4, 5], [0.1, 0.7, 0.9, 0.95, 1.0])
    1
    >>> knee([1, 2, 3], [0.0, 0.5, 1.0]) is None
    True
    """
    sizes, overlaps = np.asarray(sizes, dtype=float), np.asarray(overlaps, dtype=float)
    if sizes.ndim != 1 or sizes.shape != overlaps.shape:
        raise ValueError(f"overlaps: expected one value per size, shape {sizes.shape}, got {overlaps.shape}")
    if len(sizes) < 3 or overlaps[-1] <= overlaps[0]:
        return None
    risen = (overlaps - overlaps[0]) / (overlaps[-1] - overlaps[0])
    above = risen - (sizes - sizes[0]) / (sizes[-1] - sizes[0])
    best = int(np.argmax(above))
    return best if above[best] > 1e-9 else None


def smallest_row(
    curve: pd.DataFrame,
    overlap: float | None = None,
    information_loss: float | None = None,
    max_delta_entropy: float | None = None,
) -> int | None:
    """Return the row of a curve with the smallest subset that meets all targets.

    Considers the sizes of the curve only; `smallest_subset` considers every size.

    Parameters
    ----------
    curve : pandas.DataFrame
        Result of `compression_curve`; needs the columns of the targets only.
    overlap : float, optional
        Minimum fraction of environments covered.
    information_loss : float, optional
        Maximum information loss, nats.
    max_delta_entropy : float, optional
        Maximum δH of any environment, nats.

    Returns
    -------
    int or None
        Position of the row; None if no row meets the targets.

    Raises
    ------
    TypeError, ValueError
        If no target is given, or a target is not a number of at least 0.

    Examples
    --------
    >>> curve = pd.DataFrame({"overlap": [0.4, 0.8, 0.9], "information_loss": [2.0, 0.9, 0.1]})
    >>> smallest_row(curve, overlap=0.8), smallest_row(curve, overlap=0.8, information_loss=0.5)
    (1, 2)
    >>> smallest_row(curve, overlap=0.95) is None
    True
    """
    targets = _given_targets(overlap, information_loss, max_delta_entropy)
    if not targets:
        raise ValueError("overlap: expected a target here or in another argument, got none")
    met = np.logical_and.reduce([_is_met(curve[name], name, value) for name, value in targets.items()])
    return int(np.argmax(met)) if met.any() else None


def largest_row(curve: pd.DataFrame, max_envs: float) -> int | None:
    """Return the row of the largest subset with at most `max_envs` environments, or None.

    Examples
    --------
    >>> largest_row(pd.DataFrame({"n_envs": [10, 25, 31]}), max_envs=30)
    1
    """
    count = int((curve["n_envs"].to_numpy() <= check_not_negative(max_envs, "max_envs")).sum())
    return count - 1 if count else None


def smallest_subset(
    envs: Environments,
    order: Selection | Indices,
    overlap: float | None = None,
    information_loss: float | None = None,
    max_delta_entropy: float | None = None,
    max_envs: int | None = None,
    bandwidth: float | None = None,
    progress: ProgressCallback | None = None,
    reference: Environments | None = None,
    client: "Client | None" = None,
) -> np.ndarray:
    r"""Return the shortest prefix of an order that meets all targets; by default its knee.

    Evaluates every size, which takes about twice as long as `entropy` of the set. With `max_envs` alone
    no kernel is computed.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    order : Selection or sequence of int
        Result of `select`, or frame indices. Frames excluded from a selection are ignored: they need not be
        covered.
    overlap : float, optional
        Minimum fraction of all environments with δH(env | subset) < 1e-5 nats, at most 1.
    information_loss : float, optional
        Maximum mean of :math:`\max(0, \delta H)` over all environments, nats.
    max_delta_entropy : float, optional
        Maximum δH of any environment, nats.
    max_envs : int, optional
        Maximum number of environments. Alone, it gives the longest prefix within this limit.
    bandwidth : float, optional
        h of the kernel, Å⁻¹; by default that of the selection, else 0.015.
    progress : callable, optional
        See `quests_core.progress`.
    reference : Environments or array_like of shape (n_reference, d), optional
        Environments that are known already: overlap, information loss and δH are then those given the subset
        and the reference together. The prefix has at least one frame, also if the reference alone suffices.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster, see `compression_curve`; without the frames excluded from a selection, the
        others are sent to them.

    Returns
    -------
    ndarray of shape (n_frames,)
        Frame indices, in the given order.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or no prefix of the order meets the targets (the message gives the best
        value reached). Also if there is no knee, if `max_envs` is too small, and for an order of
        ``k_means`` or ``direct``, which are not nested.

    References
    ----------
    arXiv 2511.10561 for the metrics; for the knee see `knee`.

    Examples
    --------
    >>> from quests_core import select
    >>> envs = Environments([[0.0], [0.001], [0.9], [0.9], [3.0]], offsets=[0, 2, 3, 4, 5])
    >>> selection = select(envs, "msc")
    >>> selection.order.tolist()
    [0, 3, 1, 2]
    >>> smallest_subset(envs, selection, overlap=0.6).tolist()
    [0, 3]
    >>> smallest_subset(envs, selection, information_loss=0).tolist()
    [0, 3, 1]
    >>> smallest_subset(envs, selection, max_envs=2).tolist()
    [0]
    >>> smallest_subset(envs, [3, 1, 2, 0], overlap=0.6, reference=[[0.0]]).tolist()
    [3, 1]
    """
    targets = _given_targets(overlap, information_loss, max_delta_entropy)
    if max_envs is not None:
        max_envs = check_count(max_envs, "max_envs")
    envs, kept, order, bandwidth = _without_excluded(as_environments(envs), order, bandwidth)
    n_envs = np.cumsum(envs.sizes[order])
    room = len(order) if max_envs is None else int((n_envs <= max_envs).sum())
    if room == 0:
        raise ValueError(
            f"max_envs: expected at least {n_envs[0]}, the size of the first frame, got {max_envs}"
        )
    if max_envs is not None and not targets:
        return kept[order[:room]]
    sizes = np.arange(1, len(order) + 1)
    curve = compression_path(
        envs, order, sizes, bandwidth, progress=progress, delta_sizes=(), reference=reference, client=client
    ).curve
    row = smallest_row(curve, **targets) if targets else knee(curve["n_frames"], curve["overlap"])
    if row is None:
        raise ValueError(_unmet_message(curve, targets))
    if row >= room:
        raise ValueError(f"max_envs: expected at least {n_envs[row]}, which the targets need, got {max_envs}")
    return kept[order[: row + 1]]


def check_targets(targets, name: str) -> dict[str, float]:
    """Return validated targets of `smallest_subset` by name."""
    if not isinstance(targets, Mapping):
        raise TypeError(f"{name}: expected a mapping of targets or 'knee', got {targets!r:.60}")
    known = {"overlap", "information_loss", "max_delta_entropy", "max_envs"}
    if not targets or not known.issuperset(targets):
        raise ValueError(f"{name}: expected targets among {sorted(known)}, got {list(targets)}")
    checked = _given_targets(**{key: value for key, value in targets.items() if key != "max_envs"})
    if "max_envs" in targets:
        checked["max_envs"] = check_count(targets["max_envs"], "max_envs")
    return checked


def _given_targets(overlap=None, information_loss=None, max_delta_entropy=None) -> dict[str, float]:
    """Return the given targets by the column of a curve."""
    given = {
        "overlap": overlap,
        "information_loss": information_loss,
        "max_delta_entropy": max_delta_entropy,
    }
    return {name: check_not_negative(value, name) for name, value in given.items() if value is not None}


def _is_met(values: pd.Series, name: str, target: float) -> np.ndarray:
    array = values.to_numpy()
    return array >= target - _ROUNDING if name == "overlap" else array <= target + _ROUNDING


def _without_excluded(
    envs: Environments, order, bandwidth
) -> tuple[Environments, np.ndarray, np.ndarray, float]:
    """Return the environments not excluded, their frames, the order within these, and the bandwidth."""
    excluded = np.empty(0, dtype=np.int64)
    if isinstance(order, Selection):
        if not order.nested:
            raise ValueError(
                f"order: expected a nested one, got that of {order.method!r}, whose smaller subsets are no "
                "prefixes of it"
            )
        bandwidth = order.parameters.get("bandwidth") if bandwidth is None else bandwidth
        excluded, order = order.parameters.get("excluded", excluded), order.order
    order = check_frame_indices(order, len(envs), "order", unique=True)
    if len(order) == 0:
        raise ValueError("order: expected at least 1 frame, got 0")
    kept = np.setdiff1d(np.arange(len(envs)), excluded)
    remaining = envs.take(kept) if len(kept) < len(envs) else envs
    return remaining, kept, np.searchsorted(kept, order), 0.015 if bandwidth is None else bandwidth


def _unmet_message(curve: pd.DataFrame, targets: dict[str, float]) -> str:
    if not targets:
        return "order: expected a curve with a knee, got one that never rises above its chord"
    last = curve.iloc[-1]
    for name, value in targets.items():
        if not _is_met(curve[name][-1:], name, value)[0]:
            return f"{name}: expected a value that the whole order reaches ({last[name]:.6g}), got {value:g}"
    raise RuntimeError("every target is reached by the whole order, but not all by one size")
