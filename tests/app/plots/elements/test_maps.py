"""Maps of environments."""

import numpy as np
from matplotlib.colors import to_hex

from quests_app import plots
from quests_app.plots.map_colors import by_status
from tests.app.plots.test_elements import RNG, XY, drawn


def test_a_map_draws_every_point_at_one_byte_per_pixel():
    xy = RNG.normal(size=(60_000, 2))
    xy[-1] = [30, 30]
    image = plots.environment_map(xy, np.array(["a"] * 59_999 + ["rare"])).Map.I
    values = image.dimension_values("color", flat=False)
    assert values.dtype == np.uint8
    assert values[-30:, -40:].max() == 3, "the only point of the rare name, top right"
    assert (values > 0).sum() > 10_000


def test_names_from_a_file_are_no_formulas():
    name = r"$\frac{1}{2}$ and $x$"
    element = plots.environment_map(XY, np.array([name, "b"] * 200))
    texts = drawn(element, "matplotlib").axes[0].get_legend().get_texts()
    assert not any(text.get_parse_math() for text in texts)
    assert f"{name} 200" in [text.get_text() for text in texts]


def test_the_legend_of_an_image_file_has_the_colours_of_the_map():
    colors = by_status(np.array(["kept", "dropped"] * 200, dtype=object), np.arange(400), "msc")
    handles = drawn(plots.environment_map(XY, colors), "matplotlib").axes[0].get_legend().legend_handles
    shown = [to_hex(handle.get_facecolor()[0], keep_alpha=True) for handle in handles]
    assert shown == [f"{color}ff"[:9].lower() for _, color, _ in colors.legend]
