"""The theme of the page follows the browser, and the choice made before."""

import panel_material_ui as pmui
import pytest

from quests_app.widgets.theme import Theme


@pytest.mark.parametrize(
    ("cookie", "chosen", "dark"),
    [("dark", "dark", True), ("light", "light", False), ("", "", False), ("<b>", "", False)],
)
def test_a_page_is_built_in_the_theme_chosen_before(cookie, chosen, dark):
    page = pmui.Page()
    theme = Theme(page, cookie)
    assert (theme.chosen, page.dark_theme) == (chosen, dark)
