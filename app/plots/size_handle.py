"""Set the subset size by dragging or clicking in a plot."""

from bokeh.models import ColumnDataSource, CustomJS
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from .base import empty

# Runs in the browser for immediate feedback; the server is notified only when the size changes.
_NEAREST = """
const moved = cb_obj.event_name != 'tap'
if (moved && figure.toolbar.gestures.pan.active != null) return
const {x, y, n_frames} = sizes.data
const width = figure.inner_width / (figure.x_range.end - figure.x_range.start)
const height = along_x ? 0 : figure.inner_height / (figure.y_range.end - figure.y_range.start)
let best = -1, least = Infinity
for (let i = 0; i < n_frames.length; i++) {
  const distance = Math.hypot((x[i] - cb_obj.x) * width, (y[i] - cb_obj.y) * height)
  if (distance < least) { least = distance; best = i }
}
if (best < 0 || requested.data.n_frames[0] == n_frames[best]) return
if (span != null) span.location = x[best]
requested.data = {n_frames: [n_frames[best]]}
"""


def add_handle(fig: figure, span: Span | None = None) -> tuple[ColumnDataSource, ColumnDataSource]:
    """Let a drag or click in `fig` select the nearest size, unless a drag tool is active.

    Parameters
    ----------
    fig : figure
        Its active drag tool is switched off.
    span : Span, optional
        Vertical line to move along; only the distance along x counts then.

    Returns
    -------
    sizes : ColumnDataSource
        Available sizes, filled by the caller: ``x``, ``y`` and ``n_frames``.
    requested_size : ColumnDataSource
        The last selected size, in column ``n_frames``.
    """
    fig.toolbar.active_drag = None
    sizes, requested_size = empty("x", "y", "n_frames"), ColumnDataSource({"n_frames": [0]})
    pick = CustomJS(
        args={
            "figure": fig,
            "sizes": sizes,
            "requested": requested_size,
            "span": span,
            "along_x": span is not None,
        },
        code=_NEAREST,
    )
    for event in ("tap", "panstart", "pan", "panend"):
        fig.js_on_event(event, pick)
    return sizes, requested_size
