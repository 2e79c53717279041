"""The served page in a real browser, used as a user would."""

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
WATCH = pytest.StashKey[tuple]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add the last actions and the messages of page and server to the report of a failed test."""
    report = yield
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
    # A page that is closed while the server writes to it is no fault.
    closed = ("WebSocketClosedError", "StreamClosedError")
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


@pytest.fixture
def page(context, url, request):
    """Return the opened page; check afterwards that it fetched nothing from elsewhere and had no errors."""
    page, elsewhere, errors, messages = context.new_page(), [], [], deque(maxlen=24)
    request.node.stash[WATCH] = page, messages
    page.add_init_script(NOTE_CLICKS)

    def note(way, frame):
        # Empty parts of a message are left out.
        if len(frame) > 2 and isinstance(frame, str):
            messages.append(f"{time.time():.1f} {way} {frame[:160]}")

    def listen(socket):
        socket.on("framesent", lambda frame: note("to the server:", frame))
        socket.on("framereceived", lambda frame: note("to the page:", frame))

    page.on("websocket", listen)
    page.set_default_timeout(1000 * PATIENCE)
    host = url.rsplit("/", 1)[0]
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url) if not request.url.startswith((host, "data:", "blob:")) else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(url)
    page.get_by_text("By comparison, random covers").wait_for()
    # The cards of the first tab come last.
    page.locator("table.numbers tr", has_text="full set").first.wait_for()
    yield page
    page.close()
    assert elsewhere == []
    assert errors == []


def wait_until_still(page):
    """Wait until nothing on the page moves, as a click on a moving element misses it."""
    seen = deque([b"", b"0", b"1"], maxlen=3)

    def is_still():
        seen.append(page.screenshot(animations="disabled"))
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
