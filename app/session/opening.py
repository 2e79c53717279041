"""Open data sets: analyse one in the queue, and show it in place of the one before."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from quests_core import Cancelled, Environments, Progress
from quests_core.io.dataset import DataSet
from quests_core.io.pool import paths_of
from quests_core.store.sources import is_store

from ..analysis import map_placement, method_path, precomputed, stored
from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHODS, MSC_WITH_REFERENCE
from ..analysis.parameters import Marks, Parameters
from ..jobs.queue import Jobs
from .path_updates import PathUpdater
from .state import State

# A file, several as one data set, or the name of a published data set.
Source = Path | tuple[Path, ...] | str
# Descriptors from elsewhere that are kept for one data set.
_MOST_KEPT = 3


class Opener:
    """Open one data set at a time; the open one stays until the next is analysed.

    Parameters
    ----------
    state : State
        Changed on the event loop only.
    controller : Controller
        Its results, uploads and history are used, and it shows errors.
    path_updater : PathUpdater
        Computes the first order, and then the others.
    jobs, quick_jobs : Jobs
        Queues of the session; a data set whose results are cached does not wait for the first.
    with_umap : bool
        Whether to embed with UMAP after everything else is shown.
    """

    def __init__(
        self, state: State, controller, path_updater: PathUpdater, jobs: Jobs, quick_jobs: Jobs,
        with_umap: bool,
    ):  # fmt: skip
        self._state, self._controller, self._path_updater = state, controller, path_updater
        self._jobs, self._quick_jobs, self._with_umap = jobs, quick_jobs, with_umap
        self._precomputed: dict[str, Environments] = {}
        self._request: object | None = None

    def parameters(self, envs: Environments | None) -> Parameters:
        """Return the parameters for a new data set, and keep its precomputed descriptors until the next."""
        self._precomputed = {} if envs is None else {precomputed.hash_of(envs): envs}
        parameters = self._state.parameters
        if parameters.precomputed and envs is None:
            # A bandwidth in the unit of other descriptors.
            parameters = dataclasses.replace(parameters, bandwidth=Parameters().bandwidth, descriptor="")
        # Keys belong to one file: the open one or, before any is open, the one in the link.
        if self._state.opened is not None:
            parameters = parameters.without_keys()
        return dataclasses.replace(parameters, precomputed=next(iter(self._precomputed), ""))

    def keep(self, envs: Environments) -> str:
        """Keep descriptors of the open data set, with those before for undo; return their hash."""
        key = precomputed.hash_of(envs)
        kept = [(other, known) for other, known in self._precomputed.items() if other != key]
        self._precomputed = dict([*kept[1 - _MOST_KEPT :], (key, envs)])
        return key

    def open(
        self, path: Source, name: str, parameters: Parameters, dataset: DataSet | None = None,
        recomputes: bool = False,
    ) -> None:  # fmt: skip
        """Analyse a data set in the queue and show it; `recomputes` keeps the size and is a step of undo."""
        # First, so that a request that this one replaces does not continue what it interrupted.
        request = self._request = object()
        self._path_updater.cancel()
        self._jobs.cancel()
        self._state.param.update(error="", notice="", opening=name if self._state.opened is not None else "")
        before, marks = self._state.opened, self._state.marks
        envs = self._precomputed.get(parameters.precomputed)
        if envs is None and parameters.precomputed:
            self._state.error = "Those descriptors are no longer in memory; choose them again."
            self._controller.history.keep_results()
            return

        def work(progress):
            opened = self._controller.results.open(path, name, parameters, progress, dataset, envs)
            same = before is not None and before.dataset.sha256 == opened.dataset.sha256
            # Another label key may mark other isolated atoms.
            untouched = before is not None and marks == Marks(locked=before.dataset.locked)
            now = marks if same and not untouched else Marks(locked=opened.dataset.locked)
            umap = self._controller.results.known_umap(opened) if self._with_umap else None
            paths: tuple[MethodPath, ...]
            if preview := self._controller.results.preview(opened, now, self._state.methods):
                paths = preview.paths
            else:
                # Results of the same file stay until they can be replaced by whole ones.
                paths = (self._path_updater.first_path(opened, now, progress, whole=same),)
            if umap is None:
                pca = preview.pca if preview else self._controller.results.pca(opened)
                return opened, paths, pca, "PCA"
            return opened, paths, umap, "UMAP"

        def failed(error):
            if self._request is request:
                self._state.opening = ""
            if self._state.opened is None or path != self._state.opened.dataset.source:
                self._controller.uploads.discard(*paths_of(path))
            self._controller.show_error(
                f"Could not {'recompute' if recomputes else 'open'} {name}",
                error,
                # A command in the message needs the path of the store.
                "" if isinstance(path, tuple) or is_store(path) else path,
                name,
            )
            if self._request is request:
                self._controller.history.keep_results()
                # Those of the file that stays open were cancelled.
                self._path_updater.compute_missing()

        def done(results):
            # Decisions made meanwhile stay.
            marks_now = self._state.marks if self._state.marks != marks else None
            opened, paths, xy, kind = results
            self._show(opened, paths, xy, kind, marks_now, recomputes)
            if opened.envs.store is not None and not recomputes:
                store, described = opened.envs.store.path.name, stored.described(opened.parameters)
                self._state.notice = f"The descriptors are those of the store {store}: {described}."

        key = ("opening", path, parameters) if dataset is None and envs is None else None
        title = f"{'Recomputing' if recomputes else 'Opening'} {name}"
        progress = self._jobs.submit(title, work, done, failed, key)
        if self._jobs.is_behind_others:
            self._open_from_cache(title, work, done, progress)

    def _open_from_cache(self, title: str, work: Callable, done: Callable, waiting: Progress) -> None:
        """Open a file without its turn in the queue if that computes nothing, as when a page is reloaded."""

        def refuse(step: str, done: int, total: int) -> None:
            if step != "reading" or done:
                raise Cancelled("not in the cache")

        def found(results):
            if self._jobs.withdraw(waiting):
                done(results)

        self._quick_jobs.submit(title, lambda _: work(refuse), found, lambda _: None)

    def _show(
        self, opened: AnalysedDataset, paths: Sequence[MethodPath], xy, kind: str, marks: Marks | None,
        recomputes: bool,
    ) -> None:  # fmt: skip
        state, before, path = self._state, self._state.opened, paths[0]
        if before is not None and before.dataset.source != opened.dataset.source:
            self._controller.uploads.discard(*paths_of(before.dataset.source))
        # Another bandwidth leaves the map as it is.
        keeps_map = before is not None and before.descriptor_key == opened.descriptor_key
        n_fitted = min(len(xy), map_placement.LIMIT) if kind == "UMAP" else len(xy)
        own_map = {"embedding": xy, "embedding_kind": kind, "n_fitted": n_fitted, "map_notice": ""}
        if not keeps_map:
            self._controller.cancel_umap()
        self._path_updater.forget()
        same = before is not None and before.dataset.sha256 == opened.dataset.sha256
        active = path.method if state.active == MSC_WITH_REFERENCE else state.active
        kept = state.marks if same else Marks()
        values = dict(
            opened=opened,
            opening="",
            marks=marks if same and marks is not None else path.marks.with_reasons_of(kept),
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
            self._controller.history.recomputed(**values)
        else:
            state.param.update(**values)
            self._controller.history.forget()
        self._path_updater.compute_missing()
        if self._with_umap and not (
            state.embedding_kind == "UMAP" or state.map_activity.running or state.map_notice
        ):
            # Last in the queue: UMAP starts after the computations for all plots.
            self._jobs.submit("UMAP", lambda _: None, lambda _: self._embed_if(opened), lambda _: None)

    def _embed_if(self, opened: AnalysedDataset) -> None:
        if self._state.opened is opened:
            self._controller.embed()
