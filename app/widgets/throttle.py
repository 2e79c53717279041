"""What is asked for many times a second, such as while a plot is dragged, is done a few times."""

from collections.abc import Callable


class Throttle:
    """Calls `function` once for all that is asked for within some time, at its end.

    Parameters
    ----------
    function : callable
        Takes nothing.
    milliseconds : int
        How long to wait for more.
    """

    def __init__(self, function: Callable[[], None], milliseconds: int = 60):
        self._function, self._milliseconds, self._due = function, milliseconds, False

    def __call__(self, document) -> None:
        """Ask for it; at once where no server runs `document`."""
        if document is None or document.session_context is None:
            self._function()
        elif not self._due:
            self._due = True
            document.add_timeout_callback(self._run, self._milliseconds)

    def _run(self) -> None:
        self._due = False
        self._function()
