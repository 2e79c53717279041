"""Select the frames of the points inside a lasso or a box."""

from collections.abc import Callable

import numpy as np
import panel as pn
from bokeh.events import PanStart, SelectionGeometry
from bokeh.plotting import figure

from ..analysis.map_picking import inside_box, inside_polygon
from ..session.state import State
from ..text.numbers import plural


class LassoSelection:
    """The frames that lasso and box select, with shift in addition to those selected before.

    Parameters
    ----------
    state : State
        Gets the selected frames.
    noun : str
        What a point stands for.
    changed : callable
        Called after each selection.
    """

    def __init__(self, state: State, noun: str, changed: Callable[[], None]):
        self._state, self._noun, self._changed = state, noun, changed
        self._adds, self._frames, self._found = False, (), ""

    def listen(self, fig: figure, points: Callable[[], tuple[np.ndarray, np.ndarray]]) -> None:
        """Follow the tools of a figure; `points` returns xy, shape (n, 2), and the environment of each."""
        fig.on_event(PanStart, self.start)
        fig.on_event(SelectionGeometry, lambda event: self.select(event.geometry, *points()))

    @property
    def note(self) -> str:
        """What was inside, as long as these frames are selected; otherwise ""."""
        return self._found if self._frames == self._state.selected else ""

    def start(self, event) -> None:
        """Note the modifier keys, which the event with the shape lacks."""
        self._adds = bool((event.modifiers or {}).get("shift"))

    def select(self, geometry: dict, xy: np.ndarray, rows: np.ndarray) -> None:
        """Select the frames of the points inside a shape."""
        if not len(xy):
            return
        if geometry["type"] == "rect":
            inside = inside_box(xy, *(geometry[name] for name in ("x0", "x1", "y0", "y1")))
        else:
            inside = inside_polygon(xy, np.column_stack([geometry["x"], geometry["y"]]))
        frames = np.unique(self._state.data.envs.frame_index[rows[inside]])
        self._found = f"{plural(int(inside.sum()), self._noun)} of {plural(len(frames), 'frame')} inside"
        if self._adds:
            frames = np.union1d(frames, np.array(self._state.selected, dtype=np.int64))
        with pn.io.hold():
            self._frames = tuple(frames.tolist())
            self._state.selected = self._frames
            self._changed()
