"""Real files, opened by path, compressed to 25 % and downloaded, keep every byte of their frames."""

import gzip
import io
import json
import zipfile

import pytest

from .conftest import wait_until_still
from .test_dashboard import blocks, download, numbers, open_path

KEPT = {"gap20_Fullerenes": 68, "mlearn_Mo": 54, "3bpa": 250}


@pytest.mark.slow
@pytest.mark.parametrize("name", KEPT)
def test_a_quarter_of_a_real_file(page, data_file, name):
    source = data_file(f"{name}.xyz.gz")
    open_path(page, source)
    page.locator(".summary .name", has_text=source.name).wait_for()
    page.locator(".size", has_text=f"{KEPT[name]} of").wait_for()
    # The order that was published.
    page.get_by_role("button", name="msc", exact=True).click()
    page.locator("tr.active", has_text="msc").wait_for()
    wait_until_still(page)
    _, content = download(page, "Download subset")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        subset, record = archive.read("subset.xyz"), json.loads(archive.read("subset.json"))
    ranks = record["subset"]["indices_by_rank"]
    frames = blocks(gzip.decompress(source.read_bytes()))
    assert len(ranks) == KEPT[name]
    assert blocks(subset) == [frames[i] for i in sorted(ranks)]
    assert numbers(page, "full set")[1] == f"{len(frames):,}"
    # Of 3bpa, the published values are those of its first 200 frames.
    if name != "3bpa":
        reference = json.loads(data_file("reference_values.json").read_text())[name]
        assert ranks[:20] == reference["msc_first20"]
        metrics = record["metrics"]["subset"]
        assert metrics["overlap"] == pytest.approx(reference["curve"]["0.25"]["overlap"], abs=1e-5)
        assert metrics["entropy"] == pytest.approx(reference["curve"]["0.25"]["H"], abs=1e-5)
