"""Handle the requests of the user: start jobs and update the state with their results."""

import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from quests_core import Cancelled, Environments, Progress
from quests_core.io.dataset import DataSet
from quests_core.published import is_name

from ..analysis import map_placement, method_path, precomputed
from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHODS, MSC_WITH_REFERENCE
from ..analysis.parameters import Marks, Parameters
from ..exports import subset
from ..jobs import queue, umap_process
from ..server.allowed_paths import AllowedPaths
from ..server.telemetry import session_closed, session_opened
from ..server.uploads import UploadFolder
from ..text.errors import error_reason
from ..text.numbers import plural
from ..text.sentences import files_name
from .delta_updater import DeltaUpdater
from .entropy_estimate import EntropyEstimateUpdater
from .kernel_compilation import KernelCompilation
from .path_updates import PathUpdater
from .results import Results
from .state import State
from .target_follower import TargetFollower
from .undo import History

DEMO = Path(__file__).parents[1] / "assets" / "demo.xyz.gz"
DEMO_NAME = "Demo: carbon (GFN1-xTB)"


# A file, several as one data set, or the name of a published data set.
Source = Path | tuple[Path, ...] | str


class Controller:
    """Carry out the requests of one session and keep its `State` up to date.

    Parameters
    ----------
    state : State
        Changed on the event loop only.
    schedule : callable
        Runs a function on the session's event loop.
    with_umap : bool
        Whether to embed with UMAP after everything else is shown.
    allowed_paths : AllowedPaths, optional
        Server paths that the user may use; by default all.
    may_train : bool
        Whether the user may train potentials.

    Attributes
    ----------
    uploads : UploadFolder
        All uploaded files of the session.
    results : Results
        Computes results, or returns them from the cache.
    kernels : KernelCompilation
        Compiles the kernels in the background, if `compile_kernels` is called.
    """

    def __init__(
        self, state: State, schedule, with_umap: bool = True, allowed_paths: AllowedPaths | None = None,
        may_train: bool = True,
    ):  # fmt: skip
        self.state, self.allowed_paths = state, allowed_paths or AllowedPaths()
        self.may_train = may_train
        # First, so that it records user decisions before other watchers react.
        self.history = History(state, self.recompute)
        self.target_follower = TargetFollower(state, self.history)
        self._jobs = queue.Jobs(state.main_activity, schedule, queue.executor())
        self._quick_jobs = queue.Jobs(state.quick_activity, schedule, queue.executor("quick"))
        self._map_jobs = queue.Jobs(state.map_activity, schedule, queue.executor("umap"))
        # Others need not wait for the hours that a training may take.
        self._training_jobs = queue.Jobs(state.training_activity, schedule, queue.executor("training"))
        self._prediction_jobs = queue.Jobs(state.prediction_activity, schedule, queue.executor("training"))
        self.uploads, self._with_umap = UploadFolder(), with_umap
        self.kernels = KernelCompilation(state, schedule)
        self.results = Results(self.uploads)
        self._precomputed: dict[str, Environments] = {}
        self._path_updater = PathUpdater(state, self)
        self._delta_updater = DeltaUpdater(state, self)
        self._entropy_updater = EntropyEstimateUpdater(state, self)
        self._request: object | None = None
        self._closed = False
        self._session = session_opened(self)

    def compile_kernels(self) -> None:
        """Compile missing kernels in the background, and then replace previews by results."""
        self.kernels.start(self._path_updater.compute_missing)

    def open_demo(self) -> None:
        """Open the data set that ships with the package."""
        self._analyse(DEMO.resolve(), DEMO_NAME, self._parameters_of(None))

    def upload(self, name: str, content: bytes | str, envs: Environments | None = None) -> None:
        """Open an uploaded file."""
        self.upload_all({name: content}, envs)

    def upload_all(self, files: Mapping[str, bytes | str], envs: Environments | None = None) -> None:
        """Open uploaded files as one data set."""
        paths: list[Path] = []
        for name, content in files.items():
            try:
                paths.append(self.uploads.save(name, content))
            except (OSError, ValueError) as error:
                # Without the path on the server.
                why = getattr(error, "strerror", None) or error
                self.state.error = f"Could not take {name[:100]}: {why}."
                self.uploads.discard(*paths)
                return
        source = paths[0] if len(paths) == 1 else tuple(paths)
        self._analyse(source, files_name(list(files)), self._parameters_of(envs))

    def open(self, path: str | Path, name: str | None = None, envs: Environments | None = None) -> None:
        """Open a file, or a published data set by name; the open one stays until the analysis is finished.

        Several files, separated by semicolons or named by a pattern, are opened as one data set.

        `envs` are precomputed descriptors; by default they are computed.
        """
        try:
            named = is_name(str(path)) and not self.allowed_paths.is_empty
            where = str(path) if named else self.place_all(path)
        except ValueError as error:
            self.state.error = f"Could not open the file: {error}."
        else:
            self._analyse(where, name or files_name(_names(where)), self._parameters_of(envs))

    def open_environments(self, envs: Environments, name: str) -> None:
        """Open descriptors without frames."""
        self._analyse(Path(), name, self._parameters_of(envs), precomputed.without_frames(envs, name))

    def _parameters_of(self, envs: Environments | None) -> Parameters:
        self._precomputed = {} if envs is None else {precomputed.hash_of(envs): envs}
        # Keys belong to one file: the open one or, before any is open, the one in the link.
        parameters = self.state.parameters
        if self.state.opened is not None:
            parameters = parameters.without_keys()
        return dataclasses.replace(parameters, precomputed=next(iter(self._precomputed), ""))

    def place(self, path: str | Path) -> Path:
        """Resolve a path given by the user; raise a ValueError if it is not allowed."""
        return self.allowed_paths.resolve(path)

    def place_all(self, text: str | Path) -> Path | tuple[Path, ...]:
        """Resolve the path of a file, or those of several; raise a ValueError if one is not allowed."""
        paths = self.allowed_paths.resolve_all(text)
        return paths[0] if len(paths) == 1 else tuple(paths)

    def recompute(self, parameters: Parameters) -> None:
        """Analyse the open file again with other parameters."""
        opened = self.state.opened
        if opened is None:
            return
        # Another bandwidth alone keeps the descriptors.
        same = dataclasses.replace(parameters, precomputed=opened.parameters.precomputed)
        if dataclasses.replace(same, bandwidth=opened.parameters.bandwidth) == opened.parameters:
            parameters = same
        if parameters != opened.parameters:
            self._analyse(opened.dataset.source, opened.dataset.name, parameters, recomputes=True)

    @property
    def shows_demo(self) -> bool:
        """Whether the demo data set is open."""
        return self.state.opened is not None and self.state.opened.dataset.path == DEMO.resolve()

    def save(self, target: str, n_frames: int, order: str) -> None:
        """Save the displayed subset and its record to a path on the server."""
        opened, path = self.state.opened, self.state.path
        if opened is None or path is None or not path.is_whole:
            return
        self.state.param.update(error="", notice="")
        try:
            target = str(self.allowed_paths.find_target(target))
        except ValueError as error:
            self.state.error = f"Could not save: {error}."
            return

        def done(written):
            self.state.notice = f"Saved {plural(n_frames, 'frame')} to {written}, and its record."

        self._jobs.submit(
            "Saving",
            lambda _: subset.save(target, opened, path, n_frames, order),
            done,
            lambda error: self.show_error(f"Could not save to {target}", error),
        )

    def compute(
        self, title: str, key: Hashable, work: Callable[[Progress], Any], done: Callable[[Any], None],
        fail: Callable[[Exception], None] | None = None, quick: bool = False,
    ) -> Progress:  # fmt: skip
        """Run a computation on the open data set in the queue, and cache its result under `key`.

        `done` gets the result unless another data set was opened meanwhile; without `fail`, errors are shown.
        A result that is in memory does not wait for the queue.
        With `quick`, the job runs in the queue of short jobs.
        """
        opened = self.state.data

        def finished(result):
            if self.state.opened is opened:
                done(result)

        def failed(error):
            if fail is not None:
                fail(error)
            elif self.state.opened is opened:
                self.show_error(f"Could not finish {title[:1].lower()}{title[1:]}", error)

        known = self.results.known(opened, key)
        if known is not None:
            return self._deliver(known, title, finished, failed)
        return (self._quick_jobs if quick else self._jobs).submit(
            title,
            lambda progress: self.results.get(opened, key, lambda: work(progress)),
            finished,
            failed,
            key=(key, opened.key),
        )

    def run(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        quick: bool = False,
        key: Hashable | None = None,
        known: Any | None = None,
    ) -> Progress:
        """Run a job in the queue without caching its result, such as an export.

        `key` identifies what `work` itself caches, for `Jobs.submit`; `known` is its result if that is in
        memory, which does not wait for the queue.
        """
        if known is not None:
            return self._deliver(known, title, done, failed)
        return (self._quick_jobs if quick else self._jobs).submit(title, work, done, failed, key)

    def train(
        self,
        title: str,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> Progress:
        """Run a training of potentials, of which one runs at a time; raise an error if it is not allowed."""
        if not self.may_train:
            raise PermissionError("this server does not train potentials")
        return self._training_jobs.submit(title, work, done, failed)

    def cancel_training(self) -> None:
        """Cancel the training of this session."""
        self._training_jobs.cancel()

    def predict(
        self,
        title: str,
        key: Hashable,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Predict with a calculator where training is allowed, in turn with it, and cache the result."""
        if not self.may_train:
            raise PermissionError("this server does not run calculators")
        opened = self.state.data
        self._prediction_jobs.submit(
            title, lambda progress: self.results.get(opened, key, lambda: work(progress)), done, failed,
            key=(key, opened.key),
        )  # fmt: skip

    def cancel_prediction(self) -> None:
        """Cancel the predictions of this session."""
        self._prediction_jobs.cancel()

    def _deliver(self, result: Any, title: str, done: Callable, failed: Callable) -> Progress:
        progress = Progress()
        self.on_loop(lambda: failed(Cancelled(title)) if progress.cancelled else done(result))
        return progress

    def on_loop(self, function: Callable[[], Any]) -> None:
        """Run a function on the event loop, from any thread, unless the session has ended."""
        self._jobs.on_loop(function)

    def cancel(self) -> None:
        """Cancel the job whose progress is shown; the displayed results and all choices stay."""
        self._jobs.cancel_current()

    def cancel_umap(self) -> None:
        """Cancel the embedding; the principal components stay."""
        self._map_jobs.cancel()

    def close(self) -> None:
        """End the session: cancel its jobs and delete its uploads."""
        if not self._closed:
            self._closed = True
            if not session_closed(self._session):
                # No session is left to use it.
                self.results.clear()
        self._jobs.close()
        self._quick_jobs.close()
        self._map_jobs.close()
        self._training_jobs.close()
        self._prediction_jobs.close()
        self.kernels.close()
        self.uploads.close()

    def embed(self) -> None:
        """Embed the open data set with UMAP."""
        opened = self.state.data
        if opened.envs.n_envs < umap_process.MIN_POINTS:
            self.state.map_notice = f"UMAP needs at least {umap_process.MIN_POINTS} environments."
            return

        def is_open() -> bool:
            return self.state.data.descriptor_key == opened.descriptor_key

        def done(xy):
            if is_open():
                n_fitted = min(len(xy), map_placement.LIMIT)
                self.state.param.update(embedding=xy, embedding_kind="UMAP", n_fitted=n_fitted)

        def failed(error):
            if is_open():
                why = "UMAP was cancelled." if isinstance(error, Cancelled) else f"UMAP failed: {error}."
                self.state.map_notice = why

        self.state.map_notice = ""
        key = ("umap", opened.descriptor_key)
        self._map_jobs.submit("UMAP", lambda progress: self.results.umap(opened, progress), done, failed, key)

    def _analyse(
        self, path: Source, name: str, parameters: Parameters, dataset: DataSet | None = None,
        recomputes: bool = False,
    ) -> None:  # fmt: skip
        # First, so that a request that this one replaces does not continue what it interrupted.
        request = self._request = object()
        self._path_updater.cancel()
        self._jobs.cancel()
        self.state.param.update(error="", notice="", opening=name if self.state.opened is not None else "")
        before, marks = self.state.opened, self.state.marks
        envs = self._precomputed.get(parameters.precomputed)

        def work(progress):
            opened = self.results.open(path, name, parameters, progress, dataset, envs)
            same = before is not None and before.dataset.sha256 == opened.dataset.sha256
            # Another label key may mark other isolated atoms.
            untouched = before is not None and marks == Marks(locked=before.dataset.locked)
            now = marks if same and not untouched else Marks(locked=opened.dataset.locked)
            umap = self.results.known_umap(opened) if self._with_umap else None
            paths: tuple[MethodPath, ...]
            if preview := self.results.preview(opened, now, self.state.methods):
                paths, pca = preview.paths, preview.pca
            else:
                # Results of the same file stay until they can be replaced by whole ones.
                paths = (self._path_updater.first_path(opened, now, progress, whole=same),)
                pca = self.results.pca(opened)
            return opened, paths, *((pca, "PCA") if umap is None else (umap, "UMAP"))

        def failed(error):
            if self._request is request:
                self.state.opening = ""
            if self.state.opened is None or path != self.state.opened.dataset.source:
                self.uploads.discard(*_paths(path))
            self.show_error(f"Could not open {name}", error, "" if isinstance(path, tuple) else path, name)
            if self._request is request:
                self.history.keep_results()
                # Those of the file that stays open were cancelled.
                self._path_updater.compute_missing()

        def done(results):
            # Decisions made meanwhile stay.
            marks_now = self.state.marks if self.state.marks != marks else None
            opened, paths, xy, kind = results
            self._show(opened, paths, xy, kind, marks_now, recomputes)

        key = ("opening", path, parameters) if dataset is None and envs is None else None
        progress = self._jobs.submit(f"Opening {name}", work, done, failed, key)
        if self._jobs.is_behind_others:
            self._open_from_cache(name, work, done, progress)

    def _open_from_cache(self, name: str, work: Callable, done: Callable, waiting: Progress) -> None:
        """Open a file without its turn in the queue if that computes nothing, as when a page is reloaded."""

        def refuse(step: str, done: int, total: int) -> None:
            if step != "reading" or done:
                raise Cancelled("not in the cache")

        def found(results):
            if self._jobs.withdraw(waiting):
                done(results)

        self._quick_jobs.submit(f"Opening {name}", lambda _: work(refuse), found, lambda _: None)

    def _show(
        self, opened: AnalysedDataset, paths: Sequence[MethodPath], xy, kind: str, marks: Marks | None,
        recomputes: bool,
    ) -> None:  # fmt: skip
        state, before, path = self.state, self.state.opened, paths[0]
        if before is not None and before.dataset.source != opened.dataset.source:
            self.uploads.discard(*_paths(before.dataset.source))
        # Another bandwidth leaves the map as it is.
        keeps_map = before is not None and before.descriptor_key == opened.descriptor_key
        n_fitted = min(len(xy), map_placement.LIMIT) if kind == "UMAP" else len(xy)
        own_map = {"embedding": xy, "embedding_kind": kind, "n_fitted": n_fitted, "map_notice": ""}
        if not keeps_map:
            self._map_jobs.cancel()
        self._path_updater.forget()
        same = before is not None and before.dataset.sha256 == opened.dataset.sha256
        active = path.method if state.active == MSC_WITH_REFERENCE else state.active
        values = dict(
            opened=opened,
            opening="",
            marks=marks if same and marks is not None else path.marks,
            selected=state.selected if same else (),
            predictions=state.predictions if same else {},
            current_env=state.current_env if same else None,
            parameters=opened.parameters,
            paths={path.method: path for path in paths},
            active=active,
            methods=[m for m in METHODS if m in (*state.methods, active)],
            n_frames=(
                path.possible_size(state.n_frames)
                if same and recomputes
                else method_path.default_size(path.all_sizes)
            ),
            **({} if keeps_map else own_map),
        )
        if same and recomputes:
            self.history.recomputed(**values)
        else:
            state.param.update(**values)
            self.history.forget()
        self._path_updater.compute_missing()
        if self._with_umap and not (
            state.embedding_kind == "UMAP" or state.map_activity.running or state.map_notice
        ):
            # Last in the queue: UMAP starts after the computations for all plots.
            self._jobs.submit("UMAP", lambda _: None, lambda _: self._embed_if(opened), lambda _: None)

    def _embed_if(self, opened: AnalysedDataset) -> None:
        if self.state.opened is opened:
            self.embed()

    def show_error(self, what: str, error: Exception, path: Path | str = "", name: str = "") -> None:
        """Show an error message: `what` failed and why; the file `path` is called `name` there."""
        kept = " What is shown has not changed." if self.state.opened is not None else ""
        if isinstance(error, Cancelled):
            self.state.notice = f"Cancelled.{kept}"
            return
        self.state.error = f"{what}: {error_reason(error, path, name)}{kept}"


def _paths(source: Source) -> tuple[Path, ...]:
    return source if isinstance(source, tuple) else (Path(source),)


def _names(source: Source) -> list[str]:
    return [path.name for path in _paths(source)]
