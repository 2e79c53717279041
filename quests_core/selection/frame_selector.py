"""`FrameSelector`: `select` as an estimator of scikit-learn."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..environments import Environments, as_environments
from ..utils.arrays import Indices
from .dispatch import select
from .quotas import Strata


class FrameSelector(TransformerMixin, BaseEstimator):
    """Select frames with the interface of scikit-learn: a thin layer over `select`.

    Parameters
    ----------
    method, n_to_select, bandwidth, reference, locked, excluded, cost, strata, random_state, precision, until
        See `select`.

    Attributes
    ----------
    selection_ : Selection
        The result of `select`; ``selection_.order`` is the order in which the frames were picked.
    n_frames_in_ : int
        Number of frames seen by `fit`.
    n_features_in_ : int
        Number of columns of their descriptors.

    Notes
    -----
    `transform` changes the number of samples but not y, so in a `sklearn.pipeline.Pipeline` no supervised
    step can follow: use it as the last step, after those that make descriptors from frames. The first use
    of this class imports scikit-learn; ``import quests_core`` does not.

    Examples
    --------
    >>> selector = FrameSelector(method="msc", n_to_select=0.5)
    >>> envs = Environments([[0.0], [0.001], [0.0], [0.9], [0.5]], offsets=[0, 2, 3, 4, 5])
    >>> selector.fit(envs).get_support()
    array([ True, False,  True, False])
    >>> selector.get_support(indices=True).tolist()
    [0, 2]
    >>> selector.transform(["bulk", "copy of bulk", "slab", "cluster"])
    ['bulk', 'slab']

    In a pipeline, from frames to the descriptors of those selected:

    >>> from ase.build import bulk
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from quests_core import descriptors
    >>> frames = [bulk("Cu", a=a) for a in (3.5, 3.6, 3.6, 3.9)]
    >>> pipeline = make_pipeline(FunctionTransformer(descriptors), FrameSelector(n_to_select=3))
    >>> len(pipeline.fit_transform(frames)), pipeline[-1].transform(frames) == [frames[i] for i in (0, 1, 3)]
    (3, True)
    """

    def __init__(
        self,
        method: str = "balanced",
        n_to_select: int | float | None = None,
        bandwidth: float = 0.015,
        reference=None,
        locked: Indices = (),
        excluded: Indices = (),
        cost: str | Sequence[float] = "frames",
        strata: Strata | None = None,
        random_state: int = 0,
        precision: str = "single",
        until: Mapping[str, float] | str | None = None,
    ):
        self.method = method
        self.n_to_select = n_to_select
        self.bandwidth = bandwidth
        self.reference = reference
        self.locked = locked
        self.excluded = excluded
        self.cost = cost
        self.strata = strata
        self.random_state = random_state
        self.precision = precision
        self.until = until

    def fit(self, envs: Environments, y=None) -> "FrameSelector":
        """Select frames.

        Parameters
        ----------
        envs : Environments
            Environments grouped by frame; a plain ``(n, d)`` array counts as n frames of one.
        y : array_like of shape (n_frames,) or (n_frames, n_properties), optional
            Properties of each frame for ``pcov_fps``; the other methods ignore them.

        Returns
        -------
        FrameSelector
            The selector itself.

        Raises
        ------
        TypeError, ValueError
            As by `select`.
        """
        if not isinstance(envs, Environments):
            envs = validate_data(self, envs, dtype=np.float64)
        envs = as_environments(envs)
        y = y if self.method == "pcov_fps" else None
        self.selection_ = select(envs, **self.get_params(deep=False), y=y)
        self.n_frames_in_, self.n_features_in_ = len(envs), envs.X.shape[1]
        return self

    def get_support(self, indices: bool = False) -> np.ndarray:
        """Return which frames are selected, in the order of the frames.

        Parameters
        ----------
        indices : bool
            Whether to return frame indices in place of a mask.

        Returns
        -------
        ndarray
            A mask of shape ``(n_frames,)``, or increasing indices of shape ``(n_selected,)``.
        """
        check_is_fitted(self)
        support = np.zeros(self.n_frames_in_, dtype=bool)
        support[self.selection_.order] = True
        return np.flatnonzero(support) if indices else support

    def transform(self, frames):
        """Return the selected frames, in the order of the frames.

        Parameters
        ----------
        frames : Environments, ndarray, DataFrame or sequence
            One item, row, or block of environments per frame seen by `fit`.

        Returns
        -------
        Environments, ndarray, DataFrame or list
            The part selected, of the same type; a list for any other sequence.

        Raises
        ------
        ValueError
            If the number of frames differs from that seen by `fit`.
        """
        chosen = self.get_support(indices=True)
        if not hasattr(frames, "__len__"):
            if not hasattr(frames, "__array__"):
                raise TypeError(f"frames: expected a sequence, got {type(frames).__name__}")
            frames = np.asarray(frames)
        if len(frames) != self.n_frames_in_:
            raise ValueError(f"frames: expected {self.n_frames_in_}, as seen by fit, got {len(frames)}")
        if isinstance(frames, Environments):
            return frames.take(chosen)
        if hasattr(frames, "iloc"):
            return frames.iloc[chosen]
        return frames[chosen] if isinstance(frames, np.ndarray) else [frames[i] for i in chosen]
