"""A session that is controlled from Python: it opens data and waits for computations."""

from collections.abc import Callable, Sequence
from os import PathLike, fspath

from ase import Atoms

from quests_core import Environments
from quests_core.io.ase_database import database_frames
from quests_core.io.write import subset_bytes
from quests_core.published import is_name

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.label_entropies import LabelEntropies, has_groups, label_entropies
from ..analysis.method_path import MethodPath
from ..analysis.parameters import Marks, Parameters
from ..session.controller import Controller
from ..session.state import State
from . import comm


class NotebookSession:
    """Open a data set, wait for what Python asks for, and send what it changes to the cells.

    Parameters
    ----------
    data, envs, methods, umap
        See `Explorer`.
    parameters : Parameters
        Parameters of the analysis.
    """

    def __init__(
        self, data, envs: Environments | None, parameters: Parameters, methods: Sequence[str], umap: bool
    ):
        comm.load()
        self._inbox = comm.Inbox()
        self._wire = comm.Wire(self._inbox)
        self.state = State(parameters=parameters, methods=list(methods), active=methods[0])
        self._controller = Controller(self.state, self._inbox, with_umap=umap)
        self._atoms: list[Atoms] | None = None
        self._label_entropies: dict[tuple[AnalysedDataset, Marks], LabelEntropies] = {}
        self._open(data, envs)
        with comm.progress_line(self.state.main_activity):
            self._wait_for_path()

    def _open(self, data, envs: Environments | None) -> None:
        controller = self._controller
        if data is None:
            controller.open_demo()
        elif isinstance(data, Environments):
            if envs is not None:
                raise TypeError("envs: expected None with descriptors as data, got Environments")
            controller.open_environments(data, f"descriptors of {len(data):,} frames")
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

    def _wait_for_path(self) -> MethodPath:
        """Wait for the path of the active method under the current marks, and return it.

        Raises
        ------
        ValueError
            If it cannot be computed.
        """
        state = self.state
        self._wait(lambda: self._computed_path is not None or not state.main_activity.running)
        path = self._computed_path
        if path is None:
            raise ValueError(state.error or state.notice)
        return path

    @property
    def _computed_path(self) -> MethodPath | None:
        state, path = self.state, self.state.path
        is_computed = path is not None and path.method == state.active and state.is_current(path)
        return path if is_computed else None

    @property
    def _opened(self) -> AnalysedDataset:
        if self.state.opened is None:
            raise ValueError("no data set is open")
        return self.state.opened

    def _compute_label_entropies(self) -> None:
        """Compute the entropy of each label under the current marks, in the queue."""
        opened, marks = self._opened, self.state.marks
        if (opened, marks) in self._label_entropies or not has_groups(opened):
            return
        results: list[LabelEntropies | Exception] = []
        self._controller.compute(
            "Entropy of each label and element",
            ("label entropies", marks.excluded),
            lambda progress: label_entropies(opened, marks, progress),
            results.append,
            results.append,
        )
        self._wait(lambda: bool(results))
        if isinstance(results[0], Exception):
            raise results[0]
        self._label_entropies[opened, marks] = results[0]

    def _set(self, **values) -> None:
        self.state.param.update(**values)
        self._wire.flush()


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
