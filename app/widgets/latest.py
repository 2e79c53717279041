"""What comes faster than it can be shown: only the latest counts."""

from collections.abc import Callable
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource

from .throttle import Throttle

# Long enough for what waits on the connection to be read, too short to be felt.
_MILLISECONDS = 25


class Latest:
    """Calls a function with the latest of the values that came meanwhile.

    Parameters
    ----------
    function : callable
        Called on the session's event loop, or at once where there is none.
    """

    def __init__(self, function: Callable[[Any], None]):
        self._function, self._value = function, None
        self._throttle = Throttle(self._apply, _MILLISECONDS)

    def __call__(self, value: Any) -> None:
        """Have the function called with `value`, unless a later one comes."""
        self._value = value
        self._throttle(pn.state.curdoc)

    def _apply(self) -> None:
        # All views change in one message to the browser instead of a hundred.
        with pn.io.hold():
            self._function(self._value)


def follow_handle(state, requested_size: ColumnDataSource) -> None:
    """Make the size of the subset follow the handle of a plot (`plots.handle`)."""
    latest = Latest(lambda n_frames: setattr(state, "n_frames", n_frames))
    requested_size.on_change("data", lambda _, __, data: latest(int(data["n_frames"][0])))
