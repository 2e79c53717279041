"""Environments whose descriptors are computed when they are first needed."""

import threading
from collections.abc import Callable

import numpy as np

from quests_core import Environments


class DeferredEnvironments(Environments):
    """Environments of known sizes, with a function that returns their descriptors.

    Parameters
    ----------
    offsets : ndarray of shape (n_frames + 1,)
        First row of each frame, and the number of rows at the end.
    compute : callable
        Returns the environments themselves; called once, in the thread that first reads `X`.
    """

    _compute: Callable[[], Environments]
    _computed: Environments | None
    _lock: threading.Lock

    def __init__(self, offsets: np.ndarray, compute: Callable[[], Environments]):
        # The base class is frozen.
        for name, value in (("offsets", offsets), ("_compute", compute), ("_lock", threading.Lock())):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_computed", None)

    @property
    def is_known(self) -> bool:
        """Whether the descriptors are computed."""
        return self._computed is not None

    @property
    def X(self) -> np.ndarray:
        """The descriptors, computed if they are not known yet."""
        with self._lock:
            computed = self._computed or self._compute()
            object.__setattr__(self, "_computed", computed)
        return computed.X

    @property
    def n_envs(self) -> int:
        """Number of environments in all frames."""
        return int(self.offsets[-1])

    def __reduce__(self):
        """Pickle the environments themselves."""
        return Environments, (self.X, self.offsets)
