"""Text in plots is legible in the light and in the dark theme."""

import re

import pytest

from quests_app.plots.page_theme import LOOKS
from tests.browser.conftest import wait_until

# Each text in a figure that is seen: what it says, its colour, and that of the paper behind the figure.
TEXTS = """() => [...Bokeh.index.all_views()]
  .filter(view => view.model.type === 'Figure' && view.el.getBoundingClientRect().width > 0)
  .flatMap(view => [
    ...view.model.center.filter(item => item.type === 'Label').map(item => [item.text, item.text_color]),
    ...view.model.renderers.filter(item => item.glyph.type === 'Text' && item.glyph.text_color.value)
      .map(item => [item.glyph.text.field, item.glyph.text_color.value]),
  ].map(([text, color]) => [text, color, view.model.background_fill_color]))"""

# The properties, by name, of the parts of all figures whose type ends with a name, except of hidden grids.
LOOKS_OF = """({kind, names}) => [...Bokeh.index.all_views()]
  .filter(view => view.model.type === 'Figure')
  .flatMap(view => [...view.model.references()])
  .filter(part => part.type.endsWith(kind) && part.grid_line_color !== null)
  .map(part => Object.fromEntries(names.map(name => [name, part[name]])))"""


def rgba(color):
    """Return red, green, blue and alpha in [0, 1]."""
    if color.startswith("#"):
        digits = color[1:] if len(color) > 4 else "".join(2 * digit for digit in color[1:])
        return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)] + [1.0]
    if color in ("white", "black"):
        return [float(color == "white")] * 3 + [1.0]
    numbers = [float(number) for number in re.findall(r"[\d.]+", color)]
    return [number / 255 for number in numbers[:3]] + (numbers[3:] or [1.0])


def contrast(color, paper):
    """Return the contrast ratio as WCAG 2 defines it."""
    *channels, alpha = rgba(color)
    *behind, _ = rgba(paper)

    def luminance(parts):
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    drawn = [alpha * c + (1 - alpha) * b for c, b in zip(channels, behind, strict=True)]
    high, low = sorted((luminance(drawn), luminance(behind)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def wait_until_readable(page, is_dark, *wanted):
    """Wait until texts with this start are drawn in a theme, with enough contrast to their background."""
    found, papers = {}, []

    def is_readable():
        seen = page.evaluate(TEXTS)
        found.clear()
        found.update({text: contrast(color, paper) for text, color, paper in seen if text.startswith(wanted)})
        papers[:] = [sum(rgba(paper)[:3]) for _, _, paper in seen]
        drawn = all(paper < 0.5 if is_dark else paper > 2.5 for paper in papers)
        there = all(any(text.startswith(name) for text in found) for name in wanted)
        return drawn and there and min(found.values()) >= 4.5

    wait_until(
        page, is_readable, lambda: f"dark: {is_dark}; {wanted}; contrasts {found}; papers {papers}", pause=200
    )


def test_the_contrast_is_known():
    assert round(contrast("#000000", "white"), 2) == 21
    assert round(contrast("#7a828c", "#fff"), 1) == 3.9
    assert contrast("rgba(0, 0, 0, 0)", "#fff") == 1


def test_figures_come_with_the_light_theme_that_the_browser_sets(shared_page):
    # Each difference costs a message for each part of each figure. Where another version of
    # panel-material-ui sets other values, change `LOOKS`.
    for kind, look in LOOKS.items():
        found = shared_page.evaluate(LOOKS_OF, {"kind": kind.__name__, "names": list(look)})
        assert found, kind
        assert all(one == look for one in found), (kind, found[0])


@pytest.mark.slow
def test_texts_in_plots_can_be_read_in_both_themes(shared_page):
    page = shared_page
    for is_dark in (False, True):
        page.get_by_role("tab", name="Overview").click()
        wait_until_readable(page, is_dark, "bound ln N", "text")
        page.get_by_role("tab", name="What was lost").click()
        wait_until_readable(page, is_dark, "covered", "lost")
        page.locator("[aria-label*='theme']").first.click()
