"""Filter, select and lock frames; add lost frames; read the health of a file."""

import numpy as np
import pytest
from ase.io import write

from .conftest import crystals, wait_until, wait_until_still
from .test_dashboard import open_path


def rows(page):
    """Return the cells of the visible rows without the check box."""
    return [
        [cell.strip() for cell in row.locator(".tabulator-cell:visible").all_inner_texts()][1:]
        for row in page.locator(".tabulator-row:visible").all()
    ]


def go_to(page, tab):
    page.get_by_role("tab", name=tab).click()
    wait_until_still(page)


def open_file(page, path, frames):
    write(path, frames, format="extxyz")
    open_path(page, path)
    page.locator(".summary .name", has_text=path.name).wait_for()
    page.get_by_text("By comparison, random covers").wait_for()


@pytest.mark.slow
def test_lost_environments_frames_and_health_in_tables(page, small_file, tmp_path):
    what_was_lost_is_put_back(page)
    frames_are_filtered_picked_and_locked(page, small_file)
    the_health_of_a_file_is_told(page, tmp_path)


def frames_are_filtered_picked_and_locked(page, small_file):
    open_path(page, small_file)
    page.locator(".summary .name", has_text="copper.xyz").wait_for()
    page.get_by_text("By comparison, random covers").wait_for()
    go_to(page, "Frames")
    page.get_by_text("40 of 40 frames shown").wait_for()
    page.locator(".tabulator-row:visible").nth(5).wait_for()
    box = page.get_by_role("textbox", name="Filter")
    box.fill('label == "hot" and rank <')
    box.press("Enter")
    page.get_by_text("got the end at character 26").wait_for()
    box.fill('label == "hot" and state == "dropped"')
    box.press("Enter")
    page.get_by_text("of 40 frames shown").filter(has_not_text="40 of 40").wait_for()
    shown = int(page.get_by_text("of 40 frames shown").inner_text().split()[0])
    assert 0 < shown < 20
    page.locator(".tabulator-row:visible").nth(shown).wait_for(state="detached")
    found = rows(page)
    assert len(found) == shown
    assert {(row[2], row[-1]) for row in found} == {("hot", "dropped")}
    assert {row[5][0] for row in found} == {"−"}, "energies have a minus sign, no hyphen"
    a_click_on_the_head_sorts(page)
    ticks_pick(page)
    page.get_by_role("button", name="Select all frames that match search and filter").click()
    page.get_by_text(f"{shown} frames selected").wait_for()
    page.get_by_role("button", name="Keep the selected frames in every subset").click()
    page.get_by_text(f"{shown} locked").wait_for()
    box.fill('label == "hot" and state == "locked"')
    box.press("Enter")
    page.get_by_text(f"{shown} of 40 frames shown").wait_for()
    page.locator(".tabulator-row:visible", has_text="locked").nth(shown - 1).wait_for()
    page.get_by_role("button", name="Show all frames").click()
    page.get_by_text("40 of 40 frames shown").wait_for()
    a_row_is_looked_at(page)


def a_click_on_the_head_sorts(page):
    def novelty():
        return [float(row[-2].replace(",", "").replace("−", "-")) for row in rows(page)]

    before = novelty()
    page.locator(".tabulator-col:visible", has_text="Max δH").click()
    wait_until(page, lambda: novelty() == sorted(before), "the rows are sorted")


def ticks_pick(page):
    page.locator(".tabulator-row:visible input").nth(1).click()
    page.get_by_text("1 frame selected").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("1 frame selected").wait_for(state="hidden")
    page.locator(".tabulator-row.tabulator-selected").wait_for(state="detached")


def a_row_is_looked_at(page):
    row = page.locator(".tabulator-row:visible").first
    frame = rows(page)[0][0]
    row.locator(".tabulator-cell:visible").nth(3).click()
    page.get_by_text(f"of frame {frame}, δH").wait_for()


def what_was_lost_is_put_back(page):
    go_to(page, "What was lost")
    page.get_by_text("balanced lost").wait_for()
    page.get_by_role("heading", name="Share lost by label").wait_for()
    page.locator(".tabulator-row:visible").nth(3).wait_for()
    first = page.locator(".tabulator-row:visible").first
    frame = first.locator(".tabulator-cell:visible").first.inner_text().strip()
    first.locator(".tabulator-cell:visible").nth(3).click()
    page.get_by_text(f"of frame {frame} (dropped)").wait_for()
    page.get_by_text("1 locked").wait_for()
    first.get_by_text("Add frame").click()
    page.get_by_text("2 locked").wait_for()
    page.get_by_text(f"of frame {frame} (locked)").wait_for()
    seen = page.locator(".tabulator-row:visible").first.locator(".tabulator-cell:visible").first
    wait_until(page, lambda: seen.inner_text().strip() != frame, "the row is gone from the table")
    page.get_by_role("button", name="Frames", exact=True).click()
    page.locator(".tabulator-col:visible", has_text="Lost atoms").wait_for()
    page.get_by_role("slider", name="Frames kept").focus()
    page.keyboard.press("End")
    page.get_by_text("Nothing is lost: every environment is covered.").wait_for()


