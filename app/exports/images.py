"""Draw HoloViews elements as files with matplotlib, without a browser and in any thread."""

import io
from threading import Lock
from typing import Any

import holoviews as hv

from ..plots.elements.options import RC_PARAMS, load_matplotlib

SUFFIXES = ("svg", "png", "pdf")
_DPI = 200
# pyplot keeps a list of open figures for the whole process.
_DRAWING = Lock()


def images(element: hv.Overlay, suffixes: tuple[str, ...] = SUFFIXES) -> dict[str, bytes]:
    """Return an element as the contents of image files, by suffix.

    Equal elements give equal files. The element must have been made after `load_matplotlib`.
    """
    from matplotlib import rc_context

    load_matplotlib()
    files = {}
    parameters: Any = {**RC_PARAMS, "svg.hashsalt": "quests"}
    with _DRAWING, rc_context(parameters):
        figure = hv.renderer("matplotlib").get_plot(element).state
        for suffix in suffixes:
            buffer = io.BytesIO()
            date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
            figure.savefig(buffer, format=suffix, dpi=_DPI, bbox_inches="tight", metadata=date)
            files[suffix] = buffer.getvalue()
    return files
