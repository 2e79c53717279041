"""The one greedy loop: pick the frame with the best score, tell the scorer, go on."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..progress import ProgressCallback


class Scorer(Protocol):
    """What a selection method supplies."""

    tolerance: float
    """Scores closer than this are equal: they differ by rounding only."""

    def scores(self) -> np.ndarray:
        """Return the score of every frame given the frames added so far, shape (n_frames,)."""

    def add(self, frame: int) -> None:
        """Take note that `frame` was picked."""


def greedy_order(
    scorer: Scorer,
    n_frames: int,
    n_to_select: int,
    locked: Sequence[int],
    step: str,
    progress: ProgressCallback | None,
) -> np.ndarray:
    """Return `locked`, then the frame with the highest score again and again; ties: lowest index."""

    def best() -> int:
        candidates = np.flatnonzero(free)
        scores = scorer.scores()[candidates]
        return candidates[np.argmax(scores >= scores.max() - scorer.tolerance)]

    order = np.empty(n_to_select, dtype=np.int64)
    free = np.ones(n_frames, dtype=bool)
    for rank in range(n_to_select):
        frame = locked[rank] if rank < len(locked) else best()
        order[rank] = frame
        free[frame] = False
        if rank + 1 < n_to_select:
            scorer.add(int(frame))
        if progress is not None:
            progress(step, rank + 1, n_to_select)
    return order
