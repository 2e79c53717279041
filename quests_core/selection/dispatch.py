"""`select`: which frames to keep, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..environments import Environments, as_environments
from ..kernel_sums.sums import PRECISIONS
from ..progress import ProgressCallback
from ..utils.arrays import Indices
from ..utils.validation import (
    check_choice,
    check_count,
    check_frame_indices,
    check_n_to_select,
    check_pair,
    check_sane,
)
from .balanced import Balanced
from .baselines import k_means_order, random_order, stratified_k_means_order, stratified_random_order
from .cover import SubmodularCoverage
from .fps import FPS, MeanFPS
from .greedy import Scorer, greedy_order
from .msc import MSC
from .quotas import Quotas, Strata, Stratified
from .result import Selection

METHODS = ("msc", "information_loss", "coverage", "balanced", "fps", "mean_fps", "k_means", "random")
_COVERING = ("information_loss", "coverage", "balanced")


def is_random(method: str, locked: Indices = (), reference=None) -> bool:
    """Say whether the seed matters: ``mean_fps`` draws only the first frame, where nothing else is there."""
    return method in ("random", "k_means") or (method == "mean_fps" and not len(locked) and reference is None)


def select(
    envs: Environments,
    method: str = "balanced",
    n_to_select: int | float | None = None,
    bandwidth: float = 0.015,
    reference=None,
    locked: Indices = (),
    excluded: Indices = (),
    cost: str | Sequence[float] = "frames",
    strata: Strata | None = None,
    random_state: int = 0,
    precision: str = "single",
    progress: ProgressCallback | None = None,
    until: Mapping[str, float] | str | None = None,
) -> Selection:
    r"""Select frames.

    ==================== ==========================================================================
    ``msc``              the highest :math:`-\ln \min_{e \in s} K_e + H_s`, where :math:`K_e` is the
                         kernel sum of environment e against all frames picked and :math:`H_s` the
                         entropy of frame s alone; first the frame of highest :math:`H_s`
    ``information_loss`` the largest gain a unit of cost in
                         :math:`\sum_e \min(0, \ln(K_e + ε))`, :math:`ε = e^{-30}`, over all
                         environments of the set
    ``coverage``         the same in :math:`\sum_e \min(1, K_e)`: outliers count no more than others
    ``balanced``         the largest gain a unit of cost in :math:`D + H / 2 - \sqrt{L}`, with the diversity
                         and the entropy of the subset and the information loss of the set; in detail
                         in `quests_core.selection.balanced`
    ``fps``              the frame farthest from those picked; distance of two frames: mean distance
                         of their environments; first the frame of highest :math:`H_s`
    ``mean_fps``         the same with the distance of the mean descriptors; random start
    ``k_means``          one random member of each of n clusters of the mean descriptors; not nested
    ``random``           uniform without replacement
    ==================== ==========================================================================

    ``information_loss`` and ``coverage`` maximise a monotone submodular function, so with equal costs
    the greedy order is at each size within 1 - 1/e of the best subset. Kernel sums of an environment
    against one frame below ε count as nothing in them.

    Equal scores: the lowest index. Frames without environments come last. The same arguments give
    the same order on any number of threads.

    Parameters
    ----------
    envs : Environments
        Environments grouped by frame; a plain ``(n, d)`` array counts as n frames of one.
    method : str
        One of `METHODS`.
    n_to_select : int or float, optional
        An int is a count, a float f in (0, 1] the fraction ``max(1, floor(f n + 1/2))`` of the
        frames; by default the whole order.
    bandwidth : float
        h of the kernel, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d), optional
        What is there already, Å⁻¹. ``msc``, ``information_loss``, ``coverage`` and ``balanced`` start
        with the kernel sums against it, ``fps`` and ``mean_fps`` with the distances to its frames (each
        row of a plain array is one): none of them has a special first pick then. ``random`` pays no heed
        to it, as its frames are drawn whatever is there. ``k_means`` refuses it: the clusters divide
        the frames that are chosen from, and which of them a reference has already is not defined.
    locked : sequence of int
        Frames that always come first, in this order.
    excluded : sequence of int
        Frames that are not there: the order is that of ``envs`` without them.
    cost : {"frames", "environments"} or sequence of float
        What ``information_loss``, ``coverage`` and ``balanced`` divide a frame's gain by: 1, its number of
        environments, or numbers above zero, one a frame. The other methods know "frames" only.
    strata : Strata, optional
        Labels and their quotas. Each frame still is the best by all that was picked before, of the
        labels whose turn it is; only ``k_means`` looks at each label by itself. Locked frames count.
    random_state : int
        Seed of ``mean_fps``, ``k_means`` and ``random``.
    precision : {"single", "double"}
        An error of at most 1e-5 or 1e-12 nats in a score of ``msc``; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    until : mapping of str to float or "knee", optional
        What the subset must reach: ``{"overlap": 0.95}``, any of the targets of `smallest_subset` (overlap,
        information_loss, max_delta_entropy, max_envs), or the knee of its curve. The result is the shortest
        start of the order that does, and `n_to_select` the most frames it may have. Excluded frames need
        not be covered; with `reference` and for ``k_means`` there is no such answer.

    Returns
    -------
    Selection
        ``selection.order`` holds the frame indices.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no start of the order reaches what `until` asks for.

    References
    ----------
    arXiv 2511.10561.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.0], [0.9]], offsets=[0, 2, 3, 4])
    >>> select(envs).order.tolist()
    [0, 2, 1]
    >>> select(envs, until={"overlap": 1.0}).order.tolist()
    [0, 2]
    >>> select(envs, n_to_select=0.34, locked=[1]).order.tolist()
    [1]
    """
    envs = as_environments(envs)
    check_choice(method, "method", METHODS)
    costs = _check_cost(cost, method, envs)
    check_choice(precision, "precision", PRECISIONS)
    bandwidth = check_sane(bandwidth, "bandwidth")
    random_state = check_count(random_state, "random_state", minimum=0)
    locked, excluded, kept, count = _check_frames(locked, excluded, n_to_select, len(envs))
    reference = _check_reference(reference, method, envs)
    strata = _check_strata(strata, len(envs))
    until = _check_until(until, method, reference)
    parameters = {
        "bandwidth": bandwidth,
        "random_state": random_state,
        "locked": locked.tolist(),
        "excluded": excluded.tolist(),
    }
    if strata is not None:
        parameters |= strata.to_record()
    n_frames, full = len(envs), envs
    if len(excluded):
        envs, locked, costs = envs.take(kept), np.searchsorted(kept, locked), costs[kept]
        strata = None if strata is None else strata.take(kept)
    if strata is not None:
        Quotas(strata).check_room(locked, count)
    if method == "random" and strata is not None:
        order = stratified_random_order(strata, count, locked, random_state)
    elif method == "random":
        order = random_order(len(envs), count, locked, random_state)
    elif method == "k_means" and strata is not None:
        order = stratified_k_means_order(envs, strata, count, locked, random_state)
    elif method == "k_means":
        order = k_means_order(envs, count, locked, random_state)
    else:
        scorer = _scorer(method, envs, bandwidth, reference, costs, random_state, precision, progress)
        if strata is not None:
            scorer = Stratified(scorer, Quotas(strata))
        order = greedy_order(scorer, len(envs), count, locked, f"{method} order", progress)
    selection = Selection(kept[order], method, n_frames, parameters)
    return selection if until is None else _stopped(full, selection, until, progress)


def _stopped(envs: Environments, selection: Selection, until: dict, progress) -> Selection:
    """Return the shortest start of a selection that reaches what it must."""
    from .stopping import smallest_subset  # which itself knows what a selection is

    order = smallest_subset(envs, selection, **until, progress=progress)
    return replace(selection, order=order, parameters=selection.parameters | {"until": until or "knee"})


def _check_until(until, method: str, reference) -> dict | None:
    """Return targets by name; none of them is the knee."""
    from .stopping import check_targets

    if until is None:
        return None
    if reference is not None or method == "k_means":
        why = "a reference" if reference is not None else "method 'k_means'"
        raise ValueError(f"until: expected None with {why}, got {until!r:.60}")
    return {} if until == "knee" else check_targets(until, "until")


def _check_frames(
    locked, excluded, n_to_select, n_frames: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return locked and excluded frames, those that are not excluded, and how many are selected."""
    locked = check_frame_indices(locked, n_frames, "locked", unique=True)
    excluded = check_frame_indices(excluded, n_frames, "excluded", unique=True)
    kept = np.setdiff1d(np.arange(n_frames), excluded)
    if not len(kept):
        raise ValueError(f"excluded: expected at least 1 of {n_frames} frames to be left, got all")
    if np.isin(locked, excluded).any():
        frame = locked[np.isin(locked, excluded)][0]
        raise ValueError(f"excluded: expected no locked frames, got frame {frame}")
    count = check_n_to_select(n_to_select, len(kept))
    if len(locked) > count:
        raise ValueError(f"locked: expected at most n_to_select = {count} frames, got {len(locked)}")
    return locked, excluded, kept, count


