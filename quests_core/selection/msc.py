"""Minimum set cover: pick the frame that holds the most novel environment."""

import numpy as np

from ..environments import Environments
from ..kernel import RunningSums, frame_entropies
from ..progress import ProgressCallback
from ..tree import Tiles
from .segments import segment_minima


class MSC:
    """Score(s) = -ln(min over e in s of K[e]) + H_s, with K[e] the kernel sum against all picked.

    Before anything is picked or given as reference, the score is H_s, the entropy of the frame
    alone. K is kept as a logarithm, so that environments far from everything keep their order.
    """

    def __init__(
        self,
        envs: Environments,
        bandwidth: float,
        reference: np.ndarray | None,
        precision: str,
        progress: ProgressCallback | None,
    ):
        self.tolerance = 1e-6 if precision == "single" else 1e-11
        self._envs = envs
        self._entropies = frame_entropies(envs, bandwidth, precision, progress)
        n_references = envs.n_envs + (0 if reference is None else len(reference))
        self._sums = RunningSums(envs.tiles, bandwidth, n_references, precision)
        self._started = reference is not None
        if self._started:
            self._sums.add(Tiles.of(reference, envs.tiles.axes), "reference", progress)

    def scores(self) -> np.ndarray:
        """Return the score of every frame, nats; -inf for a frame without environments."""
        if not self._started:
            return self._entropies
        return self._entropies - segment_minima(self._sums.log_sums, self._envs.offsets)

    def add(self, frame: int) -> None:
        """Add the kernels against the environments of `frame`, whose own score is no longer needed."""
        rows = slice(*self._envs.offsets[frame : frame + 2])
        if rows.stop > rows.start:
            self._sums.retire(rows)
            self._sums.add(self._envs.tiles.take(rows))
            self._started = True