def the_health_of_a_file_is_told(page, tmp_path):
    frames = crystals(40, 1)
    for atoms in frames:
        atoms.calc.results["forces"] -= atoms.calc.results["forces"].mean(axis=0)
        atoms.calc.results["energy"] = -float(len(atoms))
    frames[31] = frames[14].copy()
    frames[31].calc = frames[14].calc
    frames[12].calc.results["forces"][:2] = np.array([[50.0, 0, 0], [-50.0, 0, 0]])
    open_file(page, tmp_path / "bad <i>.xyz", frames)
    go_to(page, "Health")
    finding = page.locator(".finding", has_text="Extreme forces")
    finding.filter(has_text="frame 12").wait_for()
    page.locator(".badge.warning").first.wait_for()
    page.get_by_role("button", name="Select: Extreme forces").click()
    page.get_by_text("1 frame selected").wait_for()
    page.get_by_role("button", name="Exclude: Extreme forces").click()
    page.get_by_text("1 excluded").first.wait_for()
    page.locator(".finding", has_text="Frame 31 repeats 14.").wait_for()
    page.get_by_role("button", name="Exclude: Near-duplicates").click()
    page.get_by_text("2 excluded").first.wait_for()
    page.locator(".finding", has_text="repeats").wait_for(state="detached")
    page.locator(".verdict", has_text="By comparison").wait_for()


def focused(page):
    """Return the class and the text of the focused element, in shadow roots too."""
    return page.evaluate(
        """() => { let at = document.activeElement;
        while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
        return [at.className, at.innerText || ""]; }"""
    )


def focus_reaches(page, kind, start):
    """Wait until an element of a class with this start of its text has the focus."""

    def is_there():
        found = focused(page)
        return kind in found[0] and found[1].lstrip().startswith(start)

    wait_until(page, is_there, lambda: f"{kind} {start!r} has the focus: it is {focused(page)}")


def rows_are_chosen_by_the_keyboard(page):
    go_to(page, "Frames")
    page.locator(".tabulator-row:visible").nth(5).wait_for()
    page.get_by_role("button", name="Select all frames that match search and filter").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if "tabulator-tableholder" in focused(page)[0]:
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    focus_reaches(page, "tabulator-row", "1\n")
    page.keyboard.press("Space")
    page.get_by_text("1 frame selected").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("of frame 2, ").wait_for()
    focus_reaches(page, "tabulator-row", "2\n")
    page.keyboard.press("Home")
    focus_reaches(page, "tabulator-row", "0\n")
    page.keyboard.press("Escape")
    page.get_by_text("1 frame selected").wait_for(state="hidden")
    focus_reaches(page, "tabulator-row", "0\n")
    page.keyboard.press("ArrowUp")
    focus_reaches(page, "tabulator-col", "Frame")
    page.keyboard.press("ArrowRight")
    focus_reaches(page, "tabulator-col", "Rank")
    page.keyboard.press("Enter")
    first_row = page.locator(".tabulator-row:visible").first
    wait_until(page, lambda: first_row.inner_text().split()[1] == "1", "the first rank comes first")
    go_to(page, "What was lost")
    table = page.locator(".card", has=page.get_by_role("heading", name="Lost environments"))
    table.locator(".tabulator-row:visible").nth(1).wait_for()
    table.locator(".tabulator-tableholder:visible").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    frame, atom = focused(page)[1].split()[:2]
    page.keyboard.press("Enter")
    page.get_by_text(f"Current: atom {atom} of frame {frame} ").wait_for()
    focus_reaches(page, "tabulator-row", f"{frame}\n{atom}\n")
    page.get_by_role("button", name=f"Add frame {frame}").press("Enter")
    page.get_by_text("1 locked").wait_for()


DRAW_ANEW = """() => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .filter(model => model.type.includes("Tabulator"))
  .forEach(model => model.source.properties.data.change.emit())"""

BUILD_AGAIN = """() => [...Bokeh.index.query(view => view.tabulator && view.model.source.length > 3)]
  .map(view => view.invalidate_render()).length"""

