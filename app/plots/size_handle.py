"""Moving the current size by hand inside a plot: by dragging, or by a click."""

from bokeh.models import ColumnDataSource, CustomJS
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from .base import empty

# Runs in the browser, so that it follows the hand at once; the server hears of whole stops only.
_NEAREST = """
const moved = cb_obj.event_name != 'tap'
if (moved && figure.toolbar.gestures.pan.active != null) return
const {x, y, n_frames} = stops.data
const width = figure.inner_width / (figure.x_range.end - figure.x_range.start)
const height = along_x ? 0 : figure.inner_height / (figure.y_range.end - figure.y_range.start)
let best = -1, least = Infinity
for (let i = 0; i < n_frames.length; i++) {
  const distance = Math.hypot((x[i] - cb_obj.x) * width, (y[i] - cb_obj.y) * height)
  if (distance < least) { least = distance; best = i }
}
if (best < 0 || wish.data.n_frames[0] == n_frames[best]) return
if (span != null) span.location = x[best]
wish.data = {n_frames: [n_frames[best]]}
"""


def add_handle(fig: figure, span: Span | None = None) -> tuple[ColumnDataSource, ColumnDataSource]:
    """Let a drag or click in `fig` pick the nearest stop, as long as no other tool is to be dragged.

    Parameters
    ----------
    fig : figure
        Nothing is dragged in it until another tool is chosen.
    span : Span, optional
        Vertical line that follows at once; then only the distance along x counts.

    Returns
    -------
    sizes : ColumnDataSource
        To be filled: ``x``, ``y`` and ``n_frames`` of each stop.
    requested_size : ColumnDataSource
        Its ``n_frames`` holds the stop that was picked last.
    """
    fig.toolbar.active_drag = None
    sizes, requested_size = empty("x", "y", "n_frames"), ColumnDataSource({"n_frames": [0]})
    pick = CustomJS(
        args={
            "figure": fig,
            "stops": sizes,
            "wish": requested_size,
            "span": span,
            "along_x": span is not None,
        },
        code=_NEAREST,
    )
    for event in ("tap", "panstart", "pan", "panend"):
        fig.js_on_event(event, pick)
    return sizes, requested_size
