r"""The `balanced` method: keep ahead of `msc` in overlap, information loss and diversity at once.

The order of `msc` serves as a scale. In each of the three metrics, a subset S is worth the cost
:math:`c_m(S)` at which the frames of `msc` reach the same value, interpolated. Its lead is relative to
its own cost, :math:`a_m = c_m(S) / c(S) - 1`. A lead of `DIVERSITY_LEAD` in diversity counts as 0,
because diversity is the first of the three to be lost when later frames resemble earlier ones. The frame
with the highest soft minimum

.. math:: -τ \ln \sum_m \exp(-a_m(S \cup s) / τ)

is picked, so that the metric with the smallest lead counts most. A metric that is at its optimum (overlap 1,
loss 0) has the largest possible lead.

The guard: if some environment is farther from the subset than `msc` would allow at this cost, the largest
:math:`δH` times `GUARD_FACTOR` or plus `GUARD_MARGIN` nats, frames that bring the farthest one within
this limit take precedence; where `msc` covers everything, the limit is 0. Distances above 30 nats are not
known exactly. While there are any, frames that `msc` needs to meet the limit take precedence if they have
such an environment.
"""

import math
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from ..information.entropy import OVERLAP_THRESHOLD
from ..utils.jit import jit, jit_inline
from .lazy_gains import highest
from .msc import MSCOrder
from .subset_totals import FARTHEST, Farthest, Totals
from .totals_scorer import TotalsScorer

# τ, and the relative lead in diversity to aim for: see the table of candidates in docs/benchmarks.md.
SOFTNESS, DIVERSITY_LEAD = 0.05, 0.05
# The largest δH may be this many times that of `msc`, or this many nats higher, whichever allows more.
GUARD_FACTOR, GUARD_MARGIN = 1.5, 2.0
# Number of frames that `likely` returns: with twice as many, there are 5 % fewer rounds, for which workers
# compute 1.4 to 1.8 times as long (a tenth of gap20_partial, and 3bpa).
AHEAD = 64
# Smaller steps of a metric along the order of `msc` are rounding errors.
_STEP = 1e-6
# Added to the score of a frame that takes precedence.
_PRECEDENCE = 1e6


class _Scale(NamedTuple):
    """The highest value of a metric so far along an order, where it increases, and the cost there.

    From the highest value on, the cost is twice the total, or more.
    """

    values: np.ndarray
    costs: np.ndarray
    highest: float
    total: float

    @classmethod
    def of(cls, known: np.ndarray, costs: np.ndarray) -> "_Scale":
        """Make the scale of a metric of each subset of an order."""
        highest = np.maximum.accumulate(known)
        kept = np.unique(np.round(highest / _STEP), return_index=True)[1]
        return cls(highest[kept], costs[kept], float(highest[-1]), float(costs[-1]))


@jit_inline
def _lead(scale, value, spent):
    """Return how much cheaper a value is than at the cost where it is reached; see the module."""
    cost = scale.total * (2.0 + value - scale.highest)
    if value < scale.highest - _STEP:
        last, above = scale.values.shape[0] - 1, np.searchsorted(scale.values, value, side="right")
        lower, upper = max(0, above - 1), min(last, above)
        width = scale.values[upper] - scale.values[lower]
        share = (value - scale.values[lower]) / width if width > 0.0 else 0.0
        cost = scale.costs[lower] + share * (scale.costs[upper] - scale.costs[lower])
    return cost / spent - 1.0


@jit
def _score(frames, metrics, spent, costs, scales, takes_precedence, scores):
    """Write the scores of these frames, whose `metrics` are those with each; `spent` is the present cost."""
    loss_scale, unique_scale, covered_scale = scales
    for i in range(len(frames)):
        frame = frames[i]
        cost = spent + costs[frame]
        loss, unique, covered = metrics[i, 0], metrics[i, 1], metrics[i, 3]
        leads = (
            _lead(loss_scale, -loss, cost),
            _lead(unique_scale, unique, cost) - DIVERSITY_LEAD,
            _lead(covered_scale, covered, cost),
        )
        least = min(leads[0], min(leads[1], leads[2]))
        total = 0.0
        for lead in leads:
            total += math.exp((least - lead) / SOFTNESS)
        scores[frame] = least - SOFTNESS * math.log(total) + _PRECEDENCE * takes_precedence[frame]


class _Standard(NamedTuple):
    """The order of `msc`, and what its subsets reach; row n is the subset of n frames."""

    order: np.ndarray
    ranks: np.ndarray  # of each frame in it
    costs: np.ndarray  # of the first n frames, (n_frames + 1,)
    scales: tuple[_Scale, _Scale, _Scale]  # of -loss, ln(1 + U) and overlap
    limits: np.ndarray  # largest δH that the guard allows, nats
    needed: np.ndarray  # number of frames with which `msc` meets each limit


