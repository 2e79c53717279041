"""The map of environments."""

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.events import Tap

from ...analysis.analysed_dataset import AnalysedDataset
from ...analysis.color_fields import Fields
from ...analysis.map_picking import nearest
from ...jobs.activity import WAITING
from ...plots import map_colors
from ...plots.map import MapFigure
from ...plots.map_colors import MapColors
from ...session.controller import Controller
from ...session.state import State
from ...text.numbers import count, plural
from ...widgets.card import AS_WRITTEN, CSS, card, heading, html
from ...widgets.throttle import Throttle
from ..base import View
from ..frame_text import embedding_note, environment_text
from ..lasso import LassoSelection
from ..queue_text import queue_status

KEPT, NOVEL, DENSE, CROWDED = "kept", "novelty", "density", "crowding"
# A button group must have a value: this one stands for all fields without a button.
OTHER = "other"
QUICK = {"Kept": KEPT, "δH": NOVEL, "Density": DENSE, "Other": OTHER}
_COMPUTED = {
    "Kept or dropped": KEPT, "δH given the subset": NOVEL, "Density": DENSE, "Points per area": CROWDED
}  # fmt: skip
# Largest distance of a click to its point, in pixels.
_CLICK_DISTANCE = 14
_HOVER_DISTANCE = 8


