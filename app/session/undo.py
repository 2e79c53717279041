"""Undo and redo the user's decisions."""

import time

import param

REMEMBERED = ("marks", "n_frames", "active", "methods", "selected", "target", "parameters")
# Changes of the size within this time, seconds, are one decision, such as a drag.
_ONE_GESTURE = 1.0
_LENGTH = 200


class History(param.Parameterized):
    """History of the decisions in a session; watches the state.

    Parameters
    ----------
    state : State
        Its parameters `REMEMBERED` are restored.
    recompute : callable
        Called with the `Parameters` of a step that differ from those of the results, which it replaces.
    clock : callable
        Time in seconds, to distinguish a drag from two decisions.
    """

    can_undo = param.Boolean(default=False)
    can_redo = param.Boolean(default=False)

    def __init__(self, state, recompute=lambda parameters: None, clock=time.monotonic):
        super().__init__()
        self._state, self._recompute, self._clock = state, recompute, clock
        self._paused = 0
        state.param.watch(self._changed, list(REMEMBERED))
        self.forget()

    def forget(self) -> None:
        """Restart the history from the current state, as after opening a file."""
        self._past: list[dict] = []
        self._future: list[dict] = []
        self._last: tuple[tuple[str, ...], float] = ((), float("-inf"))
        self._now = self._values()
        self._update_flags()

    def recomputed(self, **values) -> None:
        """Set the values of results with other parameters: one decision, unless undo or redo caused it."""
        if values["parameters"] != self._now["parameters"]:
            self._past, self._future = [*self._past[-_LENGTH + 1 :], self._now], []
        self._last = ((), float("-inf"))
        with self.pause():
            self._state.param.update(**values)
        self._update_flags()

    def keep_results(self) -> None:
        """Take the values of the state for the displayed step, as a recomputation failed or was cancelled."""
        self._now = self._values()

    def undo(self) -> None:
        """Undo one decision."""
        self._go(self._past, self._future)

    def redo(self) -> None:
        """Redo the last undone decision."""
        self._go(self._future, self._past)

    @property
    def steps(self) -> tuple[list[dict], int]:
        """The values of `REMEMBERED` after each decision, oldest first, and the index of the current ones."""
        now = self._values() if self._paused else self._now
        return [*self._past, now, *reversed(self._future)], len(self._past)

    def restore(self, steps: list[dict], at: int) -> None:
        """Restore the steps of an earlier session and its displayed step."""
        self._past, self._now, self._future = steps[:at], steps[at], steps[:at:-1]
        self._show(self._now)

    def pause(self):
        """Return a context in which changes of the state are not recorded as decisions."""
        return _Paused(self)

    def _values(self) -> dict:
        return {name: getattr(self._state, name) for name in REMEMBERED}

    def _go(self, source: list, target: list) -> None:
        if source:
            target.append(self._now)
            step = source.pop()
            self._show(step)
            if step["parameters"] != self._state.parameters:
                self._now = step
                self._recompute(step["parameters"])

    def _show(self, step: dict) -> None:
        """Set all values of a step but the parameters, which only change with the results."""
        self._last = ((), float("-inf"))
        with self.pause():
            self._state.param.update(**{name: step[name] for name in REMEMBERED if name != "parameters"})
        self._update_flags()

    def _changed(self, *events) -> None:
        if self._paused:
            return
        names, now = tuple(sorted(event.name for event in events)), self._clock()
        before, when = self._last
        if names != before or names != ("n_frames",) or now - when > _ONE_GESTURE:
            self._past = [*self._past[-_LENGTH + 1 :], self._now]
        self._future, self._now, self._last = [], self._values(), (names, now)
        self._update_flags()

    def _update_flags(self) -> None:
        self.param.update(can_undo=bool(self._past), can_redo=bool(self._future))


class _Paused:
    def __init__(self, history: History):
        self._history = history

    def __enter__(self):
        self._history._paused += 1

    def __exit__(self, *_):
        self._history._paused -= 1
        if not self._history._paused:
            self._history._now = self._history._values()
