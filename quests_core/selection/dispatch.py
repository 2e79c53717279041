"""`select`: order frames by one of the selection methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..environments import Environments, as_environments
from ..kernel_sums.sums import PRECISIONS, rows_of
from ..progress import ProgressCallback
from ..utils.arrays import Indices, read_only
from ..utils.tasks import check_client
from ..utils.validation import check_choice, check_count, check_sane
from .arguments import (
    METHODS,
    check_client_method,
    check_cost,
    check_marks,
    check_reference,
    check_strata,
    check_until,
    check_y,
)
from .balanced import Balanced
from .baselines import k_means_order, random_order, stratified_cluster_order, stratified_random_order
from .cluster_msc import FrameRows, cluster_msc_order
from .cluster_scorers import cluster_scorer
from .cover import SubmodularCoverage
from .cur import CUR
from .direct import direct_order
from .fps import FPS, MeanFPS, PCovFPS
from .greedy import Scorer, greedy_order
from .maxvol import maxvol_order
from .msc import MSC, msc_order
from .quotas import Quotas, Strata, Stratified
from .result import Selection
from .submodular_sums import SUBMODULAR_SUMS
from .subset_totals import SubsetTotals

if TYPE_CHECKING:
    from distributed import Client

# Methods that do not pick one frame after another.
_AT_ONCE = ("maxvol", "direct", "k_means", "random")


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
    y: ArrayLike | None = None,
    callback: Callable[[np.ndarray], None] | None = None,
    client: "Client | None" = None,
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
    ``balanced``         the frame that keeps overlap, information loss and diversity farthest ahead of
                         ``msc`` at the same cost, the metric with the smallest lead first; a frame that
                         covers the farthest environment where that is much farther than for ``msc``; see
                         `quests_core.selection.balanced`
    ``fps``              the frame farthest from those picked, by the mean distance between the
                         environments of two frames; first the frame of highest :math:`H_s`
    ``mean_fps``         the same by the distance between mean descriptors; random start
    ``pcov_fps``         the same by :math:`\sqrt{(|Δx|^2 + |Δy|^2) / 2}`, with mean descriptors x and
                         properties `y`, both centred and scaled to a total variance of 1; first the frame
                         farthest from the mean [1]_
    ``cur``              the largest entry, squared, of the first left singular vector of the matrix of mean
                         descriptors, centred and made orthogonal to the frames picked; when its rank is
                         exhausted, the other frames start again [2]_
    ``maxvol``           the frames of an active set of environments, D-optimal in that no swap of one
                         environment enlarges the determinant by more than 1 %; then those of an active set of
                         the other frames, and so on [3]_ [4]_
    ``direct``           the frame nearest to the centroid of each of n BIRCH clusters of the principal
                         components of the mean descriptors; not nested [5]_
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
        Cost of a frame: 1, its number of environments, or one positive number per frame. It divides the gain
        of ``information_loss`` and ``coverage``; ``balanced`` is compared with ``msc`` at equal total cost.
        The other methods accept "frames" only.
    strata : Strata, optional
        Labels and their quotas. Each pick is the best frame, given all previous picks, of the labels allowed
        next; only ``k_means`` and ``direct`` treat each label separately, and ``maxvol`` ranks all frames
        before. Locked frames count.
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
        not be covered. With `reference`, overlap, information loss and δH are those given the subset and the
        reference together. Not available for a method that is not nested.
    y : array_like of shape (n_frames,) or (n_frames, n_properties), optional
        Properties of each frame, such as its energy per atom, for ``pcov_fps`` only.
    callback : callable, optional
        Called as ``callback(order)`` after each pick, with the frames picked so far as a read-only array.
        These are final: they do not depend on `n_to_select`, and are not cut to meet `until`. Thus the first
        part of an order can be used while the rest is computed. Methods that do not pick one frame after
        another (``maxvol``, ``direct``, ``k_means``, ``random``) call it once, with the whole order.
        An exception that it raises ends the selection and is passed on to the caller.
    client : dask.distributed.Client, optional
        Workers of a Dask cluster that select by ``balanced``, ``information_loss``, ``coverage`` or ``msc``,
        and compute the targets of `until`; other methods do not take it. They read the rows of opened stores
        under the same paths; rows of matrices are sent to them. See `quests_core.selection.cluster_msc` and
        `quests_core.selection.cluster_totals`.

    Returns
    -------
    Selection
        ``selection.order`` holds the frame indices.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or no prefix of the order meets the targets of `until`.
    OSError
        If the scheduler of `client` is gone, or several workers died while they ran the same task.

    References
    ----------
    ``msc``, ``fps``, ``mean_fps``, ``k_means``: arXiv 2511.10561.

    .. [1] R. Cersonsky et al., Mach. Learn.: Sci. Technol. 2, 035038 (2021), doi 10.1088/2632-2153/abfe7c.
    .. [2] G. Imbalzano et al., J. Chem. Phys. 148, 241730 (2018), doi 10.1063/1.5024611.
    .. [3] E. Podryabinkin, A. Shapeev, Comput. Mater. Sci. 140, 171 (2017), doi
       10.1016/j.commatsci.2017.08.031.
    .. [4] Y. Lysogorskiy et al., Phys. Rev. Mater. 7, 043801 (2023), doi 10.1103/PhysRevMaterials.7.043801.
    .. [5] J. Qi et al., npj Comput. Mater. 10, 43 (2024), doi 10.1038/s41524-024-01227-4.

    Examples
    --------
    >>> envs = Environments([[0.0], [0.001], [0.0], [0.9]], offsets=[0, 2, 3, 4])
    >>> select(envs).order.tolist()
    [0, 2, 1]
    >>> select(envs, until={"overlap": 1.0}).order.tolist()
    [0, 2]
    >>> select(envs, n_to_select=0.34, locked=[1]).order.tolist()
    [1]
    >>> select(envs, callback=lambda order: print(order.tolist())).nested
    [0]
    [0, 2]
    [0, 2, 1]
    True
    """
    envs = as_environments(envs)
    check_choice(method, "method", METHODS)
    costs = check_cost(cost, method, envs)
    check_choice(precision, "precision", PRECISIONS)
    bandwidth = check_sane(bandwidth, "bandwidth")
    random_state = check_count(random_state, "random_state", minimum=0)
    locked, excluded, kept, count = check_marks(locked, excluded, n_to_select, len(envs))
    reference = check_reference(reference, method, envs)
    strata = check_strata(strata, len(envs))
    until = check_until(until, method)
    y = check_y(y, method, len(envs))
    if client is not None:
        check_client_method(method)
        check_client(client)
        if not envs.sizes[kept].any():
            # Without environments, there is nothing that workers could compute.
            client = None
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
        locked, costs = np.searchsorted(kept, locked), costs[kept]
        envs = envs.take(kept) if client is None else envs
        strata = None if strata is None else strata.take(kept)
        y = None if y is None else y[kept]
    if strata is not None:
        Quotas(strata).check_room(locked, count)
    report = None if callback is None or method in _AT_ONCE else _numbered(callback, kept, count)
    if client is not None:
        frames = FrameRows(rows_of(envs, envs.X), envs.offsets[kept], envs.sizes[kept])
        rows = None if reference is None else rows_of(reference, reference.X)
        given = client, frames, bandwidth, rows, locked, precision, progress
        if method == "msc":
            order = cluster_msc_order(*given, report, count, strata).order
        else:
            scorer = _quota_keeping(cluster_scorer(method, *given, costs), strata)
            order = greedy_order(scorer, len(kept), count, locked, f"{method} order", progress, report)
    elif method in ("k_means", "direct"):
        cluster = partial(k_means_order, random_state=random_state) if method == "k_means" else direct_order
        if strata is None:
            order = cluster(envs, count, locked)
        else:
            order = stratified_cluster_order(cluster, envs, strata, count, locked)
    elif method == "random" and strata is not None:
        order = stratified_random_order(strata, count, locked, random_state)
    elif method == "random":
        order = random_order(len(envs), count, locked, random_state)
    elif method == "maxvol":
        order = maxvol_order(envs, count, locked, reference, strata, progress)
    elif method == "msc" and strata is None:
        rows = None if reference is None else reference.X
        found = msc_order(envs, bandwidth, rows, locked, precision, "msc order", progress, report, count)
        order = found.order
    else:
        others = (costs, y, locked, random_state, precision, progress)
        scorer = _quota_keeping(_scorer(method, envs, bandwidth, reference, *others), strata)
        order = greedy_order(scorer, len(envs), count, locked, f"{method} order", progress, report)
    selection = Selection(kept[order], method, n_frames, parameters)
    if callback is not None and method in _AT_ONCE:
        callback(selection.order)
    return selection if until is None else _truncate(full, selection, until, reference, progress, client)


