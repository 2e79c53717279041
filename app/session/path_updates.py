"""Keeps the path of every ticked method what methods, marks and reference ask for."""

from quests_core import Progress

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import DEFAULT_METHODS, METHODS, MSC_WITH_REFERENCE, QUICK
from ..analysis.parameters import Marks
from ..analysis.reference import Reference
from .state import State

# Sets of fewer environments are ordered by any method in about a second.
_LARGE = 10_000


class PathUpdater:
    """Follows the state, and has the explorer compute what is missing.

    Parameters
    ----------
    state : State
        Its `paths` follow its `methods`, `marks` and `reference`; one of the methods is always ticked.
    controller : Controller
        Computes.
    """

    def __init__(self, state: State, controller):
        self._state, self._controller = state, controller
        self._asked: dict[tuple[str, Marks, Reference | None], Progress] = {}
        state.param.watch(lambda _: self._follow_methods(), "methods")
        state.param.watch(lambda _: self._follow_marks(), "marks")
        state.param.watch(lambda _: self._follow_reference(), "reference")

    def forget(self) -> None:
        """Cancel what was asked for, as when another file is shown."""
        for progress in self._asked.values():
            progress.cancel()
        self._asked = {}

    def first_of(self, opened: AnalysedDataset) -> str:
        """Return the method to be shown first: a quick one leads where the active one takes long."""
        methods = self._state.methods
        if opened.envs.n_envs > _LARGE and QUICK in methods:
            return QUICK
        own = (self._state.active, *methods, *DEFAULT_METHODS)
        return next(method for method in own if method != MSC_WITH_REFERENCE)

    def compute_missing(self) -> None:
        """Ask for the paths of ticked methods that are not there or no longer true, the active one first."""
        state, opened = self._state, self._state.opened
        if opened is None:
            return
        for method in sorted(state.methods, key=lambda m: m != state.active):
            path, given = state.paths.get(method), state.reference if method == MSC_WITH_REFERENCE else None
            if method == MSC_WITH_REFERENCE and not self._can_use_reference():
                continue
            missing = path is None or not state.is_current(path)
            if missing and (method, state.marks, given) not in self._asked:
                self._compute(opened, method, state.marks, given)

    def _can_use_reference(self) -> bool:
        """Say whether there is a reference that is described as the open file is."""
        reference = self._state.reference
        return reference is not None and reference.describes_like(self._state.data.parameters)

    def _follow_methods(self) -> None:
        """Keep one method of this file's own ticked, and the active one among them."""
        state = self._state
        with self._controller.history.pause():
            if not set(state.methods) - {MSC_WITH_REFERENCE}:
                own = DEFAULT_METHODS[0] if state.active == MSC_WITH_REFERENCE else state.active
                state.methods = [own, *state.methods]
                return
            if state.active not in state.methods and state.shown:
                state.active = next(iter(state.shown))
        self.compute_missing()

    def _follow_marks(self) -> None:
        """Compute the orders anew; what was asked for other marks is not wanted any more."""
        for (_, marks, _given), progress in tuple(self._asked.items()):
            if marks != self._state.marks:
                progress.cancel()
        self.compute_missing()

    def _follow_reference(self) -> None:
        """Order anew by what is new to another reference; without one there is no such order."""
        state = self._state
        for (_, _, given), progress in tuple(self._asked.items()):
            if given is not None and given is not state.reference:
                progress.cancel()
        if state.reference is None and (
            MSC_WITH_REFERENCE in state.methods or MSC_WITH_REFERENCE in state.paths
        ):
            # Never empty: a file is shown with an order of its own.
            own = {method: path for method, path in state.paths.items() if method != MSC_WITH_REFERENCE}
            ticked = [method for method in state.methods if method != MSC_WITH_REFERENCE]
            active = state.active
            if active == MSC_WITH_REFERENCE:
                active = next((method for method in own if method in ticked), next(iter(own)))
            with self._controller.history.pause():
                methods = [method for method in METHODS if method in (*ticked, active)]
                state.param.update(paths=own, methods=methods, active=active)
            # There is no way back to an order that is gone.
            self._controller.history.forget()
        self.compute_missing()

    def _compute(self, opened: AnalysedDataset, method: str, marks: Marks, given: Reference | None) -> None:
        state, key = self._state, (method, marks, given)

        def wanted() -> bool:
            self._asked.pop(key, None)
            same = given is None or given is state.reference
            return state.opened is opened and state.marks == marks and same

        def done(path):
            if wanted():
                with self._controller.history.pause():
                    state.param.update(**self._with_path(path))

        def failed(error):
            if wanted():
                self._take_back(method)
                self._controller.show_error(f"Could not compute {method}", error)

        self._asked[key] = self._controller.run(
            f"Computing {method}",
            lambda progress: self._controller.path(opened, method, marks, progress, given),
            done,
            failed,
        )

    def _take_back(self, method: str) -> None:
        """Return to what is shown where the path of a method cannot be had."""
        state = self._state
        with self._controller.history.pause():
            if method in state.paths and state.paths[method].marks != state.marks:
                # What is shown belongs to the marks before.
                state.marks = state.paths[method].marks
            else:
                state.methods = [m for m in state.methods if m != method]

    def _with_path(self, path: MethodPath) -> dict:
        """Return what changes in the state when a path arrives; the size stays at one of its stops."""
        state = self._state
        changed: dict[str, object] = {"paths": {**state.paths, path.method: path}}
        if path.method == state.active:
            changed["n_frames"] = int(path.sizes[path.position(state.n_frames)])
        return changed
