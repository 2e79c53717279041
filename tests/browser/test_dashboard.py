"""Open files, move the slider, compare methods, cancel, download."""

import io
import itertools
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.io import read, write

from quests_core.io.xyz_checks import frame_bounds
from quests_core.published.checksums import write_with_checksum
from tests.browser.conftest import wait_until

DEMO = Path(__file__).resolve().parents[2] / "app" / "assets" / "demo.xyz.gz"

# How many points each figure of the page draws, told by BokehJS.
DRAWN = """() => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .filter(model => model.type === 'Figure')
  .map(figure => figure.renderers.filter(r => r.visible)
    .reduce((n, r) => n + (r.data_source.get_length() ?? 0), 0))"""

# How many times the page has told that its user did something.
ACTIONS = """() => Object.values(Bokeh.documents).flatMap(doc => [...doc._all_models.values()])
  .map(model => model.n_actions).filter(number => number !== undefined)"""


def numbers(page, name):
    """Return the cells of one row of the table."""
    row = page.locator("table.numbers tr", has_text=name).first
    row.wait_for()
    cells = row.locator("td").all_inner_texts()
    return [cell.strip() for cell in cells]


def move_slider(page, key, times=1):
    slider = page.get_by_role("slider", name="Frames kept")
    slider.focus()
    for _ in range(times):
        slider.press(key)


def blocks(data):
    bounds = frame_bounds(data)
    return [data[a:b] for a, b in itertools.pairwise(bounds)]


def open_path(page, path):
    page.get_by_placeholder("/data/train.xyz").fill(str(path))
    page.get_by_placeholder("/data/train.xyz").press("Enter")


def upload(page, path):
    page.locator("input[type=file]").set_input_files(str(path))


def shown_name(page):
    return page.locator(".summary .what .name")


def download(page, label):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_first_visit(page):
    """The demo is shown with every plot; slider, methods, colours and code work."""
    n_frames = len(read(DEMO, index=":"))
    assert "Demo" in shown_name(page).inner_text()
    assert numbers(page, "full set")[1] == f"{n_frames:,}"
    assert [row.split("\t")[0] for row in page.locator("table.numbers tbody tr").all_inner_texts()] == [
        "balanced", "msc", "random", "full set",
    ]  # fmt: skip
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == 5
    assert min(drawn) > 5
    assert sorted(drawn)[1] > 50, "all but the bars draw many points"
    for heading in (
        "Entropy against diversity",
        "Overlap against size",
        "Map of environments",
        "Force tail",
        "Redundancy",
    ):
        assert page.get_by_role("heading", name=heading).is_visible()
    slider_moves_the_numbers(page)
    methods_are_compared_and_chosen(page)
    page.get_by_role("button", name="δH", exact=True).click()
    page.get_by_text("given the random subset").wait_for()
    page.get_by_role("button", name="Density", exact=True).click()
    page.get_by_text("of the full set").first.wait_for()
    code_is_shown_and_copied(page)


def slider_moves_the_numbers(page):
    before, size = numbers(page, "balanced"), page.locator(".size").inner_text()
    assert size.startswith("25 %")
    (before_moves,) = page.evaluate(ACTIONS)
    move_slider(page, "ArrowRight", 5)
    assert page.evaluate(ACTIONS) >= [before_moves + 5]
    page.locator(".size", has_not_text=size.splitlines()[1]).wait_for()
    page.locator("tr.active", has_not_text=before[3]).wait_for()
    after = numbers(page, "balanced")
    assert int(after[1]) > int(before[1])
    assert after[3:] != before[3:]
    move_slider(page, "End")
    page.get_by_text("Nothing is lost.").wait_for()
    page.locator("tr.active", has_text=numbers(page, "full set")[3]).wait_for()
    assert numbers(page, "balanced")[1:] == numbers(page, "full set")[1:]


def methods_are_compared_and_chosen(page):
    page.get_by_role("checkbox", name="mean_fps").click()
    page.locator("table.numbers tr", has_text="mean_fps").wait_for()
    page.get_by_role("button", name="random", exact=True).click()
    page.locator(".verdict", has_text="random covers").wait_for()
    page.locator("tr.active", has_text="random").wait_for()
    page.get_by_role("checkbox", name="msc").click()
    page.locator("table.numbers tr", has_text="msc").wait_for(state="detached")


def code_is_shown_and_copied(page):
    page.get_by_role("button", name="Show Python…").click()
    code = page.locator(".code code")
    code.wait_for()
    assert "select(" in code.inner_text()
    assert str(DEMO) in code.inner_text()
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_role("button", name="Copied").wait_for()


def test_files_are_refused_cancelled_opened_compressed_and_downloaded(page, small_file, large_file, tmp_path):
    what_goes_wrong_is_said_and_what_was_open_stays(page, small_file, large_file, tmp_path)
    a_published_set_opens_by_its_name(page, small_file)
    an_uploaded_file_is_compressed_and_downloaded(page, small_file)