FIT_ANEW = """() => [...Bokeh.index.query(view => view.tabulator)]
  .forEach(view => view.tabulator.redraw(true))"""


@pytest.mark.slow
def test_a_table_that_is_drawn_anew_keeps_focus_and_click_and_its_rows_are_chosen_by_the_keyboard(small_page):
    a_table_that_is_built_again_keeps_the_focus(small_page)
    a_table_that_is_drawn_anew_keeps_focus_and_click(small_page)
    small_page.keyboard.press("Home")
    rows_are_chosen_by_the_keyboard(small_page)
    rows_that_arrive_while_a_table_is_built_are_shown(small_page)


# Builds the visible table anew without rows, and brings its rows before it is built.
BRING_ROWS_EARLY = """() => {
  const found = [...Bokeh.index.query(view => view.tabulator && view.model.source.length > 3)];
  for (const view of found) {
    const { model } = view;
    const rows = model.source.data;
    model.source.data = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
    view.invalidate_render();
    model.source.data = rows;
  }
  return found.length;
}"""


def rows_that_arrive_while_a_table_is_built_are_shown(page):
    go_to(page, "Frames")
    page.get_by_text("40 of 40 frames shown").wait_for()
    page.locator(".tabulator-row:visible").nth(3).wait_for()
    assert page.evaluate(BRING_ROWS_EARLY) > 0
    page.locator(".tabulator-row:visible").nth(3).wait_for()


def a_table_that_is_drawn_anew_keeps_focus_and_click(page):
    go_to(page, "Frames")
    row = page.locator(".tabulator-row:visible").nth(4)
    row.wait_for()
    wait_until_still(page)
    page.locator(".tabulator-tableholder:visible").first.focus()
    for frame in range(4):
        page.keyboard.press("ArrowDown")
        focus_reaches(page, "tabulator-row", f"{frame}\n")
    drawn_anew(page)
    focus_reaches(page, "tabulator-row", "3\n")
    page.keyboard.press("ArrowDown")
    focus_reaches(page, "tabulator-row", "4\n")
    page.keyboard.press("End")
    focus_reaches(page, "tabulator-row", "39\n")
    drawn_anew(page)
    focus_reaches(page, "tabulator-row", "39\n")
    page.keyboard.press("Home")
    focus_reaches(page, "tabulator-row", "0\n")
    click_while_drawn_anew(page, row.locator("[tabulator-field=label]"))
    page.get_by_text("of frame 4, ").wait_for()
    focus_reaches(page, "tabulator-row", "4\n")
    click_while_drawn_anew(page, row.locator("input[type=checkbox]"))
    page.get_by_text("1 frame selected").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("1 frame selected").wait_for(state="hidden")
    # Fitted to another width, a row stays and its cells are rebuilt.
    other = page.locator(".tabulator-row:visible").nth(2).locator("[tabulator-field=label]")
    other.hover()
    pressed = other.element_handle()
    page.mouse.down()
    page.evaluate(FIT_ANEW)
    pressed.wait_for_element_state("hidden")
    page.mouse.up()
    page.get_by_text("of frame 2, ").wait_for()
    # Where the focus has gone it stays.
    box = page.get_by_role("textbox", name="Filter")
    box.focus()
    drawn_anew(page)
    assert "tabulator-row" not in focused(page)[0]


def a_table_that_is_built_again_keeps_the_focus(page):
    go_to(page, "Frames")
    page.locator(".tabulator-row:visible").nth(4).wait_for()
    page.locator(".tabulator-tableholder:visible").first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    focus_reaches(page, "tabulator-row", "3\n")
    row = page.locator(".tabulator-row:visible").first.element_handle()
    assert page.evaluate(BUILD_AGAIN) > 0
    row.wait_for_element_state("hidden")
    # Tabulator takes the rows of a new table out again.
    wait_until_still(page)
    focus_reaches(page, "tabulator-row", "3\n")
    page.keyboard.press("ArrowDown")
    focus_reaches(page, "tabulator-row", "4\n")


def click_while_drawn_anew(page, part):
    """Press on a part of a table, which is rebuilt before the release."""
    part.hover()
    page.mouse.down()
    drawn_anew(page)
    page.mouse.up()


def drawn_anew(page):
    """Make every table rebuild its rows, and wait until the visible one has."""
    row = page.locator(".tabulator-row:visible").first.element_handle()
    page.evaluate(DRAW_ANEW)
    row.wait_for_element_state("hidden")
    page.locator(".tabulator-row:visible").nth(3).wait_for()