def _scorer(method, envs, bandwidth, reference, costs, random_state, precision, progress) -> Scorer:
    """Return what a greedy method supplies."""
    rows = None if reference is None else reference.X
    if method == "msc":
        return MSC(envs, bandwidth, rows, precision, progress)
    if method == "balanced":
        return Balanced(envs, bandwidth, costs, rows, progress)
    if method in _COVERING:
        return SubmodularCoverage(envs, bandwidth, method == "information_loss", costs, rows, progress)
    if method == "fps":
        return FPS(envs, bandwidth, reference, progress)
    return MeanFPS(envs, random_state, reference)


def _check_reference(reference, method: str, envs: Environments) -> Environments | None:
    """Return the reference by frames."""
    if reference is None:
        return None
    if method == "k_means":
        raise ValueError(
            "reference: expected None, as method 'k_means' divides the frames that are chosen from into "
            "clusters, and has no place for others"
        )
    check_pair(envs, reference)
    return as_environments(reference)


def _check_strata(strata, n_frames: int) -> Strata | None:
    if strata is not None and not isinstance(strata, Strata):
        raise TypeError(f"strata: expected a Strata, got {type(strata).__name__} {strata!r:.60}")
    if strata is not None and len(strata.labels) != n_frames:
        raise ValueError(f"strata: expected {n_frames} labels, one a frame, got {len(strata.labels)}")
    return strata


def _check_cost(cost, method: str, envs: Environments) -> np.ndarray:
    """Return the cost of each frame."""
    if isinstance(cost, str):
        check_choice(cost, "cost", ("frames", "environments"))
        costs = np.ones(len(envs)) if cost == "frames" else np.maximum(envs.sizes, 1).astype(float)
    else:
        costs = np.asarray(cost, dtype=np.float64)
        if costs.shape != (len(envs),):
            raise ValueError(f"cost: expected one number a frame, shape {(len(envs),)}, got {costs.shape}")
        if not (np.isfinite(costs) & (costs > 0)).all():
            frame = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))[0]
            raise ValueError(
                f"cost: expected finite numbers above zero, got {costs[frame]} for frame {frame}"
            )
    if method not in _COVERING and not (isinstance(cost, str) and cost == "frames"):
        raise ValueError(f"cost: expected 'frames', as method {method!r} does not use another")
    return costs
