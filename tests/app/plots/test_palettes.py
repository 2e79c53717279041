"""Colours that several views share."""

from bokeh.colors import RGB

from quests_app.plots import palettes


def test_no_colour_is_lost_on_white():
    def luminance(color):
        red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return RGB(255 * red, 255 * green, 255 * blue).luminance

    for palette in (palettes.NOVELTY, palettes.DENSITY):
        assert max(map(luminance, palette)) < 0.85
