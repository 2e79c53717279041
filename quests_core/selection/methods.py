"""`select`: which frames to keep, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .._validation import (
    check_choice,
    check_count,
    check_frame_indices,
    check_n_to_select,
    check_pair,
    check_positive,
)
from ..environments import Environments, check_grouped
from ..kernel import PRECISIONS
from ..progress import ProgressCallback
from .balanced import Balanced
from .baselines import k_means_order, random_order
from .fps import FPS, MeanFPS
from .greedy import greedy_order
from .information_loss import ConcaveCover
from .msc import MSC

METHODS = ("msc", "information_loss", "coverage", "balanced", "fps", "mean_fps", "k_means", "random")
_COVERING = ("information_loss", "coverage", "balanced")


@dataclass(frozen=True, eq=False)
class Selection:
    """Frames in the order picked.

    Attributes
    ----------
    order : ndarray of shape (n_selected,)
        Frame indices, first pick first.
    method : str
        One of `METHODS`.
    n_frames : int
        Number of frames selected from.
    parameters : dict
        What else the order depends on: bandwidth, random_state, locked, excluded.

    Examples
    --------
    >>> selection = Selection(np.array([4, 0, 2]), "msc", n_frames=5)
    >>> len(selection), selection.nested, selection.order[:2].tolist()
    (3, True, [4, 0])
    """

    order: np.ndarray
    method: str
    n_frames: int
    parameters: dict = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of selected frames."""
        return len(self.order)

    @property
    def nested(self) -> bool:
        """Whether the first n frames are what the method selects for n: one run serves every size."""
        return self.method != "k_means"


def select(
    envs: Environments,
    method: str = "balanced",
    n_to_select: int | float | None = None,
    bandwidth: float = 0.015,
    reference=None,
    locked: Sequence[int] = (),
    excluded: Sequence[int] = (),
    cost: str | Sequence[float] = "frames",
    random_state: int = 0,
    precision: str = "single",
    progress: ProgressCallback | None = None,
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
        Environments that are there already, Å⁻¹: ``msc``, ``information_loss``, ``coverage`` and
        ``balanced`` start with the kernel sums against them; ``msc`` then has no special first pick.
    locked : sequence of int
        Frames that always come first, in this order.
    excluded : sequence of int
        Frames that are not there: the order is that of ``envs`` without them.
    cost : {"frames", "environments"} or sequence of float
        What ``information_loss``, ``coverage`` and ``balanced`` divide a frame's gain by: 1, its number of
        environments, or numbers above zero, one a frame. The other methods know "frames" only.
    random_state : int
        Seed of ``mean_fps``, ``k_means`` and ``random``.
    precision : {"single", "double"}
        An error of at most 1e-5 or 1e-12 nats in a score of ``msc``; see `log_kernel_sum`.
    progress : callable, optional
        See `quests_core.progress`.

    Returns
    -------
    Selection
        ``selection.order`` holds the frame indices.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    arXiv 2511.10561.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.0], [0.9]], offsets=[0, 2, 3, 4])
    >>> select(envs).order.tolist()
    [0, 2, 1]
    >>> select(envs, n_to_select=0.34, locked=[1]).order.tolist()
    [1]
    """
    envs = check_grouped(envs)
    check_choice(method, "method", METHODS)
    costs = _check_cost(cost, method, envs)
    check_choice(precision, "precision", PRECISIONS)
    bandwidth = check_positive(bandwidth, "bandwidth")
    random_state = check_count(random_state, "random_state", minimum=0)
    locked = check_frame_indices(locked, len(envs), "locked", unique=True)
    excluded = check_frame_indices(excluded, len(envs), "excluded", unique=True)
    kept = np.setdiff1d(np.arange(len(envs)), excluded)
    if not len(kept):
        raise ValueError(f"excluded: expected at least 1 of {len(envs)} frames to be left, got all")
    if np.isin(locked, excluded).any():
        frame = locked[np.isin(locked, excluded)][0]
        raise ValueError(f"excluded: expected no locked frames, got frame {frame}")
    count = check_n_to_select(n_to_select, len(kept))
    if len(locked) > count:
        raise ValueError(f"locked: expected at most n_to_select = {count} frames, got {len(locked)}")
    if reference is not None:
        if method not in ("msc", *_COVERING):
            raise ValueError(f"reference: expected None, as method {method!r} does not use one")
        reference = check_pair(envs, reference)[1]
    parameters = {
        "bandwidth": bandwidth,
        "random_state": random_state,
        "locked": locked.tolist(),
        "excluded": excluded.tolist(),
    }
    n_frames = len(envs)
    if len(excluded):
        envs, locked, costs = envs.take(kept), np.searchsorted(kept, locked), costs[kept]
    if method == "random":
        order = random_order(len(envs), count, locked, random_state)
    elif method == "k_means":
        order = k_means_order(envs, count, locked, random_state)
    else:
        if method == "msc":
            scorer = MSC(envs, bandwidth, reference, precision, progress)
        elif method in _COVERING:
            given = costs, reference, progress
            if method == "balanced":
                scorer = Balanced(envs, bandwidth, *given)
            else:
                scorer = ConcaveCover(envs, bandwidth, method == "information_loss", *given)
        elif method == "fps":
            scorer = FPS(envs, bandwidth, progress)
        else:
            scorer = MeanFPS(envs, random_state)
        order = greedy_order(scorer, len(envs), count, locked, f"{method} order", progress)
    return Selection(kept[order], method, n_frames, parameters)


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
