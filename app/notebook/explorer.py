"""The dashboard in a notebook, displayed in a cell and controlled from Python."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import panel as pn
from ase import Atoms

from quests_core import Environments
from quests_core.io.ase_formats import database_frames
from quests_core.io.write import subset_bytes, write_subset
from quests_core.published import is_name
from quests_core.utils.atomic_write import atomic_write
from quests_core.utils.validation import check_choice, check_count, check_frame_indices

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.label_entropies import LabelEntropies, label_entropies
from ..analysis.method_path import MethodPath
from ..analysis.methods import DEFAULT_METHODS, NESTED_METHODS
from ..analysis.parameters import Marks, Parameters
from ..exports.report_data import ReportData
from ..page import inline, printed
from ..session.controller import Controller
from ..session.state import State
from ..views.frame_text import embedding_note
from . import comm
from .single_views import OF_FRAMES, VIEWS, Shown, alone


class Explorer:
    """The dashboard of a data set, in a cell of a notebook and in Python at once.

    Show it as the last line of a cell, or one view of it: ``explorer.curve``, ``explorer.map``, … What is
    done there with the mouse stands here in attributes, and what is set here is shown there.

    Parameters
    ----------
    data : path-like, sequence of ase.Atoms, ase.db database, Environments, or None
        A file that `quests_core.read` reads, the name of a published data set such as ``"tm23:Ag"``, frames,
        or descriptors alone; None for the demo data set.
    envs : Environments, optional
        Descriptors of the frames of `data`, where they are known already; else they are computed.
    k, cutoff, species : optional
        The descriptor's neighbours, their largest distance in Å, and whether elements are told apart.
    bandwidth : float
        h of the kernel, Å⁻¹ (of whatever unit given descriptors have).
    methods : sequence of str
        Methods compared; the first is active.
    umap : bool
        Whether the map becomes a UMAP, some time after it is shown as a PCA.

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
        comm.load()
        self._inbox = comm.Inbox()
        self._wire = comm.Wire(self._inbox)
        self.state = State(
            parameters=Parameters(k=k, cutoff=cutoff, bandwidth=bandwidth, species=species),
            methods=list(methods),
            active=methods[0],
        )
        self._controller = Controller(self.state, self._inbox, with_umap=umap)
        self._atoms: list[Atoms] | None = None
        self._label_entropies: dict[tuple[AnalysedDataset, Marks], LabelEntropies] = {}
        self._open(data, envs)
        with comm.progress_line(self.state.main_activity):
            self._settle()

    def _open(self, data, envs: Environments | None) -> None:
        controller = self._controller
        if data is None:
            controller.open_demo()
        elif isinstance(data, Environments):
            if envs is not None:
                raise TypeError("envs: expected none beside an Environments as data")
            controller.open_environments(data, f"{len(data):,} frames of which only descriptors are known")
        elif isinstance(data, str | PathLike):
            path = fspath(data)
            if not is_name(path) and not controller.place(path).is_file():
                raise FileNotFoundError(f"{path}: no such file")
            controller.open(path, envs=envs)
        else:
            self._atoms = _frames(data)
            content = subset_bytes(self._atoms, range(len(self._atoms)))
            controller.upload(f"{len(self._atoms)} frames in memory.xyz", content, envs)

    def _wait(self, until: Callable[[], bool]) -> None:
        try:
            self._inbox.wait(until)
        except KeyboardInterrupt:
            self._controller.cancel()
            self._controller.cancel_umap()
            raise
        self._wire.flush()

    def _settle(self) -> MethodPath:
        """Wait for the path of the active method under the current marks, and return it.

        Raises
        ------
        ValueError
            If it cannot be computed.
        """
        state = self.state
        self._wait(lambda: self._settled_path is not None or not state.main_activity.running)
        path = self._settled_path
        if path is None:
            raise ValueError(state.error or state.notice)
        return path

    @property
    def _settled_path(self) -> MethodPath | None:
        state, path = self.state, self.state.path
        is_settled = path is not None and path.method == state.active and path.marks == state.marks
        return path if is_settled else None

    @property
    def _opened(self) -> AnalysedDataset:
        if self.state.opened is None:
            raise ValueError("no data set is open")
        return self.state.opened

    def wait(self) -> "Explorer":
        """Wait until all pending computations are done, including other methods and the UMAP."""
        state = self.state
        self._wait(
            lambda: (
                not (
                    state.main_activity.running or state.quick_activity.running or state.map_activity.running
                )
            )
        )
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
        return self._settle().order

    @property
    def indices(self) -> np.ndarray:
        """Indices of the subset in selection order: the first `n_frames` of `order`."""
        self._settle()
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
        return {name: replace(path, curve=path.curve.copy()) for name, path in self.state.shown.items()}

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
        paths = {method: path for method, path in state.shown.items() if state.is_current(path)}
        return ReportData(
            self._opened,
            paths,
            state.displayed_method,
            int(state.row_of(state.displayed_method)["n_frames"]),
            embedding=state.embedding,
            embedding_note=embedding_note(state) if name == "environment_map" else "",
            entropies=self._label_entropies.get((self._opened, state.marks)),
        )

    def _compute_label_entropies(self) -> None:
        """Compute the entropy of each label under the current marks, in the queue."""
        opened, marks = self._opened, self.state.marks
        if (opened, marks) in self._label_entropies or len(set(opened.dataset.labels)) < 2:
            return
        results: list[LabelEntropies | Exception] = []
        self._controller.compute(
            "Entropy of each label",
            ("label entropies", marks.excluded),
            lambda progress: label_entropies(opened, marks, progress),
            results.append,
            results.append,
        )
        self._wait(lambda: bool(results))
        if isinstance(results[0], Exception):
            raise results[0]
        self._label_entropies[opened, marks] = results[0]

    @property
    def n_frames(self) -> int:
        """Size of the subset, from 1 to the number of frames not excluded.

        Setting it rounds down to the nearest size of the slider.
        """
        self._settle()
        return int(self.state.row_of(self.state.active)["n_frames"])

    @n_frames.setter
    def n_frames(self, value: int) -> None:
        path = self._settle()
        wanted, most = check_count(value, "n_frames"), int(path.sizes[-1])
        if wanted > most:
            raise ValueError(f"n_frames: expected at most the number of frames, {most:,}, got {wanted:,}")
        self._set(n_frames=int(path.sizes[path.position(wanted)]))

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
        self._settle()

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
        self._set(current=row)

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
        self._set(error="", marks=Marks(tuple(sorted(locked)), tuple(sorted(excluded))))
        self._settle()

    def _checked(self, frames, name: str) -> list[int]:
        return np.unique(check_frame_indices(frames, len(self.envs), name)).tolist()

    def _set(self, **values) -> None:
        self.state.param.update(**values)
        self._wire.flush()

    def write(self, path: str | PathLike, order: str = "file", overwrite: bool = False) -> Path:
        """Write the subset; see `quests_core.write_subset`."""
        self._need_frames()
        source = self._atoms if self._atoms is not None else self._opened.dataset.path
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


def _frames(data) -> list[Atoms]:
    """Return the frames of a frame, database or iterable."""
    if isinstance(data, Atoms):
        return [data]
    if hasattr(data, "select") and hasattr(data, "get_atoms"):
        return database_frames(data)
    try:
        frames = list(data)
    except TypeError:
        frames = [data]
    if not frames or not all(isinstance(atoms, Atoms) for atoms in frames):
        raise TypeError(
            "data: expected a path, frames (ase.Atoms), an ase.db database or Environments, "
            f"got {type(data).__name__}"
        )
    return frames
