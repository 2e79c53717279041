"""The result of a selection."""

from dataclasses import dataclass, field

import numpy as np

from ..utils.arrays import read_only

NOT_NESTED = ("k_means", "direct")


@dataclass(frozen=True, eq=False)
class Selection:
    """Frames in the order in which they were picked.

    Attributes
    ----------
    order : ndarray of shape (n_selected,)
        Frame indices, first pick first; read-only.
    method : str
        One of `METHODS`.
    n_frames : int
        Number of frames in the full set.
    parameters : dict
        Other arguments that the order depends on: bandwidth, random_state, locked, excluded.

    Examples
    --------
    >>> selection = Selection(np.array([4, 0, 2]), "msc", n_frames=5)
    >>> len(selection), selection.nested, selection.order[:2].tolist()
    (3, True, [4, 0])
    """

    order: np.ndarray
    method: str
    n_frames: int
    parameters: dict = field(default_factory=dict)

    def __post_init__(self):
        """Store the order as a read-only array."""
        object.__setattr__(self, "order", read_only(np.asarray(self.order)))

    def __len__(self) -> int:
        """Return the number of selected frames."""
        return len(self.order)

    @property
    def nested(self) -> bool:
        """Whether the first n frames are the selection of size n, so that one run serves every size."""
        return self.method not in NOT_NESTED