class Balanced(TotalsScorer):
    """Score(s) = soft minimum of the leads of S ∪ s over `msc`; see the module.

    Parameters
    ----------
    subset, sizes, costs
        See `TotalsScorer`.
    msc : MSCOrder
        The order of `msc` of all frames, with the same reference and locked frames.
    """

    def __init__(self, subset: Totals, sizes: np.ndarray, costs: np.ndarray, msc: MSCOrder):
        super().__init__(subset, sizes, costs)
        self._scores, self._is_outdated = np.full(len(sizes), -np.inf), np.zeros(len(sizes), dtype=bool)
        self._standard = self._measure_standard(*msc)
        self.restart()

    def restart(self) -> None:
        """Remove all frames from the subset."""
        self._subset.restart()
        self._evaluated_at[:], self._n_picked = -1, 0
        self._spent, self._is_picked = 0.0, np.zeros(len(self._costs), dtype=bool)
        self._takes_precedence, self._is_guarded = np.zeros(len(self._costs), dtype=bool), False
        self._evaluate(np.flatnonzero(self._sizes))

    def _measure_standard(self, order: np.ndarray, novelties: np.ndarray) -> _Standard:
        """Add the frames of `msc` one by one, and measure each subset."""
        totals, least = self._subset.walk(order)
        # What `msc` picks later is, by and large, what is farthest now.
        later = np.array([*accumulate(novelties[::-1], max, initial=-np.inf)])[::-1]
        largest = np.array([Farthest.largest_of(one) for one in least])
        far = largest >= FARTHEST
        largest[: len(later)][far[: len(later)]] = np.maximum(FARTHEST, later)[far[: len(later)]]
        limits = np.maximum(GUARD_FACTOR * largest, largest + GUARD_MARGIN)
        limits[largest <= OVERLAP_THRESHOLD] = OVERLAP_THRESHOLD
        lowest = np.minimum.accumulate(largest)
        needed = len(lowest) - np.searchsorted(lowest[::-1], limits, side="right")
        columns = self._metrics(totals)[:, [0, 1, 3]] * [-1.0, 1.0, 1.0]
        costs = np.append(0.0, np.cumsum(self._costs[order]))
        loss, unique, covered = (_Scale.of(column, costs) for column in columns.T)
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return _Standard(order, ranks, costs, (loss, unique, covered), limits, needed)

    def scores(self) -> np.ndarray:
        """Return the scores as last computed; -inf for a frame without environments."""
        if not self._is_guarded:
            self._guard()
        frames = np.flatnonzero(self._is_outdated)
        self._score(frames, self._subset.totals)
        self._is_outdated[frames] = False
        return self._scores

    def likely(self, totals: np.ndarray) -> np.ndarray:
        """Return the frames that will probably be evaluated next, if these are the totals."""
        is_outdated = (self._evaluated_at < self._n_picked) & (self._sizes > 0)
        frames = np.flatnonzero(is_outdated & ~self._is_picked)
        self._score(frames, totals)
        return frames[highest(self._scores[frames], AHEAD)]

    def _score(self, frames: np.ndarray, totals: np.ndarray) -> None:
        metrics = self._metrics(totals + self._changes[frames])
        known = self._spent, self._costs, self._standard.scales, self._takes_precedence
        _score(frames, metrics, *known, self._scores)

    def _evaluate(self, frames: np.ndarray) -> None:
        super()._evaluate(frames)
        self._is_outdated[frames] = True

    def add(self, frame: int) -> None:
        """Add the environments of `frame` to the subset."""
        super().add(frame)
        self._spent += self._costs[frame]
        self._is_picked[frame] = True
        self._is_guarded = False

    def _guard(self) -> None:
        """Find the frames that take precedence, if an environment is farther than allowed."""
        standard = self._standard
        size = min(int(np.searchsorted(standard.costs, self._spent, side="right")), len(self._costs))
        farthest = self._subset.farthest(float(standard.limits[size]), standard.ranks)
        # All scores change with the cost of the subset, its totals, and the frames that take precedence.
        self._is_outdated, self._is_guarded = self._sizes > 0, True
        self._takes_precedence = np.zeros(len(self._costs), dtype=bool)
        self._takes_precedence[farthest.near] = True
        if farthest.first < standard.needed[size]:
            self._takes_precedence[standard.order[farthest.first]] = True
        self._takes_precedence &= ~self._is_picked
