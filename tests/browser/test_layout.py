"""Nothing is clipped or outside the page at a width of 1280 pixels."""

from tests.browser.conftest import wait_until_still

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


def test_labels_and_buttons_are_not_cut_off_and_the_selection_bar_fits(shared_page):
    page = shared_page
    assert page.viewport_size["width"] == 1280
    wait_until_still(page)
    assert page.evaluate(CUT_OFF) == []
    the_selection_bar_fits_next_to_the_tabs(page)


def the_selection_bar_fits_next_to_the_tabs(page):
    page.get_by_role("tab", name="Frames").click()
    page.get_by_role("button", name="Select all frames that match the filter").click()
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
    page.get_by_role("button", name=CLEAR).click()
    page.get_by_role("button", name=CLEAR).wait_for(state="hidden")
