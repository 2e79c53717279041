"""The map in use: choose colours, draw a lasso or a box, click, deselect."""

import re

from .conftest import wait_until, wait_until_still

# Where things stand on the map that is seen, told by BokehJS.
MAP = """() => {
  const plots = Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
    .filter(model => model.type === 'Figure')
    .filter(model => model.toolbar.tools.some(tool => tool.type === 'LassoSelectTool'))
  const views = plots.flatMap(plot => [...Bokeh.index.all_views()].filter(view => view.model === plot))
  return views.filter(view => view.el.getBoundingClientRect().width > 0).map(view => {
    const box = view.el.getBoundingClientRect(), frame = view.frame.bbox
    const cross = view.model.renderers.at(-1).data_source.data
    const sources = view.model.renderers.map(renderer => renderer.data_source.data)
    const points = sources.find(data => 'color' in data)
    const rings = sources.find(data => 'x' in data && !('color' in data) && !('dw' in data))
    const at = (x, y) => [box.left + view.frame.x_scale.compute(x), box.top + view.frame.y_scale.compute(y)]
    return {
      x: box.left + frame.left, y: box.top + frame.top, width: frame.width, height: frame.height,
      points: points.x.length, rings: rings.x.length, crosses: cross.x.length,
      some: [...points.x].slice(0, 5).map((x, i) => at(x, points.y[i])),
    }
  })
}"""


def maps(page):
    return page.evaluate(MAP)


def wait_for(page, true):
    """Wait until `true` of the maps that are seen."""

    def found():
        seen = maps(page)
        return seen if seen and true(seen) else None

    return wait_until(page, found, lambda: f"the maps are so: {maps(page)}")


def drag(page, corners):
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def corners(seen, left, top, right, bottom):
    x, y = (seen["x"] + share * seen["width"] for share in (left, right)), (top, bottom)
    (x0, x1), (y0, y1) = x, (seen["y"] + share * seen["height"] for share in y)
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


def picked(page):
    """Return the number of selected frames in the bar."""
    text = page.get_by_text(re.compile("frames? selected")).first.inner_text()
    return int(re.match(r"([\d,]+) frame", text)[1].replace(",", ""))


def test_the_map_is_coloured_and_picks_frames_and_environments(shared_page):
    page = shared_page
    the_map_is_coloured_by_what_is_in_the_file(page)
    page.get_by_role("tab", name="Map", exact=True).click()
    page.get_by_text("Show the subset separately").wait_for()
    (seen,) = wait_for(page, lambda seen: len(seen) == 1 and seen[0]["points"] > 1000)
    assert seen["rings"] == seen["crosses"] == 0
    wait_until_still(page)
    (seen,) = maps(page)
    a_lasso_and_a_box_pick(page, seen)
    a_click_looks_at_an_environment(page)
    page.keyboard.press("Escape")
    wait_for(page, lambda seen: seen[0]["rings"] == seen[0]["crosses"] == 0)
    two_maps_stand_beside_each_other(page)


def a_lasso_and_a_box_pick(page, seen):
    drag(page, corners(seen, 0.05, 0.12, 0.5, 0.9))
    wait_for(page, lambda seen: seen[0]["rings"] > 0)
    some = picked(page)
    assert 0 < some < 257
    page.keyboard.down("Shift")
    drag(page, corners(seen, 0.45, 0.12, 0.95, 0.95))
    page.keyboard.up("Shift")
    wait_until(page, lambda: picked(page) > some, "shift adds")


def a_click_looks_at_an_environment(page):
    x, y = maps(page)[0]["some"][0]
    page.mouse.click(x, y)
    wait_for(page, lambda seen: seen[0]["crosses"] == 1)
    page.get_by_role("button", name="Clear the selection (Esc)").wait_for()


def two_maps_stand_beside_each_other(page):
    page.get_by_label("Show the subset separately").click()
    both = wait_for(page, lambda seen: len(seen) == 2 and seen[1]["points"] > 0)
    assert both[1]["points"] < both[0]["points"]
    for name in ("width", "height"):
        assert abs(both[0][name] - both[1][name]) < 3
    page.get_by_label("Show the subset separately").click()
    wait_for(page, lambda seen: len(seen) == 1)


def the_map_is_coloured_by_what_is_in_the_file(page):
    page.locator(".MuiSelect-select", has_text="Kept or dropped").click()
    page.locator(".MuiMenuItem-root", has_text="Label").click()
    page.locator(".legend", has_text="nanotube_300K").wait_for()
    page.locator(".MuiSelect-select", has_text="Label").click()
    page.locator(".MuiMenuItem-root", has_text="Force |F|").click()
    page.locator(".legend", has_text="nanotube_300K").wait_for(state="hidden")
    page.get_by_text("beyond the bar's ends").wait_for()
    page.locator(".MuiSelect-select", has_text="Force |F|").click()
    page.locator(".MuiMenuItem-root", has_text="Kept or dropped").click()
    page.get_by_text("beyond the bar's ends").wait_for(state="hidden")
