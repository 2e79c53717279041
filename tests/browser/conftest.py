"""The served page in a real browser, used as a user would.

Most journeys are slow tests; the others open and compress files, save plots, and pick from the map.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from tests.load.server import WITHOUT_UMAP

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Seconds that anything may take: no more than a limit of what hangs, which only matters where a test fails.
PATIENCE = 300
# What the user did last, kept on the page for the report of a test that fails.
NOTE_CLICKS = """{
  window.clicks = [];
  const note = (event) => {
    const [at, what] = [Date.now() / 1000, event.composedPath()[0]];
    window.clicks.push(`${at} ${event.type} ${event.key ?? ""} on ${what.tagName} ${what.className}`);
  };
  const types = ["pointerdown", "pointerup", "click", "keydown"];
  for (const type of types) document.addEventListener(type, note, true);
}"""
# FilePond, the area for dropped files, measures and draws itself sixty times a second while a page is open,
# which takes a twentieth of a processor for each page. Where it finds this, it does so five times a second.
SLOW_PAINTER = """{
  const painter = window.__framePainter = { readers: [], writers: [] };
  setInterval(() => {
    for (const read of painter.readers) read();
    for (const write of painter.writers) write(performance.now());
  }, 200);
}"""
WATCH, FAILED = pytest.StashKey[tuple](), pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the last actions and the messages of page and server to the report of a failed test."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    if report.failed and WATCH in item.stash and call.when == "call":
        page, messages = item.stash[WATCH]
        done = done_last(page)
        report.sections.append((f"the page at {time.time():.1f}", "\n".join([*done, *messages])))
    return report


def done_last(page):
    """Return the last actions on a page, which may no longer respond."""
    from playwright.sync_api import Error

    try:
        return page.wait_for_function("() => (window.clicks ?? []).slice(-8)", timeout=5000).json_value()
    except Error as error:
        return [f"the page does not answer: {error}"]


def missing(reason):
    """Skip with a reason, or fail if the browser is required."""
    if os.environ.get("QUESTS_REQUIRE_BROWSER") == "1":
        pytest.fail(f"QUESTS_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(f"no browser test: {reason}")


def find_browser(playwright):
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    own = playwright.chromium.executable_path
    return found or (own if Path(own).exists() else None)


@pytest.fixture(scope="session")
def browser(compiled):
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    with sync_playwright() as playwright:
        path = find_browser(playwright)
        if path is None:
            missing("there is no Chromium (Debian: apt install chromium)")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def free_port():
    with socket.socket() as server:
        server.bind(("localhost", 0))
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def url(tmp_path_factory, browser):
    """Serve the dashboard as the README says, but without UMAP, on a free port."""
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "panel", "serve", "app", "--port", str(port), *WITHOUT_UMAP]
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        address = f"http://localhost:{port}/app"
        wait_for(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE)
    # A page that is closed while the server writes to it, or answers it, is no fault.
    closed = ("WebSocketClosedError", "StreamClosedError", "assert self._session is not None")
    parts = log.read_text().split("Traceback")[1:]
    faults = [part for part in parts if not any(name in part for name in closed)]
    assert not faults, faults[0]


def wait_for(address, server, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=PATIENCE).close()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"the server did not answer: {log.read_text()}")


@pytest.fixture(scope="session")
def context(browser):
    """Return one browser profile for all tests: the scripts are fetched once."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    yield context
    context.close()


