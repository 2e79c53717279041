"""Handle the requests of the user: start jobs and update the state with their results."""

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from quests_core import Cancelled, Environments, Progress
from quests_core.io.pool import paths_of, source_names
from quests_core.published import is_name

from ..analysis import map_placement, precomputed
from ..analysis.parameters import Parameters
from ..exports import subset
from ..jobs import cluster, queue, umap_process
from ..server.allowed_paths import AllowedPaths
from ..server.telemetry import session_closed, session_opened
from ..server.uploads import UploadFolder
from ..text.errors import error_reason
from ..text.numbers import plural
from ..text.sentences import files_name
from .delta_updater import DeltaUpdater
from .entropy_estimate import EntropyEstimateUpdater
from .kernel_compilation import KernelCompilation
from .opening import Opener, Source
from .path_updates import PathUpdater
from .results import Results
from .state import State
from .target_follower import TargetFollower
from .undo import History

DEMO = Path(__file__).parents[1] / "assets" / "demo.xyz.gz"
DEMO_NAME = "Demo: carbon (GFN1-xTB)"


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
        self.uploads = UploadFolder()
        self.kernels = KernelCompilation(state, schedule)
        self.results = Results(self.uploads, self.allowed_paths)
        self._path_updater = PathUpdater(state, self)
        self._opener = Opener(state, self, self._path_updater, self._jobs, self._quick_jobs, with_umap)
        self._delta_updater = DeltaUpdater(state, self)
        self._entropy_updater = EntropyEstimateUpdater(state, self)
        self._cluster = cluster.cluster()
        self._closed = False
        self._session = session_opened(self)

    def compile_kernels(self) -> None:
        """Compile missing kernels in the background, and then replace previews by results."""
        self.kernels.start(self._path_updater.compute_missing)

    def follow_cluster(self) -> None:
        """Keep the state of the server's cluster up to date, if it has one."""
        if self._cluster is not None:
            self._cluster.watch(self._show_cluster)

    def _show_cluster(self, status: cluster.ClusterStatus) -> None:
        self.on_loop(lambda: setattr(self.state, "cluster", status))

    def open_demo(self) -> None:
        """Open the data set that ships with the package."""
        self._opener.open(DEMO.resolve(), DEMO_NAME, self._opener.parameters(None))

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
                self.state.error = f"Could not upload {name[:100]}: {why}."
                self.uploads.discard(*paths)
                return
        source = paths[0] if len(paths) == 1 else tuple(paths)
        self._opener.open(source, files_name(list(files)), self._opener.parameters(envs))

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
            self._opener.open(where, name or files_name(_names(where)), self._opener.parameters(envs))

    def open_environments(self, envs: Environments, name: str) -> None:
        """Open descriptors without frames."""
        self._opener.open(Path(), name, self._opener.parameters(envs), precomputed.without_frames(envs, name))

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
        if parameters != opened.parameters:
            source = opened.source_for(parameters)
            self._opener.open(source, opened.dataset.name, parameters, recomputes=True)

    def describe_by(self, envs: Environments, name: str, bandwidth: float) -> None:
        """Analyse the open file again with descriptors from elsewhere, which a record calls `name`."""
        opened = self.state.opened
        if opened is not None:
            self.recompute(
                dataclasses.replace(
                    opened.parameters,
                    precomputed=self._opener.keep(envs),
                    descriptor=name,
                    bandwidth=bandwidth,
                )
            )

    @property
    def shows_demo(self) -> bool:
        """Whether the demo data set is open."""
        return self.state.opened is not None and self.state.opened.dataset.path == DEMO.resolve()

    def save(self, target: str, n_frames: int, order: str) -> None:
        """Save the displayed subset and its record to a path on the server."""
        opened, path = self.state.opened, self.state.path
        if opened is None or path is None or not path.is_whole:
            return
        if self.state.is_current(path):
            path = self.state.with_reasons(path)
        self.state.param.update(error="", notice="")
        try:
            target = str(self.allowed_paths.find_target(target))
        except ValueError as error:
            self.state.error = f"Could not save: {error}."
            return

        def done(written):
            self.state.notice = f"Saved {plural(n_frames, 'frame')} and a record to {written}."

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
        if self._cluster is not None:
            self._cluster.unwatch(self._show_cluster)
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

    def show_error(self, what: str, error: Exception, path: Path | str = "", name: str = "") -> None:
        """Show an error message: `what` failed and why; the file `path` is called `name` there."""
        kept = " The results shown are unchanged." if self.state.opened is not None else ""
        if isinstance(error, Cancelled):
            self.state.notice = f"Cancelled.{kept}"
            return
        self.state.error = f"{what}: {error_reason(error, path, name)}{kept}"


def _names(source: Source) -> list[str]:
    return source_names(paths_of(source))
