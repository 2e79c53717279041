"""Stop rules: the smallest subset of an order that reaches what it must, and the knee of its curve.

Adding frames never lowers the overlap, nor raises the information loss or the largest δH. So each of
these has one size at which it turns true, and of several the last decides.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..environments import Environments, as_environments
from ..information.curve import compression_curve
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.validation import check_count, check_frame_indices, check_not_negative
from .result import Selection

# Shares are sums of ones over N: 0.95 must not be missed by the last bit.
_LAST_BIT = 1e-12


def knee(sizes: ArrayLike, overlaps: ArrayLike) -> int | None:
    r"""Return where overlap against size stops rising fast: the point farthest above its chord.

    With both axes scaled to [0, 1] between the first and the last size,

    .. math:: i^* = \arg\max_i \left[
        \frac{O_i - O_1}{O_n - O_1} - \frac{s_i - s_1}{s_n - s_1} \right]

    This is also the largest distance to the chord, since that differs by a factor √2 only.

    Parameters
    ----------
    sizes : array_like of shape (n,)
        Rising.
    overlaps : array_like of shape (n,)
        Overlap at each size.

    Returns
    -------
    int or None
        The position; None where no size lies above the chord, so that there is no knee.

    Raises
    ------
    ValueError
        If the two are not of one length.

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
        raise ValueError(f"overlaps: expected one a size, shape {sizes.shape}, got {overlaps.shape}")
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
    """Return the row of a curve with the smallest subset that reaches all that is asked for.

    Only the sizes of the curve are looked at; `smallest_subset` looks at every size.

    Parameters
    ----------
    curve : pandas.DataFrame
        What `compression_curve` returns; of its columns, those that are asked for.
    overlap : float, optional
        The least share of environments that must be covered.
    information_loss : float, optional
        The largest mean loss allowed, nats.
    max_delta_entropy : float, optional
        The largest δH of any environment allowed, nats.

    Returns
    -------
    int or None
        Position of the row; None where no row reaches it.

    Raises
    ------
    TypeError, ValueError
        If nothing is asked for, or something that is not a number of at least 0.

    Examples
    --------
    >>> curve = pd.DataFrame({"overlap": [0.4, 0.8, 0.9], "information_loss": [2.0, 0.9, 0.1]})
    >>> smallest_row(curve, overlap=0.8), smallest_row(curve, overlap=0.8, information_loss=0.5)
    (1, 2)
    >>> smallest_row(curve, overlap=0.95) is None
    True
    """
    wanted = _wanted(overlap, information_loss, max_delta_entropy)
    if not wanted:
        raise ValueError("overlap: expected a target here or in another argument, got none")
    reached = np.logical_and.reduce([_reaches(curve[name], name, value) for name, value in wanted.items()])
    return int(np.argmax(reached)) if reached.any() else None


