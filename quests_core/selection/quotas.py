"""Quotas of labels: which labels may supply the next frame.

The next frame comes from the label with the largest ``w / (2 c + 1)``, where c is the number of its frames
picked so far and w its weight (Webster's method for allocating seats in a parliament). Shares are thus
correct at every size, and a prefix of the order is the selection of that size. The method chooses among
the frames of the label, given all frames picked, so information shared by two labels counts once. For
the submodular methods such a greedy order is, at each size, within 1/2 of the best subset with these quotas.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..utils.validation import check_choice, check_count, check_positive
from .greedy import Scorer

_SHARES = ("proportional", "equal")


@dataclass(frozen=True, eq=False)
class Strata:
    """Labels of frames, and the share of each label in a subset.

    Parameters
    ----------
    labels : sequence of hashable
        The label of each frame, such as its ``config_type``.
    quotas : {"proportional", "equal"} or mapping of label to number
        Shares as in the full set, equal shares, or shares in proportion to the given numbers: pass counts
        here and their sum as `n_to_select` to get exactly these counts. The share of a label whose frames
        are exhausted goes to the others.
    minimum : int
        Number of frames of each label (or all, if there are fewer) to pick before shares apply.

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; a mapping needs a positive number for every label.

    References
    ----------
    Webster's (Sainte-Laguë's) method: M. Balinski, H. P. Young, "Fair Representation", 1982. The bound of
    1/2: M. Fisher, G. Nemhauser, L. Wolsey, Math. Prog. Study 8, 73 (1978), doi 10.1007/BFb0121195.

    Examples
    --------
    >>> from quests_core import select
    >>> strata = Strata(["bulk", "bulk", "bulk", "bulk", "slab", "slab"], quotas="equal")
    >>> envs = [[0.0], [0.1], [0.2], [0.3], [0.0], [5.0]]
    >>> select(envs, "msc", n_to_select=4, strata=strata).order.tolist()
    [0, 5, 3, 4]
    """

    labels: Sequence[Hashable]
    quotas: str | Mapping[Hashable, float] = "proportional"
    minimum: int = 0

    def __post_init__(self):
        """Check that the quotas fit the labels."""
        if isinstance(self.labels, str) or not hasattr(self.labels, "__iter__"):
            raise TypeError(f"labels: expected one label per frame, got {self.labels!r:.60}")
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "minimum", check_count(self.minimum, "minimum", minimum=0))
        if not isinstance(self.quotas, Mapping):
            check_choice(self.quotas, "quotas", _SHARES)
            return
        for label in dict.fromkeys(self.labels):
            if label not in self.quotas:
                raise ValueError(f"quotas: expected a number for every label, got none for {label!r}")
            check_positive(self.quotas[label], f"quotas[{label!r}]")
        # A copy: later changes of the mapping must not bypass the check.
        object.__setattr__(self, "quotas", dict(self.quotas))

    def take(self, frames: np.ndarray) -> "Strata":
        """Return the labels of `frames`, with the same quotas."""
        return Strata([self.labels[frame] for frame in frames], self.quotas, self.minimum)

    def to_record(self) -> dict:
        """Return the quotas as stored in the parameters of a selection."""
        quotas = dict(self.quotas) if isinstance(self.quotas, Mapping) else self.quotas
        return {"quotas": quotas, "minimum": self.minimum}


class Quotas:
    """Track the quotas while frames are picked.

    Attributes
    ----------
    label_of : ndarray of shape (n_frames,)
        Index of each frame's label.
    """

    def __init__(self, strata: Strata):
        names = list(dict.fromkeys(strata.labels))
        number = {name: i for i, name in enumerate(names)}
        self.label_of = np.array([number[name] for name in strata.labels], dtype=np.int64)
        self._sizes = np.bincount(self.label_of)
        self._least = np.minimum(strata.minimum, self._sizes)
        self._picked = np.zeros(len(names), dtype=np.int64)
        if isinstance(strata.quotas, Mapping):
            self._weights = np.array([float(strata.quotas[name]) for name in names])
        elif strata.quotas == "equal":
            self._weights = np.ones(len(names))
        else:
            self._weights = self._sizes.astype(float)

    def check_room(self, locked: np.ndarray, n_to_select: int) -> None:
        """Check that the subset has room for the minimum of every label."""
        have = np.bincount(self.label_of[locked], minlength=len(self._sizes))
        needed = len(locked) + int(np.maximum(self._least - have, 0).sum())
        if needed > n_to_select:
            raise ValueError(
                f"minimum: expected at most {n_to_select} frames (n_to_select) in all, got {needed}"
            )

    def allowed(self) -> np.ndarray:
        """Return a mask of the labels that may supply the next frame."""
        if (missing := self._picked < self._least).any():
            return missing
        claims = np.where(self._picked < self._sizes, self._weights / (2 * self._picked + 1), 0.0)
        return claims >= claims.max() * (1 - 1e-12)

    def add(self, frame: int) -> None:
        """Record that `frame` was picked."""
        self._picked[self.label_of[frame]] += 1


class Stratified(Scorer):
    """The scores of a method, -inf for frames whose label may not supply the next frame."""

    def __init__(self, scorer: Scorer, quotas: Quotas):
        self._scorer, self._quotas, self.tolerance = scorer, quotas, scorer.tolerance

    def _allowed(self) -> np.ndarray:
        return self._quotas.allowed()[self._quotas.label_of]

    def scores(self) -> np.ndarray:
        """Return the scores or upper bounds of the method."""
        # An empty frame, -inf, must still rank above a frame whose label is not allowed.
        return np.where(self._allowed(), np.maximum(self._scorer.scores(), -1e300), -np.inf)

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Refine as the method does, among the allowed frames."""
        return self._scorer.refine(best, free & self._allowed())

    def add(self, frame: int) -> None:
        """Record that `frame` was picked."""
        self._scorer.add(frame)
        self._quotas.add(frame)


def order_by_rank(ranks: np.ndarray, quotas: Quotas, locked: np.ndarray, n_to_select: int) -> np.ndarray:
    """Return `locked`, then repeatedly the frame of lowest rank among the allowed labels."""
    order = list(locked)
    for frame in locked:
        quotas.add(frame)
    free = np.setdiff1d(np.argsort(ranks, kind="stable"), locked, assume_unique=True)
    n_labels = len(quotas.allowed())
    remaining = [free[quotas.label_of[free] == label][::-1].tolist() for label in range(n_labels)]
    while len(order) < n_to_select:
        allowed = np.flatnonzero(quotas.allowed())
        order.append(min((remaining[label][-1] for label in allowed), key=lambda frame: ranks[frame]))
        remaining[quotas.label_of[order[-1]]].pop()
        quotas.add(order[-1])
    return np.array(order, dtype=np.int64)
