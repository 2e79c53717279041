"""Limit the rate of frequent calls, such as while a plot is dragged."""

from collections.abc import Callable

from bokeh.plotting import figure


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

    def follow(self, plot: figure) -> None:
        """Schedule a call whenever the size or a range of a figure changes."""
        changing = [
            (plot, ("inner_width", "inner_height")),
            *((axis_range, ("start", "end")) for axis_range in (plot.x_range, plot.y_range)),
        ]
        for model, names in changing:
            for name in names:
                model.on_change(name, lambda attr, old, new: self(plot.document))

    def _run(self) -> None:
        self._scheduled = False
        self._function()
