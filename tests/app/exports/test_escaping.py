"""The figures of the browser interpret no TeX in texts from files."""

import re

import holoviews as hv
import numpy as np
from bokeh.document import Document
from bokeh.models import ColorBar

from quests_app.plots.map import MapFigure
from quests_app.plots.map_colors import by_value
from tests.app.exports.test_images import everywhere
from tests.core.ugly_texts import TEXTS

TEX = [text for text in TEXTS if re.search(r"[$\\]", text) and text.strip()]


def test_figures_of_the_browser_hold_no_tex():
    for element in everywhere(TEX):
        document = Document()
        document.add_root(hv.renderer("bokeh").get_plot(element).state)
        figure = document.roots[0]
        texts = [bar.title for bar in figure.select({"type": ColorBar})]
        texts += [figure.title.text, *(item.label.value for row in figure.legend for item in row.items)]
        for axis in (*figure.xaxis, *figure.yaxis):
            texts += [axis.axis_label, *axis.major_label_overrides.values()]
        assert not [text for text in texts if text and re.search(r"\$\$|\\\[|\\\(", text)]


def test_a_colour_bar_of_the_page_fetches_no_tex(rng):
    plot = MapFigure()
    plot.set_points(rng.normal(size=(4, 2)), np.arange(4))
    for text in TEXTS:
        plot.set_colors(by_value(np.arange(4.0), text))
        assert not re.search(r"\$\$|\\\[|\\\(", plot.bar_title.text)
