"""Keep the size of the subset at the target."""

from ..analysis.target import SIZE, Target
from .state import State
from .undo import History


class TargetFollower:
    """Update the size while a target is set; a size set by the user clears the target.

    Parameters
    ----------
    state : State
        Its `n_frames` follows its `target`, `active` and `paths`.
    history : History
        Paused during updates: they are not decisions of the user.
    """

    def __init__(self, state: State, history: History):
        self._state, self._history = state, history
        self._aimed = state.n_frames
        state.param.watch(self._changed, ["target", "active", "paths", "n_frames"])

    def _changed(self, *events) -> None:
        state = self._state
        if state.target.mode == SIZE:
            return
        if {event.name for event in events} != {"n_frames"}:
            self._follow()
        elif state.n_frames != self._aimed:
            with self._history.pause():
                state.target = Target()

    def _follow(self) -> None:
        state, path = self._state, self._state.path
        self._aimed = state.n_frames
        # Of a part, the knee or the largest size are not known yet.
        if path is not None and path.is_whole:
            position = state.target.position(path.curve)
            self._aimed = state.n_frames if position is None else int(path.curve["n_frames"].iloc[position])
        with self._history.pause():
            state.n_frames = self._aimed
