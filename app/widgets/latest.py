"""Apply only the latest of values that arrive faster than they can be displayed."""

from collections.abc import Callable
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource

from .throttle import Throttle

# Long enough to read pending messages, too short to be noticeable.
_MILLISECONDS = 25


class Latest:
    """Call a function with the latest of the values received within an interval.

    Parameters
    ----------
    function : callable
        Called on the session's event loop, or immediately without one.
    """

    def __init__(self, function: Callable[[Any], None]):
        self._function, self._value = function, None
        self._throttle = Throttle(self._apply, _MILLISECONDS)

    def __call__(self, value: Any) -> None:
        """Schedule a call with `value`, which a later value replaces."""
        self._value = value
        self._throttle(pn.state.curdoc)

    def _apply(self) -> None:
        # Update all views in one message to the browser.
        with pn.io.hold():
            self._function(self._value)


def follow_handle(state, requested_size: ColumnDataSource) -> None:
    """Update the subset size from the size handle of a plot (`plots.size_handle`)."""
    latest = Latest(lambda n_frames: setattr(state, "n_frames", n_frames))
    requested_size.on_change("data", lambda _, __, data: latest(int(data["n_frames"][0])))
