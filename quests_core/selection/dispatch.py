"""`select`: order frames by one of the selection methods."""

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
_WITH_COSTS = ("information_loss", "coverage", "balanced")


def is_random(method: str, locked: Indices = (), reference=None) -> bool:
    """Return whether the order depends on the seed; ``mean_fps`` only draws its first frame, if it has to."""
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
    r"""Select frames, most valuable first.

    ==================== ==========================================================================
    ``msc``              the highest :math:`-\ln \min_{e \in s} K_e + H_s`, where :math:`K_e` is the
                         kernel sum of environment e over all frames picked and :math:`H_s` the
                         entropy of frame s alone; first the frame of highest :math:`H_s`
    ``information_loss`` the largest gain per unit of cost in
                         :math:`\sum_e \min(0, \ln(K_e + ε))`, :math:`ε = e^{-30}`, over all
                         environments of the set
    ``coverage``         the same for :math:`\sum_e \min(1, K_e)`: outliers count no more than others
    ``balanced``         the largest gain per unit of cost in :math:`D + H / 2 - \sqrt{L}`, with the diversity
                         and entropy of the subset and the information loss of the set; see
                         `quests_core.selection.balanced`
    ``fps``              the frame farthest from those picked, by the mean distance between the
                         environments of two frames; first the frame of highest :math:`H_s`
    ``mean_fps``         the same by the distance between mean descriptors; random start
    ``k_means``          one random member of each of n clusters of the mean descriptors; not nested
    ``random``           uniform without replacement
    ==================== ==========================================================================

    ``information_loss`` and ``coverage`` maximise a monotone submodular function, so with equal costs
    the greedy order is, at each size, within 1 - 1/e of the best subset. They neglect kernel sums below ε of
    an environment with a single frame.

    Ties go to the lowest index. Frames without environments come last. The order does not depend on the
    number of threads.

    Parameters
    ----------
    envs : Environments
        Environments grouped by frame; a plain ``(n, d)`` array counts as n frames of one.
    method : str
        One of `METHODS`.
    n_to_select : int or float, optional
        An int is a count; a float f in (0, 1] is a fraction, ``max(1, floor(f n + 1/2))`` of the n
        frames. By default all frames.
    bandwidth : float
        h of the kernel, Å⁻¹.
    reference : Environments or array_like of shape (n_reference, d), optional
        Environments already present, Å⁻¹. ``msc``, ``information_loss``, ``coverage`` and ``balanced`` start
        with the kernel sums over it, ``fps`` and ``mean_fps`` with the distances to its frames (each row of
        a plain array is one); their first pick is then an ordinary one. ``random`` ignores it. ``k_means``
        does not accept it, because its clusters divide the candidate frames only.
    locked : sequence of int
        Frames that always come first, in this order.
    excluded : sequence of int
        Frames to ignore: the order is that of ``envs`` without them.
    cost : {"frames", "environments"} or sequence of float
        Divisor of a frame's gain in ``information_loss``, ``coverage`` and ``balanced``: 1, its number of
        environments, or one positive number per frame. The other methods accept "frames" only.
    strata : Strata, optional
        Labels and their quotas. Each pick is the best frame, given all previous picks, of the labels allowed
        next; only ``k_means`` treats each label separately. Locked frames count.
    random_state : int
        Seed of ``mean_fps``, ``k_means`` and ``random``.
    precision : {"single", "double"}
        Bounds the error of a score of ``msc`` to 1e-5 or 1e-12 nats; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.
    until : mapping of str to float or "knee", optional
        Targets for the subset, such as ``{"overlap": 0.95}``: any of the targets of `smallest_subset`
        (overlap, information_loss, max_delta_entropy, max_envs), or the knee of its curve. The result is the
        shortest prefix of the order that meets them, with at most `n_to_select` frames. Excluded frames need
        not be covered. Not available with `reference` or for ``k_means``.

    Returns
    -------
    Selection
        ``selection.order`` holds the frame indices.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or no prefix of the order meets the targets of `until`.

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
    return selection if until is None else _truncate(full, selection, until, progress)


def _truncate(envs: Environments, selection: Selection, until: dict, progress) -> Selection:
    """Return the shortest prefix of a selection that meets its targets."""
    from .stopping import smallest_subset

    order = smallest_subset(envs, selection, **until, progress=progress)
    return replace(selection, order=order, parameters=selection.parameters | {"until": until or "knee"})


def _check_until(until, method: str, reference) -> dict | None:
    """Return targets by name; an empty dict stands for the knee."""
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
    """Return the locked, excluded and remaining frames, and the number of frames to select."""
    locked = check_frame_indices(locked, n_frames, "locked", unique=True)
    excluded = check_frame_indices(excluded, n_frames, "excluded", unique=True)
    kept = np.setdiff1d(np.arange(n_frames), excluded)
    if not len(kept):
        raise ValueError(f"excluded: expected fewer than all {n_frames} frames, got all")
    if np.isin(locked, excluded).any():
        frame = locked[np.isin(locked, excluded)][0]
        raise ValueError(f"excluded: expected no locked frames, got frame {frame}")
    count = check_n_to_select(n_to_select, len(kept))
    if len(locked) > count:
        raise ValueError(f"locked: expected at most n_to_select = {count} frames, got {len(locked)}")
    return locked, excluded, kept, count


def _scorer(method, envs, bandwidth, reference, costs, random_state, precision, progress) -> Scorer:
    """Return the scorer of a greedy method."""
    rows = None if reference is None else reference.X
    if method == "msc":
        return MSC(envs, bandwidth, rows, precision, progress)
    if method == "balanced":
        return Balanced(envs, bandwidth, costs, rows, progress)
    if method in _WITH_COSTS:
        return SubmodularCoverage(envs, bandwidth, method == "information_loss", costs, rows, progress)
    if method == "fps":
        return FPS(envs, bandwidth, reference, progress)
    return MeanFPS(envs, random_state, reference)


def _check_reference(reference, method: str, envs: Environments) -> Environments | None:
    """Return the reference as environments grouped by frame."""
    if reference is None:
        return None
    if method == "k_means":
        raise ValueError(
            "reference: expected None for method 'k_means', whose clusters divide the candidate frames only, "
            "got a reference"
        )
    check_pair(envs, reference)
    return as_environments(reference)


def _check_strata(strata, n_frames: int) -> Strata | None:
    if strata is not None and not isinstance(strata, Strata):
        raise TypeError(f"strata: expected a Strata, got {type(strata).__name__} {strata!r:.60}")
    if strata is not None and len(strata.labels) != n_frames:
        raise ValueError(f"strata: expected {n_frames} labels, one per frame, got {len(strata.labels)}")
    return strata


def _check_cost(cost, method: str, envs: Environments) -> np.ndarray:
    """Return the cost of each frame."""
    if isinstance(cost, str):
        check_choice(cost, "cost", ("frames", "environments"))
        costs = np.ones(len(envs)) if cost == "frames" else np.maximum(envs.sizes, 1).astype(float)
    else:
        costs = np.asarray(cost, dtype=np.float64)
        if costs.shape != (len(envs),):
            raise ValueError(f"cost: expected one number per frame, shape {(len(envs),)}, got {costs.shape}")
        if not (np.isfinite(costs) & (costs > 0)).all():
            frame = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))[0]
            raise ValueError(f"cost: expected finite positive numbers, got {costs[frame]} for frame {frame}")
    if method not in _WITH_COSTS and not (isinstance(cost, str) and cost == "frames"):
        raise ValueError(f"cost: expected 'frames' for method {method!r}, got another cost")
    return costs
