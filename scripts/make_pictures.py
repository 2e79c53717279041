"""Take the pictures of the dashboard in README and docs: ``python scripts/make_pictures.py``.

The demo is served and opened in Chromium. Run it after a visible change of the page, and look at the result.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from ase.io import write
from playwright.sync_api import Page, sync_playwright

from quests_app.analysis.parameters import load
from quests_app.session.controller import DEMO

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser.conftest import ARGUMENTS  # noqa: E402
from tests.load.server import Server  # noqa: E402

FOLDER = ROOT / "docs"
REFERENCE = "graphene_300K.xyz"
SECONDS = 300
log = logging.getLogger("make_pictures")


def take(page: Page, name: str) -> None:
    """Save a picture once nothing is computed, and nothing on the page has moved for two seconds."""
    page.get_by_role("button", name="Cancel").locator("visible=true").wait_for(state="hidden")
    page.mouse.move(0, 0)
    shots: list[bytes] = []
    while len(shots) < 5 or len(set(shots[-5:])) > 1:
        page.wait_for_timeout(500)
        shots.append(page.screenshot(animations="disabled"))
    (FOLDER / name).write_bytes(shots[-1])
    log.info("%s", name)


def take_all(page: Page, address: str, reference: Path) -> None:
    """Take the pictures of the tabs."""
    page.set_default_timeout(1000 * SECONDS)
    page.goto(address)
    page.get_by_text("By comparison, random covers").wait_for()
    page.get_by_text("UMAP of all").first.wait_for()
    take(page, "dashboard.png")
    page.get_by_role("tab", name="Map", exact=True).click()
    page.get_by_role("button", name="Next frame").first.wait_for()
    take(page, "map.png")
    page.get_by_role("tab", name="Compare").click()
    field = page.get_by_placeholder("/data/reference.xyz")
    field.fill(str(reference))
    field.press("Enter")
    page.get_by_text(f"is covered by {reference.name}").wait_for()
    take(page, "compare.png")


def main() -> None:
    """Take the pictures with the browser of the system, or that of Playwright."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    argparse.ArgumentParser(description=__doc__).parse_args()
    frames = load(DEMO).frames
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        Server(Path(folder)) as server,
    ):
        reference = Path(folder, REFERENCE)
        write(reference, [one for one in frames if one.info.get("config_type") == reference.stem])
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        take_all(page, f"{server.address}/app", reference)
        browser.close()


if __name__ == "__main__":
    main()
