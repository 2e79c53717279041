"""The options of both backends."""

import pytest
from bokeh.models import Legend
from matplotlib.colors import to_hex

from quests_app.analysis.methods import METHOD_INFO
from quests_app.plots.elements import options
from tests.app.plots.test_elements import MADE, drawn


def test_every_role_stands_in_both_tables():
    assert options.BOKEH.keys() == options.MATPLOTLIB.keys()


@pytest.mark.parametrize("name", ["entropy_diversity", "overlap", "delta_entropy"])
def test_colours_dashes_and_legend_are_those_of_the_methods(name):
    element = MADE[name]()
    figure, axes = drawn(element, "bokeh"), drawn(element, "matplotlib").axes[0]
    legend = next(item for item in figure.above if isinstance(item, Legend))
    entries = {item.label.value: item.renderers[0].glyph for item in legend.items}
    assert set(entries) - {"full set"} == {"msc", "random"}
    lines = {line.get_label(): line for line in axes.lines}
    for method in ("msc", "random"):
        info = METHOD_INFO[method]
        assert entries[method].line_color == info.color
        assert to_hex(lines[method].get_color()).upper() == info.color
    assert lines["msc"].get_linestyle() == "-"
    assert lines["random"].get_linestyle() == ":"
    assert not entries["msc"].line_dash
    assert entries["random"].line_dash
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(entries)