def what_goes_wrong_is_said_and_what_was_open_stays(page, small_file, large_file, tmp_path):
    bad = tmp_path / "cut.xyz"
    bad.write_bytes(small_file.read_bytes()[:-200])
    upload(page, bad)
    message = page.locator(".MuiAlert-root").filter(has_text="Could not open cut.xyz: frame 39")
    message.filter(has_text="cut off").wait_for()
    assert "Demo" in shown_name(page).inner_text()
    message.get_by_role("button", name="Close").click()
    message.wait_for(state="hidden")
    top = shown_name(page).bounding_box()["y"]
    open_path(page, large_file)
    page.get_by_text("Opening large.xyz").first.wait_for()
    assert shown_name(page).bounding_box()["y"] == top, "nothing moves when progress is shown"
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_text("Cancelled. The results shown are unchanged.").wait_for()
    page.get_by_text("Opening large.xyz").first.wait_for(state="hidden")
    assert "Demo" in shown_name(page).inner_text()
    move_slider(page, "End")
    page.get_by_text("Nothing is lost.").wait_for()


def an_uploaded_file_is_compressed_and_downloaded(page, small_file):
    upload(page, small_file)
    page.locator(".summary .name", has_text="copper.xyz").wait_for()
    page.locator(".size", has_text="10 of 40 frames").wait_for()
    page.locator(".verdict", has_text="By comparison").wait_for()
    assert numbers(page, "full set")[1:3] == ["40", "160"]
    subset_is_downloaded_byte_for_byte(page, small_file)
    page.get_by_role("heading", name="Map of environments (UMAP)").wait_for()
    settings_recompute(page)


def subset_is_downloaded_byte_for_byte(page, source_file):
    name, content = download(page, "Download subset")
    assert name == "copper-balanced-10.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        subset, record = archive.read("subset.xyz"), json.loads(archive.read("subset.json"))
    chosen = sorted(record["subset"]["indices_by_rank"])
    source = blocks(source_file.read_bytes())
    assert subset == b"".join(source[i] for i in chosen)
    kept, frames = read(io.StringIO(subset.decode()), ":", format="extxyz"), read(source_file, ":")
    assert len(kept) == 10
    for atoms, i in zip(kept, chosen, strict=True):
        np.testing.assert_array_equal(atoms.get_forces(), frames[i].get_forces())
    assert f"{record['metrics']['subset']['entropy']:.3f}" == numbers(page, "balanced")[3]
    # The same button again gives the same file again, and rank order another one.
    assert download(page, ".xyz") == ("copper-balanced-10.xyz", subset)
    assert download(page, ".xyz") == ("copper-balanced-10.xyz", subset)
    page.get_by_role("button", name="Rank order").click()
    page.locator("button[aria-pressed=true]", has_text="Rank order").wait_for()
    ranked = download(page, ".xyz")[1]
    assert ranked == b"".join(source[i] for i in record["subset"]["indices_by_rank"])
    assert json.loads(download(page, ".json")[1])["subset"]["order"] == "rank"


def settings_recompute(page):
    before = numbers(page, "full set")[3]
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Bandwidth h / Å⁻¹").fill("0.1")
    page.get_by_role("button", name="Recompute").click()
    page.locator("table.numbers tr", has_text="full set").filter(has_not_text=before).wait_for()
    assert float(numbers(page, "full set")[3]) < float(before)


def a_published_set_opens_by_its_name(page, small_file):
    """Open what is cached without a network; other sets show an error and keep the open file."""
    folder = Path(os.environ["QUESTS_CACHE_DIR"], "datasets", "gap20")
    folder.mkdir(parents=True, exist_ok=True)
    write_with_checksum(folder / "Tiny.xyz", [small_file.read_bytes()])
    page.get_by_label("File path or data-set name").fill("gap20:Tiny")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("10 of 40 frames").wait_for()
    assert page.get_by_text("gap20:Tiny", exact=True).is_visible()
    page.get_by_label("File path or data-set name").fill("tm23:Xx")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("Could not open tm23:Xx: expected one of Ag, Au").wait_for()
    assert page.get_by_text("gap20:Tiny", exact=True).is_visible()


@pytest.mark.slow
def test_files_that_are_dropped_together_are_one_data_set(page_of_any_file, small_file, tmp_path):
    page = page_of_any_file
    other = tmp_path / "other.xyz"
    frames = read(small_file, index=":5")
    for atoms in frames:
        atoms.info["config_type"] = "a label that is much longer than its column"
    write(other, frames, format="extxyz")
    page.locator("input[type=file]").set_input_files([str(small_file), str(other)])
    name = f"2 files: {small_file.name}, other.xyz"
    page.locator(".summary .what .name", has_text=name).wait_for()
    page.get_by_role("tab", name="Frames").click()
    cell = page.locator(".tabulator-cell[tabulator-field=label] > div").first
    overflow = "cell => getComputedStyle(cell).textOverflow"
    # A row that has just been replaced has no style.
    wait_until(page, lambda: cell.evaluate(overflow) == "ellipsis", "long labels end with an ellipsis")
