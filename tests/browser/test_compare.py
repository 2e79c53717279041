"""Drag the size, set a target, look at redundancy and forces, and compare two files, as a user does."""

import re

import pytest
from ase.io import write

from tests.browser.conftest import crystals, wait_until, wait_until_still

SHOWN_IN_MATRIX = """name => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .some(model => [...(model.data?.known_name ?? [])].includes(name))"""


def figure(page, heading):
    """Return the figure of the card with that heading."""
    return page.locator(".card", has=page.get_by_role("heading", name=heading)).locator(".bk-Figure")


def size(page):
    """Return how many frames are kept."""
    text = page.locator(".size").first.inner_text()
    return int(re.search(r"([\d,]+) of", text).group(1).replace(",", ""))


def wait_for_size(page, fits):
    wait_until(page, lambda: fits(size(page)), lambda: f"the size fits: it is {size(page)}")
    return size(page)


def choose(page, label, option):
    page.get_by_label(label, exact=True).click()
    page.locator("li").get_by_text(option, exact=True).click()


@pytest.mark.slow
def test_forces_of_a_label_and_a_size_that_is_dragged_and_follows_a_target(page):
    forces_of_a_label_and_redundancy_bars(page)
    the_size_is_dragged_in_the_plots_and_follows_a_target(page)


def forces_of_a_label_and_redundancy_bars(page):
    page.get_by_role("heading", name="Redundancy").wait_for()
    page.get_by_text("KS distance").wait_for()
    whole = page.get_by_text("KS distance").first.inner_text()
    choose(page, "Forces of", "label graphene_300K")
    page.locator(".small", has_text="KS distance").filter(has_not_text=whole.split("·")[-1]).wait_for()


def the_size_is_dragged_in_the_plots_and_follows_a_target(page):
    wait_until_still(page)
    before = size(page)
    plot = figure(page, "Overlap against size").bounding_box()
    y, left = plot["y"] + plot["height"] / 2, plot["x"] + plot["width"] * 0.4
    page.mouse.move(left, y)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(left + step * plot["width"] * 0.04, y)
        page.wait_for_timeout(30)
    page.mouse.up()
    dragged = wait_for_size(page, lambda n: n > 1.8 * before)
    plot = figure(page, "Entropy against diversity").bounding_box()
    page.mouse.click(plot["x"] + 0.3 * plot["width"], plot["y"] + 0.7 * plot["height"])
    clicked = wait_for_size(page, lambda n: n < 0.5 * dragged)
    choose(page, "Set size by", "overlap ≥")
    wait_for_size(page, lambda n: n > clicked)
    page.get_by_text("Smallest balanced subset with overlap ≥ 95 %").wait_for()
    page.locator(".verdict", has_text=re.compile(r"balanced covers 9\d")).wait_for()
    page.get_by_label("%", exact=True).fill("70")
    page.get_by_label("%", exact=True).press("Enter")
    page.get_by_text("Smallest balanced subset with overlap ≥ 70 %").wait_for()
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("End")
    page.get_by_text("Nothing is lost.").wait_for()
    assert page.get_by_text("Smallest balanced subset").count() == 0


@pytest.mark.slow
def test_two_files_are_compared(small_page, tmp_path):
    page = small_page
    other = tmp_path / "reference.xyz"
    write(other, crystals(15, 1, seed=3), format="extxyz")
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("heading", name="Overlap against size").wait_for(state="hidden")
    # Without another file there is nothing to see but the labels within this one.
    page.get_by_text("Add a second file as reference").wait_for()
    page.get_by_role("heading", name="Pairwise overlap").wait_for()
    assert not page.get_by_role("heading", name="Novelty in both directions").is_visible()
    page.get_by_placeholder("/data/reference.xyz").fill(str(other))
    page.get_by_placeholder("/data/reference.xyz").press("Enter")
    page.get_by_text("of copper.xyz is covered by reference.xyz").wait_for()
    page.get_by_text("of reference.xyz is covered by copper.xyz").wait_for()
    # For the next file; and all frames have the same element.
    field = page.get_by_placeholder("/data/reference.xyz")
    wait_until(page, lambda: field.input_value() == "", "the field is empty")
    assert not page.get_by_label("Elements", exact=True).is_visible()
    # What is computed last.
    pick = page.get_by_role("button", name="Select these frames")
    pick.wait_for()
    wait_until_still(page)
    page.locator(".tabulator-row").first.locator(".tabulator-cell[tabulator-field=delta]").click()
    page.get_by_text("1 frame selected").wait_for()
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("With 11 added frames, reference.xyz covers").wait_for()
    pick.click()
    page.get_by_text("11 frames selected").wait_for()
    page.get_by_role("button", name="Use this order for the slider and the export").click()
    page.locator(".verdict", has_text="reference.xyz and this subset together cover").wait_for()
    page.wait_for_url(re.compile("active=msc%20given|active=msc\\+given"))
    with page.expect_download() as waiting:
        page.get_by_text("Download subset").click()
    assert waiting.value.suggested_filename == "copper-msc-with-reference-11.zip"
    page.get_by_role("button", name="Files", exact=True).click()
    page.wait_for_function(SHOWN_IN_MATRIX, arg="reference.xyz")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("Add a second file as reference").wait_for()
    page.locator(".verdict", has_text="balanced covers").wait_for()
    files_are_uploaded_one_after_the_other(page, tmp_path)


def files_are_uploaded_one_after_the_other(page, folder):
    area = page.locator(".filepond--drop-label label").last
    for number in (1, 2):
        name = f"upload{number}.xyz"
        write(folder / name, crystals(3, 1, seed=number), format="extxyz")
        with page.expect_file_chooser() as chooser:
            area.click()
        chooser.value.set_files(folder / name)
        page.get_by_text(f"of copper.xyz is covered by {name}").wait_for()
