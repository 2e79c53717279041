"""The theme of the page on figures; `tests/browser/test_theme.py` compares it with that of the browser."""

import pytest
from bokeh.models import Axis, ColorBar, Grid, Legend, LinearAxis, Title

from quests_app.plots import figures
from quests_app.plots.map import MapFigure
from quests_app.plots.page_theme import SECONDARY, set_light_theme


def test_axes_have_the_theme_and_hidden_grids_stay_hidden():
    axis, grid = LinearAxis(), Grid(grid_line_color=None)
    set_light_theme([axis, grid])
    assert axis.major_label_text_color == SECONDARY
    assert grid.grid_line_color is None


@pytest.mark.parametrize("make", [*figures.ALL, MapFigure])
def test_every_figure_has_the_theme(make):
    figure = make().figure
    for kind, name, value in (
        (Axis, "axis_label_standoff", 12), (Legend, "glyph_width", 14), (ColorBar, "bar_line_alpha", 0),
        (Title, "text_font_size", "1.05em"),
    ):  # fmt: skip
        assert all(getattr(model, name) == value for model in figure.select({"type": kind}))
    assert len(list(figure.select({"type": Axis}))) >= 2
    lines = {grid.grid_line_color for grid in figure.select({"type": Grid})}
    assert lines <= {None, "rgba(0, 0, 0, 0.1)"}
