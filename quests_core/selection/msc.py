"""Minimum set cover: pick the frame that holds the most novel environment."""

import numpy as np

from ..environments import Environments
from ..kernel import frame_entropies, log_kernel_sums
from ..progress import ProgressCallback
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
        progress: ProgressCallback | None,
    ):
        self._envs, self._bandwidth = envs, bandwidth
        self._entropies = frame_entropies(envs, bandwidth, progress)
        self._log_sums = None
        if reference is not None:
            self._log_sums = log_kernel_sums(envs.X, reference, bandwidth, "reference", progress)

    def scores(self) -> np.ndarray:
        """Return the score of every frame, nats; -inf for a frame without environments."""
        if self._log_sums is None:
            return self._entropies
        return self._entropies - segment_minima(self._log_sums, self._envs.offsets)

    def add(self, frame: int) -> None:
        """Add the kernels against the environments of `frame`."""
        picked = self._envs[frame]
        if len(picked) == 0:
            return
        new = log_kernel_sums(self._envs.X, picked, self._bandwidth)
        self._log_sums = new if self._log_sums is None else np.logaddexp(self._log_sums, new)
