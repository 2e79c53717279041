"""Train GAPs on the page, from the form to figure and download; and look at predictions of a file."""

import re

import numpy as np
import pytest
from ase.io import write

from quests_core.potentials import missing_trainer
from tests.core.potentials.trained import labelled_frames

DRAWN = """() => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .some(model => (model.data?.percent?.length ?? 0) > 0 && 'error' in model.data)"""


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
    page.get_by_role("textbox", name="Sizes").fill("50 %, 100")
    train.click()
    page.get_by_text("sizes: expected at most the 10 frames of the training part, got 100").wait_for()
    page.get_by_role("textbox", name="Sizes").fill("4")
    page.get_by_role("textbox", name="Parameters").fill("n_sparse=20, n_max=3, l_max=2, cutoff=4")
    train.click()
    page.get_by_text(re.compile("^6 potentials.*; 2 test frames")).wait_for()
    page.wait_for_function(DRAWN)
    page.get_by_role("button", name="δH of test", exact=True).click()
    page.get_by_text("4 frames", exact=True).first.wait_for()
    with page.expect_download() as waiting:
        page.get_by_text("Download (.csv)").click()
    assert waiting.value.suggested_filename == "alloy-potentials.csv"
    rows = waiting.value.path().read_text().splitlines()
    assert len(rows) == 7
    assert "finished" in rows[1]


def test_predictions_of_a_file_lead_to_the_structure(small_page, tmp_path):
    page, path, frames = small_page, tmp_path / "predicted.xyz", labelled_frames(8)
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