def largest_row(curve: pd.DataFrame, max_envs: float) -> int | None:
    """Return the row of a curve with the largest subset of at most `max_envs` environments; None without.

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
) -> np.ndarray:
    r"""Return the shortest start of an order that reaches all that is asked for; by default its knee.

    Every size is looked at, which takes about 2.7 times as long as `entropy` of the set. For
    `max_envs` alone no kernel is computed.

    Parameters
    ----------
    envs : Environments
        The full set; a plain ``(n, d)`` array counts as n frames of one.
    order : Selection or sequence of int
        What `select` returned, or frame indices. Frames that a selection excluded are not to be covered
        either: nothing counts them.
    overlap : float, optional
        The least share of all environments with δH(env | subset) < 1e-5 nats, at most 1.
    information_loss : float, optional
        The largest mean of :math:`\max(0, \delta H)` over all environments allowed, nats.
    max_delta_entropy : float, optional
        The largest δH of any environment allowed, nats.
    max_envs : int, optional
        The largest number of environments. Alone, it gives the longest start that has no more.
    bandwidth : float, optional
        h of the kernel, Å⁻¹; by default that of the selection, 0.015 without one.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    ndarray of shape (n_frames,)
        Frame indices in the order given.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no start of the order reaches what is asked for; the
        message says what came nearest. Also where there is no knee, where `max_envs` leaves no room,
        and for an order of ``k_means``, whose small subsets are no starts of large ones.

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
    """
    wanted = _wanted(overlap, information_loss, max_delta_entropy)
    if max_envs is not None:
        max_envs = check_count(max_envs, "max_envs")
    envs, kept, order, bandwidth = _counted(as_environments(envs), order, bandwidth)
    n_envs = np.cumsum(envs.sizes[order])
    room = len(order) if max_envs is None else int((n_envs <= max_envs).sum())
    if room == 0:
        raise ValueError(
            f"max_envs: expected at least {n_envs[0]}, which the first frame has, got {max_envs}"
        )
    if max_envs is not None and not wanted:
        return kept[order[:room]]
    sizes = np.arange(1, len(order) + 1)
    curve = compression_curve(envs, order, sizes, bandwidth, progress=progress)
    row = smallest_row(curve, **wanted) if wanted else knee(curve["n_frames"], curve["overlap"])
    if row is None:
        raise ValueError(_unreached(curve, wanted))
    if row >= room:
        raise ValueError(f"max_envs: expected at least {n_envs[row]}, which it takes, got {max_envs}")
    return kept[order[: row + 1]]


def check_targets(targets, name: str) -> dict[str, float]:
    """Return targets of `smallest_subset` by their names."""
    if not isinstance(targets, Mapping):
        raise TypeError(f"{name}: expected a mapping of targets or 'knee', got {targets!r:.60}")
    known = {"overlap", "information_loss", "max_delta_entropy", "max_envs"}
    if not targets or not known.issuperset(targets):
        raise ValueError(f"{name}: expected targets among {sorted(known)}, got {list(targets)}")
    wanted = _wanted(**{key: value for key, value in targets.items() if key != "max_envs"})
    return wanted | (
        {"max_envs": check_count(targets["max_envs"], "max_envs")} if "max_envs" in targets else {}
    )


def _wanted(overlap=None, information_loss=None, max_delta_entropy=None) -> dict[str, float]:
    """Return the targets that were given, by the columns of a curve."""
    given = {
        "overlap": overlap,
        "information_loss": information_loss,
        "max_delta_entropy": max_delta_entropy,
    }
    return {name: check_not_negative(value, name) for name, value in given.items() if value is not None}


def _reaches(values: pd.Series, name: str, target: float) -> np.ndarray:
    array = values.to_numpy()
    return array >= target - _LAST_BIT if name == "overlap" else array <= target + _LAST_BIT


def _counted(envs: Environments, order, bandwidth) -> tuple[Environments, np.ndarray, np.ndarray, float]:
    """Return the environments that count, their frames, the order within these, and the bandwidth."""
    excluded = np.empty(0, dtype=np.int64)
    if isinstance(order, Selection):
        if not order.nested:
            raise ValueError(
                f"order: expected a nested one, got that of {order.method!r}: its subset of another size "
                "is no start of it"
            )
        bandwidth = order.parameters.get("bandwidth") if bandwidth is None else bandwidth
        excluded, order = order.parameters.get("excluded", excluded), order.order
    order = check_frame_indices(order, len(envs), "order", unique=True)
    if len(order) == 0:
        raise ValueError("order: expected at least 1 frame, got 0")
    kept = np.setdiff1d(np.arange(len(envs)), excluded)
    counted = envs.take(kept) if len(kept) < len(envs) else envs
    return counted, kept, np.searchsorted(kept, order), 0.015 if bandwidth is None else bandwidth


def _unreached(curve: pd.DataFrame, wanted: dict[str, float]) -> str:
    if not wanted:
        return "order: expected an overlap that rises fast and then slowly, got one without a knee"
    last = curve.iloc[-1]
    for name, value in wanted.items():
        if not _reaches(curve[name][-1:], name, value)[0]:
            return f"{name}: expected what the whole order reaches, {last[name]:.6g}, got {value:g}"
    raise RuntimeError("every target is reached by the whole order, but not all by one size")
