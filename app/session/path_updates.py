"""Keep the paths of the selected methods up to date with methods, marks and reference."""

from collections.abc import Callable

from quests_core import Cancelled, Progress

from ..analysis import method_path
from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import DEFAULT_METHODS, METHODS, MSC_WITH_REFERENCE, QUICK
from ..analysis.parameters import Marks
from ..analysis.reference import Reference
from ..text.parts import stopped_text
from .state import State

# For fewer environments, every method takes about a second.
_LARGE = 10_000


_Key = tuple[str, Marks, Reference | None]


class PathUpdater:
    """Watch the state and compute missing paths.

    Parameters
    ----------
    state : State
        Its `paths` follow its `methods`, `marks` and `reference`; at least one method is always selected.
    controller : Controller
        Runs the computations.
    """

    def __init__(self, state: State, controller):
        self._state, self._controller = state, controller
        self._requests: dict[_Key, Progress] = {}
        # Cancelled or failed, and not to be tried again until they are unticked and ticked.
        self._stopped: set[_Key] = set()
        state.param.watch(lambda _: self._follow_methods(), "methods")
        state.param.watch(lambda _: self._follow_marks(), "marks")
        state.param.watch(lambda _: self._follow_reference(), "reference")

    def forget(self) -> None:
        """Cancel all requests, as another file is open."""
        self.cancel()
        self._stopped = set()

    def cancel(self) -> None:
        """Cancel all requests and change nothing else; `compute_missing` makes them again."""
        self._cancel(lambda key: True)

    def _cancel(self, is_unwanted: Callable[[_Key], bool]) -> None:
        """Cancel requests and forget them, so that they can be made again before they have ended."""
        for key in [key for key in self._requests if is_unwanted(key)]:
            self._requests.pop(key).cancel()

    def first_path(self, opened: AnalysedDataset, marks: Marks, progress, whole: bool) -> MethodPath:
        """Compute the path to display first; of a large data set only its first part, unless `whole`."""
        method, results = self.first_of(opened), self._controller.results
        if whole or opened.envs.n_envs <= _LARGE or method != QUICK:
            return results.path(opened, method, marks, progress)
        return results.first_part(opened, method, marks, progress)

    def first_of(self, opened: AnalysedDataset) -> str:
        """Return the method to compute first: a quick one for large data sets."""
        methods = self._state.methods
        if opened.envs.n_envs > _LARGE and QUICK in methods:
            return QUICK
        own = (self._state.active, *methods, *DEFAULT_METHODS)
        return next(method for method in own if method != MSC_WITH_REFERENCE)

    def compute_missing(self) -> None:
        """Request the paths of selected methods that are missing, outdated or known in part.

        Those known in part come first, as they were requested first, then the active one. Previews are
        replaced last, and only when all kernels are compiled.
        """
        state, opened = self._state, self._state.opened
        if opened is None:
            return
        previews = self._previews()
        order = sorted(state.methods, key=lambda m: (m in previews, m not in state.parts, m != state.active))
        for method in order:
            if method in previews and self._controller.kernels.is_compiling:
                continue
            path, given = state.paths.get(method), state.reference if method == MSC_WITH_REFERENCE else None
            if method == MSC_WITH_REFERENCE and not self._can_use_reference():
                continue
            missing = path is None or not state.is_current(path) or path.is_preview
            key = (method, state.marks, given)
            if missing and key not in self._requests and key not in self._stopped:
                self._compute(opened, method, state.marks, given)

    def _previews(self) -> set[str]:
        """Return the methods of which a preview under the current marks is displayed."""
        return {
            method
            for method, path in self._state.paths.items()
            if path.is_preview and self._state.is_current(path)
        }

    def _can_use_reference(self) -> bool:
        """Return whether a reference with the same descriptor parameters is chosen."""
        reference = self._state.reference
        return reference is not None and reference.is_comparable(self._state.data.parameters)

    def _follow_methods(self) -> None:
        """Keep a method without reference selected, and the active method among those selected."""
        state = self._state
        self._stopped = {key for key in self._stopped if key[0] in state.methods}
        with self._controller.history.pause():
            if not set(state.methods) - {MSC_WITH_REFERENCE}:
                own = DEFAULT_METHODS[0] if state.active == MSC_WITH_REFERENCE else state.active
                state.methods = [own, *state.methods]
                return
            if state.active not in state.methods and state.shown:
                state.active = next(iter(state.shown))
        self.compute_missing()

    def _follow_marks(self) -> None:
        """Recompute the orders; cancel requests for other marks."""
        self._cancel(lambda key: key[1] != self._state.marks)
        self.compute_missing()

    def _follow_reference(self) -> None:
        """Recompute the order given the reference; remove it if there is no reference."""
        state = self._state
        self._cancel(lambda key: key[2] is not None and key[2] is not state.reference)
        if state.reference is None and (
            MSC_WITH_REFERENCE in state.methods or MSC_WITH_REFERENCE in state.paths
        ):
            # Never empty: the first order of a file needs no reference.
            own = {method: path for method, path in state.paths.items() if method != MSC_WITH_REFERENCE}
            ticked = [method for method in state.methods if method != MSC_WITH_REFERENCE]
            active = state.active
            if active == MSC_WITH_REFERENCE:
                active = next((method for method in own if method in ticked), next(iter(own)))
            with self._controller.history.pause():
                methods = [method for method in METHODS if method in (*ticked, active)]
                state.param.update(paths=own, methods=methods, active=active)
            # Undo cannot restore a removed order.
            self._controller.history.forget()
        self.compute_missing()

    def _compute(self, opened: AnalysedDataset, method: str, marks: Marks, given: Reference | None) -> None:
        state, key = self._state, (method, marks, given)

        def wanted() -> bool:
            if self._requests.get(key) is not request:
                return False
            del self._requests[key]
            return state.opened is opened

        def done(path):
            if wanted():
                with self._controller.history.pause():
                    state.param.update(**self._with_path(path))

        def failed(error):
            if wanted():
                self._stopped.add(key)
                if isinstance(error, Cancelled):
                    state.notice = f"Cancelled. {self._stopped_text(method)}"
                else:
                    self._revert(method)
                    self._controller.show_error(f"Could not compute {method}", error)

        def part_done(part):
            is_wanted = self._requests.get(key) is request and state.opened is opened
            if (
                is_wanted
                and not request.cancelled
                and self._shows_part(opened, method, marks, len(part.order))
            ):
                with self._controller.history.pause():
                    state.paths = {**state.paths, method: part}

        def on_part(part):
            self._controller.on_loop(lambda: part_done(part))

        largest = method_path.part_sizes(opened, marks)[-1]
        report = on_part if self._shows_part(opened, method, marks, largest) else None
        request = self._requests[key] = self._controller.run(
            f"Computing {method}",
            lambda progress: self._controller.results.path(opened, method, marks, progress, given, report),
            done,
            failed,
            key=("path", opened.key, method, marks, given and given.sha256),
            known=None if given else self._controller.results.known_path(opened, method, marks),
        )

    def _shows_part(self, opened: AnalysedDataset, method: str, marks: Marks, n_frames: int) -> bool:
        """Return whether a part is to be displayed: it replaces no whole path, and no longer part."""
        path = self._state.paths.get(method)
        is_new = path is None or not (path.is_whole or (path.marks == marks and len(path.order) >= n_frames))
        return is_new and opened.envs.n_envs > _LARGE

    def _stopped_text(self, method: str) -> str:
        """Return that a method is not computed, and how to compute it."""
        if parts := {name: part for name, part in self._state.parts.items() if name == method}:
            return stopped_text(parts)
        path = self._state.paths.get(method)
        shown = "" if path is None else "; its earlier results stay"
        return f"{method} is not computed{shown}. To compute it, untick it and tick it again."

    def _revert(self, method: str) -> None:
        """Revert to the displayed state after the path of a method failed; a part or preview stays."""
        state = self._state
        kept = {*state.parts, *self._previews()}
        with self._controller.history.pause():
            if method in state.paths and state.paths[method].marks != state.marks:
                # The displayed path belongs to the previous marks.
                state.marks = state.paths[method].marks.with_reasons_of(state.marks)
            elif method not in kept:
                state.methods = [m for m in state.methods if m != method]

    def _with_path(self, path: MethodPath) -> dict:
        """Return the changes of the state for a new path; the size becomes one that it has."""
        state = self._state
        changed: dict[str, object] = {"paths": {**state.paths, path.method: path}}
        if path.method == state.active:
            changed["n_frames"] = path.possible_size(state.n_frames)
        return changed
