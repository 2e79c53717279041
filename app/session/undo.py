"""Undo and redo of what the user decided."""

import time

import param

REMEMBERED = ("marks", "n_frames", "active", "methods", "selected", "target")
# A drag is one decision, however many stops it passes.
_ONE_GESTURE = 1.0
_LENGTH = 200


class History(param.Parameterized):
    """The decisions of a session, forwards and backwards; watches the state by itself.

    Parameters
    ----------
    state : State
        Its parameters `REMEMBERED` are restored.
    clock : callable
        Seconds, for telling a drag from two decisions.
    """

    can_undo = param.Boolean(default=False)
    can_redo = param.Boolean(default=False)

    def __init__(self, state, clock=time.monotonic):
        super().__init__()
        self._state, self._clock = state, clock
        self._paused = 0
        state.param.watch(self._changed, list(REMEMBERED))
        self.forget()

    def forget(self) -> None:
        """Start anew from the state as it is, as after opening a file."""
        self._past: list[dict] = []
        self._future: list[dict] = []
        self._last: tuple[tuple[str, ...], float] = ((), float("-inf"))
        self._now = self._values()
        self._tell()

    def undo(self) -> None:
        """Go back by one decision."""
        self._go(self._past, self._future)

    def redo(self) -> None:
        """Take the last undo back."""
        self._go(self._future, self._past)

    @property
    def steps(self) -> tuple[list[dict], int]:
        """The values of `REMEMBERED` after each decision, the oldest first, and which of them are shown."""
        now = self._values() if self._paused else self._now
        return [*self._past, now, *reversed(self._future)], len(self._past)

    def restore(self, steps: list[dict], at: int) -> None:
        """Take over the steps of a session that is gone, and show what it showed."""
        self._past, self._now, self._future = steps[:at], steps[at], steps[:at:-1]
        self._last = ((), float("-inf"))
        with self.pause():
            self._state.param.update(**self._now)
        self._tell()

    def pause(self):
        """Return a context in which changes belong to no decision: the program makes them."""
        return _Paused(self)

    def _values(self) -> dict:
        return {name: getattr(self._state, name) for name in REMEMBERED}

    def _go(self, source: list, target: list) -> None:
        if source:
            target.append(self._now)
            self._now = source.pop()
            self._last = ((), float("-inf"))
            with self.pause():
                self._state.param.update(**self._now)
            self._tell()

    def _changed(self, *events) -> None:
        if self._paused:
            return
        names, now = tuple(sorted(event.name for event in events)), self._clock()
        before, when = self._last
        if names != before or names != ("n_frames",) or now - when > _ONE_GESTURE:
            self._past = [*self._past[-_LENGTH + 1 :], self._now]
        self._future, self._now, self._last = [], self._values(), (names, now)
        self._tell()

    def _tell(self) -> None:
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