class Watched:
    """A page of a served dashboard, what it fetched from elsewhere, its errors and its last messages."""

    def __init__(self, context, url):
        self.page, self.elsewhere, self.errors, self.messages = context.new_page(), [], [], deque(maxlen=24)
        self._host = url.rsplit("/", 1)[0]
        self.page.add_init_script(NOTE_CLICKS)
        self.page.add_init_script(SLOW_PAINTER)
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("websocket", self._listen)
        self.page.on("request", self._note_request)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note_error)

    def open(self, address):
        """Open an address, and wait until all is shown."""
        self.page.goto(address)
        self.page.get_by_text("By comparison, random covers").wait_for()
        # The cards of the first tab come last.
        self.page.locator("table.numbers tr", has_text="full set").first.wait_for()
        return self

    def check(self):
        """Check that it fetched nothing from elsewhere and had no errors."""
        assert self.elsewhere == []
        assert self.errors == []

    def _listen(self, socket):
        socket.on("framesent", lambda frame: self._note("to the server:", frame))
        socket.on("framereceived", lambda frame: self._note("to the page:", frame))

    def _note(self, way, frame):
        # Empty parts of a message are left out.
        if len(frame) > 2 and isinstance(frame, str):
            self.messages.append(f"{time.time():.1f} {way} {frame[:160]}")

    def _note_request(self, request):
        if not request.url.startswith((self._host, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def _note_error(self, message):
        if message.type == "error":
            self.errors.append(message.text)


@contextlib.contextmanager
def opened_page(context, url, node, query=""):
    """Open a page for a test, and check it afterwards."""
    watched = Watched(context, url)
    node.stash[WATCH] = watched.page, watched.messages
    yield watched.open(f"{url}{query}").page
    watched.page.close()
    watched.check()


@pytest.fixture
def page(context, url, request):
    """Return the opened page; check afterwards that it fetched nothing from elsewhere and had no errors."""
    with opened_page(context, url, request.node) as page:
        yield page


@pytest.fixture
def small_page(context, url, small_file, request):
    """Return a page that was opened with the small file, by its link."""
    with opened_page(context, url, request.node, f"?file={small_file}") as page:
        page.locator(".summary .name", has_text=small_file.name).wait_for()
        yield page


@pytest.fixture(scope="session")
def looked_at():
    """Return the list of the pages that are open for several tests, at most one."""
    return []


@pytest.fixture(scope="session")
def filled():
    """Return the list of the pages in which several tests open files, at most one."""
    return []


@pytest.fixture
def shared_page(context, url, looked_at, request):
    """Return a page at its first tab, for tests that leave it as they found it, but for the tab.

    After one that failed, the next has another page.
    """
    with kept_page(context, url, looked_at, request.node) as page:
        page.get_by_role("tab", name="Overview").click()
        # A figure of the tab before is seen until then.
        page.get_by_role("heading", name="Entropy against diversity").wait_for()
        yield page


@pytest.fixture
def page_of_any_file(context, url, filled, request):
    """Return a page in which a test first opens a file of its own, as a user does after another one.

    Methods, tab and all else that does not belong to a file are as the test before left them.
    """
    with kept_page(context, url, filled, request.node) as page:
        yield page


@contextlib.contextmanager
def kept_page(context, url, kept, node):
    """Give a test the page of a list, opened for the first; check it, and close it if the test failed."""
    if not kept:
        kept.append(Watched(context, url).open(url))
    (watched,) = kept
    node.stash[WATCH] = watched.page, watched.messages
    try:
        yield watched.page
    except Exception:
        kept.clear()
        watched.page.close()
        raise
    if node.stash.get(FAILED, False) or watched.elsewhere or watched.errors:
        kept.clear()
        watched.page.close()
    watched.check()


def wait_until_still(page):
    """Wait until nothing on the page moves, as a click on a moving element misses it."""
    seen = deque([b"", b"0", b"1"], maxlen=3)

    def is_still():
        # A PNG of it takes three times as long.
        seen.append(page.screenshot(animations="disabled", type="jpeg"))
        return len(set(seen)) == 1

    wait_until(page, is_still, "the page stands still", pause=500)


def wait_until(page, holds, what, pause=100):
    """Wait until ``holds()`` is true, and return its value; `what` is the message of a failure."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, f"it never came to be that {what() if callable(what) else what}"
        page.wait_for_timeout(pause)
    return found


def crystals(n_frames, repeat, seed=0):
    """Return labelled, increasingly distorted copper crystals."""
    rng, frames = np.random.default_rng(seed), []
    for i in range(n_frames):
        atoms = bulk("Cu", cubic=True) * (repeat, repeat, repeat)
        atoms.positions += 0.15 * i / n_frames * rng.normal(size=atoms.positions.shape)
        atoms.info["config_type"] = "cold" if i < n_frames // 2 else "hot"
        atoms.calc = SinglePointCalculator(atoms, energy=-1.0 * i, forces=rng.normal(size=(len(atoms), 3)))
        frames.append(atoms)
    return frames


@pytest.fixture(scope="session")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "copper.xyz"
    write(path, crystals(40, 1), format="extxyz")
    return path


@pytest.fixture(scope="session")
def large_file(tmp_path_factory):
    """Return a file that takes long enough to be cancelled."""
    path = tmp_path_factory.mktemp("data") / "large.xyz"
    write(path, crystals(600, 3), format="extxyz")
    return path
