"""Compute δH at sizes between those of the slider."""

from quests_core import Cancelled, Progress

from ..analysis.exact_deltas import exact_deltas, needs_computing
from ..text.numbers import plural
from .state import State


class DeltaUpdater:
    """Watch the state and keep its `exact_deltas` up to date with its size and paths.

    Parameters
    ----------
    state : State
        Its `exact_deltas` follow `n_frames`, `paths` and `methods`.
    controller : Controller
        Runs the computations.
    """

    def __init__(self, state: State, controller):
        self._state, self._controller = state, controller
        self._request: Progress | None = None
        state.param.watch(lambda *_: self._follow(), ["n_frames", "paths", "methods"])

    def _follow(self) -> None:
        state, opened = self._state, self._state.opened
        if self._request is not None:
            self._request.cancel()
            self._request = None
        if opened is None:
            return
        n_frames = state.n_frames
        missing = [
            path
            for path in state.at_size.values()
            if needs_computing(path, n_frames) and state.exact_deltas.find(path, n_frames) is None
        ]
        if not missing:
            return
        paths = [path for path in state.at_size.values() if needs_computing(path, n_frames)]

        def done(found) -> None:
            if self._request is request:
                self._request, state.exact_deltas = None, found

        def failed(error: Exception) -> None:
            if self._request is request:
                self._request = None
                if not isinstance(error, Cancelled):
                    self._controller.show_error(f"Could not compute δH at {plural(n_frames, 'frame')}", error)

        request = self._request = self._controller.run(
            f"δH at {plural(n_frames, 'frame')}",
            lambda progress: exact_deltas(opened, paths, n_frames, progress),
            done,
            failed,
            quick=True,
        )
