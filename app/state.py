"""The state of one session: what is open, what was computed, and the one selection."""

import numpy as np
import param

from .analysis import DEFAULT_METHODS, NESTED_METHODS, MethodPath, Opened, Parameters


class Activity(param.Parameterized):
    """What one queue of work is doing."""

    running = param.Boolean(default=False)
    title = param.String(default="", doc="What was asked for.")
    step = param.String(default="", doc="What is done for it right now.")
    fraction = param.Number(default=0.0, doc="Share of the step that is done.")
    remaining = param.Number(default=None, allow_None=True, doc="Estimated seconds to the step's end.")


class State(param.Parameterized):
    """Everything the views show; they read and write these and nothing else.

    The subset is not stored: it is the first `n_frames` of the active method's order.
    """

    opened = param.ClassSelector(class_=Opened, default=None, doc="The open data set.")
    parameters = param.ClassSelector(class_=Parameters, default=Parameters(), doc="Those of what is open.")
    paths = param.Dict(default={}, doc="MethodPath of each method computed for it; replaced, never changed.")
    embedding = param.Array(default=None, doc="(n_points, 2) coordinates of the rows `opened.map_rows`.")
    embedding_kind = param.Selector(default="PCA", objects=["PCA", "UMAP"])

    methods = param.ListSelector(default=list(DEFAULT_METHODS), objects=list(NESTED_METHODS))
    active = param.Selector(default="msc", objects=list(NESTED_METHODS), doc="Whose subset is exported.")
    n_frames = param.Integer(default=1, bounds=(1, None), doc="Size of every method's subset.")

    error = param.String(default="", doc="Why the last thing asked for could not be done.")
    notice = param.String(default="", doc="What happened, where nothing went wrong.")
    map_notice = param.String(default="", doc="Why the map is not a UMAP, where that was not to be expected.")

    def __init__(self, **params):
        super().__init__(**params)
        self.work, self.mapping = Activity(), Activity()

    @property
    def shown(self) -> dict[str, MethodPath]:
        """Paths of the ticked methods that are computed, in the order of the chooser."""
        return {m: self.paths[m] for m in NESTED_METHODS if m in self.methods and m in self.paths}

    @property
    def path(self) -> MethodPath | None:
        """Path of the active method, None before it is computed."""
        return self.paths.get(self.active)

    @property
    def sizes(self) -> np.ndarray:
        """Sizes at which the slider stops."""
        return next((path.sizes for path in self.paths.values()), np.array([1]))

    @property
    def mask(self) -> np.ndarray:
        """Whether each frame is in the active subset, shape (n_frames,)."""
        return self.mask_of(self.active)

    def mask_of(self, method: str) -> np.ndarray:
        """Whether each frame is in the subset of `method`."""
        mask = np.zeros(len(self.opened.envs), dtype=bool)
        mask[self.paths[method].frames(self.n_frames)] = True
        return mask

    def row_of(self, method: str) -> dict[str, float]:
        """Return the numbers of the subset of `method` at the current size."""
        path = self.paths[method]
        return path.curve.iloc[path.position(self.n_frames)].to_dict()

    @property
    def full(self) -> dict[str, float]:
        """Numbers of the full set."""
        return next(iter(self.paths.values())).curve.iloc[-1].to_dict()
