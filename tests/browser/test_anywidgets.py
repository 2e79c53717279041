"""The anywidgets in a page of their own, with a model as a host of anywidget has it."""

import base64
import json

import numpy as np
import pytest
from ase.build import bulk

pytest.importorskip("anywidget", reason="anywidget is not installed")
from quests_app.notebook.anywidgets import MapWidget, StructureWidget
from tests.browser.conftest import PATIENCE

# Loads modules from texts, as anywidget does; bytes arrive as a DataView within a larger buffer.
HOST = """async ({script, state, bytes}) => {
  const values = {...state}, listeners = {};
  for (const [name, text] of Object.entries(bytes)) {
    const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), whole = new Uint8Array(raw.length + 8);
    whole.set(raw, 8);
    values[name] = new DataView(whole.buffer, 8);
  }
  const model = {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      for (const callback of listeners[`change:${name}`] ?? []) callback();
    },
    save_changes: () => { window.saved = (window.saved ?? 0) + 1; },
    on: (event, callback) => (listeners[event] ??= []).push(callback),
    off: (event, callback) => { listeners[event] = listeners[event].filter((one) => one !== callback); },
  };
  const module = await import(URL.createObjectURL(new Blob([script], {type: "text/javascript"})));
  if (module.render) throw new Error("anywidget would take the named export");
  const el = document.getElementById("widget");
  el.replaceChildren();
  window.model = model;
  window.close = await module.default.render({model, el});
  window.listening = () => Object.values(listeners).flat().length;
}"""
INK = """() => {
  const canvas = document.querySelector("#widget canvas"), context = canvas.getContext("2d");
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return data.reduce((n, value, i) => n + (i % 4 === 3 && value > 0), 0);
}"""


@pytest.fixture
def host(browser):
    """Return a function that shows a widget, and the page."""
    page = browser.new_page(viewport={"width": 600, "height": 450})
    page.set_default_timeout(1000 * PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content('<div id="widget" style="width:580px"></div>')

    def show(widget):
        state = {name: value for name, value in widget.get_state().items() if not name.startswith("_")}
        bytes_of = {
            name: base64.b64encode(one).decode() for name, one in state.items() if isinstance(one, bytes)
        }
        plain = json.loads(
            json.dumps({name: one for name, one in state.items() if name not in bytes_of}, default=str)
        )
        page.evaluate(HOST, {"script": widget._esm, "state": plain, "bytes": bytes_of})
        page.wait_for_function(f"() => ({INK})() > 50")
        return page

    yield show
    assert errors == []
    page.close()


def test_a_structure_is_drawn_clicked_and_stepped(host):
    page = host(StructureWidget([bulk("Cu", cubic=True)], height=400))
    assert page.locator("#widget canvas").get_attribute("aria-label") == "Frame 0, Cu4"
    page.locator("#widget canvas").click(position={"x": 290, "y": 200})
    page.keyboard.press("PageDown")
    page.wait_for_function("() => model.get('stepped')[1] === 1")
    page.keyboard.press("]")
    page.keyboard.press("Enter")
    page.wait_for_function("() => model.get('clicked')[1] > 0 && saved > 1")
    assert 0 <= page.evaluate("model.get('clicked')[0]") < 4
    page.evaluate("close()")
    assert page.evaluate("listening()") == 0


def test_colours_are_not_those_that_the_host_calls_so(host):
    viewer = StructureWidget([bulk("Cu", cubic=True)], height=400)
    color = "() => getComputedStyle(document.querySelector('#widget .views button')).color"
    page = host(viewer)
    expected = page.evaluate(color)
    page.evaluate("close()")
    # As marimo has them.
    page.add_style_tag(content=":root { --muted: #f8f8f8; --accent: #f0f0f0; --ink: red; --paper: red }")
    assert host(viewer).evaluate(color) == expected == "rgb(92, 104, 115)"


def test_a_lasso_on_the_map_selects_frames_and_a_click_a_point(host):
    # Four points in the corners, each a frame of its own.
    page = host(MapWidget(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), height=400))
    mouse = page.mouse

    def drag(*corners):
        mouse.move(*corners[0])
        mouse.down()
        for corner in corners[1:]:
            mouse.move(*corner, steps=3)
        mouse.up()

    box = page.locator("#widget canvas").bounding_box()
    left, top, right, bottom = box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
    middle = (left + right) / 2
    # Around the left half.
    drag((left + 4, top + 4), (middle, top + 4), (middle, bottom - 4), (left + 4, bottom - 4))
    page.wait_for_function("() => String(model.get('selected')) === '0,2'")
    page.get_by_text("2 frames selected").wait_for()
    page.keyboard.down("Shift")
    drag((middle, top + 4), (right - 4, top + 4), (right - 4, top + 90), (middle, top + 90))
    page.keyboard.up("Shift")
    page.wait_for_function("() => String(model.get('selected')) === '0,2,3'")
    mouse.click(right - 0.03 / 1.06 * box["width"], bottom - 0.03 / 1.06 * box["height"])
    page.wait_for_function("() => model.get('clicked') === 1")
    before = page.evaluate(INK)
    page.evaluate("model.set('selected', [])")
    page.wait_for_function(f"() => ({INK})() < {before}")
    page.evaluate("close()")
    assert page.evaluate("listening()") == 0
