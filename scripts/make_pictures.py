"""Take the pictures of the dashboard in README and docs: ``python scripts/make_pictures.py``.

The demo is served and opened in Chromium. Run it after a visible change of the page, and look
at what it took.
"""

import argparse
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ase.io import write
from playwright.sync_api import Page, sync_playwright

from quests_app.analysis.parameters import load
from quests_app.session.controller import DEMO

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
ARGUMENTS = [
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
REFERENCE = "graphene_300K.xyz"
SECONDS = 300
log = logging.getLogger("make_pictures")


@contextmanager
def served() -> Iterator[str]:
    """Serve the dashboard, and yield its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", "app", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address, end = f"http://localhost:{port}/app", time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(address).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


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
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, served() as address:
        reference = Path(folder, REFERENCE)
        write(reference, [one for one in frames if one.info.get("config_type") == reference.stem])
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        take_all(page, address, reference)
        browser.close()


if __name__ == "__main__":
    main()
