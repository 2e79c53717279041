"""Choose the subset size by a target: enough overlap, a budget of environments, the knee, and others.

A target picks one of all sizes from the curve of one method, by the rules of
`quests_core.selection.stopping`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from quests_core import knee
from quests_core.selection.stopping import largest_row, smallest_row

SIZE, OVERLAP, ENVS, LOSS, KNEE = "size", "overlap", "envs", "loss", "knee"
DEFAULTS = {OVERLAP: 0.95, ENVS: 20_000.0, LOSS: 0.1}


@dataclass(frozen=True)
class Target:
    """The criterion for the size of the subset.

    Attributes
    ----------
    mode : {"size", "overlap", "envs", "loss", "knee"}
        "size": set by the slider. "overlap": the smallest size with an overlap of at least `value`.
        "envs": the largest size with at most `value` environments. "loss": the smallest size with an
        information loss of at most `value` nats. "knee": see `quests_core.knee`.
    value : float
        See `mode`; 0 for modes without a value.
    """

    mode: str = SIZE
    value: float = 0.0

    def __post_init__(self):
        """Check mode and value."""
        modes = (SIZE, *DEFAULTS, KNEE)
        if self.mode not in modes:
            raise ValueError(f"mode: expected one of {', '.join(modes)}, got {self.mode!r}")
        if not np.isfinite(self.value) or self.value < 0:
            raise ValueError(f"value: expected a finite number of at least 0, got {self.value}")

    def position(self, curve: pd.DataFrame) -> int | None:
        """Return the row of `curve` chosen by the target, None if none meets it."""
        if self.mode == OVERLAP:
            return smallest_row(curve, overlap=self.value)
        if self.mode == LOSS:
            return smallest_row(curve, information_loss=self.value)
        if self.mode == ENVS:
            return largest_row(curve, self.value)
        if self.mode == KNEE:
            return knee(curve["fraction"].to_numpy(), curve["overlap"].to_numpy())
        return None
