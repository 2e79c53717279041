"""Train GAPs on the page, from the form to figure and download; and look at predictions of a file."""

import re

import numpy as np
import pytest
from ase.io import write

from quests_core.potentials import missing_trainer
from tests.core.potentials.trained import labelled_frames

from .conftest import wait_until_still

DRAWN = """() => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .some(model => (model.data?.percent?.length ?? 0) > 0 && 'error' in model.data)"""


# The frame of the parity plot on the page.
PARITY = """() => {
  const view = [...Bokeh.index.all_views()].find(view => view.model.type === 'Figure'
    && view.model.below[0]?.axis_label?.startsWith('reference') && view.el.getBoundingClientRect().width > 0)
  view.el.scrollIntoView({block: 'center'})
  const box = view.el.getBoundingClientRect(), frame = view.frame.bbox
  return [box.x + frame.left, box.y + frame.top, frame.width, frame.height]
}"""


def open_file(page, path):
    field = page.get_by_label("File path or data-set name").first
    field.fill(str(path))
    field.press("Enter")
    page.locator(".name", has_text=path.name).wait_for()
    page.get_by_role("tab", name="Potentials").click()


@pytest.mark.slow
@pytest.mark.skipif(missing_trainer("gap") != "", reason=f"no GAP: {missing_trainer('gap')}")
def test_potentials_are_trained_and_compared(small_page, tmp_path):
    page, path = small_page, tmp_path / "alloy.xyz"
    write(path, labelled_frames(12), format="extxyz")
    open_file(page, path)
    train = page.get_by_role("button", name="Train", exact=True)
    page.get_by_role("textbox", name="Sizes").fill("100")
    train.click()
    page.get_by_text("sizes: expected at most the 10 frames of the training part, got 100").wait_for()
    page.get_by_role("textbox", name="Sizes").fill("4")
    page.get_by_role("textbox", name="Parameters").fill("n_sparse=20, n_max=3, l_max=2, cutoff=4")
    train.click()
    page.get_by_text(re.compile("^6 potentials.*; 2 test frames")).wait_for()
    page.wait_for_function(DRAWN)
    page.get_by_role("button", name="Test δH", exact=True).click()
    page.get_by_text("4 frames", exact=True).first.wait_for()
    cells = page.locator(".card", has=page.get_by_role("heading", name="Potentials", exact=True))
    cells.get_by_role("button", name="Element", exact=True).click()
    cells.locator("[tabulator-field=group]", has_text="Ag").first.wait_for()
    cells.get_by_role("button", name="All", exact=True).click()
    cells.locator("[tabulator-field=overlap]").first.wait_for()
    with page.expect_download() as waiting:
        page.get_by_text("Download (.csv)").click()
    assert waiting.value.suggested_filename == "alloy-potentials.csv"
    rows = waiting.value.path().read_text().splitlines()
    assert len(rows) == 7
    assert "finished" in rows[1]


@pytest.mark.slow
def test_predictions_of_a_file_lead_to_the_structure(page_of_any_file, tmp_path):
    page, path, frames = page_of_any_file, tmp_path / "predicted.xyz", labelled_frames(8)
    for i, atoms in enumerate(frames):
        atoms.arrays["MACE_forces"] = atoms.get_forces() * (1 + 0.1 * i) + 0.01
    write(path, frames, format="extxyz")
    open_file(page, path)
    page.get_by_role("heading", name="Predictions of MACE").wait_for()
    page.get_by_text("96 points, all drawn").wait_for()
    worst = page.locator(".card", has=page.get_by_role("heading", name="Frames predicted worst"))
    worst.locator(".tabulator-row").first.locator("[tabulator-field=frame]").click()
    page.get_by_role("heading", name="Map of environments").wait_for()
    page.get_by_text("1 frame selected").wait_for()
    errors = [np.square(atoms.arrays["MACE_forces"] - atoms.get_forces()).mean() for atoms in frames]
    page.get_by_role("heading", name=f"Frame {np.argmax(errors)}", exact=True).wait_for()


@pytest.mark.slow
def test_a_calculator_predicts_and_a_lasso_on_its_parity_excludes_frames(page_of_any_file, tmp_path):
    page, path, frames = page_of_any_file, tmp_path / "wrong.xyz", labelled_frames(8)
    # The largest component of all, by far.
    frames[5].calc.results["forces"][0] = 30.0
    write(path, frames, format="extxyz")
    open_file(page, path)
    page.get_by_label("Calculator").click()
    page.get_by_role("listbox").get_by_text("EMT (fcc metals, for tests)").click()
    page.get_by_text("Predict", exact=True).click()
    page.get_by_role("heading", name="Predictions of EMT").wait_for()
    page.get_by_text("96 points, all drawn").wait_for()
    wait_until_still(page)
    left, top, width, height = page.evaluate(PARITY)
    # Predicted values are small: the points are low on the right.
    corners = [(0.8, 0.02), (0.99, 0.02), (0.99, 0.98), (0.8, 0.98), (0.8, 0.02)]
    page.mouse.move(left + corners[0][0] * width, top + corners[0][1] * height)
    page.mouse.down()
    for x, y in corners[1:]:
        page.mouse.move(left + x * width, top + y * height, steps=8)
    page.mouse.up()
    page.get_by_text("3 points of 1 frame inside").wait_for()
    page.get_by_text("1 frame selected").wait_for()
    page.get_by_role("button", name="Exclude the selected frames").click()
    page.get_by_text("1 excluded").first.wait_for()
    page.get_by_role("tab", name="Frames").click()
    page.locator(".tabulator-col", has_text="force_rmse_EMT").wait_for()
