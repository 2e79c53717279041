"""Limit the rate of frequent calls, such as while a plot is dragged."""

from collections.abc import Callable


class Throttle:
    """Merge the calls within an interval into one call of `function` at its end.

    Parameters
    ----------
    function : callable
        Called without arguments.
    milliseconds : int
        Length of the interval.
    """

    def __init__(self, function: Callable[[], None], milliseconds: int = 60):
        self._function, self._milliseconds, self._scheduled = function, milliseconds, False

    def __call__(self, document) -> None:
        """Schedule a call, or call immediately if no server runs `document`."""
        if document is None or document.session_context is None:
            self._function()
        elif not self._scheduled:
            self._scheduled = True
            document.add_timeout_callback(self._run, self._milliseconds)

    def _run(self) -> None:
        self._scheduled = False
        self._function()
