"""The dashboard in a notebook, displayed in a cell and controlled from Python."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import panel as pn
from ase import Atoms

from quests_core import Environments
from quests_core.io.write import write_subset
from quests_core.potentials import Predictions
from quests_core.utils.atomic_write import atomic_write
from quests_core.utils.validation import check_choice, check_count, check_frame_indices

from ..analysis.method_path import MethodPath
from ..analysis.methods import DEFAULT_METHODS, NESTED_METHODS
from ..analysis.parameters import Marks, Parameters
from ..exports.report_data import ReportData
from ..page import inline, printed
from ..views.frame_text import embedding_note
from . import comm
from .notebook_session import NotebookSession
from .single_views import OF_FRAMES, VIEWS, Shown, alone


class Explorer(NotebookSession):
    """The dashboard of a data set, in a cell of a notebook and in Python at once.

    Show it as the last line of a cell, or one view of it: ``explorer.curve``, ``explorer.map``, … The
    attributes follow what is done with the mouse, and the views follow the attributes.

    Parameters
    ----------
    data : path-like, sequence of ase.Atoms, ase.db database, Environments, or None
        A file that `quests_core.read` reads, the name of a published data set such as ``"tm23:Ag"``, frames,
        or descriptors alone; None for the demo data set.
    envs : Environments, optional
        Precomputed descriptors of the frames of `data`; by default they are computed.
    k, cutoff, species : optional
        Number of neighbours in the descriptor, the cutoff in Å, and whether to distinguish elements.
    bandwidth : float
        h of the kernel, Å⁻¹, or in the unit of precomputed descriptors.
    methods : sequence of str
        Methods to compare; the first is active.
    umap : bool
        Whether to replace the PCA map by a UMAP once that is computed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError, TypeError
        If the data cannot be used; the message says why.

    Examples
    --------
    >>> from ase.build import bulk
    >>> frames = [bulk("Cu", a=a, cubic=True) for a in (3.5, 3.6, 3.6, 3.7)]
    >>> explorer = Explorer(frames, umap=False)
    >>> explorer.n_frames = 3
    >>> sorted(explorer.indices.tolist()) in ([0, 1, 3], [0, 2, 3])
    True
    >>> len(explorer.subset)
    3
    >>> explorer.close()
    """

    def __init__(
        self, data=None, envs: Environments | None = None, *, k: int = 32, cutoff: float = 5.0,
        bandwidth: float = 0.015, species: bool = False, methods: Sequence[str] = DEFAULT_METHODS,
        umap: bool = True,
    ):  # fmt: skip
        parameters = Parameters(k=k, cutoff=cutoff, bandwidth=bandwidth, species=species)
        super().__init__(data, envs, parameters, methods, umap)

    def wait(self) -> "Explorer":
        """Wait until all pending computations are done, including other methods and the UMAP."""
        state = self.state
        activities = (
            state.main_activity, state.quick_activity, state.map_activity, state.training_activity,
            state.prediction_activity,
        )  # fmt: skip
        self._wait(lambda: not any(activity.running for activity in activities))
        return self

    def close(self) -> None:
        """Cancel computations and delete temporary files."""
        self._controller.close()

    @property
    def atoms(self) -> list[Atoms]:
        """All frames, as passed or as read from the file."""
        if self._atoms is None:
            self._need_frames()
            return list(self._opened.dataset.frames)
        return list(self._atoms)

    @property
    def notes(self) -> list[str]:
        """Notes on the data, such as ignored values and unused labels."""
        return list(self._opened.dataset.notes)

    @property
    def envs(self) -> Environments:
        """Descriptors of all frames."""
        return self._opened.envs

    @property
    def order(self) -> np.ndarray:
        """Frames in the order of the active method, without excluded ones."""
        return self._wait_for_path().order

    @property
    def indices(self) -> np.ndarray:
        """Indices of the subset in selection order: the first `n_frames` of `order`."""
        self._wait_for_path()
        return self.state.frames_of(self.state.active)

    @property
    def subset(self) -> list[Atoms]:
        """Frames of the subset in selection order; the original objects if frames were passed."""
        atoms = self.atoms
        return [atoms[i] for i in self.indices]

    @property
    def paths(self) -> dict[str, MethodPath]:
        """Order and metrics of each method compared: ``paths["msc"].curve`` is a DataFrame."""
        self._wait(lambda: not self.state.main_activity.running)
        # Copies, since the cache shares the tables with other Explorers.
        shown = {name: path for name, path in self.state.shown.items() if path.is_whole}
        return {name: replace(path, curve=path.curve.copy()) for name, path in shown.items()}

    @property
    def plots(self):
        """Plots of the current state as HoloViews elements.

        ``plots.curve``, ``plots.overlap`` and others compose with ``*`` and ``+``, take ``.opts`` and are
        written by ``hv.save``.
        ``plots(live=True).curve`` follows the slider. The names are those of `quests_app.plots`.
        """
        # Imported here, as HoloViews takes a second.
        from .current_plots import CurrentPlots

        self._wait(lambda: not self.state.main_activity.running)
        return CurrentPlots(self.state, self._report_data)

    def _report_data(self, name: str, wait: bool) -> ReportData:
        """Return the results that a plot shows; with `wait`, compute what is missing."""
        state = self.state
        if name == "redundancy" and wait:
            self._compute_label_entropies()
        return state.report_data(
            embedding_note=embedding_note(state) if name == "environment_map" else "",
            entropies=self._label_entropies.get((self._opened, state.marks)),
        )

    @property
    def n_frames(self) -> int:
        """Size of the subset, from the number of locked frames to that of frames not excluded."""
        self._wait_for_path()
        return int(self.state.row_of(self.state.active)["n_frames"])

    @n_frames.setter
    def n_frames(self, value: int) -> None:
        path = self._wait_for_path()
        wanted, most = check_count(value, "n_frames"), int(path.sizes[-1])
        if wanted > most:
            raise ValueError(f"n_frames: expected at most the number of frames, {most:,}, got {wanted:,}")
        self._set(n_frames=path.possible_size(wanted))

    @property
    def method(self) -> str:
        """The active method, which defines the subset; setting it adds it to `methods`."""
        return self.state.active

    @method.setter
    def method(self, value: str) -> None:
        check_choice(value, "method", NESTED_METHODS)
        self._set(methods=[m for m in NESTED_METHODS if m in (*self.state.methods, value)])
        self._wait(lambda: value in self.state.paths or not self.state.main_activity.running)
        self._set(active=value)
        self._wait_for_path()

    @property
    def methods(self) -> list[str]:
        """Methods compared."""
        return list(self.state.methods)

    @methods.setter
    def methods(self, value: Iterable[str]) -> None:
        value = [check_choice(method, "methods", NESTED_METHODS) for method in value]
        self._set(methods=[m for m in NESTED_METHODS if m in value])

    @property
    def selected(self) -> list[int]:
        """Frames selected on the map or in a table, in ascending order."""
        return list(self.state.selected)

    @selected.setter
    def selected(self, frames) -> None:
        self._set(selected=tuple(sorted(self._checked(frames, "selected"))))

    @property
    def current(self) -> int | None:
        """The current environment, a row of ``envs.X``, as after a click on the map."""
        return self.state.current_env

    @current.setter
    def current(self, row: int | None) -> None:
        if row is not None:
            (row,) = check_frame_indices([row], self.envs.n_envs, "current").tolist()
        self._set(current_env=row)

    @property
    def predictions(self) -> dict[str, Predictions]:
        """Predictions of potentials by name, such as those of `quests_core.potentials.computed_predictions`.

        They are shown beside those that the file holds: in the Potentials tab, as colours of the map, and as
        columns of Frames.
        """
        return dict(self.state.predictions)

    @predictions.setter
    def predictions(self, value: Mapping[str, Predictions]) -> None:
        self._need_frames()
        n_frames, n_envs = len(self.envs), self.envs.n_envs
        for name, one in value.items():
            found = [np.shape(part) for part in one]
            if found != [(n_frames,), (n_envs, 3)]:
                raise ValueError(
                    f"predictions[{name!r}]: expected energies and forces of shapes {(n_frames,)} and "
                    f"{(n_envs, 3)}, got {' and '.join(map(str, found))}"
                )
        self._set(predictions={str(name): Predictions(*map(np.asarray, one)) for name, one in value.items()})

    @property
    def locked(self) -> list[int]:
        """Frames included in every subset."""
        return list(self.state.marks.locked)

    @locked.setter
    def locked(self, frames) -> None:
        self._mark(locked=self._checked(frames, "locked"), excluded=self.state.marks.excluded)

    @property
    def excluded(self) -> list[int]:
        """Frames ignored in all subsets and metrics."""
        return list(self.state.marks.excluded)

    @excluded.setter
    def excluded(self, frames) -> None:
        self._mark(locked=self.state.marks.locked, excluded=self._checked(frames, "excluded"))

    def _mark(self, locked: Iterable[int], excluded: Iterable[int]) -> None:
        both = set(locked) & set(excluded)
        if both:
            raise ValueError(f"expected frames locked or excluded, got {min(both)} as both")
        marks = Marks(tuple(sorted(locked)), tuple(sorted(excluded)))
        self._set(error="", marks=marks.with_reasons_of(self.state.marks))
        self._wait_for_path()

    def _checked(self, frames, name: str) -> list[int]:
        return np.unique(check_frame_indices(frames, len(self.envs), name)).tolist()

    def write(self, path: str | PathLike, order: str = "file", overwrite: bool = False) -> Path:
        """Write the subset; see `quests_core.write_subset`."""
        self._need_frames()
        source = self._atoms if self._atoms is not None else self._opened.dataset.source
        return write_subset(path, source, self.indices, order, overwrite)

    def save(self, path: str | PathLike) -> Path:
        """Write all tabs in their current state to one self-contained HTML file.

        Tabs, plots and the structure viewer stay interactive; controls that need Python are omitted. Waits
        for the UMAP unless ``umap=False``.
        """
        with comm.progress_line(self.state.main_activity, self.state.map_activity):
            view = printed(self.state, self._controller, self.wait, self._of_frames)
            self.wait()
        path = Path(path)
        atomic_write(path, comm.page(view, self._opened.dataset.name).encode())
        return path

    def _need_frames(self) -> None:
        if not self._of_frames:
            raise ValueError("data: expected frames or a file for this, got descriptors alone")

    @property
    def _of_frames(self) -> bool:
        return bool(self._opened.dataset.elements)

    def _dashboard(self) -> pn.viewable.Viewable:
        return inline(self.state, self._controller, self._of_frames)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return Shown(self._dashboard, self._wire)._repr_mimebundle_(include, exclude)

    def __panel__(self):
        """Return the dashboard for Panel layouts."""
        return self._dashboard()

    def __repr__(self) -> str:
        """Summarise the data set and the subset."""
        state, n_notes = self.state, len(self.notes)
        more = f"; {n_notes} note{'s' * (n_notes > 1)}, see .notes" if n_notes else ""
        return (
            f"Explorer({self._opened.dataset.name!r}: {len(self._opened.envs):,} frames, "
            f"{self._opened.envs.n_envs:,} environments; {state.active} keeps {self.n_frames:,}{more})"
        )

    def __getattr__(self, name: str):
        """Return a new view, since a figure cannot be in two cells."""
        if name not in VIEWS:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if VIEWS[name][0] in OF_FRAMES:
            self._need_frames()
        return Shown(lambda: alone(name, self.state, self._controller), self._wire)

    def __dir__(self):
        """List the views too."""
        return [*super().__dir__(), *VIEWS]
