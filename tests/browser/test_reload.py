"""What a reload keeps: the theme that was chosen, and the columns of a table."""

import pytest

from tests.browser.conftest import opened_page, wait_until
from tests.browser.test_tables import go_to

IS_DARK = "() => Bokeh.documents[0].roots()[0].data.dark_theme"


@pytest.mark.slow
def test_theme_and_columns_outlive_a_reload(browser, url, small_file, request):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    with opened_page(context, url, request.node, f"?file={small_file}") as page:
        page.locator(".summary .name", has_text=small_file.name).wait_for()
        the_theme_is_that_of_the_system_until_another_is_chosen(page, context)
        column = words_are_searched_for_and_columns_chosen(page)
        page.reload()
        page.get_by_text("40 of 40 frames shown").wait_for()
        column.wait_for()
        assert not page.evaluate(IS_DARK)
    context.close()


def the_theme_is_that_of_the_system_until_another_is_chosen(page, context):
    wait_until(page, lambda: page.evaluate(IS_DARK), "the page is dark")
    page.locator("[aria-label*='theme']").first.click()
    wait_until(page, lambda: context.cookies() and not page.evaluate(IS_DARK), "the page is light")


def words_are_searched_for_and_columns_chosen(page):
    go_to(page, "Frames")
    page.get_by_text("40 of 40 frames shown").wait_for()
    page.get_by_role("textbox", name="Search").press_sequentially("hot")
    page.get_by_text("20 of 40 frames shown").wait_for()
    page.get_by_role("combobox", name="Columns").click()
    page.get_by_text("mean_forces", exact=True).click()
    page.keyboard.press("Escape")
    column = page.locator(".tabulator-col:visible", has_text="mean_forces")
    column.wait_for()
    return column
