"""Nothing is clipped or outside the page at a width of 1280 pixels, and Back and messages work there."""

import pytest

from quests_app.analysis.methods import NESTED_METHODS
from quests_app.session.state import TABS
from tests.browser.conftest import opened_page, wait_until_still

# Texts of visible labels and buttons that are wider than their element.
CUT_OFF = """() => {
  const found = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const isCut = element.offsetWidth > 1 && element.scrollWidth > element.clientWidth;
      if (isCut && element.matches("label, button")) found.push(element.textContent);
    }
  };
  visit(document);
  return found;
}"""
# Tooltips of the buttons of the selection bar, from left to right, which are also their accessible names.
LOCK, EXCLUDE, UNMARK, CLEAR, UNDO, REDO = (
    "Keep the selected frames in every subset",
    "Exclude the selected frames from all subsets and metrics",
    "Remove the lock or exclusion",
    "Clear the selection (Esc)",
    "Undo (Ctrl+Z)",
    "Redo (Ctrl+Shift+Z)",
)


@pytest.mark.slow
def test_labels_and_buttons_are_not_cut_off_and_the_selection_bar_fits(shared_page):
    page = shared_page
    assert page.viewport_size["width"] == 1280
    wait_until_still(page)
    assert page.evaluate(CUT_OFF) == []
    # One is ticked.
    names = [page.locator(".MuiFormControlLabel-label", has_text=name) for name in ("balanced", "fps")]
    assert len({name.first.bounding_box()["x"] for name in names}) == 1
    the_selection_bar_fits_next_to_the_tabs(page)


def the_selection_bar_fits_next_to_the_tabs(page):
    page.get_by_role("tab", name="Frames").click()
    page.get_by_role("button", name="Select all frames that match search and filter").click()
    page.get_by_role("button", name=UNMARK).wait_for()
    wait_until_still(page)
    boxes = [
        page.get_by_role("button", name=name, exact=True).first.bounding_box()
        for name in (LOCK, EXCLUDE, UNMARK, CLEAR, UNDO, REDO)
    ]
    assert len({round(box["height"]) for box in boxes}) == 1, "every label is on one line"
    ends = [
        (box["x"], box["x"] + box["width"]) for box in (page.get_by_role("tab").last.bounding_box(), *boxes)
    ]
    edges = [edge for pair in ends for edge in pair]
    assert edges == sorted(edges), "no button covers another"
    assert edges[-1] <= 1280
    assert page.evaluate(CUT_OFF) == []
    a_tooltip_is_wider_than_its_button(page)
    page.get_by_role("button", name=CLEAR).click()
    page.get_by_role("button", name=CLEAR).wait_for(state="hidden")
    it_fits_with_a_marked_frame_selected(page)


def it_fits_with_a_marked_frame_selected(page):
    # A row that is drawn again while it is clicked misses the click.
    wait_until_still(page)
    page.locator(".tabulator-row input[type=checkbox]").locator("visible=true").first.click()
    page.get_by_role("button", name=EXCLUDE).first.click()
    clear_all = page.get_by_role("button", name="Clear all marks: locks, exclusions and selection")
    clear_all.wait_for()
    wait_until_still(page)
    text = page.locator("b", has_text="1 frame selected").bounding_box()
    boxes = [page.get_by_role("button", name=name).first.bounding_box() for name in (LOCK, UNDO, REDO)]
    assert boxes[-1]["x"] + boxes[-1]["width"] <= 1280
    assert page.get_by_role("tab").last.bounding_box()["x"] < text["x"] < boxes[0]["x"]
    clear_all.click()
    clear_all.wait_for(state="hidden")


def a_tooltip_is_wider_than_its_button(page):
    button = page.get_by_role("button", name=EXCLUDE).first
    button.hover()
    tooltip = page.locator(".MuiTooltip-tooltip", has_text=EXCLUDE)
    tooltip.wait_for()
    # While it appears it is drawn smaller.
    assert tooltip.evaluate("element => element.offsetWidth") > 200
    page.mouse.move(0, 0)
    tooltip.wait_for(state="hidden")


@pytest.mark.slow
def test_back_returns_to_the_tab_before(shared_page):
    page = shared_page
    for name in ("Frames", "Health"):
        page.get_by_role("tab", name=name).click()
        page.wait_for_url(f"**tab={name.lower()}*")
    page.go_back()
    page.get_by_role("tab", name="Frames", selected=True).wait_for()
    page.wait_for_url("**tab=frames*")


@pytest.mark.slow
def test_messages_are_seen_wherever_the_page_is_scrolled_to(shared_page):
    page = shared_page
    field = page.get_by_label("File path or data-set name").first
    field.fill("/nowhere/none.xyz")
    field.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="Could not open none.xyz")
    alert.wait_for()
    page.mouse.move(700, 600)
    page.mouse.wheel(0, 1500)
    wait_until_still(page)
    box = alert.bounding_box()
    assert 0 < box["y"] < box["y"] + box["height"] <= 800
    alert.get_by_role("button").click()
    alert.wait_for(state="hidden")
    field.fill("")


# Texts that reach beyond their card, or beyond a part of it that does not scroll.
OUTSIDE = """() => {
  const found = [], above = (one) => one.assignedSlot ?? one.parentElement ?? one.getRootNode().host ?? null;
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflowY);
  const check = (element) => {
    const box = element.getBoundingClientRect();
    if (!hasText(element) || element.matches("style, script") || box.width < 2 || box.height < 2) return;
    let one = above(element);
    while (one && !scrolls(one) && !one.classList?.contains("card")) one = above(one);
    if (!one || scrolls(one)) return;
    const card = one.getBoundingClientRect();
    if (box.right > card.right + 1 || box.bottom > card.bottom + 1 || box.left < card.left - 1)
      found.push(element.textContent);
  };
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      check(element);
    }
  };
  visit(document);
  return found;
}"""
# Widths and heights of what the legends leave of their figures.
FRAMES = """() => [...Bokeh.index.all_views()]
  .filter(view => view.model.type === "Figure" && view.model.legend?.length !== 0)
  .map(view => view.frame?.bbox).filter(box => box?.width > 0).map(box => box.height)"""


@pytest.mark.slow
def test_everything_fits_with_all_methods(context, url, small_file, request):
    methods = ",".join(NESTED_METHODS)
    with opened_page(context, url, request.node, f"?file={small_file}&methods={methods}&size=7") as page:
        for method in NESTED_METHODS:
            page.locator("table.numbers tr", has_text=method).first.wait_for()
        try:
            sizes = [(1280, 800), (1440, 900), (2560, 1440)]
            for tab in TABS.values():
                page.get_by_role("tab", name=tab).click()
                for width, height in sizes:
                    page.set_viewport_size({"width": width, "height": height})
                    wait_until_still(page)
                    assert page.evaluate(OUTSIDE) == [], f"{tab} at {width} × {height}"
                    assert min(page.evaluate(FRAMES), default=100) >= 70, f"{tab} at {width} × {height}"
                # The next tab begins with the size at which this one ends.
                sizes.reverse()
        finally:
            page.set_viewport_size({"width": 1280, "height": 800})
