"""Maps of environments."""

import numpy as np

from quests_app import plots
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
