"""The map of environments."""

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ..card import AS_WRITTEN, card, heading, html
from ..explorer import Explorer
from ..format import METHOD_COLORS, count, plural
from ..plots.map import DENSITY, NOVELTY, map_plot
from ..state import State
from ..view import View

KEPT, NOVEL, DENSE = "Kept", "δH", "Density"
# δH above this gets the strongest colour: exp(−10) of a neighbour is no neighbour.
_NOVELTY_LIMIT = 10.0


class MapView(View):
    """UMAP, or PCA until that is ready, coloured by kept/dropped, by δH given the subset, or by density."""

    def __init__(self, state: State, explorer: Explorer, tab: str = ""):
        super().__init__(state, tab)
        self._explorer, self._plot = explorer, map_plot()
        self._head = html()
        self._mode = pmui.RadioButtonGroup(
            options=[KEPT, NOVEL, DENSE], value=KEPT, size="small", sx=AS_WRITTEN, margin=0, align="center"
        )
        self._button = pmui.Button(
            label="Compute UMAP", size="small", variant="outlined", margin=(0, 8), visible=False
        )
        self._status = html(margin=(0, 8))
        self._button.on_click(lambda _: self._ask())
        self._mode.param.watch(lambda _: self._update_colors(), "value")
        self.follow(self._update_points, "opened", "embedding")
        self.follow(self._update_colors, "opened", "paths", "active", "n_frames", "marks")
        self.follow(self._update_status, "opened", "embedding_kind", "map_notice")
        self.follow(self._update_status, "running", "step", source=state.mapping)

    def _ask(self) -> None:
        if self._state.mapping.running:
            self._explorer.cancel_umap()
        else:
            self._explorer.embed()

    def _update_points(self) -> None:
        opened, xy = self._state.opened, self._state.embedding
        if opened is not None and xy is not None and len(xy) == len(opened.map_rows):
            self._plot.set_points(xy, self._values(), opened.envs.frame_index[opened.map_rows])

    def _values(self) -> np.ndarray:
        """Return what colours each point; below the colour map's lowest value it stays grey."""
        state, path = self._state, self._state.path
        rows = state.opened.map_rows
        if path is None:
            return np.zeros(len(rows), dtype=np.float32)
        if self._mode.value == KEPT:
            return state.mask[state.opened.envs.frame_index[rows]].astype(np.float32)
        if self._mode.value == NOVEL:
            return path.delta_entropy[path.position(state.n_frames), rows]
        return -path.delta_entropy[-1, rows]

    def _update_colors(self) -> None:
        if self._state.opened is None or self._state.path is None:
            return
        values = self._values()
        if len(values) == len(self._plot.source.data["value"]):
            self._plot.source.data["value"] = values
        if self._mode.value == KEPT:
            self._plot.color_by([METHOD_COLORS[self._state.active]], 0.5, 1.5, "")
        elif self._mode.value == NOVEL:
            self._plot.color_by(NOVELTY, 1e-5, _NOVELTY_LIMIT, "δH / nats")
        else:
            self._plot.color_by(DENSITY, 0.0, float(values.max(initial=0.0)), "ln Σ K / nats")
        self._update_head()

    def _update_head(self) -> None:
        note = {
            KEPT: f"coloured: kept by {self._state.active}; grey: dropped",
            NOVEL: f"given the subset of {self._state.active}; grey: covered",
            DENSE: "of the full set",
        }[self._mode.value]
        self._head.object = heading(
            f"Map of environments ({self._state.embedding_kind})", ("map", "delta"), note
        )

    def _update_status(self) -> None:
        state, running = self._state, self._state.mapping.running
        parts = []
        if state.opened is not None and len(state.opened.map_rows) < state.opened.envs.n_envs:
            parts.append(
                f"{plural(len(state.opened.map_rows), 'point')} drawn, a random sample of "
                f"{count(state.opened.envs.n_envs)}."
            )
        if running:
            parts.append("Principal components; UMAP is being computed.")
        elif state.map_notice:
            parts.append(state.map_notice)
        self._status.object = f'<div class="small">{" ".join(parts)}</div>'
        self._button.label = "Cancel" if running else "Compute UMAP"
        self._button.visible = running or (state.opened is not None and state.embedding_kind == "PCA")
        if state.opened is not None:
            self._update_head()

    def __panel__(self):
        """Return what the page shows of this view."""
        bar = pn.Row(
            self._mode,
            self._status,
            self._button,
            sizing_mode="stretch_width",
            margin=(6, 0, 2, 0),
            align="center",
        )
        figure = pn.pane.Bokeh(self._plot.figure, sizing_mode="stretch_both", margin=0)
        return card(self._head, bar, figure, area="map")
