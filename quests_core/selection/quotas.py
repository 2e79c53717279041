"""Quotas of labels: which labels may supply the next frame.

The next frame comes from the label of largest ``w / (2 c + 1)``, with c its frames picked so far and w its
weight (Webster's divisors, with which seats of a parliament are shared). So the shares are right at every
size and a prefix is the selection of that size. Which of the label's frames it is, the method decides,
with regard to all frames picked: labels that know the same are not both paid for it. For the submodular
methods such a greedy order is at each size within 1/2 of the best subset of the same quotas.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..utils.validation import check_choice, check_count, check_positive
from .greedy import Scorer

_SHARES = ("proportional", "equal")


@dataclass(frozen=True, eq=False)
class Strata:
    """Labels of frames, and what share of a subset each label gets.

    Parameters
    ----------
    labels : sequence of hashable
        The label of each frame, such as its ``config_type``.
    quotas : {"proportional", "equal"} or mapping of label to number
        Shares like those in the full set, alike for all labels, or in proportion to the numbers given:
        with counts and their sum as `n_to_select` one gets these counts. A label whose frames have run
        out leaves its share to the others.
    minimum : int
        Frames that each label has (all of them if there are fewer) before shares count.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; a mapping must have a number above zero for every label.

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
        """Refuse quotas that do not fit the labels."""
        if isinstance(self.labels, str) or not hasattr(self.labels, "__iter__"):
            raise TypeError(f"labels: expected one label a frame, got {self.labels!r:.60}")
        object.__setattr__(self, "labels", tuple(self.labels))
        object.__setattr__(self, "minimum", check_count(self.minimum, "minimum", minimum=0))
        if not isinstance(self.quotas, Mapping):
            check_choice(self.quotas, "quotas", _SHARES)
            return
        for label in dict.fromkeys(self.labels):
            if label not in self.quotas:
                raise ValueError(f"quotas: expected a number for every label, got none for {label!r}")
            check_positive(self.quotas[label], f"quotas[{label!r}]")
        # What was checked here stays so, whatever becomes of the given mapping.
        object.__setattr__(self, "quotas", dict(self.quotas))

    def take(self, frames: np.ndarray) -> "Strata":
        """Return the labels of `frames`, with the same quotas."""
        return Strata([self.labels[frame] for frame in frames], self.quotas, self.minimum)

    def to_record(self) -> dict:
        """Return what a record of a selection says of these."""
        quotas = dict(self.quotas) if isinstance(self.quotas, Mapping) else self.quotas
        return {"quotas": quotas, "minimum": self.minimum}


class Quotas:
    """The state of quotas while frames are picked.

    Attributes
    ----------
    label_of : ndarray of shape (n_frames,)
        Number of each frame's label.
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
        """Refuse a subset that cannot hold the least number of frames of every label."""
        have = np.bincount(self.label_of[locked], minlength=len(self._sizes))
        needed = len(locked) + int(np.maximum(self._least - have, 0).sum())
        if needed > n_to_select:
            raise ValueError(
                f"minimum: with it the subset has at least {needed} frames, but n_to_select is {n_to_select}"
            )

    def allowed(self) -> np.ndarray:
        """Return for each label whether it may supply the next frame."""
        if (missing := self._picked < self._least).any():
            return missing
        claims = np.where(self._picked < self._sizes, self._weights / (2 * self._picked + 1), 0.0)
        return claims >= claims.max() * (1 - 1e-12)

    def add(self, frame: int) -> None:
        """Take note that `frame` was picked."""
        self._picked[self.label_of[frame]] += 1


class Stratified(Scorer):
    """The scores of a method, -inf for frames whose label has its share."""

    def __init__(self, scorer: Scorer, quotas: Quotas):
        self._scorer, self._quotas, self.tolerance = scorer, quotas, scorer.tolerance

    def _allowed(self) -> np.ndarray:
        return self._quotas.allowed()[self._quotas.label_of]

    def scores(self) -> np.ndarray:
        """Return the scores or bounds of the method."""
        # A frame without environments, -inf, is still better than one of a label that has its share.
        return np.where(self._allowed(), np.maximum(self._scorer.scores(), -1e300), -np.inf)

    def refine(self, best: np.ndarray, free: np.ndarray) -> bool:
        """Refine as the method does, among those that may be picked now."""
        return self._scorer.refine(best, free & self._allowed())

    def add(self, frame: int) -> None:
        """Take note that `frame` was picked."""
        self._scorer.add(frame)
        self._quotas.add(frame)


def order_by_rank(ranks: np.ndarray, quotas: Quotas, locked: np.ndarray, n_to_select: int) -> np.ndarray:
    """Return `locked`, then the frame of lowest rank of the labels whose turn it is, again and again."""
    order = list(locked)
    for frame in locked:
        quotas.add(frame)
    free = np.setdiff1d(np.argsort(ranks, kind="stable"), locked, assume_unique=True)
    waiting = [free[quotas.label_of[free] == label][::-1].tolist() for label in range(len(quotas.allowed()))]
    while len(order) < n_to_select:
        turn = np.flatnonzero(quotas.allowed())
        order.append(min((waiting[label][-1] for label in turn), key=lambda frame: ranks[frame]))
        waiting[quotas.label_of[order[-1]]].pop()
        quotas.add(order[-1])
    return np.array(order, dtype=np.int64)
