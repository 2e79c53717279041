"""Sizes by what they must reach: the smallest subset with enough overlap, the knee, and others.

A target picks one of the sizes at which the slider stops, from one method's curve. Adding frames
never lowers the overlap nor raises the loss, so each target has one size at which it turns true.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..parts.format import nats

SIZE, OVERLAP, ENVS, LOSS, KNEE = "size", "overlap", "envs", "loss", "knee"
DEFAULTS = {OVERLAP: 0.95, ENVS: 20_000.0, LOSS: 0.1}
# Shares are sums of ones over N: 0.95 must not be missed by the last bit.
_LAST_BIT = 1e-12


@dataclass(frozen=True)
class Target:
    """What decides the size of the subset.

    Attributes
    ----------
    mode : {"size", "overlap", "envs", "loss", "knee"}
        "size": the user alone, by the slider. "overlap": the smallest size with at least `value`,
        a share. "envs": the largest with at most `value` environments. "loss": the smallest whose
        information loss is at most `value` nats. "knee": see `knee`.
    value : float
        See `mode`; 0 where that needs none.
    """

    mode: str = SIZE
    value: float = 0.0

    def __post_init__(self):
        """Refuse what no size can ever mean."""
        modes = (SIZE, *DEFAULTS, KNEE)
        if self.mode not in modes:
            raise ValueError(f"mode: expected one of {', '.join(modes)}, got {self.mode!r}")
        if not np.isfinite(self.value) or self.value < 0:
            raise ValueError(f"value: expected a finite number of at least 0, got {self.value}")

    def position(self, curve: pd.DataFrame) -> int | None:
        """Return the row of `curve` that fulfils the target best, None where none fulfils it."""
        if self.mode == OVERLAP:
            return _first(curve["overlap"].to_numpy() >= self.value - _LAST_BIT)
        if self.mode == LOSS:
            return _first(curve["information_loss"].to_numpy() <= self.value + _LAST_BIT)
        if self.mode == ENVS:
            count = int((curve["n_envs"].to_numpy() <= self.value).sum())
            return count - 1 if count else None
        if self.mode == KNEE:
            return knee(curve["fraction"].to_numpy(), curve["overlap"].to_numpy())
        return None

    def wish(self) -> str:
        """Return the target in words, as in "smallest subset with …"; "" without one."""
        return {
            SIZE: "",
            OVERLAP: f"overlap ≥ {100 * self.value:g} %",
            ENVS: f"at most {self.value:,.0f} environments",
            LOSS: f"a mean loss of at most {nats(self.value, 3).rstrip('0').rstrip('.')} nats",
            KNEE: "the knee of overlap against size",
        }[self.mode]


def _first(fulfilled: np.ndarray) -> int | None:
    return int(np.argmax(fulfilled)) if fulfilled.any() else None


def knee(sizes: np.ndarray, overlaps: np.ndarray) -> int | None:
    r"""Return where overlap against size stops rising fast: the point farthest above its chord.

    With both axes scaled to [0, 1] between the first and the last size,

    .. math:: i^* = \arg\max_i \left[
        \frac{O_i - O_1}{O_n - O_1} - \frac{s_i - s_1}{s_n - s_1} \right]

    This is also the largest distance to the chord, since that differs by a factor √2 only.

    Parameters
    ----------
    sizes : ndarray of shape (n,)
        Rising.
    overlaps : ndarray of shape (n,)
        Overlap at each size.

    Returns
    -------
    int or None
        The position; None where no size lies above the chord, so that there is no knee.

    References
    ----------
    V. Satopää et al., "Finding a kneedle in a haystack", ICDCSW 2011, doi 10.1109/ICDCSW.2011.20.

    Examples
    --------
    >>> knee([1, 2, 3, 4, 5], [0.1, 0.7, 0.9, 0.95, 1.0])
    1
    >>> knee([1, 2, 3], [0.0, 0.5, 1.0]) is None
    True
    """
    sizes, overlaps = np.asarray(sizes, dtype=float), np.asarray(overlaps, dtype=float)
    if len(sizes) < 3 or overlaps[-1] <= overlaps[0]:
        return None
    above = (overlaps - overlaps[0]) / (overlaps[-1] - overlaps[0]) - (sizes - sizes[0]) / (
        sizes[-1] - sizes[0]
    )
    best = int(np.argmax(above))
    return best if above[best] > 1e-9 else None
