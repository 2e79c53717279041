"""Export, choose a bandwidth and follow a link, as a user does."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from ase.io import read

from .conftest import wait_until
from .test_tables import focused

VISIBLE_FIGURE = ".bk-Figure:visible"


@pytest.mark.slow
def test_everything_is_taken_away_by_the_dialog(small_page, context, tmp_path):
    page = small_page
    page.get_by_role("button", name="More export options").click()
    page.get_by_role("button", name="MACE keys").click()
    page.get_by_text("become REF_energy").wait_for()
    page.get_by_label("Split into training and validation").click()
    page.get_by_label("Validation / %").wait_for()
    page.get_by_role("button", name="Command for this archive").click()
    page.locator(".code code", has_text="--keys mace --split 90:10").wait_for()
    # The first plots of a process compile what draws them.
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download (.zip)").click()
    assert waiting.value.suggested_filename == "copper-balanced-10-export.zip"
    with zipfile.ZipFile(waiting.value.path()) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {"train.xyz", "valid.xyz", "subset.json", "indices.txt", "report.html"} <= set(files)
    assert {"tables/frames.csv", "tables/health.csv", "tables/lost-environments.csv"} <= set(files)
    assert files["plots/entropy-diversity.svg"].startswith(b"<?xml")
    assert files["plots/map-kept.png"].startswith(b"\x89PNG")
    kept = [
        atoms
        for name in ("train.xyz", "valid.xyz")
        for atoms in read(io.StringIO(files[name].decode()), ":", format="extxyz")
    ]
    assert len(kept) == 10
    assert all("REF_energy" in atoms.info and "REF_forces" in atoms.arrays for atoms in kept)
    page.get_by_text("9 training and 1 validation frames (10.0 %)").wait_for()
    report_opens_without_a_network(context, files["report.html"], tmp_path)


def report_opens_without_a_network(context, content, folder):
    path, asked, errors = folder / "report.html", [], []
    path.write_bytes(content)
    report = context.new_page()
    report.on("request", lambda request: asked.append(request.url))
    report.on("pageerror", lambda error: errors.append(str(error)))
    report.goto(path.as_uri())
    report.locator("img").nth(2).wait_for()
    assert report.evaluate("[...document.images].every(image => image.naturalWidth > 300)")
    assert report.locator("td", has_text="full set").is_visible()
    assert report.get_by_role("heading", name="Health of the data set").is_visible()
    report.close()
    assert asked == [path.as_uri()]
    assert errors == []


def test_a_plot_is_saved_as_svg_and_png_and_the_command_is_shown(shared_page):
    a_plot_is_saved_as_svg_and_png(shared_page)
    the_command_is_shown(shared_page)
    a_closed_dialog_returns_the_focus(shared_page)


@pytest.mark.slow
def test_a_link_reopens_the_page_and_a_bandwidth_is_judged_before_it_is_used(small_page, context):
    a_link_reopens_the_page(small_page, context)
    a_bandwidth_is_judged_before_it_is_used(small_page)


def a_plot_is_saved_as_svg_and_png(page):
    figure = page.locator(VISIBLE_FIGURE).first
    figure.hover()
    for tool, name, start in (
        ("Save as SVG", "entropy-nats-diversity-nats.svg", b"<svg"),
        ("Save", "entropy-nats-diversity-nats.png", b"\x89PNG"),
    ):
        with page.expect_download() as waiting:
            page.get_by_title(tool, exact=True).first.click(force=True)
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(start)
        assert len(content) > 5000
        assert waiting.value.suggested_filename == name


def the_command_is_shown(page):
    page.get_by_role("button", name="Show a shell command").click()
    code = page.locator(".code code")
    code.wait_for()
    assert code.inner_text().startswith("quests-explorer compress ")
    # The page is shared with other tests.
    page.keyboard.press("Escape")
    code.wait_for(state="hidden")


def a_closed_dialog_returns_the_focus(page):
    for name in ("Show Python", "More export options"):
        for _ in ("first", "opened again"):
            page.get_by_role("button", name=name).press("Enter")
            dialog = page.get_by_role("dialog")
            dialog.wait_for()
            wait_until(page, lambda: "Dialog" in focused(page)[0], "the dialog has the focus")
            page.keyboard.press("Escape")
            dialog.wait_for(state="detached")
            wait_until(page, lambda name=name: name in focused(page)[1], f"{name} has the focus again")


def a_bandwidth_is_judged_before_it_is_used(page):
    page.get_by_role("button", name="Settings").click()
    page.get_by_text(re.compile("nats of ln n = ")).wait_for()
    page.get_by_label("log₁₀ of the bandwidth").focus()
    for _ in range(3):
        page.keyboard.press("End")
    page.get_by_text("Too large: H is below 5 %").wait_for()
    page.get_by_role("button", name="Suggest from the volume per atom").click()
    page.get_by_text("Å³/atom").wait_for()
    field = page.get_by_label("Bandwidth h / Å⁻¹")
    wait_until(page, lambda: 0.05 < float(field.input_value()) < 0.08, "a bandwidth is suggested")
    suggested = field.input_value()
    assert 0.05 < float(suggested) < 0.08
    page.get_by_role("button", name="Recompute").click()
    page.wait_for_url(re.compile(rf"bandwidth={suggested}\b"))


def a_link_reopens_the_page(page, context):
    page.wait_for_url(re.compile("file=.*copper.xyz"))
    slider = page.get_by_label("Frames kept")
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_role("button", name="random", exact=True).click()
    page.wait_for_url(re.compile("active=random.*size=11"))
    entries = page.evaluate("history.length")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_url(re.compile("size=12"))
    assert page.evaluate("history.length") == entries, "the Back button still leaves the page"
    other = context.new_page()
    other.goto(page.url)
    other.locator(".verdict", has_text="random covers").wait_for()
    other.locator(".size", has_text="12 of 40 frames").wait_for()
    other.close()
