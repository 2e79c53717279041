"""The file of `Explorer.save` in a browser without a network."""

import os

import pytest

from quests_app import Explorer
from tests.browser.conftest import PATIENCE

# Panel's table calls pandas in a way that pandas is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")


@pytest.fixture(scope="module")
def saved(tmp_path_factory, small_file):
    explorer = Explorer(small_file, umap=False)
    explorer.n_frames = 10
    try:
        return explorer.save(tmp_path_factory.mktemp("saved") / "explorer.html")
    finally:
        explorer.close()


def test_a_saved_page_shows_every_tab_without_a_network(browser, saved):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page, elsewhere, errors = context.new_page(), [], []
    page.set_default_timeout(1000 * PATIENCE)
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(saved.as_uri())
    try:
        page.get_by_text("25 % of the frames").wait_for()
        page.get_by_role("heading", name="Entropy against diversity").wait_for()
        assert page.get_by_role("slider").count() == 0, "nothing that needs Python decides here"
        for tab, heading in (
            ("Map", "Nearest kept environment"),
            ("What was lost", "Lost environments"),
            ("Frames", "Frames"),
            ("Health", "Health of the data set"),
            ("Overview", "Overlap against size"),
        ):
            page.get_by_role("tab", name=tab).click()
            page.get_by_role("heading", name=heading, exact=True).wait_for()
            if tab == "Frames":
                page.locator(".tabulator-row").first.wait_for()
            if tab == "Map":
                page.locator("canvas").first.wait_for()
            if folder := os.environ.get("QUESTS_SCREENSHOTS"):
                page.screenshot(path=f"{folder}/saved-{tab.split()[0].lower()}.png")
    finally:
        context.close()
    assert elsewhere == []
    assert errors == []
