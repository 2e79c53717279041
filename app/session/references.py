"""Manage reference files and their comparison with the open data set."""

from collections.abc import Callable
from pathlib import Path

import param

from quests_core import Cancelled, Progress
from quests_core.utils.checksum import size_and_time

from ..analysis import compare, stored
from ..analysis import reference as files
from ..analysis.compare import Comparison, Matrix
from ..analysis.method_path import MethodPath
from ..analysis.methods import METHODS, MSC_WITH_REFERENCE
from ..analysis.reference import Reference
from ..text.errors import error_reason
from .controller import Controller
from .state import State

# With more environments, the order given a reference is computed on request only.
AT_ONCE = 50_000


class ReferenceSets(param.Parameterized):
    """Reference files and their comparisons with the open data set; results are None until computed.

    The chosen file is also the `reference` of the state.

    Parameters
    ----------
    state : State
        Holds the open data set.
    controller : Controller
        Runs the computations.
    """

    references = param.ClassSelector(class_=tuple, default=(), doc="Each `Reference` in the list.")
    chosen = param.ClassSelector(class_=Reference, default=None, doc="The `Reference` to compare with.")
    comparison = param.ClassSelector(class_=Comparison, default=None)
    alone = param.Array(
        default=None, doc="Share covered by the reference and the subset of msc together, per size."
    )
    labels = param.ClassSelector(class_=Matrix, default=None, doc="Overlaps of the open file's labels.")
    files = param.ClassSelector(class_=Matrix, default=None, doc="Overlaps of all files.")
    with_files = param.Boolean(default=False, doc="Whether to compute `files`.")
    pending = param.ClassSelector(
        class_=frozenset, default=frozenset(), doc="Names of results being computed."
    )

    def __init__(self, state: State, controller: Controller):
        super().__init__()
        self._state, self._controller = state, controller
        self._uploads = controller.uploads
        self._requests: dict[str, tuple] = {}
        self._tasks: dict[str, Progress] = {}
        self.param.watch(lambda event: setattr(state, "reference", event.new), "chosen")
        self.param.watch(lambda _: self._follow_comparison(), "comparison")
        state.param.watch(lambda _: self._reload_outdated(), "opened")
        state.param.watch(lambda _: self._request_alone(), "paths")

    def upload(self, name: str, content: bytes | str) -> None:
        """Add an uploaded file to the list."""
        try:
            path = self._uploads.save(name, content)
        except (OSError, ValueError) as error:
            # Without the path on the server.
            why = getattr(error, "strerror", None) or error
            self._state.error = f"Could not upload {name[:100]}: {why}."
        else:
            self._add(path, name)

    def add(
        self, path: str | Path, name: str | None = None, added: Callable[[], object] = lambda: None
    ) -> None:
        """Read a file, add it to the list and compare with it; call `added` once it is in the list."""
        try:
            path = self._controller.place(path)
        except ValueError as error:
            self._state.error = f"Could not add the file: {error}."
        else:
            self._add(path, name or path.name, added)

    def _add(self, path: Path, name: str, added: Callable[[], object] = lambda: None) -> None:
        opened = self._state.opened
        if opened is None:
            return
        try:
            state = size_and_time(path)
        except OSError as error:
            self._state.error = f"Could not add {name}: {error_reason(error, path, name)}"
            return
        parameters = opened.parameters
        described = parameters.k, parameters.cutoff, parameters.species
        key = ("reference", str(path), *state, *described)
        uploaded = self._uploads.holds(path)
        self._state.param.update(error="", notice="")

        def done(other: Reference) -> None:
            self._added(other)
            added()

        self._controller.compute(
            f"Adding {name}",
            key,
            lambda progress: files.reference(path, name, parameters, uploaded, progress),
            done,
            lambda error: self._failed(name, error, path),
        )

    def _added(self, other: Reference) -> None:
        others = tuple(old for old in self.references if old.path != other.path)
        self.param.update(references=(*others, other), chosen=other)
        self.refresh()

    def _failed(self, name: str, error: Exception, path: Path) -> None:
        if all(other.path != path for other in self.references):
            self._uploads.discard(path)
        if isinstance(error, Cancelled):
            self._state.notice = "Cancelled."
        else:
            self._state.error = f"Could not add {name}: {error_reason(error, path, name)}"

    def remove(self, other: Reference) -> None:
        """Remove a file from the list."""
        others = tuple(old for old in self.references if old is not other)
        self._uploads.discard(other.path)
        self.param.update(references=others, chosen=others[-1] if others else None)
        self.refresh()

    def refresh(self) -> None:
        """Recompute missing or outdated results; drop those without input."""
        opened, marks, chosen = self._state.opened, self._state.marks, self.chosen
        if opened is None or self._reload_outdated():
            return
        excluded, others = marks.excluded, self.references
        hashes = tuple(other.sha256 for other in others)
        if chosen is None:
            self._drop("comparison")
        else:
            self._request(
                "comparison", "Comparing two sets", self._comparison_key(),
                lambda progress: self._controller.results.by_workers(
                    opened, lambda client: compare.compare(opened, chosen, marks, progress, client)
                ),
            )  # fmt: skip
        self._request(
            "labels", "Comparing labels", (excluded,),
            lambda progress: compare.label_matrix(opened, marks, progress),
        )  # fmt: skip
        if self.with_files and others:
            self._request(
                "files", "Comparing files", (hashes, excluded),
                lambda progress: compare.file_matrix(opened, others, marks, progress),
            )  # fmt: skip
        else:
            self._drop("files")
        self._follow_comparison()

    def _follow_comparison(self) -> None:
        """Order the frames given the chosen file, if that is quick."""
        state = self._state
        if self.comparison is not None and state.data.envs.n_envs <= AT_ONCE:
            with self._controller.history.pause():
                self.add_up()
        self._request_alone()

    def add_up(self) -> None:
        """Select the method that orders the frames given the chosen file."""
        ticked = (*self._state.methods, MSC_WITH_REFERENCE)
        self._state.methods = [method for method in METHODS if method in ticked]

    def _request_alone(self) -> None:
        """Compute the share that the reference and the order of `msc` without it cover together."""
        state, comparison, chosen = self._state, self.comparison, self.chosen
        path: MethodPath | None = state.paths.get("msc")
        if (
            comparison is None or chosen is None or path is None or not state.is_current(path)
            or not self._is_current("comparison", self._comparison_key())
        ):  # fmt: skip
            self._drop("alone")
            return
        self._request(
            "alone", "Comparing with msc", (chosen.sha256, state.marks),
            lambda progress: compare.covered_along(comparison.novelty, path.delta_entropy),
        )  # fmt: skip

    def _comparison_key(self) -> tuple:
        return self.chosen and self.chosen.sha256, self._state.marks.excluded

    def _is_current(self, name: str, key: tuple | None) -> bool:
        return self._requests.get(name) == (self._state.opened, key)

    def _reload_outdated(self) -> bool:
        """Recompute outdated descriptors of the references; return whether there were any."""
        if self._state.opened is None:
            return False
        now = self._state.opened.parameters
        stale = [other for other in self.references if not other.is_comparable(now)]
        if of_store := next((other for other in stale if other.envs.store is not None), None):
            # It has no other descriptors.
            own, others = stored.described(of_store.parameters), stored.described(now)
            self._state.notice = (
                f"{of_store.name} was removed from the list: its descriptors have {own}, and those of the "
                f"open file {others}."
            )
            # Which leads here again.
            self.remove(of_store)
            return True
        # The chosen one comes last, so that it is chosen again.
        for other in sorted(stale, key=lambda other: other is self.chosen):
            self._add(other.path, other.name)
        return bool(stale)

    def _drop(self, name: str) -> None:
        """Discard the result `name` and cancel its computation."""
        if not self._is_current(name, None):
            self._cancel(name, None)
            self.param.update(pending=self.pending - {name}, **{name: None})

    def _cancel(self, name: str, key: tuple | None) -> tuple:
        """Cancel the computation of `name`; return the request for `key` that takes its place."""
        if name in self._tasks:
            self._tasks.pop(name).cancel()
        asked = self._requests[name] = (self._state.opened, key)
        return asked

    def _request(self, name: str, title: str, key: tuple, work: Callable[[Progress], object]) -> None:
        """Compute the result `name` unless it is up to date for `key`."""
        if self._is_current(name, key):
            return
        asked = self._cancel(name, key)
        self.param.update(pending=self.pending | {name}, **{name: None})

        def is_wanted() -> bool:
            return self._requests.get(name) is asked

        def done(result):
            if is_wanted():
                self.param.update(pending=self.pending - {name}, **{name: result})

        def failed(error):
            if is_wanted():
                del self._requests[name]
                self.pending = self.pending - {name}
                if not isinstance(error, Cancelled):
                    self._state.error = f"Could not finish {title[:1].lower()}{title[1:]}: {error}"

        self._tasks[name] = self._controller.compute(title, (name, key), work, done, failed)
