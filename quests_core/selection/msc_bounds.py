"""Compiled search for the frame with the highest score of `msc`.

A kernel sum only grows as frames are picked, so an outdated one is a lower bound, and the score computed from
it an upper bound. The search tightens the highest bound until no other frame can have a higher score. A row
is bounded in up to three steps, each dearer than the one before: by the largest terms in low precision, by
all terms that were added since the sums of all rows were last updated, and by all terms in double precision.
"""

from typing import NamedTuple

import numpy as np

from ..kernel_sums.picked_leaves import Picked
from ..kernel_sums.picked_sums import PickedSums, update_sum
from ..kernel_sums.quickselect import nth_smallest
from ..utils.jit import jit, jit_inline

# For most frames the sum of the largest terms, down to this exponent, decides; few need all terms.
_REACH = 6.0
# A partial sum that exceeds what would rule its frame out by this much, in nats, need not be completed.
_MARGIN = 1.0
# Number of candidates for the best frame that are examined at a time.
_AT_ONCE = 32


class Frames(NamedTuple):
    """Frame f owns the rows ``positions[offsets[f]:offsets[f + 1]]`` of the tiles."""

    positions: np.ndarray
    offsets: np.ndarray
    entropies: np.ndarray  # of each frame alone, nats


class Sums(NamedTuple):
    """Sums of all environments against the picked frames."""

    picked: Picked
    bounds: np.ndarray  # lower bounds of ln K
    lowest_at: np.ndarray  # environment with the lowest bound, within its frame
    rough: PickedSums  # over the largest terms
    near: PickedSums  # over all terms; too small by the error of the last update of all rows
    exact: PickedSums  # over all terms, in double precision


@jit_inline
def lowest(bounds):
    """Return the position of the lowest bound, the first of equal ones."""
    at, least = 0, np.inf
    for i in range(bounds.shape[0]):
        at, least = (i, bounds[i]) if bounds[i] < least else (at, least)
    return at


@jit_inline
def _tighten(frame, least, frames, n_picked, sums, scores, known_at, reach, room):
    """Tighten the bound of a frame's score until it is known or below `least`."""
    picked, rough, near = sums.picked, sums.rough, sums.near
    first, entropy = frames.offsets[frame], frames.entropies[frame]
    bounds, i = sums.bounds[first : frames.offsets[frame + 1]], sums.lowest_at[frame]
    while bounds.shape[0] > 0:
        row, bound = frames.positions[first + i], bounds[i]
        scores[frame] = entropy - bound
        if near.n_added[row] == n_picked:
            known_at[frame] = n_picked
            break
        if scores[frame] < least:
            break
        if rough.n_added[row] < n_picked:
            need = entropy - least + _MARGIN
            raised = update_sum(picked, row, n_picked, bound, need, _REACH, True, rough, room)
        else:
            raised = update_sum(picked, row, n_picked, bound, np.inf, reach, False, near, room)
            rough.nearest[row], rough.total[row] = near.nearest[row], near.total[row]
        bounds[i] = max(bound, raised)
        i = sums.lowest_at[frame] = lowest(bounds)


@jit
def compute_exactly(frame, frames, n_picked, sums, scores, reach, room):
    """Compute the score of a frame in double precision."""
    first, exact = frames.offsets[frame], sums.exact
    bounds, i = sums.bounds[first : frames.offsets[frame + 1]], sums.lowest_at[frame]
    while exact.n_added[frames.positions[first + i]] < n_picked:
        row = frames.positions[first + i]
        bounds[i] = update_sum(sums.picked, row, n_picked, bounds[i], np.inf, reach, False, exact, room)
        i = sums.lowest_at[frame] = lowest(bounds)
    scores[frame] = frames.entropies[frame] - bounds[i]


@jit_inline
def _first_two(scores):
    """Return the position of the highest score, this score, and the second highest."""
    best, highest, second = 0, -np.inf, -np.inf
    for k in range(scores.shape[0]):
        if scores[k] > highest:
            best, highest, second = k, scores[k], highest
        else:
            second = max(second, scores[k])
    return best, highest, second