class MapView(View):
    """UMAP of all environments, or PCA until it is ready, coloured by a chosen field.

    Lasso and box select the frames of the environments inside; a click makes an environment current.

    Parameters
    ----------
    state, controller, tab
        As in every view.
    with_subset : bool
        Whether the subset can be shown in a second map next to the full set.
    """

    def __init__(self, state: State, controller: Controller, tab: str = "", with_subset: bool = False):
        super().__init__(state, tab)
        self._controller = controller
        self._plot = MapFigure()
        self._subset = MapFigure(like=self._plot) if with_subset else None
        self._fixed: dict[str, MapColors] = {}
        self._opened: AnalysedDataset | None = None
        self._fields: Fields | None = None
        self._predictions: dict = {}
        self._xy: np.ndarray | None = None
        self._note, self._key = "", KEPT
        self._lasso = LassoSelection(state, "environment", self._update_head)
        self._make_widgets()
        for figure in self._figures:
            self._listen(figure)
        names = (
            "opened", "embedding", "paths", "active", "n_frames", "exact_deltas", "marks", "predictions"
        )  # fmt: skip
        self.follow(self._update, *names)
        self.follow(self._update_selected, "selected", "current_env")
        self.follow(self._update_status, "opened", "embedding_kind", "map_notice", "n_fitted")
        self.follow(self._update_status, "running", "step", source=state.map_activity)

    def _make_widgets(self) -> None:
        small = {"size": "small", "margin": 0, "align": "center"}
        self._head, self._legend = html(), html(margin=(2, 0, 0, 0))
        self._status = html(margin=(2, 8, 0, 0))
        self._mode = pmui.RadioButtonGroup(options=QUICK, value=KEPT, sx=AS_WRITTEN, **small)
        self._color = pmui.Select(
            label="Colour by",
            options=_COMPUTED,
            value=KEPT,
            size="small",
            width=170,
            margin=(0, 8, 0, 0 if self._subset else 8),
            align="center",
        )
        self._separate = pmui.Checkbox(label="Show the subset separately", value=False, **small)
        self._button = pmui.Button(label="Compute UMAP", variant="outlined", visible=False, **small)
        self._button.on_click(lambda _: self._start_or_cancel())
        self._mode.param.watch(lambda event: self._choose(event.new), "value")
        self._color.param.watch(lambda event: self._choose(event.new), "value")
        self._separate.param.watch(lambda _: self._choose_separate(), "value")
        self._panes = [
            pn.pane.Bokeh(figure.figure, sizing_mode="stretch_both", margin=0) for figure in self._figures
        ]
        self._maps = pn.Column(
            self._panes[0], css_classes=["maps"], stylesheets=[CSS], sizing_mode="stretch_both", margin=0
        )

    @property
    def _figures(self) -> list[MapFigure]:
        return [self._plot, self._subset] if self._subset else [self._plot]

    @property
    def _shown(self) -> list[MapFigure]:
        return self._figures if self._separate.value else [self._plot]

    def _listen(self, plot: MapFigure) -> None:
        figure = plot.figure
        self._lasso.listen(figure, lambda: self._points(plot))
        figure.on_event(Tap, lambda event: self._tap(plot, event.x, event.y))
        plot.pointer.on_change("data", lambda attr, old, new: self._describe(plot, new))
        Throttle(lambda: self._redraw(plot)).follow(figure)

    def _redraw(self, plot: MapFigure) -> None:
        """Draw the raster for a new range or size; the browser moves glyphs itself."""
        if plot.is_image and plot in self._shown and self.is_visible:
            plot.draw()

    def _start_or_cancel(self) -> None:
        if self._state.map_activity.running:
            self._controller.cancel_umap()
        else:
            self._controller.embed()

    def _choose(self, key: str) -> None:
        """Colour by another field, and show it in both widgets."""
        if key == self._key:
            return
        if key == OTHER:
            # The list next to the buttons has all other fields; points per area is always available.
            if self._key not in QUICK.values():
                return
            key = CROWDED
        self._key = key
        with pn.io.hold():
            self._mode.value = key if key in QUICK.values() else OTHER
            self._color.value = key
            self._update()

    def _choose_separate(self) -> None:
        separate = self._separate.value
        with pn.io.hold():
            self._maps.objects = self._panes if separate else self._panes[:1]
            # All of the subset is kept, so compare densities instead.
            default, other = (KEPT, CROWDED) if separate else (CROWDED, KEPT)
            if self._key == default:
                self._choose(other)
            else:
                self._update()

    def _points(self, plot: MapFigure) -> tuple[np.ndarray, np.ndarray]:
        """Return the points that a figure draws, and their environments."""
        return (np.empty((0, 2)), plot.rows) if self._xy is None else (self._xy[plot.rows], plot.rows)

    def _describe(self, plot: MapFigure, pointer: dict) -> None:
        """Describe the one environment nearest to the pointer."""
        found = None
        if self._xy is not None and self._opened is self._state.opened and len(pointer["x"]):
            x, y = float(pointer["x"][0]), float(pointer["y"][0])
            found = nearest(self._xy[plot.rows], x, y, plot.pixel, _HOVER_DISTANCE)
        row = None if found is None else int(plot.rows[found])
        with pn.io.hold():
            plot.set_hover(row, "" if row is None else environment_text(self._state, row))

    def _tap(self, plot: MapFigure, x: float, y: float) -> None:
        if self._xy is not None:
            found = nearest(self._xy[plot.rows], x, y, plot.pixel, _CLICK_DISTANCE)
            if found is not None:
                with pn.io.hold():
                    self._state.current_env = int(plot.rows[found])

    def _update(self) -> None:
        state, xy = self._state, self._state.embedding
        if state.opened is None or state.path is None or xy is None or len(xy) != state.opened.envs.n_envs:
            return
        if self._opened is not state.opened or self._predictions is not state.predictions:
            self._offer_fields(state.opened)
        if self._xy is not xy:
            self._xy = xy
            self._fixed.pop(CROWDED, None)
            for plot in self._figures:
                plot.set_points(xy, state.data.envs.frame_index, keep_view=plot is self._subset)
        shown = self._coloring(xy)
        self._plot.set_colors(shown)
        if self._subset is not None and self._separate.value:
            self._subset.set_rows(np.flatnonzero(state.mask[state.data.envs.frame_index]))
            self._subset.set_colors(self._coloring(xy, self._subset.rows))
        self._update_titles(len(xy))
        self._note, self._legend.object = shown.note, legend(shown.legend)
        self._legend.visible = bool(shown.legend)
        self._update_head()
        self._update_selected()

    def _offer_fields(self, opened: AnalysedDataset) -> None:
        """Offer the fields of a new data set, or of new predictions."""
        self._opened, self._fixed, self._predictions = opened, {}, self._state.predictions
        self._fields = fields = Fields.from_dataset(opened, self._predictions)
        options = {**_COMPUTED, **{name: key for key, name in fields.names.items()}}
        if self._key not in options.values():
            self._key = self._mode.value = KEPT
        self._color.param.update(options=options, value=self._key)

    def _coloring(self, xy: np.ndarray, rows: np.ndarray | None = None) -> MapColors:
        """Return the colours of all environments, or of the subset's `rows` for its own map."""
        state, key = self._state, self._key
        path = state.paths[state.displayed_method]
        if key == KEPT:
            return map_colors.by_status(state.status, state.data.envs.frame_index, state.displayed_method)
        if key == NOVEL:
            return map_colors.by_novelty(
                state.delta_entropy_of(state.displayed_method), state.displayed_method
            )
        if key == DENSE:
            return map_colors.by_density(path.delta_entropy[-1])
        if key == CROWDED and rows is not None:
            return map_colors.by_crowding(xy, rows)
        if key not in self._fixed:
            self._fixed[key] = self._fixed_coloring(key, xy)
        return self._fixed[key]

    def _fixed_coloring(self, key: str, xy: np.ndarray) -> MapColors:
        """Return colours that do not depend on the subset or the method."""
        if key == CROWDED or self._fields is None:
            return map_colors.by_crowding(xy, np.arange(len(xy)))
        values = self._fields.values(key)
        if values.dtype.kind == "U":
            return map_colors.by_category(values)
        return map_colors.by_value(values, self._fields.title(key))

    def _update_selected(self) -> None:
        state = self._state
        if self._xy is None or self._opened is not state.opened:
            return
        selected = np.zeros(len(state.data.envs), dtype=bool)
        selected[list(state.selected)] = True
        self._update_head()
        for plot in self._shown:
            plot.set_picked(selected[state.data.envs.frame_index])
            plot.set_current(state.current_env)
            plot.draw()

    def _update_titles(self, n_envs: int) -> None:
        if self._subset:
            both = self._separate.value
            n_subset = len(self._subset.rows)
            self._plot.set_title(f"Full set, {plural(n_envs, 'environment')}" if both else "")
            self._subset.set_title(
                f"{self._state.displayed_method} subset, {plural(n_subset, 'environment')}"
            )

    def _update_head(self) -> None:
        title = f"Map of environments ({self._state.embedding_kind})"
        self._head.object = heading(title, ("map", "delta"), escape(self._lasso.note or self._note))

    def _update_status(self) -> None:
        state, running = self._state, self._state.map_activity.running
        parts = [embedding_note(state) if state.opened else "Open a file to see its environments."]
        if running:
            waits = state.map_activity.step.startswith(WAITING)
            parts.append(
                f"UMAP is {queue_status(state.map_activity, 'UMAP') if waits else 'being computed'}."
            )
        elif state.map_notice:
            parts.append(escape(state.map_notice))
        self._status.object = f'<div class="small">{" ".join(parts)}</div>'
        self._button.label = "Cancel" if running else "Compute UMAP"
        self._button.visible = running or (state.opened is not None and state.embedding_kind == "PCA")
        self._update_head()

    def __panel__(self):
        """Return the card."""
        stretch = {"sizing_mode": "stretch_width"}
        # The quick buttons and the checkbox do not both fit next to the structure.
        choosers = [self._color, self._separate] if self._subset else [self._mode, self._color]
        bar = pn.Row(*choosers, margin=(8, 0, 2, 0), align="center", **stretch)
        foot = pn.Row(self._status, self._button, margin=0, **stretch)
        return card(self._head, bar, self._maps, self._legend, foot, area="map")


def legend(entries) -> str:
    """Return a legend as HTML: names, colours and numbers of environments."""
    items = "".join(
        f'<span title="{escape(name)}"><i class="swatch" style="background:{color}"></i>{escape(name[:32])} '
        f"<small>{count(n)}</small></span>"
        for name, color, n in entries
    )
    return f'<div class="legend">{items}</div>'
