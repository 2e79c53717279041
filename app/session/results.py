"""Results of the analysis, cached in memory and on disk for all sessions."""

import dataclasses
import logging
import time
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from quests_core import Environments
from quests_core.io.dataset import DataSet, content_hash
from quests_core.io.pool import paths_of, source_names
from quests_core.published import fetch
from quests_core.store.sources import is_store

from ..analysis import analysed_dataset, compare, map_placement, method_path, precomputed, stored
from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.deferred_environments import DeferredEnvironments
from ..analysis.demo_preview import DemoPreview, preview_of
from ..analysis.method_path import MethodPath
from ..analysis.parameters import Marks, Parameters, load
from ..analysis.reference import Reference
from ..jobs import cache, cluster, queue
from ..server.allowed_paths import AllowedPaths
from ..server.uploads import UploadFolder
from ..text.sentences import files_name

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)
_T = TypeVar("_T")
_SECONDS = "seconds of"


class Results:
    """Compute results, or return them from the cache; call the methods in a worker thread.

    Parameters
    ----------
    uploads : UploadFolder
        All uploaded files of the session.
    allowed_paths : AllowedPaths, optional
        Paths that the files of a store must be among; by default all.
    """

    def __init__(self, uploads: UploadFolder, allowed_paths: AllowedPaths | None = None):
        self._uploads, self._allowed_paths = uploads, allowed_paths or AllowedPaths()
        self._cache, self._umap = cache.cache(), queue.umap_worker()
        self._cluster = cluster.cluster()

    def get(self, opened: AnalysedDataset, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return the result about a data set cached under `key`, or compute it."""
        return self._cache.get((key, opened.key), compute)

    def known(self, opened: AnalysedDataset, key: Hashable) -> Any | None:
        """Return the result about a data set that is in memory under `key`, or None; does not block."""
        return self._cache.in_memory((key, opened.key))

    def known_path(self, opened: AnalysedDataset, method: str, marks: Marks) -> MethodPath | None:
        """Return the path of a method without reference that is in memory, or None; does not block."""
        return self._cache.in_memory(("path", opened.key, method, marks))

    def clear(self) -> None:
        """Remove all results of the process from memory."""
        self._cache.clear()

    def open(
        self, path: Path | tuple[Path, ...] | str, name: str, parameters: Parameters, progress,
        dataset: DataSet | None = None, envs: Environments | None = None,
    ) -> AnalysedDataset:  # fmt: skip
        """Return a data set with its environments.

        Parameters
        ----------
        path : Path, tuple of Path, or str
            A file, several, a store of descriptors, or the name of a published data set as str.
        name : str
            Displayed name.
        parameters : Parameters
            Parameters of the analysis.
        progress : callable
            See `quests_core.progress`.
        dataset : DataSet, optional
            By default, the file is read.
        envs : Environments, optional
            Precomputed descriptors; by default they are computed.
        """
        if dataset is None and isinstance(path, Path) and is_store(path):
            return self._open_store(path, parameters, progress)
        dataset = dataset or self._load(path, name, parameters, progress)
        if envs is not None:
            return AnalysedDataset(dataset, parameters, precomputed.check_fit(envs, dataset))
        key = ("environments", dataset.sha256, parameters.k, parameters.cutoff, parameters.species)

        def compute(report=None) -> Environments:
            if (known := self._cache.find(key)) is not None:
                return known
            start = time.perf_counter()
            envs = self._cache.get(key, lambda: analysed_dataset.environments(dataset, parameters, report))
            seconds = np.array([time.perf_counter() - start])
            self._cache.get((_SECONDS, *key), lambda: seconds)
            return envs

        if preview_of(dataset, parameters) is not None and self._cache.find(key) is None:
            offsets = np.cumsum([0, *map(len, dataset.frames)])
            return AnalysedDataset(dataset, parameters, DeferredEnvironments(offsets, compute))
        found = compute(progress)
        return AnalysedDataset(dataset, parameters, found, self._seconds(key))

    def _open_store(self, folder: Path, parameters: Parameters, progress) -> AnalysedDataset:
        """Return a store with its frames, which are read from the files; its parameters replace others."""
        envs = Environments.open(folder)
        sources = tuple(self._allowed_paths.resolve(path) for path in stored.sources(envs))
        parameters = stored.parameters(envs, parameters)
        stored.check_size(envs, sources, parameters.bandwidth, progress)
        # Results are those of the files, and so are the names in records.
        name = files_name(source_names(sources))
        dataset = self._load(sources if len(sources) > 1 else sources[0], name, parameters, progress)
        return stored.analysed(envs, dataset, parameters)

    def _seconds(self, key: tuple) -> float | None:
        seconds = self._cache.find((_SECONDS, *key))
        return None if seconds is None else float(seconds[0])

    def preview(self, opened: AnalysedDataset, marks: Marks, methods: Iterable[str]) -> DemoPreview | None:
        """Return the preview of a data set with the paths of `methods` that are not known exactly.

        None if there is none under these marks, or if it shows no more than the cached results.
        """
        preview = preview_of(opened.dataset, opened.parameters)
        if preview is None or preview.marks != marks:
            return None
        paths = tuple(path for path in preview.paths if path.method in methods)
        if not paths or any(self._cache.find(("path", opened.key, p.method, marks)) for p in paths):
            return None
        self.get(opened, ("label entropies", marks.excluded), lambda: preview.labels)
        self.get(opened, "health", lambda: list(preview.findings))
        return dataclasses.replace(preview, paths=paths)

    def _load(
        self, path: Path | tuple[Path, ...] | str, name: str, parameters: Parameters, progress
    ) -> DataSet:
        source = fetch(path, progress) if isinstance(path, str) else path
        pool = source if isinstance(source, tuple) else ()
        file = paths_of(source)[0]
        progress("reading", 0, 1)
        sha256 = content_hash(source)
        dataset = self._cache.get(
            ("dataset", sha256, *file.suffixes[-2:], *parameters.keys.values()),
            lambda: load(source, name, sha256, progress, **parameters.keys),
        )
        # The cached data set may have the same content and another path.
        return dataclasses.replace(
            dataset, name=name, path=file, pool=pool, uploaded=self._uploads.holds(file)
        )

    def first_part(self, opened: AnalysedDataset, method: str, marks: Marks, progress) -> MethodPath:
        """Return the path of a method if it is cached, otherwise compute only its first part."""
        whole = self._cache.find(("path", opened.key, method, marks))
        return whole or self.by_workers(
            opened, lambda client: method_path.first_part(opened, method, marks, progress, client)
        )

    def path(
        self, opened: AnalysedDataset, method: str, marks: Marks, progress,
        reference: Reference | None = None, on_part: Callable[[MethodPath], None] | None = None,
    ) -> MethodPath:  # fmt: skip
        """Return the path of a method, for `MSC_WITH_REFERENCE` with a reference.

        `on_part` is called with the first part of a path that is not cached; see `method_path`.
        """
        if reference is None:
            return self._cache.get(
                ("path", opened.key, method, marks),
                lambda: self.by_workers(
                    opened,
                    lambda client: method_path.method_path(
                        opened, method, marks, progress, on_part=on_part, client=client
                    ),
                ),
            )
        path = self._cache.get(
            ("path", opened.key, method, marks, reference.sha256),
            lambda: self.by_workers(
                opened,
                lambda client: compare.path_with_reference(
                    opened, reference, marks, progress, on_part, client
                ),
            ),
        )
        # The cached reference may have the same content and another path.
        return dataclasses.replace(path, reference=reference)

    def by_workers(self, opened: AnalysedDataset, compute: "Callable[[Client | None], _T]") -> _T:
        """Return ``compute(client)``, of a store with a client of the server's cluster, which reads it.

        Otherwise, and if the connection is lost meanwhile, `client` is None.
        """
        client = None if self._cluster is None or opened.envs.store is None else self._cluster.client()
        if client is not None:
            try:
                return compute(client)
            except ConnectionError:
                log.warning("the connection to the scheduler was lost: computing in this process")
        return compute(None)

    def pca(self, opened: AnalysedDataset) -> np.ndarray:
        """Return the first two principal components of all environments."""
        return self._cache.get(("pca", opened.descriptor_key), lambda: map_placement.pca(opened.envs.X))

    def known_umap(self, opened: AnalysedDataset) -> np.ndarray | None:
        """Return the UMAP embedding of all environments if it is cached or that of the demo, else None."""
        known = self._cache.find(("umap", opened.descriptor_key))
        preview = preview_of(opened.dataset, opened.parameters)
        return preview.umap if known is None and preview is not None else known

    def umap(self, opened: AnalysedDataset, progress) -> np.ndarray:
        """Return the UMAP embedding of all environments."""
        X = opened.envs.X
        return self._cache.get(
            ("umap", opened.descriptor_key), lambda: map_placement.embed(X, self._umap.embed, progress)
        )