@jit
def _unknown(free, n_picked, known_at):
    """Return the free frames whose scores are not known."""
    frames, n = np.empty(free.shape[0], np.int64), 0
    for frame in range(free.shape[0]):
        frames[n] = frame
        n += free[frame] & (known_at[frame] < n_picked)
    return frames[:n]


@jit
def _highest(scores, frames, least):
    """Return the frames with a score above `least`, or else the first `_AT_ONCE` that equal it."""
    found, above = np.empty(frames.shape[0], np.int64), 0
    for frame in frames:
        found[above] = frame
        above += scores[frame] > least
    if above > 0:
        return found[:above]
    equal = 0
    for frame in frames:
        found[equal] = frame
        equal += scores[frame] == least
        if equal == _AT_ONCE:
            break
    return found[:equal]


@jit
def _take(scores, frames):
    """Return the scores of some frames."""
    found = np.empty(frames.shape[0])
    for i in range(frames.shape[0]):
        found[i] = scores[frames[i]]
    return found


@jit
def find_best(free, frames, n_picked, sums, scores, known_at, tolerance, error, reach, room):
    """Tighten the highest bound until no other can be as high as the best score within `tolerance`.

    A score is known at `n_picked` where it is no more than `error` above the exact one. If that leaves
    several candidates, their scores are computed exactly.
    """
    known, others, tolerance = -np.inf, np.inf, tolerance + error
    for frame in range(free.shape[0]):
        if free[frame] and known_at[frame] == n_picked:
            known = max(known, scores[frame])
    while others >= known - tolerance:
        behind, others = _unknown(free, n_picked, known_at), -np.inf
        bounds = _take(scores, behind)
        if behind.shape[0] > _AT_ONCE:
            others = nth_smallest(bounds, bounds.shape[0] - _AT_ONCE - 1)
            behind = _highest(scores, behind, others)
            bounds = _take(scores, behind)
        best, highest, second = _first_two(bounds)
        if highest == -np.inf:
            break
        while highest >= max(others, known - tolerance) and highest > -np.inf:
            least = max(second, others, known) - tolerance
            _tighten(behind[best], least, frames, n_picked, sums, scores, known_at, reach, room)
            bounds[best] = scores[behind[best]]
            if known_at[behind[best]] == n_picked:
                known, bounds[best] = max(known, bounds[best]), -np.inf
            best, highest, second = _first_two(bounds)
    if error > 0.0:
        n_candidates = 0
        for frame in range(free.shape[0]):
            n_candidates += free[frame] and known_at[frame] == n_picked and scores[frame] >= known - tolerance
        for frame in range(free.shape[0] if n_candidates > 1 else 0):
            if free[frame] and known_at[frame] == n_picked and scores[frame] >= known - tolerance:
                compute_exactly(frame, frames, n_picked, sums, scores, reach, room)


@jit
def bound_all(log_sums, environments, n_picked, frames, sums, scores, known_at):
    """Bound all scores by lower bounds of the sums of these environments, and mark them as known.

    The sums of all environments of a frame are given, or none of them.
    """
    for k in range(environments.shape[0]):
        row = frames.positions[environments[k]]
        for part in (sums.rough, sums.near):
            part.n_added[row], part.nearest[row], part.total[row] = n_picked, -log_sums[k], 1.0
        sums.bounds[environments[k]] = max(sums.bounds[environments[k]], log_sums[k])
    for frame in range(scores.shape[0]):
        first, last = frames.offsets[frame], frames.offsets[frame + 1]
        if first < last and sums.near.n_added[frames.positions[first]] == n_picked:
            sums.lowest_at[frame] = lowest(sums.bounds[first:last])
            scores[frame] = frames.entropies[frame] - sums.bounds[first + sums.lowest_at[frame]]
            known_at[frame] = n_picked
