"""The state of one session: open data set, results and selection."""

import dataclasses

import numpy as np
import param

from quests_core.information.estimate import EntropyEstimate

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.exact_deltas import ExactDeltas
from ..analysis.frame_columns import statuses
from ..analysis.method_path import MethodPath, PartialPath
from ..analysis.methods import DEFAULT_METHODS, METHODS, MSC_WITH_REFERENCE
from ..analysis.parameters import Marks, Parameters
from ..analysis.reference import Reference
from ..analysis.target import Target
from ..exports.report_data import ReportData
from ..jobs.activity import Activity
from ..jobs.cluster import ClusterStatus

TABS = {
    "overview": "Overview",
    "map": "Map",
    "outliers": "What was lost",
    "frames": "Frames",
    "sets": "Compare",
    "health": "Health",
    "potentials": "Potentials",
}


class State(param.Parameterized):
    """State of a session, which the views read and write.

    The subset is not stored: it is the first `n_frames` of the displayed method's order, under `marks`.
    """

    opened = param.ClassSelector(class_=AnalysedDataset, default=None, doc="The open data set.")
    parameters = param.ClassSelector(
        class_=Parameters, default=Parameters(), doc="Parameters of the open data set."
    )
    paths = param.Dict(default={}, doc="`MethodPath` per method; replaced, never modified.")
    exact_deltas = param.ClassSelector(
        class_=ExactDeltas, default=ExactDeltas(), doc="δH at a size between two sizes of the slider."
    )
    repeats = param.Dict(default={}, doc="`SeedBand` per randomized method; replaced, never modified.")
    entropy_estimate = param.ClassSelector(
        class_=EntropyEstimate, default=None, doc="Of the full set under `marks`, until H is known exactly."
    )
    predictions = param.Dict(
        default={}, doc="`Predictions` computed for the open data set, by name; replaced, never modified."
    )
    embedding = param.Array(default=None, doc="(n_envs, 2) coordinates of all environments.")
    embedding_kind: param.Selector[str] = param.Selector(default="PCA", objects=["PCA", "UMAP"])
    n_fitted = param.Integer(default=0, doc="Number of environments used to fit the embedding.")

    methods = param.ListSelector(default=list(DEFAULT_METHODS), objects=list(METHODS))
    active: param.Selector[str] = param.Selector(
        default=DEFAULT_METHODS[0], objects=list(METHODS), doc="Method whose subset is requested."
    )
    n_frames = param.Integer(default=1, bounds=(1, None), doc="Size of every method's subset.")
    target = param.ClassSelector(class_=Target, default=Target(), doc="Target that sets `n_frames`.")
    marks = param.ClassSelector(class_=Marks, default=Marks(), doc="Frames locked or excluded by the user.")

    reference = param.ClassSelector(
        class_=Reference, default=None, doc=f"Reference of {MSC_WITH_REFERENCE!r}, or None."
    )

    current_env = param.Integer(default=None, allow_None=True, doc="Row of the current environment.")
    selected = param.ClassSelector(
        class_=tuple, default=(), doc="Frames selected on the map or in a table, ascending."
    )
    tab: param.Selector[str] = param.Selector(
        default="overview", objects=list(TABS), doc="Key of the visible tab."
    )

    opening = param.String(
        default="", doc='Name of the data set that will replace the open one; "" if none is being opened.'
    )
    error = param.String(default="", doc="Error of the last request.")
    notice = param.String(default="", doc="Message about the last request, without an error.")
    map_notice = param.String(default="", doc="Reason why the map is not a UMAP embedding.")

    cluster = param.ClassSelector(
        class_=ClusterStatus, default=None, doc="Of the server's Dask cluster; None if it has none."
    )

    def __init__(self, **params):
        super().__init__(**params)
        self.main_activity, self.quick_activity, self.map_activity = Activity(), Activity(), Activity()
        self.kernel_activity, self.training_activity = Activity(), Activity()
        self.prediction_activity = Activity()

    @property
    def data(self) -> AnalysedDataset:
        """Return the open data set.

        Raises
        ------
        RuntimeError
            If no data set is open.
        """
        if self.opened is None:
            raise RuntimeError("opened: expected a data set, got None")
        return self.opened

    @property
    def shown(self) -> dict[str, MethodPath]:
        """Computed paths of the selected methods, in the order of `METHODS`."""
        return {m: self.paths[m] for m in METHODS if m in self.methods and m in self.paths}

    @property
    def displayed_method(self) -> str:
        """Method of the displayed and exported subset: the active one once computed, else another.

        The first part of a path is displayed only if no path is whole.
        """
        whole = [method for method, path in self.shown.items() if path.is_whole]
        active = self.paths.get(self.active)
        if active is not None and (active.is_whole or not whole):
            return self.active
        return next(iter(whole or self.shown), self.active)

    @property
    def at_size(self) -> dict[str, MethodPath]:
        """The paths of `shown` that reach the displayed size, which the first part of a path may not."""
        if self.path is None:
            return {}
        n_frames = self.path.metrics(self.n_frames)["n_frames"]
        return {m: path for m, path in self.shown.items() if path.is_whole or path.sizes[-1] >= n_frames}

    @property
    def parts(self) -> dict[str, PartialPath]:
        """The paths of `shown` of which only the first part is known."""
        return {m: path for m, path in self.shown.items() if isinstance(path, PartialPath)}

    @property
    def path(self) -> MethodPath | None:
        """Path of the displayed method, None before it is computed."""
        return self.paths.get(self.displayed_method)

    @property
    def export_path(self) -> MethodPath | None:
        """Path whose subset can be exported: that of the active method, and of no other in its place.

        None until it is whole and current, and while another data set is being opened.
        """
        path = self.paths.get(self.active)
        if path is None or not self.is_current(path) or self.opening:
            return None
        return self.with_reasons(path)

    def with_reasons(self, path: MethodPath) -> MethodPath:
        """Return a current path with the reasons for which this session excluded frames.

        Sessions share their paths, as no path depends on the reasons.
        """
        if path.marks.reasons == self.marks.reasons:
            return path
        return dataclasses.replace(path, marks=self.marks)

    def is_current(self, path: MethodPath) -> bool:
        """Whether a path is whole and belongs to the current marks and reference."""
        return (
            path.is_whole
            and path.marks == self.marks
            and (path.method != MSC_WITH_REFERENCE or path.reference is self.reference)
        )

    def report_data(self, **optional) -> ReportData:
        """Return the displayed results under the current marks, with `optional` fields of `ReportData`.

        Raises
        ------
        ValueError
            If only the first part of the displayed path is known.
        """
        if self.displayed_method in self.parts:
            raise ValueError(f"only the first part of the order of {self.displayed_method} is known")
        return ReportData(
            self.data,
            {method: self.with_reasons(path) for method, path in self.shown.items() if self.is_current(path)},
            self.displayed_method,
            int(self.row_of(self.displayed_method)["n_frames"]),
            embedding=self.embedding,
            predictions=self.predictions,
            **optional,
        )

    @property
    def sizes(self) -> np.ndarray:
        """Sizes of the slider: those of the displayed path."""
        return np.array([1]) if self.path is None else self.path.sizes

    @property
    def current_frame(self) -> int | None:
        """Frame of the current environment."""
        return None if self.current_env is None else int(self.data.envs.frame_index[self.current_env])

    @property
    def mask(self) -> np.ndarray:
        """Whether each frame is in the displayed subset, shape (n_frames,)."""
        return self.mask_of(self.displayed_method)

    def frames_of(self, method: str) -> np.ndarray:
        """Return the subset of `method` at the current size, in the order picked.

        While the path for new marks is being computed, the marks are applied to the previous path.
        """
        path = self.paths[method]
        if self.is_current(path):
            return path.frames(self.n_frames)
        rest = path.order[~np.isin(path.order, self.marks.locked + self.marks.excluded)]
        return np.append(np.array(self.marks.locked, dtype=rest.dtype), rest)[
            : max(self.n_frames, len(self.marks.locked))
        ]

    def mask_of(self, method: str) -> np.ndarray:
        """Return whether each frame is in the subset of `method`, shape (n_frames,)."""
        mask = np.zeros(len(self.data.envs), dtype=bool)
        mask[self.frames_of(method)] = True
        return mask

    @property
    def status(self) -> np.ndarray:
        """Return "kept", "dropped", "locked" or "excluded" for each frame, shape (n_frames,)."""
        return statuses(self.frames_of(self.displayed_method), self.marks, len(self.data.envs))

    def delta_entropy_of(self, method: str) -> np.ndarray:
        """Return δH of each environment given the subset of `method` at the current size.

        Between two sizes of the slider, until δH is computed, it is that of the smaller one.
        """
        path = self.paths[method]
        exact = self.exact_deltas.find(path, self.n_frames)
        return path.delta_entropy[path.position(self.n_frames)] if exact is None else exact

    @property
    def delta_entropy(self) -> np.ndarray | None:
        """δH of each environment given the displayed subset, None before it is computed."""
        return None if self.path is None else self.delta_entropy_of(self.displayed_method)

    def row_of(self, method: str) -> dict[str, float]:
        """Return the metrics of the subset of `method` at the current size."""
        return self.paths[method].metrics(self.n_frames)

    @property
    def full_set_metrics(self) -> dict[str, float]:
        """Metrics of the full set, without excluded frames."""
        own = self.path or next(iter(self.paths.values()))
        # A part does not know them.
        same = (path for path in self.paths.values() if path.is_whole and path.marks == own.marks)
        return (own if own.is_whole else next(same, own)).full_set_metrics