def _numbered(callback: Callable[[np.ndarray], None], kept: np.ndarray, count: int):
    """Return a callback for orders of the kept frames that passes on their numbers in the full set."""
    frames = np.empty(count, dtype=np.int64)

    def report(order: np.ndarray) -> None:
        # Only the last frame is new: each call takes the same time.
        frames[len(order) - 1] = kept[order[-1]]
        callback(read_only(frames[: len(order)], copy=False))

    return report


def _truncate(
    envs: Environments, selection: Selection, until: dict, reference: Environments | None, progress, client
) -> Selection:
    """Return the shortest prefix of a selection that meets its targets."""
    from .stopping import smallest_subset

    order = smallest_subset(envs, selection, **until, progress=progress, reference=reference, client=client)
    return replace(selection, order=order, parameters=selection.parameters | {"until": until or "knee"})


def _quota_keeping(scorer: Scorer, strata: Strata | None) -> Scorer:
    """Return a scorer, limited to the frames that quotas allow next."""
    return scorer if strata is None else Stratified(scorer, Quotas(strata))


def _scorer(
    method, envs, bandwidth, reference, costs, y, locked, random_state, precision, progress
) -> Scorer:
    """Return the scorer of a greedy method."""
    rows = None if reference is None else reference.X
    if method == "msc":
        return MSC(envs, bandwidth, rows, precision, progress)
    if method == "balanced":
        found = msc_order(envs, bandwidth, rows, locked, precision, "msc order", progress)
        return Balanced(SubsetTotals.of(envs, bandwidth, rows, progress), envs.sizes, costs, found)
    if method in SUBMODULAR_SUMS:
        subset = SUBMODULAR_SUMS[method].of(envs, bandwidth, rows, progress)
        return SubmodularCoverage(subset, envs.sizes, costs)
    if method == "fps":
        return FPS(envs, bandwidth, reference, progress)
    if method == "cur":
        return CUR(envs)
    if method == "pcov_fps":
        return PCovFPS(envs, y)
    return MeanFPS(envs, random_state, reference)
