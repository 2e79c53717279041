"""The light theme of the page on the models of its figures.

In the browser, panel-material-ui sets these properties on every axis, grid, legend, title and colour bar of a
page, whatever the server has sent, and reports each change. What is equal changes nothing: a page that has
these values needs no messages for them, and draws its figures once. In the dark theme, or with a version that
has other values, the browser sets them as before.
"""

from collections.abc import Iterable
from typing import Any

from bokeh.model import Model
from bokeh.models import Axis, Grid
from bokeh.models.annotations import ColorBar, Legend, Title

_FONT = '"Roboto", "Helvetica", "Arial", sans-serif'
PRIMARY, SECONDARY = "rgba(0, 0, 0, 0.87)", "rgba(0, 0, 0, 0.6)"
_LINE, _GRID = "rgba(0, 0, 0, 0.22)", "rgba(0, 0, 0, 0.1)"


def _text(part: str, color: str, size: str) -> dict[str, Any]:
    values = {"color": color, "font": _FONT, "font_size": size, "font_style": "normal"}
    return {f"{part}_{name}": value for name, value in values.items()}


# Values of the properties of each kind of model.
LOOKS: dict[type[Model], dict[str, Any]] = {
    Axis: {
        **{f"{part}_line_color": _LINE for part in ("axis", "major_tick", "minor_tick")},
        **{f"{part}_line_alpha": 0 for part in ("axis", "major_tick", "minor_tick")},
        **_text("major_label_text", SECONDARY, "0.925em"), **_text("axis_label_text", PRIMARY, "1em"),
        "axis_label_standoff": 12,
    },
    Grid: {"grid_line_color": _GRID, "grid_line_alpha": 1},
    Legend: {
        **_text("label_text", PRIMARY, "0.95em"), **_text("title_text", SECONDARY, "0.95em"),
        "border_line_alpha": 0, "background_fill_color": "#ffffff", "background_fill_alpha": 0,
        "spacing": 8, "label_standoff": 8, "glyph_width": 14, "glyph_height": 14,
    },
    ColorBar: {
        **_text("title_text", PRIMARY, "0.95em"), **_text("major_label_text", SECONDARY, "0.9em"),
        **{f"{part}_line_alpha": 0 for part in ("bar", "major_tick", "minor_tick")},
        "background_fill_color": "#ffffff", "background_fill_alpha": 0,
    },
    Title: _text("text", PRIMARY, "1.05em"),
}  # fmt: skip


def set_light_theme(models: Iterable[Model]) -> None:
    """Set what the light theme of the page sets on the parts of a figure, except on grids without lines."""
    for model in models:
        for kind, look in LOOKS.items():
            if isinstance(model, kind) and not (isinstance(model, Grid) and model.grid_line_color is None):
                model.update(**look)
