"""The dashboard inside a real JupyterLab: shown, led with the mouse and from Python, without a network."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.browser.conftest import PATIENCE, free_port, missing, wait_for, wait_until_still

CELLS = (
    "from quests_app import Explorer\nexplorer = Explorer(path, umap=False)\nexplorer",
    "explorer.map",
    "explorer.n_frames, len(explorer.subset), explorer.selected",
    "explorer.n_frames = 30\nexplorer.selected = [1, 2, 3]",
    "explorer.n_frames, len(explorer.subset), explorer.selected",
)

WIDGETS = (
    "from quests_app.analysis.map_placement import pca\n"
    "from quests_app.notebook.anywidgets import MapWidget, StructureWidget\n"
    "from quests_core import descriptors, read\n"
    "frames = read(path)\nenvs = descriptors(frames)\n"
    "viewer = StructureWidget(frames)\nchart = MapWidget(pca(envs.X), envs.frame_index)\n"
    "chart.show_in(viewer)\nviewer",
    "chart",
    "chart.selected, viewer.frame",
    "chart.selected = [1, 2, 3]\nviewer.frame = 7",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_file):
    """Return a folder with two equal notebooks; their first cell names the file."""
    folder = tmp_path_factory.mktemp("lab")
    first = f"path = {str(small_file)!r}\n{CELLS[0]}"
    cells = [
        {
            "cell_type": "code", "id": f"cell-{i}", "source": text, "metadata": {}, "outputs": [],
            "execution_count": None,
        }
        for i, text in enumerate((first, *CELLS[1:]))
    ]  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    for name in ("look", "stored"):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    first = f"path = {str(small_file)!r}\n{WIDGETS[0]}"
    sources = (first, *WIDGETS[1:])
    notebook["cells"] = [cell | {"source": text} for cell, text in zip(cells, sources, strict=False)]
    (folder / "widgets.ipynb").write_text(json.dumps(notebook))
    return folder


@pytest.fixture(scope="module")
def lab(folder, browser):
    """Serve the notebooks of the folder."""
    if find_spec("jupyterlab") is None:
        missing("jupyterlab is not installed")
    port = free_port()
    own = {
        name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", f"--port={port}",
        "--ServerApp.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    log = folder / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(command, env={**os.environ, **own}, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://localhost:{port}/api", server, log)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(PATIENCE)


@pytest.fixture
def open_notebook(browser, lab):
    """Return a function that opens a notebook in a page of its own, in which no output is drawn yet.

    Afterwards nothing was fetched from elsewhere, and no script failed.
    """
    pages, elsewhere, errors = [], [], []

    def open_page(name):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        pages.append(page)
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda request: (
                elsewhere.append(request.url) if not request.url.startswith((lab, "data:", "blob:")) else None
            ),
        )
        # Otherwise, JupyterLab opens the notebooks of earlier pages too, hidden.
        page.goto(f"{lab}/lab/tree/{name}.ipynb?reset")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.locator(".jp-Notebook .jp-Cell .jp-InputArea-editor").first.click()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert elsewhere == []
    assert errors == []


def run_cell(page, number):
    """Run the next cell and wait for its end; return its output area."""
    page.keyboard.press("Shift+Enter")
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".jp-InputPrompt", has_text=f"[{number + 1}]:").wait_for()
    return cell.locator(".jp-Cell-outputArea")


def printed(output):
    """Return what a cell shows, without white space."""
    return "".join(output.inner_text().split())


def lasso(page, chart):
    """Draw a loop around all points of a map."""
    chart.scroll_into_view_if_needed()
    box = chart.locator(".bk-Figure").first.bounding_box()
    x, y, width, height = (box[name] for name in ("x", "y", "width", "height"))
    corners = ((0.02, 0.15), (0.98, 0.15), (0.98, 0.97), (0.02, 0.97), (0.02, 0.16))
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * width, y + down * height, steps=5)
    page.mouse.up()


@pytest.mark.slow
def test_structure_and_map_as_anywidgets(open_notebook):
    if find_spec("anywidget") is None:
        missing("anywidget is not installed")
    page = open_notebook("widgets")
    structure = run_cell(page, 0)
    structure.locator("canvas").first.wait_for()
    structure.get_by_role("button", name="measure").or_(structure.get_by_text("measure")).first.wait_for()
    chart = run_cell(page, 1)
    chart.get_by_text("log₁₀ relative density").wait_for()
    canvas = chart.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    wait_until_still(page)
    box = canvas.bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.03)]
    points = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()
    chart.get_by_text("40 frames selected").wait_for()
    page.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-editor").nth(2).click()
    assert printed(run_cell(page, 2)).endswith(f"({list(range(40))},0)".replace(" ", ""))
    run_cell(page, 3)
    chart.get_by_text("3 frames selected").wait_for()


@pytest.mark.slow
def test_the_dashboard_in_a_notebook(open_notebook):
    page = open_notebook("look")
    dashboard = run_cell(page, 0)
    dashboard.get_by_text("By comparison, random covers").wait_for()
    for heading in ("Entropy against diversity", "Overlap against size", "Force tail"):
        assert dashboard.get_by_role("heading", name=heading).is_visible()
    slider = dashboard.get_by_role("slider", name="Frames kept")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    dashboard.get_by_text("15 of 40 frames").wait_for()

    page.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-editor").nth(1).click()
    chart = run_cell(page, 1)
    chart.get_by_role("heading", name="Map of environments").wait_for()
    chart.locator(".bk-Figure").first.wait_for()
    # What is drawn above it moves it.
    chart.scroll_into_view_if_needed()
    wait_until_still(page)
    lasso(page, chart)
    dashboard.get_by_text("40 frames selected").wait_for()

    page.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-editor").nth(2).click()
    assert f"(15,15,{list(range(40))})".replace(" ", "") in printed(run_cell(page, 2))

    run_cell(page, 3)
    dashboard.get_by_text("30 of 40 frames").wait_for()
    dashboard.get_by_text("3 frames selected").wait_for()
    assert "(30,30,[1,2,3])" in printed(run_cell(page, 4))
    if folder := os.environ.get("QUESTS_SCREENSHOTS"):
        dashboard.scroll_into_view_if_needed()
        page.screenshot(path=f"{folder}/jupyter.png")
