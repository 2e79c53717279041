"""`select` for tests that run over all methods: ``pcov_fps`` gets a property that follows from each frame."""

import numpy as np

import quests_core
from quests_core import Environments


def y_of(envs):
    """Return a property of each frame that does not depend on the others; 0 for an empty frame."""
    frames = envs if isinstance(envs, Environments) else np.asarray(envs)[:, None]
    return np.array([np.tanh(X).sum() if len(X) else 0.0 for X in frames])


def select(envs, method="balanced", *args, **kwargs):
    """Call `quests_core.select` with the properties that the method needs."""
    if method == "pcov_fps":
        kwargs.setdefault("y", y_of(envs))
    return quests_core.select(envs, method, *args, **kwargs)
