"""A file of 232,144 environments in the page; takes minutes, so it runs on request only."""

import gzip
import io
import json
import os
import zipfile

import pytest

from .conftest import wait_until
from .test_dashboard import blocks, download, move_slider, numbers, open_path
from .test_map import corners, drag, maps, picked, wait_for

pytestmark = pytest.mark.skipif(
    os.environ.get("QUESTS_LARGE") != "1", reason="takes minutes; QUESTS_LARGE=1 runs it"
)

N_FRAMES, N_ENVS, QUARTER = 3559, 232_144, 890
# How many pixels of the map that is seen are painted, told by BokehJS.
PAINTED = """() => [...Bokeh.index.all_views()]
  .filter(view => view.model.type === 'Figure' && view.el.getBoundingClientRect().width > 0)
  .flatMap(view => view.model.renderers.map(renderer => renderer.data_source.data.image?.[0]))
  .filter(image => image != null)
  .map(image => image.reduce((n, pixel) => n + (pixel > 0), 0))"""


def test_gap20_partial_is_shown_picked_from_and_exported(page, data_file):
    page.set_default_timeout(600_000)
    source = data_file("gap20_partial.xyz.gz")
    open_path(page, source)
    page.locator(".summary .name", has_text=source.name).wait_for()
    page.locator(".size", has_text=f"{QUARTER} of {N_FRAMES:,} frames").wait_for()
    # First plots: another order leads until the one that is chosen is there.
    the_slider_moves_the_page(page)
    frames_are_picked_on_the_map(page)
    page.locator(".verdict", has_text="balanced covers").wait_for()
    page.get_by_text("By comparison, random covers").wait_for()
    page.locator(".caution", has_text="nats away").wait_for()
    the_quarter_is_every_byte_of_the_source(page, source)


def the_slider_moves_the_page(page):
    before = page.locator(".size").inner_text()
    overlap = numbers(page, "msc")[5]
    move_slider(page, "ArrowRight", 8)
    page.locator(".size", has_not_text=before.splitlines()[1]).wait_for()
    page.locator("tr", has_text="msc").filter(has_not_text=overlap).first.wait_for()
    move_slider(page, "ArrowLeft", 8)
    page.locator(".size", has_text=f"{QUARTER} of {N_FRAMES:,} frames").wait_for()


def frames_are_picked_on_the_map(page):
    page.get_by_role("tab", name="Map", exact=True).click()
    page.get_by_text("Show the subset separately").wait_for()
    page.get_by_text(f"{N_ENVS:,} environments").locator("visible=true").first.wait_for()
    (seen,) = wait_for(page, lambda seen: len(seen) == 1 and seen[0]["width"] > 100)
    assert seen["points"] == 0, "so many are drawn as an image"
    wait_until(page, lambda: max(page.evaluate(PAINTED), default=0) > 1000, "the image is painted")
    drag(page, corners(maps(page)[0], 0.05, 0.12, 0.55, 0.9))
    page.get_by_text("frames selected").first.wait_for()
    some = picked(page)
    assert 0 < some < N_FRAMES
    page.keyboard.press("Escape")
    page.get_by_text("frames selected").first.wait_for(state="hidden")
    page.get_by_role("tab", name="Overview").click()


def the_quarter_is_every_byte_of_the_source(page, source):
    _, content = download(page, "Download subset")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        subset, record = archive.read("subset.xyz"), json.loads(archive.read("subset.json"))
    ranks = record["subset"]["indices_by_rank"]
    frames = blocks(gzip.decompress(source.read_bytes()))
    assert len(frames) == N_FRAMES
    assert len(set(ranks)) == len(ranks) == QUARTER
    assert subset == b"".join(frames[i] for i in sorted(ranks))
    assert record["parameters"]["method"] == "balanced"
    assert f"{record['metrics']['subset']['entropy']:.3f}" == numbers(page, "balanced")[3]
